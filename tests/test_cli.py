"""The `radvqa` command as a person types it."""

from __future__ import annotations

import sys

import click
import pytest
from click.testing import CliRunner
from support import Command, message

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.cli import main
from radimagenet_vqa_tasks.plugin import TASKS
from radimagenet_vqa_tasks.run import catalogue


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
