package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.aerospike.client.Operation;
import com.aerospike.client.Value;
import com.aerospike.client.cdt.CTX;
import com.aerospike.client.cdt.ListOperation;
import com.aerospike.client.cdt.ListOrder;
import com.aerospike.client.cdt.ListPolicy;
import com.aerospike.client.cdt.ListReturnType;
import com.aerospike.client.cdt.ListSortFlags;
import com.aerospike.client.cdt.ListWriteFlags;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ListsTest extends Scenarios {
  private static final int VALUE = ListReturnType.VALUE;
  private static final int COUNT = ListReturnType.COUNT;
  private static final int INDEX = ListReturnType.INDEX;
  private static final int RANK = ListReturnType.RANK;

  private static void start(Object... elements) {
    CLIENT.delete(null, K);
    put(K, "l", List.of(elements));
  }

  /** Starts with a list, runs an operation; asserts its result and what is left. */
  private static void check(List<?> before, Operation operation, Object result, List<Object> after) {
    start(before.toArray());
    assertEquals(canonical(result), result(operation));
    assertEquals(after, get(K).get("l"));
  }

  private static Value v(Object value) {
    return Value.get(value);
  }

  @Test
  @Tag("lists-01")
  void appendAndInsert() {
    assertEquals(1L, result(ListOperation.append("l", v(1))));
    assertEquals(3L, result(ListOperation.appendItems("l", values(2, 3))));
    assertEquals(4L, result(ListOperation.insert("l", 0, v(0))));
    assertEquals(6L, result(ListOperation.insertItems("l", 1, values("x", "y"))));
    assertEquals(list(0, "x", "y", 1, 2, 3), get(K).get("l"));
    assertEquals(6L, result(ListOperation.size("l")));
  }

  @Test
  @Tag("lists-02")
  void reads() {
    start(10, 20, 30, 40);
    assertEquals(20L, result(ListOperation.get("l", 1)));
    assertEquals(list(20, 30), result(ListOperation.getRange("l", 1, 2)));
    assertEquals(list(30, 40), result(ListOperation.getRange("l", 2)));
    assertEquals(40L, result(ListOperation.getByIndex("l", -1, VALUE)));
    assertEquals(list(30, 40), result(ListOperation.getByIndexRange("l", -2, VALUE)));
    assertEquals(list(20, 30), result(ListOperation.getByIndexRange("l", 1, 2, VALUE)));
  }

  @Test
  @Tag("lists-03")
  void setTrimClear() {
    List<Integer> five = List.of(1, 2, 3, 4, 5);
    check(five, ListOperation.set("l", 1, v("x")), null, list(1, "x", 3, 4, 5));
    check(five, ListOperation.trim("l", 1, 2), 3, list(2, 3));
    check(five, ListOperation.clear("l"), null, list());
    check(five, ListOperation.pop("l", 0), 1, list(2, 3, 4, 5));
    check(five, ListOperation.popRange("l", 1, 2), List.of(2, 3), list(1, 4, 5));
    check(five, ListOperation.remove("l", -1), 1, list(1, 2, 3, 4));
    check(five, ListOperation.removeRange("l", 0, 4), 4, list(5));
  }

  @Test
  @Tag("lists-04")
  void removes() {
    List<Integer> five = List.of(1, 2, 3, 4, 5);
    check(five, ListOperation.removeByIndex("l", 2, VALUE), 3, list(1, 2, 4, 5));
    check(five, ListOperation.removeByIndexRange("l", 1, 2, COUNT), 2, list(1, 4, 5));
    check(five, ListOperation.removeByValue("l", v(4), INDEX), List.of(3), list(1, 2, 3, 5));
    check(five, ListOperation.removeByValueList("l", values(1, 5, 9), COUNT), 2, list(2, 3, 4));
    check(five, ListOperation.removeByValueRange("l", v(2), v(4), VALUE), List.of(2, 3), list(1, 4, 5));
    check(five, ListOperation.removeByRank("l", -1, RANK), 4, list(1, 2, 3, 4));
    check(five, ListOperation.removeByRankRange("l", 0, 2, COUNT), 2, list(3, 4, 5));
    check(five, ListOperation.removeByValueRelativeRankRange("l", v(3), 0, VALUE), List.of(3, 4, 5), list(1, 2));
  }

  @Test
  @Tag("lists-05")
  void increment() {
    start(1, 2, 3);
    assertEquals(7L, result(ListOperation.increment("l", 1, v(5))));
    assertEquals(2L, result(ListOperation.increment("l", 0)));
    assertEquals(list(2, 7, 3), get(K).get("l"));
    assertEquals(5L, result(ListOperation.increment("new", 0, v(5))));
    assertEquals(list(5), get(K).get("new"));
  }

  @Test
  @Tag("lists-06")
  void order() {
    check(List.of(3, 1, 2, 1), ListOperation.sort("l", ListSortFlags.DEFAULT), null, list(1, 1, 2, 3));
    check(List.of(3, 1, 2, 1), ListOperation.sort("l", ListSortFlags.DROP_DUPLICATES), null, list(1, 2, 3));
    start(3, 1, 2);
    operate(K, ListOperation.setOrder("l", ListOrder.ORDERED), ListOperation.append("l", v(0)));
    assertEquals(list(0, 1, 2, 3), get(K).get("l"));
  }

  @Test
  @Tag("lists-07")
  void valueRange() {
    start(1, 3, 5, 7, 9);
    assertEquals(list(3, 5), result(ListOperation.getByValueRange("l", v(3), v(7), VALUE)));
    int inverted = VALUE | ListReturnType.INVERTED;
    assertEquals(list(1, 7, 9), result(ListOperation.getByValueRange("l", v(3), v(7), inverted)));
  }

  @Test
  @Tag("lists-08")
  void ranks() {
    start(5, 1, 9, 3);
    assertEquals(list(5, 9), canonical(sorted(result(ListOperation.getByRankRange("l", -2, VALUE)))));
    Operation relative = ListOperation.getByValueRelativeRankRange("l", v(3), 1, 1, VALUE);
    assertEquals(list(5), result(relative));
  }

  private static List<?> sorted(Object list) {
    return ((List<?>) list).stream().sorted().toList();
  }

  @Test
  @Tag("lists-09")
  void addUnique() {
    ListPolicy unique = new ListPolicy(ListOrder.UNORDERED, ListWriteFlags.ADD_UNIQUE);
    int lenient = ListWriteFlags.ADD_UNIQUE | ListWriteFlags.NO_FAIL;
    start(1, 2);
    fails(ELEMENT_EXISTS, () -> operate(K, ListOperation.append(unique, "l", v(1))));
    assertEquals(2L, result(ListOperation.append(new ListPolicy(ListOrder.UNORDERED, lenient), "l", v(1))));
    ListPolicy partial = new ListPolicy(ListOrder.UNORDERED, lenient | ListWriteFlags.PARTIAL);
    assertEquals(4L, result(ListOperation.appendItems(partial, "l", values(2, 3, 1, 4))));
    assertEquals(list(1, 2, 3, 4), get(K).get("l"));
  }

  @Test
  @Tag("lists-10")
  void insertBounded() {
    start(1, 2, 3);
    ListPolicy bounded = new ListPolicy(ListOrder.UNORDERED, ListWriteFlags.INSERT_BOUNDED);
    fails(OP_NOT_APPLICABLE, () -> operate(K, ListOperation.insert(bounded, "l", 9, v(4))));
    int lenient = ListWriteFlags.INSERT_BOUNDED | ListWriteFlags.NO_FAIL;
    result(ListOperation.insert(new ListPolicy(ListOrder.UNORDERED, lenient), "l", 9, v(4)));
    assertEquals(list(1, 2, 3), get(K).get("l"));
  }

  @Test
  @Tag("lists-11")
  void errors() {
    start(1, 2, 3);
    fails(OP_NOT_APPLICABLE, () -> operate(K, ListOperation.get("l", 3)));
    fails(OP_NOT_APPLICABLE, () -> operate(K, ListOperation.getByIndex("l", 3, VALUE)));
    assertEquals(list(), result(ListOperation.getByIndexRange("l", 3, 2, VALUE)));
    put(K, "i", 1);
    fails(BIN_TYPE, () -> operate(K, ListOperation.append("i", v(1))));
  }

  @Test
  @Tag("lists-12")
  void contexts() {
    start(List.of(1), List.of(2));
    operate(K, ListOperation.append("l", v(9), CTX.listIndex(1)));
    assertEquals(list(list(1), list(2, 9)), get(K).get("l"));

    put(K, "m", Map.of("a", List.of(List.of(7), List.of(1))));
    operate(K, ListOperation.append("m", v(8), CTX.mapKey(v("a")), CTX.listRank(-1)));
    assertEquals(map("a", list(list(7, 8), list(1))), get(K).get("m"));

    operate(K, ListOperation.append("new", v(1), CTX.listIndexCreate(0, ListOrder.UNORDERED, false)));
    assertEquals(list(list(1)), get(K).get("new"));
  }

  @Test
  @Tag("lists-13")
  void returnTypes() {
    start(5, 1, 9);
    assertEquals(true, result(ListOperation.getByValue("l", v(9), ListReturnType.EXISTS)));
    assertEquals(false, result(ListOperation.getByValue("l", v(8), ListReturnType.EXISTS)));
    assertEquals(list(0), result(ListOperation.getByValue("l", v(9), ListReturnType.REVERSE_INDEX)));
    assertEquals(list(2), result(ListOperation.getByValue("l", v(1), ListReturnType.REVERSE_RANK)));
    assertEquals(null, result(ListOperation.removeByValue("l", v(9), ListReturnType.NONE)));
    assertEquals(list(5, 1), get(K).get("l"));
  }
}
