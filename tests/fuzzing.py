"""Hostile documents of every kind that strangers send, and a way to feed each to the program and see how it ends.

A `Reader` is one kind of document: a valid example, and what the program does with such a file. `spoil` makes a
hostile one of a valid one; `feed` runs the program on it and says how it ended. `tests/hostile/test_fuzz.py` runs some
hundreds, `benchmarks/fuzz.py` ten thousand.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import random
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np

from support import fox_plan
from videodirector.cli import main
from videodirector.errors import VideoDirectorError

__all__ = ["DOCUMENTED", "READERS", "Ending", "Reader", "feed", "spoil"]

DOCUMENTED = frozenset({0, 2, 3, 4, 5})
"""Exit codes that a document may end in; 130 is for the user's own Ctrl-C."""

HANG = 30.0  # seconds after which a case is given up, many times the bar of 2


@dataclass(frozen=True)
class Reader:
    """One kind of document.

    Attributes:
        name: of the kind.
        valid: bytes of a document that is accepted.
        read: reads a document from a folder that is this case's own; returns the exit code.
    """

    name: str
    valid: Callable[[], bytes]
    read: Callable[[Path, bytes, random.Random], int]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a case ended: exit code (None: by a traceback, which is in `trace`), CPU seconds, and bytes at the peak."""

    code: int | None
    seconds: float
    memory: int
    trace: str = ""


# -- the program


def feed(reader: Reader, document: bytes, folder: Path, rng: random.Random) -> Ending:
    """Run the program on a document, in this process."""
    before = signal.signal(signal.SIGALRM, _hang)
    signal.setitimer(signal.ITIMER_REAL, HANG)
    held, started = _reset_peak(), time.process_time()
    code: int | None = None
    trace = ""
    try:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            code = reader.read(folder, document, rng)
        for written in (out, err):
            written.getvalue().encode()  # what is printed can be printed
    except Exception:
        trace = traceback.format_exc()
        code = None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return Ending(code=code, seconds=time.process_time() - started, memory=_peak() - held, trace=trace)


def _hang(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError(f"not done after {HANG:g} s")


def _reset_peak() -> int:
    """Memory held now; the peak is counted from here on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(field: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)


def _code_of(work: Callable[[], object]) -> int:
    """The exit code that the command line gives what this raises."""
    try:
        work()
    except VideoDirectorError as error:
        str(error).encode()
        return error.exit_code
    return 0


# -- kinds of documents


@lru_cache
def _plan() -> bytes:
    return fox_plan().to_json().encode()


@lru_cache
def _manifest() -> bytes:
    return (Path(__file__).parent / "golden" / "manifest_v1.json").read_bytes()


def _read_plan(folder: Path, document: bytes, rng: random.Random) -> int:
    file = folder / "plan.json"
    file.write_bytes(document)
    commands = (
        ["validate", str(file)],
        ["validate", str(file), "--json"],
        ["diff", str(file), str(file), "--backend", "storyboard"],
        ["render", str(file), "-o", str(folder / "a.mp4"), "--backend", "storyboard", "--dry-run"],
    )
    return main(rng.choices(commands, (6, 2, 1, 1))[0])


def _read_manifest(folder: Path, document: bytes, rng: random.Random) -> int:
    file = folder / "a.manifest.json"
    file.write_bytes(document)
    return main(["inspect", str(file), *rng.choice(([], ["--json"]))])


