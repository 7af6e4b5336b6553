"""Prints the rule judge's agreement with the labelled answers, as Markdown for docs/rule_judge.md.

python tools/rule_agreement.py            the block between the marks of docs/rule_judge.md
python tools/rule_agreement.py --write    put it there
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from radimagenet_vqa_tasks.analysis.statistics import wilson
from radimagenet_vqa_tasks.judge.labelled import KINDS, PARTS, Labelled, Measured, labelled_answers, measure
from radimagenet_vqa_tasks.judge.rule.judge import judge_by_rule
from radimagenet_vqa_tasks.judge.verdict import Outcome

DOCS = Path(__file__).parent.parent / "docs" / "rule_judge.md"
BEGIN, END = "<!-- made by tools/rule_agreement.py: begin -->\n", "<!-- end -->\n"
SHOWN = 100  # characters of a response in the list of disagreements


READER, RULE = "a reader of medicine", "a rule"
# What a disagreement takes, by id.
TAKES = {
    "brain-pathology-07": READER,
    "new-abdomen-pathology-10": READER,
    "new-lung-pathology-18": READER,
    "new-lung-pathology-20": RULE,
    "new-lung-pathology-11": READER,
    "last-lung-pathology-08": READER,
    "hip-anatomy-12": RULE,
    "new-hip-anatomy-04": RULE,
    "fresh-lung-pathology-05": RULE,
    "knee-pathology-20": RULE,
    "drawn-shoulder-pathology-09": RULE,
    "fresh-shoulder-pathology-09": RULE,
}


def rule(case: Labelled) -> Outcome:
    """The rule judge's outcome on one labelled answer."""
    return judge_by_rule(
        case.response, case.answer, case.question, subject=case.subject, location=case.location
    ).outcome


def block(measured: Measured) -> str:
    """Both tables and the list of disagreements."""
    return "\n".join([*_summary(measured), "", *_by_kind(measured), "", *_disagreements(measured)]) + "\n"


def _summary(measured: Measured) -> Iterator[str]:
    yield _row("part", "answers", "agreement", "95 % interval", "kappa", "wrongly accepted", "wrongly refused")
    yield _row(*["---"] * 7)
    for part in PARTS:
        some = measured.of(part=part)
        n = len(some.judged)
        low, high = wilson(some.agreement, n)
        wrong = str(len(some.wrongly_accepted)), str(len(some.wrongly_refused))
        yield _row(
            _plain(part), str(n), f"{some.agreement:.1%}", f"{low:.0%} to {high:.0%}", f"{some.kappa:.2f}", *wrong
        )


def _by_kind(measured: Measured) -> Iterator[str]:
    yield _row("kind", "agreed")
    yield _row(*["---"] * 2)
    for kind in KINDS:
        some = measured.of(kind=kind)
        yield _row(_plain(kind), f"{len(some.judged) - len(some.disagreements)} of {len(some.judged)}")


def _disagreements(measured: Measured) -> Iterator[str]:
    yield _row("part", "kind", "right answer", "response", "label", "why", "takes")
    yield _row(*["---"] * 7)
    for part in PARTS:
        for kind in KINDS:
            for case in (each.case for each in measured.of(part=part, kind=kind).disagreements):
                takes = TAKES.get(case.id, "not classed")
                yield _row(_plain(part), _plain(kind), case.answer, _short(case.response), case.label, case.why, takes)


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
