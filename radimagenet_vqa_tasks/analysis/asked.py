"""How two runs were asked, and what differs: another prompt or temperature is as much another task as another version.

Records hold a digest of how their model was asked; `asked.json` beside the logs has the words behind each. A file's
words count only if they have the digest that they stand under.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radimagenet_vqa_tasks.analysis.arms import Arm
from radimagenet_vqa_tasks.benchmarks.benchmark import ALL_VIEWS, Cell, body
from radimagenet_vqa_tasks.escape import plain
from radimagenet_vqa_tasks.models.asked import digest

ASKED_FILE = "asked.json"
UNKNOWN = "another way of asking, whose words are not kept"

_LIMITS = ("max_new_tokens", "max_tokens", "max_completion_tokens")
# Settings that do nothing at these values, or do nothing where a model decodes greedily.
_IDLE: Mapping[str, tuple[object, ...]] = {"until": ([], None), "do_sample": (False,), "num_beams": (1,), "n": (1,)}
_OF_SAMPLING = ("top_p", "top_k", "seed", "do_sample")
_SHOWN = 60  # characters of a prompt's part that differs


@dataclass(frozen=True)
class Way:
    """One way of asking.

    Attributes:
        prompt: the template, without the sentence that the arm `told` adds.
        views: which of a question's images are shown.
        temperature: None where the endpoint takes none, and decodes as it likes.
        settings: the others that have an effect, as text.
        limit: of the answer's tokens.
    """

    prompt: str
    views: str
    system: str
    temperature: float | None
    settings: tuple[tuple[str, str], ...]
    limit: str


@dataclass(frozen=True)
class Unlike:
    """What differs between two runs' ways of asking, in words.

    Attributes:
        refused: what makes their numbers those of different tasks.
        marked: what a reader must know; models differ in the system texts, limits and settings that they take.
    """

    refused: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()


def words_beside(folder: Path) -> dict[str, Mapping[str, Any]]:
    """The sound words of a folder's `asked.json`, by digest; empty where there is no such file."""
    try:
        held = json.loads((folder / ASKED_FILE).read_text(encoding="utf-8"))
        found = held.items() if isinstance(held, dict) else ()
        return {name: words for name, words in found if _is_sound(words) and digest(words) == name}
    except (OSError, ValueError, RecursionError):
        return {}


def _is_sound(words: object) -> bool:
    return (
        isinstance(words, dict)
        and isinstance(words.get("prompt"), str)
        and isinstance(words.get("system"), str)
        and isinstance(words.get("settings"), dict)
    )


def unlike(first: Arm, second: Arm) -> Unlike:
    """What differs in the cells that both have. Nothing is said of a run whose records do not tell."""
    refused: dict[str, None] = {}
    marked: dict[str, None] = {}
    for asked in [asked for asked in first.asked if asked in second.asked]:
        ours, theirs = first.asked[asked], second.asked[asked]
        if ours == theirs or "" in ours | theirs:
            continue
        sides = _ways(first, asked[0], ours), _ways(second, asked[0], theirs)
        if None in sides:
            refused[UNKNOWN] = None
            continue
        found = _compared(*(side or () for side in sides))
        refused |= dict.fromkeys(found.refused)
        marked |= dict.fromkeys(found.marked)
    if any("" in found for found in first.asked.values()) != any("" in found for found in second.asked.values()):
        unsaid = next(arm for arm in (first, second) if any("" in found for found in arm.asked.values()))
        marked[f"how {plain(unsaid.name)} was asked is not known"] = None
    return Unlike(tuple(refused), tuple(marked))


def signature(arm: Arm, cells: Iterable[str]) -> object:
    """Equal for arms that may be ranked together in these cells; None where the records do not tell."""
    wanted = set(cells)
    found: list[object] = []
    for (cell, form), digests in sorted(arm.asked.items()):
        if cell in wanted:
            if "" in digests:
                return None
            ways = _ways(arm, cell, digests)
            known = frozenset((way.prompt, way.views, way.temperature or 0, way.settings) for way in ways or ())
            found.append((cell, form, known or digests))
    return tuple(found)


