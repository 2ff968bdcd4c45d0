"""The jobs of one server: submit, poll, download; OpenAI's ``/v1/videos`` and compatible APIs.

Requests that change nothing are repeated, ever more slowly. A submission is repeated only if the server has not
accepted it: after a lost response or a server error its jobs are listed first. Every request has a deadline and a bound
on its response; every phase of a job (submit, wait, download) has that of the option ``patience``.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from videodirector.errors import MissingDependencyError, RenderError
from videodirector.files.atomic import build_output_error
from videodirector.files.transport import (
    ForbiddenAnswerError,
    bind_limits,
    find_cause,
    limit_requests,
    make_printable,
    read_retry_after,
)
from videodirector.generator.backends.server._decode import (
    DamagedVideoError,
    UnwantedVideoError,
    VideoLimits,
    check_video,
)
from videodirector.generator.backends.server._journal import JobJournal, JobRecord
from videodirector.generator.backends.server.answers import GarbledAnswerError, Job, read_job, read_jobs
from videodirector.generator.backends.server.options import ServerOptions

__all__ = ["CancelledError", "JobClient", "LostJobError", "find_api_key"]

OPENAI = "api.openai.com"
KEY_VARIABLE = "VIDEODIRECTOR_API_KEY"
OPTIONAL = ("num_frames", "fps", "seed", "width", "height", "negative_prompt", "num_inference_steps", "guidance_scale")
"""Fields beyond OpenAI's own, which some servers take."""

_DONE, _FAILED = {"completed", "succeeded", "complete"}, {"failed", "cancelled", "canceled", "expired", "error"}
_SLOWEST = 8.0  # times the first wait between two polls
_UNHEARD_OF = 30.0  # seconds for the first response of all; a server that has responded may be away for longer
_GARBLED = 5  # unreadable responses in a row
_CLOCKS_APART = 120.0  # seconds that the server's clock may be behind ours
_LARGEST_ANSWER = 2_000_000  # bytes of JSON; a list of 100 jobs with their prompts stays below
_LONGEST_PAUSE = 300.0  # seconds that a server may ask to wait before the next try
_FAREWELL = 0.8  # seconds to cancel a job


T = TypeVar("T")


class CancelledError(Exception):
    """The user has cancelled."""


class LostJobError(Exception):
    """The server no longer knows a job that it had accepted."""


