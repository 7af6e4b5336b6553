"""What an LLM judge needs to know: the endpoint, the mode and the limits. Nothing here reads the environment."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from radimagenet_vqa_tasks.judge.llm.prompt import Mode

SHORTEST_SECRET = 6
_VENDORS = {"api.mistral.ai": "mistral", "api.openai.com": "openai"}


@dataclass(frozen=True)
class JudgeOptions:
    """One LLM judge.

    Attributes:
        model: the endpoint's name of the model, for instance "mistral-large-2411".
        base_url: where the chat protocol is spoken, for instance "https://api.mistral.ai/v1".
        api_key: never shown, logged or stored; empty for a local server that asks for none.
        mode: "figure8", "tool", or "schema" for endpoints that can be held to a JSON schema.
        concurrency: verdicts under way at once.
        timeout: seconds that one request may take.
        deadline: seconds that one verdict may take, waiting and retries included.
        attempts: requests for one reply, when the endpoint fails in a way that may pass.
        backoff: seconds before the first of these retries; each further one waits twice as long.
        readings: replies that are asked for until one holds a verdict.
        failures: verdicts in a row that may fail before the judge stops asking.
        max_tokens: the most a reply may hold; None leaves it to the endpoint.
        cache: the file that keeps replies; None keeps none.
    """

    model: str
    base_url: str = field(repr=False)  # may hold a password; `shown_url` does not
    api_key: str = field(default="", repr=False)
    mode: Mode = "figure8"
    concurrency: int = 32
    timeout: float = 60.0
    deadline: float = 180.0
    attempts: int = 7
    backoff: float = 0.5
    readings: int = 3
    failures: int = 10
    max_tokens: int | None = None
    cache: Path | None = None

    @property
    def name(self) -> str:
        """What records call this judge. Another mode asks another question, so it is another judge."""
        return self.model if self.mode == "figure8" else f"{self.model}+{self.mode}"

    @property
    def shown_url(self) -> str:
        """The base URL as messages may show it: without user, password and query."""
        parts = urlsplit(self.base_url)
        return urlunsplit((parts.scheme, self.host, parts.path, "", ""))

    @property
    def endpoint(self) -> str:
        """The base URL as the client takes it: without its query, which goes with every request."""
        return urlunsplit((*urlsplit(self.base_url)[:3], "", "")).rstrip("/")

    @property
    def query(self) -> dict[str, str]:
        """The query of the base URL, for instance Azure's `api-version`."""
        return dict(parse_qsl(urlsplit(self.base_url).query))

    def masked(self, text: str) -> str:
        """`text` without the key, and without a password or key that the base URL holds."""
        password = urlsplit(self.base_url).password or ""
        hidden = [value for name, value in self.query.items() if name != "api-version"]
        for secret in {self.api_key, password, unquote(password), *hidden}:
            if len(secret) >= SHORTEST_SECRET:  # "none" and "test", given to servers that ask for none, are words
                text = text.replace(secret, "***")
        return text

    @property
    def host(self) -> str:
        """The endpoint's host and port, without anything secret that a URL can hold."""
        parts = urlsplit(self.base_url)
        return parts.netloc.rpartition("@")[2] or self.base_url.partition("?")[0]

    @property
    def kind(self) -> str:
        """Who serves the model: "mistral", "openai", "local", or the host. One name may mean two models."""
        host = urlsplit(self.base_url).hostname or ""
        return "local" if _is_local(host) else _VENDORS.get(host, host)

    @property
    def on_this_machine(self) -> bool:
        """Whether the endpoint is on loopback."""
        host = urlsplit(self.base_url).hostname or ""
        address = _address(host)
        return host == "localhost" or (address is not None and address.is_loopback)


def _is_local(host: str) -> bool:
    if host == "localhost" or ("." not in host and ":" not in host):
        return True
    address = _address(host)
    if address is None:
        return host.endswith((".local", ".internal", ".lan"))
    return address.is_loopback or address.is_private


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
