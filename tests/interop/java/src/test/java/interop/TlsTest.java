package interop;

import static interop.Scenarios.bin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.AerospikeException;
import com.aerospike.client.Host;
import com.aerospike.client.Key;
import com.aerospike.client.cluster.Node;
import com.aerospike.client.policy.AuthMode;
import com.aerospike.client.policy.ClientPolicy;
import com.aerospike.client.policy.TlsPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  private static final Key K = new Key("test", "demo", "k");

  @TempDir private static Path authority;
  @TempDir private static Path otherAuthority;
  private static Server server;

  @BeforeAll
  static void start() throws Exception {
    for (Path folder : new Path[] {authority, otherAuthority}) {
      Process made = new ProcessBuilder(Server.program(), "tls-init", folder.toString(), "--user", "root")
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start();
      assertEquals(0, made.waitFor());
    }
    server = Server.start("secured.conf", "--tls-dir", authority.toString());
  }

  private static Certificate certificate(Path file) throws IOException, GeneralSecurityException {
    try (InputStream stream = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificate(stream);
    }
  }

  private static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
    String text = Files.readString(file).replaceAll("-----[A-Z ]+-----|\\s", "");
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text));
    return KeyFactory.getInstance("EC").generatePrivate(spec);
  }

  /** Trusts the authority in a folder; with the client's certificate if asked to. */
  private static SSLContext context(Path folder, boolean withClient) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", certificate(folder.resolve("ca.pem")));
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
    own.load(null, null);
    if (withClient) {
      Certificate[] chain = {certificate(folder.resolve("client.pem"))};
      own.setKeyEntry("client", key(folder.resolve("client.key")), new char[0], chain);
    }
    keys.init(own, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static ClientPolicy policy(Path folder, boolean withClient) throws Exception {
    ClientPolicy policy = new ClientPolicy();
    policy.tlsPolicy = new TlsPolicy();
    policy.tlsPolicy.context = context(folder, withClient);
    policy.tlsPolicy.protocols = new String[] {"TLSv1.3", "TLSv1.2"};
    policy.user = "root";
    policy.password = "secret";
    return policy;
  }

  private static AerospikeClient connect(ClientPolicy policy) {
    return connect(server, policy);
  }

  private static AerospikeClient connect(Server server, ClientPolicy policy) {
    return new AerospikeClient(policy, new Host("127.0.0.1", "localhost", server.tlsPort));
  }

  @Test
  @Tag("tls-01")
  void trusted() throws Exception {
    try (AerospikeClient client = connect(policy(authority, false))) {
      client.put(null, K, bin("v", new byte[500_000]));
      assertEquals(500_000, client.get(null, K).getBytes("v").length);
      AtomicInteger count = new AtomicInteger();
      client.scanAll(null, "test", "demo", (key, record) -> count.incrementAndGet());
      assertEquals(1, count.get());
    }
  }

  /** The client reaches the other nodes by the name that their certificate has. */
  @Test
  @Tag("tls-01")
  void severalNodes() throws Exception {
    try (Server three = Server.start("secured.conf", "--tls-dir", authority.toString(), "--nodes", "3");
        AerospikeClient client = connect(three, policy(authority, false))) {
      Scenarios.eventually(
          15, () -> client.getNodes().length == 3, () -> client.getNodes().length + " nodes instead of 3");
      for (Node node : client.getNodes()) {
        assertEquals("localhost", node.getHost().tlsName);
      }
      for (int i = 0; i < 30; i++) {
        Key key = new Key("test", "demo", i);
        client.put(null, key, bin("a", i));
        assertEquals(i, client.get(null, key).getInt("a"));
      }
    }
  }

  @Test
  @Tag("tls-02")
  void otherAuthority() throws Exception {
    ClientPolicy policy = policy(otherAuthority, false);
    assertThrows(AerospikeException.class, () -> connect(policy).close());
  }

  @Test
  @Tag("tls-03")
  void clientCertificate() throws Exception {
    ClientPolicy policy = policy(authority, true);
    policy.authMode = AuthMode.PKI;
    policy.user = null;
    policy.password = null;
    try (AerospikeClient client = connect(policy)) {
      client.put(null, new Key("test", "pki", "k"), bin("a", 1));
    }
  }

  @Test
  @Tag("tls-04")
  void password() throws Exception {
    try (AerospikeClient client = connect(policy(authority, false))) {
      client.get(null, K);
    }
    ClientPolicy wrong = policy(authority, false);
    wrong.password = "wrong";
    assertThrows(AerospikeException.class, () -> connect(wrong).close());
  }
}
