"""How an SMS aggregator is spoken to, as settings: the request as a template, where the answer says what, its words.

The table `[aggregator]` of ramu.toml, or JSON in RAMU_AGGREGATOR. docs/providers.md has a whole example. Everything is
checked when it is read, so that a slip is told when the gateway starts and not by a message that was lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.sms_codes import ACCEPTED, LATER, REFUSALS, STOP
from config.written import refuse_bad_headers

PLACE = re.compile(r"\{(\w+)\}")
"""A place in a template. What is put there is not looked through again."""

ACCOUNT = frozenset({"username", "key", "basic", "sender"})
MESSAGE = frozenset({"text", "number", "numbers"})
WORDS = frozenset({ACCEPTED, LATER, STOP, *REFUSALS})

Path = str
"""Names and positions in an answer, joined with dots: `messages.0.id`."""


class Part(BaseModel):
    """A table of the settings in which every name counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Answer(Part):
    """Where an answer in JSON says what. The paths of one number count from its entry."""

    recipients: Path = Field("", description="the list of entries; empty: the answer is the only entry")
    number: Path = Field("", description="the number of an entry; empty: there is only one")
    status: Path = Field(min_length=1, description="the word that `meanings` explains")
    id: Path = Field("", description="the id that delivery reports will name")
    cost: Path = Field("", description="an amount")
    currency: str = Field("", pattern=r"^([A-Z]{3})?$", description="put before the amount")
    cost_divisor: int = Field(1, ge=1, le=1_000_000, description="100 when the amount is in hundredths")
    failure: Path = Field("", description="a word about the whole request, when it has no entries")


class Aggregator(Part):
    """One aggregator. `body` and `headers` are templates: {text} {number} {numbers} {sender} {username} {key} {basic}.

    {basic} is `username:key` in Base64. {numbers} alone is a list in JSON, and joined by commas in a form.
    """

    format: Literal["json", "form"] = "json"
    most: int = Field(1, ge=1, le=1_000, description="numbers in one request")
    number: Literal["+22370000001", "22370000001", "0022370000001", "70000001"] = Field(
        "+22370000001", description="how a number is written: the one of +223 70 00 00 01"
    )
    headers: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] = Field(min_length=1)
    answer: Answer
    meanings: dict[str, str] = Field(description="the aggregator's words to ours (config.sms_codes)")

    @field_validator("headers")
    @classmethod
    def _one_line(cls, headers: dict[str, str]) -> dict[str, str]:
        refuse_bad_headers(headers)
        for template in headers.values():
            if unknown := set(PLACE.findall(template)) - ACCOUNT:
                raise ValueError(_not_known(unknown, ACCOUNT))
        return headers

    @field_validator("meanings")
    @classmethod
    def _ours(cls, meanings: dict[str, str]) -> dict[str, str]:
        if unknown := set(meanings.values()) - WORDS:
            raise ValueError(f"{', '.join(sorted(unknown))}: not one of {', '.join(sorted(WORDS))}")
        if ACCEPTED not in meanings.values():
            raise ValueError(f"no word means {ACCEPTED}: every message would be in doubt")
        return meanings

    @model_validator(mode="after")
    def _together(self) -> Self:
        templates = tuple(_texts(self.body))
        places = {place for template in templates for place in PLACE.findall(template)}
        if unknown := places - ACCOUNT - MESSAGE:
            raise ValueError(_not_known(unknown, ACCOUNT | MESSAGE))
        if "text" not in places or not places & {"number", "numbers"}:
            raise ValueError("the body needs {text}, and {number} or {numbers}")
        if "number" in places and self.most > 1:
            raise ValueError("{number} is one number: write {numbers}, or most = 1")
        if self.most > 1 and not self.answer.number:
            raise ValueError("answer.number is needed when most is above 1")
        if self.format == "form" and not all(isinstance(value, str) for value in self.body.values()):
            raise ValueError("the fields of a form are texts")
        if self.format == "json" and any("{numbers}" in one and one != "{numbers}" for one in templates):
            raise ValueError("in JSON {numbers} is a list and stands alone")
        return self

    @property
    def needs_key(self) -> bool:
        """Whether a template has a place for the key; some aggregators know us by our address alone."""
        templates = (*_texts(self.body), *self.headers.values())
        return any({"key", "basic"} & {*PLACE.findall(template)} for template in templates)


def _texts(template: object) -> Iterator[str]:
    """Every text in a template."""
    if isinstance(template, str):
        yield template
    elif isinstance(template, dict):
        for value in template.values():
            yield from _texts(value)
    elif isinstance(template, list):
        for value in template:
            yield from _texts(value)


def _not_known(unknown: set[str], known: frozenset[str]) -> str:
    named, right = (", ".join(f"{{{one}}}" for one in sorted(some)) for some in (unknown, known))
    return f"{named}: the places are {right}"
