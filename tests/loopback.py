"""A server that speaks ``/v1/videos`` on this machine, and has every trouble that a test wants it to have."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from fractions import Fraction
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator.video.encode import VideoEncoder, VideoFormat


@dataclass
class Job:
    """What was asked for, and how far it is."""

    id: str
    fields: dict[str, str]
    created: int
    token: str | None
    picture: bytes | None
    polls: int = 0
    downloads: int = 0
    deleted: bool = False


Attack = Callable[[BaseHTTPRequestHandler], None]
"""Answers a request whose headers and body have been read, in whatever way."""


@dataclass
class Videos:
    """The server's state and its troubles; it outlives restarts.

    Attributes:
        polls: how often one must look until a job is done.
        answers: statuses for the next submissions, in turn, instead of taking them.
        drop: how many submissions are taken, and their answers lost.
        hiccups: how many looks at jobs are answered with 500.
        fail, lose: words; a job whose prompt holds one fails, or is forgotten once.
        truncate: how many downloads of every job break off.
        garble: how many answers, of any kind, are only half of one.
        unknown: fields that are refused.
        listing, tokens: whether jobs can be listed, and a repeated idempotency key gives the same job.
        key: what the authorisation must hold; None for anything.
        attacks: what is done instead of a good answer, by what is asked for: "submit", "list", "job", "video".
        deleted: how often the end of a job was asked for.
    """

    polls: int = 2
    answers: list[int] = field(default_factory=list)
    drop: int = 0
    hiccups: int = 0
    fail: set[str] = field(default_factory=set)
    lose: set[str] = field(default_factory=set)
    truncate: int = 0
    garble: int = 0
    unknown: set[str] = field(default_factory=set)
    listing: bool = True
    tokens: bool = True
    key: str | None = None
    attacks: dict[str, Attack] = field(default_factory=dict)
    deleted: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self) -> Counter[str]:
        """How many jobs were taken for every prompt."""
        return Counter(job.fields["prompt"] for job in self.jobs.values())


@contextmanager
def serving(videos: Videos, port: int = 0) -> Iterator[str]:
    """Run it; gives the base URL."""

    class Handler(_Handler):
        state = videos

    ThreadingHTTPServer.allow_reuse_address = True
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Videos

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        content = self.rfile.read(length)
        if len(content) < length:  # whoever asked was killed meanwhile; half a request is no job
            self.close_connection = True
            return
        if self._attacked("submit"):
            return
        with self.state.lock:
            if self._refused():
                return
            if self.state.answers:
                status = self.state.answers.pop(0)
                self._send(status, {"error": {"message": "busy"}}, {"retry-after": "0.05"})
                return
            fields, picture = _form(self.headers["content-type"], content)
            named = sorted(self.state.unknown & fields.keys())
            if named:
                self._send(422, {"error": {"message": f"extra fields not permitted: {named[0]}"}})
                return
            job = self._taken(fields, picture)
            running = sum(not job.deleted and job.polls < self.state.polls for job in self.state.jobs.values())
            self.state.most_at_once = max(self.state.most_at_once, running)
            if self.state.drop:
                self.state.drop -= 1
                self.close_connection = True  # and no answer
                return
            self._send(200, self._described(job))

    def _taken(self, fields: dict[str, str], picture: bytes | None) -> Job:
        token = self.headers.get("idempotency-key")
        if self.state.tokens:
            for job in self.state.jobs.values():
                if job.token == token:
                    return job
        job = Job(f"video_{len(self.state.jobs)}", fields, int(time.time()), token, picture)
        self.state.jobs[job.id] = job
        return job

    def do_GET(self) -> None:
        parts = urlsplit(self.path).path.split("/")[3:]
        if self._attacked(("list", "job", "video")[min(len(parts), 2)]):
            return
        with self.state.lock:
            if self._refused():
                return
            if not parts:
                if not self.state.listing:
                    self._send(404, {"error": {"message": "no such page"}})
                    return
                jobs = [self._described(job) for job in self.state.jobs.values() if not job.deleted]
                self._send(200, {"object": "list", "data": jobs[::-1]})
                return
            if self.state.hiccups:
                self.state.hiccups -= 1
                self._send(500, {"error": {"message": "out of order"}})
                return
            job = self.state.jobs.get(parts[0])
            word = next((word for word in self.state.lose if job and word in job.fields["prompt"]), None)
            if word is not None and job is not None:
                self.state.lose.remove(word)
                job.deleted = True
            if job is None or job.deleted:
                self._send(404, {"error": {"message": "no such job"}})
                return
            if parts[1:] != ["content"]:
                job.polls += 1
                self._send(200, self._described(job))
                return
            job.downloads += 1
            broken = job.downloads <= self.state.truncate
        self._send_video(job, broken=broken)

    def do_DELETE(self) -> None:
        with self.state.lock:
            self.state.deleted += 1
            job = self.state.jobs[urlsplit(self.path).path.split("/")[3]]
            job.deleted = True
            self._send(200, {"id": job.id, "deleted": True})

    def _attacked(self, what: str) -> bool:
        attack = self.state.attacks.get(what)
        if attack is None:
            return False
        self.close_connection = True
        with suppress(OSError):  # whoever asked has gone, as it should
            attack(self)
        return True

    def _refused(self) -> bool:
        given = self.headers.get("authorization", "")
        if self.state.key is None or given == f"Bearer {self.state.key}":
            return False
        self._send(401, {"error": {"message": f"Incorrect API key provided: {given.removeprefix('Bearer ')}"}})
        return True

    def _described(self, job: Job) -> dict[str, Any]:
        status = "completed" if job.polls >= self.state.polls else "in_progress"
        error = None
        if any(word in job.fields["prompt"] for word in self.state.fail):
            status, error = "failed", {"code": "unsafe", "message": "this may not be drawn"}
        progress = min(100, 100 * job.polls // max(1, self.state.polls))
        about = {"id": job.id, "object": "video", "created_at": job.created, "status": status, "error": error}
        return about | {"progress": progress, "prompt": job.fields["prompt"], "model": job.fields["model"]}

    def _send(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        if status == 200 and self.state.garble:
            self.state.garble -= 1
            body = body[: len(body) // 2]
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_video(self, job: Job, *, broken: bool) -> None:
        fields = job.fields
        width, height = (int(side) for side in fields["size"].split("x"))
        frames = int(fields.get("num_frames", int(fields["seconds"]) * 8))
        body = _mp4(width, height, frames, int(fields.get("seed", 0)) % 200)
        self.send_response(200)
        # Breaking off in one of two ways: fewer bytes than promised, or fewer bytes and not even a promise.
        self.send_header("content-length", str(len(body) if not broken or job.downloads % 2 else len(body) // 2))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if broken else body)
        self.close_connection = broken


def _form(content_type: str, content: bytes) -> tuple[dict[str, str], bytes | None]:
    message = BytesParser(policy=HTTP).parsebytes(f"content-type: {content_type}\r\n\r\n".encode() + content)
    fields: dict[str, str] = {}
    picture: bytes | None = None
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if name == "input_reference":
            picture = payload
        else:
            fields[name] = payload.decode()
    return fields, picture


@lru_cache
def _mp4(width: int, height: int, frames: int, level: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.mp4")
        size = (width, height)
        with VideoEncoder(
            path, VideoFormat(frame_size=size, size=size, rate=Fraction(8)), program=find_ffmpeg()
        ) as writer:
            for number in range(frames):
                writer.write(np.full((height, width, 3), level + number, dtype=np.uint8))
        return path.read_bytes()
