"""How far a run's open answers rest on the rule judge's interpreting of sentences."""

from __future__ import annotations

from collections.abc import Sequence

from radimagenet_vqa_tasks.scoring.record import Record


def tier_note(records: Sequence[Record]) -> list[str]:
    """A note with the bounds that the tiers leave; empty where no verdict interprets a sentence.

    Verdicts of the tier "matched" stand, for the reply is a wording of an answer. Those of the tier "read" may be
    wrong: the lower bound counts none of them as right, the upper one all.
    """
    judged = [one for one in records if one.format == "open" and one.outcome != "missing"]
    read = sum(one.tier == "read" for one in judged)
    if not read:
        return []
    matched = sum(one.tier == "matched" and one.outcome == "correct" for one in judged)
    low, high = (100 * right / len(judged) for right in (matched, matched + read))
    return [
        f"{read:,} of {len(judged):,} verdicts on open answers interpret a sentence (tier read). Were none of these "
        f"answers right, {low:.1f} % of the open answers would be, were all, {high:.1f} %."
    ]
