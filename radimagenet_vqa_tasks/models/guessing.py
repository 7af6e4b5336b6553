"""What can be answered without looking: the answers there are to choose from, and the likeliest by what is published.

The paper publishes few frequencies: 28.1 % of the images are normal (section 3.2), Closed+ and Closed- come in pairs
(section 3.1), and text-only models overuse "very frequent regions such as abdomen" (appendix B.4). How often a single
pathology occurs it shows in Figure 3 only, without numbers; so "no pathology seen" is the one label whose share is
known, and with 28.1 % it is likelier than an average label of even the smallest region (71.9 % over five).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache

from radimagenet_vqa_tasks.benchmarks import BENCHMARK_OF, cell_called
from radimagenet_vqa_tasks.benchmarks.benchmark import LETTERS
from radimagenet_vqa_tasks.benchmarks.radvqa import any_of
from radimagenet_vqa_tasks.taxonomy import NO_PATHOLOGY, labels_for, regions

FREQUENT_REGION = "abdomen"
UNKNOWN = "unknown"  # the answer to an open question that nothing is published about

_ABOUT_PATHOLOGY = re.compile(r"abnormal|patholog|condition|disease|diagnos|finding|disorder|lesion", re.IGNORECASE)
_ABOUT_ANATOMY = re.compile(r"body part|part of the body|region|organ\b|anatom", re.IGNORECASE)


def candidates(cell: str, form: str, choices: Sequence[str] | None, question: str) -> Sequence[str]:
    """The answers that a guesser who has the question's text, and nothing else, can choose from.

    The letters; yes and no; or what the cell's benchmark lists for it. Empty for an open question that has no list of
    answers. `form` is the question's format.
    """
    if form == "mc":
        return LETTERS[: len(choices or ())]
    if form == "closed":
        return ("yes", "no")
    listed = cell_called(cell).candidates if cell in BENCHMARK_OF else None
    return listed(question) if listed else ()


def likeliest(question: str, options: Sequence[str], *, yes_no: bool) -> str:
    """The answer that the published frequencies make likeliest, from the text alone; a letter where there are options.

    Where they say nothing, a closed question gets "yes", one of the options is drawn by the text's hash, and an open
    question gets "unknown".
    """
    if options:
        return LETTERS[_likeliest_option(question, options)]
    if yes_no:
        # Half of the pathology questions ask after an absent label, and of the others 28.1 % are about normal images.
        return "no" if _names_label(question) else "yes"
    if _ABOUT_PATHOLOGY.search(question):
        return NO_PATHOLOGY
    return FREQUENT_REGION if _ABOUT_ANATOMY.search(question) else UNKNOWN


def draw(text: str, count: int) -> int:
    """A number below `count`, uniform over texts, and the same for the same text on any machine."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big") % count


def _likeliest_option(question: str, options: Sequence[str]) -> int:
    folded = [option.casefold() for option in options]
    for known in (NO_PATHOLOGY, FREQUENT_REGION):
        if known in folded:
            return folded.index(known)
    return draw("\n".join((question, *options)), len(options))


def _names_label(question: str) -> bool:
    return _labels_named().search(question) is not None


@cache
def _labels_named() -> re.Pattern[str]:
    names = {name for region in regions() for label in labels_for(region) for name in (label.name, label.readable)}
    return any_of(names)
