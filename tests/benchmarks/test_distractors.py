"""The distractor ablation's option lists, over all the rows of benchmark-shaped data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, load_dataset
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS, Question, RowFaultError
from radimagenet_vqa_tasks.benchmarks.distractors import SHARES, options, which_offer
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for, regions
from radimagenet_vqa_tasks.utils import questions as hooks

ABNORMAL = 719  # of the benchmark's 1,000 images; the paper, section 3.2
IMAGE_COLUMNS = {"image", "images"}

Doc = dict[str, Any]


def answer(doc: Doc) -> str:
    """The right option's text."""
    return str(doc["choices"][LETTERS.index(doc["target"])])


def asked(doc: Doc) -> Question:
    """A question of the benchmark of which lists are to be made."""
    return Question("Which?", format="mc", cluster="i", cell="pathology_mc", **doc)


@pytest.fixture(scope="module")
def benchmark(hub_copy: Path) -> Dataset:
    """The data set as `load_dataset` gives it for the hub's layout."""
    return load_dataset(str(hub_copy), "benchmark", split="test")


@pytest.fixture(scope="module")
def own(benchmark: Dataset) -> dict[str, Doc]:
    """The benchmark's own questions about abnormal images, by image."""
    docs = hooks.radvqa_pathology_mc_textonly(benchmark)
    return {doc["cluster"]: doc for doc in docs if doc["facets"]["abnormal"]}


@pytest.fixture(scope="module")
def arms(benchmark: Dataset) -> dict[str, dict[str, Doc]]:
    """The questions of each arm, by image."""
    return {
        cell: {doc["cluster"]: doc for doc in getattr(hooks, f"radvqa_{cell}_textonly")(benchmark)} for cell in SHARES
    }


def test_arms_ask_the_same_questions_about_every_abnormal_image(
    own: dict[str, Doc], arms: dict[str, dict[str, Doc]]
) -> None:
    """All three arms hold each abnormal image once and no normal one, so that they can be compared by pairs."""
    for cell, docs in arms.items():
        assert list(docs) == list(own)
        assert len(docs) == ABNORMAL
        assert {doc["key"] for doc in docs.values()} == {f"{cluster}:{cell}" for cluster in own}
        assert [doc["question"] for doc in docs.values()] == [doc["question"] for doc in own.values()]
        assert {doc["cell"] for doc in docs.values()} == {cell}


def test_target_is_the_benchmarks_and_among_four_different_options(
    own: dict[str, Doc], arms: dict[str, dict[str, Doc]]
) -> None:
    """The letter points at the benchmark's own answer, which stands there once."""
    for docs in arms.values():
        for cluster, doc in docs.items():
            assert len(set(doc["choices"])) == len(doc["choices"]) == 4
            assert answer(doc) == answer(own[cluster])