@lru_cache
def _mp4() -> bytes:
    """A video with a manifest in it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        plan = fox_plan()
        for scene in plan.scenes:
            scene.frames = 2
        file = Path(folder) / "a.mp4"
        plan.save(Path(folder) / "plan.json")
        options = ["--backend", "storyboard", "--width", "64", "--height", "64", "--no-cache", "--quiet"]
        assert main(["render", str(Path(folder) / "plan.json"), "-o", str(file), *options]) == 0
        return file.read_bytes()


def _read_mp4(folder: Path, document: bytes, rng: random.Random) -> int:
    file = folder / "a.mp4"
    file.write_bytes(document)
    return main(["inspect", str(file), *rng.choice(([], ["--json"]))])


@lru_cache
def _batch() -> bytes:
    plan = json.loads(_plan())
    lines = [
        {"story": "A fox walks.", "id": "fox", "seed": 4, "transition": "fade", "steps": 3},
        {"plan": plan, "id": "both", "fps": "8/1"},
        "An owl flies.",
        {"path": "fox.txt", "id": "told", "scenes": 3, "width": 64, "height": 64},
    ]
    return "\n".join(map(json.dumps, lines)).encode()


@lru_cache
def _csv() -> bytes:
    return b'id,story,seed,transition\nfox,"A fox walks.",4,fade\nowl,"An owl flies.",5,cut\n'


def _read_batch_file(name: str) -> Callable[[Path, bytes, random.Random], int]:
    def read(folder: Path, document: bytes, rng: random.Random) -> int:
        from videodirector.generator.batch.storyboards import read_storyboards

        file = folder / name
        file.write_bytes(document)
        (folder / "fox.txt").write_text("A fox walks.", encoding="utf-8")
        codes = [_code_of(lambda: read_storyboards(file))]
        if codes == [0]:
            for storyboard in read_storyboards(file)[:50]:
                codes.append(storyboard.error.exit_code if storyboard.error else _code_of(storyboard.read_plan))
                storyboard.digest()
        return max(codes)

    return read


def _clip() -> Any:
    from videodirector.generator.backends.protocol import Clip

    return Clip(np.arange(3 * 8 * 8 * 3, dtype=np.uint8).reshape(3, 8, 8, 3), ("a note",))


_KEY = "ab" * 32


@lru_cache
def _entry() -> bytes:
    import tempfile

    from videodirector.generator.render.cache import SceneCache

    with tempfile.TemporaryDirectory() as folder:
        SceneCache(folder).store(_KEY, _clip(), {"seconds": 1.0, "threads": 1})
        return next(Path(folder).rglob("*.clip")).read_bytes()


def _read_entry(folder: Path, document: bytes, rng: random.Random) -> int:
    """An entry that is damaged is said to be, and then gone: that is no error of the command."""
    from videodirector.generator.render.cache import DamagedEntryError, SceneCache

    if rng.random() < 0.5:  # what follows the checksum is reached only where that is right
        import hashlib

        document = document[:8] + hashlib.sha256(document[40:]).digest() + document[40:]
    file = folder / "scenes" / _KEY[:2] / f"{_KEY}.clip"
    file.parent.mkdir(parents=True)
    file.write_bytes(document)
    cache = SceneCache(folder)
    cache.about(_KEY)
    try:
        cache.load(_KEY)
    except DamagedEntryError:
        assert cache.load(_KEY) is None
    return 0


_MODEL = Path(__file__).parents[1] / "src" / "videodirector" / "weights" / "storyworld-mini"


@lru_cache
def _safetensors() -> bytes:
    from safetensors.numpy import save

    return save({"a.fuser.b": np.zeros((2, 3), np.float32), "c": np.ones(4, np.float16)})


def _read_model(part: str) -> Callable[[Path, bytes, random.Random], int]:
    def read(folder: Path, document: bytes, rng: random.Random) -> int:
        from videodirector.layout2vid.weights.model_config import read_model_config

        for file in _MODEL.rglob("*"):
            target = folder / "model" / file.relative_to(_MODEL)
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".json":
                target.write_bytes(file.read_bytes())
            elif file.suffix == ".safetensors":
                target.write_bytes(_safetensors())
        (folder / "model" / part).write_bytes(document)
        return _code_of(lambda: read_model_config(folder / "model"))

    return read


@lru_cache
def _answer() -> bytes:
    scenes = [{"description": "A fox walks.", "background": "forest", "entities": {"fox": "a red fox"}, "seconds": 2}]
    layouts = {"fox": [[0.1 + 0.02 * key, 0.4, 0.3 + 0.02 * key, 0.8] for key in range(9)]}
    return json.dumps({"scenes": scenes, "layouts": layouts}).encode()


def _read_answer(folder: Path, document: bytes, rng: random.Random) -> int:
    from videodirector import Director
    from videodirector.planner.llm import LLMPlanner, ScriptedChatModel

    text = document.decode("utf-8", "replace")
    model = ScriptedChatModel(script=[text] * 12)
    os.chdir(folder)  # where what was received is saved
    return _code_of(lambda: Director(planner=LLMPlanner(model)).plan("A fox walks."))


@lru_cache
def _imu() -> bytes:
    lines = ["time,ax,ay,az,gx,gy,gz"]
    lines += [f"{number / 100},0.{number % 7},9.81,0.1,0,0,0.{number % 3}" for number in range(120)]
    return "\n".join(lines).encode()


def _read_imu(folder: Path, document: bytes, rng: random.Random) -> int:
    from videodirector.schemas import ImuInput
    from videodirector.senses._imu import load_imu

    file = folder / "a.csv"
    file.write_bytes(document)
    return _code_of(lambda: load_imu(ImuInput(source=file)))


def _captions() -> bytes:
    return b"a capybara\n# a comment\na red dragon\n\n"


def _read_captions(folder: Path, document: bytes, rng: random.Random) -> int:
    from videodirector.senses import read_captions

    file = folder / "captions.txt"
    file.write_bytes(document)
    return _code_of(lambda: read_captions(file))


def _cast() -> bytes:
    return b'[{"name": "Mia", "description": "a girl in a red coat"}, {"name": "Rex"}]'


def _read_cast(folder: Path, document: bytes, rng: random.Random) -> int:
    file = folder / "cast.json"
    file.write_bytes(document)
    return main(["plan", "Mia walks.", "--cast", str(file), "-o", str(folder / "plan.json"), "--quiet"])


_PROMPTS = Path(__file__).parents[1] / "src" / "videodirector" / "prompts" / "v1"


def _read_prompts(part: str) -> Callable[[Path, bytes, random.Random], int]:
    def read(folder: Path, document: bytes, rng: random.Random) -> int:
        from videodirector import prompts

        for file in _PROMPTS.iterdir():
            if file.is_file():
                (folder / file.name).write_bytes(file.read_bytes())
        (folder / part).write_bytes(document)
        return _code_of(lambda: prompts.load_prompts(folder))

    return read


READERS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader("plan", _plan, _read_plan),
        Reader("manifest", _manifest, _read_manifest),
        Reader("mp4", _mp4, _read_mp4),
        Reader("batch.jsonl", _batch, _read_batch_file("a.jsonl")),
        Reader("batch.csv", _csv, _read_batch_file("a.csv")),
        Reader("cache entry", _entry, _read_entry),
        Reader("safetensors", _safetensors, _read_model("unet/diffusion_pytorch_model.safetensors")),
        Reader("model index", (_MODEL / "model_index.json").read_bytes, _read_model("model_index.json")),
        Reader("model config", (_MODEL / "unet" / "config.json").read_bytes, _read_model("unet/config.json")),
        Reader("chat answer", _answer, _read_answer),
        Reader("imu", _imu, _read_imu),
        Reader("captions", _captions, _read_captions),
        Reader("cast", _cast, _read_cast),
        Reader(
            "prompts",
            (_PROMPTS / "layout_examples.json").read_bytes,
            _read_prompts("layout_examples.json"),
        ),
        Reader("prompt template", (_PROMPTS / "layout.md").read_bytes, _read_prompts("layout.md")),
    )
}


# -- spoiling


def spoil(document: bytes, rng: random.Random) -> bytes:
    """A hostile document made of a valid one: of its bytes, or of its JSON where it is such."""
    if rng.random() < 0.03:
        return rng.randbytes(rng.choice((0, 1, 10, 1000, 100_000)))
    if rng.random() < 0.65 and (found := _spoil_json(document, rng)) is not None:
        return found
    content = bytearray(document)
    for _ in range(rng.choice((1, 1, 1, 3, 20))):
        rng.choice(_BYTE_MUTATIONS)(content, rng)
    return bytes(content)


def _flip(content: bytearray, rng: random.Random) -> None:
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _truncate(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content) + 1) :]


def _remove(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content) + 1)
    del content[start : start + rng.randrange(1, 64)]


def _insert(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content) + 1)
    content[start:start] = rng.choice((*_SPLINTERS, rng.randbytes(8)))


def _repeat(content: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(content) + 1)
    content[start:start] = content[start : start + 100] * rng.choice((2, 100, 10_000))


_BYTE_MUTATIONS = (_flip, _flip, _truncate, _remove, _insert, _repeat)

_SPLINTERS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"\\", b"\\ud800", b"[" * 5_000, b'{"a":' * 5_000,
    b"NaN", b"-Infinity", b"1e999", b"9" * 10_000, b"\r\n", b"\x1b]0;x\x07", b",", b"}", b"]", b"null", b"${", b"-",
)  # fmt: skip


class _Twice:
    """A key written twice, which no dictionary can hold."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _constant(value: Any, _: Any) -> Any:
    return copy.deepcopy(value)


