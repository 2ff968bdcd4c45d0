"""Videos with all that can go with them, looked at by programs that know nothing of how they were made."""

import itertools
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import opentimelineio
import pytest
from numpy.typing import NDArray
from PIL import Image

from support import GreyBackend, fox_plan, grey_plan, see
from videodirector.errors import OutputError, PlanError, UsageError
from videodirector.generator import render_video
from videodirector.generator.backends import create
from videodirector.generator.video.subtitles import Cue, format_srt, format_vtt
from videodirector.schemas import RenderResult, RenderSettings, VideoDone, VideoPlan

BARE = RenderSettings(save_plan=False, contact_sheet=False, manifest=False)


def video(plan: VideoPlan, path: Path | str, backend: GreyBackend | None = None, **settings: object) -> RenderResult:
    chosen = RenderSettings.parse(BARE.model_dump() | settings)
    *_, last = render_video(plan, path, backend=backend or GreyBackend(), settings=chosen)
    assert isinstance(last, VideoDone)
    return last.result


def tone(path: Path, seconds: float, pitch: float = 440, level: float = 0.5) -> str:
    """A WAV file of one tone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=22_050, layout="stereo")
        wave = level * np.sin(2 * np.pi * pitch * np.arange(round(22_050 * seconds)) / 22_050)
        frame = av.AudioFrame.from_ndarray(
            np.repeat(wave * 32767, 2).astype(np.int16)[None], format="s16", layout="stereo"
        )
        frame.sample_rate = 22_050
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return str(path)


def hear(path: Path) -> NDArray[np.float64]:
    """The samples of a video's sound, in [-1, 1]: shape (samples, channels)."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        assert (stream.codec_context.name, stream.rate) == ("aac", 48_000)
        parts = [frame.to_ndarray() for frame in container.decode(stream)]
    return np.concatenate(parts, axis=1).T.astype(np.float64)


def loudness(samples: NDArray[np.float64], start: float, end: float) -> float:
    """Root mean square between two times, in seconds."""
    return float(np.sqrt(np.mean(samples[round(start * 48_000) : round(end * 48_000)] ** 2)))


# -- kinds of videos


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_animations(tmp_path: Path, kind: str) -> None:
    result = video(grey_plan(10, 200, 90), tmp_path / f"a.{kind}", width=64, height=48)
    with Image.open(result.path) as picture:
        assert picture.format == kind.upper()
        assert picture.size == (64, 48) == (result.width, result.height)
        assert picture.info["loop"] == 0, "for ever"
        levels, durations = [], []
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            levels.append(np.asarray(picture.convert("L")).mean())
            durations.append(picture.info["duration"])
    assert sum(durations) == pytest.approx(18 * 125, abs=10)
    assert [round(levels[np.searchsorted(np.cumsum(durations), 125 * i + 60)]) for i in (0, 5, 6, 11, 12, 17)] == (
        pytest.approx([10, 10, 200, 200, 90, 90], abs=3)
    )


def test_a_folder_of_frames_has_every_pixel(tmp_path: Path) -> None:
    backend = GreyBackend(size=(33, 25))
    result = video(grey_plan(10, 200), f"{tmp_path}/frames/", backend)
    assert (result.path, result.width, result.height) == (tmp_path / "frames", 33, 25)
    files = sorted((tmp_path / "frames").iterdir())
    assert [file.name for file in files] == [f"{number:06}.png" for number in range(12)]
    for number, file in enumerate(files):
        with Image.open(file) as picture:
            np.testing.assert_array_equal(np.asarray(picture), np.full((25, 33, 3), 10 if number < 6 else 200))
    fitted = video(grey_plan(10), tmp_path / "frames", backend, width=64, height=64)
    assert (fitted.width, len(list((tmp_path / "frames").iterdir()))) == (64, 6), "it replaces what it wrote itself"


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.png").write_text("mine")
    backend = GreyBackend()
    with pytest.raises(OutputError, match=r"holds other files, such as 'holiday\.png'"):
        video(grey_plan(1), tmp_path, backend)
    assert not backend.drawn
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        video(grey_plan(1), f"{tmp_path}/file/")
    assert {path.name for path in tmp_path.iterdir()} == {"holiday.png", "file"}


def test_a_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    video(grey_plan(1), f"{folder}/")
    with pytest.raises(KeyboardInterrupt):
        video(grey_plan(1, 2), folder, GreyBackend(failing={"s1": KeyboardInterrupt()}), coco=True)
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]
    assert len(list(folder.iterdir())) == 6


