package interop

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

const records = 60

// q makes the set Q of scenarios.md, without indexes.
func q(t *testing.T) {
	t.Helper()
	for _, name := range regexp.MustCompile(`indexname=([^:]+)`).FindAllStringSubmatch(answer(t, "sindex-list:namespace=test"), -1) {
		succeeds(t, shared.DropIndex(nil, "test", "q", name[1]))
	}
	succeeds(t, shared.Truncate(nil, "test", "q", nil))
	sent := writing(func(p *as.WritePolicy) { p.SendKey = true })
	for n := range records {
		succeeds(t, shared.Put(sent, must(as.NewKey("test", "q", n)), as.BinMap{
			"n": n, "s": fmt.Sprintf("s%d", n%5), "b": []byte{byte(n % 3)}, "l": list(n, n+1, fmt.Sprintf("e%d", n)),
			"m": map[any]any{fmt.Sprintf("k%d", n%7): n, "all": 1},
			"d": map[any]any{"inner": map[any]any{"rank": list(n%4, 100+n)}},
			"g": as.NewGeoJSONValue(fmt.Sprintf(`{"type":"Point","coordinates":[%f,0.0]}`, float64(n)*0.1)),
		}))
	}
}

// numbers gives the bin n of what a query or scan found, sorted.
func numbers(t *testing.T, found *as.Recordset, err as.Error) []int {
	t.Helper()
	succeeds(t, err)
	numbers := []int{}
	for record, err := range found.Records() {
		succeeds(t, err)
		numbers = append(numbers, record.Bins["n"].(int))
	}
	slices.Sort(numbers)
	return numbers
}

// from counts from one number up to another, in steps.
func from(first, last, step int) []int {
	numbers := []int{}
	for n := first; n <= last; n += step {
		numbers = append(numbers, n)
	}
	return numbers
}

// index makes an index on the set, and waits until it is built.
func index(t *testing.T, bin string, kind as.IndexType, collection as.IndexCollectionType, ctx ...*as.CDTContext) {
	t.Helper()
	task, err := shared.CreateComplexIndex(nil, "test", "q", "i", bin, kind, collection, ctx...)
	succeeds(t, err)
	done(t, task.OnComplete())
}

func byN(t *testing.T) {
	t.Helper()
	index(t, "n", as.NUMERIC, as.ICT_DEFAULT)
}

func where(filter *as.Filter, names ...string) *as.Statement {
	statement := as.NewStatement("test", "q", names...)
	statement.Filter = filter
	return statement
}

