"""Who may ask? This machine's own browser, on the page that it got here, and nobody else.

The server listens on 127.0.0.1 alone. A page from elsewhere that reaches it under another name (DNS rebinding) is told
apart by the Host header, one that posts to it from its own address by Origin; bodies are bounded, and every error is a
sentence in JSON.
"""

from __future__ import annotations

import contextlib
import errno
import json
import socketserver
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from proclivity.errors import ProclivityError, UserError
from proclivity.playground.desk import Desk
from proclivity.playground.page import render
from proclivity.playground.question import MOST_BYTES, read_question

ADDRESS = "127.0.0.1"
ASK = "/answer"
MOST_DRAINED = 2_000_000
"""Bytes of a body that is too long which are still read, so that its sender hears why."""
PATIENCE = 20.0
"""Seconds that a connection may be silent."""
LAST_WAIT = 5.0
"""Seconds that an answer in hand is waited for at the end."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Playground(ThreadingHTTPServer):
    """The page and its answers on a port of this machine; begin it with `serve_forever`."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0, *, debug: bool = False):
        """
        Args:
            desk: who answers.
            port: where to listen; 0 takes any free one.
            debug: write the traceback of an error that is ours to the error output.

        Raises:
            UserError: if the port is taken or may not be used.
        """
        self.desk, self.debug = desk, debug
        try:
            super().__init__((ADDRESS, port), _Visit)
        except OSError as error:
            raise _port_error(error, port) from None
        page, policy = render(desk.about())
        self.page = page.encode()
        self.policy = f"{policy}; frame-ancestors 'none'"

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{ADDRESS}:{self.server_port}/"

    @property
    def hosts(self) -> set[str]:
        """Names under which this server may be called."""
        names = (ADDRESS, "localhost")
        return {f"{name}:{self.server_port}" for name in names} | (set(names) if self.server_port == 80 else set())

    def server_bind(self) -> None:
        """Binds without asking a name service what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no error; what is ours is shown where it was asked for."""
        if self.debug and not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc()

    def close(self) -> None:
        """Lets an answer in hand come to its end, begins no other, and frees the port."""
        self.desk.close(LAST_WAIT)
        self.server_close()


def _port_error(error: OSError, port: int) -> UserError:
    if error.errno == errno.EADDRINUSE:
        return UserError(f"Port {port} is in use. Choose another with --port, or any free one with --port 0.")
    reason = error.strerror or error
    return UserError(f"Port {port} can't be used ({reason}). Choose one above 1023 with --port, or --port 0.")


class _Visit(BaseHTTPRequestHandler):
    """One request."""

    server: Playground
    timeout = PATIENCE

    def do_GET(self) -> None:
        if not self._is_for_us():
            self._refuse(403, f"This server answers to {self.server.address} alone.")
        elif self.path != "/":
            self._refuse(404, "There is nothing here; the page is at /.")
        else:
            self._reply(200, self.server.page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            return
        if not self._is_for_us() or not self._is_from_us():
            self._refuse(403, f"Questions are taken from the page at {self.server.address} alone.")
        elif self.path != ASK:
            self._refuse(404, f"Questions are asked at {ASK}.")
        elif self.headers.get_content_type() != "application/json":
            self._refuse(415, "A question is JSON (Content-Type: application/json).")
        else:
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        try:
            found = self.server.desk.ask(read_question(body))
        except UserError as error:
            self._refuse(400, str(error))
        except ProclivityError as error:
            self._refuse(500, str(error))
        except Exception as error:  # the last line of defence: a page must hear of it
            if self.server.debug:
                traceback.print_exc()
            self._refuse(500, f"Something went wrong that shouldn't ({type(error).__name__}); --debug shows where.")
        else:
            self._reply(200, json.dumps(found, allow_nan=False).encode(), "application/json")

    def _is_for_us(self) -> bool:
        found = self.headers.get_all("Host") or []
        return len(found) == 1 and found[0].strip().lower() in self.server.hosts

    def _is_from_us(self) -> bool:
        origins = self.headers.get_all("Origin") or []
        own = origins == [f"http://{self.headers.get('Host', '').strip().lower()}"]
        return own and self.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"

    def _body(self) -> bytes | None:
        """What was sent; None where it was refused, since its length isn't told or is too great."""
        told = self.headers.get("Content-Length", "")
        if not (told.isascii() and told.isdigit() and len(told) < 19) or "Transfer-Encoding" in self.headers:
            self._refuse(411, "A question needs its length (Content-Length).")
            return None
        if int(told) > MOST_BYTES:
            left = min(int(told), MOST_DRAINED)
            while left and (read := len(self.rfile.read(min(left, 65536)))):
                left -= read
            self._refuse(413, f"A question has at most {MOST_BYTES:,} bytes; this one has {int(told):,}.")
            return None
        return self.rfile.read(int(told))

    def _refuse(self, code: int, why: str) -> None:
        self._reply(code, json.dumps({"error": why}).encode(), "application/json")

    def _reply(self, code: int, body: bytes, kind: str) -> None:
        self.send_response(code)
        for name, value in {**HEADERS, "Content-Security-Policy": self.server.policy, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library itself refuses, as a sentence in JSON too."""
        self._refuse(int(code), message or "The request can't be read.")

    def version_string(self) -> str:
        """Says nothing of versions."""
        return "proclivity"

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: what is asked here stays here."""