# -- sound


def test_sound_lies_where_its_scene_does(tmp_path: Path) -> None:
    plan = grey_plan(1, 2, 3, frames=8)  # a second each
    plan.scenes[1].audio = tone(tmp_path / "long.wav", 5)
    plan.scenes[2].audio = tone(tmp_path / "short.wav", 0.5)
    result = video(plan, tmp_path / "a.mp4")
    samples = hear(result.path)
    assert samples.shape[1] == 2
    assert len(see(result.path).frames) == 24
    assert loudness(samples, 0, 0.95) < 0.002
    assert loudness(samples, 1.05, 1.95) == pytest.approx(0.5 / 2**0.5, rel=0.05)
    assert loudness(samples, 2.05, 2.45) == pytest.approx(0.5 / 2**0.5, rel=0.05)
    assert loudness(samples, 2.6, 3) < 0.002, "padded with silence"
    with av.open(str(result.path)) as container:
        (stream,) = container.streams.audio
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.duration * stream.time_base == 3


def test_the_sound_of_all_lies_under_those_of_scenes(tmp_path: Path) -> None:
    plan = grey_plan(1, 2, frames=8)
    plan.audio = tone(tmp_path / "all.wav", 9, level=0.3)
    plan.scenes[1].audio = tone(tmp_path / "one.wav", 9, level=0.3)
    both = hear(video(plan, tmp_path / "a.mp4").path)
    assert loudness(both, 0.1, 0.9) == pytest.approx(0.3 / 2**0.5, rel=0.05)
    assert loudness(both, 1.1, 1.9) == pytest.approx(0.6 / 2**0.5, rel=0.05)
    other = hear(video(plan, tmp_path / "b.mp4", soundtrack=tone(tmp_path / "other.wav", 9, level=0.1)).path)
    assert loudness(other, 0.1, 0.9) == pytest.approx(0.1 / 2**0.5, rel=0.05)


def test_a_crossfade_is_heard(tmp_path: Path) -> None:
    plan = grey_plan(1, 2, frames=16)
    plan.scenes[0].audio, plan.scenes[0].transition, plan.scenes[0].transition_frames = (
        tone(tmp_path / "a.wav", 2, level=0.5),
        "crossfade",
        8,
    )
    samples = hear(video(plan, tmp_path / "a.mp4").path)
    before, middle, after = (loudness(samples, start, start + 0.1) for start in (0.85, 1.45, 2.1))
    assert before > 1.8 * middle > 1.8 * 1.5 * after
    assert middle == pytest.approx(before / 2, rel=0.1)


def test_loud_sounds_do_not_wrap_around(tmp_path: Path) -> None:
    plan = grey_plan(1, frames=8)
    plan.audio = plan.scenes[0].audio = tone(tmp_path / "a.wav", 2, level=0.95)
    assert np.abs(np.diff(hear(video(plan, tmp_path / "a.mp4").path), axis=0)).max() < 0.5


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = grey_plan(1, frames=8)
    plan.audio = tone(tmp_path / "a.wav", 2)
    assert video(plan, tmp_path / "a.mp4").path.read_bytes() == video(plan, tmp_path / "b.mp4").path.read_bytes()


@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24), Fraction(1, 2)])
def test_sound_is_as_long_as_the_pictures(tmp_path: Path, rate: Fraction) -> None:
    plan = grey_plan(1, 2, frames=3)
    plan.frame_rate, plan.audio = rate, tone(tmp_path / "a.wav", 0.2)
    with av.open(str(video(plan, tmp_path / "a.mp4").path)) as container:
        lengths = [stream.duration * stream.time_base for stream in container.streams]  # type: ignore[operator]
    assert abs(lengths[0] - lengths[1]) <= Fraction(1, 1000)
    assert lengths[0] == 6 / rate


@pytest.mark.parametrize("content", [None, b"", b"no sound at all", "picture"])
def test_bad_sounds_are_found_before_drawing(tmp_path: Path, content: bytes | str | None) -> None:
    file = tmp_path / "bad.wav"
    if content == "picture":
        Image.new("RGB", (8, 8)).save(file, format="PNG")
    elif isinstance(content, bytes):
        file.write_bytes(content)
    plan, backend = grey_plan(1, 2), GreyBackend()
    plan.scenes[1].audio = str(file)
    with pytest.raises(PlanError) as caught:
        video(plan, tmp_path / "a.mp4", backend)
    (issue,) = caught.value.issues
    assert issue.path == "scenes[1].audio"
    assert ("no such file" if content is None else "ffmpeg finds no sound in it") in issue.problem
    assert "bad.wav" in issue.found
    with pytest.raises(UsageError, match=r"bad\.wav"):
        video(grey_plan(1), tmp_path / "a.mp4", backend, soundtrack=str(file))
    assert not backend.drawn
    assert {path.name for path in tmp_path.iterdir()} <= {"bad.wav"}


