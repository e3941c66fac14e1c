"""Queries, scans, partition filters, pages, background queries; indexes and truncation."""

# pyright: basic

from __future__ import annotations

import asyncio
import itertools
import time

import aerospike_py as aerospike
import pytest
from aerospike_py import GeoJSON, _query, exp, list_operations, predicates

_numbers = itertools.count()


@pytest.fixture
def set_name():
    return f"queried{next(_numbers)}"


@pytest.fixture
def records(client, set_name):
    """Fifty records: ``n`` from 0 to 49, ``s`` even or odd."""
    client.batch_write(
        [
            (
                ("test", set_name, f"k{n}"),
                {"n": n, "s": "even" if n % 2 == 0 else "odd", "l": [n, n + 1], "m": {"a": n}},
            )
            for n in range(50)
        ]
    )
    return set_name


def sync(client):
    return isinstance(client, aerospike.Client)


def found(records):
    return sorted(record.bins["n"] for record in records)


def scanned(client, set_name, policy=None):
    """The records of a scan, whichever client it is."""
    if sync(client):
        return client.scan("test", set_name).results(policy)
    return client.scan("test", set_name, policy)


@pytest.fixture
def query(client):
    """A function that makes a query whose methods run to their end."""

    def make(set_name):
        made = client.query("test", set_name)
        return Driven(made, client.loop) if hasattr(client, "loop") else made

    return make


class Driven:
    def __init__(self, inner, loop):
        self.inner, self.loop = inner, loop

    def __getattr__(self, name):
        method = getattr(self.inner, name)

        def run(*args, **kwargs):
            result = method(*args, **kwargs)
            return self.loop.run_until_complete(result) if hasattr(result, "__await__") else result

        return run


class TestScans:
    def test_all_records(self, client, records):
        rows = scanned(client, records)
        assert found(rows) == list(range(50))
        key, meta, bins = rows[0]
        assert key[:3] == ("test", records, None)
        assert len(key.digest) == 20
        assert meta["gen"] == 1
        assert set(bins) == {"n", "s", "l", "m"}

    def test_stored_keys_come_back(self, client, set_name):
        key = ("test", set_name, "stored")
        client.put(key, {"n": 1}, policy={"key": aerospike.POLICY_KEY_SEND})
        (row,) = scanned(client, set_name)
        assert row.key.user_key == "stored"

    def test_a_filter(self, client, records):
        expression = exp.ge(exp.int_bin("n"), exp.int_val(45))
        assert found(scanned(client, records, {"filter_expression": expression})) == [45, 46, 47, 48, 49]

    def test_an_unknown_set_is_empty(self, client):
        assert scanned(client, "nothing-there") == []

    def test_an_unknown_namespace(self, client):
        with pytest.raises(aerospike.ClusterError):
            client.query("nowhere", "s").results() if sync(client) else client.scan("nowhere", "s")

    def test_arguments(self, client):
        with pytest.raises(TypeError):
            client.scan(None, "s")
        with pytest.raises(TypeError):
            client.query("test", None)

    def test_not_connected(self, make_client, config):
        client = make_client(config)
        for method in (client.query, client.scan):
            with pytest.raises(aerospike.ClientError, match="not connected"):
                method("test", "s")


