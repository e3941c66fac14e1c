package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeException;
import com.aerospike.client.BatchDelete;
import com.aerospike.client.BatchRead;
import com.aerospike.client.BatchRecord;
import com.aerospike.client.BatchResults;
import com.aerospike.client.BatchUDF;
import com.aerospike.client.BatchWrite;
import com.aerospike.client.Key;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.Value;
import com.aerospike.client.cdt.ListOperation;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.exp.ExpOperation;
import com.aerospike.client.policy.BatchPolicy;
import com.aerospike.client.policy.BatchWritePolicy;
import com.aerospike.client.policy.GenerationPolicy;
import com.aerospike.client.policy.RecordExistsAction;
import com.aerospike.client.policy.ScanPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class BatchTest extends Scenarios {
  private static Key[] keys(int count) {
    Key[] keys = new Key[count];
    Arrays.setAll(keys, i -> key(i));
    return keys;
  }

  private static BatchRecord[] write(Key[] keys, Operation... operations) {
    return CLIENT.operate(null, null, keys, operations).records;
  }

  private static List<BatchRecord> run(BatchRecord... rows) {
    CLIENT.operate(null, List.of(rows));
    return List.of(rows);
  }

  private static List<Integer> codes(List<BatchRecord> rows) {
    return rows.stream().map(row -> row.resultCode).toList();
  }

  private static Operation[] set(String bin, Object value) {
    return new Operation[] {Operation.put(bin(bin, value))};
  }

  @Test
  @Tag("batch-01")
  void reads() {
    for (int i = 0; i < 100; i += 2) {
      put(key(i), "v", i);
    }
    Record[] records = CLIENT.get(null, keys(100));
    for (int i = 0; i < 100; i++) {
      if (i % 2 == 0) {
        assertEquals(i, records[i].getInt("v"));
      } else {
        assertNull(records[i]);
      }
    }
  }

  @Test
  @Tag("batch-02")
  void partsOfRecords() {
    put(key(0), "a", 1, "b", 2);
    assertEquals(Map.of("a", 1L), CLIENT.get(null, keys(2), "a")[0].bins);
    boolean[] exists = CLIENT.exists(null, keys(2));
    assertTrue(exists[0] && !exists[1]);
    Record[] headers = CLIENT.getHeader(null, keys(2));
    assertEquals(1, headers[0].generation);
    assertNull(headers[0].bins);
    assertNull(headers[1]);
  }

  @Test
  @Tag("batch-03")
  void rowsOfTheirOwn() {
    Key aging = new Key("aging", "other", 1);
    put(key(1), "a", 1, "b", 2);
    put(aging, "a", 3, "b", 4);
    List<BatchRecord> rows = run(
        new BatchRead(key(1), new String[] {"a"}), new BatchRead(aging, new String[] {"b"}),
        new BatchRead(key(1), true), new BatchRead(key(1), false));
    assertEquals(Map.of("a", 1L), rows.get(0).record.bins);
    assertEquals(Map.of("b", 4L), rows.get(1).record.bins);
    assertEquals(Map.of("a", 1L, "b", 2L), rows.get(2).record.bins);
    assertNull(rows.get(3).record.bins);
  }

  @Test
  @Tag("batch-04")
  void operations() {
    put(key(0), "l", List.of(1, 2, 3), "i", 5);
    put(key(1), "l", List.of(1), "i", 6);
    Exp twice = Exp.mul(Exp.intBin("i"), Exp.val(2));
    Record[] records =
        CLIENT.get(null, keys(2), ListOperation.size("l"), ExpOperation.read("x", Exp.build(twice), 0));
    assertEquals(Map.of("l", 3L, "x", 10L), records[0].bins);
    assertEquals(Map.of("l", 1L, "x", 12L), records[1].bins);
  }

  @Test
  @Tag("batch-05")
  void writes() {
    BatchResults results = CLIENT.operate(null, null, keys(50), set("v", 7));
    assertTrue(results.status);
    for (Record record : CLIENT.get(null, keys(50))) {
      assertEquals(Map.of("v", 7L), record.bins);
    }
  }

  @Test
  @Tag("batch-06")
  void mixed() {
    UdfTest.register("counter.lua");
    for (int i = 0; i < 3; i++) {
      put(key(i), "v", i);
    }
    Value[] arguments = {Value.get("visits"), Value.get(3)};
    List<BatchRecord> rows = run(
        new BatchRead(key(0), true), new BatchWrite(key(1), set("v", 9)), new BatchDelete(key(2)),
        new BatchUDF(key(3), "counter", "add", arguments), new BatchRead(key(9), true));
    assertEquals(List.of(0, 0, 0, 0, NOT_FOUND), codes(rows));
    assertEquals(0, rows.get(0).record.getInt("v"));
    assertEquals(3L, rows.get(3).record.getUDFResult());
    assertEquals(9L, get(key(1)).get("v"));
    assertFalse(CLIENT.exists(null, key(2)));
  }

  @Test
  @Tag("batch-07")
  void deletes() {
    write(keys(50), set("v", 1));
    BatchRecord[] rows = CLIENT.delete(null, null, keys(51)).records;
    for (int i = 0; i < 51; i++) {
      assertEquals(i < 50 ? 0 : NOT_FOUND, rows[i].resultCode);
    }
    assertNull(CLIENT.get(null, key(0)));
  }

  @Test
  @Tag("batch-08")
  void policiesOfRows() {
    put(K, "v", 1);
    BatchWritePolicy create = new BatchWritePolicy();
    create.recordExistsAction = RecordExistsAction.CREATE_ONLY;
    BatchWritePolicy generation = new BatchWritePolicy();
    generation.generationPolicy = GenerationPolicy.EXPECT_GEN_EQUAL;
    generation.generation = 7;
    BatchWritePolicy expiration = new BatchWritePolicy();
    expiration.expiration = 1000;
    List<BatchRecord> rows = run(
        new BatchWrite(create, K, set("v", 2)), new BatchWrite(create, key("new"), set("v", 2)),
        new BatchWrite(generation, K, set("v", 3)), new BatchWrite(expiration, key("ttl"), set("v", 4)));
    assertEquals(List.of(KEY_EXISTS, 0, GENERATION, 0), codes(rows));
    int ttl = CLIENT.getHeader(null, key("ttl")).getTimeToLive();
    assertTrue(990 <= ttl && ttl <= 1000, "time to live " + ttl);
    assertEquals(Map.of("v", 1L), get(K));
  }

  @Test
  @Tag("batch-09")
  void failuresOfRows() {
    put(key(1), "v", "text");
    BatchRecord[] rows = write(keys(3), Operation.add(bin("v", 1)));
    assertEquals(List.of(0, BIN_TYPE, 0), codes(List.of(rows)));
    assertEquals(Map.of("v", "text"), get(key(1)));
  }

  @Test
  @Tag("batch-10")
  void functions() {
    UdfTest.register("counter.lua");
    Value[] add = {Value.get("v"), Value.get(5)};
    for (BatchRecord row : CLIENT.execute(null, null, keys(10), "counter", "add", add).records) {
      assertEquals(5L, row.record.getUDFResult());
    }
    Value[] take = {Value.get("v"), Value.get(9)};
    BatchRecord[] rows = CLIENT.execute(null, null, keys(2), "counter", "take", take).records;
    assertEquals(UDF, rows[0].resultCode);
    assertTrue(rows[0].record.getUDFError().contains("only 5 left"), rows[0].record.getUDFError());
  }

  @Test
  @Tag("batch-11")
  void manyKeys() {
    write(keys(1500), set("v", 1));
    for (Record record : CLIENT.get(null, keys(1500))) {
      assertNotNull(record);
    }
  }

  @Test
  @Tag("batch-12")
  void unknownNamespace() {
    Key[] keys = {key(1), new Key("nowhere", "demo", 1)};
    AerospikeException error = assertThrows(AerospikeException.class, () -> CLIENT.get(null, keys));
    Throwable cause = error.getCause();
    assertEquals(INVALID_NAMESPACE, ((AerospikeException) (cause == null ? error : cause)).getResultCode());
  }

  @Test
  @Tag("batch-13")
  void noKeysAndOneKeyThrice() {
    assertEquals(0, CLIENT.get(null, new Key[0]).length);
    put(K, "v", 1);
    Record[] records = CLIENT.get(null, new Key[] {K, K, K});
    for (Record record : records) {
      assertEquals(1, record.getInt("v"));
    }
  }

  @Test
  @Tag("batch-14")
  void sendKey() {
    BatchWritePolicy policy = new BatchWritePolicy();
    policy.sendKey = true;
    run(new BatchWrite(policy, key("one"), set("v", 1)), new BatchWrite(policy, key("two"), set("v", 1)));
    Set<String> keys = new ConcurrentSkipListSet<>();
    CLIENT.scanAll(new ScanPolicy(), "test", "demo", (key, record) -> keys.add(key.userKey.toString()));
    assertEquals(Set.of("one", "two"), keys);
  }

  @Test
  @Tag("batch-15")
  void variants() {
    put(key(1), "v", 1);
    List<BatchPolicy> policies = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      BatchPolicy policy = new BatchPolicy();
      policy.allowInline = (i & 1) != 0;
      policy.allowInlineSSD = (i & 2) != 0;
      policy.respondAllKeys = (i & 4) != 0;
      policy.maxConcurrentThreads = (i & 8) != 0 ? 0 : 1;
      policies.add(policy);
    }
    for (BatchPolicy policy : policies) {
      Record[] records = CLIENT.get(policy, keys(3));
      assertTrue(records[0] == null && records[1].getInt("v") == 1 && records[2] == null);
    }
  }
}
