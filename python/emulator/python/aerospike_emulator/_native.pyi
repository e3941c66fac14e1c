"""The native half; use :class:`aerospike_emulator.Emulator`."""

import os
from collections.abc import Mapping, Sequence

__version__: str

class EmulatorError(RuntimeError):
    """The emulator could not start, does not run, or belongs to the parent of this forked process."""

class Config:
    """A configuration that has been checked, ready to start servers with."""

    def __new__(
        cls,
        *,
        port: int,
        bind: str | None = None,
        advertise: str | None = None,
        edition: str | None = None,
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
    ) -> Config:
        """Reads options in the order in which they win over each other: defaults, file or text, arguments.

        Raises:
            ValueError: an option or a line of the file is wrong; the message names it.
        """

    @property
    def warnings(self) -> list[str]:
        """One line for each setting that the emulator does not have, or that will not do what it should."""

class Server:
    """A server that runs from its construction until :meth:`stop`, in threads of its own."""

    def __new__(cls, config: Config) -> Server:
        """Starts a server; it accepts connections when this returns.

        Raises:
            EmulatorError: the port cannot be listened on, or a thread cannot be started.
        """

    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""

    def tls_port(self) -> int | None:
        """The port for TLS; None = there is none."""

    def truncate(self, namespace: str | None = None, set: str | None = None) -> int:
        """Removes all records of a set, of a namespace, or of all namespaces; how many they were."""

    def settle(self, timeout: float) -> bool:
        """Waits until its nodes have learned of all that has happened; whether they have in so many seconds."""

    def seed(self) -> int:
        """The seed that repeats what chance does."""

    def control(self, word: str, arguments: Sequence[tuple[str, bytes | None]]) -> str:
        """Runs a control command; its answer as JSON.

        Args:
            word: ``clock``, ``fault``, ``log``, ``snapshot`` or ``data``.
            arguments: names with their values; a word has none.

        Raises:
            ValueError: an argument is wrong, or the command cannot be done; the message tells.
        """

    def snapshot(self) -> Snapshot:
        """All data as it is now."""

    def restore(self, snapshot: Snapshot, records_only: bool = False) -> int:
        """Makes the data what it was; how many records differed.

        Raises:
            ValueError: the snapshot is of another server.
        """

    def differences(self, before: Snapshot, after: Snapshot) -> str:
        """The records in which two snapshots differ, as JSON.

        Raises:
            ValueError: a snapshot is of another server.
        """

    def dump(self, namespace: str) -> str:
        """A namespace as text, a line for each record.

        Raises:
            ValueError: there is no such namespace.
        """

    def load(self, path: str | os.PathLike[str]) -> int:
        """Loads a file, or a directory of backups; how many records were written.

        Raises:
            ValueError: the file is wrong; nothing has been loaded then.
        """

    def save(self, path: str | os.PathLike[str], namespace: str | None = None) -> None:
        """Saves all namespaces, or one.

        Raises:
            ValueError: there is no such namespace, or the file cannot be written.
        """

    def stop(self) -> None:
        """Stops it; requests under way are finished. Again: does nothing."""

class Snapshot:
    """All data of a server at one moment; it has no use but to be given back to the server."""

def tls_init(directory: str | os.PathLike[str], names: Sequence[str], user: str) -> None:
    """Makes throw-away certificates.

    Raises:
        EmulatorError: a name cannot stand in a certificate, or a file cannot be written.
    """

def run_command(arguments: Sequence[str]) -> int:
    """Runs the command line until a signal stops it; returns its exit status.

    Args:
        arguments: the command's name, then its arguments.
    """
