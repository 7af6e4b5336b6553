"""Data that `radvqa build` made say so: in their files, and in the fingerprint of every record about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BUILT = b"radvqa.built"
"""The key in a Parquet file's metadata under which a built file says what it is, as a JSON object."""

_MARK = "built-"


def built(file: Path) -> dict[str, Any] | None:
    """What a Parquet file says of itself if `radvqa build` wrote it, or None.

    It has `images`: how many the whole split has.
    """
    # Not at the top: tables ask whether a fingerprint is of built data, and need nothing that reads files.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        said = (pq.ParquetFile(file).metadata.metadata or {}).get(BUILT)
        found = json.loads(said) if said else None
    except (OSError, ValueError, pa.ArrowException):
        return None
    return found if isinstance(found, dict) else None


def marked(fingerprint: str) -> str:
    """The fingerprint of built data: nobody can take it for that of the released ones."""
    return _MARK + fingerprint


def is_built(fingerprint: str) -> bool:
    """Whether a record's fingerprint is that of built data."""
    return fingerprint.startswith(_MARK)
