package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeException;
import com.aerospike.client.Info;
import com.aerospike.client.Key;
import com.aerospike.client.cluster.Node;
import com.aerospike.client.policy.InfoPolicy;
import com.aerospike.client.query.IndexType;
import java.util.Calendar;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Truncation and info commands. */
class AdminTest extends Scenarios {
  private static final Key OTHER = new Key("test", "other", "k");
  private static final Node NODE = CLIENT.getNodes()[0];

  private static void truncate(String set, Calendar before) {
    CLIENT.truncate(new InfoPolicy(), "test", set, before);
  }

  @Test
  @Tag("truncate-01")
  void set() {
    put(K, "a", 1);
    put(OTHER, "a", 1);
    truncate("demo", null);
    assertTrue(!CLIENT.exists(null, K) && CLIENT.exists(null, OTHER));
  }

  @Test
  @Tag("truncate-02")
  void namespace() {
    put(K, "a", 1);
    put(OTHER, "a", 1);
    truncate(null, null);
    assertTrue(!CLIENT.exists(null, K) && !CLIENT.exists(null, OTHER));
  }

  @Test
  @Tag("truncate-03")
  void withATime() {
    put(K, "a", 1);
    sleep(50);
    Calendar time = Calendar.getInstance();
    sleep(50);
    put(key("later"), "a", 1);
    truncate("demo", time);
    assertTrue(!CLIENT.exists(null, K) && CLIENT.exists(null, key("later")));
  }

  @Test
  @Tag("truncate-04")
  void generations() {
    put(K, "a", 1);
    put(K, "a", 2);
    truncate("demo", null);
    put(K, "a", 3);
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("truncate-05")
  void inTheFuture() {
    Calendar time = Calendar.getInstance();
    time.add(Calendar.HOUR, 1);
    assertThrows(AerospikeException.class, () -> truncate("demo", time));
  }

  private static Map<String, String> pairs(String answer, String separator) {
    Map<String, String> pairs = new HashMap<>();
    for (String pair : answer.split(separator)) {
      String[] parts = pair.split("=", 2);
      pairs.put(parts[0], parts.length > 1 ? parts[1] : "");
    }
    return pairs;
  }

  @Test
  @Tag("info-01")
  @Tag("info-02")
  void several() {
    Map<String, String> answers = Info.request(new InfoPolicy(), NODE, "build", "edition", "node", "namespaces");
    assertTrue(answers.get("build").matches("8\\.1\\.\\d+\\.\\d+"), answers::toString);
    assertTrue(answers.get("edition").contains("Edition"), answers::toString);
    assertEquals(NODE.getName(), answers.get("node"));
    assertEquals("test;aging", answers.get("namespaces"));
    assertEquals(answers.get("build"), Info.request(NODE, "build"));
  }

  @Test
  @Tag("info-03")
  void objects() {
    for (int i = 0; i < 7; i++) {
      put(key(i), "a", 1);
    }
    assertEquals("7", pairs(Info.request(NODE, "namespace/test"), ";").get("objects"));
    assertEquals("7", pairs(Info.request(NODE, "statistics"), ";").get("objects"));
  }

  @Test
  @Tag("info-04")
  void objectsOfASet() {
    put(K, "a", 1);
    assertEquals("1", pairs(Info.request(NODE, "sets/test/demo").replace(";", ""), ":").get("objects"));
  }

  @Test
  @Tag("info-05")
  void unknownCommand() {
    assertTrue(Info.request(NODE, "unknown-command").startsWith("ERROR"));
    assertTrue(Info.request(NODE, "build").startsWith("8.1"));
  }

  @Test
  @Tag("info-06")
  void indexes() {
    QueryTest.createIndex("listed", "n", IndexType.NUMERIC);
    assertTrue(Info.request(NODE, "sindex-list:ns=test").contains("indexname=listed"));
    CLIENT.dropIndex(null, "test", "q", "listed").waitTillComplete(10);
  }
}
