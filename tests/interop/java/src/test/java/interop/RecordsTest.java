package interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.Bin;
import com.aerospike.client.Key;
import com.aerospike.client.policy.ScanPolicy;
import com.aerospike.client.policy.WritePolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class RecordsTest extends Scenarios {
  /** Puts a value and returns what comes back. */
  private static Object roundTrip(Object value) {
    CLIENT.delete(null, K);
    put(K, "v", value);
    return get(K).get("v");
  }

  @Test
  @Tag("records-01")
  void putAndGet() {
    put(K, "name", "Ada", "born", 1815);
    assertEquals(Map.of("name", "Ada", "born", 1815L), get(K));
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("records-02")
  void integers() {
    for (long value : new long[] {0, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertEquals(value, roundTrip(value));
    }
  }

  @Test
  @Tag("records-03")
  void floats() {
    for (double value : new double[] {0.0, -2.5, 1e308, Double.POSITIVE_INFINITY}) {
      assertEquals(value, roundTrip(value));
    }
  }

  @Test
  @Tag("records-04")
  void strings() {
    for (String value : List.of("", "text", "ünïcödé ☃", "x".repeat(100_000))) {
      assertEquals(value, roundTrip(value));
    }
  }

  @Test
  @Tag("records-05")
  void blobs() {
    for (byte[] value : List.of(bytes(), bytes(0, 1, 255), new byte[100_000])) {
      assertArrayEquals(value, (byte[]) roundTrip(value));
    }
  }

  @Test
  @Tag("records-06")
  void booleans() {
    assertEquals(true, roundTrip(true));
    assertEquals(false, roundTrip(false));
  }

  @Test
  @Tag("records-07")
  void nested() {
    List<Object> list = Arrays.asList(1, "two", 3.5, List.of(4, List.of(5)), Map.of("six", 6), bytes(7), true, null);
    List<?> back = (List<?>) roundTrip(list);
    assertArrayEquals(bytes(7), (byte[]) back.get(5));
    Object[] others = back.toArray();
    others[5] = null;
    assertEquals(list(1, "two", 3.5, list(4, list(5)), map("six", 6), null, true, null), Arrays.asList(others));

    Map<Object, Object> deep = new HashMap<>();
    deep.put("d", null);
    Map<Object, Object> value = Map.of("a", List.of(1, 2), "b", Map.of("c", deep), 3, "int key");
    assertEquals(canonical(value), roundTrip(value));
  }

  @Test
  @Tag("records-08")
  void keyTypes() {
    List<Key> keys = List.of(key("a"), key(1), key(bytes(1, 2)));
    for (int i = 0; i < 3; i++) {
      put(keys.get(i), "v", i);
    }
    for (int i = 0; i < 3; i++) {
      assertEquals(Map.of("v", (long) i), get(keys.get(i)));
    }
  }

  @Test
  @Tag("records-09")
  void keysDiffer() {
    List<Key> keys = List.of(key(1), key("1"), new Key("test", "one", 1), new Key("test", "two", 1));
    for (int i = 0; i < 4; i++) {
      put(keys.get(i), "v", i);
    }
    for (int i = 0; i < 4; i++) {
      assertEquals(Map.of("v", (long) i), get(keys.get(i)));
    }
  }

  @Test
  @Tag("records-10")
  void noRecord() {
    assertNull(CLIENT.get(null, K));
  }

  @Test
  @Tag("records-11")
  void putKeepsOtherBins() {
    put(K, "a", 1, "b", 2);
    put(K, "b", 3, "c", 4);
    assertEquals(Map.of("a", 1L, "b", 3L, "c", 4L), get(K));
    assertEquals(2, generation(K));
  }

  @Test
  @Tag("records-12")
  void selectedBins() {
    put(K, "a", 1, "b", 2, "c", 3);
    assertEquals(Map.of("a", 1L, "c", 3L), CLIENT.get(null, K, "a", "c").bins);
  }

  @Test
  @Tag("records-13")
  void exists() {
    assertFalse(CLIENT.exists(null, K));
    put(K, "a", 1);
    assertTrue(CLIENT.exists(null, K));
    assertEquals(1, generation(K));
    assertNull(CLIENT.getHeader(null, K).bins);
  }

  @Test
  @Tag("records-14")
  void delete() {
    put(K, "a", 1);
    put(K, "a", 2);
    assertTrue(CLIENT.delete(null, K));
    assertFalse(CLIENT.delete(null, K));
    put(K, "a", 1);
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("records-15")
  void nil() {
    put(K, "a", 1, "b", 2);
    CLIENT.put(null, K, Bin.asNull("a"));
    assertEquals(Map.of("b", 2L), get(K));
    CLIENT.put(null, K, Bin.asNull("b"));
    assertFalse(CLIENT.exists(null, K));
  }

  @Test
  @Tag("records-16")
  void appendAndPrepend() {
    put(K, "s", "merge", "i", 1);
    CLIENT.append(null, K, bin("s", "nce"));
    CLIENT.prepend(null, K, bin("s", "e"));
    assertEquals("emergence", get(K).get("s"));
    CLIENT.append(null, key("new"), bin("s", "x"));
    assertEquals(Map.of("s", "x"), get(key("new")));
    fails(BIN_TYPE, () -> CLIENT.append(null, K, bin("i", "x")));
    assertEquals(Map.of("s", "emergence", "i", 1L), get(K));
  }

  @Test
  @Tag("records-17")
  void add() {
    put(K, "n", 40, "max", Long.MAX_VALUE, "s", "x");
    CLIENT.add(null, K, bin("n", 5));
    CLIENT.add(null, K, bin("n", -3));
    CLIENT.add(null, K, bin("max", 1));
    assertEquals(Map.of("n", 42L, "max", Long.MIN_VALUE, "s", "x"), get(K));
    CLIENT.add(null, key("new"), bin("n", 7));
    assertEquals(Map.of("n", 7L), get(key("new")));
    fails(BIN_TYPE, () -> CLIENT.add(null, K, bin("s", 1)));
  }

  @Test
  @Tag("records-18")
  void binNames() {
    put(K, "b".repeat(15), 1);
    assertEquals(Map.of("b".repeat(15), 1L), get(K));
    fails(BIN_NAME, () -> put(K, "b".repeat(16), 1));
  }

  @Test
  @Tag("records-19")
  void unknownNamespace() {
    fails(INVALID_NAMESPACE, () -> put(new Key("nowhere", "demo", "k"), "a", 1));
    fails(INVALID_NAMESPACE, () -> CLIENT.get(null, new Key("nowhere", "demo", "k")));
  }

  @Test
  @Tag("records-20")
  void tooBig() {
    fails(RECORD_TOO_BIG, () -> put(K, "v", new byte[1024 * 1024]));
    assertFalse(CLIENT.exists(null, K));
  }

  @Test
  @Tag("records-21")
  void manyBins() {
    Bin[] bins = new Bin[500];
    Map<String, Object> expected = new HashMap<>();
    for (int i = 0; i < 500; i++) {
      bins[i] = bin("bin" + i, i);
      expected.put("bin" + i, (long) i);
    }
    CLIENT.put(null, K, bins);
    assertEquals(expected, get(K));
  }

  @Test
  @Tag("records-22")
  void sendKey() {
    WritePolicy policy = new WritePolicy();
    policy.sendKey = true;
    put(policy, K, "a", 1);
    List<Key> keys = Collections.synchronizedList(new ArrayList<>());
    CLIENT.scanAll(new ScanPolicy(), "test", "demo", (key, record) -> keys.add(key));
    assertEquals(List.of("k"), keys.stream().map(key -> key.userKey.toString()).toList());
  }

  @Test
  @Tag("records-23")
  void touch() {
    put(K, "a", 1);
    CLIENT.touch(null, K);
    assertEquals(2, generation(K));
    assertEquals(Map.of("a", 1L), get(K));
    fails(NOT_FOUND, () -> CLIENT.touch(null, key("none")));
    assertFalse(CLIENT.touched(null, key("none")));
  }
}
