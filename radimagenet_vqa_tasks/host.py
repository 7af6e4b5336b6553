"""All that leans on the inside of lmms-eval 0.7, apart from the plugin and the backends: its parts, called one by one.

`lmms-eval` finds tasks, loads a model, asks, scores and saves in one function that cannot be told to do a part of it
otherwise. `radvqa run` makes the same calls in the same order, with its own task index and its own way of asking.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from radimagenet_vqa_tasks.benchmarks import SOURCES
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS, Source
from radimagenet_vqa_tasks.data.sources import LocalFiles, not_on_hub
from radimagenet_vqa_tasks.errors import RadVQAError, RunError
from radimagenet_vqa_tasks.plugin import TASKS


def import_host() -> Any:
    """The host's command-line module."""
    import lmms_eval.__main__ as host  # 8 to 15 seconds, hence not at the top

    return host


def model_names() -> list[str]:
    """Every name that `--model` takes, aliases and the pack's own among them; in a fifth of a second."""
    from lmms_eval.models import list_available_models

    names: list[str] = list_available_models(include_aliases=True)
    return names


def parse(host: Any, argv: Sequence[str], program: str) -> argparse.Namespace:
    """The host's own arguments. It reads nothing but `sys.argv`."""
    before = sys.argv
    sys.argv = [program, *argv]
    try:
        arguments: argparse.Namespace = host.parse_eval_args()[1]
    finally:
        sys.argv = before
    return arguments


def prepare(host: Any, verbosity: str) -> None:
    """Processes, log and error handling of a run."""
    import accelerate
    from lmms_eval.api.task import ConfigurableTask
    from tenacity import retry_if_not_exception_type

    accelerate.Accelerator(kwargs_handlers=[accelerate.InitProcessGroupKwargs(timeout=timedelta(seconds=60_000))])
    host.eval_logger.remove()
    host.eval_logger.add(sys.stderr, level=verbosity, format="{level}: {message}", filter=_not_of_one_request)
    # Trying five times helps against a network, not against data that are wrong.
    ConfigurableTask.download.retry.retry = retry_if_not_exception_type(RadVQAError)
    ConfigurableTask.download.retry.reraise = True


def _not_of_one_request(record: Mapping[str, Any]) -> bool:
    """Leave out what a backend says of each request that failed: they are counted, and the run says why."""
    return record["function"] not in ("process_single_request", "_process") or record["level"].name == "DEBUG"


@contextmanager
def video_reader() -> Iterator[None]:
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


def task_manager(host: Any, args: argparse.Namespace, files: Mapping[str, LocalFiles], views: str = ALL_VIEWS) -> Any:
    """The host's TaskManager, indexing this pack's tasks only, on local files where there are any, by data set.

    `views` is which of a question's images are shown by tasks that have a choice.
    """
    local = {named: (SOURCES[name], of_source) for name, of_source in files.items() for named in _named(SOURCES[name])}

    elsewhere = {named: source for source in SOURCES.values() if source.elsewhere for named in _named(source)}

    class PackTaskManager(host.TaskManager):
        def _get_config(self, name: str) -> dict[str, Any]:
            config: dict[str, Any] = super()._get_config(name)
            named = _data_of(config)
            if named in elsewhere and named not in local:
                raise not_on_hub(elsewhere[named])
            if named in local:
                source, of_source = local[named]
                data_files = {source.split: of_source[_named(source)[named] or config.pop("dataset_name", None)]}
                kwargs = {"data_files": data_files, **source.reading}
                config |= {"dataset_path": source.builder, "dataset_kwargs": kwargs}
            for of_model in (config.get("lmms_eval_specific_kwargs") or {}).values():
                if views != ALL_VIEWS and isinstance(of_model, dict) and "views" in of_model:
                    of_model["views"] = views
            return config

    folders = [str(TASKS), *([args.include_path] if args.include_path else [])]
    return PackTaskManager(args.verbosity, include_path=folders, include_defaults=False, model_name=args.model)


def _named(source: Source) -> Mapping[str, str | None]:
    """What task files call a data set; of documents each part's address, with the part."""
    if not source.document:
        return {source.repository: None}
    return {source.address(part): part for part in source.configurations}


