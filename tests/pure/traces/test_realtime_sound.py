"""Both sides' sound on one clock: the clock of what was sent, and the queue of what was played."""

import base64

import pytest

from evalhub.recorders import g711
from evalhub.traces.formats.realtime.input_clock import InputClock
from evalhub.traces.formats.realtime.playback import Playback
from evalhub.traces.formats.realtime.settings import AudioFormat
from evalhub.traces.formats.realtime.sound import LONGEST_S, Piece, samples, track

RATE = 1_000


def clock(*sent: tuple[float, int]) -> InputClock:
    """Appends of so many ms at these moments."""
    made = InputClock()
    for when, ms in sent:
        made.append(when, bytes(2 * ms), RATE)
    return made


def starts(made: InputClock) -> list[float]:
    return [round(piece.start, 3) for piece in made.pieces()]


def test_a_piece_ends_when_it_was_sent() -> None:
    assert starts(clock((10.1, 100), (10.2, 100))) == [10.0, 10.1]
    assert clock((10.1, 100), (10.2, 100)).wall(150) == pytest.approx(10.15)


def test_a_piece_that_was_sent_late_lies_where_the_next_one_shows() -> None:
    assert starts(clock((10.1, 100), (10.9, 100), (10.91, 100))) == pytest.approx([10.0, 10.71, 10.81])


def test_jitter_leaves_no_holes() -> None:
    assert starts(clock((10.1, 100), (10.23, 100), (10.31, 100))) == pytest.approx([10.0, 10.1, 10.2])


def test_a_pause_of_sending_is_a_silence() -> None:
    made = clock((10.1, 100), (12.1, 100))
    assert starts(made) == [10.0, 12.0]
    assert made.wall(99) == pytest.approx(10.099)
    assert made.wall(150) == pytest.approx(12.05)


def test_speech_that_begins_in_the_padding_before_a_pause_lies_after_it() -> None:
    made = clock((10.1, 100), (12.1, 100))
    assert made.wall(99, padding_ms=50) == pytest.approx(11.999)


def test_a_burst_was_spoken_before_it_was_sent() -> None:
    assert starts(clock((10.0, 100), (10.0, 100), (10.0, 100))) == pytest.approx([9.7, 9.8, 9.9])


def test_an_offset_beyond_the_sound_of_the_log_has_no_time() -> None:
    assert clock((10.1, 100)).wall(5_000) is None
    assert InputClock().wall(0) is None


def played(*chunks: tuple[str, float, int]) -> Playback:
    made = Playback()
    for item, when, ms in chunks:
        made.add(item, when, bytes(2 * ms), RATE)
    return made


def test_sound_that_comes_faster_than_it_is_played_queues_up() -> None:
    made = played(("a", 1.0, 500), ("a", 1.1, 500), ("b", 1.2, 500))
    assert made.interval("a") == (1.0, 2.0)
    assert made.interval("b") == (2.0, 2.5)
    assert made.played_ms("a", 1.7) == pytest.approx(700)


def test_sound_that_comes_late_leaves_a_gap() -> None:
    assert [piece.start for piece in played(("a", 1.0, 100), ("a", 3.0, 100)).pieces()] == [1.0, 3.0]


def test_a_cut_keeps_what_was_heard_and_drops_what_waited() -> None:
    made = played(("a", 1.0, 500), ("a", 1.1, 500), ("b", 1.2, 500))
    made.cut("a", 700, when=1.7)
    assert made.interval("a") == pytest.approx((1.0, 1.7))
    assert made.interval("b") is None
    made.add("a", 1.75, bytes(200), RATE)  # still on its way when it was cut
    made.add("c", 1.8, bytes(200), RATE)
    assert made.interval("a") == pytest.approx((1.0, 1.7))
    assert made.interval("c") == pytest.approx((1.8, 1.9))


def test_a_later_word_on_a_cut_counts() -> None:
    made = played(("a", 1.0, 1000))
    made.cut("a", 300, when=1.3)
    made.cut("a", 400, when=1.3)
    assert made.interval("a") == pytest.approx((1.0, 1.4))


def test_a_track_has_silence_between_its_pieces() -> None:
    laid = track([Piece(5.0, b"\x01\x00" * 10, RATE), Piece(5.02, b"\x02\x00" * 10, RATE)], origin=4.0)
    assert laid == (b"\x01\x00" * 10 + bytes(20) + b"\x02\x00" * 10, RATE, 1000)


def test_a_track_never_grows_without_bound() -> None:
    pieces = [Piece(0.0, bytes(2), RATE), Piece(LONGEST_S + 1.0, bytes(2), RATE)]
    assert track(pieces, origin=0.0) is None
    assert track([], origin=0.0) is None


@pytest.mark.parametrize(
    ("encoding", "code", "value"),
    [
        ("mulaw", 0xFF, 0), ("mulaw", 0x7F, 0), ("mulaw", 0x00, -32124), ("mulaw", 0x80, 32124), ("mulaw", 0xF0, 120),
        ("alaw", 0xD5, 8), ("alaw", 0x55, -8), ("alaw", 0xAA, 32256), ("alaw", 0x2A, -32256), ("alaw", 0xC5, 264),
    ],
)  # fmt: skip
def test_g711(encoding: str, code: int, value: int) -> None:
    assert int.from_bytes(g711.decode(bytes([code]), encoding), "little", signed=True) == value


def test_what_is_not_base64_is_no_sound() -> None:
    assert samples("***", AudioFormat()) == b""
    assert samples(None, AudioFormat()) == b""
    assert samples(base64.b64encode(b"abc").decode(), AudioFormat()) == b"ab"
