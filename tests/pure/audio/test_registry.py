"""Metrics of this tier are defined where they say, and faults name metrics that exist."""

import re
from pathlib import Path

import pytest

from evalhub.audio.delivery import Delivery
from evalhub.audio.dnsmos import Dnsmos
from evalhub.audio.findings import DELIVERY, TURN_TAKING
from evalhub.audio.recording_check import RecordingCheck
from evalhub.audio.turn_taking import TurnTaking
from evalhub.evaluators import Evaluator
from evalhub.plugins import evaluators

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "metrics.md").read_text()
KINDS = (RecordingCheck, TurnTaking, Delivery, Dnsmos)
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_it_is_registered(kind: type[Evaluator]) -> None:
    assert evaluators()[kind.name] is kind
    assert kind.kind_of_work == "audio"
    assert len({metric.id for metric in kind.metrics}) == len(kind.metrics)


@every_kind
def test_its_metrics_are_defined_on_the_page_they_name(kind: type[Evaluator]) -> None:
    headings = {line.lower().replace(" ", "-") for line in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)}
    for metric in kind.metrics:
        assert metric.page.removeprefix("docs/metrics.md#") in headings
        assert metric.id in TEXT or metric.id.split(".")[0] in TEXT


@pytest.mark.parametrize("family", sorted({*TURN_TAKING, *DELIVERY}))
def test_a_fault_affects_only_metrics_that_exist(family: str) -> None:
    known = [metric.id for kind in KINDS for metric in kind.metrics]
    assert any(metric == family or metric.startswith(f"{family}.") for metric in known)
