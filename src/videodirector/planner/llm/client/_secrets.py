"""Redact secrets from everything that is shown or written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

__all__ = ["SecretRedactor"]

_SECRET_NAME = re.compile(r"(?:API_?KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_SECRET_PATTERN = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|AIza)[-_][\w-]{6,}[*.]*[\w-]*|(?<=Bearer )\S+|(?<=://)[^/\s@:]*:[^/\s@]+(?=@)"
)
_MIN_LENGTH = 6  # shorter values are common words ("none", "EMPTY")


class SecretRedactor:
    """Replaces known secrets, and texts of their form, by three dots.

    Known are the secret fields of a chat model and the environment variables whose names end like those of keys.
    """

    def __init__(self, *owners: object) -> None:
        known = {value for owner in owners for value in _iter_secret_fields(owner)}
        known |= {value for name, value in os.environ.items() if _SECRET_NAME.search(name)}
        self._known = sorted((value for value in known if len(value) >= _MIN_LENGTH), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for value in self._known:
            text = text.replace(value, "...")
        return _SECRET_PATTERN.sub("...", text)

    def redact_data(self, value: object) -> object:
        """Plain data without secrets in its texts."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {key: self.redact_data(item) for key, item in value.items()}
        return [self.redact_data(item) for item in value] if isinstance(value, (list, tuple)) else value


def _iter_secret_fields(owner: object) -> Iterable[str]:
    for value in getattr(owner, "__dict__", {}).values():
        reveal = getattr(value, "get_secret_value", None)
        if callable(reveal):
            secret = reveal()
            if isinstance(secret, str):
                yield secret