def test_a_gif_has_no_sound(tmp_path: Path) -> None:
    file = tone(tmp_path / "a.wav", 1)
    with pytest.raises(UsageError, match="no sound"):
        video(grey_plan(1), tmp_path / "a.gif", soundtrack=file)
    plan = grey_plan(1)
    plan.audio = file
    assert video(plan, tmp_path / "a.gif").path.exists(), "what the plan says is for those that have"


# -- subtitles


def test_subtitles_beside_the_video(tmp_path: Path) -> None:
    plan = grey_plan(1, 2, 3, 4, frames=8)
    plan.scenes[0].subtitle = "It is <early> & cold.\n\n  Hello --> you!"
    plan.scenes[1].subtitle = ""
    plan.scenes[2].transition = "crossfade"
    result = video(plan, tmp_path / "a.mp4", subtitles="srt")
    assert result.beside == (tmp_path / "a.srt",)
    assert result.beside[0].read_text(encoding="utf-8") == (
        "1\n00:00:00,000 --> 00:00:01,000\nIt is <early> & cold. Hello --> you!\n\n"
        "2\n00:00:02,000 --> 00:00:02,500\n3\n\n"
        "3\n00:00:02,500 --> 00:00:03,500\n4\n"
    )
    assert (
        video(plan, tmp_path / "a.mp4", subtitles="vtt")
        .beside[0]
        .read_text(encoding="utf-8")
        .startswith(
            "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nIt is &lt;early&gt; &amp; cold. Hello --&gt; you!\n\n00:00:02.000"
        )
    )


def test_long_videos_have_hours() -> None:
    cue = [Cue(0, 1, "a"), Cue(30 * 3600, 100 * 30 * 3600, "b")]
    assert "01:00:03,600 --> 100:06:00,000" in format_srt(cue, Fraction(30000, 1001))
    assert "01:00:03.600 --> 100:06:00.000" in format_vtt(cue, Fraction(30000, 1001))


def test_an_independent_reader_finds_the_subtitles(tmp_path: Path) -> None:
    """FFmpeg's own readers of both forms agree with us."""
    plan = grey_plan(1, 2, frames=8)
    plan.scenes[1].subtitle = "it's 100%: {a}\\N, [b]; 狐"
    for kind in ("srt", "vtt"):
        (file,) = video(plan, tmp_path / "a.mp4", subtitles=kind).beside
        with av.open(str(file)) as container:
            packets = [packet for packet in container.demux() if packet.size]
        spans = [(packet.pts * packet.time_base, packet.duration * packet.time_base) for packet in packets]  # type: ignore[operator]
        assert spans == [(0, 1), (1, 1)]
        assert bytes(packets[1]).decode() == "it's 100%: {a}\\N, [b]; 狐"


def test_burned_subtitles_are_at_the_bottom_of_their_scenes(tmp_path: Path) -> None:
    plan = grey_plan(100, 100, frames=8)
    plan.scenes[0].subtitle, plan.scenes[1].subtitle = "Hello %{pts}: it's [me]", ""
    frames = see(video(plan, tmp_path / "a.mp4", subtitles="burn", width=320, height=240).path).frames
    written, plain = frames[3].astype(int), frames[12].astype(int)
    assert written[180:].max() > 230
    assert written[180:].min() < 30, "with an edge, so that it can be read on white"
    assert np.ptp(written[:150]) < 12
    assert np.ptp(plain) < 12
    ink = np.argwhere(written[..., 0] > 200)
    assert 100 < ink[:, 1].mean() < 220, "in the middle"
    (tmp_path / "frames").mkdir()
    video(plan, tmp_path / "frames", subtitles="burn", width=320, height=240)
    with Image.open(tmp_path / "frames" / "000003.png") as picture:
        assert np.asarray(picture)[180:].max() == 255


