"""The released JavaScript exporter against the running server, through a refusal too: nothing is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evalhub.accounts.keys import make_key
from evalhub.models import Project, Span
from evalhub.services import Services
from tests.db.traces.sending import settle
from tests.serving import app_of, refuse_every_second, serving
from tests.stack.npm import NODE, installed

pytestmark = pytest.mark.stack
FOLDER = Path(__file__).parent / "otlp_js"
COUNT = 1200


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with serving(app_of(services)) as found:
        yield found


@pytest.mark.parametrize(("encoding", "server"), [("json", "well"), ("proto", "well"), ("proto", "refusing")])
def test_the_javascript_exporter_loses_nothing(
    address: str,
    services: Services,
    session: Session,
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    server: str,
) -> None:
    if server == "refusing":
        refuse_every_second(monkeypatch)
    installed(FOLDER, "@opentelemetry/sdk-trace-base")
    with services.work() as own:
        token = make_key(own, project.id, name="js", scope="ingest", days=None, by="a test")[1]
    command = [str(NODE), "send.mjs", address, token, encoding, str(COUNT)]
    done = subprocess.run(command, cwd=FOLDER, env=os.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    settle(services)
    spans = session.execute(select(func.count(), func.count(func.distinct(Span.conversation_id)))).one()
    assert tuple(spans) == (COUNT, 1)
    kept = session.scalars(select(Span.attributes).order_by(Span.start_ns).limit(1)).one() or {}
    assert (kept["big"], kept["share"], kept["words"]) == (2**40, 0.5, ["a", "b"])
