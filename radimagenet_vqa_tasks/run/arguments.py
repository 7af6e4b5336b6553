"""The arguments of `radvqa run`: the host's own, a file of them, and those that cannot work."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.host import model_names, parse
from radimagenet_vqa_tasks.models.masking import masked
from radimagenet_vqa_tasks.run import catalogue

DEFAULT_OUTPUT = "runs"
PROGRAM = "radvqa run"

# What does not work here, and what does instead.
REFUSED: Mapping[str, str] = {
    "predict_only": "it scores as it goes, and that costs nothing; leave the option out",
    "num_fewshot": "the tasks are asked without examples, as the paper asked them; leave it out",
    "fewshot_as_multiturn": "the tasks are asked without examples, as the paper asked them; leave it out",
    "wandb_args": "use `lmms-eval` with the same options, which finds the same tasks",
    "swanlab_args": "use `lmms-eval` with the same options, which finds the same tasks",
    "power_analysis": "use `lmms-eval power`",
    "tui": "use `lmms-eval ui`",
}


@dataclass(frozen=True)
class Plan:
    """What a run is going to do, as far as it can be told before the host is imported.

    Attributes:
        tasks: names of tasks and groups, with patterns.
        own: whether there are task files of the user's own.
        limit: of the questions of each task.
    """

    model: str
    tasks: tuple[str, ...]
    own: bool
    limit: str | None

    def __str__(self) -> str:
        asked = "tasks of your own and of the pack" if self.own else catalogue.described(self.tasks)
        few = f", at most {self.limit} questions of each task" if self.limit else ""
        return f"Asking {self.model}: {asked}{few}."


def planned(argv: Sequence[str]) -> Plan:
    """The plan of a run. Finds typing errors in --tasks and --model before the host is imported, which takes its time.

    Raises RunError.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--model", "--tasks", "--limit", "--include_path", "--config"):
        parser.add_argument(name)
    known = parser.parse_known_args(list(argv))[0]
    file = _of_file(known.config) if known.config else {}
    model, tasks = known.model or file.get("model"), known.tasks or file.get("tasks")
    if not tasks:
        raise RunError("no task was named. Pass --tasks with one or more names, for instance --tasks radvqa")
    names = tuple(name.strip() for name in str(tasks).split(","))
    own = bool(known.include_path or file.get("include_path"))
    if not own:  # a user's own tasks are the host's to check
        catalogue.check(names)
    if not model:
        raise RunError("no model was named. Pass --model, for instance --model qwen2_5_vl --model_args pretrained=...")
    _check_model(str(model))
    limit = known.limit or file.get("limit")
    return Plan(str(model), names, own, None if limit is None else str(limit))


def _check_model(model: str) -> None:
    known = model_names()
    if model not in known:
        near = get_close_matches(model, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else "`lmms-eval models` lists them."
        raise RunError(f"lmms-eval has no model backend {model!r}. {hint} The checkpoint goes into --model_args.")


def arguments(host: Any, argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of a run, with its defaults; raises RunError for those that cannot work."""
    args, default = parse(host, argv, PROGRAM), parse(host, (), PROGRAM)
    if args.config:
        args = _with_file(args, default, argv)
    for name, instead in REFUSED.items():
        if getattr(args, name, None):
            raise RunError(f"--{name} does not work with `{PROGRAM}`: {instead}.")
    if args.limit is not None and not isinstance(args.limit, int | float):
        raise RunError(f"--limit {args.limit} is no number.")
    if args.limit is not None and 0 < args.limit < 1:
        raise RunError(f"--limit {args.limit:g} is a share, which differs between tasks; give a number of questions.")
    if args.timezone == default.timezone:
        args.timezone = "UTC"
    if "--verbosity" not in argv:
        args.verbosity = "WARNING"
    args.log_samples = True
    args.output_path = args.output_path or str(Path(DEFAULT_OUTPUT, Path(args.model).name))
    return args


def as_shown(args: argparse.Namespace) -> argparse.Namespace:
    """The arguments as they may be written down: without keys."""
    held = {name: masked(value) if isinstance(value, str) else value for name, value in vars(args).items()}
    return argparse.Namespace(**held)


def _with_file(args: argparse.Namespace, default: argparse.Namespace, argv: Sequence[str]) -> argparse.Namespace:
    """What a file says, under what the command line says."""
    given = _of_file(args.config)
    for name, value in (given.pop("env", None) or {}).items():
        os.environ[str(name)] = os.path.expandvars(str(value))
    unknown = sorted(set(given) - set(vars(default)))
    if unknown:
        raise RunError(f"{args.config} has {unknown[0]!r}, which is no option of lmms-eval.")
    named = {part.partition("=")[0].lstrip("-") for part in argv if part.startswith("--")}
    # What is named counts even where it is the default.
    said = {name: value for name, value in vars(args).items() if name in named or value != getattr(default, name)}
    return argparse.Namespace(**{**vars(default), **given, **said})


def _of_file(path: str) -> dict[str, Any]:
    try:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"--config {path} cannot be read: {error.strerror or error}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RunError(f"--config {path} is no YAML: {error}") from error
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if not isinstance(given, dict):
        raise RunError(f"--config {path} must hold the options of one run, name: value. Give several runs a file each.")
    if isinstance(given.get("tasks"), list):
        given["tasks"] = ",".join(map(str, given["tasks"]))
    return given
