"""Commands on one record: keys, values, policies, errors."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import enum
import math
import time
from collections import OrderedDict

import aerospike_py as aerospike
import pytest
from fake import FakeServer, op, reply  # pyright: ignore[reportMissingImports]


class Color(enum.IntEnum):
    RED = 7


class Text(str):
    pass


VALUES = [
    (0, 0),
    (-1, -1),
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (2**63, -(2**63)),
    (2**64 - 1, -1),
    (True, True),
    (False, False),
    (1.5, 1.5),
    (-0.0, -0.0),
    (math.inf, math.inf),
    ("", ""),
    ("text \N{SNOWMAN} \0", "text \N{SNOWMAN} \0"),
    (b"", b""),
    (b"\x00\xff", b"\x00\xff"),
    (bytearray(b"ab"), b"ab"),
    ([], []),
    ([1, "a", b"b", 1.5, None, True, [2, [3]]], [1, "a", b"b", 1.5, None, True, [2, [3]]]),
    ({}, {}),
    ({"a": 1, 2: [None], b"c": {"d": {}}}, {"a": 1, 2: [None], b"c": {"d": {}}}),
    (Color.RED, 7),
    (Text("x"), "x"),
    (OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
    (list(range(-200, 70_000, 999)), list(range(-200, 70_000, 999))),
    ("x" * 70_000, "x" * 70_000),
    (["y" * 300, b"z" * 70_000], ["y" * 300, b"z" * 70_000]),
    ({f"key-{n}": n for n in range(300)}, {f"key-{n}": n for n in range(300)}),
]


@pytest.mark.parametrize(("value", "back"), VALUES, ids=lambda value: str(type(value).__name__))
def test_values_survive(client, key, value, back):
    client.put(key, {"v": value})
    got = client.get(key).bins["v"]
    assert got == back
    assert type(got) is type(back)


def test_nan(client, key):
    client.put(key, {"v": math.nan})
    assert math.isnan(client.get(key).bins["v"])


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_nesting(client, key):
    client.put(key, {"v": nested(64)})
    assert client.get(key).bins["v"] == nested(64)
    with pytest.raises(ValueError, match="maximum depth of 64"):
        client.put(key, {"v": nested(65)})
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="maximum depth"):
        client.put(key, {"v": endless})


@pytest.mark.parametrize("value", [(1,), {1}, memoryview(b""), 1j, object(), range(3), [(1,)], {"a": {1}}])
def test_values_without_a_form(client, key, value):
    with pytest.raises(TypeError, match="Unsupported type for Aerospike value"):
        client.put(key, {"v": value})


@pytest.mark.parametrize("bad", [1.5, None, True, (1,)])
def test_map_keys(client, key, bad):
    with pytest.raises(TypeError):
        client.put(key, {"v": {bad: 1}})


def test_what_cannot_be_encoded(client, key):
    for value in (2**64, -(2**63) - 1):
        with pytest.raises(OverflowError):
            client.put(key, {"v": value})
    with pytest.raises(UnicodeEncodeError):
        client.put(key, {"v": "\ud800"})
    assert client.exists(key).meta is None, "nothing was sent"


def test_none_removes_a_bin(client, key):
    client.put(key, {"a": 1, "b": None})
    assert client.get(key).bins == {"a": 1}
    client.put(key, {"a": None, "b": 2})
    assert client.get(key).bins == {"b": 2}
    missing = (*key[:2], "missing")
    with pytest.raises(aerospike.RecordNotFound):
        client.put(missing, {"v": None})


class TestKeys:
    @pytest.mark.parametrize(
        ("user_key", "digest"),
        [
            ("b", "a60b027d8b3d9e3540eacd1001a2015591d5cf4f"),
            (b"b", "a60b027d8b3d9e3540eacd1001a2015591d5cf4f"),
            (bytearray(b"b"), "c1739aead2f41cb1364e1ab8928084cfba80820c"),
            (1, "805344ff849a75f0922917a698c6f65dd961e0fb"),
        ],
        ids=["str", "bytes", "bytearray", "int"],
    )
    def test_digests(self, client, user_key, digest):
        found, meta = client.exists(("test", "pk", user_key))
        assert found.digest.hex() == digest
        assert meta is None
        assert found == ("test", "pk", user_key, bytes.fromhex(digest))

    def test_bytes_as_blobs(self, make_client, config):
        client = make_client({**config, "bytes_key_type": "blob"})
        client.connect()
        found = client.exists(("test", "pk", b"b")).key
        assert found.digest.hex() == "c1739aead2f41cb1364e1ab8928084cfba80820c"

    @pytest.mark.parametrize(
        ("bad", "error"),
        [
            (["test", "s", 1], TypeError),
            ("test", TypeError),
            (("test", "s"), ValueError),
            (("test", "s", 1, None, 1), ValueError),
            ((None, "s", 1), TypeError),
            (("test", None, 1), TypeError),
            ((b"test", "s", 1), TypeError),
            (("test", "s", True), ValueError),
            (("test", "s", 1.5), ValueError),
            (("test", "s", None), ValueError),
            (("test", "s", [1]), ValueError),
            (("test", "s", 2**64), OverflowError),
            (("test", "s", 1, b"short"), ValueError),
            (("test", "s", 1, "text"), TypeError),
            (("test", "s", 1, [256] * 20), OverflowError),
        ],
    )
    def test_bad_keys(self, client, bad, error):
        with pytest.raises(error):
            client.get(bad)
        with pytest.raises(error):
            client.put(bad, {"a": 1})
        with pytest.raises(error):
            client.batch_read([bad])

    def test_great_integers_wrap(self, client):
        assert client.exists(("test", "s", 2**64 - 1)).key.digest == client.exists(("test", "s", -1)).key.digest

    def test_digests_instead_of_user_keys(self, client, key):
        client.put(key, {"a": 1})
        digest = client.get(key).key.digest
        for form in (digest, bytearray(digest), list(digest)):
            record = client.get((*key[:2], None, form))
            assert record.bins == {"a": 1}
            assert record.key == (*key[:2], None, digest)
        assert client.get((*key[:2], "given digest wins", digest)).bins == {"a": 1}
        assert client.get((*key, None)).bins == {"a": 1}

    def test_no_set(self, client, key):
        client.put(("test", "", key[2]), {"a": 1})
        assert client.get(("test", "", key[2])).key.set_name == ""


class TestBinNames:
    def test_longest(self, client, key):
        client.put(key, {"x" * 15: 1, "\N{SNOWMAN}" * 5: 2})
        assert client.get(key).bins == {"x" * 15: 1, "\N{SNOWMAN}" * 5: 2}

    @pytest.mark.parametrize("name", ["", "x" * 16, "\N{SNOWMAN}" * 6])
    @pytest.mark.parametrize(
        "error", [ValueError, aerospike.BinNameError, aerospike.InvalidArgError, aerospike.ClientError]
    )
    def test_refused_before_sending(self, client, key, name, error):
        for call in (
            lambda: client.put(key, {"a": 1, name: 1}),
            lambda: client.append(key, name, "x"),
            lambda: client.increment(key, name, 1),
            lambda: client.remove_bin(key, [name]),
        ):
            with pytest.raises(error):
                call()
        assert client.exists(key).meta is None

    def test_texts(self, client, key):
        with pytest.raises(ValueError, match=r"Bin name 'x{16}' exceeds the 15-byte limit \(16 bytes\)"):
            client.put(key, {"x" * 16: 1})

    def test_only_text(self, client, key):
        with pytest.raises(TypeError):
            client.put(key, {1: 1})
        with pytest.raises(TypeError, match="bins argument must be a dict, got list"):
            client.put(key, [])

    def test_no_bins(self, client, key):
        with pytest.raises(aerospike.ServerError) as caught:
            client.put(key, {})
        assert caught.value.result_code == 4


class TestReads:
    def test_get(self, client, key):
        client.put(key, {"a": 1, "b": "x"})
        record = client.get(key)
        found, meta, bins = record
        assert found[:3] == key
        assert len(found.digest) == 20
        assert bins == {"a": 1, "b": "x"}
        assert meta["gen"] == 1
        assert meta["ttl"] > 0
        assert (record.key, record.meta, record.bins) == (found, meta, bins)

    def test_missing(self, client, key):
        with pytest.raises(aerospike.RecordNotFound) as caught:
            client.get(key)
        assert caught.value.result_code == 2
        assert not caught.value.in_doubt
        assert str(caught.value).startswith(
            "AEROSPIKE_ERR (2): Server error: KeyNotFoundError, In Doubt: False, Node: 127.0.0.1:"
        )

    def test_select(self, client, key):
        client.put(key, {"a": 1, "b": 2})
        assert client.select(key, ["b", "nope"]).bins == {"b": 2}
        assert client.select(key, ["nope"]).bins == {}
        for bad in (("a",), "a", None):
            with pytest.raises(TypeError):
                client.select(key, bad)
        with pytest.raises(aerospike.ServerError, match=r"AEROSPIKE_ERR \(4\)"):
            client.select(key, [])
        with pytest.raises(aerospike.RecordNotFound):
            client.select((*key[:2], "missing"), ["a"])

    def test_exists(self, client, key):
        found, meta = client.exists(key)
        assert found[:3] == key
        assert meta is None
        client.put(key, {"a": 1})
        result = client.exists(key)
        assert result.meta is not None
        assert result.meta.gen == 1
        assert result.key == found

    def test_unknown_namespace(self, client):
        with pytest.raises(aerospike.AerospikeError, match="Invalid node: namespace 'nope'"):
            client.get(("nope", "s", 1))
        with pytest.raises(aerospike.ClusterError):
            client.put(("nope", "s", 1), {"a": 1})


class TestWrites:
    def test_remove(self, client, key):
        client.put(key, {"a": 1})
        assert client.remove(key) is None
        assert client.exists(key).meta is None
        with pytest.raises(aerospike.RecordNotFound):
            client.remove(key)

    def test_remove_with_a_generation(self, client, key):
        client.put(key, {"a": 1})
        with pytest.raises(aerospike.RecordGenerationError):
            client.remove(key, meta={"gen": 3}, policy={"gen": aerospike.POLICY_GEN_EQ})
        client.remove(key, meta={"gen": 1})

    def test_durable_deletes_need_another_edition(self, client, key):
        client.put(key, {"a": 1})
        with pytest.raises(aerospike.ServerError) as caught:
            client.remove(key, policy={"durable_delete": True})
        assert caught.value.result_code == 25

    def test_touch(self, client, key):
        client.put(key, {"a": 1}, meta={"ttl": 1000})
        client.touch(key, 300, meta={"ttl": 77})
        assert client.get(key).meta.ttl in (299, 300)
        client.touch(key, meta={"ttl": 50})
        assert client.get(key).meta.ttl in (49, 50)
        assert client.get(key).meta.gen == 3
        with pytest.raises(OverflowError):
            client.touch(key, -1)
        with pytest.raises(aerospike.RecordNotFound):
            client.touch((*key[:2], "missing"))

    def test_append_and_prepend(self, client, key):
        client.append(key, "t", "b")
        client.prepend(key, "t", "a")
        client.append(key, "raw", b"\x01")
        client.append(key, "raw", b"\x02")
        assert client.get(key).bins == {"t": "ab", "raw": b"\x01\x02"}
        with pytest.raises(aerospike.BinTypeError):
            client.append(key, "raw", "text")
        with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
            client.append(key, "t", None)

    def test_increment(self, client, key):
        client.increment(key, "n", 5)
        client.increment(key, "n", -7)
        client.increment(key, "f", 0.5)
        client.increment(key, "f", 0.25)
        assert client.get(key).bins == {"n": -2, "f": 0.75}
        for name, offset in (("n", 1.0), ("f", 1)):
            with pytest.raises(aerospike.BinTypeError):
                client.increment(key, name, offset)
        for bad in ("1", True, None, [1]):
            with pytest.raises(TypeError):
                client.increment(key, "n", bad)
        client.put(key, {"n": 2**63 - 1})
        client.increment(key, "n", 1)
        assert client.get(key).bins["n"] == -(2**63)

    def test_remove_bin(self, client, key):
        client.put(key, {"a": 1, "b": 2, "c": 3})
        client.remove_bin(key, ["a", "unknown"])
        assert client.get(key).bins == {"b": 2, "c": 3}
        for bad in ("b", ("b",)):
            with pytest.raises(TypeError):
                client.remove_bin(key, bad)
        with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
            client.remove_bin(key, [])
        client.remove_bin(key, ["b", "c"])
        with pytest.raises(aerospike.RecordNotFound):
            client.remove_bin(key, ["b"])


class TestPolicies:
    def test_exists(self, client, key):
        other = {"policy": {"exists": aerospike.POLICY_EXISTS_CREATE_ONLY}}
        client.put(key, {"a": 1}, **other)
        with pytest.raises(aerospike.RecordExistsError):
            client.put(key, {"a": 1}, **other)
        client.put(key, {"b": 2}, policy={"exists": aerospike.POLICY_EXISTS_IGNORE})
        client.put(key, {"c": 3}, policy={"exists": aerospike.POLICY_EXISTS_UPDATE_ONLY})
        assert client.get(key).bins == {"a": 1, "b": 2, "c": 3}
        client.put(key, {"d": 4}, policy={"exists": aerospike.POLICY_EXISTS_REPLACE})
        assert client.get(key).bins == {"d": 4}
        client.put(key, {"e": 5}, policy={"exists": aerospike.POLICY_EXISTS_REPLACE_ONLY})
        assert client.get(key).bins == {"e": 5}
        missing = (*key[:2], "missing")
        for name in ("UPDATE", "UPDATE_ONLY", "REPLACE_ONLY"):
            policy = {"exists": getattr(aerospike, f"POLICY_EXISTS_{name}")}
            with pytest.raises(aerospike.RecordNotFound):
                client.put(missing, {"a": 1}, policy=policy)
        client.put(key, {"f": 6}, policy={"exists": 9})
        assert client.get(key).bins == {"e": 5, "f": 6}

    @pytest.mark.parametrize(
        ("meta", "policy", "fails"),
        [
            ({"gen": 2}, None, False),
            ({"gen": 1}, None, True),
            ({"gen": 1}, {"gen": aerospike.POLICY_GEN_IGNORE}, False),
            ({"gen": 1}, {"gen": aerospike.POLICY_GEN_GT}, True),
            ({"gen": 2}, {"gen": aerospike.POLICY_GEN_GT}, True),
            (None, {"gen": aerospike.POLICY_GEN_GT}, True),
            ({"gen": 100}, {"gen": aerospike.POLICY_GEN_GT}, False),
            (None, {"gen": aerospike.POLICY_GEN_EQ}, True),
            ({"gen": 0}, None, True),
        ],
    )
    def test_generations(self, client, key, meta, policy, fails):
        client.put(key, {"a": 1})
        client.put(key, {"a": 2})
        if fails:
            with pytest.raises(aerospike.RecordGenerationError):
                client.put(key, {"a": 3}, meta=meta, policy=policy)
        else:
            client.put(key, {"a": 3}, meta=meta, policy=policy)
            assert client.get(key).bins == {"a": 3}

    def test_generation_zero_creates(self, client, key):
        client.put(key, {"a": 1}, meta={"gen": 0})
        assert client.get(key).meta.gen == 1

    def test_time_to_live(self, client, key):
        client.put(key, {"a": 1}, meta={"ttl": 100})
        assert client.get(key).meta["ttl"] in (99, 100)
        client.put(key, {"a": 1}, meta={"ttl": aerospike.TTL_DONT_UPDATE})
        assert client.get(key).meta["ttl"] in (99, 100)
        client.put(key, {"a": 1}, meta={"ttl": 100}, policy={"ttl": 50})
        assert client.get(key).meta["ttl"] in (49, 50)
        client.put(key, {"a": 1}, meta={"ttl": aerospike.TTL_NEVER_EXPIRE})
        assert client.get(key).meta["ttl"] == 4294967295
        with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
            client.put(key, {"a": 1}, meta={"ttl": 315_360_001})
        for bad in (-4, 2**32):
            with pytest.raises(aerospike.InvalidArgError):
                client.put(key, {"a": 1}, meta={"ttl": bad})
        client.put(key, {"a": 2}, meta=client.get(key).meta)
        assert client.get(key).meta == {"gen": 5, "ttl": 4294967295}

    def test_send_key(self, client, key):
        client.put(key, {"a": 1}, policy={"key": aerospike.POLICY_KEY_SEND})
        digest = client.get(key).key.digest
        wrong = (*key[:2], "wrong", digest)
        with pytest.raises(aerospike.ServerError) as caught:
            client.put(wrong, {"a": 1}, policy={"key": aerospike.POLICY_KEY_SEND})
        assert caught.value.result_code == 19

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("total_timeout", "1", TypeError),
            ("total_timeout", -1, OverflowError),
            ("socket_timeout", None, TypeError),
            ("max_retries", -1, OverflowError),
            ("read_touch_ttl_percent", 101, aerospike.InvalidArgError),
            ("replica", "x", TypeError),
        ],
    )
    def test_wrong_values(self, client, key, name, value, error):
        for call in (lambda policy: client.get(key, policy), lambda policy: client.put(key, {"a": 1}, None, policy)):
            with pytest.raises(error):
                call({name: value})

    def test_wrong_values_of_writes(self, client, key):
        with pytest.raises(TypeError):
            client.put(key, {"a": 1}, policy={"durable_delete": 1})
        with pytest.raises(TypeError):
            client.put(key, {"a": 1}, meta={"ttl": None})
        for bad in (-1, 2**32):
            with pytest.raises(OverflowError):
                client.put(key, {"a": 1}, meta={"gen": bad})

    def test_policies_are_mappings(self, client, key):
        for bad in (1, "x", [1], ("gen",)):
            with pytest.raises(TypeError):
                client.put(key, {"a": 1}, meta=bad)
            with pytest.raises(TypeError):
                client.get(key, policy=bad)
        client.put(key, {"a": 1}, meta=OrderedDict(ttl=10), policy=None)
        client.get(key, policy={"unknown": object(), "timeout": 1, "filter_expression": None})

    def test_a_filter_is_never_ignored(self, client, key):
        expression = {"__expr__": "eq"}
        for call in (
            lambda: client.get(key, policy={"filter_expression": expression}),
            lambda: client.batch_read([key], policy={"filter_expression": expression}),
        ):
            with pytest.raises(ValueError, match="left"):
                call()


def hangs(_number, _frame):
    return [30.0]


def test_timeouts(make_client):
    with FakeServer(hangs) as server:
        client = make_client(server.config)
        client.connect()
        start = time.monotonic()
        with pytest.raises(aerospike.AerospikeTimeoutError, match=r"^Timeout: ") as caught:
            client.get(("test", "s", 1), {"total_timeout": 100, "max_retries": 0})
        assert 0.09 < time.monotonic() - start < 1.0
        assert not caught.value.in_doubt
        with pytest.raises(aerospike.TimeoutError) as caught:
            client.put(("test", "s", 1), {"a": 1}, policy={"socket_timeout": 50})
        assert caught.value.in_doubt
        assert str(caught.value).endswith("[in_doubt]")


def test_retries(make_client):
    def twice_busy(number, _frame):
        return [reply(18)] if number % 3 < 2 else [reply()]

    with FakeServer(twice_busy) as server:
        client = make_client(server.config)
        client.connect()
        client.get(("test", "s", 1))
        assert server.requests == 3
        with pytest.raises(aerospike.ServerError) as caught:
            client.put(("test", "s", 1), {"a": 1})
        assert caught.value.result_code == 18
        assert server.requests == 4, "writes are not repeated unasked"
        start = time.monotonic()
        client.put(("test", "s", 1), {"a": 1}, policy={"max_retries": 1, "sleep_between_retries": 60})
        assert time.monotonic() - start > 0.055


def test_a_late_reply_is_not_anothers(make_client):
    def late(number, _frame):
        return [0.2, reply(5)] if number == 0 else [reply(0, number)]

    with FakeServer(late) as server:
        client = make_client(server.config)
        client.connect()
        with pytest.raises(aerospike.TimeoutError):
            client.put(("test", "s", 1), {"a": 1}, policy={"total_timeout": 80})
        for _ in range(6):
            assert client.exists(("test", "s", 1)).meta.gen > 0
            time.sleep(0.05)
        assert server.connections == 2


def test_malformed_replies(make_client):
    broken = [
        b"\xff" * 40,
        reply(n_ops=1),
        reply(ops=op("a", 1, b"123"), n_ops=1),
        reply(ops=op("a", 20, b"\x93\x01"), n_ops=1),
        reply(ops=op("a", 20, b"\x91" * 5000 + b"\x01"), n_ops=1),
        reply(ops=op("a", 23, b"\x00"), n_ops=1),
    ]
    with FakeServer(lambda number, _frame: [broken[number]]) as server:
        client = make_client(server.config)
        client.connect()
        for _ in broken:
            with pytest.raises(aerospike.ClientError, match="Malformed reply"):
                client.get(("test", "s", 1))


def test_values_of_other_clients(make_client):
    ops = [
        op("java", 7, b"\xac\xed"),
        op("hll", 18, b"\x00\x04\x00"),
        op("geo", 23, b"\x00\x00\x01" + b"\x10" * 8 + b'{"type":"Point"}'),
        op("latin", 3, b"caf\xe9"),
        op("null", 0, b""),
        op("list", 20, bytes.fromhex("95 c70001 ca3fc00000 a4 17 7b7d20 cfffffffffffffffff d4ff01")),
        op("map", 19, bytes.fromhex("82 c70001c0 a2 04 61 93 c0 c2 c3")),
    ]
    with FakeServer(lambda _number, _frame: [reply(ops=b"".join(ops), n_ops=len(ops))]) as server:
        client = make_client(server.config)
        client.connect()
        assert client.get(("test", "s", 1)).bins == {
            "java": b"\xac\xed",
            "hll": b"\x00\x04\x00",
            "geo": '{"type":"Point"}',
            "latin": b"caf\xe9",
            "list": [1.5, "{} ", 2**64 - 1, None],
            "map": {b"a": [None, False, True]},
        }
