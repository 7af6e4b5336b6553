"""Which judge a run is to use, as the environment says. Read when called, never at import.

    RADVQA_JUDGE              llm or rule; unset: llm where RADVQA_JUDGE_MODEL is set, else rule
    RADVQA_JUDGE_MODEL        for instance mistral-large-2411, the paper's
    RADVQA_JUDGE_BASE_URL     for instance https://api.mistral.ai/v1; needless for Mistral's and OpenAI's own models
    RADVQA_JUDGE_API_KEY      needless for a local server
    RADVQA_JUDGE_MODE         figure8 (the paper's prompt as printed), tool (as its tool has it) or schema
    RADVQA_JUDGE_CONCURRENCY  verdicts under way at once (32)
    RADVQA_JUDGE_TIMEOUT      seconds for one request (60); a verdict, retries included, may take three times as long
    RADVQA_JUDGE_MAX_TOKENS   the most that a reply may hold
    RADVQA_JUDGE_CACHE        the file that keeps replies, or "off"

Where the judge is asked for by name (RADVQA_JUDGE=llm), the host's own MODEL_VERSION, OPENAI_API_URL and OPENAI_API_KEY
stand in for what is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.llm.cache import default_path
from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.progress import Progress
from radimagenet_vqa_tasks.judge.llm.prompt import MODES, Mode

Number = TypeVar("Number", int, float)

# A key must never be sent to another vendor: only these names say by themselves whose they are.
_OPENAI = "https://api.openai.com/v1"
_VENDOR_OF_MODEL = {
    ("mistral-", "ministral-", "magistral-", "open-mistral-"): "https://api.mistral.ai/v1",
    ("gpt-", "chatgpt-", "o1", "o3", "o4"): _OPENAI,
}


def from_environment() -> LLMJudge | None:
    """The LLM judge that the environment asks for, with a progress bar; None where the rule judge is to judge.

    Raises RunError, naming the variable, where the settings make no judge.
    """
    options = options_from_environment()
    if options is None:
        return None
    progress = Progress(f"judge {options.name}")
    judge = LLMJudge(options, progress.verdict)
    progress.follow(judge.usage)
    return judge


def options_from_environment(
    model: str | None = None, base_url: str | None = None, mode: str | None = None, by_name: bool = False
) -> JudgeOptions | None:
    """The options of the LLM judge, None for the rule judge. Arguments go before the environment.

    `by_name` says that the caller wants the LLM judge whatever RADVQA_JUDGE says. Raises RunError.
    """
    asked = os.environ.get("RADVQA_JUDGE", "").strip().lower()
    if asked not in ("", "llm", "rule"):
        raise RunError(f"RADVQA_JUDGE={_shown(asked)} is no judge. Set it to llm or rule, or leave it unset.")
    own_model = model or _get("MODEL")
    if (asked == "rule" and not by_name) or not (own_model or asked == "llm" or by_name):
        return None
    host = os.environ if asked == "llm" or by_name else {}
    name = own_model or host.get("MODEL_VERSION", "")
    if not name:
        raise RunError("the LLM judge was asked for, but no model. Set RADVQA_JUDGE_MODEL, e.g. mistral-large-2411.")
    url, key = base_url or _get("BASE_URL"), _get("API_KEY")
    if not url and not key:
        # The host's URL and its key belong together; a key without a URL is OpenAI's.
        url = host.get("OPENAI_API_URL") or _vendor(name)
        key = host.get("OPENAI_API_KEY", "").strip() if host.get("OPENAI_API_URL") or url == _OPENAI else ""
    if _looks_like_a_key(name) or (key and key in name):
        raise RunError("the judge's model is called like a key, and would be named in every record. Is it one?")
    if name == "rule":
        raise RunError("an LLM judge cannot be called 'rule', as records could not tell it from the rule judge.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise RunError("the judge's API key holds a character that no key has; set RADVQA_JUDGE_API_KEY anew.")
    timeout = _number("TIMEOUT", float, 60.0)
    return JudgeOptions(
        model=name,
        base_url=_checked(url or _vendor(name)),
        api_key=key,
        mode=_mode(mode or _get("MODE") or "figure8"),
        concurrency=_number("CONCURRENCY", int, 32),
        timeout=timeout,
        deadline=3 * timeout,
        max_tokens=_number("MAX_TOKENS", int, 0) or None,
        cache=_cache(_get("CACHE")),
    )


def _get(name: str) -> str:
    return os.environ.get(f"RADVQA_JUDGE_{name}", "").strip()


def _number(name: str, kind: Callable[[str], Number], default: Number) -> Number:
    text = _get(name)
    try:
        value = kind(text) if text else default
        if text and not 0 < value < float("inf"):
            raise ValueError
    except ValueError:
        raise RunError(f"RADVQA_JUDGE_{name}={_shown(text)} is no positive number.") from None
    return value


def _mode(text: str) -> Mode:
    for mode in MODES:
        if mode == text:
            return mode
    raise RunError(f"RADVQA_JUDGE_MODE={_shown(text)} is no mode of the judge. Set it to {' or '.join(MODES)}.")


def _vendor(model: str) -> str:
    for prefixes, url in _VENDOR_OF_MODEL.items():
        if model.startswith(prefixes):
            return url
    raise RunError(
        f"where is the judge {_shown(model)} served? Set RADVQA_JUDGE_BASE_URL, for instance http://127.0.0.1:8000/v1"
    )


def _checked(url: str) -> str:
    # The host's variable holds the full address of the chat call.
    url = url.strip().rstrip("/")
    address, mark, query = url.partition("?")
    url = address.rstrip("/").removesuffix("/chat/completions") + mark + query
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        sound = False
    if not sound:
        shown = re.sub(r"(?<![^/])[^/@]+@|(?<=\?).*", "***", url)
        raise RunError(f"the judge's base URL {_shown(shown)} is none. It looks like https://api.mistral.ai/v1")
    return url


# A vendor's few letters and a long rest, or 28 letters and digits without a break.
_KEY = re.compile(r"(?:sk|pk|hf|gsk|key|xai)[-_][\w-]{16,}|(?=\D*\d)(?=[^a-zA-Z]*[a-zA-Z])[A-Za-z0-9]{28,}")


def _looks_like_a_key(text: str) -> bool:
    return bool(_KEY.fullmatch(text))


def _shown(text: str) -> str:
    """A setting as a message may repeat it: not if it may be a key that was put into the wrong variable."""
    return "'***'" if _looks_like_a_key(text) else repr(text)


def _cache(text: str) -> Path | None:
    if text.lower() in ("off", "none", "0"):
        return None
    return Path(text).expanduser() if text else default_path()
