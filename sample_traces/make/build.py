"""Make every sample again: `python sample_traces/make/build.py [CASE...]`.

Needs flite and espeak-ng (Debian packages of those names), numpy, soundfile and soxr. Writes `native/<case>/`, and when
all cases are built `expected.json` and the table of cases in README.md.
"""

import json
import pkgutil
import sys
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import cases
from conversation import conversation
from mix import mixed, write
from script import Expected, Scene
from timeline import direct
from voices import require_synthesisers

SAMPLES = Path(__file__).resolve().parents[1]
TABLE = ("<!-- cases: written by make/build.py -->\n", "<!-- end of cases -->")


def all_scenes() -> list[Scene]:
    """The scenes of every module in `cases`, oldest call first."""
    modules = [import_module(f"cases.{module.name}") for module in pkgutil.iter_modules(cases.__path__)]
    return sorted((scene for module in modules for scene in module.CASES), key=lambda scene: scene.started_at)


def build(scene: Scene) -> None:
    timeline = direct(scene)
    folder = SAMPLES / "native" / scene.case
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{scene.case}.{scene.audio}", mixed(scene, timeline))
    (folder / f"{scene.case}.json").write_text(as_text(conversation(scene, timeline)))
    print(f"{scene.case}: {timeline.ms / 1000:.1f} s, {len(timeline.turns)} turns")


def as_text(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write_expected(scenes: list[Scene]) -> None:
    expected = {scene.case: [entry.as_json() for entry in scene.expected] for scene in scenes}
    (SAMPLES / "expected.json").write_text(as_text(expected))


def write_table(scenes: list[Scene]) -> None:
    """Replace what lies between the two markers of the README."""
    readme = SAMPLES / "README.md"
    before, rest = readme.read_text().split(TABLE[0])
    after = rest.split(TABLE[1])[1]
    head = "| Case | Conversation | Agent | Planted fault | Shown by |\n| --- | --- | --- | --- | --- |\n"
    readme.write_text(before + TABLE[0] + head + "".join(map(row, scenes)) + TABLE[1] + after)


def row(scene: Scene) -> str:
    agent = scene.agent["agent"]
    shown = "; ".join(
        f"{name}: {conditions(list(own))}" for name, own in groupby(scene.expected, lambda e: e.evaluator)
    )
    return f"| `{scene.case}` | {scene.id} | {agent['name']} {agent['version']} | {scene.story} | {shown} |\n"


def conditions(expected: list[Expected]) -> str:
    return ", ".join(f"`{entry.metric}` {condition(entry)}" for entry in expected)


def condition(entry: Expected) -> str:
    bounds = [(sign, bound) for sign, bound in (("≥", entry.low), ("≤", entry.high)) if bound is not None]
    if bounds and entry.low == entry.high:
        bounds = [("=", entry.low)]
    found = " and ".join(f"{sign} {bound:,g}" for sign, bound in bounds) or entry.verdict or "absent"
    return f"{found} (needs a {entry.needs})" if entry.needs else found


def main() -> None:
    require_synthesisers()
    scenes = all_scenes()
    wanted = set(sys.argv[1:])
    if unknown := wanted - {scene.case for scene in scenes}:
        raise SystemExit(f"No such case: {', '.join(sorted(unknown))}. There are: {', '.join(s.case for s in scenes)}.")
    for scene in scenes:
        if not wanted or scene.case in wanted:
            build(scene)
    write_expected(scenes)
    write_table(scenes)


if __name__ == "__main__":
    main()
