"""The command line explains itself: every command has a sentence and an example, and finds its module."""

from collections.abc import Iterator

import click
import pytest

from gateway.command_line import ramu


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Each command with the words that call it; groups too."""
    waiting: list[tuple[str, click.Command]] = [("ramu", ramu)]
    while waiting:
        words, command = waiting.pop()
        yield words, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None, f"{words} {name} is listed and is not there"
                waiting.append((f"{words} {name}", child))


@pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*found, id=found[0]) for found in every_command()]
)
def test_help_has_a_sentence_and_an_example(words: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=words))
    assert command.help or command.callback is None or command.short_help, f"{words} has no sentence"
    if not isinstance(command, click.Group) or command is ramu:
        assert "Example" in text, f"{words} shows no example"
