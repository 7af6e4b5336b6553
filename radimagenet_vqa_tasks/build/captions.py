"""Writes the caption of a labelled image, in the conversation form of RadImageNet-VQA's `alignment` part.

What is asked are the prompts of the paper's Figure 7. Of the captions themselves the paper prints one form, "A
[modality] scan of the [anatomy] showing [pathology]" (section 3.1), and says that there are more: the first of
`CAPTIONS` is that one, the others are ours in its manner.
"""

from __future__ import annotations

import hashlib
from typing import Any

from radimagenet_vqa_tasks.build.questions import LabelledImage, metadata, salt
from radimagenet_vqa_tasks.build.vocabulary import Vocabulary, vocabulary

CAPTIONS = (
    "{A} {modality} scan of the {anatomy} showing {pathology}.",
    "{A} {modality} image of the {anatomy} demonstrating {pathology}.",
    "This {modality} scan of the {anatomy} shows {pathology}.",
    "This is {a} {modality} image of the {anatomy}. It reveals {pathology}.",
    "{modality} of the {anatomy}: {pathology}.",
    "The {anatomy} on {modality}, with {pathology}.",
)

# The two boxes of Figure 7 under "captioning", in its order.
PROMPTS = (
    "Provide a thorough clinical description of this medical image.",
    "What findings and structures are visible in this scan?",
    "Describe the medical imaging features and anatomical details.",
    "Give a detailed diagnostic description of this image.",
    "What does this scan show in terms of anatomy and pathology?",
    "Describe the radiological findings and anatomical structures.",
    "Provide a comprehensive clinical description of this scan.",
    "What imaging characteristics and findings are present?",
    "Describe the diagnostic features and anatomical structures.",
    "Give a detailed medical imaging description of this scan.",
    "What anatomical and pathological findings are demonstrated?",
    "Describe the clinical imaging findings in this medical scan.",
    "Provide a complete radiological description of this image.",
    "What structures, abnormalities, and findings are visible?",
    "Describe the medical imaging characteristics and clinical findings.",
    "What does this image reveal about the anatomy and pathology?",
    "Describe the imaging findings, anatomical structures, and clinical features.",
    "Provide a detailed clinical and radiological description of this scan.",
    "What anatomical structures, pathological findings, and imaging features are shown?",
    "Describe the diagnostic imaging findings and anatomical characteristics.",
    "Give a comprehensive medical imaging description of this clinical scan.",
    "What anatomical features, pathological changes, and imaging characteristics are visible?",
    "Describe the clinical imaging findings, anatomical structures, and diagnostic features.",
    "Give a detailed medical description of the imaging findings and anatomical details.",
    "What does this scan reveal about the anatomical structures and pathological findings?",
    "Describe the diagnostic imaging characteristics, anatomical features, and clinical findings.",
    "Provide a comprehensive radiological description of the medical imaging findings.",
    "What anatomical structures, pathological abnormalities, and imaging features are demonstrated?",
    "Describe the diagnostic imaging characteristics of this scan.",
    "Describe this medical image.",
    "Provide a detailed description of this scan.",
    "What do you see in this medical image?",
    "Give a comprehensive description of this medical scan.",
    "What is shown in this medical image?",
    "Describe the contents of this scan.",
    "Provide a clinical description of this image.",
    "What can you observe in this medical image?",
    "Give a detailed account of what this image shows.",
    "Describe the imaging findings in this medical image.",
    "Provide a thorough description of this medical scan.",
    "What structures and findings are visible in this image?",
    "Give an overview of what this scan reveals.",
    "Describe the radiological findings in this image.",
    "Provide a complete description of this medical image.",
    "What anatomical and pathological features are shown?",
    "Describe the imaging characteristics of this scan.",
    "Give a detailed medical description of this image.",
    "What can be observed in this diagnostic image?",
    "Provide a comprehensive overview of this image.",
    "What does this scan show anatomically and pathologically?",
    "Describe the medical imaging features present.",
    "What anatomical structures and abnormalities are visible?",
    "Describe the radiological characteristics of this image.",
    "Give a thorough medical description of this scan.",
    "What anatomical and pathological details are shown?",
    "Describe the imaging findings and anatomical structures.",
    "Give a comprehensive medical description of this scan.",
    "What structures and findings can be identified?",
    "Describe the anatomical and pathological features.",
    "Provide a detailed radiological description of this image.",
    "Describe the clinical and anatomical features shown.",
    "Give a complete description of the medical imaging findings.",
    "Describe the clinical findings, anatomical structures, and diagnostic imaging characteristics.",
    "Give a thorough medical imaging description of the anatomical and pathological features.",
    "What anatomical structures and abnormalities are demonstrated?",
)

QUESTION_ID = "description"
SPEAKERS = ("human", "template")
"""Who speaks in the released rows: the second is not called "gpt" there."""

_MODALITY = {"ct": ("A", "CT"), "mri": ("An", "MRI")}


def conversation(image: LabelledImage, seed: int = 0, words: Vocabulary | None = None) -> dict[str, Any]:
    """The `alignment` row of `image` without its `image` column: {conversations, metadata}."""
    # One hash serves both draws: hashing every prompt, as the questions' templates are, would take ten times as long.
    drawn = int.from_bytes(hashlib.sha256(salt(seed, image.path, QUESTION_ID)).digest(), "big")
    rest, place = divmod(drawn, len(PROMPTS))
    prompt, form = PROMPTS[place], CAPTIONS[rest % len(CAPTIONS)]
    article, modality = _MODALITY[image.modality]
    pathology = (words or vocabulary()).clean[image.pathology] if image.is_abnormal else "no pathology"
    caption = form.format(A=article, a=article.lower(), modality=modality, anatomy=image.location, pathology=pathology)
    turns = (f"<image>\n{prompt}", caption)
    return {
        "conversations": [{"from": who, "value": text} for who, text in zip(SPEAKERS, turns, strict=True)],
        "metadata": metadata(image, QUESTION_ID, QUESTION_ID),
    }
