"""Values between Python and the emulator, which speaks JSON with tags for what JSON does not have."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any


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


def _tagged(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case GeoJSON():
            return {"$geojson": str(value)}
        case HyperLogLog():
            return {"$hll": base64.b64encode(value).decode()}
        case str():
            return value
        case float():
            return value if math.isfinite(value) else {"$float": str(value)}
        case bytes() | bytearray() | memoryview():
            return {"$bytes": base64.b64encode(value).decode()}
        case list() | tuple():
            return [_tagged(item) for item in value]
        case Mapping():
            plain = all(isinstance(key, str) and not key.startswith("$") for key in value)
            if plain:
                return {key: _tagged(item) for key, item in value.items()}
            return {"$map": [[_tagged(key), _tagged(item)] for key, item in value.items()]}
        case _:
            raise ValueError(f"a bin cannot hold a {type(value).__name__}")


def from_json(value: Any) -> Any:
    """A value out of JSON."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$bytes": text}:
            return base64.b64decode(text)
        case {"$float": text}:
            return float(text)
        case {"$geojson": text}:
            return GeoJSON(text)
        case {"$hll": text}:
            return HyperLogLog(base64.b64decode(text))
        case {"$map": pairs}:
            return {_hashable(from_json(key)): from_json(item) for key, item in pairs}
        case {"$list": items}:
            return [from_json(item) for item in items]
        case {"$type": _, "data": text}:
            return base64.b64decode(text)
        case _:
            return {key: from_json(item) for key, item in value.items()}


def _hashable(key: Any) -> Any:
    return tuple(_hashable(item) for item in key) if isinstance(key, list) else key


def key_argument(key: str | int | bytes) -> dict[str, Any]:
    """A record's key as an argument of control commands.

    Raises:
        TypeError: it is of no type that keys have.
    """
    if isinstance(key, bool) or not isinstance(key, (str, int, bytes)):
        raise TypeError(f"a key is a text, a number or bytes, not a {type(key).__name__}")
    if isinstance(key, bytes):
        return {"key-bytes": key}
    return {"key": key} if isinstance(key, int) else {"key-text": key}
