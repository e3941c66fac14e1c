package interop

import (
	"testing"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

var (
	i, z       = as.ExpIntBin("i"), as.ExpIntBin("z")
	f, s       = as.ExpFloatBin("f"), as.ExpStringBin("s")
	yes, no    = as.ExpEq(i, as.ExpIntVal(5)), as.ExpEq(i, as.ExpIntVal(6))
	unknown    = as.ExpEq(as.ExpIntBin("zz"), as.ExpIntVal(1))
	theList    = as.ExpListBin("l")
	theMap     = as.ExpMapBin("m")
	dividesBy0 = as.ExpNumDiv(i, as.ExpIntVal(0))
)

// record makes the record E of scenarios.md.
func record(t *testing.T, k *as.Key) {
	t.Helper()
	succeeds(t, shared.Put(writing(func(p *as.WritePolicy) { p.SendKey = true }), k, as.BinMap{
		"i": 5, "f": 1.5, "s": "hello", "b": []byte{1, 2}, "t": true, "l": list(1, 2, 3), "z": -7,
	}))
	ordered := as.NewMapPolicy(as.MapOrder.KEY_ORDERED, as.MapWriteMode.UPDATE)
	operate(t, k, as.MapPutItemsOp(ordered, "m", map[any]any{"a": 1, "b": 2}))
}

func reading(filter *as.Expression) *as.BasePolicy {
	policy := as.NewPolicy()
	policy.FilterExpression = filter
	return policy
}

func filtering(filter *as.Expression) *as.WritePolicy {
	return writing(func(p *as.WritePolicy) { p.FilterExpression = filter })
}

func TestFilters(t *testing.T) {
	add := as.AddOp(as.NewBin("i", 1))
	commands := map[string]func(k *as.Key, filter *as.Expression) as.Error{
		"filter-01": func(k *as.Key, filter *as.Expression) as.Error { _, err := shared.Get(reading(filter), k); return err },
		"filter-02": func(k *as.Key, filter *as.Expression) as.Error {
			_, err := shared.GetHeader(reading(filter), k)
			return err
		},
		"filter-03": func(k *as.Key, filter *as.Expression) as.Error {
			return shared.Put(filtering(filter), k, as.BinMap{"i": 7})
		},
		"filter-04": func(k *as.Key, filter *as.Expression) as.Error {
			_, err := shared.Delete(filtering(filter), k)
			return err
		},
		"filter-05": func(k *as.Key, filter *as.Expression) as.Error {
			if err := shared.Append(filtering(filter), k, as.BinMap{"s": "!"}); err != nil {
				return err
			}
			return shared.Touch(filtering(filter), k)
		},
		"filter-06": func(k *as.Key, filter *as.Expression) as.Error {
			_, err := shared.Operate(filtering(filter), k, add)
			return err
		},
	}
	for ids, command := range commands {
		scenario(t, ids, func(t *testing.T, k *as.Key) {
			record(t, k)
			for _, filter := range []*as.Expression{no, unknown, as.ExpNot(unknown)} {
				fails(t, command(k, filter), types.FILTERED_OUT)
			}
			same(t, get(t, k).Generation, uint32(2))
			succeeds(t, command(k, yes))
		})
	}
	scenario(t, "filter-03 filter-04", func(t *testing.T, k *as.Key) {
		_, err := shared.Get(reading(no), k)
		fails(t, err, types.KEY_NOT_FOUND_ERROR)
		succeeds(t, shared.Put(filtering(no), k, as.BinMap{"a": 1}))
		bins(t, k, as.BinMap{"a": 1})
	})
	scenario(t, "filter-07 filter-08", func(t *testing.T, k *as.Key) {
		record(t, k)
		_, err := shared.Get(reading(as.ExpNot(unknown)), k)
		fails(t, err, types.FILTERED_OUT)
		_, err = shared.Get(reading(as.ExpNumAdd(i, as.ExpIntVal(1))), k)
		fails(t, err, types.PARAMETER_ERROR)
		_, err = shared.Get(reading(as.ExpEq(i, as.ExpFloatVal(5))), k)
		fails(t, err, types.PARAMETER_ERROR)
	})
	scenario(t, "filter-09 filter-10 filter-11", func(t *testing.T, k *as.Key) {
		record(t, k)
		other, missing := key(t, "demo", "filter other"), key(t, "demo", "filter missing")
		put(t, other, as.BinMap{"i": 6})
		own := as.NewBatchWritePolicy()
		own.FilterExpression = as.ExpEq(i, as.ExpIntVal(6))
		rows := []as.BatchRecordIfc{
			as.NewBatchRead(nil, k, []string{"i"}),
			as.NewBatchRead(nil, other, []string{"i"}),
			as.NewBatchRead(nil, missing, []string{"i"}),
			as.NewBatchWrite(own, other, as.PutOp(as.NewBin("w", 1))),
			as.NewBatchWrite(nil, other, as.PutOp(as.NewBin("v", 1))),
		}
		policy := as.NewBatchPolicy()
		policy.FilterExpression = yes
		_ = shared.BatchOperate(policy, rows)
		same(t, codes(rows), []types.ResultCode{0, types.FILTERED_OUT, types.KEY_NOT_FOUND_ERROR, 0, types.FILTERED_OUT})
		bins(t, other, as.BinMap{"i": 6, "w": 1})
	})
	scenario(t, "filter-12", func(t *testing.T, k *as.Key) {
		register(t, "counter.lua")
		record(t, k)
		_, err := shared.Execute(filtering(no), k, "counter", "add", as.NewValue("i"), as.NewValue(1))
		fails(t, err, types.FILTERED_OUT)
		got, err := shared.Execute(filtering(yes), k, "counter", "add", as.NewValue("i"), as.NewValue(1))
		succeeds(t, err)
		same(t, got, 6)
	})
}

func codes(rows []as.BatchRecordIfc) []types.ResultCode {
	var codes []types.ResultCode
	for _, row := range rows {
		codes = append(codes, row.BatchRec().ResultCode)
	}
	return codes
}

func intVal(value int64) *as.Expression { return as.ExpIntVal(value) }

func TestExpressionValues(t *testing.T) {
	position := as.ExpGeoVal(`{"type":"Point","coordinates":[1.0,1.0]}`)
	square := as.ExpGeoVal(`{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}`)
	blob := as.ExpBlobBin("b")
	cases := []struct {
		ids        string
		expression *as.Expression
		want       any
	}{
		{"expression-01", as.ExpEq(i, intVal(5)), true},
		{"expression-01", as.ExpNotEq(i, intVal(5)), false},
		{"expression-01", as.ExpLess(z, i), true},
		{"expression-01", as.ExpLessEq(f, as.ExpFloatVal(1.5)), true},
		{"expression-01", as.ExpGreater(s, as.ExpStringVal("hallo")), true},
		{"expression-01", as.ExpGreaterEq(blob, as.ExpBlobVal([]byte{1, 2, 0})), false},
		{"expression-02", as.ExpAnd(unknown, no), false},
		{"expression-02", as.ExpOr(unknown, yes), true},
		{"expression-02", as.ExpNot(no), true},
		{"expression-02", as.ExpExclusive(yes, no), true},
		{"expression-03", as.ExpRegexCompare("^h.*o$", as.ExpRegexFlagNONE, s), true},
		{"expression-03", as.ExpRegexCompare("HELLO", as.ExpRegexFlagNONE, s), false},
		{"expression-03", as.ExpRegexCompare("HELLO", as.ExpRegexFlagICASE, s), true},
		{"expression-04", as.ExpGeoCompare(position, square), true},
		{"expression-05", as.ExpNumAdd(i, intVal(1), z), -1},
		{"expression-05", as.ExpNumSub(i, intVal(7)), -2},
		{"expression-05", as.ExpNumMul(i, z), -35},
		{"expression-05", as.ExpNumDiv(z, intVal(2)), -3},
		{"expression-05", as.ExpNumMod(z, intVal(3)), -1},
		{"expression-05", as.ExpNumAbs(z), 7},
		{"expression-05", as.ExpMin(i, z), -7},
		{"expression-05", as.ExpMax(i, z), 5},
		{"expression-06", as.ExpNumAdd(f, as.ExpFloatVal(1)), 2.5},
		{"expression-06", as.ExpNumPow(as.ExpFloatVal(2), as.ExpFloatVal(10)), 1024.0},
		{"expression-06", as.ExpNumLog(as.ExpFloatVal(8), as.ExpFloatVal(2)), 3.0},
		{"expression-06", as.ExpNumFloor(f), 1.0},
		{"expression-06", as.ExpNumCeil(f), 2.0},
		{"expression-06", as.ExpToInt(f), 1},
		{"expression-06", as.ExpToFloat(i), 5.0},
		{"expression-08", as.ExpIntAnd(i, intVal(4)), 4},
		{"expression-08", as.ExpIntOr(i, intVal(2)), 7},
		{"expression-08", as.ExpIntXor(i, intVal(1)), 4},
		{"expression-08", as.ExpIntNot(i), -6},
		{"expression-08", as.ExpIntLShift(intVal(1), intVal(62)), 1 << 62},
		{"expression-08", as.ExpIntRShift(intVal(-1), intVal(60)), 15},
		{"expression-08", as.ExpIntARShift(intVal(-8), intVal(1)), -4},
		{"expression-08", as.ExpIntCount(i), 2},
		{"expression-08", as.ExpIntLScan(i, as.ExpBoolVal(true)), 61},
		{"expression-08", as.ExpIntRScan(i, as.ExpBoolVal(false)), 62},
		{"expression-09", as.ExpCond(no, as.ExpStringVal("six"), yes, as.ExpStringVal("five"), as.ExpStringVal("other")), "five"},
		{"expression-10", as.ExpLet(as.ExpDef("x", as.ExpNumAdd(i, intVal(1))), as.ExpNumMul(as.ExpVar("x"), as.ExpVar("x"))), 36},
		{"expression-11", as.ExpSetName(), "demo"},
		{"expression-11", as.ExpKeyExists(), true},
		{"expression-11", as.ExpKey(as.ExpTypeSTRING), "expression-11"},
		{"expression-11", as.ExpLess(as.ExpDigestModulo(3), intVal(3)), true},
		{"expression-11", as.ExpGreater(as.ExpRecordSize(), intVal(0)), true},
		{"expression-11", as.ExpGreaterEq(as.ExpSinceUpdate(), intVal(0)), true},
		{"expression-12", as.ExpTTL(), -1},
		{"expression-12", as.ExpVoidTime(), -1},
		{"expression-13", as.ExpBinExists("i"), true},
		{"expression-13", as.ExpBinType("m"), 19},
		{"expression-13", as.ExpBinType("zz"), 0},
		{"expression-14", as.ExpListSize(theList), 3},
		{"expression-14", as.ExpListGetByIndex(listValue, as.ExpTypeINT, intVal(-1), theList), 3},
		{"expression-14", as.ExpListGetByValueRange(listCount, intVal(2), intVal(9), theList), 2},
		{"expression-14", as.ExpListSize(as.ExpListAppend(as.DefaultListPolicy(), intVal(4), theList)), 4},
		{"expression-15", as.ExpMapSize(theMap), 2},
		{"expression-15", as.ExpMapGetByKey(mapValue, as.ExpTypeINT, as.ExpStringVal("b"), theMap), 2},
		{"expression-15", as.ExpMapSize(as.ExpMapPut(plainMap, as.ExpStringVal("c"), intVal(3), theMap)), 3},
		{"expression-17", as.ExpBitCount(intVal(0), intVal(16), blob), 2},
		{"expression-17", as.ExpBitGet(intVal(8), intVal(8), blob), []byte{2}},
		{"expression-19", as.ExpEq(theList, as.ExpListVal(as.NewValue(1), as.NewValue(2), as.NewValue(3))), true},
	}
	for _, each := range cases {
		scenario(t, each.ids, func(t *testing.T, k *as.Key) {
			record(t, k)
			read := as.ExpReadOp("result", each.expression, as.ExpReadFlagDefault)
			same(t, operate(t, k, read)["result"], each.want)
		})
	}
	missing := as.ExpMapGetByKey(mapValue, as.ExpTypeINT, as.ExpStringVal("no"), theMap)
	unknowns := map[string]*as.Expression{
		"expression-02": as.ExpAnd(yes, unknown), "expression-07": dividesBy0, "expression-15": missing,
	}
	for ids, expression := range unknowns {
		scenario(t, ids, func(t *testing.T, k *as.Key) {
			record(t, k)
			refused(t, k, types.OP_NOT_APPLICABLE, as.ExpReadOp("r", expression, as.ExpReadFlagDefault))
			same(t, operate(t, k, as.ExpReadOp("r", expression, as.ExpReadFlagEvalNoFail))["r"], nil)
		})
	}
	scenario(t, "expression-16", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"n": list(list(1, 2), list(30, 40))})
		size := as.ExpListSize(as.ExpListBin("n"), as.CtxListIndex(1))
		same(t, operate(t, k, as.ExpReadOp("r", size, as.ExpReadFlagDefault))["r"], 2)
	})
	scenario(t, "expression-18", func(t *testing.T, k *as.Key) {
		operate(t, k, as.HLLAddOp(as.DefaultHLLPolicy(), "h", hllValues(0, 50), 12, -1))
		got := operate(t, k, as.ExpReadOp("r", as.ExpHLLGetCount(as.ExpHLLBin("h")), as.ExpReadFlagDefault))
		between(t, float64(got["r"].(int)), 45, 55)
	})
	scenario(t, "expression-27", func(t *testing.T, k *as.Key) {
		record(t, k)
		text := must(no.Base64())
		_, err := shared.Get(reading(must(as.ExpFromBase64(text))), k)
		fails(t, err, types.FILTERED_OUT)
	})
}

