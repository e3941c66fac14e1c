package interop;

import static interop.Scenarios.bin;
import static interop.Scenarios.eventually;
import static interop.Scenarios.fails;
import static interop.Scenarios.sleep;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.BatchRecord;
import com.aerospike.client.BatchWrite;
import com.aerospike.client.Key;
import com.aerospike.client.Language;
import com.aerospike.client.Operation;
import com.aerospike.client.admin.Privilege;
import com.aerospike.client.admin.PrivilegeCode;
import com.aerospike.client.admin.Role;
import com.aerospike.client.admin.User;
import com.aerospike.client.query.IndexType;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Logins, users, roles, privileges, quotas. Each scenario has names of its own. */
class SecurityTest {
  private static final int INVALID_USER = 60;
  private static final int USER_EXISTS = 61;
  private static final int INVALID_ROLE = 70;
  private static final int ROLE_EXISTS = 71;
  private static final int ROLE_VIOLATION = 81;
  private static final int QUOTA_EXCEEDED = 83;

  private static final Server SECURED = Server.start("secured.conf");
  private static final AerospikeClient ROOT = SECURED.connect("root", "secret");
  private static final Key K = new Key("test", "demo", "k");

  private static AerospikeClient user(String name, String... roles) {
    ROOT.createUser(null, name, "word", List.of(roles));
    return SECURED.connect(name, "word");
  }

  private static Privilege privilege(PrivilegeCode code, String namespace, String set) {
    Privilege privilege = new Privilege();
    privilege.code = code;
    privilege.namespace = namespace;
    privilege.setName = set;
    return privilege;
  }

  private static TreeSet<String> roles(String user) {
    return new TreeSet<>(ROOT.queryUser(null, user).roles);
  }

  /** Connecting fails; the client tells the server's result code in its message alone. */
  private static void assertRefused(String codes, Executable connect) {
    AerospikeException error = assertThrows(AerospikeException.class, connect);
    assertTrue(Pattern.compile("Error (" + codes + ")\\b").matcher(error.toString()).find(), error::toString);
  }

  @Test
  @Tag("login-01")
  void root() {
    ROOT.put(null, K, bin("a", 1));
    assertEquals(1, ROOT.get(null, K).getInt("a"));
  }

  @Test
  @Tag("login-02")
  void wrongCredentials() {
    assertRefused("62|65", () -> SECURED.connect("root", "wrong").close());
    assertRefused("60", () -> SECURED.connect("nobody", "secret").close());
    // Without a user, the client finds no node: not even the name may be asked for.
    assertRefused("80|-3", () -> SECURED.connect().close());
  }

  @Test
  @Tag("login-03")
  void roleViolation() {
    try (AerospikeClient admin = SECURED.connect("admin", "admin")) {
      fails(ROLE_VIOLATION, () -> admin.put(null, K, bin("a", 1)));
    }
  }

  @Test
  @Tag("login-04")
  void ownPassword() {
    try (AerospikeClient client = user("changes", "read-write")) {
      client.changePassword(null, "changes", "new");
      client.put(null, K, bin("a", 1));
      assertThrows(AerospikeException.class, () -> SECURED.connect("changes", "word").close());
      SECURED.connect("changes", "new").close();
    }
  }

  @Test
  @Tag("login-05")
  void dropped() {
    try (AerospikeClient client = user("dropped", "read-write")) {
      client.put(null, K, bin("a", 1));
      ROOT.dropUser(null, "dropped");
      assertThrows(AerospikeException.class, () -> client.put(null, K, bin("a", 1)));
    }
  }

  @Test
  @Tag("security-01")
  void users() {
    ROOT.createUser(null, "ada", "word", List.of("read", "write"));
    assertEquals(new TreeSet<>(List.of("read", "write")), roles("ada"));
    fails(USER_EXISTS, () -> ROOT.createUser(null, "ada", "word", List.of("read")));
    List<String> names = ROOT.queryUsers(null).stream().map(user -> user.name).toList();
    assertTrue(names.containsAll(List.of("root", "admin", "ada")), names::toString);
  }

  @Test
  @Tag("security-02")
  void grantsToUsers() {
    ROOT.createUser(null, "bob", "word", List.of("read"));
    ROOT.grantRoles(null, "bob", List.of("write", "udf-admin"));
    ROOT.revokeRoles(null, "bob", List.of("read"));
    assertEquals(new TreeSet<>(List.of("udf-admin", "write")), roles("bob"));
    ROOT.dropUser(null, "bob");
    fails(INVALID_USER, () -> ROOT.queryUser(null, "bob"));
  }

