"""Words that mean something else from a phone that takes cash: COT, SOLDE, A, and OK or NON with a code."""

from __future__ import annotations

from flows.sms import collecting, depositing, overseeing
from flows.sms.cash_box import collector_of
from flows.sms.talk import Answer, Talk

TAKEN = {"PAY": collecting.collect, "BALANCE": overseeing.balance, "UNDO": collecting.undo}
WITH_A_CODE = {"OK": depositing.counted, "NOT_HOLDER": depositing.counted}
"""Alone they answer a question; with figures behind they are about a deposit."""

AT_A_CENTRE = ("UNDO", "NOT_HOLDER")
"""Words of a centre's staff, too: whose phone works at both means the centre, unless a receipt has that number."""


def answered(talk: Talk) -> Answer | None:
    """What who takes cash is answered; None for every other phone and word. Raises what the commands raise."""
    said = talk.said
    doing = TAKEN.get(said.word) or (WITH_A_CODE.get(said.word) if said.args else None)
    collector = collector_of(talk) if doing else None
    if doing is None or collector is None:
        return None
    if talk.nurse is not None and said.word in AT_A_CENTRE and not collecting.is_receipt(talk, collector):
        return None
    return doing(talk, collector)
