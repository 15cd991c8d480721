"""The demo project: the sample conversations sent once, their evaluations waited for, their scores as a table."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table
from sqlalchemy import func, select

from evalhub import plugins
from evalhub.accounts.keys import make_key, revoke_key
from evalhub.bundled import bundled
from evalhub.cli.progress import console, progress_bar
from evalhub.embedded.platform import Platform
from evalhub.models import FAILED, PENDING, RUNNING, Conversation, Evaluation, InboxItem, Project, Score
from evalhub.models.inbox import WAITING
from evalhub.sample import read_cases, send
from evalhub.sending import Server
from evalhub.services import Services

WAITED_FOR = (PENDING, RUNNING)
SHOWN = ("recording_check.clean", "turn_latency_ms.p95", "dead_air_ms.longest")


@dataclass(frozen=True)
class Demo:
    """Works through the running server, like any client."""

    services: Services
    platform: Platform
    url: str

    def send_once(self) -> None:
        """Send the samples unless that was done."""
        with self.services.work() as session:
            project = session.scalars(select(Project).filter_by(slug="demo")).one()
            if project.settings.get("sample_sent"):
                return
            key, token = make_key(session, project.id, name="sample", scope="ingest", days=1, by="evalhub up")
        cases = read_cases(bundled("sample_traces"))
        with progress_bar() as bar, Server(self.url, token) as server:
            task = bar.add_task("Sending sample calls", total=len(cases))
            for _ in send(server, cases):
                bar.advance(task)
                self.platform.look_after()
        with self.services.work() as session:
            session.merge(project).settings = project.settings | {"sample_sent": True}
            revoke_key(session, project.id, key.id)

    def wait(self) -> int:
        """Wait until nothing is pending. Returns 1 if an evaluation failed, else 0."""
        with progress_bar() as bar:
            task = bar.add_task("Evaluating", total=None)
            while (left := self._left())[0] or not left[1]:
                bar.update(task, completed=left[1] - left[0], total=left[1] or None)
                self.platform.look_after()
                time.sleep(0.3)
                if not left[1] and not self._any_calls():
                    break
            bar.update(task, completed=left[1], total=left[1] or None)
        return 1 if self._count(Evaluation.status == FAILED) else 0

    def print_table(self) -> None:
        """One row per call: what was measured, and what failed."""
        table = Table(title="Sample calls", title_justify="left", box=SIMPLE)
        table.add_column("Call", no_wrap=True, max_width=16)
        for metric in SHOWN:
            table.add_column(_title(metric), min_width=9, max_width=10)
        table.add_column("Failed checks")
        with self.services.sessions() as session:
            own = select(Project.id).filter_by(slug="demo").scalar_subquery()
            calls = session.scalars(select(Conversation.id).filter_by(project_id=own).order_by(Conversation.started_at))
            whole = select(Score).filter_by(project_id=own, subject_type="conversation")
            scores = _scores_by_call(session.scalars(whole))
            for call in calls:
                table.add_row(call, *(_cell(scores[call].get(metric)) for metric in SHOWN), _failed(scores[call]))
        console.print(table)
        self._print_blocked()

    def _print_blocked(self) -> None:
        with self.services.sessions() as session:
            reasons = Counter(session.scalars(select(Evaluation.reason).where(Evaluation.status == "blocked")))
        for reason, count in reasons.items():
            console.print(f"[yellow]blocked[/] on {count} calls: {reason}")

    def _left(self) -> tuple[int, int]:
        """Evaluations still to do (bodies still to parse count too), and all there are."""
        with self.services.sessions() as session:
            unparsed = (
                session.scalar(select(func.count()).select_from(InboxItem).where(InboxItem.state == WAITING)) or 0
            )
            open_calls = select(func.count()).select_from(Conversation).where(Conversation.state == "received")
            unread = session.scalar(open_calls) or 0
        total = self._count(Evaluation.evaluator.is_not(None))
        return unparsed + unread + self._count(Evaluation.status.in_(WAITED_FOR)), total

    def _count(self, condition: object) -> int:
        with self.services.sessions() as session:
            query = select(func.count()).select_from(Evaluation).where(condition)  # type: ignore[arg-type]
            return session.scalar(query) or 0

    def _any_calls(self) -> bool:
        with self.services.sessions() as session:
            return session.scalar(select(Conversation.id).limit(1)) is not None


def _scores_by_call(scores: object) -> dict[str, dict[str, Score]]:
    found: dict[str, dict[str, Score]] = defaultdict(dict)
    for score in scores:  # type: ignore[attr-defined]
        found[score.conversation_id][score.metric] = score
    return found


def _title(metric: str) -> str:
    """What a metric is called; what the call names itself (a stage, a rule) keeps its name."""
    known = plugins.metrics().get(metric)
    return known.title if known else metric.replace(".", " ").replace("_", " ")


def _cell(score: Score | None) -> str:
    if score is None or score.value is None:
        return "[dim]-[/]"
    text = f"{score.value / 1000:.1f} s" if score.unit == "ms" else f"{score.value:.2g}"
    text = {"pass": "ok", "fail": "no"}.get(score.verdict or "", text) if score.value in (0, 1) else text
    return f"[red]{text}[/]" if score.verdict == "fail" else text


def _failed(scores: dict[str, Score]) -> str:
    failed = [_title(metric) for metric, score in scores.items() if score.verdict == "fail"]
    return f"[red]{escape('; '.join(failed))}[/]" if failed else ""
