"""A judge's model server for tests: `@copilotkit/aimock`, started with the Node of the wheel, told what to answer."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

from tests.stack.npm import NODE, installed

FOLDER = Path(__file__).parent / "aimock"


@dataclass(frozen=True)
class Aimock:
    """A running server. Answers are told apart by the model that is asked for."""

    url: str

    def answers(self, model: str, *responses: Any, structured: bool = True, **fixture: Any) -> None:
        """What the model says, in this order; an answer is the text of a message or aimock's own response object."""
        fixtures = [
            {"match": _match(model, index, len(responses), structured), "response": _response(response), **fixture}
            for index, response in enumerate(responses)
        ]
        self._call("POST", "/fixtures", {"fixtures": fixtures})

    def requests(self, model: str, path: str = "/v1/chat/completions") -> list[dict[str, Any]]:
        """The bodies that were sent to a model."""
        entries = self._call("GET", f"/journal?path={path}")
        return [entry["body"] for entry in entries if (entry["body"] or {}).get("model") == model]

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/__aimock{path}", data=data, method=method)  # noqa: S310 a server of our own
        with urlopen(request, timeout=10) as response:  # noqa: S310
            return json.load(response)


def _match(model: str, index: int, of: int, structured: bool) -> dict[str, Any]:
    in_turn = {"sequenceIndex": index} if of > 1 else {}
    shape = {"responseFormat": "json_schema"} if structured else {}
    return {"model": model} | shape | in_turn


def _response(response: Any) -> dict[str, Any]:
    if isinstance(response, dict) and response.keys() & {"content", "error"}:
        return response
    return {"content": response if isinstance(response, str) else json.dumps(response)}


@contextmanager
def running_aimock() -> Iterator[Aimock]:
    """Install it once, start it on a free port, stop it afterwards."""
    program = installed(FOLDER, "@copilotkit/aimock") / "dist" / "cli.js"
    command = [str(NODE), str(program), "--port", "0", "--fixtures", "no_fixtures.json"]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield Aimock(_url(server))
        finally:
            server.kill()


def _url(server: "subprocess.Popen[str]") -> str:
    assert server.stdout
    said = ""
    for line in server.stdout:
        said += line
        if found := re.search(r"listening on (http://\S+)", line):
            return found[1]
    raise AssertionError(f"aimock did not start: {said}")


Answer = tuple[int, Any, dict[str, str]]
"""status, JSON or bytes, headers"""


@contextmanager
def serving(respond: Callable[[str, dict[str, Any]], Answer]) -> Iterator[str]:
    """A model server that answers as a function of path and body: for what aimock cannot say. Yields its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
            status, answer, headers = respond(self.path, asked)
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json", "Content-Length": len(body)} | headers).items():
                self.send_header(name, str(value))
            self.end_headers()
            with suppress(ConnectionError):  # a client that timed out has hung up
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """A server that gives every request one answer. Yields its base URL."""
    with serving(lambda _path, _body: (status, body, headers)) as url:
        yield url
