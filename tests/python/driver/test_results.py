"""Objects that answer both documented shapes, constants, exceptions."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import pickle
import types

import aerospike_py as aerospike
import pytest
from aerospike_py import exception


class TestMetadata:
    meta = aerospike.RecordMetadata(3, 60)

    def test_as_a_mapping(self):
        meta = self.meta
        assert meta["gen"] == 3
        assert meta["ttl"] == 60
        assert meta.get("gen") == 3
        assert meta.get("nope") is None
        assert meta.get("nope", 1) == 1
        assert "gen" in meta
        assert "nope" not in meta
        assert dict(meta) == {"gen": 3, "ttl": 60}
        assert {**meta} == {"gen": 3, "ttl": 60}
        assert list(meta.keys()) == ["gen", "ttl"]
        assert list(meta.values()) == [3, 60]
        assert meta == {"gen": 3, "ttl": 60}
        assert meta != {"gen": 4, "ttl": 60}
        assert meta == {"gen": 3, "ttl": 60}
        with pytest.raises(KeyError):
            meta["nope"]

    def test_as_a_tuple(self):
        meta = self.meta
        gen, ttl = meta
        assert (gen, ttl) == (meta.gen, meta.ttl) == (meta[0], meta[-1]) == meta
        assert meta == (3, 60)
        assert meta != (3, 61)
        assert hash(meta) == hash((3, 60))
        assert meta._fields == ("gen", "ttl")
        assert meta._asdict() == {"gen": 3, "ttl": 60}
        assert 60 in meta
        assert meta[:1] == (3,)
        assert len(meta) == 2
        assert pickle.loads(pickle.dumps(meta)) == meta  # noqa: S301
        assert repr(meta) == "RecordMetadata(gen=3, ttl=60)"


def test_constants():
    assert aerospike.POLICY_EXISTS_UPDATE == aerospike.POLICY_EXISTS_UPDATE_ONLY == 1
    assert aerospike.POLICY_EXISTS_CREATE_ONLY == 4
    assert aerospike.OPERATOR_DELETE == 12
    assert aerospike.TTL_NEVER_EXPIRE == -1
    assert aerospike.MAP_KEY_VALUE_ORDERED == 3
    assert aerospike.AEROSPIKE_ERR_RECORD_NOT_FOUND == 2
    assert aerospike.PRIV_TRUNCATE == 14
    numbers = [name for name in aerospike.__all__ if isinstance(getattr(aerospike, name), int)]
    assert len(numbers) == 171


def test_every_public_name_is_listed():
    public = {
        name
        for name, value in vars(aerospike).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name != "annotations"
    }
    assert public <= set(aerospike.__all__)
    assert all(hasattr(aerospike, name) for name in aerospike.__all__)


def test_exceptions():
    assert exception.TimeoutError is exception.AerospikeTimeoutError is aerospike.TimeoutError
    assert exception.IndexError is exception.AerospikeIndexError
    assert issubclass(exception.RecordNotFound, exception.RecordError)
    assert issubclass(exception.IndexNotFound, exception.ServerError)
    assert issubclass(exception.QueryAbortedError, exception.QueryError)
    assert issubclass(exception.BackpressureError, exception.ClientError)
    for name in exception.__all__:
        cls = getattr(exception, name)
        assert cls.__module__ == "aerospike"
        assert issubclass(cls, exception.AerospikeError)
        error = cls("text")
        assert error.result_code == -1
        assert error.in_doubt is False
        assert str(error) == "text"
        error.result_code, error.in_doubt = 7, True
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert type(again) is cls
        assert again.args == error.args
        assert again.result_code == 7
        assert again.in_doubt is True


def test_same_methods_in_both_clients():
    def names(cls):
        return {name for name in dir(cls) if not name.startswith("_")}

    assert names(aerospike.Client) == names(aerospike.AsyncClient)
    assert aerospike.async_client({}).is_connected() is False
