"""Which runs of words mean something: the wordings of the taxonomy and the words that negate, hedge or refuse.

One vocabulary a region is built on first use and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from radimagenet_vqa_tasks.judge.rule.cues import Kind, cues
from radimagenet_vqa_tasks.judge.rule.matching import Entry, Vocabulary
from radimagenet_vqa_tasks.judge.rule.tables import listed
from radimagenet_vqa_tasks.reading.canonical import IS, OF, SHOW, term_words
from radimagenet_vqa_tasks.taxonomy import Label, Region, TaxonomyError, regions, taxonomy


@cache
def pathology_vocabulary(region: str) -> Vocabulary:
    """The labels of one region, what makes an answer a normal one, and the cues."""
    found = Vocabulary()
    place = regions()[region]
    _add_labels(found, place, place.labels)
    for phrase in _normal_phrases(place):
        found.add(phrase, Entry(Kind.NORMAL, place.normal.name))
    for word in listed("generic"):
        found.add(term_words(word), Entry(Kind.GENERIC))
    _add_cues(found)
    # "Pleural effusion" is no joint effusion, "pulmonary edema" none of the brain.
    for term in taxonomy().other_findings:
        found.add(term_words(term), Entry(Kind.OTHER, term))
    return found


@cache
def findings_vocabulary() -> Vocabulary:
    """Every pathology of every region and every other finding: what a normal answer must not affirm."""
    found = Vocabulary()
    for place in regions().values():
        for label in place.labels:
            for term in label.terms():
                found.add(term_words(term), Entry(Kind.LABEL, label.name))
        for phrase in _normal_phrases(place):
            found.add(phrase, Entry(Kind.IGNORED))
    for term in (*taxonomy().other_findings, *listed("harmed")):
        found.add(term_words(term), Entry(Kind.LABEL, term))
    _add_cues(found)
    return found


@cache
def anatomy_vocabulary() -> Vocabulary:
    """The eight regions with their synonyms and parts, and the cues."""
    found = Vocabulary()
    for phrase in taxonomy().other_phrases:
        found.add(term_words(phrase), Entry(Kind.IGNORED))
    for region in regions().values():
        for term in region.terms():
            entry = Entry(Kind.LABEL, region.name, own_name=term in (region.name, region.readable))
            _add_new(found, term_words(term), entry)
    for region in regions().values():
        for term in region.parts:
            _add_new(found, term_words(term), Entry(Kind.PART, region.name))
    for phrase in listed("beside", ";"):
        found.add(term_words(phrase), Entry(Kind.NEGATES_NEXT))
    for word in listed("other_joints"):
        found.add((word,), Entry(Kind.LABEL, word))
    for word in listed("other_places"):
        found.add(term_words(word), Entry(Kind.OTHER, word))
    _add_cues(found)
    return found


def variants(phrase: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A wording and its other orders: "acl tear" as "tear of acl" and "acl with tear", "torn acl" as "acl is torn"."""
    yield phrase
    if len(phrase) > 1 and OF not in phrase:
        for cut in range(1, len(phrase)):
            yield (*phrase[cut:], OF, *phrase[:cut])
            yield (*phrase[cut:], ",", *phrase[:cut])  # "flair hyperintensity, focal"
        for link in (SHOW, "with", ":"):
            yield (*phrase[:-1], link, phrase[-1])
        if phrase[0] in listed("harmed") | listed("states"):
            yield (*phrase[1:], phrase[0])
            yield (phrase[0], IS, *phrase[1:])
            yield (*phrase[1:], IS, phrase[0])
            yield (*phrase[1:], ":", phrase[0])
            yield (*phrase[1:], "that", IS, phrase[0])


def _normal_phrases(place: Region) -> Iterator[tuple[str, ...]]:
    """The wordings of normal, but for "no pathology" and its like: those are read as the negations that they are,
    since more may follow ("no pathology or fracture")."""
    return (phrase for term in place.normal.terms() if (phrase := term_words(term))[0] not in ("no", "nothing"))


def _add_labels(found: Vocabulary, place: Region, labels: Iterable[Label]) -> None:
    # All printed names first: "soft tissue fluid collection" is a synonym elsewhere and a name in the knee.
    for label in labels:
        for term in (label.name, label.readable):
            _add_new(found, term_words(term), Entry(Kind.LABEL, label.name, own_name=True))
    for label in labels:
        for term in label.synonyms:
            _add_new(found, term_words(term), Entry(Kind.LABEL, label.name))
        # RadImageNet's folder name; "extra" and "intra" are words of English too, so they must stand alone.
        folder = term_words(label.raw)
        if len(folder) > 1:
            _add_new(found, folder, Entry(Kind.LABEL, label.name))
        else:
            found.alone[folder[0]] = found.entries.get(folder, Entry(Kind.LABEL, label.name))
    for label in labels:
        for term in label.terms():
            for phrase in variants(term_words(term)):
                found.add(phrase, Entry(Kind.LABEL, label.name))


def _add_new(found: Vocabulary, phrase: tuple[str, ...], entry: Entry) -> None:
    known = found.entries.get(phrase)
    if known is not None and known.value != entry.value:
        raise TaxonomyError(
            f"taxonomy.yaml: {' '.join(phrase)!r} means both {known.value!r} and {entry.value!r}"
            " once spelling, number, side and size are set aside; remove one"
        )
    found.add(phrase, entry)


def _add_cues(found: Vocabulary) -> None:
    for kind, phrases in cues().items():
        for phrase in phrases:
            found.add(term_words(phrase), Entry(kind))
