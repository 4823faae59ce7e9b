"""What the simulated operator of mobile money does wrong on purpose: by the number that pays, or by chance."""

from __future__ import annotations

MONEY_MAGIC = "+223700077"
"""Numbers that begin so and have two digits more behave as MONEY_NUMBERS says; all others pay."""

NOTHING_ASKED = {
    "reset_before": "the connection is reset, nothing was taken",
    "timeout_before": "no answer ever, nothing was taken",
    "e500_before": "HTTP 500, nothing was taken",
    "e401": "HTTP 401, as with a wrong key",
    "e429": "HTTP 429, Retry-After: 1",
}
TAKEN_BADLY = {
    "reset_after": "taken, then the connection is reset; paid",
    "timeout_after": "taken, no answer ever; paid",
    "e500_after": "taken, then HTTP 500; paid",
    "garbled_after": "taken, the answer is HTML; paid",
    "slow": "taken, the answer comes after 3 s; paid",
}
REFUSALS = {
    "no_balance": ("INSUFFICIENT_FUNDS", "not enough money on the account"),
    "declined": ("DECLINED_BY_CUSTOMER", "the person says no on the phone"),
    "wrong_pin": ("WRONG_PIN", "the secret code is wrong"),
    "pin_timeout": ("PIN_TIMEOUT", "nobody types the secret code"),
    "limit": ("LIMIT_REACHED", "above what the account may pay"),
    "no_account": ("NO_ACCOUNT", "this number has no account; the request itself is refused"),
}
TELLING = {
    "told_twice": "paid, told five times at once",
    "told_early": "paid and told before the request is answered",
    "told_late": "paid, told twenty times later than usual",
    "told_never": "paid, never told",
    "told_other_amount": "paid, told with 100 F more",
    "told_stranger": "paid, told beside an order that nobody gave",
    "told_forged": "paid, told first with a wrong signature",
    "told_backwards": "paid, then told that the person is waited for",
    "told_contrary": "told as refused, then paid after all",
    "told_reversed": "paid, then taken back by the operator",
    "told_odd": "paid, told with a word that nobody knows",
}
QUESTIONS = {
    "query_500": "paid, never told, the first two questions meet HTTP 500",
    "query_unseen": "paid, told late, and every question before is answered: unknown order",
    "never_settled": "taken, and the operator waits for the person for ever",
}

MONEY_FAULTS = {
    **NOTHING_ASKED,
    **TAKEN_BADLY,
    **{name: what for name, (_, what) in REFUSALS.items()},
    **TELLING,
    **QUESTIONS,
}
"""Every fault and what it is, for the help and the documentation."""

MONEY_NUMBERS = {
    **{f"{place:02}": name for place, name in enumerate(REFUSALS, 10)},
    **{f"{place:02}": name for place, name in enumerate(NOTHING_ASKED, 30)},
    **{f"{place:02}": name for place, name in enumerate(TAKEN_BADLY, 50)},
    **{f"{place:02}": name for place, name in enumerate(TELLING, 70)},
    **{f"{place:02}": name for place, name in enumerate(QUESTIONS, 90)},
}
"""The last two digits of a magic number to its fault. Published: none of them ever changes its meaning."""


def money_magic(number: str) -> str:
    """The fault of a number, or nothing."""
    if number.startswith(MONEY_MAGIC) and len(number) == len(MONEY_MAGIC) + 2:
        return MONEY_NUMBERS.get(number[len(MONEY_MAGIC) :], "")
    return ""
