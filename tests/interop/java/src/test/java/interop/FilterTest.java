package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.BatchDelete;
import com.aerospike.client.BatchRead;
import com.aerospike.client.BatchRecord;
import com.aerospike.client.BatchWrite;
import com.aerospike.client.Key;
import com.aerospike.client.Operation;
import com.aerospike.client.Value;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.exp.Expression;
import com.aerospike.client.policy.BatchDeletePolicy;
import com.aerospike.client.policy.BatchPolicy;
import com.aerospike.client.policy.BatchReadPolicy;
import com.aerospike.client.policy.BatchWritePolicy;
import com.aerospike.client.policy.Policy;
import com.aerospike.client.policy.QueryPolicy;
import com.aerospike.client.policy.ScanPolicy;
import com.aerospike.client.policy.WritePolicy;
import com.aerospike.client.query.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FilterTest extends Scenarios {
  private static final Expression TRUE = Exp.build(Exp.eq(Exp.intBin("i"), Exp.val(5)));
  private static final Expression FALSE = Exp.build(Exp.eq(Exp.intBin("i"), Exp.val(6)));

  private static Policy read(Expression filter) {
    Policy policy = new Policy();
    policy.filterExp = filter;
    policy.failOnFilteredOut = true;
    return policy;
  }

  private static WritePolicy write(Expression filter) {
    return new WritePolicy(read(filter));
  }

  @BeforeEach
  void start() {
    putE();
  }

  @Test
  @Tag("filter-01")
  void get() {
    assertEquals(5, CLIENT.get(read(TRUE), K).getInt("i"));
    fails(FILTERED_OUT, () -> CLIENT.get(read(FALSE), K));
  }

  @Test
  @Tag("filter-02")
  void existsAndHeader() {
    assertTrue(CLIENT.exists(read(TRUE), K));
    assertEquals(1, CLIENT.getHeader(read(TRUE), K).generation);
    fails(FILTERED_OUT, () -> CLIENT.exists(read(FALSE), K));
    fails(FILTERED_OUT, () -> CLIENT.getHeader(read(FALSE), K));
  }

  @Test
  @Tag("filter-03")
  void puts() {
    fails(FILTERED_OUT, () -> put(write(FALSE), K, "i", 9));
    assertEquals(5L, get(K).get("i"));
    put(write(TRUE), K, "i", 9);
    assertEquals(9L, get(K).get("i"));
    put(write(FALSE), key("new"), "i", 1);
    assertEquals(Map.of("i", 1L), get(key("new")));
  }

  @Test
  @Tag("filter-04")
  void deletes() {
    fails(FILTERED_OUT, () -> CLIENT.delete(write(FALSE), K));
    assertTrue(CLIENT.delete(write(TRUE), K));
    assertFalse(CLIENT.delete(write(FALSE), K));
  }

  @Test
  @Tag("filter-05")
  void otherWrites() {
    fails(FILTERED_OUT, () -> CLIENT.touch(write(FALSE), K));
    fails(FILTERED_OUT, () -> CLIENT.append(write(FALSE), K, bin("s", "x")));
    fails(FILTERED_OUT, () -> CLIENT.add(write(FALSE), K, bin("i", 1)));
    assertEquals(1, generation(K));
  }

  @Test
  @Tag("filter-06")
  void operates() {
    Operation[] operations = {Operation.add(bin("i", 1)), Operation.get("i")};
    fails(FILTERED_OUT, () -> CLIENT.operate(write(FALSE), K, operations));
    assertEquals(5L, get(K).get("i"));
    CLIENT.operate(write(TRUE), K, operations);
    assertEquals(6L, get(K).get("i"));
  }

  @Test
  @Tag("filter-07")
  void unknown() {
    Exp missing = Exp.eq(Exp.intBin("zz"), Exp.val(1));
    fails(FILTERED_OUT, () -> CLIENT.get(read(Exp.build(missing)), K));
    fails(FILTERED_OUT, () -> CLIENT.get(read(Exp.build(Exp.not(missing))), K));
  }

  @Test
  @Tag("filter-08")
  void malformed() {
    fails(PARAMETER, () -> CLIENT.get(read(Exp.build(Exp.intBin("i"))), K));
    fails(PARAMETER, () -> CLIENT.get(read(Exp.build(Exp.eq(Exp.intBin("i"), Exp.val(1.5)))), K));
  }

  @Test
  @Tag("filter-09")
  void batchOfReads() {
    put(key("other"), "i", 6);
    BatchPolicy policy = new BatchPolicy();
    policy.filterExp = TRUE;
    List<BatchRecord> rows = new ArrayList<>();
    for (Key key : List.of(K, key("other"), key("none"))) {
      rows.add(new BatchRead(key, true));
    }
    CLIENT.operate(policy, rows);
    assertEquals(List.of(0, FILTERED_OUT, NOT_FOUND), codes(rows));
    assertEquals(5, rows.get(0).record.getInt("i"));
    // The client's own form of a batch of keys.
    Object[] records = CLIENT.get(policy, new Key[] {K, key("other"), key("none")});
    assertTrue(records[0] != null && records[1] == null && records[2] == null);
  }

  private static List<Integer> codes(List<BatchRecord> rows) {
    return rows.stream().map(row -> row.resultCode).toList();
  }

  @Test
  @Tag("filter-10")
  void filterOfARow() {
    BatchPolicy policy = new BatchPolicy();
    policy.filterExp = FALSE;
    BatchReadPolicy own = new BatchReadPolicy();
    own.filterExp = TRUE;
    List<BatchRecord> rows = List.of(new BatchRead(own, K, true), new BatchRead(K, true));
    CLIENT.operate(policy, rows);
    assertEquals(List.of(0, FILTERED_OUT), codes(rows));
  }

  @Test
  @Tag("filter-11")
  void batchOfWrites() {
    put(key("other"), "i", 6);
    BatchWritePolicy write = new BatchWritePolicy();
    write.filterExp = TRUE;
    BatchDeletePolicy delete = new BatchDeletePolicy();
    delete.filterExp = FALSE;
    Operation[] add = {Operation.add(bin("n", 1))};
    List<BatchRecord> rows = List.of(
        new BatchWrite(write, K, add), new BatchWrite(write, key("other"), add), new BatchDelete(delete, K));
    CLIENT.operate(null, rows);
    assertEquals(List.of(0, FILTERED_OUT, FILTERED_OUT), codes(rows));
    assertEquals(1L, get(K).get("n"));
    assertEquals(Map.of("i", 6L), get(key("other")));
  }

  @Test
  @Tag("filter-12")
  void functions() {
    UdfTest.register("counter.lua");
    Value[] arguments = {Value.get("n"), Value.get(1)};
    fails(FILTERED_OUT, () -> CLIENT.execute(write(FALSE), K, "counter", "add", arguments));
    assertFalse(get(K).containsKey("n"));
    assertEquals(1L, CLIENT.execute(write(TRUE), K, "counter", "add", arguments));
  }

  @Test
  @Tag("filter-13")
  void scansAndQueries() {
    putQ();
    Expression filter = Exp.build(Exp.eq(Exp.mod(Exp.intBin("n"), Exp.val(10)), Exp.val(3)));
    TreeSet<Long> expected = new TreeSet<>(List.of(3L, 13L, 23L, 33L, 43L, 53L));
    ScanPolicy scan = new ScanPolicy();
    scan.filterExp = filter;
    ConcurrentSkipListSet<Long> scanned = new ConcurrentSkipListSet<>();
    CLIENT.scanAll(scan, "test", "q", (key, record) -> scanned.add(record.getLong("n")));
    assertEquals(expected, scanned);
    QueryPolicy query = new QueryPolicy();
    query.filterExp = filter;
    assertEquals(expected, QueryTest.numbers(query, QueryTest.statement(null)));
  }

  @Test
  @Tag("filter-14")
  void background() {
    putQ();
    WritePolicy policy = new WritePolicy();
    policy.filterExp = Exp.build(Exp.lt(Exp.intBin("n"), Exp.val(10)));
    Statement statement = QueryTest.statement(null);
    CLIENT.execute(policy, statement, Operation.put(bin("new", 1))).waitTillComplete(10);
    for (int i = 0; i < 60; i++) {
      assertEquals(i < 10, get(new Key("test", "q", i)).containsKey("new"), "record " + i);
    }
  }

  @Test
  @Tag("filter-15")
  void nothingInsteadOfAnError() {
    Policy policy = read(FALSE);
    policy.failOnFilteredOut = false;
    assertNull(CLIENT.get(policy, K));
    // The client makes this of it: it is there, filtered or not.
    assertTrue(CLIENT.exists(policy, K));
    put(new WritePolicy(policy), K, "i", 9);
    assertEquals(5L, get(K).get("i"));
  }
}
