"""Predicates of queries, for ``Query.where``.

A predicate is a plain tuple: its kind, the bin's name, the operands. It needs a secondary index on the bin
(``IndexNotFound`` otherwise), and is checked by ``where``: ``TypeError`` if it is no tuple, ``InvalidArgError`` if its
kind or an operand is none.

query = client.query("test", "users")
query.where(predicates.between("age", 18, 30))
"""

from __future__ import annotations

import warnings
from typing import Any


def equals(bin_name: str, val: Any) -> tuple[str, str, Any]:
    """Records whose bin has this value: ``("equals", bin_name, val)``.

    Args:
        bin_name: a bin with a numeric, string or blob index.
        val: int, str or bytes.
    """
    return ("equals", bin_name, val)


def between(bin_name: str, min_val: Any, max_val: Any) -> tuple[str, str, Any, Any]:
    """Records whose bin is an integer of a range: ``("between", bin_name, min_val, max_val)``.

    Args:
        bin_name: a bin with a numeric index.
        min_val: the smallest; int.
        max_val: the greatest, itself included; int.
    """
    return ("between", bin_name, min_val, max_val)


def contains(bin_name: str, index_type: int, val: Any) -> tuple[str, str, int, Any]:
    """Records whose bin is a collection with this value: ``("contains", bin_name, index_type, val)``.

    Args:
        bin_name: a bin with an index of this type.
        index_type: ``INDEX_TYPE_LIST``, ``INDEX_TYPE_MAPKEYS`` or ``INDEX_TYPE_MAPVALUES``.
        val: int, str or bytes.
    """
    return ("contains", bin_name, index_type, val)


def geo_within_geojson_region(bin_name: str, geojson: str) -> tuple[str, str, str]:
    """Records whose bin is a place within a region: ``("geo_within_geojson_region", bin_name, geojson)``.

    Args:
        bin_name: a bin with a geo index.
        geojson: text of a GeoJSON ``Polygon``, ``MultiPolygon`` or ``AeroCircle``.
    """
    _tell_of_other_drivers()
    return ("geo_within_geojson_region", bin_name, geojson)


def geo_within_radius(bin_name: str, lat: float, lng: float, radius: float) -> tuple[str, str, float, float, float]:
    """Records whose bin is a place within a circle: ``("geo_within_radius", bin_name, lat, lng, radius)``.

    Args:
        bin_name: a bin with a geo index.
        lat: latitude of the centre, in degrees; before the longitude, unlike in GeoJSON.
        lng: longitude of the centre, in degrees.
        radius: metres.
    """
    _tell_of_other_drivers()
    return ("geo_within_radius", bin_name, lat, lng, radius)


def geo_contains_geojson_point(bin_name: str, geojson: str) -> tuple[str, str, str]:
    """Records whose bin is a region around a place: ``("geo_contains_geojson_point", bin_name, geojson)``.

    Args:
        bin_name: a bin with a geo index.
        geojson: text of a GeoJSON ``Point``.
    """
    _tell_of_other_drivers()
    return ("geo_contains_geojson_point", bin_name, geojson)


def _tell_of_other_drivers() -> None:
    """Code that uses geo predicates is not portable, and tests written for the published package expect to be told."""
    warnings.warn(
        "Geo predicates work with this driver, but are not yet supported by aerospike-py 0.14, which refuses them when "
        "the query runs",
        FutureWarning,
        stacklevel=3,
    )


__all__ = [
    "between",
    "contains",
    "equals",
    "geo_contains_geojson_point",
    "geo_within_geojson_region",
    "geo_within_radius",
]
