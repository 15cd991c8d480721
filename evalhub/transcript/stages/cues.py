"""Words by which a stage shows: what an agent says when it greets, closes, or asks for something. English.

A prompt says "ask for the order number": `QUESTIONS` knows in which words agents do that, and what an answer holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evalhub.transcript.words.normalise import lowered

GREETING = (
    r"\b(?:hello|hi|hey|welcome|good (?:morning|afternoon|evening|day)|how (?:can|may) i help|thanks for calling)\b"
)
FAREWELL = (
    r"\b(?:good ?bye|bye|farewell|take care|have a (?:nice|good|great|lovely|wonderful)|see you|get well"
    r"|thank(?:s| you) for calling)\b"
)


@dataclass(frozen=True)
class Question:
    """Something to ask for: how prompts call it, how agents ask for it, which kinds of entity answer it."""

    called: str
    asked: str
    answered_by: tuple[str, ...] = ()
    identifies: bool = False
    """one answer per caller: asking twice is asking again"""


@dataclass(frozen=True)
class Role:
    """A stage that every call has: how prompts call it, by which words it shows, what the agent does in it."""

    called: str
    shows: str
    doing: str
    at_the_end: bool = False


ROLES = (
    Role(r"greet\w*|welcome|opening|introduc\w*", GREETING, "greets"),
    Role(r"close|closing|good ?bye|farewell|wrap.?up", FAREWELL, "says goodbye", at_the_end=True),
)
QUESTIONS = (
    Question(
        r"(?:order|booking|account|customer|ticket|case|member(?:ship)?|reference|confirmation|tracking|policy)"
        r" (?:number|id|code)",
        r"\b(?:{0})\b|\bnumber of (?:the|your) \w+|\bwhich (?:order|booking|account)|\bwhat(?:'s| is) the number",
        ("code", "number"),
        identifies=True,
    ),
    Question(
        r"(?:full |first |last |sur)?name",
        r"\bnames?\b|\bwho (?:am i|is|'s|are you)|\bspeaking with|\bspell\b|\bcall you\b|\bwho's (?:calling|speaking)",
        ("name",),
        identifies=True,
    ),
    Question(r"date of birth|birth ?date|birthday", r"\bbirth|\bborn\b", ("date",), identifies=True),
    Question(
        r"phone(?: number)?|telephone|call.?back number",
        r"\bphone|\btelephone|\breach you|\bcall you back",
        ("code",),
        identifies=True,
    ),
    Question(r"e-?mail(?: address)?", r"\be-?mail"),
    Question(
        r"(?:postal |shipping |home )?address|zip(?: code)?|post ?code",
        r"\baddress|\bzip|\bpost ?code|\bwhere do you live",
    ),
    Question(
        r"pin|password|passcode|security (?:code|question)",
        r"\bpin\b|\bpass(?:word|code)|\bsecurity",
        ("code", "number"),
    ),
    Question(
        r"date|day|time",
        r"\bwhen\b|\b(?:what|which) (?:day|time|date)|\bday or time|\bwhich is better",
        ("date",),
    ),
    Question(
        r"yes|consent|permission|confirmation|agreement|approval",
        r"\b(?:shall|should) i\b|\bwould you like(?: me)? to|\bwould you like (?:a|an|it|that|the)\b|\bdo you want"
        r"|\bis (?:that|this|it) (?:right|correct|ok|okay|all right|fine)|\bdo you agree|\bplease confirm"
        r"|\b(?:may|can) i (?:go|book|start|send|change|cancel)",
    ),
)
ASK_FOR = (
    r"\b(?:ask(?:s|ing)?(?: the caller| the customer| them| the user)? (?:for|about)"
    r"|get|collect|request|obtain|find out)"
)
ASKING = r"\?|\b(?:please|tell me|give me|may i have|can i have|could i have|i need)\b"


def asked_for(stage_text: str) -> list[tuple[Question, str]]:
    """What a stage's text says is to be asked for, with the words it uses."""
    said = lowered(stage_text)
    found = []
    for question in QUESTIONS:
        pattern = rf"{ASK_FOR} (?:for )?(?:the |their |his |her |a |an |your )?((?:{question.called}))\b"
        if hit := re.search(pattern, said):
            found.append((question, hit[1]))
    return found


def asks(question: Question, heard: str, words: str = "") -> bool:
    """Whether what an agent said asks for this; `words`: just as a prompt calls it, and not as others may."""
    said = lowered(heard)
    pattern = question.asked.replace("{0}", re.escape(words) if words else question.called)
    return bool(re.search(ASKING, said) and re.search(pattern, said))


def named(question: Question, heard: str) -> str:
    """How an agent called what it asked for ("order number"); empty where it did not."""
    found = re.search(question.called, lowered(heard))
    return found[0] if found else ""


def role_of(stage_id: str, stage_text: str) -> Role | None:
    """What a greeting or closing stage is known by."""
    name, said = lowered(stage_id).replace("_", " "), lowered(stage_text)
    roles = (
        role for role in ROLES if re.fullmatch(role.called, name) or re.match(rf"(?:say )?(?:{role.called})\b", said)
    )
    return next(roles, None)