func TestScan(t *testing.T) {
	scenario(t, "scan-01 scan-11", func(t *testing.T, _ *as.Key) {
		q(t)
		succeeds(t, shared.Touch(expiring(1000), must(as.NewKey("test", "q", 7))))
		seen := 0
		for record, err := range must(shared.ScanAll(nil, "test", "q")).Records() {
			succeeds(t, err)
			seen++
			if record.Bins["n"] == 7 {
				same(t, record.Generation, uint32(2))
				between(t, float64(record.Expiration), 990, 1000)
			}
		}
		same(t, seen, records)
	})
	scenario(t, "scan-02 scan-04", func(t *testing.T, _ *as.Key) {
		q(t)
		put(t, key(t, "", "bare"), as.BinMap{"only": 1})
		put(t, key(t, "r", "other"), as.BinMap{"only": 2})
		seen := map[any]bool{}
		for record, err := range must(shared.ScanAll(nil, "test", "", "only")).Records() {
			succeeds(t, err)
			seen[record.Bins["only"]] = true
		}
		if !seen[1] || !seen[2] {
			t.Fatal(seen)
		}
		found, err := shared.ScanAll(nil, "test", "nobody")
		same(t, numbers(t, found, err), []int{})
		// The client tells of it at once, or with the first record.
		found, err = shared.ScanAll(nil, "nowhere", "q")
		if err == nil {
			for _, failed := range found.Records() {
				err = failed
			}
		}
		if err == nil {
			t.Fatal("scanned a namespace that is not there")
		}
	})
	scenario(t, "scan-03", func(t *testing.T, _ *as.Key) {
		q(t)
		policy := as.NewScanPolicy()
		policy.IncludeBinData = false
		for record, err := range must(shared.ScanAll(policy, "test", "q")).Records() {
			succeeds(t, err)
			same(t, len(record.Bins), 0)
		}
		for record, err := range must(shared.ScanAll(nil, "test", "q", "n", "s")).Records() {
			succeeds(t, err)
			same(t, len(record.Bins), 2)
		}
	})
	scenario(t, "scan-05 filter-13 scan-06", func(t *testing.T, _ *as.Key) {
		q(t)
		policy := as.NewScanPolicy()
		policy.FilterExpression = as.ExpEq(as.ExpNumMod(as.ExpIntBin("n"), intVal(10)), intVal(3))
		found, err := shared.ScanAll(policy, "test", "q")
		same(t, numbers(t, found, err), from(3, 53, 10))
		policy = as.NewScanPolicy()
		policy.MaxRecords = 10
		found, err = shared.ScanAll(policy, "test", "q")
		same(t, len(numbers(t, found, err)), 10)
	})
	scenario(t, "scan-07", func(t *testing.T, _ *as.Key) {
		q(t)
		var all []int
		for _, begin := range []int{0, 2048} {
			found, err := shared.ScanPartitions(nil, as.NewPartitionFilterByRange(begin, 2048), "test", "q")
			all = append(all, numbers(t, found, err)...)
		}
		slices.Sort(all)
		same(t, all, from(0, 59, 1))
	})
	scenario(t, "scan-08 scan-09", func(t *testing.T, _ *as.Key) {
		q(t)
		found := must(shared.ScanAll(nil, "test", "q"))
		for range found.Records() {
			break
		}
		_ = found.Close()
		start := time.Now()
		policy := as.NewScanPolicy()
		policy.RecordsPerSecond = 100
		found, err := shared.ScanAll(policy, "test", "q")
		same(t, numbers(t, found, err), from(0, 59, 1))
		between(t, time.Since(start).Seconds(), 0.3, 10)
	})
	scenario(t, "page-01 page-03 page-04", func(t *testing.T, _ *as.Key) {
		for _, size := range []int64{1, 7, 1000} {
			q(t)
			var all []int
			filter := as.NewPartitionFilterAll()
			policy := as.NewScanPolicy()
			policy.MaxRecords = size
			for page := 0; !filter.IsDone() && page < 100; page++ {
				found, err := shared.ScanPartitions(policy, filter, "test", "q")
				for _, n := range numbers(t, found, err) {
					if n < records {
						all = append(all, n)
					}
				}
				if page < 5 {
					put(t, must(as.NewKey("test", "q", 1000+page)), as.BinMap{"n": 1000 + page})
				}
			}
			slices.Sort(all)
			same(t, all, from(0, 59, 1))
		}
	})
	scenario(t, "page-02 page-05", func(t *testing.T, _ *as.Key) {
		q(t)
		byN(t)
		var all []int
		filter := as.NewPartitionFilterAll()
		policy := as.NewQueryPolicy()
		policy.MaxRecords = 7
		for page := 0; !filter.IsDone() && page < 100; page++ {
			// A cursor outlives its query.
			text, err := filter.EncodeCursor()
			succeeds(t, err)
			next := as.NewPartitionFilterAll()
			if page > 0 {
				succeeds(t, next.DecodeCursor(text))
			}
			filter = next
			found, err := shared.QueryPartitions(policy, where(as.NewRangeFilter("n", 10, 49)), filter)
			all = append(all, numbers(t, found, err)...)
		}
		slices.Sort(all)
		same(t, all, from(10, 49, 1))
	})
}

