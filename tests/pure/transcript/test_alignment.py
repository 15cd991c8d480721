"""The alignment answers as jiwer does, on every pair."""

import jiwer
from hypothesis import given
from hypothesis import strategies as st

from evalhub.transcript.words.alignment import Edits, compare

WORDS = st.sampled_from(["a", "b", "see", "sea", "order", "orders", "one", "é", "一"])
REFERENCE, HEARD = st.lists(WORDS, min_size=1, max_size=12), st.lists(WORDS, max_size=12)


def counts(edits: Edits) -> tuple[int, ...]:
    return edits.hits, edits.substitutions, edits.deletions, edits.insertions


@given(REFERENCE, HEARD)
def test_counts_rates_and_chunks_are_jiwers(said: list[str], heard: list[str]) -> None:
    ours = compare(" ".join(said), " ".join(heard))
    words = jiwer.process_words(" ".join(said), " ".join(heard))
    characters = jiwer.process_characters(" ".join(said), " ".join(heard))
    for mine, theirs in ((ours.words, words), (ours.characters, characters)):
        assert counts(mine) == (theirs.hits, theirs.substitutions, theirs.deletions, theirs.insertions)
    assert (ours.words.rate, ours.characters.rate) == (words.wer, characters.cer)
    assert [(chunk["type"], chunk["reference"], chunk["hypothesis"]) for chunk in ours.alignment] == [
        (
            chunk.type,
            " ".join(said[chunk.ref_start_idx : chunk.ref_end_idx]),
            " ".join(heard[chunk.hyp_start_idx : chunk.hyp_end_idx]),
        )
        for chunk in words.alignments[0]
    ]


@given(REFERENCE, HEARD)
def test_the_alignment_holds_every_word_of_both_texts_in_order(said: list[str], heard: list[str]) -> None:
    chunks = compare(" ".join(said), " ".join(heard)).alignment
    assert [word for chunk in chunks for word in chunk["reference"].split()] == said
    assert [word for chunk in chunks for word in chunk["hypothesis"].split()] == heard
