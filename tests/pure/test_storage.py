"""The audio store keeps whole files under the hash of their bytes, or nothing."""

import hashlib
from pathlib import Path

import pytest

from evalhub.errors import BadInput, TooLarge
from evalhub.storage import AudioStore

BYTES = b"RIFF" + bytes(5000)
SHA256 = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> AudioStore:
    return AudioStore(tmp_path / "audio")


def files(store: AudioStore) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()]


def test_bytes_lie_under_their_hash(store: AudioStore) -> None:
    stored = store.put(7, [BYTES[:1000], BYTES[1000:]])
    assert (stored.sha256, stored.size, stored.is_new) == (SHA256, len(BYTES), True)
    assert store.path(7, SHA256).read_bytes() == BYTES


def test_the_same_bytes_again_are_not_new(store: AudioStore) -> None:
    store.put(7, [BYTES])
    assert not store.put(7, [BYTES]).is_new
    assert len(files(store)) == 1


def test_projects_do_not_share_files(store: AudioStore) -> None:
    store.put(7, [BYTES])
    assert store.put(8, [BYTES]).is_new
    store.delete(7, SHA256)
    assert store.path(8, SHA256).exists()


def test_too_much_leaves_nothing(store: AudioStore) -> None:
    with pytest.raises(TooLarge):
        store.put(7, [BYTES, BYTES], limit=len(BYTES))
    assert files(store) == []


def test_bytes_that_changed_on_the_way_leave_nothing(store: AudioStore) -> None:
    with pytest.raises(BadInput, match="changed on their way"):
        store.put(7, [BYTES], expected="0" * 64)
    assert files(store) == []


def test_a_stream_that_breaks_leaves_nothing(store: AudioStore) -> None:
    def broken():
        yield BYTES
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put(7, broken())
    assert files(store) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "", SHA256 + "\n"])
def test_no_path_is_built_from_anything_but_a_hash(store: AudioStore, name: str) -> None:
    with pytest.raises(ValueError, match="not a sha256"):
        store.path(7, name)
