package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Info;
import com.aerospike.client.Key;
import com.aerospike.client.Language;
import com.aerospike.client.Value;
import com.aerospike.client.lua.LuaConfig;
import com.aerospike.client.policy.InfoPolicy;
import com.aerospike.client.query.Filter;
import com.aerospike.client.query.IndexType;
import com.aerospike.client.query.ResultSet;
import com.aerospike.client.query.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Functions on records and on streams. */
class UdfTest extends Scenarios {
  /** Registers a module of the examples. */
  static void register(String module) {
    CLIENT.register(null, Server.example(module), module, Language.LUA).waitTillComplete(10);
  }

  private static Object call(Key key, String module, String function, Object... arguments) {
    Value[] values = values(arguments).toArray(Value[]::new);
    return CLIENT.execute(null, key, module, function, values);
  }

  private static String info(String command) {
    return Info.request(CLIENT.getNodes()[0], command);
  }

  @Test
  @Tag("udf-01")
  void registers() {
    register("counter.lua");
    CLIENT.registerUdfString(null, "function one() return 1 end", "text.lua", Language.LUA).waitTillComplete(10);
    assertTrue(info("udf-list").contains("filename=counter.lua"));
    String answer = info("udf-get:filename=text.lua");
    String content = answer.replaceAll(".*content=([^;]*).*", "$1");
    assertEquals("function one() return 1 end", new String(Base64.getDecoder().decode(content)));
    assertEquals(1L, call(K, "text", "one"));
  }

  @Test
  @Tag("udf-02")
  void applies() {
    register("counter.lua");
    assertEquals(1L, call(K, "counter", "add", "visits", 1));
    assertEquals(2L, call(K, "counter", "add", "visits", 1));
    assertEquals(Map.of("visits", 2L), get(K));
  }

  @Test
  @Tag("udf-03")
  void types() {
    register("document.lua");
    for (Object value : List.of(7, 2.5, "text", true, List.of(1, List.of(2)), Map.of("x", Map.of("y", 1)))) {
      call(K, "document", "set", "d", List.of("a", "b"), value);
      assertEquals(canonical(value), call(K, "document", "get", "d", List.of("a", "b")));
    }
  }

  @Test
  @Tag("udf-04")
  void errors() {
    register("counter.lua");
    call(K, "counter", "add", "stock", 3);
    AerospikeException error =
        assertThrows(AerospikeException.class, () -> call(K, "counter", "take", "stock", 5));
    assertEquals(UDF, error.getResultCode());
    assertTrue(error.getMessage().contains("only 3 left"), error.getMessage());
  }

  @Test
  @Tag("udf-05")
  void unknownNames() {
    register("counter.lua");
    fails(UDF, () -> call(K, "counter", "unknown"));
    fails(UDF, () -> call(K, "unknown", "add"));
  }

  @Test
  @Tag("udf-06")
  void doesNotCompile() {
    AerospikeException error = assertThrows(
        AerospikeException.class,
        () -> CLIENT.registerUdfString(null, "function f()\n  return +\nend", "broken.lua", Language.LUA));
    assertTrue(error.getMessage().contains("2"), error.getMessage());
  }

  @Test
  @Tag("udf-07")
  void removes() {
    register("counter.lua");
    CLIENT.removeUdf(new InfoPolicy(), "counter.lua");
    fails(UDF, () -> call(K, "counter", "add", "n", 1));
    CLIENT.removeUdf(new InfoPolicy(), "counter.lua");
  }

  @Test
  @Tag("udf-08")
  void concurrently() throws Exception {
    register("counter.lua");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<?>> done = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      done.add(threads.submit(() -> IntStream.range(0, 100).forEach(i -> call(K, "counter", "add", "n", 1))));
    }
    for (Future<?> future : done) {
      future.get();
    }
    threads.shutdown();
    assertEquals(Map.of("n", 800L), get(K));
  }

  // ---------------------------------------------------------------- aggregation

  private static List<Map<String, Object>> games() {
    LuaConfig.SourceDirectory = Server.example("");
    register("top.lua");
    List<Map<String, Object>> games = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      long score = i * 37 % 211;
      String team = i % 3 != 0 ? "red" : "blue";
      put(new Key("test", "games", i), "score", score, "player", "p" + i, "team", team);
      games.add(Map.of("value", score, "name", "p" + i));
    }
    games.sort(Comparator.comparing(game -> -(Long) game.get("value")));
    return games;
  }

  private static Object aggregate(Filter filter, String function, Object... arguments) {
    return aggregate(CLIENT, filter, function, arguments);
  }

  private static Object aggregate(AerospikeClient client, Filter filter, String function, Object... arguments) {
    Statement statement = new Statement();
    statement.setNamespace("test");
    statement.setSetName("games");
    statement.setFilter(filter);
    Value[] values = values(arguments).toArray(Value[]::new);
    try (ResultSet results = client.queryAggregate(null, statement, "top", function, values)) {
      assertTrue(results.next());
      return results.getObject();
    }
  }

  @Test
  @Tag("aggregation-01")
  void highest() {
    List<Map<String, Object>> games = games();
    assertEquals(games.subList(0, 5), aggregate(null, "records", "score", "player", 5));
  }

  @Test
  @Tag("aggregation-02")
  void groups() {
    games();
    long red = IntStream.range(0, 200).filter(i -> i % 3 != 0).map(i -> i * 37 % 211).sum();
    long blue = IntStream.range(0, 200).filter(i -> i % 3 == 0).map(i -> i * 37 % 211).sum();
    Map<Object, Object> expected = map("red", map("count", 133, "sum", red), "blue", map("count", 67, "sum", blue));
    assertEquals(expected, aggregate(null, "groups", "team", "score"));
  }

  @Test
  @Tag("aggregation-03")
  void overAnIndex() {
    List<Map<String, Object>> games = games();
    CLIENT.createIndex(null, "test", "games", "games", "score", IndexType.NUMERIC).waitTillComplete(10);
    List<Map<String, Object>> expected = games.stream().filter(game -> (Long) game.get("value") <= 100).toList();
    Object result = aggregate(Filter.range("score", 0, 100), "records", "score", "player", 5);
    CLIENT.dropIndex(null, "test", "games", "games");
    assertEquals(expected.subList(0, 5), result);
  }

  @Test
  @Tag("aggregation-04")
  void failing() {
    games();
    // A client of its own: it keeps the connection without reading the end mark behind the failure.
    try (AerospikeClient client = SERVER.connect()) {
      assertThrows(
          AerospikeException.class, () -> aggregate(client, null, "records", "score", "player", "text"));
    }
    assertEquals("p1", get(new Key("test", "games", 1)).get("player"));
  }
}
