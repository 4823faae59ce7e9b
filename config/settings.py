"""The settings: one frozen object, read once. Defaults < TOML file < environment.

The file is `ramu.toml` beside the launcher, or the one that RAMU_SETTINGS names; its keys are the names
below. In the environment a name carries the prefix RAMU_ (RAMU_SERVICE_CODE), except DATABASE_URL, REDIS_URL
and PORT. Lists are written with commas in the environment.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from config.aggregator import Aggregator
from config.faults import Fault
from config.money import MoneySettings
from config.written import from_json, parted

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder of the launcher."""

DEMO_SECRET = "demo"
"""The secret of the provider's callbacks in the demonstration."""

STRONG_SECRET = 32
"""The least characters of a secret outside of the demonstration: 16 random bytes in hexadecimal."""

SENTINEL = "redis+sentinel"
"""Several hosts with commas between, and the name of the service they watch: gateway/redis_addresses.py."""

DATABASES = ("postgresql", "postgres", "sqlite")
QUEUES = ("redis", "rediss", "unix", SENTINEL)

LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
"""A % of a password that nobody wrote as %25: read as it stands."""

Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode]


class BadSettings(Fault, ValueError):
    """A setting cannot be used: the message names it, one line a setting, without its value."""


def _sqlite(so_far: dict[str, Any]) -> SecretStr:
    return SecretStr(f"sqlite:///{so_far['data_folder']}/ramu.sqlite")


def _embedded_redis(so_far: dict[str, Any]) -> SecretStr:
    return SecretStr(f"unix://{so_far['data_folder']}/redis/redis.sock")


def _has_readable_port(url: str) -> bool:
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port != 0


