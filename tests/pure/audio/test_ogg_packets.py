"""Files of Ogg Opus that lost pages: later sound keeps its place, and what is missing is told."""

import struct
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhub.audio import ogg_packets, ogg_pages
from evalhub.audio.decode import blocks, probe
from evalhub.audio.findings import Finding
from evalhub.audio.ogg import SILENCE, OggOpus, checksum
from evalhub.audio.recording_check import findings_of
from tests.factories import make_conversation, make_recording
from tests.pure.audio.calls import clean_tracks, make_context, make_turns
from tests.pure.audio.sound import RATE, write

PAGE = 10
"""of a second each; the first two hold no sound"""
HEAD = b"OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The usual call in Ogg Opus, page by page."""
    path = write(tmp_path_factory.mktemp("ogg") / "a.ogg", *clean_tracks(), subtype="OPUS")
    first, *rest = path.read_bytes().split(b"OggS")
    assert first == b""
    return [b"OggS" + page for page in rest]


def kept(tmp_path: Path, pages: Sequence[bytes]) -> Path:
    path = tmp_path / "kept.ogg"
    path.write_bytes(b"".join(pages))
    return path


def sound(path: Path) -> np.ndarray:
    return np.concatenate([block.native for block in blocks(probe(path))], axis=1)


def found(path: Path) -> list[Finding]:
    recordings = [make_recording(path=str(path))]
    call = make_conversation(duration_ms=23_000, turns=make_turns(), recordings=recordings)
    return findings_of(call, make_context())


def damaged(page: bytes) -> bytes:
    return page[:400] + bytes(byte ^ 0xFF for byte in page[400:410]) + page[410:]


def at_time(page: bytes, granule: int) -> bytes:
    """The same page, sound in itself, that says it ends then."""
    page = page[:6] + struct.pack("<q", granule) + page[14:22] + bytes(4) + page[26:]
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def test_a_whole_file_lacks_nothing(tmp_path: Path, pages: list[bytes]) -> None:
    assert ogg_packets.read(kept(tmp_path, pages)) == ogg_packets.Told()
    assert found(kept(tmp_path, pages)) == []


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_a_page_that_is_not_there_is_a_gap_and_later_sound_keeps_its_place(
    tmp_path: Path, pages: list[bytes], harm: str
) -> None:
    whole = sound(kept(tmp_path, pages))
    path = kept(tmp_path, [*pages[:PAGE], *([damaged(pages[PAGE])] if harm == "damaged" else []), *pages[PAGE + 1 :]])
    [gap] = found(path)
    assert (gap.code, gap.track) == ("gap", None)
    assert (gap.at_ms, gap.end_ms) == pytest.approx((8_000, 9_000), abs=50)
    after, within = slice(10 * RATE, 12 * RATE), slice(round(8.3 * RATE), round(8.9 * RATE))
    assert np.corrcoef(whole[1, after], sound(path)[1, after])[0, 1] > 0.98
    assert np.abs(sound(path)[:, within]).max() < 1e-3


def test_a_page_cut_in_two_at_the_end_breaks_off(tmp_path: Path, pages: list[bytes]) -> None:
    [gap] = found(kept(tmp_path, [*pages[:15], pages[15][:300]]))
    assert "breaks off at 13.0 s" in gap.message


def test_what_lies_between_pages_harms_nothing(tmp_path: Path, pages: list[bytes]) -> None:
    told = ogg_packets.read(kept(tmp_path, [*pages[:PAGE], b"junk" * 999 + b"OggS", *pages[PAGE:]]))
    assert told == ogg_packets.Told()


def test_pages_of_another_stream_are_not_missed(tmp_path: Path, pages: list[bytes]) -> None:
    other = BytesIO()
    OggOpus(other, HEAD).close()
    assert ogg_packets.read(kept(tmp_path, [*pages[:PAGE], other.getvalue(), *pages[PAGE:]])) == ogg_packets.Told()


def test_a_page_that_says_it_is_years_later_is_not_waited_for(tmp_path: Path, pages: list[bytes]) -> None:
    late = at_time(pages[PAGE], 48_000 * 3600 * 24 * 365)
    told = ogg_packets.read(kept(tmp_path, [*pages[:PAGE], late, *pages[PAGE + 1 :]]))
    assert not told.has_pauses


def test_a_pause_that_a_recorder_left_out_becomes_silence_and_is_no_fault(tmp_path: Path) -> None:
    made = BytesIO()
    ogg = OggOpus(made, HEAD)
    for _ in range(300):
        ogg.add(SILENCE, round(ogg.granule / 48))
    ogg.close()
    first, *rest = [b"OggS" + page for page in made.getvalue().split(b"OggS")[1:]]
    later = at_time(rest[-1], struct.unpack_from("<q", rest[-1], 6)[0] + 2 * 48_000)
    path = kept(tmp_path, [first, *rest[:-1], later])
    told = ogg_packets.read(path)
    assert (told.has_pauses, told.lost) == (True, [])
    assert sound(path).shape[1] == pytest.approx(8 * 48_000, rel=0.01)


def test_a_file_full_of_false_beginnings_is_not_searched_to_its_end(
    tmp_path: Path, pages: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = kept(tmp_path, [*pages[:PAGE], b"OggS" * 9, *pages[PAGE:]])
    assert not ogg_packets.read(path).is_cut
    monkeypatch.setattr(ogg_pages, "MOST_DAMAGED", 5)
    assert ogg_packets.read(path).is_cut


@given(data=st.data())
def test_no_damage_is_too_much(
    tmp_path_factory: pytest.TempPathFactory, pages: list[bytes], data: st.DataObject
) -> None:
    whole = bytearray(b"".join(pages[:6]))
    for at in data.draw(st.lists(st.integers(len(pages[0]), len(whole) - 1), max_size=20)):
        whole[at] = data.draw(st.integers(0, 255))
    path = kept(tmp_path_factory.mktemp("harm"), [bytes(whole)])
    told = ogg_packets.read(path)
    assert all(start < end for start, end in told.lost)
