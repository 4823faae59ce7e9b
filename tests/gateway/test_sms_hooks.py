"""The callbacks about SMS: kept once, answered with the same word, refused without a word to strangers."""

from threading import Barrier, Thread

import pytest
from werkzeug.test import TestResponse

from gateway.intake import Intake
from gateway.loop_guard import ALPHANUMERIC, OWN_NUMBER, SHORT_CODE
from models import consent, phones
from models.identifiers import Msisdn
from tests.gateway.correspondent import DELIVERY, OPT_OUT, SMS, Correspondent, inbox, posted, report, sms
from tests.gateway.handset import STRANGER, Gateway, open_gateway


def test_every_callback_is_answered_with_the_same_word(each_gateway: Gateway) -> None:
    before = each_gateway.count("consents")
    answers = [
        posted(each_gateway, SMS, sms()),
        posted(each_gateway, SMS, sms(**{"from": "OrangeMali"})),
        posted(each_gateway, DELIVERY, report()),
        posted(each_gateway, OPT_OUT, {"senderId": "RAMU", "phoneNumber": STRANGER}),
    ]
    assert {(answer.status_code, answer.data, answer.mimetype) for answer in answers} == {
        (200, b"OK\n", "text/plain")
    }
    found = [each_gateway.count(table) for table in ("inbound", "reports", "consents")]
    assert found == [2, 1, before + 2]


def test_a_message_is_kept_once_whenever_it_comes_again(each_gateway: Gateway) -> None:
    message = sms(id="ATX-1")
    for _ in range(3):
        assert posted(each_gateway, SMS, message).status_code == 200
    assert inbox(each_gateway) == [("WAITING", None)]
    page = each_gateway.client.get("/metrics").text
    assert 'ramu_callbacks_total{kept="taken",kind="Incoming"} 1.0' in page
    assert 'ramu_callbacks_total{kept="repeated",kind="Incoming"} 2.0' in page


def test_a_hundred_deliveries_at_once_are_one_message(each_gateway: Gateway) -> None:
    message, barrier = sms(id="ATX-2"), Barrier(100)
    answers: list[TestResponse] = []

    def deliver() -> None:
        barrier.wait()
        answers.append(posted(each_gateway, SMS, message))

    threads = [Thread(target=deliver) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.data) for answer in answers} == {(200, b"OK\n")}
    assert len(answers) == 100
    Intake(each_gateway.runtime).replay()  # what found the database busy waits on disk
    assert inbox(each_gateway) == [("WAITING", None)]


@pytest.mark.parametrize(
    ("sender", "why"),
    [
        pytest.param("OrangeMali", ALPHANUMERIC, id="a name"),
        pytest.param("RAMU 2", ALPHANUMERIC, id="a name with a digit"),
        pytest.param("٣٦٥٥٥", SHORT_CODE, id="a short code in Arabic digits"),
        pytest.param("36555", SHORT_CODE, id="a short code"),
        pytest.param("+36555", SHORT_CODE, id="a short code with a plus sign"),
        pytest.param("²²²²²", ALPHANUMERIC, id="superscripts"),
        pytest.param("+22370000777", OWN_NUMBER, id="our own number"),
        pytest.param("70 00 07 77", OWN_NUMBER, id="our own number, as people write it"),
        pytest.param("+22370000778", None, id="the number beside it"),
        pytest.param("22370000778", None, id="without the plus sign"),
        pytest.param(" 22370000778", None, id="a plus sign nobody encoded"),
        pytest.param("+33612345678", None, id="a phone abroad"),
    ],
)
def test_who_is_no_phone_is_held_with_a_word_that_says_why(
    tmp_path_factory: pytest.TempPathFactory, sqlite_url: str, redis_url: str, sender: str, why: str | None
) -> None:
    folder = tmp_path_factory.mktemp("own")
    gateway = open_gateway(folder, sqlite_url, redis_url, service_numbers="+22370000777,36212")
    assert Correspondent(gateway, sender).writes("AIDE").data == b"OK\n"
    assert inbox(gateway) == [("HELD", why) if why else ("WAITING", None)]
    page = gateway.client.get("/metrics").text
    assert (f'ramu_held_total{{why="{why}"}} 1.0' in page) == bool(why)


