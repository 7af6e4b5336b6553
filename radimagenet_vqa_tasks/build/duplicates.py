"""Finds what should not be in a data set twice, and leaves it out before anything is built (`--drop_duplicates`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from radimagenet_vqa_tasks.build.labels import Source
from radimagenet_vqa_tasks.build.pictures import Picture, files, look_at, near
from radimagenet_vqa_tasks.build.questions import LabelledImage

KEPT_FIRST = ("test", "val", "train")
"""Of equal pictures in several splits the first's is kept: the benchmark stays, training gives way."""

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture, where it is, and what it is said to show."""

    split: str
    label: tuple[str, str]
    picture: Picture


@dataclass
class Leakage:
    """What is there more than once; each list holds the names of pictures.

    Attributes:
        repeated: groups of equal pictures in one split, under one label.
        two_labels: groups of equal pictures under different labels, in any splits.
        shared: (split, split) -> pairs of equal pictures.
        near: (split, split) -> pairs of pictures that look alike, equal ones left out.
        blank: pictures with nothing on them.
    """

    repeated: list[list[str]] = field(default_factory=list)
    two_labels: list[list[str]] = field(default_factory=list)
    shared: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    near: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    blank: list[str] = field(default_factory=list)


def leakage(seen: Sequence[Seen]) -> Leakage:
    """What is there more than once among these pictures."""
    found = Leakage(blank=[one.picture.name for one in seen if one.picture.blank])
    for members in _equal(seen):
        by_split: dict[str, list[str]] = defaultdict(list)
        for one in members:
            by_split[one.split].append(one.picture.name)
        if len({one.label for one in members}) > 1:
            found.two_labels.append([one.picture.name for one in members])
        else:
            found.repeated += [names for names in by_split.values() if len(names) > 1]
        for first, second in _pairs(by_split):
            found.shared.setdefault((first, second), []).append((by_split[first][0], by_split[second][0]))
    found.near = _near(seen)
    return found


def _equal(seen: Sequence[Seen]) -> list[list[Seen]]:
    groups: dict[bytes, list[Seen]] = defaultdict(list)
    for one in seen:
        groups[one.picture.pixels].append(one)
    return [members for members in groups.values() if len(members) > 1]


def _pairs(splits: Iterable[str]) -> list[tuple[str, str]]:
    there = [split for split in reversed(KEPT_FIRST) if split in splits]
    return [(first, second) for place, first in enumerate(there) for second in there[place + 1 :]]


def _near(seen: Sequence[Seen]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Pairs that look alike between the benchmark and the others; blank pictures all look alike, and say nothing."""
    by_split: dict[str, list[Picture]] = defaultdict(list)
    for one in seen:
        if not one.picture.blank:
            by_split[one.split].append(one.picture)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    tested = by_split.pop("test", [])
    for split, others in by_split.items():
        for test, other in near([one.look for one in tested], [one.look for one in others]):
            if tested[test].pixels != others[other].pixels:
                found.setdefault((split, "test"), []).append((others[other].name, tested[test].name))
    return found


def without_duplicates(source: Source, workers: int | None) -> Source:
    """The source without pictures that are there before, or under two labels; its notes say how many went.

    Raises DataError for an image that cannot be decoded, RunError where the library that this takes is missing.
    """
    images = [(split, image) for split in KEPT_FIRST for image in source.images[split]]
    names = [image.path for _, image in images]
    tasks = [(source.root, names[first : first + _CHUNK]) for first in range(0, len(names), _CHUNK)]
    pictures = look_at(tasks, files, len(names), workers)
    seen = [
        Seen(split, (image.location, image.pathology), picture)
        for (split, image), picture in zip(images, pictures, strict=True)
    ]
    dropped = _dropped(seen)
    kept = {split: _without(members, dropped) for split, members in source.images.items()}
    return Source(source.root, kept, [*source.notes, *_notes(leakage(seen), dropped)])


def _dropped(seen: Sequence[Seen]) -> set[str]:
    """The names to leave out: all of a picture under two labels, all but the first of any other."""
    names: set[str] = set()
    for members in _equal(seen):
        contradictory = len({one.label for one in members}) > 1
        names |= {one.picture.name for one in (members if contradictory else members[1:])}
    return names


def _without(images: Sequence[LabelledImage], dropped: set[str]) -> list[LabelledImage]:
    return [image for image in images if image.path not in dropped]


def _notes(found: Leakage, dropped: set[str]) -> list[str]:
    notes = [f"{len(dropped):,} images were left out because their pixels are there before or under two labels"]
    if found.two_labels:
        notes.append(f"{len(found.two_labels):,} pictures were there under two labels: all of their files are left out")
    notes += [_between("the same", pair, pairs) for pair, pairs in found.shared.items()]
    notes += [f"{_between('much alike', pair, pairs)}, and stay" for pair, pairs in found.near.items()]
    if found.blank:
        notes.append(f"{len(found.blank):,} pictures are blank, for instance {found.blank[0]}")
    return notes


def _between(how: str, pair: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> str:
    first, second = pairs[0]
    return f"{len(pairs):,} pairs of {pair[0]} and {pair[1]} are {how}, for instance {first} and {second}"


def as_json(found: Leakage) -> Mapping[str, object]:
    """The whole report, for a file."""
    return {
        "repeated": found.repeated,
        "two_labels": found.two_labels,
        "shared": {" and ".join(pair): pairs for pair, pairs in found.shared.items()},
        "near": {" and ".join(pair): pairs for pair, pairs in found.near.items()},
        "blank": found.blank,
    }
