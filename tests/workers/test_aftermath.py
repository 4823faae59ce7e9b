"""Who called after a campaign: from the provider's end event to the count, and nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import insert, select, update

from gateway.events import ENDS
from models.campaign_acts import campaign_acts, campaign_results
from models.campaign_tables import campaigns, recipients
from models.identifiers import Msisdn
from models.phones import phone_index
from tests.gateway.handset import AWA, STRANGER, Gateway
from workers.aftermath import note_acts_of
from workers.funnel import drain_streams


def hang_up(gateway: Gateway, phone: str, session: str) -> int:
    """The provider tells that a call has ended; the status of our answer."""
    fields = {
        "sessionId": session,
        "phoneNumber": phone,
        "status": "Success",
        "hopsCount": "3",
        "durationInMillis": "12000",
        "hopsMetadata": "home.home",
    }
    answer = gateway.client.post(
        "/hooks/africastalking/demo/ussd-events",
        data=urlencode(fields),
        content_type="application/x-www-form-urlencoded",
    )
    return answer.status_code


def campaign_to(gateway: Gateway, phone: str) -> None:
    """A campaign wrote to a phone an hour ago."""
    runtime = gateway.runtime
    then = runtime.clock() - timedelta(hours=1)
    head = {"id": 1, "name": "essai", "author": "B. Keita", "state": "SENDING", "policy": "evidence"}
    head |= {"personalised": False, "hold_out_percent": 5, "chunk_size": 50, "max_segments": 1}
    row = {"campaign_id": 1, "phone_index": phone_index(runtime.keys, Msisdn(phone)), "language": "fr"}
    row |= {"operator": "ORANGE", "hold_out": False, "state": "DELIVERED", "attempt": 1, "dup_risk": False}
    with runtime.database.begin() as conn:
        conn.execute(insert(campaigns).values(**head, created_at=then, began_at=then))
        conn.execute(insert(recipients).values(**row, settled_at=then))


def test_a_call_is_noted_for_recipients_alone_and_no_number_is_on_the_way(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    campaign_to(each_gateway, AWA)
    assert [hang_up(each_gateway, phone, phone) for phone in (AWA, STRANGER, "nobody")] == [200, 200, 200]
    on_the_way = b"".join(fields[b"e"] for _, fields in runtime.redis.xrange(ENDS))  # type: ignore[union-attr]
    assert AWA[4:].encode() not in on_the_way
    assert drain_streams(runtime) == 3
    with runtime.database.begin(reading=True) as conn:
        rows = conn.execute(select(campaign_acts)).all()
    assert [(row.act, bool(row.in_time)) for row in rows] == [("APPEL", True)]
    assert rows[0].phone_index == phone_index(runtime.keys, Msisdn(AWA))
    assert each_gateway.count("session_ends") == 3


def test_an_end_that_was_written_by_an_older_version_is_stored(gateway: Gateway) -> None:
    campaign_to(gateway, AWA)
    gateway.runtime.redis.xadd(ENDS, {"e": "Success|home.home|ORANGE|2|900"})
    assert drain_streams(gateway.runtime) == 1
    assert (gateway.count("session_ends"), gateway.count("campaign_acts")) == (1, 0)


def test_the_job_counts_and_drops_the_rows_a_month_after_the_end(each_gateway: Gateway) -> None:
    runtime = each_gateway.runtime
    assert note_acts_of(runtime) == 0
    campaign_to(each_gateway, STRANGER)
    hang_up(each_gateway, STRANGER, "s")
    drain_streams(runtime)
    assert note_acts_of(runtime) == 1
    assert each_gateway.count("campaign_acts") == 1
    ended = runtime.clock() - timedelta(days=31)
    with runtime.database.begin() as conn:
        conn.execute(update(campaigns).values(ended_at=ended, began_at=ended))
    assert note_acts_of(runtime) == 0
    assert each_gateway.count("campaign_acts") == 0
    with runtime.database.begin(reading=True) as conn:
        rows = conn.execute(select(campaign_results)).all()
    assert [(row.act, row.people, row.in_time) for row in rows] == [("APPEL", 1, 1)]
