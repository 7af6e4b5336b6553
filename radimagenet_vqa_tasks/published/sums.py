"""The arithmetic of docs/known_disagreements.md, done anew from the printed numbers; each sum gives Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from radimagenet_vqa_tasks.published import tables
from radimagenet_vqa_tasks.taxonomy import regions

READERS = range(190, 206)  # numbers of cases near the 200 of the text
ABNORMAL = 719  # images of RadImageNet-VQA that are not normal
GEOMETRIC = "geometric_information"


def plain_mean(values: Iterable[float]) -> float:
    """The mean in which each cell counts the same."""
    listed = list(values)
    return sum(listed) / len(listed)


def weighted_mean(printed: Iterable[tables.Printed]) -> float:
    """The mean in which each question counts the same; all numbers must have a value and an n."""
    pairs = [(one.value, one.n) for one in printed if one.value is not None and one.n is not None]
    return sum(value * n for value, n in pairs) / sum(n for _, n in pairs)


def is_share(percentage: float, n: int, decimals: int = 2) -> bool:
    """Whether a printed percentage can be a whole number of n, rounded."""
    return round(100 * round(percentage * n / 100) / n, decimals) == round(percentage, decimals)


def tasks(model: str) -> list[tables.Printed]:
    """The five task accuracies of ReXVQA's Table 2, with the number of questions that Table 1 has for them."""
    return [one for one in _of("rexvqa", "2", model) if one.cell not in ("overall", "failed_extractions")]


def _averages() -> str:
    found = tables.errata().values()
    return _table(
        ["row", "printed", "mean of the nine"],
        ([one.row, f"{one.printed:.1f}", f"{one.recomputed:.1f}"] for one in found),
    )


def _pathologies() -> str:
    labels = {label.raw for region in regions().values() for label in region.labels}
    return f"{len(labels)} labels of {len(regions())} regions, and `normal`: {len(labels) + 1}."


def _distractors() -> str:
    printed = [one.value for one in tables.load("radimagenet_vqa") if one.table == "4" and one.value is not None]
    odd = [f"{value:.1f}" for value in printed if not is_share(value, ABNORMAL, decimals=1)]
    return f"{' and '.join(odd)} % are no share of {ABNORMAL} questions; the other {len(printed) - len(odd)} may be."


def _overall() -> str:
    lines = []
    for model, row in tables.rows("rexvqa", "2").items():
        plain, weighted = plain_mean(one.value or 0 for one in tasks(model)), weighted_mean(tasks(model))
        lines.append([model, f"{row['overall']:.2f}", f"{plain:.2f}", f"{weighted:.2f}"])
    return _table(["model", "printed", "plain mean", "weighted by questions"], lines)


def _denominators() -> str:
    lines = []
    for model, row in tables.rows("rexvqa", "2").items():
        value = row[GEOMETRIC]
        n = _largest(value)
        lines.append([model, f"{value:.2f}", f"{round(value * n / 100)} of {n}", f"{row['failed_extractions']}"])
    return _table(["model", "printed, %", "the largest fitting share", "failed answers in all tasks, %"], lines)


def _largest(value: float) -> int:
    asked = next(one.n for one in tables.load("rexvqa") if one.table == "2" and one.cell == GEOMETRIC)
    return next(n for n in range(asked or 0, 0, -1) if is_share(value, n))


def _splits() -> str:
    text, table = tables.rows("rexvqa", "section 3.5"), tables.rows("rexvqa", "1")
    lines = [[split, f"{text[split]['total']:,.0f}", f"{row['total']:,.0f}"] for split, row in table.items()]
    released = ("train", "valid", "test")
    sums = [sum(source[split]["total"] for split in released) for source in (text, table)]
    total = ["train, valid and test", *(f"{one:,.0f}" for one in sums)]
    return _table(["split", "section 3.5", "Table 1"], [*lines, total])


def _readers() -> str:
    values = {row: cells["overall"] for row, cells in tables.rows("rexvqa", "section 6.1").items()}
    fits = {n: sum(is_share(value, n) for value in values.values()) for n in READERS}
    shares = _table(
        ["who", "printed, %", "of 198"], ([row, f"{value:.2f}", f"{value * 1.98:.2f}"] for row, value in values.items())
    )
    said = ", ".join(f"{n}: {count}" for n, count in fits.items() if count)
    tried = f"{READERS[0]} to {READERS[-1]} cases"
    return f"{shares}\n\nOf the {len(values)}, so many can be shares of so many cases ({tried}; else none): {said}."


def _categories() -> str:
    repeated, every = tables.rows("rexvqa", "3"), tables.rows("rexvqa", "6")
    lines = [
        [model, f"{row['Average']:.2f}", f"{_mean(repeated[model]):.2f}", f"{_mean(row):.2f}", str(len(row) - 1)]
        for model, row in every.items()
    ]
    return _table(["model", "printed in both", "mean of Table 3", "mean of Table 6", "categories"], lines)


def _mean(row: Mapping[str, float]) -> float:
    return plain_mean(value for cell, value in row.items() if cell != "Average")


def _biomedclip() -> str:
    text, table = tables.rows("ct_bench", "section 2.3"), tables.rows("ct_bench", "6")
    return _table(
        ["Biomed-CLIP", "section 2.3", "Table 6"],
        ([name, f"{value:.2f}", f"{table['Biomed-CLIP'][name]:.1f}"] for name, value in text["Biomed-CLIP"].items()),
    )


def _ct_averages() -> str:
    lines = []
    for table in ("6", "7"):
        for row, values in tables.rows("ct_bench", table).items():
            cells = [one for one in _of("ct_bench", table, row) if one.n]
            if "average_total" in values and cells:
                lines += [_ct_line(row, part, values[f"average_{part}"], cells) for part in _PARTS]
    return _table(["row", "average", "printed", "weighted by questions", "plain mean"], lines)


_PARTS = ("without_box", "with_box", "total")


def _ct_line(row: str, part: str, printed: float, cells: Sequence[tables.Printed]) -> list[str]:
    asked = [one for one in cells if part == "total" or one.cell.endswith(f"_{part}")]
    plain = plain_mean(one.value or 0 for one in asked)
    return [row, part.replace("_", " "), f"{printed:.2f}", f"{weighted_mean(asked):.2f}", f"{plain:.2f}"]


def _human() -> str:
    cells = [one for one in _of("ct_bench", "7", "Junior Doctor (Radiology Exp.)") if one.n]
    said = " + ".join(str(one.n) for one in cells)
    return f"{said} = {sum(one.n or 0 for one in cells)}."


def _of(paper: str, table: str, row: str) -> list[tables.Printed]:
    return [one for one in tables.load(paper) if (one.table, one.row) == (table, row) and one.value is not None]


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


SUMS: Mapping[str, Callable[[], str]] = {
    "averages": _averages,
    "pathologies": _pathologies,
    "distractors": _distractors,
    "overall": _overall,
    "denominators": _denominators,
    "splits": _splits,
    "readers": _readers,
    "categories": _categories,
    "biomedclip": _biomedclip,
    "ct_averages": _ct_averages,
    "human": _human,
}
