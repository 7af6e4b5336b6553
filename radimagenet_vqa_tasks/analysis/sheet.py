"""A table to show, and its five forms: terminal text, Markdown, LaTeX, CSV and JSON.

All texts of a Sheet are taken for hostile and escaped here, by the form's own rules.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from radimagenet_vqa_tasks import escape

Format = Literal["text", "md", "latex", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

WIDTH = 160  # columns of text that goes to a file or a pipe, where nobody says how wide it may be


@dataclass(frozen=True)
class Item:
    """One field.

    Attributes:
        text: a number or a name.
        detail: what follows it in smaller type: an interval.
        mark: whether it is the best or second best of those it can be compared with.
        tied: whether it is not told apart from the best one.
    """

    text: str
    detail: str = ""
    mark: Literal["", "best", "second"] = ""
    tied: bool = False


@dataclass(frozen=True)
class Sheet:
    """One table.

    Attributes:
        columns: heads, the first that of the row names; (group, name) puts neighbours of a group under one head.
        rows: one Item or text a column.
        names: how many columns, from the first, hold names and not numbers.
        rules: the indices of rows that a line follows.
        notes: what a reader must know; said below the table. A sheet without columns is its notes alone.
        data: the same numbers unrounded and without layout, for CSV and JSON.
    """

    title: str
    columns: Sequence[str | tuple[str, str]]
    rows: Sequence[Sequence[Item | str]]
    notes: Sequence[str] = ()
    data: Sequence[Mapping[str, object]] = ()
    rules: frozenset[int] = frozenset()
    names: int = 1


def render(sheets: Sequence[Sheet], form: Format, schema: str) -> str:
    """The sheets in one of the written forms; `schema` names what the rows of the JSON form mean."""
    if form == "csv":
        return as_csv(sheets)
    if form == "json":
        return as_json(sheets, schema)
    if form == "text":
        return as_text(sheets)
    one: Callable[[Sheet], str] = as_markdown if form == "md" else as_latex
    return "\n\n".join(one(sheet) for sheet in sheets)


def show(sheets: Sequence[Sheet], console: Console) -> None:
    """Print the sheets, each as wide as the terminal allows."""
    for number, sheet in enumerate(sheets):
        if number:
            console.print()
        console.print(Text(escape.plain(sheet.title, None), "bold"), soft_wrap=True)
        for table in as_rich(sheet, console.width):
            console.print(table)
        for note in sheet.notes:
            console.print(Text(escape.plain(note, None)), soft_wrap=not console.is_terminal)


def as_text(sheets: Sequence[Sheet]) -> str:
    """Plain text without colours, for a file or a pipe."""
    with io.StringIO() as file:
        show(sheets, Console(file=file, width=WIDTH, no_color=True, highlight=False, force_terminal=False))
        return file.getvalue().rstrip("\n")


def as_rich(sheet: Sheet, width: int) -> list[Table]:
    """The sheet without title and notes, for a terminal; as several tables where it is wider than `width`."""
    if not sheet.columns:
        return []
    heads = [escape.plain(_head(column)) for column in sheet.columns]
    texts = [[_plain(_item(field)) for field in row] for row in sheet.rows]
    widths = [max(cell_len(text) for text in column) + 3 for column in zip(heads, *texts, strict=True)]
    tables = []
    for block in _blocks(widths, width - 1, sheet.names):
        table = Table()
        for index in block:
            table.add_column(Text(heads[index]), justify="left" if index < sheet.names else "right", no_wrap=index > 0)
        for position, row in enumerate(sheet.rows):
            fields = (Text(texts[position][index], _STYLES[_item(row[index]).mark]) for index in block)
            table.add_row(*fields, end_section=position in sheet.rules)
        tables.append(table)
    return tables


_STYLES = {"": "", "best": "bold", "second": "underline"}


def _blocks(widths: Sequence[int], width: int, names: int) -> list[list[int]]:
    """Columns that fit side by side: each block begins with the row names."""
    blocks = [list(range(names))]
    for index in range(names, len(widths)):
        if len(blocks[-1]) > names and sum(widths[other] for other in blocks[-1]) + widths[index] > width:
            blocks.append(list(range(names)))
        blocks[-1].append(index)
    return blocks


def as_markdown(sheet: Sheet) -> str:
    """GitHub's Markdown: the best in bold, the second best in italics, for Markdown cannot underline."""
    heads = [escape.markdown(_head(column)) for column in sheet.columns]
    lines = [f"**{escape.markdown(sheet.title, None)}**"]
    lines += ["", _row(heads), _row(_aligned(sheet, "---", "---:"))] if heads else []
    lines += [_row([_marked(_item(field), "md") for field in row]) for row in sheet.rows]
    notes = [f"- {escape.markdown(note, None)}" for note in sheet.notes]
    return "\n".join([*lines, "", *notes] if notes else lines)


