"""How many conversations a second a judge worker judges, against a stub model that answers after a fixed time.

python bench/judge.py [--conversations 2000] [--answer-ms 200] [--at-once 64]

Starts a PostgreSQL of its own (or uses EVALHUB_DATABASE_URL, an empty database) and the stub server as its own process;
then runs the very job a worker runs, in this process and with a worker's garbage collection, after a warm-up (imports,
plans). Each conversation has 20 turns and 2 function calls, and is judged by the whole customer service rubric with a
quote per criterion. Prints conversations a second, CPU of this process per conversation (all threads), and the most
memory it held.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, insert, pool, select, text
from sqlalchemy.engine import make_url

from evalhub.embedded.postgres import embedded_postgres
from evalhub.evaluations.content import load_many, part_hashes
from evalhub.evaluations.judging import judge_due
from evalhub.evaluations.planning import plan
from evalhub.evaluations.rule_drafts import Draft
from evalhub.evaluations.rules import create_rule
from evalhub.migrate import migrate
from evalhub.models import Conversation, Evaluation, Project, Score, ToolCall, Turn
from evalhub.rubrics import load_library
from evalhub.rubrics.stored import install_rubrics
from evalhub.services import Services, open_services
from evalhub.settings import Settings
from evalhub.settling import settle

LINES = (
    ("agent", "Thanks for calling the outdoor store, how can I help you today?"),
    ("caller", "Hi, I ordered a snowboard last week and I would like to return it."),
    ("agent", "I can help with that. What is your order number, please?"),
    ("caller", "It's A one two three four five, on the name of Miller."),
)
TURNS = 20
QUOTE = "What is your order number, please"


async def _answer(answer: bytes, after_s: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
    try:
        while asked := await reader.readuntil(b"\r\n\r\n"):
            length = next(line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            await asyncio.sleep(after_s)
            writer.write(head + answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def stub(answer: bytes, after_s: float, port: Any) -> None:
    """A model server that says the same after the same time, however many ask."""

    async def serve() -> None:
        server = await asyncio.start_server(lambda r, w: _answer(answer, after_s, r, w), "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def stub_server(after_s: float) -> Iterator[str]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=stub, args=(_completion(), after_s, there), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{here.recv()}/v1"
    process.terminate()


def _completion() -> bytes:
    one = {
        "evidence": [{"turn_id": "t2", "quote": QUOTE}],
        "applicable": True,
        "verdict": "pass",
        "explanation": "The agent asks for the order number, and does what was asked.",
    }
    asked = load_library()["customer_service"].criteria
    text = json.dumps({criterion.key: one for criterion in asked if criterion.modality != "audio"})
    message = {"role": "assistant", "content": text, "refusal": None}
    usage = {"prompt_tokens": 4200, "completion_tokens": 700, "prompt_tokens_details": {"cached_tokens": 2048}}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "stub", "choices": [choice]}
    return json.dumps(answer | {"usage": usage}).encode()


def make_project(services: Services) -> int:
    with services.work() as session:
        project = Project(slug="bench", name="Bench")
        session.add(project)
        session.flush()
        install_rubrics(session, project.id)
        draft = Draft(name="Judge", filters={}, share=1.0, evaluators=["rubric_judge"])
        create_rule(session, project.id, draft, by="bench")
        return project.id


def fill(services: Services, project_id: int, name: str, count: int) -> None:
    """Ended conversations whose judge evaluation is due."""
    ids = [f"{name}-{index}" for index in range(count)]
    with services.work() as session:
        session.execute(
            insert(Conversation),
            [{"project_id": project_id, "id": one, "architecture": "chained", "state": "ended"} for one in ids],
        )
        owned = [{"project_id": project_id, "conversation_id": one} for one in ids]
        session.execute(insert(Turn), [owner | turn for owner in owned for turn in _turns(owner["conversation_id"])])
        session.execute(insert(ToolCall), [owner | call for owner in owned for call in _calls()])
    for start in range(0, count, 500):
        with services.work() as session:
            for conversation in load_many(session, project_id, ids[start : start + 500]):
                conversation.part_hashes = part_hashes(conversation)
                plan(session, [conversation])


def _turns(name: str) -> Iterator[dict[str, Any]]:
    for index in range(TURNS):
        speaker, text = LINES[index % len(LINES)]
        yield {
            "id": f"t{index}",
            "position": index,
            "speaker": speaker,
            "text": text if index else f"{text} This is {name}.",
            "start_ms": index * 4000,
            "end_ms": index * 4000 + 3000,
        }


def _calls() -> Iterator[dict[str, Any]]:
    for index, name in enumerate(("find_order", "start_return")):
        at = 12_000 + index * 4000
        yield {
            "id": f"c{index}",
            "position": index,
            "name": name,
            "arguments": {"order_id": "A12345"},
            "result": {"status": "ok", "item": "snowboard"},
            "status": "completed",
            "turn_id": "t4",
            "start_ms": at,
            "end_ms": at + 400,
        }


@contextmanager
def database() -> Iterator[str]:
    if given := os.environ.get("EVALHUB_DATABASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder)) as server:
        engine = create_engine(server, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("create database bench"))
        yield make_url(server).set(database="bench").render_as_string(hide_password=False)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--conversations", type=int, default=2000)
    ask.add_argument("--answer-ms", type=float, default=200)
    ask.add_argument("--at-once", type=int, default=64)
    given = ask.parse_args()
    with database() as url, stub_server(given.answer_ms / 1000) as model, tempfile.TemporaryDirectory() as data:
        migrate(url)
        settings = Settings(
            data_dir=Path(data),
            database_url=url,
            judge_url=model,
            judge_model="stub",
            judge_concurrency=given.at_once,
        )
        services = open_services(settings)
        project_id = make_project(services)
        fill(services, project_id, "warm", given.at_once)
        judge_due(services)
        settle()
        fill(services, project_id, "call", given.conversations)
        before, started, cpu = _memory(), time.perf_counter(), time.process_time()
        count = judge_due(services)
        taken, cpu = time.perf_counter() - started, time.process_time() - cpu
        with services.sessions() as session:
            done = session.scalar(select(func.count()).select_from(Evaluation).filter_by(status="done"))
            passed = session.scalar(select(func.count()).select_from(Score).filter_by(verdict="pass"))
        services.close()
    if done != given.at_once + given.conversations:
        raise SystemExit(f"only {done} of {given.at_once + given.conversations} conversations were judged")
    ideal = given.at_once / given.answer_ms * 1000
    print(f"{count} judged, {done} done, {passed} passes")
    print(f"{count / taken:.0f} conversations/s (ideal {ideal:.0f}), {cpu / count * 1000:.2f} ms CPU each")
    print(f"memory: {_memory():.0f} MB at most, {before:.0f} MB before")


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    main()
