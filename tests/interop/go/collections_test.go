package interop

import (
	"fmt"
	"slices"
	"testing"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

const (
	listValue = as.ListReturnTypeValue
	listCount = as.ListReturnTypeCount
)

var (
	mapValue, mapKey, mapCount = as.MapReturnType.VALUE, as.MapReturnType.KEY, as.MapReturnType.COUNT
	plainMap                   = as.DefaultMapPolicy()
)

// sorted puts what an unordered list gave by rank in order.
func sorted(result any) any {
	if list, ok := result.([]any); ok {
		slices.SortFunc(list, func(a, b any) int { return a.(int) - b.(int) })
	}
	return result
}

func list(values ...any) []any { return append([]any{}, values...) }

func TestLists(t *testing.T) {
	scenario(t, "lists-01", func(t *testing.T, k *as.Key) {
		got := operate(t, k, as.ListAppendOp("l", 1), as.ListAppendOp("l", 2, 3), as.ListInsertOp("l", 0, 0),
			as.ListInsertOp("l", 1, "x", "y"), as.ListSizeOp("l"))
		same(t, got["l"], as.OpResults{1, 3, 4, 6, 6})
		bins(t, k, as.BinMap{"l": list(0, "x", "y", 1, 2, 3)})
	})
	reads := []struct {
		ids  string
		on   []any
		op   *as.Operation
		want any
	}{
		{"lists-02", list(5, 6, 7), as.ListGetOp("l", -1), 7},
		{"lists-02", list(5, 6, 7), as.ListGetRangeOp("l", 1, 9), list(6, 7)},
		{"lists-02", list(5, 6, 7), as.ListGetByIndexOp("l", -2, listValue), 6},
		{"lists-02", list(5, 6, 7), as.ListGetByIndexRangeOp("l", 1, listValue), list(6, 7)},
		{"lists-02", list(5, 6, 7), as.ListGetByIndexRangeCountOp("l", 0, 2, listValue), list(5, 6)},
		{"lists-07", list(1, 3, 5, 7, 9), as.ListGetByValueRangeOp("l", 3, 7, listValue), list(3, 5)},
		{"lists-07", list(1, 3, 5, 7, 9), as.ListGetByValueRangeOp("l", 3, 7, listValue|as.ListReturnTypeInverted), list(1, 7, 9)},
		{"lists-08", list(1, 4, 7, 9), as.ListGetByRankRangeOp("l", -2, listValue), list(7, 9)},
		{"lists-08", list(1, 4, 7, 9), as.ListGetByValueRelativeRankRangeOp("l", 5, 0, listValue), list(7, 9)},
		{"lists-13", list(4, 9), as.ListGetByValueOp("l", 9, as.ListReturnTypeExists), true},
		{"lists-13", list(4, 9, 1), as.ListGetByValueOp("l", 9, as.ListReturnTypeReverseIndex), list(1)},
		{"lists-13", list(4, 9, 1), as.ListGetByValueOp("l", 9, as.ListReturnTypeReverseRank), list(0)},
		{"lists-13", list(4, 9, 1), as.ListGetByValueOp("l", 9, as.ListReturnTypeNone), nil},
	}
	for _, each := range reads {
		scenario(t, each.ids, func(t *testing.T, k *as.Key) {
			put(t, k, as.BinMap{"l": each.on})
			same(t, sorted(operate(t, k, each.op)["l"]), each.want)
		})
	}
	changes := []struct {
		ids        string
		op         *as.Operation
		want, left any
	}{
		{"lists-03", as.ListSetOp("l", 1, "x"), nil, list(1, "x", 3, 4, 5)},
		{"lists-03", as.ListTrimOp("l", 1, 2), 3, list(2, 3)},
		{"lists-03", as.ListClearOp("l"), nil, list()},
		{"lists-03", as.ListPopOp("l", 0), 1, list(2, 3, 4, 5)},
		{"lists-04", as.ListRemoveByIndexOp("l", 2, listValue), 3, list(1, 2, 4, 5)},
		{"lists-04", as.ListRemoveByValueOp("l", 4, as.ListReturnTypeIndex), list(3), list(1, 2, 3, 5)},
		{"lists-04", as.ListRemoveByValueListOp("l", list(1, 5, 9), listCount), 2, list(2, 3, 4)},
		{"lists-04", as.ListRemoveByRankOp("l", -1, as.ListReturnTypeRank), 4, list(1, 2, 3, 4)},
		{"lists-04", as.ListRemoveByValueRangeOp("l", listValue, 2, 4), list(2, 3), list(1, 4, 5)},
	}
	for _, each := range changes {
		scenario(t, each.ids, func(t *testing.T, k *as.Key) {
			put(t, k, as.BinMap{"l": list(1, 2, 3, 4, 5)})
			same(t, operate(t, k, each.op)["l"], each.want)
			bins(t, k, as.BinMap{"l": each.left})
		})
	}
	scenario(t, "lists-05", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"l": list(10, 20)})
		same(t, operate(t, k, as.ListIncrementOp("l", 1, 5))["l"], 25)
		same(t, operate(t, k, as.ListAppendOp("new", 1))["new"], 1)
	})
	scenario(t, "lists-06", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"l": list(3, 1, 3, 2)})
		operate(t, k, as.ListSortOp("l", as.ListSortFlagsDropDuplicates))
		bins(t, k, as.BinMap{"l": list(1, 2, 3)})
		put(t, k, as.BinMap{"l": list(9, 5)})
		operate(t, k, as.ListSetOrderOp("l", as.ListOrderOrdered))
		operate(t, k, as.ListAppendOp("l", 7))
		bins(t, k, as.BinMap{"l": list(5, 7, 9)})
	})
	scenario(t, "lists-09", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"l": list(1, 2)})
		unique := as.NewListPolicy(as.ListOrderUnordered, as.ListWriteFlagsAddUnique)
		refused(t, k, types.FAIL_ELEMENT_EXISTS, as.ListAppendWithPolicyOp(unique, "l", 2))
		lenient := as.NewListPolicy(as.ListOrderUnordered,
			as.ListWriteFlagsAddUnique|as.ListWriteFlagsNoFail|as.ListWriteFlagsPartial)
		operate(t, k, as.ListAppendWithPolicyOp(lenient, "l", 2, 3))
		bins(t, k, as.BinMap{"l": list(1, 2, 3)})
	})
	scenario(t, "lists-10 lists-11", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"l": list(1, 2, 3), "i": 1})
		bounded := as.NewListPolicy(as.ListOrderUnordered, as.ListWriteFlagsInsertBounded)
		refused(t, k, types.OP_NOT_APPLICABLE, as.ListInsertWithPolicyOp(bounded, "l", 9, 4))
		refused(t, k, types.OP_NOT_APPLICABLE, as.ListGetOp("l", 5))
		refused(t, k, types.BIN_TYPE_ERROR, as.ListAppendOp("i", 1))
	})
	scenario(t, "lists-12", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"l": list(list(1), list(2)), "m": map[any]any{"a": list(list(5, 1), list(0))}})
		operate(t, k, as.ListAppendWithPolicyContextOp(as.DefaultListPolicy(), "l", []*as.CDTContext{as.CtxListIndex(1)}, 3))
		same(t, get(t, k).Bins["l"], list(list(1), list(2, 3)))
		got := operate(t, k, as.ListGetOp("m", 1, as.CtxMapKey(as.NewValue("a")), as.CtxListRank(-1)))
		same(t, got["m"], 1)
	})
}

