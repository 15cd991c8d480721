"""What the charts of the dashboard draw."""

from datetime import date

import pytest

from evalhub.evaluators import Metric
from evalhub.reports.cost_chart import cost_chart
from evalhub.reports.criteria_chart import criteria_chart
from evalhub.reports.figures import rate_chart, spread_chart
from evalhub.reports.judges import Asked
from evalhub.reports.measures import AgentVersion, Percentiles, VersionRate
from evalhub.trust.intervals import rate

NINE = [AgentVersion("returns-desk", f"2026-10-{day}") for day in range(10, 19)]
VERSIONS = dict.fromkeys(NINE, 5)
WAIT = Metric("dead_air_ms.longest", "Longest dead air", "ms", "lower", "")


def link(**filters):
    return "&".join(f"{name}={value}" for name, value in filters.items() if value)


def spread(version, *values, count=20):
    return Percentiles(WAIT.id, version, count, values)


def chart(*spreads):
    return spread_chart("wait", WAIT.title, spreads, metric=WAIT, scale="", versions=VERSIONS, link=link)


def test_every_agent_version_has_a_row_with_its_name_and_its_calls():
    figure = chart(*(spread(version, 1, 2, 3, 4, 5) for version in reversed(NINE))).figure
    assert [box["y"] for box in figure["data"]] == [[f"returns-desk<br>{one.version}"] for one in NINE]
    assert figure["layout"]["height"] > 9 * 34
    assert figure["data"][0]["customdata"] == ["agent=returns-desk&version=2026-10-10&metric=dead_air_ms.longest"]


@pytest.mark.parametrize(("longest", "unit", "drawn"), [(999, "ms", 999), (1000, "s", 1), (11_240, "s", 11.24)])
def test_a_second_and_more_is_told_in_seconds(longest, unit, drawn):
    made = chart(spread(NINE[0], 10, 20, 30, 40, longest))
    assert made.figure["layout"]["xaxis"]["title"]["text"] == unit
    assert made.figure["data"][0]["upperfence"] == [drawn]
    assert made.rows[0][-3:] == (drawn, unit, 20)


def test_few_calls_are_pale():
    few, many = chart(spread(NINE[0], 1, 2, 3, 4, 5, count=9), spread(NINE[1], 1, 2, 3, 4, 5, count=10)).figure["data"]
    assert few["opacity"] < many["opacity"] == 1


def test_a_row_of_a_rate_leads_to_what_failed():
    found = rate(3, 4)
    assert found
    rates = [VersionRate("recording_check.clean", NINE[0], found, "recording_check")]
    made = rate_chart("r", "Recording", rates, metric=WAIT, versions=VERSIONS, link=link)
    assert "version=2026-10-10" in made.figure["data"][0]["customdata"][0]
    assert "verdict=fail" in made.figure["data"][0]["customdata"][0]


def test_every_row_of_numbers_leads_where_its_point_leads():
    made = chart(*(spread(version, 1, 2, 3, 4, 5) for version in reversed(NINE)))
    assert made.links == [box["customdata"][0] for box in made.figure["data"]]
    assert [row[0] for row in made.rows] == [version.title for version in NINE]


def test_only_versions_that_were_judged_take_room():
    found = rate(3, 4)
    assert found

    def height(*judged):
        people = [VersionRate(f"criterion.{key}", version, found) for key in ("a", "b") for version in judged]
        titles = {"criterion.a": "Right order", "criterion.b": "Kind"}
        made = criteria_chart("c", "Criteria", people, [], judges={}, titles=titles, versions=VERSIONS, link=link)
        return made.figure["layout"]["height"]

    assert height(NINE[0]) < 200
    assert height(NINE[0]) < height(*NINE[:3]) < height(*NINE)


def test_of_many_versions_the_newest_are_drawn_and_all_are_in_the_numbers():
    found = rate(3, 4)
    assert found

    def made(versions):
        people = [VersionRate("criterion.a", version, found) for version in versions]
        titles = {"criterion.a": "Right order"}
        return criteria_chart("c", "Criteria", people, [], judges={}, titles=titles, versions=VERSIONS, link=link)

    six, nine = made(NINE[-6:]), made(NINE)
    assert nine.figure["layout"]["height"] == six.figure["layout"]["height"]
    assert [trace["name"] for trace in nine.figure["data"]] == [trace["name"] for trace in six.figure["data"]]
    assert nine.note == "The 6 newest of 9 agent versions; all are under Details."
    assert (six.note, len(nine.rows)) == ("", 9)


def test_scale_and_legend_of_many_questions_stand_above_them():
    found = rate(3, 4)
    assert found
    titles = {f"criterion.{key}": key for key in "abcdefgh"}
    people = [VersionRate(metric, NINE[0], found) for metric in titles]
    made = criteria_chart("c", "Criteria", people, [], judges={}, titles=titles, versions=VERSIONS, link=link)
    layout = made.figure["layout"]
    assert layout["xaxis"]["side"] == "top"
    assert layout["legend"]["y"] > 1
    assert layout["margin"]["t"] > layout["margin"]["b"]


def test_nothing_measured_is_drawn_as_nothing():
    assert chart().is_empty
    assert chart().figure == {}


def test_where_no_price_is_known_the_numbers_are_told_without_an_empty_drawing():
    asked = Asked(model="reader", askings=2, usd=0.0, unpriced=2)
    found = cost_chart("judging", "US dollars", [(date(2026, 11, 1), asked)])
    assert (found.figure, found.is_empty) == ({}, False)
    assert "2 askings of reader have no known price" in found.note
