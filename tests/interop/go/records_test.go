package interop

import (
	"math"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

func TestRecords(t *testing.T) {
	scenario(t, "records-01", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"name": "Ada", "born": 1815})
		bins(t, k, as.BinMap{"name": "Ada", "born": 1815})
		same(t, get(t, k).Generation, uint32(1))
	})
	values := map[string][]any{
		"records-02": {0, -1, math.MaxInt64, math.MinInt64},
		"records-03": {0.0, -2.5, 1e308, math.Inf(1)},
		"records-04": {"", "text", "ünïcödé ☃", strings.Repeat("x", 100_000)},
		"records-05": {[]byte{}, []byte{0, 1, 255}, make([]byte, 100_000)},
		"records-06": {true, false},
		"records-07": {
			[]any{1, "two", 3.5, []any{4, []any{5}}, map[any]any{"six": 6}, []byte{7}, true, nil},
			map[any]any{"a": []any{1, 2}, "b": map[any]any{"c": map[any]any{"d": nil}}, 3: "int key"},
		},
	}
	for ids, each := range values {
		scenario(t, ids, func(t *testing.T, k *as.Key) {
			for _, value := range each {
				put(t, k, as.BinMap{"value": value})
				bins(t, k, as.BinMap{"value": value})
			}
		})
	}
	scenario(t, "records-08 records-09", func(t *testing.T, _ *as.Key) {
		for number, each := range []any{"1", 1, []byte{1}, "k"} {
			k := must(as.NewKey("test", "keys", each))
			put(t, k, as.BinMap{"n": number})
		}
		for number, each := range []any{"1", 1, []byte{1}, "k"} {
			bins(t, must(as.NewKey("test", "keys", each)), as.BinMap{"n": number})
		}
		put(t, key(t, "one", "k"), as.BinMap{"a": 1})
		put(t, key(t, "two", "k"), as.BinMap{"a": 2})
		bins(t, key(t, "one", "k"), as.BinMap{"a": 1})
	})
	scenario(t, "records-10", gone)
	scenario(t, "records-11", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 1, "b": 2})
		put(t, k, as.BinMap{"b": 3, "c": 4})
		bins(t, k, as.BinMap{"a": 1, "b": 3, "c": 4})
		same(t, get(t, k).Generation, uint32(2))
	})
	scenario(t, "records-12 records-13", func(t *testing.T, k *as.Key) {
		found, err := shared.Exists(nil, k)
		succeeds(t, err)
		same(t, found, false)
		put(t, k, as.BinMap{"a": 1, "b": 2, "c": 3})
		record, err := shared.Get(nil, k, "a", "c")
		succeeds(t, err)
		same(t, record.Bins, as.BinMap{"a": 1, "c": 3})
		found, err = shared.Exists(nil, k)
		succeeds(t, err)
		same(t, found, true)
		header, err := shared.GetHeader(nil, k)
		succeeds(t, err)
		same(t, header.Generation, uint32(1))
	})
	scenario(t, "records-14", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 1})
		put(t, k, as.BinMap{"a": 1})
		for _, want := range []bool{true, false} {
			found, err := shared.Delete(nil, k)
			succeeds(t, err)
			same(t, found, want)
		}
		put(t, k, as.BinMap{"a": 1})
		same(t, get(t, k).Generation, uint32(1))
	})
	scenario(t, "records-15", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 1, "b": 2})
		put(t, k, as.BinMap{"a": nil})
		bins(t, k, as.BinMap{"b": 2})
		put(t, k, as.BinMap{"b": nil})
		gone(t, k)
	})
	scenario(t, "records-16", func(t *testing.T, k *as.Key) {
		succeeds(t, shared.Append(nil, k, as.BinMap{"w": "merge"}))
		succeeds(t, shared.Append(nil, k, as.BinMap{"w": "nce"}))
		succeeds(t, shared.Prepend(nil, k, as.BinMap{"w": "e"}))
		bins(t, k, as.BinMap{"w": "emergence"})
		put(t, k, as.BinMap{"w": 1})
		fails(t, shared.Append(nil, k, as.BinMap{"w": "x"}), types.BIN_TYPE_ERROR)
		bins(t, k, as.BinMap{"w": 1})
	})
	scenario(t, "records-17", func(t *testing.T, k *as.Key) {
		for _, by := range []int{40, 5, -3} {
			succeeds(t, shared.Add(nil, k, as.BinMap{"n": by}))
		}
		bins(t, k, as.BinMap{"n": 42})
		put(t, k, as.BinMap{"n": math.MaxInt64})
		succeeds(t, shared.Add(nil, k, as.BinMap{"n": 1}))
		bins(t, k, as.BinMap{"n": math.MinInt64})
		put(t, k, as.BinMap{"n": "text"})
		fails(t, shared.Add(nil, k, as.BinMap{"n": 1}), types.BIN_TYPE_ERROR)
	})
	scenario(t, "records-18", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{strings.Repeat("b", 15): 1})
		fails(t, shared.Put(nil, k, as.BinMap{strings.Repeat("b", 16): 1}), types.BIN_NAME_TOO_LONG)
	})
	scenario(t, "records-19", func(t *testing.T, _ *as.Key) {
		k := must(as.NewKey("nowhere", "demo", "k"))
		fails(t, shared.Put(nil, k, as.BinMap{"a": 1}), types.INVALID_NAMESPACE)
	})
	scenario(t, "records-20", func(t *testing.T, k *as.Key) {
		fails(t, shared.Put(nil, k, as.BinMap{"a": strings.Repeat("x", 1024*1024)}), types.RECORD_TOO_BIG)
		gone(t, k)
	})
	scenario(t, "records-21", func(t *testing.T, k *as.Key) {
		many := as.BinMap{}
		for n := range 500 {
			many["bin"+string(rune('a'+n/100))+string(rune('a'+n/10%10))+string(rune('a'+n%10))] = n
		}
		put(t, k, many)
		bins(t, k, many)
	})
	scenario(t, "records-22", func(t *testing.T, _ *as.Key) {
		policy := as.NewWritePolicy(0, 0)
		policy.SendKey = true
		succeeds(t, shared.Put(policy, key(t, "sent", "the key"), as.BinMap{"a": 1}))
		for record, err := range must(shared.ScanAll(nil, "test", "sent")).Records() {
			succeeds(t, err)
			same(t, record.Key.Value().GetObject(), "the key")
		}
	})
	scenario(t, "records-23", func(t *testing.T, k *as.Key) {
		fails(t, shared.Touch(nil, k), types.KEY_NOT_FOUND_ERROR)
		put(t, k, as.BinMap{"a": 1})
		succeeds(t, shared.Touch(nil, k))
		same(t, get(t, k).Generation, uint32(2))
		bins(t, k, as.BinMap{"a": 1})
	})
}

