package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.BatchRecord;
import com.aerospike.client.Bin;
import com.aerospike.client.Key;
import com.aerospike.client.Language;
import com.aerospike.client.Operation;
import com.aerospike.client.Record;
import com.aerospike.client.Value;
import com.aerospike.client.async.AsyncIndexTask;
import com.aerospike.client.async.EventPolicy;
import com.aerospike.client.async.NioEventLoops;
import com.aerospike.client.listener.BatchRecordArrayListener;
import com.aerospike.client.listener.DeleteListener;
import com.aerospike.client.listener.ExecuteListener;
import com.aerospike.client.listener.IndexListener;
import com.aerospike.client.listener.RecordArrayListener;
import com.aerospike.client.listener.RecordListener;
import com.aerospike.client.listener.RecordSequenceListener;
import com.aerospike.client.listener.WriteListener;
import com.aerospike.client.policy.ClientPolicy;
import com.aerospike.client.policy.RecordExistsAction;
import com.aerospike.client.policy.WritePolicy;
import com.aerospike.client.query.Filter;
import com.aerospike.client.query.IndexCollectionType;
import com.aerospike.client.query.IndexType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The client's listeners, as futures. */
class AsyncTest extends Scenarios {
  private static final NioEventLoops LOOPS = new NioEventLoops(new EventPolicy(), 2);
  private static final AerospikeClient ASYNC = connect();

  private static AerospikeClient connect() {
    ClientPolicy policy = new ClientPolicy();
    policy.eventLoops = LOOPS;
    policy.asyncMaxConnsPerNode = 2000;
    return new AerospikeClient(policy, "127.0.0.1", SERVER.port);
  }

  @AfterAll
  static void close() {
    ASYNC.close();
    LOOPS.close();
  }

  /** A future that listens for whatever comes. */
  private static final class Listener<T> extends CompletableFuture<T>
      implements WriteListener, DeleteListener, RecordListener, RecordArrayListener, BatchRecordArrayListener,
          ExecuteListener, IndexListener {
    @SuppressWarnings("unchecked")
    private void done(Object value) {
      complete((T) value);
    }

    @Override
    public void onSuccess(Key key) {
      done(key);
    }

    @Override
    public void onSuccess(Key key, boolean existed) {
      done(existed);
    }

    @Override
    public void onSuccess(Key key, Record record) {
      done(record);
    }

    @Override
    public void onSuccess(Key[] keys, Record[] records) {
      done(records);
    }

    @Override
    public void onSuccess(BatchRecord[] records, boolean status) {
      done(records);
    }

    @Override
    public void onSuccess(Key key, Object result) {
      done(result);
    }

    @Override
    public void onSuccess(AsyncIndexTask task) {
      done(task);
    }

    @Override
    public void onFailure(AerospikeException error) {
      completeExceptionally(error);
    }

    @Override
    public void onFailure(BatchRecord[] records, AerospikeException error) {
      completeExceptionally(error);
    }

    T await() {
      try {
        return get(10, TimeUnit.SECONDS);
      } catch (ExecutionException error) {
        throw (AerospikeException) error.getCause();
      } catch (InterruptedException | TimeoutException error) {
        throw new AssertionError(error);
      }
    }
  }

  /** The values of n in a stream of records. */
  private static final class Numbers implements RecordSequenceListener {
    private final Set<Long> numbers = new ConcurrentSkipListSet<>();
    private final Listener<Set<Long>> end = new Listener<>();

    @Override
    public void onRecord(Key key, Record record) {
      numbers.add(record.getLong("n"));
    }

    @Override
    public void onSuccess() {
      end.complete(numbers);
    }

    @Override
    public void onFailure(AerospikeException error) {
      end.onFailure(error);
    }

    Set<Long> await() {
      return end.await();
    }
  }

  private static Listener<Key> putAsync(WritePolicy policy, Key key, Bin... bins) {
    Listener<Key> listener = new Listener<>();
    ASYNC.put(null, listener, policy, key, bins);
    return listener;
  }