class TestQueries:
    def test_without_a_condition(self, query, records):
        assert found(query(records).results()) == list(range(50))

    def test_select(self, query, records):
        some = query(records)
        some.select("n")
        some.select("s")
        assert all(set(record.bins) == {"n", "s"} for record in some.results())
        with pytest.raises(TypeError):
            some.select(["n"])

    def test_numbers(self, client, query, records):
        client.index_integer_create("test", records, "n", f"{records}_n")
        some = query(records)
        some.where(predicates.between("n", 10, 13))
        assert found(some.results()) == [10, 11, 12, 13]
        one = query(records)
        one.where(predicates.equals("n", 7))
        assert found(one.results()) == [7]
        expression = exp.eq(exp.string_bin("s"), exp.string_val("odd"))
        assert found(some.results({"filter_expression": expression})) == [11, 13]
        client.index_remove("test", f"{records}_n")
        with pytest.raises(aerospike.IndexNotFound):
            some.results()

    def test_strings_and_bytes(self, client, query, set_name):
        client.index_string_create("test", set_name, "s", f"{set_name}_s")
        client.index_blob_create("test", set_name, "b", f"{set_name}_b")
        for n in range(4):
            client.put(("test", set_name, n), {"n": n, "s": "ab"[n % 2], "b": bytes([n % 2])})
        for predicate in (predicates.equals("s", "b"), predicates.equals("b", b"\1")):
            some = query(set_name)
            some.where(predicate)
            assert found(some.results()) == [1, 3]

    def test_collections(self, client, query, records):
        client.index_list_create("test", records, "l", aerospike.INDEX_NUMERIC, f"{records}_l")
        client.index_map_keys_create("test", records, "m", aerospike.INDEX_STRING, f"{records}_mk")
        client.index_map_values_create("test", records, "m", aerospike.INDEX_NUMERIC, f"{records}_mv")
        for index_type, bin_name, value, expected in (
            (aerospike.INDEX_TYPE_LIST, "l", 7, [6, 7]),
            (aerospike.INDEX_TYPE_MAPKEYS, "m", "a", list(range(50))),
            (aerospike.INDEX_TYPE_MAPVALUES, "m", 7, [7]),
        ):
            some = query(records)
            some.where(predicates.contains(bin_name, index_type, value))
            assert found(some.results()) == expected

    @pytest.mark.filterwarnings("ignore::FutureWarning")
    def test_places(self, client, query, set_name):
        client.index_geo2dsphere_create("test", set_name, "g", f"{set_name}_g")
        for n in range(5):
            place = GeoJSON(f'{{"type": "Point", "coordinates": [{n}, {n}]}}')
            client.put(("test", set_name, n), {"n": n, "g": place})
        box = '{"type": "Polygon", "coordinates": [[[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5], [0.5, 0.5]]]}'
        client.put(("test", set_name, "box"), {"n": 99, "g": GeoJSON(box)})
        for predicate, expected in (
            (predicates.geo_within_geojson_region("g", box), [1, 2]),
            (predicates.geo_within_radius("g", 3.0, 3.0, 1000.0), [3]),
            (predicates.geo_contains_geojson_point("g", '{"type": "Point", "coordinates": [1, 2]}'), [99]),
        ):
            some = query(set_name)
            some.where(predicate)
            assert found(some.results()) == expected

    def test_predicates_are_checked(self, query, records):
        some = query(records)
        with pytest.raises(TypeError):
            some.where(["equals", "n", 1])
        for wrong in (
            ("like", "n", 1),
            ("equals", "n", 1.5),
            ("between", "n", "a", "b"),
            ("contains", "n", 9, 1),
            (),
            ("equals", "n" * 300, 1),
        ):
            with pytest.raises(aerospike.InvalidArgError):
                some.where(wrong)
        some.where(predicates.equals("n", 1))
        some.where(predicates.equals("n", 2))
        with pytest.raises(aerospike.InvalidArgError, match="Too many"):
            some.results()

    def test_foreach(self, query, records):
        seen = []
        assert query(records).foreach(seen.append) is None
        assert found(seen) == list(range(50))
        seen.clear()

        def three(record):
            seen.append(record)
            return len(seen) < 3

        query(records).foreach(three)
        assert len(seen) == 3

    def test_foreach_goes_on_unless_told(self, query, records):
        seen = []
        query(records).foreach(lambda record: seen.append(record) or 0)
        assert len(seen) == 50

    def test_what_a_callback_raises(self, query, records):
        def fail(_record):
            raise LookupError("enough")

        with pytest.raises(LookupError, match="enough"):
            query(records).foreach(fail)
        assert found(query(records).results()) == list(range(50))

    def test_a_callback_may_use_the_client(self, config, set_name):
        with aerospike.client(config).connect() as client:
            for n in range(20):
                client.put(("test", set_name, n), {"n": n})
            client.scan("test", set_name).foreach(lambda record: client.put(record.key, {"seen": True}))
            assert all(record.bins["seen"] for record in client.scan("test", set_name).results())

    def test_after_close(self, config, records):
        client = aerospike.client(config).connect()
        query = client.query("test", records)
        client.close()
        assert found(query.results()) == list(range(50))

    def test_foreach_in_an_event_loop(self, config, set_name, monkeypatch):
        async def main():
            async with aerospike.AsyncClient(config) as client:
                await client.connect()
                await client.batch_write([(("test", set_name, n), {"n": n}) for n in range(100)])
                seen, pages = [], []
                query = client.query("test", set_name)
                real = query._client._query

                class Counted:
                    async def _query(self, *args):
                        pages.append(1)
                        return await real(*args)

                query._client = Counted()

                async def take(record):
                    seen.append(record.bins["n"])
                    return len(seen) < 95

                await query.foreach(take)
                assert len(seen) == len(set(seen)) == 95
                assert len(pages) == 10
                await query.foreach(seen.append, {"max_records": 7})
                assert len(seen) == 102

        monkeypatch.setattr(_query, "_PAGE", 10)
        asyncio.run(main())

    def test_many_records(self, config, set_name):
        with aerospike.client(config).connect() as client:
            for first in range(0, 20_000, 5_000):
                client.batch_write(
                    [(("test", set_name, n), {"n": n, "text": "x" * 100}) for n in range(first, first + 5_000)]
                )
            assert found(client.scan("test", set_name).results()) == list(range(20_000))
            client.truncate("test", set_name)