def _hostile_values() -> Iterator[Callable[[Any], Any]]:
    plain: tuple[Any, ...] = (
        None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 1_000_000, 8192, 1e308, -1e308, 5e-324,
        float("nan"), float("inf"), float("-inf"), 0.5, "", "a", "\x00", "\x1b[31m", "\ud800", "é" * 300, "s1", "walk",
        "1/0", "30000/1001", "1e5", "../../etc/passwd", "/dev/zero", "x" * 100_000, [], {}, [[]], [{}], {"": ""},
        [None] * 5_000, ["s1"] * 20_000, {str(number): number for number in range(5_000)}, [[0, 0, 1, 1]] * 3_000,
    )  # fmt: skip
    for value in plain:
        yield partial(_constant, value)
    yield lambda old: [old]
    yield lambda old: [old] * 50
    yield lambda old: {"a": old}
    yield str
    yield lambda old: _nested(old, 100)
    yield lambda old: _nested(old, 900)
    yield _Twice
    yield _Twice


_HOSTILE = tuple(_hostile_values())


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def _spoil_json(document: bytes, rng: random.Random) -> bytes | None:
    """The document with some values changed, fields removed, added, renamed and given twice; None if it is no JSON."""
    try:
        lines = [json.loads(document)]
    except ValueError:
        try:
            lines = [json.loads(line) for line in document.splitlines()]
        except ValueError:
            return None
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        place = rng.randrange(len(lines))
        lines[place] = _changed(lines[place], rng)
    return "\n".join(_text(line) for line in lines).encode("utf-8", "surrogatepass")


