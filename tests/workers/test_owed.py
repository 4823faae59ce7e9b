"""Owed answers stand each on its own: one that cannot be given must not keep the others waiting."""

import orjson
import pytest

from gateway.runtime import Runtime
from gateway.sessions import OWED
from models import messages
from models.owed_answers import QUESTION
from tests.gateway.handset import AWA, STRANGER, Gateway
from workers.answers import keep_promises


def owe(runtime: Runtime, phone: str, text: str, seed: int, session: str | None = None) -> None:
    """Leaves a question in the stream, as a hop that met the database away does."""
    question = {
        "session": session,
        "left": None,
        "text": text,
        "phone": phone,
        "service_code": "*212#",
        "seed": bytes([seed] * 16).hex(),
        "at": "2026-11-22T10:00:00+00:00",
    }
    sealed = runtime.keys.seal_bytes(orjson.dumps(question), QUESTION)
    runtime.lines.ask("XADD", OWED, "*", "q", sealed)


def sent(runtime: Runtime) -> list[str]:
    """The texts that are owed by SMS."""
    with runtime.database.begin(reading=True) as conn:
        rows = conn.execute(messages.messages.select().order_by(messages.messages.c.id)).mappings()
        return [runtime.keys.unseal(row["text_sealed"], messages.TEXT) for row in rows]


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param("{}", id="a record of another version"),
        pytest.param('{"v":1,"at":["rights.person",{},0]}', id="a record cut short"),
    ],
)
def test_a_question_that_cannot_be_worked_on_is_excused_and_the_next_is_answered(
    gateway: Gateway, poison: str
) -> None:
    owe(gateway.runtime, STRANGER, "1", 1, session=poison)
    owe(gateway.runtime, AWA, "", 2)
    assert keep_promises(gateway.runtime) == 2
    excuse, answer = sent(gateway.runtime)
    assert "tapez *212#" in excuse
    assert answer.startswith("RAMED VALIDE")
    assert keep_promises(gateway.runtime) == 0


def test_a_question_that_nobody_can_read_is_let_go(gateway: Gateway) -> None:
    gateway.runtime.lines.ask("XADD", OWED, "*", "q", b"\x00 not sealed by us")
    owe(gateway.runtime, AWA, "", 3)
    assert keep_promises(gateway.runtime) == 1
    assert gateway.runtime.lines.ask("XLEN", OWED) == 0


def test_what_can_only_be_chosen_is_an_invitation_to_dial(gateway: Gateway) -> None:
    owe(gateway.runtime, STRANGER, "2", 4)
    owe(gateway.runtime, STRANGER, "4*4", 5)
    assert keep_promises(gateway.runtime) == 2
    assert all("Le service répond à nouveau" in text and "VIH" not in text for text in sent(gateway.runtime))
