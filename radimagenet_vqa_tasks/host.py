"""The host for the time of a run: what `radvqa run` puts around it, in one place.

Everything here leans on the inside of lmms-eval 0.7. Nothing else in the pack does, apart from the plugin.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from unittest.mock import patch

from radimagenet_vqa_tasks.benchmarks import SOURCES
from radimagenet_vqa_tasks.data.sources import LocalFiles
from radimagenet_vqa_tasks.errors import RadVQAError
from radimagenet_vqa_tasks.plugin import TASKS

# A checkpoint is a batch of requests whose responses are then written to disk. Short enough to lose little, long
# enough that a fast backend is not slowed down by starting batches.
CHECKPOINT_SECONDS = 30.0
FIRST_CHECKPOINT = 32


def import_host() -> Any:
    """The host's command-line module."""
    import lmms_eval.__main__ as host  # 8 to 15 seconds, hence not at the top

    return host


@contextmanager
def prepared(host: Any, verbosity: str, files: Mapping[str, LocalFiles]) -> Iterator[None]:
    """The host, with this pack's task index, response store and error reporting while the context lasts.

    `files` are the files to take in the hub's place, by data set.
    """
    import accelerate
    from lmms_eval.api.task import ConfigurableTask
    from tenacity import retry_if_not_exception_type

    accelerate.Accelerator(kwargs_handlers=[accelerate.InitProcessGroupKwargs(timeout=timedelta(seconds=60_000))])
    host.eval_logger.remove()
    host.eval_logger.add(sys.stderr, level=verbosity, format="{level}: {message}")
    loading = ConfigurableTask.download.retry
    with (
        patch.dict(os.environ, {"LMMS_CACHE_RUN_ID": "responses"}),
        _video_reader(),
        patch.object(host, "TaskManager", task_manager(host.TaskManager, files)),
        patch.object(host.evaluator, "ResponseCache", _response_cache(host.evaluator.ResponseCache)),
        # Trying five times helps against a network, not against data that are wrong.
        patch.object(loading, "retry", retry_if_not_exception_type(RadVQAError)),
        patch.object(loading, "reraise", True),
    ):
        yield


@contextmanager
def _video_reader() -> Iterator[None]:
    """Something to import as `decord`, where it is not installed.

    Most backends of the host import this reader of videos whatever they are asked, and there are no wheels of it for
    ARM processors. Questions about pictures never use it.
    """
    if find_spec("decord"):
        yield
        return
    reader = ModuleType("decord", "Stands in for a package that is not installed: videos cannot be read.")
    reader.__spec__ = ModuleSpec("decord", None)
    vars(reader).update(VideoReader=None, cpu=None, bridge=None)
    sys.modules["decord"] = reader
    try:
        yield
    finally:
        del sys.modules["decord"]


def task_manager(base: Any, files: Mapping[str, LocalFiles]) -> Any:
    """The host's TaskManager, indexing this pack's tasks only, on local files where there are any."""
    local = {SOURCES[name].repository: (SOURCES[name], of_source) for name, of_source in files.items()}

    class PackTaskManager(base):
        def __init__(self, *args: Any, include_path: Any = None, **kwargs: Any) -> None:
            folders = [str(TASKS), *([include_path] if isinstance(include_path, str) else include_path or [])]
            super().__init__(*args, include_path=folders, **{**kwargs, "include_defaults": False})

        def _get_config(self, name: str) -> dict[str, Any]:
            config: dict[str, Any] = super()._get_config(name)
            if config.get("dataset_path") in local:
                source, of_source = local[config["dataset_path"]]
                data_files = {source.split: of_source[config.pop("dataset_name", None)]}
                config |= {"dataset_path": source.builder, "dataset_kwargs": {"data_files": data_files}}
            return config

    return PackTaskManager


def _response_cache(base: Any) -> Any:
    """The host's ResponseCache, writing while the model answers and not only when it has answered everything."""

    class CheckpointedCache(base):
        def execute(self, lm: Any, reqtype: str, requests: list[Any]) -> list[Any]:
            answers: list[Any] = []
            size = checkpoint_size(FIRST_CHECKPOINT, lm)
            while len(answers) < len(requests):
                started = time.monotonic()
                batch = requests[len(answers) : len(answers) + size]
                answers += super().execute(_Printable(lm), reqtype, batch)
                if time.monotonic() - started < CHECKPOINT_SECONDS:
                    size *= 2
            return answers

    return CheckpointedCache


def checkpoint_size(wanted: int, lm: Any) -> int:
    """`wanted` rounded up to whole batches: processes that step together must see the same number of them."""
    batch = getattr(lm, "batch_size", 1)
    batch = batch if isinstance(batch, int) and batch > 0 else 1
    return -(-wanted // batch) * batch


class _Printable:
    """A model whose answers can be written to a UTF-8 file: lone surrogates are spelled out.

    The host writes answers as they are, and one such character would end the run, or the log, with everything in it.
    """

    def __init__(self, lm: Any) -> None:
        self._lm = lm

    def __getattr__(self, name: str) -> Callable[[list[Any]], list[Any]]:
        ask = getattr(self._lm, name)
        return lambda requests: [_printable(answer) for answer in ask(requests)]


def _printable(answer: Any) -> Any:
    if isinstance(answer, str):
        return answer.encode("utf-8", "backslashreplace").decode()
    if hasattr(answer, "text") and isinstance(answer.text, str):
        answer.text = _printable(answer.text)
    return answer
