"""The journal of a server's jobs, on disk: a crash loses no job, and no job is paid twice.

A job's record is written before it is submitted, and again with its id as soon as that is known. The finished video
is beside the record. A lock, which the system drops when its process dies, keeps two processes from one job.
"""

from __future__ import annotations

import json
import logging
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import TypeAdapter

from videodirector.errors import OutputError
from videodirector.files.atomic import build_output_error
from videodirector.files.private import UntrustedError, make_private_folder, read_private, remove_path, write_private

__all__ = ["KEPT", "JobJournal", "JobRecord"]

_log = logging.getLogger(__name__)

_LARGEST = 2**16  # bytes of a record

KEPT = 7 * 24 * 3600.0
"""Seconds that a finished video is kept beside its record."""


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """One job.

    Attributes:
        key: digest of the request.
        state: ``submitting``: it may or may not have reached the server; ``submitted``: the server gave it an id;
            ``failed``: the server could not do it.
        attempt: counts the jobs of this key, from 1.
        since: when this attempt began, seconds since 1970.
        job: the server's id.
    """

    key: str
    state: Literal["submitting", "submitted", "failed"]
    attempt: int
    since: float
    job: str | None = None

    @property
    def token(self) -> str:
        """Idempotency key of the submission: identifies this attempt."""
        return f"videodirector-{self.key[:40]}-{self.attempt}"


_RECORD = TypeAdapter(JobRecord)


class JobJournal:
    """The records of one server's jobs, in a folder.

    Raises:
        OutputError: the folder cannot be written to; found before anything is paid for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            make_private_folder(folder.parent.parent, folder.parent.name, folder.name)
            self._remove_old()
        except UntrustedError as error:
            raise OutputError(
                f"the journal of a server is not kept where others may write: {error}",
                hint="take the folder away from others (chmod -R go-w), or set VIDEODIRECTOR_CACHE to one of your own",
            ) from error
        except OSError as error:
            raise build_output_error(folder, error) from error

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of a key: other threads and processes wait."""
        with FileLock(self.folder / f"{key}.lock"):
            yield

    @contextmanager
    def lock_adoption(self) -> Iterator[None]:
        """Hold the lock under which jobs without a known id are assigned."""
        with FileLock(self.folder / "adopting.lock"):
            yield

    def read(self, key: str) -> JobRecord | None:
        """Read the record of a key, or None; one that is damaged, or of another user, is logged and removed."""
        path = self.folder / f"{key}.json"
        try:
            record = _RECORD.validate_json(read_private(path, _LARGEST))
            if record.key != key:
                raise ValueError("it is the record of another key")
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.warning("%s is removed: %s", path, str(error).split("\n", 1)[0])
            remove_path(path)
            return None
        return record

    def write(self, record: JobRecord) -> JobRecord:
        """Write a record to the disk, before anything that depends on it happens.

        Raises:
            OutputError: it cannot be written.
        """
        path = self.folder / f"{record.key}.json"
        try:
            write_private(path, json.dumps(asdict(record)).encode())
        except OSError as error:
            raise build_output_error(path, error) from error
        return record

    def begin(self, key: str, before: JobRecord | None) -> JobRecord:
        """Record a new attempt."""
        attempt = 1 if before is None else before.attempt + 1
        return self.write(JobRecord(key=key, state="submitting", attempt=attempt, since=time.time()))

    def record_submission(self, record: JobRecord, job: str) -> JobRecord:
        """Record the id that the server has assigned."""
        return self.write(replace(record, state="submitted", job=job))

    def forget(self, key: str) -> None:
        """Remove a record and its video."""
        for path in (self.folder / f"{key}.json", self.video_path(key)):
            path.unlink(missing_ok=True)

    def video_path(self, key: str) -> Path:
        """Path of the finished video of a key."""
        return self.folder / f"{key}.mp4"

    def find_video(self, key: str) -> Path | None:
        """Find the finished video of a key, or None; anything else in its place is logged and removed."""
        path = self.video_path(key)
        try:
            status = path.lstat()
        except OSError:
            return None
        if stat.S_ISREG(status.st_mode) and status.st_size and status.st_uid == path.parent.stat().st_uid:
            return path
        _log.warning("%s is removed: it is not a video that was fetched", path)
        remove_path(path)
        return None

    def list_jobs(self) -> set[str]:
        """List the ids of all recorded jobs."""
        records = (self.read(path.stem) for path in self.folder.glob("*.json"))
        return {record.job for record in records if record is not None and record.job is not None}

    def _remove_old(self) -> None:
        oldest = time.time() - KEPT
        for path in self.folder.iterdir():
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