def _changed(data: Any, rng: random.Random) -> Any:
    places = list(_places(data))
    if not places:
        return rng.choice(_HOSTILE)(data)
    parent, key = rng.choice(places)
    deed = rng.random()
    if deed < 0.1:
        del parent[key]
    elif deed < 0.15 and isinstance(parent, dict):
        parent[rng.choice(("", "a", "\ud800", "x" * 5_000, "id", "__class__"))] = parent.pop(key)
    elif deed < 0.2 and isinstance(parent, list):
        parent.extend(copy.deepcopy(parent[:50]) * rng.choice((1, 200)))
    else:
        parent[key] = rng.choice(_HOSTILE)(parent[key])
    return data


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(data, _Twice):
        data = data.value
    for key, value in list(
        data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    ):
        yield data, key
        if isinstance(value, (dict, list)) and len(value) < 1_000:
            yield from _places(value) if not _is_deep(value) else ()


def _is_deep(value: Any) -> bool:
    for _ in range(50):
        if not isinstance(value, list) or len(value) != 1:
            return False
        value = value[0]
    return True


def _text(data: Any) -> str:
    if isinstance(data, dict):
        parts = []
        for key, value in data.items():
            name = json.dumps(key)
            parts += [f"{name}:{_text(value.value)}"] * 2 if isinstance(value, _Twice) else [f"{name}:{_text(value)}"]
        return "{" + ",".join(parts) + "}"
    if isinstance(data, list):
        try:
            return json.dumps(data)
        except TypeError:
            return "[" + ",".join(map(_text, data)) + "]"
    if isinstance(data, _Twice):
        return _text(data.value)
    if isinstance(data, int) and not isinstance(data, bool) and data.bit_length() > 10_000:
        return "1" * 10_000
    return json.dumps(data)