func writing(change func(*as.WritePolicy)) *as.WritePolicy {
	policy := as.NewWritePolicy(0, 0)
	change(policy)
	return policy
}

func generation(policy as.GenerationPolicy, generation uint32) *as.WritePolicy {
	return writing(func(p *as.WritePolicy) { p.GenerationPolicy, p.Generation = policy, generation })
}

func action(action as.RecordExistsAction) *as.WritePolicy {
	return writing(func(p *as.WritePolicy) { p.RecordExistsAction = action })
}

func expiring(seconds uint32) *as.WritePolicy {
	return writing(func(p *as.WritePolicy) { p.Expiration = seconds })
}

func TestPolicies(t *testing.T) {
	one, two := as.BinMap{"a": 1}, as.BinMap{"b": 2}
	scenario(t, "policies-01 policies-13", func(t *testing.T, k *as.Key) {
		put(t, k, one)
		succeeds(t, shared.Put(generation(as.EXPECT_GEN_EQUAL, 1), k, as.BinMap{"a": 2}))
		fails(t, shared.Put(generation(as.EXPECT_GEN_EQUAL, 1), k, as.BinMap{"a": 3}), types.GENERATION_ERROR)
		bins(t, k, as.BinMap{"a": 2})
	})
	scenario(t, "policies-02", func(t *testing.T, k *as.Key) {
		put(t, k, one)
		fails(t, shared.Put(generation(as.EXPECT_GEN_GT, 1), k, two), types.GENERATION_ERROR)
		succeeds(t, shared.Put(generation(as.EXPECT_GEN_GT, 7), k, two))
	})
	scenario(t, "policies-03 policies-12", func(t *testing.T, k *as.Key) {
		put(t, k, one)
		_, err := shared.Delete(generation(as.EXPECT_GEN_EQUAL, 5), k)
		fails(t, err, types.GENERATION_ERROR)
		policy := generation(as.EXPECT_GEN_EQUAL, 1)
		policy.DurableDelete = true
		_, err = shared.Delete(policy, k)
		succeeds(t, err)
		gone(t, k)
	})
	scenario(t, "policies-04", func(t *testing.T, k *as.Key) {
		succeeds(t, shared.Put(action(as.CREATE_ONLY), k, one))
		fails(t, shared.Put(action(as.CREATE_ONLY), k, two), types.KEY_EXISTS_ERROR)
		bins(t, k, one)
	})
	scenario(t, "policies-05", func(t *testing.T, k *as.Key) {
		fails(t, shared.Put(action(as.UPDATE_ONLY), k, one), types.KEY_NOT_FOUND_ERROR)
		put(t, k, one)
		succeeds(t, shared.Put(action(as.UPDATE_ONLY), k, two))
		bins(t, k, as.BinMap{"a": 1, "b": 2})
	})
	scenario(t, "policies-06", func(t *testing.T, k *as.Key) {
		fails(t, shared.Put(action(as.REPLACE_ONLY), k, one), types.KEY_NOT_FOUND_ERROR)
		put(t, k, one)
		succeeds(t, shared.Put(action(as.REPLACE_ONLY), k, two))
		bins(t, k, two)
	})
	scenario(t, "policies-07", func(t *testing.T, k *as.Key) {
		succeeds(t, shared.Put(action(as.REPLACE), k, one))
		succeeds(t, shared.Put(action(as.REPLACE), k, two))
		bins(t, k, two)
		same(t, get(t, k).Generation, uint32(2))
	})
	scenario(t, "policies-08 policies-11", func(t *testing.T, k *as.Key) {
		succeeds(t, shared.Put(expiring(1000), k, one))
		between(t, float64(get(t, k).Expiration), 990, 1000)
		succeeds(t, shared.Touch(expiring(300), k))
		between(t, float64(get(t, k).Expiration), 290, 300)
	})
	scenario(t, "policies-09", func(t *testing.T, _ *as.Key) {
		k := must(as.NewKey("aging", "demo", "k"))
		put(t, k, one)
		between(t, float64(get(t, k).Expiration), 90, 100)
		succeeds(t, shared.Put(expiring(5000), k, one))
		succeeds(t, shared.Put(expiring(as.TTLDontUpdate), k, two))
		between(t, float64(get(t, k).Expiration), 4990, 5000)
		succeeds(t, shared.Put(expiring(as.TTLDontExpire), k, two))
		same(t, get(t, k).Expiration, uint32(as.TTLDontExpire))
	})
	scenario(t, "policies-10", func(t *testing.T, k *as.Key) {
		succeeds(t, shared.Put(expiring(1), k, one))
		time.Sleep(2200 * time.Millisecond)
		gone(t, k)
		succeeds(t, shared.Put(action(as.CREATE_ONLY), k, one))
	})
	scenario(t, "policies-14", func(t *testing.T, _ *as.Key) {
		k := must(as.NewKey("aging", "demo", "touched"))
		succeeds(t, shared.Put(expiring(100), k, one))
		time.Sleep(2100 * time.Millisecond)
		policy := as.NewPolicy()
		policy.ReadTouchTTLPercent = -1
		between(t, float64(must(shared.Get(policy, k)).Expiration), 90, 98)
		policy.ReadTouchTTLPercent = 100
		must(shared.Get(policy, k))
		time.Sleep(200 * time.Millisecond)
		policy.ReadTouchTTLPercent = -1
		between(t, float64(must(shared.Get(policy, k)).Expiration), 99, 100)
	})
	scenario(t, "policies-15", func(t *testing.T, k *as.Key) {
		for _, level := range []as.CommitLevel{as.COMMIT_ALL, as.COMMIT_MASTER} {
			succeeds(t, shared.Put(writing(func(p *as.WritePolicy) { p.CommitLevel = level }), k, one))
			policy := as.NewPolicy()
			for _, policy.ReadModeAP = range []as.ReadModeAP{as.ReadModeAPOne, as.ReadModeAPAll} {
				same(t, must(shared.Get(policy, k)).Bins, one)
			}
		}
	})
	scenario(t, "policies-16", func(t *testing.T, k *as.Key) {
		long := as.BinMap{"a": strings.Repeat("x", 50_000)}
		succeeds(t, shared.Put(writing(func(p *as.WritePolicy) { p.UseCompression = true }), k, long))
		bins(t, k, long)
		// Compressed replies to single reads are more than this release of the client can read: it takes the size of
		// what was compressed for a header.
		policy := as.NewBatchPolicy()
		policy.UseCompression = true
		found, err := shared.BatchGet(policy, []*as.Key{k, key(t, "demo", "no other"), k})
		succeeds(t, err)
		same(t, found[0].Bins, long)
	})
}

