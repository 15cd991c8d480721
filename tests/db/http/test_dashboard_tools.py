"""What the dashboard says of an agent's tools."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.db.http.conftest import As, Program

pytestmark = pytest.mark.db
TOOLS = [{"name": "find_order"}, {"name": "<b>refund</b>"}]


def send(api: Program, number: int, **more: object) -> None:
    now = datetime.now(UTC).isoformat()
    agent = {"name": "desk", "version": "7"}
    body = {"id": f"c{number}", "started_at": now, "ended_at": now, "agent": agent, "prompt": {"tools": TOOLS}} | more
    assert api("POST", "conversations", data=json.dumps(body)).status_code == 202


def test_tools_that_fail_or_are_never_used_are_told_per_version(
    api: Program, parse: Callable[[], int], signed_in: As
) -> None:
    for number in range(20):
        used = {"name": "find_order", "error": "timeout" if number < 4 else None, "status": "completed"}
        cancelled = {"name": "<b>refund</b>", "status": "cancelled"}
        send(api, number, tool_calls=[used, cancelled])
    parse()
    page = signed_in("viewer").get("/p/demo/dashboard").text
    assert "find_order failed in 4 of 20 uses (20%)" in page
    assert "Never used in 20 calls: &lt;b&gt;refund&lt;/b&gt;" in page
    assert "<b>refund" not in page


def test_without_tools_there_is_nothing_to_say(api: Program, parse: Callable[[], int], signed_in: As) -> None:
    send(api, 1, prompt={})
    parse()
    assert "Are they the right tools?" not in signed_in("viewer").get("/p/demo/dashboard").text
