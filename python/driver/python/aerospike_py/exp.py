"""Builders of expressions, for ``policy["filter_expression"]``.

An expression is a plain dict: ``"__expr__"`` names it, the other keys hold its operands, which are expressions in
their turn unless the builder says otherwise. It is read by the server, for each record:

expr = exp.and_(exp.ge(exp.int_bin("age"), exp.int_val(18)), exp.eq(exp.string_bin("city"), exp.string_val("Oslo")))
client.get(key, policy={"filter_expression": expr})

Builders look at nothing. What is wrong is found by the method that is given the policy, before anything is sent:
``TypeError`` (an operand that is no expression, a value of another type than the builder's name says),
``ValueError`` (no such expression, an operand missing, a type id outside 0 to 9), ``InvalidArgError`` (no operand
where one is needed, an empty bin name). What only the server can see, it answers with code 4 (``ServerError``):
operands of different types, a filter that is not boolean.

An expression that needs what a record does not have (a missing bin, a bin of another type, a key that was not
stored, a division by zero) is unknown, and an unknown filter counts as false: ``FilteredOut``. There is no
conversion between integers and floats: ``exp.eq(exp.int_bin("n"), exp.float_val(1.0))`` is refused.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Expr: TypeAlias = dict[str, Any]
"""An expression."""

# Types of values: operands of key(), and what bins and values are.
EXP_TYPE_NIL: Final = 0
EXP_TYPE_BOOL: Final = 1
EXP_TYPE_INT: Final = 2
EXP_TYPE_STRING: Final = 3
EXP_TYPE_LIST: Final = 4
EXP_TYPE_MAP: Final = 5
EXP_TYPE_BLOB: Final = 6
EXP_TYPE_FLOAT: Final = 7
EXP_TYPE_GEO: Final = 8
EXP_TYPE_HLL: Final = 9


# Values


def int_val(val: int) -> Expr:
    """An integer of 64 bits."""
    return {"__expr__": "int_val", "val": val}


def float_val(val: float) -> Expr:
    """A float."""
    return {"__expr__": "float_val", "val": val}


def string_val(val: str) -> Expr:
    """A string."""
    return {"__expr__": "string_val", "val": val}


def bool_val(val: bool) -> Expr:
    """A boolean."""
    return {"__expr__": "bool_val", "val": val}


def blob_val(val: bytes | bytearray) -> Expr:
    """Bytes."""
    return {"__expr__": "blob_val", "val": val}


def list_val(val: list[Any]) -> Expr:
    """A list of values, as bins hold them."""
    return {"__expr__": "list_val", "val": val}


def map_val(val: dict[Any, Any]) -> Expr:
    """A map of values, as bins hold them.

    It is sent ordered by key: only such maps can be compared, and a map bin only after ``map_set_order`` or an ordered
    ``map_policy`` made it one too.
    """
    return {"__expr__": "map_val", "val": val}


def geo_val(val: str) -> Expr:
    """A place or region, as GeoJSON text."""
    return {"__expr__": "geo_val", "val": val}


def nil() -> Expr:
    """The nil value."""
    return {"__expr__": "nil"}


def infinity() -> Expr:
    """What is greater than any value."""
    return {"__expr__": "infinity"}


def wildcard() -> Expr:
    """What equals any value."""
    return {"__expr__": "wildcard"}


def unknown() -> Expr:
    """What has no value, for a case of :func:`cond` that shall not match."""
    return {"__expr__": "unknown"}


# Bins


def int_bin(name: str) -> Expr:
    """Value of an integer bin."""
    return {"__expr__": "int_bin", "name": name}


def float_bin(name: str) -> Expr:
    """Value of a float bin."""
    return {"__expr__": "float_bin", "name": name}


def string_bin(name: str) -> Expr:
    """Value of a string bin."""
    return {"__expr__": "string_bin", "name": name}


def bool_bin(name: str) -> Expr:
    """Value of a boolean bin."""
    return {"__expr__": "bool_bin", "name": name}


def blob_bin(name: str) -> Expr:
    """Value of a bin of bytes."""
    return {"__expr__": "blob_bin", "name": name}


def list_bin(name: str) -> Expr:
    """Value of a list bin."""
    return {"__expr__": "list_bin", "name": name}


def map_bin(name: str) -> Expr:
    """Value of a map bin."""
    return {"__expr__": "map_bin", "name": name}


def geo_bin(name: str) -> Expr:
    """Value of a GeoJSON bin, for :func:`geo_compare`."""
    return {"__expr__": "geo_bin", "name": name}


def hll_bin(name: str) -> Expr:
    """Value of a HyperLogLog bin."""
    return {"__expr__": "hll_bin", "name": name}


def bin_exists(name: str) -> Expr:
    """Whether the record has the bin: bool, never unknown."""
    return {"__expr__": "bin_exists", "name": name}


def bin_type(name: str) -> Expr:
    """Type of the bin's value as the server numbers them: int, 0 where the bin is missing.

    1 integer, 2 float, 3 string, 4 bytes, 17 bool, 18 HyperLogLog, 19 map, 20 list, 23 GeoJSON.
    """
    return {"__expr__": "bin_type", "name": name}


# Metadata


def key(exp_type: int) -> Expr:
    """The record's user key.

    Unknown unless it was stored (``POLICY_KEY_SEND``) and has this type.

    Args:
        exp_type: ``EXP_TYPE_INT``, ``EXP_TYPE_STRING`` or ``EXP_TYPE_BLOB``.
    """
    return {"__expr__": "key", "exp_type": exp_type}


def key_exists() -> Expr:
    """Whether the record's user key was stored (``POLICY_KEY_SEND``): bool."""
    return {"__expr__": "key_exists"}


