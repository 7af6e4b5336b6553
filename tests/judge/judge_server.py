"""A real HTTP server on loopback that speaks the OpenAI chat protocol and misbehaves on demand.

In a test: `with JudgeServer() as server: ... server.url, server.behave = lambda prompt, number: Answer(status=429)`.
By itself: `python tests/judge/judge_server.py --latency 0.2` prints its URL and ends when its standard input does; GET
/stats says what it has been asked. It binds 127.0.0.1 only and needs the standard library only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

CORRECT = "<think> They mean the same. </think> <judge>0</judge>"
INCORRECT = "<think> They differ. </think> <judge>1</judge>"


@dataclass(frozen=True)
class Answer:
    """What the server does with one request.

    `fault` is "" for none, "hang" (no answer), "drop" (the connection is closed before an answer), "truncate" (in the
    middle of it), "not_json", "not_chat" (JSON of another form), "no_choices", "stream" (server-sent events) or
    "no_usage" (tokens are not counted).
    """

    text: str | list[Any] | None = CORRECT
    status: int = 200
    fault: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    finish: str = "stop"
    error: dict[str, Any] = field(default_factory=lambda: {"message": "on demand", "type": "test"})


Behaviour = Callable[[str, int], Answer]


def obliging(prompt: str, number: int) -> Answer:
    """Finds every answer correct."""
    return Answer()


class JudgeServer:
    """The server, in a thread of its own. `behave` maps a prompt and the request's number (from 1) to an Answer.

    Attributes:
        latency: seconds before each answer.
        prompts: what it was asked, in order of arrival.
        bodies: the requests' JSON bodies.
        most_at_once: the largest number of requests that were under way together.
    """

    def __init__(
        self,
        behave: Behaviour = obliging,
        latency: float = 0.0,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self.behave = behave
        self.latency = latency
        self.prompts: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> int:
        return len(self.prompts)

    def __enter__(self) -> JudgeServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the judge server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection, as a server that dies does."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._converse, "127.0.0.1", self._port, backlog=1024, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        for connection in list(self._connections):
            connection.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        self._connections.discard(writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next((int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        if head.startswith("GET /health"):
            writer.write(_http(200, b"{}", {}))
            return True
        if head.startswith("GET /stats"):
            stats = {"requests": self.requests, "most_at_once": self.most_at_once}
            writer.write(_http(200, json.dumps(stats).encode(), {}))
            return True
        request = json.loads(body)
        prompt = request["messages"][0]["content"]
        self.prompts.append(prompt)
        self.bodies.append(request)
        self.headers.append(head)
        number = len(self.prompts)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self.latency)
            return await self._send(writer, self.behave(prompt, number), request)
        finally:
            self._at_once -= 1

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer, request: dict[str, Any]) -> bool:
        if answer.fault == "hang":
            await asyncio.sleep(600)
        if answer.fault in ("hang", "drop"):
            return False
        sent = _http(answer.status, _body(answer, request), answer.headers)
        if answer.fault == "truncate":
            writer.write(sent[: len(sent) - 20])
            await writer.drain()
            return False
        writer.write(sent)
        await writer.drain()
        return True


def _body(answer: Answer, request: dict[str, Any]) -> bytes:
    if answer.status != 200:
        return json.dumps({"error": answer.error}).encode()
    if answer.fault == "not_json":
        return b'{"choices": [{"message": '
    if answer.fault == "stream":
        return b'data: {"choices": [{"delta": {"content": "<judge>0</judge>"}}]}\n\ndata: [DONE]\n\n'
    if answer.fault == "not_chat":
        return b'{"detail": "welcome"}'
    choice = {"index": 0, "finish_reason": answer.finish, "message": {"role": "assistant", "content": answer.text}}
    completion: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": request["model"],
        "choices": [] if answer.fault == "no_choices" else [choice],
        "usage": {"prompt_tokens": 200, "completion_tokens": 20, "total_tokens": 220},
    }
    if answer.fault == "no_usage":
        del completion["usage"]
    return json.dumps(completion).encode()


def _http(status: int, body: bytes, headers: dict[str, str]) -> bytes:
    lines = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()

    def behave(prompt: str, number: int) -> Answer:
        # Some answers right and some wrong, the same ones each time.
        return Answer(CORRECT if len(prompt) % 3 else INCORRECT)

    with JudgeServer(behave, args.latency, args.port) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
