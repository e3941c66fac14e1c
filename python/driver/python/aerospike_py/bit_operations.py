"""Builders of operations on the bits of a bin of bytes, for ``operate``, ``operate_ordered`` and ``batch_operate``.

An operation is a plain dict: ``op``, ``bin``, and the operands under the names that each builder lists; a policy of
None is left out. What operations return is in the bins of the answer under the bin's name:

ops = [bit_operations.bit_set("flags", 0, 4, bytes([0xF0])), bit_operations.bit_count("flags", 0, 8)]
client.operate(key, ops).bins     # {"flags": 4}

Bits are counted from the most significant one of the first byte. Offsets from the end are negative. Sizes and
offsets are in bits or bytes, as their names say. Operations that change bits answer nothing.

``policy`` is the sum of ``BIT_WRITE_*``: create only (``bit_resize``, ``bit_insert``), update only, no fail (what does
not fit changes nothing), partial (what lies beyond the end is left out).

Builders look at nothing. The method that is given an operation raises ``TypeError``, ``ValueError`` or
``OverflowError`` for what has no form on the wire, before anything is sent. The server answers (``ServerError`` unless
said): 4 for a size, offset or flag that is none; 26 for bits beyond the end, and for an overflow; 12
(``BinTypeError``) for a bin that is not bytes; 17 (``BinNotFound``) for a change of a missing bin other than
``bit_resize`` and ``bit_insert``. Reads of a missing bin answer nothing.
"""

from __future__ import annotations

from ._operation import operation
from .types import Operation

# Length


def bit_resize(bin: str, byte_size: int, resize_flags: int = 0, policy: int | None = None) -> Operation:
    """Makes the bytes longer, with zeros, or shorter.

    Args:
        bin: bin name; created if it is missing.
        byte_size: the new length.
        resize_flags: one of ``BIT_RESIZE_*``: at the front instead of the end, only to grow, only to shrink.
        policy: sum of ``BIT_WRITE_*``.
    """
    return operation(
        {"op": 4001, "bin": bin, "byte_size": byte_size}, resize_flags=resize_flags or None, bit_policy=policy
    )


def bit_insert(bin: str, byte_offset: int, value: bytes | bytearray, policy: int | None = None) -> Operation:
    """Inserts bytes in front of an offset; beyond the end zeros fill the gap."""
    return operation({"op": 4002, "bin": bin, "byte_offset": byte_offset, "val": value}, bit_policy=policy)


def bit_remove(bin: str, byte_offset: int, byte_size: int, policy: int | None = None) -> Operation:
    """Removes bytes."""
    return operation({"op": 4003, "bin": bin, "byte_offset": byte_offset, "byte_size": byte_size}, bit_policy=policy)


# Changing


def bit_set(bin: str, bit_offset: int, bit_size: int, value: bytes | bytearray, policy: int | None = None) -> Operation:
    """Sets bits to those of a value.

    Args:
        bin: bin name.
        bit_offset: the first bit.
        bit_size: how many bits.
        value: at least as many bits, from its first byte on.
        policy: sum of ``BIT_WRITE_*``.
    """
    return operation(
        {"op": 4004, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}, bit_policy=policy
    )


def bit_or(bin: str, bit_offset: int, bit_size: int, value: bytes | bytearray, policy: int | None = None) -> Operation:
    """Combines bits with those of a value by "or"."""
    return operation(
        {"op": 4005, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}, bit_policy=policy
    )


def bit_xor(bin: str, bit_offset: int, bit_size: int, value: bytes | bytearray, policy: int | None = None) -> Operation:
    """Combines bits with those of a value by "exclusive or"."""
    return operation(
        {"op": 4006, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}, bit_policy=policy
    )


def bit_and(bin: str, bit_offset: int, bit_size: int, value: bytes | bytearray, policy: int | None = None) -> Operation:
    """Combines bits with those of a value by "and"."""
    return operation(
        {"op": 4007, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}, bit_policy=policy
    )


def bit_not(bin: str, bit_offset: int, bit_size: int, policy: int | None = None) -> Operation:
    """Inverts bits."""
    return operation({"op": 4008, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size}, bit_policy=policy)