func TestSlowReader(t *testing.T) {
	scenario(t, "scan-10", func(t *testing.T, _ *as.Key) {
		wide := strings.Repeat("x", 2000)
		for n := range 5000 {
			put(t, must(as.NewKey("test", "wide", n)), as.BinMap{"n": n, "fill": wide})
		}
		seen := map[any]bool{}
		for record, err := range must(shared.ScanAll(nil, "test", "wide")).Records() {
			succeeds(t, err)
			if len(seen)%1000 == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			seen[record.Bins["n"]] = true
		}
		same(t, len(seen), 5000)
		succeeds(t, shared.Truncate(nil, "test", "wide", nil))
	})
	scenario(t, "query-16", func(t *testing.T, _ *as.Key) {
		q(t)
		byN(t)
		stop := make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			for turn := 0; ; turn++ {
				select {
				case <-stop:
					return
				default:
					_ = shared.Put(nil, must(as.NewKey("test", "q", turn%10)), as.BinMap{"n": turn%10 + 1000*(turn%2)})
				}
			}
		})
		defer writer.Wait()
		defer close(stop)
		for range 20 {
			found, err := shared.Query(nil, where(as.NewRangeFilter("n", 10, 59)))
			same(t, numbers(t, found, err), from(10, 59, 1))
		}
	})
}

