"""Scans, index and geo queries, pages, background operations, jobs, truncation, as the vendor's client does them.

The other client has neither partition filters nor geo predicates nor background operations: it is not run here.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from drivers import Driver

aerospike = pytest.importorskip("aerospike")

from aerospike import predicates  # noqa: E402
from aerospike_helpers import cdt_ctx  # noqa: E402
from aerospike_helpers import expressions as exp  # noqa: E402
from aerospike_helpers.operations import list_operations, operations  # noqa: E402

NS, SET = "test", "q"
COUNT = 60
# Result codes of the protocol.
PARAMETER, BAD_GEOJSON, INDEX_EXISTS, NO_INDEX = 4, 160, 200, 201

LIST = aerospike.INDEX_TYPE_LIST
KEYS = aerospike.INDEX_TYPE_MAPKEYS
VALUES = aerospike.INDEX_TYPE_MAPVALUES


@pytest.fixture
def client(driver: Driver) -> Iterator[Any]:
    """The vendor's client in front of a server without records and indexes."""
    if driver.name != "aerospike":
        pytest.skip("scenarios of the vendor's client")
    yield driver.client
    listed = driver.info("sindex-list:namespace=test")
    for line in filter(None, listed.split(";")):
        name = dict(pair.split("=", 1) for pair in line.split(":", 2)[:2])["indexname"]
        driver.client.index_remove(NS, name)


@pytest.fixture
def records(client: Any) -> Any:
    """The client, and sixty records of every type that an index can be on."""
    for i in range(COUNT):
        client.put(
            (NS, SET, i),
            {
                "n": i,
                "s": f"s{i % 5}",
                "b": bytes([i % 3]),
                "l": [i, i + 1, f"e{i}"],
                "m": {f"k{i % 7}": i, "all": 1},
                "d": {"inner": {"rank": [i % 4, 100 + i]}},
                "g": aerospike.GeoJSON({"type": "Point", "coordinates": [i * 0.1, 0.0]}),
            },
            policy={"key": aerospike.POLICY_KEY_SEND},
        )
    return client


def numbers(results: list[Any]) -> list[int]:
    """The bin n of all records, sorted."""
    return sorted(bins["n"] for _, _, bins in results)


def where(client: Any, *arguments: Any) -> Any:
    """A query with a predicate."""
    query = client.query(NS, SET)
    query.where(*arguments)
    return query


# ---------------------------------------------------------------- scans


@pytest.mark.scenario("scan-01")
def test_scan_returns_every_record_once(records: Any) -> None:
    assert numbers(records.scan(NS, SET).results()) == list(range(COUNT))


@pytest.mark.scenario("scan-01")
def test_scan_by_callback(records: Any) -> None:
    seen: list[int] = []
    records.scan(NS, SET).foreach(lambda record: seen.append(record[2]["n"]))
    assert sorted(seen) == list(range(COUNT))


@pytest.mark.scenario("scan-08")
def test_scan_stops_when_the_callback_says_so(records: Any) -> None:
    seen: list[int] = []

    def take(record: Any) -> bool:
        seen.append(record[2]["n"])
        return len(seen) < 5

    records.scan(NS, SET).foreach(take)
    assert len(seen) == 5


@pytest.mark.scenario("records-22")
def test_scan_returns_keys_that_are_stored(records: Any) -> None:
    for key, _, bins in records.scan(NS, SET).results():
        assert key[:3] == (NS, SET, bins["n"])


@pytest.mark.scenario("scan-11")
def test_scan_returns_generation_and_time_to_live(records: Any) -> None:
    records.put((NS, SET, 0), {"n": 0}, {"ttl": 1000})
    meta = {bins["n"]: meta for _, meta, bins in records.scan(NS, SET).results()}
    assert meta[0]["gen"] == 2
    assert 990 <= meta[0]["ttl"] <= 1000
    assert meta[1]["gen"] == 1


@pytest.mark.scenario("scan-03")
def test_scan_of_selected_bins(records: Any) -> None:
    scan = records.scan(NS, SET)
    scan.select("n", "s", "none")
    assert all(bins.keys() == {"n", "s"} for _, _, bins in scan.results())


def test_scan_leaves_out_records_without_the_selected_bin(records: Any) -> None:
    records.put((NS, SET, 5), {"only": 1})
    scan = records.scan(NS, SET)
    scan.select("only")
    assert [bins for _, _, bins in scan.results()] == [{"only": 1}]