  @Test
  @Tag("security-03")
  void roles() {
    List<Privilege> privileges = List.of(
        privilege(PrivilegeCode.READ, "test", "demo"), privilege(PrivilegeCode.SYS_ADMIN, null, null));
    ROOT.createRole(null, "made", privileges, List.of("127.0.0.1", "10.0.0.0/8"), 100, 200);
    Role role = ROOT.queryRole(null, "made");
    assertEquals(new TreeSet<>(List.of("127.0.0.1", "10.0.0.0/8")), new TreeSet<>(role.whitelist));
    assertEquals(List.of(100, 200), List.of(role.readQuota, role.writeQuota));
    assertEquals(2, role.privileges.size());
    Privilege read = role.privileges.stream().filter(p -> p.code == PrivilegeCode.READ).findFirst().orElseThrow();
    assertEquals(List.of("test", "demo"), List.of(read.namespace, read.setName));
    fails(ROLE_EXISTS, () -> ROOT.createRole(null, "made", privileges));
    ROOT.dropRole(null, "made");
    fails(INVALID_ROLE, () -> ROOT.queryRole(null, "made"));
  }

  @Test
  @Tag("security-04")
  void changesOfRoles() {
    ROOT.createRole(null, "changed", List.of(privilege(PrivilegeCode.READ, null, null)));
    ROOT.grantPrivileges(null, "changed", List.of(privilege(PrivilegeCode.WRITE, "test", null)));
    ROOT.revokePrivileges(null, "changed", List.of(privilege(PrivilegeCode.READ, null, null)));
    ROOT.setWhitelist(null, "changed", List.of("127.0.0.1"));
    ROOT.setQuotas(null, "changed", 7, 8);
    Role role = ROOT.queryRole(null, "changed");
    assertEquals(List.of(PrivilegeCode.WRITE), role.privileges.stream().map(p -> p.code).toList());
    assertEquals(List.of("127.0.0.1"), role.whitelist);
    assertEquals(List.of(7, 8), List.of(role.readQuota, role.writeQuota));
  }

  @Test
  @Tag("security-05")
  void predefinedRoles() {
    List<String> names = ROOT.queryRoles(null).stream().map(role -> role.name).toList();
    assertTrue(
        names.containsAll(List.of(
            Role.UserAdmin, Role.SysAdmin, Role.DataAdmin, Role.UDFAdmin, Role.SIndexAdmin, Role.Read,
            Role.ReadWrite, Role.ReadWriteUdf, Role.Write, Role.Truncate)),
        names::toString);
  }

  @Test
  @Tag("security-06")
  void scopes() {
    ROOT.createRole(null, "demo-only", List.of(privilege(PrivilegeCode.READ_WRITE, "test", "demo")));
    Key other = new Key("test", "other", "k");
    try (AerospikeClient client = user("scoped", "demo-only")) {
      client.put(null, K, bin("a", 1));
      fails(ROLE_VIOLATION, () -> client.put(null, other, bin("a", 1)));
      Operation[] write = {Operation.put(bin("a", 2))};
      List<BatchRecord> rows = List.of(new BatchWrite(K, write), new BatchWrite(other, write));
      client.operate(null, rows);
      assertEquals(List.of(0, ROLE_VIOLATION), rows.stream().map(row -> row.resultCode).toList());
    }
  }

  @Test
  @Tag("security-07")
  void readersMayNot() {
    try (AerospikeClient client = user("reader", "read")) {
      client.get(null, K);
      fails(ROLE_VIOLATION, () -> client.put(null, K, bin("a", 1)));
      fails(ROLE_VIOLATION, () -> client.createUser(null, "x", "word", List.of("read")));
      assertThrows(
          AerospikeException.class,
          () -> client.createIndex(null, "test", "demo", "i", "a", IndexType.NUMERIC).waitTillComplete(10));
      assertThrows(
          AerospikeException.class,
          () -> client.registerUdfString(null, "function f() end", "f.lua", Language.LUA).waitTillComplete(10));
    }
  }

  @Test
  @Tag("security-08")
  void whitelist() {
    List<Privilege> read = List.of(privilege(PrivilegeCode.READ, null, null));
    ROOT.createRole(null, "elsewhere", read, List.of("10.1.2.3"));
    assertRefused("82", () -> user("outsider", "elsewhere").close());
  }

  @Test
  @Tag("security-09")
  void quotas() {
    List<Privilege> privileges = List.of(privilege(PrivilegeCode.READ_WRITE, null, null));
    ROOT.createRole(null, "slow", privileges, null, 0, 5);
    try (AerospikeClient client = user("slow", "slow")) {
      AerospikeException error = assertThrows(AerospikeException.class, () -> {
        for (int i = 0; i < 20_000; i++) {
          client.put(null, K, bin("a", i));
        }
      });
      assertEquals(QUOTA_EXCEEDED, error.getResultCode());
      sleep(3100);
      client.put(null, K, bin("a", 1));
    }
  }

  @Test
  @Tag("security-10")
  void manyUsers() {
    for (int i = 0; i < 300; i++) {
      ROOT.createUser(null, "user" + i, "word", List.of("read"));
    }
    eventually(() -> ROOT.queryUsers(null).stream().filter(SecurityTest::isNumbered).count() == 300);
  }

  private static boolean isNumbered(User user) {
    return user.name.matches("user\\d+");
  }
}
