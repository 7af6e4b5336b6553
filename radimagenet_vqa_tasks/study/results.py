"""What a study leaves: tables on the screen, and a folder with the same in Markdown, the figures and the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from radimagenet_vqa_tasks import escape
from radimagenet_vqa_tasks.analysis.commands import print_sheets
from radimagenet_vqa_tasks.analysis.figures import Figure
from radimagenet_vqa_tasks.analysis.figures import write as write_figures
from radimagenet_vqa_tasks.analysis.sheet import Format, Sheet, render
from radimagenet_vqa_tasks.errors import RunError

EXAMPLES = "examples.md"


@dataclass(frozen=True)
class Results:
    """A study's tables and figures.

    Attributes:
        name: of the study and its file.
        schema: what the rows of the tables' JSON form mean.
        examples: Markdown, escaped; empty where a study has none.
    """

    name: str
    schema: str
    sheets: Sequence[Sheet]
    figures: Sequence[Figure]
    examples: str = ""

    def publish(self, form: Format, folder: Path) -> None:
        """Print the tables, and write everything to `folder`. Raises RunError where that cannot be."""
        print_sheets(self.sheets, form, self.schema)
        try:
            paths = self._write(folder)
        except OSError as error:
            raise RunError(
                f"cannot write to {folder}: {error.strerror or error}. Choose another folder with --output_path."
            ) from error
        written = ", ".join(path.name for path in paths)
        Console(stderr=True, highlight=False).print(f"In {folder}: {written}", soft_wrap=True, markup=False)

    def _write(self, folder: Path) -> list[Path]:
        paths = write_figures(self.figures, folder)
        tables = render(self.sheets, "md", self.schema)
        drawn = [
            f"![{escape.markdown(figure.title)}]({figure.name}.svg)\n\n{escape.markdown(figure.caption, None)}"
            for figure in self.figures
        ]
        texts = {f"{self.name}.md": "\n\n".join([tables, *drawn]) + "\n"}
        texts |= {EXAMPLES: self.examples} if self.examples else {}
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
            paths.append(folder / name)
        return paths
