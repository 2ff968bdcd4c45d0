"""Captions of pictures, sounds and other inputs, and how good they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from videodirector.cli._app import app
from videodirector.cli._groups import StoryInputs
from videodirector.cli._options import AsJson, Quiet
from videodirector.cli._output import print_json
from videodirector.cli._spread import spread
from videodirector.cli.evaluate import evaluate
from videodirector.director import Director
from videodirector.errors import UsageError

if TYPE_CHECKING:
    from videodirector.evaluation.benchmark.mapping import MappingReport
    from videodirector.evaluation.metrics.perception import PerceptionReport

__all__: list[str] = []

_SEED = 53  # of moments that are in no training set


@app.command()
@spread
def caption(
    *,
    inputs: StoryInputs,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say in words what a picture, a sound, a video, a depth map, a thermal image or a motion trace shows.

    `make` and `plan` do the same with such seeds; here the words can be read, and edited, before they become a story.
    """
    from videodirector.senses import told

    given = inputs.collect_inputs()
    if not given:
        raise UsageError(
            "there is nothing to describe", hint="give --image, --audio, --video, --depth, --thermal, --imu"
        )
    found = Director(**inputs.captioner_options()).perceive(**given)
    if as_json:
        print_json({"captions": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        typer.echo(one.text)
        if not quiet:
            typer.echo(f"note: {told(one)}", err=True)


@evaluate.command()
def perception(
    *,
    clips: Annotated[int, typer.Option(min=64, help="Moments, none of them from training.")] = 300,
    candidates: Annotated[int, typer.Option(min=2, help="How many candidates each retrieval searches.")] = 100,
    seed: Annotated[int, typer.Option(help="Other moments.")] = _SEED,
    captions: Annotated[bool, typer.Option(help="Captions, their calibration, and retrieval.")] = True,
    mapping: Annotated[bool, typer.Option(help="The mapping network, and what is rendered from it.")] = True,
    pictures: Annotated[int, typer.Option(min=0, help="Rendered for each sense, to measure the mapping.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Measure storyworld-bind and the mapping network on unseen moments of the synthetic world.

    Captions of every sense, their calibration, and retrieval between all senses: a tenth of the moments lie outside
    the world (noise, patterns, music), in styles that were not trained with. Then the mapping: does every input give
    a condition of its own, and do pictures rendered from that alone show the thing?
    """
    from videodirector.storyworld.moments import MomentSampler

    captioner = Director().captioner
    reports: list[PerceptionReport | MappingReport] = []
    if captions:
        from videodirector.evaluation.metrics.perception import measure
        from videodirector.storyworld import outside

        source = MomentSampler(seed=seed, outside=0.1, styles=outside.UNSEEN, plain=0.15)
        reports.append(measure(captioner, (source[number] for number in range(clips)), candidates=candidates))
    if mapping:
        from videodirector.evaluation.benchmark.mapping import measure as measure_mapping
        from videodirector.senses.embedders.mapping import MappingNetwork

        network, source = MappingNetwork.from_pretrained(), MomentSampler(seed=seed, plain=0.15)
        moments = (source[number] for number in range(clips))
        reports.append(measure_mapping(captioner.embedder, network, moments, pictures=pictures))
    if as_json:
        print_json({name: value for report in reports for name, value in report.as_dict().items()})
    else:
        typer.echo("\n\n".join(report.markdown() for report in reports))
