"""What most processes never need they do not load; each web process would hold it once more."""

import subprocess
import sys

SERVING = "import sys, webui, webui.access, evalhub.integrations.endpoints; print(*sys.modules)"


def test_the_web_loads_cryptography_only_to_open_a_secret() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], check=True, capture_output=True, text=True)
    assert {"webui.access", "evalhub.sealing"} <= set(done.stdout.split())
    assert not {"cryptography", "jwt"} & set(done.stdout.split())
