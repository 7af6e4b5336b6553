"""Images that are plain files below a data set's folder, where a name leaves open in which of a few places it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from radimagenet_vqa_tasks.data.image_archive import check_name
from radimagenet_vqa_tasks.errors import DataError


def images(folder: Path, places: Mapping[str, Sequence[str]]) -> Mapping[str, Path]:
    """The file of every image: the first of its places below the folder that there is.

    Raises DataError where an image is missing, or a place could lead out of the folder.
    """
    found = {name: _first(folder, paths) for name, paths in places.items()}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        where = " or ".join(places[missing[0]])
        raise DataError(
            f"{folder} lacks {len(missing):,} of {len(places):,} images, {missing[0]} for one, which should be at "
            f"{where}. Copy or fetch the rest."
        )
    return {name: path for name, path in found.items() if path}


def _first(folder: Path, paths: Sequence[str]) -> Path | None:
    for path in paths:
        check_name(path)
    return next((place for path in paths if (place := folder / path).is_file()), None)
