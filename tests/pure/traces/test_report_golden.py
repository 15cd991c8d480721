"""Every report and log of a hosted platform becomes exactly the conversation in golden/.

After a change on purpose: `python -m tests.pure.traces.test_report_golden` writes golden/ anew; read the difference.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from evalhub import plugins
from tests.pure.traces.samples import GOLDEN, REPORTS, SAMPLES, told


def read(body: Path) -> dict[str, Any]:
    """What a body says, and where it says its sound lies."""
    parsed = plugins.formats()[body.relative_to(SAMPLES).parts[0]].parse(body.read_bytes(), None)
    links = [[link.track, link.url, str(link.starts_at)] for link in parsed.links]
    return told(parsed) | {"links": links, "aliases": parsed.aliases}


def golden(body: Path) -> Path:
    return GOLDEN / f"{'-'.join(body.relative_to(SAMPLES).parts[:2])}.json"


@pytest.mark.parametrize("body", REPORTS, ids=lambda body: body.stem)
def test_a_report_is_read_as_always(body: Path) -> None:
    assert read(body) == json.loads(golden(body).read_text())


if __name__ == "__main__":
    for body in REPORTS:
        golden(body).write_text(json.dumps(read(body), indent=1, ensure_ascii=False) + "\n")
