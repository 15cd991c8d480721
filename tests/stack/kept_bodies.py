"""A door before another server that keeps what is sent through it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


@contextmanager
def passing_on(to: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A door before another server that keeps whole bodies (aimock cuts them at 64 KB). Yields its URL, the bodies."""
    kept: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.append(json.loads(body))
            there = Request(f"{to}{self.path}", data=body, headers=dict(self.headers), method="POST")  # noqa: S310
            try:
                answer = urlopen(there, timeout=30)  # noqa: S310 a server of our own
            except HTTPError as error:
                answer = error
            with answer:
                said = answer.read()
                self.send_response(answer.status)
                for name in ("Content-Type", "Retry-After"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", kept
        finally:
            server.shutdown()