func TestQuery(t *testing.T) {
	plain, listed, keys, values := as.ICT_DEFAULT, as.ICT_LIST, as.ICT_MAPKEYS, as.ICT_MAPVALUES
	cases := []struct {
		ids        string
		bin        string
		kind       as.IndexType
		collection as.IndexCollectionType
		filter     *as.Filter
		want       []int
	}{
		{"query-01 index-01", "n", as.NUMERIC, plain, as.NewEqualFilter("n", 33), []int{33}},
		{"query-02", "n", as.NUMERIC, plain, as.NewRangeFilter("n", 55, 1000), from(55, 59, 1)},
		{"query-02", "n", as.NUMERIC, plain, as.NewRangeFilter("n", -1<<63, 1<<63-1), from(0, 59, 1)},
		{"query-03 index-02", "s", as.STRING, plain, as.NewEqualFilter("s", "s3"), from(3, 58, 5)},
		{"query-04 index-02", "b", as.BLOB, plain, as.NewEqualFilter("b", []byte{2}), from(2, 59, 3)},
		{"query-05 index-03", "l", as.NUMERIC, listed, as.NewContainsFilter("l", listed, 10), []int{9, 10}},
		{"query-05", "l", as.STRING, listed, as.NewContainsFilter("l", listed, "e44"), []int{44}},
		{"query-05", "l", as.NUMERIC, listed, as.NewContainsRangeFilter("l", listed, 3, 6), from(2, 6, 1)},
		{"query-06 index-03", "m", as.STRING, keys, as.NewContainsFilter("m", keys, "k6"), from(6, 59, 7)},
		{"query-06 index-03", "m", as.NUMERIC, values, as.NewContainsRangeFilter("m", values, 57, 70), from(57, 59, 1)},
	}
	for _, each := range cases {
		scenario(t, each.ids, func(t *testing.T, _ *as.Key) {
			q(t)
			index(t, each.bin, each.kind, each.collection)
			found, err := shared.Query(nil, where(each.filter))
			same(t, numbers(t, found, err), each.want)
		})
	}
	scenario(t, "query-07 index-04", func(t *testing.T, _ *as.Key) {
		q(t)
		ctx := []*as.CDTContext{as.CtxMapKey(as.NewValue("inner")), as.CtxMapKey(as.NewValue("rank"))}
		index(t, "d", as.NUMERIC, listed, ctx...)
		found, err := shared.Query(nil, where(as.NewContainsRangeFilter("d", listed, 100, 103, ctx...)))
		same(t, numbers(t, found, err), from(0, 3, 1))
	})
	scenario(t, "query-08 index-05", func(t *testing.T, _ *as.Key) {
		q(t)
		expression := as.ExpNumAdd(as.ExpIntBin("n"), intVal(1000))
		task, err := shared.CreateIndexWithExpression(nil, "test", "q", "i", as.NUMERIC, plain, expression)
		succeeds(t, err)
		done(t, task.OnComplete())
		found, err := shared.Query(nil, where(as.NewRangeWithExpressionFilter(expression, 1010, 1012)))
		same(t, numbers(t, found, err), from(10, 12, 1))
	})
	scenario(t, "query-09 query-10 query-11 query-12 query-13 query-15", func(t *testing.T, _ *as.Key) {
		q(t)
		byN(t)
		found, err := shared.Query(nil, where(as.NewRangeWithIndexNameFilter("i", 7, 8)))
		same(t, numbers(t, found, err), []int{7, 8})
		policy := as.NewQueryPolicy()
		policy.FilterExpression = as.ExpEq(as.ExpNumMod(as.ExpIntBin("n"), intVal(2)), intVal(0))
		found, err = shared.Query(policy, where(as.NewRangeFilter("n", 10, 20)))
		same(t, numbers(t, found, err), from(10, 20, 2))
		for record, err := range must(shared.Query(nil, where(as.NewEqualFilter("n", 9), "s"))).Records() {
			succeeds(t, err)
			same(t, record.Bins, as.BinMap{"s": "s4"})
		}
		var all []int
		for _, begin := range []int{0, 2048} {
			filter := as.NewPartitionFilterByRange(begin, 2048)
			found, err := shared.QueryPartitions(nil, where(as.NewRangeFilter("n", 0, 99)), filter)
			all = append(all, numbers(t, found, err)...)
		}
		slices.Sort(all)
		same(t, all, from(0, 59, 1))
		for _, duration := range []as.QueryDuration{as.LONG, as.SHORT, as.LONG_RELAX_AP} {
			policy := as.NewQueryPolicy()
			policy.ExpectedDuration = duration
			found, err = shared.Query(policy, where(as.NewRangeFilter("n", 3, 5)))
			same(t, numbers(t, found, err), []int{3, 4, 5})
		}
		policy = as.NewQueryPolicy()
		policy.MaxRecords = 5
		found, err = shared.Query(policy, where(as.NewRangeFilter("n", 0, 49)))
		same(t, len(numbers(t, found, err)), 5)
	})
	scenario(t, "query-14 index-06 index-07", func(t *testing.T, _ *as.Key) {
		q(t)
		missing := func() {
			var failed as.Error
			found, err := shared.Query(nil, where(as.NewEqualFilter("n", 1)))
			if err == nil {
				for _, failed = range found.Records() {
					break
				}
				err = failed
			}
			fails(t, err, types.INDEX_NOTFOUND)
		}
		missing()
		byN(t)
		_, err := shared.CreateIndex(nil, "test", "q", "i", "s", as.STRING)
		fails(t, err, types.INDEX_FOUND)
		succeeds(t, shared.DropIndex(nil, "test", "q", "i"))
		missing()
	})
	scenario(t, "index-08 index-09", func(t *testing.T, _ *as.Key) {
		q(t)
		byN(t)
		at := func(n int) *as.Key { return must(as.NewKey("test", "q", n)) }
		put(t, at(1), as.BinMap{"n": 1000})
		put(t, at(2), as.BinMap{"n": nil})
		must(shared.Delete(nil, at(3)))
		put(t, at(100), as.BinMap{"n": 5})
		found, err := shared.Query(nil, where(as.NewRangeFilter("n", 0, 6)))
		same(t, numbers(t, found, err), []int{0, 4, 5, 5, 6})
		succeeds(t, shared.Truncate(nil, "test", "q", nil))
		found, err = shared.Query(nil, where(as.NewRangeFilter("n", 0, 2000)))
		same(t, numbers(t, found, err), []int{})
	})
}

