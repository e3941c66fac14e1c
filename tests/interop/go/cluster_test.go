package interop

import (
	"bufio"
	bigendian "encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
)

const (
	workers = 4
	keys    = 40
	// What a command may take; a busy machine may add to that.
	total = 1500 * time.Millisecond
	slack = 1500 * time.Millisecond
	// Part of the former throughput that has to come back: the machine has other things to do, too.
	share = 5
)

// cluster starts a server of three nodes with a file of tests/interop; their addresses.
func cluster(t *testing.T, config string) []string {
	t.Helper()
	command := exec.Command(binary(), "--port", "0", "--nodes", "3", "--config-file", "../"+config)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	addresses := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAllString(line, -1)
	if err != nil || len(addresses) != 3 {
		t.Fatalf("the emulator said %q: %v", line, err)
	}
	return addresses
}

// infoAt sends one info command to a node; the value of the answer.
func infoAt(t *testing.T, address, command string) string {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(60 * time.Second))
	body := []byte(command + "\n")
	head := make([]byte, 8)
	bigendian.BigEndian.PutUint64(head, uint64(len(body))|2<<56|1<<48)
	if _, err := connection.Write(append(head, body...)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(connection, head); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, bigendian.BigEndian.Uint64(head)&(1<<48-1))
	if _, err := io.ReadFull(connection, answer); err != nil {
		t.Fatal(err)
	}
	_, value, _ := strings.Cut(strings.TrimSpace(string(answer)), "\t")
	return value
}

// event makes something happen to the cluster.
func event(t *testing.T, address, what string) {
	t.Helper()
	if answer := infoAt(t, address, "emulator-node:"+what); strings.HasPrefix(answer, "ERROR") {
		t.Fatalf("%s: %s", what, answer)
	}
}

func clusterClient(t *testing.T, address string) *as.Client {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	var number int
	if _, err := fmt.Sscan(port, &number); err != nil {
		t.Fatal(err)
	}
	policy := as.NewClientPolicy()
	policy.Timeout = 5 * time.Second
	client, err := as.NewClientWithPolicy(policy, host, number)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// waitForNodes waits until the client knows so many nodes.
func waitForNodes(t *testing.T, client *as.Client, count int) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); len(client.GetNodes()) != count; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the client knows %d nodes instead of %d", len(client.GetNodes()), count)
		}
	}
}

// load is workers that write numbers to keys of their own and read them back.
type load struct {
	client   *as.Client
	stopping atomic.Bool
	done     atomic.Int64
	failed   atomic.Int64
	workers  sync.WaitGroup
	lock     sync.Mutex
	wrong    []string
	longest  time.Duration
	last     as.Error
}

func startLoad(client *as.Client) *load {
	running := &load{client: client}
	for worker := range workers {
		running.workers.Add(1)
		go running.work(worker)
	}
	return running
}

func (l *load) work(worker int) {
	defer l.workers.Done()
	write, read := as.NewWritePolicy(0, 0), as.NewPolicy()
	for _, policy := range []*as.BasePolicy{&write.BasePolicy, read} {
		policy.TotalTimeout, policy.SocketTimeout = total, 250*time.Millisecond
		policy.MaxRetries, policy.SleepBetweenRetries = 4, 10*time.Millisecond
	}
	// What each key may hold: a write that failed may have happened. What a node that hung may yet write when it goes on
	// is late: the client has sent it elsewhere since, or given up.
	possible, late := make([]map[int]bool, keys), make([]map[int]bool, keys)
	for number := 1; !l.stopping.Load(); number++ {
		at := number % keys
		key, err := as.NewKey("test", "load", fmt.Sprintf("%d-%d", worker, at))
		if err != nil {
			panic(err)
		}
		if possible[at] == nil {
			possible[at], late[at] = map[int]bool{}, map[int]bool{}
		}
		start := time.Now()
		written := l.run(func() as.Error { return l.client.PutBins(write, key, as.NewBin("n", number)) })
		if written {
			clear(possible[at])
		}
		possible[at][number] = true
		if !written || time.Since(start) > write.SocketTimeout {
			late[at][number] = true
		}
		var record *as.Record
		if l.run(func() (err as.Error) { record, err = l.client.Get(read, key); return }) {
			if value, ok := record.Bins["n"].(int); !ok || !possible[at][value] && !late[at][value] {
				l.lock.Lock()
				l.wrong = append(l.wrong, fmt.Sprintf("%v: %v instead of %v, %v", key, record.Bins, possible[at], late[at]))
				l.lock.Unlock()
			}
		}
	}
}

// run runs a command; whether it succeeded.
func (l *load) run(command func() as.Error) bool {
	start := time.Now()
	err := command()
	took := time.Since(start)
	l.done.Add(1)
	l.lock.Lock()
	defer l.lock.Unlock()
	l.longest = max(l.longest, took)
	if err != nil {
		l.failed.Add(1)
		l.last = err
	}
	return err == nil
}

// rate is commands per second, from now on.
func (l *load) rate() int64 {
	before := l.done.Load()
	time.Sleep(time.Second)
	return l.done.Load() - before
}

