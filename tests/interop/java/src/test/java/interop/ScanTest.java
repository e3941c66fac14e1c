package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeException;
import com.aerospike.client.Key;
import com.aerospike.client.cluster.Partition;
import com.aerospike.client.exp.Exp;
import com.aerospike.client.policy.QueryPolicy;
import com.aerospike.client.policy.ScanPolicy;
import com.aerospike.client.query.Filter;
import com.aerospike.client.query.IndexType;
import com.aerospike.client.query.PartitionFilter;
import com.aerospike.client.query.RecordSet;
import com.aerospike.client.query.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Scans and pagination. */
class ScanTest extends Scenarios {
  private static final Set<Long> ALL = range(0, 59);

  @BeforeEach
  void start() {
    putQ();
  }

  /** The values of n, as they come. */
  private static List<Long> scan(ScanPolicy policy, PartitionFilter partitions) {
    List<Long> numbers = Collections.synchronizedList(new ArrayList<>());
    CLIENT.scanPartitions(policy, partitions, "test", "q", (key, record) -> numbers.add(record.getLong("n")));
    return numbers;
  }

  private static void assertEachOnce(Set<Long> expected, List<Long> actual) {
    assertEquals(expected, new TreeSet<>(actual));
    assertEquals(expected.size(), actual.size());
  }

  @Test
  @Tag("scan-01")
  void set() {
    assertEachOnce(ALL, scan(new ScanPolicy(), PartitionFilter.all()));
  }

  @Test
  @Tag("scan-02")
  void namespace() {
    put(key("k"), "n", 100);
    put(new Key("test", null, "k"), "n", 101);
    AtomicInteger count = new AtomicInteger();
    Set<String> sets = Collections.synchronizedSet(new TreeSet<>());
    CLIENT.scanAll(null, "test", null, (key, record) -> {
      count.incrementAndGet();
      sets.add(String.valueOf(key.setName));
    });
    assertEquals(62, count.get());
    assertEquals(3, sets.size(), sets::toString);
  }

  @Test
  @Tag("scan-03")
  void bins() {
    CLIENT.scanAll(null, "test", "q", (key, record) -> assertEquals(Set.of("n", "s"), record.bins.keySet()), "n", "s");
    ScanPolicy policy = new ScanPolicy();
    policy.includeBinData = false;
    CLIENT.scanAll(policy, "test", "q", (key, record) -> assertTrue(record.bins == null || record.bins.isEmpty()));
  }

  @Test
  @Tag("scan-04")
  void unknownNames() {
    CLIENT.scanAll(null, "test", "unknown", (key, record) -> {
      throw new AssertionError(key);
    });
    assertThrows(AerospikeException.class, () -> CLIENT.scanAll(null, "nowhere", null, (key, record) -> {}));
  }

  @Test
  @Tag("scan-05")
  void filter() {
    ScanPolicy policy = new ScanPolicy();
    policy.filterExp = Exp.build(Exp.ge(Exp.intBin("n"), Exp.val(50)));
    assertEachOnce(range(50, 59), scan(policy, PartitionFilter.all()));
  }

  private static ScanPolicy most(long records) {
    ScanPolicy policy = new ScanPolicy();
    policy.maxRecords = records;
    return policy;
  }

  @Test
  @Tag("scan-06")
  void maxRecords() {
    assertEquals(10, scan(most(10), PartitionFilter.all()).size());
  }

  @Test
  @Tag("scan-07")
  void partitions() {
    List<Long> numbers = scan(new ScanPolicy(), PartitionFilter.range(0, 2048));
    assertTrue(numbers.size() < 60);
    numbers.addAll(scan(new ScanPolicy(), PartitionFilter.range(2048, 2048)));
    assertEachOnce(ALL, numbers);
    Key key = new Key("test", "q", 0);
    int partition = Partition.getPartitionId(key.digest);
    assertTrue(scan(new ScanPolicy(), PartitionFilter.id(partition)).contains(0L));
  }