@pytest.mark.scenario("scan-03")
def test_scan_without_bins(records: Any) -> None:
    results: list[Any] = []
    records.scan(NS, SET).foreach(results.append, {}, {"nobins": True})
    assert len(results) == COUNT
    assert all(not bins for _, _, bins in results)


@pytest.mark.scenario("scan-02")
def test_scan_of_a_namespace_has_all_sets(records: Any) -> None:
    records.put((NS, None, "bare"), {"n": 1000})
    records.put((NS, "other", "o"), {"n": 2000})
    assert numbers(records.scan(NS, None).results()) == [*range(COUNT), 1000, 2000]


@pytest.mark.scenario("scan-04")
def test_scan_of_an_unknown_set_is_empty(records: Any) -> None:
    assert records.scan(NS, "nobody").results() == []


@pytest.mark.scenario("scan-04")
def test_scan_of_an_unknown_namespace_is_refused(client: Any) -> None:
    with pytest.raises(aerospike.exception.AerospikeError):
        client.scan("nowhere", SET).results()


@pytest.mark.scenario("scan-05", "filter-13")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (exp.GE(exp.IntBin("n"), 50), list(range(50, COUNT))),
        (exp.And(exp.GT(exp.IntBin("n"), 3), exp.LT(exp.IntBin("n"), 7)), [4, 5, 6]),
        (exp.Eq(exp.StrBin("s"), "s2"), list(range(2, COUNT, 5))),
        (exp.Eq(exp.IntBin("missing"), 1), []),
        (exp.Not(exp.Eq(exp.SetName(), "q")), []),
        (exp.GT(exp.TTL(), 100_000), []),
        (exp.CmpRegex(0, "^s[34]$", exp.StrBin("s")), sorted([*range(3, COUNT, 5), *range(4, COUNT, 5)])),
    ],
    ids=["ge", "and", "string", "missing bin", "set name", "ttl", "regex"],
)
def test_scan_through_a_filter(records: Any, expression: Any, expected: list[int]) -> None:
    assert numbers(records.scan(NS, SET).results({"expressions": expression.compile()})) == expected


def test_scan_with_read_operations(records: Any) -> None:
    scan = records.scan(NS, SET)
    # Towards servers of this release, the client knows plain reads only.
    scan.add_ops([operations.read("n"), operations.read("s")])
    results = scan.results()
    assert numbers(results) == list(range(COUNT))
    assert all(bins.keys() == {"n", "s"} for _, _, bins in results)


def test_scan_shows_what_concurrent_writes_leave(records: Any) -> None:
    seen: list[int] = []

    def replace(record: Any) -> None:
        seen.append(record[2]["n"])
        records.put((NS, SET, record[2]["n"]), {"touched": 1})

    records.scan(NS, SET).foreach(replace)
    assert sorted(seen) == list(range(COUNT))


# ---------------------------------------------------------------- partitions and pages


@pytest.mark.scenario("scan-07")
def test_partitions_add_up_to_the_set(records: Any) -> None:
    found: list[int] = []
    for begin in range(0, 4096, 512):
        policy = {"partition_filter": {"begin": begin, "count": 512}}
        found += numbers(records.scan(NS, SET).results(policy))
    assert sorted(found) == list(range(COUNT))


@pytest.mark.scenario("scan-07")
def test_one_partition(records: Any) -> None:
    partition = records.get_key_partition_id(NS, SET, 7)
    found = numbers(records.scan(NS, SET).results({"partition_filter": {"begin": partition, "count": 1}}))
    assert 7 in found
    assert all(records.get_key_partition_id(NS, SET, n) == partition for n in found)


@pytest.mark.scenario("page-01", "page-03")
@pytest.mark.parametrize("size", [1, 7, 20, 1000])
def test_pages_of_a_scan(records: Any, size: int) -> None:
    scan = records.scan(NS, SET)
    scan.paginate()
    found: list[int] = []
    for _ in range(COUNT + 2):
        page = numbers(scan.results({"max_records": size}))
        assert len(page) <= size
        found += page
        if scan.is_done():
            break
    assert sorted(found) == list(range(COUNT))