func TestGeo(t *testing.T) {
	places := func(t *testing.T) {
		t.Helper()
		q(t)
		succeeds(t, shared.Truncate(nil, "test", "q", nil))
		index(t, "g", as.GEO2DSPHERE, as.ICT_DEFAULT)
		at := func(n int, json string) {
			put(t, must(as.NewKey("test", "q", n)), as.BinMap{"n": n, "g": as.NewGeoJSONValue(json)})
		}
		for n := -5; n <= 5; n++ {
			at(n, fmt.Sprintf(`{"type":"Point","coordinates":[%d.0,0.0]}`, n))
		}
		at(100, `{"type":"Polygon","coordinates":[[[-1.5,-1.5],[1.5,-1.5],[1.5,1.5],[-1.5,1.5],[-1.5,-1.5]]]}`)
		at(200, `{"type":"AeroCircle","coordinates":[[4.0,0.0],150000.0]}`)
	}
	ring := func(low, high float64) string {
		return fmt.Sprintf("[[%g,-1],[%g,-1],[%g,1],[%g,1],[%g,-1]]", low, high, high, low, low)
	}
	hole := "[[-1.5,-0.5],[1.5,-0.5],[1.5,0.5],[-1.5,0.5],[-1.5,-0.5]]"
	scenario(t, "geo-01 geo-02 geo-03 geo-04 geo-05", func(t *testing.T, _ *as.Key) {
		places(t)
		cases := []struct {
			filter *as.Filter
			want   []int
		}{
			{as.NewGeoWithinRegionFilter("g", `{"type":"Polygon","coordinates":[`+ring(-2.5, 2.5)+`]}`), from(-2, 2, 1)},
			{as.NewGeoWithinRegionFilter("g", `{"type":"AeroCircle","coordinates":[[5.0,0.0],115000]}`), []int{4, 5}},
			{as.NewGeoWithinRadiusFilter("g", 0, 0, 112_000), []int{-1, 0, 1}},
			{as.NewGeoWithinRegionFilter("g", `{"type":"Polygon","coordinates":[`+ring(-3.5, 3.5)+","+hole+`]}`), []int{-3, -2, 2, 3}},
			{as.NewGeoWithinRegionFilter("g", `{"type":"MultiPolygon","coordinates":[[`+ring(-5.5, -4.5)+"],["+ring(4.5, 5.5)+`]]}`), []int{-5, 5}},
			{as.NewGeoRegionsContainingPointFilter("g", `{"type":"Point","coordinates":[0.0,0.0]}`), []int{100}},
			{as.NewGeoRegionsContainingPointFilter("g", `{"type":"Point","coordinates":[4.5,0.0]}`), []int{200}},
			{as.NewGeoRegionsContainingPointFilter("g", `{"type":"Point","coordinates":[2.2,0.0]}`), []int{}},
		}
		for _, each := range cases {
			found, err := shared.Query(nil, where(each.filter))
			same(t, numbers(t, found, err), each.want)
		}
	})
	scenario(t, "geo-06", func(t *testing.T, k *as.Key) {
		point := as.NewGeoJSONValue(`{"type":"Point","coordinates":[-122.1,37.5]}`)
		put(t, k, as.BinMap{"g": point})
		same(t, get(t, k).Bins["g"], point)
		wrong := as.NewGeoJSONValue(`{"type":"Point","coordinates":[500.0,0.0]}`)
		fails(t, shared.Put(nil, k, as.BinMap{"g": wrong}), types.GEO_INVALID_GEOJSON)
	})
	scenario(t, "geo-07", func(t *testing.T, _ *as.Key) {
		q(t)
		index(t, "l", as.GEO2DSPHERE, as.ICT_LIST)
		for n := range 5 {
			point := as.NewGeoJSONValue(fmt.Sprintf(`{"type":"Point","coordinates":[%d.0,0.0]}`, n*10))
			put(t, must(as.NewKey("test", "q", n)), as.BinMap{"n": n, "l": list(point)})
		}
		found, err := shared.Query(nil, where(as.NewGeoWithinRadiusForCollectionFilter("l", as.ICT_LIST, 20, 0, 200_000)))
		same(t, numbers(t, found, err), []int{2})
	})
}

func all(t *testing.T) []int {
	t.Helper()
	found, err := shared.ScanAll(nil, "test", "q")
	return numbers(t, found, err)
}

