"""Our words for what becomes of one number of a message. Every provider's own words are mapped to these."""

from __future__ import annotations

ACCEPTED = "ACCEPTE"
"""The provider took the message."""

OUT_OF_CREDIT = "SOLDE"
"""A refusal that every message will meet until somebody pays."""

REFUSALS = {
    "RISQUE": "held back by the provider's own checks",
    "EXPEDITEUR": "the sender's name is not registered",
    "NUMERO_INVALIDE": "no such number",
    "NUMERO_REFUSE": "a kind of number that the provider does not serve",
    OUT_OF_CREDIT: "the account is empty",
    "LISTE_NOIRE": "the person has barred us",
    "SANS_ROUTE": "no way to that network",
    "NE_PAS_DERANGER": "the person takes no messages",
    "PANNE_FOURNISSEUR": "the provider failed, and says that it took nothing",
    "PANNE_OPERATEUR": "the operator failed, and took nothing",
    "REFUS_OPERATEUR": "the operator refused",
}
"""The refusals of one number, each with what it means."""

LATER, STOP = "PLUS_TARD", "ARRET"
"""Of a whole request that was not taken: try again later; nothing will pass until somebody corrects something."""
