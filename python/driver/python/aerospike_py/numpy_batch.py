"""Results of batch reads as NumPy arrays. NumPy is needed only here.

batch = client.batch_read(keys)
found = batch.to_numpy(numpy.dtype([("price", "f8"), ("stock", "i4")]))
found.batch_records["price"].mean()

Fields of the dtype are named like bins. They hold integers (kinds ``i``, ``u``), floats (``f``), or bytes of a fixed
length (``S``, ``V``), in the machine's byte order. Longer strings and bytes are cut, a float loses its fraction in an
integer field, and what is missing, a bin or a whole record, is zero.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .types import UserKey

_ALLOWED_KINDS = frozenset("iufSV")


class NumpyBatchRecords:
    """Records of a batch as arrays, in the order of the request."""

    __slots__ = ("_map", "batch_records", "meta", "result_codes")

    batch_records: Any
    """Structured array of the bins, one row per key."""
    meta: Any
    """Structured array with ``gen`` and ``ttl`` (seconds), both ``u4``; zero where there is no record."""
    result_codes: Any
    """Result code per key, ``i4``: 0 found, 2 no such record, ..."""

    def __init__(self, batch_records: Any, meta: Any, result_codes: Any, _map: Mapping[UserKey | None, int]) -> None:
        self.batch_records = batch_records
        self.meta = meta
        self.result_codes = result_codes
        self._map = _map

    def get(self, key: UserKey) -> Any:
        """The row of a user key.

        Raises:
            KeyError: it was not asked for.
        """
        try:
            row = self._map[key]
        except KeyError:
            raise KeyError(f"key {key!r} not found in NumpyBatchRecords (available keys: {len(self._map)})") from None
        return self.batch_records[row]

    def __len__(self) -> int:
        return len(self.batch_records)

    def __contains__(self, key: object) -> bool:
        return key in self._map

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batch_records)

    def __repr__(self) -> str:
        found = int((self.result_codes == 0).sum())
        return f"NumpyBatchRecords(count={len(self)}, ok={found}, fields={list(self.batch_records.dtype.names)})"


def records_to_numpy(records: Sequence[Any], dtype: Any) -> NumpyBatchRecords:
    """Rows of a batch as arrays; what ``BatchRecords.to_numpy`` does.

    Raises:
        TypeError: ``dtype`` has no fields, or one of a kind that is not possible, or a bin does not fit its field.
        ValueError: a field has the other byte order, or a bin does not fit its field.
        OverflowError: an integer is too large for its field.
    """
    dtype = _structured(dtype)
    for name in dtype.names:
        field = dtype[name].base
        if not field.isnative:
            raise ValueError(
                f"dtype field {name!r} has non-native byte order ({field.str}); declare it natively, as in "
                f"{field.newbyteorder('=').str!r}"
            )
    return _convert(records, dtype, [record.key for record in records], strict=False)


def records_from_numpy(
    data: Any, namespace: str, set_name: str, dtype: Any, key_field: str = "_key"
) -> list[tuple[tuple[str, str, Any], dict[str, Any]]]:
    """Rows of a structured array as records to write: ``[((namespace, set_name, user_key), bins), ...]``.

    Args:
        data: structured array.
        namespace: namespace of the records.
        set_name: set of the records.
        dtype: which fields of ``data`` to write; those that begin with ``_`` are not bins.
        key_field: the field with the user key.

    Raises:
        TypeError: a field of a kind that is not possible.
        ValueError: ``data`` lacks the key or a field.
    """
    dtype = _structured(dtype)
    given = data.dtype.names or ()
    if key_field not in given:
        raise ValueError(f"key field {key_field!r} not found in the array's fields {list(given)}")
    names = [name for name in dtype.names if name != key_field and not name.startswith("_")]
    missing = [name for name in names if name not in given]
    if missing:
        raise ValueError(f"fields {missing} not found in the array's fields {list(given)}")
    return [((namespace, set_name, row[key_field].item()), {name: _plain(row[name]) for name in names}) for row in data]


def _structured(dtype: Any) -> Any:
    numpy: Any = importlib.import_module("numpy")
    dtype = numpy.dtype(dtype)
    if dtype.names is None:
        raise TypeError(f"a structured dtype is needed, with a field per bin, not {dtype}")
    for name in dtype.names:
        field = dtype[name].base
        if field.kind not in _ALLOWED_KINDS:
            raise TypeError(
                f"dtype field {name!r} must be numeric (int/float) or fixed-length bytes, "
                f"got {field} (kind={field.kind!r})"
            )
    return dtype


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _batch_records_to_numpy(  # pyright: ignore[reportUnusedFunction]
    batch_records_obj: Any, dtype: Any, keys: Iterable[Any], *, strict: bool = False
) -> NumpyBatchRecords:
    """The conversion by its name in the published package, whose tests use it; ``strict`` warns of differences."""
    return _convert(batch_records_obj.batch_records, _structured(dtype), list(keys), strict)


def _convert(records: Sequence[Any], dtype: Any, keys: Sequence[Any], strict: bool) -> NumpyBatchRecords:
    numpy: Any = importlib.import_module("numpy")
    rows = numpy.zeros(len(records), dtype=dtype)
    meta = numpy.zeros(len(records), dtype=[("gen", "u4"), ("ttl", "u4")])
    codes = numpy.zeros(len(records), dtype="i4")
    places: dict[Any, int] = {}
    for at, row in enumerate(records):
        user_key = _user_key(row.key if row.key is not None else (keys[at] if at < len(keys) else None), at)
        if user_key in places:
            warnings.warn(
                f"batch record at index {at}: primary key {user_key!r} collides with record at index "
                f"{places[user_key]}; earlier mapping will be overwritten.",
                stacklevel=3,
            )
        places[user_key] = at
        codes[at] = row.result
        if row.result != 0 or row.record is None:
            continue
        row_meta = row.record[1]
        if row_meta is not None:
            meta[at] = (row_meta["gen"], row_meta["ttl"])
        bins: dict[str, Any] = row.record[2] or {}
        if strict:
            _warn_of_differences(at, set(dtype.names), set(bins))
        for name in dtype.names:
            if bins.get(name) is not None:
                _assign(rows, at, name, bins[name], user_key)
    return NumpyBatchRecords(rows, meta, codes, places)


def _user_key(key: Any, at: int) -> Any:
    """The user key, or the row's number where there is none."""
    if key is not None and len(key) > 2:
        return key[2]
    warnings.warn(f"batch record at index {at}: missing or malformed key; its index stands for it.", stacklevel=4)
    return at


def _assign(rows: Any, at: int, name: str, value: Any, user_key: Any) -> None:
    field = rows.dtype[name]
    if isinstance(value, str) and field.kind == "S":
        value = value.encode()
    try:
        rows[name][at] = value
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(
            f"Failed to assign value {value!r} to field {name!r} (dtype={field}) for record at index {at} "
            f"(key={user_key!r}): {error}"
        ) from error


def _warn_of_differences(at: int, fields: set[str], bins: set[str]) -> None:
    if fields - bins:
        warnings.warn(
            f"record at index {at}: dtype fields {fields - bins} not found in bins (zero-filled)", stacklevel=4
        )
    if bins - fields:
        warnings.warn(f"record at index {at}: bin fields {bins - fields} not in dtype (ignored)", stacklevel=4)


__all__ = ["NumpyBatchRecords", "records_from_numpy", "records_to_numpy"]
