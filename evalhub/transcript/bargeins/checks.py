"""The four questions about a barge-in: answered, resumed, nothing repeated, nothing unheard relied on.

Code decides what words show: a remainder that is simply spoken on, a run of words said twice, a reference back to what
nobody heard. What has to be understood is left `unsure`, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from evalhub.models import Turn
from evalhub.transcript.bargeins.exchange import BargeIn, content, longest_run, words_of
from evalhub.transcript.entities.known import scalars
from evalhub.transcript.moments import at
from evalhub.transcript.stages.cues import QUESTIONS, asks
from evalhub.transcript.words.normalise import plain

SPOKEN_ON = 5
"""so many words of the remainder in a row, at the beginning of the answer, are no answer"""
REPEATED = 6
RESUMED = 0.4
"""share of the remainder's meaning words that has to come back"""
HALTS = r"(?:stop|wait|hold on|one (?:moment|second|sec)|hang on|just a (?:moment|second|minute))"
AGAIN = (
    r"\b(?:what|pardon|sorry|repeat|(?:say|tell) (?:me )?(?:that|it) again|again please|once more|come again"
    r"|didnt (?:catch|hear|get)|cant hear|couldnt hear)\b"
)
YES_OR_NO = r"^(?:yes|no|yeah|sure|of course|certainly|absolutely|unfortunately|im afraid|right|correct|exactly)\b"
BACK = (
    r"\b(?:(?:as|like) i (?:just )?(?:said|mentioned|told you|explained)|as (?:just )?(?:said|mentioned)"
    r"|i (?:already|just) (?:said|told|mentioned|gave|read)|mentioned (?:before|earlier))\b"
)


@dataclass(frozen=True)
class Verdict:
    """An answer to one question: pass, fail, unsure, na; or none where it cannot be measured."""

    verdict: str | None
    why: str
    turns: list[Turn] = field(default_factory=list)


def answered(barge: BargeIn) -> Verdict:
    """Whether the agent answered what the caller cut in with."""
    said, places = plain(barge.interjection.text or ""), [barge.interjection, *barge.answers[:1]]
    if barge.interjection.kind == "farewell":
        return Verdict("na", "the caller said goodbye")
    if not barge.answers:
        return Verdict("fail", "the agent said nothing any more", places)
    if _spoken_on(barge):
        return Verdict("fail", f"the agent went on where it was cut off{at(barge.answers[0].start_ms)}", places)
    if re.fullmatch(rf"(?:{HALTS}\s*)+(?:please)?", said):
        return Verdict("pass", "the agent stopped as it was asked to", places)
    common = content(said.split()) & content(barge.answer)
    if common or re.search(YES_OR_NO, " ".join(barge.answer)):
        return Verdict("pass", f"the answer takes up {', '.join(sorted(common)) or 'the question'}", places)
    if used := [
        call.name
        for call in barge.calls
        if content(plain(" ".join(scalars(call.arguments))).split()) & content(said.split())
    ]:
        return Verdict("pass", f"{used[0]} was called with what the caller said", places)
    return Verdict("unsure", "the answer has none of the caller's words: whether it answers them needs reading", places)


def resumed(barge: BargeIn) -> Verdict:
    """Whether the agent came back to the step it was at."""
    if barge.heard is None:
        return Verdict(None, "not measurable: what was heard of the interrupted turn is not known")
    wanted, places = content(barge.unheard), [barge.cut, *barge.answers]
    if not wanted:
        return Verdict("na", "nothing was left to say")
    later = content([word for turn in barge.answers for word in words_of(turn)])
    if len(wanted & later) >= RESUMED * len(wanted):
        return Verdict("pass", f"came back to {', '.join(sorted(wanted & later)[:5])}", places)
    asked = [question for question in QUESTIONS if asks(question, barge.cut.text or "")]
    if any(asks(question, turn.text or "") for question in asked for turn in barge.answers):
        return Verdict("pass", "asked its question again", places)
    return Verdict("unsure", "whether what was left unsaid was still wanted needs reading", places)


def repeated_nothing(barge: BargeIn) -> Verdict:
    """Whether the agent spared the caller what had been heard already."""
    if barge.heard is None:
        return Verdict(None, "not measurable: what was heard of the interrupted turn is not known")
    if re.search(AGAIN, plain(barge.interjection.text or "")):
        return Verdict("na", "the caller asked to hear it again")
    if not barge.answers:
        return Verdict("na", "the agent said nothing any more")
    run, places = longest_run(barge.heard, barge.answer), [barge.cut, barge.answers[0]]
    if len(run) >= REPEATED:
        return Verdict("fail", f"said again{at(barge.answers[0].start_ms)}: {' '.join(run)!r}", places)
    return Verdict("pass", "nothing that was heard is said again", places)


def relied_on_nothing_unheard(barge: BargeIn) -> Verdict:
    """Whether the agent took nothing for known that the caller had not heard."""
    if barge.heard is None:
        return Verdict(None, "not measurable: what was heard of the interrupted turn is not known")
    new = content(barge.unheard) - content([*barge.heard, *_words(barge.before), *words_of(barge.interjection)])
    if not new or not barge.answers:
        return Verdict("na", "nothing new was left unheard")
    for turn in barge.answers:
        said = plain(turn.text or "")
        taken = sorted(word for word in new if re.search(rf"\b{re.escape(word)}\b", said))
        if taken and re.search(BACK, said):
            return Verdict(
                "fail", f"refers back{at(turn.start_ms)} to {taken[0]!r}, which was not heard", [barge.cut, turn]
            )
        definite = [word for word in taken if re.search(rf"\b(?:the|that|this|these|those) {re.escape(word)}\b", said)]
        if definite:
            first = f"says 'the {definite[0]}'{at(turn.start_ms)}, first said where nobody heard it"
            why = f"{first}: whether that was clear needs reading"
            return Verdict("unsure", why, [barge.cut, turn])
        new -= set(taken)  # said anew, and so known from here on
    return Verdict("pass", "nothing unheard is taken for known", [barge.cut, barge.answers[0]])


CHECKS: dict[str, Callable[[BargeIn], Verdict]] = {
    "answered": answered,
    "resumed": resumed,
    "repeated_nothing": repeated_nothing,
    "relied_on_nothing_unheard": relied_on_nothing_unheard,
}


def _spoken_on(barge: BargeIn) -> bool:
    rest = barge.unheard
    return len(rest) >= SPOKEN_ON and barge.answer[:SPOKEN_ON] == rest[:SPOKEN_ON]


def _words(turns: list[Turn]) -> list[str]:
    return [word for turn in turns for word in words_of(turn)]
