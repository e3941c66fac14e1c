package interop

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

// controlled starts a server of its own; a client of it, and the node's info call.
func controlled(t *testing.T) (client *as.Client, ask func(command string) string) {
	t.Helper()
	port, stop := serve(t.TempDir(), "../server.conf", 0)
	t.Cleanup(stop)
	client = connected(t, port, "", "")
	ask = func(command string) string {
		t.Helper()
		answers, err := client.GetNodes()[0].RequestInfo(as.NewInfoPolicy(), command)
		succeeds(t, err)
		return answers[command]
	}
	return client, ask
}

func policy(retries int) as.BasePolicy {
	policy := *as.NewPolicy()
	policy.TotalTimeout = 2 * time.Second
	policy.SocketTimeout = 150 * time.Millisecond
	policy.MaxRetries = retries
	policy.SleepBetweenRetries = time.Millisecond
	return policy
}

func writePolicy(retries int) *as.WritePolicy {
	write := as.NewWritePolicy(0, 0)
	write.BasePolicy = policy(retries)
	return write
}

// stored is the record's bin n, read without the client.
func stored(t *testing.T, ask func(string) string) int {
	t.Helper()
	var record struct {
		Bins map[string]int `json:"bins"`
	}
	answer := ask("emulator-data:get;namespace=test;set=demo;key=k")
	if err := json.Unmarshal([]byte(answer), &record); err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	return record.Bins["n"]
}

func logged(t *testing.T, ask func(string) string, kind string) int {
	t.Helper()
	number, err := strconv.Atoi(ask("emulator-log:count;kind=" + kind))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestControlThroughInfo(t *testing.T) {
	client, ask := controlled(t)
	k := key(t, "demo", "k")
	succeeds(t, client.Put(as.NewWritePolicy(0, 60), k, as.BinMap{"n": 1}))
	ask("emulator-snapshot:take")
	ask("emulator-clock:freeze")
	ask("emulator-clock:advance=30")
	record, err := client.Get(nil, k)
	succeeds(t, err)
	if record.Expiration < 28 || record.Expiration > 31 {
		t.Fatalf("%d seconds are left", record.Expiration)
	}
	ask("emulator-clock:advance=31")
	_, err = client.Get(nil, k)
	fails(t, err, types.KEY_NOT_FOUND_ERROR)
	ask("emulator-clock:reset")
	if restored := ask("emulator-snapshot:restore"); restored != "1" {
		t.Fatalf("restored %s", restored)
	}
	ask("emulator-log:start")
	_, err = client.Get(nil, k)
	succeeds(t, err)
	if logged(t, ask, "get") != 1 {
		t.Fatal(ask("emulator-log"))
	}
	if answer := ask("emulator-fault:add;action=fly"); !strings.HasPrefix(answer, "ERROR:4:") {
		t.Fatal(answer)
	}
}

func TestOneAttempt(t *testing.T) {
	client, ask := controlled(t)
	k := key(t, "demo", "k")
	for _, fault := range []struct {
		action string
		codes  []types.ResultCode
		value  int
		doubt  bool
	}{
		{"drop-reply", []types.ResultCode{types.TIMEOUT}, 2, true},
		{"close-after", []types.ResultCode{types.NETWORK_ERROR, types.TIMEOUT}, 2, true},
		{"close-before", []types.ResultCode{types.NETWORK_ERROR, types.TIMEOUT}, 1, true},
		{"delay;delay=300ms", []types.ResultCode{types.TIMEOUT}, 1, true},
		{"device-overload", []types.ResultCode{types.DEVICE_OVERLOAD}, 1, false},
	} {
		t.Run(fault.action, func(t *testing.T) {
			succeeds(t, client.Put(nil, k, as.BinMap{"n": 1}))
			ask("emulator-fault:add;kind=put;action=" + fault.action)
			err := client.Put(writePolicy(0), k, as.BinMap{"n": 2})
			found := stored(t, ask)
			ask("emulator-fault:clear")
			fails(t, err, fault.codes...)
			if found != fault.value {
				t.Errorf("the value is %d", found)
			}
			if err.IsInDoubt() != fault.doubt {
				t.Errorf("in doubt: %v", err.IsInDoubt())
			}
			// What was delayed is done in the end.
			time.Sleep(350 * time.Millisecond)
		})
	}
}

// What breaks a connection is tried again; what is not idempotent is then done once for each attempt that the server
// has seen.
func TestRetries(t *testing.T) {
	client, ask := controlled(t)
	k := key(t, "demo", "k")
	for _, fault := range []struct {
		action string
		value  int
	}{
		{"drop-reply", 3},
		{"close-after", 3},
		{"close-before", 2},
	} {
		t.Run(fault.action, func(t *testing.T) {
			succeeds(t, client.Put(nil, k, as.BinMap{"n": 1}))
			ask("emulator-log:start")
			ask("emulator-log:clear")
			ask("emulator-fault:add;kind=add;times=1;action=" + fault.action)
			err := client.Add(writePolicy(3), k, as.BinMap{"n": 1})
			attempts := logged(t, ask, "add")
			ask("emulator-fault:clear")
			succeeds(t, err)
			if attempts != 2 || stored(t, ask) != fault.value {
				t.Errorf("%d attempts, the value is %d", attempts, stored(t, ask))
			}
		})
	}
	ask("emulator-fault:add;kind=get;action=delay;delay=400ms;times=1")
	get := policy(3)
	_, err := client.Get(&get, k)
	succeeds(t, err)
}

// An answer is final for this client, whatever its code and its retries; and it makes as many attempts as it is given
// retries, not one more.
func TestAllAttemptsFail(t *testing.T) {
	client, ask := controlled(t)
	k := key(t, "demo", "k")
	succeeds(t, client.Put(nil, k, as.BinMap{"n": 1}))
	ask("emulator-log:start")
	for _, fault := range []struct {
		action   string
		code     types.ResultCode
		attempts int
	}{
		{"drop-reply", types.MAX_RETRIES_EXCEEDED, 3},
		{"device-overload", types.DEVICE_OVERLOAD, 1},
		{"key-busy", types.KEY_BUSY, 1},
	} {
		ask("emulator-log:clear")
		ask("emulator-fault:add;kind=put;action=" + fault.action)
		err := client.Put(writePolicy(3), k, as.BinMap{"n": 2})
		ask("emulator-fault:clear")
		fails(t, err, fault.code)
		if attempts := logged(t, ask, "put"); attempts != fault.attempts {
			t.Errorf("%s: %d attempts", fault.action, attempts)
		}
	}
}
