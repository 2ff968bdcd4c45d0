"""Find the ffmpeg program and run it: the one place that starts it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from videodirector.errors import EncodeError, MissingDependencyError
from videodirector.interrupts import at_forced_end

__all__ = ["FFMPEG_VARIABLE", "FfmpegProcess", "FfmpegResult", "find_ffmpeg", "run_ffmpeg", "start_ffmpeg"]

FFMPEG_VARIABLE = "VIDEODIRECTOR_FFMPEG"
"""The environment variable that names the ffmpeg to use."""

_LONGEST_LOG = 1 << 20  # bytes


def find_ffmpeg(setting: str | os.PathLike[str] | None = None) -> str:
    """Find the absolute path of the ffmpeg to use.

    Looked for in this order: ``setting``, the environment variable ``VIDEODIRECTOR_FFMPEG``, the search path, the
    binary of the package imageio-ffmpeg. If one of the first two is given, nothing else is tried.

    Raises:
        MissingDependencyError: there is none.
    """
    for source, name in (("ffmpeg", setting), (FFMPEG_VARIABLE, os.environ.get(FFMPEG_VARIABLE))):
        if name:
            found = shutil.which(os.fspath(name))
            if found is None:
                raise MissingDependencyError(
                    f"{source} is {os.fspath(name)!r}, which is not a program that can be run",
                    hint="give the path of an ffmpeg binary, or leave it out to have one found",
                )
            return str(Path(found).absolute())
    found = shutil.which("ffmpeg")
    if found is not None:
        return str(Path(found).absolute())
    return _find_packaged()


@dataclass(frozen=True)
class FfmpegResult:
    """How a run of ffmpeg ended: its exit status, what it wrote to standard output, and its log."""

    status: int
    output: bytes
    log: str


class FfmpegProcess:
    """A running ffmpeg; see ``start_ffmpeg``.

    Attributes:
        program: the path of the program.
    """

    def __init__(self, program: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self.program, self._process, self._log = program, process, log

    @property
    def stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None, "ffmpeg was started with a pipe to write to"
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None, "ffmpeg was started with a pipe to read from"
        return self._process.stdout

    def wait(self) -> int:
        """Wait for the end, and return the exit status; minus the number of the signal that killed it."""
        return self._process.wait()

    def kill(self) -> None:
        """End it at once; the files that it was writing are useless."""
        self._process.kill()

    def read_log(self) -> str:
        """Read the beginning of what it has reported, up to a million bytes."""
        self._log.seek(0)
        return self._log.read(_LONGEST_LOG).decode(errors="replace").strip()

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was buffered for a dead process is lost
                if pipe is not None:
                    pipe.close()


@contextmanager
def start_ffmpeg(
    arguments: Iterable[object],
    *,
    program: str | None = None,
    pipe: Literal["stdin", "stdout"] | None = None,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
    level: str = "error",
    timeout: float | None = None,
) -> Iterator[FfmpegProcess]:
    """Start ffmpeg in a session of its own, where Ctrl-C does not reach it; what runs when the block ends is killed.

    Args:
        arguments: of the command; they may contain placeholders of files.
        program: see ``find_ffmpeg``; None looks for it.
        pipe: which of its streams the block uses.
        files: placeholder -> path. ffmpeg-python cannot handle names with bytes that are not UTF-8, so its graphs are
            built with placeholders. Paths are made absolute, so that ffmpeg takes none for an option or a URL.
        level: of its log.
        timeout: seconds after which it is killed.

    Raises:
        MissingDependencyError: there is no ffmpeg.
        EncodeError: it cannot be started.
    """
    program = program or find_ffmpeg()
    places = {name: f"file:{os.path.abspath(path)}" for name, path in (files or {}).items()}
    command = [program, "-nostdin", "-hide_banner", "-loglevel", level]
    command += [places.get(str(argument), str(argument)) for argument in arguments]
    # The log is a file: ffmpeg may write a lot of it while its other streams are busy.
    with tempfile.TemporaryFile() as log, ExitStack() as stack:
        try:
            with _defer_signals():  # an ffmpeg that nobody knows of would write to a file that nobody removes
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if pipe == "stdin" else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if pipe == "stdout" else subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
                running = FfmpegProcess(program, process, log)
                stack.enter_context(at_forced_end(process.kill))
                stack.callback(running._end)
        except OSError as error:
            reason = error.strerror or str(error)
            raise EncodeError(f"cannot run {program}: {reason}", hint="is it a working ffmpeg?") from error
        if timeout is not None:
            timer = threading.Timer(timeout, process.kill)
            timer.daemon = True
            timer.start()
            stack.callback(timer.cancel)
        yield running


def run_ffmpeg(
    arguments: Iterable[object],
    *,
    program: str | None = None,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
    level: str = "error",
    timeout: float | None = None,
) -> FfmpegResult:
    """Run ffmpeg to its end; see ``start_ffmpeg``. The status of a run that was killed after ``timeout`` is not 0."""
    with start_ffmpeg(arguments, program=program, pipe="stdout", files=files, level=level, timeout=timeout) as running:
        output = running.stdout.read()
        return FfmpegResult(running.wait(), output, running.read_log())


@contextmanager
def _defer_signals() -> Iterator[None]:
    """Hold back SIGINT and SIGTERM until the end of the block; only the main thread ever sees them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda number, _frame: arrived.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
    for arrival in arrived:
        signal.raise_signal(arrival)


def _find_packaged() -> str:
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise MissingDependencyError(
            "no ffmpeg was found, and it is needed to read and write videos and sounds",
            hint=f"install one (pip install imageio-ffmpeg), or set {FFMPEG_VARIABLE} to its path",
        ) from error
