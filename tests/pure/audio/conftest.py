"""One clean call, decoded once; properties are checked without a clock."""

from pathlib import Path

import pytest
from hypothesis import settings

from evalhub.audio.analysis import analyse_file
from evalhub.models import AudioAnalysis, Recording
from tests.pure.audio.calls import clean_tracks
from tests.pure.audio.sound import write

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def clean_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The usual call as a stereo file: caller left, agent right."""
    return write(tmp_path_factory.mktemp("clean") / "call.wav", *clean_tracks())


@pytest.fixture(scope="session")
def clean_analysis(clean_file: Path) -> AudioAnalysis:
    return analyse_file(clean_file, Recording(track="stereo"))
