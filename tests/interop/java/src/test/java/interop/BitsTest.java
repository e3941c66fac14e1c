package interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.aerospike.client.Operation;
import com.aerospike.client.operation.BitOperation;
import com.aerospike.client.operation.BitOverflowAction;
import com.aerospike.client.operation.BitPolicy;
import com.aerospike.client.operation.BitResizeFlags;
import com.aerospike.client.operation.BitWriteFlags;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class BitsTest extends Scenarios {
  private static final BitPolicy POLICY = new BitPolicy();

  /** Begins with 01 02 03, runs an operation; asserts what is left. */
  private static void check(Operation operation, int... after) {
    put(K, "b", bytes(1, 2, 3));
    operate(K, operation);
    assertArrayEquals(bytes(after), (byte[]) get(K).get("b"));
  }

  @Test
  @Tag("bits-01")
  void sizes() {
    operate(K, BitOperation.resize(POLICY, "b", 4, BitResizeFlags.DEFAULT));
    assertArrayEquals(new byte[4], (byte[]) get(K).get("b"));
    check(BitOperation.insert(POLICY, "b", 1, bytes(9, 8)), 1, 9, 8, 2, 3);
    check(BitOperation.remove(POLICY, "b", 0, 2), 3);
  }

  @Test
  @Tag("bits-02")
  void logic() {
    check(BitOperation.set(POLICY, "b", 4, 8, bytes(0xff)), 0x0f, 0xf2, 3);
    check(BitOperation.or(POLICY, "b", 8, 8, bytes(0xf0)), 1, 0xf2, 3);
    check(BitOperation.xor(POLICY, "b", 16, 8, bytes(0xff)), 1, 2, 0xfc);
    check(BitOperation.and(POLICY, "b", 0, 16, bytes(0, 2)), 0, 2, 3);
    check(BitOperation.not(POLICY, "b", 0, 8), 0xfe, 2, 3);
  }

  @Test
  @Tag("bits-03")
  void shiftsAndSums() {
    check(BitOperation.lshift(POLICY, "b", 0, 24, 4), 0x10, 0x20, 0x30);
    check(BitOperation.rshift(POLICY, "b", 0, 24, 1), 0, 0x81, 1);
    check(BitOperation.add(POLICY, "b", 8, 8, 5, false, BitOverflowAction.FAIL), 1, 7, 3);
    check(BitOperation.subtract(POLICY, "b", 8, 8, 1, false, BitOverflowAction.FAIL), 1, 1, 3);
    check(BitOperation.add(POLICY, "b", 8, 8, 255, false, BitOverflowAction.WRAP), 1, 1, 3);
    check(BitOperation.add(POLICY, "b", 8, 8, 255, false, BitOverflowAction.SATURATE), 1, 255, 3);
    check(BitOperation.subtract(POLICY, "b", 8, 8, 9, false, BitOverflowAction.SATURATE), 1, 0, 3);
    fails(
        OP_NOT_APPLICABLE,
        () -> operate(K, BitOperation.add(POLICY, "b", 0, 8, 255, false, BitOverflowAction.FAIL)));
  }

  @Test
  @Tag("bits-04")
  void reads() {
    put(K, "b", bytes(0x0f, 0x82, 3));
    assertArrayEquals(bytes(0xf8), (byte[]) result(BitOperation.get("b", 4, 8)));
    assertEquals(8L, result(BitOperation.count("b", 0, 24)));
    assertEquals(4L, result(BitOperation.lscan("b", 0, 24, true)));
    assertEquals(7L, result(BitOperation.rscan("b", 0, 8, true)));
    assertEquals(0x82L, result(BitOperation.getInt("b", 8, 8, false)));
    assertEquals(-126L, result(BitOperation.getInt("b", 8, 8, true)));
  }

  @Test
  @Tag("bits-05")
  void flags() {
    check(BitOperation.setInt(POLICY, "b", 8, 16, 0x1234), 1, 0x12, 0x34);
    BitPolicy create = new BitPolicy(BitWriteFlags.CREATE_ONLY);
    BitPolicy update = new BitPolicy(BitWriteFlags.UPDATE_ONLY);
    fails(BIN_EXISTS, () -> operate(K, BitOperation.resize(create, "b", 9, 0)));
    fails(BIN_NOT_FOUND, () -> operate(K, BitOperation.resize(update, "x", 9, 0)));
    operate(K, BitOperation.resize(new BitPolicy(BitWriteFlags.CREATE_ONLY | BitWriteFlags.NO_FAIL), "b", 9, 0));
    operate(K, BitOperation.resize(new BitPolicy(BitWriteFlags.UPDATE_ONLY | BitWriteFlags.NO_FAIL), "x", 9, 0));
    assertArrayEquals(bytes(1, 0x12, 0x34), (byte[]) get(K).get("b"));
    assertFalse(get(K).containsKey("x"));
  }

  @Test
  @Tag("bits-06")
  void errors() {
    put(K, "b", bytes(1, 2, 3), "s", "text");
    fails(OP_NOT_APPLICABLE, () -> operate(K, BitOperation.get("b", 24, 8)));
    fails(BIN_TYPE, () -> operate(K, BitOperation.get("s", 0, 8)));
  }
}
