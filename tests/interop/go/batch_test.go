package interop

import (
	"testing"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

func batchKeys(t *testing.T, count int) []*as.Key {
	t.Helper()
	var keys []*as.Key
	for n := range count {
		keys = append(keys, must(as.NewKey("test", t.Name(), n)))
	}
	return keys
}

// everySecond makes records at every second of a hundred keys.
func everySecond(t *testing.T) []*as.Key {
	t.Helper()
	keys := batchKeys(t, 100)
	for n, k := range keys {
		if n%2 == 0 {
			put(t, k, as.BinMap{"n": n, "l": list(1, 2, 3), "s": "text"})
		}
	}
	return keys
}

func TestBatch(t *testing.T) {
	w := as.PutOp(as.NewBin("w", 1))
	scenario(t, "batch-01 batch-02", func(t *testing.T, _ *as.Key) {
		keys := everySecond(t)
		records, _ := shared.BatchGet(nil, keys)
		headers, _ := shared.BatchGetHeader(nil, keys)
		exist, err := shared.BatchExists(nil, keys)
		succeeds(t, err)
		for n := range keys {
			same(t, exist[n], n%2 == 0)
			same(t, records[n] != nil, n%2 == 0)
			if records[n] != nil {
				same(t, records[n].Bins["n"], n)
				same(t, headers[n].Generation, uint32(1))
			}
		}
		some, _ := shared.BatchGet(nil, keys[:1], "n", "none")
		same(t, some[0].Bins, as.BinMap{"n": 0})
	})
	scenario(t, "batch-03 batch-04", func(t *testing.T, k *as.Key) {
		keys := everySecond(t)
		put(t, k, as.BinMap{"o": 1})
		twice := as.ExpReadOp("twice", as.ExpNumMul(as.ExpIntBin("n"), intVal(2)), as.ExpReadFlagDefault)
		all := as.NewBatchRead(nil, k, nil)
		all.ReadAllBins = true
		rows := []as.BatchRecordIfc{
			as.NewBatchRead(nil, keys[0], []string{"n"}), all, as.NewBatchReadOps(nil, keys[2], as.ListSizeOp("l"), twice),
		}
		succeeds(t, shared.BatchOperate(nil, rows))
		for n, want := range []as.BinMap{{"n": 0}, {"o": 1}, {"l": 3, "twice": 4}} {
			same(t, rows[n].BatchRec().Record.Bins, want)
		}
	})
	scenario(t, "batch-05 batch-08 batch-14", func(t *testing.T, _ *as.Key) {
		keys := everySecond(t)
		sent, create, equal, ttl := as.NewBatchWritePolicy(), as.NewBatchWritePolicy(), as.NewBatchWritePolicy(), as.NewBatchWritePolicy()
		sent.SendKey = true
		create.RecordExistsAction = as.CREATE_ONLY
		equal.GenerationPolicy, equal.Generation = as.EXPECT_GEN_EQUAL, 9
		ttl.Expiration = 500
		rows := []as.BatchRecordIfc{
			as.NewBatchWrite(create, keys[0], w), as.NewBatchWrite(create, keys[1], w),
			as.NewBatchWrite(equal, keys[2], w), as.NewBatchWrite(ttl, keys[4], w),
		}
		for _, k := range keys[50:] {
			rows = append(rows, as.NewBatchWrite(sent, k, w))
		}
		_ = shared.BatchOperate(nil, rows)
		same(t, codes(rows)[:4], []types.ResultCode{types.KEY_EXISTS_ERROR, 0, types.GENERATION_ERROR, 0})
		between(t, float64(get(t, keys[4]).Expiration), 490, 500)
		for _, k := range keys[50:] {
			same(t, get(t, k).Bins["w"], 1)
		}
		stored := 0
		for found, err := range must(shared.ScanAll(nil, "test", t.Name())).Records() {
			succeeds(t, err)
			if found.Key.Value() != nil {
				stored++
			}
		}
		same(t, stored, 50)
	})
	scenario(t, "batch-06 batch-09 batch-10", func(t *testing.T, _ *as.Key) {
		register(t, "counter.lua")
		keys := everySecond(t)
		rows := []as.BatchRecordIfc{
			as.NewBatchRead(nil, keys[0], []string{"n"}), as.NewBatchWrite(nil, keys[1], w),
			as.NewBatchDelete(nil, keys[2]), as.NewBatchDelete(nil, keys[3]),
			as.NewBatchUDF(nil, keys[4], "counter", "add", as.NewValue("n"), as.NewValue(10)),
			as.NewBatchUDF(nil, keys[6], "counter", "take", as.NewValue("n"), as.NewValue(10)),
			as.NewBatchWrite(nil, keys[8], as.AddOp(as.NewBin("s", 1))),
		}
		_ = shared.BatchOperate(nil, rows)
		same(t, codes(rows), []types.ResultCode{0, 0, 0, types.KEY_NOT_FOUND_ERROR, 0, types.UDF_BAD_RESPONSE, types.BIN_TYPE_ERROR})
		same(t, rows[4].BatchRec().Record.Bins["SUCCESS"], 14)
		gone(t, keys[2])
	})
	scenario(t, "batch-07", func(t *testing.T, _ *as.Key) {
		keys := everySecond(t)
		rows, _ := shared.BatchDelete(nil, nil, keys)
		for n, row := range rows {
			same(t, row.ResultCode, []types.ResultCode{0, types.KEY_NOT_FOUND_ERROR}[n%2])
		}
	})
	scenario(t, "batch-11", func(t *testing.T, _ *as.Key) {
		keys := batchKeys(t, 1500)
		var rows []as.BatchRecordIfc
		for _, k := range keys {
			rows = append(rows, as.NewBatchWrite(nil, k, w))
		}
		succeeds(t, shared.BatchOperate(nil, rows))
		records, err := shared.BatchGet(nil, keys)
		succeeds(t, err)
		for _, each := range records {
			same(t, each.Bins, as.BinMap{"w": 1})
		}
	})
	scenario(t, "batch-12", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 1})
		_, err := shared.BatchGet(nil, []*as.Key{k, must(as.NewKey("nowhere", "demo", 1))})
		fails(t, err, types.INVALID_NAMESPACE)
	})
	scenario(t, "batch-13", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 1})
		records, err := shared.BatchGet(nil, []*as.Key{k, k, k})
		succeeds(t, err)
		for _, each := range records {
			same(t, each.Bins, as.BinMap{"a": 1})
		}
	})
	scenario(t, "batch-15", func(t *testing.T, _ *as.Key) {
		keys := everySecond(t)
		policies := []func(*as.BatchPolicy){
			func(p *as.BatchPolicy) { p.AllowInline = false },
			func(p *as.BatchPolicy) { p.RespondAllKeys = false },
			func(p *as.BatchPolicy) { p.ConcurrentNodes = 0 },
		}
		for _, change := range policies {
			policy := as.NewBatchPolicy()
			change(policy)
			records, err := shared.BatchGet(policy, []*as.Key{keys[0], keys[2]})
			succeeds(t, err)
			same(t, records[1].Bins["n"], 2)
		}
	})
}
