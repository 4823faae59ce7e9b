"""A server that answers as it is told, byte for byte, and fails as it is told; it counts the requests that it read."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Lock, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[["Connection"], None]


class Connection:
    """One connection of a client, with the request that was read from it."""

    def __init__(self, server: FaultServer, line: socket.socket) -> None:
        self.server, self.line = server, line
        self.head, self.body = b"", b""

    def read(self) -> bool:
        """Reads one request; whether there was one."""
        read = b""
        while b"\r\n\r\n" not in read:
            part = self.line.recv(65_536)
            if not part:
                return False
            read += part
        self.head, _, self.body = read.partition(b"\r\n\r\n")
        length = int(self.header("content-length") or 0)
        while len(self.body) < length:
            self.body += self.line.recv(65_536)
        with self.server.lock:
            self.server.requests.append((self.head, self.body))
        return True

    def header(self, name: str) -> str:
        """A header of the request."""
        for line in self.head.decode().split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return ""

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self.line.sendall(data)

    def drip(self, data: bytes, seconds: float = 0.05) -> None:
        """A byte now and then, until the client goes or the server is closed."""
        with contextlib.suppress(OSError):
            for place in range(len(data)):
                if self.server.closing.wait(seconds):
                    return
                self.write(data[place : place + 1])

    def hang(self) -> None:
        """Nothing, until the client goes or the server is closed."""
        self.line.settimeout(0.1)
        while not self.server.closing.is_set():
            try:
                if not self.line.recv(4_096):
                    return
            except TimeoutError:
                continue

    def reset(self) -> None:
        """The end, without a goodbye."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.close()


class FaultServer:
    """Listens on the loopback. `behave` is called with each request; with `raw` with each connection, unread."""

    def __init__(self, behave: Behaviour, *, raw: bool = False, certificate: Path | None = None) -> None:
        self.behave, self.raw = behave, raw
        self.requests: list[tuple[bytes, bytes]] = []
        self.connections = 0
        self.lock, self.closing = Lock(), Event()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._tls and certificate:
            self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(line,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(line):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                line = self._tls.wrap_socket(line, server_side=True)
            connection = Connection(self, line)
            if self.raw:
                self.behave(connection)
            with contextlib.closing(line):
                while not self.raw and connection.read():
                    self.behave(connection)

    def close(self) -> None:
        """Ends every connection."""
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(1)


def answer(status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> bytes:
    """An answer in HTTP/1.1 with its length."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file
