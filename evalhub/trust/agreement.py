"""How well two raters agree on the same calls: people with people, a judge with people.

One number misleads, so four are given together. With 92 calls both pass and 8 on which they differ, they agree on 92 %
and Gwet's AC1 is .91, while Cohen's kappa and Krippendorff's alpha are -.04: they seldom differ, and never agree on
which call failed. Levels of a scale that lie further apart differ more (`coefficients`). The answers about one call go
together. Coefficients get their ranges by drawing whole calls with replacement, shares by Wilson's interval on Kish's
effective number of calls: drawing finds no doubt where all agree.

Sources: those of `coefficients`; Cicchetti & Feinstein 1990 (specific agreement); Wilson 1927; Kish 1965.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from evalhub.trust.coefficients import COEFFICIENTS, Floats
from evalhub.trust.intervals import wilson
from evalhub.trust.raters import Agreement, Measured, Pair

DRAWS = 2000


def agreement(
    pairs: Sequence[Pair],
    classes: Sequence[str] = ("pass", "fail"),
    *,
    ordinal: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> Agreement:
    """Agreement on these answers.

    Args:
        pairs: answers of both raters. Those that are not one of `classes` (unsure, N/A) have to be left out, and
            counted, before.
        classes: every class there is, also one that nobody gave; two at least.
        ordinal: whether they are levels of a scale, in its order; else they are names.
        draws: how many times calls are drawn for the ranges of coefficients; 0 gives those none.
        seed: of those draws, so that the same answers have the same interval.

    Raises:
        ValueError: no pairs, or an answer that is no class.
    """
    tables = _tables(pairs, list(classes))
    coefficients = _coefficients(tables, ordinal, draws, seed)
    return Agreement(
        answers=len(pairs),
        calls=len(tables),
        ordinal=ordinal,
        observed=_share(*_same(tables)),
        **coefficients,
        specific=_shares(classes, *_of_both(tables)),
        both_of_any=_shares(classes, *_of_either(tables)),
        recall=_shares(classes, *_of_second(tables)),
    )


def _tables(pairs: Sequence[Pair], classes: list[str]) -> Floats:
    """Per call a table: first rater's class by second rater's class. Weights are scaled to the number of answers."""
    if not pairs:
        raise ValueError("no answers to compare")
    calls = {call: index for index, call in enumerate(dict.fromkeys(pair.call for pair in pairs))}
    scale = len(pairs) / sum(pair.weight for pair in pairs)
    tables = np.zeros((len(calls), len(classes), len(classes)))
    for pair in pairs:
        if pair.first not in classes or pair.second not in classes:
            raise ValueError(f"{pair.first!r} and {pair.second!r} have to be among {classes}")
        tables[calls[pair.call], classes.index(pair.first), classes.index(pair.second)] += pair.weight * scale
    return tables


def _coefficients(tables: Floats, ordinal: bool, draws: int, seed: int) -> Mapping[str, Measured]:
    """Each with its range, if any is drawn."""
    whole = tables.sum(axis=0, keepdims=True)
    found = {name: of(whole, ordinal) for name, of in COEFFICIENTS.items()}
    values = {name: float(one.coefficient[0]) for name, one in found.items()}
    if not draws:
        return {name: _measured(value) for name, value in values.items()}
    if not found["kappa"].observed[0]:
        return {name: _perfect(values[name], float(one.by_chance[0]), tables) for name, one in found.items()}
    kinds, calls = np.unique(tables.reshape(len(tables), -1), axis=0, return_counts=True)
    ranges = _ranges(kinds.tobytes(), tuple(calls.tolist()), tables.shape[1], ordinal, draws, seed)
    return {name: _measured(value, ranges[name]) for name, value in values.items()}


@lru_cache(maxsize=1024)
def _ranges(
    kinds: bytes, calls: tuple[int, ...], classes: int, ordinal: bool, draws: int, seed: int
) -> Mapping[str, Floats]:
    """Of each coefficient the range that holds 95 % of the draws.

    Calls that were answered alike are drawn as one kind, as often as they are: the same draw, much sooner. Kept,
    because pages ask for the same numbers until somebody labels a call.
    """
    count, shares = sum(calls), np.array(calls) / sum(calls)
    times = np.random.default_rng(seed).multinomial(count, shares, size=draws)
    drawn = (times @ np.frombuffer(kinds).reshape(len(calls), -1)).reshape(draws, classes, classes)
    return {name: _range(of(drawn, ordinal).coefficient) for name, of in COEFFICIENTS.items()}


def _range(spread: Floats) -> Floats:
    """Not a number where no draw defines it."""
    defined = spread[np.isfinite(spread)]
    return np.percentile(defined, (2.5, 97.5)) if len(defined) else np.full(2, np.nan)


def _measured(value: float, around: Floats | None = None) -> Measured:
    if not np.isfinite(value):
        return Measured(None)
    if around is None or not np.isfinite(around).all():
        return Measured(value)
    return Measured(value, float(around[0]), float(around[1]))


def _perfect(value: float, by_chance: float, tables: Floats) -> Measured:
    """Where all agree every draw does too; they may still differ on as many calls as Wilson's interval leaves open, and
    there as far as can be."""
    low = _share(*_same(tables)).low
    if not np.isfinite(value) or low is None:
        return Measured(None)
    return Measured(value, 1 - (1 - low) / by_chance, value)


def _share(part: Floats, whole: Floats) -> Measured:
    """A share over calls: `part` of `whole`, each by call."""
    total = whole.sum()
    if total <= 0:
        return Measured(None)
    value = float(part.sum() / total)
    return Measured(value, *wilson(value, float(total**2 / (whole**2).sum())))


def _shares(classes: Sequence[str], part: Floats, whole: Floats) -> Mapping[str, Measured]:
    return {name: _share(part[:, index], whole[:, index]) for index, name in enumerate(classes)}


def _same(tables: Floats) -> tuple[Floats, Floats]:
    return np.trace(tables, axis1=1, axis2=2), tables.sum(axis=(1, 2))


def _of_both(tables: Floats) -> tuple[Floats, Floats]:
    return 2 * np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=1) + tables.sum(axis=2)


def _of_either(tables: Floats) -> tuple[Floats, Floats]:
    both = np.diagonal(tables, axis1=1, axis2=2)
    return both, tables.sum(axis=1) + tables.sum(axis=2) - both


def _of_second(tables: Floats) -> tuple[Floats, Floats]:
    return np.diagonal(tables, axis1=1, axis2=2), tables.sum(axis=1)
