"""Functions: modules, calls on one record and on many."""

# pyright: basic

from __future__ import annotations

import aerospike_py as aerospike
import pytest
from aerospike_py import exp

SOURCE = """
function add(r, bin, amount)
  r[bin] = (r[bin] or 0) + amount
  if aerospike:exists(r) then aerospike:update(r) else aerospike:create(r) end
  return r[bin]
end
function echo(r, value) return value end
function nothing(r) end
function fail(r) error("on purpose", 0) end
"""


@pytest.fixture
def module(client, tmp_path):
    path = tmp_path / "driver_udf.lua"
    path.write_text(SOURCE)
    client.udf_put(str(path))
    return "driver_udf"


class TestModules:
    def test_put_list_get_remove(self, client, tmp_path):
        path = tmp_path / "driver_life.lua"
        path.write_text("function f(r) return 1 end")
        client.udf_put(str(path))
        (listed,) = [module for module in client.udf_list() if module["name"] == "driver_life.lua"]
        assert listed["type"] == "LUA"
        assert len(listed["hash"]) == 40
        assert client.udf_get("driver_life") == "function f(r) return 1 end"
        client.udf_remove("driver_life")
        client.udf_remove("driver_life.lua")
        assert all(module["name"] != "driver_life.lua" for module in client.udf_list())
        with pytest.raises(aerospike.ClientError):
            client.udf_get("driver_life")

    def test_wrong_ones(self, client, tmp_path):
        with pytest.raises(aerospike.ClientError, match="Failed to read UDF file"):
            client.udf_put(str(tmp_path / "missing.lua"))
        path = tmp_path / "driver_bad.lua"
        path.write_text("function f( return")
        with pytest.raises(aerospike.ClientError, match=r"Error registering UDF.*expected near 'return'"):
            client.udf_put(str(path))
        with pytest.raises(aerospike.InvalidArgError, match="Only Lua"):
            client.udf_put(str(path), 1)
        with pytest.raises(OverflowError):
            client.udf_put(str(path), 256)


class TestApply:
    def test_results(self, client, key, module):
        assert client.apply(key, module, "add", ["n", 5]) == 5
        assert client.apply(key, module, "add", ["n", 2]) == 7
        assert client.get(key).bins == {"n": 7}
        for value in (1, "hello", 1.5, b"\0\1", True, [1, [2]], {"a": {"b": 1}}):
            assert client.apply(key, module, "echo", [value]) == value
        assert client.apply(key, module, "nothing") is None
        assert client.apply(key, module, "nothing", None, {"total_timeout": 5_000}) is None

    @pytest.mark.parametrize(
        ("name", "function", "text"),
        [
            ("driver_udf", "fail", "on purpose"),
            ("driver_udf", "missing", "function not found"),
            ("driver_udf.lua", "add", "Execution Error 1"),
            ("no_such_module", "add", "Execution Error 1"),
        ],
    )
    @pytest.mark.usefixtures("module")
    def test_failures(self, client, key, name, function, text):
        with pytest.raises(aerospike.UDFError, match=text) as caught:
            client.apply(key, name, function)
        assert isinstance(caught.value, aerospike.ClientError)
        assert caught.value.result_code == 100

    def test_a_filter(self, client, key, module):
        client.put(key, {"n": 1})
        expression = exp.gt(exp.int_bin("n"), exp.int_val(1))
        with pytest.raises(aerospike.FilteredOut):
            client.apply(key, module, "add", ["n", 1], {"filter_expression": expression})
        assert client.get(key).bins == {"n": 1}

    def test_arguments(self, client, key, module):
        with pytest.raises(TypeError):
            client.apply(key, module, "echo", (1,))
        with pytest.raises(TypeError):
            client.apply(key, module, "echo", [object()])


class TestBatchApply:
    def test_results(self, client, keys, module):
        results = client.batch_apply(keys, module, "add", ["n", 3])
        assert [record.record.bins["SUCCESS"] for record in results.batch_records] == [3] * len(keys)
        assert [bins["n"] for bins in client.batch_read(keys).to_list()] == [3] * len(keys)

    def test_failures(self, client, keys, module):
        results = client.batch_apply(keys, module, "fail")
        assert [record.result for record in results.batch_records] == [100] * len(keys)
        assert results.batch_records[0].record.bins == {"FAILURE": "on purpose"}

    def test_metas(self, client, keys, module):
        calls = [
            keys[0],
            (keys[1], {"args": ["n", 5]}),
            (keys[2], {"function": "echo", "args": ["x"]}),
            (keys[3], {"module": "no_such_module"}),
        ]
        rows = client.batch_apply(calls, module, "add", ["n", 1]).batch_records
        assert [row.record.bins.get("SUCCESS") for row in rows] == [1, 5, "x", None]
        assert rows[3].result == 100
