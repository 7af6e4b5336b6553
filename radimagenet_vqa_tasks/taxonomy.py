"""The benchmark's taxonomy: eight regions and their pathologies, read from `taxonomy.yaml` and validated.

Everything that has to know what a region or a label is called (questions, distractors, the rule judge, data
verification, reports) asks here, so that a spelling is decided once. Names are the benchmark's own, its typos
included; `readable` is the paper's Table 3.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from radimagenet_vqa_tasks.errors import DataError, RadVQAError

MODALITIES = ("ct", "mri")
NO_PATHOLOGY = "no pathology seen"

_FILE_KEYS = {"special_names", "shorthand", "normal", "other_findings", "other_phrases", "regions"}
_LABEL_KEYS = {"raw", "readable", "modalities", "synonyms", "note"}
_REGION_KEYS = {"readable", "folders", "synonyms", "parts", "labels", "note"}
_BRACES = re.compile(r"\{([^{}]*)\}")


class TaxonomyError(RadVQAError, ValueError):
    """The taxonomy file contradicts itself; the message names the entry."""


class UnknownNameError(DataError, LookupError):
    """No region or label goes by that name; the message suggests the nearest ones."""


@dataclass(frozen=True)
class Label:
    """One pathology of one region.

    Attributes:
        name: the benchmark's answer text ("fatcontaining tumor").
        readable: the paper's spelling ("fat-containing tumor").
        raw: RadImageNet's folder name, exact ("fat_containing_tumor").
        modalities: where RadImageNet has that folder, in the order of `MODALITIES`.
        synonyms: other ways to write the same finding; neither `name` nor `readable` is repeated here.
        note: what is odd about the entry, or "".
    """

    name: str
    readable: str
    raw: str
    modalities: tuple[str, ...]
    synonyms: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_normal(self) -> bool:
        """Whether this is the label of images without pathology."""
        return self.name == NO_PATHOLOGY

    def terms(self) -> tuple[str, ...]:
        """Every wording that means this label: name, readable name, synonyms, without repeats."""
        return tuple(dict.fromkeys((self.name, self.readable, *self.synonyms)))


@dataclass(frozen=True)
class Region:
    """One anatomical region.

    Attributes:
        name: the benchmark's answer text ("lung").
        readable: the paper's name ("chest").
        folders: modality -> RadImageNet folder; a modality without a folder has no images of the region.
        synonyms: other names of the whole region.
        parts: structures that lie in this region and in no other of the eight.
        labels: its pathologies in Table 3's order, without `normal`.
        normal: the label of its images without pathology.
        note: what is odd about the entry, or "".
    """

    name: str
    readable: str
    folders: Mapping[str, str] = field(hash=False)
    synonyms: tuple[str, ...]
    parts: tuple[str, ...]
    labels: tuple[Label, ...]
    normal: Label
    note: str = ""

    @property
    def modalities(self) -> tuple[str, ...]:
        """The modalities that the region has images of, in the order of `MODALITIES`."""
        return tuple(modality for modality in MODALITIES if modality in self.folders)

    def terms(self) -> tuple[str, ...]:
        """Every name of the region itself (not of its parts), without repeats."""
        return tuple(dict.fromkeys((self.name, self.readable, *self.synonyms)))


@dataclass(frozen=True)
class Taxonomy:
    """The whole file: regions by name, and what belongs to no single region."""

    regions: Mapping[str, Region] = field(hash=False)
    special_names: Mapping[str, str] = field(hash=False)
    other_findings: tuple[str, ...]
    other_phrases: tuple[str, ...]

    def clean(self, raw: str) -> str:
        """A folder name (or a name already clean) as this taxonomy spells it in answers."""
        return _clean(raw, self.special_names)


def regions() -> Mapping[str, Region]:
    """The eight regions by benchmark name, read-only."""
    return taxonomy().regions


@cache
def taxonomy() -> Taxonomy:
    """The bundled taxonomy, read and validated once."""
    text = files(__package__).joinpath("taxonomy.yaml").read_text(encoding="utf-8")
    return build(_parse(text))


def taxonomy_in(file: Path) -> Taxonomy:
    """A taxonomy of one's own: the bundled file's form, of which only `regions` must be there.

    Raises TaxonomyError, naming the file and the entry, where it cannot be read or contradicts itself.
    """
    given: dict[str, Any] = {
        "special_names": {"normal": NO_PATHOLOGY},
        "shorthand": {},
        "normal": {"raw": "normal"},
        "other_findings": [],
        "other_phrases": [],
    }
    try:
        data = _parse(file.read_text(encoding="utf-8"))
        _check_keys("the file", data, _FILE_KEYS)
        return build(given | data)
    except KeyError as error:
        raise TaxonomyError(f"{file}: {error.args[0]!r} is missing") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TaxonomyError) as error:
        raise TaxonomyError(f"{file}: {error}") from error


def _parse(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def clean_label(raw: str) -> str:
    """A RadImageNet folder name (or a name already clean) in the benchmark's spelling.

    >>> clean_label("ca++_tendinosis"), clean_label("liver_disease_"), clean_label("normal")
    ('calcific tendinosis', 'liver disease', 'no pathology seen')
    """
    return taxonomy().clean(raw)


@lru_cache(maxsize=1024)
def region_of(name: str) -> Region:
    """The region that goes by this benchmark or readable name, in any case, with spaces or underscores."""
    wanted = " ".join(name.replace("_", " ").casefold().split())
    for region in regions().values():
        if wanted in (region.name, region.readable):
            return region
    raise UnknownNameError(f"no region is called {name!r}{_suggest(wanted, regions())}")


@lru_cache(maxsize=1024)
def label_of(region: str, raw_or_clean: str) -> Label:
    """The label of a region by its folder name, benchmark name or readable name.

    Raises `UnknownNameError`, with the nearest names, when the region or the label is unknown.
    """
    found = region_of(region)
    by_name = _labels_by_name(found.name)
    label = by_name.get(clean_label(raw_or_clean)) or by_name.get(raw_or_clean.strip().casefold())
    if label is None:
        hint = _suggest(clean_label(raw_or_clean), by_name)
        raise UnknownNameError(f"region {found.name!r} has no label {raw_or_clean!r}{hint}")
    return label


def labels_for(region: str, modality: str | None = None) -> tuple[Label, ...]:
    """A region's pathologies, or those that one modality has images of; `normal` is never among them."""
    found = region_of(region)
    if modality is None:
        return found.labels
    wanted = modality.casefold()
    if wanted not in MODALITIES:
        raise UnknownNameError(f"no modality is called {modality!r}; known: {', '.join(MODALITIES)}")
    return tuple(label for label in found.labels if wanted in label.modalities)


