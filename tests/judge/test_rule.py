"""The rule judge: clinician-readable cases, every wording of the taxonomy, and hostile responses."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from radimagenet_vqa_tasks.judge.rule.judge import judge_by_rule
from radimagenet_vqa_tasks.judge.verdict import Verdict
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, label_of, regions

CASES_FILE = Path(__file__).parents[1] / "cases" / "rule_judge.yaml"
CASES: list[dict[str, Any]] = [
    {"subject": subject, "target": case["in"], **case}
    for subject, cases in yaml.safe_load(CASES_FILE.read_text(encoding="utf-8")).items()
    for case in cases
]
PAIRS = [(region, label.name) for region, each in regions().items() for label in (*each.labels, each.normal)]
SHORT, LONG = 16_000, 128_000


def said(verdict: Verdict) -> tuple[str, str]:
    """A verdict without its tier."""
    return verdict.outcome, verdict.reason


def judge(case: dict[str, Any]) -> Verdict:
    """The verdict on one case of the file."""
    return judge_by_rule(case["response"], case["target"], subject=case["subject"], location=case["in"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['in']}-{case['kind']}-{case['response'][:40]}")
def test_case(case: dict[str, Any]) -> None:
    """Each case of the file gets the outcome and the reason that its line gives, for the reason it gives."""
    assert said(judge(case)) == (case["outcome"], case["reason"]), case["why"]


def test_cases_cover_every_region_and_kind() -> None:
    """The case file stays broad: all regions, all kinds, and no line twice."""
    kinds = {"synonym", "abbreviation", "laterality", "negation", "hypernym", "hedge", "several", "verbose"}
    kinds |= {"wrong_region", "typo", "upstream_spelling", "refusal", "normal", "part"}
    assert len(CASES) >= 150
    assert {case["kind"] for case in CASES} == kinds
    assert {case["in"] for case in CASES if case["subject"] == "anatomy"} == set(regions())
    assert {case["in"] for case in CASES if case["subject"] == "pathology"} == set(regions())
    keys = Counter((case["subject"], case["in"], case["target"], case["response"]) for case in CASES)
    assert keys.most_common(1)[0][1] == 1


@pytest.mark.parametrize("region", regions())
def test_every_wording_of_a_label_names_it_and_no_other(region: str) -> None:
    """Name, readable name and synonyms are correct for their label, and wrong for every other and for normal."""
    place = regions()[region]
    for label in place.labels:
        for term in label.terms():
            assert judge_by_rule(term, label.name, subject="pathology", location=region).outcome == "correct", term
            for other in (*place.labels, place.normal):
                if other is not label:
                    verdict = judge_by_rule(term, other.name, subject="pathology", location=region)
                    assert verdict.outcome == "incorrect", (term, other.name)


@pytest.mark.parametrize("region", regions())
def test_every_normal_wording_is_right_for_normal_only(region: str) -> None:
    """The wordings of normal are correct for a normal image and wrong for each pathology."""
    place = regions()[region]
    for term in place.normal.terms():
        verdict = judge_by_rule(term, NO_PATHOLOGY, subject="pathology", location=region)
        assert said(verdict) == ("correct", "normal")
        for label in place.labels:
            verdict = judge_by_rule(term, label.name, subject="pathology", location=region)
            assert said(verdict) == ("incorrect", "normal")


@pytest.mark.parametrize("region", regions())
def test_every_wording_of_a_region_names_it_and_no_other(region: str) -> None:
    """Names and parts of a region are correct for it and wrong for the other seven."""
    place = regions()[region]
    for term in (*place.terms(), *place.parts):
        for other in regions():
            verdict = judge_by_rule(term, other, subject="anatomy", location=other)
            assert (verdict.outcome == "correct") == (other == region), (term, other)


@pytest.mark.parametrize(("region", "label"), PAIRS)
def test_a_denied_label_is_never_correct(region: str, label: str) -> None:
    """Denying any label by its printed name is wrong for it, before and behind."""
    if label == NO_PATHOLOGY:
        return
    for denial in (f"There is no {label}.", f"{label} is not seen", f"{label}: absent"):
        verdict = judge_by_rule(denial, label, subject="pathology", location=region)
        assert said(verdict) == ("incorrect", "negated"), denial


@pytest.mark.parametrize(("region", "label"), PAIRS)
def test_readable_variants_keep_the_verdict(region: str, label: str) -> None:
    """Case, plural, articles, hyphens and a lead-in change nothing."""
    for form in (label.upper(), f"The {label}.", label.replace(" ", "-"), f"Answer: {label}", f"**{label}**"):
        assert judge_by_rule(form, label, subject="pathology", location=region).outcome == "correct", form


@pytest.mark.parametrize(("region", "label"), PAIRS)
def test_every_folder_name_is_its_label_and_no_other(region: str, label: str) -> None:
    """A model that was trained on RadImageNet may answer with the name of a folder."""
    place = regions()[region]
    folder = label_of(region, label).raw
    for other in (*place.labels, place.normal):
        verdict = judge_by_rule(folder, other.name, subject="pathology", location=region)
        assert (verdict.outcome == "correct") == (other.name == label), (folder, other.name)


DENIALS = (
    *(
        "{x} is possible, but unlikely.",
        "It might be {x}, but this is doubtful.",
        "{x} is possible but cannot be confirmed.",
    ),
    *("{x} was considered but is not supported by the image.", "{x} has been considered and excluded.", "Hardly {x}."),
    *(
        "{x} is possible, but I see no convincing evidence of it.",
        "{x} is suspected, but the image does not confirm it.",
    ),
    *(
        "{x}: cannot assess",
        "{x} can't be judged on one slice.",
        "I doubt that there is {x}.",
        "Resolved {x}.",
        "{x} is not.",
    ),
    *(
        "{x} is no longer seen.",
        "The findings argue against {x}.",
        "inconsistent with {x}",
        "{x} less likely",
        "{x} vs normal",
    ),
    *("Common conditions include {x}.", "{x} would be expected to look different.", "I wondered about {x}."),
)


@pytest.mark.parametrize("denial", DENIALS)
def test_no_denial_or_doubt_is_an_answer(denial: str) -> None:
    """However a response takes a label back, the label is not affirmed."""
    for region, label in PAIRS:
        response = denial.format(x=label_of(region, label).readable)
        if label != NO_PATHOLOGY:
            assert judge_by_rule(response, label, subject="pathology", location=region).outcome != "correct", response


SENTENCES = {
    "{x}. No {y}.": "correct",
    "No {y}, but {x}.": "correct",
    "The most likely finding is {x} without {y}": "correct",
    "{x} rather than {y}": "correct",
    "{x}; {y} cannot be excluded": "correct",
    "{y} is not seen. There is {x}.": "correct",
    "{x} is more likely than {y}.": "correct",
    "{y} was considered, but {x} is more likely.": "correct",
    "Although {y} is possible, {x} is favored.": "correct",
    "{x} is present. {y} is not.": "correct",
    "No {y}, only {x}.": "correct",
    "{x} was considered, but {y} is more likely.": "incorrect",
    "Although {x} is possible, {y} is favored.": "incorrect",
    "{y} with absent {x}": "incorrect",
    "{x} could as well be {y}": "incorrect",
    "no {y} or {x}": "incorrect",
    "{x} and {y}": "incorrect",
    "{x} or {y}": "incorrect",
    "{y}, {x}": "incorrect",
}


@pytest.mark.parametrize("region", regions())
def test_two_labels_in_one_sentence(region: str) -> None:
    """For every two labels of a region: one affirmed beside one denied is an answer, both affirmed are none."""
    labels = regions()[region].labels
    for one, other in itertools.permutations(labels, 2):
        for sentence, outcome in SENTENCES.items():
            response = sentence.format(x=one.readable, y=other.name)
            verdict = judge_by_rule(response, one.name, subject="pathology", location=region)
            assert verdict.outcome == outcome, response


def test_listing_all_labels_is_never_correct() -> None:
    """A response cannot win by naming everything."""
    for region, label in PAIRS:
        everything = ", ".join(each for place, each in PAIRS if place == region)
        assert judge_by_rule(everything, label, subject="pathology", location=region).outcome == "incorrect"


@pytest.mark.parametrize(
    ("target", "location", "reason"),
    [("edema", "elbow", "unknown_location"), ("glioma", "brain", "unknown_target"), ("", "knee", "unknown_target")],
)
def test_data_outside_the_taxonomy_is_missing(target: str, location: str, reason: str) -> None:
    """A target that the taxonomy does not know is the data's fault, not the model's."""
    assert judge_by_rule("edema", target, subject="pathology", location=location) == Verdict("missing", reason)


def test_raw_and_readable_targets_are_accepted() -> None:
    """Targets may come as folder names or in the paper's spelling, places too."""
    for target in ("fat_containing_tumor", "fatcontaining tumor", "fat-containing tumor"):
        assert judge_by_rule("lipoma", target, subject="pathology", location="Abdomen/Pelvis").outcome == "correct"
    assert judge_by_rule("thorax", "chest", subject="anatomy", location="lung").outcome == "correct"


