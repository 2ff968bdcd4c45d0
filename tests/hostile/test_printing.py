"""Foreign text never steers the terminal."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import videodirector.cli
from support import fox_plan
from videodirector.cli import main
from videodirector.files.display import escape_controls, escape_line, shorten

ATTACKS = {
    "title": "\x1b]0;owned\x07",
    "colour": "\x1b[31m",
    "bell": "\x07",
    "c1": "\x9b31m",
    "bidi": "\u202egpj.exe",
    "isolate": "\u2066x\u2069",
    "return": "fine\rerror",
    "delete": "\x7f",
    "separator": "a\u2028b",
    "surrogate": "f\udcfcchs",
    "tag": "\U000e0041",
}
PLAIN = "Füchse 狐\u3000👩\u200d👩 می\u200cخواهم\tx\n"


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_controls_are_escaped_and_json_stays_json(attack: str) -> None:
    clean = escape_controls(attack)
    assert clean.encode("utf-8").decode().isprintable()
    text = json.dumps({"a": attack}, ensure_ascii=False)
    assert json.loads(escape_controls(text)) == {"a": attack}


def test_plain_text_is_left_alone() -> None:
    assert escape_controls(PLAIN) == PLAIN
    assert escape_line("a\nerror: b") == "a\\nerror: b"


def test_a_servers_words_are_cut() -> None:
    assert shorten("no such model") == "no such model"
    short = shorten("\n".join(["\x1b[31mline"] * 10_000))
    assert len(short.splitlines()) == 3
    assert short.endswith(" ...")
    assert "\x1b" not in short
    assert len(shorten("x" * 10**6)) < 600


@pytest.mark.parametrize("attack", [text for name, text in ATTACKS.items() if name != "surrogate"])
def test_nothing_of_a_plan_or_manifest_reaches_the_terminal_raw(
    tmp_path: Path, attack: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = fox_plan()
    plan.prompt = plan.scenes[0].description = plan.scenes[0].background = f"A fox {attack}."
    plan.scenes[0].entities[0].name = f"fox {attack}"
    plan.notes[:] = [f"note {attack}\nerror: not ours"]
    path, video = plan.save(tmp_path / "plan.json"), tmp_path / "a.mp4"
    size = ["--width", "64", "--height", "64"]
    assert main(["render", str(path), "-o", str(video), "--backend", "storyboard", *size]) == 0
    for command in (
        ["validate", str(path)],
        ["inspect", str(video)],
        ["inspect", str(video), "--json"],
        ["render", str(path), "-o", str(video), "--backend", "storyboard", "--dry-run"],
        ["refine", str(path), f"make the {attack} bigger", "-o", str(tmp_path / "b.json")],
        ["validate", str(tmp_path / f"no {attack}.json")],
        ["render", str(path), "-o", str(video), "--backend", f"none {attack}"],
    ):
        main(command)
    shown = "".join(capsys.readouterr())
    assert escape_controls(shown) == shown
    assert "\nerror: not ours" not in shown


def test_commands_print_through_one_place() -> None:
    for file in Path(videodirector.cli.__file__).parent.glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        raw = [ast.unparse(call) for call in calls if ast.unparse(call) in ("print", "typer.echo", "sys.stdout.write")]
        assert not raw or file.name == "output.py", f"{file.name} prints past cli.output"
