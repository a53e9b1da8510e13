"""The playground over real HTTP: who is answered, who is refused, and how it ends."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from proclivity.errors import UserError
from proclivity.playground.desk import Desk
from proclivity.playground.question import MOST_BYTES
from proclivity.playground.server import Playground

ASKED = {"model": "one", "arm": "leaver", "seed": 0, "prompt": "I felt", "samples": 1, "tokens": 4}


def send(
    server: Playground, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Any, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    kind = reply.headers.get_content_type()
    return reply.status, json.loads(text) if kind == "application/json" else text.decode(), reply.headers


def ask(server: Playground, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    own = {"Origin": server.address.rstrip("/"), "Content_Type": "application/json", "Sec_Fetch_Site": "same-origin"}
    wanted = {name: value for name, value in {**own, **headers}.items() if value}
    status, found, _ = send(server, "POST", "/answer", json.dumps(ASKED).encode() if body is None else body, **wanted)
    return status, found


def raw(server: Playground, text: bytes) -> str:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=30) as plug:
        plug.sendall(text)
        plug.shutdown(socket.SHUT_WR)
        return plug.makefile("rb").read().decode()


def test_the_page_has_a_policy_and_no_address(server: Playground) -> None:
    status, page, headers = send(server, "GET", "/")
    assert status == 200
    assert "leaver-like" in page
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Server"] == "proclivity"
    assert str(server.desk._arms.folder) not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")


def test_it_listens_on_this_machine_alone(server: Playground) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_a_question_is_answered(server: Playground, desk: Desk) -> None:
    status, found = ask(server)
    assert status == 200
    assert (found["arm"], found["seed"], len(found["texts"])) == ("leaver", 0, 2)
    local = f"http://localhost:{server.server_port}"
    again = ask(server, Host=local.removeprefix("http://"), Origin=local)
    assert again[0] == 200
    assert {**again[1], "seconds": 0} == {**found, "seconds": 0}


def test_questions_at_once_are_answered_one_by_one(server: Playground) -> None:
    bodies = [json.dumps({**ASKED, "arm": arm, "seed": n % 2}).encode() for n in range(2) for arm in ("leaver", "base")]
    alone = [ask(server, body)[1] for body in bodies]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda body: ask(server, body)[1], bodies))
    assert [{**row, "seconds": 0} for row in together] == [{**row, "seconds": 0} for row in alone]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},  # another port
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": ""},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_nobody_else_is_answered(server: Playground, headers: dict[str, str]) -> None:
    status, found = ask(server, **headers)
    assert status == 403
    assert server.address in found["error"]


def test_the_page_is_not_given_under_another_name(server: Playground) -> None:
    assert send(server, "GET", "/", Host="evil.example")[0] == 403
    assert raw(server, b"GET / HTTP/1.0\r\n\r\n").startswith("HTTP/1.0 403")
    double = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\nHost: evil.example\r\n\r\n"
    assert raw(server, double.encode()).startswith("HTTP/1.0 403")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"arm": "leavr"}, "Did you mean 'leaver'"),
        ({"model": "../../etc"}, "no model of this study"),
        ({"prompt": ""}, "empty"),
        ({"prompt": "I felt " * 500}, "reads 160"),
        ({"seed": 1.5}, "seed:"),
        ({"samples": 10**6}, "samples:"),
        ({"extra": 1}, "extra:"),
    ],
)
def test_a_wrong_question_is_told_what_to_mend(server: Playground, changes: dict[str, Any], said: str) -> None:
    status, found = ask(server, json.dumps({**ASKED, **changes}).encode())
    assert status == 400
    assert said in found["error"]


def test_what_is_no_question_is_refused(server: Playground, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(server, b"{")[0] == 400
    assert ask(server, b"[" * 50_000)[0] == 400
    assert ask(server, Content_Type="text/plain")[0] == 415
    assert ask(server, b" " * (MOST_BYTES + 1))[0] == 413
    assert send(server, "GET", "/study.yml")[0] == 404
    assert send(server, "GET", "/../../etc/passwd")[0] == 404
    assert send(server, "PUT", "/answer", b"{}")[0] == 501
    head = f"POST /answer HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
    assert raw(server, head.encode() + b"\r\n").startswith("HTTP/1.0 411")
    assert raw(server, head.encode() + b"Content-Length: -1\r\n\r\n").startswith("HTTP/1.0 411")
    assert raw(server, head.encode() + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").startswith("HTTP/1.0 411")
    assert "can't be read" in raw(server, b"\x00\x01\x02\r\n\r\n") or "Bad" in raw(server, b"\x00\x01\x02\r\n\r\n")
    raw(server, b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n")
    assert ask(server)[0] == 200  # it is still there
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_port_in_use_is_told_with_the_next_step(server: Playground, desk: Desk) -> None:
    with pytest.raises(UserError, match=rf"Port {server.server_port} is in use.*--port 0"):
        Playground(desk, server.server_port)


def test_the_verb_serves_until_it_is_interrupted(finished: Path, server: Playground) -> None:
    words = [sys.executable, "-m", "proclivity", "explore", str(finished), "--no-open"]
    taken = subprocess.run(
        [*words, "--port", str(server.server_port)], capture_output=True, text=True, timeout=120, check=False
    )
    assert taken.returncode == 2
    assert "--port 0" in taken.stderr
    assert "Traceback" not in taken.stderr
    command = [*words, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(line.split("127.0.0.1:")[1].split("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Ended." in out
    assert "Traceback" not in errors