  @Test
  @Tag("scan-08")
  void stopInTheMiddle() {
    AtomicInteger count = new AtomicInteger();
    assertThrows(
        AerospikeException.ScanTerminated.class,
        () -> CLIENT.scanAll(null, "test", "q", (key, record) -> {
          if (count.incrementAndGet() == 5) {
            throw new AerospikeException.ScanTerminated();
          }
        }));
    assertEachOnce(ALL, scan(new ScanPolicy(), PartitionFilter.all()));
  }

  @Test
  @Tag("scan-09")
  void recordsPerSecond() {
    ScanPolicy policy = new ScanPolicy();
    policy.recordsPerSecond = 100;
    long begin = System.nanoTime();
    assertEachOnce(ALL, scan(policy, PartitionFilter.all()));
    assertTrue(System.nanoTime() - begin > 300_000_000L);
  }

  @Test
  @Tag("scan-10")
  void readSlowly() {
    for (int i = 0; i < 5000; i++) {
      put(new Key("test", "big", i), "n", i, "v", new byte[2000]);
    }
    List<Long> numbers = Collections.synchronizedList(new ArrayList<>());
    CLIENT.scanAll(null, "test", "big", (key, record) -> {
      if (record.getLong("n") % 100 == 0) {
        sleep(10);
      }
      numbers.add(record.getLong("n"));
    });
    assertEachOnce(range(0, 4999), numbers);
  }

  @Test
  @Tag("scan-11")
  void metadata() {
    CLIENT.scanAll(null, "test", "q", (key, record) -> {
      assertEquals(1, record.generation);
      assertEquals(-1, record.getTimeToLive());
      assertEquals(20, key.digest.length);
    });
  }

  private static List<Long> pages(long size, List<Integer> sizes) {
    PartitionFilter cursor = PartitionFilter.all();
    List<Long> numbers = new ArrayList<>();
    while (!cursor.isDone()) {
      List<Long> page = scan(most(size), cursor);
      sizes.add(page.size());
      numbers.addAll(page);
    }
    return numbers;
  }

  @Test
  @Tag("page-01")
  void pagesOfAScan() {
    List<Integer> sizes = new ArrayList<>();
    assertEachOnce(ALL, pages(7, sizes));
    assertTrue(Collections.max(sizes) <= 7, sizes::toString);
  }

  @Test
  @Tag("page-02")
  void pagesOfAQuery() {
    QueryTest.createIndex("page_n", "n", IndexType.NUMERIC);
    PartitionFilter cursor = PartitionFilter.all();
    List<Long> numbers = new ArrayList<>();
    while (!cursor.isDone()) {
      Statement statement = QueryTest.statement(Filter.range("n", 10, 49));
      statement.setMaxRecords(7);
      try (RecordSet records = CLIENT.queryPartitions(new QueryPolicy(), statement, cursor)) {
        int before = numbers.size();
        while (records.next()) {
          numbers.add(records.getRecord().getLong("n"));
        }
        assertTrue(numbers.size() - before <= 7);
      }
    }
    assertEachOnce(range(10, 49), numbers);
  }

  @Test
  @Tag("page-03")
  void sizesOfPages() {
    assertEachOnce(ALL, pages(1, new ArrayList<>()));
    assertEachOnce(ALL, pages(1000, new ArrayList<>()));
  }

  @Test
  @Tag("page-04")
  void writesBetweenPages() {
    PartitionFilter cursor = PartitionFilter.all();
    List<Long> numbers = new ArrayList<>();
    for (int page = 0; !cursor.isDone(); page++) {
      numbers.addAll(scan(most(7), cursor));
      CLIENT.put(null, new Key("test", "q", 1000 + page), bin("n", 1000 + page));
      CLIENT.delete(null, new Key("test", "q", 50 + page));
    }
    List<Long> throughout = numbers.stream().filter(n -> n < 50).toList();
    assertEachOnce(range(0, 49), throughout);
    assertEquals(numbers.size(), Set.copyOf(numbers).size());
  }

  @Test
  @Tag("page-05")
  void cursorOfAnotherScan() {
    PartitionFilter first = PartitionFilter.all();
    List<Long> numbers = scan(most(20), first);
    PartitionFilter second = PartitionFilter.all();
    second.setPartitions(first.getPartitions());
    numbers.addAll(scan(new ScanPolicy(), second));
    assertEachOnce(ALL, numbers);
  }
}
