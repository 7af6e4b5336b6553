"""Executes docs/answers.ipynb in this process, and writes the outputs below its cells.

    python tools/doc_notebook.py --write     # in a folder with runs/demo

What a cell's last line is worth is shown, as text and as the table that pandas makes of it; a figure is shown as PNG. A
test executes the cells too, and compares the texts.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parent.parent / "docs" / "answers.ipynb"


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs that its code cells have here. What a cell raises is raised."""
    import matplotlib

    matplotlib.use("Agg")
    names: dict[str, Any] = {}
    cells, count = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell = {**cell, "execution_count": count, "outputs": list(_outputs("".join(cell["source"]), names, count))}
        cells.append(cell)
    return {**notebook, "cells": cells}


def texts(notebook: dict[str, Any]) -> list[str]:
    """What the outputs say, without pictures."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return ["".join(output["data"]["text/plain"]) for output in outputs if "image/png" not in output["data"]]


def _outputs(source: str, names: dict[str, Any], count: int) -> Iterator[dict[str, Any]]:
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), f"cell {count}", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), f"cell {count}", "eval"), names)
        shown = {"text/plain": _lines(repr(value))}
        if hasattr(value, "_repr_html_"):
            shown["text/html"] = _lines(value._repr_html_())
        yield {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": shown}
    yield from _figures()


def _figures() -> Iterator[dict[str, Any]]:
    from matplotlib import pyplot

    for number in pyplot.get_fignums():
        with io.BytesIO() as file:
            pyplot.figure(number).savefig(file, dpi=80, bbox_inches="tight")
            png = base64.b64encode(file.getvalue()).decode()
        pyplot.close(number)
        yield {"output_type": "display_data", "metadata": {}, "data": {"image/png": png, "text/plain": ["<Figure>"]}}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    """Write the notebook anew, or say with exit code 1 that its outputs are others."""
    before = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    after = executed(before)
    if "--write" in sys.argv:
        NOTEBOOK.write_text(json.dumps(after, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    elif texts(before) != texts(after):
        raise SystemExit(f"{NOTEBOOK} has other outputs: python tools/doc_notebook.py --write")


if __name__ == "__main__":
    main()
