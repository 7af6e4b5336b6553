"""The process that serves a judge: `python -m ...engine llama.cpp FILE PORT AT_ONCE CONTEXT`, or `... vllm ARGUMENTS`.

It ends when its standard input does, which is when the command that started it ends in whatever way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def llama_cpp(file: str, port: str, at_once: str, context: str) -> None:
    """Serve a GGUF file with llama.cpp's own server until standard input ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = file
    params.hostnames, params.port = ["127.0.0.1"], int(port)
    params.n_parallel, params.n_ctx = int(at_once), int(context) * int(at_once)
    params.cpuparams.n_threads = os.cpu_count() or 1
    server = xllamacpp.Server(params)
    sys.stdin.buffer.read()
    del server


def vllm(*arguments: str) -> int:
    """Serve with vLLM until standard input ends, or the server does; its exit code."""
    model, *options = arguments
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as server:
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        return server.wait()


def _end_with_input(server: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    server.send_signal(signal.SIGINT)  # on which vLLM ends its workers too


def main(arguments: list[str]) -> int:
    """Serve as the arguments say."""
    engine, *rest = arguments
    if engine == "vllm":
        return vllm(*rest)
    llama_cpp(*rest)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
