"""The rule judge over all labels: every way to affirm, deny, doubt or weigh one, and the forms of its words."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from radimagenet_vqa_tasks.judge.rule.judge import judge_by_rule
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, regions

CASES = Path(__file__).parents[1] / "cases"
RIGHT = ("affirmed", "two_right", "normal")
SENTENCES: list[tuple[str, str, str]] = [
    (subject, group, sentence)
    for subject, groups in yaml.safe_load((CASES / "rule_sentences.yaml").read_text(encoding="utf-8")).items()
    for group, sentences in groups.items()
    for sentence in sentences
]
WORDINGS = list(csv.DictReader((CASES / "rule_wordings.tsv").open(encoding="utf-8"), delimiter="\t"))


def answers(subject: str, group: str, sentence: str) -> Iterator[tuple[str, str, str]]:
    """The sentence as an answer: region, right answer and response, over all of what may be right."""
    places = list(regions().values())
    if group in ("normal", "not_normal"):
        for place in places:
            yield place.name, NO_PATHOLOGY, sentence.format(r=place.name)
    elif subject == "anatomy":
        for place, other in zip(places, [*places[1:], places[0]], strict=True):
            yield place.name, place.name, sentence.format(x=place.name, y=other.readable)
    else:
        for place in places:
            for label, rival in zip(place.labels, [*place.labels[1:], place.labels[0]], strict=True):
                yield place.name, label.name, sentence.format(x=label.readable, y=rival.readable, r=place.name)


@pytest.mark.parametrize(("subject", "group", "sentence"), SENTENCES, ids=lambda value: str(value)[:40])
def test_sentence(subject: str, group: str, sentence: str) -> None:
    """What a sentence says of one label or region it says of all."""
    for region, target, response in answers(subject, group, sentence):
        verdict = judge_by_rule(response, target, subject=subject, location=region)
        assert (verdict.outcome == "correct") == (group in RIGHT), (response, target, verdict)


@pytest.mark.parametrize("case", WORDINGS, ids=lambda case: f"{case['region']}-{case['response'][:40]}")
def test_wording(case: dict[str, str]) -> None:
    """Nouns, adjectives and verbs of one finding name it, wherever in the region it lies."""
    assert (
        judge_by_rule(case["response"], case["answer"], subject=case["subject"], location=case["region"]).outcome
        == "correct"
    )


def test_no_sentence_stands_twice() -> None:
    """Each sentence is tried once, and never as right and as wrong."""
    assert len({(subject, sentence) for subject, _, sentence in SENTENCES}) == len(SENTENCES)
