package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.Info;
import com.aerospike.client.Key;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.Value;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.policy.QueryPolicy;
import com.aerospike.client.policy.WritePolicy;
import com.aerospike.client.query.Filter;
import com.aerospike.client.query.IndexType;
import com.aerospike.client.task.ExecuteTask;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class BackgroundTest extends Scenarios {
  private static final Operation ADD = Operation.add(bin("n", 100));
  private static final Value[] COUNTER = {Value.get("n"), Value.get(100)};

  @BeforeEach
  void start() {
    putQ();
    QueryTest.createIndex("background", "n", IndexType.NUMERIC);
    UdfTest.register("counter.lua");
  }

  @AfterEach
  void drop() {
    CLIENT.dropIndex(null, "test", "q", "background").waitTillComplete(10);
  }

  private static WritePolicy filter(Exp filter) {
    WritePolicy policy = new WritePolicy();
    policy.filterExp = Exp.build(filter);
    return policy;
  }

  private static Exp odd() {
    return Exp.eq(Exp.mod(Exp.intBin("n"), Exp.val(2)), Exp.val(1));
  }

  private static void run(WritePolicy policy, Filter filter, Operation... operations) {
    CLIENT.execute(policy, QueryTest.statement(filter), operations).waitTillComplete(10);
  }

  private static void assertNumbers(IntUnaryOperator expected) {
    for (int i = 0; i < 60; i++) {
      Record record = CLIENT.get(null, new Key("test", "q", i));
      assertEquals(expected.applyAsInt(i), record.getInt("n"), "record " + i);
      assertEquals(record.getInt("n") == i ? 1 : 2, record.generation);
    }
  }

  @Test
  @Tag("background-01")
  void all() {
    run(null, null, ADD);
    assertNumbers(i -> i + 100);
  }

  @Test
  @Tag("background-02")
  void throughAnIndex() {
    run(null, Filter.range("n", 0, 9), ADD);
    assertNumbers(i -> i < 10 ? i + 100 : i);
  }

  @Test
  @Tag("background-03")
  void throughAFilter() {
    run(filter(odd()), null, ADD);
    assertNumbers(i -> i % 2 == 1 ? i + 100 : i);
  }

  @Test
  @Tag("background-04")
  void delete() {
    run(filter(Exp.ge(Exp.intBin("n"), Exp.val(10))), null, Operation.delete());
    assertEquals(range(0, 9), QueryTest.numbers(new QueryPolicy(), QueryTest.statement(null)));
  }

  @Test
  @Tag("background-05")
  void function() {
    CLIENT.execute(null, QueryTest.statement(null), "counter", "add", COUNTER).waitTillComplete(10);
    assertNumbers(i -> i + 100);
  }

  @Test
  @Tag("background-06")
  void functionThroughIndexAndFilter() {
    WritePolicy policy = filter(odd());
    CLIENT
        .execute(policy, QueryTest.statement(Filter.range("n", 0, 9)), "counter", "add", COUNTER)
        .waitTillComplete(10);
    assertNumbers(i -> i < 10 && i % 2 == 1 ? i + 100 : i);
  }

  @Test
  @Tag("background-07")
  void reads() {
    fails(PARAMETER, () -> CLIENT.execute(null, QueryTest.statement(null), Operation.get("n")).waitTillComplete(10));
  }

  @Test
  @Tag("background-08")
  void jobs() {
    ExecuteTask task = CLIENT.execute(null, QueryTest.statement(null), ADD);
    task.waitTillComplete(10);
    String job = Info.request(CLIENT.getNodes()[0], "query-show:trid=" + Long.toUnsignedString(task.getTaskId()));
    assertTrue(job.contains("status=done"), job);
    assertTrue(job.contains("recs-succeeded=60"), job);
  }

  @Test
  @Tag("background-09")
  void timeToLive() {
    WritePolicy policy = new WritePolicy();
    policy.expiration = 1000;
    run(policy, null, Operation.touch());
    for (int i = 0; i < 60; i++) {
      int ttl = CLIENT.getHeader(null, new Key("test", "q", i)).getTimeToLive();
      assertTrue(990 <= ttl && ttl <= 1000, "time to live " + ttl);
    }
  }
}