@pytest.mark.parametrize("text", ["word " * 200, "unbreakable" * 10])
@pytest.mark.parametrize("size", [(320, 240), (16, 16), (1024, 64)])
def test_long_words_stay_inside(tmp_path: Path, text: str, size: tuple[int, int]) -> None:
    plan = grey_plan(100, frames=1)
    plan.scenes[0].subtitle = text
    video(plan, f"{tmp_path}/f/", subtitles="burn", width=size[0], height=size[1])
    with Image.open(tmp_path / "f" / "000000.png") as picture:
        assert picture.size == size


def test_letters_that_the_font_lacks_are_named_before_drawing(tmp_path: Path) -> None:
    plan, backend = grey_plan(1), GreyBackend()
    plan.scenes[0].subtitle = "A fox, a \U00012000 and \u5929"
    with pytest.raises(UsageError, match="\U00012000") as caught:
        video(plan, tmp_path / "a.mp4", backend, subtitles="burn")
    assert "--font" in caught.value.hint
    (tmp_path / "no.ttf").write_text("no font")
    with pytest.raises(UsageError, match=r"no\.ttf"):
        video(plan, tmp_path / "a.mp4", backend, subtitles="burn", font=str(tmp_path / "no.ttf"))
    assert not backend.drawn


# -- boxes


def test_boxes_of_every_frame(tmp_path: Path) -> None:
    plan = fox_plan()
    plan.scenes[0].transition, plan.scenes[0].transition_frames = "crossfade", 2
    result = video(plan, tmp_path / "fox.mp4", GreyBackend(size=(40, 20)), coco=True, width=400, height=300)
    (file,) = result.beside
    assert file.name == "fox.coco.json"
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert data["videos"] == [
        {"id": 1, "name": "fox.mp4", "width": 400, "height": 300, "frames": 22, "frame_rate": "8/1"}
    ]
    assert [image["frame_id"] for image in data["images"]] == list(range(22))
    assert data["images"][3]["file_name"] == "fox/000003.png"
    assert [category["name"] for category in data["categories"]] == ["fox", "owl"]
    assert [(track["name"], track["category_id"]) for track in data["tracks"]] == [("fox", 1), ("owl", 2)]
    boxes = {(note["image_id"] - 1, note["scene"], note["entity"]): note["bbox"] for note in data["annotations"]}
    assert len(boxes) == len(data["annotations"]) == 16 + 8 + 4, "the owl is seen in the second half of its scene"
    # The frames of 40 x 20 are scaled to 400 x 200, with 50 black lines above and below.
    assert boxes[0, "walk", "fox"] == pytest.approx([40, 150, 120, 60])
    assert boxes[15, "walk", "fox"] == pytest.approx([240, 150, 120, 60])
    assert (15, "meet", "fox") in boxes, "both scenes are seen while they are blended"
    assert (13, "meet", "fox") not in boxes
    assert min(frame for frame, _, entity in boxes if entity == "owl") == 14 + 4
    assert {note["track_id"] for note in data["annotations"] if note["entity"] == "fox"} == {1}, "one fox"
    assert all(
        note["area"] == pytest.approx(note["bbox"][2] * note["bbox"][3], abs=0.01) for note in data["annotations"]
    )


def test_boxes_lie_on_what_is_drawn(tmp_path: Path) -> None:
    """On frames with and without the owl, the pixels differ inside its box and nowhere else."""
    plan = fox_plan()
    plan.scenes = plan.scenes[1:]
    plan.consistency_groups = {}
    settings = BARE.model_copy(update={"coco": True})
    list(render_video(plan, f"{tmp_path}/with/", backend=create("storyboard", size=(96, 64)), settings=settings))
    plan.scenes[0].entities = plan.scenes[0].entities[:1]
    list(render_video(plan, f"{tmp_path}/without/", backend=create("storyboard", size=(96, 64)), settings=BARE))
    data = json.loads((tmp_path / "with.coco.json").read_text(encoding="utf-8"))
    owls = {note["image_id"]: note["bbox"] for note in data["annotations"] if note["entity"] == "owl"}
    for image in data["images"]:
        name = Path(image["file_name"]).name
        assert (tmp_path / image["file_name"]).exists()
        pictures = [np.asarray(Image.open(tmp_path / folder / name)).astype(int) for folder in ("with", "without")]
        different = np.argwhere(np.abs(pictures[0] - pictures[1]).max(axis=2) > 8)
        if image["id"] not in owls:
            assert not len(different)
            continue
        x, y, width, height = owls[image["id"]]
        assert len(different) > 0.2 * width * height
        (top, left), (bottom, right) = different.min(axis=0), different.max(axis=0)
        assert x - 1 <= left <= right <= x + width + 1
        assert y - 1 <= top <= bottom <= y + height + 1


