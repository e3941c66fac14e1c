package interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes what became of each scenario to the file that the environment variable RESULTS names, as scenarios.md
 * describes. A test's tags say what it covers; one that is disabled says that the client cannot do it, and why.
 */
public final class Results implements TestExecutionListener {
  private static final Pattern SCENARIO = Pattern.compile("[a-z]+-\\d+");

  /** From the best to the worst. */
  private enum Outcome {
    PASSED("passed"),
    NOT_APPLICABLE("not applicable"),
    FAILED("failed");

    private final String text;

    Outcome(String text) {
      this.text = text;
    }
  }

  private record Result(Outcome outcome, String reason) {}

  private final Map<String, Result> results = new TreeMap<>();

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    record(test, Outcome.NOT_APPLICABLE, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    String message = result.getThrowable().map(Throwable::toString).orElse("");
    switch (result.getStatus()) {
      case SUCCESSFUL -> record(test, Outcome.PASSED, "");
      case ABORTED -> record(test, Outcome.NOT_APPLICABLE, message);
      case FAILED -> record(test, Outcome.FAILED, test.getDisplayName() + ": " + message);
    }
  }

  private synchronized void record(TestIdentifier test, Outcome outcome, String reason) {
    Result result = new Result(outcome, reason.replaceAll("\\s+", " ").strip());
    for (TestTag tag : test.getTags()) {
      if (SCENARIO.matcher(tag.getName()).matches()) {
        results.merge(tag.getName(), result, (a, b) -> a.outcome.compareTo(b.outcome) >= 0 ? a : b);
      }
    }
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    String file = System.getenv("RESULTS");
    if (file == null) {
      return;
    }
    StringBuilder text = new StringBuilder();
    text.append("client\taerospike-client-java\t").append(System.getProperty("client.version")).append('\n');
    results.forEach((id, result) -> {
      text.append(id).append('\t').append(result.outcome.text);
      if (!result.reason.isEmpty()) {
        text.append('\t').append(result.reason, 0, Math.min(result.reason.length(), 200));
      }
      text.append('\n');
    });
    try {
      Files.writeString(Path.of(file), text);
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }
}
