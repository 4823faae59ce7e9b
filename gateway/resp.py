"""The protocol of Redis (RESP, version 2), as much of it as a hop needs: a command packed, an answer read."""

from __future__ import annotations

from redis.exceptions import NoScriptError, ResponseError

Word = bytes | str | int

Answer = bytes | int | None | ResponseError | list["Answer"]
"""What Redis answers; an error inside of a list stands in its place."""

END = b"\r\n"


class Unfinished(Exception):
    """The rest of the answer has not come yet."""


def packed(command: tuple[Word, ...]) -> bytes:
    """A command as the server reads it: a list of counted strings."""
    parts: list[int | bytes] = [len(command)]
    for word in command:
        told = word if type(word) is bytes else str(word).encode()
        parts += (len(told), told)
    # One format for all words costs a third of one for each.
    return (b"*%d\r\n" + b"$%d\r\n%b\r\n" * len(command)) % tuple(parts)


def read(heard: bytes, start: int = 0) -> tuple[Answer, int]:
    """The answer that begins at `start`, and where the next one would. Raises Unfinished."""
    end = heard.find(END, start)
    if end < 0:
        raise Unfinished
    kind, told, after = heard[start : start + 1], heard[start + 1 : end], end + len(END)
    if kind == b"$":
        return _string(heard, int(told), after)
    if kind == b"*":
        return _list(heard, int(told), after)
    if kind == b":":
        return int(told), after
    if kind == b"+":
        return told, after
    if kind == b"-":
        return _error(told.decode(errors="replace")), after
    raise ResponseError("not an answer of Redis")


def _string(heard: bytes, length: int, start: int) -> tuple[bytes | None, int]:
    if length < 0:
        return None, start
    end = start + length
    after = end + len(END)
    if len(heard) < after:
        raise Unfinished
    return heard[start:end], after


def _list(heard: bytes, length: int, start: int) -> tuple[list[Answer] | None, int]:
    if length < 0:
        return None, start
    answers: list[Answer] = []
    for _ in range(length):
        answer, start = read(heard, start)
        answers.append(answer)
    return answers, start


def _error(told: str) -> ResponseError:
    return NoScriptError(told) if told.startswith("NOSCRIPT") else ResponseError(told)
