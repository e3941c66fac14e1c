//! The time of records, sessions and quotas.
//!
//! Sockets, timeouts and delays run on the system's monotonic clock; whatever a client can see as "now" comes
//! from here, so that a test can move it.

use crate::server::Server;
use aerospike_wire::time::{EPOCH_UNIX_SECONDS, MAX_TTL};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The earliest time that a clock can show, in milliseconds since 1970: the protocol counts from there.
const EARLIEST_MS: u64 = EPOCH_UNIX_SECONDS * 1000;
/// The latest one: a void time has 32 bits, and a record may live for ten years from then on.
const LATEST_MS: u64 = (EPOCH_UNIX_SECONDS + (u32::MAX - MAX_TTL) as u64) * 1000;

/// A time that records cannot have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the clock goes from 2010-01-01 to the year 2136")]
pub struct OutOfRange;

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
    ///
    /// # Errors
    /// [`OutOfRange`]; the clock is not moved then.
    pub(super) fn advance(&self, by: Duration) -> Result<(), OutOfRange> {
        let _guard = self.moving.lock();
        let by = i64::try_from(by.as_millis()).map_err(|_| OutOfRange)?;
        let to = self.unix_ms().checked_add_signed(by).filter(|to| *to <= LATEST_MS).ok_or(OutOfRange)?;
        if self.is_frozen() {
            self.frozen_at_ms.store(to, Ordering::Release);
        } else {
            self.offset_ms.fetch_add(by, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sets the clock to a time in milliseconds since 1970. A running clock runs on from there.
    ///
    /// # Errors
    /// [`OutOfRange`]; the clock is not moved then.
    pub(super) fn set(&self, unix_ms: u64) -> Result<(), OutOfRange> {
        if !(EARLIEST_MS..=LATEST_MS).contains(&unix_ms) {
            return Err(OutOfRange);
        }
        let _guard = self.moving.lock();
        self.frozen_at_ms.store(unix_ms, Ordering::Release);
        self.offset_ms.store(unix_ms as i64 - system_ms() as i64, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the clock stands still.
    pub fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::Acquire)
    }

    /// Milliseconds that the clock is ahead of the system's.
    pub fn offset_ms(&self) -> i64 {
        match self.is_frozen() {
            true => self.frozen_at_ms.load(Ordering::Acquire) as i64 - system_ms() as i64,
            false => self.offset_ms.load(Ordering::Relaxed),
        }
    }

    /// A void time as a client has to be told it: clients reckon what is left of it by their own clock, which
    /// nobody has moved.
    pub fn void_time_for_clients(&self, void_time: u32) -> u32 {
        if void_time == 0 {
            return 0;
        }
        let offset = self.offset_ms();
        match offset.div_euclid(1000) + (offset.rem_euclid(1000) >= 500) as i64 {
            0 => void_time,
            ahead => (void_time as i64 - ahead).clamp(1, u32::MAX as i64) as u32,
        }
    }

    /// Stops the clock at its present time.
    pub(super) fn freeze(&self) {
        let _guard = self.moving.lock();
        self.frozen_at_ms.store(self.unix_ms(), Ordering::Release);
        self.frozen.store(true, Ordering::Release);
    }

    /// Lets the clock show the system's time again.
    pub(super) fn reset(&self) {
        let _guard = self.moving.lock();
        self.offset_ms.store(0, Ordering::Relaxed);
        self.frozen.store(false, Ordering::Release);
    }

    /// Lets a frozen clock run on from the time that it shows.
    pub(super) fn resume(&self) {
        let _guard = self.moving.lock();
        if self.frozen.load(Ordering::Acquire) {
            let at = self.frozen_at_ms.load(Ordering::Acquire);
            self.offset_ms.store(at as i64 - system_ms() as i64, Ordering::Relaxed);
            self.frozen.store(false, Ordering::Release);
        }
    }
}

/// The clock of an emulator, as tests move it.
///
/// Moving is complete when a method returns: what has expired by then is gone, from the indexes too, in every
/// namespace that collects expired records at all (`nsup-period`), and transactions whose deadlines have passed have
/// been rolled back or forward.
#[derive(Clone, Copy, Debug)]
pub struct ClockControl<'a> {
    server: &'a Server,
}

impl<'a> ClockControl<'a> {
    /// The clock of a server.
    pub fn of(server: &'a Server) -> ClockControl<'a> {
        ClockControl { server }
    }

    /// Moves the clock forward; a frozen one stays frozen.
    ///
    /// A record lives during the second of its void time (wire §19): one with ten seconds to live is gone when the
    /// clock is eleven seconds ahead.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn advance(&self, by: Duration) -> Result<(), OutOfRange> {
        self.server.clock.advance(by)?;
        self.reap();
        Ok(())
    }

    /// Sets the clock; a running one runs on from there.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn set(&self, time: SystemTime) -> Result<(), OutOfRange> {
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| OutOfRange)?;
        self.set_unix_ms(u64::try_from(since.as_millis()).map_err(|_| OutOfRange)?)
    }

    /// As [`ClockControl::set`], in milliseconds since 1970.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn set_unix_ms(&self, unix_ms: u64) -> Result<(), OutOfRange> {
        self.server.clock.set(unix_ms)?;
        self.reap();
        Ok(())
    }

    /// Stops the clock at its present time.
    pub fn freeze(&self) {
        self.server.clock.freeze();
    }

    /// Lets a frozen clock run on from the time that it shows.
    pub fn resume(&self) {
        self.server.clock.resume();
    }

    /// Lets the clock show the system's time again.
    pub fn reset(&self) {
        self.server.clock.reset();
        self.reap();
    }

    /// The time that it shows.
    pub fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.server.clock.unix_ms())
    }

    fn reap(&self) {
        for namespace in self.server.store.namespaces() {
            namespace.end_expired_transactions();
            namespace.raid_tombs();
            if namespace.settings.nsup_period.load(Ordering::Relaxed) != 0 {
                namespace.reap();
            }
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
        clock.advance(Duration::from_secs(60)).unwrap();
        assert_eq!(clock.unix_ms(), start + 60_000);
        clock.resume();
        assert!(clock.unix_ms() >= start + 60_000 && clock.unix_ms() < start + 70_000);
    }

    #[test]
    fn a_clock_that_was_set_runs_on() {
        let clock = Clock::new();
        clock.set(2_000_000_000_000).unwrap();
        let later = clock.unix_ms();
        assert!((2_000_000_000_000..2_000_000_010_000).contains(&later));
        assert_eq!(clock.now_seconds() as u64, clock.now_ms() / 1000);
    }
    #[test]
    fn a_clock_does_not_leave_the_time_of_records() {
        let clock = Clock::new();
        assert_eq!(clock.advance(Duration::from_secs(u64::MAX)), Err(OutOfRange));
        assert_eq!(clock.advance(Duration::from_secs(200 * 365 * 86_400)), Err(OutOfRange));
        assert_eq!(clock.set(0), Err(OutOfRange));
        assert_eq!(clock.set(u64::MAX), Err(OutOfRange));
        assert_eq!(clock.offset_ms(), 0);
    }

    #[test]
    fn clients_reckon_by_their_own_clock() {
        let clock = Clock::new();
        assert_eq!(clock.void_time_for_clients(500), 500);
        clock.advance(Duration::from_secs(100)).unwrap();
        assert_eq!(clock.void_time_for_clients(500), 400);
        assert_eq!(clock.void_time_for_clients(0), 0);
        assert_eq!(clock.void_time_for_clients(50), 1);
    }
}
