"""The emulator as an object with a life cycle."""

from __future__ import annotations

import atexit
import os
import threading
import warnings
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NamedTuple

from ._control import Clock, Faults, Log, Recording, Snapshot, ask
from ._native import Config, EmulatorError, Server
from ._native import tls_init as make_certificates
from ._values import from_json, key_argument, to_json


@dataclass(frozen=True)
class Record:
    """A record as it is stored."""

    bins: dict[str, Any]
    generation: int
    #: Seconds that it has left by the emulator's clock; ``None`` = it never expires.
    ttl: int | None


class Node(NamedTuple):
    """A node of the emulator's cluster, as it was when asked for."""

    name: str
    """The node's id, as clients show it."""
    address: tuple[str, int]
    """Host and port."""
    state: str
    """``"running"``, ``"hung"`` or ``"stopped"``."""


class Emulator:
    """A server in this process that every Aerospike client takes for a real cluster.

    It listens on a free port of the loopback address, keeps everything in memory, runs in threads of its own, and is
    empty whenever it starts. Make as many as you like: they share nothing.

        >>> with Emulator(namespaces=["test", "cache"]) as emulator:
        ...     client = aerospike.client({"hosts": [emulator.address]}).connect()

    Without ``with``, call :meth:`start` and :meth:`stop`. What still runs when the interpreter exits is stopped then.

    A forked child cannot use its parent's emulator: there, all methods raise :exc:`EmulatorError`, and the parent's
    goes on undisturbed. Clients in the child may connect to an address taken before the fork.

    Args:
        port: port to listen on; 0 picks a free one at each start.
        bind: IP address to listen on; by default the loopback address. ``"0.0.0.0"`` opens the server to the network.
        advertise: host name or address given to clients as the node's; by default the one that they reached.
        edition: edition whose answers to give. The community edition refuses durable deletes, for example.
        cluster_name: by default ``"docker"``, as the vendor's container image has it.
        namespaces: names, or names with settings under the names of the vendor's configuration reference:
            ``{"test": {"default-ttl": "30d", "nsup-period": 1}}``; underscores do as well as hyphens. By default one
            namespace ``test`` whose records live 30 days. What a namespace's settings leave out is as in the namespace
            of this name in ``config_file`` or ``config``, if there is one, else as in the first namespace.
        default_ttl: seconds that records of all namespaces live if their writer does not say; 0 = for ever. A text
            may have a unit: ``"90s"``, ``"15m"``, ``"12h"``, ``"30d"``.
        config_file: a configuration in the vendor's syntax (``aerospike.conf``); all other options win over it.
            Settings that the emulator does not have are ignored with a :exc:`UserWarning` each.
        config: the same as a text, instead of a file.
        service_threads: threads that serve connections; by default one for every two cores, four at most.
        security: ``True`` switches users and roles on: clients have to log in, first as ``admin`` with the password
            ``admin``, who may manage users but not read or write. A ``security`` block in ``config_file`` or
            ``config`` switches it on as well, and can name users and roles to start with; ``False`` ignores it.
        strong_consistency: ``True`` puts all namespaces into strong-consistency mode, which transactions need. The
            setting ``strong-consistency`` of a namespace does so for that one.
        tls: directory with certificates, as :func:`tls_init` makes them; opens a second port, for TLS. Clients may show
            certificates, with which they can log in in PKI mode.
        tls_port: port for TLS; 0 picks a free one at each start.
        lua_unsafe: gives UDFs all of Lua's libraries, as the vendor's server does: they reach files, processes and the
            environment of this process then.
        nodes: how many nodes the server is. Each has a port of its own; they share what is stored, so that no record is
            ever lost. With ``port``, the ports of the nodes follow it.
        racks: racks of the nodes, in their order; by default the ``rack-id`` of a namespace.
        cluster_pace: how long nodes take to learn of what happens to others, as a share of what they take in a real
            cluster: 1 = as long (seconds), by default 0.1.
        seed: where chance begins, so that a run can be repeated: of faults with a probability, and of ``math.random``
            in Lua. Tokens and keys stay secret.
        load: files with records, indexes and UDF modules that every start begins with; see :meth:`load`.

    Raises:
        ValueError: an option, or a line of the configuration, is wrong; the message names it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        bind: str | None = None,
        advertise: str | None = None,
        edition: Literal["community", "enterprise"] | None = None,
        cluster_name: str | None = None,
        namespaces: Sequence[str] | Mapping[str, Mapping[str, str | int]] | None = None,
        default_ttl: int | str | None = None,
        config_file: str | os.PathLike[str] | None = None,
        config: str | None = None,
        service_threads: int | None = None,
        security: bool | None = None,
        strong_consistency: bool = False,
        tls: str | os.PathLike[str] | None = None,
        tls_port: int = 0,
        lua_unsafe: bool = False,
        nodes: int = 1,
        racks: Sequence[int] | None = None,
        cluster_pace: float | None = None,
        seed: int | None = None,
        load: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    ) -> None:
        self._config = Config(
            port=port,
            bind=bind,
            advertise=advertise,
            edition=edition,
            cluster_name=cluster_name,
            namespaces=namespaces,
            default_ttl=default_ttl,
            config_file=config_file,
            config=config,
            service_threads=service_threads,
            security=security,
            strong_consistency=strong_consistency,
            tls=tls,
            tls_port=tls_port,
            lua_unsafe=lua_unsafe,
            nodes=nodes,
            racks=None if racks is None else list(racks),
            cluster_pace=cluster_pace,
            seed=seed,
        )
        self._loads = [load] if isinstance(load, (str, os.PathLike)) else list(load)
        for warning in self._config.warnings:
            warnings.warn(warning, stacklevel=2)
        self._server: Server | None = None
        self._process = os.getpid()
        self._changing = threading.Lock()

    def start(self) -> Emulator:
        """Starts the server; it accepts connections when this returns. Does nothing if it runs already.

        Returns:
            The emulator itself, so that ``emulator = Emulator().start()`` does.

        Raises:
            EmulatorError: the port is in use, for example.
        """
        self._check_process()
        with self._changing:
            if self._server is None:
                server = Server(self._config)
                try:
                    for path in self._loads:
                        server.load(path)
                except ValueError:
                    server.stop()
                    raise
                self._server = server
                _alive.add(self)
        return self

    def stop(self) -> None:
        """Stops the server and closes its connections; all its data is gone. Does nothing if it does not run.

        Requests under way are finished, for at most two seconds.
        """
        self._check_process()
        with self._changing:
            server, self._server = self._server, None
            _alive.discard(self)
            if server is not None:
                server.stop()

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        self._check_process()
        return self._server is not None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as the ``hosts`` of a client's configuration take them.

        Raises:
            EmulatorError: the server does not run.
        """
        host, port = self._running().address()
        # Listening on all addresses, it is reached through any; clients on this machine take the nearest.
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 (compared, not bound)

    @property
    def host(self) -> str:
        """IP address under which clients on this machine reach the server."""
        return self.address[0]

    @property
    def port(self) -> int:
        """Port that the server listens on."""
        return self.address[1]

    @property
    def tls_port(self) -> int:
        """Port for TLS.

        Raises:
            EmulatorError: the server does not run, or has no such port.
        """
        port = self._running().tls_port()
        if port is None:
            raise EmulatorError("the emulator has no TLS port: give it certificates, as in Emulator(tls=directory)")
        return port

    @property
    def seed(self) -> int:
        """The seed that repeats what chance does in this run."""
        return self._running().seed()

    # ------------------------------------------------------------ what a real server cannot do

    @property
    def clock(self) -> Clock:
        """The time of records, sessions and quotas; sockets and timeouts go by the system's."""
        return Clock(self._running())

    @property
    def faults(self) -> Faults:
        """Rules that delay, refuse, cut or drop commands."""
        return Faults(self._running())

    @property
    def log(self) -> Log:
        """The last commands; empty until it is started. In tests, :meth:`recording` is handier."""
        return Log(self._running())

    def recording(self, capacity: int = 10_000) -> Recording:
        """Records the commands that come while a ``with`` block runs.

            >>> with emulator.recording() as log:
            ...     client.get(key)
            >>> assert log.count(kind="get") == 1

        Args:
            capacity: how many commands are kept at most; the oldest go first.
        """
        return Recording(self._running(), capacity)

    def snapshot(self) -> Snapshot:
        """Takes a snapshot of all data: records, sets, truncation, indexes, UDF modules, users and roles.

        Takes milliseconds whatever their number, and shares what does not change.
        """
        return Snapshot(self._running(), self._running().snapshot())

    def restore(self, snapshot: Snapshot) -> int:
        """Makes all data what it was; how many records differed. Takes as long as there are differences.

        Raises:
            ValueError: the snapshot is of another emulator, or of an earlier start of this one.
        """
        return snapshot.restore_to(self._running())

    def reset(self) -> None:
        """Removes all faults, sets the clock right, ends the log and forgets it; data stays.

        Nodes that have stopped or hang run again when this returns, and whatever else has happened to nodes is undone;
        nodes that were added stay.
        """
        server = self._running()
        ask(server, "fault", clear=None)
        ask(server, "clock", reset=None)
        ask(server, "log", stop=None)
        ask(server, "log", clear=None)
        ask(server, "node", reset=None)
        self.settle()

    # ------------------------------------------------------------ data without a client

    def get(self, namespace: str, set: str, key: str | int | bytes) -> Record | None:
        """Reads a record without a client; ``None`` = there is none, or it has expired.

        Raises:
            ValueError: there is no such namespace.
        """
        arguments = {"get": None, "namespace": namespace, "set": set, **key_argument(key)}
        found = ask(self._running(), "data", **arguments)
        if found is None:
            return None
        bins = {name: from_json(value) for name, value in found["bins"].items()}
        return Record(bins, found["generation"], found["ttl"])

    def put(
        self,
        namespace: str,
        set: str,
        key: str | int | bytes,
        bins: Mapping[str, Any],
        ttl: int | Literal["never"] | None = None,
    ) -> None:
        """Writes a record without a client; it replaces all bins, and its key is stored.

        Args:
            namespace: the record's namespace.
            set: the record's set; empty for none.
            key: a text, a number or bytes.
            bins: values may be whatever clients write; see :class:`GeoJSON` and :class:`HyperLogLog`.
            ttl: seconds; by default what the namespace says.

        Raises:
            ValueError: the server refuses the record, or a value is none that it has.
        """
        arguments: dict[str, Any] = {"put": None, "namespace": namespace, "set": set, **key_argument(key)}
        if ttl is not None:
            arguments["ttl"] = ttl
        ask(self._running(), "data", bins=to_json(dict(bins)), **arguments)

    def remove(self, namespace: str, set: str, key: str | int | bytes) -> bool:
        """Removes a record without a client; whether there was one.

        Raises:
            ValueError: there is no such namespace.
        """
        arguments = {"remove": None, "namespace": namespace, "set": set, **key_argument(key)}
        return ask(self._running(), "data", **arguments)

    def count(self, namespace: str, set: str | None = None) -> int:
        """How many records a set, or a namespace, has; expired ones do not count.

        Raises:
            ValueError: there is no such namespace.
        """
        return ask(self._running(), "data", count=None, namespace=namespace, **({} if set is None else {"set": set}))

    def sets(self, namespace: str) -> dict[str, int]:
        """The sets that have records, with their numbers; those in no set are under an empty name.

        Raises:
            ValueError: there is no such namespace.
        """
        return ask(self._running(), "data", sets=None, namespace=namespace)

    def dump(self, namespace: str) -> str:
        """A namespace as text, a line for each record, by set and key.

        Raises:
            ValueError: there is no such namespace.
        """
        return self._running().dump(namespace)

    def records(self, namespace: str) -> list[dict[str, Any]]:
        """The records of a namespace, by set and key, as :meth:`dump` tells them.

        Returns:
            For each a dict with ``namespace``, ``set``, ``key`` (``None`` if it is not stored), ``digest``, ``bins``,
            ``generation`` and ``ttl``.

        Raises:
            ValueError: there is no such namespace.
        """
        found = ask(self._running(), "data", dump=None, namespace=namespace)
        return [{**record, "bins": from_json(record["bins"]), "key": from_json(record["key"])} for record in found]

    def load(self, path: str | os.PathLike[str]) -> int:
        """Loads records, indexes and UDF modules from a file; how many records were written.

        Args:
            path: JSON, or a text backup of the vendor's (``.asb``), or a directory of such backups. Records that have
                expired by the emulator's clock are left out.

        Raises:
            ValueError: the file is wrong; the message says where. Nothing has been loaded then.
        """
        return self._running().load(path)

    def save(self, path: str | os.PathLike[str], namespace: str | None = None) -> None:
        """Saves records, indexes and UDF modules.

        Args:
            path: a text backup that the vendor's tools restore if its name ends in ``.asb``, else JSON.
            namespace: ``None`` = all.

        Raises:
            ValueError: there is no such namespace, or the file cannot be written.
        """
        self._running().save(path, namespace)

    def truncate(self, namespace: str | None = None, set: str | None = None) -> int:
        """Removes records at once, without a client.

        Args:
            namespace: ``None`` = all namespaces.
            set: ``None`` = all sets, and the records that are in none.

        Returns:
            How many records were removed.

        Raises:
            ValueError: there is no such namespace.
            EmulatorError: the server does not run.
        """
        return self._running().truncate(namespace, set)

    # ---------------------------------------------------------------- nodes

    @property
    def nodes(self) -> list[Node]:
        """All nodes, those that have stopped included; the first one has :attr:`address`.

        Raises:
            EmulatorError: the server does not run.
        """
        return [_node(entry) for entry in ask(self._running(), "node")]

    def stop_node(self, node: Node | str) -> None:
        """Stops a node: its connections are reset, its port is closed. The others notice in their time.

        Args:
            node: one of :attr:`nodes`, or its name. So for all methods.

        Raises:
            ValueError: there is no such node. So for all methods.
            EmulatorError: it has stopped already.
        """
        self._event("stop", node)

    def restart_node(self, node: Node | str) -> None:
        """Starts a node with the name and address that it had; one that runs is stopped first.

        It listens when this returns, and joins the others in its time.

        Raises:
            EmulatorError: its port has been taken by somebody else.
        """
        self._event("restart", node)

    def add_node(self) -> Node:
        """Starts another node. It listens when this returns, and joins the others in its time.

        Returns:
            The new node.
        """
        return _node(ask(self._running(), "node", add=None))

    def hang_node(self, node: Node | str, seconds: float | None = None) -> None:
        """Lets a node accept connections and answer nothing. The others drop it in their time.

        Args:
            node: which one.
            seconds: when it goes on by itself; ``None`` = with :meth:`resume_node` only.

        Raises:
            EmulatorError: it has stopped.
        """
        self._event("hang", node, **({} if seconds is None else {"for": _span(seconds)}))

    def slow_node(self, node: Node | str, seconds: float) -> None:
        """Lets a node wait before each answer; 0 makes it prompt again.

        Raises:
            EmulatorError: it does not run.
        """
        self._event("slow", node, by=_span(seconds))

    def resume_node(self, node: Node | str) -> None:
        """Lets a node that hangs or is slow go on. What it was sent meanwhile is answered now.

        Raises:
            EmulatorError: it has stopped.
        """
        self._event("resume", node)

    def quiesce_node(self, node: Node | str, undo: bool = False) -> None:
        """Asks a node to hand its partitions over when the cluster forms anew, see :meth:`recluster`.

        Args:
            node: which one.
            undo: takes that back instead.
        """
        self._event("unquiesce" if undo else "quiesce", node)

    def recluster(self) -> None:
        """Lets the cluster form anew: what was asked for (quiesced nodes, rosters, revivals) counts from then on."""
        ask(self._running(), "node", recluster=None)

    def move_partitions(self, number: int) -> None:
        """Moves to another map of partitions: each number is a map, 0 the one to start with."""
        ask(self._running(), "node", map=number)

    def split(self, *parts: Sequence[Node | str]) -> None:
        """Splits the cluster: the nodes of each part see each other alone. Nodes in none of them form one more part."""
        names = "/".join(",".join(_name(node) for node in part) for part in parts)
        ask(self._running(), "node", split=names)

    def heal(self) -> None:
        """Ends a split."""
        ask(self._running(), "node", heal=None)

    def set_partitions(
        self, namespace: str, partitions: Sequence[int] | None, state: Literal["available", "unavailable", "dead"]
    ) -> None:
        """Decides over partitions: of those that are not available, commands end with result code 11.

        Args:
            namespace: whose partitions.
            partitions: their ids; ``None`` = all.
            state: ``"dead"`` ones come back after the info command ``revive:`` and :meth:`recluster`.
        """
        ids = "all" if partitions is None else partitions
        ask(self._running(), "node", partitions=ids, namespace=namespace, state=state)

    def settle(self, timeout: float = 30.0) -> None:
        """Waits until all nodes have learned of all that has happened, and partitions have moved.

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: they have not in this time.
        """
        if not self._running().settle(timeout):
            raise TimeoutError(f"the nodes have not settled in {timeout} seconds")

    def _event(self, event: str, node: Node | str, **more: str) -> None:
        ask(self._running(), "node", **{event: _name(node)}, **more)

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # A forked child leaves the block too, most likely with an exception that it should see as it is.
        if os.getpid() == self._process:
            self.stop()

    def __repr__(self) -> str:
        if os.getpid() != self._process:
            return f"<Emulator of process {self._process}>"
        server = self._server
        if server is None:
            return "<Emulator, not running>"
        host, port = server.address()
        return f"<Emulator on {host}:{port}>"

    def _running(self) -> Server:
        self._check_process()
        server = self._server
        if server is None:
            raise EmulatorError("the emulator does not run: call start(), or use it in a with statement")
        return server

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise EmulatorError(
                f"this emulator belongs to process {self._process}, the parent of this forked process: make a new one "
                "here, or take its address before the fork"
            )