class JobClient:
    """Submits and fetches the jobs of one server; thread-safe.

    Args:
        options: its URL and the time limits.
        model: the model's name there.
        journal: of earlier jobs.
    """

    def __init__(self, options: ServerOptions, model: str, journal: JobJournal) -> None:
        self.options, self.model, self.journal = options, model, journal
        self.cancelled = threading.Event()
        self.refused: set[str] = set()
        """Optional fields that this server does not take."""
        self._requested: set[str] = set()
        self._has_answered = False  # whether it ever answered
        self._silent_since: float | None = None  # when it first did not
        self._key = find_api_key(options)
        self._client = _create_client(options, self._key)

    # -- a job from beginning to end

    def fetch_video(
        self,
        key: str,
        fields: dict[str, Any],
        picture: bytes | None,
        report: Callable[[int], None],
        limits: VideoLimits,
    ) -> Path:
        """Fetch the video of a request: downloaded before, or of a running job, or of a new one.

        Args:
            key: digest of the request.
            fields: what to send.
            picture: PNG to begin with.
            report: called with the progress of the job, in per cent.
            limits: of the video.

        Raises:
            RenderError: the server refuses, fails or does not respond.
            Cancelled: ``cancelled`` was set; the job is cancelled at the server too.
        """
        with self.journal.lock(key):
            path = self.journal.video_path(key)
            if self.journal.find_video(key) is not None:
                if key in self._requested or not self.options.fresh:
                    return path
                self.journal.forget(key)
            self._requested.add(key)
            record = self._resume(key, fields, picture)
            for _ in range(self.options.attempts + 1):
                try:
                    self._await(record, report)
                    self._download(record, path, limits)
                    return path
                except LostJobError:
                    record = self._submit(self.journal.begin(key, record), fields, picture)
        raise RenderError(f"the server lost the job {self.options.attempts + 1} times", hint="ask whoever runs it")

    def _resume(self, key: str, fields: dict[str, Any], picture: bytes | None) -> JobRecord:
        record = self.journal.read(key)
        if record is None or record.state == "failed":
            return self._submit(self.journal.begin(key, record), fields, picture)
        if record.job is not None:
            return record
        return self._adopt(record, fields) or self._submit(record, fields, picture)

    # -- submitting

    def _submit(self, record: JobRecord, fields: dict[str, Any], picture: bytes | None) -> JobRecord:
        """Submit a job; its record is on the disk already."""
        import openai

        until, garbled = self._deadline(), 0
        for wait in self._backoff():
            try:
                job = self._post(self._drop_refused(fields), picture, record.token, until)
            except (openai.APIConnectionError, openai.InternalServerError, GarbledAnswerError) as error:
                # It may have arrived. Only if the server has no such job is it sent again.
                garbled = garbled + 1 if isinstance(error, GarbledAnswerError) else 0
                if self._should_give_up(until, error, wait) or garbled == _GARBLED:
                    raise self._build_error("does not answer", error) from error
                self._sleep(self._pause(wait, error))
                found = self._adopt(record, fields)
                if found is not None:
                    return found
            except openai.RateLimitError as error:
                if self._should_give_up(until, error, wait) or "insufficient_quota" in str(error):
                    raise self._build_error("takes no more jobs", error) from error
                self._sleep(self._pause(wait, error))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if not self._learn_refused(str(error), fields):
                    self.journal.write(replace(record, state="failed"))
                    raise self._build_error("refuses the request", error) from error
            except openai.APIStatusError as error:
                self.journal.write(replace(record, state="failed"))
                raise self._build_error("refuses the request", error) from error
            else:
                return self.journal.record_submission(record, job.id)
        raise CancelledError

    def _post(self, fields: dict[str, Any], picture: bytes | None, token: str, until: float) -> Job:
        files = [] if picture is None else [("input_reference", ("first.png", picture, "image/png"))]
        headers = {"Content-Type": "multipart/form-data", "Idempotency-Key": token}
        texts = {name: str(value) for name, value in fields.items()}
        with self._allowed(self._time_left(until)):
            content = self._client.post("/videos", body=texts, files=files, options={"headers": headers}, cast_to=bytes)
        self._has_answered = True
        return read_job(content)

    def _drop_refused(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name not in self.refused}

    def _learn_refused(self, words: str, fields: dict[str, Any]) -> bool:
        """Leave out optional fields that the server refuses by name from now on; returns whether there are new ones."""
        named = {name for name in OPTIONAL if name in fields and re.search(rf"\b{name}\b", words)}
        new = named - self.refused
        self.refused |= new
        return bool(new)

    def _adopt(self, record: JobRecord, fields: dict[str, Any]) -> JobRecord | None:
        """Find the job of a submission whose response was lost, and record its id; None if the server has none."""
        import openai

        with self.journal.lock_adoption():
            taken = self.journal.list_jobs()
            try:
                jobs = self._retry(self._deadline(), lambda until: read_jobs(self._get("/videos?limit=100", until)))
            except (openai.APIStatusError, GarbledAnswerError):
                return None  # a server that lists no jobs; the token must do
            for job in jobs:
                same = job.prompt == fields["prompt"] and job.model in (self.model, None)
                recent = job.created >= record.since - _CLOCKS_APART
                if same and recent and job.status not in _FAILED and job.id not in taken:
                    return self.journal.record_submission(record, job.id)
        return None

    # -- waiting and downloading

    def _await(self, record: JobRecord, report: Callable[[int], None]) -> None:
        """Wait for the end of a job."""
        until = self._deadline()
        for wait in self._backoff():
            job = self._fetch_job(record, until)
            report(job.progress)
            if job.status in _DONE:
                return
            if job.status in _FAILED:
                self.journal.write(replace(record, state="failed"))
                words = self._redact(job.error or job.status)
                raise RenderError(f"the server failed: {words}", hint="another seed or other words may do")
            if time.monotonic() > until:
                hint = "render again later: the job is kept, and looked for; or give --option patience=SECONDS"
                raise RenderError(f"the job {record.job} was not done after {self.options.patience:g} s", hint=hint)
            self._sleep(min(wait, until - time.monotonic()))
        self._cancel(record)
        raise CancelledError

    def _fetch_job(self, record: JobRecord, until: float) -> Job:
        import openai

        try:
            return self._retry(until, lambda until: read_job(self._get(f"/videos/{record.job}", until)))
        except openai.NotFoundError:
            raise LostJobError from None
        except (openai.APIStatusError, GarbledAnswerError) as error:
            raise self._build_error("does not report on a job", error) from error

    def _download(self, record: JobRecord, path: Path, limits: VideoLimits) -> None:
        """Fetch the video, whole: what cannot be read to its end is fetched again."""
        import openai

        partial = path.with_suffix(".part")
        problem: Exception | None = None
        until = self._deadline()
        for wait, _ in zip(self._backoff(), range(6), strict=False):
            try:
                self._retry(until, lambda until: self._fetch(record, partial, limits, until))
                check_video(partial, limits)
                partial.replace(path)
                return
            except UnwantedVideoError as error:
                self.journal.write(replace(record, state="failed"))
                hint = "the video was not read; does the server take such sizes and lengths?"
                raise RenderError(
                    f"the video of job {record.job} is refused: {error}; requested was {limits}", hint=hint
                ) from error
            except OSError as error:
                raise build_output_error(path, error) from error
            except openai.NotFoundError:
                raise LostJobError from None
            except openai.APIStatusError as error:
                raise self._build_error("does not hand out the video", error) from error
            except DamagedVideoError as error:
                problem = error
                self._sleep(min(wait, until - time.monotonic()))
            finally:
                partial.unlink(missing_ok=True)
        if self.cancelled.is_set():
            raise CancelledError
        raise RenderError(
            f"the video of job {record.job} arrives damaged every time: {problem}",
            hint="render again later: the job is kept, and nothing is paid twice",
        )

    def _cancel(self, record: JobRecord) -> None:
        """Cancel a job at the server; what cannot be cancelled stays in the journal, and is fetched later."""
        import openai

        try:
            with limit_requests(_FAREWELL, _LARGEST_ANSWER, cancelled=lambda: False):
                self._client.delete(f"/videos/{record.job}", cast_to=bytes)
        except (openai.OpenAIError, ForbiddenAnswerError):
            return
        self.journal.forget(record.key)

    # -- patience

    def _deadline(self) -> float:
        return time.monotonic() + self.options.patience

    @contextmanager
    def _allowed(self, seconds: float, most: int = _LARGEST_ANSWER) -> Iterator[None]:
        """Limit a request, and turn every error of the transport into one of openai."""
        import openai

        try:
            with limit_requests(seconds, most, cancelled=self.cancelled.is_set):
                yield
        except (openai.OpenAIError, OSError):
            raise
        except Exception as error:  # of the transport: openai lets some of them through
            request = self._client._client.build_request("GET", self.options.base_url)
            raise openai.APIConnectionError(message=str(error), request=request) from error

    def _time_left(self, until: float) -> float:
        """Seconds for a request for JSON."""
        return min(self.options.timeout, until - time.monotonic())

    def _get(self, path: str, until: float) -> bytes:
        with self._allowed(self._time_left(until)):
            content: bytes = self._client.get(path, cast_to=bytes)
        self._has_answered = True
        return content

    def _fetch(self, record: JobRecord, partial: Path, limits: VideoLimits, until: float) -> None:
        """Write what a job's video holds to a file, as it arrives."""
        import openai

        with partial.open("wb") as file, self._allowed(until - time.monotonic(), limits.bytes):
            response = self._client.get(
                f"/videos/{record.job}/content",
                cast_to=openai.APIResponse[bytes],
                options={"headers": {"Accept": "*/*", "X-Stainless-Raw-Response": "stream"}},
            )
            try:
                for chunk in response.iter_bytes(1 << 20):
                    file.write(chunk)
            finally:
                response.close()

    def _retry(self, until: float, request: Callable[[float], T]) -> T:
        """Repeat a request that changes nothing while the server is busy or away."""
        import openai

        garbled = 0
        for wait in self._backoff():
            try:
                return request(until)
            except (openai.APIConnectionError, openai.InternalServerError, openai.RateLimitError) as error:
                if self._should_give_up(until, error, wait):
                    raise self._build_error("does not answer", error) from error
                self._sleep(self._pause(wait, error))
            except GarbledAnswerError:
                garbled += 1
                if garbled == _GARBLED or time.monotonic() + wait >= until:
                    raise
                self._sleep(wait)
        raise CancelledError

    def _backoff(self) -> Iterator[float]:
        """Ever longer waits, until the user cancels."""
        wait = self.options.poll
        while not self.cancelled.is_set():
            yield wait * random.uniform(0.8, 1.2)  # noqa: S311  so that many jobs do not poll all at once
            wait = min(wait * 1.5, self.options.poll * _SLOWEST)

    def _should_give_up(self, until: float, error: Exception, wait: float) -> bool:
        """Whether to give up: it is late, the server has never responded, or would respond the same."""
        if find_cause(error, ForbiddenAnswerError) is not None:
            return True
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        self._has_answered = self._has_answered or hasattr(error, "status_code")
        if not self._has_answered and now - self._silent_since > _UNHEARD_OF:
            return True
        return now + self._pause(wait, error) >= until

    def _pause(self, wait: float, error: Any) -> float:
        """Seconds to sleep after an error: as many as the server requests, within a bound."""
        requested = read_retry_after(getattr(getattr(error, "response", None), "headers", None)) or 0.0
        return min(max(wait, requested), _LONGEST_PAUSE)

    def _sleep(self, seconds: float) -> None:
        self.cancelled.wait(max(seconds, 0.0))

    # -- errors

    def _build_error(self, what: str, error: Exception) -> RenderError:
        status = getattr(error, "status_code", None)
        forbidden = find_cause(error, ForbiddenAnswerError)
        words = make_printable(
            self._redact(str(forbidden) if forbidden is not None else str(getattr(error, "message", "") or error)),
            300,
        )
        hints = {401: f"set {self.options.key_env or KEY_VARIABLE} to your key", 403: "your key may not do that"}
        hint = hints.get(status or 0, "is the model's name right, and does it take such sizes and lengths?")
        nobody = status is None and not self._has_answered
        if forbidden is not None:
            hint = "ask whoever runs it; nothing of the answer was kept"
        elif status == 404 or isinstance(error, GarbledAnswerError) or nobody:
            hint = "is this the address of a server that renders videos? It often ends in /v1"
        elif status is None:
            hint = "render again later: what has been submitted is looked for, and not paid twice"
        return RenderError(f"the server {self.options.base_url} {what}: {words}", hint=hint)

    def _redact(self, words: str) -> str:
        if len(self._key) > 3:
            words = words.replace(self._key, "***")
        return re.sub(r"\b(sk|pk)-[\w-]{6,}", "***", words)


def find_api_key(options: ServerOptions) -> str:
    """Read the key for a server from the environment; a placeholder where none is needed.

    Raises:
        MissingDependencyError: the variable that the options name is not set, or there is none for OpenAI.
    """
    openai = urlsplit(options.base_url).hostname == OPENAI
    names = [options.key_env] if options.key_env else [KEY_VARIABLE, *(["OPENAI_API_KEY"] if openai else [])]
    key = next((value for name in names if (value := os.environ.get(name))), None)
    if key is None and (options.key_env or openai):
        raise MissingDependencyError(
            f"there is no key for {options.base_url}", hint=f"set the environment variable {' or '.join(names)}"
        )
    return key or "none"


def _create_client(options: ServerOptions, key: str) -> Any:
    try:
        import openai
    except ImportError as error:
        raise MissingDependencyError(
            "the server backend needs the package openai", hint="pip install openai"
        ) from error
    # Its own repeats would submit a job twice.
    http = bind_limits(openai.DefaultHttpxClient(timeout=options.timeout))
    return openai.OpenAI(
        api_key=key, base_url=options.base_url, max_retries=0, timeout=options.timeout, http_client=http
    )
