"""Objects that answer both documented shapes, constants, exceptions."""

from __future__ import annotations

import pickle

import aerospike_py as aerospike
import pytest
from aerospike_py import exception


class TestMetadata:
    meta = aerospike.RecordMetadata(3, 60)

    def test_as_a_mapping(self):
        meta = self.meta
        assert meta["gen"] == 3 and meta["ttl"] == 60 and meta.get("gen") == 3
        assert meta.get("nope") is None and meta.get("nope", 1) == 1
        assert "gen" in meta and "nope" not in meta
        assert dict(meta) == {"gen": 3, "ttl": 60} and {**meta} == {"gen": 3, "ttl": 60}
        assert list(meta.keys()) == ["gen", "ttl"] and list(meta.values()) == [3, 60]
        assert meta == {"gen": 3, "ttl": 60} and meta != {"gen": 4, "ttl": 60} and {"gen": 3, "ttl": 60} == meta
        with pytest.raises(KeyError):
            meta["nope"]

    def test_as_a_tuple(self):
        meta = self.meta
        gen, ttl = meta
        assert (gen, ttl) == (meta.gen, meta.ttl) == (meta[0], meta[-1]) == meta
        assert meta == (3, 60) and meta != (3, 61) and hash(meta) == hash((3, 60))
        assert meta._fields == ("gen", "ttl") and meta._asdict() == {"gen": 3, "ttl": 60}
        assert 60 in meta and meta[:1] == (3,) and len(meta) == 2
        assert pickle.loads(pickle.dumps(meta)) == meta and repr(meta) == "RecordMetadata(gen=3, ttl=60)"


def test_constants():
    assert aerospike.POLICY_EXISTS_UPDATE == aerospike.POLICY_EXISTS_UPDATE_ONLY == 1
    assert aerospike.POLICY_EXISTS_CREATE_ONLY == 4 and aerospike.OPERATOR_DELETE == 12
    assert aerospike.TTL_NEVER_EXPIRE == -1 and aerospike.MAP_KEY_VALUE_ORDERED == 3
    assert aerospike.AEROSPIKE_ERR_RECORD_NOT_FOUND == 2 and aerospike.PRIV_TRUNCATE == 14
    numbers = [name for name in aerospike.__all__ if isinstance(getattr(aerospike, name), int)]
    assert len(numbers) == 171


def test_every_public_name_is_listed():
    import types

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
        assert cls.__module__ == "aerospike" and issubclass(cls, exception.AerospikeError)
        error = cls("text")
        assert error.result_code == -1 and error.in_doubt is False and str(error) == "text"
        error.result_code, error.in_doubt = 7, True
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is cls and again.args == error.args
        assert again.result_code == 7 and again.in_doubt is True


def test_same_methods_in_both_clients():
    def names(cls):
        return {name for name in dir(cls) if not name.startswith("_")}

    assert names(aerospike.Client) == names(aerospike.AsyncClient)
    assert aerospike.async_client({}).is_connected() is False
