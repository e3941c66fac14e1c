"""The clients that run the scenarios, behind one interface.

Both have nearly the same methods; what differs (names of constants, shapes of results and of errors) ends here. A
scenario says `driver.put(key, {"a": 1}, exists="create")` and expects results in neutral shapes.
"""

from __future__ import annotations

import contextlib
import importlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

Key = tuple[str, str, Any]
Operation = dict[str, Any]

# Times to live with a meaning of their own.
NAMESPACE_DEFAULT = "namespace default"
NEVER_EXPIRE = "never expire"
DONT_UPDATE = "don't update"


@dataclass
class Record:
    """What a client returned for a record."""

    bins: dict[str, Any]
    generation: int
    # Seconds left; None = the record never expires.
    ttl: int | None
    # The key that is stored with the record, if one is.
    key: Any = None


class Driver:
    """A connected client."""

    # Both the module's name and the one that --client takes.
    name: str
    # Names of the module's constants for policies.
    exists_policies: ClassVar[Mapping[str, str]]

    def __init__(self, address: tuple[str, int]) -> None:
        self.module: Any = importlib.import_module(self.name)
        self.client: Any = self.module.client(self.config(address)).connect()

    def config(self, address: tuple[str, int]) -> dict[str, Any]:
        """The client's configuration."""
        return {"hosts": [address]}

    def close(self) -> None:
        """Disconnects."""
        self.client.close()

    # ---------------------------------------------------------------- records

    def put(self, key: Key, bins: dict[str, Any], **options: Any) -> None:
        """Writes bins; for the options see `write_arguments`."""
        self.client.put(key, bins, *self.write_arguments(**options))

    def get(self, key: Key, **policy: Any) -> Record:
        """Reads all bins."""
        return self.record(self.client.get(key, policy))

    def select(self, key: Key, bins: Sequence[str]) -> Record:
        """Reads some bins."""
        return self.record(self.client.select(key, list(bins)))

    def exists(self, key: Key) -> Record | None:
        """Generation and time to live without bins; None = there is no such record."""
        _, meta = self.client.exists(key)
        return None if meta is None else Record({}, *self.meta(meta))

    def remove(self, key: Key, **options: Any) -> None:
        """Removes a record."""
        self.client.remove(key, *self.write_arguments(**options))

    def remove_bins(self, key: Key, bins: Sequence[str]) -> None:
        """Removes some bins."""
        self.client.remove_bin(key, list(bins))

    def touch(self, key: Key, ttl: int | str) -> None:
        """Sets a record's time to live."""
        self.client.touch(key, self.ttl(ttl))

    def append(self, key: Key, name: str, value: Any) -> None:
        """Appends to a bin."""
        self.client.append(key, name, value)

    def prepend(self, key: Key, name: str, value: Any) -> None:
        """Prepends to a bin."""
        self.client.prepend(key, name, value)

    def increment(self, key: Key, name: str, by: float) -> None:
        """Adds to a bin."""
        self.client.increment(key, name, by)

    def operate(self, key: Key, operations: list[Operation], **options: Any) -> Record:
        """Runs several operations on a record at once; results by bin."""
        return self.record(self.client.operate(key, operations, *self.write_arguments(**options)))

    def operate_ordered(self, key: Key, operations: list[Operation]) -> list[tuple[str, Any]]:
        """Runs several operations on a record at once; results in the order of the operations."""
        _, _, results = self.client.operate_ordered(key, operations)
        return [(name, value) for name, value in results]

    # ---------------------------------------------------------------- operations

    def read_op(self, name: str) -> Operation:
        """Reads a bin."""
        return {"op": self.module.OPERATOR_READ, "bin": name}

    def write_op(self, name: str, value: Any) -> Operation:
        """Writes a bin."""
        return {"op": self.module.OPERATOR_WRITE, "bin": name, "val": value}

    def add_op(self, name: str, value: float) -> Operation:
        """Adds to a bin."""
        return {"op": self.module.OPERATOR_INCR, "bin": name, "val": value}

    def append_op(self, name: str, value: Any) -> Operation:
        """Appends to a bin."""
        return {"op": self.module.OPERATOR_APPEND, "bin": name, "val": value}

    def prepend_op(self, name: str, value: Any) -> Operation:
        """Prepends to a bin."""
        return {"op": self.module.OPERATOR_PREPEND, "bin": name, "val": value}

    def touch_op(self) -> Operation:
        """Touches the record."""
        return {"op": self.module.OPERATOR_TOUCH}

    def delete_op(self) -> Operation:
        """Removes the record."""
        return {"op": self.module.OPERATOR_DELETE}

    # ---------------------------------------------------------------- info

    def info(self, command: str) -> str:
        """The answer of the node to an info command."""
        raise NotImplementedError

    # ---------------------------------------------------------------- errors

    @contextlib.contextmanager
    def fails(self, code: int, **own: int | type[Exception]) -> Iterator[None]:
        """Expects the server to refuse with a result code.

        Args:
            code: the server's result code.
            own: by client, what it raises where it refuses by itself and never asks the server: a code or a class.
        """
        expected = own.get(self.name, code)
        try:
            yield
        except self.module.exception.AerospikeError as error:
            if self.code(error) != expected:
                raise AssertionError(f"result code {self.code(error)} instead of {expected}") from error
        except Exception as error:
            if not isinstance(expected, type) or not isinstance(error, expected):
                raise
        else:
            raise AssertionError(f"succeeded instead of {expected}")

    def code(self, error: Exception) -> int:
        """The result code of the client's exception."""
        raise NotImplementedError

    # ---------------------------------------------------------------- shapes

    def write_arguments(
        self,
        *,
        ttl: int | str | None = None,
        generation: int | None = None,
        generation_policy: str = "EQ",
        exists: str | None = None,
        send_key: bool = False,
        durable_delete: bool = False,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The `meta` and `policy` arguments of a writing method.

        Args:
            ttl: seconds, or one of the texts above.
            generation: write only if the record's generation is this one.
            generation_policy: EQ; or GT: write only if the record's generation is lower.
            exists: create, update, replace or create_or_replace.
            send_key: store the key with the record.
            durable_delete: leave a tombstone.
        """
        meta: dict[str, Any] = {}
        policy: dict[str, Any] = {}
        if ttl is not None:
            policy["ttl"] = self.ttl(ttl)
        if generation is not None:
            meta["gen"] = generation
            policy["gen"] = getattr(self.module, f"POLICY_GEN_{generation_policy}")
        if exists is not None:
            policy["exists"] = getattr(self.module, self.exists_policies[exists])
        if send_key:
            policy["key"] = self.module.POLICY_KEY_SEND
        if durable_delete:
            policy["durable_delete"] = True
        return meta, policy

    def ttl(self, ttl: int | str) -> int:
        """A time to live as the client takes it."""
        constants = {
            NAMESPACE_DEFAULT: self.module.TTL_NAMESPACE_DEFAULT,
            NEVER_EXPIRE: self.module.TTL_NEVER_EXPIRE,
            DONT_UPDATE: self.module.TTL_DONT_UPDATE,
        }
        return ttl if isinstance(ttl, int) else constants[ttl]

    def record(self, result: Any) -> Record:
        """A record as the client returned it: key, metadata, bins."""
        key, meta, bins = result
        return Record(dict(bins or {}), *self.meta(meta), key=key[2] if key else None)

    def meta(self, meta: Any) -> tuple[int, int | None]:
        """Generation and time to live."""
        raise NotImplementedError


# Where the vendor's client puts copies of the modules that it registers, to run its half of aggregations with: one
# directory in all of a process, that of its first client.
MODULES = tempfile.TemporaryDirectory(prefix="lua-")


def vendor_config(address: tuple[str, int]) -> dict[str, Any]:
    """The vendor's client's configuration."""
    return {"hosts": [address], "lua": {"user_path": MODULES.name}}


class VendorDriver(Driver):
    """The vendor's client."""

    name = "aerospike"
    exists_policies: ClassVar[Mapping[str, str]] = {
        "create": "POLICY_EXISTS_CREATE",
        "update": "POLICY_EXISTS_UPDATE",
        "replace": "POLICY_EXISTS_REPLACE",
        "create_or_replace": "POLICY_EXISTS_CREATE_OR_REPLACE",
    }

    def config(self, address: tuple[str, int]) -> dict[str, Any]:
        return vendor_config(address)

    def meta(self, meta: Any) -> tuple[int, int | None]:
        never = self.module.TTL_NEVER_EXPIRE
        return meta["gen"], None if meta["ttl"] in (never, 0xFFFFFFFF) else meta["ttl"]

    def code(self, error: Any) -> int:
        return error.code

    def info(self, command: str) -> str:
        return self.client.info_random_node(command).partition("\t")[2].strip()


class AerospikePyDriver(Driver):
    """aerospike-py of PyPI."""

    name = "aerospike_py"
    exists_policies: ClassVar[Mapping[str, str]] = {
        "create": "POLICY_EXISTS_CREATE_ONLY",
        "update": "POLICY_EXISTS_UPDATE_ONLY",
        "replace": "POLICY_EXISTS_REPLACE_ONLY",
        "create_or_replace": "POLICY_EXISTS_REPLACE",
    }

    def meta(self, meta: Any) -> tuple[int, int | None]:
        return meta.gen, None if meta.ttl in (0xFFFFFFFF, -1, 0) else meta.ttl

    def code(self, error: Any) -> int:
        return error.result_code

    def operate_ordered(self, key: Key, operations: list[Operation]) -> list[tuple[str, Any]]:
        results = super().operate_ordered(key, operations)
        # What several operations on one bin return comes as one list.
        grouped = len({operation["bin"] for operation in operations}) < len(operations)
        return [(name, value) for name, values in results for value in (values if grouped else [values])]

    def info(self, command: str) -> str:
        return self.client.info_random_node(command).strip()


DRIVERS: dict[str, type[Driver]] = {driver.name: driver for driver in (VendorDriver, AerospikePyDriver)}
