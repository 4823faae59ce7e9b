"""Language: asked on a phone's first plain dial, and whenever the person types 98 or Plus > 6."""

from flows.ask import Ask
from flows.effects import CharsetChosen, LanguageChosen
from flows.screens import Choice, Go, Menu, Notice, Target, screen
from flows.texts import languages


@screen()
def first(ask: Ask) -> Menu:
    """The first plain dial of a phone: nothing else is asked before."""
    return Menu(ask.t("Santé Mali"), _offered())


@screen()
def choose(ask: Ask) -> Menu:
    """98, or Plus > 6: another language, at any time."""
    return Menu(ask.t("Langue"), _offered())


@screen()
def not_yet(ask: Ask) -> Notice:
    """The chosen language has no text that a speaker has read: said honestly, with a person who can call."""
    return Notice(
        ask.t(
            "{language} : ces textes ne sont pas encore relus. Ils restent en français.",
            language=ask.args["name"],
        ),
        choices=(
            Choice("1", ask.t("Continuer"), Go("home.home", back=())),
            Choice("2", ask.t("Un agent me rappelle"), "callback.slot"),
            Choice("3", ask.t("Lettres spéciales"), "language.letters"),
        ),
    )


@screen()
def letters(ask: Ask) -> Menu:
    """Plain letters fit every phone; official ones shorten what fits on a screen."""
    return Menu(
        ask.t("Lettres de vos messages :"),
        (
            Choice("1", ask.t("simples (tout téléphone)"), _letters("GSM7")),
            Choice("2", ask.t("spéciales (messages plus courts)"), _letters("UCS2")),
        ),
    )


def _offered() -> tuple[Choice, ...]:
    """The five languages, each under its own name: nobody looks for hers in a translation."""
    return tuple(
        Choice(language.digit, language.name, _speaks(language.code, language.name))
        for language in languages()
    )


def _speaks(code: str, name: str) -> Target:
    def chosen(ask: Ask) -> Go:
        effects = (LanguageChosen(code),)
        if ask.context.catalogues.speaks(code):
            return Go("home.home", back=(), effects=effects, language=code)
        return Go("language.not_yet", {"name": name}, effects=effects, back=(), language=code)

    return chosen


def _letters(charset: str) -> Go:
    return Go("home.home", back=(), effects=(CharsetChosen(charset),), charset=charset)
