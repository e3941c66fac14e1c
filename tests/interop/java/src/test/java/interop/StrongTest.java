package interop;

import static interop.Scenarios.FORBIDDEN;
import static interop.Scenarios.NO_NODE;
import static interop.Scenarios.PARTITION_UNAVAILABLE;
import static interop.Scenarios.bin;
import static interop.Scenarios.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Key;
import com.aerospike.client.cluster.Partition;
import com.aerospike.client.policy.Policy;
import com.aerospike.client.policy.ReadModeSC;
import com.aerospike.client.policy.WritePolicy;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three nodes, of each scenario's own, whose namespace is strongly consistent. */
class StrongTest {
  private static final List<Key> KEYS =
      IntStream.range(0, 30).mapToObj(number -> new Key("test", "demo", number)).toList();
  private static final Key K = KEYS.get(0);

  private Server server;
  private AerospikeClient client;

  @BeforeEach
  void start() {
    server = Server.start("strong.conf", "--nodes", "3");
    client = server.connect();
    ClusterTest.knows(client, server.ports);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static Policy once() {
    Policy policy = new Policy();
    policy.maxRetries = 0;
    return policy;
  }

  /** Reads until it works: the client may still have to learn who owns what. */
  private void getsSoon(Key key, int expected) {
    Scenarios.eventually(15, () -> {
      try {
        assertEquals(expected, client.get(null, key).getInt("a"));
        return true;
      } catch (AerospikeException error) {
        return false;
      }
    }, () -> key.userKey + " cannot be read");
  }

  @Test
  @Tag("loss-12")
  void deletesAreDurable() {
    client.put(null, K, bin("a", 1));
    fails(FORBIDDEN, () -> client.delete(null, K));
    assertEquals(1, client.get(null, K).getInt("a"));
    WritePolicy durable = new WritePolicy();
    durable.durableDelete = true;
    assertTrue(client.delete(durable, K));
    assertFalse(client.exists(null, K));
    assertFalse(client.delete(durable, K));
  }

  @Test
  @Tag("loss-12")
  void unavailablePartitions() {
    client.put(null, K, bin("a", 1));
    server.event("partitions=all;namespace=test;state=unavailable");
    // Before and after the client has looked at the cluster, which it does once a second.
    for (int look = 0; look < 2; look++) {
      fails(PARTITION_UNAVAILABLE, () -> client.get(null, K));
      fails(PARTITION_UNAVAILABLE, () -> client.put(null, K, bin("a", 2)));
      Policy anyhow = new Policy();
      anyhow.readModeSC = ReadModeSC.ALLOW_UNAVAILABLE;
      assertEquals(1, client.get(anyhow, K).getInt("a"));
      Scenarios.sleep(1500);
    }
    server.event("partitions=all;namespace=test;state=available");
    assertEquals(1, client.get(null, K).getInt("a"));
    client.put(null, K, bin("a", 2));
    assertEquals(2, client.get(null, K).getInt("a"));
  }

  @Test
  @Tag("loss-13")
  void aMinorityServesNothing() {
    for (Key key : KEYS) {
      client.put(null, key, bin("a", 1));
    }
    server.event("stop=2");
    server.event("stop=3");
    server.event("settle");
    ClusterTest.knows(client, server.ports.subList(0, 1));
    for (Key key : KEYS) {
      AerospikeException error = assertThrows(AerospikeException.class, () -> client.get(once(), key));
      // The server says so, or the client itself, as soon as it knows that nobody serves the partition.
      assertTrue(List.of(PARTITION_UNAVAILABLE, NO_NODE).contains(error.getResultCode()), error::toString);
    }
    server.event("restart=2");
    server.event("restart=3");
    server.event("settle");
    ClusterTest.knows(client, server.ports);
    for (Key key : KEYS) {
      getsSoon(key, 1);
    }
  }

  /** Whether the second node owns a key. */
  private boolean atSecond(Key key) {
    int partition = Partition.getPartitionId(key.digest);
    return client.getCluster().partitionMap.get("test").replicas[0].get(partition).getHost().port
        == server.ports.get(1);
  }

  @Test
  @Tag("loss-14")
  void aWriteInDoubt() {
    List<Key> doubtful = KEYS.stream().filter(this::atSecond).limit(2).toList();
    List<Key> others = KEYS.stream().filter(key -> !atSecond(key)).toList();
    assertEquals(2, doubtful.size());
    WritePolicy policy = new WritePolicy();
    policy.maxRetries = 0;
    policy.totalTimeout = 300;
    policy.socketTimeout = 300;
    server.event("hang=2;for=2s");
    for (Key key : doubtful) {
      AerospikeException.Timeout error =
          assertThrows(AerospikeException.Timeout.class, () -> client.put(policy, key, bin("a", 1)));
      assertTrue(error.getInDoubt(), "it was sent, and may happen yet");
    }
    client.put(null, others.get(0), bin("a", 1));
    Scenarios.sleep(2000);
    server.event("settle");
    ClusterTest.knows(client, server.ports);
    for (Key key : doubtful) {
      getsSoon(key, 1);
    }
  }
}
