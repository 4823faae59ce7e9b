"""What an operator can mend: faults that end a command with one sentence instead of a trace."""


class Fault(Exception):
    """Something outside of the programme is wrong. The message says what, and what to do about it."""