  private static Listener<Record> getAsync(Key key) {
    Listener<Record> listener = new Listener<>();
    ASYNC.get(null, listener, null, key);
    return listener;
  }

  @Test
  @Tag("async-01")
  void records() {
    putAsync(null, K, bin("a", 1)).await();
    assertEquals(Map.of("a", 1L), getAsync(K).await().bins);
    Listener<Boolean> deleted = new Listener<>();
    ASYNC.delete(null, deleted, null, K);
    assertEquals(true, deleted.await());
  }

  @Test
  @Tag("async-02")
  void operateAndBatches() {
    Listener<Record> operated = new Listener<>();
    ASYNC.operate(null, operated, null, K, Operation.add(bin("a", 1)), Operation.get("a"));
    assertTrue(operated.await().bins.containsKey("a"));
    Key[] keys = {key(1), key(2), key(3)};
    Listener<BatchRecord[]> written = new Listener<>();
    ASYNC.operate(null, written, null, null, keys, Operation.put(bin("v", 7)));
    assertEquals(3, written.await().length);
    Listener<Record[]> read = new Listener<>();
    ASYNC.get(null, read, null, keys);
    for (Record record : read.await()) {
      assertEquals(Map.of("v", 7L), record.bins);
    }
  }

  @Test
  @Tag("async-03")
  void scanAndQuery() {
    putQ();
    Numbers scanned = new Numbers();
    ASYNC.scanAll(null, scanned, null, "test", "q");
    assertEquals(range(0, 59), scanned.await());
    QueryTest.createIndex("async", "n", IndexType.NUMERIC);
    Numbers found = new Numbers();
    ASYNC.query(null, found, null, QueryTest.statement(Filter.range("n", 10, 19)));
    assertEquals(range(10, 19), found.await());
    CLIENT.dropIndex(null, "test", "q", "async").waitTillComplete(10);
  }

  @Test
  @Tag("async-04")
  void manyInFlight() {
    List<Listener<Key>> puts = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      puts.add(putAsync(null, key(i), bin("v", i)));
    }
    puts.forEach(Listener::await);
    List<Listener<Record>> gets = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      gets.add(getAsync(key(i)));
    }
    for (int i = 0; i < 1000; i++) {
      assertEquals(i, gets.get(i).await().getInt("v"));
    }
  }

  @Test
  @Tag("async-05")
  void errors() {
    Listener<Record> missing = new Listener<>();
    ASYNC.operate(null, missing, null, K, Operation.touch());
    fails(NOT_FOUND, missing::await);
    put(K, "a", 1);
    WritePolicy create = new WritePolicy();
    create.recordExistsAction = RecordExistsAction.CREATE_ONLY;
    fails(KEY_EXISTS, () -> putAsync(create, K, bin("a", 2)).await());
  }

  @Test
  @Tag("async-06")
  void indexesFunctionsAndJobs() {
    putQ();
    Listener<AsyncIndexTask> created = new Listener<>();
    ASYNC.createIndex(
        null, created, null, "test", "q", "made", "n", IndexType.NUMERIC, IndexCollectionType.DEFAULT);
    created.await();
    eventually(() -> {
      try {
        return QueryTest.numbers(Filter.equal("n", 7)).size() == 1;
      } catch (AerospikeException error) {
        return false;
      }
    });
    CLIENT.dropIndex(null, "test", "q", "made").waitTillComplete(10);
    ASYNC.register(null, Server.example("counter.lua"), "counter.lua", Language.LUA).waitTillComplete(10);
    Listener<Long> called = new Listener<>();
    ASYNC.execute(null, called, null, K, "counter", "add", Value.get("n"), Value.get(1));
    assertEquals(1L, called.await());
    ASYNC.execute(null, QueryTest.statement(null), Operation.add(bin("n", 100))).waitTillComplete(10);
    assertEquals(159L, get(new Key("test", "q", 59)).get("n"));
  }
}
