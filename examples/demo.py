"""An Aerospike client writes, reads and operates on records in a server that runs inside this process.

    python examples/demo.py aerospike       with the vendor's client
    python examples/demo.py aerospike_py    with aerospike-py of PyPI

`make demo` runs both, each in an environment of its own.
"""

from __future__ import annotations

import importlib
import sys
import time
from importlib.metadata import version
from typing import Any

from aerospike_emulator import Emulator

PACKAGES = {"aerospike": "aerospike", "aerospike_py": "aerospike-py"}


def main(name: str) -> None:
    """Tells what it does, step by step."""
    module: Any = importlib.import_module(name)
    started = time.perf_counter()
    with Emulator() as emulator:
        milliseconds = (time.perf_counter() - started) * 1000
        client = module.client({"hosts": [emulator.address]}).connect()
        say("start", f"a server on {emulator.host}:{emulator.port}, inside this process, in {milliseconds:.1f} ms")
        say("connect", f"{PACKAGES[name]} {version(PACKAGES[name])} takes it for a cluster: {client.get_node_names()}")

        key = ("test", "people", "ada")
        client.put(key, {"name": "Ada", "visits": 1}, policy={"ttl": 3600})
        say("put", f"{key} with two bins, to live one hour")
        _, meta, bins = client.get(key)
        say("get", f"{bins}, {describe(meta)}")

        operations = [
            {"op": module.OPERATOR_INCR, "bin": "visits", "val": 41},
            {"op": module.OPERATOR_WRITE, "bin": "name", "val": "Ada Lovelace"},
            {"op": module.OPERATOR_READ, "bin": "visits"},
        ]
        _, meta, bins = client.operate(key, operations, None, {"ttl": module.TTL_DONT_UPDATE})
        say("operate", f"add 41, write 'name', read 'visits', all at once: {bins}, {describe(meta)}")

        try:
            client.put(key, {"name": "Someone else"}, {"gen": 1}, {"gen": module.POLICY_GEN_EQ})
        except module.exception.RecordGenerationError as error:
            say("race", f"a writer that read generation 1 comes too late: {type(error).__name__}")

        client.remove(key)
        _, meta = client.exists(key)
        say("remove", f"and the record is {'still there' if meta else 'gone'}")
        client.close()
    say("stop", "the server is gone, and all it held")


def describe(meta: Any) -> str:
    """Metadata in words; one client returns a mapping, the other a named tuple."""
    fields: Any = meta._asdict() if hasattr(meta, "_asdict") else meta
    return f"generation {fields['gen']}, {fields['ttl']} seconds to live"


def say(step: str, text: str) -> None:
    """One line of the transcript."""
    print(f"  {step:8} {text}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PACKAGES:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(PACKAGES)}")
    print(f"\n{PACKAGES[sys.argv[1]]}")
    main(sys.argv[1])
