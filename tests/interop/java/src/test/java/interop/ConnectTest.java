package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Host;
import com.aerospike.client.policy.ClientPolicy;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ConnectTest extends Scenarios {
  /** A port where nobody listens. */
  static int deadPort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  @Tag("connect-01")
  void oneSeed() {
    try (AerospikeClient client = SERVER.connect()) {
      assertTrue(client.isConnected());
      assertEquals(1, client.getNodes().length);
      assertTrue(client.getNodeNames().get(0).matches("[0-9A-F]+"), client.getNodeNames().toString());
    }
  }

  @Test
  @Tag("connect-02")
  void nobodyListens() throws IOException {
    int port = deadPort();
    assertTimeoutPreemptively(
        Duration.ofSeconds(5),
        () -> assertThrows(AerospikeException.Connection.class, () -> new AerospikeClient("127.0.0.1", port)));
  }

  @Test
  @Tag("connect-03")
  void clusterName() {
    ClientPolicy policy = new ClientPolicy();
    policy.clusterName = "docker";
    try (AerospikeClient client = new AerospikeClient(policy, "127.0.0.1", SERVER.port)) {
      assertTrue(client.isConnected());
    }
    policy.clusterName = "other";
    assertThrows(AerospikeException.class, () -> new AerospikeClient(policy, "127.0.0.1", SERVER.port));
  }

  @Test
  @Tag("connect-04")
  void closed() {
    AerospikeClient client = SERVER.connect();
    client.close();
    assertThrows(AerospikeException.class, () -> client.get(null, K));
  }

  @Test
  @Tag("connect-05")
  void tends() {
    ClientPolicy policy = new ClientPolicy();
    policy.tendInterval = 250;
    put(K, "a", 1);
    try (AerospikeClient client = new AerospikeClient(policy, "127.0.0.1", SERVER.port)) {
      sleep(1000);
      assertEquals(1, client.get(null, K).getInt("a"));
      assertTrue(client.isConnected());
    }
  }

  @Test
  @Tag("connect-06")
  void threadsShareAClient() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(32);
    List<Future<?>> done = new ArrayList<>();
    for (int thread = 0; thread < 32; thread++) {
      int of = thread;
      done.add(threads.submit(() -> {
        for (int i = 0; i < 20; i++) {
          put(key(of * 100 + i), "v", of * 1000 + i);
        }
        for (int i = 0; i < 20; i++) {
          assertEquals(of * 1000L + i, get(key(of * 100 + i)).get("v"));
        }
      }));
    }
    for (Future<?> future : done) {
      future.get();
    }
    threads.shutdown();
  }

  /** Without this permission, a client of one node refuses to start when any of its seeds is dead. */
  @Test
  @Tag("connect-07")
  void deadSeedFirst() throws IOException {
    put(K, "a", 1);
    ClientPolicy policy = new ClientPolicy();
    policy.failIfNotConnected = false;
    Host[] seeds = {new Host("127.0.0.1", deadPort()), new Host("127.0.0.1", SERVER.port)};
    try (AerospikeClient client = new AerospikeClient(policy, seeds)) {
      assertTrue(client.isConnected());
      assertEquals(1, client.get(null, K).getInt("a"));
    }
  }
}