@pytest.mark.scenario("page-02", "page-03")
@pytest.mark.parametrize("size", [1, 7, 20, 1000])
def test_pages_of_an_index_query(records: Any, size: int) -> None:
    index(records, "n")
    query = where(records, predicates.between("n", 10, 49))
    query.max_records = size
    query.paginate()
    found: list[int] = []
    for _ in range(COUNT + 2):
        found += numbers(query.results())
        if query.is_done():
            break
    assert sorted(found) == list(range(10, 50))


@pytest.mark.scenario("page-04")
def test_pages_beside_writes_keep_to_what_was_there(records: Any) -> None:
    scan = records.scan(NS, SET)
    scan.paginate()
    found: list[int] = []
    for page in range(COUNT):
        found += [n for n in numbers(scan.results({"max_records": 9})) if n < COUNT]
        records.put((NS, SET, 1000 + page), {"n": 1000 + page})
        records.put((NS, SET, page % COUNT), {"again": page})
        if scan.is_done():
            break
    assert sorted(found) == list(range(COUNT))


@pytest.mark.scenario("page-05")
def test_a_scan_goes_on_in_another_query(records: Any) -> None:
    first = records.scan(NS, SET)
    first.paginate()
    found = numbers(first.results({"max_records": 25}))
    second = records.scan(NS, SET)
    second.paginate()
    status = first.get_partitions_status()
    found += numbers(second.results({"partition_filter": {"begin": 0, "count": 4096, "partition_status": status}}))
    assert sorted(found) == list(range(COUNT))


@pytest.mark.scenario("scan-06")
def test_a_part_of_the_set(records: Any) -> None:
    assert len(records.scan(NS, SET).results({"max_records": 10})) == 10


@pytest.mark.scenario("scan-10")
def test_a_slow_reader(client: Any) -> None:
    for number in range(5000):
        client.put((NS, "wide", number), {"n": number, "fill": "x" * 2000})
    seen: list[int] = []

    def take(record: Any) -> None:
        if len(seen) % 1000 == 0:
            time.sleep(0.1)
        seen.append(record[2]["n"])

    client.scan(NS, "wide").foreach(take, {"total_timeout": 0})
    assert sorted(seen) == list(range(5000))


@pytest.mark.scenario("scan-09")
def test_records_per_second(records: Any) -> None:
    start = time.monotonic()
    assert len(records.scan(NS, SET).results({"records_per_second": 100})) == COUNT
    assert time.monotonic() - start > 0.3


# ---------------------------------------------------------------- index queries

# What indexes are on; the client makes the first of each kind.
INDEXES = {
    "n": "bin=n;type=numeric",
    "s": "bin=s;type=string",
    "b": "bin=b;type=blob",
    "l": "bin=l;type=numeric;indextype=list",
    "l strings": "bin=l;type=string;indextype=list",
    "m keys": "bin=m;type=string;indextype=mapkeys",
    "m values": "bin=m;type=numeric;indextype=mapvalues",
    "g": "bin=g;type=geo2dsphere",
}
MAKERS: dict[str, Callable[[Any], Any]] = {
    "n": lambda client: client.index_single_value_create(NS, SET, "n", aerospike.INDEX_NUMERIC, "i"),
    "s": lambda client: client.index_single_value_create(NS, SET, "s", aerospike.INDEX_STRING, "i"),
    "b": lambda client: client.index_blob_create(NS, SET, "b", "i"),
    "l": lambda client: client.index_list_create(NS, SET, "l", aerospike.INDEX_NUMERIC, "i"),
    "m keys": lambda client: client.index_map_keys_create(NS, SET, "m", aerospike.INDEX_STRING, "i"),
    "m values": lambda client: client.index_map_values_create(NS, SET, "m", aerospike.INDEX_NUMERIC, "i"),
    "g": lambda client: client.index_geo2dsphere_create(NS, SET, "g", "i"),
}


def index(client: Any, on: str, name: str = "i") -> None:
    """Makes an index without the two seconds that the client sleeps before it asks whether it is there."""
    answer = client.info_random_node(f"sindex-create:namespace={NS};set={SET};indexname={name};{INDEXES[on]}")
    assert answer.strip().endswith("ok"), answer
    for _ in range(500):
        if "load_pct=100" in client.info_random_node(f"sindex-stat:namespace={NS};indexname={name}"):
            return
        time.sleep(0.01)
    raise AssertionError("the index is not built")