def bit_lshift(bin: str, bit_offset: int, bit_size: int, shift: int, policy: int | None = None) -> Operation:
    """Shifts bits to the left within their region; zeros come in."""
    return operation(
        {"op": 4009, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "shift": shift}, bit_policy=policy
    )


def bit_rshift(bin: str, bit_offset: int, bit_size: int, shift: int, policy: int | None = None) -> Operation:
    """Shifts bits to the right within their region; zeros come in."""
    return operation(
        {"op": 4010, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "shift": shift}, bit_policy=policy
    )


# Integers


def bit_add(
    bin: str,
    bit_offset: int,
    bit_size: int,
    value: int,
    signed: bool = False,
    action: int = 0,
    policy: int | None = None,
) -> Operation:
    """Adds to the integer in a region of at most 64 bits.

    Args:
        bin: bin name.
        bit_offset: the first bit.
        bit_size: how many bits, 1 to 64; the most significant one comes first.
        value: how much.
        signed: whether the region holds a signed integer.
        action: ``BIT_OVERFLOW_FAIL`` (code 26), ``BIT_OVERFLOW_SATURATE`` or ``BIT_OVERFLOW_WRAP``.
        policy: sum of ``BIT_WRITE_*``.
    """
    return operation(
        {
            "op": 4011,
            "bin": bin,
            "bit_offset": bit_offset,
            "bit_size": bit_size,
            "val": value,
            "signed": signed,
            "action": action,
        },
        bit_policy=policy,
    )


def bit_subtract(
    bin: str,
    bit_offset: int,
    bit_size: int,
    value: int,
    signed: bool = False,
    action: int = 0,
    policy: int | None = None,
) -> Operation:
    """Subtracts from the integer in a region of at most 64 bits.

    Args:
        bin: bin name.
        bit_offset: the first bit.
        bit_size: how many bits, 1 to 64; the most significant one comes first.
        value: how much.
        signed: whether the region holds a signed integer.
        action: ``BIT_OVERFLOW_FAIL`` (code 26), ``BIT_OVERFLOW_SATURATE`` or ``BIT_OVERFLOW_WRAP``.
        policy: sum of ``BIT_WRITE_*``.
    """
    return operation(
        {
            "op": 4012,
            "bin": bin,
            "bit_offset": bit_offset,
            "bit_size": bit_size,
            "val": value,
            "signed": signed,
            "action": action,
        },
        bit_policy=policy,
    )


def bit_set_int(bin: str, bit_offset: int, bit_size: int, value: int, policy: int | None = None) -> Operation:
    """Sets a region of at most 64 bits to an integer."""
    return operation(
        {"op": 4013, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}, bit_policy=policy
    )


# Reading


def bit_get(bin: str, bit_offset: int, bit_size: int) -> Operation:
    """Answers bits, as bytes from the first bit on; the rest of the last byte is zero."""
    return {"op": 4050, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size}


def bit_count(bin: str, bit_offset: int, bit_size: int) -> Operation:
    """Answers how many bits are set."""
    return {"op": 4051, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size}


def bit_lscan(bin: str, bit_offset: int, bit_size: int, value: bool) -> Operation:
    """Answers where the first bit equal to a value is, counted from the offset; -1 if there is none."""
    return {"op": 4052, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}


def bit_rscan(bin: str, bit_offset: int, bit_size: int, value: bool) -> Operation:
    """Answers where the last bit equal to a value is, counted from the offset; negative if there is none."""
    return {"op": 4053, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "val": value}


def bit_get_int(bin: str, bit_offset: int, bit_size: int, signed: bool = False) -> Operation:
    """Answers the integer in a region of at most 64 bits.

    Args:
        bin: bin name.
        bit_offset: the first bit.
        bit_size: how many bits, 1 to 64; 64 are a signed integer in any case.
        signed: whether the region holds a signed integer.
    """
    return {"op": 4054, "bin": bin, "bit_offset": bit_offset, "bit_size": bit_size, "signed": signed}


__all__ = [
    "Operation",
    "bit_add",
    "bit_and",
    "bit_count",
    "bit_get",
    "bit_get_int",
    "bit_insert",
    "bit_lscan",
    "bit_lshift",
    "bit_not",
    "bit_or",
    "bit_remove",
    "bit_resize",
    "bit_rscan",
    "bit_rshift",
    "bit_set",
    "bit_set_int",
    "bit_subtract",
    "bit_xor",
]
