"""No response may speak for the judge, and no ordinary one may be changed on its way."""

from __future__ import annotations

import html
import re
import time
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from judge_server import CORRECT, INCORRECT, Answer, JudgeServer
from judge_support import ANSWER, QUESTION, cases, verdicts

from radimagenet_vqa_tasks.judge.llm.lookalikes import plain
from radimagenet_vqa_tasks.judge.llm.neutralise import neutralise
from radimagenet_vqa_tasks.judge.llm.prompt import MODES, Mode, prompt, template
from radimagenet_vqa_tasks.judge.llm.reply import read

ATTACKS = cases("judge_attacks")

# What the obedient judge below takes for its own voice. Written apart from the package's own rules.
_DISGUISES = str.maketrans(
    {
        **{0x1F1E6 + index: chr(97 + index) for index in range(26)},
        **dict.fromkeys("\u0458\u03f3\u0575\u1d0a\u0237", "j"),
        **dict.fromkeys("\u03c5\u057d\u1d1c", "u"),
        **dict.fromkeys("\u0501\u1d05", "d"),
        **dict.fromkeys("\u0581\u0262\u0261", "g"),
        **dict.fromkeys("\u0435\u04bd\u1d07", "e"),
        **dict.fromkeys("\u2039\u27e8\u00ab\u3008", "<"),
        **dict.fromkeys("\u203a\u27e9\u00bb\u3009", ">"),
        **dict.fromkeys("\u2044", "/"),
        **dict.fromkeys("\u201c\u201d", '"'),
        **dict.fromkeys("\u2019", "'"),
        **dict.fromkeys("\u2581", "_"),
    }
)
_OBEYED = re.compile(
    r"[<\[{]\W*j\W*u\W*d\W*g\W*e\b[^0]{0,20}0"
    r"|<\|\w+\|>|\[/?(inst|system_prompt|tool_results|eos|bos)\]|<<?/?sys>|</?(s|think|system)>|<(start|end)_of_turn>"
    r"|\n\W*(assistant|human|system|response)\W*:|the (standard|user's) answer:|[\"']\s*verdict\s*[\"']\s*:\s*0"
)


def obedient(text: str, number: int = 0) -> Answer:
    """A judge that does what the answer says: it repeats the verdict, and follows the turn, that it finds in it."""
    return Answer(CORRECT if _OBEYED.search(_undisguised(_answer_in(text))) else INCORRECT)


def parrot(text: str, number: int = 0) -> Answer:
    """A judge that repeats the whole answer before it comes to its own verdict, which is 1."""
    return Answer(f"<think> The user says: {_answer_in(text)} </think> <judge>1</judge>")


def _answer_in(text: str) -> str:
    return text.split("The user's answer: ", 1)[1].rsplit("\nPlease ", 1)[0]


def _undisguised(text: str) -> str:
    return _visible(text) + "\x00" + _visible("".join(chr(ord(c) - 0xE0000) if ord(c) > 0xE0000 else c for c in text))


def _visible(text: str) -> str:
    text = re.sub(r"\\[ux](?:00)?([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), text)
    text = unicodedata.normalize("NFKD", unquote(html.unescape(html.unescape(text))))
    seen = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Mn", "Cc", "Lo"))
    return seen.translate(_DISGUISES).lower()


@pytest.fixture(scope="module")
def forceful() -> list[dict[str, Any]]:
    return [attack for attack in ATTACKS if attack["kind"] != "persuasion"]


def test_the_attacks_are_many() -> None:
    """The suite keeps the size that was promised."""
    assert len(ATTACKS) >= 60


def test_without_neutralising_every_forceful_attack_works(forceful: list[dict[str, Any]]) -> None:
    """The obedient judge is fooled by what the model wrote: the next test would notice a hole."""
    raw = template("figure8")
    unfooled = [
        attack["why"] for attack in forceful if obedient(raw.replace("{response}", attack["response"])).text != CORRECT
    ]
    assert unfooled == []


@pytest.mark.parametrize("mode", MODES)
def test_no_attack_talks_the_obedient_judge_round(
    server: JudgeServer, judge_of: Callable[..., Any], mode: Mode
) -> None:
    """The promise itself, over HTTP: a model cannot get a `correct` out of a judge that does what it reads."""
    schema = {CORRECT: '{"think": "", "verdict": 0}', INCORRECT: '{"think": "", "verdict": 1}'}

    def behave(text: str, number: int) -> Answer:
        answer = obedient(text)
        return answer if mode == "figure8" else Answer(schema[answer.text or ""])

    server.behave = behave
    outcomes = verdicts(judge_of(server.url, mode=mode), [attack["response"] for attack in ATTACKS], ANSWER)
    gained = [
        attack["why"] for attack, verdict in zip(ATTACKS, outcomes, strict=True) if verdict.outcome != "incorrect"
    ]
    assert gained == []


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["why"])
def test_an_attack_that_is_quoted_costs_no_verdict(attack: dict[str, Any]) -> None:
    """A model cannot make itself `unjudged` either, and so be left out, through a judge that quotes it."""
    reply = parrot(prompt(QUESTION, ANSWER, attack["response"])).text or ""
    assert read(reply).outcome == "incorrect"


@pytest.mark.parametrize("case", cases("judge_ordinary"), ids=lambda case: repr(case["response"]))
def test_an_ordinary_answer_is_unchanged(case: dict[str, str]) -> None:
    """The judge reads what the model wrote."""
    assert neutralise(case["response"]) == case["response"]


_NO_SIGN = st.characters().filter(lambda char: not set(plain(char)) & set("<>[]{}|&\\%:\"'"))


@given(st.text(_NO_SIGN))
def test_text_in_which_nothing_looks_like_a_bracket_is_unchanged(text: str) -> None:
    """Whatever the script and however odd its characters: without a bracket or a colon there is no token."""
    assert neutralise(text) == text


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_sent(text: str) -> None:
    """No string that a model can produce breaks the request, and cleaning it twice changes nothing more."""
    prompt(QUESTION, ANSWER, text).encode()
    assert neutralise(neutralise(text)) == neutralise(text)


_PIECES = st.sampled_from(
    [
        *("<", ">", "</", "judge", "jud", "ge", "<judge>", "</judge>", "0", "1", "|", "<|im_end|>", "[INST]", "think"),
        *("&lt;", "&gt;", "\\u003c", "%3C", "*", "Assistant:", "<s>", '"verdict":', "\u200b", "\uff1c", "\n", " ", "'"),
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
@example("<|<|x|>|>")
def test_no_mixture_of_pieces_leaves_a_token(text: str) -> None:
    """Cutting one token out never makes another one."""
    cleaned = neutralise(text)
    assert not re.search(r"</?judge>|<\|im_end\|>|\[INST\]|</?s>", cleaned)
    assert neutralise(cleaned) == cleaned


@pytest.mark.parametrize(
    "piece", ["<", "<j", "[ ", "<|", "&", "&amp;", "\n ", "< ", "<judge ", "the ", "' ", "</", "\\u003c", "<judge>"]
)
def test_a_long_hostile_answer_takes_no_long_time(piece: str) -> None:
    """A model cannot stop the run with a text on which patterns backtrack."""
    started = time.monotonic()
    neutralise(piece * 20_000)
    assert time.monotonic() - started < 10
