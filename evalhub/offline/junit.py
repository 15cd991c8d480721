"""Rows as a JUnit report, which every CI shows: a suite per conversation, a case per row, one suite of requirements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from evalhub.errors import SetupError
from evalhub.models import BLOCKED, FAILED, SKIPPED

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, rows: Sequence[dict[str, Any]], unmet: Sequence[str]) -> None:
    """Write the report.

    Raises:
        SetupError: the file cannot be written.
    """
    root = ET.Element("testsuites", name="evalhub score")
    by_conversation: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_conversation.setdefault(row["conversation"] or "repeated runs", []).append(row)
    for conversation, of_it in by_conversation.items():
        _suite(root, conversation, [_case(row) for row in of_it])
    _suite(root, "requirements", [_unmet(sentence) for sentence in unmet])
    try:
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise SetupError(f"Cannot write {path}: {error.strerror}.") from error


def _suite(root: ET.Element, name: str, cases: list[ET.Element]) -> None:
    suite = ET.SubElement(root, "testsuite", name=_plain(name), tests=str(len(cases)))
    for attribute, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, _count(cases, child))
    suite.extend(cases)


def _count(cases: list[ET.Element], kind: str) -> str:
    return str(sum(1 for case in cases if case.find(kind) is not None))


def _case(row: dict[str, Any]) -> ET.Element:
    subject = row["subject"]
    inside = "" if subject["type"] == "conversation" else f" [{subject['type']} {subject['id']}]"
    name = f"{row['metric'] or row['evaluator']}{inside}"
    case = ET.Element("testcase", classname=_plain(row["evaluator"]), name=_plain(name))
    if row["status"] == FAILED:
        ET.SubElement(case, "error", message=_plain(row["reason"]))
    elif row["status"] in (SKIPPED, BLOCKED):
        ET.SubElement(case, "skipped", message=_plain(row["reason"]))
    elif row["verdict"] == "fail":
        ET.SubElement(case, "failure", message=_plain(row["explanation"] or f"value {row['value']}"))
    return case


def _unmet(sentence: str) -> ET.Element:
    case = ET.Element("testcase", classname="requirements", name=_plain(sentence.partition(":")[0]))
    ET.SubElement(case, "failure", message=_plain(sentence))
    return case


def _plain(text: str | None) -> str:
    """Text without the characters that XML has no way to say."""
    return NOT_XML.sub("�", text or "")