@cache
def _labels_by_name(region: str) -> Mapping[str, Label]:
    found = regions()[region]
    labels = (*found.labels, found.normal)
    return {key: label for label in labels for key in (label.readable.casefold(), label.name)}


def _suggest(wanted: str, names: Iterable[str]) -> str:
    known = list(names)
    near = get_close_matches(wanted, known, n=3, cutoff=0.5)
    if near:
        return "; did you mean " + " or ".join(repr(name) for name in near) + "?"
    return "; known: " + ", ".join(sorted(known))


def _clean(raw: str, special: Mapping[str, str]) -> str:
    # Upstream drops hyphens without leaving a space, hence "fatcontaining".
    plain = " ".join(raw.replace("_", " ").replace("-", "").lower().split())
    return special.get(plain, plain)


@dataclass(frozen=True)
class _Notation:
    """What the entries of the file are written with: upstream's special spellings and the shorthand lists."""

    special: Mapping[str, str]
    shorthand: Mapping[str, str]


def build(data: Any) -> Taxonomy:
    """A validated taxonomy from the parsed YAML; `TaxonomyError` names the entry that is wrong."""
    _check_keys("the file", data, _FILE_KEYS)
    special = {_clean(raw, {}): name for raw, name in data["special_names"].items()}
    notation = _Notation(special, data["shorthand"])
    found = {name: _region(name, body, data["normal"], notation) for name, body in data["regions"].items()}
    _check_region_names(found.values())
    return Taxonomy(
        regions=MappingProxyType(found),
        special_names=MappingProxyType(special),
        other_findings=_expand_all("other_findings", data["other_findings"], notation),
        other_phrases=_expand_all("other_phrases", data["other_phrases"], notation),
    )


def _region(name: str, entry: Mapping[str, Any], normal: Mapping[str, Any], notation: _Notation) -> Region:
    place = f"region {name!r}"
    _check_keys(place, entry, _REGION_KEYS)
    folders = entry["folders"]
    _check_modalities(place, folders, MODALITIES)
    bodies = {**entry["labels"], NO_PATHOLOGY: normal}
    labels = [_label(place, label, body or {}, tuple(folders), notation) for label, body in bodies.items()]
    _check_unique(place, labels)
    return Region(
        name=name,
        readable=entry["readable"],
        folders=MappingProxyType(dict(folders)),
        synonyms=_expand_all(place, entry.get("synonyms", ()), notation),
        parts=_expand_all(place, entry.get("parts", ()), notation),
        labels=tuple(labels[:-1]),
        normal=labels[-1],
        note=entry.get("note", ""),
    )