class TestPartitions:
    def test_ranges(self, query, records):
        whole = aerospike.partition_filter_all()
        assert repr(whole) == "PartitionFilter(begin=0, count=4096)"
        assert found(query(records).results({"partition_filter": whole})) == list(range(50))
        halves = [aerospike.partition_filter_by_range(begin, 2048) for begin in (0, 2048)]
        parts = [found(query(records).results({"partition_filter": half})) for half in halves]
        assert all(parts)
        assert sorted(parts[0] + parts[1]) == list(range(50))

    def test_one(self, query, records):
        (record,) = [row for row in query(records).results() if row.bins["n"] == 3]
        number = int.from_bytes(record.key.digest[:2], "little") & 0xFFF
        rows = query(records).results({"partition_filter": aerospike.partition_filter_by_id(number)})
        assert 3 in found(rows)

    def test_wrong_ones(self, query, records):
        with pytest.raises(ValueError, match="partition_id must be"):
            aerospike.partition_filter_by_id(4096)
        with pytest.raises(ValueError, match="begin \\+ count must be"):
            aerospike.partition_filter_by_range(4000, 97)
        with pytest.raises(TypeError):
            query(records).results({"partition_filter": 7})
        with pytest.raises(aerospike.InvalidArgError):
            query(records).results({"partition_filter": aerospike.partition_filter_by_range(0, 0)})

    @pytest.mark.parametrize("indexed", [False, True])
    def test_pages(self, client, query, records, indexed):
        some = query(records)
        if indexed:
            client.index_integer_create("test", records, "n", f"{records}_pages")
            some.where(predicates.between("n", 0, 100))
        pages = aerospike.partition_filter_all()
        sizes, rows = [], []
        while not pages.done:
            page = some.results({"max_records": 20, "partition_filter": pages})
            sizes.append(len(page))
            rows += page
        assert sizes[:3] == [20, 20, 10]
        assert found(rows) == list(range(50))
        pages.reset()
        assert len(some.results({"max_records": 20, "partition_filter": pages})) == 20

    def test_max_records(self, query, records):
        assert len(query(records).results({"max_records": 7})) == 7


class TestPolicies:
    def test_without_bins(self, query, records):
        rows = query(records).results({"include_bin_data": False})
        assert len(rows) == 50
        assert all(record.bins == {} for record in rows)

    @pytest.mark.parametrize("duration", [0, 1, 2])
    def test_expected_duration(self, query, records, duration):
        policy = {"expected_duration": duration, "total_timeout": 5_000}
        assert found(query(records).results(policy)) == list(range(50))

    def test_types(self, query, records):
        for policy in ({"max_records": "x"}, {"total_timeout": -1}, {"records_per_second": None}, []):
            with pytest.raises((TypeError, OverflowError)):
                query(records).results(policy)


