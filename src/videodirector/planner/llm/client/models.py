"""Chat models by name: "openai:gpt-4o", "anthropic:claude-sonnet-4-5", "ollama:llama3", or one at an address."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from videodirector.errors import MissingDependencyError, PlannerError, UsageError
from videodirector.files.transport import bind_limits
from videodirector.imports import large_imports

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

__all__ = ["chat_model"]

_EXTRAS = ("anthropic", "ollama")  # providers that this package names an extra for


def chat_model(name: str, *, base_url: str | None = None, timeout: float = 120.0) -> BaseChatModel:
    """A chat model by its provider and name.

    Args:
        name: "PROVIDER:MODEL", with a provider that langchain knows; "MODEL" alone with `base_url`.
        base_url: address of an OpenAI-compatible server, such as "http://localhost:8000/v1".
        timeout: seconds that one request may take.

    Its requests keep to ``transport.allowed``.


    The key is taken from the provider's environment variable. A server in the local network gets none, unless
    VIDEODIRECTOR_API_KEY has one.

    Raises:
        UsageError: there is no such provider, or no model is named.
        MissingDependencyError: the provider's package is not installed.
        PlannerError: the provider needs a key, and there is none.
    """
    provider, _, model = name.partition(":")
    if base_url is not None and (not model or provider not in ("openai", *_EXTRAS)):
        provider, model = "openai", name  # models of such servers may have any name: "llama3:8b"
    if not model or not provider:
        raise UsageError(f"{name!r} names no chat model", hint="give PROVIDER:MODEL, such as openai:gpt-4o")
    settings: dict[str, Any] = {"max_retries": 0, "timeout": timeout}  # tries are counted where calls are made
    if provider == "ollama":
        settings = {"client_kwargs": {"timeout": timeout}}
    if base_url is not None:
        if urlsplit(base_url).scheme not in ("http", "https"):
            raise UsageError(f"{base_url!r} is no address", hint="give one like http://localhost:8000/v1")
        settings["base_url"] = base_url
        if provider == "openai":
            own = os.environ.get("VIDEODIRECTOR_API_KEY")
            settings["api_key"] = own or ("none" if _is_local(base_url) else os.environ.get("OPENAI_API_KEY", "none"))
    try:
        with large_imports():
            from langchain.chat_models import init_chat_model

            if provider == "openai":
                import openai

                settings["http_client"] = bind_limits(openai.DefaultHttpxClient(timeout=timeout))
            made: BaseChatModel = init_chat_model(model, model_provider=provider, **settings)
        if provider == "anthropic" and base_url is None and not os.environ.get("ANTHROPIC_API_KEY"):
            raise ValueError("there is no key")  # its client says so only when it is asked
        _bound(made, provider, timeout)
        return made
    except ImportError as error:
        package = f"'videodirector[{provider}]'" if provider in _EXTRAS else f"langchain-{provider.replace('_', '-')}"
        raise MissingDependencyError(
            f"{provider} models need a package that is not installed: {error.name or error}",
            hint=f"pip install {package}",
        ) from error
    except ValueError as error:
        if "Unsupported provider" in str(error):
            raise UsageError(f"there is no provider {provider!r}", hint="openai, anthropic, ollama, ...") from error
        raise _unusable(provider, error) from error
    except Exception as error:  # each provider has its own for a missing key
        raise _unusable(provider, error) from error


def _bound(model: Any, provider: str, timeout: float) -> None:
    """Bound the clients of providers whose models take none when they are made."""
    if provider == "anthropic":
        import anthropic

        client = bind_limits(anthropic.DefaultHttpxClient(timeout=timeout))
        model.__dict__["_client"] = anthropic.Client(**model._client_params, http_client=client)  # a cached property
    elif provider == "ollama":
        bind_limits(model._client._client)


def _unusable(provider: str, error: Exception) -> PlannerError:
    said = " ".join(str(error).split())[:200]
    key = f"{provider.upper()}_API_KEY"
    return PlannerError(f"the {provider} model cannot be used: {said}", hint=f"set {key} in the environment")


def _is_local(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".localhost"))