@pytest.mark.parametrize(("cell", "offered"), [("nps000", 0), ("nps030", 216), ("nps100", ABNORMAL)])
def test_share_of_lists_is_exact(arms: dict[str, dict[str, Doc]], cell: str, offered: int) -> None:
    """0, 30 and 100 % of the lists have the option, 0, 3 and 10 of every ten questions in a row."""
    has = [NO_PATHOLOGY in doc["choices"] for doc in arms[f"pathology_mc_{cell}"].values()]
    assert sum(has) == offered
    assert {sum(has[start : start + 10]) for start in range(0, 710, 10)} == {SHARES[f"pathology_mc_{cell}"] // 10}


def test_only_no_pathology_seen_differs_between_arms(own: dict[str, Doc], arms: dict[str, dict[str, Doc]]) -> None:
    """With the option a list is the benchmark's own; without it one place, and only that one, holds another label."""
    without, some, with_normal = (arms[cell] for cell in SHARES)
    for cluster, doc in with_normal.items():
        assert set(doc["choices"]) == set(own[cluster]["choices"])
        differ = [pair for pair in zip(doc["choices"], without[cluster]["choices"], strict=True) if len(set(pair)) > 1]
        assert [normal for normal, _ in differ] == [NO_PATHOLOGY]
        assert some[cluster]["choices"] in (doc["choices"], without[cluster]["choices"])


def test_replacements_are_other_labels_of_region_and_modality(
    own: dict[str, Doc], arms: dict[str, dict[str, Doc]]
) -> None:
    """What takes the option's place is a plausible distractor: of the same region and modality, and not yet there."""
    added: Counter[str] = Counter()
    for cluster, doc in arms["pathology_mc_nps000"].items():
        [label] = set(doc["choices"]) - set(own[cluster]["choices"])
        facets = doc["facets"]
        assert label in {other.name for other in labels_for(facets["location"], facets["modality"])}
        assert label != facets["pathology"]
        added[label] += 1
    assert len(added) > 80, "the draws favour some labels"


def test_letters_are_uniform(arms: dict[str, dict[str, Doc]]) -> None:
    """Neither the right answer nor "no pathology seen" has a favourite letter (chi-square, 99.9 %)."""
    bound = chi2.ppf(0.999, df=3)
    docs = list(arms["pathology_mc_nps100"].values())
    normal = ["ABCD"[doc["choices"].index(NO_PATHOLOGY)] for doc in docs]
    for letters in (Counter(doc["target"] for doc in docs), Counter(normal)):
        assert sum((letters[letter] - ABNORMAL / 4) ** 2 / (ABNORMAL / 4) for letter in "ABCD") < bound


def test_lists_depend_on_nothing_but_the_question(benchmark: Dataset, arms: dict[str, dict[str, Doc]]) -> None:
    """Whatever other rows there are, and in whichever order, an image has the same four options in the same places."""
    half = benchmark.select([*range(9 * 700, 9 * 710), *range(9 * 300, 9 * 310)])
    for doc in hooks.radvqa_sample_pathology_mc_nps000(half):
        assert doc["choices"] == arms["pathology_mc_nps000"][doc["cluster"]]["choices"]


def test_lists_are_the_same_on_every_machine() -> None:
    """Pinned: the draws are hashes, not the random numbers of some version of something."""
    doc = {
        "key": "a.png:pathology_mc",
        "choices": ["airspace opacity", "nodule", NO_PATHOLOGY, "bronchiectasis"],
        "target": "B",
        "facets": {"location": "lung", "modality": "ct"},
    }
    assert options(asked(doc), with_normal=True) == ["bronchiectasis", NO_PATHOLOGY, "airspace opacity", "nodule"]
    assert options(asked(doc), with_normal=False) == [
        "bronchiectasis",
        "parenchyma destruction",
        "airspace opacity",
        "nodule",
    ]
    assert [key for key, has in zip("abcdefghij", which_offer("abcdefghij", 30), strict=True) if has] == ["b", "c", "d"]


def test_question_without_the_option_gets_it_in_place_of_a_distractor() -> None:
    """A benchmark row that offers three other labels loses the last one to "no pathology seen"."""
    doc = {
        "key": "b.png:pathology_mc",
        "choices": ["scoliosis", "disc pathology", "facet arthropathy", "cystic lesions"],
        "target": "A",
        "facets": {"location": "spine", "modality": "mri"},
    }
    assert set(options(asked(doc), with_normal=False)) == set(doc["choices"])
    assert set(options(asked(doc), with_normal=True)) == {*doc["choices"][:3], NO_PATHOLOGY}


@given(st.data())
def test_any_question_of_a_region_gives_four_paired_options(data: st.DataObject) -> None:
    """Whatever a row's region, modality, label and number of options: four different ones, three of them shared."""
    location = data.draw(st.sampled_from(sorted(regions())))
    names = [label.name for label in labels_for(location)]
    right = data.draw(st.sampled_from(names))
    rest = data.draw(st.lists(st.sampled_from([*names, NO_PATHOLOGY]), max_size=6))
    choices = data.draw(st.permutations([right, *(name for name in rest if name != right)]))
    doc = {
        "key": data.draw(st.text(max_size=20)),
        "choices": choices,
        "target": "ABCDEFG"[choices.index(right)],
        "facets": {"location": location, "modality": data.draw(st.sampled_from(["ct", "mri", "CT", "us"]))},
    }
    without, with_normal = options(asked(doc), with_normal=False), options(asked(doc), with_normal=True)
    assert len(set(without)) == len(set(with_normal)) == 4
    assert right in without and NO_PATHOLOGY not in without and set(without) <= set(names)
    assert [pair[1] for pair in zip(without, with_normal, strict=True) if pair[0] != pair[1]] == [NO_PATHOLOGY]
    assert right in with_normal


def test_image_column_is_the_benchmarks(benchmark: Dataset) -> None:
    """With images each question keeps its image, undecoded; the twin without them has no such column."""
    seen = hooks.radvqa_pathology_mc_nps030(benchmark)
    blind = hooks.radvqa_pathology_mc_nps030_textonly(benchmark)
    own = {doc["cluster"]: doc for doc in hooks.radvqa_pathology_mc(benchmark).select(range(281, 291))}
    [column] = IMAGE_COLUMNS & set(seen.column_names)
    for doc in seen.select(range(10)):
        assert doc[column] == own[doc["cluster"]][column]
    assert set(seen.column_names) - set(blind.column_names) == {column}
    assert seen.features[column] == hooks.radvqa_pathology_mc(benchmark).features[column]


def test_image_of_a_modality_without_labels_gets_its_regions() -> None:
    """The sample's CT of hip and spine has no folder in RadImageNet: the region's labels are plausible all the same."""
    doc = {
        "key": "c.png:pathology_mc",
        "choices": ["labral pathology", NO_PATHOLOGY],
        "target": "A",
        "facets": {"location": "hip", "modality": "ct"},
    }
    names = {label.name for label in labels_for("hip")}
    assert set(options(asked(doc), with_normal=False)) <= names
    assert len(set(options(asked(doc), with_normal=False))) == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"target": "C"},  # "no pathology seen" as the answer of an abnormal image
        {"target": "C", "choices": ["nodule", "nodule", "No Pathology Seen"]},
    ],
)
def test_question_that_cannot_be_rebuilt_is_named(changed: Doc) -> None:
    """An abnormal image whose answer is "no pathology seen" is a fault of the data, not a question."""
    doc = {
        "key": "d.png:pathology_mc",
        "choices": ["nodule", "airspace opacity", NO_PATHOLOGY],
        "facets": {"location": "lung", "modality": "ct"},
        **changed,
    }
    with pytest.raises(RowFaultError, match=r"d\.png:pathology_mc.*[Nn]o [Pp]athology"):
        options(asked(doc), with_normal=True)


@pytest.mark.parametrize("name", ["pathology_mc_nps050", "pathology_mcs", "sample_pathology_mc_nps030_textonly_"])
def test_unknown_arm_is_an_attribute_error(name: str) -> None:
    """A task file with a typing error says so when it is loaded."""
    with pytest.raises(AttributeError, match="the pack has no task"):
        getattr(hooks, f"radvqa_{name}")
