"""Too many look-ups that found nobody: look-ups rest for this phone, everything else goes on."""

from flows.ask import Ask
from flows.screens import End, Go, screen


@screen()
def out(ask: Ask) -> End:
    """A9, the end of the call: look-ups rest, and an agent can be asked for."""
    return End(
        ask.t(
            "Trop d'essais. Recommencez dans {minutes} min ou demandez à un agent : tapez {code}",
            minutes=ask.context.limits.lock_minutes,
            code=dial_string(ask, "6*3"),
        ),
        (ask.t("E71 Ref {reference}", reference=ask.args["reference"]),),
    )


def lock(ask: Ask) -> Go:
    """To the locked screen."""
    return Go("locked.out", {"reference": ask.context.reference()}, back=())


def dial_string(ask: Ask, digits: str) -> str:
    """`*212*6*3#` from the service code `*212#` and the digits `6*3`."""
    return f"{ask.context.service_code.rstrip('#')}*{digits}#"
