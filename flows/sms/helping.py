"""AIDE, and what is answered to a message that nobody understands."""

from __future__ import annotations

from flows import gsm7
from flows.sms import grammar, stopping, visits
from flows.sms.talk import COMMANDS, Answer, Declined, Mistake, Talk, command
from flows.sms.thread import Question
from flows.sms.writing import one_segment
from flows.texts import N_
from models import visit_answers

LONGEST_ECHO = 14
"""Letters of a message that are repeated in the answer."""


@command("HELP")
def help_me(talk: Talk) -> Answer:
    """AIDE: the words, for staff or for citizens; AIDE and a word: that one."""
    if talk.said.args and talk.said.args[0] in _DETAILS:
        return Answer(one_segment(talk.t(_DETAILS[talk.said.args[0]])))
    if talk.nurse is not None:
        text = talk.t(
            "AIDE: numero seul=verifier. S code acte. NON code. A code=annuler. F=jour. STAT. LISTE."
            " Detail: AIDE S"
        )
        return Answer(one_segment(text))
    text = talk.t(
        "Sante Mali: tapez {code} (gratuit). SMS: DROITS numero, CODE, RECU, COT montant, SOLDE, CENTRE lieu,"
        " PLAINTE, STOP. Un agent: repondez 1",
        code=talk.context.service_code,
    )
    return Answer(one_segment(text), (), Question("callback", {"reason": "AIDE"}))


@command("NOTHING")
def nothing(talk: Talk) -> Answer:
    """An empty message, one of pictures alone, or nothing but politeness."""
    if any(letter.isalpha() for letter in talk.said.raw):
        return Answer(one_segment(talk.t("Merci. Pour une question: AIDE")))
    raise Mistake(talk.t("E03 Message vide. Ex: {example}. Liste: AIDE", example=_example(talk)))


@command("UNKNOWN")
def not_understood(talk: Talk) -> Answer:
    """Words that are no command: what was read, an example, and the word that was probably meant."""
    words = talk.said.args
    if words and grammar.stops(words[0]) and not any(word.isdigit() for word in words):
        return stopping.asked(talk)
    near = grammar.hint(talk.said, staff=talk.nurse is not None)
    meant = talk.t(" {word}?", word=near) if near and near != _example(talk).split()[0] else ""
    echo = gsm7.fold(" ".join(words))[:LONGEST_ECHO].strip()
    raise Mistake(
        talk.t(
            'E03 "{echo}" pas compris, rien de note.{meant} Ex: {example}. Liste: AIDE',
            echo=echo,
            meant=meant,
            example=_example(talk),
        ),
        _smallest(talk),
    )


def of_visit(talk: Talk) -> Answer | None:
    """A digit to the question about a visit, when that was asked last; None when it was not."""
    context = talk.context
    asked = visit_answers.asked(context.db, context.keys, context.phone, context.now)
    if asked is None or (talk.thread.question is not None and asked[1].timestamp() < talk.thread.at):
        return None
    return visits.holder_said(talk, asked[0], talk.said.args[0])


@command("CHOICE", "OK")
def without_question(talk: Talk) -> Answer:
    """A digit or OK when nothing was asked, or too long ago."""
    if talk.said.word == "OK":
        return Answer(one_segment(talk.t("Merci. Pour une question: AIDE")))
    raise Declined(talk.t("Aucune question en attente. Envoyez un numero de carte, ou AIDE."))


def third(talk: Talk) -> tuple[str, Question]:
    """After three messages in a row that nobody understood: numbers alone, or a call."""
    text = talk.t(
        "3 essais non compris. Tapez seulement le numero: {number}. Ou repondez 1, on vous appelle (8h-18h).",
        number=EXAMPLE_NUMBER,
    )
    return one_segment(text), Question("callback", {"reason": "TROIS_ESSAIS"})


def unanswered() -> frozenset[str]:
    """Canonical words of the grammar that no command answers: none, a test says."""
    return grammar.CANONICAL - COMMANDS.keys()


EXAMPLE_NUMBER = "482109376"
"""The number that is printed as an example, which is nobody's."""


def _example(talk: Talk) -> str:
    return f"V {EXAMPLE_NUMBER}" if talk.nurse else f"DROITS {EXAMPLE_NUMBER}"


def _smallest(talk: Talk) -> str:
    return talk.t("le numero de la carte")


_DETAILS = {
    "V": N_("Numero seul ou V numero = verifier. 2 a 8 numeros separes par un espace = tous d'un coup."),
    "S": N_("S code acte: S 482913 CON. Deux actes: S 482913 CON MED 3500. 2e fois le meme: S 482913 CON 2."),
    "NON": N_("NON code: la personne n'est pas le titulaire. Le code est annule, rien n'est facture."),
    "A": N_("A code: annule les actes du jour. A code acte: un seul. Possible jusqu'a minuit."),
    "F": N_("F = feuille du jour. F HIER, F 0306 = un autre jour. A signer: codes sans acte."),
    "STAT": N_("STAT = chiffres du mois. STAT 6 = juin."),
    "CH": N_("CH nom annee commune: CH TRAORE AWA 1990 KATI. Puis repondez le chiffre de la personne."),
    "INS": N_(
        "INS nom prenoms sexe annee commune: INS TRAORE AWA F 1990 KATI 4. Ordre libre. Puis AYD et PIECE."
    ),
    "AYD": N_("AYD dossier prenom sexe annee lien (EPX ENF HAN ASC): AYD 482213 FATOU F 2015 ENF"),
    "PIECE": N_(
        "PIECE dossier codes: PIECE 482213 CI AN CR = certificat d'indigence, acte, residence. NINA numero."
    ),
    "DEC": N_("DEC numero: deces signale. Une 2e personne confirme, alors les messages s'arretent."),
    "ACT": N_("ACT code code: lie ce telephone au centre. Le chef du centre doit repondre OUI."),
    "CHEF": N_("CHEF AJOUTER 70123456, CHEF RETIRER 70123456: seulement le chef du centre."),
    "DROITS": N_("DROITS numero: ce que vaut la carte. DROITS numero annee de naissance: avec le nom."),
    "COT": N_("COT montant: payer par votre argent mobile. COT numero montant: pour un autre. Recu par SMS."),
    "SOLDE": N_(
        "SOLDE = ce qui est paye, ce qui reste. RECU = dernier recu. PLAN COTON = payer a la recolte."
    ),
    "STOP": N_("STOP = plus de messages. STOP RAPPELS, STOP CAMPAGNES, STOP RAMED. Revenir: OUI"),
}
"""AIDE and a word."""
