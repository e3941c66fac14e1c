package interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.Key;
import com.aerospike.client.policy.CommitLevel;
import com.aerospike.client.policy.GenerationPolicy;
import com.aerospike.client.policy.Policy;
import com.aerospike.client.policy.ReadModeAP;
import com.aerospike.client.policy.ReadModeSC;
import com.aerospike.client.policy.RecordExistsAction;
import com.aerospike.client.policy.Replica;
import com.aerospike.client.policy.WritePolicy;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class PoliciesTest extends Scenarios {
  private static final Key AGING = new Key("aging", "demo", "k");

  private static WritePolicy generation(GenerationPolicy kind, int generation) {
    WritePolicy policy = new WritePolicy();
    policy.generationPolicy = kind;
    policy.generation = generation;
    return policy;
  }

  private static WritePolicy exists(RecordExistsAction action) {
    WritePolicy policy = new WritePolicy();
    policy.recordExistsAction = action;
    return policy;
  }

  private static WritePolicy expiration(int seconds) {
    WritePolicy policy = new WritePolicy();
    policy.expiration = seconds;
    return policy;
  }

  private static void assertTtl(int least, int most, Key key) {
    int ttl = CLIENT.getHeader(null, key).getTimeToLive();
    assertTrue(least <= ttl && ttl <= most, "time to live " + ttl);
  }

  @Test
  @Tag("policies-01")
  void generationEqual() {
    put(K, "a", 1);
    put(generation(GenerationPolicy.EXPECT_GEN_EQUAL, 1), K, "a", 2);
    fails(GENERATION, () -> put(generation(GenerationPolicy.EXPECT_GEN_EQUAL, 1), K, "a", 3));
    assertEquals(Map.of("a", 2L), get(K));
  }

  @Test
  @Tag("policies-02")
  void generationGreater() {
    put(K, "a", 1);
    fails(GENERATION, () -> put(generation(GenerationPolicy.EXPECT_GEN_GT, 1), K, "a", 2));
    put(generation(GenerationPolicy.EXPECT_GEN_GT, 7), K, "a", 3);
    assertEquals(Map.of("a", 3L), get(K));
  }

  @Test
  @Tag("policies-03")
  void deleteWithGeneration() {
    put(K, "a", 1);
    fails(GENERATION, () -> CLIENT.delete(generation(GenerationPolicy.EXPECT_GEN_EQUAL, 5), K));
    assertTrue(CLIENT.exists(null, K));
    assertTrue(CLIENT.delete(generation(GenerationPolicy.EXPECT_GEN_EQUAL, 1), K));
  }

  @Test
  @Tag("policies-04")
  void createOnly() {
    put(exists(RecordExistsAction.CREATE_ONLY), K, "a", 1);
    fails(KEY_EXISTS, () -> put(exists(RecordExistsAction.CREATE_ONLY), K, "a", 2));
    assertEquals(Map.of("a", 1L), get(K));
  }

  @Test
  @Tag("policies-05")
  void updateOnly() {
    fails(NOT_FOUND, () -> put(exists(RecordExistsAction.UPDATE_ONLY), K, "a", 1));
    put(K, "a", 1);
    put(exists(RecordExistsAction.UPDATE_ONLY), K, "b", 2);
    assertEquals(Map.of("a", 1L, "b", 2L), get(K));
  }

  @Test
  @Tag("policies-06")
  void replaceOnly() {
    fails(NOT_FOUND, () -> put(exists(RecordExistsAction.REPLACE_ONLY), K, "a", 1));
    put(K, "a", 1);
    put(exists(RecordExistsAction.REPLACE_ONLY), K, "b", 2);
    assertEquals(Map.of("b", 2L), get(K));
  }

  @Test
  @Tag("policies-07")
  void createOrReplace() {
    put(exists(RecordExistsAction.REPLACE), K, "a", 1);
    put(exists(RecordExistsAction.REPLACE), K, "b", 2);
    assertEquals(Map.of("b", 2L), get(K));
    assertEquals(2, generation(K));
  }

  @Test
  @Tag("policies-08")
  void timeToLive() {
    put(expiration(1000), K, "a", 1);
    assertTtl(990, 1000, K);
  }

  @Test
  @Tag("policies-09")
  void defaultTimeToLive() {
    put(expiration(0), AGING, "a", 1);
    assertTtl(90, 100, AGING);
    put(expiration(-1), AGING, "a", 1);
    assertEquals(-1, CLIENT.getHeader(null, AGING).getTimeToLive());
    put(expiration(5000), AGING, "a", 1);
    put(expiration(-2), AGING, "a", 1);
    assertTtl(4990, 5000, AGING);
  }

  @Test
  @Tag("policies-10")
  void expiry() {
    put(expiration(1), K, "a", 1);
    sleep(2200);
    assertFalse(CLIENT.exists(null, K));
    put(exists(RecordExistsAction.CREATE_ONLY), K, "a", 2);
  }

  @Test
  @Tag("policies-11")
  void touchSetsTimeToLive() {
    put(K, "a", 1);
    CLIENT.touch(expiration(300), K);
    assertTtl(290, 300, K);
  }

  @Test
  @Tag("policies-12")
  void durableDelete() {
    put(K, "a", 1);
    WritePolicy policy = new WritePolicy();
    policy.durableDelete = true;
    assertTrue(CLIENT.delete(policy, K));
    assertFalse(CLIENT.exists(null, K));
  }

  @Test
  @Tag("policies-13")
  void optimisticConcurrency() {
    put(K, "a", 1);
    try (AerospikeClient other = SERVER.connect()) {
      int mine = CLIENT.get(null, K).generation;
      int theirs = other.get(null, K).generation;
      put(generation(GenerationPolicy.EXPECT_GEN_EQUAL, mine), K, "a", 2);
      fails(GENERATION, () -> other.put(generation(GenerationPolicy.EXPECT_GEN_EQUAL, theirs), K, bin("a", 3)));
    }
    assertEquals(Map.of("a", 2L), get(K));
  }

  @Test
  @Tag("policies-14")
  void readTouches() {
    put(expiration(100), AGING, "a", 1);
    sleep(2100);
    Policy policy = new Policy();
    policy.readTouchTtlPercent = -1;
    CLIENT.get(policy, AGING);
    assertTtl(0, 98, AGING);
    policy.readTouchTtlPercent = 100;
    CLIENT.get(policy, AGING);
    assertTtl(99, 100, AGING);
  }

  @Test
  @Tag("policies-15")
  void consistencyLevels() {
    for (CommitLevel level : CommitLevel.values()) {
      WritePolicy write = new WritePolicy();
      write.commitLevel = level;
      put(write, K, "a", 1);
    }
    Policy policy = new Policy();
    for (ReadModeAP mode : ReadModeAP.values()) {
      policy.readModeAP = mode;
      assertEquals(Map.of("a", 1L), CLIENT.get(policy, K).bins);
    }
    for (ReadModeSC mode : ReadModeSC.values()) {
      policy.readModeSC = mode;
      assertEquals(Map.of("a", 1L), CLIENT.get(policy, K).bins);
    }
    for (Replica replica : Replica.values()) {
      policy.replica = replica;
      assertEquals(Map.of("a", 1L), CLIENT.get(policy, K).bins);
    }
  }

  @Test
  @Tag("policies-16")
  void compression() {
    WritePolicy write = new WritePolicy();
    write.compress = true;
    put(write, K, "v", "x".repeat(50_000));
    Policy read = new Policy();
    read.compress = true;
    assertEquals("x".repeat(50_000), CLIENT.get(read, K).getString("v"));
  }
}
