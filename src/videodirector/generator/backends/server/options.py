"""Options of the server backend: ``--option NAME=VALUE``, and ``--base-url``."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from videodirector.generator.backends.options import BackendOptions

__all__ = ["ServerOptions"]

Seconds = Annotated[float, Field(gt=0, le=100_000)]


class ServerOptions(BackendOptions):
    """Settings of the server backend. The key is not among them: it comes from the environment, and is written nowhere.

    Attributes:
        base_url: where the server's API begins, like ``http://gpu:8000/v1``.
        key_env: the environment variable that holds the key. None takes VIDEODIRECTOR_API_KEY, or OPENAI_API_KEY for
            api.openai.com alone.
        in_flight: how many scenes are requested at the same time.
        picture: whether the model takes a picture to begin with; then key pictures are rendered and sent.
        extras: whether to send fields beyond OpenAI's (num_frames, fps, seed, width, height, ...). Those that the
            server refuses by name are left out from then on.
        seconds: the clip's duration to request, where the server takes only some; None takes the scene's, rounded up.
        negative_prompt: what to avoid.
        guidance: strength of guidance; None leaves it to the model.
        key_model: what renders key pictures; as for the diffusers backend.
        poll: seconds between the first two polls of a job; they grow to eight times as much.
        timeout: seconds for one request.
        patience: seconds without a response, or of a job, after which it is given up.
        attempts: how often a job that the server has lost is requested again.
        fresh: whether to request clips again that were paid for in the last days.
    """

    base_url: str = "https://api.openai.com/v1"
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")] | None = None
    in_flight: Annotated[int, Field(ge=1, le=256)] = 8
    picture: bool = False
    extras: bool = True
    seconds: Annotated[int, Field(ge=1, le=600)] | None = None
    negative_prompt: str = ""
    guidance: Annotated[float, Field(ge=0, le=100)] | None = None
    key_model: str | None = None
    poll: Seconds = 2.0
    timeout: Seconds = 60.0
    patience: Seconds = 3600.0
    attempts: Annotated[int, Field(ge=0, le=10)] = 2
    fresh: bool = False

    @field_validator("base_url")
    @classmethod
    def _a_url_without_secrets(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise PydanticCustomError("url", "must be a URL like http://gpu:8000/v1")
        if parts.username or parts.password or parts.query:
            raise PydanticCustomError("url", "must hold no user, password or query: keys come from the environment")
        return value.rstrip("/")
