"""The process that `ramu web` becomes: uvicorn, which starts the web processes and starts them again when they end.

It holds nothing of the gateway itself, which each of its processes imports; one that hangs is ended after five seconds.
"""

from __future__ import annotations

import click
import uvicorn

GRACE_SECONDS = 5
"""For answers that are under way when the server is told to stop."""

IDLE_SECONDS = 65
"""A kept connection may be silent for so long: longer than what a proxy keeps open towards us."""

BACKLOG = 1_024


@click.command()
@click.argument("served")
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--workers", type=int, required=True, help="Web processes.")
def serve(served: str, host: str, port: int, workers: int) -> None:
    """Serve a factory of an ASGI application until SIGTERM or Ctrl-C.

    Example: python -m workers.web_server --host 127.0.0.1 --port 8000 --workers 2 wsgi:front
    """
    uvicorn.run(
        served,
        factory=True,
        interface="asgi3",
        lifespan="off",
        loop="uvloop",
        http="gateway.http_limits:LimitedProtocol",
        ws="none",
        host=host,
        port=port,
        workers=workers,
        backlog=BACKLOG,
        proxy_headers=False,
        server_header=False,
        log_level="error",
        access_log=False,
        log_config=None,  # each process sets its logs up itself, masked
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    serve()
