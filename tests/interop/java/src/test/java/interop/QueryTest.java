package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.Bin;
import com.aerospike.client.Info;
import com.aerospike.client.Key;
import com.aerospike.client.Value;
import com.aerospike.client.cdt.CTX;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.exp.Expression;
import com.aerospike.client.policy.InfoPolicy;
import com.aerospike.client.policy.QueryDuration;
import com.aerospike.client.policy.QueryPolicy;
import com.aerospike.client.policy.WritePolicy;
import com.aerospike.client.query.Filter;
import com.aerospike.client.query.IndexCollectionType;
import com.aerospike.client.query.IndexType;
import com.aerospike.client.query.PartitionFilter;
import com.aerospike.client.query.RecordSet;
import com.aerospike.client.query.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Indexes, queries and geospatial queries. */
class QueryTest extends Scenarios {
  static final IndexCollectionType LIST = IndexCollectionType.LIST;
  static final IndexCollectionType KEYS = IndexCollectionType.MAPKEYS;
  static final IndexCollectionType VALUES = IndexCollectionType.MAPVALUES;
  private static final CTX[] RANK = {CTX.mapKey(Value.get("inner")), CTX.mapKey(Value.get("rank"))};

  @BeforeEach
  void start() {
    putQ();
  }

  @AfterEach
  void dropIndexes() {
    for (String index : Info.request(CLIENT.getNodes()[0], "sindex-list:ns=test").split(";")) {
      for (String part : index.split(":")) {
        if (part.startsWith("indexname=")) {
          CLIENT.dropIndex(null, "test", "q", part.substring("indexname=".length()));
        }
      }
    }
  }

  static void createIndex(String name, String bin, IndexType type) {
    createIndex(name, bin, type, IndexCollectionType.DEFAULT);
  }

  static void createIndex(String name, String bin, IndexType type, IndexCollectionType collection, CTX... context) {
    CLIENT.createIndex(null, "test", "q", name, bin, type, collection, context).waitTillComplete(10);
  }

  static Statement statement(Filter filter) {
    Statement statement = new Statement();
    statement.setNamespace("test");
    statement.setSetName("q");
    statement.setFilter(filter);
    return statement;
  }

  /** The values of n that a query finds; none may come twice. */
  static Set<Long> numbers(QueryPolicy policy, Statement statement) {
    return numbers(policy, statement, PartitionFilter.all());
  }

  static Set<Long> numbers(QueryPolicy policy, Statement statement, PartitionFilter partitions) {
    TreeSet<Long> numbers = new TreeSet<>();
    try (RecordSet records = CLIENT.queryPartitions(policy, statement, partitions)) {
      while (records.next()) {
        assertTrue(numbers.add(records.getRecord().getLong("n")), "twice");
      }
    }
    return numbers;
  }

  static Set<Long> numbers(Filter filter) {
    return numbers(new QueryPolicy(), statement(filter));
  }

  private static Set<Long> set(long... numbers) {
    TreeSet<Long> set = new TreeSet<>();
    Arrays.stream(numbers).forEach(set::add);
    return set;
  }

  private static Set<Long> every(int step, int from, int to) {
    Set<Long> numbers = range(from, to);
    numbers.removeIf(n -> (n - from) % step != 0);
    return numbers;
  }

  static String polygon(double... coordinates) {
    return "{\"type\": \"Polygon\", \"coordinates\": [" + ring(coordinates) + "]}";
  }

  private static String ring(double... coordinates) {
    List<String> points = new ArrayList<>();
    for (int i = 0; i < coordinates.length; i += 2) {
      points.add("[" + coordinates[i] + ", " + coordinates[i + 1] + "]");
    }
    return points.toString();
  }

  static String box(double west, double south, double east, double north) {
    return polygon(west, south, east, south, east, north, west, north, west, south);
  }

  static String circle(double longitude, double latitude, double radius) {
    return "{\"type\": \"AeroCircle\", \"coordinates\": [[" + longitude + ", " + latitude + "], " + radius + "]}";
  }

  @Test
  @Tag("index-01")
  void create() {
    createIndex("n", "n", IndexType.NUMERIC);
    createIndex("n", "n", IndexType.NUMERIC);
    assertEquals(set(7), numbers(Filter.equal("n", 7)));
  }

