"""What SMS leaves for the help desk to do."""

from datetime import timedelta

from flows.sms.thread import Thread
from flows.world import World
from models import help_desk, threads
from models.help_desk import CALL, COMPLAINT
from tests.flows.sms.conftest import STRANGER, Texting


def waiting(world: World) -> list[tuple[str, str, str]]:
    with world.register.begin(reading=True) as conn:
        return [(one.kind, one.phone.e164, one.words) for one in help_desk.waiting(conn, world.keys)]


def test_a_complaint_and_a_call_wait_until_they_are_done(world: World, texter: Texting) -> None:
    phone = texter(STRANGER).sends("PLAINTE on m'a fait payer", "AIDE", "1")
    assert waiting(world) == [(COMPLAINT, STRANGER, "on m'a fait payer"), (CALL, STRANGER, "")]
    reference = phone.answer.split("Ref ")[1][:6]
    with world.register.begin() as conn:
        assert help_desk.done(conn, CALL, reference) == 1
        assert help_desk.done(conn, CALL, reference) == 0
    assert [kind for kind, _, _ in waiting(world)] == [COMPLAINT]


def test_who_was_not_understood_three_times_is_found(world: World, texter: Texting) -> None:
    texter(STRANGER).sends("xx", "yy")
    assert stuck(world) == []
    texter(STRANGER).sends("zz").reads("3 essais")
    assert stuck(world) == [STRANGER]
    texter(STRANGER).sends("AIDE")
    assert stuck(world) == []


def stuck(world: World) -> list[str]:
    with world.register.begin(reading=True) as conn:
        kept = list(threads.since(conn, world.keys, world.now - timedelta(hours=1)))
    return [phone for _, record in kept if (phone := Thread.decode(record).stuck)]
