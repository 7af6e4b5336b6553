"""Which judge the environment asks for, and that nobody's key goes where it does not belong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.settings import from_environment, options_from_environment

MISTRAL, OPENAI = "https://api.mistral.ai/v1", "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("RADVQA_JUDGE", "OPENAI_")) or name == "MODEL_VERSION":
            monkeypatch.delenv(name)


def options(monkeypatch: pytest.MonkeyPatch, **environment: str) -> JudgeOptions | None:
    for name, value in environment.items():
        monkeypatch.setenv(name if name.startswith(("OPENAI", "MODEL")) else f"RADVQA_JUDGE{name}", value)
    return options_from_environment()


def test_without_settings_the_rule_judge_judges() -> None:
    """A plain run needs no endpoint, and a key for something else in the environment changes nothing."""
    assert from_environment() is None


def test_the_host_s_settings_alone_ask_for_no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who evaluates a model of OpenAI's does not thereby pay for a judge."""
    assert options(monkeypatch, OPENAI_API_KEY="sk-host", MODEL_VERSION="gpt-5") is None


def test_a_model_is_enough_where_its_name_says_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The paper's judge takes a model and a key."""
    found = options(monkeypatch, _MODEL="mistral-large-2411", _API_KEY="sk-own")
    assert found is not None
    assert (found.base_url, found.api_key, found.kind) == (MISTRAL, "sk-own", "mistral")
    assert (found.name, found.mode, found.concurrency) == ("mistral-large-2411", "figure8", 32)


def test_every_setting_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The table in the module's docstring, row by row."""
    environment = {"": "llm", "_MODEL": "m", "_BASE_URL": "http://127.0.0.1:8000/v1/", "_MODE": "schema"}
    environment |= {"_CONCURRENCY": "4", "_TIMEOUT": "9.5", "_MAX_TOKENS": "99", "_CACHE": str(tmp_path / "c")}
    found = options(monkeypatch, **environment)
    assert found == JudgeOptions(
        "m",
        "http://127.0.0.1:8000/v1",
        mode="schema",
        concurrency=4,
        timeout=9.5,
        deadline=28.5,
        max_tokens=99,
        cache=tmp_path / "c",
    )
    assert (found.kind, found.name) == ("local", "m+schema")


def test_the_cache_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some keep nothing on disk."""
    found = options(monkeypatch, _MODEL="gpt-5", _CACHE="off")
    assert found is not None and found.cache is None


def test_rule_wins_over_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule judge can be asked for by name whatever else is set."""
    assert options(monkeypatch, **{"": "rule", "_MODEL": "mistral-large-2411"}) is None


@pytest.mark.parametrize(
    ("environment", "url", "key"),
    [
        # By name, the host's own settings stand in for what is missing, URL and key together.
        ({"": "llm", "OPENAI_API_URL": f"{OPENAI}/chat/completions", "OPENAI_API_KEY": "host"}, OPENAI, "host"),
        ({"": "llm", "OPENAI_API_KEY": "host"}, OPENAI, "host"),
        ({"": "llm", "OPENAI_API_URL": "http://10.0.0.1/v1", "OPENAI_API_KEY": "host"}, "http://10.0.0.1/v1", "host"),
        # A key is not sent to another vendor, nor to a server that was named without one.
        ({"": "llm", "_MODEL": "mistral-large-2411", "OPENAI_API_KEY": "host"}, MISTRAL, ""),
        ({"": "llm", "_BASE_URL": "http://10.0.0.1/v1", "OPENAI_API_KEY": "host"}, "http://10.0.0.1/v1", ""),
        ({"_MODEL": "gpt-5", "OPENAI_API_KEY": "host"}, OPENAI, ""),
        ({"": "llm", "_API_KEY": "own", "OPENAI_API_URL": "http://10.0.0.1", "OPENAI_API_KEY": "host"}, OPENAI, "own"),
    ],
)
def test_keys_go_only_where_they_belong(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, key: str
) -> None:
    """The host's key is a fall-back by name only, and never leaves its own vendor."""
    found = options(monkeypatch, **{"MODEL_VERSION": "gpt-4o", **environment})
    assert found is not None
    assert (found.base_url, found.api_key) == (url, key)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"": "gpt"}, "RADVQA_JUDGE='gpt'"),
        ({"": "llm"}, "RADVQA_JUDGE_MODEL"),
        ({"_MODEL": "my-model"}, "RADVQA_JUDGE_BASE_URL"),
        ({"_MODEL": "m", "_BASE_URL": "localhost:8000"}, "localhost:8000"),
        ({"_MODEL": "m", "_BASE_URL": "http://[::1"}, "http://"),
        ({"_MODEL": "m", "_BASE_URL": "http://host:port/v1"}, "host:port"),
        ({"_MODEL": "rule", "_BASE_URL": "http://127.0.0.1/v1"}, "cannot be called 'rule'"),
        ({"_MODEL": "gpt-5", "_API_KEY": "sk-\u201cquoted\u201d"}, "RADVQA_JUDGE_API_KEY"),
        ({"_MODEL": "gpt-5", "_API_KEY": "sk-two\nlines"}, "RADVQA_JUDGE_API_KEY"),
        ({"_MODEL": "gpt-5", "_MODE": "json"}, "figure8 or tool or schema"),
        ({"_MODEL": "gpt-5", "_CONCURRENCY": "many"}, "RADVQA_JUDGE_CONCURRENCY='many'"),
        ({"_MODEL": "gpt-5", "_CONCURRENCY": "0"}, "RADVQA_JUDGE_CONCURRENCY='0'"),
        ({"_MODEL": "gpt-5", "_TIMEOUT": "inf"}, "RADVQA_JUDGE_TIMEOUT"),
        ({"_MODEL": "gpt-5", "_MAX_TOKENS": "-5"}, "RADVQA_JUDGE_MAX_TOKENS"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str) -> None:
    """The message says which variable, what it holds and what it may hold."""
    with pytest.raises(RunError, match=re.escape(words)):
        options(monkeypatch, **environment)


def test_a_url_shows_no_password() -> None:
    """Messages and reprs name the endpoint, not what its URL may hold."""
    judge = JudgeOptions("m", "https://user:secret@example.org:8443/v1?key=secret")
    assert judge.shown_url == "https://example.org:8443/v1"
    assert (judge.host, judge.kind) == ("example.org:8443", "example.org")
    assert "secret" not in repr(judge)


def test_importing_reads_no_setting() -> None:
    """Nonsense in the environment disturbs nobody until a judge is asked for; and no client is imported."""
    code = "import sys, radimagenet_vqa_tasks.judge.llm.settings; print('openai' in sys.modules)"
    environment = {**os.environ, "RADVQA_JUDGE": "nonsense", "RADVQA_JUDGE_TIMEOUT": "nonsense"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("False", "")
