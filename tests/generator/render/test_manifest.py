"""What a video was made of is written down, survives in the video, and is enough to make it again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from support import GreyBackend, fox_plan, grey_plan, see
from videodirector import Director
from videodirector.errors import PlanError, UsageError
from videodirector.files.digests import digest
from videodirector.files.ffmpeg import find_ffmpeg
from videodirector.generator import SceneCache, read_manifest, render_video
from videodirector.schemas import (
    CURRENT_VERSION,
    MANIFEST_VERSION,
    Manifest,
    Notice,
    RenderSettings,
    VideoDone,
    VideoPlan,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "manifest_v1.json"
AWKWARD = 'quotes \' " back\\slash = ; # \n two lines\t狐 🦊 лиса {"a": [1]} \x7f'


def storyboard(path: Path, plan: VideoPlan | None = None) -> Path:
    director = Director(backend="storyboard", cache=False)
    return director.render(plan or fox_plan(), path, width=64, height=64).path


def test_it_says_what_was_made(tmp_path: Path) -> None:
    plan = grey_plan(10, 200, frames=8)
    plan.scenes[0].transition = "crossfade"
    path = tmp_path / "a.mp4"
    list(render_video(plan, path, backend=GreyBackend(), settings=RenderSettings(steps=3, seed=5), cache=SceneCache()))
    manifest = Manifest.load(tmp_path / "a.manifest.json")
    assert manifest.plan == plan.checked().model_copy(update={"seed": 5})
    assert (manifest.settings.seed, manifest.settings.steps, manifest.backend) == (None, 3, "grey")
    assert (manifest.video.frames, manifest.video.seconds, manifest.video.width) == (12, 1.5, 352)
    assert [(scene.start, scene.length, scene.frames, scene.planned_frames) for scene in manifest.scenes] == [
        (0, 8, 8, 8),
        (4, 8, 8, 8),
    ]
    assert {control.name: control.status for control in manifest.scenes[0].controls}["steps"] == "ignored"
    assert manifest.scenes[1].notes == ("s1 is grey",)
    assert manifest.file is not None
    assert manifest.file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert manifest.timings is not None
    assert manifest.timings.scenes.keys() == {"s0", "s1"}
    for scene in manifest.scenes:
        assert digest(manifest.inputs_of(scene.id)) == scene.key, "the key follows from what is written down"
    assert {"numpy", "videodirector"} <= {*manifest.environment.libraries, "videodirector"}
    assert manifest.environment.ffmpeg.startswith("ffmpeg version")


def test_it_survives_in_the_video(tmp_path: Path) -> None:
    plan = fox_plan()
    plan.prompt, plan.notes = AWKWARD, [AWKWARD * 50]
    video = storyboard(tmp_path / "a.mp4", plan)
    beside = Manifest.load(tmp_path / "a.manifest.json")
    inside = read_manifest(video)
    assert inside == beside.model_copy(update={"timings": None, "file": None})
    assert inside.plan.prompt == AWKWARD
    assert len(see(video).frames) == 24
    (tmp_path / "a.manifest.json").unlink()
    copied = tmp_path / "copied.mp4"
    subprocess.run([find_ffmpeg(), "-loglevel", "error", "-i", video, "-c", "copy", copied], check=True)
    assert read_manifest(copied) == inside, "other programs keep it when they copy a video"


@pytest.mark.slow
def test_a_manifest_of_megabytes(tmp_path: Path) -> None:
    plan = fox_plan()
    plan.prompt = AWKWARD * 12_000
    assert read_manifest(storyboard(tmp_path / "a.mp4", plan)).plan.prompt == plan.prompt


def test_the_same_render_gives_the_same_file_with_or_without_other_files(tmp_path: Path) -> None:
    director = Director(backend="storyboard")
    first = director.render(fox_plan(), tmp_path / "a.mp4", width=64, height=64).path.read_bytes()
    again = director.render(fox_plan(), tmp_path / "b.mp4", width=64, height=64, contact_sheet=True, save_plan=True)
    assert again.path.read_bytes() == first
    bare = director.render(fox_plan(), tmp_path / "c.mp4", width=64, height=64, manifest=False)
    assert bare.path.read_bytes() == first
    assert not (tmp_path / "c.manifest.json").exists()


def test_a_video_is_made_again_bit_for_bit(tmp_path: Path) -> None:
    options = {"width": 64, "height": 48, "transition": "fade", "fps": "12", "seed": 9, "subtitles": "burn"}
    director = Director(backend="storyboard", cache=False)
    first = director.render(fox_plan(), tmp_path / "a.mp4", **options).path  # type: ignore[arg-type]
    for source in (first, tmp_path / "a.manifest.json"):
        again = tmp_path / "again.mp4"
        events = list(Director(cache=False).reproduce(read_manifest(source), again))
        assert isinstance(events[-1], VideoDone)
        assert not [event for event in events if isinstance(event, Notice)]
        assert again.read_bytes() == first.read_bytes()


def test_what_is_no_longer_as_it_was_is_told(tmp_path: Path) -> None:
    manifest = read_manifest(storyboard(tmp_path / "a.mp4"))
    older = manifest.model_copy(update={"inputs": {**manifest.inputs, "code": "another"}})
    events = Director(cache=False).reproduce(older, tmp_path / "b.mp4")
    notices = [event.message for event in events if isinstance(event, Notice)]
    assert notices == [
        "every scene will not be the same: code: the backend, or a library that it uses, has another version"
    ]


def test_other_kinds_of_video_have_it_beside_them(tmp_path: Path) -> None:
    director = Director(backend="storyboard", cache=False)
    for name in ("a.gif", "frames/"):
        path = director.render(fox_plan(), f"{tmp_path}/{name}", width=32, height=32).path
        assert read_manifest(path).plan.scenes[0].id == "walk"


def test_what_carries_no_manifest(tmp_path: Path) -> None:
    video = storyboard(tmp_path / "a.mp4")
    stripped = tmp_path / "stripped.mp4"
    bare = ["-map_metadata", "-1", "-c", "copy"]
    subprocess.run([find_ffmpeg(), "-loglevel", "error", "-i", video, *bare, stripped], check=True)
    with pytest.raises(UsageError, match="carries no manifest"):
        read_manifest(stripped)
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UsageError, match="is not a video"):
        read_manifest(tmp_path / "text.mp4")
    with pytest.raises(UsageError, match="there is no file"):
        read_manifest(tmp_path / "missing.mp4")
    plan = fox_plan().save(tmp_path / "plan.json")
    with pytest.raises(UsageError, match="is no manifest"):
        read_manifest(plan)


# -- the document


def test_the_golden_manifest_is_read_and_nothing_is_lost() -> None:
    manifest = Manifest.load(GOLDEN)
    assert manifest.schema_version == MANIFEST_VERSION == 1
    assert manifest.plan.schema_version == CURRENT_VERSION
    assert Manifest.from_json(manifest.to_json(), source="again") == manifest
    assert lost(json.loads(GOLDEN.read_text(encoding="utf-8")), json.loads(manifest.to_json())) == []
    assert "\n" not in manifest.embedded()
    assert manifest.embedded().isascii()


def lost(before: object, after: object, path: str = "") -> list[str]:
    """Where a document no longer says what it said; saying more, in fields that came later, is no loss."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [place for key in before for place in lost(before[key], after.get(key), f"{path}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [place for i, one in enumerate(before) for place in lost(one, after[i], f"{path}[{i}]")]
    return [] if before == after else [path]


def test_documents_that_are_not_valid(tmp_path: Path) -> None:
    document = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for change, words in (
        ({"schema_version": 2}, "newer release"),
        ({"scenes": []}, "scenes"),
        ({"colour": "red"}, "colour"),
        ({"video": None}, "video"),
    ):
        with pytest.raises(PlanError, match=words):
            Manifest.parse({**document, **change}, source="a.json")
    with pytest.raises(PlanError, match="not JSON"):
        Manifest.from_json("{", source="a.json")
    with pytest.raises(UsageError, match="is no manifest"):
        Manifest.from_json("{}", source="a.json")
