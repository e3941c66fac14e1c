package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.policy.WritePolicy;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class OperateTest extends Scenarios {
  @Test
  @Tag("operate-01")
  void reads() {
    put(K, "a", 1, "b", "x", "c", 2.5);
    assertEquals(Map.of("a", 1L, "c", 2.5), operate(K, Operation.get("a"), Operation.get("c")).bins);
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("operate-02")
  void writeThenRead() {
    Record record = operate(K, Operation.put(bin("a", 7)), Operation.get("a"));
    assertTrue(record.getValue("a").equals(7L) || record.getList("a").contains(7L), record.toString());
    assertEquals(1, record.generation);
  }

  @Test
  @Tag("operate-03")
  void inOrder() {
    put(K, "n", 1);
    Operation read = Operation.get("n");
    Record record = operate(K, read, Operation.add(bin("n", 10)), read, Operation.add(bin("n", 5)), read);
    assertEquals(list(1, 11, 16), record.getList("n").stream().filter(Objects::nonNull).toList());
  }

  @Test
  @Tag("operate-04")
  void oneGeneration() {
    operate(K, Operation.put(bin("a", 1)), Operation.add(bin("b", 2)), Operation.append(bin("c", "x")));
    assertEquals(Map.of("a", 1L, "b", 2L, "c", "x"), get(K));
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("operate-05")
  void failureChangesNothing() {
    put(K, "n", 1, "text", "x");
    fails(BIN_TYPE, () -> operate(K, Operation.add(bin("n", 1)), Operation.add(bin("text", 1))));
    assertEquals(Map.of("n", 1L, "text", "x"), get(K));
  }

  @Test
  @Tag("operate-06")
  void touch() {
    put(K, "a", 1);
    Record record = operate(K, Operation.touch(), Operation.get("a"));
    assertEquals(1, record.getInt("a"));
    assertEquals(2, record.generation);
  }

  @Test
  @Tag("operate-07")
  void readAndDelete() {
    put(K, "a", 1);
    assertEquals(1, operate(K, Operation.get("a"), Operation.delete()).getInt("a"));
    assertFalse(CLIENT.exists(null, K));
  }

  @Test
  @Tag("operate-08")
  void deleteAndWrite() {
    put(K, "old", 1);
    operate(K, Operation.delete(), Operation.put(bin("new", 2)));
    assertEquals(Map.of("new", 2L), get(K));
  }

  @Test
  @Tag("operate-09")
  void missingRecord() {
    // Reads alone: the client makes nothing of result code 2. With a write's header, it raises.
    assertNull(operate(K, Operation.get("a")));
    fails(NOT_FOUND, () -> operate(K, Operation.touch(), Operation.get("a")));
  }

  @Test
  @Tag("operate-10")
  void timeToLive() {
    WritePolicy policy = new WritePolicy();
    policy.expiration = 500;
    CLIENT.operate(policy, K, Operation.put(bin("a", 1)));
    int ttl = CLIENT.getHeader(null, K).getTimeToLive();
    assertTrue(490 <= ttl && ttl <= 500, "time to live " + ttl);
  }

  @Test
  @Tag("operate-11")
  void allBins() {
    put(K, "a", 1, "b", 2);
    Record record = operate(K, Operation.put(bin("c", 3)), Operation.get());
    assertEquals(List.of(1L, 2L), List.of(record.getLong("a"), record.getLong("b")));
    assertTrue(String.valueOf(record.bins.get("c")).contains("3"), record.toString());
  }
}
