from __future__ import annotations

from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from videodirector.cli import main
from videodirector.errors import ModelFormatError, ModelNotFoundError
from videodirector.layout2vid.weights.hub import fetch_model


def test_without_network_it_says_so() -> None:
    with pytest.raises(ModelNotFoundError, match="not on this machine") as caught:
        fetch_model("owner/name")
    assert "HF_HUB_OFFLINE" in caught.value.hint


def test_what_is_no_id_is_no_folder_either() -> None:
    with pytest.raises(ModelNotFoundError, match="'no/such/folder': it is no folder"):
        fetch_model("no/such/folder")


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (ConnectionResetError("peer"), "broke off: peer", "run the same command again"),
        (OSError("No space left on device"), "broke off: No space left", "run the same command again"),
        (LocalEntryNotFoundError("x"), "cannot be reached", "connect to the network"),
    ],
)
def test_a_download_that_breaks_off_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str, hint: str
) -> None:
    def broken(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", broken)
    with pytest.raises(ModelNotFoundError, match=message) as caught:
        fetch_model("owner/name")
    assert hint in caught.value.hint


def test_pickles_alone_are_refused_and_plain_weights_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, list[str]]] = []

    def download(_model: str, **patterns: list[str]) -> str:
        asked.append(patterns)
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(ModelFormatError, match=r"no \.safetensors weights"):
        fetch_model("owner/name")
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert fetch_model("owner/name") == tmp_path
    assert not any(pattern.endswith((".bin", ".pt", ".ckpt")) for pattern in asked[0]["allow_patterns"])
    assert "*.fp16.*" in asked[0]["ignore_patterns"]
    fetch_model("owner/name", variant="fp16")
    assert "*.fp16.*" not in asked[-1]["ignore_patterns"]
    fetch_model("owner/name", parts=("prior", "tokenizer"))
    assert {pattern.split("/")[0] for pattern in asked[-1]["allow_patterns"]} == {
        "prior",
        "tokenizer",
        "model_index.json",
    }


def test_the_command_line_ends_with_the_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from support import grey_plan

    plan = grey_plan(1).save(tmp_path / "plan.json")
    assert main(["render", str(plan), "-o", str(tmp_path / "v.mp4"), "--model", "owner/name"]) == 4
    assert "hint: connect to the network" in capsys.readouterr().err
