"""What can go wrong, as one tree:

RadVQAError         every error the pack raises on purpose; its message names the input, the place and the remedy
├── DataError       a data set is not what a task expects
└── RunError        an evaluation could not be started, or ended without all its results
"""

from __future__ import annotations


class RadVQAError(Exception):
    """Base of the pack's errors. `radvqa` prints the message, without a traceback, and exits with 1."""


class DataError(RadVQAError):
    """A data set's columns, rows or images are not what a task expects."""


class RunError(RadVQAError):
    """An evaluation could not be started, or ended without all its results."""