// recovers waits until the load is as quick as before and nothing fails any more.
func (l *load) recovers(t *testing.T, before int64) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); ; {
		failed := l.failed.Load()
		after := l.rate()
		if after*share >= before && l.failed.Load() == failed {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d/s instead of %d/s; %v", after, before, l.last)
		}
	}
}

// stop ends the load; that nothing was wrong and nothing took too long.
func (l *load) stop(t *testing.T) {
	t.Helper()
	l.stopping.Store(true)
	l.workers.Wait()
	if len(l.wrong) > 0 {
		t.Fatal(l.wrong[0])
	}
	if l.longest > total+slack {
		t.Fatalf("a command took %v", l.longest)
	}
}

func TestClusterUnderLoad(t *testing.T) {
	cases := []struct {
		name string
		id   string
		run  func(t *testing.T, nodes []string, client *as.Client)
	}{
		{"a node stops", "loss-04", func(t *testing.T, nodes []string, client *as.Client) {
			event(t, nodes[0], "stop=2")
			waitForNodes(t, client, 2)
		}},
		{"a node hangs", "loss-07", func(t *testing.T, nodes []string, client *as.Client) {
			event(t, nodes[0], "hang=2;for=3s")
			time.Sleep(3500 * time.Millisecond)
			event(t, nodes[0], "settle")
			waitForNodes(t, client, 3)
		}},
		{"each node restarts", "loss-08", func(t *testing.T, nodes []string, client *as.Client) {
			for number := range nodes {
				// Any node but the one that restarts.
				through := nodes[(number+1)%3]
				event(t, through, fmt.Sprintf("restart=%d", number+1))
				event(t, through, "settle")
				// The client looks at the cluster once a second.
				time.Sleep(1500 * time.Millisecond)
				waitForNodes(t, client, 3)
			}
		}},
		{"a node is added", "loss-05", func(t *testing.T, nodes []string, client *as.Client) {
			event(t, nodes[0], "add")
			event(t, nodes[0], "settle")
			waitForNodes(t, client, 4)
		}},
		{"the seed stops", "loss-06", func(t *testing.T, nodes []string, client *as.Client) {
			event(t, nodes[1], "stop=1")
			waitForNodes(t, client, 2)
		}},
		{"partitions move", "loss-09", func(t *testing.T, nodes []string, client *as.Client) {
			for _, number := range []string{"1", "2", "0"} {
				event(t, nodes[0], "map="+number)
				event(t, nodes[0], "settle")
			}
		}},
		{"a node is slow", "loss-10", func(t *testing.T, nodes []string, client *as.Client) {
			event(t, nodes[0], "slow=2;by=20ms")
			time.Sleep(time.Second)
			event(t, nodes[0], "resume=2")
		}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			covers(t, test.id)
			nodes := cluster(t, "server.conf")
			client := clusterClient(t, nodes[0])
			waitForNodes(t, client, 3)
			running := startLoad(client)
			before := running.rate()
			test.run(t, nodes, client)
			running.recovers(t, before)
			running.stop(t)
			if quiet := []string{"loss-05", "loss-09", "loss-10"}; slices.Contains(quiet, test.id) && running.failed.Load() > 0 {
				t.Fatalf("nobody has to notice: %v", running.last)
			}
			t.Logf("%d commands, %d failed, %v the longest", running.done.Load(), running.failed.Load(), running.longest)
		})
	}
}

// scanned is the numbers in all records, sorted.
func scanned(t *testing.T, client *as.Client) []int {
	t.Helper()
	policy := as.NewScanPolicy()
	policy.MaxRetries, policy.SleepBetweenRetries = 20, 150*time.Millisecond
	policy.TotalTimeout, policy.SocketTimeout = 0, time.Second
	found, err := client.ScanAll(policy, "test", "scan")
	succeeds(t, err)
	var numbers []int
	for result := range found.Results() {
		succeeds(t, result.Err)
		numbers = append(numbers, result.Record.Bins["n"].(int))
	}
	sort.Ints(numbers)
	return numbers
}

func TestScanWhileANodeLeaves(t *testing.T) {
	covers(t, "loss-11")
	const records = 2000
	nodes := cluster(t, "server.conf")
	client := clusterClient(t, nodes[0])
	waitForNodes(t, client, 3)
	for number := range records {
		key, err := as.NewKey("test", "scan", number)
		succeeds(t, err)
		succeeds(t, client.PutBins(nil, key, as.NewBin("n", number)))
	}
	check := func() {
		t.Helper()
		numbers := scanned(t, client)
		if len(numbers) != records {
			t.Fatalf("%d records instead of %d", len(numbers), records)
		}
		for at, number := range numbers {
			if at != number {
				t.Fatalf("%d instead of %d", number, at)
			}
		}
	}
	check()
	event(t, nodes[0], "slow=3;by=100ms")
	stopped := make(chan struct{})
	go func() {
		time.Sleep(50 * time.Millisecond)
		event(t, nodes[0], "stop=3")
		close(stopped)
	}()
	check()
	<-stopped
}
