"""Plus > 4: which messages this phone gets, and the erasure of what it has stored. Stopping asks nothing first."""

from flows.ask import Ask
from flows.effects import ErasureRequested, MessageOwed, TopicsChosen
from flows.screens import Choice, End, Go, Menu, Notice, Target, screen
from flows.texts import N_


@screen()
def menu(ask: Ask) -> Menu:
    """G7: which messages this phone accepts."""
    return Menu(
        ask.t("Messages :"),
        (
            Choice("1", ask.t("Tous"), _topics(reminders=True, campaigns=True)),
            Choice("2", ask.t("Rappels seulement"), _topics(reminders=True, campaigns=False)),
            Choice("3", ask.t("Aucun (STOP)"), _topics(reminders=False, campaigns=False)),
            Choice("5", ask.t("Effacer mes données"), "messages.erase"),
        ),
        doors={"4": ask.t("Heure")},
    )


@screen()
def done(ask: Ask) -> Notice:
    """Done at once; one SMS confirms it."""
    return Notice(ask.t(_ANSWERS[ask.args["topics"]]), (ask.t("Vos droits ne changent pas."),))


@screen()
def erase(ask: Ask) -> Menu:
    """What an erasure takes and what it leaves, before the one key that asks for it."""
    return Menu(
        ask.t("Effacer ce que ce téléphone a confié : langue, accord, liens, demandes ? Vos droits restent."),
        (Choice("1", ask.t("Oui, effacer"), _erased),),
    )


@screen()
def erased(ask: Ask) -> End:
    """The end of the call: a worker erases and an SMS confirms."""
    return End(
        ask.t("Demande {reference} notée.", reference=ask.args["reference"]),
        (ask.t("Un SMS confirme quand c'est effacé."),),
    )


def _topics(*, reminders: bool, campaigns: bool) -> Target:
    """At once, and confirmed by one SMS."""
    topics = "all" if campaigns else "reminders" if reminders else "none"

    def chosen(ask: Ask) -> Go:
        text = f"{ask.t(_ANSWERS[topics])} {ask.t('Vos droits ne changent pas.')}"
        effects = (TopicsChosen(reminders, campaigns), MessageOwed(text, "topics"))
        return Go("messages.done", {"topics": topics}, effects=effects)

    return chosen


def _erased(ask: Ask) -> Go:
    reference = ask.context.reference()
    return Go("messages.erased", {"reference": reference}, effects=(ErasureRequested(reference),), back=())


_ANSWERS = {
    "all": N_("C'est fait : tous les messages."),
    "reminders": N_("C'est fait : rappels seulement, plus de campagnes."),
    "none": N_("C'est fait : plus de campagnes ni rappels. Reçus et codes restent."),
}