class Settings(MoneySettings):
    """Everything that differs between two installations. Times are in the unit that the name ends with."""

    model_config = SettingsConfigDict(env_prefix="RAMU_", frozen=True, extra="ignore", validate_default=True)

    demo: bool = Field(False, description="fictional people, a simulator, a secret that all know")
    data_folder: Path = Field(CHECKOUT / "var", description="what an embedded installation stores")
    key_folder: Path = Field(default_factory=lambda so_far: so_far["data_folder"] / "keys")
    database_url: SecretStr = Field(default_factory=_sqlite, validation_alias="database_url")
    redis_url: SecretStr = Field(default_factory=_embedded_redis, validation_alias="redis_url")

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8000, ge=1, le=65535, validation_alias="port")
    public_url: str = Field("", description="how the outside reaches the gateway; empty: http://host:port")
    web_processes: int = Field(2, ge=1, le=64)
    web_threads: int = Field(
        128, ge=1, le=256, description="requests worked on at once in one process, hops aside"
    )
    # Each may hold a connection to the database, which allows a hundred by default.
    hops_at_once: int = Field(16, ge=1, le=64, description="hops worked on at once in one process")

    # assumption: no code has been given to the service yet
    service_code: str = Field("*212#", pattern=r"^\*[0-9*]{1,10}#$", description="what people dial")
    webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field((), max_length=2)
    sms_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), max_length=2, description="of the SMS callbacks alone; empty: webhook_secrets"
    )
    allowed_networks: Networks = Field((), description="who may call; empty: all")
    trusted_proxies: Networks = Field((), description="whose X-Forwarded-For counts")
    body_bytes: int = Field(16_384, ge=1_024, description="the longest body of a callback")

    log_format: Literal["json", "text"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    redis_connect_ms: int = Field(300, ge=10, le=1_000)
    redis_read_ms: int = Field(500, ge=10, le=1_000)
    database_ms: int = Field(
        800, ge=50, le=60_000, description="the longest wait for the database; a hop: 1500"
    )

    session_seconds: int = Field(600, ge=180, description="how long a call and its answers are remembered")
    resume_minutes: int = Field(60, ge=1, description="how long a form left open can be taken up again")
    misses: int = Field(5, ge=1, description="numbers that do not exist before look-ups are locked (A9)")
    lock_minutes: int = Field(30, ge=1)
    visit_code_hours: int = Field(24, ge=1)
    misses_an_hour: int = Field(5, ge=1, description="look-ups by SMS that found nobody, a phone")
    misses_a_day: int = Field(10, ge=1, description="the same in 24 hours")
    facility_misses_a_day: int = Field(200, ge=1)
    country_misses_a_day: int = Field(2_000, ge=1)
    public_misses_a_day: int = Field(1_000, ge=1, description="of these, by phones that are not a centre's")
    hits_an_hour: int = Field(60, ge=1, description="look-ups by SMS that found somebody, a phone")
    messages_a_day: int = Field(10, ge=1, description="SMS that one phone may ask for in 24 hours")
    callback_hours: int = Field(48, ge=1, description="one open call-back request for so long")

    answers_in_ten_minutes: int = Field(
        5, ge=1, description="SMS that one number is answered in ten minutes; more look like a robot's"
    )
    staff_answers_in_ten_minutes: int = Field(
        40, ge=1, description="the same for staff at work: a patient every few minutes, some SMS for each"
    )
    service_numbers: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="numbers at which SMS reach us: we never answer ourselves"
    )

    copy_hour: int = Field(2, ge=0, le=23, description="of the night, in Bamako: the register is copied")
    copy_days: int = Field(3, ge=1, description="an older copy of the register is not asked")

    provider: Literal["", "simulated", "africastalking", "aggregator"] = Field(
        "", description="who carries SMS; empty: they wait"
    )
    provider_url: str = Field("", description="its address; empty: the adapter's own")
    provider_username: str = Field("", max_length=64)
    provider_key: SecretStr = Field(SecretStr(""), description="proves to the provider who we are")
    provider_authorities: str = Field(
        "", description="a file of certificates to trust; empty: the usual ones"
    )
    sender: str = Field("", max_length=16, description="the sender that phones show; empty: the provider's")
    aggregator: Annotated[Aggregator | None, NoDecode] = Field(
        None, description="how the aggregator is spoken to"
    )
    provider_seconds: float = Field(
        10.0, ge=0.2, le=30, description="one request, from connecting to the end"
    )
    lease_seconds: int = Field(60, ge=2, le=600, description="how long a sender may hold what it sends")
    sends_at_once: int = Field(8, ge=1, le=32, description="requests to the provider in flight in one worker")

    campaign_sends_at_once: int = Field(
        4,
        ge=1,
        le=32,
        description="claims of campaigns in flight in one worker: so many requests may be in doubt",
    )
    provider2: Literal["", "simulated", "africastalking"] = Field(
        "", description="who carries campaigns while the first one fails; empty: they wait"
    )
    provider2_url: str = ""
    provider2_username: str = Field("", max_length=64)
    provider2_key: SecretStr = SecretStr("")
    sender2: str = Field("", max_length=16)

    # assumption: to be agreed with each operator
    paces: Annotated[Mapping[str, tuple[PositiveFloat, PositiveInt]], NoDecode] = Field(
        {"ORANGE": (100, 200), "MOOV": (60, 120), "TELECEL": (20, 40), "AUTRE": (5, 10)},
        description="messages of campaigns a second, and at once, by operator: ORANGE=100/200,AUTRE=5/10",
    )
    evidence_hours: float = Field(
        24.0, gt=0, le=72, description="silence about a request in doubt, after which it may be sent again"
    )
    evidence_recipients: int = Field(
        500, ge=20, description="numbers of later requests that must show that reports come"
    )
    campaigns_at_any_hour: bool = Field(
        False, description="campaigns leave at night too: a rehearsal, with the simulated provider alone"
    )
    cap_campaigns: int = Field(500_000, ge=0, description="SMS of campaigns in a day, beside the others")

    chunk_size: int = Field(50, ge=1, le=1_000, description="numbers of a campaign in one request")

    outgoing_prefixes: Annotated[tuple[str, ...], NoDecode] = Field(
        ("+223",),
        description="beginnings of the numbers that may be written to; others cost more, or are fraud",
    )
    cap_number: int = Field(300, ge=0, description="SMS to one number in a day")
    cap_ussd: int = Field(20_000, ge=0, description="SMS in a day that were asked for by USSD")
    cap_sms: int = Field(100_000, ge=0, description="answers to SMS in a day")
    cap_staff: int = Field(20_000, ge=0, description="SMS in a day to staff that they did not ask for")
    cap_system: int = Field(50_000, ge=0, description="all other SMS in a day")
    cap_money: int = Field(300_000, ge=0, description="receipts in a day, beside the others")
    cap_reminders: int = Field(300_000, ge=0, description="reminders in a day, beside the others")
    cap_day: int = Field(150_000, ge=0, description="SMS in a day, without those beside")
    send_within_hours: int = Field(72, ge=1, description="an SMS that could not be sent so long is let go")

    @field_validator(
        "webhook_secrets",
        "sms_webhook_secrets",
        "allowed_networks",
        "trusted_proxies",
        "service_numbers",
        "outgoing_prefixes",
        mode="before",
    )
    @classmethod
    def _split(cls, given: object) -> object:
        return parted(given)

    @field_validator("aggregator", mode="before")
    @classmethod
    def _from_json(cls, given: object) -> object:
        return from_json(given)

    @field_validator("paces", mode="before")
    @classmethod
    def _paces(cls, given: object) -> object:
        """`ORANGE=100/200` is 100 a second and 200 at once."""
        if not isinstance(given, str):
            return given
        found = (part.strip().partition("=") for part in given.split(",") if part.strip())
        return {operator.strip(): tuple(pace.split("/")) for operator, _, pace in found}

    @field_validator("campaigns_at_any_hour")
    @classmethod
    def _rehearsed(cls, given: bool, about: ValidationInfo) -> bool:
        carriers = {about.data.get("provider"), about.data.get("provider2")} - {"", None}
        if given and not carriers <= {"simulated"}:
            raise ValueError("is for rehearsals: people would be woken. Only with the simulated provider")
        return given

    @field_validator("database_url", "redis_url")
    @classmethod
    def _addressed(cls, given: SecretStr, about: ValidationInfo) -> SecretStr:
        schemes = DATABASES if about.field_name == "database_url" else QUEUES
        url = given.get_secret_value()
        scheme, mark, _ = url.partition("://")
        if scheme not in schemes or not mark:
            raise ValueError(f"must begin with {' or '.join(f'{known}://' for known in schemes)}")
        if schemes is QUEUES and scheme != SENTINEL and not _has_readable_port(url):
            raise ValueError("has a word for a port; in a password write %40 for @ and %2F for /")
        return given if scheme == "sqlite" else SecretStr(LONE_PERCENT.sub("%25", url))

    @field_validator("data_folder", "key_folder")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the provider may show, in the path or as a basic password: two while one is being changed."""
        own = tuple(secret.get_secret_value() for secret in self.webhook_secrets)
        return (*own, DEMO_SECRET) if self.demo else own

    @property
    def sms_secrets(self) -> tuple[str, ...]:
        """What the provider may show with a callback about SMS: a secret of their own, once there is one."""
        own = tuple(secret.get_secret_value() for secret in self.sms_webhook_secrets)
        return own or self.secrets

    @property
    def payment_secrets(self) -> tuple[str, ...]:
        """What an operator of mobile money may show in the path: a secret of their own, once there is one."""
        own = tuple(secret.get_secret_value() for secret in self.payment_webhook_secrets)
        return own or self.secrets

    @property
    def address(self) -> str:
        """The gateway's own address, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, settings_file())


