"""Anthropic and Ollama, by their own langchain packages, against servers that speak their wire formats."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from videodirector.errors import PlannerError
from videodirector.planner.llm import create_chat_model
from videodirector.schemas import VideoPlan

KEYS = [[round(0.05 + 0.05 * key, 2), 0.5, round(0.35 + 0.05 * key, 2), 0.9] for key in range(9)]
FOX = {"name": "fox", "description": "a red fox", "count": 1}


def answer(asked: str) -> str:
    names = re.findall(r'^- "([^"]+)"', asked, re.MULTILINE)
    scene = {"words": "", "background": "forest", "entities": [FOX]}
    scenes = [scene | {"description": f"A fox passes tree {number}."} for number in (1, 2)]
    return json.dumps(dict.fromkeys(names, KEYS) if names else {"scenes": scenes})


def anthropic(body: dict[str, Any], text: str) -> str:
    usage = {"input_tokens": 10, "output_tokens": 20}
    content = [{"type": "text", "text": text}]
    return json.dumps(
        {"id": "m", "type": "message", "role": "assistant", "model": body["model"], "content": content,
         "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    )  # fmt: skip


def ollama(body: dict[str, Any], text: str) -> str:
    said = {"model": body["model"], "created_at": "2026-01-01T00:00:00Z", "done": False}
    ended = {"done": True, "done_reason": "stop", "prompt_eval_count": 10, "eval_count": 20}
    lines = [
        said | {"message": {"role": "assistant", "content": text}},
        said | ended | {"message": {"role": "assistant", "content": ""}},
    ]
    return "\n".join(map(json.dumps, lines))


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    busy = iter([True])  # the first request is told to come again

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked = body["messages"][-1]["content"]
            text = answer(asked if isinstance(asked, str) else "".join(part["text"] for part in asked))
            said = (anthropic if self.path == "/v1/messages" else ollama)(body, text).encode()
            self.send_response(429 if next(busy, False) else 200)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None: ...

    there = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=there.serve_forever, daemon=True).start()
    yield there
    there.shutdown()
    there.server_close()


PLAN = """
import sys
from videodirector import LLMPlanner

planner = LLMPlanner(sys.argv[1], base_url=sys.argv[2], cache=sys.argv[3])
print(planner.plan("A fox passes two trees.").to_json())
"""


@pytest.mark.parametrize("model", ["anthropic:m", "ollama:m"])
def test_other_providers_plan(model: str, server: ThreadingHTTPServer, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    environment = os.environ | {"ANTHROPIC_API_KEY": "sk-ant-none"}
    # In a process of its own, since these packages keep their connections as long as it lives.
    command = [sys.executable, "-c", PLAN, model, url, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    plan = VideoPlan.from_json(done.stdout)
    assert [[entity.name for entity in scene.entities] for scene in plan.scenes] == [["fox"], ["fox"]]
    assert "3 answers, 30 tokens in, 60 out" in plan.notes[-1]


def test_anthropic_without_a_key_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setattr("langchain.chat_models.init_chat_model", lambda *_, **__: object())
    with pytest.raises(PlannerError, match="no key") as caught:
        create_chat_model("anthropic:claude-sonnet-4-5")
    assert "ANTHROPIC_API_KEY" in (caught.value.hint or "")