def _data_of(config: Mapping[str, Any]) -> str | None:
    """The data set of the hub that a task's configuration names; of a document, its address."""
    files = (config.get("dataset_kwargs") or {}).get("data_files")
    file = next(iter(files.values()), None) if isinstance(files, dict) else None
    named = file if config.get("dataset_path") == "text" else config.get("dataset_path")
    return named if isinstance(named, str) else None


def load_model(args: argparse.Namespace) -> Any:
    """The backend, watched (see `models/watched.py`)."""
    from lmms_eval import models

    from radimagenet_vqa_tasks.models.watched import watched

    backend = watched(models.get_model(args.model, args.force_simple))
    if args.apply_chat_template and not hasattr(backend, "apply_chat_template"):
        raise RunError(
            f"the backend {args.model!r} takes no --apply_chat_template: it dresses prompts in its model's own "
            "template already. Leave the option out."
        )
    wanted = {"batch_size": args.batch_size, "max_batch_size": args.max_batch_size, "device": args.device}
    return backend.create_from_arg_string(args.model_args, wanted)  # type: ignore[attr-defined]


def modules_with_bars(host: Any, lm: Any) -> list[ModuleType]:
    """Where progress bars of the host's are made: the backend's modules, the evaluator, and the tasks'."""
    modules = [sys.modules[kind.__module__] for kind in type(lm).__mro__ if kind.__module__ in sys.modules]
    return [host.evaluator, sys.modules["lmms_eval.api.task"], *dict.fromkeys(modules)]


def evaluate(
    host: Any, args: argparse.Namespace, lm: Any, manager: Any, shown_args: argparse.Namespace
) -> tuple[dict[str, Any] | None, dict[str, list[Any]]]:
    """Ask, score and save, as the host's command does; (None, {}) on the processes that are not the first.

    `shown_args` are the arguments as they may be written down.
    """
    tracker = host.EvaluationTracker(**_tracking(host, args))
    stamp = host.utils.get_datetime_str(timezone=args.timezone)
    results: dict[str, Any] | None = host.evaluator.simple_evaluate(
        **_options(host, args),
        model=lm,
        model_args=shown_args.model_args,
        tasks=manager.match_tasks([name.strip() for name in args.tasks.split(",")]),
        task_manager=manager,
        evaluation_tracker=tracker,
        cli_args=shown_args,
        datetime_str=stamp,
    )
    if results is None:
        return None, {}
    results["config"]["model"] = tracker.general_config_tracker.model_source = args.model
    samples: dict[str, list[Any]] = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples, datetime_str=stamp)
    for task in results["configs"]:
        tracker.save_results_samples(task_name=task, samples=samples[task])
    if tracker.push_results_to_hub or tracker.push_samples_to_hub:
        tracker.recreate_metadata_card()
    return results, samples


def _tracking(host: Any, args: argparse.Namespace) -> dict[str, Any]:
    from os import environ

    token = {"token": environ["HF_TOKEN"]} if environ.get("HF_TOKEN") else {}
    given: dict[str, Any] = host.utils.simple_parse_args_string(args.hf_hub_log_args)
    return {**given, "output_path": args.output_path, **token}


def _options(host: Any, args: argparse.Namespace) -> dict[str, Any]:
    import torch.distributed as dist

    as_named = (
        *("num_fewshot", "batch_size", "max_batch_size", "device", "limit", "offset", "check_integrity", "write_out"),
        *("log_samples", "system_instruction", "apply_chat_template", "fewshot_as_multiturn", "gen_kwargs"),
        *("verbosity", "force_simple", "launcher_args", "repeats", "baseline", "max_tokens", "process_docs_parallel"),
    )
    seeds = ("random_seed", "numpy_random_seed", "torch_random_seed", "fewshot_random_seed")
    return {
        **{name: getattr(args, name) for name in as_named},
        **dict(zip(seeds, args.seed, strict=True)),
        **host.request_caching_arg_to_dict(cache_requests=args.cache_requests),
        "distributed_executor_backend": "torchrun" if dist.is_available() and dist.is_initialized() else "accelerate",
    }


@contextmanager
def asking_with(lm: Any, generate_until: Any) -> Iterator[None]:
    """While the context lasts, the backend is asked through `generate_until`."""
    lm.generate_until = generate_until
    try:
        yield
    finally:
        del lm.generate_until


def leave_process_group() -> None:
    """Leave torch's process group, where torchrun or accelerate has made one.

    A process that ends with it open may be aborted by its threads, after all work is done.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
