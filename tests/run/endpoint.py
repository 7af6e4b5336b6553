"""A real HTTP server on loopback that speaks the OpenAI chat protocol to the host's backends, and misbehaves on demand.

`behave` maps a request's body and number (from 1) to a `Reply`. It binds 127.0.0.1 only. By itself, `python
tests/run/endpoint.py SECONDS` answers "B" after that time, prints its URL, and ends when its standard input does.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What the server says: `content` in a completion, or `raw` as it is."""

    content: Any = "B"
    status: int = 200
    finish: str = "stop"
    usage: bool = True
    raw: Any = None
    message: dict[str, Any] = field(default_factory=dict)


def refusal(message: str, *, status: int = 400, **error: Any) -> Reply:
    """An error as OpenAI, and most servers after it, put it."""
    return Reply(status=status, raw={"error": {"message": message, "type": "invalid_request_error", **error}})


class Endpoint:
    """The server, in threads of its own.

    Attributes:
        bodies: what it was asked.
        answered: how often it was asked the same thing, by the whole of what was asked.
    """

    def __init__(
        self, behave: Callable[[Body, int], Reply] = lambda body, number: Reply(), latency: float = 0.0
    ) -> None:
        self.behave = behave
        self.latency = latency
        self.bodies: list[Body] = []
        self.answered: Counter[str] = Counter()
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with endpoint._lock:
                    endpoint.bodies.append(body)
                    number = len(endpoint.bodies)
                    endpoint.answered[json.dumps(body["messages"], sort_keys=True)] += 1
                reply = endpoint.behave(body, number)
                time.sleep(endpoint.latency)
                text = json.dumps(_completion(reply) if reply.raw is None else reply.raw).encode()
                try:
                    self.send_response(reply.status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    self.close_connection = True  # whoever asked is gone

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """What goes into `base_url`."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Endpoint:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _completion(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.content, **reply.message}
    usage = {"usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}} if reply.usage else {}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **usage}


if __name__ == "__main__":
    with Endpoint(latency=float(sys.argv[1])) as server:
        print(server.url, flush=True)
        sys.stdin.read()