def set_name() -> Expr:
    """Name of the record's set, empty if it has none: string."""
    return {"__expr__": "set_name"}


def record_size() -> Expr:
    """Size of the record on the server, in bytes: int."""
    return {"__expr__": "record_size"}


def last_update() -> Expr:
    """Time of the last write: int, nanoseconds since 1970-01-01 UTC."""
    return {"__expr__": "last_update"}


def since_update() -> Expr:
    """Time since the last write: int, **milliseconds**."""
    return {"__expr__": "since_update"}


def void_time() -> Expr:
    """Time when the record expires: int, nanoseconds since 1970-01-01 UTC; -1 if it never does."""
    return {"__expr__": "void_time"}


def ttl() -> Expr:
    """Time to live: int, seconds; -1 if the record never expires."""
    return {"__expr__": "ttl"}


def is_tombstone() -> Expr:
    """Whether the record was deleted durably: bool, false for every record that can be read."""
    return {"__expr__": "is_tombstone"}


def digest_modulo(modulo: int) -> Expr:
    """The record's digest modulo a number: int, for samples of a set.

    Args:
        modulo: how many parts to divide the records into; not 0.
    """
    return {"__expr__": "digest_modulo", "modulo": modulo}


# Comparisons


def eq(left: Expr, right: Expr) -> Expr:
    """Whether both are equal: bool.

    Both sides have the same type. Lists compare element by element; unordered maps cannot be compared, the result is
    unknown.
    """
    return {"__expr__": "eq", "left": left, "right": right}


def ne(left: Expr, right: Expr) -> Expr:
    """Whether both differ: bool."""
    return {"__expr__": "ne", "left": left, "right": right}


def gt(left: Expr, right: Expr) -> Expr:
    """Whether the left side is greater: bool."""
    return {"__expr__": "gt", "left": left, "right": right}


def ge(left: Expr, right: Expr) -> Expr:
    """Whether the left side is greater or equal: bool."""
    return {"__expr__": "ge", "left": left, "right": right}


def lt(left: Expr, right: Expr) -> Expr:
    """Whether the left side is less: bool."""
    return {"__expr__": "lt", "left": left, "right": right}


def le(left: Expr, right: Expr) -> Expr:
    """Whether the left side is less or equal: bool."""
    return {"__expr__": "le", "left": left, "right": right}


def regex_compare(regex: str, flags: int, bin_expr: Expr) -> Expr:
    """Whether a string contains a match of a POSIX regular expression: bool.

    Args:
        regex: pattern; it need not match the whole string.
        flags: sum of ``REGEX_*``; ``REGEX_EXTENDED`` for the usual meaning of ``+ ? | ()``. The server takes
            ``REGEX_NOSUB`` as "newline-sensitive" and ignores ``REGEX_NEWLINE``.
        bin_expr: a string.
    """
    return {"__expr__": "regex_compare", "regex": regex, "flags": flags, "bin": bin_expr}


def geo_compare(left: Expr, right: Expr) -> Expr:
    """Whether one side is a region and the other a point inside of it: bool."""
    return {"__expr__": "geo_compare", "left": left, "right": right}


# Logic


def and_(*exprs: Expr) -> Expr:
    """Whether all are true: bool. Two operands at least."""
    return {"__expr__": "and", "exprs": list(exprs)}


def or_(*exprs: Expr) -> Expr:
    """Whether one is true: bool. Two operands at least."""
    return {"__expr__": "or", "exprs": list(exprs)}


