package interop

import (
	"fmt"
	"net"
	"regexp"
	"sync"
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

// unused gives a port where nobody listens.
func unused(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestConnect(t *testing.T) {
	scenario(t, "connect-01 connect-05", func(t *testing.T, k *as.Key) {
		same(t, shared.IsConnected(), true)
		names := shared.GetNodeNames()
		same(t, len(names), 1)
		if !regexp.MustCompile("^[0-9A-F]+$").MatchString(names[0]) {
			t.Fatal(names)
		}
		put(t, k, as.BinMap{"a": 1})
		time.Sleep(3200 * time.Millisecond)
		bins(t, k, as.BinMap{"a": 1})
	})
	scenario(t, "connect-02", func(t *testing.T, _ *as.Key) {
		start := time.Now()
		policy := as.NewClientPolicy()
		policy.Timeout = 2 * time.Second
		if _, err := as.NewClientWithPolicy(policy, "127.0.0.1", unused(t)); err == nil {
			t.Fatal("connected to nobody")
		}
		between(t, time.Since(start).Seconds(), 0, 10)
	})
	scenario(t, "connect-03", func(t *testing.T, _ *as.Key) {
		policy := as.NewClientPolicy()
		policy.ClusterName = "docker"
		client, err := as.NewClientWithPolicy(policy, "127.0.0.1", sharedPort)
		succeeds(t, err)
		client.Close()
		policy = as.NewClientPolicy()
		policy.ClusterName, policy.Timeout = "another", time.Second
		if _, err := as.NewClientWithPolicy(policy, "127.0.0.1", sharedPort); err == nil {
			t.Fatal("connected to another cluster")
		}
	})
	scenario(t, "connect-04 connect-07", func(t *testing.T, k *as.Key) {
		client, err := as.NewClientWithPolicyAndHost(nil, as.NewHost("127.0.0.1", unused(t)), as.NewHost("127.0.0.1", sharedPort))
		succeeds(t, err)
		succeeds(t, client.Put(nil, k, as.BinMap{"a": 1}))
		client.Close()
		if _, err := client.Get(nil, k); err == nil {
			t.Fatal("a closed client reads")
		}
	})
	// Goroutines are what the client has for asynchronous calls.
	scenario(t, "connect-06 async-01 async-04", func(t *testing.T, _ *as.Key) {
		var workers sync.WaitGroup
		wrong := make(chan error, 1000)
		for worker := range 50 {
			workers.Go(func() {
				for n := range 20 {
					k := must(as.NewKey("test", "workers", fmt.Sprintf("%d-%d", worker, n)))
					if err := shared.Put(nil, k, as.BinMap{"n": n}); err != nil {
						wrong <- err
					}
					if got, err := shared.Get(nil, k); err != nil || got.Bins["n"] != n {
						wrong <- fmt.Errorf("%v: %w", got, err)
					}
					if n == 19 {
						_, _ = shared.Delete(nil, k)
					}
				}
			})
		}
		workers.Wait()
		close(wrong)
		for err := range wrong {
			t.Error(err)
		}
	})
	scenario(t, "async-02 async-03 async-05 async-06", func(t *testing.T, k *as.Key) {
		q(t)
		errs := make(chan as.Error, 4)
		go func() {
			_, err := shared.Operate(nil, k, as.AddOp(as.NewBin("n", 1)), as.GetBinOp("n"))
			errs <- err
		}()
		go func() {
			_, err := shared.BatchGet(nil, []*as.Key{must(as.NewKey("test", "q", 1)), must(as.NewKey("test", "q", 2))})
			errs <- err
		}()
		for range 2 {
			succeeds(t, <-errs)
		}
		same(t, len(all(t)), records)
		byN(t)
		go func() {
			_, err := shared.Get(nil, must(as.NewKey("test", "q", "missing")))
			errs <- err
		}()
		fails(t, <-errs, types.KEY_NOT_FOUND_ERROR)
		go func() { errs <- shared.Put(action(as.CREATE_ONLY), k, as.BinMap{"n": 1}) }()
		fails(t, <-errs, types.KEY_EXISTS_ERROR)
	})
}

func TestLoss(t *testing.T) {
	k := key(t, "demo", "loss")
	policy := as.NewPolicy()
	policy.TotalTimeout, policy.SocketTimeout = 500*time.Millisecond, 200*time.Millisecond
	// again reads until it works.
	again := func(t *testing.T, client *as.Client, want as.BinMap) {
		t.Helper()
		for end := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			record, err := client.Get(policy, k)
			if err == nil {
				same(t, record.Bins, want)
				return
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	scenario(t, "loss-01 loss-02 loss-03", func(t *testing.T, _ *as.Key) {
		var client *as.Client
		port := 0
		for life := range 3 {
			var stop func()
			port, stop = serve(t.TempDir(), "../server.conf", port)
			fresh, err := as.NewClient("127.0.0.1", port)
			if err != nil {
				stop()
				t.Fatal(err)
			}
			succeeds(t, fresh.Put(nil, k, as.BinMap{"life": life}))
			if client == nil {
				client = fresh
				defer client.Close()
			} else {
				again(t, client, as.BinMap{"life": life})
				fresh.Close()
			}
			stop()
			start := time.Now()
			if _, err := client.Get(policy, k); err == nil {
				t.Fatal("read from a server that is gone")
			}
			between(t, time.Since(start).Seconds(), 0, 5)
		}
	})
}
