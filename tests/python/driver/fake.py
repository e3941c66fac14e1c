"""A server that answers info requests as a single node does, and messages as a test says."""

from __future__ import annotations

import base64
import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any

Answer = Callable[[int, bytes], Sequence[bytes | float | None]]
"""Gets the number of a message and its frame; bytes to send, seconds to wait, None to close."""

HEADER = struct.Struct(">BBBBBBIIIHH")


def frame(body: bytes, kind: int = 3) -> bytes:
    return struct.pack(">Q", (2 << 56) | (kind << 48) | len(body)) + body


def reply(code: int = 0, generation: int = 1, ops: bytes = b"", n_ops: int = 0) -> bytes:
    """A message frame that answers a command on one record."""
    return frame(b"\x16" + struct.pack(">BBBBBIIIHH", 0, 0, 0, 0, code, generation, 0, 0, 0, n_ops) + ops)


def op(name: str, kind: int, data: bytes) -> bytes:
    raw = name.encode()
    return struct.pack(">IBBBB", 4 + len(raw) + len(data), 1, kind, 0, len(raw)) + raw + data


class FakeServer:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests = 0
        self.connections = 0
        self.lock = threading.Lock()
        fake = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with contextlib.suppress(ConnectionError, OSError):
                    fake.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 512

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def config(self) -> dict[str, Any]:
        return {"hosts": [self.server.server_address[:2]], "tend_interval": 60_000}

    def serve(self, stream: socket.socket) -> None:
        counted = False
        while True:
            head = self.read(stream, 8)
            kind, size = head[1], int.from_bytes(head[2:], "big")
            body = self.read(stream, size)
            if kind == 1:
                stream.sendall(frame(self.info(body), 1))
                continue
            with self.lock:
                number, self.requests = self.requests, self.requests + 1
                self.connections += not counted
                counted = True
            for act in self.answer(number, head + body):
                if act is None:
                    return
                if isinstance(act, bytes):
                    stream.sendall(act)
                else:
                    threading.Event().wait(act)

    @staticmethod
    def read(stream: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = stream.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    @staticmethod
    def info(body: bytes) -> bytes:
        owned = base64.b64encode(b"\xff" * 512).decode()
        values = {
            "node": "FAKE",
            "cluster-name": "docker",
            "partition-generation": "0",
            "peers-generation": "0",
            "peers-clear-std": "0,3000,[]",
            "replicas": f"test:0,1,{owned}",
        }
        lines = body.decode().splitlines()
        return "".join(f"{line}\t{values.get(line, 'ERROR:4:unrecognized command')}\n" for line in lines).encode()

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
