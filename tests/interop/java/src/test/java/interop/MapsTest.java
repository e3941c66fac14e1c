package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.aerospike.client.Operation;
import com.aerospike.client.Value;
import com.aerospike.client.cdt.CTX;
import com.aerospike.client.cdt.MapOperation;
import com.aerospike.client.cdt.MapOrder;
import com.aerospike.client.cdt.MapPolicy;
import com.aerospike.client.cdt.MapReturnType;
import com.aerospike.client.cdt.MapWriteFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class MapsTest extends Scenarios {
  private static final MapPolicy UNORDERED = new MapPolicy();
  private static final MapPolicy ORDERED = new MapPolicy(MapOrder.KEY_ORDERED, MapWriteFlags.DEFAULT);
  private static final int VALUE = MapReturnType.VALUE;
  private static final int KEY = MapReturnType.KEY;
  private static final int COUNT = MapReturnType.COUNT;
  private static final int INDEX = MapReturnType.INDEX;
  private static final int RANK = MapReturnType.RANK;

  private static Value v(Object value) {
    return Value.get(value);
  }

  private static Object m() {
    return get(K).get("m");
  }

  /** The key-ordered map that most scenarios begin with. */
  @BeforeEach
  void start() {
    CLIENT.delete(null, K);
    put(K, "m", Value.get(new TreeMap<>(Map.of("a", 4, "b", 3, "c", 2, "d", 1))));
  }

  /** Asserts an operation's result and what is left of the map. */
  private void check(Operation operation, Object result, Map<Object, Object> after) {
    start();
    assertEquals(canonical(result), result(operation));
    assertEquals(after, m());
  }

  @Test
  @Tag("maps-01")
  void puts() {
    CLIENT.delete(null, K);
    assertEquals(1L, result(MapOperation.put(UNORDERED, "m", v("a"), v(1))));
    assertEquals(2L, result(MapOperation.put(UNORDERED, "m", v("b"), v(2))));
    assertEquals(2L, result(MapOperation.put(UNORDERED, "m", v("a"), v(3))));
    assertEquals(4L, result(MapOperation.putItems(UNORDERED, "m", Map.of(v("c"), v(4), v("d"), v(5)))));
    assertEquals(map("a", 3, "b", 2, "c", 4, "d", 5), m());
  }

  @Test
  @Tag("maps-02")
  void byKey() {
    assertEquals(3L, result(MapOperation.getByKey("m", v("b"), VALUE)));
    assertEquals("b", result(MapOperation.getByKey("m", v("b"), KEY)));
    assertEquals(1L, result(MapOperation.getByKey("m", v("b"), INDEX)));
    assertEquals(2L, result(MapOperation.getByKey("m", v("b"), RANK)));
    assertEquals(list(3, 2), result(MapOperation.getByKeyRange("m", v("b"), v("d"), VALUE)));
    assertEquals(list("a", "d"), result(MapOperation.getByKeyList("m", values("a", "d", "x"), KEY)));
    assertEquals(2L, result(MapOperation.getByKeyList("m", values("a", "d", "x"), COUNT)));
    Object entries = result(MapOperation.getByKeyRange("m", v("c"), null, MapReturnType.KEY_VALUE));
    assertEquals("[c=2, d=1]", entries.toString());
    Object ordered = result(MapOperation.getByKeyRange("m", v("c"), null, MapReturnType.ORDERED_MAP));
    assertEquals(map("c", 2, "d", 1), ordered);
  }

  @Test
  @Tag("maps-03")
  void byValueRankAndIndex() {
    assertEquals(list("b"), result(MapOperation.getByValue("m", v(3), KEY)));
    assertEquals(list("b", "c"), result(MapOperation.getByValueRange("m", v(2), v(4), KEY)));
    assertEquals("a", result(MapOperation.getByRank("m", -1, KEY)));
    assertEquals("d", result(MapOperation.getByRank("m", 0, KEY)));
    assertEquals(4L, result(MapOperation.getByIndex("m", 0, VALUE)));
    assertEquals(list("c", "d"), result(MapOperation.getByIndexRange("m", 2, KEY)));
    assertEquals(list("b", "c"), result(MapOperation.getByIndexRange("m", 1, 2, KEY)));
    assertEquals(2L, result(MapOperation.getByRankRange("m", 2, COUNT)));
  }

  @Test
  @Tag("maps-04")
  void removes() {
    check(MapOperation.removeByKey("m", v("b"), VALUE), 3, map("a", 4, "c", 2, "d", 1));
    check(MapOperation.removeByKeyList("m", values("a", "x"), COUNT), 1, map("b", 3, "c", 2, "d", 1));
    check(MapOperation.removeByKeyRange("m", v("b"), v("d"), KEY), List.of("b", "c"), map("a", 4, "d", 1));
    check(MapOperation.removeByValue("m", v(2), KEY), List.of("c"), map("a", 4, "b", 3, "d", 1));
    check(MapOperation.removeByRank("m", -1, KEY), "a", map("b", 3, "c", 2, "d", 1));
    check(MapOperation.removeByIndexRange("m", 1, VALUE), List.of(3, 2, 1), map("a", 4));
  }

  @Test
  @Tag("maps-05")
  void increments() {
    assertEquals(14L, result(MapOperation.increment(UNORDERED, "m", v("a"), v(10))));
    assertEquals(12L, result(MapOperation.decrement(UNORDERED, "m", v("a"), v(2))));
    assertEquals(5L, result(MapOperation.increment(UNORDERED, "m", v("new"), v(5))));
    assertEquals(map("a", 12, "b", 3, "c", 2, "d", 1, "new", 5), m());
  }

  @Test
  @Tag("maps-06")
  void orders() {
    for (MapOrder order : List.of(MapOrder.KEY_ORDERED, MapOrder.KEY_VALUE_ORDERED)) {
      MapPolicy policy = new MapPolicy(order, MapWriteFlags.DEFAULT);
      CLIENT.delete(null, K);
      for (String key : List.of("c", "a", "b")) {
        operate(K, MapOperation.put(policy, "m", v(key), v(1)));
      }
      assertEquals("a", result(MapOperation.getByIndex("m", 0, KEY)));
      assertEquals(list("a", "b", "c"), result(MapOperation.getByIndexRange("m", 0, KEY)));
    }
    operate(K, MapOperation.create("n", MapOrder.KEY_ORDERED));
    assertEquals(map(), get(K).get("n"));
    operate(K, MapOperation.setMapPolicy(ORDERED, "m"));
  }

  @Test
  @Tag("maps-07")
  void flags() {
    int create = MapWriteFlags.CREATE_ONLY;
    int update = MapWriteFlags.UPDATE_ONLY;
    int lenient = MapWriteFlags.NO_FAIL | MapWriteFlags.PARTIAL;
    fails(ELEMENT_EXISTS, () -> operate(K, putWith(create, "a", 9)));
    fails(ELEMENT_NOT_FOUND, () -> operate(K, putWith(update, "x", 9)));
    MapPolicy creates = new MapPolicy(MapOrder.KEY_ORDERED, create | lenient);
    MapPolicy updates = new MapPolicy(MapOrder.KEY_ORDERED, update | lenient);
    operate(K, MapOperation.putItems(creates, "m", Map.of(v("a"), v(9), v("e"), v(5))));
    operate(K, MapOperation.putItems(updates, "m", Map.of(v("x"), v(9), v("b"), v(7))));
    assertEquals(map("a", 4, "b", 7, "c", 2, "d", 1, "e", 5), m());
  }

  private static Operation putWith(int flags, String key, int value) {
    return MapOperation.put(new MapPolicy(MapOrder.KEY_ORDERED, flags), "m", v(key), v(value));
  }

  @Test
  @Tag("maps-08")
  void relativeRanges() {
    assertEquals(list("c", "d"), result(MapOperation.getByKeyRelativeIndexRange("m", v("b"), 1, KEY)));
    assertEquals(list("a"), result(MapOperation.getByKeyRelativeIndexRange("m", v("b"), -1, 1, KEY)));
    assertEquals(list("b"), result(MapOperation.getByValueRelativeRankRange("m", v(2), 1, 1, KEY)));
  }

  @Test
  @Tag("maps-09")
  void inverted() {
    int inverted = COUNT | MapReturnType.INVERTED;
    check(MapOperation.removeByKeyList("m", values("a", "b"), inverted), 2, map("a", 4, "b", 3));
  }

  @Test
  @Tag("maps-10")
  void contexts() {
    put(K, "m", Map.of("x", Map.of("p", 1), "y", Map.of("q", 2)));
    operate(K, MapOperation.put(UNORDERED, "m", v("n"), v(5), CTX.mapKey(v("x"))));
    assertEquals(map("x", map("p", 1, "n", 5), "y", map("q", 2)), m());
    operate(K, MapOperation.put(UNORDERED, "m", v("w"), v(7), CTX.mapValue(Value.get(Map.of("q", 2)))));
    assertEquals(map("x", map("p", 1, "n", 5), "y", map("q", 2, "w", 7)), m());
    operate(K, MapOperation.put(UNORDERED, "m", v("r"), v(6), CTX.mapRank(-1)));
    assertEquals(map("x", map("p", 1, "n", 5), "y", map("q", 2, "r", 6, "w", 7)), m());
    operate(K, MapOperation.put(ORDERED, "m", v("i"), v(8), CTX.mapKeyCreate(v("z"), MapOrder.KEY_ORDERED)));
    assertEquals(map("i", 8), ((Map<?, ?>) m()).get("z"));
  }

  @Test
  @Tag("maps-11")
  void clearAndSize() {
    assertEquals(4L, result(MapOperation.size("m")));
    operate(K, MapOperation.clear("m"));
    assertEquals(0L, result(MapOperation.size("m")));
    put(K, "s", "text");
    fails(BIN_TYPE, () -> operate(K, MapOperation.size("s")));
  }

  @Test
  @Tag("maps-12")
  void keyTypes() {
    CLIENT.delete(null, K);
    for (Value key : List.of(v(bytes(1)), v("s"), v(7), v("a"), v(-7))) {
      operate(K, MapOperation.put(ORDERED, "m", key, v(1)));
    }
    List<Object> keys = new ArrayList<>((List<?>) result(MapOperation.getByIndexRange("m", 0, KEY)));
    assertEquals(1, ((byte[]) keys.remove(4))[0]);
    assertEquals(list(-7, 7, "a", "s"), keys);
  }
}
