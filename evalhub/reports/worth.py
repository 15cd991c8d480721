"""What a judge's numbers are worth, to stand beside them: each judge version by name, how far it agrees with people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from evalhub.models import JudgeVersion
from evalhub.reports.agreed import Compared
from evalhub.reports.agreement import in_short
from evalhub.reports.compared import judge_versions
from evalhub.reports.judged import Judge, Linked
from evalhub.reports.measures import VersionRate
from evalhub.trust.raters import FEW_CALLS

AgreementLink = Callable[..., str]
"""address of the page of a question (`rubric`, `criterion`), or of all of them"""
LISTENING_JUDGE = "listening_judge"
NOT_COMPARED = "not yet compared with people"


def judges_of(
    session: Session, project_id: int, rates: Sequence[VersionRate], agreement: AgreementLink
) -> dict[tuple[str, str], Judge]:
    """Every judge that gave one of these rates, by evaluator and judge version: the newest first."""
    if not rates:
        return {}  # agreement is reckoned over the whole project
    short, versions = in_short(session, project_id), {one.id: one for one in judge_versions(session, project_id)}
    order = {judge: index for index, judge in enumerate(versions)}
    keys = sorted({(one.evaluator, one.judge) for one in rates}, key=lambda key: (order.get(key[1], len(order)), key))
    found = {}
    for evaluator, judge in keys:
        metrics = sorted({one.metric for one in rates if (one.evaluator, one.judge) == (evaluator, judge)})
        compared = {metric: short.get((metric.removeprefix("criterion."), judge)) for metric in metrics}
        name = _name(evaluator, versions.get(judge))
        found[evaluator, judge] = Judge(
            name=name,
            listens=evaluator == LISTENING_JUDGE,
            checked={metric: _linked(one, agreement) for metric, one in compared.items()},
            worth=Linked(f"{name}: {_told(compared)}", agreement()),
        )
    return found


def _told(compared: Mapping[str, Compared | None]) -> str:
    """On how many questions it was compared with people on enough calls, and the least and the most kappa of those."""
    enough = [one for one in compared.values() if one and one.calls >= FEW_CALLS]
    kappas = [one.found.kappa.value for one in enough if one.found and one.found.kappa.value is not None]
    if not any(one and one.calls for one in compared.values()):
        return NOT_COMPARED
    told = f"{len(enough)} of {len(compared)} questions compared with people on {FEW_CALLS} calls or more"
    return f"{told}, kappa {min(kappas):.2f} to {max(kappas):.2f}" if kappas else told


def _linked(found: Compared | None, agreement: AgreementLink) -> Linked:
    if found is None:
        return Linked(NOT_COMPARED, agreement())
    return Linked(found.short, agreement(rubric=found.version.rubric, criterion=found.criterion.key))


def _name(evaluator: str, version: JudgeVersion | None) -> str:
    does = "listens" if evaluator == LISTENING_JUDGE else "reads"
    if version is None:
        return f"a judge that {does}, version not known"
    return f"{version.definition.get('model')} {does} ({version.id[:8]})"