def _name(node: Node | str) -> str:
    name = node.name if isinstance(node, Node) else node
    if not name.isalnum():
        raise ValueError(f"there is no node {name!r}")
    return name


def _node(entry: dict[str, Any]) -> Node:
    # Listening on all addresses, it is reached through any.
    address: str = entry["address"]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 (compared, not bound)
    return Node(entry["node"], (host, entry["port"]), entry["state"])


def _span(seconds: float) -> str:
    if not 0 <= seconds < 1e9:
        raise ValueError(f"a time in seconds is not negative and not endless, as {seconds} is")
    return f"{round(seconds * 1000)}ms"


def tls_init(
    directory: str | os.PathLike[str],
    names: Sequence[str] = ("localhost", "127.0.0.1", "::1"),
    user: str = "admin",
) -> None:
    """Makes throw-away certificates for tests: an authority, a server, a client.

    The files are ``ca.pem``, ``server.pem``, ``server.key``, ``client.pem`` and ``client.key``; former ones are
    replaced.

    Args:
        directory: where the files go; made if need be.
        names: host names and addresses of the server, and the TLS name that clients are given.
        user: the user in the client's certificate, for PKI login.

    Raises:
        EmulatorError: a name cannot stand in a certificate, or a file cannot be written.
    """
    make_certificates(directory, list(names), user)


# Weak: an emulator that nobody holds any more is stopped by its own end.
_alive: weakref.WeakSet[Emulator] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for emulator in list(_alive):
        # A forked child inherits the set, but none of the servers.
        if emulator._process == os.getpid():  # pyright: ignore[reportPrivateUsage]
            emulator.stop()
