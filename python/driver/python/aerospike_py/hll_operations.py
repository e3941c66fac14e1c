"""Builders of operations on HyperLogLog sketches, for ``operate``, ``operate_ordered`` and ``batch_operate``.

A sketch estimates how many distinct values were added to it, in a fixed space. With minhash bits it also tells how
similar it is to others. An operation is a plain dict: ``op``, ``bin``, and the operands under the names that each
builder lists; optional ones that are None are left out. What operations return is in the bins of the answer under
the bin's name:

ops = [hll_operations.hll_add("visitors", ["ada", "bob"], 12), hll_operations.hll_get_count("visitors")]
client.operate(key, ops).bins     # {"visitors": [2, 2]}: registers changed, estimate

*Index bits*: 4 to 16; one more doubles the size and divides the error by 1.4 (12 bits: 3 KB, about 1.6 %). *Minhash
bits*: 0, or 4 to 51; both together at most 64. Values to add are str, int, float, bytes, bool or None. Other sketches
are given as the bytes that reading such a bin returns.

``policy`` (:class:`aerospike_py.types.HLLPolicy`) is ``{"flags": ...}``, the sum of ``HLL_WRITE_*``.

Builders look at nothing. The method that is given an operation raises ``TypeError``, ``ValueError`` or
``OverflowError`` for what has no form on the wire, before anything is sent. The server answers (``ServerError`` unless
said): 4 for bits, values or sketches that are none; 26 for a new sketch without index bits, and for sketches that do
not fit together; 12 (``BinTypeError``) for a bin of another type; 6 (``BinExistsError``) and 17 (``BinNotFound``)
where the flags forbid the write. Reads of a missing bin answer nothing.
"""

from __future__ import annotations

from typing import Any

from ._operation import operation
from .types import HLLPolicy, Operation

# Changing


def hll_init(
    bin: str,
    index_bit_count: int,
    minhash_bit_count: int | None = None,
    *,
    policy: HLLPolicy | dict[str, int] | None = None,
) -> Operation:
    """Makes an empty sketch, or empties the one there is; answers nothing."""
    return operation(
        {"op": 3001, "bin": bin, "index_bit_count": index_bit_count},
        minhash_bit_count=minhash_bit_count,
        hll_policy=policy,
    )


def hll_add(
    bin: str,
    values: list[Any],
    index_bit_count: int | None = None,
    minhash_bit_count: int | None = None,
    *,
    policy: HLLPolicy | dict[str, int] | None = None,
) -> Operation:
    """Adds values; answers how many of them changed the sketch.

    Args:
        bin: bin name; a missing one is created, for which index bits are needed.
        values: at least one.
        index_bit_count: of a new sketch.
        minhash_bit_count: of a new sketch.
        policy: ``{"flags": ...}``.
    """
    return operation(
        {"op": 3002, "bin": bin, "val": values},
        index_bit_count=index_bit_count,
        minhash_bit_count=minhash_bit_count,
        hll_policy=policy,
    )


def hll_set_union(bin: str, values: list[Any], *, policy: HLLPolicy | dict[str, int] | None = None) -> Operation:
    """Adds all that other sketches hold; answers nothing.

    A sketch with more index bits than another one is refused (26), unless ``HLL_WRITE_ALLOW_FOLD`` makes it smaller.
    """
    return operation({"op": 3010, "bin": bin, "val": values}, hll_policy=policy)


def hll_fold(bin: str, index_bit_count: int) -> Operation:
    """Reduces the index bits of a sketch without minhash bits; answers nothing."""
    return {"op": 3009, "bin": bin, "index_bit_count": index_bit_count}


# Reading


def hll_get_count(bin: str) -> Operation:
    """Answers the estimate of how many distinct values were added."""
    return {"op": 3003, "bin": bin}


def hll_get_union(bin: str, values: list[Any]) -> Operation:
    """Answers the union with other sketches: bytes."""
    return {"op": 3004, "bin": bin, "val": values}


def hll_get_union_count(bin: str, values: list[Any]) -> Operation:
    """Answers the estimate for the union with other sketches."""
    return {"op": 3005, "bin": bin, "val": values}


def hll_get_intersect_count(bin: str, values: list[Any]) -> Operation:
    """Answers the estimate of what this and the other sketches have in common.

    At most two others, unless all have the same number of minhash bits, not 0.
    """
    return {"op": 3006, "bin": bin, "val": values}


def hll_get_similarity(bin: str, values: list[Any]) -> Operation:
    """Answers how similar this and the other sketches are: float, 0 to 1.

    At most two others, unless all have the same number of minhash bits, not 0.
    """
    return {"op": 3007, "bin": bin, "val": values}


def hll_describe(bin: str) -> Operation:
    """Answers ``[index_bit_count, minhash_bit_count]``."""
    return {"op": 3008, "bin": bin}


__all__ = [
    "Operation",
    "hll_add",
    "hll_describe",
    "hll_fold",
    "hll_get_count",
    "hll_get_intersect_count",
    "hll_get_similarity",
    "hll_get_union",
    "hll_get_union_count",
    "hll_init",
    "hll_set_union",
]
