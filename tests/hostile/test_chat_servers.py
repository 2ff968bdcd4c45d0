"""Chat servers that are hostile: whatever they send ends in exit code 3, in time, and the process with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from hostile.attacks import LARGE, NO_JSON, SLOW, Attack, body, drip, redirect, says
from hostile.test_servers import stranger
from videodirector.errors import PlannerError
from videodirector.planner.llm import LLMPlanner
from videodirector.planner.llm.client import calls

KEY = "sk-verysecret0123456789"
DEADLINE = 1.0  # seconds
WITHIN = DEADLINE + 5.0
PROVIDERS = ("m", "anthropic:m", "ollama:m")


@contextmanager
def hostile(attack: Attack) -> Iterator[str]:
    """A server that answers everything in this way; gives its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.close_connection = True
            with suppress(OSError):
                attack(self)

        do_GET = do_POST

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIDEODIRECTOR_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setattr(calls, "_FIRST_PAUSE", 0.01)


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Importing the clients takes seconds, which are not the server's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANTHROPIC_API_KEY", KEY)
        for provider in PROVIDERS:
            with suppress(PlannerError):
                LLMPlanner(provider, base_url="http://127.0.0.1:9/v1", timeout=5, tries=1, cache=False).plan("A fox.")


def refused(attack: Attack, *, provider: str = "m", timeout: float = DEADLINE) -> str:
    """What the user is told of a server that does this."""
    with hostile(attack) as url:
        planner = LLMPlanner(provider, base_url=url, timeout=timeout, cache=False, tries=2, attempts=1)
        started = time.monotonic()
        with pytest.raises(PlannerError) as caught:
            planner.plan("A fox walks.")
        assert time.monotonic() - started < timeout + 5.0
    told = str(caught.value)
    assert caught.value.exit_code == 3
    assert len(told) < 1500
    assert told.count("\n") <= 3
    assert told.replace("\n", "").isprintable()
    assert KEY not in told
    return told


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", [*SLOW, *LARGE])
def test_what_never_ends_or_is_too_much(name: str, provider: str) -> None:
    told = refused({**SLOW, **LARGE}[name], provider=provider)
    if name in SLOW:
        assert "did not answer within 1 seconds" in told


@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_answer(name: str) -> None:
    refused(NO_JSON[name], timeout=20)


@pytest.mark.parametrize("value", ["9999", "1e999", "nan", "soon", "Thu, 99 Foo 99999 99:99:99 GMT", "30"])
def test_waits_end_with_the_deadline(value: str) -> None:
    refused(says({"error": {"message": "busy"}}, 429, Retry_After=value))


@pytest.mark.parametrize("status", [401, 404, 422, 500])
def test_errors_are_cut_and_clean(status: int) -> None:
    refused(body(b"\x1b]0;owned\x07 " + KEY.encode() + b"x" * 100_000, status), timeout=20)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [302, 307])
def test_no_redirect_carries_the_key(provider: str, status: int) -> None:
    with stranger(b"{}") as (url, heard):
        refused(redirect(url, status), provider=provider)
    assert not heard


@pytest.mark.slow
@pytest.mark.parametrize(
    "attack", [drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b" "), body(b"x" * 10**7)]
)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_process_ends_with_the_error(attack: Attack, provider: str, tmp_path: Path) -> None:
    with hostile(attack) as url:
        command = [sys.executable, "-m", "videodirector.cli", "plan", "A fox walks.", "-o", str(tmp_path / "plan.json")]
        command += ["--planner", provider, "--base-url", url, "--planner-timeout", "2", "--json"]
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=dict(os.environ))
        took = time.monotonic() - started
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["error"]["type"] == "PlannerError"
    assert "Traceback" not in done.stderr
    assert took < 40  # of which importing the clients on a busy machine takes most
