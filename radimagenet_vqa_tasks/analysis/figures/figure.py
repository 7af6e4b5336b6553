"""What every figure shares: its size, colours and letters; and how it becomes SVG or PNG, always byte for byte alike.

Text stays text in the SVG (`svg.fonttype: none`): it can be searched, copied and read aloud, and the reader's own fonts
have the characters of any name. DejaVu Sans, with which the layout is made, is wider
than the fonts that take its place elsewhere, so nothing overlaps there. The PNG is for where no SVG is shown.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.analysis.measure import AVG
from radimagenet_vqa_tasks.benchmarks.benchmark import Benchmark
from radimagenet_vqa_tasks.escape import plain

Theme = Literal["light", "dark"]

WIDTH = 5.8  # inches: letters of 9 points are 8 pixels high on a phone and 15 where the figure is 700 pixels wide
DPI = 200  # of the PNG
SHOWN = 44  # characters of a run's name
GUESSING = "uniform guessing"  # in legends
MOST = 8  # runs in one figure, for there are no more colours that everybody can tell apart

# Okabe and Ito's colours, in an order in which the first few stand out on the ground.
_COLOURS: Mapping[Theme, Sequence[str]] = {
    "light": ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A7F00"),
    "dark": ("#56B4E9", "#E69F00", "#00B386", "#F0E442", "#DE8FBC", "#F07A3A", "#FFFFFF", "#4C9FE0"),
}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
_INK: Mapping[Theme, str] = {"light": "#1F2328", "dark": "#E6EDF3"}
_FAINT: Mapping[Theme, str] = {"light": "#656D76", "dark": "#9DA7B1"}
_GROUND: Mapping[Theme, str] = {"light": "#FFFFFF", "dark": "#0D1117"}
_LINES: Mapping[Theme, str] = {"light": "#D0D7DE", "dark": "#3D444D"}


@dataclass(frozen=True)
class Look:
    """The colours of one theme."""

    theme: Theme

    @property
    def ink(self) -> str:
        """Of letters."""
        return _INK[self.theme]

    @property
    def faint(self) -> str:
        """Of what is there for orientation: chance, published values."""
        return _FAINT[self.theme]

    @property
    def lines(self) -> str:
        """Of the grid."""
        return _LINES[self.theme]

    @property
    def ground(self) -> str:
        """What the figure lies on."""
        return _GROUND[self.theme]

    def colour(self, index: int) -> str:
        """Of the run with this index."""
        return _COLOURS[self.theme][index % MOST]

    def marker(self, index: int) -> str:
        """Of the run with this index, so that colour is not all that tells runs apart."""
        return _MARKERS[index % MOST]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: of its files; made of letters, digits and hyphens.
        title, caption: plain text, which may hold the names of runs: to be escaped like those.
    """

    name: str
    title: str
    caption: str
    drawing: Drawing = field(repr=False, compare=False)
    theme: Theme = "light"

    @cached_property
    def svg(self) -> bytes:
        """The figure as an SVG document on a transparent ground."""
        return self._saved("svg", {"Date": None, "Creator": None, "Title": plain(self.title)})

    @cached_property
    def png(self) -> bytes:
        """The figure as a PNG on the theme's ground, for nobody knows what a PNG will lie on."""
        return self._saved("png", {"Software": None}, Look(self.theme).ground)

    def _saved(self, form: str, metadata: dict[str, str | None], ground: str = "none") -> bytes:
        with settings(self.theme), io.BytesIO() as file:
            self.drawing.savefig(file, format=form, dpi=DPI, metadata=metadata, facecolor=ground)
            return file.getvalue()