func TestExpressionOperations(t *testing.T) {
	write := func(name string, expression *as.Expression, flags as.ExpWriteFlags) *as.Operation {
		return as.ExpWriteOp(name, expression, flags)
	}
	twice := as.ExpNumMul(i, intVal(2))
	scenario(t, "expression-20 expression-21", func(t *testing.T, k *as.Key) {
		record(t, k)
		read := as.ExpReadOp("twice", twice, as.ExpReadFlagDefault)
		same(t, operate(t, k, as.GetBinOp("i"), read), as.BinMap{"i": 5, "twice": 10})
		same(t, operate(t, k, as.AddOp(as.NewBin("i", 10)), read)["twice"], 30)
	})
	scenario(t, "expression-22", func(t *testing.T, k *as.Key) {
		record(t, k)
		operate(t, k, write("w", twice, as.ExpWriteFlagDefault))
		same(t, get(t, k).Bins["w"], 10)
		same(t, get(t, k).Generation, uint32(3))
	})
	scenario(t, "expression-23", func(t *testing.T, k *as.Key) {
		record(t, k)
		refused(t, k, types.BIN_EXISTS_ERROR, write("i", twice, as.ExpWriteFlagCreateOnly))
		refused(t, k, types.BIN_NOT_FOUND, write("w", twice, as.ExpWriteFlagUpdateOnly))
		operate(t, k, write("w", twice, as.ExpWriteFlagUpdateOnly|as.ExpWriteFlagPolicyNoFail))
		same(t, get(t, k).Bins["w"], nil)
	})
	scenario(t, "expression-24", func(t *testing.T, k *as.Key) {
		record(t, k)
		refused(t, k, types.OP_NOT_APPLICABLE, write("i", as.ExpNilValue(), as.ExpWriteFlagDefault))
		operate(t, k, write("i", as.ExpNilValue(), as.ExpWriteFlagAllowDelete))
		same(t, get(t, k).Bins["i"], nil)
	})
	scenario(t, "expression-25", func(t *testing.T, k *as.Key) {
		record(t, k)
		refused(t, k, types.OP_NOT_APPLICABLE, as.AddOp(as.NewBin("i", 1)), write("w", dividesBy0, as.ExpWriteFlagDefault))
		operate(t, k, write("w", dividesBy0, as.ExpWriteFlagEvalNoFail))
		same(t, get(t, k).Bins["i"], 5)
	})
	scenario(t, "expression-26", func(t *testing.T, k *as.Key) {
		var rows []as.BatchRecordIfc
		for n := range 3 {
			each := must(as.NewKey("test", "demo", n))
			put(t, each, as.BinMap{"i": n})
			rows = append(rows, as.NewBatchWrite(nil, each, write("w", as.ExpNumDiv(intVal(60), i), as.ExpWriteFlagDefault)))
		}
		_ = shared.BatchOperate(nil, rows)
		same(t, codes(rows), []types.ResultCode{types.OP_NOT_APPLICABLE, 0, 0})
	})
}