  @Test
  @Tag("index-02")
  void types() {
    createIndex("s", "s", IndexType.STRING);
    createIndex("b", "b", IndexType.BLOB);
    createIndex("g", "g", IndexType.GEO2DSPHERE);
    assertEquals(12, numbers(Filter.equal("s", "s1")).size());
    assertEquals(20, numbers(Filter.equal("b", bytes(1))).size());
    assertEquals(range(0, 10), numbers(Filter.geoWithinRegion("g", box(-0.05, -1, 1.05, 1))));
  }

  @Test
  @Tag("index-03")
  void collections() {
    createIndex("l", "l", IndexType.NUMERIC, LIST);
    createIndex("k", "m", IndexType.STRING, KEYS);
    createIndex("v", "m", IndexType.NUMERIC, VALUES);
    assertEquals(set(4, 5), numbers(Filter.contains("l", LIST, 5)));
    assertEquals(every(7, 3, 59), numbers(Filter.contains("m", KEYS, "k3")));
    assertEquals(set(33), numbers(Filter.contains("m", VALUES, 33)));
  }

  @Test
  @Tag("index-04")
  @Tag("query-07")
  void context() {
    createIndex("d", "d", IndexType.NUMERIC, LIST, RANK);
    assertEquals(range(0, 3), numbers(Filter.range("d", LIST, 100, 103, RANK)));
  }

  @Test
  @Tag("index-05")
  @Tag("query-08")
  void expression() {
    Expression plus = Exp.build(Exp.add(Exp.intBin("n"), Exp.val(1000)));
    CLIENT
        .createIndex(null, "test", "q", "plus", IndexType.NUMERIC, IndexCollectionType.DEFAULT, plus)
        .waitTillComplete(10);
    assertEquals(range(10, 12), numbers(Filter.range(plus, 1010, 1012)));
    assertEquals(range(10, 12), numbers(Filter.rangeByIndex("plus", 1010, 1012)));
  }

  @Test
  @Tag("index-06")
  void sameName() {
    createIndex("n", "n", IndexType.NUMERIC);
    fails(INDEX_FOUND, () -> createIndex("n", "other", IndexType.NUMERIC));
  }

  @Test
  @Tag("index-07")
  void drop() {
    createIndex("n", "n", IndexType.NUMERIC);
    CLIENT.dropIndex(null, "test", "q", "n").waitTillComplete(10);
    fails(INDEX_NOT_FOUND, () -> numbers(Filter.equal("n", 7)));
    CLIENT.dropIndex(null, "test", "q", "n");
  }

  @Test
  @Tag("index-08")
  void beforeAndAfter() {
    createIndex("after", "n", IndexType.NUMERIC);
    empty();
    putQ();
    assertEquals(range(10, 20), numbers(Filter.range("n", 10, 20)));
  }

  @Test
  @Tag("index-09")
  void followsChanges() {
    createIndex("n", "n", IndexType.NUMERIC);
    CLIENT.put(null, new Key("test", "q", 0), bin("n", 500));
    CLIENT.put(null, new Key("test", "q", 1), bin("n", "text"));
    CLIENT.put(null, new Key("test", "q", 2), Bin.asNull("n"));
    CLIENT.delete(null, new Key("test", "q", 3));
    WritePolicy policy = new WritePolicy();
    policy.expiration = 1;
    CLIENT.put(policy, new Key("test", "q", 4), bin("n", 4));
    sleep(2200);
    assertEquals(range(5, 9), numbers(Filter.range("n", 0, 9)));
    assertEquals(set(500), numbers(Filter.equal("n", 500)));
    CLIENT.truncate(new InfoPolicy(), "test", "q", null);
    assertEquals(set(), numbers(Filter.range("n", 0, 1000)));
  }

  @Test
  @Tag("query-01")
  @Tag("query-02")
  void numbers() {
    createIndex("n", "n", IndexType.NUMERIC);
    assertEquals(set(33), numbers(Filter.equal("n", 33)));
    assertEquals(range(55, 59), numbers(Filter.range("n", 55, 1000)));
    assertEquals(range(0, 59), numbers(Filter.range("n", Long.MIN_VALUE, Long.MAX_VALUE)));
  }

  @Test
  @Tag("query-03")
  void strings() {
    createIndex("s", "s", IndexType.STRING);
    assertEquals(every(5, 3, 59), numbers(Filter.equal("s", "s3")));
  }

