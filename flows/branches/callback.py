"""Plus > 3: somebody calls back, in the caller's language. One open request at a time."""

from flows.ask import Ask
from flows.effects import CallbackRequested
from flows.screens import Choice, End, Go, Menu, Refused, Target, screen
from flows.wording import day
from models import callbacks


@screen()
def slot(ask: Ask) -> Menu:
    """G6: when to call."""
    return Menu(
        ask.t("Un agent vous appelle :"),
        (
            Choice("1", ask.t("Matin"), _at("MATIN")),
            Choice("2", ask.t("Après-midi"), _at("APRES_MIDI")),
            Choice("3", ask.t("Soir"), _at("SOIR")),
        ),
    )


@screen()
def noted(ask: Ask) -> End:
    """The end of the call: the request has a number."""
    return End(
        ask.t("C'est noté. Ref {reference}", reference=ask.args["reference"]),
        (ask.t("Un agent vous appelle. Gardez votre téléphone allumé."),),
    )


def _at(slot: str) -> Target:
    def chosen(ask: Ask) -> Go:
        context = ask.context
        already = callbacks.open_request(context.db, context.keys, context.phone, context.now)
        if already:
            raise Refused(
                ask.t(
                    "Déjà demandé le {day}. Ref {reference}",
                    day=day(already.created_on),
                    reference=already.reference,
                )
            )
        reference = context.reference()
        request = CallbackRequested(reference, slot, ask.args.get("reason", "AIDE"), ask.language)
        return Go("callback.noted", {"reference": reference}, effects=(request,), back=())

    return chosen
