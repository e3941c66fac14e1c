package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Bin;
import com.aerospike.client.Key;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.Value;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.exp.ExpOperation;
import com.aerospike.client.policy.InfoPolicy;
import com.aerospike.client.policy.WritePolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.function.Executable;

/** What all scenarios on the shared server use. Each begins with empty namespaces. */
abstract class Scenarios {
  /** The client's own: it knows no node that serves a partition. */
  static final int NO_NODE = -3;

  static final int NOT_FOUND = 2;
  static final int GENERATION = 3;
  static final int PARAMETER = 4;
  static final int KEY_EXISTS = 5;
  static final int BIN_EXISTS = 6;
  static final int PARTITION_UNAVAILABLE = 11;
  static final int BIN_TYPE = 12;
  static final int RECORD_TOO_BIG = 13;
  static final int BIN_NOT_FOUND = 17;
  static final int INVALID_NAMESPACE = 20;
  static final int BIN_NAME = 21;
  static final int FORBIDDEN = 22;
  static final int ELEMENT_NOT_FOUND = 23;
  static final int ELEMENT_EXISTS = 24;
  static final int OP_NOT_APPLICABLE = 26;
  static final int FILTERED_OUT = 27;
  static final int UDF = 100;
  static final int GEO_INVALID_GEOJSON = 160;
  static final int INDEX_FOUND = 200;
  static final int INDEX_NOT_FOUND = 201;

  static final Server SERVER = Server.start("server.conf");
  static final AerospikeClient CLIENT = SERVER.connect();
  static final Key K = new Key("test", "demo", "k");

  @BeforeEach
  void empty() {
    CLIENT.truncate(new InfoPolicy(), "test", null, null);
    CLIENT.truncate(new InfoPolicy(), "aging", null, null);
  }

  static Key key(Object key) {
    return new Key("test", "demo", Value.get(key));
  }

  static Bin bin(String name, Object value) {
    return new Bin(name, value instanceof Value packed ? packed : Value.get(value));
  }

  /** Puts pairs of names and values. */
  static void put(Key key, Object... pairs) {
    put(null, key, pairs);
  }

  static void put(WritePolicy policy, Key key, Object... pairs) {
    List<Bin> bins = new ArrayList<>();
    for (int i = 0; i < pairs.length; i += 2) {
      bins.add(bin((String) pairs[i], pairs[i + 1]));
    }
    CLIENT.put(policy, key, bins.toArray(Bin[]::new));
  }

  /** All bins. */
  static Map<String, Object> get(Key key) {
    return CLIENT.get(null, key).bins;
  }

  static int generation(Key key) {
    return CLIENT.getHeader(null, key).generation;
  }

  static Record operate(Key key, Operation... operations) {
    return CLIENT.operate(null, key, operations);
  }

  /** The result of one operation on a bin of K. */
  static Object result(Operation operation) {
    return operate(K, operation).getValue(operation.binName);
  }

  /** The record E, at K. */
  static void putE() {
    WritePolicy policy = new WritePolicy();
    policy.sendKey = true;
    SortedMap<String, Integer> m = new TreeMap<>(Map.of("a", 1, "b", 2));
    put(
        policy, K, "i", 5, "f", 1.5, "s", "hello", "b", bytes(1, 2), "t", true, "l", List.of(1, 2, 3), "m",
        Value.get(m), "z", -7);
  }

  /** The set Q: 60 records. */
  static void putQ() {
    WritePolicy policy = new WritePolicy();
    policy.sendKey = true;
    for (int i = 0; i < 60; i++) {
      CLIENT.put(policy, new Key("test", "q", i), binsOfQ(i));
    }
  }

  static Bin[] binsOfQ(int i) {
    return new Bin[] {
      bin("n", i),
      bin("s", "s" + i % 5),
      bin("b", bytes(i % 3)),
      bin("l", List.of(i, i + 1, "e" + i)),
      bin("m", Map.of("k" + i % 7, i, "all", 1)),
      bin("d", Map.of("inner", Map.of("rank", List.of(i % 4, 100 + i)))),
      Bin.asGeoJSON("g", point(i * 0.1, 0)),
    };
  }

  static String point(double longitude, double latitude) {
    return "{\"type\": \"Point\", \"coordinates\": [" + longitude + ", " + latitude + "]}";
  }

  /** The value of an expression on K. */
  static Object eval(Exp expression) {
    return eval(expression, 0);
  }

  static Object eval(Exp expression, int flags) {
    return operate(K, ExpOperation.read("x", Exp.build(expression), flags)).getValue("x");
  }

  static void fails(int code, Executable executable) {
    AerospikeException error = assertThrows(AerospikeException.class, executable);
    assertEquals(code, error.getResultCode(), error::toString);
  }

  /** Numbers as the client returns them: all integers are long. */
  static Object canonical(Object value) {
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof List<?> list) {
      return list(list.toArray());
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> all = new HashMap<>();
      map.forEach((key, of) -> all.put(canonical(key), canonical(of)));
      return all;
    }
    return value;
  }

  /** A list as the client returns it. */
  static List<Object> list(Object... values) {
    List<Object> list = new ArrayList<>();
    for (Object value : values) {
      list.add(canonical(value));
    }
    return list;
  }

  static List<Value> values(Object... values) {
    return Arrays.stream(values).map(Value::get).toList();
  }

  /** A map as the client returns it, of pairs of keys and values. */
  static Map<Object, Object> map(Object... pairs) {
    Map<Object, Object> map = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(canonical(pairs[i]), canonical(pairs[i + 1]));
    }
    return map;
  }

  static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** The whole numbers from … to (inclusive) as the client returns them. */
  static TreeSet<Long> range(int from, int to) {
    TreeSet<Long> numbers = new TreeSet<>();
    for (long i = from; i <= to; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Waits up to five seconds until something holds. */
  static void eventually(Supplier<Boolean> holds) {
    eventually(5, holds, () -> "it has not come to hold");
  }

  /** Waits until something holds; what is the case instead, for the message. */
  static void eventually(int seconds, Supplier<Boolean> holds, Supplier<String> instead) {
    for (int i = 0; i < seconds * 100; i++) {
      if (holds.get()) {
        return;
      }
      sleep(10);
    }
    throw new AssertionError("after " + seconds + " seconds: " + instead.get());
  }
}
