"""What the vendor's tools ask: the info commands that asadm sends for each of its commands, one in a frame.

asadm itself is in no package registry. Its frames go over a socket; what it takes out of the answers is looked for.
"""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator
from drivers import Driver, Key

EXAMPLES = Path(__file__).parents[3] / "lua" / "examples"
Ask = Callable[[str], str]
# What no answer is.
ERRORS = ("ERROR", "error", "FAIL")


def read(connection: socket.socket, length: int) -> bytes:
    """So many bytes."""
    found = b""
    while len(found) < length:
        part = connection.recv(length - len(found))
        assert part, "the server closed the connection"
        found += part
    return found


@pytest.fixture
def ask(aerospike_clean: Emulator) -> Iterator[Ask]:
    """Sends a command in a frame of its own, all over one connection, and gives the value of the answer."""
    with socket.create_connection(aerospike_clean.address, timeout=10) as connection:

        def ask(command: str) -> str:
            body = f"{command}\n".encode()
            connection.sendall(struct.pack(">Q", 2 << 56 | 1 << 48 | len(body)) + body)
            (head,) = struct.unpack(">Q", read(connection, 8))
            answer = read(connection, head & 0xFFFF_FFFF_FFFF).decode()
            assert head >> 48 == 0x0201
            assert answer.endswith("\n")
            return answer.removeprefix(command).removeprefix("\t").rstrip("\n")

        yield ask


def pairs(answer: str, separator: str = ";") -> dict[str, str]:
    """Names and values of an answer."""
    return dict(pair.split("=", 1) for pair in answer.split(separator) if "=" in pair)


@pytest.fixture
def seven(driver: Driver) -> Driver:
    """A client, and seven records."""
    for number in range(7):
        driver.put(("test", "demo", number), {"n": number})
    return driver


@pytest.mark.scenario("tools-01")
def test_handshake(ask: Ask) -> None:
    assert ask("node")
    assert ask("connection")
    assert ask("build").startswith("8.1.")
    assert ":" in ask("service-clear-std")
    # Generation of the peers, their default port, and the peers.
    generation, port, peers = ask("peers-clear-std").split(",", 2)
    assert (generation.isdigit(), port.isdigit(), peers) == (True, True, "[]")
    agent = base64.b64encode(b"1,asadm-5.0,tester").decode()
    assert ask(f"user-agent-set:value={agent}") == "ok"


@pytest.mark.scenario("tools-02")
@pytest.mark.usefixtures("seven")
def test_info(ask: Ask) -> None:
    statistics = pairs(ask("statistics"))
    assert statistics["objects"] == "7"
    assert {"cluster_size", "uptime", "client_connections", "cluster_integrity"} <= statistics.keys()
    assert ask("cluster-name") == "docker"
    assert not ask("release").startswith(ERRORS)
    assert ask("namespaces") == "test;aging"
    namespace = pairs(ask("namespace/test"))
    assert namespace["objects"] == "7"
    assert {"master_objects", "data_used_bytes", "stop_writes", "ns_cluster_size"} <= namespace.keys()
    [line] = [line for line in ask("sets").split(";") if "ns=test:set=demo:" in line]
    assert pairs(line, ":")["objects"] == "7"
    assert ask("get-config:context=xdr") is not None


@pytest.mark.scenario("tools-03")
@pytest.mark.usefixtures("seven")
def test_summary_and_configuration(ask: Ask) -> None:
    for context in ("service", "network", "security", "namespace;namespace=test"):
        assert not ask(f"get-config:context={context}").startswith(ERRORS)
    service = pairs(ask("get-config:context=service"))
    assert {"proto-fd-max", "batch-index-threads"} <= service.keys()
    network = pairs(ask("get-config:context=network"))
    assert network["service.port"].isdigit()
    namespace = pairs(ask("get-config:context=namespace;namespace=test"))
    assert (namespace["default-ttl"], namespace["nsup-period"]) == ("0", "1")


@pytest.mark.scenario("tools-04")
@pytest.mark.usefixtures("seven")
def test_secondary_indexes(ask: Ask) -> None:
    assert ask("sindex-create:indexname=ib;namespace=test;set=demo;bin=n;type=numeric") == "ok"
    [line] = [line for line in ask("sindex-list:").split(";") if "indexname=ib" in line]
    listed = pairs(line, ":")
    assert (listed["ns"], listed["set"], listed["bin"], listed["type"]) == ("test", "demo", "n", "numeric")
    statistics = pairs(ask("sindex-stat:namespace=test;indexname=ib"))
    assert (statistics["entries"], statistics["load_pct"]) == ("7", "100")
    assert ask("sindex-delete:indexname=ib;namespace=test;set=demo") == "ok"
    assert "indexname=ib" not in ask("sindex-list:")


@pytest.mark.scenario("tools-05")
def test_modules(ask: Ask) -> None:
    source = (EXAMPLES / "counter.lua").read_bytes()
    content = base64.b64encode(source).decode()
    assert ask(f"udf-put:filename=tool.lua;udf-type=LUA;content-len={len(content)};content={content}") == "ok"
    [line] = [line for line in ask("udf-list").split(";") if "filename=tool.lua" in line]
    assert line.endswith("type=LUA")
    got = pairs(ask("udf-get:filename=tool.lua"))
    assert base64.b64decode(got["content"]) == source
    assert ask("udf-remove:filename=tool.lua") == "ok"
    assert "tool.lua" not in ask("udf-list")


@pytest.mark.scenario("tools-06")
def test_truncation(ask: Ask, seven: Driver) -> None:
    key: Key = ("test", "demo", 1)
    assert "objects=7" in ask("sets/test/demo")
    assert ask("truncate:namespace=test;set=demo") == "ok"
    assert seven.exists(key) is None
    assert "objects=0" in ask("sets/test/demo")


@pytest.mark.scenario("tools-07")
@pytest.mark.parametrize(
    "command",
    [
        "latencies:",
        "best-practices",
        "racks:",
        "roster:",
        "rack-ids",
        "feature-key",
        "user-agents",
        "query-show",
        "histogram:namespace=test;type=ttl",
        "histogram:namespace=test;type=object-size-linear",
        "partition-info",
        "logs",
        "node:",
    ],
)
def test_is_answered(ask: Ask, command: str) -> None:
    # Some are answered with an error that the tools know: there are no racks, there is no licence.
    answer: Any = ask(command)
    assert "unrecognized command" not in answer
    assert ask("node")


@pytest.mark.scenario("tools-08")
def test_dynamic_configuration(ask: Ask) -> None:
    command = "set-config:context=namespace;namespace=test;default-ttl="
    assert ask(f"{command}100") == "ok"
    assert pairs(ask("get-config:context=namespace;namespace=test"))["default-ttl"] == "100"
    assert ask(f"{command}0") == "ok"
    assert ask("set-config:context=service;no-such-thing=1").startswith("ERROR")
