"""An in-memory server that speaks the Aerospike wire protocol, inside this process.

    >>> from aerospike_emulator import Emulator
    >>> with Emulator() as emulator:
    ...     print(emulator.host)
    127.0.0.1

Every Aerospike client connects to it as to a real cluster. With pytest, ask for the fixtures ``aerospike_server`` or
``aerospike_clean`` (see :mod:`aerospike_emulator.pytest_plugin`).
"""

from ._control import Clock, Command, Fault, Faults, Log, Recording, Snapshot
from ._emulator import Emulator, Node, Record, tls_init
from ._native import EmulatorError, __version__
from ._values import GeoJSON, HyperLogLog

__all__ = [
    "Clock",
    "Command",
    "Emulator",
    "EmulatorError",
    "Fault",
    "Faults",
    "GeoJSON",
    "HyperLogLog",
    "Log",
    "Node",
    "Record",
    "Recording",
    "Snapshot",
    "__version__",
    "tls_init",
]
