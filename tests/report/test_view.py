"""Sheets prepared for HTML."""

from __future__ import annotations

from radimagenet_vqa_tasks.analysis.sheet import Item, Sheet
from radimagenet_vqa_tasks.report.view import view


def sheet(*items: Item | str) -> Sheet:
    """A table of one column of numbers."""
    return Sheet("title", ["cell", "run"], [["name", item] for item in items])


def details(*items: Item | str) -> list[str]:
    """The intervals of that column."""
    return [row[1].detail for row in view(sheet(*items)).rows]


def test_intervals_are_padded_only_as_far_as_needed() -> None:
    """Numbers of one, two and three digits line up, by blanks as wide as a digit."""
    assert details(Item("1", "[  2.6,  20.1]"), Item("2", "[ 91.2, 100.0]")) == [
        "[\u20072.6, \u200720.1]",
        "[91.2, 100.0]",
    ]
    assert details(Item("1", "[ 49.3,  78.0]"), Item("2", "[ 57.0,  84.0]")) == ["[49.3, 78.0]", "[57.0, 84.0]"]


def test_other_details_stay_as_they_are() -> None:
    """Words in brackets and what follows an interval are kept."""
    assert details(Item("1", "[no interval]"), Item("2", "[ 10.0,  20.0] of 4")) == [
        "[no interval]",
        "[10.0, 20.0] of 4",
    ]


def test_column_with_intervals_is_two_columns_wide() -> None:
    """A number without an interval stands under those with one; a long text goes over both columns."""
    found = view(sheet(Item("65.0", "[ 49.3,  78.0]"), Item("360"), Item("Mistral-Large-2411")))
    assert found.columns[1].span == 2
    assert [row[1].span for row in found.rows] == [1, 1, 2]


def test_count_and_its_share_stand_like_a_number_and_its_interval() -> None:
    """The count is under the other numbers, its share under their intervals."""
    found = view(sheet(Item("65.0", "[ 49.3,  78.0]"), Item("1,178 (2.0 %)")))
    assert [(row[1].text, row[1].detail) for row in found.rows][1] == ("1,178", "(2.0 %)")


def test_numbers_are_told_from_words() -> None:
    """A column of numbers goes to the right; names, versions and verdicts do not."""
    found = view(Sheet("", ["", "n", "version", "verdict"], [["x", "1,000", "1-A", "agrees"], ["y", "-", "1-B", "-"]]))
    assert [column.numeric for column in found.columns] == [False, True, False, False]


def test_groups_span_their_columns() -> None:
    """A head above others is as wide as they are, intervals included."""
    rows = [["x", Item("1", "[ 0.0,  2.0]"), "2", "3"]]
    found = view(Sheet("", ["", ("anatomy", "Open"), ("anatomy", "MC"), ("pathology", "MC")], rows))
    assert found.groups == [("", 1), ("anatomy", 3), ("pathology", 1)]


def test_what_cannot_be_seen_is_marked() -> None:
    """Control codes and bidirectional marks of a name never reach the page as they are."""
    found = view(Sheet("t\x00", ["", "a\u202eb"], [["r\x1b", Item("1\u2066")]], ["n\u200f"]))
    texts = [found.title, found.columns[1].head, found.rows[0][0].text, found.rows[0][1].text, *found.notes]
    assert texts == ["t\ufffd", "a\ufffdb", "r\ufffd", "1\ufffd", "n\ufffd"]


def test_notes_said_elsewhere_are_left_out() -> None:
    """The labels above the main table are not repeated below it."""
    assert view(Sheet("", [], [], ["kept", "said"]), ["said"]).notes == ["kept"]
