"""Results that are completed after the host has them."""

from __future__ import annotations

import json
import pickle
import threading
from typing import Any

from radimagenet_vqa_tasks.scoring.late import late_results, settled
from radimagenet_vqa_tasks.utils.aggregation import accuracy

KNOWN: dict[str, dict[str, Any]] = {"accuracy": {"cell": "pathology_open"}, "record": {"key": "a"}}
REST = {"accuracy": {"score": 1}, "record": {"outcome": "correct"}}


def test_settling_one_result_completes_its_siblings() -> None:
    """The aggregation settles the score; the record that the host logs later is complete then too."""
    results = late_results(KNOWN, lambda: REST)
    logged = dict(results)
    assert settled(results["accuracy"]) == {"cell": "pathology_open", "score": 1}
    assert json.loads(json.dumps(logged["record"])) == {"key": "a", "outcome": "correct"}


def test_verdict_is_asked_for_once() -> None:
    """Several metrics and threads settle the same question; its verdict is waited for once."""
    asked: list[int] = []

    def rest() -> dict[str, dict[str, Any]]:
        asked.append(1)
        return REST

    results = late_results(KNOWN, rest)
    threads = [threading.Thread(target=settled, args=(result,)) for result in results.values() for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]


def test_copy_to_another_process_is_complete_and_plain() -> None:
    """What the host gathers from other processes is settled first, and needs nothing of the judge."""
    copied = pickle.loads(pickle.dumps(late_results(KNOWN, lambda: REST)))
    assert copied == {"accuracy": {"cell": "pathology_open", "score": 1}, "record": {"key": "a", "outcome": "correct"}}
    assert {type(result) for result in copied.values()} == {dict}


def test_accuracy_waits_for_late_scores() -> None:
    """The mean is over verdicts that arrive after the hook has returned."""
    verdicts = [{"accuracy": {"score": value}} for value in (1, 0, 1)]
    items = [late_results({"accuracy": {"cell": "c"}}, lambda rest=rest: rest)["accuracy"] for rest in verdicts]
    assert accuracy(items) == 2 / 3
