"""An OpenAI-compatible server on this machine that plans a story well, or with whatever fault is asked for."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Body = dict[str, Any]


@dataclass
class Response:
    """What is sent back: a chat completion with `content`, or raw bytes with a status."""

    content: str | None = None
    finish: str = "stop"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    message: dict[str, Any] = field(default_factory=dict)
    hang: float = 0.0
    drop: bool = False


Fault = Callable[[Body, str], Response]
"""From a request and the good answer to what is sent instead."""


def step_of(body: Body) -> str:
    """Whether a request is for "story", "layout" or "refine"."""
    system = str(body["messages"][0]["content"])
    return "story" if system.startswith("You plan") else "layout" if system.startswith("You place") else "refine"


@dataclass
class Loopback:
    """The server; use it in a `with`.

    Attributes:
        answer: the good answer to a request.
        faults: what goes wrong, by step; a list is used up, one a request; a function is used for every request.
        latency: seconds that every answer takes.
        requests: what was asked.
        paid: the messages of the requests that got a whole answer.
    """

    answer: Callable[[Body], str]
    faults: dict[str, list[Fault] | Fault] = field(default_factory=dict)
    latency: float = 0.0
    requests: list[Body] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner._serve(self, body)

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None: ...

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def _serve(self, handler: BaseHTTPRequestHandler, body: Body) -> None:
        good = self.answer(body)
        with self._lock:
            self.requests.append(body)
            faults = self.faults.get(step_of(body), [])
            fault = (faults.pop(0) if faults else None) if isinstance(faults, list) else faults
        response = fault(body, good) if fault else Response(good)
        time.sleep(self.latency + response.hang)
        if response.drop:
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.connection.close()
            return
        content = response.raw if response.raw is not None else json.dumps(_completion(response)).encode()
        if response.status == 200 and response.raw is None and not response.hang:
            with self._lock:
                self.paid.append(json.dumps(body["messages"]))
        handler.send_response(response.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **response.headers}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
        handler.wfile.flush()
        if int(headers["Content-Length"]) != len(content):
            handler.close_connection = True


def _completion(response: Response) -> Body:
    message = {"role": "assistant", "content": response.content, **response.message}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": [{"index": 0, "message": message, "finish_reason": response.finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
