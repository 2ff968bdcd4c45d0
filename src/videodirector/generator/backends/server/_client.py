"""The jobs of one server: submit, look after, download; OpenAI's ``/v1/videos`` and what speaks like it.

Requests that change nothing are repeated, ever more slowly. A submission is repeated only when it is sure not to have
been taken: after an answer that is lost or a server's error the server is asked for its jobs first. Every request has a
deadline and a bound on its answer, every phase of a job (submit, wait, download) the user's patience.
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
_SLOWEST = 8.0  # times the first wait between two looks
_UNHEARD_OF = 30.0  # seconds for the first answer of all; a server that has spoken once may be away for longer
_GARBLED = 5  # answers in a row that are none
_CLOCKS_APART = 120.0  # seconds that the server's clock may be behind ours
_LARGEST_ANSWER = 2_000_000  # bytes of JSON; a list of 100 jobs with their prompts stays below
_LONGEST_PAUSE = 300.0  # seconds that a server may ask to wait before the next try
_FAREWELL = 0.8  # seconds to tell the server that nobody waits any more


T = TypeVar("T")


class CancelledError(Exception):
    """The user does not want it any more."""


class LostJobError(Exception):
    """The server does not know a job any more that it once took."""


class JobClient:
    """Speaks to one server; many threads may use it.

    Args:
        options: where it is, and with how much patience.
        model: the model's name there.
        journal: what was asked of it before.
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
        """The finished video for a request: downloaded before, or of a job that runs already, or of a new one.

        Args:
            key: digest of the request.
            fields: what to send.
            picture: PNG to begin with.
            report: hears the job's progress, in per cent.
            limits: what the video may be like.

        Raises:
            RenderError: the server refuses, fails or stays silent.
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
        """Submit a job whose record is on disk."""
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
        """Whether the server has named optional fields that it does not take; they are left out from now on."""
        named = {name for name in OPTIONAL if name in fields and re.search(rf"\b{name}\b", words)}
        new = named - self.refused
        self.refused |= new
        return bool(new)

    def _adopt(self, record: JobRecord, fields: dict[str, Any]) -> JobRecord | None:
        """The record with the id of a job that the server took without our learning of it."""
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

    # -- looking after

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
            raise self._build_error("does not tell of a job", error) from error

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
                    f"the video of job {record.job} is refused: {error}; asked for was {limits}", hint=hint
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
        """Tell the server that nobody waits. What it will not cancel stays in the journal, and is fetched later."""
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
        """What one request may cost; whatever goes wrong below becomes an error of the client's."""
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
        """Of a request for JSON."""
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

    def _retry(self, until: float, ask: Callable[[float], T]) -> T:
        """A request that changes nothing, repeated while the server is busy or away."""
        import openai

        garbled = 0
        for wait in self._backoff():
            try:
                return ask(until)
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
            yield wait * random.uniform(0.8, 1.2)  # noqa: S311  so that many jobs do not ask all at once
            wait = min(wait * 1.5, self.options.poll * _SLOWEST)

    def _should_give_up(self, until: float, error: Exception, wait: float) -> bool:
        """Whether to give up, for the next try would come too late; soon, if nobody was ever there, and at once where
        the next answer would be the same.
        """
        if find_cause(error, ForbiddenAnswerError) is not None:
            return True
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        self._has_answered = self._has_answered or hasattr(error, "status_code")
        if not self._has_answered and now - self._silent_since > _UNHEARD_OF:
            return True
        return now + self._pause(wait, error) >= until

    def _pause(self, wait: float, error: Any) -> float:
        """Seconds to sleep after an error: as many as the server asks for, within a bound."""
        asked = read_retry_after(getattr(getattr(error, "response", None), "headers", None)) or 0.0
        return min(max(wait, asked), _LONGEST_PAUSE)

    def _sleep(self, seconds: float) -> None:
        self.cancelled.wait(max(seconds, 0.0))

    # -- words

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
            hint = "is this the address of a server that draws videos? It often ends in /v1"
        elif status is None:
            hint = "render again later: what has been submitted is looked for, and not paid twice"
        return RenderError(f"the server {self.options.base_url} {what}: {words}", hint=hint)

    def _redact(self, words: str) -> str:
        if len(self._key) > 3:
            words = words.replace(self._key, "***")
        return re.sub(r"\b(sk|pk)-[\w-]{6,}", "***", words)


def find_api_key(options: ServerOptions) -> str:
    """The key for a server, from the environment; a word that means nothing where there is none.

    Raises:
        MissingDependencyError: the variable that the options name is not set, or OpenAI is asked without a key.
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
            "servers are spoken to through the package openai, which is not installed", hint="pip install openai"
        ) from error
    # Its own repeats would submit a job twice.
    http = bind_limits(openai.DefaultHttpxClient(timeout=options.timeout))
    return openai.OpenAI(
        api_key=key, base_url=options.base_url, max_retries=0, timeout=options.timeout, http_client=http
    )
