"""Kinds of SMS that we send, each with its endpoint: what makes us send it. Caps and figures are by endpoint."""

USSD, SMS, STAFF, SYSTEM = "ussd", "sms", "staff", "system"
MONEY, REMINDERS = "money", "reminders"
ENDPOINTS = (USSD, SMS, STAFF, SYSTEM, MONEY, REMINDERS)

BESIDE = (MONEY, REMINDERS)
"""Endpoints beside the cap of the whole day: nobody floods us with what only money or a plan brings."""

ENDPOINT_OF = {
    "advice": USSD,
    "papers": USSD,
    "rights": USSD,
    "receipt_again": USSD,
    "payment_request": USSD,
    "late_answer": USSD,
    "sms_answer": SMS,
    "copied_answer": SMS,
    "confirmation": SMS,
    "staff": STAFF,
    "cash": STAFF,
    "after_visit": SYSTEM,
    "reminder": REMINDERS,
    "receipt": MONEY,
    "payment_refused": MONEY,
    "card_ready": SYSTEM,
    "dossier": SMS,
    "erased": SYSTEM,
}
"""Kinds by the endpoint that owes them."""


def endpoint(kind: str) -> str:
    """The endpoint of a kind; a kind that has no row is the system's."""
    return ENDPOINT_OF.get(kind, SYSTEM)
