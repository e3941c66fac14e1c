package interop

import (
	"errors"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

// transactions is a client of a server with strong consistency, and two records of a scenario's own.
type transactions struct {
	*testing.T
	client *as.Client
	set    string
	// {n: 1} and {n: 10} at first.
	k, l *as.Key
}

// held is what a record has: its generation and bin n; nothing if it is not there.
type held struct {
	generation uint32
	n          int
}

func (t *transactions) key(name string) *as.Key {
	t.Helper()
	k, err := as.NewKey("test", t.set, name)
	succeeds(t.T, err)
	return k
}

// in is a policy of writes in a transaction; deletes are durable.
func in(txn *as.Txn) *as.WritePolicy {
	policy := as.NewWritePolicy(0, 0)
	policy.Txn, policy.DurableDelete = txn, true
	return policy
}

func (t *transactions) tryPut(txn *as.Txn, k *as.Key, n int) as.Error {
	return t.client.PutBins(in(txn), k, as.NewBin("n", n))
}

func (t *transactions) put(txn *as.Txn, k *as.Key, n int) {
	t.Helper()
	succeeds(t.T, t.tryPut(txn, k, n))
}

func (t *transactions) tryGet(txn *as.Txn, k *as.Key) (held, as.Error) {
	policy := as.NewPolicy()
	policy.Txn = txn
	record, err := t.client.Get(policy, k)
	if err != nil {
		return held{}, err
	}
	return held{record.Generation, record.Bins["n"].(int)}, nil
}

// holds expects a generation and a value of n, seen in a transaction or outside.
func (t *transactions) holds(txn *as.Txn, k *as.Key, generation uint32, n int) {
	t.Helper()
	got, err := t.tryGet(txn, k)
	succeeds(t.T, err)
	same(t.T, got, held{generation, n})
}

func (t *transactions) missing(txn *as.Txn, k *as.Key) {
	t.Helper()
	_, err := t.tryGet(txn, k)
	fails(t.T, err, types.KEY_NOT_FOUND_ERROR)
}

func (t *transactions) commits(txn *as.Txn) {
	t.Helper()
	status, err := t.client.Commit(txn)
	succeeds(t.T, err)
	same(t.T, status, as.CommitStatusOK)
}

func (t *transactions) aborts(txn *as.Txn) {
	t.Helper()
	status, err := t.client.Abort(txn)
	succeeds(t.T, err)
	same(t.T, status, as.AbortStatusOK)
}

// writes puts n = 5 into many new records at once; their keys, and the results of the rows.
func (t *transactions) writes(txn *as.Txn, count int) ([]*as.Key, []types.ResultCode, as.Error) {
	t.Helper()
	policy := as.NewBatchPolicy()
	policy.Txn = txn
	var all []*as.Key
	var rows []as.BatchRecordIfc
	for number := range count {
		k := t.key(string(rune('A'+number%26)) + strings.Repeat("x", number/26))
		all = append(all, k)
		rows = append(rows, as.NewBatchWrite(nil, k, as.PutOp(as.NewBin("n", 5))))
	}
	err := t.client.BatchOperate(policy, rows)
	var codes []types.ResultCode
	for _, row := range rows {
		codes = append(codes, row.BatchRec().ResultCode)
	}
	return all, codes, err
}

// found counts those of the records that are there, all of which have n = 5. It reads by rows: the client's BatchGet
// takes a record's version, which answers have in transactions, for the next record.
func (t *transactions) found(txn *as.Txn, all []*as.Key) int {
	t.Helper()
	policy := as.NewBatchPolicy()
	policy.Txn = txn
	var rows []as.BatchRecordIfc
	for _, k := range all {
		rows = append(rows, as.NewBatchRead(nil, k, []string{"n"}))
	}
	succeeds(t.T, t.client.BatchOperate(policy, rows))
	count := 0
	for _, row := range rows {
		if row.BatchRec().ResultCode == types.KEY_NOT_FOUND_ERROR {
			continue
		}
		same(t.T, row.BatchRec().ResultCode, types.OK)
		same(t.T, row.BatchRec().Record.Bins["n"], any(5))
		count++
	}
	return count
}

func TestTransactions(t *testing.T) {
	port, stop := serve(t.TempDir(), "../strong.conf", 0)
	t.Cleanup(stop)
	client, failed := as.NewClient("127.0.0.1", port)
	succeeds(t, failed)
	t.Cleanup(client.Close)
	transaction := func(ids string, test func(t *transactions)) {
		scenario(t, ids, func(inner *testing.T, _ *as.Key) {
			at := &transactions{T: inner, client: client, set: strings.ReplaceAll(ids, " ", "+")}
			at.k, at.l = at.key("k"), at.key("l")
			at.put(nil, at.k, 1)
			at.put(nil, at.l, 10)
			test(at)
		})
	}

	transaction("transaction-01", func(t *transactions) {
		txn := as.NewTxn()
		t.put(txn, t.k, 2)
		t.put(txn, t.l, 20)
		t.holds(nil, t.k, 1, 1)
		t.holds(nil, t.l, 1, 10)
		t.holds(txn, t.k, 2, 2)
		t.holds(txn, t.l, 2, 20)
		t.commits(txn)
		t.holds(nil, t.k, 3, 2)
		t.holds(nil, t.l, 3, 20)
	})
	transaction("transaction-02", func(t *transactions) {
		txn := as.NewTxn()
		t.put(txn, t.k, 2)
		t.put(txn, t.l, 20)
		t.put(txn, t.key("n"), 1)
		t.holds(txn, t.key("n"), 1, 1)
		t.aborts(txn)
		t.holds(nil, t.k, 3, 1)
		t.holds(nil, t.l, 3, 10)
		t.missing(nil, t.key("n"))
	})
	transaction("transaction-03", func(t *transactions) {
		txn, other := as.NewTxn(), as.NewTxn()
		t.put(txn, t.k, 2)
		fails(t.T, t.tryPut(other, t.k, 3), types.MRT_BLOCKED)
		_, err := t.tryGet(other, t.k)
		fails(t.T, err, types.MRT_BLOCKED)
		fails(t.T, t.tryPut(nil, t.k, 3), types.MRT_BLOCKED)
		t.holds(nil, t.k, 1, 1)
		t.commits(txn)
		t.put(nil, t.k, 3)
		t.holds(nil, t.k, 4, 3)
		t.aborts(other)
	})
	transaction("transaction-04", func(t *transactions) {
		txn := as.NewTxn()
		for _, existed := range []bool{true, false} {
			got, err := t.client.Delete(in(txn), t.k)
			succeeds(t.T, err)
			same(t.T, got, existed)
		}
		t.missing(txn, t.k)
		t.holds(nil, t.k, 1, 1)
		t.commits(txn)
		t.missing(nil, t.k)
	})
	transaction("transaction-05", func(t *transactions) {
		txn := as.NewTxn()
		succeeds(t.T, t.client.Touch(in(txn), t.k))
		record, err := t.client.Operate(in(txn), t.l, as.AddOp(as.NewBin("n", 5)), as.GetBinOp("n"))
		succeeds(t.T, err)
		same(t.T, record.Bins, as.BinMap{"n": 15})
		t.holds(txn, t.k, 2, 1)
		t.holds(txn, t.l, 2, 15)
		t.aborts(txn)
		t.holds(nil, t.k, 3, 1)
		t.holds(nil, t.l, 3, 10)
	})
	transaction("transaction-06", func(t *transactions) {
		text := []byte("function seven(r) r.n = 7 aerospike:update(r) end")
		task, err := t.client.RegisterUDF(nil, text, "transaction.lua", as.LUA)
		succeeds(t.T, err)
		done(t.T, task.OnComplete())
		txn := as.NewTxn()
		_, err = t.client.Execute(in(txn), t.k, "transaction", "seven")
		succeeds(t.T, err)
		t.holds(txn, t.k, 2, 7)
		t.commits(txn)
		t.holds(nil, t.k, 3, 7)
		txn = as.NewTxn()
		_, err = t.client.Execute(in(txn), t.l, "transaction", "seven")
		succeeds(t.T, err)
		t.aborts(txn)
		t.holds(nil, t.l, 3, 10)
	})
	transaction("transaction-07", func(t *transactions) {
		txn := as.NewTxn()
		all, codes, err := t.writes(txn, 10)
		succeeds(t.T, err)
		same(t.T, codes, make([]types.ResultCode, 10))
		same(t.T, t.found(nil, all), 0)
		same(t.T, t.found(txn, all), 10)
		t.commits(txn)
		same(t.T, t.found(nil, all), 10)
	})
	transaction("transaction-08", func(t *transactions) {
		txn := as.NewTxn()
		all, _, err := t.writes(txn, 4097)
		fails(t.T, err, types.MRT_TOO_MANY_WRITES)
		same(t.T, t.found(nil, all), 0)
		same(t.T, t.found(txn, all), 0)
		t.aborts(txn)
	})
	transaction("transaction-09", func(t *transactions) {
		txn := as.NewTxn()
		t.holds(txn, t.k, 1, 1)
		t.put(nil, t.k, 5)
		t.put(txn, t.l, 20)
		fails(t.T, t.tryPut(txn, t.k, 6), types.MRT_VERSION_MISMATCH)
		_, err := t.client.Commit(txn)
		fails(t.T, err, types.TXN_FAILED)
		var failed *as.TxnError
		same(t.T, errors.As(err, &failed), true)
		same(t.T, failed.CommitError, as.CommitErrorVerifyFail)
		t.holds(nil, t.k, 2, 5)
		t.holds(nil, t.l, 3, 10)
	})
	transaction("transaction-10", func(t *transactions) {
		txn, other := as.NewTxn(), as.NewTxn()
		t.holds(txn, t.k, 1, 1)
		t.holds(other, t.k, 1, 1)
		t.commits(txn)
		t.commits(other)
		t.holds(nil, t.k, 1, 1)
	})
	transaction("transaction-11", func(t *transactions) {
		committed, aborted := as.NewTxn(), as.NewTxn()
		t.put(committed, t.k, 2)
		t.commits(committed)
		again, err := t.client.Commit(committed)
		succeeds(t.T, err)
		same(t.T, again, as.CommitStatusAlreadyCommitted)
		_, err = t.client.Abort(committed)
		fails(t.T, err, types.TXN_ALREADY_COMMITTED)
		fails(t.T, t.tryPut(committed, t.k, 4), types.COMMON_ERROR)
		t.holds(nil, t.k, 3, 2)
		t.put(aborted, t.k, 3)
		t.aborts(aborted)
		ended, err := t.client.Abort(aborted)
		succeeds(t.T, err)
		same(t.T, ended, as.AbortStatusAlreadyAborted)
		_, err = t.client.Commit(aborted)
		fails(t.T, err, types.TXN_ALREADY_ABORTED)
		fails(t.T, t.tryPut(aborted, t.k, 4), types.COMMON_ERROR)
		t.holds(nil, t.k, 5, 2)
	})
	transaction("transaction-12", func(t *transactions) {
		txn := as.NewTxn()
		txn.SetTimeout(2 * time.Second)
		t.put(txn, t.k, 2)
		answers, err := t.client.GetNodes()[0].RequestInfo(as.NewInfoPolicy(), "emulator-clock:advance=6")
		succeeds(t.T, err)
		for _, answer := range answers {
			if strings.HasPrefix(answer, "ERROR") {
				t.Fatal(answer)
			}
		}
		t.holds(nil, t.k, 3, 1)
		fails(t.T, t.tryPut(txn, t.k, 3), types.MRT_EXPIRED)
		fails(t.T, t.tryPut(txn, t.l, 3), types.MRT_EXPIRED)
		t.aborts(txn)
		t.holds(nil, t.l, 1, 10)
	})
	transaction("transaction-13", func(t *transactions) {
		txn := as.NewTxn()
		policy := in(txn)
		policy.OnLockingOnly = true
		succeeds(t.T, t.client.PutBins(policy, t.k, as.NewBin("n", 2)))
		fails(t.T, t.client.PutBins(policy, t.k, as.NewBin("n", 3)), types.MRT_ALREADY_LOCKED)
		t.holds(txn, t.k, 2, 2)
		t.aborts(txn)
	})
	transaction("transaction-14", func(t *transactions) {
		txn := as.NewTxn()
		policy := in(txn)
		policy.RecordExistsAction = as.CREATE_ONLY
		fails(t.T, t.client.PutBins(policy, t.k, as.NewBin("n", 2)), types.KEY_EXISTS_ERROR)
		policy.RecordExistsAction = as.UPDATE_ONLY
		fails(t.T, t.client.PutBins(policy, t.key("missing"), as.NewBin("n", 2)), types.KEY_NOT_FOUND_ERROR)
		policy = in(txn)
		policy.GenerationPolicy, policy.Generation = as.EXPECT_GEN_EQUAL, 7
		fails(t.T, t.client.PutBins(policy, t.k, as.NewBin("n", 2)), types.GENERATION_ERROR)
		t.put(txn, t.l, 20)
		t.commits(txn)
		t.holds(nil, t.k, 1, 1)
		t.holds(nil, t.l, 3, 20)
	})
	transaction("transaction-15", func(t *transactions) {
		task, err := t.client.CreateIndex(nil, "test", t.set, "i"+t.set, "n", as.NUMERIC)
		succeeds(t.T, err)
		done(t.T, task.OnComplete())
		statement := as.NewStatement("test", t.set)
		succeeds(t.T, statement.SetFilter(as.NewEqualFilter("n", 2)))
		queried := func() (found []int) {
			t.Helper()
			results, err := t.client.Query(nil, statement)
			succeeds(t.T, err)
			for result := range results.Results() {
				succeeds(t.T, result.Err)
				found = append(found, result.Record.Bins["n"].(int))
			}
			return found
		}
		txn := as.NewTxn()
		t.put(txn, t.k, 2)
		same(t.T, len(queried()), 0)
		t.commits(txn)
		same(t.T, queried(), []int{2})
		succeeds(t.T, t.client.DropIndex(nil, "test", t.set, "i"+t.set))
	})
	transaction("transaction-16", func(t *transactions) {
		_, err := t.client.Delete(nil, t.k)
		fails(t.T, err, types.FAIL_FORBIDDEN)
		t.holds(nil, t.k, 1, 1)
		existed, err := t.client.Delete(in(nil), t.k)
		succeeds(t.T, err)
		same(t.T, existed, true)
		t.missing(nil, t.k)
	})
	scenario(t, "transaction-17", func(t *testing.T, k *as.Key) {
		fails(t, shared.PutBins(in(as.NewTxn()), k, as.NewBin("n", 1)), types.UNSUPPORTED_FEATURE)
		gone(t, k)
	})
}
