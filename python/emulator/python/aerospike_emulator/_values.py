"""Values between Python and the emulator, which speaks JSON with tags for what JSON does not have."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast


class GeoJSON(str):
    """A GeoJSON value: its text."""

    __slots__ = ()


class HyperLogLog(bytes):
    """A HyperLogLog: its bytes."""

    __slots__ = ()


def to_json(value: Any) -> str:
    """A value as JSON.

    Raises:
        ValueError: it is of a type that a bin cannot hold.
    """
    return json.dumps(_tagged(value))


def _base64(data: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(data).decode()


def _tagged(value: Any) -> Any:
    # A class stands before those that it derives from.
    for kinds, tag in _TO_JSON:
        if isinstance(value, kinds):
            return tag(value)
    raise ValueError(f"a bin cannot hold a {type(value).__name__}")


def _same(value: Any) -> Any:
    return value


def _tagged_float(value: float) -> Any:
    return value if math.isfinite(value) else {"$float": str(value)}


def _tagged_list(items: Sequence[Any]) -> Any:
    return [_tagged(item) for item in items]


def _tagged_map(entries: Mapping[Any, Any]) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in entries):
        return {key: _tagged(item) for key, item in entries.items()}
    return {"$map": [[_tagged(key), _tagged(item)] for key, item in entries.items()]}


_TO_JSON: list[tuple[Any, Callable[[Any], Any]]] = [
    (GeoJSON, lambda text: {"$geojson": str(text)}),
    (HyperLogLog, lambda data: {"$hll": _base64(data)}),
    ((type(None), bool, int, str), _same),
    (float, _tagged_float),
    ((bytes, bytearray, memoryview), lambda data: {"$bytes": _base64(data)}),
    ((list, tuple), _tagged_list),
    (Mapping, _tagged_map),
]


def from_json(value: Any) -> Any:
    """A value out of JSON."""
    if isinstance(value, list):
        return [from_json(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    entries = cast("dict[str, Any]", value)
    for tag, read in _FROM_JSON.items():
        if tag in entries:
            return read(entries)
    return {key: from_json(item) for key, item in entries.items()}


def _hashable(key: Any) -> Any:
    if not isinstance(key, list):
        return key
    return tuple(_hashable(item) for item in cast("list[Any]", key))


# Tags with what they stand for; the order of lists and maps is lost.
_FROM_JSON: dict[str, Callable[[dict[str, Any]], Any]] = {
    "$bytes": lambda tagged: base64.b64decode(tagged["$bytes"]),
    "$float": lambda tagged: float(tagged["$float"]),
    "$geojson": lambda tagged: GeoJSON(tagged["$geojson"]),
    "$hll": lambda tagged: HyperLogLog(base64.b64decode(tagged["$hll"])),
    "$list": lambda tagged: from_json(tagged["$list"]),
    "$map": lambda tagged: {_hashable(from_json(key)): from_json(item) for key, item in tagged["$map"]},
    "$type": lambda tagged: base64.b64decode(tagged["data"]),
}


def key_argument(key: object) -> dict[str, Any]:
    """A record's key as an argument of control commands.

    Raises:
        TypeError: it is of no type that keys have.
    """
    match key:
        case bytes():
            return {"key-bytes": key}
        case str():
            return {"key-text": key}
        case int() if not isinstance(key, bool):
            return {"key": key}
        case _:
            raise TypeError(f"a key is a text, a number or bytes, not a {type(key).__name__}")
