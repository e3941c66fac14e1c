package interop;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.aerospike.client.AerospikeClient;
import com.aerospike.client.Info;
import com.aerospike.client.cluster.Connection;
import com.aerospike.client.policy.ClientPolicy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An emulator that runs as a process of its own. */
final class Server implements AutoCloseable {
  /** tests/interop of the repository; Maven runs tests in the folder of the pom. */
  static final Path INTEROP = Path.of("..").toAbsolutePath().normalize();

  private static final Path REPOSITORY = INTEROP.getParent().getParent();

  /** Milliseconds that a node may take for what a test makes happen. */
  private static final int PATIENCE = 60_000;

  private final Process process;

  /** The ports of all nodes, in their order. */
  final List<Integer> ports;

  /** The port of the first node. */
  final int port;

  /** The port of TLS, 0 without {@code --tls-dir}. */
  final int tlsPort;

  /** Starts it on a port that is free. */
  static Server start(String config, String... arguments) {
    return new Server(0, config, arguments);
  }

  /**
   * Starts it and waits until it serves.
   *
   * @param port 0 = one that is free
   * @param config a file of tests/interop
   */
  Server(int port, String config, String... arguments) {
    try {
      Path portFile = Files.createTempFile("aerospike-emulator", ".port");
      Files.delete(portFile);
      List<String> command = new ArrayList<>(List.of(program(), "--port", String.valueOf(port)));
      command.addAll(List.of("--port-file", portFile.toString()));
      command.addAll(List.of("--config-file", INTEROP.resolve(config).toString()));
      command.addAll(List.of(arguments));
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream()));
      String told = output.readLine();
      while (!Files.exists(portFile) || Files.size(portFile) == 0) {
        if (!process.isAlive()) {
          throw new IllegalStateException(command + " ended with status " + process.exitValue());
        }
        Thread.sleep(10);
      }
      ports = Files.readString(portFile).lines().map(Integer::valueOf).toList();
      this.port = ports.get(0);
      Files.delete(portFile);
      Matcher tls = Pattern.compile("TLS on port (\\d+)").matcher(told == null ? "" : told);
      tlsPort = tls.find() ? Integer.parseInt(tls.group(1)) : 0;
    } catch (IOException | InterruptedException error) {
      throw new IllegalStateException(error);
    }
  }

  /** The command to start: that of the environment variable EMULATOR. */
  static String program() {
    String named = System.getenv("EMULATOR");
    return named != null ? named : REPOSITORY.resolve("target/debug/aerospike-emulator").toString();
  }

  /** A module in the examples of functions. */
  static String example(String module) {
    return REPOSITORY.resolve("lua/examples/" + module).toString();
  }

  AerospikeClient connect() {
    return connect(new ClientPolicy());
  }

  /** Connects as a user. */
  AerospikeClient connect(String user, String password) {
    ClientPolicy policy = new ClientPolicy();
    policy.user = user;
    policy.password = password;
    return connect(policy);
  }

  /** Connects to the first node. */
  AerospikeClient connect(ClientPolicy policy) {
    return new AerospikeClient(policy, "127.0.0.1", port);
  }

  /** A connection to a node, beside any client. */
  static Connection connection(int port) {
    return new Connection(new InetSocketAddress("127.0.0.1", port), PATIENCE);
  }

  /** Makes something happen to the cluster, through the node at a port. */
  static String event(int port, String what) {
    Connection connection = connection(port);
    try {
      String answer = Info.request(connection, "emulator-node:" + what);
      assertFalse(answer.startsWith("ERROR"), () -> what + ": " + answer);
      return answer;
    } finally {
      connection.close();
    }
  }

  /** Makes something happen to the cluster, through the first node. */
  String event(String what) {
    return event(port, what);
  }

  /** Kills it. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(5, TimeUnit.SECONDS);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
  }
}
