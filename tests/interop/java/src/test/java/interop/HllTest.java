package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.Bin;
import com.aerospike.client.Operation;
import com.aerospike.client.Value;
import com.aerospike.client.Value.HLLValue;
import com.aerospike.client.operation.HLLOperation;
import com.aerospike.client.operation.HLLPolicy;
import com.aerospike.client.operation.HLLWriteFlags;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class HllTest extends Scenarios {
  private static final HLLPolicy POLICY = new HLLPolicy();

  private static List<Value> numbers(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> Value.get("value " + i)).toList();
  }

  private static void assertNear(double expected, Object value, double part) {
    double actual = ((Number) value).doubleValue();
    assertTrue(Math.abs(actual - expected) <= expected * part, actual + " is not near " + expected);
  }

  private static HLLValue hll(String bin) {
    return CLIENT.get(null, K).getHLLValue(bin);
  }

  @Test
  @Tag("hll-01")
  void count() {
    operate(K, HLLOperation.init(POLICY, "h", 10));
    assertEquals(list(10, 0), result(HLLOperation.describe("h")));
    operate(K, HLLOperation.add(POLICY, "h", numbers(0, 100)));
    assertNear(100, result(HLLOperation.getCount("h")), 0.1);
  }

  @Test
  @Tag("hll-02")
  void refreshAndFold() {
    operate(K, HLLOperation.add(POLICY, "h", numbers(0, 100), 10));
    assertNear(100, result(HLLOperation.refreshCount("h")), 0.1);
    operate(K, HLLOperation.fold("h", 8));
    assertEquals(list(8, 0), result(HLLOperation.describe("h")));
  }

  @Test
  @Tag("hll-03")
  void unions() {
    operate(K, HLLOperation.add(POLICY, "h", numbers(0, 1000), 12, 20));
    operate(K, HLLOperation.add(POLICY, "i", numbers(500, 1500), 12, 20));
    List<HLLValue> other = List.of(hll("i"));
    assertNear(1500, result(HLLOperation.getUnionCount("h", other)), 0.25);
    assertNear(500, result(HLLOperation.getIntersectCount("h", other)), 0.25);
    assertNear(1.0 / 3, result(HLLOperation.getSimilarity("h", other)), 0.25);
    CLIENT.put(null, K, new Bin("u", (HLLValue) result(HLLOperation.getUnion("h", other))));
    assertNear(1500, result(HLLOperation.getCount("u")), 0.25);
  }

  @Test
  @Tag("hll-04")
  void setUnionAndFlags() {
    operate(K, HLLOperation.add(POLICY, "h", numbers(0, 100), 10));
    operate(K, HLLOperation.add(POLICY, "i", numbers(100, 200), 10));
    operate(K, HLLOperation.setUnion(POLICY, "h", List.of(hll("i"))));
    assertNear(200, result(HLLOperation.getCount("h")), 0.15);
    Operation create = HLLOperation.init(new HLLPolicy(HLLWriteFlags.CREATE_ONLY), "h", 10);
    fails(BIN_EXISTS, () -> operate(K, create));
    Operation update = HLLOperation.init(new HLLPolicy(HLLWriteFlags.UPDATE_ONLY), "x", 10);
    fails(BIN_NOT_FOUND, () -> operate(K, update));
  }

  @Test
  @Tag("hll-05")
  void roundTrip() {
    operate(K, HLLOperation.add(POLICY, "h", numbers(0, 100), 10));
    CLIENT.put(null, K, new Bin("copy", hll("h")));
    assertEquals(hll("h"), hll("copy"));
    put(K, "i", 1);
    fails(BIN_TYPE, () -> operate(K, HLLOperation.add(POLICY, "i", numbers(0, 1))));
  }
}