def settings_file() -> Path:
    """The TOML file that is read if it is there."""
    return Path(os.environ.get("RAMU_SETTINGS") or CHECKOUT / "ramu.toml")


def load(**given: Any) -> Settings:
    """The settings of this process; `given` wins over the environment and the file. Raises BadSettings."""
    file = settings_file()
    if os.environ.get("RAMU_SETTINGS") and (file.is_dir() or not file.exists()):
        raise BadSettings(f"RAMU_SETTINGS names {file}, which is not a file. Remedy: correct it, or unset it")
    try:
        return Settings(**given)
    except ValidationError as refused:
        raise BadSettings("\n".join(_lines(refused))) from None
    except tomllib.TOMLDecodeError as fault:
        raise BadSettings(f"{file}: {fault}") from None
    except UnicodeDecodeError:
        raise BadSettings(f"{file} is not written in UTF-8") from None
    except OSError as fault:
        raise BadSettings(f"{file} cannot be read: {fault.strerror}") from None


_WORDS = {"int_parsing": "a whole number, written in digits"}
"""Ours, where the library's words are about the library."""


def _lines(refused: ValidationError) -> Iterator[str]:
    for fault in refused.errors():
        # A default that could not be made because of another setting: that one has its own line.
        if fault["type"] != "default_factory_not_called":
            said = _WORDS.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
            yield f"{'.'.join(map(str, fault['loc']))}: {said}"


def weak(settings: Settings) -> tuple[str, ...]:
    """Why these callback secrets must not meet the internet, one sentence each; () when they may."""
    given = (*settings.webhook_secrets, *settings.sms_webhook_secrets, *settings.payment_webhook_secrets)
    own = [secret.get_secret_value() for secret in given]
    if settings.demo:
        return ("the demonstration accepts the secret that everybody knows",)
    if not own:
        return ("no callback secret is set (RAMU_WEBHOOK_SECRETS)",)
    short = [place for place, secret in enumerate(own, start=1) if len(secret) < STRONG_SECRET]
    return tuple(f"callback secret {place} has fewer than {STRONG_SECRET} characters" for place in short)
