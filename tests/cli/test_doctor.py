from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from videodirector.cli import _doctor_checks as doctor
from videodirector.cli import main
from videodirector.cli._doctor_checks import Finding, examine


def found(name: str, area: str = "") -> Finding:
    (finding,) = [one for one in examine() if one.name == name and area in {"", one.area}]
    return finding


def test_a_whole_installation_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"]
    areas = {finding["area"] for finding in told["findings"]}
    assert areas == {"system", "packages", "programs", "weights", "backends", "places"}
    names = {finding["name"] for finding in told["findings"]}
    assert {"torch", "diffusers", "ffmpeg", "storyworld-mini", "layout2vid", "storyboard", "device"} <= names
    assert not {"ruff", "pytest"} & names  # tools of development


def test_what_is_missing_is_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "WEIGHTS", tmp_path)
    monkeypatch.setenv("VIDEODIRECTOR_FFMPEG", str(tmp_path / "no-ffmpeg"))
    assert main(["doctor", "--quiet"]) == 4
    told = capsys.readouterr().out
    assert "! storyworld-mini" in told
    assert "lacks the weights of storyworld-mini" in told
    assert "! ffmpeg" in told
    assert "hint:" in told
    assert "torch" not in told  # what is well goes without saying


def test_a_download_that_broke_off_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blobs = tmp_path / "models--owner--name" / "blobs"
    blobs.mkdir(parents=True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert found("owner/name").status == "ok"
    (blobs / "abc.incomplete").write_bytes(b"half")
    assert found("owner/name").status == "broken"
    assert "the rest is downloaded" in found("owner/name").hint


def test_a_cache_that_cannot_be_written_to_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert found("cache").status == "ok"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("VIDEODIRECTOR_CACHE", str(tmp_path / "file" / "cache"))
    assert found("cache").status == "broken"


def test_optional_packages_say_what_they_are_good_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in {"langchain-ollama", "scipy"}:
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    wanted = ["scipy>=1.15", 'langchain-ollama>=1; extra == "ollama"', 'ruff; extra == "dev"']
    monkeypatch.setattr(metadata, "requires", lambda _: wanted)
    ollama = found("langchain-ollama")
    assert (ollama.status, ollama.hint) == ("optional", "pip install 'videodirector[ollama]'")
    assert found("scipy").status == "missing"
    assert "ruff" not in {finding.name for finding in examine()}