func TestOperate(t *testing.T) {
	bin := func(name string, value any) *as.Bin { return as.NewBin(name, value) }
	scenario(t, "operate-01", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 1, "b": "x", "c": 2.5})
		same(t, operate(t, k, as.GetBinOp("a"), as.GetBinOp("c")), as.BinMap{"a": 1, "c": 2.5})
		same(t, get(t, k).Generation, uint32(1))
	})
	scenario(t, "operate-02 operate-11", func(t *testing.T, k *as.Key) {
		same(t, operate(t, k, as.PutOp(bin("a", 7)), as.GetBinOp("a")), as.BinMap{"a": 7})
		same(t, get(t, k).Generation, uint32(1))
		same(t, operate(t, k, as.PutOp(bin("b", 8)), as.GetOp()), as.BinMap{"a": 7, "b": 8})
	})
	scenario(t, "operate-03", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"n": 1})
		got := operate(t, k, as.GetBinOp("n"), as.AddOp(bin("n", 10)), as.GetBinOp("n"), as.AddOp(bin("n", 5)), as.GetBinOp("n"))
		var reads []any
		for _, each := range got["n"].(as.OpResults) {
			if each != nil {
				reads = append(reads, each)
			}
		}
		same(t, reads, []any{1, 11, 16})
	})
	scenario(t, "operate-04 operate-06", func(t *testing.T, k *as.Key) {
		operate(t, k, as.PutOp(bin("a", 1)), as.AddOp(bin("b", 2)), as.AppendOp(bin("c", "x")))
		same(t, get(t, k).Generation, uint32(1))
		operate(t, k, as.TouchOp(), as.GetBinOp("a"))
		same(t, get(t, k).Generation, uint32(2))
	})
	scenario(t, "operate-05", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"text": "x", "n": 1})
		refused(t, k, types.BIN_TYPE_ERROR, as.AddOp(bin("n", 1)), as.AddOp(bin("text", 1)))
		bins(t, k, as.BinMap{"text": "x", "n": 1})
	})
	scenario(t, "operate-07 operate-08", func(t *testing.T, k *as.Key) {
		put(t, k, as.BinMap{"a": 5})
		same(t, operate(t, k, as.GetBinOp("a"), as.DeleteOp())["a"], 5)
		gone(t, k)
		put(t, k, as.BinMap{"old": 1})
		operate(t, k, as.DeleteOp(), as.PutOp(bin("new", 2)))
		bins(t, k, as.BinMap{"new": 2})
	})
	scenario(t, "operate-09", func(t *testing.T, k *as.Key) { refused(t, k, types.KEY_NOT_FOUND_ERROR, as.GetBinOp("a")) })
	scenario(t, "operate-10", func(t *testing.T, k *as.Key) {
		_, err := shared.Operate(expiring(500), k, as.PutOp(bin("a", 1)))
		succeeds(t, err)
		between(t, float64(get(t, k).Expiration), 490, 500)
	})
}
