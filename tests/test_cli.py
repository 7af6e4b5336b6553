"""The `radvqa` command as a person types it."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support import Command, message

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.cli import host_options, main
from radimagenet_vqa_tasks.plugin import TASKS
from radimagenet_vqa_tasks.run import catalogue
from radimagenet_vqa_tasks.run.arguments import planned


def test_module_and_command_are_the_same(command: Command) -> None:
    """`python -m radimagenet_vqa_tasks` is `radvqa`."""
    for result in (command("radvqa", "--version"), command(sys.executable, "-m", "radimagenet_vqa_tasks", "--version")):
        assert result.stdout.strip() == f"radvqa, version {__version__}", message(result)


def test_unknown_task_exits_with_a_suggestion(command: Command) -> None:
    """A typing error in a task's name is one line, a non-zero exit and the right name; the host is not imported."""
    result = command("radvqa", "run", "--model", "radvqa_chance", "--tasks", "radvqa_patology_mc", timeout=30)
    assert result.returncode == 1
    assert result.stderr == (
        "Error: the pack has no task or group 'radvqa_patology_mc'. Did you mean 'radvqa_pathology_mc'?\n"
    )


def test_unknown_model_exits_with_a_suggestion() -> None:
    """A typing error in a backend's name is answered before the host is imported, and so is a missing one."""
    result = CliRunner().invoke(main, ["run", "--model", "qwen2_5_v", "--tasks", "radvqa"])
    assert result.exit_code == 1
    assert "no model backend 'qwen2_5_v'. Did you mean 'qwen2_5_vl'?" in result.output
    result = CliRunner().invoke(main, ["run", "--tasks", "radvqa"])
    assert "no model was named" in result.output


def test_a_run_says_what_it_will_ask() -> None:
    """The tasks, their benchmarks and arms are told before the host is imported."""
    argv = ["--model", "radvqa_chance", "--tasks", "radvqa_sample,radvqa_sample_anatomy_*_told", "--limit", "3"]
    assert str(planned(argv)) == (
        "Asking radvqa_chance: 13 tasks of RadImageNet-VQA (embedded sample), with the images; without the images, and "
        "told so, at most 3 questions of each task."
    )


def options_of(command: click.Command) -> list[str]:
    """The spellings of all options of a command and those below it."""
    found = [name for parameter in command.params for name in parameter.opts]
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [*found, *(name for one in below for name in options_of(one))]


def test_options_are_spelt_as_the_hosts() -> None:
    """`--output_path` and not `--output-path`, in every command; the other spelling works, and is not shown."""
    assert [name for name in options_of(main) if "-" in name.lstrip("-")] == []
    for old in (
        ["compare", "x", "y", "--text-only"],
        ["report", "x", "--no-images"],
        ["report", "x", "--output", "y.html"],
    ):
        result = CliRunner().invoke(main, old)
        assert result.exit_code == 1 and "does not exist" in result.output, result.output
    assert "--output " not in CliRunner().invoke(main, ["report", "--help"]).output


def test_help_of_a_run_shows_the_hosts_options() -> None:
    """Those that the host has: the names are read from its own source, which takes no import of it."""
    [source] = Path(find_spec("lmms_eval").submodule_search_locations[0]).glob("__main__.py")  # type: ignore
    known = set(re.findall(r'"(--[a-z_]+)"', source.read_text(encoding="utf-8")))
    shown = {option.split()[0] for options in host_options.GROUPS.values() for option in options}
    assert shown <= known
    result = CliRunner().invoke(main, ["run", "--help"])
    assert all(option in result.output for option in shown)


def test_unknown_command_gets_a_suggestion() -> None:
    """A typing error in a command's name is answered with the command."""
    result = CliRunner().invoke(main, ["demi"])
    assert result.exit_code == 2
    assert "Did you mean 'demo'?" in result.output


@pytest.mark.parametrize("name", sorted(main.commands))
def test_help_has_an_example(name: str) -> None:
    """Every command shows how it is called."""
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert f"radvqa {name}" in result.output.partition("Example")[2]
    assert isinstance(main.commands[name], click.Command)


def test_tasks_lists_names_and_path() -> None:
    """The list is the catalogue; --path is what `--include_path` wants."""
    names = CliRunner().invoke(main, ["tasks"]).output.split()
    assert names == catalogue.names()
    assert {"radvqa", "radvqa_textonly", "radvqa_anatomy", "radvqa_pathology", "radvqa_sample"} <= set(names)
    assert CliRunner().invoke(main, ["tasks", "--path"]).output.strip() == str(TASKS)


def test_help_does_not_import_the_heavy_libraries(command: Command) -> None:
    """`radvqa --help` and wrong names answer at once: no torch, no transformers, no host."""
    script = (
        "import sys\nfrom radimagenet_vqa_tasks.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print({'torch', 'transformers', 'lmms_eval', 'datasets', 'pandas'} & set(sys.modules))\n"
    )
    result = command(sys.executable, "-c", script)
    assert result.stdout.splitlines()[-1] == "set()", message(result)


def test_an_error_repeats_no_code_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that holds a terminal's codes, or a key put in the place of a name, is printed as neither."""
    monkeypatch.setenv("OPENAI_API_KEY", "planted-0123456789")
    result = CliRunner().invoke(main, ["verify", "--data", "no\x1b[2Jthing-planted-0123456789"])
    assert result.exit_code == 1
    assert "no\ufffd[2Jthing-[key]" in result.output and "\x1b" not in result.output
