"""Finds the cases of a folder of labelled volumes: KiTS, AbdomenAtlas, TotalSegmentator, or one's own.

A case is a folder with one image and either one mask that holds every label as a number, or a folder `segmentations`
with one mask a structure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from radimagenet_vqa_tasks.errors import DataError

_IMAGES = {"imaging": "ct", "ct": "ct", "mri": "mri", "image": "ct"}
_MASKS = ("aggregated_MC_seg", "segmentation", "combined_labels", "labels", "mask")
_SUFFIXES = (".nii.gz", ".nii")
_SEPARATE = "segmentations"


@dataclass(frozen=True)
class Structure:
    """What a number of a mask stands for: `kind` is "organ" or "lesion", `organ` where a lesion lies, or ""."""

    name: str
    kind: str = "organ"
    organ: str = ""


KITS: Mapping[int, Structure] = {
    1: Structure("kidney"),
    2: Structure("kidney tumor", "lesion", "kidney"),
    3: Structure("kidney cyst", "lesion", "kidney"),
}
_ATLAS_ORGANS = (
    *("aorta", "gallbladder", "left kidney", "right kidney", "liver", "pancreas"),
    *("inferior vena cava", "spleen", "stomach"),
)
ABDOMEN_ATLAS: Mapping[int, Structure] = {number: Structure(name) for number, name in enumerate(_ATLAS_ORGANS, start=1)}

# AbdomenAtlas' file names for what people call otherwise.
_READABLE = {"gall bladder": "gallbladder", "postcava": "inferior vena cava"}
_LESIONS = ("lesion", "tumor", "tumour", "cyst", "nodule", "metastasis")


@dataclass(frozen=True)
class Case:
    """One patient's volume. A mask without a number holds the numbers of `labels` itself."""

    name: str
    image: Path
    modality: str
    masks: tuple[tuple[Path, int | None], ...]
    labels: Mapping[int, Structure]
    region: str


def cases(root: Path, own: Mapping[int, Structure] | None = None, modality: str | None = None) -> list[Case]:
    """Every case below `root`, by name. `own` is a label map in place of the layout's.

    Raises DataError, naming the folders, where a case is incomplete or its labels are not known.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder. Name the one that holds the cases.")
    found, faults = [], []
    for folder in sorted(one for one in root.iterdir() if one.is_dir()):
        image = _one_of(folder, _IMAGES)
        if image is None:
            continue
        try:
            found.append(_case(folder, image, own, modality))
        except DataError as error:
            faults.append(str(error))
    if faults:
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise DataError(f"{'; '.join(faults[:3])}{more}. Nothing was written.")
    if not found:
        raise DataError(
            f"{root} holds no case: folders with {', '.join(_IMAGES)} (.nii.gz), beside {', '.join(_MASKS)} or a "
            f"folder {_SEPARATE}."
        )
    return found


def _one_of(folder: Path, names: Mapping[str, str] | tuple[str, ...]) -> Path | None:
    for name in names:
        for suffix in _SUFFIXES:
            if (folder / f"{name}{suffix}").is_file():
                return folder / f"{name}{suffix}"
    return None


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(".nii")


def _case(folder: Path, image: Path, own: Mapping[int, Structure] | None, modality: str | None) -> Case:
    kind = modality or _IMAGES[_stem(image)]
    region = "body" if _stem(image) in ("mri", "image") else "abdomen"
    whole = _one_of(folder, _MASKS)
    if whole is not None:
        labels = own or _labels_of(image, whole)
        if labels is None:
            raise DataError(f"{whole} has labels that are not known: name them with --label_map")
        return Case(folder.name, image, kind, ((whole, None),), labels, region)
    separate = sorted(file for file in (folder / _SEPARATE).glob("*") if file.name.endswith(_SUFFIXES))
    if not separate:
        raise DataError(f"{folder} has {image.name} and no mask")
    # Lesions last, so that they are seen on the organ that they lie in.
    structures = sorted(
        ((_named(_stem(file)), file) for file in separate), key=lambda one: (one[0].kind != "organ", one[1])
    )
    numbered = list(enumerate(structures, start=1))
    region = "abdomen" if {"liver", "postcava"} <= {_stem(file) for file in separate} else "body"
    masks = tuple((file, number) for number, (_, file) in numbered)
    return Case(folder.name, image, kind, masks, {number: one for number, (one, _) in numbered}, region)


def _labels_of(image: Path, mask: Path) -> Mapping[int, Structure] | None:
    if _stem(mask) == "combined_labels":
        return ABDOMEN_ATLAS
    return KITS if _stem(image) == "imaging" else None


def _named(stem: str) -> Structure:
    """A structure from a file's name: "rib_left_9" is the left rib 9, "liver_tumor" a lesion of the liver."""
    words = sorted(stem.replace("-", "_").split("_"), key=lambda word: word not in ("left", "right"))
    name = " ".join(words)
    name = _READABLE.get(name, name)
    if words[-1].rstrip("s") in _LESIONS:
        return Structure(name, "lesion", " ".join(words[:-1]))
    return Structure(name)
