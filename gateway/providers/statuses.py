"""What an HTTP status proves about a message, for every provider alike."""

from __future__ import annotations

from gateway.providers.line import Reply
from gateway.providers.port import NotSent, Unknown

UNAUTHORISED, FORBIDDEN, TOO_MANY = 401, 403, 429


def by_status(reply: Reply, *, own_error: bool) -> NotSent | Unknown:
    """The outcome of an answer that does not speak of each number.

    Refusing to listen (401, 403, 429) proves that nothing was taken, and so does another 4xx when it is the
    provider's `own_error`. Anything else may come after the message was taken.
    """
    why = f"HTTP {reply.status}"
    if reply.status == TOO_MANY:
        return NotSent(why, retry_after=reply.retry_after)
    if reply.status in (UNAUTHORISED, FORBIDDEN):
        return NotSent(why, stop=True)
    if own_error and 400 <= reply.status < 500:
        return NotSent(why)
    return Unknown(why)
