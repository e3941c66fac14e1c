package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

const (
	examples = "../../../lua/examples"
	module   = "github.com/aerospike/aerospike-client-go/v8"
)

// shared is the client in front of the server that all scenarios use which need none of their own.
var (
	shared     *as.Client
	sharedPort int
)

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "interop")
	if err != nil {
		panic(err)
	}
	port, stop := serve(directory, "../server.conf", 0)
	client, failed := as.NewClient("127.0.0.1", port)
	if failed != nil {
		panic(failed)
	}
	shared, sharedPort = client, port
	as.SetLuaPath(examples + "/")
	status := m.Run()
	client.Close()
	stop()
	_ = os.RemoveAll(directory)
	if file := os.Getenv("RESULTS"); file != "" {
		if err := os.WriteFile(file, []byte(results()), 0o600); err != nil {
			panic(err)
		}
	}
	os.Exit(status)
}

// serve starts the command and waits until it accepts connections; its port, and what stops it.
func serve(directory, config string, port int) (int, func()) {
	command, port := start(directory, config, port)
	return port, func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}
}

// start starts the command, with further flags, and waits until it accepts connections.
func start(directory, config string, port int, flags ...string) (*exec.Cmd, int) {
	file := filepath.Join(directory, "port")
	_ = os.Remove(file)
	flags = append(flags, "--port", strconv.Itoa(port), "--port-file", file, "--config-file", config)
	command := exec.Command(binary(), flags...)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		panic(err)
	}
	for range 1000 {
		if text, err := os.ReadFile(file); err == nil && len(text) > 0 {
			port, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return command, port
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = command.Process.Kill()
	panic("the emulator does not start")
}

// ---------------------------------------------------------------- results

var (
	outcomes = map[string]string{}
	told     sync.Mutex
)

// covers says which scenarios of scenarios.md a test shows, several separated by spaces.
func covers(t *testing.T, ids string) {
	t.Helper()
	t.Cleanup(func() {
		told.Lock()
		defer told.Unlock()
		for _, id := range strings.Fields(ids) {
			if t.Failed() {
				outcomes[id] = "failed\t" + t.Name()
			} else if !t.Skipped() && !strings.HasPrefix(outcomes[id], "failed") {
				outcomes[id] = "passed"
			}
		}
	})
}

// notApplicable tells what the client or the command offers no way to do.
func notApplicable(why string, ids ...string) {
	for _, id := range ids {
		outcomes[id] = "not applicable\t" + why
	}
}

func results() string {
	notApplicable("the client has neither", "expression-28")
	notApplicable("the client has no such switch", "filter-15")
	notApplicable("the client has no path expressions", "expression-29")
	for number := 1; number <= 8; number++ {
		tool := fmt.Sprintf("tools-%02d", number)
		notApplicable("what asadm sends over a socket of its own, in which the client has no part", tool)
	}
	declared, err := os.ReadFile("go.mod")
	if err != nil {
		panic(err)
	}
	version := regexp.MustCompile(module + ` v(\S+)`).FindSubmatch(declared)
	lines := []string{"client\taerospike-client-go\t" + string(version[1])}
	for id, outcome := range outcomes {
		lines = append(lines, id+"\t"+outcome)
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n"
}

// ---------------------------------------------------------------- helpers

// scenario runs a test under the names of its scenarios, with a key of its own.
func scenario(t *testing.T, ids string, test func(t *testing.T, k *as.Key)) {
	t.Helper()
	t.Run(strings.ReplaceAll(ids, " ", "+"), func(t *testing.T) {
		covers(t, ids)
		test(t, key(t, "demo", ids))
	})
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%#v instead of %#v", got, want)
	}
}

func between(t *testing.T, got, low, high float64) {
	t.Helper()
	if got < low || got > high {
		t.Fatalf("%v is not between %v and %v", got, low, high)
	}
}

func put(t *testing.T, k *as.Key, bins as.BinMap) {
	t.Helper()
	succeeds(t, shared.Put(nil, k, bins))
}

func get(t *testing.T, k *as.Key) *as.Record {
	t.Helper()
	record, err := shared.Get(nil, k)
	succeeds(t, err)
	return record
}

// bins expects a record to have exactly these.
func bins(t *testing.T, k *as.Key, want as.BinMap) {
	t.Helper()
	same(t, get(t, k).Bins, want)
}

func operate(t *testing.T, k *as.Key, operations ...*as.Operation) as.BinMap {
	t.Helper()
	record, err := shared.Operate(nil, k, operations...)
	succeeds(t, err)
	return record.Bins
}

// refused expects operations to fail with a result code.
func refused(t *testing.T, k *as.Key, code types.ResultCode, operations ...*as.Operation) {
	t.Helper()
	_, err := shared.Operate(nil, k, operations...)
	fails(t, err, code)
}

// gone expects no record.
func gone(t *testing.T, k *as.Key) {
	t.Helper()
	_, err := shared.Get(nil, k)
	fails(t, err, types.KEY_NOT_FOUND_ERROR)
}

func answer(t *testing.T, command string) string {
	t.Helper()
	node := shared.GetNodes()[0]
	answers, err := node.RequestInfo(as.NewInfoPolicy(), command)
	succeeds(t, err)
	return answers[command]
}

func done(t *testing.T, channel chan as.Error) {
	t.Helper()
	select {
	case err := <-channel:
		succeeds(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("not finished after 20 seconds")
	}
}

func must[T any](value T, err as.Error) T {
	if err != nil {
		panic(fmt.Sprint(err))
	}
	return value
}
