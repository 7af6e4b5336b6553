"""The commands in README.md and docs/, and the output that they print there.

    python tools/doc_commands.py --write

A command stands in an indented block, one a line. Where its output is shown, it stands between two marks, and this
script writes it:

    <!-- printed -->                the whole output of the last command above
    <!-- printed: TITLE -->         of it the part that begins with TITLE, up to an empty line
    <!-- printed by COMMAND -->     the output of another command; with or without a TITLE
    <!-- /printed -->

The commands are called in this process, in a folder that holds the runs of `radvqa demo`. A test makes the same calls
and compares, and tries every other command with stand-ins of models and data.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from radimagenet_vqa_tasks.cli import main as radvqa

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_PRINTED = re.compile(
    r"<!-- printed(?: by (?P<by>[^:]*?))?(?:: (?P<title>.*?))? -->\n(?P<text>.*?)<!-- /printed -->", re.DOTALL
)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_COMMAND = re.compile(r"(?:[A-Z_]+=\S+ +)*(?:radvqa|lmms-eval|torchrun|accelerate)(?: |$)")

WIDTH = 116  # of a sentence
_RULES = "┏┃┡│├└"  # how the lines of a table begin

Call = Callable[[Sequence[str]], str]


@dataclass(frozen=True)
class Command:
    """A command of a page.

    Attributes:
        line: where it stands, from 1.
        words: program and arguments, as a shell splits them, without variables before and redirections behind.
        variables: those before.
        whole: whether it stands in a block, to be copied as it is; else it is named in a sentence.
    """

    page: Path
    line: int
    words: tuple[str, ...]
    variables: Mapping[str, str]
    whole: bool

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: {shlex.join(self.words)}"


def commands(page: Path) -> list[Command]:
    """All commands of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    outside = _PRINTED.sub(lambda found: "\n" * found[0].count("\n"), text)
    found = [*_in_blocks(page, outside), *_in_sentences(page, outside)]
    return sorted(found, key=lambda one: one.line)


def _in_blocks(page: Path, text: str) -> Iterator[Command]:
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line, first = lines[number], number
        while line.endswith("\\") and number + 1 < len(lines):
            number += 1
            line = line[:-1] + lines[number]
        number += 1
        if line.startswith("    ") and _COMMAND.match(line[4:]):
            yield _command(page, first + 1, line[4:], whole=True)


def _in_sentences(page: Path, text: str) -> Iterator[Command]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.startswith("    "):
            for span in _SPAN.findall(line):
                if _COMMAND.match(span):
                    yield _command(page, number, span, whole=False)


def _command(page: Path, line: int, text: str, *, whole: bool) -> Command:
    words = shlex.split(text, comments=True)
    variables = {}
    while "=" in words[0] and words[0].partition("=")[0].isupper():
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    words = words[: next((at for at, word in enumerate(words) if word in (">", "|")), None)]
    return Command(page, line, tuple(words), variables, whole)


def rewritten(page: Path, call: Call) -> str:
    """The page with the outputs that its commands have now; `call` gives the output of one."""
    text = page.read_text(encoding="utf-8")
    above = {one.line: one for one in commands(page) if one.whole}
    outputs: dict[tuple[str, ...], str] = {}

    def printed(found: re.Match[str]) -> str:
        lines = [line for line in above if line <= text.count("\n", 0, found.start())]
        words = tuple(shlex.split(found["by"])) if found["by"] else above[max(lines)].words
        if words not in outputs:
            outputs[words] = call(words)
        shown = _part(outputs[words], found["title"])
        head = found[0][: found[0].index("\n")]
        return f"{head}\n\n{_indented(shown)}\n\n<!-- /printed -->"

    return _PRINTED.sub(printed, text)


def _part(output: str, title: str | None) -> str:
    """The part that is shown; sentences are broken as a terminal breaks them."""
    lines = [part for line in output.strip("\n").splitlines() for part in _wrapped(line.rstrip())]
    if title is None:
        return "\n".join(lines)
    begin = next((at for at, line in enumerate(lines) if line.startswith(title)), None)
    if begin is None:
        raise SystemExit(f"no line of the output begins with {title!r}:\n{output}")
    end = next((at for at in range(begin, len(lines)) if not lines[at]), len(lines))
    return "\n".join(lines[begin:end])


def _wrapped(line: str) -> list[str]:
    is_table = not line or line[0] in _RULES
    return [line] if is_table else textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.split("\n"))


def call(words: Sequence[str]) -> str:
    """What `radvqa` prints on its standard output. Raises SystemExit where it fails."""
    result = CliRunner().invoke(radvqa, [os.path.expanduser(word) for word in words[1:]])
    if result.exit_code:
        raise SystemExit(f"{shlex.join(words)} exits with {result.exit_code}:\n{result.output}") from result.exception
    return result.stdout


def main() -> None:
    """Write the outputs anew, or say with exit code 1 which pages have others."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        demonstration = call(["radvqa", "demo"])

        def printed(words: Sequence[str]) -> str:
            return demonstration if words == ("radvqa", "demo") else call(words)

        pages = {page: rewritten(page, printed) for page in PAGES}
        os.chdir(ROOT)
    changed = [page for page, text in pages.items() if text != page.read_text(encoding="utf-8")]
    for page in changed:
        print(page)
        if "--write" in sys.argv:
            page.write_text(pages[page], encoding="utf-8")
    if changed and "--write" not in sys.argv:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
