"""Endpoints with ways of their own: addresses, certificates, parameters, streams; and secrets that they repeat."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from judge_server import Answer, JudgeServer
from judge_support import KEY, verdicts

from radimagenet_vqa_tasks.errors import RunError
from radimagenet_vqa_tasks.judge.llm.judge import LLMJudge
from radimagenet_vqa_tasks.judge.llm.options import JudgeOptions
from radimagenet_vqa_tasks.judge.llm.settings import options_from_environment
from radimagenet_vqa_tasks.judge.llm.usage import Prices

Judges = Callable[..., LLMJudge]


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The file of a private certificate authority, whose certificate for this machine is in `server.pem`."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def secure(authority: Path) -> Iterator[JudgeServer]:
    """A server with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.with_name("server.pem"))
    with JudgeServer(tls=context) as server:
        yield server


def test_a_private_authority_is_trusted_on_loopback_too(
    secure: JudgeServer, judge_of: Judges, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hospital's own certificates work where SSL_CERT_FILE names their authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert verdicts(judge_of(secure.url), ["knee"])[0].outcome == "correct"


@pytest.mark.parametrize(("file", "words"), [(None, "set SSL_CERT_FILE"), ("nowhere.pem", "cannot be read")])
def test_a_fault_of_certificates_is_named_at_once(
    secure: JudgeServer,
    judge_of: Judges,
    monkeypatch: pytest.MonkeyPatch,
    warnings_said: list[str],
    file: str | None,
    words: str,
) -> None:
    """One message that says what to set, not retries of a connection that cannot work."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    if file:
        monkeypatch.setenv("SSL_CERT_FILE", file)
    outcomes = verdicts(judge_of(secure.url), ["knee", "hip"])
    assert {(verdict.outcome, verdict.reason) for verdict in outcomes} == {("missing", "certificate")}
    assert len(warnings_said) == 1 and words in warnings_said[0]


class Plain(socketserver.BaseRequestHandler):
    """Answers whatever comes as a web server without TLS does."""

    def handle(self) -> None:
        self.request.recv(1 << 16)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_https_to_a_server_without_it_is_named(judge_of: Judges, warnings_said: list[str]) -> None:
    """A wrong scheme is no passing fault."""
    with socketserver.TCPServer(("127.0.0.1", 0), Plain) as plain:
        threading.Thread(target=plain.serve_forever, daemon=True).start()
        [verdict] = verdicts(judge_of(f"https://127.0.0.1:{plain.server_address[1]}/v1"), ["knee"])
        plain.shutdown()
    assert verdict.reason == "certificate" and "does not speak https" in warnings_said[0]


def test_the_query_of_a_base_address_goes_with_every_request(server: JudgeServer, judge_of: Judges) -> None:
    """Azure's api-version stands behind the path of the call, where the endpoint looks for it."""
    url = server.url.replace("/v1", "/openai/deployments/judge?api-version=2024-06-01")
    assert verdicts(judge_of(url), ["knee"])[0].outcome == "correct"
    assert server.headers[0].startswith("POST /openai/deployments/judge/chat/completions?api-version=2024-06-01 ")


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer(fault="stream", headers={"content-type": "text/event-stream"}), "streaming_only", "streams only"),
        (Answer(status=400, error={"message": "'stream' must be true"}), "streaming_only", "streams only"),
        (Answer(status=400, error={"message": "temperature: only 1 is supported"}), "bad_setting", "temperature"),
        (Answer(status=422, error={"message": "unknown field response_format"}), "bad_setting", "response_format"),
    ],
    ids=["stream", "stream refused", "temperature", "response_format"],
)
def test_what_an_endpoint_cannot_do_is_named(
    server: JudgeServer, judge_of: Judges, warnings_said: list[str], answer: Answer, reason: str, words: str
) -> None:
    """The setting, in one message, whether the endpoint names it in a field or in words."""
    server.behave = lambda text, number: answer
    [verdict] = verdicts(judge_of(server.url), ["knee"])
    assert verdict.reason == reason and len(warnings_said) == 1 and words in warnings_said[0]


def test_a_refusal_that_quotes_an_answer_is_not_about_a_setting(server: JudgeServer, judge_of: Judges) -> None:
    """A model cannot end the judging with the name of a parameter in its answer."""

    def behave(text: str, number: int) -> Answer:
        return Answer(status=400, error={"message": f"cannot process: {text}"}) if "temperature" in text else Answer()

    server.behave = behave
    outcomes = verdicts(judge_of(server.url, concurrency=1), ["normal temperature", "knee"])
    assert [(verdict.outcome, verdict.reason) for verdict in outcomes] == [
        ("unparsed", "unjudgeable"),
        ("correct", "judged"),
    ]


def test_money_is_not_nothing_where_tokens_are_not_counted(server: JudgeServer, judge_of: Judges) -> None:
    """An endpoint that leaves out the usage costs something all the same."""
    server.behave = lambda text, number: Answer(fault="no_usage" if "hip" in text else "")
    judge = judge_of(server.url)
    verdicts(judge, ["hip"])
    assert "cost unknown" in judge.usage.summary(Prices(2, 6)) and "tokens not counted" in judge.usage.summary()
    verdicts(judge, ["knee"])
    assert "at least cost 0.0005" in judge.usage.summary(Prices(2, 6))


def test_a_secret_that_an_endpoint_repeats_is_masked(server: JudgeServer, judge_of: Judges, tmp_path: Path) -> None:
    """The judge's own words go into records and the cache; keys and passwords in them do not."""
    url = server.url.replace("http://", "http://user:pass-word%21@") + "?token=sesame-open&api-version=1"
    said = f"{KEY} pass-word! pass-word%21 sesame-open <judge>0</judge>"
    server.behave = lambda text, number: Answer(said)
    judge = judge_of(url, cache=tmp_path / "judge.sqlite")
    [verdict] = verdicts(judge, ["knee"])
    judge.close()
    assert (verdict.outcome, verdict.reply) == ("correct", "*** *** *** *** <judge>0</judge>")
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"judge>0" in kept and not any(secret in kept for secret in (KEY.encode(), b"pass-word", b"sesame"))


@pytest.mark.parametrize(
    "variable", ["RADVQA_JUDGE", "RADVQA_JUDGE_MODEL", "RADVQA_JUDGE_MODE", "RADVQA_JUDGE_TIMEOUT"]
)
def test_a_key_in_the_wrong_variable_is_not_repeated(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be the judge's name in every record, or stand in the message that refuses it."""
    monkeypatch.setenv("RADVQA_JUDGE_MODEL", "gpt-5")
    monkeypatch.setenv(variable, KEY)
    with pytest.raises(RunError) as caught:
        options_from_environment()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://user:secret-1@host/v1", "user:secret-1@host", "https://:x/v1?key=secret-1"])
def test_a_refused_address_shows_no_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the address without what it may hold."""
    monkeypatch.setenv("RADVQA_JUDGE_MODEL", "m")
    monkeypatch.setenv("RADVQA_JUDGE_BASE_URL", url)
    with pytest.raises(RunError) as caught:
        options_from_environment()
    assert "secret" not in str(caught.value)


def test_short_words_are_no_secrets() -> None:
    """A local server's key is often "none" or "test"; the judge's words stay what they are."""
    assert JudgeOptions("m", "http://127.0.0.1/v1", api_key="none").masked("none of it") == "none of it"