func TestMaps(t *testing.T) {
	letters := map[any]any{"a": 10, "b": 40, "c": 20, "d": 30}
	ordered := as.NewMapPolicy(as.MapOrder.KEY_ORDERED, as.MapWriteMode.UPDATE)
	scenario(t, "maps-01", func(t *testing.T, k *as.Key) {
		got := operate(t, k, as.MapPutOp(plainMap, "m", "a", 1), as.MapPutOp(plainMap, "m", "a", 2),
			as.MapPutItemsOp(plainMap, "m", map[any]any{"b": 3, "c": 4}), as.MapSizeOp("m"))
		same(t, got["m"], as.OpResults{1, 1, 3, 3})
		bins(t, k, as.BinMap{"m": map[any]any{"a": 2, "b": 3, "c": 4}})
	})
	cases := []struct {
		ids  string
		op   *as.Operation
		want any
		left int
	}{
		{"maps-02", as.MapGetByKeyOp("m", "b", mapValue), 40, 4},
		{"maps-02", as.MapGetByKeyOp("m", "b", as.MapReturnType.INDEX), 1, 4},
		{"maps-02", as.MapGetByKeyOp("m", "b", as.MapReturnType.RANK), 3, 4},
		{"maps-02", as.MapGetByKeyOp("m", "z", mapValue), nil, 4},
		{"maps-02", as.MapGetByKeyRangeOp("m", "b", "d", mapKey), list("b", "c"), 4},
		{"maps-02", as.MapGetByKeyListOp("m", list("a", "d", "z"), mapValue), list(10, 30), 4},
		{"maps-03", as.MapGetByValueOp("m", 30, mapKey), list("d"), 4},
		{"maps-03", as.MapGetByValueRangeOp("m", 15, 35, mapKey), list("c", "d"), 4},
		{"maps-03", as.MapGetByRankOp("m", -1, mapKey), "b", 4},
		{"maps-03", as.MapGetByIndexOp("m", -1, mapKey), "d", 4},
		{"maps-03", as.MapGetByIndexRangeCountOp("m", 1, 2, mapKey), list("b", "c"), 4},
		{"maps-04", as.MapRemoveByKeyOp("m", "a", mapValue), 10, 3},
		{"maps-04", as.MapRemoveByKeyListOp("m", list("a", "z"), mapCount), 1, 3},
		{"maps-04", as.MapRemoveByKeyRangeOp("m", "b", "d", mapKey), list("b", "c"), 2},
		{"maps-04", as.MapRemoveByValueOp("m", 20, mapKey), list("c"), 3},
		{"maps-04", as.MapRemoveByRankOp("m", -1, mapValue), 40, 3},
		{"maps-04", as.MapRemoveByIndexRangeCountOp("m", 1, 2, mapCount), 2, 2},
		{"maps-08", as.MapGetByKeyRelativeIndexRangeOp("m", "b", 1, mapKey), list("c", "d"), 4},
		{"maps-08", as.MapGetByValueRelativeRankRangeOp("m", 20, 1, mapValue), list(30, 40), 4},
		{"maps-09", as.MapRemoveByKeyListOp("m", list("a", "b"), mapCount|as.MapReturnType.INVERTED), 2, 2},
		{"maps-11", as.MapClearOp("m"), nil, 0},
	}
	for _, each := range cases {
		scenario(t, each.ids, func(t *testing.T, k *as.Key) {
			put(t, k, as.BinMap{"x": 1, "m": nil})
			operate(t, k, as.MapPutItemsOp(ordered, "m", letters))
			same(t, operate(t, k, each.op)["m"], each.want)
			same(t, operate(t, k, as.MapSizeOp("m"))["m"], each.left)
		})
	}
	scenario(t, "maps-05", func(t *testing.T, k *as.Key) {
		got := operate(t, k, as.MapIncrementOp(plainMap, "m", "a", 15), as.MapDecrementOp(plainMap, "m", "a", 1))
		same(t, got["m"], as.OpResults{15, 14})
	})
	scenario(t, "maps-06 maps-12", func(t *testing.T, k *as.Key) {
		for _, each := range list("text", 7, -7, []byte("blob")) {
			operate(t, k, as.MapPutOp(ordered, "m", each, 1))
		}
		got := operate(t, k, as.MapGetByIndexRangeOp("m", 0, mapKey))
		same(t, got["m"], list(-7, 7, "text", []byte("blob")))
	})
	scenario(t, "maps-07", func(t *testing.T, k *as.Key) {
		operate(t, k, as.MapPutItemsOp(ordered, "m", letters))
		flags := func(flags int) *as.MapPolicy { return as.NewMapPolicyWithFlags(as.MapOrder.KEY_ORDERED, flags) }
		refused(t, k, types.FAIL_ELEMENT_EXISTS, as.MapPutOp(flags(as.MapWriteFlagsCreateOnly), "m", "a", 1))
		refused(t, k, types.FAIL_ELEMENT_NOT_FOUND, as.MapPutOp(flags(as.MapWriteFlagsUpdateOnly), "m", "z", 1))
		lenient := flags(as.MapWriteFlagsCreateOnly | as.MapWriteFlagsNoFail | as.MapWriteFlagsPartial)
		operate(t, k, as.MapPutItemsOp(lenient, "m", map[any]any{"a": 1, "e": 5}))
		same(t, operate(t, k, as.MapGetByKeyListOp("m", list("a", "e"), mapValue))["m"], list(10, 5))
	})
	scenario(t, "maps-10", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"m": map[any]any{"x": map[any]any{"n": 1}}})
		operate(t, k, as.MapPutOp(plainMap, "m", "k", 2, as.CtxMapKey(as.NewValue("x"))))
		operate(t, k, as.MapPutOp(plainMap, "m", "c", 3, as.CtxMapKeyCreate(as.NewValue("z"), as.MapOrder.KEY_ORDERED)))
		bins(t, k, as.BinMap{"m": map[any]any{"x": map[any]any{"n": 1, "k": 2}, "z": map[any]any{"c": 3}}})
	})
	scenario(t, "maps-11", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"m": "text"})
		refused(t, k, types.BIN_TYPE_ERROR, as.MapPutOp(plainMap, "m", "a", 1))
	})
}

