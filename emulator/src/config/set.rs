//! Settings of a set.

use super::setting::Kind::{Bytes, Number, NumberOrNever, SecondsOrNever, Switch};
use super::setting::settings;

settings! {
    /// Configuration of a set that is known from the start.
    config SetConfig {
        /// 1 to 63 bytes.
        name: String = String::new(),
    }

    /// Settings of a set, as it runs with them.
    live SetSettings;

    /// What can be set for a set (info §16).
    table SET {
        /// As the namespace's, but a number of 0xFFFFFFFF = never; 0 = the namespace's.
        default_read_touch_ttl_pct: u32 = 0, "default-read-touch-ttl-pct", NumberOrNever(0..=100), Live;
        /// Seconds that records live; 0 = the namespace's, 0xFFFFFFFF = never expire.
        default_ttl: u32 = 0, "default-ttl", SecondsOrNever(0..=10 * 365 * 24 * 60 * 60), Live;
        disable_eviction: bool = false, "disable-eviction", Switch, Live;
        /// Whether the set has an index of its own records.
        enable_index: bool = false, "enable-index", Switch, Live;
        /// Most records; 0 = unlimited.
        stop_writes_count: u64 = 0, "stop-writes-count", Number(0..=u64::MAX), Live;
        /// Most bytes; 0 = unlimited.
        stop_writes_size: u64 = 0, "stop-writes-size", Bytes(0..=u64::MAX), Live;
    }
}