def _aligned(sheet: Sheet, left: str, right: str) -> list[str]:
    return [left if index < sheet.names else right for index in range(len(sheet.columns))]


def _row(fields: Iterable[str]) -> str:
    return f"| {' | '.join(fields)} |"


def as_latex(sheet: Sheet) -> str:
    """A table environment for LaTeX with booktabs and graphicx, marked as the paper marks it."""
    if not sheet.columns:
        notes = [escape.latex(note, None) for note in sheet.notes]
        return "\n\n".join([rf"\paragraph{{{escape.latex(sheet.title, None)}}}", *notes])
    groups = ["" if isinstance(column, str) else column[0] for column in sheet.columns]
    names = [column if isinstance(column, str) else column[1] for column in sheet.columns]
    lines = [
        r"\begin{table}",
        r"\centering",
        r"\resizebox{\linewidth}{!}{%",
        rf"\begin{{tabular}}{{{''.join(_aligned(sheet, 'l', 'r'))}}}",
        r"\toprule",
        *([_latex_groups(groups)] if any(groups) else []),
        _latex_row(escape.latex(name) for name in names),
        r"\midrule",
    ]
    for position, row in enumerate(sheet.rows):
        lines.append(_latex_row(_marked(_item(field), "latex") for field in row))
        lines += [r"\midrule"] if position in sheet.rules and position < len(sheet.rows) - 1 else []
    caption = " ".join([escape.latex(sheet.title, None) + ".", *(escape.latex(note, None) for note in sheet.notes)])
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}}", rf"\caption{{{caption}}}", r"\end{table}"])


def _latex_row(fields: Iterable[str]) -> str:
    line = " & ".join(fields) + r" \\"
    # A bracket or a star would be an argument of the line's end before it.
    return "{}" + line if line.startswith(("[", "*")) else line


def _latex_groups(groups: Sequence[str]) -> str:
    spans = [(name, len(list(same))) for name, same in groupby(groups)]
    return " & ".join(rf"\multicolumn{{{span}}}{{c}}{{{escape.latex(name)}}}" for name, span in spans) + r" \\"


def as_csv(sheets: Sequence[Sheet]) -> str:
    """One line a number, with a column `table`; columns that a sheet does not have are empty."""
    names = list(dict.fromkeys(name for sheet in sheets for row in sheet.data for name in row))
    with io.StringIO() as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["table", *names])
        for sheet in sheets:
            for row in sheet.data:
                writer.writerow([escape.csv_field(sheet.title), *(_csv(row.get(name)) for name in names)])
        return file.getvalue().rstrip("\n")


def _csv(value: object) -> object:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value
    return escape.csv_field(" ".join(value) if isinstance(value, list) else value)


def as_json(sheets: Sequence[Sheet], schema: str) -> str:
    """One object; numbers that do not exist are null. Pure ASCII, so that nothing in it acts on a terminal."""
    tables = [
        {"title": sheet.title, "notes": list(sheet.notes), "rows": [_nulled(row) for row in sheet.data]}
        for sheet in sheets
    ]
    return json.dumps({"schema": schema, "tables": tables}, indent=1, ensure_ascii=True, allow_nan=False)


def _nulled(row: Mapping[str, object]) -> dict[str, object]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}


def _head(column: str | tuple[str, str]) -> str:
    return column if isinstance(column, str) else " ".join(column)


def _item(field: Item | str) -> Item:
    return field if isinstance(field, Item) else Item(field)


def _plain(item: Item) -> str:
    sign = "*" if item.mark == "best" else "~" if item.tied else ""
    return sign + escape.plain(f"{item.text} {item.detail}" if item.detail else item.text)


def _marked(item: Item, form: Literal["md", "latex"]) -> str:
    escaped, marks, detail, tied = _FORMS[form]
    text = marks[item.mark].format(escaped(item.text))
    text += detail.format(escaped(re.sub(r"(?<=\[) +| +(?= )", "", item.detail))) if item.detail else ""
    return text + (tied if item.tied else "")


_FORMS: Mapping[str, tuple[Callable[[object], str], Mapping[str, str], str, str]] = {
    "md": (escape.markdown, {"": "{}", "best": "**{}**", "second": "*{}*"}, " {}", " \\~"),
    "latex": (
        escape.latex,
        {"": "{}", "best": r"\textbf{{{}}}", "second": r"\underline{{{}}}"},
        r" {{\scriptsize {}}}",
        r"$^{\sim}$",
    ),
}