func TestBackground(t *testing.T) {
	add := as.AddOp(as.NewBin("n", 100))
	scenario(t, "background-01 background-08", func(t *testing.T, _ *as.Key) {
		q(t)
		task, err := shared.QueryExecute(nil, nil, as.NewStatement("test", "q"), add)
		succeeds(t, err)
		done(t, task.OnComplete())
		same(t, all(t), from(100, 159, 1))
		if shown := answer(t, "query-show"); !strings.Contains(shown, "status=done(ok)") || !strings.Contains(shown, "recs-succeeded=60") {
			t.Fatal(shown)
		}
	})
	scenario(t, "background-02 background-03 background-04 filter-14", func(t *testing.T, _ *as.Key) {
		q(t)
		byN(t)
		task, err := shared.QueryExecute(nil, nil, where(as.NewRangeFilter("n", 0, 9)), add)
		succeeds(t, err)
		done(t, task.OnComplete())
		same(t, all(t), append(from(10, 59, 1), from(100, 109, 1)...))
		policy := as.NewQueryPolicy()
		policy.FilterExpression = as.ExpGreaterEq(as.ExpIntBin("n"), intVal(20))
		task, err = shared.QueryExecute(policy, nil, as.NewStatement("test", "q"), as.DeleteOp())
		succeeds(t, err)
		done(t, task.OnComplete())
		same(t, all(t), from(10, 19, 1))
	})
	scenario(t, "background-05 background-06", func(t *testing.T, _ *as.Key) {
		q(t)
		register(t, "counter.lua")
		bin := as.NewValue("n")
		task, err := shared.ExecuteUDF(nil, as.NewStatement("test", "q"), "counter", "add", bin, as.NewValue(100))
		succeeds(t, err)
		done(t, task.OnComplete())
		same(t, all(t), from(100, 159, 1))
		byN(t)
		policy := as.NewQueryPolicy()
		policy.FilterExpression = as.ExpLess(as.ExpIntBin("n"), intVal(105))
		task, err = shared.ExecuteUDF(policy, where(as.NewRangeFilter("n", 103, 110)), "counter", "add", bin, as.NewValue(100))
		succeeds(t, err)
		done(t, task.OnComplete())
		same(t, all(t), append(append(from(100, 102, 1), from(105, 159, 1)...), 203, 204))
	})
	scenario(t, "background-07", func(t *testing.T, _ *as.Key) {
		q(t)
		_, err := shared.QueryExecute(nil, nil, as.NewStatement("test", "q"), as.GetBinOp("n"))
		fails(t, err, types.PARAMETER_ERROR)
	})
	scenario(t, "background-09", func(t *testing.T, _ *as.Key) {
		q(t)
		task, err := shared.QueryExecute(nil, expiring(500), as.NewStatement("test", "q"), as.TouchOp())
		succeeds(t, err)
		done(t, task.OnComplete())
		between(t, float64(get(t, must(as.NewKey("test", "q", 1))).Expiration), 490, 500)
	})
}

func register(t *testing.T, file string) {
	t.Helper()
	task, err := shared.RegisterUDFFromFile(nil, filepath.Join(examples, file), file, as.LUA)
	succeeds(t, err)
	done(t, task.OnComplete())
}

// number takes what the client's own Lua calls numbers.
func number(result any) int {
	if float, ok := result.(float64); ok {
		return int(float)
	}
	return result.(int)
}