class TestBackground:
    def test_operations(self, client, query, records):
        some = query(records)
        some.add_ops([{"op": aerospike.OPERATOR_INCR, "bin": "n", "val": 100}])
        some.add_ops([list_operations.list_append("l", "new")])
        job = some.execute_background({"filter_expression": exp.lt(exp.int_bin("n"), exp.int_val(10))})
        client.job_wait(job, 10_000)
        assert client.job_done(job)
        rows = scanned(client, records)
        assert found(rows) == [*range(10, 50), *range(100, 110)]
        assert sum(record.bins["l"][-1] == "new" for record in rows) == 10

    def test_functions(self, client, query, records, tmp_path):
        module = tmp_path / f"{records}.lua"
        module.write_text("function set(r, bin, value) r[bin] = value; aerospike:update(r) end")
        client.udf_put(str(module))
        some = query(records)
        some.apply(records, "set", ["mark", 7])
        client.job_wait(some.execute_background(), 10_000)
        assert all(record.bins["mark"] == 7 for record in scanned(client, records))
        client.udf_remove(records)

    def test_reading_operations_are_refused(self, query, records):
        some = query(records)
        some.add_ops([{"op": aerospike.OPERATOR_READ, "bin": "n"}])
        with pytest.raises(aerospike.ServerError) as caught:
            some.execute_background()
        assert caught.value.result_code == 4


class TestIndexes:
    def test_again_and_otherwise(self, client, set_name):
        name = f"{set_name}_i"
        client.index_integer_create("test", set_name, "a", name)
        client.index_integer_create("test", set_name, "a", name)
        with pytest.raises(aerospike.IndexFoundError) as caught:
            client.index_string_create("test", set_name, "b", name)
        assert isinstance(caught.value, aerospike.ClientError)
        assert caught.value.result_code == 200
        client.index_remove("test", name)
        client.index_remove("test", name)
        client.index_remove("nowhere", name)

    def test_refused(self, client, set_name):
        for name in ("", "x" * 64):
            with pytest.raises(aerospike.ClientError) as caught:
                client.index_integer_create("test", set_name, "a", name)
            assert caught.value.result_code == 4
        with pytest.raises(aerospike.ClientError, match="sindex-stat failed"):
            client.index_integer_create("nowhere", set_name, "a", "i")

    def test_names_cannot_carry_commands(self, client, set_name):
        for name in ("a;type=string", "a\nnamespaces", "a\tb"):
            with pytest.raises(aerospike.InvalidArgError):
                client.index_integer_create("test", set_name, "a", name)
        with pytest.raises(TypeError):
            client.index_integer_create("test", set_name, "a", None)

    def test_data_types(self, client, set_name):
        with pytest.raises(aerospike.InvalidArgError):
            client.index_list_create("test", set_name, "a", 9, "i")

    def test_policies(self, client, set_name):
        client.index_integer_create("test", set_name, "a", f"{set_name}_p", {"timeout": 5_000})
        for policy, error in (({"timeout": "x"}, TypeError), ({"timeout": -1}, OverflowError), (7, TypeError)):
            with pytest.raises(error):
                client.index_remove("test", f"{set_name}_p", policy)


class TestTruncation:
    def test_a_set(self, client, records):
        client.truncate("test", records)
        assert scanned(client, records) == []

    def test_up_to_a_time(self, client, records):
        time.sleep(0.02)
        moment = time.time_ns()
        time.sleep(0.02)
        client.put(("test", records, "late"), {"n": 1000})
        client.truncate("test", records, moment)
        assert found(scanned(client, records)) == [1000]

    def test_unknown_places(self, client):
        client.truncate("test", "nothing-there")
        client.truncate("nowhere", "nothing-there")

    def test_times_that_are_none(self, client, records):
        for nanos in (1, time.time_ns() + 10**12):
            with pytest.raises(aerospike.ClientError, match="would truncate"):
                client.truncate("test", records, nanos)
        client.truncate("test", records, -5)
        assert scanned(client, records) == []
