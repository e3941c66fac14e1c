"""Multi-record transactions, as the vendor's client does them."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator
from drivers import Key, vendor_config

aerospike: Any = pytest.importorskip("aerospike", reason="only the vendor's client has transactions here")
operations: Any = pytest.importorskip("aerospike_helpers.operations.operations")
predicates: Any = pytest.importorskip("aerospike.predicates")

BLOCKED, MISMATCH, EXPIRED, TOO_MANY, ALREADY_LOCKED = 120, 121, 122, 123, 126
FAILED, ALREADY_COMMITTED, ALREADY_ABORTED, REFUSED = -17, -18, -19, -2
numbers = itertools.count()

SET_N = "function seven(r) r.n = 7 aerospike:update(r) end"


@pytest.fixture(scope="module")
def strong() -> Iterator[Emulator]:
    with Emulator(namespaces={"test": {"default-ttl": 0, "nsup-period": 1}}, strong_consistency=True) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def connected(strong: Emulator) -> Iterator[Any]:
    client = aerospike.client(vendor_config(strong.address)).connect()
    yield client
    client.close()


@pytest.fixture
def client(connected: Any) -> Any:
    return connected


@pytest.fixture
def keys(client: Any) -> tuple[Key, Key]:
    """K {n: 1} and L {n: 10}."""
    number = next(numbers)
    k, other = ("test", f"set{number}", "k"), ("test", f"set{number}", "l")
    client.put(k, {"n": 1})
    client.put(other, {"n": 10})
    return k, other


@contextlib.contextmanager
def fails(*codes: int) -> Iterator[None]:
    with pytest.raises(aerospike.exception.AerospikeError) as caught:
        yield
    assert caught.value.code in codes


def within(transaction: Any, **policy: Any) -> dict[str, Any]:
    return {"txn": transaction, **policy}


def read(client: Any, key: Key, transaction: Any = None) -> tuple[int, Any] | None:
    """Generation and bin `n`; None = there is no such record."""
    try:
        _, meta, bins = client.get(key, within(transaction) if transaction else None)
    except aerospike.exception.RecordNotFound:
        return None
    return meta["gen"], bins["n"]


def record_in(key: Key, name: str) -> Key:
    """Another key of the same set."""
    return (key[0], key[1], name)


@pytest.mark.scenario("transaction-01", "transaction-02")
@pytest.mark.parametrize("commits", [True, False])
def test_all_or_nothing(client: Any, keys: tuple[Key, Key], commits: bool) -> None:
    k, other = keys
    new = record_in(k, "new")
    transaction = aerospike.Transaction()
    for key, value in ((k, 2), (other, 20)) if commits else ((k, 2), (other, 20), (new, 1)):
        client.put(key, {"n": value}, policy=within(transaction))
    assert [read(client, key) for key in keys] == [(1, 1), (1, 10)]
    assert [read(client, key, transaction) for key in keys] == [(2, 2), (2, 20)]
    if commits:
        assert client.commit(transaction) == aerospike.COMMIT_OK
        assert [read(client, key) for key in keys] == [(3, 2), (3, 20)]
    else:
        assert read(client, new, transaction) == (1, 1)
        assert client.abort(transaction) == aerospike.ABORT_OK
        assert [read(client, key) for key in keys] == [(3, 1), (3, 10)]
        assert read(client, new) is None


@pytest.mark.scenario("transaction-03")
def test_a_lock(client: Any, keys: tuple[Key, Key]) -> None:
    k, _ = keys
    mine, other = aerospike.Transaction(), aerospike.Transaction()
    client.put(k, {"n": 2}, policy=within(mine))
    with fails(BLOCKED):
        client.put(k, {"n": 3}, policy=within(other))
    with fails(BLOCKED):
        client.get(k, within(other))
    with fails(BLOCKED):
        client.put(k, {"n": 3})
    assert read(client, k) == (1, 1)
    client.commit(mine)
    client.put(k, {"n": 3})
    assert read(client, k) == (4, 3)
    client.abort(other)


@pytest.mark.scenario("transaction-04")
def test_delete(client: Any, keys: tuple[Key, Key]) -> None:
    k, _ = keys
    transaction = aerospike.Transaction()
    client.remove(k, policy=within(transaction, durable_delete=True))
    with fails(2):
        client.remove(k, policy=within(transaction, durable_delete=True))
    assert read(client, k) == (1, 1)
    assert read(client, k, transaction) is None
    assert client.commit(transaction) == aerospike.COMMIT_OK
    assert read(client, k) is None


@pytest.mark.scenario("transaction-05")
def test_touch_and_operate(client: Any, keys: tuple[Key, Key]) -> None:
    k, other = keys
    transaction = aerospike.Transaction()
    client.touch(k, 0, None, within(transaction))
    both = [operations.increment("n", 5), operations.read("n")]
    _, _, bins = client.operate(other, both, policy=within(transaction))
    assert bins == {"n": 15}
    assert read(client, k, transaction) == (2, 1)
    assert client.abort(transaction) == aerospike.ABORT_OK
    assert [read(client, key) for key in keys] == [(3, 1), (3, 10)]


@pytest.mark.scenario("transaction-06")
def test_function(client: Any, tmp_path: Path, keys: tuple[Key, Key]) -> None:
    k, other = keys
    module = tmp_path / "transaction.lua"
    module.write_text(SET_N)
    client.udf_put(str(module))
    for key, ends, after in ((k, client.commit, (3, 7)), (other, client.abort, (3, 10))):
        transaction = aerospike.Transaction()
        client.apply(key, "transaction", "seven", [], within(transaction))
        assert read(client, key, transaction) == (2, 7)
        ends(transaction)
        assert read(client, key) == after


@pytest.mark.scenario("transaction-07")
def test_batch(client: Any, keys: tuple[Key, Key]) -> None:
    batch = [record_in(keys[0], f"b{n}") for n in range(10)]
    transaction = aerospike.Transaction()

    def found(policy: dict[str, Any] | None = None) -> list[int]:
        rows = client.batch_read(batch, policy=policy).batch_records
        return [row.record[2]["n"] for row in rows if row.result == 0]

    rows = client.batch_operate(batch, [operations.write("n", 5)], within(transaction)).batch_records
    assert [row.result for row in rows] == [0] * 10
    assert found() == []
    assert found(within(transaction)) == [5] * 10
    assert client.commit(transaction) == aerospike.COMMIT_OK
    assert found() == [5] * 10


@pytest.mark.scenario("transaction-08")
def test_too_many_writes(client: Any, keys: tuple[Key, Key]) -> None:
    batch = [record_in(keys[0], f"b{n}") for n in range(4097)]
    transaction = aerospike.Transaction()
    rows = client.batch_operate(batch, [operations.write("n", 5)], within(transaction))
    assert rows.result == TOO_MANY
    for policy in (None, within(transaction)):
        found = client.batch_read(batch, policy=policy).batch_records
        assert {row.result for row in found} == {2}
    client.abort(transaction)


@pytest.mark.scenario("transaction-09")
def test_a_read_that_changed(client: Any, keys: tuple[Key, Key]) -> None:
    k, other = keys
    transaction = aerospike.Transaction()
    assert read(client, k, transaction) == (1, 1)
    client.put(k, {"n": 5})
    client.put(other, {"n": 20}, policy=within(transaction))
    with fails(MISMATCH):
        client.put(k, {"n": 6}, policy=within(transaction))
    with fails(FAILED):
        client.commit(transaction)
    assert [read(client, key) for key in keys] == [(2, 5), (3, 10)]


@pytest.mark.scenario("transaction-10")
def test_readers(client: Any, keys: tuple[Key, Key]) -> None:
    transactions = [aerospike.Transaction(), aerospike.Transaction()]
    for transaction in transactions:
        assert read(client, keys[0], transaction) == (1, 1)
    assert [client.commit(transaction) for transaction in transactions] == [aerospike.COMMIT_OK] * 2


@pytest.mark.scenario("transaction-11")
def test_an_end_is_an_end(client: Any, keys: tuple[Key, Key]) -> None:
    k, _ = keys
    committed, aborted = aerospike.Transaction(), aerospike.Transaction()
    client.put(k, {"n": 2}, policy=within(committed))
    client.commit(committed)
    assert client.commit(committed) == aerospike.COMMIT_ALREADY_COMMITTED
    with fails(ALREADY_COMMITTED):
        client.abort(committed)
    client.put(k, {"n": 3}, policy=within(aborted))
    client.abort(aborted)
    assert client.abort(aborted) == aerospike.ABORT_ALREADY_ABORTED
    with fails(ALREADY_ABORTED):
        client.commit(aborted)
    for transaction in (committed, aborted):
        with fails(REFUSED):
            client.put(k, {"n": 4}, policy=within(transaction))
    assert read(client, k) == (5, 2)


@pytest.mark.scenario("transaction-12")
def test_deadline(client: Any, strong: Emulator, keys: tuple[Key, Key]) -> None:
    k, other = keys
    transaction = aerospike.Transaction()
    transaction.timeout = 2
    client.put(k, {"n": 2}, policy=within(transaction))
    strong.clock.advance(6)
    assert read(client, k) == (3, 1)
    for key in (k, other):
        with fails(EXPIRED):
            client.put(key, {"n": 3}, policy=within(transaction))
    assert client.abort(transaction) == aerospike.ABORT_OK


@pytest.mark.scenario("transaction-13")
def test_on_locking_only(client: Any, keys: tuple[Key, Key]) -> None:
    k, _ = keys
    transaction = aerospike.Transaction()
    client.put(k, {"n": 2}, policy=within(transaction, on_locking_only=True))
    with fails(ALREADY_LOCKED):
        client.put(k, {"n": 3}, policy=within(transaction, on_locking_only=True))
    assert read(client, k, transaction) == (2, 2)
    client.abort(transaction)


@pytest.mark.scenario("transaction-14")
def test_policies(client: Any, keys: tuple[Key, Key]) -> None:
    k, other = keys
    transaction = aerospike.Transaction()
    create = within(transaction, exists=aerospike.POLICY_EXISTS_CREATE)
    update = within(transaction, exists=aerospike.POLICY_EXISTS_UPDATE)
    with fails(5):
        client.put(k, {"n": 2}, policy=create)
    with fails(2):
        client.put(record_in(k, "missing"), {"n": 2}, policy=update)
    with fails(3):
        client.put(k, {"n": 2}, {"gen": 7}, within(transaction, gen=aerospike.POLICY_GEN_EQ))
    client.put(other, {"n": 20}, policy=within(transaction))
    assert client.commit(transaction) == aerospike.COMMIT_OK
    assert [read(client, key) for key in keys] == [(1, 1), (3, 20)]


@pytest.mark.scenario("transaction-15")
def test_query(client: Any, keys: tuple[Key, Key]) -> None:
    k, _ = keys
    name = f"i{k[1]}"
    client.index_integer_create("test", k[1], "n", name)
    transaction = aerospike.Transaction()
    client.put(k, {"n": 2}, policy=within(transaction))

    def found() -> list[Any]:
        query = client.query("test", k[1])
        query.where(predicates.equals("n", 2))
        return [bins for _, _, bins in query.results()]

    assert found() == []
    client.commit(transaction)
    assert found() == [{"n": 2}]
    client.index_remove("test", name)


@pytest.mark.scenario("transaction-16")
def test_plain_deletes_are_durable(client: Any, keys: tuple[Key, Key]) -> None:
    k, _ = keys
    with fails(22):
        client.remove(k)
    client.remove(k, policy={"durable_delete": True})
    assert read(client, k) is None


@pytest.mark.scenario("transaction-17")
def test_without_strong_consistency() -> None:
    with Emulator() as emulator:
        client = aerospike.client(vendor_config(emulator.address)).connect()
        transaction = aerospike.Transaction()
        with fails(16):
            client.put(("test", "set", "k"), {"n": 1}, policy=within(transaction))
        assert read(client, ("test", "set", "k")) is None
        client.close()