func TestBits(t *testing.T) {
	plain := as.DefaultBitPolicy()
	scenario(t, "bits-01", func(t *testing.T, k *as.Key) {
		operate(t, k, as.BitResizeOp(plain, "b", 4, as.BitResizeFlagsDefault))
		bins(t, k, as.BinMap{"b": []byte{0, 0, 0, 0}})
		operate(t, k, as.BitInsertOp(plain, "b", 1, []byte{0xaa, 0xbb}), as.BitRemoveOp(plain, "b", 0, 1))
		bins(t, k, as.BinMap{"b": []byte{0xaa, 0xbb, 0, 0, 0}})
	})
	changes := []struct {
		ids  string
		op   *as.Operation
		want []byte
	}{
		{"bits-02", as.BitSetOp(plain, "b", 4, 8, []byte{0xff}), []byte{0x0f, 0xf2, 3}},
		{"bits-02", as.BitOrOp(plain, "b", 0, 8, []byte{0xf0}), []byte{0xf1, 2, 3}},
		{"bits-02", as.BitXorOp(plain, "b", 16, 8, []byte{0xff}), []byte{1, 2, 0xfc}},
		{"bits-02", as.BitAndOp(plain, "b", 0, 16, []byte{0, 3}), []byte{0, 2, 3}},
		{"bits-02", as.BitNotOp(plain, "b", 0, 8), []byte{0xfe, 2, 3}},
		{"bits-03", as.BitLShiftOp(plain, "b", 0, 24, 4), []byte{0x10, 0x20, 0x30}},
		{"bits-03", as.BitRShiftOp(plain, "b", 0, 16, 1), []byte{0, 0x81, 3}},
		{"bits-03", as.BitAddOp(plain, "b", 0, 8, 255, false, as.BitOverflowActionWrap), []byte{0, 2, 3}},
		{"bits-03", as.BitAddOp(plain, "b", 0, 8, 255, false, as.BitOverflowActionSaturate), []byte{255, 2, 3}},
		{"bits-05", as.BitSetIntOp(plain, "b", 0, 16, 0x1234), []byte{0x12, 0x34, 3}},
	}
	for _, each := range changes {
		scenario(t, each.ids, func(t *testing.T, k *as.Key) {
			put(t, k, as.BinMap{"b": []byte{1, 2, 3}})
			operate(t, k, each.op)
			bins(t, k, as.BinMap{"b": each.want})
		})
	}
	scenario(t, "bits-04", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"b": []byte{1, 2, 255}})
		got := operate(t, k, as.BitGetOp("b", 4, 8), as.BitCountOp("b", 0, 24), as.BitLScanOp("b", 0, 24, true),
			as.BitRScanOp("b", 0, 16, true), as.BitGetIntOp("b", 16, 8, false), as.BitGetIntOp("b", 16, 8, true))
		same(t, got["b"], as.OpResults{[]byte{0x10}, 10, 7, 14, 255, -1})
	})
	scenario(t, "bits-03 bits-05 bits-06", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"b": []byte{255}, "s": "text"})
		refused(t, k, types.OP_NOT_APPLICABLE, as.BitAddOp(plain, "b", 0, 8, 1, false, as.BitOverflowActionFail))
		create := as.NewBitPolicy(as.BitWriteFlagsCreateOnly)
		refused(t, k, types.BIN_EXISTS_ERROR, as.BitResizeOp(create, "b", 2, as.BitResizeFlagsDefault))
		update := as.NewBitPolicy(as.BitWriteFlagsUpdateOnly)
		refused(t, k, types.BIN_NOT_FOUND, as.BitResizeOp(update, "no", 2, as.BitResizeFlagsDefault))
		refused(t, k, types.OP_NOT_APPLICABLE, as.BitGetOp("b", 64, 8))
		refused(t, k, types.BIN_TYPE_ERROR, as.BitCountOp("s", 0, 8))
	})
}

