"""The words that a build may use: regions and labels of the bundled taxonomy, or of a file of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from radimagenet_vqa_tasks.errors import DataError
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, Taxonomy, TaxonomyError, taxonomy, taxonomy_in

OPTIONS = 4
"""Options of a multiple-choice question, the right one included."""

NORMAL = "normal"
"""What RadImageNet calls the folder of images without a labelled finding."""

# What modalities are called in folders and tables; "us" is known, and left out.
_MODALITY_NAMES = {"ct": "ct", "mr": "mri", "mri": "mri"}
ULTRASOUND = ("us", "ultrasound")


class UnknownWordError(DataError):
    """A modality, region or label that the taxonomy does not have; the message names the nearest."""


@dataclass(frozen=True, eq=False)  # one object a file: compared, and hashed, by identity
class Vocabulary:
    """What questions, captions and folder names are made of.

    Attributes:
        labels: region -> the names of its pathologies, as answers spell them.
        clean: folder name of a pathology -> that name; "normal" included.
        raws: (region, any spelling of a label) -> its folder name.
        readable: (region, folder name) -> the label for people.
        places: (modality, any name of a region) -> the region.
    """

    labels: Mapping[str, tuple[str, ...]]
    clean: Mapping[str, str] = field(repr=False)
    raws: Mapping[tuple[str, str], str] = field(repr=False)
    readable: Mapping[tuple[str, str], str] = field(repr=False)
    places: Mapping[tuple[str, str], str] = field(repr=False)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions' names, as answers spell them."""
        return tuple(self.labels)

    def modality(self, name: str) -> str:
        """ "ct" or "mri". Raises UnknownWordError for any other."""
        found = _MODALITY_NAMES.get(name.strip().casefold())
        if found is None:
            raise UnknownWordError(f"modality {name!r}{_nearest(name, _MODALITY_NAMES)}")
        return found

    def region(self, modality: str, name: str) -> str:
        """The region that a folder, or a name in any spelling, stands for in that modality."""
        found = self.places.get((modality, _same(name)))
        if found is None:
            known = dict.fromkeys(place for of, place in self.places if of == modality)
            raise UnknownWordError(f"region {name!r} of {modality}{_nearest(_same(name), known)}")
        return found

    def pathology(self, region: str, name: str) -> str:
        """The folder name of a region's label, from any of its spellings."""
        found = self.raws.get((region, _same(name)))
        if found is None:
            known = dict.fromkeys(raw for (of, _), raw in self.raws.items() if of == region)
            raise UnknownWordError(f"label {name!r} of {region}{_nearest(name, known)}")
        return found


@cache
def vocabulary(file: Path | None = None) -> Vocabulary:
    """The bundled vocabulary, or that of a taxonomy `file`. Raises TaxonomyError where it cannot make questions."""
    found = _vocabulary(taxonomy_in(file) if file else taxonomy())
    _check_options(found, file)
    return found


def _vocabulary(words: Taxonomy) -> Vocabulary:
    clean, raws, readable, places = {NORMAL: NO_PATHOLOGY}, {}, {}, {}
    for name, region in words.regions.items():
        for label in (*region.labels, region.normal):
            raw = NORMAL if label is region.normal else label.raw
            clean[raw] = label.name
            readable[name, raw] = label.readable
            for spelling in (raw, label.name, label.readable):
                raws[name, _same(spelling)] = raw
        for modality, folder in region.folders.items():
            # RadImageNet's tables call a folder "mriabd" that its archive calls "MR/abd".
            for spelling in (folder, folder.removeprefix(modality), name, region.readable):
                places[modality, _same(spelling)] = name
    labels = {name: tuple(label.name for label in region.labels) for name, region in words.regions.items()}
    return Vocabulary(labels, clean, raws, readable, places)


def _check_options(words: Vocabulary, file: Path | None) -> None:
    if len(words.regions) < OPTIONS:
        raise TaxonomyError(
            f"{file}: {len(words.regions)} regions are too few for questions with {OPTIONS} options. Name more of "
            "them: they need no images"
        )
    for region, labels in words.labels.items():
        if len(labels) < OPTIONS - 1:
            raise TaxonomyError(
                f"{file}: region {region!r} has {len(labels)} labels, too few for questions with {OPTIONS} options. "
                "Name more of them: they need no images"
            )


def _same(name: str) -> str:
    """One spelling for those that differ in case, blanks, underscores and hyphens."""
    return " ".join(name.replace("_", " ").replace("-", " ").replace("/", " ").casefold().split())


def _nearest(wanted: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(wanted, names, n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else f" (known: {', '.join(sorted(names))})"