@contextmanager
def settings(theme: Theme) -> Iterator[None]:
    """Draw or save with this theme, whatever the user's own settings of matplotlib are."""
    look = Look(theme)
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A name may have characters that no font here has. Browsers have more fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support .* natively")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": "radvqa",
                "text.parse_math": False,  # "$" in a name is a dollar
                "font.size": 9,
                "font.sans-serif": ["DejaVu Sans"],
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.spines.left": False,
                "axes.edgecolor": look.lines,
                "axes.titlesize": 9,
                "axes.titleweight": "bold",
                "axes.titlelocation": "left",
                "axes.axisbelow": True,
                "grid.color": look.lines,
                "grid.linewidth": 0.6,
                "xtick.color": look.lines,
                "ytick.color": look.lines,
                "ytick.major.size": 0,
                "ytick.major.pad": 7,
                "legend.frameon": False,
                "legend.fontsize": 8,
                "legend.borderaxespad": 0,
                "figure.facecolor": "none",
                "axes.facecolor": "none",
                "savefig.facecolor": "none",
                "savefig.edgecolor": "none",
                "text.color": look.ink,
                "axes.labelcolor": look.ink,
                "axes.titlecolor": look.ink,
                "xtick.labelcolor": look.ink,
                "ytick.labelcolor": look.ink,
            }
        )
        yield


def canvas(height: float) -> tuple[Drawing, Axes]:
    """An empty drawing of the common width with one pair of axes."""
    drawing = Drawing(figsize=(WIDTH, height), layout="constrained")
    return drawing, drawing.subplots()


def cell_rows(axes: Axes, rows: Sequence[str], family: Benchmark, look: Look) -> None:
    """Name the rows after cells (or Avg), the first on top."""
    names = ["Avg" if name == AVG else f"{family.cells[name].subject} {family.cells[name].title}" for name in rows]
    axes.set_yticks(range(len(rows)), [name.strip() for name in names])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x")
    for row in range(1, len(rows)):
        heavy = rows[row] == AVG
        axes.axhline(row - 0.5, color=look.faint if heavy else look.lines, linewidth=0.9 if heavy else 0.4)


def colour_indices(arms: Sequence[Arm]) -> dict[str, int]:
    """One colour a run, whatever the figure: its arm without the images has the same."""
    return {name: index for index, name in enumerate(dict.fromkeys(arm.name for arm in arms))}


def enter(entries: dict[str, Artist], name: str, mark: Artist) -> None:
    """Add a mark to a legend's entries, whose names must differ even where long ones were cut to the same beginning."""
    entries[name if name not in entries else f"{name} ({len(entries) + 1})"] = mark


def legend(drawing: Drawing, entries: Mapping[str, Artist]) -> None:
    """A legend below the axes, for labels in the order given."""
    longest = max(map(len, entries), default=0)
    columns = 1 if longest > 34 else 2 if longest > 18 else 3
    drawing.legend(list(entries.values()), list(entries), loc="outside lower left", ncols=columns, handletextpad=0.6)


def label(arm: Arm, shown: int = SHOWN) -> str:
    """The arm's name, safe to draw."""
    return plain(arm.label, shown)


def remarks(arms: Sequence[Arm], drawn: int | None = None, *, judged: bool = True) -> str:
    """What a caption must say of some arms: the sample, parts of the questions, the judge; a space before it."""
    said = conditions(arms, judged=judged)
    if drawn is not None and drawn < len(arms):
        said.append(f"The first {drawn} of {len(arms)} runs are drawn.")
    return "".join(f" {sentence}" for sentence in said)


def conditions(arms: Sequence[Arm], *, judged: bool = True) -> list[str]:
    """What any number of these arms is subject to, a sentence each."""
    said = []
    if any(arm.is_sample for arm in arms):
        said.append("The embedded sample, not the benchmark: no claim about a model.")
    if partial := [label(arm) for arm in arms if arm.partial]:
        said.append(f"Partial: {', '.join(partial)}.")
    if judged and (judges := sorted({judge for arm in arms for judge in arm.judges})):
        said.append(f"Open answers judged by {', '.join(plain(judge) for judge in judges)}.")
    return said
