"""Figures of runs, as SVG and PNG: `draw` them, `write` them. Only those that the given arms support are drawn."""

from radimagenet_vqa_tasks.analysis.figures.drawing import draw, write
from radimagenet_vqa_tasks.analysis.figures.figure import Figure, Theme, conditions

__all__ = ["Figure", "Theme", "conditions", "draw", "write"]
