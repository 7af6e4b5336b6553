"""Figures of runs, as SVG and PNG: `draw` them, `write` them. Only those that the given arms support are drawn."""

from radimagenet_vqa_tasks.analysis.figures.drawing import draw, laid_out, write
from radimagenet_vqa_tasks.analysis.figures.figure import Figure, Theme, conditions

__all__ = ["Figure", "Theme", "conditions", "draw", "laid_out", "write"]
