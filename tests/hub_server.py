"""A model hub on this machine that serves one model from a folder, and whose connection may break."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

COMMIT = "c0ffee" * 6 + "c0ff"


@dataclass
class Hub:
    """The server's address, and its trouble.

    ``breaks``: the name of a file that ends after its first half, and of which then nothing more is to be had.
    """

    url: str = ""
    breaks: str | None = None


@contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    """A hub that has this folder under every name."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/api/"):
                self.answer(listing() if "/tree/" in path else {"id": "owner/name", "sha": COMMIT, "siblings": []})
                return
            file = folder / path.partition(f"/resolve/{COMMIT}/")[2]
            if not file.is_file():
                self.send_error(404)
                return
            content, start = file.read_bytes(), int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            broken = hub.breaks == file.name and self.command == "GET"
            if broken and start:
                self.send_error(500)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.send_header("ETag", f'"{tag(file)}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[start : len(content) // 2 if broken else None])

        def answer(self, value: object) -> None:
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    def listing() -> list[dict[str, object]]:
        files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
        return [
            {"type": "file", "path": str(file.relative_to(folder)), "size": file.stat().st_size, "oid": tag(file)}
            for file in files
        ]

    def tag(file: Path) -> str:
        return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