def not_(expr: Expr) -> Expr:
    """Whether it is false: bool. Not of unknown is unknown."""
    return {"__expr__": "not", "expr": expr}


def xor_(*exprs: Expr) -> Expr:
    """Whether exactly one is true: bool. Two operands at least."""
    return {"__expr__": "xor", "exprs": list(exprs)}


# Arithmetic


def num_add(*exprs: Expr) -> Expr:
    """Sum, of integers or of floats. Integers wrap at 64 bits."""
    return {"__expr__": "num_add", "exprs": list(exprs)}


def num_sub(*exprs: Expr) -> Expr:
    """The first less all others; of a single one, its negative."""
    return {"__expr__": "num_sub", "exprs": list(exprs)}


def num_mul(*exprs: Expr) -> Expr:
    """Product, of integers or of floats. Integers wrap at 64 bits."""
    return {"__expr__": "num_mul", "exprs": list(exprs)}


def num_div(*exprs: Expr) -> Expr:
    """The first divided by all others; of a single one, its reciprocal.

    Integers are cut towards zero, and divided by zero they are unknown.
    """
    return {"__expr__": "num_div", "exprs": list(exprs)}


def num_mod(numerator: Expr, denominator: Expr) -> Expr:
    """Remainder of integers, with the sign of the first; unknown for a division by zero."""
    return {"__expr__": "num_mod", "exprs": [numerator, denominator]}


def num_pow(base: Expr, exponent: Expr) -> Expr:
    """Power of floats."""
    return {"__expr__": "num_pow", "exprs": [base, exponent]}


def num_log(num: Expr, base: Expr) -> Expr:
    """Logarithm of a float."""
    return {"__expr__": "num_log", "exprs": [num, base]}


def num_abs(value: Expr) -> Expr:
    """Absolute value of an integer or float."""
    return {"__expr__": "num_abs", "exprs": [value]}


def num_floor(num: Expr) -> Expr:
    """A float rounded down: float."""
    return {"__expr__": "num_floor", "exprs": [num]}


def num_ceil(num: Expr) -> Expr:
    """A float rounded up: float."""
    return {"__expr__": "num_ceil", "exprs": [num]}


def to_int(num: Expr) -> Expr:
    """A float as an integer, cut towards zero."""
    return {"__expr__": "to_int", "exprs": [num]}


def to_float(num: Expr) -> Expr:
    """An integer as a float."""
    return {"__expr__": "to_float", "exprs": [num]}


def min_(*exprs: Expr) -> Expr:
    """The smallest, of integers or of floats."""
    return {"__expr__": "min", "exprs": list(exprs)}


def max_(*exprs: Expr) -> Expr:
    """The greatest, of integers or of floats."""
    return {"__expr__": "max", "exprs": list(exprs)}


# Bits of integers


def int_and(*exprs: Expr) -> Expr:
    """Bitwise and."""
    return {"__expr__": "int_and", "exprs": list(exprs)}


def int_or(*exprs: Expr) -> Expr:
    """Bitwise or."""
    return {"__expr__": "int_or", "exprs": list(exprs)}


def int_xor(*exprs: Expr) -> Expr:
    """Bitwise exclusive or."""
    return {"__expr__": "int_xor", "exprs": list(exprs)}


def int_not(expr: Expr) -> Expr:
    """All 64 bits inverted."""
    return {"__expr__": "int_not", "exprs": [expr]}


def int_lshift(value: Expr, shift: Expr) -> Expr:
    """Shifted to the left; the count is taken modulo 64."""
    return {"__expr__": "int_lshift", "exprs": [value, shift]}


def int_rshift(value: Expr, shift: Expr) -> Expr:
    """Shifted to the right, with zeros coming in; the count is taken modulo 64."""
    return {"__expr__": "int_rshift", "exprs": [value, shift]}


def int_arshift(value: Expr, shift: Expr) -> Expr:
    """Shifted to the right, with the sign coming in; the count is taken modulo 64."""
    return {"__expr__": "int_arshift", "exprs": [value, shift]}


def int_count(expr: Expr) -> Expr:
    """How many bits are set."""
    return {"__expr__": "int_count", "exprs": [expr]}


def int_lscan(value: Expr, search: Expr) -> Expr:
    """Place of the first bit equal to a boolean, from the most significant one (0 to 63); -1 if there is none."""
    return {"__expr__": "int_lscan", "exprs": [value, search]}


def int_rscan(value: Expr, search: Expr) -> Expr:
    """Place of the last bit equal to a boolean, counted as in :func:`int_lscan`; -1 if there is none."""
    return {"__expr__": "int_rscan", "exprs": [value, search]}


