"""The one command, `ramu`: every other command by subject, each loaded only when it is called.

A command is added by one row in COMMANDS. It lives beside what it commands and is named here by a dotted
name, so that this module imports little more than click and `ramu --help` stays quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import groupby
from typing import NamedTuple

import click

from config.faults import Fault


class Command(NamedTuple):
    """One row of the help: where the click command is (`module:attribute`), what it does, its subject."""

    where: str
    help: str
    subject: str


TRY, RUN, REGISTER = "Try it", "Run it for real", "The register"
RULES, CHECK = "Menus and rules", "Check the house"

COMMANDS = {
    "run": Command("workers.run:run", "Everything on this machine, with fictional people.", TRY),
    "phone": Command("gateway.phone:phone", "A telephone in the terminal.", TRY),
    "sms": Command("gateway.sms_command:sms", "One SMS from a phone, and its answer.", TRY),
    "demo": Command(
        "gateway.demo_commands:demo", "The fictional people: load, show, generate a large register.", TRY
    ),
    "provider": Command(
        "gateway.provider_commands:provider", "Simulate the SMS provider, send one message.", TRY
    ),
    "doctor": Command("gateway.doctor:doctor", "Say what is wrong here, and the remedy.", RUN),
    "web": Command("workers.web:web", "Serve the callbacks and the pages (production).", RUN),
    "worker": Command("workers.worker:worker", "Work on one queue of jobs.", RUN),
    "tick": Command("workers.tick:tick", "Ask for the jobs that are due, again and again.", RUN),
    "messages": Command("gateway.messages_command:show", "Count SMS by state; list those in doubt.", RUN),
    "payments": Command(
        "gateway.payment_commands:payments", "Mobile money: what came of payments; rehearse it.", RUN
    ),
    "campaign": Command(
        "gateway.campaign_commands:campaign", "Awareness campaigns: prepare, approve, send, steer.", RUN
    ),
    "mutuelle": Command(
        "gateway.mutuelle_commands:mutuelle", "Mutuelles: members, contributions, ledger, figures.", RUN
    ),
    "db": Command("gateway.database_commands:db", "Make the tables or bring them up to date.", RUN),
    "keys": Command("gateway.keys_commands:keys", "Show or change the keys of personal data.", REGISTER),
    "register": Command(
        "gateway.register_commands:register", "Bring registers in from files, write them to files.", REGISTER
    ),
    "offline-list": Command(
        "gateway.offline_commands:offline_list_command", "A signed list for a day without network.", REGISTER
    ),
    "register-copy": Command(
        "gateway.copy_command:register_copy", "Copy the register, for when it is away.", REGISTER
    ),
    "audit": Command("gateway.audit_commands:audit", "Verify who asked what about whom.", REGISTER),
    "agent": Command(
        "gateway.agent_commands:agent", "Whose phone may steer campaigns or register.", REGISTER
    ),
    "collector": Command(
        "gateway.collector_commands:collector", "Who takes cash for a mutuelle; deposits to count.", REGISTER
    ),
    "dossier": Command(
        "gateway.dossier_commands:dossier", "Pre-registration files: list, cards that wait, export.", REGISTER
    ),
    "desk": Command(
        "gateway.desk_commands:desk", "Calls to make, complaints, people not understood.", REGISTER
    ),
    "staff": Command(
        "gateway.staff_commands:staff_phones", "Phones of health staff: list, add, remove, stop.", REGISTER
    ),
    "control": Command(
        "gateway.control_commands:control", "Visits that ANAM should look at first.", REGISTER
    ),
    "flows": Command("flows.commands:flows", "Walk every screen, draw the menus.", RULES),
    "eligibility": Command("gateway.eligibility_command:eligibility", "Decide cases from a file.", RULES),
    "test": Command("gateway.quality:test", "Linters, types, architecture and the whole suite.", CHECK),
    "lock": Command("gateway.quality:lock", "Write the lock files anew.", CHECK),
    "storm": Command("tests.storm.command:storm", "Kill processes under load; judge what came of it.", CHECK),
    "bench": Command("tests.bench.hop:bench", "Measure what a hop costs, beside its peers.", CHECK),
}
"""Name to command, in the order of the help."""

EXAMPLE = "Example: ramu run, then open the simulator that it names and dial."


class LazyCommands(click.Group):
    """A group that imports a command's module when the command is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        module, attribute = row.where.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` name; a misspelt one is answered with the nearest names."""
        if args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=2, cutoff=0.6)
            hint = f" Did you mean {' or '.join(near)}?" if near else " See ramu --help."
            ctx.fail(f"no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help by subject, from the rows alone: no module is loaded."""
        for subject, names in groupby(COMMANDS, key=lambda name: COMMANDS[name].subject):
            with formatter.section(subject):
                formatter.write_dl([(name, COMMANDS[name].help) for name in names])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One example."""
        formatter.write(f"\n{EXAMPLE}\n")


@click.command("ramu", cls=LazyCommands, no_args_is_help=False, invoke_without_command=True)
@click.pass_context
def ramu(ctx: click.Context) -> None:
    """SMS and USSD gateway of the RAMU, the universal health cover of Mali."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `ramu` with `arguments` (the process's own). Returns the exit code: 1 a fault, 2 a wrong call."""
    try:
        ramu.main(args=arguments, prog_name="ramu", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except click.Abort:
        return 130
    except Fault as fault:
        return _told(str(fault))
    except OSError as fault:
        # A folder that may not be written, a disk that is full: the programme is not what is wrong.
        where = f"{fault.filename}: " if fault.filename else ""
        return _told(f"{where}{fault.strerror or type(fault).__name__}")
    return 0


def _told(what: str) -> int:
    click.echo(f"ramu: {what}", err=True)
    return 1


def _ended(code: int) -> int:
    """The exit code, once what was printed is written; what cannot be is let go, or Python would try and tell again."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or 1
    return code


if __name__ == "__main__":
    sys.exit(_ended(main()))
