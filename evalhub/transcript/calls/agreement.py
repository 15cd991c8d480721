"""Words of agreement and refusal, by language: whether what a caller said is a yes, a no, or neither.

A rule, not a model. Any no, wait or stop outweighs a yes beside it: doubtful agreement is none. "Not" is a no unless
the answer begins with a yes ("yes, I do not need it any more").
"""

from __future__ import annotations

import re

from evalhub.transcript.words.normalise import lowered

YES = {
    "en": r"yes|yeah|yep|yup|of course|absolutely|go ahead|please do|(?:please|let's|just) do (?:it|that|so)"
    r"|i (?:agree|confirm)|sounds (?:good|great|fine)|that works"
    r"|that(?:'s| is|'ll be| will be| would be) (?:right|correct|fine|good|great|ok|okay)",
    "de": r"ja|genau|gerne|einverstanden|stimmt|in ordnung|natürlich",
    "fr": r"oui|d'accord|bien sûr|allez-y|entendu",
    "es": r"sí|si|claro|de acuerdo|adelante|por supuesto|vale",
    "it": r"sì|si|certo|va bene|d'accordo|proceda",
    "pt": r"sim|claro|pode ser|de acordo|com certeza",
    "nl": r"ja|klopt|akkoord|prima|graag",
}
YES_AT_THE_START = (
    r"(?:(?:oh|uh|um|well|and|so|i guess)\W+)*"
    r"(?:sure|ok|okay|correct|right(?! now)|definitely|exactly|certainly|perfect|fine|great|agreed|confirmed?"
    r"|do (?:it|that)|i do)"
)
NO = {
    "en": r"no|nope|nah|don't|do not|wait|stop|hold on|never ?mind|wrong|incorrect",
    "de": r"nein|nee|nicht|halt|warten?|warte|stopp|moment|falsch",
    "fr": r"non|pas|attendez|arrêtez|stop",
    "es": r"no|espere|espera|pare|alto",
    "it": r"no|non|aspetti|aspetta|fermo",
    "pt": r"não|espere|espera|pare",
    "nl": r"nee|niet|wacht|stop",
}
NOT = r"not|isn't|can't|cannot|won't|wouldn't"
HARMLESS = r"no (?:problem|worries|doubt)|why not|don't worry|no rush"


def known(language: str) -> bool:
    """Whether this rule has words for a language (a tag such as "en-US")."""
    return language[:2] in YES


def agrees(text: str | None, language: str = "en") -> bool:
    """Whether these words hold a yes."""
    said = lowered(text or "")
    return _has(rf"{YES[language[:2]]}|{HARMLESS}", said) or _begins(YES_AT_THE_START, said)


def refuses(text: str | None, language: str = "en") -> bool:
    """Whether these words hold a no, or ask to wait."""
    said = re.sub(rf"\b(?:{HARMLESS})\b", " ", lowered(text or ""))
    begins_with_yes = _begins(YES[language[:2]], said) or _begins(YES_AT_THE_START, said)
    return _has(NO[language[:2]], said) or (_has(NOT, said) and not begins_with_yes)


def _has(pattern: str, said: str) -> bool:
    return bool(re.search(rf"\b(?:{pattern})\b", said))


def _begins(pattern: str, said: str) -> bool:
    return bool(re.match(rf"\W*(?:{pattern})\b", said))
