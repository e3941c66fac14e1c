package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Key;
import com.aerospike.client.Record;
import com.aerospike.client.policy.Policy;
import com.aerospike.client.policy.WritePolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Threads that write numbers to keys of their own and read them back, until they are told to stop. */
final class Load implements AutoCloseable {
  private static final int WORKERS = 4;
  private static final int KEYS = 40;

  /** Milliseconds, as the policies have them. */
  private static final int TOTAL = 1500;

  static final int SOCKET = 250;

  /** Milliseconds that a busy machine may add. */
  private static final int SLACK = 1500;

  /** Part of the former throughput that has to come back: the machine has other things to do, too. */
  private static final int SHARE = 5;

  private final AerospikeClient client;
  private final List<Thread> workers = new ArrayList<>();
  private final AtomicInteger done = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicLong longest = new AtomicLong();
  private volatile boolean stopping;
  private volatile String wrong;
  private volatile Exception last;

  Load(AerospikeClient client) {
    this.client = client;
    for (int worker = 0; worker < WORKERS; worker++) {
      int number = worker;
      workers.add(new Thread(() -> work(number), "load " + worker));
    }
    workers.forEach(Thread::start);
  }

  /** A key, and what it may hold. */
  private static final class Cell {
    private final Key key;
    private final Set<Integer> possible = new HashSet<>();

    /** What a node that hung may yet write when it goes on: the client has sent it elsewhere since, or given up. */
    private final Set<Integer> late = new HashSet<>();

    private Cell(int worker, int number) {
      key = new Key("test", "load", worker + "-" + number);
    }

    private void wrote(int number, boolean worked, long milliseconds) {
      if (worked) {
        possible.clear();
      }
      possible.add(number);
      if (!worked || milliseconds > SOCKET) {
        late.add(number);
      }
    }

    private boolean allows(Record record) {
      return record != null && Stream.of(possible, late).anyMatch(of -> of.contains(record.getInt("n")));
    }
  }

  private void work(int worker) {
    WritePolicy write = limited(new WritePolicy());
    Policy read = limited(new Policy());
    List<Cell> cells = IntStream.range(0, KEYS).mapToObj(number -> new Cell(worker, number)).toList();
    for (int number = 1; !stopping; number++) {
      int value = number;
      Cell cell = cells.get(number % KEYS);
      long start = System.nanoTime();
      boolean worked = run(() -> client.put(write, cell.key, Scenarios.bin("n", value)));
      cell.wrote(number, worked, milliseconds(start));
      run(() -> {
        Record record = client.get(read, cell.key);
        if (!cell.allows(record)) {
          wrong = cell.key.userKey + ": " + record + " instead of " + cell.possible + " or " + cell.late;
        }
      });
    }
  }

  private static <P extends Policy> P limited(P policy) {
    policy.totalTimeout = TOTAL;
    policy.socketTimeout = SOCKET;
    policy.maxRetries = 4;
    policy.sleepBetweenRetries = 10;
    return policy;
  }

  private static long milliseconds(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }

  /** Runs a command; whether it worked. */
  private boolean run(Runnable command) {
    long start = System.nanoTime();
    boolean worked = true;
    try {
      command.run();
    } catch (RuntimeException error) {
      worked = false;
      last = error;
      failed.incrementAndGet();
      if (!(error instanceof AerospikeException)) {
        wrong = error.toString();
      }
    }
    longest.accumulateAndGet(milliseconds(start), Math::max);
    done.incrementAndGet();
    return worked;
  }

  /** Commands per second, from now on. */
  int rate() {
    int before = done.get();
    Scenarios.sleep(1000);
    return done.get() - before;
  }

  /** Waits until the load is as quick as before and nothing fails any more. */
  void recovers(int before) {
    for (int attempt = 0; attempt < 15; attempt++) {
      int known = failed.get();
      if (rate() * SHARE >= before && failed.get() == known) {
        return;
      }
    }
    fail(done.get() + " commands, it was " + before + "/s before; " + last);
  }

  /** That some command had to wait for what happened. */
  void someWaited(int milliseconds) {
    assertTrue(longest.get() >= milliseconds, () -> "no command took longer than " + longest + " ms");
  }

  /** That nobody had to notice what happened. */
  void nothingFailed() {
    assertEquals(0, failed.get(), () -> String.valueOf(last));
  }

  /** Stops; that no value was wrong and nothing took too long. */
  @Override
  public void close() throws InterruptedException {
    stopping = true;
    for (Thread worker : workers) {
      worker.join();
    }
    assertEquals(null, wrong);
    assertTrue(longest.get() <= TOTAL + SLACK, () -> "a command took " + longest + " ms");
  }
}
