"""Types of values in expressions."""

from typing import Final

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
]
