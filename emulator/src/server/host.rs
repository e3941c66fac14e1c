//! What the operating system tells of the host and of this process, for `statistics`.
//!
//! Read from `/proc`; where there is none, everything is 0.

use std::fs;

/// Memory and threads at one moment; sizes in KiB.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Host {
    /// Memory that could be had.
    pub free_kbytes: u64,
    /// As [`Host::free_kbytes`], in percent of all memory.
    pub free_pct: u64,
    /// Memory in transparent huge pages.
    pub huge_kbytes: u64,
    /// Memory that the process holds.
    pub resident_kbytes: u64,
    /// Address space that the process has.
    pub mapped_kbytes: u64,
    /// Threads of the process.
    pub threads: u64,
}

impl Host {
    /// As it is now.
    pub fn now() -> Host {
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let process = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let free_kbytes = field(&memory, "MemAvailable:");
        Host {
            free_kbytes,
            free_pct: (free_kbytes * 100).checked_div(field(&memory, "MemTotal:")).unwrap_or(0),
            huge_kbytes: field(&memory, "AnonHugePages:"),
            resident_kbytes: field(&process, "VmRSS:"),
            mapped_kbytes: field(&process, "VmSize:"),
            threads: field(&process, "Threads:"),
        }
    }
}

/// The number behind a name at the start of a line.
fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()).and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_of_proc() {
        let text = "MemTotal:       24519716 kB\nMemFree: 1 kB\nMemAvailable:   22115716 kB\n";
        assert_eq!(field(text, "MemAvailable:"), 22_115_716);
        assert_eq!(field(text, "Mem:"), 0);
        assert_eq!(field("", "MemTotal:"), 0);
    }
}
