"""The rubric library and its loader."""

from pathlib import Path

import pytest

from evalhub.errors import BadInput
from evalhub.rubrics import definition_hash, load_file, load_library, to_version

LIBRARY = load_library()
CRITERION = '[[criteria]]\nkey = "a"\ntitle = "A"\nquestion = "A?"\n'
HEAD = 'key = "own"\ntitle = "Own"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("key", LIBRARY)
def test_every_ready_rubric_can_be_used_as_it_is(key: str) -> None:
    definition = LIBRARY[key]
    assert (Path(__file__).parents[3] / "evalhub" / "rubrics" / f"{key}.toml").is_file()
    assert definition.description
    for criterion in definition.criteria:
        assert criterion.question.endswith((".", "?"))
        assert len(criterion.is_fail) >= 2
        assert len(criterion.is_not_fail) >= 2
    assert any(criterion.auto_fail for criterion in definition.criteria)
    assert {criterion.modality for criterion in definition.criteria} == {"transcript", "audio", "both"}


READY = {
    *("task_success", "policy_followed", "right_information", "confirmed_before_destructive", "interruption_recovery"),
    *("handoff_context", "speakable", "brevity", "empathy", "brand_voice", "safety"),
}


def test_every_pack_has_the_ready_questions() -> None:
    assert LIBRARY.keys() == {"customer_service", "consumer_companion", "outbound"}
    for definition in LIBRARY.values():
        assert {criterion.key for criterion in definition.criteria} >= READY
    for key in ("customer_service", "outbound"):
        keys = {criterion.key for criterion in LIBRARY[key].criteria}
        assert {"numbers_read_back", "stage_order"} <= keys


def test_a_version_carries_every_criterion_in_order() -> None:
    definition = LIBRARY["customer_service"]
    version = to_version(definition, 4)
    assert (version.rubric, version.number, version.definition_hash) == (
        "customer_service",
        4,
        definition_hash(definition),
    )
    assert [c.key for c in version.criteria] == [c.key for c in definition.criteria]
    assert [c.position for c in version.criteria] == list(range(len(definition.criteria)))
    first = version.criteria[0]
    assert (first.is_fail, first.weight, first.levels) == (list(definition.criteria[0].is_fail), 3.0, None)


def test_a_changed_word_changes_the_hash(tmp_path: Path) -> None:
    one = load_file(written(tmp_path, HEAD + CRITERION))
    same = load_file(written(tmp_path, "# a comment\n" + HEAD + CRITERION))
    other = load_file(written(tmp_path, HEAD + CRITERION.replace("A?", "B?")))
    assert definition_hash(one) == definition_hash(same) != definition_hash(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key = ", "own.toml is no TOML"),
        (HEAD, "criteria: expected at least one [[criteria]], got None"),
        (HEAD + "criteria = [1]", "criteria: expected at least one [[criteria]]"),
        ('key = "own"\n' + CRITERION, "title: expected a text, got nothing"),
        (HEAD + CRITERION.replace("question", "qestion"), "criteria[0].qestion: expected one of key, title, question"),
        (HEAD + CRITERION.replace("question", "qestion"), "did you mean `question`?"),
        (HEAD + CRITERION + 'weight = "2"', "criteria[0].weight: expected a number from 0 on, got '2'"),
        (HEAD + CRITERION + "weight = true", "criteria[0].weight: expected a number from 0 on"),
        (HEAD + CRITERION + "auto_fail = 1", "criteria[0].auto_fail: expected true or false"),
        (HEAD + CRITERION + 'is_fail = "x"', "criteria[0].is_fail: expected a list"),
        (
            HEAD + CRITERION + 'modality = "video"',
            "criteria[0].modality: expected transcript | audio | both, got 'video'",
        ),
        (HEAD + CRITERION + 'type = "ordinal"', "criteria[0].levels: expected two levels or more"),
        (
            HEAD
            + CRITERION
            + 'type = "ordinal"\nlevels = [{value = 1, label = "low"}, {value = "high", label = "high"}]',
            "criteria[0].levels[1].value: expected a number",
        ),
        (
            HEAD + CRITERION + 'levels = [{value = 1}, "x"]',
            "criteria[0].levels[0]: expected a table with value and label",
        ),
        (HEAD + CRITERION + CRITERION, "criteria[1].key: expected a key of its own, got 'a'"),
    ],
)
def test_a_fault_names_the_file_and_the_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_file(written(tmp_path, text))
    assert str(caught.value).startswith("own.toml is no ")
    assert expected in str(caught.value)
