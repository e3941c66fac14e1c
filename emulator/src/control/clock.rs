//! The time of records, sessions and quotas.
//!
//! Sockets, timeouts and delays run on the system's monotonic clock; whatever a client can see as "now" comes
//! from here, so that a test can move it.

use aerospike_wire::time::EPOCH_UNIX_SECONDS;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that follows the system's until it is moved or frozen.
///
/// Reading it takes no lock: it is read for every command.
#[derive(Debug, Default)]
pub struct Clock {
    /// Milliseconds that this clock is ahead of the system's.
    offset_ms: AtomicI64,
    frozen: AtomicBool,
    /// The time shown while frozen, in milliseconds since 1970.
    frozen_at_ms: AtomicU64,
    /// Held while the clock is moved, so that two movers do not mix.
    moving: Mutex<()>,
}

impl Clock {
    /// A clock that shows the system's time.
    pub fn new() -> Clock {
        Clock::default()
    }

    /// Milliseconds since 1970.
    pub fn unix_ms(&self) -> u64 {
        if self.frozen.load(Ordering::Acquire) {
            return self.frozen_at_ms.load(Ordering::Acquire);
        }
        system_ms().saturating_add_signed(self.offset_ms.load(Ordering::Relaxed))
    }

    /// Milliseconds since 2010-01-01 UTC, the protocol's epoch; last-update times count so.
    pub fn now_ms(&self) -> u64 {
        self.unix_ms().saturating_sub(EPOCH_UNIX_SECONDS * 1000)
    }

    /// Seconds since 2010-01-01 UTC; void times count so.
    pub fn now_seconds(&self) -> u32 {
        (self.now_ms() / 1000) as u32
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let _guard = self.moving.lock();
        let by = by.as_millis().min(i64::MAX as u128) as i64;
        if self.frozen.load(Ordering::Acquire) {
            let at = self.frozen_at_ms.load(Ordering::Acquire);
            self.frozen_at_ms.store(at.saturating_add_signed(by), Ordering::Release);
        } else {
            let offset = self.offset_ms.load(Ordering::Relaxed);
            self.offset_ms.store(offset.saturating_add(by), Ordering::Relaxed);
        }
    }

    /// Sets the clock to a time in milliseconds since 1970. A running clock runs on from there.
    pub fn set(&self, unix_ms: u64) {
        let _guard = self.moving.lock();
        self.frozen_at_ms.store(unix_ms, Ordering::Release);
        self.offset_ms.store(unix_ms as i64 - system_ms() as i64, Ordering::Relaxed);
    }

    /// Stops the clock at its present time.
    pub fn freeze(&self) {
        let _guard = self.moving.lock();
        self.frozen_at_ms.store(self.unix_ms(), Ordering::Release);
        self.frozen.store(true, Ordering::Release);
    }

    /// Lets a frozen clock run on from the time that it shows.
    pub fn resume(&self) {
        let _guard = self.moving.lock();
        if self.frozen.load(Ordering::Acquire) {
            let at = self.frozen_at_ms.load(Ordering::Acquire);
            self.offset_ms.store(at as i64 - system_ms() as i64, Ordering::Relaxed);
            self.frozen.store(false, Ordering::Release);
        }
    }
}

fn system_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::new();
        clock.freeze();
        let start = clock.unix_ms();
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(clock.unix_ms(), start);
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.unix_ms(), start + 60_000);
        clock.resume();
        assert!(clock.unix_ms() >= start + 60_000 && clock.unix_ms() < start + 70_000);
    }

    #[test]
    fn a_clock_that_was_set_runs_on() {
        let clock = Clock::new();
        clock.set(2_000_000_000_000);
        let later = clock.unix_ms();
        assert!((2_000_000_000_000..2_000_000_010_000).contains(&later));
        assert_eq!(clock.now_seconds() as u64, clock.now_ms() / 1000);
    }
}
