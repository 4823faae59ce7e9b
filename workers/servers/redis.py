"""A Redis-protocol server of our own (Valkey or Redis): unix socket, append-only file, no eviction."""

import secrets
import shutil
import signal
from pathlib import Path

from redis import Redis, RedisError

from workers.servers.binaries import redis_program
from workers.servers.folders import current_user, fits_socket, private, scratch
from workers.servers.process import Server, free_port

# Only an append-only file survives kill -9 (snapshots alone lose every write since the last one), and a
# queue must never be evicted to make room.
SETTINGS = """\
dir "{folder}"
unixsocket "{socket}"
unixsocketperm 700
bind 127.0.0.1
port {port}
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
daemonize no
"""


class RedisServer(Server):
    """A running server on the data of a folder."""

    name = "the Redis-protocol server"
    farewell = signal.SIGTERM

    def __init__(self, folder: Path, *, tcp: bool):
        """Write its settings; `start` is the way in."""
        me = current_user()
        self.folder = private(folder.resolve(), me)
        own = self.folder / "redis.sock"
        self.socket = own if fits_socket(own) else scratch(me) / own.name
        self.url = f"unix://{self.socket}?db=0"
        self.tcp_url = ""
        settings = self.folder / "redis.conf"
        settings.touch(mode=0o600)
        settings.write_text(self.settings(tcp))
        super().__init__([str(redis_program()), str(settings)], self.folder / "redis.log", me)

    @classmethod
    def start(cls, folder: Path, *, tcp: bool = False) -> "RedisServer":
        """Start on the data in `folder`, which is made if need be and kept.

        `url` names its unix socket. With `tcp` it also listens on a free port of the loopback, behind a
        random password (`tcp_url`). Raises ServerMissing or ServerFailed.
        """
        server = cls(folder, tcp=tcp)
        server.restart()
        return server

    def settings(self, tcp: bool) -> str:
        """The text of its settings file."""
        port = free_port() if tcp else 0
        text = SETTINGS.format(folder=self.folder, socket=self.socket, port=port)
        if tcp:
            password = secrets.token_urlsafe(24)
            self.url = f"unix://:{password}@{self.socket}?db=0"
            self.tcp_url = f"redis://:{password}@127.0.0.1:{port}/0"
            text += f"requirepass {password}\n"
        return text

    def ready(self) -> bool:
        """Whether it answers PING; while it loads its data it does not."""
        try:
            with Redis.from_url(self.url, socket_timeout=0.5) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def stop(self, patience: float = 30.0) -> None:
        """End cleanly, with all writes on disk."""
        super().stop(patience)
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)
