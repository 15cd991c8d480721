"""Function-call matching: calls a second on one core. `python bench/calls.py`.

Conversations of so many calls each are made in memory: half of them as expected, the others with one wrong argument, a
call too many or a retry; arguments are nested, and expectations use every matcher. Prints CPU seconds, not wall time.
"""

import argparse
import time
from pathlib import Path
from random import Random
from typing import Any

from evalhub.evaluators import Context
from evalhub.models import Conversation, ToolCall
from evalhub.settings import Settings
from evalhub.transcript.calls.checking import CallCheck
from evalhub.transcript.calls.faults import faults_of
from evalhub.transcript.function_calls import FunctionCalls

MATCHERS = {
    "order_id": {"matches": r"[A-Z]\d{5}"},
    "city": {"text": "New York"},
    "amount": {"near": 49.9, "within": 0.01},
    "color": {"one_of": ["red", {"text": "dark blue"}]},
    "items": {"each": [{"contains": "board"}, {"any": True}]},
    "address": {"street": {"equals": "1 Main St"}, "zip": {"any": True, "optional": True}},
    "note": {"absent": True},
}
ARGUMENTS = {
    "order_id": "A12345",
    "city": "new york",
    "amount": 49.9,
    "color": "Dark-Blue",
    "items": ["snowboard", 2],
    "address": {"street": "1 Main St", "zip": "10001"},
}


def conversation(number: int, size: int, chance: Random) -> Conversation:
    names = [f"tool_{index % 7}" for index in range(size)]
    calls = [
        ToolCall(id=f"c{index}", name=name, arguments=dict(ARGUMENTS), start_ms=1000 * index, end_ms=1000 * index + 400)
        for index, name in enumerate(names)
    ]
    spoil(calls, number % 6, chance)
    wanted = [{"name": name, "arguments": MATCHERS} for name in names]
    order = "same" if number % 2 else "any"
    expectations = {"function_calls": {"order": order, "calls": wanted, "forbidden": [{"name": "delete_order"}]}}
    return Conversation(id=f"call-{number}", tool_calls=calls, expectations=expectations)


def spoil(calls: list[ToolCall], how: int, chance: Random) -> None:
    call = chance.choice(calls)
    if how == 3:
        call.arguments = call.arguments | {"order_id": "12"}
    elif how == 4:
        calls.append(ToolCall(id="extra", name="weather", arguments={"city": "x"}, start_ms=0, end_ms=10))
    elif how == 5:
        call.error = {"message": "timeout"}
        again: dict[str, Any] = {"name": call.name, "arguments": call.arguments}
        calls.append(ToolCall(id="again", **again, start_ms=(call.end_ms or 0) + 1, end_ms=(call.end_ms or 0) + 99))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=2_000)
    parser.add_argument("--calls", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    context = Context(settings=Settings(data_dir=Path()), audio_path=lambda _: None)
    for _ in range(chosen.rounds):
        chance = Random(7)
        calls = [conversation(number, chosen.calls, chance) for number in range(chosen.conversations)]
        made = sum(len(one.tool_calls) for one in calls)
        begun = time.process_time()
        faults = [faults_of(CallCheck(one, (one.expectations or {})["function_calls"])) for one in calls]
        spent = time.process_time() - begun
        print(
            f"{made:,} calls matched in {spent:.2f} CPU s: {made / spent:,.0f} calls/s; {sum(map(bool, faults))} wrong"
        )
        begun = time.process_time()
        scores = [score for one in calls for score in FunctionCalls().evaluate(one, context)]
        spent = time.process_time() - begun
        right = sum(score.metric == "function_calls.correct" and score.value == 1 for score in scores)
        print(f"  with expectations checked and rows made: {made / spent:,.0f} calls/s; {right} of {len(calls)} right")


if __name__ == "__main__":
    main()
