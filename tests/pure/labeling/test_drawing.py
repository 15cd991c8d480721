"""The draw: exact sizes, honest probabilities, ranks that interleave, the same for ever."""

from hypothesis import given
from hypothesis import strategies as st

from evalhub.labeling.drawing import allocate, draw, split_of

SIZES = st.dictionaries(st.sampled_from(["fail", "pass", "unsure"]), st.integers(1, 400), min_size=1)


def calls_of(sizes: dict[str, int]) -> list[tuple[str, str]]:
    return sorted((f"{name}-{number}", name) for name, size in sizes.items() for number in range(size))


@given(SIZES, st.integers(3, 300))
def test_the_allocation_spends_every_call_and_overdraws_no_stratum(sizes: dict[str, int], calls: int) -> None:
    drawn = allocate(sizes, calls)
    assert sum(drawn.values()) == min(calls, sum(sizes.values()))
    assert all(1 <= drawn[name] <= size for name, size in sizes.items())


def test_small_strata_get_more_than_their_share_and_at_least_eight() -> None:
    assert allocate({"fail": 100, "pass": 1900}, 60) == {"fail": 17, "pass": 43}
    assert allocate({"fail": 10, "unsure": 10, "pass": 10_000}, 30) == {"fail": 8, "unsure": 8, "pass": 14}


@given(SIZES, st.integers(3, 100), st.integers(0, 2**31))
def test_weights_of_the_sample_add_up_to_the_population(sizes: dict[str, int], calls: int, seed: int) -> None:
    drawn = draw(calls_of(sizes), calls=calls, seed=seed)
    assert round(sum(1 / call.inclusion_prob for call in drawn.calls), 6) == sum(sizes.values())
    assert len({call.id for call in drawn.calls}) == len(drawn.calls) == min(calls, sum(sizes.values()))


def test_any_prefix_holds_the_strata_by_their_share_of_the_plan() -> None:
    drawn = draw(calls_of({"fail": 40, "unsure": 60, "pass": 900}), calls=100, seed=7)
    for stop in range(1, 100):
        prefix = [call.stratum for call in drawn.calls[:stop]]
        for name, count in drawn.drawn.items():
            assert abs(prefix.count(name) - stop * count / 100) <= 1.5, (stop, name)


def test_the_same_seed_draws_the_same_calls_and_another_seed_others() -> None:
    population = calls_of({"all": 500})
    assert draw(population, calls=20, seed=1) == draw(population, calls=20, seed=1)
    first, second = (draw(population, calls=20, seed=seed) for seed in (1, 2))
    assert first.population_hash == second.population_hash
    assert {call.id for call in first.calls} != {call.id for call in second.calls}


def test_the_draw_of_a_seed_is_written_in_stone() -> None:
    drawn = draw(calls_of({"all": 10}), calls=3, seed=42, overlap_share=0.34)
    drawn_calls = [(call.id, call.labels_wanted, round(call.random_rank, 3)) for call in drawn.calls]
    assert drawn_calls == [("all-9", 1, 0.167), ("all-1", 2, 0.5), ("all-3", 1, 0.833)]
    assert drawn.population_hash.startswith("2bf1fd4ca81fbfc3")


def test_every_call_is_as_likely_as_any_other() -> None:
    population = calls_of({"all": 20})
    times = [call.id for seed in range(2000) for call in draw(population, calls=5, seed=seed).calls]
    assert all(abs(times.count(call_id) - 500) < 100 for call_id, _ in population)


def test_a_share_of_the_calls_gets_two_labelers_whatever_their_stratum() -> None:
    drawn = draw(calls_of({"fail": 50, "pass": 50}), calls=50, seed=3, overlap_share=0.2)
    twice = [call.stratum for call in drawn.calls if call.labels_wanted == 2]
    assert len(twice) == 10
    assert set(twice) == {"fail", "pass"}


def test_a_call_is_in_the_same_half_in_every_queue() -> None:
    halves = [split_of(f"call-{number}") for number in range(1000)]
    assert set(halves) == {"tune", "heldout"}
    assert 440 < halves.count("heldout") < 560
    assert {call.split for call in draw([("call-1", "all")], calls=1, seed=9).calls} == {split_of("call-1")}