func hllValues(begin, end int) []as.Value {
	var values []as.Value
	for n := begin; n < end; n++ {
		values = append(values, as.NewStringValue(fmt.Sprintf("v%d", n)))
	}
	return values
}

func TestHyperLogLog(t *testing.T) {
	plain := as.DefaultHLLPolicy()
	scenario(t, "hll-01 hll-02", func(t *testing.T, k *as.Key) {
		operate(t, k, as.HLLInitOp(plain, "h", 10, -1))
		same(t, operate(t, k, as.HLLDescribeOp("h"))["h"], list(10, 0))
		operate(t, k, as.HLLAddOp(plain, "h", hllValues(0, 100), -1, -1))
		between(t, float64(operate(t, k, as.HLLGetCountOp("h"))["h"].(int)), 90, 110)
		between(t, float64(operate(t, k, as.HLLRefreshCountOp("h"))["h"].(int)), 90, 110)
		operate(t, k, as.HLLFoldOp("h", 8))
		same(t, operate(t, k, as.HLLDescribeOp("h"))["h"], list(8, 0))
	})
	scenario(t, "hll-03 hll-04 hll-05", func(t *testing.T, k *as.Key) {
		operate(t, k, as.HLLAddOp(plain, "h", hllValues(0, 1000), 12, 20),
			as.HLLAddOp(plain, "g", hllValues(500, 1500), 12, 20))
		record := get(t, k)
		other := []as.HLLValue{record.Bins["g"].(as.HLLValue)}
		between(t, float64(operate(t, k, as.HLLGetUnionCountOp("h", other))["h"].(int)), 1350, 1650)
		between(t, float64(operate(t, k, as.HLLGetIntersectCountOp("h", other))["h"].(int)), 375, 625)
		between(t, operate(t, k, as.HLLGetSimilarityOp("h", other))["h"].(float64), 0.25, 0.42)
		put(t, k, as.BinMap{"copy": record.Bins["g"], "i": 1})
		same(t, get(t, k).Bins["copy"], record.Bins["g"])
		operate(t, k, as.HLLSetUnionOp(plain, "h", other))
		between(t, float64(operate(t, k, as.HLLGetCountOp("h"))["h"].(int)), 1350, 1650)
		create := as.NewHLLPolicy(as.HLLWriteFlagsCreateOnly)
		refused(t, k, types.BIN_EXISTS_ERROR, as.HLLInitOp(create, "h", 8, -1))
		update := as.NewHLLPolicy(as.HLLWriteFlagsUpdateOnly)
		refused(t, k, types.BIN_NOT_FOUND, as.HLLInitOp(update, "no", 8, -1))
		refused(t, k, types.BIN_TYPE_ERROR, as.HLLGetCountOp("i"))
	})
}