  @Test
  @Tag("query-04")
  void blobs() {
    createIndex("b", "b", IndexType.BLOB);
    assertEquals(every(3, 2, 59), numbers(Filter.equal("b", bytes(2))));
  }

  @Test
  @Tag("query-05")
  void lists() {
    createIndex("li", "l", IndexType.NUMERIC, LIST);
    createIndex("ls", "l", IndexType.STRING, LIST);
    assertEquals(set(9, 10), numbers(Filter.contains("l", LIST, 10)));
    assertEquals(set(44), numbers(Filter.contains("l", LIST, "e44")));
    // A record comes once for each of its elements in the range.
    TreeSet<Long> found = new TreeSet<>();
    try (RecordSet records = CLIENT.query(null, statement(Filter.range("l", LIST, 3, 6)))) {
      records.iterator().forEachRemaining(record -> found.add(record.record.getLong("n")));
    }
    assertEquals(range(2, 6), found);
  }

  @Test
  @Tag("query-06")
  void maps() {
    createIndex("k", "m", IndexType.STRING, KEYS);
    createIndex("v", "m", IndexType.NUMERIC, VALUES);
    assertEquals(every(7, 6, 59), numbers(Filter.contains("m", KEYS, "k6")));
    assertEquals(range(57, 59), numbers(Filter.range("m", VALUES, 57, 70)));
  }

  @Test
  @Tag("query-09")
  void byName() {
    createIndex("named", "n", IndexType.NUMERIC);
    assertEquals(set(33), numbers(Filter.equalByIndex("named", 33)));
    assertEquals(range(10, 12), numbers(Filter.rangeByIndex("named", 10, 12)));
  }

  @Test
  @Tag("query-10")
  void filter() {
    createIndex("n", "n", IndexType.NUMERIC);
    QueryPolicy policy = new QueryPolicy();
    policy.filterExp = Exp.build(Exp.eq(Exp.mod(Exp.intBin("n"), Exp.val(2)), Exp.val(0)));
    assertEquals(every(2, 10, 20), numbers(policy, statement(Filter.range("n", 10, 20))));
  }

  @Test
  @Tag("query-11")
  void bins() {
    createIndex("n", "n", IndexType.NUMERIC);
    Statement selected = statement(Filter.equal("n", 7));
    selected.setBinNames("n", "s");
    assertEquals(Map.of("n", 7L, "s", "s2"), only(new QueryPolicy(), selected));
    QueryPolicy none = new QueryPolicy();
    none.includeBinData = false;
    Map<String, Object> bins = only(none, statement(Filter.equal("n", 7)));
    assertTrue(bins == null || bins.isEmpty());
    // The client refuses operations in queries that return records.
  }

  /** The bins of the only record that a query finds. */
  private static Map<String, Object> only(QueryPolicy policy, Statement statement) {
    try (RecordSet records = CLIENT.query(policy, statement)) {
      assertTrue(records.next());
      Map<String, Object> bins = records.getRecord().bins;
      assertTrue(!records.next());
      return bins;
    }
  }

  @Test
  @Tag("query-12")
  void partitions() {
    createIndex("n", "n", IndexType.NUMERIC);
    Filter filter = Filter.range("n", 10, 49);
    Set<Long> found = numbers(new QueryPolicy(), statement(filter), PartitionFilter.range(0, 2048));
    Set<Long> others = numbers(new QueryPolicy(), statement(filter), PartitionFilter.range(2048, 2048));
    assertTrue(!found.isEmpty() && !others.isEmpty());
    found.addAll(others);
    assertEquals(range(10, 49), found);
  }

  @Test
  @Tag("query-13")
  void durations() {
    createIndex("n", "n", IndexType.NUMERIC);
    for (QueryDuration duration : QueryDuration.values()) {
      QueryPolicy policy = new QueryPolicy();
      policy.expectedDuration = duration;
      assertEquals(range(10, 49), numbers(policy, statement(Filter.range("n", 10, 49))), duration.toString());
    }
  }

  @Test
  @Tag("query-14")
  void errors() {
    fails(INDEX_NOT_FOUND, () -> numbers(Filter.equal("n", 7)));
    createIndex("n", "n", IndexType.NUMERIC);
    fails(PARAMETER, () -> numbers(Filter.range("n", 9, 3)));
  }

