"""What the register has answered is not answered again by a copy, however often and whenever it is delivered."""

from __future__ import annotations

from gateway.providers import Unknown
from models import reports
from models.identifiers import Msisdn
from tests.gateway.correspondent import inbox
from tests.sending.outside import always
from tests.standby.outage import NURSE, RAMED, Outage, pec
from workers.deliveries import apply_all


def test_what_the_register_has_answered_is_not_answered_again_from_a_copy(outage: Outage) -> None:
    outage.copy()
    outage.writes(NURSE, RAMED, id="again").turn()
    (answer,) = outage.reads(NURSE)
    outage.begins()
    outage.writes(NURSE, RAMED, id="again").turn()
    assert outage.reads(NURSE) == [answer]
    outage.ends().turn().tidies().turn()
    assert outage.reads(NURSE) == [answer]
    assert inbox(outage.gateway) == [("ANSWERED", None)]
    assert outage.codes() == [(pec(answer), "OPEN", False)]
    assert outage.gateway.count("verifications") == 1


def test_one_question_is_one_verification_although_it_is_told_twice(outage: Outage) -> None:
    outage.copy()
    outage.begins().writes(NURSE, RAMED).turn().ends().turn().tidies().turn()
    provisional, confirmed = outage.reads(NURSE)
    assert (provisional[:3], confirmed[:3]) == ("OK?", "OK ")
    assert outage.gateway.count("verifications") == 1
    assert outage.gateway.count("lookup_hits") == 1


def test_the_report_of_a_copys_sms_settles_no_doubt_about_another(outage: Outage) -> None:
    outage.copy()
    outage.writes(NURSE, "AIDE").turn(always(Unknown("HTTP 500")))
    outage.begins().writes(NURSE, RAMED).turn().ends()
    runtime, phone = outage.gateway.runtime, Msisdn(NURSE)
    provisional = outage.reads(NURSE)[-1]
    name = f"id-{NURSE}-{provisional}"
    with runtime.database.begin() as conn:
        reports.take(
            conn,
            runtime.keys,
            provider_id=name,
            status="Success",
            reason=None,
            phone=phone,
            now=runtime.clock(),
        )
    apply_all(runtime, stand_in=outage.stand_in)
    assert outage.gateway.count("messages WHERE state = 'UNKNOWN'") == 1
    outage.turn().tidies()
    apply_all(runtime, stand_in=outage.stand_in)
    assert outage.gateway.count("messages WHERE state = 'UNKNOWN'") == 1
