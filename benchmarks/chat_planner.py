"""How long a plan takes beyond the chat model's own time: `python benchmarks/chat_planner.py [SCENES] [LATENCY]`.

A server on this machine answers every question after LATENCY seconds (1), so two steps take twice that at least.
Printed are the seconds of a plan of SCENES scenes (10) in a fresh process with cold imports, of the next one, and of
the same story again, whose answers are kept.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["main"]

KEYS = [[round(0.05 + 0.05 * key, 2), 0.5, round(0.35 + 0.05 * key, 2), 0.9] for key in range(9)]


def server(scenes: int, latency: float) -> ThreadingHTTPServer:
    """A server that plans any story as so many scenes of a fox."""
    entities = [{"name": "fox", "description": "a red fox", "count": 1}]

    def planned(story: str) -> str:
        told = [
            {"words": "", "description": f"{story} Tree {number}.", "background": "forest", "entities": entities}
            for number in range(scenes)
        ]
        return json.dumps({"scenes": told})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
            names = re.findall(r'^- "([^"]+)"', asked, re.MULTILINE)
            answer = json.dumps(dict.fromkeys(names, KEYS)) if names else planned(asked.split("\n")[1])
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
            completion = {"id": "1", "object": "chat.completion", "created": 1, "model": "bench", "choices": [choice]}
            content = json.dumps(completion).encode()
            time.sleep(latency)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    return Server(("127.0.0.1", 0), Handler)


def main(scenes: int = 10, latency: float = 1.0) -> list[float]:
    """Plans three times.

    Returns:
        The seconds of each plan.
    """
    there = server(scenes, latency)
    threading.Thread(target=there.serve_forever, daemon=True).start()
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        from videodirector import LLMPlanner

        planner = LLMPlanner("bench", base_url=f"http://127.0.0.1:{there.server_address[1]}/v1", cache=cache)
        for story in ("A fox walks past ten trees.", "A fox runs past ten trees.", "A fox runs past ten trees."):
            plan = planner.plan(story)
            seconds.append(time.perf_counter() - start)
            start = time.perf_counter()
    there.shutdown()
    there.server_close()
    for what, took in zip(("with cold imports", "the next", "kept from before"), seconds, strict=True):
        print(f"{len(plan.scenes)} scenes, {latency:g} s an answer, {what}: {took:.2f} s")
    return seconds


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((int, float), sys.argv[1:], strict=False)))
