"""Prints the rule judge's agreement with the labelled answers, as Markdown for docs/rule_judge.md.

python tools/rule_agreement.py            the block between the marks of docs/rule_judge.md
python tools/rule_agreement.py --write    put it there
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from radimagenet_vqa_tasks.judge.labelled import KINDS, PARTS, Labelled, Measured, labelled_answers, measure
from radimagenet_vqa_tasks.judge.rule.decision import Subject, judge_answer
from radimagenet_vqa_tasks.judge.verdict import Outcome

DOCS = Path(__file__).parent.parent / "docs" / "rule_judge.md"
BEGIN, END = "<!-- made by tools/rule_agreement.py: begin -->\n", "<!-- end -->\n"
SHOWN = 100  # characters of a response in the list of disagreements

# What the judge agreed on when it was first measured, before it was improved on the development half.
FIRST_KAPPA = {"development": 0.760, "held_out": 0.717}
FIRST_WRONGLY_ACCEPTED = {"development": 5, "held_out": 3}
FIRST_AGREED = {  # by kind, in the order of PARTS
    "synonym": (25, 49),
    "abbreviation": (24, 31),
    "typo": (4, 4),
    "upstream_spelling": (20, 14),
    "laterality": (19, 24),
    "dress": (17, 22),
    "verbose": (28, 22),
    "hedge": (21, 16),
    "negation": (22, 15),
    "normal": (13, 17),
    "hypernym": (37, 20),
    "wrong_label": (22, 11),
    "wrong_region": (15, 15),
    "several_labels": (19, 23),
    "refusal": (14, 13),
}


def rule(case: Labelled) -> Outcome:
    """The rule judge's outcome on one labelled answer."""
    subject: Subject = "anatomy" if case.subject == "anatomy" else "pathology"
    return judge_answer(case.response, case.answer, subject=subject, location=case.location).outcome


def block(measured: Measured) -> str:
    """Both tables and the list of disagreements."""
    return "\n".join([*_summary(measured), "", *_by_kind(measured), "", *_disagreements(measured)]) + "\n"


def _summary(measured: Measured) -> Iterator[str]:
    yield _row(
        "half", "answers", "agreement: first", "now", "kappa: first", "now", "wrongly accepted", "wrongly refused"
    )
    yield _row(*["---"] * 8)
    for index, part in enumerate(PARTS):
        half = measured.of(part=part)
        n = len(half.judged)
        agreed, accepted = sum(counts[index] for counts in FIRST_AGREED.values()), FIRST_WRONGLY_ACCEPTED[part]
        yield _row(
            _plain(part),
            str(n),
            f"{agreed / n:.1%}",
            f"{half.agreement:.1%}",
            f"{FIRST_KAPPA[part]:.2f}",
            f"{half.kappa:.2f}",
            f"{accepted} → {len(half.wrongly_accepted)}",
            f"{n - agreed - accepted} → {len(half.wrongly_refused)}",
        )


def _by_kind(measured: Measured) -> Iterator[str]:
    yield _row("kind", *(f"{_plain(part)}: agreed, first → now" for part in PARTS))
    yield _row(*["---"] * 3)
    for kind in KINDS:
        some = [measured.of(part=part, kind=kind) for part in PARTS]
        now = [len(each.judged) - len(each.disagreements) for each in some]
        counts = zip(FIRST_AGREED[kind], now, some, strict=True)
        yield _row(_plain(kind), *(f"{first} → {last} of {len(each.judged)}" for first, last, each in counts))


def _disagreements(measured: Measured) -> Iterator[str]:
    yield _row("half", "kind", "right answer", "response", "label", "why")
    yield _row(*["---"] * 6)
    for part in PARTS:
        for kind in KINDS:
            for case in (each.case for each in measured.of(part=part, kind=kind).disagreements):
                yield _row(_plain(part), _plain(kind), case.answer, _short(case.response), case.label, case.why)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _short(response: str) -> str:
    line = " ".join(response.replace("|", "/").replace("*", "").split())
    return line if len(line) <= SHOWN else line[:SHOWN].rstrip() + " ..."


def with_block(page: str, made: str) -> str:
    """The page with what stands between its marks replaced. Raises ValueError where the marks are missing."""
    before, rest = page.split(BEGIN)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}{made}{END}{after}"


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the block into docs/rule_judge.md")
    made = block(measure(rule, labelled_answers()))
    if parser.parse_args().write:
        DOCS.write_text(with_block(DOCS.read_text(encoding="utf-8"), made), encoding="utf-8")
    else:
        print(made, end="")


if __name__ == "__main__":
    main()
