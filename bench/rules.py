"""What evaluation rules cost when calls end: the time of planning a batch of 50, by what the rules ask.

python bench/rules.py [--calls 5000] [--rounds 20]

Starts a PostgreSQL of its own, fills a project with calls of 20 turns, then plans batches of them, as reading traces
does (`evalhub.evaluations.planning.plan`), once for each set of rules. Prints the median milliseconds of a batch,
the CPU of this process and of its PostgreSQL backend for it, and the SQL statements.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, delete, event, insert, pool, text
from sqlalchemy.engine import make_url

from evalhub.embedded.postgres import embedded_postgres
from evalhub.evaluations.content import load_many, part_hashes
from evalhub.evaluations.planning import plan
from evalhub.evaluations.rule_drafts import Draft
from evalhub.migrate import migrate
from evalhub.models import Conversation, Evaluation, EvaluationRule, Project, Turn
from evalhub.services import Services, open_services
from evalhub.settings import Settings

BATCH, TURNS = 50, 20
CODE = Draft(name="Checks by code", filters={}, share=1.0, evaluators=["audio", "text"])
SETS: dict[str, list[Draft]] = {
    "as a project starts": [CODE, Draft(name="Judges", filters={}, share=1.0, evaluators=["judge"])],
    "judges on a fifth": [CODE, Draft(name="Judges", filters={}, share=0.2, evaluators=["judge"])],
    "judges on one agent": [CODE, Draft(name="Judges", filters={"agent": "a1"}, share=1.0, evaluators=["judge"])],
    "judges where a word was said": [CODE, Draft(name="J", filters={"q": "refund"}, share=1.0, evaluators=["judge"])],
    "ten rules with three filters each": [
        CODE,
        *(
            Draft(
                name=f"R{index}",
                filters={"agent": f"a{index}", "q": "refund", "audio": "no"},
                share=0.5,
                evaluators=["judge"],
            )
            for index in range(10)
        ),
    ],
}


def fill(services: Services, project_id: int, count: int) -> list[str]:
    """Ended calls, half of which say "refund"."""
    ids = [f"call-{index}" for index in range(count)]
    with services.work() as session:
        rows = [
            {"project_id": project_id, "id": one, "state": "ended", "agent_name": f"a{index % 10}"}
            for index, one in enumerate(ids)
        ]
        session.execute(insert(Conversation), rows)
        said = ("Hello there, how are you doing today?", "I want a refund for my order.")
        turns = [
            {
                "project_id": project_id,
                "conversation_id": one,
                "id": f"t{turn}",
                "position": turn,
                "speaker": "caller",
                "text": said[index % 2],
            }
            for index, one in enumerate(ids)
            for turn in range(TURNS)
        ]
        session.execute(insert(Turn), turns)
    with services.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    return ids


def measure(
    services: Services, project_id: int, ids: list[str], rounds: int, drafts: list[Draft]
) -> tuple[float, float, float, int]:
    """Of a batch nothing was planned for, as medians: milliseconds, those of CPU here and in PostgreSQL; statements."""
    with services.work() as session:
        session.execute(delete(Evaluation))
        session.execute(delete(EvaluationRule))
        session.add_all(draft.as_rule(project_id, "bench") for draft in drafts)
    statements: list[Any] = []
    event.listen(services.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    taken, cpu, theirs = [], [], []
    for start in range(0, rounds * BATCH, BATCH):
        with services.work() as session:
            conversations = load_many(session, project_id, ids[start : start + BATCH])
            for conversation in conversations:
                conversation.part_hashes = part_hashes(conversation)
            session.flush()
            server = psutil.Process(session.scalar(text("select pg_backend_pid()")) or 0)
            busy = sum(server.cpu_times()[:2])
            statements.clear()
            started, used = time.perf_counter(), time.process_time()
            plan(session, conversations)
            taken.append((time.perf_counter() - started) * 1000)
            cpu.append((time.process_time() - used) * 1000)
            theirs.append((sum(server.cpu_times()[:2]) - busy) * 1000)
            count = len(statements)
    return statistics.median(taken[2:]), statistics.median(cpu[2:]), statistics.mean(theirs[2:]), count


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--calls", type=int, default=5000)
    ask.add_argument("--rounds", type=int, default=20)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded_postgres(Path(folder)) as server:
        engine = create_engine(server, poolclass=pool.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("create database bench"))
        url = make_url(server).set(database="bench").render_as_string(hide_password=False)
        migrate(url)
        services = open_services(Settings(data_dir=Path(folder), database_url=url))
        with services.work() as session:
            project = Project(slug="bench", name="Bench")
            session.add(project)
        ids = fill(services, project.id, given.calls)
        for name, drafts in SETS.items():
            ms, here, there, count = measure(services, project.id, ids, given.rounds, drafts)
            print(f"{name:36} {ms:7.1f} ms a batch of {BATCH}, {here:.1f} + {there:.1f} ms of CPU, {count} statements")
        services.close()


if __name__ == "__main__":
    main()
