package interop

import (
	"testing"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
)

// strong starts three nodes whose namespace is strongly consistent; their addresses, and a client of them.
func strong(t *testing.T) ([]string, *as.Client) {
	t.Helper()
	nodes := cluster(t, "strong.conf")
	client := clusterClient(t, nodes[0])
	waitForNodes(t, client, 3)
	return nodes, client
}

// a is the bin a of a record, with a policy.
func a(client *as.Client, policy *as.BasePolicy, k *as.Key) (any, as.Error) {
	record, err := client.Get(policy, k)
	if err != nil {
		return nil, err
	}
	return record.Bins["a"], nil
}

// holds expects a record to hold a number.
func holds(t *testing.T, client *as.Client, policy *as.BasePolicy, k *as.Key, want int) {
	t.Helper()
	got, err := a(client, policy, k)
	succeeds(t, err)
	same(t, got, any(want))
}

// soon reads until it works: the client may still have to learn who owns what.
func soon(t *testing.T, client *as.Client, k *as.Key, want int) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		got, err := a(client, nil, k)
		if err == nil {
			same(t, got, any(want))
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// manyKeys is so many that each node owns some.
func manyKeys(t *testing.T) []*as.Key {
	t.Helper()
	var all []*as.Key
	for number := range 30 {
		k, err := as.NewKey("test", "demo", number)
		succeeds(t, err)
		all = append(all, k)
	}
	return all
}

// owner is the address of the node that takes writes to a key.
func owner(t *testing.T, client *as.Client, k *as.Key) string {
	t.Helper()
	partition, err := as.PartitionForWrite(client.Cluster(), as.NewPolicy(), k)
	succeeds(t, err)
	node, err := partition.GetNodeWrite(client.Cluster())
	succeeds(t, err)
	return node.GetHost().String()
}

// once is a policy without retries.
func once() *as.BasePolicy {
	policy := as.NewPolicy()
	policy.MaxRetries = 0
	return policy
}

func TestStrongConsistency(t *testing.T) {
	scenario(t, "loss-12", func(t *testing.T, k *as.Key) {
		nodes, client := strong(t)
		succeeds(t, client.PutBins(nil, k, as.NewBin("a", 1)))
		_, err := client.Delete(nil, k)
		fails(t, err, types.FAIL_FORBIDDEN)
		holds(t, client, nil, k, 1)
		event(t, nodes[0], "partitions=all;namespace=test;state=unavailable")
		write := as.NewWritePolicy(0, 0)
		write.MaxRetries = 0
		anyhow := as.NewPolicy()
		anyhow.ReadModeSC = as.ReadModeSCAllowUnavailable
		// Before and after the client has looked at the cluster, which it does once a second.
		for range 2 {
			_, err = client.Get(once(), k)
			fails(t, err, types.PARTITION_UNAVAILABLE)
			fails(t, client.PutBins(write, k, as.NewBin("a", 2)), types.PARTITION_UNAVAILABLE)
			holds(t, client, anyhow, k, 1)
			time.Sleep(1500 * time.Millisecond)
		}
		event(t, nodes[0], "partitions=all;namespace=test;state=available")
		holds(t, client, nil, k, 1)
		durable := as.NewWritePolicy(0, 0)
		durable.DurableDelete = true
		for _, existed := range []bool{true, false} {
			got, err := client.Delete(durable, k)
			succeeds(t, err)
			same(t, got, existed)
		}
	})
	scenario(t, "loss-13", func(t *testing.T, _ *as.Key) {
		nodes, client := strong(t)
		all := manyKeys(t)
		for _, k := range all {
			succeeds(t, client.PutBins(nil, k, as.NewBin("a", 1)))
		}
		event(t, nodes[0], "stop=2")
		event(t, nodes[0], "stop=3")
		event(t, nodes[0], "settle")
		waitForNodes(t, client, 1)
		for _, k := range all {
			_, err := client.Get(once(), k)
			// The server says so, or the client itself, as soon as it knows that nobody serves the partition.
			fails(t, err, types.PARTITION_UNAVAILABLE, types.INVALID_NODE_ERROR)
		}
		event(t, nodes[0], "restart=2")
		event(t, nodes[0], "restart=3")
		event(t, nodes[0], "settle")
		waitForNodes(t, client, 3)
		for _, k := range all {
			soon(t, client, k, 1)
		}
	})
	scenario(t, "loss-14", func(t *testing.T, _ *as.Key) {
		nodes, client := strong(t)
		write := as.NewWritePolicy(0, 0)
		write.MaxRetries, write.TotalTimeout, write.SocketTimeout = 0, 300*time.Millisecond, 300*time.Millisecond
		var doubtful, others []*as.Key
		for _, k := range manyKeys(t) {
			if owner(t, client, k) == nodes[1] {
				doubtful = append(doubtful, k)
			} else {
				others = append(others, k)
			}
		}
		event(t, nodes[0], "hang=2;for=2s")
		doubtful = doubtful[:2]
		for _, k := range doubtful {
			err := client.PutBins(write, k, as.NewBin("a", 1))
			fails(t, err, types.TIMEOUT)
			same(t, err.IsInDoubt(), true)
		}
		succeeds(t, client.PutBins(nil, others[0], as.NewBin("a", 1)))
		time.Sleep(2 * time.Second)
		event(t, nodes[0], "settle")
		waitForNodes(t, client, 3)
		for _, k := range doubtful {
			soon(t, client, k, 1)
		}
	})
}
