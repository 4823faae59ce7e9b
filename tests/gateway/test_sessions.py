"""Calls between two hops: repeats, twins, latecomers, strangers, deploys, and what Redis may know."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest

from flows.session import Place, Session
from gateway.sessions import Answer, Call, Foreign, Over
from models import visit_codes
from models.identifiers import Msisdn
from tests.gateway.handset import AWA, CODE, STRANGER, Gateway, Handset

NUMBER = "2600100000017"


def test_a_repeated_hop_is_answered_with_the_same_bytes_and_done_once(each_gateway: Gateway) -> None:
    phone = Handset(each_gateway, STRANGER).dial().types("1", "1", NUMBER)
    rows = each_gateway.count("audit")
    for text in ("", "1", "1*1", f"1*1*{NUMBER}"):
        first = phone.seen[("", "1", "1*1", f"1*1*{NUMBER}").index(text)]
        phone.text = text
        assert phone.sends().screen == first
    assert each_gateway.count("audit") == rows


def test_a_repeat_has_the_same_header(handset: Callable[..., Handset]) -> None:
    phone = handset(STRANGER).dial()
    assert phone.answer is not None
    first = dict(phone.answer.headers)
    again = phone.sends().answer
    assert again is not None
    assert dict(again.headers) == first


def test_twin_hops_at_the_same_moment_have_one_effect_and_one_answer(each_gateway: Gateway) -> None:
    phone = Handset(each_gateway, STRANGER).dial().types("1", "1")
    before = each_gateway.count("audit")
    together, answers = Barrier(8), []

    def twin() -> None:
        together.wait()
        told = each_gateway.post(sessionId=phone.session, phoneNumber=STRANGER, text=f"1*1*{NUMBER}")
        answers.append(told.data)

    threads = [Thread(target=twin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1, answers
    assert answers[0].startswith(b"CON RAMED VALIDE")
    assert each_gateway.count("audit") == before + 1


def test_a_hop_that_comes_late_changes_nothing(handset: Callable[..., Handset]) -> None:
    phone = handset(AWA).dial().types("6")
    more = phone.screen
    phone.text = "5"
    phone.sends().sees(more.removeprefix("CON ").split("\n")[0])
    phone.text = "6"
    phone.types("0").sees("RAMED VALIDE")


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        pytest.param({}, "CON", id="nothing changed"),
        pytest.param({"phoneNumber": STRANGER}, "END", id="another phone"),
        pytest.param({"serviceCode": "*999#"}, "END", id="another code"),
    ],
)
def test_a_session_belongs_to_its_phone_and_code(
    gateway: Gateway, changed: dict[str, str], outcome: str
) -> None:
    phone = Handset(gateway, AWA).dial()
    told = gateway.post(sessionId=phone.session, **{"phoneNumber": AWA, "text": "1", **changed})
    assert told.status_code == 200
    assert told.text.startswith(outcome)
    if outcome == "END":
        assert "AWA" not in told.text
        assert "VALIDE" not in told.text


def test_after_the_end_nothing_goes_on(gateway: Gateway) -> None:
    phone = Handset(gateway, AWA).dial().types("6", "4", "5", "1").ends().sees("Demande")
    assert gateway.count("erasures") == 1
    phone.types("1").ends().sees("terminé")
    phone.text = "6*4*5*1"
    phone.sends().sees("Demande")
    assert gateway.count("erasures") == 1


def open_call(gateway: Gateway, session_id: str, text: str) -> Call:
    call = gateway.runtime.sessions.open(session_id, Msisdn.parse(AWA), CODE, text)
    assert isinstance(call, Call)
    return call


def save(gateway: Gateway, call: Call, place: str, *, over: bool = False, left: bool | None = False) -> bool:
    return gateway.runtime.sessions.save(
        call,
        Session(Place(place)),
        Answer(place, "CON x"),
        over=over,
        left=left,
        hop=f"{place}|fr|ORANGE|1|answered",
    )


def test_a_call_is_found_again_with_its_session(gateway: Gateway) -> None:
    assert save(gateway, open_call(gateway, "s", ""), "home.home")
    assert open_call(gateway, "s", "1").session == Session(Place("home.home"))


def test_a_call_that_is_over_is_over(gateway: Gateway) -> None:
    assert save(gateway, open_call(gateway, "s", ""), "end", over=True)
    with pytest.raises(Over):
        open_call(gateway, "s", "1")


def test_a_form_left_open_is_offered_to_the_next_call_of_this_phone(gateway: Gateway) -> None:
    save(gateway, open_call(gateway, "one", ""), "callback.name", left=True)
    assert open_call(gateway, "two", "").left == Session(Place("callback.name"))
    other = gateway.runtime.sessions.open("three", Msisdn.parse(STRANGER), CODE, "")
    assert isinstance(other, Call)
    assert other.left is None


def test_a_form_that_was_finished_is_not_offered(gateway: Gateway) -> None:
    save(gateway, open_call(gateway, "one", ""), "callback.name", left=True)
    save(gateway, open_call(gateway, "two", ""), "home.home")
    assert open_call(gateway, "three", "").left is None


def test_a_form_left_open_outlives_a_hop_that_could_not_be_answered(gateway: Gateway) -> None:
    save(gateway, open_call(gateway, "one", ""), "callback.name", left=True)
    save(gateway, open_call(gateway, "two", ""), "slow.owed", over=True, left=None)
    assert open_call(gateway, "three", "").left == Session(Place("callback.name"))


def test_a_hop_that_lost_the_call_does_not_overwrite_it(gateway: Gateway) -> None:
    slow = open_call(gateway, "s", "")
    gateway.runtime.redis.delete(b"hold:" + slow.name)
    assert save(gateway, open_call(gateway, "s", ""), "home.home")
    assert not save(gateway, slow, "rights.number")
    assert open_call(gateway, "s", "1").session == Session(Place("home.home"))


def test_another_phone_is_told_apart_before_anything_is_read(gateway: Gateway) -> None:
    save(gateway, open_call(gateway, "s", ""), "home.home")
    with pytest.raises(Foreign):
        gateway.runtime.sessions.open("s", Msisdn.parse(STRANGER), CODE, "1")


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b'{"v":99,"at":["home.home",{},0]}', id="of a later version"),
        pytest.param(b"not JSON", id="damaged"),
    ],
)
def test_a_record_that_cannot_be_read_begins_again_in_words(gateway: Gateway, record: bytes) -> None:
    phone = Handset(gateway, AWA).dial()
    name = gateway.runtime.keys.index(phone.session, "session")
    sealed = gateway.runtime.keys.seal_bytes(record, "session")
    gateway.runtime.redis.hset(b"ussd:" + name, "s", sealed)  # type: ignore[arg-type]
    phone.types("1").goes_on().sees("on recommence")
    phone.types("6").goes_on()
    assert b"ramu_sessions_unread_total 1.0" in gateway.runtime.metrics.page()


def test_a_call_sealed_by_a_dropped_key_counts_as_unread(gateway: Gateway) -> None:
    save(gateway, open_call(gateway, "s", ""), "home.home")
    old = gateway.runtime.keys.primary
    gateway.runtime.keys.add_key()
    gateway.runtime.keys.drop_key(old)
    assert open_call(gateway, "s", "1").unread


def test_redis_knows_no_number_and_no_name(gateway: Gateway) -> None:
    Handset(gateway, AWA).dial().types("1", "0", NUMBER)
    Handset(gateway, STRANGER).dial("2").types(NUMBER)
    client, found = gateway.runtime.redis, b""
    for key in client.scan_iter():
        found += key + client.dump(key)  # type: ignore[operator]
    for canary in (b"70000001", b"22370000099", NUMBER.encode(), b"AWA", b"Awa", b"TRAORE"):
        assert canary not in found


def test_every_hop_leaves_one_row_of_the_funnel(gateway: Gateway) -> None:
    Handset(gateway, AWA).dial().types("6").sends()
    rows = [entry[b"h"].decode().split("|") for _id, entry in gateway.runtime.redis.xrange("hops")]  # type: ignore[union-attr]
    assert [(row[0], row[1], row[2], row[4]) for row in rows] == [
        ("home.home", "fr", "ORANGE", "answered"),
        ("more.menu", "fr", "ORANGE", "answered"),
    ]
    assert all(0 <= float(row[3]) < 2_000 for row in rows)


def test_a_visit_code_that_somebody_else_holds_is_not_given_again(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    phone = Handset(each_gateway, AWA).dial().types("1")
    call = runtime.sessions.open(phone.session, Msisdn.parse(AWA), CODE, "1*1")
    assert isinstance(call, Call)
    runtime.sessions.release(call)
    first = next(visit_codes.codes_from(call.seed))
    with runtime.database.begin() as conn:
        visit_codes.issue(conn, first, 2, 2, runtime.clock(), 48)
    phone.types("1").ends().sees("Code de visite")
    assert f"{first[:3]} {first[3:]}" not in phone.screen
    assert each_gateway.count("visit_codes") == 2


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [
        pytest.param(None, 3_600, id="a form: an hour"),
        pytest.param(86_400, 86_400, id="a payment: a day"),
    ],
)
def test_a_payment_left_open_is_kept_longer_than_a_form(
    gateway: Gateway, seconds: int | None, kept: int
) -> None:
    call = open_call(gateway, "one", "")
    assert gateway.runtime.sessions.save(
        call,
        Session(Place("paying.confirm")),
        Answer("paying.confirm", "CON x"),
        over=False,
        left=True,
        hop="paying.confirm|fr|ORANGE|1|answered",
        left_seconds=seconds,
    )
    assert kept - 5 <= gateway.runtime.redis.ttl(b"left:" + call.caller) <= kept  # type: ignore[operator]


def test_a_payment_is_asked_once_and_taken_up_again_the_next_day(gateway: Gateway) -> None:
    phone = Handset(gateway, "+22370000021").dial("3*1*1375").goes_on().sees("Payer 1 375 F par Orange Money")
    (left,) = gateway.runtime.redis.keys(b"left:*")  # type: ignore[misc]
    assert gateway.runtime.redis.ttl(left) > 80_000  # type: ignore[operator]
    phone.dial().sees("Paiement commencé").types("1").sees("Payer 1 375 F").types("1").ends().sees("Demande")
    phone.sends().ends().sees("Demande")
    assert gateway.count("payments") == 1
