package interop;

import static interop.Scenarios.bin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Key;
import com.aerospike.client.Record;
import com.aerospike.client.policy.ClientPolicy;
import com.aerospike.client.policy.Policy;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The server goes away; it has a fixed port and is each scenario's own. */
class LossTest {
  private static final Key K = new Key("test", "demo", "k");

  private int port;
  private Server server;
  private AerospikeClient client;

  @BeforeEach
  void start() throws IOException {
    port = ConnectTest.deadPort();
    server = new Server(port, "server.conf");
    ClientPolicy policy = new ClientPolicy();
    policy.tendInterval = 250;
    client = new AerospikeClient(policy, "127.0.0.1", port);
    client.put(null, K, bin("a", 1));
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private void restart() {
    server.close();
    server = new Server(port, "server.conf");
  }

  @Test
  @Tag("loss-01")
  void stopped() {
    server.close();
    Policy policy = new Policy();
    policy.totalTimeout = 1000;
    assertTimeoutPreemptively(
        Duration.ofSeconds(5), () -> assertThrows(AerospikeException.class, () -> client.get(policy, K)));
  }

  @Test
  @Tag("loss-02")
  void startedAgain() {
    server.close();
    assertThrows(AerospikeException.class, () -> client.get(null, K));
    server = new Server(port, "server.conf");
    Scenarios.eventually(() -> {
      try {
        client.put(null, K, bin("a", 2));
        return true;
      } catch (AerospikeException error) {
        return false;
      }
    });
    assertEquals(2, client.get(null, K).getInt("a"));
  }

  @Test
  @Tag("loss-03")
  void restartedBetweenCommands() {
    for (int i = 0; i < 3; i++) {
      restart();
      try {
        Record record = client.get(null, K);
        assertTrue(record == null, "the new server has no records");
      } catch (AerospikeException error) {
        assertTrue(error.getResultCode() < 0 || error.getResultCode() == 9 || error.getResultCode() == 11, error::toString);
      }
    }
  }
}
