"""Every predicate, as a server with indexes carries it out."""

# pyright: basic, reportArgumentType=false
# Tests pass what a type checker would refuse.

from __future__ import annotations

import inspect
import json

import aerospike_py as aerospike
import pytest
from aerospike_py import predicates

# Geo predicates warn that they are not portable.
pytestmark = pytest.mark.filterwarnings("ignore:Geo predicates:FutureWarning")

SET = ("test", "predicates")


def point(longitude, latitude):
    return json.dumps({"type": "Point", "coordinates": [longitude, latitude]})


def square(west, south, east, north):
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [corners]})


CITIES = {"Oslo": (10.75, 59.91), "Bergen": (5.32, 60.39), "Rome": (12.5, 41.9), "Lima": (-77.03, -12.05)}
REGIONS = {"Norway": square(4, 57, 31, 71), "Italy": square(6, 36, 19, 47)}


@pytest.fixture
def records(client):
    for n in range(20):
        bins = {"n": n, "s": f"s{n % 5}", "b": bytes([n % 4]), "l": [n, n % 3], "m": {f"k{n % 2}": n % 7}}
        client.put((*SET, n), bins, policy={"key": aerospike.POLICY_KEY_SEND})
    for name, place in CITIES.items():
        client.put((*SET, name), {"place": aerospike.GeoJSON(point(*place))}, policy={"key": aerospike.POLICY_KEY_SEND})
    for name, region in REGIONS.items():
        client.put((*SET, name), {"region": aerospike.GeoJSON(region)}, policy={"key": aerospike.POLICY_KEY_SEND})
    client.index_integer_create(*SET, "n", "p_n")
    client.index_string_create(*SET, "s", "p_s")
    client.index_blob_create(*SET, "b", "p_b")
    client.index_geo2dsphere_create(*SET, "place", "p_place")
    client.index_geo2dsphere_create(*SET, "region", "p_region")
    client.index_list_create(*SET, "l", aerospike.INDEX_NUMERIC, "p_l")
    client.index_map_keys_create(*SET, "m", aerospike.INDEX_STRING, "p_mk")
    client.index_map_values_create(*SET, "m", aerospike.INDEX_NUMERIC, "p_mv")
    return client


def run(client, predicate, policy=None):
    """User keys of the records found."""
    query = client.query(*SET)
    query.where(predicate)
    found = query.results(policy)
    if inspect.isawaitable(found):
        found = client.loop.run_until_complete(found)
    return sorted((record.key.user_key for record in found), key=str)


def numbers(test):
    return sorted((n for n in range(20) if test(n)), key=str)


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (predicates.equals("n", 7), [7]),
        (predicates.equals("n", 99), []),
        (predicates.equals("s", "s3"), numbers(lambda n: n % 5 == 3)),
        (predicates.equals("b", b"\x01"), numbers(lambda n: n % 4 == 1)),
        (predicates.between("n", 5, 8), numbers(lambda n: 5 <= n <= 8)),
        (predicates.between("n", -(2**63), 2**63 - 1), numbers(lambda n: True)),  # noqa: ARG005
        (predicates.contains("l", aerospike.INDEX_TYPE_LIST, 2), numbers(lambda n: n == 2 or n % 3 == 2)),
        (predicates.contains("m", aerospike.INDEX_TYPE_MAPKEYS, "k1"), numbers(lambda n: n % 2 == 1)),
        (predicates.contains("m", aerospike.INDEX_TYPE_MAPVALUES, 6), numbers(lambda n: n % 7 == 6)),
    ],
)
def test_values(records, predicate, expected):
    assert run(records, predicate) == expected


def test_places(records):
    assert run(records, predicates.geo_within_geojson_region("place", REGIONS["Norway"])) == ["Bergen", "Oslo"]
    circle = json.dumps({"type": "AeroCircle", "coordinates": [[12.0, 42.0], 100_000.0]})
    assert run(records, predicates.geo_within_geojson_region("place", circle)) == ["Rome"]
    assert run(records, predicates.geo_within_radius("place", 60.0, 8.0, 300_000.0)) == ["Bergen", "Oslo"]
    assert run(records, predicates.geo_within_radius("place", 60.0, 8.0, 1000.0)) == []
    assert run(records, predicates.geo_contains_geojson_point("region", point(*CITIES["Rome"]))) == ["Italy"]
    assert run(records, ("geo_contains_point", "region", point(10.0, 60.0))) == ["Norway"]


def test_geojson_as_a_value(client, key):
    place = aerospike.GeoJSON(point(1.0, 2.0))
    assert isinstance(place, str)
    client.put(key, {"g": place, "l": [place, "text"], "m": {"k": place}, "s": str(place)})
    bins = client.get(key).bins
    assert json.loads(bins["g"]) == json.loads(place)
    assert bins["l"] == [place, "text"]
    assert bins["m"] == {"k": place}
    expression = aerospike.exp.geo_compare(aerospike.exp.geo_bin("g"), aerospike.exp.geo_val(square(0, 0, 3, 3)))
    assert client.get(key, {"filter_expression": expression}).bins["s"] == place
    with pytest.raises(aerospike.FilteredOut):
        client.get(key, {"filter_expression": aerospike.exp.not_(expression)})
    with pytest.raises(aerospike.ServerError):
        client.put(key, {"g": aerospike.GeoJSON("no place")})


@pytest.mark.parametrize(
    ("predicate", "error"),
    [
        (["equals", "n", 1], TypeError),
        (("nonsense", "n", 1), aerospike.InvalidArgError),
        (("equals", "n"), (aerospike.InvalidArgError, TypeError, ValueError)),
        (predicates.equals("n", 1.5), aerospike.InvalidArgError),
        (predicates.equals("n", True), aerospike.InvalidArgError),
        (predicates.between("n", "a", "b"), aerospike.InvalidArgError),
        (predicates.contains("l", 9, 1), aerospike.InvalidArgError),
    ],
)
def test_what_is_no_predicate(client, predicate, error):
    with pytest.raises(error):
        client.query(*SET).where(predicate)


def test_what_only_the_server_can_tell(records):
    with pytest.raises(aerospike.IndexNotFound):
        run(records, predicates.equals("other", 1))
    with pytest.raises(aerospike.IndexNotFound):
        run(records, predicates.equals("n", "text"))
    with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
        run(records, predicates.between("n", 5, 1))


def test_filters_beside_predicates(records):
    odd = aerospike.exp.eq(
        aerospike.exp.num_mod(aerospike.exp.int_bin("n"), aerospike.exp.int_val(2)), aerospike.exp.int_val(1)
    )
    assert run(records, predicates.between("n", 0, 6), {"filter_expression": odd}) == [1, 3, 5]
