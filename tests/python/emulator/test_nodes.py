"""Several nodes, as Python programs use them."""

from __future__ import annotations

import socket
import struct

import pytest
from aerospike_emulator import Emulator, EmulatorError, Node


def info(node: Node, command: str) -> str:
    """The value of an info command's answer."""
    with socket.create_connection(node.address, timeout=5) as connection:
        body = f"{command}\n".encode()
        connection.sendall(struct.pack("!Q", 2 << 56 | 1 << 48 | len(body)) + body)
        reader = connection.makefile("rb")
        (head,) = struct.unpack("!Q", reader.read(8))
        return reader.read(head & 0xFFFFFFFFFFFF).decode().removeprefix(command).strip("\t\n")


def size(node: Node) -> int:
    """How many nodes a node says its cluster has."""
    statistics = dict(line.split("=", 1) for line in info(node, "statistics").split(";"))
    return int(statistics["cluster_size"])


def test_one_node_is_what_there_is_unless_asked() -> None:
    with Emulator() as emulator:
        [node] = emulator.nodes
        assert node.address == emulator.address
        assert node.state == "running"
        assert info(node, "node") == node.name


def test_nodes_come_and_go() -> None:
    with Emulator(nodes=3, cluster_pace=0.02) as emulator:
        first, second, _ = emulator.nodes
        assert [size(node) for node in emulator.nodes] == [3, 3, 3]
        emulator.stop_node(second)
        assert emulator.nodes[1].state == "stopped"
        with pytest.raises(ConnectionRefusedError):
            info(second, "node")
        emulator.settle()
        assert size(first) == 2
        with pytest.raises(EmulatorError, match="is stopped"):
            emulator.stop_node(second.name)
        emulator.restart_node(second)
        added = emulator.add_node()
        emulator.settle()
        assert emulator.nodes[3] == added
        assert [size(node) for node in emulator.nodes] == [4, 4, 4, 4]


def test_a_node_hangs_and_is_slow() -> None:
    with Emulator(nodes=2, cluster_pace=0.02) as emulator:
        first, second = emulator.nodes
        emulator.hang_node(second)
        assert emulator.nodes[1].state == "hung"
        emulator.settle()
        assert size(first) == 1
        emulator.resume_node(second)
        emulator.settle()
        assert size(second) == 2
        emulator.hang_node(second, seconds=0.05)
        assert info(second, "node") == second.name
        emulator.slow_node(second, 0.01)
        assert info(second, "status") == "ok"
        emulator.slow_node(second, 0)


def test_maps_parts_and_partitions() -> None:
    with Emulator(nodes=3, cluster_pace=0.02, racks=[1, 1, 2]) as emulator:
        first, second, third = emulator.nodes
        assert info(third, "rack-ids") == "test:2"
        before = info(first, "replicas")
        emulator.move_partitions(5)
        emulator.settle()
        assert info(first, "replicas") != before
        emulator.split([first, second], [third.name])
        emulator.settle()
        assert [size(first), size(third)] == [2, 1]
        emulator.heal()
        emulator.settle()
        emulator.quiesce_node(third)
        emulator.recluster()
        emulator.settle()
        assert ";effective_is_quiesced=true;" in info(third, "namespace/test")
        emulator.quiesce_node(third, undo=True)
        emulator.set_partitions("test", [0, 7], "dead")
        assert ";dead_partitions=2;" in info(first, "namespace/test")
        emulator.set_partitions("test", None, "available")
        assert ";dead_partitions=0;" in info(first, "namespace/test")


def test_reset() -> None:
    with Emulator(nodes=3, cluster_pace=0.02) as emulator:
        first, second, third = emulator.nodes
        emulator.stop_node(second)
        emulator.hang_node(third)
        emulator.set_partitions("test", None, "unavailable")
        emulator.reset()
        assert [node.state for node in emulator.nodes] == ["running"] * 3
        assert size(first) == 3
        assert ";unavailable_partitions=0;" in info(first, "namespace/test")


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        return listener.connect_ex(("127.0.0.1", port)) != 0


def test_ports_follow_each_other() -> None:
    # Below the ports that the system picks for whoever connects meanwhile.
    port = next(port for port in range(20_000, 30_000, 2) if is_free(port) and is_free(port + 1))
    with Emulator(port=port, nodes=2) as emulator:
        assert [node.address[1] for node in emulator.nodes] == [port, port + 1]


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="nodes is between 1 and 64"):
        Emulator(nodes=0)
    with pytest.raises(ValueError, match="cluster_pace"):
        Emulator(cluster_pace=-1)
    with Emulator(nodes=2, cluster_pace=1) as emulator:
        with pytest.raises(ValueError, match="there is no node"):
            emulator.stop_node("nope")
        with pytest.raises(ValueError, match="there is no node"):
            emulator.stop_node("A;add")
        with pytest.raises(ValueError, match="time in seconds"):
            emulator.slow_node("1", -1)
        with pytest.raises(ValueError, match="no namespace"):
            emulator.set_partitions("nope", [1], "dead")
        emulator.stop_node(emulator.nodes[1])
        with pytest.raises(TimeoutError):
            emulator.settle(0.01)
    with pytest.raises(EmulatorError, match="does not run"):
        emulator.nodes  # noqa: B018