func TestFunctions(t *testing.T) {
	call := func(t *testing.T, k *as.Key, module, function string, arguments ...any) any {
		t.Helper()
		var values []as.Value
		for _, each := range arguments {
			values = append(values, as.NewValue(each))
		}
		got, err := shared.Execute(nil, k, module, function, values...)
		succeeds(t, err)
		return got
	}
	scenario(t, "udf-01 udf-02 udf-04", func(t *testing.T, k *as.Key) {
		register(t, "counter.lua")
		modules, err := shared.ListUDF(nil)
		succeeds(t, err)
		if !slices.ContainsFunc(modules, func(each *as.UDF) bool { return each.Filename == "counter.lua" }) {
			t.Fatal(modules)
		}
		same(t, call(t, k, "counter", "add", "visits", 1), 1)
		same(t, call(t, k, "counter", "add", "visits", 1), 2)
		bins(t, k, as.BinMap{"visits": 2})
		_, err = shared.Execute(nil, k, "counter", "take", as.NewValue("visits"), as.NewValue(9))
		fails(t, err, types.UDF_BAD_RESPONSE)
		if !strings.Contains(err.Error(), "only 2 left of visits") {
			t.Fatal(err)
		}
	})
	scenario(t, "udf-03 udf-05", func(t *testing.T, k *as.Key) {
		register(t, "document.lua")
		call(t, k, "document", "set", "doc", list("address", "city"), "Bern")
		same(t, call(t, k, "document", "get", "doc", list("address", "city")), "Bern")
		got := call(t, k, "document", "merge", "doc", map[any]any{"tags": list("a"), "age": 7})
		same(t, got, map[any]any{"address": map[any]any{"city": "Bern"}, "tags": list("a"), "age": 7})
		_, err := shared.Execute(nil, k, "nothing", "at_all")
		fails(t, err, types.UDF_BAD_RESPONSE)
	})
	scenario(t, "udf-06 udf-07", func(t *testing.T, k *as.Key) {
		_, err := shared.RegisterUDF(nil, []byte("function f( return"), "broken.lua", as.LUA)
		if err == nil || !strings.Contains(err.Error(), "Line: 1") {
			t.Fatal(err)
		}
		task, err := shared.RegisterUDF(nil, []byte("function one(r) return 1 end"), "passing.lua", as.LUA)
		succeeds(t, err)
		done(t, task.OnComplete())
		same(t, call(t, k, "passing", "one"), 1)
		removal, err := shared.RemoveUDF(nil, "passing.lua")
		succeeds(t, err)
		done(t, removal.OnComplete())
		_, err = shared.Execute(nil, k, "passing", "one")
		fails(t, err, types.UDF_BAD_RESPONSE)
	})
	scenario(t, "udf-08", func(t *testing.T, k *as.Key) {
		register(t, "counter.lua")
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for range 100 {
					_, _ = shared.Execute(nil, k, "counter", "add", as.NewValue("n"), as.NewValue(1))
				}
			})
		}
		workers.Wait()
		bins(t, k, as.BinMap{"n": 800})
	})
	games := func(t *testing.T) *as.Statement {
		t.Helper()
		register(t, "top.lua")
		for n := range 200 {
			team := "red"
			if n%3 == 0 {
				team = "blue"
			}
			k := must(as.NewKey("test", "games", n))
			put(t, k, as.BinMap{"score": n * 37 % 211, "player": fmt.Sprintf("p%d", n), "team": team})
		}
		return as.NewStatement("test", "games")
	}
	one := func(t *testing.T, found *as.Recordset, err as.Error) any {
		t.Helper()
		succeeds(t, err)
		var results []any
		for record, err := range found.Records() {
			succeeds(t, err)
			results = append(results, record.Bins["SUCCESS"])
		}
		same(t, len(results), 1)
		return results[0]
	}
	scores := func(best any) []int {
		var scores []int
		for _, entry := range best.([]any) {
			scores = append(scores, number(entry.(map[any]any)["value"]))
		}
		return scores
	}
	arguments := []as.Value{as.NewValue("score"), as.NewValue("player"), as.NewValue(5)}
	scenario(t, "aggregation-01", func(t *testing.T, _ *as.Key) {
		found, err := shared.QueryAggregate(nil, games(t), "top", "records", arguments...)
		same(t, scores(one(t, found, err)), []int{210, 209, 208, 207, 206})
	})
	scenario(t, "aggregation-02", func(t *testing.T, _ *as.Key) {
		found, err := shared.QueryAggregate(nil, games(t), "top", "groups", as.NewValue("team"), as.NewValue("score"))
		groups := one(t, found, err).(map[any]any)
		same(t, number(groups["red"].(map[any]any)["count"]), 133)
		same(t, number(groups["blue"].(map[any]any)["count"]), 67)
	})
	scenario(t, "aggregation-03", func(t *testing.T, _ *as.Key) {
		statement := games(t)
		task, err := shared.CreateIndex(nil, "test", "games", "scores", "score", as.NUMERIC)
		succeeds(t, err)
		done(t, task.OnComplete())
		statement.Filter = as.NewRangeFilter("score", 0, 2)
		found, err := shared.QueryAggregate(nil, statement, "top", "records", arguments...)
		same(t, scores(one(t, found, err)), []int{2, 1, 0})
		succeeds(t, shared.DropIndex(nil, "test", "games", "scores"))
	})
	scenario(t, "aggregation-04", func(t *testing.T, k *as.Key) {
		found, err := shared.QueryAggregate(nil, games(t), "top", "nothing")
		failed := error(nil)
		if err == nil {
			for _, each := range found.Records() {
				failed = errors.Join(failed, each)
			}
		}
		if err == nil && failed == nil {
			t.Fatal("a function that is not there has run")
		}
		put(t, k, as.BinMap{"a": 1})
	})
}

