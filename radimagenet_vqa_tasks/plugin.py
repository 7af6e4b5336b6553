"""How lmms-eval finds the pack, with nothing to configure.

The host loads the entry points of the group `lmms_eval.models` whenever it is about to evaluate: the only hook that a
plain `pip install` gives. `manifests` returns the pack's model backends, which is what the group is for, adds the
pack's task folder to every task index built later, and has every backend watched, so that the failure of an endpoint is
never scored as an answer. It imports nothing heavy, and it must never break the host: when the host has changed, one
warning names what still works.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from loguru import logger

if TYPE_CHECKING:
    from lmms_eval.models.registry_v2 import ModelManifest

TASKS = Path(__file__).parent / "yaml_tasks"
HOST_MODULE = "lmms_eval.tasks"
REGISTRY_MODULE = "lmms_eval.models.registry_v2"
CACHE_MODULE = "lmms_eval.caching.response_cache"
TASK_MODULE = "lmms_eval.api.task"
BACKENDS = {
    "radvqa_chance": "radimagenet_vqa_tasks.models.chance.Chance",
    "radvqa_prior": "radimagenet_vqa_tasks.models.prior.Prior",
    "radvqa_clip": "radimagenet_vqa_tasks.models.clip.Clip",
}


def manifests() -> list[ModelManifest]:
    """The entry point: register the task folder, and describe the pack's model backends to the host."""
    try:
        _when_imported(HOST_MODULE, add_tasks)
        _when_imported(REGISTRY_MODULE, watch_models)
        _when_imported(CACHE_MODULE, keep_failures_out)
        _when_imported(TASK_MODULE, explain_data)
        from lmms_eval.models.registry_v2 import ModelManifest

        return [ModelManifest(model_id=name, simple_class_path=path) for name, path in BACKENDS.items()]
    except Exception as error:
        # Whatever it is, an evaluation of somebody else's tasks must go on.
        _warn(error)
        return []


def add_tasks(host: ModuleType) -> None:
    """Make every `TaskManager` of the host index the pack's folder, after the folders it was asked for."""
    try:
        initialize = host.TaskManager.initialize_tasks
    except AttributeError as error:
        _warn(error)
        return

    def initialize_tasks(self: Any, *args: Any, **kwargs: Any) -> Any:
        index = initialize(self, *args, **kwargs)
        try:
            # Names that are there already win, as they do between the host's own folders.
            return {**self._get_task_and_group(str(TASKS)), **index}
        except Exception as error:
            _warn(error)
            return index

    host.TaskManager.initialize_tasks = initialize_tasks


def watch_models(registry: ModuleType) -> None:
    """Make the host's registry give out watched backends; see `models/watched.py`."""
    try:
        get_model_class = registry.ModelRegistryV2.get_model_class
    except AttributeError as error:
        _warn_of_failures(error)
        return

    def get_watched_class(self: Any, *args: Any, **kwargs: Any) -> Any:
        backend = get_model_class(self, *args, **kwargs)
        try:
            from radimagenet_vqa_tasks.models.watched import watched

            return watched(backend)
        except Exception as error:
            _warn_of_failures(error)
            return backend

    registry.ModelRegistryV2.get_model_class = get_watched_class


def keep_failures_out(caching: ModuleType) -> None:
    """Have the host's response cache (`--use_cache`) forget requests that brought no words: they are asked again."""
    try:
        write = caching.ResponseCache._log_to_audit
    except AttributeError as error:
        _warn_of_failures(error)
        return

    def write_words(self: Any, *args: Any, **kwargs: Any) -> None:
        response = kwargs.get("response", args[5] if len(args) > 5 else None)
        # An answer in words is no instance of Response, or has a text.
        if getattr(response, "missing", None) is None and getattr(response, "text", "") is not None:
            write(self, *args, **kwargs)

    caching.ResponseCache._log_to_audit = write_words


def explain_data(host: ModuleType) -> None:
    """Have this pack's data sets fetched once, and what prevents it said: an agreement is not accepted by trying again.

    The host tries five times, then names its own exception. The hub's client tries again by itself where that helps.
    """
    try:
        download = host.ConfigurableTask.download
        once = download.__wrapped__
    except AttributeError:
        return  # the host's own message is then all there is

    @wraps(download)
    def download_explained(self: Any, *args: Any, **kwargs: Any) -> Any:
        from radimagenet_vqa_tasks.benchmarks import SOURCES
        from radimagenet_vqa_tasks.data.sources import explained

        found = (name for name, source in SOURCES.items() if source.repository == getattr(self, "DATASET_PATH", None))
        if (name := next(found, None)) is None:
            return download(self, *args, **kwargs)
        with explained({}, name):
            return once(self, *args, **kwargs)

    host.ConfigurableTask.download = download_explained


def _warn_of_failures(error: Exception) -> None:
    logger.warning(
        f"radimagenet-vqa-tasks cannot tell failed requests from answers in this version of lmms-eval ({error!r}): an "
        "endpoint's error texts are scored as the model's answers."
    )


def _warn(error: Exception) -> None:
    # The host's own logger: it has switched Python's warnings off.
    logger.warning(
        f"radimagenet-vqa-tasks could not register its tasks with this version of lmms-eval ({error!r}). "
        'They still work with: lmms-eval --include_path "$(radvqa tasks --path)" ...'
    )


def _when_imported(name: str, action: Any) -> None:
    """Run `action` on a module: now if it is imported, else right after it will be."""
    if name in sys.modules:
        action(sys.modules[name])
    else:
        sys.meta_path.insert(0, _AfterImport(name, action))


class _AfterImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module as Python would have, and runs an action once it is loaded."""

    def __init__(self, name: str, action: Any) -> None:
        self._name = name
        self._action = action

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._action(module)
