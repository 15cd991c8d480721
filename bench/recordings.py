"""How fast a large recording is taken, beside a plain copy of the same file to the same disk.

python bench/recordings.py --url http://127.0.0.1:8390 --api-key ehk_... --megabytes 1024 [--rounds 3]

Prints seconds and MB/s of `read + write + fsync` and of the upload (which ends when the server has answered 201, after
its own fsync), their ratio, and the most memory (PSS) that the web processes held meanwhile.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil

BLOCK = 1 << 20


def made(path: Path, megabytes: int, salt: int) -> None:
    """Bytes that are no sound, so that no worker measures hours of it while the next round runs."""
    noise = os.urandom(BLOCK - 8)
    with path.open("wb") as file:
        for index in range(megabytes):
            file.write(salt.to_bytes(4) + index.to_bytes(4) + noise)
        file.flush()
        os.fsync(file.fileno())


def copied(path: Path, to: Path) -> float:
    started = time.perf_counter()
    with path.open("rb") as source, to.open("wb") as target:
        shutil.copyfileobj(source, target, BLOCK)
        target.flush()
        os.fsync(target.fileno())
    taken = time.perf_counter() - started
    to.unlink()
    return taken


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def uploaded(client: httpx.Client, path: Path, name: str) -> float:
    started = time.perf_counter()
    headers = {"Content-Type": "audio/wav", "Content-Length": str(path.stat().st_size)}
    answer = client.put(f"/api/v1/conversations/{name}/recordings/stereo", content=blocks(path), headers=headers)
    answer.raise_for_status()
    return time.perf_counter() - started


class Watch(threading.Thread):
    """The most memory that the web processes shared out among themselves (PSS), in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.ended = 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.2):
            self.most = max(self.most, sum(map(_pss, _web_processes())) / 1e6)


def _web_processes() -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if "webui" in (one.info["cmdline"] or [])]


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--url", default=os.environ.get("EVALHUB_URL", "http://127.0.0.1:8390"))
    ask.add_argument("--api-key", default=os.environ.get("EVALHUB_API_KEY"))
    ask.add_argument("--megabytes", type=int, default=1024)
    ask.add_argument("--rounds", type=int, default=3)
    given = ask.parse_args()
    headers = {"Authorization": f"Bearer {given.api_key}"}
    ratios = []
    with (
        tempfile.TemporaryDirectory() as folder,
        httpx.Client(base_url=given.url, headers=headers, timeout=600) as client,
    ):
        source, copy = Path(folder, "call.wav"), Path(folder, "copy.wav")
        for round_ in range(given.rounds):
            made(source, given.megabytes, salt=int(time.time()) + round_)
            plain = copied(source, copy)
            watch = Watch()
            watch.start()
            taken = uploaded(client, source, f"bench-recording-{int(time.time())}")
            watch.ended.set()
            ratios.append(plain / taken)
            rates = f"copy {given.megabytes / plain:7.0f} MB/s   upload {given.megabytes / taken:7.0f} MB/s"
            print(f"round {round_ + 1}: {rates}   ratio {plain / taken:.2f}   web PSS at most {watch.most:.0f} MB")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