def test_an_objection_at_the_operator_stops_reminders_and_campaigns_once(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    for _ in range(2):
        assert posted(each_gateway, OPT_OUT, {"senderId": "RAMU", "phoneNumber": STRANGER}).status_code == 200
    with runtime.database.begin() as conn:
        phone_id = phones.note(conn, runtime.keys, Msisdn.parse(STRANGER), runtime.clock())
        assert consent.state(conn, phone_id) == {"RAPPELS": False, "CAMPAGNES": False}
        consent.record(conn, phone_id, "RAPPELS", True, "v", "USSD", runtime.clock())
    assert posted(each_gateway, OPT_OUT, {"senderId": "RAMU", "phoneNumber": STRANGER}).status_code == 200
    with runtime.database.begin() as conn:
        assert consent.state(conn, phone_id) == {"RAPPELS": False, "CAMPAGNES": False}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"status": "Exploded"}, 200, id="a status nobody knows"),
        pytest.param({"status": "Sent", "failureReason": "NotNetworkSubcriber"}, 200, id="with a reason"),
        pytest.param({"status": "Failed", "failureReason": "²'; DROP" * 20}, 200, id="an odd reason"),
        pytest.param({"phoneNumber": ""}, 200, id="no phone"),
        pytest.param({"phoneNumber": "nobody"}, 200, id="a word for a phone"),
        pytest.param({"status": ""}, 400, id="an empty status"),
        pytest.param({"status": "Succès"}, 400, id="a status with an accent"),
        pytest.param({"status": "S" * 33}, 400, id="a long status"),
        pytest.param({"status": "To 70000021"}, 400, id="a phone in the status"),
        pytest.param({"id": ""}, 400, id="an empty id"),
        pytest.param({"id": "a b"}, 400, id="an id of two words"),
        pytest.param({"id": "A" * 81}, 400, id="an id of 81"),
        pytest.param({"id": "A" * 80}, 200, id="an id of 80"),
    ],
)
def test_a_report_is_kept_whatever_its_words(gateway: Gateway, changed: dict[str, str], status: int) -> None:
    assert posted(gateway, DELIVERY, report(**changed)).status_code == status
    assert gateway.count("reports") == (status == 200)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        pytest.param("UserInBlackList", "UserInBlackList", id="a word"),
        pytest.param("EC_ABSENT-27", "EC_ABSENT-27", id="a code"),
        pytest.param("AWA TRAORE", None, id="a name"),
        pytest.param("Failed.22370000021", None, id="a phone"),
        pytest.param("é", None, id="an accent"),
    ],
)
def test_a_reason_is_kept_as_one_word_that_is_nobodys(gateway: Gateway, told: str, kept: str | None) -> None:
    posted(gateway, DELIVERY, report(status="Failed", failureReason=told))
    with gateway.runtime.database.begin(reading=True) as conn:
        assert conn.exec_driver_sql("SELECT reason FROM reports").scalar_one() == kept


def test_the_sms_callbacks_can_have_a_secret_of_their_own(
    tmp_path_factory: pytest.TempPathFactory, sqlite_url: str, redis_url: str
) -> None:
    calls, texts = "c" * 32, "t" * 32
    gateway = open_gateway(
        tmp_path_factory.mktemp("own"),
        sqlite_url,
        redis_url,
        demo=False,
        webhook_secrets=calls,
        sms_webhook_secrets=texts,
    )
    paths = ("sms", "delivery", "opt-out", "ussd-events")
    found = {
        (secret[0], path): gateway.client.post(f"/hooks/africastalking/{secret}/{path}").status_code
        for secret in (calls, texts)
        for path in paths
    }
    assert found == {
        (key, path): 400 if (key == "t") == (path != "ussd-events") else 404 for key, path in found
    }


@pytest.mark.parametrize("path", ["sms", "delivery", "opt-out"])
def test_another_method_is_not_there(gateway: Gateway, path: str) -> None:
    for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD"):
        assert gateway.client.open(f"/hooks/africastalking/demo/{path}", method=method).status_code == 404


def test_without_redis_a_message_is_kept(
    tmp_path_factory: pytest.TempPathFactory, sqlite_url: str, own_redis: object
) -> None:
    gateway = open_gateway(tmp_path_factory.mktemp("g"), sqlite_url, own_redis.url)  # type: ignore[attr-defined]
    own_redis.kill()  # type: ignore[attr-defined]
    assert Correspondent(gateway).writes("AIDE").data == b"OK\n"
    assert inbox(gateway) == [("WAITING", None)]
    assert gateway.client.get("/metrics").status_code == 200
