package interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.BatchRead;
import com.aerospike.client.BatchRecord;
import com.aerospike.client.Bin;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.Value;
import com.aerospike.client.cdt.CTX;
import com.aerospike.client.cdt.ListPolicy;
import com.aerospike.client.cdt.ListReturnType;
import com.aerospike.client.cdt.MapPolicy;
import com.aerospike.client.cdt.MapReturnType;
import com.aerospike.client.exp.BitExp;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.exp.ExpOperation;
import com.aerospike.client.exp.ExpReadFlags;
import com.aerospike.client.exp.ExpWriteFlags;
import com.aerospike.client.exp.Expression;
import com.aerospike.client.exp.HLLExp;
import com.aerospike.client.exp.ListExp;
import com.aerospike.client.exp.MapExp;
import com.aerospike.client.operation.BitPolicy;
import com.aerospike.client.operation.HLLOperation;
import com.aerospike.client.operation.HLLPolicy;
import com.aerospike.client.policy.Policy;
import com.aerospike.client.policy.WritePolicy;
import com.aerospike.client.query.RegexFlag;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ExpressionTest extends Scenarios {
  private static final Exp I = Exp.intBin("i");
  private static final Exp F = Exp.floatBin("f");
  private static final Exp S = Exp.stringBin("s");
  private static final Exp B = Exp.blobBin("b");
  private static final Exp L = Exp.listBin("l");
  private static final Exp M = Exp.mapBin("m");
  private static final Exp Z = Exp.intBin("z");
  private static final Exp TRUE = Exp.val(true);
  private static final Exp FALSE = Exp.val(false);
  private static final Exp UNKNOWN = Exp.eq(Exp.intBin("zz"), Exp.val(1));

  @BeforeEach
  void start() {
    putE();
  }

  private static void assertUnknown(Exp expression) {
    fails(OP_NOT_APPLICABLE, () -> eval(expression));
  }

  private static void assertValue(Object expected, Exp expression) {
    assertEquals(canonical(expected), eval(expression));
  }

  @Test
  @Tag("expression-01")
  void comparisons() {
    List<List<Exp>> pairs = List.of(
        List.of(I, Exp.val(6)), List.of(F, Exp.val(1.6)), List.of(S, Exp.val("help")),
        List.of(B, Exp.val(bytes(1, 3))), List.of(FALSE, TRUE));
    for (List<Exp> pair : pairs) {
      Exp less = pair.get(0);
      Exp more = pair.get(1);
      assertValue(true, Exp.eq(less, less));
      assertValue(false, Exp.eq(less, more));
      assertValue(true, Exp.ne(less, more));
      assertValue(true, Exp.lt(less, more));
      assertValue(true, Exp.le(less, less));
      assertValue(false, Exp.gt(less, more));
      assertValue(true, Exp.ge(more, less));
    }
  }

  @Test
  @Tag("expression-02")
  void logic() {
    assertValue(false, Exp.and(TRUE, FALSE));
    assertValue(true, Exp.or(FALSE, TRUE));
    assertValue(false, Exp.not(TRUE));
    assertValue(true, Exp.exclusive(TRUE, FALSE, FALSE));
    assertValue(false, Exp.exclusive(TRUE, TRUE));
    assertValue(true, Exp.or(TRUE, UNKNOWN));
    assertValue(false, Exp.and(FALSE, UNKNOWN));
    assertUnknown(Exp.and(TRUE, UNKNOWN));
    assertUnknown(Exp.or(FALSE, UNKNOWN));
  }

  @Test
  @Tag("expression-03")
  void regex() {
    assertValue(true, Exp.regexCompare("^h.*o$", RegexFlag.NONE, S));
    assertValue(true, Exp.regexCompare("HELLO", RegexFlag.ICASE, S));
    assertValue(false, Exp.regexCompare("HELLO", RegexFlag.NONE, S));
    assertValue(true, Exp.regexCompare("^(h|j)el{2}o+$", RegexFlag.EXTENDED, S));
  }

  @Test
  @Tag("expression-04")
  void geo() {
    CLIENT.put(null, K, Bin.asGeoJSON("g", point(1, 1)));
    Exp point = Exp.geoBin("g");
    assertValue(true, Exp.geoCompare(point, Exp.geo(QueryTest.box(0, 0, 2, 2))));
    assertValue(false, Exp.geoCompare(point, Exp.geo(QueryTest.box(5, 5, 6, 6))));
    assertValue(true, Exp.geoCompare(point, Exp.geo(QueryTest.circle(1, 1, 1000))));
    assertValue(false, Exp.geoCompare(point, Exp.geo(QueryTest.circle(2, 1, 1000))));
  }

  @Test
  @Tag("expression-05")
  void integers() {
    assertValue(6, Exp.add(I, Exp.val(1)));
    assertValue(-2, Exp.sub(I, Exp.val(7)));
    assertValue(-35, Exp.mul(I, Z));
    assertValue(-3, Exp.div(Z, Exp.val(2)));
    assertValue(-1, Exp.mod(Z, Exp.val(3)));
    assertValue(7, Exp.abs(Z));
    assertValue(-7, Exp.min(I, Z, Exp.val(0)));
    assertValue(5, Exp.max(I, Z, Exp.val(0)));
  }

  @Test
  @Tag("expression-06")
  void floats() {
    assertValue(2.5, Exp.add(F, Exp.val(1.0)));
    assertValue(1024.0, Exp.pow(Exp.val(2.0), Exp.val(10.0)));
    assertValue(3.0, Exp.log(Exp.val(8.0), Exp.val(2.0)));
    assertValue(1.0, Exp.floor(F));
    assertValue(2.0, Exp.ceil(F));
    assertValue(1, Exp.toInt(F));
    assertValue(5.0, Exp.toFloat(I));
  }

  @Test
  @Tag("expression-07")
  void divisionByZero() {
    assertUnknown(Exp.div(I, Exp.val(0)));
    assertUnknown(Exp.mod(I, Exp.val(0)));
    assertNull(eval(Exp.div(I, Exp.val(0)), ExpReadFlags.EVAL_NO_FAIL));
  }

  @Test
  @Tag("expression-08")
  void bitwise() {
    assertValue(4, Exp.intAnd(I, Exp.val(6)));
    assertValue(7, Exp.intOr(I, Exp.val(6)));
    assertValue(3, Exp.intXor(I, Exp.val(6)));
    assertValue(-6, Exp.intNot(I));
    assertValue(1L << 62, Exp.lshift(Exp.val(1), Exp.val(62)));
    assertValue(15, Exp.rshift(Exp.val(-1), Exp.val(60)));
    assertValue(-4, Exp.arshift(Exp.val(-8), Exp.val(1)));
    assertValue(2, Exp.count(I));
    assertValue(61, Exp.lscan(I, TRUE));
    assertValue(63, Exp.rscan(I, TRUE));
  }

  @Test
  @Tag("expression-09")
  void cond() {
    Exp first = Exp.gt(I, Exp.val(3));
    Exp second = Exp.gt(I, Exp.val(4));
    assertValue("first", Exp.cond(first, Exp.val("first"), second, Exp.val("second"), Exp.val("none")));
    assertValue("none", Exp.cond(FALSE, Exp.val("first"), Exp.val("none")));
  }

  @Test
  @Tag("expression-10")
  void variables() {
    Exp x = Exp.def("x", Exp.add(I, Exp.val(1)));
    assertValue(36, Exp.let(x, Exp.mul(Exp.var("x"), Exp.var("x"))));
    Exp y = Exp.def("y", Exp.add(Exp.var("x"), Exp.val(1)));
    assertValue(42, Exp.let(x, y, Exp.mul(Exp.var("x"), Exp.var("y"))));
  }

  @Test
  @Tag("expression-11")
  void metadata() {
    assertValue("demo", Exp.setName());
    assertValue(true, Exp.keyExists());
    assertValue("k", Exp.key(Exp.Type.STRING));
    assertValue(true, Exp.lt(Exp.digestModulo(3), Exp.val(3)));
    assertValue(true, Exp.ge(Exp.digestModulo(3), Exp.val(0)));
    assertValue(true, Exp.gt(Exp.recordSize(), Exp.val(0)));
    assertValue(true, Exp.ge(Exp.sinceUpdate(), Exp.val(0)));
    assertValue(true, Exp.gt(Exp.lastUpdate(), Exp.val(0)));
  }

  @Test
  @Tag("expression-12")
  void timeToLive() {
    assertValue(-1, Exp.ttl());
    assertValue(-1, Exp.voidTime());
    WritePolicy policy = new WritePolicy();
    policy.expiration = 1000;
    put(policy, K, "i", 5);
    assertValue(true, Exp.and(Exp.ge(Exp.ttl(), Exp.val(990)), Exp.le(Exp.ttl(), Exp.val(1000))));
    assertValue(true, Exp.gt(Exp.voidTime(), Exp.val(0)));
  }

  @Test
  @Tag("expression-13")
  void binTypes() {
    assertValue(true, Exp.binExists("i"));
    assertValue(false, Exp.binExists("zz"));
    Map<String, Integer> types = Map.of("i", 1, "f", 2, "s", 3, "b", 4, "t", 17, "m", 19, "l", 20, "zz", 0);
    types.forEach((name, type) -> assertValue(type, Exp.binType(name)));
  }

  @Test
  @Tag("expression-14")
  void lists() {
    assertValue(3, ListExp.size(L));
    assertValue(2, ListExp.getByIndex(ListReturnType.VALUE, Exp.Type.INT, Exp.val(1), L));
    assertValue(2, ListExp.getByValueRange(ListReturnType.COUNT, Exp.val(2), Exp.val(9), L));
    assertValue(3, ListExp.getByRank(ListReturnType.VALUE, Exp.Type.INT, Exp.val(-1), L));
    assertValue(4, ListExp.size(ListExp.append(ListPolicy.Default, Exp.val(4), L)));
    assertEquals(list(1, 2, 3), get(K).get("l"));
  }

  @Test
  @Tag("expression-15")
  void maps() {
    assertValue(2, MapExp.size(M));
    assertValue(2, MapExp.getByKey(MapReturnType.VALUE, Exp.Type.INT, Exp.val("b"), M));
    assertUnknown(MapExp.getByKey(MapReturnType.VALUE, Exp.Type.INT, Exp.val("x"), M));
    assertValue(1, MapExp.getByValue(MapReturnType.COUNT, Exp.val(2), M));
    assertValue(List.of("a", "b"), MapExp.getByIndexRange(MapReturnType.KEY, Exp.val(0), M));
    assertValue(3, MapExp.size(MapExp.put(MapPolicy.Default, Exp.val("c"), Exp.val(3), M)));
    assertEquals(map("a", 1, "b", 2), get(K).get("m"));
  }

  @Test
  @Tag("expression-16")
  void nested() {
    put(K, "n", Map.of("in", List.of(1, List.of(7, 8))));
    CTX[] context = {CTX.mapKey(Value.get("in")), CTX.listIndex(1)};
    Exp inner = ListExp.getByIndex(ListReturnType.VALUE, Exp.Type.INT, Exp.val(0), Exp.mapBin("n"), context);
    assertValue(7, inner);
  }

  @Test
  @Tag("expression-17")
  void bits() {
    assertValue(2, BitExp.count(Exp.val(0), Exp.val(16), B));
    assertArrayEquals(bytes(2), (byte[]) eval(BitExp.get(Exp.val(8), Exp.val(8), B)));
    assertArrayEquals(bytes(1, 2, 0), (byte[]) eval(BitExp.resize(BitPolicy.Default, Exp.val(3), 0, B)));
  }

  @Test
  @Tag("expression-18")
  void hll() {
    operate(K, HLLOperation.add(HLLPolicy.Default, "h", values("a", "b", "c"), 10));
    assertValue(3, HLLExp.getCount(Exp.hllBin("h")));
    assertValue(1, HLLExp.mayContain(Exp.val(List.of("b")), Exp.hllBin("h")));
    assertValue(0, HLLExp.mayContain(Exp.val(List.of("other")), Exp.hllBin("h")));
  }

  @Test
  @Tag("expression-19")
  void constants() {
    assertValue(true, Exp.eq(L, Exp.val(List.of(1, 2, 3))));
    assertValue(false, Exp.eq(L, Exp.val(List.of(1, 2))));
    assertValue(true, Exp.eq(M, Exp.val(new TreeMap<>(Map.of("a", 1, "b", 2)))));
  }

  @Test
  @Tag("expression-20")
  void read() {
    Operation read = ExpOperation.read("twice", Exp.build(Exp.mul(I, Exp.val(2))), ExpReadFlags.DEFAULT);
    Record record = operate(K, Operation.get("s"), read);
    assertEquals(Map.of("s", "hello", "twice", 10L), record.bins);
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("expression-21")
  void readAfterWrite() {
    Operation read = ExpOperation.read("x", Exp.build(Exp.add(I, Exp.val(0))), ExpReadFlags.DEFAULT);
    assertEquals(6L, operate(K, Operation.add(bin("i", 1)), read).getValue("x"));
  }

  private static void write(String bin, Exp expression, int flags) {
    operate(K, ExpOperation.write(bin, Exp.build(expression), flags));
  }

  @Test
  @Tag("expression-22")
  void write() {
    write("w", Exp.mul(I, Exp.val(2)), ExpWriteFlags.DEFAULT);
    assertEquals(10L, get(K).get("w"));
    assertEquals(2, generation(K));
  }

  @Test
  @Tag("expression-23")
  void writeFlags() {
    fails(BIN_EXISTS, () -> write("i", Exp.val(1), ExpWriteFlags.CREATE_ONLY));
    fails(BIN_NOT_FOUND, () -> write("w", Exp.val(1), ExpWriteFlags.UPDATE_ONLY));
    write("i", Exp.val(1), ExpWriteFlags.CREATE_ONLY | ExpWriteFlags.POLICY_NO_FAIL);
    write("w", Exp.val(1), ExpWriteFlags.UPDATE_ONLY | ExpWriteFlags.POLICY_NO_FAIL);
    assertEquals(5L, get(K).get("i"));
    assertFalse(get(K).containsKey("w"));
  }

  @Test
  @Tag("expression-24")
  void writeNil() {
    fails(OP_NOT_APPLICABLE, () -> write("i", Exp.nil(), ExpWriteFlags.DEFAULT));
    write("i", Exp.nil(), ExpWriteFlags.ALLOW_DELETE);
    assertFalse(get(K).containsKey("i"));
  }

  @Test
  @Tag("expression-25")
  void writeUnknown() {
    Exp unknown = Exp.add(Exp.intBin("zz"), Exp.val(1));
    fails(OP_NOT_APPLICABLE, () -> write("w", unknown, ExpWriteFlags.DEFAULT));
    write("w", unknown, ExpWriteFlags.EVAL_NO_FAIL);
    assertFalse(get(K).containsKey("w"));
  }

  @Test
  @Tag("expression-26")
  void inBatches() {
    put(key("other"), "x", 1);
    Operation[] read = {ExpOperation.read("r", Exp.build(Exp.add(I, Exp.val(1))), ExpReadFlags.DEFAULT)};
    List<BatchRecord> rows = List.of(new BatchRead(K, read), new BatchRead(key("other"), read));
    CLIENT.operate(null, rows);
    assertEquals(6, rows.get(0).record.getInt("r"));
    assertEquals(OP_NOT_APPLICABLE, rows.get(1).resultCode);
  }

  @Test
  @Tag("expression-27")
  void base64() {
    String text = Exp.build(Exp.eq(I, Exp.val(6))).getBase64();
    Policy policy = new Policy();
    policy.filterExp = Expression.fromBase64(text);
    policy.failOnFilteredOut = true;
    fails(FILTERED_OUT, () -> CLIENT.get(policy, K));
    assertTrue(CLIENT.exists(null, K));
  }

  @Test
  @Tag("expression-28")
  @Disabled("the client has no expressions for keys and values of maps, nor in-list")
  void keysValuesAndInList() {}

  @Test
  @Tag("expression-29")
  @Disabled("the client has no path expressions")
  void paths() {}
}