  @Test
  @Tag("query-15")
  void maxRecords() {
    createIndex("n", "n", IndexType.NUMERIC);
    Statement statement = statement(Filter.range("n", 10, 49));
    statement.setMaxRecords(5);
    assertEquals(5, numbers(new QueryPolicy(), statement).size());
  }

  @Test
  @Tag("query-16")
  void whileOthersWrite() throws InterruptedException {
    createIndex("n", "n", IndexType.NUMERIC);
    Thread writer = new Thread(() -> {
      for (int i = 0; i < 1000; i++) {
        CLIENT.put(null, new Key("test", "q", 40 + i % 20), bin("n", 1000 + i));
      }
    });
    writer.start();
    while (writer.isAlive()) {
      assertEquals(range(0, 39), numbers(Filter.range("n", 0, 39)));
    }
    writer.join();
  }

  // ---------------------------------------------------------------- geospatial

  private void putGeo() {
    empty();
    createIndex("g", "g", IndexType.GEO2DSPHERE);
    for (int i = -5; i <= 5; i++) {
      putGeo(i, point(i, 0));
    }
  }

  private static void putGeo(int n, String json) {
    CLIENT.put(null, new Key("test", "q", n), bin("n", n), Bin.asGeoJSON("g", json));
  }

  private static Set<Long> within(String region) {
    return numbers(Filter.geoWithinRegion("g", region));
  }

  @Test
  @Tag("geo-01")
  void withinPolygon() {
    putGeo();
    assertEquals(range(-2, 2), within(box(-2.5, -1, 2.5, 1)));
  }

  @Test
  @Tag("geo-02")
  void withinCircle() {
    putGeo();
    assertEquals(set(4, 5), within(circle(5, 0, 115_000)));
    assertEquals(range(-1, 1), numbers(Filter.geoWithinRadius("g", 0, 0, 112_000)));
  }

  @Test
  @Tag("geo-03")
  @Tag("geo-04")
  void holesAndMultiPolygons() {
    putGeo();
    String outer = ring(-3.5, -1, 3.5, -1, 3.5, 1, -3.5, 1, -3.5, -1);
    String hole = ring(-1.5, -0.5, -1.5, 0.5, 1.5, 0.5, 1.5, -0.5, -1.5, -0.5);
    String polygon = "{\"type\": \"Polygon\", \"coordinates\": [" + outer + ", " + hole + "]}";
    assertEquals(set(-3, -2, 2, 3), within(polygon));
    String west = ring(-5.5, -1, -4.5, -1, -4.5, 1, -5.5, 1, -5.5, -1);
    String east = ring(4.5, -1, 5.5, -1, 5.5, 1, 4.5, 1, 4.5, -1);
    assertEquals(
        set(-5, 5), within("{\"type\": \"MultiPolygon\", \"coordinates\": [[" + west + "], [" + east + "]]}"));
  }

  @Test
  @Tag("geo-05")
  void contains() {
    putGeo();
    putGeo(100, box(-1.5, -1.5, 1.5, 1.5));
    putGeo(200, circle(4, 0, 150_000));
    assertEquals(set(100), numbers(Filter.geoContains("g", point(0, 0))));
    assertEquals(set(200), numbers(Filter.geoContains("g", point(4.5, 0))));
    assertEquals(set(), numbers(Filter.geoContains("g", point(2.2, 0))));
  }

  @Test
  @Tag("geo-06")
  void values() {
    putGeo();
    assertEquals(point(3, 0), CLIENT.get(null, new Key("test", "q", 3)).getGeoJSONString("g"));
    fails(GEO_INVALID_GEOJSON, () -> putGeo(9, "no GeoJSON"));
    fails(PARAMETER, () -> within("no GeoJSON"));
  }

  @Test
  @Tag("geo-07")
  void listOfPoints() {
    createIndex("gl", "points", IndexType.GEO2DSPHERE, LIST);
    List<Value> points = List.of(Value.getAsGeoJSON(point(50, 50)), Value.getAsGeoJSON(point(60, 60)));
    CLIENT.put(null, new Key("test", "q", 7), bin("points", points));
    assertEquals(set(7), numbers(Filter.geoWithinRegion("points", LIST, box(59, 59, 61, 61))));
    assertEquals(set(), numbers(Filter.geoWithinRegion("points", LIST, box(69, 59, 71, 61))));
  }
}
