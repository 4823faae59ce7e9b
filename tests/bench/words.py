"""Progress, on the channel that no program reads."""

import click


def tell(text: str) -> None:
    """One line on standard error."""
    click.echo(f"bench: {text}", err=True)
