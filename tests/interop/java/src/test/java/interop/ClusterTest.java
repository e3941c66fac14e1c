package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Host;
import com.aerospike.client.Info;
import com.aerospike.client.Key;
import com.aerospike.client.cluster.Connection;
import com.aerospike.client.cluster.Node;
import com.aerospike.client.policy.ClientPolicy;
import com.aerospike.client.policy.ScanPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three nodes, of each scenario's own: nodes come, go, hang and are slow. */
class ClusterTest {
  private Server server;
  private AerospikeClient client;

  @BeforeEach
  void start() {
    server = Server.start("server.conf", "--nodes", "3");
    client = server.connect();
    knows(client, server.ports);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static Set<Integer> known(AerospikeClient client) {
    return Arrays.stream(client.getNodes()).filter(Node::isActive).map(node -> node.getHost().port)
        .collect(Collectors.toSet());
  }

  /** Waits until the client knows the nodes of these ports and no others. */
  static void knows(AerospikeClient client, List<Integer> ports) {
    Scenarios.eventually(15, () -> known(client).equals(Set.copyOf(ports)), () -> known(client) + ", not " + ports);
  }

  /** What happens to nodes while there is load. */
  private interface Event {
    void happen(Load load) throws Exception;
  }

  private Load underLoad(Event event) throws Exception {
    try (Load load = new Load(client)) {
      int before = load.rate();
      event.happen(load);
      load.recovers(before);
      return load;
    }
  }

  /** The same, and no command fails. */
  private void unnoticed(Event event) throws Exception {
    underLoad(event).nothingFailed();
  }

  @Test
  @Tag("connect-07")
  void firstSeedIsDead() throws Exception {
    Host[] seeds = {new Host("127.0.0.1", ConnectTest.deadPort()), new Host("127.0.0.1", server.port)};
    try (AerospikeClient other = new AerospikeClient(new ClientPolicy(), seeds)) {
      assertTrue(other.isConnected());
      knows(other, server.ports);
    }
  }

  @Test
  @Tag("loss-04")
  void aNodeStops() throws Exception {
    underLoad(load -> {
      server.event("stop=2");
      knows(client, List.of(server.ports.get(0), server.ports.get(2)));
    });
  }

  @Test
  @Tag("loss-05")
  void aNodeIsAdded() throws Exception {
    unnoticed(load -> {
      Matcher port = Pattern.compile("\"port\":(\\d+)").matcher(server.event("add"));
      assertTrue(port.find());
      List<Integer> all = new ArrayList<>(server.ports);
      all.add(Integer.valueOf(port.group(1)));
      server.event("settle");
      knows(client, all);
    });
  }

  @Test
  @Tag("loss-06")
  void theSeedStops() throws Exception {
    underLoad(load -> {
      Server.event(server.ports.get(1), "stop=1");
      knows(client, server.ports.subList(1, 3));
    });
  }

  @Test
  @Tag("loss-07")
  void aNodeHangs() throws Exception {
    underLoad(load -> {
      server.event("hang=2;for=3s");
      Scenarios.sleep(3500);
      load.someWaited(Load.SOCKET);
      server.event("settle");
      knows(client, server.ports);
    });
  }

  @Test
  @Tag("loss-08")
  void nodesRestart() throws Exception {
    for (int node = 1; node <= 3; node++) {
      String restart = "restart=" + node;
      // Any node but the one that restarts.
      int through = server.ports.get(node % 3);
      Connection broken = Server.connection(server.ports.get(node - 1));
      assertEquals("test;aging", Info.request(broken, "namespaces"));
      underLoad(load -> {
        Server.event(through, restart);
        assertThrows(AerospikeException.class, () -> Info.request(broken, "namespaces"));
        Server.event(through, "settle");
        // The client looks at the cluster once a second.
        Scenarios.sleep(1500);
        knows(client, server.ports);
      });
    }
  }

  /** The ports of the nodes that own the partitions, as the client knows them. */
  private List<Integer> owners() {
    AtomicReferenceArray<Node> nodes = client.getCluster().partitionMap.get("test").replicas[0];
    return IntStream.range(0, nodes.length()).mapToObj(at -> nodes.get(at).getHost().port).toList();
  }

  @Test
  @Tag("loss-09")
  void partitionsMove() throws Exception {
    unnoticed(load -> {
      for (int map : new int[] {1, 2, 0}) {
        List<Integer> before = owners();
        server.event("map=" + map);
        server.event("settle");
        Scenarios.eventually(15, () -> !owners().equals(before), () -> "the client has not learned of it");
        load.rate();
      }
    });
  }

  @Test
  @Tag("loss-10")
  void aNodeIsSlow() throws Exception {
    unnoticed(load -> {
      server.event("slow=2;by=20ms");
      load.rate();
      load.someWaited(20);
      server.event("resume=2");
    });
  }

  private static final int RECORDS = 3000;
  private static final List<Integer> EACH_ONCE = IntStream.range(0, RECORDS).boxed().toList();

  /** Puts records that do not fit into the buffers of sockets all at once. */
  private void putRecords() {
    byte[] bytes = new byte[3000];
    for (int number = 0; number < RECORDS; number++) {
      client.put(null, new Key("test", "scan", number), Scenarios.bin("n", number), Scenarios.bin("b", bytes));
    }
  }

  /** The numbers in all records, sorted; something happens when the first hundred are there. */
  private List<Integer> scan(Runnable atHundred) {
    ScanPolicy policy = new ScanPolicy();
    // Enough for a tend interval: a client that has lost a node asks it again until it has looked at the cluster.
    policy.maxRetries = 20;
    policy.sleepBetweenRetries = 150;
    policy.socketTimeout = 1000;
    List<Integer> numbers = Collections.synchronizedList(new ArrayList<>());
    AtomicBoolean happened = new AtomicBoolean();
    client.scanAll(policy, "test", "scan", (key, record) -> {
      numbers.add(record.getInt("n"));
      if (numbers.size() >= 100 && !happened.getAndSet(true)) {
        assertTrue(numbers.size() < RECORDS, "it is in the middle");
        atHundred.run();
      }
    });
    assertTrue(happened.get());
    Collections.sort(numbers);
    return numbers;
  }

  @Test
  @Tag("loss-11")
  void aNodeStopsInTheMiddleOfAScan() {
    putRecords();
    assertEquals(EACH_ONCE, scan(() -> {}));
    assertEquals(EACH_ONCE, scan(() -> server.event("stop=3")));
    knows(client, server.ports.subList(0, 2));
    assertEquals(EACH_ONCE, scan(() -> {}));
  }

  @Test
  @Tag("loss-11")
  void aNodeStopsBeforeItAnswersAScan() {
    putRecords();
    for (int attempt = 0; attempt < 3; attempt++) {
      server.event("slow=3;by=100ms");
      CompletableFuture<?> stopped = CompletableFuture.runAsync(
          () -> server.event("stop=3"), CompletableFuture.delayedExecutor(20 + 40 * attempt, TimeUnit.MILLISECONDS));
      assertEquals(EACH_ONCE, scan(() -> {}));
      stopped.join();
      server.event("restart=3");
      server.event("settle");
      knows(client, server.ports);
    }
  }
}
