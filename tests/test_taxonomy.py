"""The taxonomy against RadImageNet's class list, the paper's Table 3 and upstream's cleaning rules."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from radimagenet_vqa_tasks import taxonomy as tx

CASES = Path(__file__).parent / "cases"
MODALITY = {"CT": "ct", "MR": "mri"}

# Table 3 of the paper: how many pathologies it prints for each region.
TABLE_3 = {
    "abdomen": 30,
    "ankle foot": 24,
    "brain": 9,
    "hip": 13,
    "knee": 17,
    "lung": 5,
    "shoulder": 13,
    "spine": 8,
}

CLEANING = {
    "normal": "no pathology seen",
    "acj_oa": "acromioclavicular joint osteoarthritis",
    "ghj_oa": "glenohumeral joint osteoarthritis",
    "post_operative_acl": "postoperative acl reconstruction",
    "post_op": "postoperative state",
    "focal_flair_hyper": "focal flair hyperintensity",
    "fat_containing_tumor": "fatcontaining tumor",
    "extra": "extraaxial lesion",
    "intra": "intraarticular abnormality",
    "foraminal_pathlogy": "foraminal pathology",
    "pituatary_lesion": "pituitary lesion",
    "ca++_tendinosis": "calcific tendinosis",
    "coalition": "coalition bone fusion",
    "lisfranc_pathology": "lisfranc joint injury",
    "dural_epidural_abn": "dural or epidural abnormality",
    "bil_dil": "biliary dilation",
    "marrow_abn": "marrow abnormality",
    "osseous_abn": "osseous abnormality",
    "quad_pathology": "quadriceps pathology",
    "acl_pathology": "anterior cruciate ligament pathology",
    "pcl_pathology": "posterior cruciate ligament pathology",
    "fcl_pathology": "fibular collateral ligament pathology",
    "mcl_pathology": "medial collateral ligament pathology",
    "atfl_pathology": "anterior talofibular ligament pathology",
    "cfl_pathology": "calcaneofibular ligament pathology",
    # No special case: only the general rules.
    "liver_disease_": "liver disease",
    "cord_pathology_": "cord pathology",
    "Plantar_plate_tear": "plantar plate tear",
    "Airspace_opacity": "airspace opacity",
    "soft_tissue_fluid_collection": "soft tissue fluid collection",
}


def class_list() -> set[tuple[str, str, str]]:
    """(modality, folder, raw label) of every CT and MR class of RadImageNet."""
    found = set()
    for line in (CASES / "radimagenet_classes.txt").read_text(encoding="utf-8").splitlines():
        modality, folder, *labels = line.split()
        found |= {(MODALITY[modality], folder, label) for label in labels}
    return found


def raw_document() -> dict[str, Any]:
    """The parsed YAML, fresh, for tests that break it."""
    text = Path(tx.__file__).with_name("taxonomy.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_classes_are_exactly_radimagenets() -> None:
    """Every CT/MR class is in the taxonomy once, under the right modality and folder, and nothing else is."""
    ours = [
        (modality, region.folders[modality], label.raw)
        for region in tx.regions().values()
        for label in (*region.labels, region.normal)
        for modality in label.modalities
    ]
    assert len(ours) == len(set(ours))
    assert set(ours) == class_list()


def test_counts_are_the_papers() -> None:
    """Eight regions with Table 3's number of pathologies each, 97 distinct categories with the normal one."""
    assert {name: len(region.labels) for name, region in tx.regions().items()} == TABLE_3
    labels = [label for region in tx.regions().values() for label in (*region.labels, region.normal)]
    assert len({label.raw for label in labels}) == 97
    assert len({label.name for label in labels}) == 97


def test_modalities_are_where_images_exist() -> None:
    """CT exists for abdomen and lung only, and lung has nothing else."""
    with_ct = {name: region.modalities for name, region in tx.regions().items() if "ct" in region.modalities}
    assert with_ct == {"abdomen": ("ct", "mri"), "lung": ("ct",)}


@pytest.mark.parametrize(("raw", "clean"), CLEANING.items())
def test_clean_label_follows_upstream(raw: str, clean: str) -> None:
    """Upstream's spelling, typos kept, is what answers and options are compared with."""
    assert tx.clean_label(raw) == clean


def test_clean_label_is_idempotent_on_every_label() -> None:
    """A name that is already clean, or the paper's readable one, cleans to itself."""
    for region in tx.regions().values():
        for label in (*region.labels, region.normal):
            assert tx.clean_label(label.raw) == label.name == tx.clean_label(label.name)


@given(st.text())
def test_clean_label_settles_after_one_pass(raw: str) -> None:
    """Cleaning twice never changes a name again, whatever a download contains."""
    once = tx.clean_label(raw)
    assert tx.clean_label(once) == once


def test_label_of_accepts_raw_clean_and_readable() -> None:
    """Rows carry raw names, answers clean ones and papers readable ones: all find the same label."""
    for region in tx.regions().values():
        for label in (*region.labels, region.normal):
            for name in (label.raw, label.name, label.readable):
                assert tx.label_of(region.name, name) is label


