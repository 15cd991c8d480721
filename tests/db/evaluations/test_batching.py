"""Judging by the Batch API, against a server that keeps files and batches: asked once, answered once."""

import json
from collections.abc import Iterator
from dataclasses import replace
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import update

from evalhub.evaluations.batching import work_off
from evalhub.evaluations.judging import judge_due
from evalhub.evaluations.rule_drafts import Draft
from evalhub.evaluations.rules import create_rule, rules_of, switch_rule
from evalhub.models import BatchedQuestion, Evaluation, JudgeAnswer, Project, Score, Turn
from evalhub.services import Services
from tests.db.evaluations.judged import called, count, replan, rows, scorecard


class BatchServer(ThreadingHTTPServer):
    """Files and batches in memory. `lines` says what a batch's output holds for a question; None leaves it out."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[list[dict[str, Any]]] = []
        self.status = "completed"
        self.errors: Any = None

    def lines(self, question: dict[str, Any]) -> dict[str, Any] | None:
        status, answer, _ = scorecard(question["body"])
        return {"custom_id": question["custom_id"], "response": {"status_code": status, "body": answer}}

    def batch(self, batch_id: str) -> dict[str, Any]:
        output = [line for question in self.asked[int(batch_id[1:])] if (line := self.lines(question))]
        self.files[f"o{batch_id}"] = b"\n".join(json.dumps(line).encode() for line in output)
        made = {"id": batch_id, "object": "batch", "status": self.status, "errors": self.errors, "created_at": 1}
        made |= {"completion_window": "24h", "endpoint": "/v1/chat/completions", "input_file_id": "f"}
        return made | ({"output_file_id": f"o{batch_id}"} if self.status == "completed" else {})


class Handler(BaseHTTPRequestHandler):
    server: BatchServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/files":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = BytesParser().parsebytes(head + body).get_payload()
            content = next(part.get_payload(decode=True) for part in parts if part.get_filename())
            name = f"f{len(self.server.files)}"
            self.server.files[name] = content
            made = {"id": name, "object": "file", "bytes": len(content), "created_at": 1, "filename": "judge.jsonl"}
            self.answer(json.dumps(made | {"purpose": "batch", "status": "processed"}).encode())
        else:
            assert self.path == "/v1/batches"
            lines = self.server.files[json.loads(body)["input_file_id"]].splitlines()
            self.server.asked.append([json.loads(line) for line in lines])
            self.answer(json.dumps(self.server.batch(f"b{len(self.server.asked) - 1}")).encode())

    def do_GET(self) -> None:
        kind, name = self.path.split("/")[2:4]
        self.answer(self.server.files[name] if kind == "files" else json.dumps(self.server.batch(name)).encode())

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer() as running:
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def judging(services: Services, server: BatchServer) -> Services:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    judge = {"judge_url": url, "judge_model": "m", "judge_api_key": "k", "judge_batch": True, "judge_concurrency": 8}
    return replace(services, settings=replace(services.settings, **judge))


def statuses(services: Services) -> set[tuple[str, str | None, int]]:
    return {(row.status, row.reason_code, row.attempt) for row in rows(services).values()}


def test_questions_wait_go_out_together_and_come_back_once(judging: Services, server: BatchServer, calls: Any) -> None:
    ids = calls(20)
    judge_due(judging)
    assert statuses(judging) == {("pending", "in_batch", 0)}
    assert work_off(judging) == 40  # sent, and fetched at once, for this server is quick
    assert [sorted(called(line["body"]) for line in batch) for batch in server.asked] == [sorted(ids)]
    assert all(len(line["custom_id"]) <= 64 for line in server.asked[0])
    assert judge_due(judging) == 20
    assert statuses(judging) == {("done", None, 1)}
    assert count(judging, Score, metric="criterion.brevity", verdict="pass") == 20
    assert (count(judging, JudgeAnswer), count(judging, BatchedQuestion)) == (20, 0)
    assert work_off(judging) == 0


def test_while_it_runs_nothing_is_asked_again(judging: Services, server: BatchServer, calls: Any) -> None:
    calls(3)
    server.status = "in_progress"
    judge_due(judging)
    assert work_off(judging) == 3
    assert (work_off(judging), judge_due(judging), len(server.asked)) == (0, 0, 1)


def test_what_a_batch_left_out_is_sent_again(judging: Services, server: BatchServer, calls: Any) -> None:
    calls(4)
    missing = {"call-1", "call-2"}
    whole = server.lines
    server.lines = lambda line: None if called(line["body"]) in missing else whole(line)  # type: ignore[method-assign]
    judge_due(judging)
    work_off(judging)
    judge_due(judging)
    missing.clear()
    work_off(judging)
    judge_due(judging)
    assert [len(batch) for batch in server.asked] == [4, 2]
    assert statuses(judging) == {("done", None, 1)}


def test_a_batch_that_is_refused_fails_its_calls_and_says_why(
    judging: Services, server: BatchServer, calls: Any
) -> None:
    calls(2)
    server.status = "failed"
    server.errors = {"object": "list", "data": [{"code": "model_not_found", "message": "no such model"}]}
    judge_due(judging)
    work_off(judging)
    judge_due(judging)
    found = rows(judging).values()
    assert {(row.status, row.reason_code) for row in found} == {("failed", "no_answer")}
    assert all("no such model" in (row.reason or "") for row in found)
    assert count(judging, Score) == 0


@pytest.mark.parametrize("when", ["before it is sent", "after it is sent"])
def test_what_nobody_waits_for_is_not_sent_and_not_kept(
    judging: Services, server: BatchServer, project: Project, calls: Any, when: str
) -> None:
    calls(3)
    judge_due(judging)
    if when == "after it is sent":
        server.status = "in_progress"
        work_off(judging)
    with judging.work() as session:
        for rule in rules_of(session, project.id):
            switch_rule(session, rule, on=False, by="test")
    work_off(judging)
    server.status = "completed"
    work_off(judging)
    work_off(judging)
    assert len(server.asked) == (1 if when == "after it is sent" else 0)
    assert {(row.status, row.reason_code) for row in rows(judging).values()} == {("skipped", "rule_off")}
    assert (count(judging, BatchedQuestion), judge_due(judging)) == (0, 0)


def test_what_a_call_held_before_it_changed_is_not_sent(
    judging: Services, server: BatchServer, project: Project, calls: Any
) -> None:
    ids = calls(2)
    judge_due(judging)
    with judging.work() as session:
        session.execute(update(Turn).filter_by(conversation_id=ids[0]).values(text=f"Hello from elsewhere {ids[0]}"))
    replan(judging, project, ids)
    judge_due(judging)
    work_off(judging)
    [sent] = server.asked
    assert sorted(called(line["body"]) for line in sent) == ids
    assert sum("elsewhere" in str(line) for line in sent) == 1


def test_two_scorecards_of_one_call_wait_each_for_its_own(
    judging: Services, server: BatchServer, project: Project, calls: Any
) -> None:
    """The one that is over first takes no question of the other along."""
    ids = calls(1)
    with judging.work() as session:
        draft = Draft(name="Other", filters={}, share=1.0, evaluators=["rubric_judge"], rubric="outbound")
        create_rule(session, project.id, draft, by="test")
    replan(judging, project, ids)
    whole, late = server.lines, True
    server.lines = lambda one: None if late and "says_who_calls" in str(one) else whole(one)  # type: ignore[method-assign]
    judge_due(judging)
    work_off(judging)
    judge_due(judging)
    late = False
    work_off(judging)
    judge_due(judging)
    assert [len(batch) for batch in server.asked] == [2, 1]
    assert count(judging, Evaluation, status="done") == 2
    assert count(judging, BatchedQuestion) == 0
