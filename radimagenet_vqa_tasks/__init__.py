"""lmms-eval tasks that measure how well vision-language models read CT and MRI."""

__version__ = "0.1.0"