# -- the cut


def items(timeline: Any) -> Iterator[tuple[str, str, int, int]]:
    """Kind, name, start and duration (in frames of the video) of everything on the first track."""
    for item in timeline.tracks[0]:
        if isinstance(item, opentimelineio.schema.Transition):
            yield "transition", item.name, int(item.in_offset.value), int(item.out_offset.value)
        else:
            span = item.trimmed_range()
            yield type(item).__name__, item.name, int(span.start_time.value), int(span.duration.value)


def test_the_cut_for_editing_programs(tmp_path: Path) -> None:
    plan = grey_plan(10, 60, 120, 180, 240, frames=8)
    plan.scenes[0].transition, plan.scenes[0].transition_frames = "crossfade", 3
    plan.scenes[1].transition = "fade"
    plan.scenes[2].transition, plan.scenes[2].transition_frames = "hold", 5
    plan.scenes[3].frame_rate = Fraction(4)
    plan.audio = plan.scenes[1].audio = tone(tmp_path / "a.wav", 1)
    result = video(plan, tmp_path / "cut.mp4", GreyBackend(size=(33, 24)), otio=True, width=64, height=64)
    assert result.beside == (tmp_path / "cut.otio", tmp_path / "cut.clips")
    timeline = opentimelineio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    assert list(items(timeline)) == [
        ("Clip", "s0", 0, 7),
        ("transition", "crossfade", 2, 1),
        ("Clip", "s1", 2, 6),
        ("transition", "fade through black", 2, 2),
        ("Clip", "s2", 0, 8),
        ("Clip", "s2 (held)", 7, 5),
        ("Clip", "s3", 0, 16),
        ("Clip", "s4", 0, 8),
    ]
    assert int(timeline.tracks[0].duration().value) == result.frames == 8 - 3 + 8 + 8 + 5 + 16 + 8
    kinds = [(track.kind, int(track.duration().value)) for track in timeline.tracks[1:]]
    assert kinds == [("Audio", result.frames), ("Audio", 13)]
    clips = list(timeline.find_clips())
    for clip, level in zip([clips[0], *clips[1:3], *clips[4:6]], (10, 60, 120, 180, 240), strict=True):
        seen = see(tmp_path / clip.media_reference.target_url)
        media = clip.media_reference.available_range
        assert (len(seen.frames), seen.rate) == (media.duration.value, Fraction(media.duration.rate))
        assert seen.size == (34, 24), "its own size, but that mp4 knows no odd ones"
        assert seen.frames[0][:, :32].mean() == pytest.approx(level, abs=3)
    again = video(plan, tmp_path / "cut.mp4", GreyBackend(size=(33, 24)), otio=True)
    assert again.beside == result.beside, "it replaces what it wrote itself"


def test_files_beside_a_video_keep_to_its_name(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"subtitles": "srt", "coco": True, "contact_sheet": True, "save_plan": True}
    video(grey_plan(1), f"{tmp_path}/{{a}}.b/", **settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "{a}.b",
        "{a}.b.coco.json",
        "{a}.b.plan.json",
        "{a}.b.png",
        "{a}.b.srt",
    ]
    data = json.loads((tmp_path / "{a}.b.coco.json").read_text(encoding="utf-8"))
    assert data["images"][0]["file_name"] == "{a}.b/000000.png"


@pytest.mark.parametrize("kind", ["mp4", "gif", "webp", "frames"])
def test_everything_at_once_and_twice_the_same(tmp_path: Path, kind: str) -> None:
    plan = fox_plan()
    plan.scenes[0].transition = "fade"
    if kind == "mp4":
        plan.audio = tone(tmp_path / "a.wav", 1)
    settings: dict[str, Any] = {"subtitles": "burn", "coco": True, "otio": True, "width": 160, "height": 120}
    contents = []
    for run in ("one", "two"):
        name = f"{tmp_path}/{run}/a/" if kind == "frames" else f"{tmp_path}/{run}/a.{kind}"
        video(plan, name, GreyBackend(), **settings)
        files = sorted(path for path in (tmp_path / run).rglob("*") if path.is_file())
        contents.append({path.relative_to(tmp_path / run): path.read_bytes() for path in files})
    first, second = contents
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []
    assert any(re.search(r"\.otio$", str(path)) for path in first)
    assert len(list(itertools.chain(first))) > 3
