package interop;

import static interop.Scenarios.FORBIDDEN;
import static interop.Scenarios.GENERATION;
import static interop.Scenarios.KEY_EXISTS;
import static interop.Scenarios.NOT_FOUND;
import static interop.Scenarios.bin;
import static interop.Scenarios.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AbortStatus;
import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.CommitError;
import com.aerospike.client.CommitStatus;
import com.aerospike.client.Info;
import com.aerospike.client.Key;
import com.aerospike.client.Language;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.ResultCode;
import com.aerospike.client.Txn;
import com.aerospike.client.policy.BatchPolicy;
import com.aerospike.client.policy.GenerationPolicy;
import com.aerospike.client.policy.Policy;
import com.aerospike.client.policy.RecordExistsAction;
import com.aerospike.client.policy.WritePolicy;
import com.aerospike.client.query.Filter;
import com.aerospike.client.query.IndexType;
import com.aerospike.client.query.RecordSet;
import com.aerospike.client.query.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Transactions of several records. */
class TransactionTest {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private static Server server;
  private static AerospikeClient client;

  private String set;
  private Key k;
  private Key l;

  /** What a record has: its generation and bin n. */
  private record Held(int generation, int n) {}

  @BeforeAll
  static void start() {
    server = Server.start("strong.conf");
    client = server.connect();
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  @BeforeEach
  void put() {
    set = "set" + NUMBERS.getAndIncrement();
    k = key("k");
    l = key("l");
    client.put(null, k, bin("n", 1));
    client.put(null, l, bin("n", 10));
  }

  private Key key(String name) {
    return new Key("test", set, name);
  }

  /** A policy of writes in a transaction; deletes are durable. */
  private static WritePolicy in(Txn transaction) {
    WritePolicy policy = new WritePolicy();
    policy.txn = transaction;
    policy.durableDelete = true;
    return policy;
  }

  private static BatchPolicy batchIn(Txn transaction) {
    BatchPolicy policy = new BatchPolicy();
    policy.txn = transaction;
    return policy;
  }

  private static void put(Txn transaction, Key key, int n) {
    client.put(in(transaction), key, bin("n", n));
  }

  /** What a record has, null if it is not there; the transaction may be null. */
  private static Held held(Txn transaction, Key key) {
    Policy policy = new Policy();
    policy.txn = transaction;
    Record record = client.get(policy, key);
    return record == null ? null : new Held(record.generation, record.getInt("n"));
  }

  private static void commits(Txn transaction) {
    assertEquals(CommitStatus.OK, client.commit(transaction));
  }

  private static void aborts(Txn transaction) {
    assertEquals(AbortStatus.OK, client.abort(transaction));
  }

  @Test
  @Tag("transaction-01")
  void committed() {
    Txn t = new Txn();
    put(t, k, 2);
    put(t, l, 20);
    assertEquals(new Held(1, 1), held(null, k));
    assertEquals(new Held(1, 10), held(null, l));
    assertEquals(new Held(2, 2), held(t, k));
    assertEquals(new Held(2, 20), held(t, l));
    commits(t);
    assertEquals(new Held(3, 2), held(null, k));
    assertEquals(new Held(3, 20), held(null, l));
  }

  @Test
  @Tag("transaction-02")
  void aborted() {
    Txn t = new Txn();
    put(t, k, 2);
    put(t, l, 20);
    put(t, key("n"), 1);
    assertEquals(new Held(1, 1), held(t, key("n")));
    aborts(t);
    assertEquals(new Held(3, 1), held(null, k));
    assertEquals(new Held(3, 10), held(null, l));
    assertNull(held(null, key("n")));
  }

  @Test
  @Tag("transaction-03")
  void locks() {
    Txn t = new Txn();
    Txn u = new Txn();
    put(t, k, 2);
    fails(ResultCode.MRT_BLOCKED, () -> put(u, k, 3));
    fails(ResultCode.MRT_BLOCKED, () -> held(u, k));
    fails(ResultCode.MRT_BLOCKED, () -> put(null, k, 3));
    assertEquals(new Held(1, 1), held(null, k));
    commits(t);
    put(null, k, 3);
    assertEquals(new Held(4, 3), held(null, k));
    aborts(u);
  }

  @Test
  @Tag("transaction-04")
  void deletes() {
    Txn t = new Txn();
    assertTrue(client.delete(in(t), k));
    assertFalse(client.delete(in(t), k));
    assertNull(held(t, k));
    assertEquals(new Held(1, 1), held(null, k));
    commits(t);
    assertNull(held(null, k));
  }

  @Test
  @Tag("transaction-05")
  void touchesAndOperates() {
    Txn t = new Txn();
    client.touch(in(t), k);
    Record record = client.operate(in(t), l, Operation.add(bin("n", 5)), Operation.get("n"));
    assertEquals(15, record.getInt("n"));
    assertEquals(new Held(2, 1), held(t, k));
    assertEquals(new Held(2, 15), held(t, l));
    aborts(t);
    assertEquals(new Held(3, 1), held(null, k));
    assertEquals(new Held(3, 10), held(null, l));
  }

  @Test
  @Tag("transaction-06")
  void calls() {
    String text = "function seven(r) r.n = 7 aerospike:update(r) end";
    client.registerUdfString(null, text, "transaction.lua", Language.LUA).waitTillComplete(10);
    Txn t = new Txn();
    client.execute(in(t), k, "transaction", "seven");
    assertEquals(new Held(2, 7), held(t, k));
    commits(t);
    assertEquals(new Held(3, 7), held(null, k));
    Txn u = new Txn();
    client.execute(in(u), l, "transaction", "seven");
    aborts(u);
    assertEquals(new Held(3, 10), held(null, l));
  }

  private Key[] keys(int count) {
    return IntStream.range(0, count).mapToObj(number -> key("b" + number)).toArray(Key[]::new);
  }

  /** The values of n in those of the records that are there. */
  private static List<Integer> found(Txn transaction, Key[] keys) {
    Record[] records = client.get(batchIn(transaction), keys);
    return Arrays.stream(records).filter(Objects::nonNull).map(record -> record.getInt("n")).toList();
  }

  @Test
  @Tag("transaction-07")
  void batch() {
    Key[] keys = keys(10);
    Txn t = new Txn();
    assertTrue(client.operate(batchIn(t), null, keys, Operation.put(bin("n", 5))).status);
    assertEquals(List.of(), found(null, keys));
    List<Integer> all = Collections.nCopies(10, 5);
    assertEquals(all, found(t, keys));
    commits(t);
    assertEquals(all, found(null, keys));
  }

  @Test
  @Tag("transaction-08")
  void tooManyWrites() {
    Key[] keys = keys(4097);
    Txn t = new Txn();
    fails(
        ResultCode.MRT_TOO_MANY_WRITES,
        () -> client.operate(batchIn(t), null, keys, Operation.put(bin("n", 5))));
    assertEquals(List.of(), found(null, keys));
    assertEquals(List.of(), found(t, keys));
    aborts(t);
  }

  @Test
  @Tag("transaction-09")
  void aReadThatChanged() {
    Txn t = new Txn();
    assertEquals(new Held(1, 1), held(t, k));
    put(null, k, 5);
    put(t, l, 20);
    fails(ResultCode.MRT_VERSION_MISMATCH, () -> put(t, k, 6));
    AerospikeException.Commit error = assertThrows(AerospikeException.Commit.class, () -> client.commit(t));
    assertEquals(ResultCode.TXN_FAILED, error.getResultCode());
    assertEquals(CommitError.VERIFY_FAIL, error.error);
    assertEquals(new Held(2, 5), held(null, k));
    assertEquals(new Held(3, 10), held(null, l));
  }

  @Test
  @Tag("transaction-10")
  void readers() {
    Txn t = new Txn();
    Txn u = new Txn();
    assertEquals(new Held(1, 1), held(t, k));
    assertEquals(new Held(1, 1), held(u, k));
    commits(t);
    commits(u);
    assertEquals(new Held(1, 1), held(null, k));
  }

  @Test
  @Tag("transaction-11")
  void anEndIsAnEnd() {
    Txn t = new Txn();
    put(t, k, 2);
    commits(t);
    assertEquals(CommitStatus.ALREADY_COMMITTED, client.commit(t));
    fails(ResultCode.TXN_ALREADY_COMMITTED, () -> client.abort(t));
    fails(ResultCode.CLIENT_ERROR, () -> put(t, k, 4));
    assertEquals(new Held(3, 2), held(null, k));
    Txn u = new Txn();
    put(u, k, 3);
    aborts(u);
    assertEquals(AbortStatus.ALREADY_ABORTED, client.abort(u));
    fails(ResultCode.TXN_ALREADY_ABORTED, () -> client.commit(u));
    fails(ResultCode.CLIENT_ERROR, () -> put(u, k, 4));
    assertEquals(new Held(5, 2), held(null, k));
  }

  @Test
  @Tag("transaction-12")
  void deadline() {
    Txn t = new Txn();
    t.setTimeout(2);
    put(t, k, 2);
    String answer = Info.request(client.getNodes()[0], "emulator-clock:advance=6");
    assertFalse(answer.startsWith("ERROR"), answer);
    assertEquals(new Held(3, 1), held(null, k));
    fails(ResultCode.MRT_EXPIRED, () -> put(t, k, 3));
    fails(ResultCode.MRT_EXPIRED, () -> put(t, l, 3));
    aborts(t);
    assertEquals(new Held(1, 10), held(null, l));
  }

  @Test
  @Tag("transaction-13")
  void onLockingOnly() {
    Txn t = new Txn();
    WritePolicy policy = in(t);
    policy.onLockingOnly = true;
    client.put(policy, k, bin("n", 2));
    fails(ResultCode.MRT_ALREADY_LOCKED, () -> client.put(policy, k, bin("n", 3)));
    assertEquals(new Held(2, 2), held(t, k));
    aborts(t);
  }

  /** A put of n = 2 in a transaction under a policy. */
  private static void putUnder(Txn transaction, Key key, Consumer<WritePolicy> change) {
    WritePolicy policy = in(transaction);
    change.accept(policy);
    client.put(policy, key, bin("n", 2));
  }

  @Test
  @Tag("transaction-14")
  void policies() {
    Txn t = new Txn();
    fails(KEY_EXISTS, () -> putUnder(t, k, policy -> policy.recordExistsAction = RecordExistsAction.CREATE_ONLY));
    fails(
        NOT_FOUND,
        () -> putUnder(t, key("missing"), policy -> policy.recordExistsAction = RecordExistsAction.UPDATE_ONLY));
    fails(GENERATION, () -> putUnder(t, k, policy -> {
      policy.generationPolicy = GenerationPolicy.EXPECT_GEN_EQUAL;
      policy.generation = 7;
    }));
    put(t, l, 20);
    commits(t);
    assertEquals(new Held(1, 1), held(null, k));
    assertEquals(new Held(3, 20), held(null, l));
  }

  private List<Integer> queried() {
    Statement statement = new Statement();
    statement.setNamespace("test");
    statement.setSetName(set);
    statement.setFilter(Filter.equal("n", 2));
    List<Integer> numbers = new ArrayList<>();
    try (RecordSet records = client.query(null, statement)) {
      while (records.next()) {
        numbers.add(records.getRecord().getInt("n"));
      }
    }
    return numbers;
  }

  @Test
  @Tag("transaction-15")
  void queries() {
    client.createIndex(null, "test", set, "i" + set, "n", IndexType.NUMERIC).waitTillComplete();
    Txn t = new Txn();
    put(t, k, 2);
    assertEquals(List.of(), queried());
    commits(t);
    assertEquals(List.of(2), queried());
    client.dropIndex(null, "test", set, "i" + set).waitTillComplete();
  }

  @Test
  @Tag("transaction-16")
  void plainDeletes() {
    fails(FORBIDDEN, () -> client.delete(null, k));
    assertEquals(new Held(1, 1), held(null, k));
    assertTrue(client.delete(in(null), k));
    assertNull(held(null, k));
  }

  @Test
  @Tag("transaction-17")
  void withoutStrongConsistency() {
    Txn t = new Txn();
    fails(
        ResultCode.UNSUPPORTED_FEATURE,
        () -> Scenarios.CLIENT.put(in(t), new Key("test", set, "k"), bin("n", 1)));
    assertNull(Scenarios.CLIENT.get(null, new Key("test", set, "k")));
  }
}
