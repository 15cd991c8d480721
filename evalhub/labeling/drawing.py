"""The draw: which calls of a population people will listen to, and how probable each was. Pure, no database.

Order comes from sha256 over seed and call id, so the same seed and population give the same draw on any machine, for
ever. Ranks interleave the strata by their share of the plan: whoever stops early still has a valid stratified sample.
"""

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEAST_PER_STRATUM = 8


@dataclass(frozen=True, kw_only=True)
class DrawnCall:
    """One call of the sample, with what an estimate has to know about how it got there."""

    id: str
    stratum: str
    inclusion_prob: float
    random_rank: float
    split: str
    labels_wanted: int


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A sample, and the population it came from."""

    population_hash: str
    """sha256 over the sorted ids, one a line"""
    population: Mapping[str, int]
    """calls in each stratum"""
    calls: list[DrawnCall]
    """in the order of their rank"""

    @property
    def drawn(self) -> Counter[str]:
        """Sampled calls in each stratum."""
        return Counter(call.stratum for call in self.calls)


def draw(population: Iterable[tuple[str, str]], *, calls: int, seed: int, overlap_share: float = 0.0) -> Draw:
    """Sample `calls` calls in one pass over (id, stratum) pairs that are sorted by id. Holds only the sample in memory.

    Fewer calls than wanted are all taken. A random `overlap_share` of the sample gets two labelers instead of one.
    """
    digest, sizes = hashlib.sha256(), Counter[str]()
    lowest: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for call_id, stratum in population:
        digest.update(f"{call_id}\n".encode())
        sizes[stratum] += 1
        _keep_lowest(lowest[stratum], (-_key(seed, call_id), call_id), calls)
    wanted = allocate(sizes, calls)
    ordered = {name: [call_id for _, call_id in sorted(heap, reverse=True)] for name, heap in lowest.items()}
    chosen = {name: ordered[name][:count] for name, count in wanted.items()}
    return Draw(
        population_hash=digest.hexdigest(),
        population=dict(sizes),
        calls=_ranked(chosen, sizes, _overlapping(chosen, seed, overlap_share)),
    )


def allocate(sizes: Mapping[str, int], calls: int) -> dict[str, int]:
    """How many calls to draw from strata of these sizes: half by size, half equally, at least 8 of each where it can.

    Oversampling the small strata (what the judge fails) is what makes a judge's misses knowable.
    """
    total, strata = sum(sizes.values()), len(sizes)
    calls = min(calls, total)
    ideal = {name: calls * (size / total + 1 / strata) / 2 for name, size in sizes.items()}
    drawn = {name: min(size, LEAST_PER_STRATUM, calls // strata) for name, size in sizes.items()}
    for _ in range(calls - sum(drawn.values())):
        room = [name for name in drawn if drawn[name] < sizes[name]]
        drawn[max(room, key=lambda name: ideal[name] - drawn[name])] += 1
    return drawn


def split_of(call_id: str) -> str:
    """Whether a call may tune judges or tests them: half and half, the same for a call in every queue."""
    return "tune" if _key("split", call_id) % 2 else "heldout"


def _key(seed: int | str, call_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{call_id}".encode()).digest()[:8])


def _keep_lowest(heap: list[tuple[int, str]], entry: tuple[int, str], count: int) -> None:
    if len(heap) < count:
        heapq.heappush(heap, entry)
    elif heap and entry > heap[0]:
        heapq.heapreplace(heap, entry)


def _overlapping(chosen: Mapping[str, list[str]], seed: int, share: float) -> set[str]:
    calls = [call_id for ids in chosen.values() for call_id in ids]
    calls.sort(key=lambda call_id: _key(f"{seed}:overlap", call_id))
    return set(calls[: round(share * len(calls))])


def _ranked(chosen: Mapping[str, list[str]], sizes: Mapping[str, int], twice: set[str]) -> list[DrawnCall]:
    calls = [
        DrawnCall(
            id=call_id,
            stratum=stratum,
            inclusion_prob=len(ids) / sizes[stratum],
            random_rank=(position + 0.5) / len(ids),
            split=split_of(call_id),
            labels_wanted=2 if call_id in twice else 1,
        )
        for stratum, ids in chosen.items()
        for position, call_id in enumerate(ids)
    ]
    return sorted(calls, key=lambda call: (call.random_rank, call.stratum))