def test_label_of_depends_on_the_region() -> None:
    """`intra` is another finding in the brain than in the knee, though the benchmark names both alike."""
    brain, knee = tx.label_of("brain", "intra"), tx.label_of("knee", "intra")
    assert brain.name == knee.name == "intraarticular abnormality"
    assert "intra-axial lesion" in brain.synonyms
    assert "intra-axial lesion" not in knee.synonyms


@pytest.mark.parametrize(
    ("region", "label", "hint"),
    [
        ("knee", "meniscal tear", "meniscal abnormality"),
        ("kneee", "fracture", "knee"),
        ("lung", "edema", "known:"),
    ],
)
def test_unknown_names_come_with_a_suggestion(region: str, label: str, hint: str) -> None:
    """A misspelt region or label is refused with the name that was probably meant."""
    with pytest.raises(tx.UnknownNameError, match=re.escape(hint)):
        tx.label_of(region, label)


def test_region_of_accepts_the_papers_names() -> None:
    """The names "chest", "abdomen/pelvis" and "ankle_foot" reach the regions that the benchmark calls otherwise."""
    assert tx.region_of("chest").name == "lung"
    assert tx.region_of("Abdomen/Pelvis").name == "abdomen"
    assert tx.region_of("ankle_foot").name == "ankle foot"


def test_labels_for_leaves_out_normal_and_other_modalities() -> None:
    """Distractors must be pathologies that the image's modality can show."""
    ct, mri = tx.labels_for("abdomen", "ct"), tx.labels_for("abdomen", "mri")
    assert (len(ct), len(mri), len(tx.labels_for("abdomen"))) == (27, 25, 30)
    assert "gallstone" in {label.name for label in ct} - {label.name for label in mri}
    assert "enlarged organ" in {label.name for label in mri} - {label.name for label in ct}
    assert tx.NO_PATHOLOGY not in {label.name for label in (*ct, *mri)}
    assert tx.labels_for("lung", "mri") == ()


def test_labels_for_refuses_unknown_modalities() -> None:
    """`mr` is RadImageNet's code, not the benchmark's: silence would mean an empty list."""
    with pytest.raises(tx.UnknownNameError, match="ct, mri"):
        tx.labels_for("knee", "mr")


def test_wordings_are_in_plain_lower_case_or_names() -> None:
    """Synonyms are written without stray spaces and expand without leftovers of the brace notation."""
    for region in tx.regions().values():
        for label in region.labels:
            for term in label.terms():
                assert term == " ".join(term.split()), (region.name, label.name)
                assert not set("{}") & set(term), (region.name, label.name)


def test_taxonomy_is_read_once() -> None:
    """The file is parsed once a process: callers in loops may ask freely."""
    assert tx.taxonomy() is tx.taxonomy()
    assert tx.regions() is tx.regions()


def break_shared_synonym(data: dict[str, Any]) -> None:
    data["regions"]["lung"]["labels"]["nodule"]["synonyms"] = ["Bronchi-ectasis"]


def break_raw(data: dict[str, Any]) -> None:
    data["regions"]["lung"]["labels"]["nodule"]["raw"] = "Nodul"


def break_key(data: dict[str, Any]) -> None:
    data["regions"]["knee"]["labels"]["fracture"] = {"synonym": ["broken bone"]}


def break_modality(data: dict[str, Any]) -> None:
    data["regions"]["knee"]["labels"]["fracture"] = {"modalities": ["ct"]}


def break_braces(data: dict[str, Any]) -> None:
    data["regions"]["knee"]["synonyms"] = ["{knee,genu"]


def break_shorthand(data: dict[str, Any]) -> None:
    data["regions"]["knee"]["synonyms"] = ["{KNEES} joint"]


def break_wording(data: dict[str, Any]) -> None:
    data["regions"]["knee"]["synonyms"] = [None]


def break_region_names(data: dict[str, Any]) -> None:
    data["regions"]["knee"]["parts"] = ["lungs"]
    data["regions"]["lung"]["parts"] = ["lungs"]
    data["regions"]["lung"]["synonyms"] = []


def test_lists_of_wordings_are_joined() -> None:
    """Where fat has no label of its own, a lipoma is a soft tissue mass, beside the wordings that all regions share."""
    for region in ("hip", "knee"):
        terms = tx.label_of(region, "soft tissue mass").terms()
        assert {"lipoma", "soft tissue tumor"} <= set(terms)
    assert "lipoma" not in tx.label_of("abdomen", "soft tissue mass").terms()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (break_shared_synonym, "'Bronchi-ectasis' means both 'bronchiectasis' and 'nodule'"),
        (break_raw, "region 'lung', label 'nodule'"),
        (break_key, "unknown key 'synonym'; did you mean 'synonyms'"),
        (break_modality, "region 'knee', label 'fracture'"),
        (break_braces, "'{knee,genu'"),
        (break_shorthand, "'KNEES'"),
        (break_wording, "region 'knee': None"),
        (break_region_names, "'lungs' names both"),
    ],
)
def test_a_damaged_file_is_refused_by_name(damage: Any, named: str) -> None:
    """Whoever edits the file is told which entry is wrong and how."""
    data = deepcopy(raw_document())
    damage(data)
    with pytest.raises(tx.TaxonomyError, match=re.escape(named)):
        tx.build(data)