FRAGMENTS = [
    *("no", "not", "edema", "normal", "acute infarct", ",", ".", ":", "and", "or", "but", "is", "not seen", "\n", "of"),
    *("<think>", "</think>", "<answer>", "</answer>", "\\boxed{", "}", "Final answer:", "cannot exclude", "absent"),
    *("tear of", "acl", "knee", "chest", "/", "(", ")", "none", "there is", "if", "ruled out", "no other", "-"),
]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(" ".join)),
    st.sampled_from(["anatomy", "pathology"]),
    st.sampled_from(PAIRS),
)
def test_no_response_raises(response: str, subject: str, pair: tuple[str, str]) -> None:
    """Whatever a model says, there is a verdict about the model, and the same one twice."""
    region, label = pair
    target = region if subject == "anatomy" else label
    verdict = judge_by_rule(response, target, subject=subject, location=region)
    assert verdict.outcome in ("correct", "incorrect", "declined", "unparsed")
    assert verdict == judge_by_rule(response, target, subject=subject, location=region)


HOSTILE = {
    "one word": "a",
    "words": "edema ",
    "negations": "no ",
    "denials from behind": "edema is not seen ",
    "list": "edema, ",
    "shared nouns": "acl and ",
    "shared prepositions": "tear of acl, ",
    "half a wording": "small vessel ischemic ",
    "headings": "edema: ",
    "open thinking": "<think>",
    "closed thinking": "</think>",
    "open answers": "<answer>",
    "open boxes": "\\boxed{",
    "braces": "\\boxed{{}",
    "tags": "<a",
    "spaces": " ",
    "dashes": " - ",
    "breaks": "\n",
    "final answers": "final answer",
    "combining marks": "\u0323\u0307",
    "expanding characters": "\ufdfa",
    "surrogates": "\ud800",
    "refusals": "i cannot determine ",
    "turns": "but no edema ",
    "backslashes": "\\",
    "questions": "edema? ",
    "alternatives": "edema or tumor, ",
    "brackets": "tear (",
    "places": "old frontal lobe ",
    "subjects": "foramen of ",
    "asides": "edema, not infarct, ",
    "words run together": "hipjoint ",
    "preferences": "edema, but infarct is more likely ",
    "sides": "tear of medial ",
    "something else": "edema or something else ",
    "chosen alternatives": "edema or infarct, favor edema. ",
    "denied generics": "lesion not likely ",
    "examples of any": "any such as ",
    "chances": "likelihood of edema is low ",
    "ruled out": "rule edema out ",
    "repeated denials": "no tumor, no edema, ",
    "misspellings": "abnormalty ",
    "new words": "",
}


def hostile(name: str, characters: int) -> str:
    """A response of about this size that repeats one thing, or never repeats a word."""
    unit = HOSTILE[name]
    if unit:
        return unit * (characters // len(unit))
    letters = str.maketrans("0123456789", "ghijklmnop")
    return " ".join(f"{index:08x}".translate(letters) for index in range(characters // 9))


def seconds_for(response: str) -> float:
    """The processor time that a response takes."""
    start = time.process_time()
    judge_by_rule(response, "edema", subject="pathology", location="brain")
    return time.process_time() - start


@pytest.mark.parametrize("name", HOSTILE)
def test_long_responses_are_read_in_linear_time(name: str) -> None:
    """No response can stall a run, whatever it repeats: eight times the length takes eight times as long."""
    seconds_for(hostile(name, 1_000))
    short = seconds_for(hostile(name, SHORT))
    # Quadratic work would take 64 times as long; 0.3 s is for what the clock cannot tell apart.
    assert min(seconds_for(hostile(name, LONG)) for _ in range(3)) < 20 * short + 0.3
