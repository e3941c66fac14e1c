package interop;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The vendor's tools, in which this client has no part. */
class ToolsTest {
  @Test
  @Tag("tools-01")
  @Tag("tools-02")
  @Tag("tools-03")
  @Tag("tools-04")
  @Tag("tools-05")
  @Tag("tools-06")
  @Tag("tools-07")
  @Tag("tools-08")
  @Disabled("what asadm sends over a socket of its own, in which the client has no part")
  void whatAsadmAsks() {}

  @Test
  @Tag("backup-01")
  @Tag("backup-02")
  @Tag("backup-03")
  @Tag("backup-04")
  @Disabled("the vendor's backup library is for Go alone")
  void backups() {}
}
