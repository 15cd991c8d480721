"""Pages of conversations: what strangers sent is shown as text, odd addresses lead nowhere, uploads become calls."""

import csv
import io
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from evalhub.models import Project
from evalhub.reports import calls
from evalhub.services import Services
from tests.db.http.conftest import As, Program
from tests.db.labeling.making import add_calls

pytestmark = pytest.mark.db
LIST = "/p/demo/conversations"
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
Parse = Callable[[], int]


@pytest.fixture
def hostile(api: Program, parse: Parse) -> str:
    """The address of a call whose every text is an attack."""
    tool = {"name": EVIL, "arguments": {EVIL: EVIL}, "result": EVIL, "error": EVIL, "start_ms": 1, "end_ms": 2}
    body = {
        "id": EVIL,
        "agent": {"name": EVIL, "version": EVIL},
        "tags": [EVIL],
        "metadata": {EVIL: EVIL},
        EVIL: 1,
        "prompt": {"name": EVIL, "instructions": EVIL},
        "turns": [{"speaker": "agent", "start_ms": 0, "end_ms": 9, "text": EVIL, "agent_name": EVIL}],
        "tool_calls": [tool],
        "spans": [
            {"trace_id": "1", "span_id": "2", "name": EVIL, "start_ms": 0, "end_ms": 1, "attributes": {"a": EVIL}}
        ],
        "feedback": [{"name": EVIL, "value": 1, "comment": EVIL}],
        "outcome": {"reason": EVIL},
    }
    assert api("POST", "conversations", json=body).status_code == 202
    parse()
    return f"{LIST}/{quote(EVIL, safe='')}"


@pytest.mark.parametrize("rest", ["", "/spans", "list", "/missing"])
def test_what_strangers_sent_is_shown_as_text(signed_in: As, hostile: str, rest: str) -> None:
    page = signed_in("lead").get(LIST if rest == "list" else hostile + rest).text
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_data_of_a_call_is_data(signed_in: As, hostile: str) -> None:
    lead = signed_in("lead")
    for rest in ("/timeline.json", "/raw.json"):
        answer = lead.get(hostile + rest)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["turns"][0]["text"] == EVIL


@pytest.mark.parametrize(
    "path",
    [
        "conversations/nobody",
        "conversations/nobody/timeline.json",
        "conversations/nobody/raw.json",
        "conversations/a%00b",
        "queues/99999999999999999999",
        "label/99999999999999999999",
        "label/timeline/99999999999999999999",
        "scorecards/no%00body",
        "recordings/x",
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(signed_in: As, path: str) -> None:
    assert signed_in("lead").get(f"/p/demo/{path}").status_code in (400, 404, 422)


@pytest.mark.parametrize(
    "query", ["cursor=x", "from=soon", "verdict=good", "q=%00", "q=%27%3B--", "tag=%FF", "audio=1"]
)
def test_a_list_asked_for_oddly_answers_in_words(signed_in: As, query: str) -> None:
    assert signed_in("viewer").get(f"{LIST}?{query}").status_code in (200, 422)


def upload(client: FlaskClient, name: str, **form: str):  # type: ignore[no-untyped-def]
    file = (io.BytesIO(b"RIFF" + bytes(100)), name)
    return client.post("/p/demo/upload", data={"file": file, "sides": "stereo:caller,agent"} | form)


@pytest.mark.parametrize("name", ["call.flac", "../../etc/passwd", "Gespräch 1.wav", ".wav", "x" * 300 + ".mp3"])
def test_an_uploaded_recording_becomes_a_call(signed_in: As, parse: Parse, name: str) -> None:
    lead = signed_in("lead")
    answer = upload(lead, name, agent="desk")
    assert answer.status_code == 302
    parse()
    call = lead.get(f"{answer.location}/raw.json").json
    assert (call["agent"]["name"], call["origin"], call["recordings"][0]["track"]) == ("desk", "upload", "stereo")


@pytest.mark.parametrize(
    "form", [{"sides": "both:caller"}, {"sides": "stereo"}, {"sides": "stereo:robot"}, {"sides": ""}]
)
def test_an_upload_that_makes_no_sense_is_refused(
    signed_in: As, services: Services, api: Program, form: dict[str, str]
) -> None:
    assert upload(signed_in("lead"), "call.wav", **form).status_code in (400, 422)
    assert api("GET", "conversations").json["items"] == []


def test_a_lead_deletes_a_call(signed_in: As, api: Program, hostile: str) -> None:
    lead = signed_in("lead")
    assert lead.post(f"{hostile}/delete").location == LIST
    assert "is deleted" in lead.get(LIST).text
    assert lead.get(hostile).status_code == 404


def test_admins_get_bodies_as_they_were_received(api: Program, signed_in: As, parse: Callable[[], int]) -> None:
    body = b'{"id": "call-7", "turns": []}'
    api("POST", "conversations", data=body)
    parse()
    page = signed_in("admin").get("/p/demo/conversations/call-7/bodies")
    number = page.text.partition("/bodies/")[2].partition('"')[0]
    received = signed_in("admin").get(f"/p/demo/conversations/call-7/bodies/{number}")
    assert (received.data, received.mimetype) == (body, "application/octet-stream")
    assert signed_in("lead").get(f"/p/demo/conversations/call-7/bodies/{number}").status_code == 403


def test_the_list_is_exported_as_it_is_filtered_and_no_cell_of_it_runs(
    signed_in: As, api: Program, parse: Parse
) -> None:
    for name, agent in (("=1+2", "desk"), ("call-2", "desk"), ("call-3", "sales")):
        body = {"id": name, "agent": {"name": agent}, "started_at": "2026-11-01T10:00:00Z"}
        assert api("POST", "conversations", json=body).status_code == 202
    parse()
    answer = signed_in("viewer").get(f"{LIST}.csv?agent=desk")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["id"] for row in rows} == {"'=1+2", "call-2"}
    assert {row["address"] for row in rows} == {f"http://localhost{LIST}/{name}" for name in ("=1+2", "call-2")}


@pytest.mark.parametrize("name", ["export.csv", "upload", "waveforms"])
def test_a_call_is_opened_whatever_its_client_calls_it(signed_in: As, api: Program, parse: Parse, name: str) -> None:
    api("POST", "conversations", json={"id": name, "turns": [{"speaker": "agent", "text": "Hello from here."}]})
    parse()
    assert "Hello from here." in signed_in("lead").get(f"{LIST}/{name}").text


@pytest.mark.parametrize(("old", "new"), [("export.csv?agent=desk", ".csv?agent=desk"), ("upload", "/p/demo/upload")])
def test_addresses_that_stood_where_ids_stand_lead_on(signed_in: As, old: str, new: str) -> None:
    assert signed_in("lead").get(f"{LIST}/{old}").location == (new if new.startswith("/") else LIST + new)


def test_an_export_goes_past_the_first_page(
    signed_in: As, services: Services, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MAX_PAGE", 2)
    with services.work() as session:
        add_calls(session, project.id, 5)
    rows = list(csv.DictReader(io.StringIO(signed_in("viewer").get(f"{LIST}.csv").text)))
    assert sorted(row["id"] for row in rows) == [f"call-{number:05}" for number in range(5)]
    assert {row["duration_s"] for row in rows} == {"180.0"}
