"""Hostile text in every format that tables are printed in."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from radimagenet_vqa_tasks import escape
from radimagenet_vqa_tasks.analysis.sheet import FORMATS, Item, Sheet, render

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</td></table><b>x",
    "[click](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "see http://evil.example and www.evil.example or a@evil.example",
    "a | b | c",
    "`code` **bold** _it_ ~~gone~~ # head",
    "&lt;script&gt;",
    "$x^2$ {{7*7}} {% raw %}",
    r"\input{/etc/passwd} \write18{ls} \end{tabular} % comment",
    "100% & more_text #1 ^~",
    "[2cm] after a line's end",
    "* starred",
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "\t=1+1",
    "\uff1d1+1",
    "a\x00b\x1b[31mred\x1b]0;title\x07\x9b2J",
    "two\nlines\r\nand\u2028more",
    "user\u202egnp.exe\u202c \u2066x\u2069 \u200fy",
    "zero\u200bwidth\ufeff\u00ad",
    "lone \ud800 surrogate",
    "e" + "\u0301" * 200,
    "x" * 10_000,
    "",
]


def sheet(text: str) -> Sheet:
    """A table with the text in every place that takes one."""
    return Sheet(
        f"title {text}",
        ["", text, ("group", text)],
        [[text, Item("1.0", "[0.5, 1.5]", "best"), text]],
        [f"note {text}"],
        [{"run": text, "accuracy": 0.5, "nothing": float("nan")}],
    )


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_a_code_through(form: str, text: str) -> None:
    """Whatever is written holds no control code but line ends, no bidi mark, no lone surrogate."""
    written = render([sheet(text)], form, "schema")
    bad = [char for char in written if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char != "\n"]
    assert bad == []
    written.encode("utf-8")


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_the_text_and_nothing_else(text: str) -> None:
    """A renderer that allows HTML, tables, strike-through and bare links finds none of them in the text."""
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    page = renderer.render(render([sheet(text)], "md", "schema"))
    tags = set(re.findall(r"</?([a-z0-9]+)", page))
    assert tags <= {"p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
    assert page.count("<td") == 3 and page.count("<th") - page.count("<thead") == 3
    assert not re.search(r"(?<!\\)(?:https?:|www\.|@)", escape.markdown(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_has_no_command_of_the_text(text: str) -> None:
    """After taking out the commands that escaping itself writes, no special character is left."""
    escaped = escape.latex(text)
    commands = r"\\text(?:backslash|asciicircum|asciitilde|less|greater|bar|asciigrave)\{\}|\\ldots\{\}|\{\\char34\}"
    assert not set(re.sub(rf"{commands}|\\[{{}}$&#_%]", "", escaped)) & set('\\{}$&#_%^~<>|"`')


@pytest.mark.parametrize("text", HOSTILE)
def test_latex_rows_stay_rows(text: str) -> None:
    """A row has as many columns as its table and does not begin with an argument of the row end before it."""
    written = render([sheet(text)], "latex", "schema")
    rows = [line for line in written.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 3 and rows[0].startswith(r"\multicolumn{2}{c}{} & \multicolumn{1}{c}{group} \\")
    assert all(len(re.findall(r"(?<!\\)&", row)) == 2 for row in rows[1:])
    assert not any(row.startswith(("[", "*")) for row in rows)


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_has_no_formula(text: str) -> None:
    """No field, not even after leading blanks, begins as a formula; numbers stay numbers; rows stay rows."""
    head, *rows = csv.reader(io.StringIO(render([sheet(text)], "csv", "schema")))
    assert head == ["table", "run", "accuracy", "nothing"]
    [[title, run, accuracy, nothing]] = rows
    assert not run.startswith(tuple("=+-@|%\t\r\uff1d\uff0b\uff0d\uff20"))
    assert (title[:5], accuracy, nothing) == ("title", "0.5", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_json_keeps_the_text_as_it_was(text: str) -> None:
    """JSON is for programs: the text is whole, and the file is ASCII; a number that does not exist is null."""
    written = render([sheet(text)], "json", "schema")
    assert written.isascii()
    [row] = json.loads(written)["tables"][0]["rows"]
    assert row == {"run": text, "accuracy": 0.5, "nothing": None}


@pytest.mark.parametrize("text", HOSTILE)
def test_text_keeps_its_columns(text: str) -> None:
    """A name with line ends, marks or ten thousand letters does not break the table's frame."""
    written = render([sheet(text)], "text", "schema")
    rows = [line for line in written.splitlines() if line.startswith("│")]
    assert len(rows) == written.count("┏")  # one row a table; wide columns stand in tables below each other
    assert all(row.endswith("│") for row in rows)


def test_text_is_not_taken_for_rich_markup() -> None:
    """Square brackets in a name are letters, not the terminal library's colours or links."""
    assert "[red]x[/red] [link=http://a]y" in render([sheet("[red]x[/red] [link=http://a]y")], "text", "schema")


@given(st.text())
def test_plain_is_one_short_printable_line(text: str) -> None:
    """For any text: no unsafe character, at most the allowed length, and nothing changes when done twice."""
    safe = escape.plain(text)
    assert len(safe) <= escape.SHOWN and "\n" not in safe
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in safe)
    assert escape.plain(safe) == safe


def test_ordinary_names_stay_readable() -> None:
    """A model's usual name is itself in text and CSV."""
    name = "Qwen/Qwen2.5-VL-7B-Instruct"
    assert escape.plain(name) == escape.csv_field(name) == name
    assert escape.latex(name) == escape.markdown(name) == name


@pytest.mark.parametrize("char", "\u3164\u2800\ufe0f\U000e0101\u115f\u034f\u180b\uffa0\u200d")
def test_what_nobody_sees_is_shown(char: str) -> None:
    """Two names that differ in an invisible character alone do not look the same in a terminal or a table."""
    assert escape.plain(f"a{char}b") == escape.lines(f"a{char}b") == "a\ufffdb"


def test_lines_stay_lines_and_codes_go() -> None:
    """A table of several lines keeps its blanks; nothing in it moves the cursor."""
    assert escape.lines("  a  |\x1b[2J\n  b\x07 |\n") == "  a  |\ufffd[2J\n  b\ufffd |\n"