@pytest.mark.scenario("index-01", "index-02", "index-03")
@pytest.mark.parametrize("kind", MAKERS)
def test_index_is_made(driver: Driver, records: Any, kind: str) -> None:
    MAKERS[kind](records)
    assert "entries=0;" not in driver.info(f"sindex-stat:namespace={NS};indexname=i")


@pytest.mark.scenario(
    "query-01",
    "query-02",
    "query-03",
    "query-04",
    "query-05",
    "query-06",
    "index-08",
)
@pytest.mark.parametrize("made", ["before", "after"])
@pytest.mark.parametrize(
    ("on", "predicate", "expected"),
    [
        ("n", predicates.equals("n", 33), [33]),
        ("n", predicates.between("n", 55, 1000), list(range(55, COUNT))),
        ("n", predicates.between("n", -(2**63), 2**63 - 1), list(range(COUNT))),
        ("s", predicates.equals("s", "s3"), list(range(3, COUNT, 5))),
        ("b", predicates.equals("b", b"\x02"), list(range(2, COUNT, 3))),
        ("l", predicates.contains("l", LIST, 10), [9, 10]),
        ("l", predicates.range("l", LIST, 3, 6), [2, 3, 4, 5, 6]),
        ("l strings", predicates.contains("l", LIST, "e44"), [44]),
        ("m keys", predicates.contains("m", KEYS, "k6"), list(range(6, COUNT, 7))),
        ("m keys", predicates.contains("m", KEYS, "all"), list(range(COUNT))),
        ("m values", predicates.range("m", VALUES, 57, 70), [57, 58, 59]),
        ("n", predicates.equals("n", -5), []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_index_finds(records: Any, made: str, on: str, predicate: Any, expected: list[int]) -> None:
    if made == "before":
        # An index that is there while records come; the other way round it is built over them.
        records.truncate(NS, SET, 0)
    index(records, on)
    if made == "before":
        refill(records)
    assert numbers(where(records, predicate).results()) == expected


def refill(client: Any) -> None:
    for i in range(COUNT):
        bins = {
            "n": i,
            "s": f"s{i % 5}",
            "b": bytes([i % 3]),
            "l": [i, i + 1, f"e{i}"],
            "m": {f"k{i % 7}": i, "all": 1},
        }
        client.put((NS, SET, i), bins)


@pytest.mark.scenario("index-09")
def test_index_follows_updates_and_deletes(records: Any) -> None:
    index(records, "n")
    records.put((NS, SET, 1), {"n": 1000})
    records.put((NS, SET, 2), {"n": "no number"})
    records.remove_bin((NS, SET, 3), ["n"])
    records.remove((NS, SET, 4))
    records.increment((NS, SET, 5), "n", 500)
    assert numbers(where(records, predicates.between("n", 0, 9)).results()) == [0, 6, 7, 8, 9]
    assert numbers(where(records, predicates.between("n", 500, 2000)).results()) == [505, 1000]


@pytest.mark.scenario("index-04", "query-07")
def test_index_on_a_context(records: Any) -> None:
    ctx = [cdt_ctx.cdt_ctx_map_key("inner"), cdt_ctx.cdt_ctx_map_key("rank")]
    records.index_cdt_create(NS, SET, "d", LIST, aerospike.INDEX_NUMERIC, "i", ctx)
    query = where(records, predicates.range("d", LIST, 100, 103), ctx)
    assert numbers(query.results()) == [0, 1, 2, 3]


@pytest.mark.scenario("index-05", "query-08")
def test_index_on_an_expression(records: Any) -> None:
    expression = exp.Add(exp.IntBin("n"), 1000).compile()
    records.index_expr_create(NS, SET, aerospike.INDEX_TYPE_DEFAULT, aerospike.INDEX_NUMERIC, expression, "i")
    query = records.query(NS, SET)
    query.where_with_expr(expression, predicates.between(None, 1010, 1012))
    assert numbers(query.results()) == [10, 11, 12]


@pytest.mark.scenario("query-09")
def test_index_by_name(records: Any) -> None:
    index(records, "n")
    query = records.query(NS, SET)
    query.where_with_index_name("i", predicates.between(None, 7, 8))
    assert numbers(query.results()) == [7, 8]


def test_index_of_a_namespace_serves_its_sets(records: Any) -> None:
    records.index_single_value_create(NS, None, "n", aerospike.INDEX_NUMERIC, "i")
    records.put((NS, "other", 1), {"n": 1})
    assert numbers(where(records, predicates.equals("n", 1)).results()) == [1]
    everywhere = records.query(NS, None)
    everywhere.where(predicates.equals("n", 1))
    assert len(everywhere.results()) == 2


@pytest.mark.scenario("info-06")
def test_set_index_serves_scans(driver: Driver, records: Any) -> None:
    records.index_set_create(NS, SET, "members")
    records.remove((NS, SET, 0))
    assert numbers(records.scan(NS, SET).results()) == list(range(1, COUNT))
    assert "indextype=set" in driver.info("sindex-list:namespace=test")


@pytest.mark.scenario("query-10")
def test_filter_beside_an_index(records: Any) -> None:
    index(records, "n")
    policy = {"expressions": exp.Eq(exp.Mod(exp.IntBin("n"), 2), 0).compile()}
    assert numbers(where(records, predicates.between("n", 10, 20)).results(policy)) == [10, 12, 14, 16, 18, 20]


@pytest.mark.scenario("query-11")
def test_selected_bins_of_an_index_query(records: Any) -> None:
    index(records, "n")
    query = where(records, predicates.equals("n", 9))
    query.select("s")
    assert [bins for _, _, bins in query.results()] == [{"s": "s4"}]


@pytest.mark.scenario("query-12")
def test_index_query_over_partitions(records: Any) -> None:
    index(records, "n")
    found: list[int] = []
    for begin in (0, 2048):
        query = where(records, predicates.between("n", 0, 99))
        found += numbers(query.results({"partition_filter": {"begin": begin, "count": 2048}}))
    assert sorted(found) == list(range(COUNT))


@pytest.mark.scenario("query-13")
@pytest.mark.parametrize("duration", ["LONG", "SHORT", "LONG_RELAX_AP"])
def test_expected_duration(records: Any, duration: str) -> None:
    index(records, "n")
    policy = {"expected_duration": getattr(aerospike, f"QUERY_DURATION_{duration}")}
    assert numbers(where(records, predicates.between("n", 3, 5)).results(policy)) == [3, 4, 5]


@pytest.mark.scenario("index-09")
def test_expired_records_are_not_found(records: Any) -> None:
    index(records, "n")
    records.put((NS, SET, 1), {"n": 1}, {"ttl": 1})
    time.sleep(2.2)
    assert numbers(where(records, predicates.between("n", 0, 2)).results()) == [0, 2]


@pytest.mark.scenario("query-14")
def test_index_that_does_not_exist(driver: Driver, records: Any) -> None:
    with driver.fails(NO_INDEX):
        where(records, predicates.equals("n", 1)).results({"max_retries": 0})


def test_index_of_another_type_does_not_serve(driver: Driver, records: Any) -> None:
    index(records, "n")
    with driver.fails(NO_INDEX):
        where(records, predicates.equals("n", "text")).results({"max_retries": 0})


@pytest.mark.scenario("query-15")
def test_a_part_of_the_matches(records: Any) -> None:
    index(records, "n")
    query = where(records, predicates.between("n", 0, 49))
    query.max_records = 5
    assert len(query.results()) == 5


@pytest.mark.scenario("query-16")
def test_query_beside_writes(records: Any) -> None:
    index(records, "n")
    done = threading.Event()

    def write() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            records.put((NS, SET, turn % 10), {"n": turn % 10 + 1000 * (turn % 2)})
            records.put((NS, SET, 10_000 + turn % 50), {"n": 500 + turn})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            assert numbers(where(records, predicates.between("n", 10, 59)).results()) == list(range(10, 60))
    finally:
        done.set()
        writer.join()


@pytest.mark.scenario("query-14")
def test_range_upside_down(driver: Driver, records: Any) -> None:
    index(records, "n")
    with driver.fails(PARAMETER):
        where(records, predicates.between("n", 5, 1)).results({"max_retries": 0})


@pytest.mark.scenario("index-06", "index-01")
def test_name_that_is_taken(driver: Driver, records: Any) -> None:
    index(records, "n")
    with driver.fails(INDEX_EXISTS):
        records.index_single_value_create(NS, SET, "s", aerospike.INDEX_STRING, "i")
    # The same once more is fine.
    MAKERS["n"](records)


@pytest.mark.scenario("index-07")
def test_index_removed(driver: Driver, records: Any) -> None:
    index(records, "n")
    records.index_remove(NS, "i")
    with driver.fails(NO_INDEX):
        where(records, predicates.equals("n", 1)).results({"max_retries": 0})
    records.index_remove(NS, "i")


# ---------------------------------------------------------------- geo


@pytest.fixture
def places(client: Any) -> Any:
    """Points on the equator, a degree apart, and two regions."""
    index(client, "g")
    for i in range(-5, 6):
        client.put((NS, SET, i), {"n": i, "g": aerospike.GeoJSON({"type": "Point", "coordinates": [i, 0.0]})})
    square = [[[-1.5, -1.5], [1.5, -1.5], [1.5, 1.5], [-1.5, 1.5], [-1.5, -1.5]]]
    client.put((NS, SET, "square"), {"n": 100, "g": aerospike.GeoJSON({"type": "Polygon", "coordinates": square})})
    circle = {"type": "AeroCircle", "coordinates": [[4.0, 0.0], 150_000.0]}
    client.put((NS, SET, "circle"), {"n": 200, "g": aerospike.GeoJSON(circle)})
    return client


@pytest.mark.scenario("geo-01", "geo-02", "geo-03", "geo-04")
@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (
            {"type": "Polygon", "coordinates": [[[-2.5, -1], [2.5, -1], [2.5, 1], [-2.5, 1], [-2.5, -1]]]},
            [-2, -1, 0, 1, 2],
        ),
        ({"type": "AeroCircle", "coordinates": [[5, 0], 115_000]}, [4, 5]),
        (
            {
                "type": "Polygon",
                "coordinates": [
                    [[-3.5, -1], [3.5, -1], [3.5, 1], [-3.5, 1], [-3.5, -1]],
                    [[-1.5, -0.5], [1.5, -0.5], [1.5, 0.5], [-1.5, 0.5], [-1.5, -0.5]],
                ],
            },
            [-3, -2, 2, 3],
        ),
        (
            {
                "type": "MultiPolygon",
                "coordinates": [
                    [[[-5.5, -1], [-4.5, -1], [-4.5, 1], [-5.5, 1], [-5.5, -1]]],
                    [[[4.5, -1], [5.5, -1], [5.5, 1], [4.5, 1], [4.5, -1]]],
                ],
            },
            [-5, 5],
        ),
        ({"type": "AeroCircle", "coordinates": [[90, 0], 1000]}, []),
    ],
    ids=["polygon", "circle", "hole", "two polygons", "elsewhere"],
)
def test_points_within_a_region(places: Any, region: Any, expected: list[int]) -> None:
    assert numbers(where(places, predicates.geo_within_geojson_region("g", json.dumps(region))).results()) == expected


@pytest.mark.scenario("geo-02")
def test_points_within_a_radius(places: Any) -> None:
    assert numbers(where(places, predicates.geo_within_radius("g", 0.0, 0.0, 112_000)).results()) == [-1, 0, 1]


@pytest.mark.scenario("geo-05")
@pytest.mark.parametrize(("lng", "expected"), [(0.0, [100]), (4.5, [200]), (2.2, []), (1.0, [100])])
def test_regions_that_contain_a_point(places: Any, lng: float, expected: list[int]) -> None:
    assert numbers(where(places, predicates.geo_contains_point("g", lng, 0.0)).results()) == expected


def test_geo_index_follows_updates(places: Any) -> None:
    places.put((NS, SET, 0), {"g": aerospike.GeoJSON({"type": "Point", "coordinates": [60.0, 0.0]})})
    places.remove((NS, SET, 1))
    assert numbers(where(places, predicates.geo_within_radius("g", 0.0, 0.0, 112_000)).results()) == [-1]
    assert numbers(where(places, predicates.geo_within_radius("g", 60.0, 0.0, 1000)).results()) == [0]


def test_geo_pages(places: Any) -> None:
    query = where(places, predicates.geo_within_radius("g", 0.0, 0.0, 400_000))
    query.max_records = 2
    query.paginate()
    found: list[int] = []
    for _ in range(20):
        found += numbers(query.results())
        if query.is_done():
            break
    assert sorted(found) == [-3, -2, -1, 0, 1, 2, 3]


@pytest.mark.scenario("geo-06")
def test_geojson_that_is_none(driver: Driver, places: Any) -> None:
    with driver.fails(PARAMETER):
        where(places, predicates.geo_within_geojson_region("g", '{"type": "Poly"}')).results({"max_retries": 0})
    with driver.fails(BAD_GEOJSON):
        places.put((NS, SET, 1), {"g": aerospike.GeoJSON({"type": "Point", "coordinates": [500.0, 0.0]})})


@pytest.mark.scenario("geo-06")
def test_geojson_comes_back(client: Any) -> None:
    point = {"type": "Point", "coordinates": [-122.1, 37.5]}
    client.put((NS, SET, 1), {"g": aerospike.GeoJSON(point), "l": [aerospike.GeoJSON(point)]})
    bins = client.get((NS, SET, 1))[2]
    assert bins["g"].unwrap() == point
    assert bins["l"][0].unwrap() == point


@pytest.mark.scenario("geo-07")
def test_lists_of_points(client: Any) -> None:
    client.index_list_create(NS, SET, "l", aerospike.INDEX_GEO2DSPHERE, "i")
    for n in range(5):
        points = [aerospike.GeoJSON({"type": "Point", "coordinates": [n * 10.0 + i, 0.0]}) for i in range(3)]
        client.put((NS, SET, n), {"n": n, "l": points})
    query = where(client, predicates.geo_within_radius("l", 21.0, 0.0, 200_000, aerospike.INDEX_TYPE_LIST))
    assert {bins["n"] for _, _, bins in query.results()} == {2}


# ---------------------------------------------------------------- background operations and jobs


def finish(client: Any, job: int, module: int = aerospike.JOB_QUERY) -> None:
    """Waits for a job as programs do."""
    for _ in range(500):
        if client.job_info(job, module)["status"] != aerospike.JOB_STATUS_INPROGRESS:
            return
        time.sleep(0.01)
    raise AssertionError("the job does not end")


@pytest.mark.scenario("background-01")
def test_background_operations_on_a_set(records: Any) -> None:
    query = records.query(NS, SET)
    query.add_ops([operations.increment("n", 100), operations.write("new", "x")])
    finish(records, query.execute_background())
    results = records.scan(NS, SET).results()
    assert numbers(results) == list(range(100, 100 + COUNT))
    assert all(bins["new"] == "x" and meta["gen"] == 2 for _, meta, bins in results)


@pytest.mark.scenario("background-02")
def test_background_operations_through_an_index(records: Any) -> None:
    index(records, "n")
    query = where(records, predicates.between("n", 0, 9))
    query.add_ops([operations.increment("n", 1000)])
    finish(records, query.execute_background())
    assert numbers(where(records, predicates.between("n", 0, 2000)).results()) == [
        *range(10, COUNT),
        *range(1000, 1010),
    ]


@pytest.mark.scenario("background-03", "filter-14")
def test_background_operations_through_a_filter(records: Any) -> None:
    query = records.query(NS, SET)
    query.add_ops([operations.write("marked", 1)])
    finish(records, query.execute_background({"expressions": exp.LT(exp.IntBin("n"), 3).compile()}))
    marked = records.scan(NS, SET)
    marked.select("n", "marked")
    assert numbers([result for result in marked.results() if "marked" in result[2]]) == [0, 1, 2]


def test_background_operations_of_a_scan(records: Any) -> None:
    scan = records.scan(NS, SET)
    scan.add_ops([list_operations.list_append("l", "end")])
    finish(records, scan.execute_background(), aerospike.JOB_SCAN)
    assert all(bins["l"][-1] == "end" for _, _, bins in records.scan(NS, SET).results())


@pytest.mark.scenario("background-04")
def test_background_delete(records: Any) -> None:
    query = records.query(NS, SET)
    query.add_ops([operations.delete()])
    finish(records, query.execute_background({"expressions": exp.GE(exp.IntBin("n"), 10).compile()}))
    assert numbers(records.scan(NS, SET).results()) == list(range(10))


@pytest.mark.scenario("background-09")
def test_background_time_to_live(records: Any) -> None:
    query = records.query(NS, SET)
    query.add_ops([operations.touch()])
    query.ttl = 500
    finish(records, query.execute_background())
    assert all(480 <= meta["ttl"] <= 500 for _, meta, _ in records.scan(NS, SET).results())


def test_background_failures_are_counted(driver: Driver, records: Any) -> None:
    query = records.query(NS, SET)
    query.add_ops([operations.increment("s", 1)])
    job = query.execute_background()
    finish(records, job)
    assert f"recs-failed={COUNT}" in driver.info(f"query-show:id={job}")
    assert all(meta["gen"] == 1 for _, meta, _ in records.scan(NS, SET).results())


@pytest.mark.scenario("background-07")
def test_background_reads_are_refused(driver: Driver, records: Any) -> None:
    query = records.query(NS, SET)
    query.add_ops([operations.read("n")])
    # The client does not even ask.
    with driver.fails(PARAMETER, aerospike=-2):
        query.execute_background()


@pytest.mark.scenario("background-08")
def test_jobs_are_listed(driver: Driver, records: Any) -> None:
    records.scan(NS, SET).results()
    newest = dict(pair.split("=", 1) for pair in driver.info("query-show").split(";")[0].split(":") if "=" in pair)
    assert newest["ns"] == NS
    assert newest["set"] == SET
    assert newest["job-type"] == "basic"
    assert newest["status"] == "done(ok)"
    assert newest["recs-succeeded"] == str(COUNT)


def test_a_job_can_be_aborted(driver: Driver, records: Any) -> None:
    query = records.query(NS, SET)
    query.records_per_second = 2
    query.add_ops([operations.write("slow", 1)])
    job = query.execute_background()
    assert driver.info(f"query-abort:id={job}") == "ok"
    finish(records, job)
    assert "status=done(user-aborted)" in driver.info(f"query-show:id={job}")


# ---------------------------------------------------------------- truncation


@pytest.mark.scenario("truncate-01", "index-09")
def test_truncate_empties_a_set_and_its_indexes(driver: Driver, records: Any) -> None:
    index(records, "n")
    records.put((NS, "other", 1), {"n": 1})
    records.truncate(NS, SET, 0)
    assert records.scan(NS, SET).results() == []
    assert where(records, predicates.between("n", 0, 99)).results() == []
    assert len(records.scan(NS, "other").results()) == 1
    assert "entries=0;" in driver.info("sindex-stat:namespace=test;indexname=i")


@pytest.mark.scenario("truncate-03")
def test_truncate_before_a_time(records: Any) -> None:
    index(records, "n")
    time.sleep(0.02)
    threshold = time.time_ns()
    time.sleep(0.02)
    records.put((NS, SET, 3), {"later": 1})
    records.truncate(NS, SET, threshold)
    assert numbers(where(records, predicates.between("n", 0, 99)).results()) == [3]


@pytest.mark.scenario("truncate-05")
def test_truncate_in_the_future(driver: Driver, records: Any) -> None:
    with driver.fails(PARAMETER):
        records.truncate(NS, SET, time.time_ns() + 3_600_000_000_000)
    assert len(records.scan(NS, SET).results()) == COUNT


@pytest.mark.scenario("truncate-02")
def test_truncate_a_namespace(records: Any) -> None:
    records.put((NS, "other", 1), {"n": 1})
    records.truncate(NS, None, 0)
    assert records.scan(NS, None).results() == []


@pytest.mark.scenario("truncate-04")
def test_writes_after_a_truncation_start_anew(records: Any) -> None:
    index(records, "n")
    records.truncate(NS, SET, 0)
    records.put((NS, SET, 1), {"n": 5})
    [(_, meta, bins)] = where(records, predicates.equals("n", 5)).results()
    assert (meta["gen"], bins) == (1, {"n": 5})


@pytest.mark.scenario("info-04")
def test_sets_tell_their_counts(driver: Driver, records: Any) -> None:
    index(records, "n")
    line = dict(pair.split("=", 1) for pair in driver.info(f"sets/{NS}/{SET}").rstrip(";").split(":"))
    assert line["objects"] == str(COUNT)
    assert line["sindexes"] == "1"
    records.truncate(NS, SET, 0)
    line = dict(pair.split("=", 1) for pair in driver.info(f"sets/{NS}/{SET}").rstrip(";").split(":"))
    assert line["objects"] == "0"
    assert line["truncate_lut"] != "0"