def unlike_task(arm: Arm, cells: Iterable[str]) -> str:
    """What differs from how the tasks ask; empty where nothing does, or the words are not known."""
    wanted = set(cells)
    for (cell, form), digests in arm.asked.items():
        for way in _ways(arm, cell, digests) or () if cell in wanted else ():
            if way.temperature:
                return f"temperature {way.temperature:g}"
            if way.prompt != _template(arm.cells[cell], form):
                return "another prompt"
    return ""


def _template(cell: Cell, form: str) -> str:
    affixes = cell.prompt.affixes()
    listed = {name: affixes[name] for name in ("options", "mark") if name in affixes}
    asked = body("{question}", ("{choice}",) if form == "mc" else (), **listed)
    return f"{affixes['pre_prompt']}{asked}{affixes.get(f'post_prompt_{form}', affixes['post_prompt'])}"


def _ways(arm: Arm, cell: str, digests: Iterable[str]) -> tuple[Way, ...] | None:
    """The ways behind some digests; None where the words of one are not known."""
    held = [arm.asked_words.get(one) for one in sorted(digests)]
    return None if None in held else tuple(_way(words or {}, arm.cells[cell]) for words in held)


def _way(words: Mapping[str, Any], cell: Cell) -> Way:
    settings = dict(words["settings"])
    limit = next((settings[name] for name in _LIMITS if settings.get(name) is not None), None)
    temperature = settings.pop("temperature", None)
    temperature = float(temperature) if isinstance(temperature, int | float) else None
    idle = {name for name, value in settings.items() if value in _IDLE.get(name, ())}
    idle |= set() if temperature else set(_OF_SAMPLING)
    kept = {name: value for name, value in settings.items() if name not in (*_LIMITS, *idle)}
    return Way(
        words["prompt"].replace(cell.prompt.told, "", 1),
        str(words.get("views", ALL_VIEWS)),
        words["system"],
        temperature,
        tuple(sorted((name, _text(value)) for name, value in kept.items())),
        _text(limit),
    )


def _compared(ours: Sequence[Way], theirs: Sequence[Way]) -> Unlike:
    refused, marked = list[str](), list[str]()

    def differ(name: str, into: list[str], *sides: set[Any]) -> None:
        if sides[0] != sides[1]:
            into.append(name.format(_against(*sides)))

    both = (ours, theirs)
    prompts = [sorted({way.prompt for way in side}) for side in both]
    if prompts[0] != prompts[1]:
        refused.append(_prompts(*prompts))
    temperatures = [{way.temperature for way in side} for side in both]
    same = {one or 0 for one in temperatures[0]} == {one or 0 for one in temperatures[1]}
    differ("temperature {}", marked if same else refused, *temperatures)
    differ("views {}", refused, *({way.views for way in side} for side in both))
    for name in sorted({name for way in (*ours, *theirs) for name, _ in way.settings}):
        # How a model samples is said by its temperature, where only one does.
        if name not in _OF_SAMPLING or same:
            shown = plain(name, 40).replace("{", "{{").replace("}", "}}")
            differ(f"{shown} {{}}", refused, *({dict(way.settings).get(name) for way in side} for side in both))
    systems = [{repr(plain(way.system, _SHOWN)) if way.system else None for way in side} for side in both]
    whole = [{way.system for way in side} for side in both]
    if whole[0] != whole[1]:
        marked.append(f"system text {_against(*systems)}")
    differ("at most {} tokens", marked, *({way.limit for way in side} for side in both))
    return Unlike(tuple(refused), tuple(marked))


def _against(ours: Iterable[object], theirs: Iterable[object]) -> str:
    return " against ".join(", ".join(sorted(map(_value, side))) for side in (ours, theirs))


def _value(value: object) -> str:
    if value is None:
        return "none given"
    return f"{value:g}" if isinstance(value, float) else plain(value, 2 * _SHOWN)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _prompts(ours: Sequence[str], theirs: Sequence[str]) -> str:
    """The first of the prompts that only one side has, each from where they part."""
    first, second = next(((a, b) for a, b in zip(ours, theirs, strict=False) if a != b), (ours[-1], theirs[-1]))
    pairs = enumerate(zip(f"{first}\0", f"{second}\0", strict=False))
    start = max(0, next((place for place, (a, b) in pairs if a != b), 0) - 10)
    return f"prompt {plain(first[start:], _SHOWN)!r} against {plain(second[start:], _SHOWN)!r}"
