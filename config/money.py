"""Mobile money as settings: which operators, how each is spoken to, what it signs its callbacks with.

No public contract of the Malian operators is at hand (assumption: a request that names an order of ours and pushes a
question to the phone, a signed callback, a question about an order). So addresses, names of fields, words and keys are
tables `[money_operators.OM]` of ramu.toml, or JSON in RAMU_MONEY_OPERATORS; docs/payments.md has a whole one.
Everything is checked when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from config.aggregator import PLACE, Part, Path
from config.vocabulary import MONEY_REASONS
from config.written import from_json, parted, refuse_bad_headers

CONFIRMED, PENDING, NEVER_SEEN, LATER, STOP = "CONFIRMED", "PENDING", "NEVER_SEEN", "LATER", "STOP"
"""What an operator's word means. LATER: nothing was taken, ask again; STOP: it refuses our account."""

MEANINGS = frozenset({CONFIRMED, PENDING, NEVER_SEEN, LATER, STOP, *MONEY_REASONS})
ACCOUNT = frozenset({"username", "key", "basic"})
ORDER = frozenset({"order", "reference", "amount", "payer", "callback"})
SHORTEST_KEY = 32
"""The least characters of a key that callbacks are signed with."""


class Said(Part):
    """Where an answer or a callback says what. A refusal's reason is looked up before its status."""

    status: Path = Field(default="", description="the word that `meanings` explains")
    reason: Path = Field(default="", description="a second word, which tells why not")
    order: Path = Field(default="", description="the order that we gave")
    amount: Path = Field(default="", description="FCFA")
    ref: Path = Field(default="", description="the operator's own name of the payment")
    payer: Path = Field(default="", description="the number that paid")


class Signature(Part):
    """How a callback is signed: HMAC over its body, in a header. Two keys are good while one is being changed."""

    header: str = Field(default="X-Signature", pattern=r"^[A-Za-z0-9-]+$")
    algorithm: Literal["sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = Field(default="", description="before the signature in the header, such as sha256=")
    keys: tuple[SecretStr, ...] = Field(min_length=1, max_length=2)


class MoneyContract(Part):
    """One operator. Templates have the places {order} {reference} {amount} {payer} {callback} {username} {key} {basic}.

    {amount} alone is a number in JSON. {order} is the idempotency key: the same one never moves money twice.
    """

    url: str = Field(min_length=8, description="where a payment is asked for")
    query_url: str = Field(
        min_length=8, description="where one is asked about, {order} in it or in query_body"
    )
    query_method: Literal["GET", "POST"] = "GET"
    format: Literal["json", "form"] = "json"
    number: Literal["+22370000001", "22370000001", "0022370000001", "70000001"] = "22370000001"
    username: str = ""
    key: SecretStr = SecretStr("")
    headers: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] = Field(min_length=1)
    query_body: dict[str, Any] = Field(default_factory=dict)
    answer: Said = Said()
    query: Said
    callback: Said
    meanings: dict[str, str]
    signature: Signature

    @field_validator("headers")
    @classmethod
    def _one_line(cls, headers: dict[str, str]) -> dict[str, str]:
        refuse_bad_headers(headers)
        return headers

    @field_validator("meanings")
    @classmethod
    def _ours(cls, meanings: dict[str, str]) -> dict[str, str]:
        if unknown := set(meanings.values()) - MEANINGS:
            raise ValueError(f"{', '.join(sorted(unknown))}: not one of {', '.join(sorted(MEANINGS))}")
        if CONFIRMED not in meanings.values():
            raise ValueError(f"no word means {CONFIRMED}: nothing would ever be paid")
        return meanings

    @model_validator(mode="after")
    def _together(self) -> Self:
        asked, questioned = _places(self.body, self.url), _places(self.query_body, self.query_url)
        if unknown := (asked | questioned | _places(self.headers)) - ACCOUNT - ORDER:
            raise ValueError(f"{', '.join(sorted(unknown))}: no such place in a template")
        if not {"order", "amount", "payer"} <= asked:
            raise ValueError("the request needs {order}, {amount} and {payer}")
        if "order" not in questioned:
            raise ValueError("the question about a payment needs {order}")
        if not (self.query.status and self.callback.status and self.callback.order):
            raise ValueError("query.status, callback.status and callback.order are needed")
        if self.needs_key and not self.key.get_secret_value():
            raise ValueError("a template has a place for the key, and there is none")
        return self

    @property
    def needs_key(self) -> bool:
        """Whether a template has a place for the key."""
        places = _places(self.headers) | _places(self.body) | _places(self.query_body)
        return bool(places & {"key", "basic"})


def _places(*templates: object) -> set[str]:
    """Every place in these templates."""
    found: set[str] = set()
    for template in templates:
        if isinstance(template, str):
            found |= set(PLACE.findall(template))
        elif isinstance(template, Mapping):
            found |= _places(*template.values())
        elif isinstance(template, list):
            found |= _places(*template)
    return found


class MoneySettings(BaseSettings):
    """The part of the settings that is about mobile money."""

    money: Literal["", "simulated", "operators"] = Field(
        "", description="who moves mobile money; empty: what is asked for waits, and is given up"
    )
    money_url: str = Field("", description="of the simulated operator; empty: beside the gateway")
    money_operators: Annotated[Mapping[str, MoneyContract], NoDecode] = Field(
        default_factory=dict, description="how each operator is spoken to, by its code: OM, MOOV"
    )
    money_seconds: float = Field(20.0, ge=0.2, le=60, description="one request to an operator, to its end")
    payments_at_once: int = Field(4, ge=1, le=32, description="requests in flight in one worker")
    payment_query_seconds: float = Field(
        15.0, ge=0.05, le=600, description="from a request to the first question about it; then doubling"
    )
    payment_webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), max_length=2, description="of the callbacks about payments alone; empty: webhook_secrets"
    )

    @field_validator("payment_webhook_secrets", mode="before")
    @classmethod
    def _parted(cls, given: object) -> object:
        return parted(given)

    @field_validator("money_operators", mode="before")
    @classmethod
    def _read(cls, given: object) -> object:
        return from_json(given)


def weak_keys(settings: MoneySettings) -> tuple[str, ...]:
    """Operators with a callback key that could be guessed, one sentence each."""
    return tuple(
        f"a callback key of {code} has fewer than {SHORTEST_KEY} characters"
        for code, contract in settings.money_operators.items()
        if any(len(key.get_secret_value()) < SHORTEST_KEY for key in contract.signature.keys)
    )
