"""The `radvqa` command. Each subcommand imports what it needs when it is called, so that `--help` answers at once."""

from __future__ import annotations

import click

from radimagenet_vqa_tasks import __version__
from radimagenet_vqa_tasks.cli import answers, building, evaluating, planning, results, studies
from radimagenet_vqa_tasks.cli.group import Commands, underscored


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": underscored}
)
@click.version_option(__version__, prog_name="radvqa")
def main() -> None:
    """Measure how well vision-language models read CT and MRI.

    \b
    Examples:
      radvqa demo                                  a small model on real scans, offline
      radvqa run --model qwen2_5_vl --model_args pretrained=Qwen/Qwen2.5-VL-3B-Instruct --tasks radvqa
      radvqa tasks                                 what can be run
    """


for command in (
    *(evaluating.demo, evaluating.run, evaluating.tasks, evaluating.verify, evaluating.judge),
    *(answers.questions, answers.score),
    *(results.table, results.compare, results.summary, results.records, results.leaderboard, results.report),
    planning.power,
    studies.study,
    *(building.build, building.export, building.recipe),
):
    main.add_command(command)