# Choice and variables


def cond(*exprs: Expr) -> Expr:
    """The first value whose test is true: ``cond(test, value, test, value, ..., default)``.

    Tests are booleans; all values and the default have one type. An unknown test makes the whole unknown.
    """
    return {"__expr__": "cond", "exprs": list(exprs)}


def var(name: str) -> Expr:
    """Value of a variable of the :func:`let_` around it."""
    return {"__expr__": "var", "name": name}


def def_(name: str, value: Expr) -> Expr:
    """Defines a variable, as an operand of :func:`let_`.

    Args:
        name: letters, digits and ``_``, no digit first.
        value: may use variables defined before.
    """
    return {"__expr__": "def", "name": name, "value": value}


def let_(*exprs: Expr) -> Expr:
    """The last operand, with the variables that the others define: ``let_(def_(...), ..., scope)``."""
    return {"__expr__": "let", "exprs": list(exprs)}


_VALID_OPS: Final = frozenset(
    {
        "and",
        "bin_exists",
        "bin_type",
        "blob_bin",
        "blob_val",
        "bool_bin",
        "bool_val",
        "cond",
        "def",
        "digest_modulo",
        "eq",
        "float_bin",
        "float_val",
        "ge",
        "geo_bin",
        "geo_compare",
        "geo_val",
        "gt",
        "hll_bin",
        "infinity",
        "int_and",
        "int_arshift",
        "int_bin",
        "int_count",
        "int_lscan",
        "int_lshift",
        "int_not",
        "int_or",
        "int_rscan",
        "int_rshift",
        "int_val",
        "int_xor",
        "is_tombstone",
        "key",
        "key_exists",
        "last_update",
        "le",
        "let",
        "list_bin",
        "list_val",
        "lt",
        "map_bin",
        "map_val",
        "max",
        "min",
        "ne",
        "nil",
        "not",
        "num_abs",
        "num_add",
        "num_ceil",
        "num_div",
        "num_floor",
        "num_log",
        "num_mod",
        "num_mul",
        "num_pow",
        "num_sub",
        "or",
        "record_size",
        "regex_compare",
        "set_name",
        "since_update",
        "string_bin",
        "string_val",
        "to_float",
        "to_int",
        "ttl",
        "unknown",
        "var",
        "void_time",
        "wildcard",
        "xor",
    }
)
"""Names of all expressions."""


def _cmd(op: str, **operands: Any) -> Expr:  # pyright: ignore[reportUnusedFunction] - tests of other drivers call it
    """An expression by its name.

    Raises:
        ValueError: there is no such expression.
    """
    if op not in _VALID_OPS:
        raise ValueError(f"Unknown expression op: {op!r}")
    return {"__expr__": op, **operands}


__all__ = [
    "EXP_TYPE_BLOB",
    "EXP_TYPE_BOOL",
    "EXP_TYPE_FLOAT",
    "EXP_TYPE_GEO",
    "EXP_TYPE_HLL",
    "EXP_TYPE_INT",
    "EXP_TYPE_LIST",
    "EXP_TYPE_MAP",
    "EXP_TYPE_NIL",
    "EXP_TYPE_STRING",
    "Expr",
    "and_",
    "bin_exists",
    "bin_type",
    "blob_bin",
    "blob_val",
    "bool_bin",
    "bool_val",
    "cond",
    "def_",
    "digest_modulo",
    "eq",
    "float_bin",
    "float_val",
    "ge",
    "geo_bin",
    "geo_compare",
    "geo_val",
    "gt",
    "hll_bin",
    "infinity",
    "int_and",
    "int_arshift",
    "int_bin",
    "int_count",
    "int_lscan",
    "int_lshift",
    "int_not",
    "int_or",
    "int_rscan",
    "int_rshift",
    "int_val",
    "int_xor",
    "is_tombstone",
    "key",
    "key_exists",
    "last_update",
    "le",
    "let_",
    "list_bin",
    "list_val",
    "lt",
    "map_bin",
    "map_val",
    "max_",
    "min_",
    "ne",
    "nil",
    "not_",
    "num_abs",
    "num_add",
    "num_ceil",
    "num_div",
    "num_floor",
    "num_log",
    "num_mod",
    "num_mul",
    "num_pow",
    "num_sub",
    "or_",
    "record_size",
    "regex_compare",
    "set_name",
    "since_update",
    "string_bin",
    "string_val",
    "to_float",
    "to_int",
    "ttl",
    "unknown",
    "var",
    "void_time",
    "wildcard",
    "xor_",
]