def _label(region: str, name: str, entry: Mapping[str, Any], modalities: tuple[str, ...], notation: _Notation) -> Label:
    place = f"{region}, label {name!r}"
    _check_keys(place, entry, _LABEL_KEYS)
    raw = entry.get("raw", name.replace(" ", "_"))
    cleaned = _clean(raw, notation.special)
    if cleaned != name:
        raise TaxonomyError(f"{place}: its folder {raw!r} is cleaned to {cleaned!r}; correct one of them")
    own = entry.get("modalities", modalities)
    _check_modalities(place, own, modalities)
    readable = entry.get("readable", name)
    synonyms = _expand_all(place, entry.get("synonyms", ()), notation)
    return Label(
        name=name,
        readable=readable,
        raw=raw,
        modalities=tuple(modality for modality in MODALITIES if modality in own),
        synonyms=tuple(term for term in synonyms if term not in (name, readable)),
        note=entry.get("note", ""),
    )


def _expand_all(place: str, patterns: Iterable[Any], notation: _Notation) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for pattern in patterns:
        if isinstance(pattern, list):  # "[*words, *more_words]"
            found.update(dict.fromkeys(_expand_all(place, pattern, notation)))
            continue
        if not isinstance(pattern, str) or not pattern.strip():
            raise TaxonomyError(f"{place}: {pattern!r} is not a wording; quote it or remove it")
        found.update(dict.fromkeys(expand(place, pattern, notation.shorthand)))
    return tuple(found)


def expand(place: str, pattern: str, shorthand: Mapping[str, str]) -> Iterator[str]:
    """Every wording of a pattern: `{a,b}` is a or b, `{a,}` is a or nothing, `{NAME}` a shorthand list."""
    pieces = _BRACES.split(pattern)
    if set("{}") & set("".join(pieces[::2])):
        raise TaxonomyError(f"{place}: the braces of {pattern!r} do not pair up (they cannot be nested)")
    choices = []
    for index, piece in enumerate(pieces):
        if index % 2 and piece.isupper() and piece not in shorthand:
            raise TaxonomyError(f"{place}: {pattern!r} uses the unknown shorthand {piece!r}")
        choices.append(shorthand.get(piece, piece).split(",") if index % 2 else [piece])
    return map(_tidy, map("".join, itertools.product(*choices)))


def _tidy(text: str) -> str:
    # Only an empty choice leaves stray spaces; splitting every wording would double the time to load.
    return " ".join(text.split()) if "  " in text or text[:1] == " " or text[-1:] == " " else text


def _check_keys(place: str, entry: Any, known: set[str]) -> None:
    if not isinstance(entry, dict):
        raise TaxonomyError(f"{place}: expected a mapping, found {type(entry).__name__}")
    unknown = sorted(set(entry) - known)
    if unknown:
        raise TaxonomyError(f"{place}: unknown key {unknown[0]!r}{_suggest(unknown[0], known)}")


def _check_modalities(place: str, own: Iterable[str], allowed: Iterable[str]) -> None:
    wrong = sorted(set(own) - set(allowed))
    if wrong or not list(own):
        raise TaxonomyError(f"{place}: modalities {list(own)} must be some of {', '.join(allowed)}")


def _same(term: str) -> str:
    # Wordings that differ only in case, hyphens, slashes or spaces cannot tell two labels apart.
    return term.casefold().replace(" ", "").replace("-", "").replace("/", "")


def _check_unique(place: str, labels: Iterable[Label]) -> None:
    owner: dict[str, str] = {}
    raws: dict[str, str] = {}
    for label in labels:
        other = raws.setdefault(label.raw, label.name)
        if other != label.name:
            raise TaxonomyError(f"{place}: folder {label.raw!r} belongs to both {other!r} and {label.name!r}")
        for term in label.terms():
            other = owner.setdefault(_same(term), label.name)
            if other != label.name:
                raise TaxonomyError(f"{place}: {term!r} means both {other!r} and {label.name!r}")


def _check_region_names(found: Iterable[Region]) -> None:
    owner: dict[str, str] = {}
    for region in found:
        for term in (*region.terms(), *region.parts):
            other = owner.setdefault(_same(term), region.name)
            if other != region.name:
                raise TaxonomyError(f"regions: {term!r} names both {other!r} and {region.name!r}")
