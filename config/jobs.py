"""Names of the queues and of the jobs.

A job is enqueued by its dotted name, so that who asks for it need not import who does it; a test proves that
each name leads to a function. Job arguments are opaque ids only.
"""

TRANSACTIONAL = "transactional"
"""What a person waits for."""

BULK = "bulk"
"""What can wait: book-keeping, campaigns."""

LANES = (TRANSACTIONAL, BULK)
"""Every queue. One worker process serves one."""

ANSWER_OWED = "workers.answers.answer_all"
ANSWER_SMS = "workers.inbox.answer_waiting"
ERASE = "workers.erasures.carry_out_all"
DROP_OLD = "workers.retention.drop_old"
DRAIN_HOPS = "workers.funnel.drain"
SEAL_AUDIT = "workers.seals.seal"
SEND_READY = "workers.sending.send_ready"
SEND_BULK = "workers.sending.send_bulk"
REAP = "workers.sending.reap"
COPY_REGISTER = "workers.copying.copy_nightly"
CARE_FOR_CAMPAIGNS = "workers.campaign_care.look_after"
RETRY_FAILED = "workers.campaign_care.retry_failed"
APPLY_REPORTS = "workers.deliveries.apply_waiting"
NOTE_ACTS = "workers.aftermath.note_acts"
CARE_FOR_CASH = "workers.cash_care.look_after"
CARE_FOR_MEMBERSHIPS = "workers.membership_care.bring_to_today"
REMIND = "workers.reminding.remind"
REQUEST_PAYMENTS = "workers.paying.request_ready"
ASK_ABOUT_PAYMENTS = "workers.paying.query_open"

LANE_OF = {
    ANSWER_OWED: TRANSACTIONAL,
    ANSWER_SMS: TRANSACTIONAL,
    ERASE: BULK,
    DRAIN_HOPS: BULK,
    DROP_OLD: BULK,
    SEAL_AUDIT: BULK,
    SEND_READY: TRANSACTIONAL,
    SEND_BULK: BULK,
    REAP: TRANSACTIONAL,
    REQUEST_PAYMENTS: TRANSACTIONAL,
    ASK_ABOUT_PAYMENTS: TRANSACTIONAL,
    APPLY_REPORTS: BULK,
    CARE_FOR_CAMPAIGNS: BULK,
    RETRY_FAILED: BULK,
    NOTE_ACTS: BULK,
    CARE_FOR_CASH: BULK,
    CARE_FOR_MEMBERSHIPS: BULK,
    REMIND: BULK,
    COPY_REGISTER: BULK,
}
"""Every job and the queue that it waits in."""

SECONDS, SECONDS_OF = 60, {REMIND: 300}
"""After so long a job is ended. The reminders of a day are planned in one statement a kind, for a million members."""


def seconds(job: str) -> int:
    """The limit of a job."""
    return SECONDS_OF.get(job, SECONDS)
