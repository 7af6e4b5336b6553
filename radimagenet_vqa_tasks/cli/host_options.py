"""The host's main options, for the help of the commands that pass them on: the host itself takes 12 seconds to ask."""

from __future__ import annotations

import click

# By what a person wants to do; a test holds the names against the host's own.
GROUPS: dict[str, dict[str, str]] = {
    "The model (options of lmms-eval)": {
        "--model NAME": "The backend: qwen2_5_vl, vllm, openai, ... (`lmms-eval models`); radvqa_chance guesses.",
        "--model_args A=B,...": "What it takes: pretrained=..., model=..., base_url=...",
        "--batch_size N": "Questions that are answered together.",
        "--device NAME": "cuda, cuda:0, cpu, ...",
    },
    "What is asked (options of lmms-eval)": {
        "--tasks NAME,...": "Tasks and groups; `radvqa tasks` lists them.",
        "--limit N": "Only the first N questions of each task.",
        "--gen_kwargs A=B,...": "How answers are made: max_new_tokens=..., temperature=...",
        "--system_instruction TEXT": "A text before every prompt.",
        "--max_tokens N": "Stop when so many tokens have been spent.",
        "--include_path DIR": "A folder with task files of your own.",
    },
    "What is kept (options of lmms-eval)": {
        "--output_path DIR": "Folder for the logs.  [default: runs/MODEL]",
        "--use_cache DIR": "Keep responses there, for other runs too.",
        "--hf_hub_log_args A=B,...": "Also push results to the hub.",
        "--config FILE": "Options from a YAML file; the command line wins.",
        "--verbosity LEVEL": "DEBUG, INFO or WARNING.",
    },
}


class HostCommand(click.Command):
    """A command whose help shows the host's main options beside its own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its own options, then the host's by group."""
        super().format_options(ctx, formatter)
        for title, options in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(options.items()))
        formatter.write_paragraph()
        formatter.write_text("`lmms-eval eval --help` lists the rest.")
