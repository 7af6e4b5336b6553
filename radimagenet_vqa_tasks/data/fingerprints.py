"""Fingerprints of data: which questions and pictures a number rests on, whatever file or library they came through."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset, config


def known_fingerprint(rows: Dataset, files: Sequence[Path] = ()) -> str:
    """`fingerprint`, computed once for a converted copy on this machine and not again in every process."""
    if not rows.cache_files:
        return fingerprint(rows, files)  # in memory only: nothing on the disk stands for it
    stamps = [(str(path), os.stat(path).st_size, os.stat(path).st_mtime_ns) for path in files]
    stamps += [(one["filename"], os.stat(one["filename"]).st_size, 0) for one in rows.cache_files]
    name = hashlib.sha256(repr((rows._fingerprint, stamps)).encode()).hexdigest()[:32]
    kept = Path(config.HF_DATASETS_CACHE) / "radimagenet_vqa_tasks" / "fingerprints" / name
    with suppress(OSError, UnicodeDecodeError):
        if re.fullmatch(r"[0-9a-f]{16}", found := kept.read_text(encoding="ascii")):
            return found
    found = fingerprint(rows, files)
    with suppress(OSError):  # where it cannot be kept, it is computed again
        kept.parent.mkdir(parents=True, exist_ok=True)
        new = kept.with_name(f".{name}.{os.getpid()}")
        new.write_text(found, encoding="ascii")
        new.replace(kept)
    return found


def fingerprint(rows: Dataset, files: Iterable[Path] = ()) -> str:
    """A digest of all that a model is shown or scored by: every column's values and the images' bytes, in row order.

    The same data give the same 16 hexadecimal digits whatever file, cache or library version they come from. `files`
    are images that the rows only name.
    """
    digest = hashlib.sha256()
    table = rows.with_format("arrow")[:]
    for name in sorted(table.column_names):
        digest.update(name.encode())
        if is_image(table.schema.field(name).type):
            _add_images(digest, pc.struct_field(table[name], "bytes"))
        else:
            digest.update(repr(table[name].to_pylist()).encode("utf-8", "surrogatepass"))
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def is_image(kind: pa.DataType) -> bool:
    """Whether a column of this Arrow type holds images."""
    return pa.types.is_struct(kind) and {field.name for field in kind} == {"bytes", "path"}


def _add_images(digest: hashlib._Hash, column: pa.ChunkedArray) -> None:
    """Add each image, or a mark where it is the one before it: nine rows in a row hold the same."""
    before = None
    for chunk in column.chunks:
        for scalar in chunk:
            image = scalar.as_buffer() if scalar.is_valid else pa.py_buffer(b"")
            if before is not None and image.equals(before):
                digest.update(b"=")
            else:
                digest.update(b"!" + len(image).to_bytes(8, "little"))
                digest.update(image)
            before = image
