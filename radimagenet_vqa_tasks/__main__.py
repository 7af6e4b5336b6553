"""`python -m radimagenet_vqa_tasks` is the `radvqa` command."""

from radimagenet_vqa_tasks.cli import main

main(prog_name="radvqa")