func TestTruncate(t *testing.T) {
	set := func(t *testing.T) (a, b *as.Key) {
		t.Helper()
		a, b = key(t, "cut", "a"), key(t, "kept", "b")
		put(t, a, as.BinMap{"a": 1})
		put(t, b, as.BinMap{"a": 1})
		return a, b
	}
	scenario(t, "truncate-01 truncate-04", func(t *testing.T, _ *as.Key) {
		a, b := set(t)
		succeeds(t, shared.Truncate(nil, "test", "cut", nil))
		gone(t, a)
		bins(t, b, as.BinMap{"a": 1})
		put(t, a, as.BinMap{"a": 1})
		same(t, get(t, a).Generation, uint32(1))
	})
	scenario(t, "truncate-02", func(t *testing.T, _ *as.Key) {
		a, b := set(t)
		succeeds(t, shared.Truncate(nil, "test", "", nil))
		gone(t, a)
		gone(t, b)
	})
	scenario(t, "truncate-03", func(t *testing.T, _ *as.Key) {
		a, _ := set(t)
		time.Sleep(20 * time.Millisecond)
		before := time.Now()
		time.Sleep(20 * time.Millisecond)
		later := key(t, "cut", "later")
		put(t, later, as.BinMap{"a": 1})
		succeeds(t, shared.Truncate(nil, "test", "cut", &before))
		gone(t, a)
		bins(t, later, as.BinMap{"a": 1})
	})
	scenario(t, "truncate-05", func(t *testing.T, _ *as.Key) {
		future := time.Now().Add(time.Hour)
		if err := shared.Truncate(nil, "test", "cut", &future); err == nil {
			t.Fatal("truncated in the future")
		}
	})
}

func TestInfo(t *testing.T) {
	scenario(t, "info-01 info-02 info-05", func(t *testing.T, _ *as.Key) {
		node := shared.GetNodes()[0]
		answers, err := node.RequestInfo(as.NewInfoPolicy(), "build", "edition", "namespaces", "node", "no-such-command")
		succeeds(t, err)
		if !regexp.MustCompile(`^8\.1\.\d+\.\d+$`).MatchString(answers["build"]) {
			t.Fatal(answers)
		}
		same(t, answers["namespaces"], "test;aging")
		same(t, answers["node"], node.GetName())
		if !strings.HasPrefix(answers["no-such-command"], "ERROR") {
			t.Fatal(answers)
		}
	})
	scenario(t, "info-03 info-04 info-06", func(t *testing.T, _ *as.Key) {
		q(t)
		byN(t)
		for command, want := range map[string]string{
			"sets/test/q": "objects=60", "namespace/test": "objects=", "statistics": "objects=",
			"sindex-list:ns=test": "indexname=i:set=q",
		} {
			if got := answer(t, command); !strings.Contains(got, want) {
				t.Fatalf("%s: %s", command, got)
			}
		}
	})
}
