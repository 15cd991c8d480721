"""How fast spans are taken and stored, beside MLflow, Phoenix and a bare floor, in one run.

    python bench/ingest.py --peers floor,evalhub,mlflow,phoenix --rounds 3

Everything is started here, on loopback and with fresh databases, and stopped again. All servers run at once and only
one is loaded at a time, in turns, so that a machine whose speed drifts does not favour one: bursts, a paced load, the
search for the rate that is kept up, `kill -9`. Prints tables in Markdown; progress goes to the error output.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from ingestion import measures, one_call
from ingestion.database import Cluster, cluster
from ingestion.figures import Figures, report
from ingestion.ladder import Ladder
from ingestion.ours import Evalhub, evalhub_up
from ingestion.peers import PEERS
from ingestion.rest import rest, warm
from ingestion.servers import Server
from ingestion.supply import Supply

from evalhub.embedded.processes import Places

MEASURES = ("burst", "paced", "sustained", "kill")
TAKES_THE_PACE = ("evalhub", "floor")
"""the peers cannot bear the paced rate"""
VENVS = Path.home() / ".cache" / "evalhub-bench"


def options() -> argparse.Namespace:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--peers", type=_names(("evalhub", *PEERS)), default="floor,evalhub,mlflow,phoenix")
    ask.add_argument("--measures", type=_names(MEASURES), default=",".join(MEASURES), help="%(default)s")
    ask.add_argument("--rounds", type=int, default=3, help="of bursts and paced loads; the median counts")
    ask.add_argument("--spans", type=int, default=60_000, help="of a burst to evalhub and the floor")
    ask.add_argument("--peer-spans", type=int, default=6_000, help="of a burst to the others, which take longer")
    ask.add_argument("--kill-spans", type=int, default=6_000, help="acknowledged before a server is killed")
    ask.add_argument("--seconds", type=float, default=60, help="that a rate is kept up; a paced load takes half of it")
    ask.add_argument("--tries", type=int, default=5, help="rates tried for each server, at most")
    ask.add_argument("--rate", type=float, default=5_000, help="spans a second of the paced load")
    ask.add_argument("--batch", type=int, default=100, help="spans in a request")
    ask.add_argument("--connections", type=int, default=4)
    ask.add_argument(
        "--one-call", type=int, metavar="SPANS", help="also send evalhub one call of so many spans (20000)"
    )
    ask.add_argument("--warm-up", type=int, default=200, metavar="CALLS")
    ask.add_argument("--pause", type=float, default=10, help="seconds after warming up")
    ask.add_argument("--venvs", type=Path, default=VENVS, help="where the peers are or get installed  [%(default)s]")
    ask.add_argument("--folder", type=Path, help="where databases lie: on a real disk  [the system's temporary folder]")
    ask.add_argument("--json", type=Path, metavar="FILE", help="write every single figure there")
    return ask.parse_args()


def _names(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
        return names

    return parse


@dataclass
class Run:
    """All servers of a run and what was measured of them."""

    given: argparse.Namespace
    servers: list[Server]
    supply: Supply
    figures: dict[str, Figures] = field(default_factory=dict)

    def all(self) -> None:
        for name in MEASURES:
            if name in self.given.measures:
                getattr(self, name)()
        if self.given.one_call:
            self.one_call()

    def of(self, server: Server) -> Figures:
        return self.figures.setdefault(server.name, Figures(server.name, server.version))

    def tell(self, server: Server, what: object) -> None:
        print(f"{server.name:8} {what}", file=sys.stderr, flush=True)

    def burst(self) -> None:
        for _ in range(self.given.rounds):
            for server in self.servers:
                spans = self.given.spans if server.name in TAKES_THE_PACE else self.given.peer_spans
                result = measures.burst(server, self.supply.take(spans), self.given.connections)
                self.of(server).bursts.append(result)
                self.tell(server, result)
                rest(server)

    def paced(self) -> None:
        for _ in range(self.given.rounds):
            for server in self.servers:
                if server.name in TAKES_THE_PACE:
                    bodies = self.supply.take(round(self.given.rate * self.given.seconds / 2))
                    result = measures.paced(server, bodies, self.given.rate, self.given.connections)
                    self.of(server).paced.append(result)
                    self.tell(server, result)
                    rest(server)

    def sustained(self) -> None:
        for server in self.servers:
            rates = [row.queryable_per_s for row in self.of(server).bursts]
            self.of(server).ladder = Ladder.below(sorted(rates)[len(rates) // 2] if rates else 1000.0)
        for _ in range(self.given.tries):
            for server in self.servers:
                ladder = self.of(server).ladder
                if ladder and not ladder.is_over:
                    bodies = self.supply.take(round(ladder.rate * self.given.seconds))
                    ladder.note(measures.sustained(server, bodies, ladder.rate, self.given.connections))
                    self.tell(server, ladder.tried[-1])
                    rest(server)

    def kill(self) -> None:
        for server in self.servers:
            result = measures.killed(server, self.supply.take(self.given.kill_spans), self.given.connections)
            self.of(server).killed = result
            self.tell(server, result)

    def one_call(self) -> None:
        for server in self.servers:
            if isinstance(server, Evalhub):
                bodies = self.supply.one_call(self.given.one_call)
                self.of(server).one_call = one_call.one_call(server, bodies, self.given.connections)
                self.tell(server, self.of(server).one_call)


@contextmanager
def servers(given: argparse.Namespace) -> Iterator[tuple[list[Server], str]]:
    """All servers, started and warm, and the version of PostgreSQL they use."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evalhub-bench-", dir=given.folder)))
        run = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evalhub-", dir="/tmp")))
        folder.chmod(0o711)
        run.chmod(0o711)
        shared = stack.enter_context(cluster(folder, run)) if set(given.peers) & set(PEERS) else None
        made = [_made(name, shared, folder, given.venvs) for name in given.peers]
        for server in made:
            stack.callback(server.stop)
            server.start()
            warm(server, given.warm_up, given.pause)
            print(f"{server.name:8} is warm", file=sys.stderr, flush=True)
        yield made, made[0].store.version()


def _made(name: str, shared: Cluster | None, folder: Path, venvs: Path) -> Server:
    places = Places(folder, folder, str(folder))
    return PEERS[name](shared, places, venvs) if shared and name in PEERS else evalhub_up(places)


def machine(postgres: str) -> dict[str, object]:
    memory = round(psutil.virtual_memory().total / 2**30)
    python = platform.python_version()
    load = round(os.getloadavg()[0], 1)
    return {"cores": os.cpu_count(), "memory_gib": memory, "python": python, "postgres": postgres, "load": load}


def main() -> None:
    given = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every child is stopped then, too
    with servers(given) as (started, postgres):
        about, run = machine(postgres), Run(given, started, Supply(given.batch))
        try:
            run.all()
        finally:  # of a run that breaks off after half an hour, too
            tell(given, about, list(run.figures.values()))


def tell(given: argparse.Namespace, about: dict[str, object], figures: list[Figures]) -> None:
    print(", ".join(f"{name}: {value}" for name, value in about.items()), report(figures), sep="\n\n")
    if given.json:
        found = {"machine": about, "servers": [one.as_json() for one in figures]}
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
