"""What a hostile server does instead of answering; each is given a request handler, and writes to it."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

Attack = Callable[[BaseHTTPRequestHandler], None]

FOR_EVER = 60.0  # seconds: longer than any test waits

_START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(before: bytes, byte: bytes) -> Attack:
    """Sends so much, and then the byte again and again, ten a second."""

    def attack(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(before)
        end = time.monotonic() + FOR_EVER
        while time.monotonic() < end:
            handler.wfile.write(byte)
            handler.wfile.flush()
            time.sleep(0.1)

    return attack


def endless(before: bytes, piece: bytes) -> Attack:
    """Sends without end, as fast as it is taken."""

    def attack(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(before)
        end = time.monotonic() + FOR_EVER
        while time.monotonic() < end:
            handler.wfile.write(piece)

    return attack


def raw(content: bytes) -> Attack:
    return lambda handler: (handler.wfile.write(content), None)[1]


def body(content: bytes, status: int = 200, **headers: str) -> Attack:
    """An answer with this body, whole."""
    lines = [f"HTTP/1.1 {status} Such", "Content-Type: application/json", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join([*lines, "", ""]).encode("latin-1") + content)


def says(value: Any, status: int = 200, **headers: str) -> Attack:
    return body(json.dumps(value).encode(), status, **headers)


def redirect(url: str, status: int = 307) -> Attack:
    return body(b"", status, Location=url)


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(FOR_EVER)


SLOW: dict[str, Attack] = {
    "silence": silent,
    "a drip of the status line": drip(b"", b"H"),
    "a drip of headers": drip(_START, b"X-A: b\r\n"),
    "a drip of one header": drip(_START + b"X-A: ", b"b"),
    "a drip of the body": drip(_START + b"Content-Length: 100000\r\n\r\n", b" "),
    "a drip of chunks": drip(_START + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a drip of interim answers": drip(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
}
"""Never done; they must end at the deadline."""

LARGE: dict[str, Attack] = {
    "an endless body": endless(_START + b"\r\n", b" " * 65536),
    "endless chunks": endless(_START + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "endless headers": endless(_START, b"X-A: " + b"b" * 4000 + b"\r\n"),
    "a body said to be huge": drip(_START + b"Content-Length: 99999999999999\r\n\r\n", b" "),
    "a compressed bomb": body(gzip.compress(b" " * 200_000_000, 1), Content_Encoding="gzip"),
    "compressed twice": body(gzip.compress(gzip.compress(b"{}")), Content_Encoding="gzip, gzip"),
    "compressed in an unknown way": body(b"{}", Content_Encoding="x-snake"),
}
"""Too much; they must end at the bound."""

NO_JSON: dict[str, Attack] = {
    "nothing": body(b""),
    "half of it": body(b'{"id": "vid'),
    "html": body(b"<html>hello</html>"),
    "a list": says([]),
    "null": says(None),
    "a number": body(b"1" * 6000),
    "10,000 levels of lists": body(b"[" * 10_000 + b"]" * 10_000),
    "100,000 levels of objects": body(b'{"a":' * 100_000),
    "not a number": body(b'{"id": "video_0", "status": "completed", "progress": NaN}'),
    "infinity": body(b'{"id": "video_0", "status": "completed", "progress": -Infinity}'),
    "a key twice": body(b'{"id": "video_0", "id": "video_1", "status": "completed"}'),
    "not UTF-8": body(b'{"id": "\xff\xfe", "status": "completed"}'),
    "UTF-16": body('{"id": "video_0", "status": "completed"}'.encode("utf-16")),
    "another charset": raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-7\r\nContent-Length: 5\r\n\r\n+AHs-"
    ),
    "signs that steer a terminal": body(b"\x1b]0;owned\x07\x1b[2J" * 1000),
}
"""No object of JSON, or a damaged one."""
