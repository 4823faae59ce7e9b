"""The protocol of Redis (RESP, version 2), as much of it as a hop needs: a command packed, an answer read."""

from __future__ import annotations

from collections.abc import Sequence

from redis.exceptions import NoScriptError, ResponseError

Word = bytes | str | int

Answer = bytes | int | None | ResponseError | list["Answer"]
"""What Redis answers; an error inside of a list stands in its place."""

END = b"\r\n"

_STRING, _NUMBER, _LIST, _WORD, _ERROR = b"$:*+-"

_COUNTS = [b"$%d" % length for length in range(1024)]
"""How the length of a word is told, ready for all but long ones."""


class Unfinished(Exception):
    """The rest of the answer has not come yet."""


def packed(command: Sequence[Word]) -> bytes:
    """A command as the server reads it: a list of counted strings. Bytes, the shorter the better, cost the least."""
    try:
        return _joined(command, [_COUNTS[len(word)] for word in command])  # type: ignore[arg-type]
    except (TypeError, IndexError):  # a word that is no bytes, or a long one
        words = [word if isinstance(word, bytes) else str(word).encode() for word in command]
        return _joined(words, [b"$%d" % len(word) for word in words])


def _joined(words: Sequence[bytes], counts: list[bytes]) -> bytes:
    parts = [b""] * (2 * len(words) + 2)
    parts[0] = b"*%d" % len(words)
    parts[1:-1:2] = counts
    parts[2::2] = words
    return END.join(parts)


def read(heard: bytes, start: int = 0) -> tuple[Answer, int]:
    """The answer that begins at `start`, and where the next one would. Raises Unfinished."""
    end = heard.find(END, start)
    if end < 0:
        raise Unfinished
    kind, told, after = heard[start], heard[start + 1 : end], end + 2
    if kind == _STRING:
        return _string(heard, int(told), after)
    if kind == _NUMBER:
        return int(told), after
    if kind == _LIST:
        return _list(heard, int(told), after)
    if kind == _WORD:
        return told, after
    if kind == _ERROR:
        return _error(told.decode(errors="replace")), after
    raise ResponseError("not an answer of Redis")


def _string(heard: bytes, length: int, start: int) -> tuple[bytes | None, int]:
    if length < 0:
        return None, start
    end = start + length
    after = end + 2
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
