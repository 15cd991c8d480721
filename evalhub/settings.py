"""Settings, from the environment, read in this one place. Names: docs/configuration.md."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evalhub.errors import SetupError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8390
YES = ("1", "true", "yes")
JUDGE_APIS = ("auto", "decisions", "responses", "chat")


def default_data_dir() -> Path:
    """Where data lives unless told otherwise: /var/lib/evalhub for root, the user's data folder for others."""
    if os.geteuid() == 0:
        return Path("/var/lib/evalhub/data")
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "evalhub"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one process of evalhub knows about the world around it."""

    data_dir: Path
    database_url: str | None = None
    broker_url: str | None = None
    storage_url: str | None = None
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    secret_key: str | None = None
    proxies: int = 0
    """how many proxies of ours stand in front and say who asked, by which scheme and host"""
    judge_url: str | None = None
    judge_model: str | None = None
    judge_api_key: str | None = None
    judge_api: str = "auto"
    """how the judge is asked: auto | decisions | responses | chat"""
    judge_votes: int = 1
    judge_batch: bool = False
    """ask by the Batch API: half the price, up to a day"""
    judge_concurrency: int = 64
    """how many questions a judge worker has open at a time"""
    listening_model: str | None = None
    listening_url: str | None = None
    listening_api_key: str | None = None
    allow_private_urls: bool = False
    private_hosts: tuple[str, ...] = ()
    """names, addresses and networks that outbound calls may reach although they are private, by http too"""
    dnsmos: bool = False
    """whether the costly model DNSMOS rates every recording"""
    inbox_days: int = 30
    """how long bodies are kept as they were received"""

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Settings as the environment gives them; an empty variable counts as not set.

        Raises:
            SetupError: a value cannot be understood; names the variable and what it should be.
        """
        value = {key: text for key, text in env.items() if text}
        return cls(
            data_dir=Path(value.get("EVALHUB_DATA") or default_data_dir()).expanduser().absolute(),
            database_url=_psycopg(value.get("EVALHUB_DATABASE_URL")),
            broker_url=value.get("EVALHUB_BROKER_URL"),
            storage_url=value.get("EVALHUB_STORAGE_URL"),
            host=value.get("EVALHUB_HOST", DEFAULT_HOST),
            port=_port(value.get("EVALHUB_PORT", str(DEFAULT_PORT))),
            secret_key=value.get("EVALHUB_SECRET_KEY"),
            proxies=_proxies(value.get("EVALHUB_PROXIES", "0")),
            judge_url=value.get("EVALHUB_JUDGE_URL") or value.get("OPENAI_BASE_URL"),
            judge_model=value.get("EVALHUB_JUDGE_MODEL"),
            judge_api_key=value.get("EVALHUB_JUDGE_API_KEY") or value.get("OPENAI_API_KEY"),
            judge_api=_judge_api(value.get("EVALHUB_JUDGE_API", "auto")),
            judge_votes=_within("EVALHUB_JUDGE_VOTES", value.get("EVALHUB_JUDGE_VOTES", "1"), 9),
            judge_batch=value.get("EVALHUB_JUDGE_BATCH", "") in ("1", "true", "yes"),
            judge_concurrency=_within("EVALHUB_JUDGE_CONCURRENCY", value.get("EVALHUB_JUDGE_CONCURRENCY", "64"), 1000),
            listening_model=value.get("EVALHUB_LISTENING_MODEL"),
            listening_url=value.get("EVALHUB_LISTENING_URL"),
            listening_api_key=value.get("EVALHUB_LISTENING_API_KEY"),
            inbox_days=_days(value.get("EVALHUB_INBOX_DAYS", "30")),
            allow_private_urls=value.get("EVALHUB_ALLOW_PRIVATE_URLS", "") in YES,
            private_hosts=tuple(value.get("EVALHUB_PRIVATE_HOSTS", "").lower().replace(",", " ").split()),
            dnsmos=value.get("EVALHUB_DNSMOS", "") in YES,
        )

    @property
    def audio_dir(self) -> Path:
        """The folder of the content-addressed audio store."""
        return self.data_dir / "audio"


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise SetupError(f"EVALHUB_PORT is {text!r}.", mend="Give a port number from 1 to 65535.")


def _proxies(text: str) -> int:
    if text.isdecimal() and int(text) < 10:
        return int(text)
    raise SetupError(f"EVALHUB_PROXIES is {text!r}.", mend="Give the number of proxies in front, 0 to 9.")


def _days(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 10_000:
        return int(text)
    raise SetupError(f"EVALHUB_INBOX_DAYS is {text!r}.", mend="Give a number of days, 1 or more.")


def _judge_api(text: str) -> str:
    if text in JUDGE_APIS:
        return text
    raise SetupError(f"EVALHUB_JUDGE_API is {text!r}.", mend=f"Give one of {', '.join(JUDGE_APIS)}.")


def _within(name: str, text: str, most: int) -> int:
    if text.isdecimal() and 0 < int(text) <= most:
        return int(text)
    raise SetupError(f"{name} is {text!r}.", mend=f"Give a number from 1 to {most}.")


def _psycopg(url: str | None) -> str | None:
    """The same URL naming the one driver evalhub uses, however the platform spelled it."""
    for spelled in ("postgres://", "postgresql://"):
        if url and url.startswith(spelled):
            return "postgresql+psycopg://" + url.removeprefix(spelled)
    return url
