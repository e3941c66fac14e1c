//! How much a user reads or writes, and whether it may go on (security §12).

use parking_lot::Mutex;
use std::sync::Arc;

/// Seconds that are remembered: the longest window.
const SECONDS: usize = 20;

/// What a user has used lately, in one direction.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Usage>);

#[derive(Debug, Default)]
struct Usage {
    /// The second that was counted last.
    second: u64,
    /// Commands in each of the last seconds, by second modulo their number.
    counts: [u64; SECONDS],
    /// Records per second that running queries have declared.
    declared: u64,
    /// Running queries that have declared none.
    unlimited: u32,
}

/// When a measurement is made, and over how many seconds it is averaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Seconds of the server's clock.
    pub second: u64,
    /// From 1 to [`SECONDS`].
    pub seconds: u32,
}

/// What a meter shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// Commands on one record in a second.
    pub commands: u64,
    /// Records per second of running queries that declared them.
    pub declared: u64,
    /// Running queries that declared none.
    pub unlimited: u32,
}

impl Usage {
    /// Forgets the seconds that have gone by; all, if the clock was set back.
    fn turn(&mut self, second: u64) {
        match second.checked_sub(self.second) {
            Some(gone) if gone < SECONDS as u64 => {
                for later in 1..=gone {
                    self.counts[((self.second + later) % SECONDS as u64) as usize] = 0;
                }
            }
            _ => self.counts = [0; SECONDS],
        }
        self.second = second;
    }

    fn recent(&self, window: Window) -> u64 {
        let seconds = (window.seconds as u64).clamp(1, SECONDS as u64).min(window.second + 1);
        (0..seconds).map(|ago| self.counts[((window.second - ago) % SECONDS as u64) as usize]).sum()
    }
}

impl Meter {
    /// Counts a command on one record unless it would exceed the quota; whether it may run. 0 is no quota, and
    /// nothing is counted then.
    pub fn take(&self, window: Window, quota: u32) -> bool {
        if quota == 0 {
            return true;
        }
        let mut usage = self.0.lock();
        usage.turn(window.second);
        let seconds = window.seconds.max(1) as u64;
        if usage.recent(window) + usage.declared * seconds >= quota as u64 * seconds {
            return false;
        }
        usage.counts[(window.second % SECONDS as u64) as usize] += 1;
        true
    }

    /// Admits a query by the records per second that it declares, 0 meaning no limit; `None` when the quota
    /// forbids it. The query counts until the guard is dropped.
    pub fn query(meter: &Arc<Meter>, window: Window, quota: u32, declared: u32) -> Option<QueryGuard> {
        let mut usage = meter.0.lock();
        usage.turn(window.second);
        if quota != 0 {
            let used = usage.recent(window) / window.seconds.max(1) as u64 + usage.declared;
            if declared == 0 || used + declared as u64 > quota as u64 {
                return None;
            }
        }
        usage.declared += declared as u64;
        usage.unlimited += (declared == 0) as u32;
        Some(QueryGuard { meter: meter.clone(), declared })
    }

    /// What it shows.
    pub fn read(&self, window: Window) -> Reading {
        let mut usage = self.0.lock();
        usage.turn(window.second);
        Reading {
            commands: usage.recent(window) / window.seconds.max(1) as u64,
            declared: usage.declared,
            unlimited: usage.unlimited,
        }
    }
}

/// A running query, as far as quotas mind it.
#[derive(Debug)]
pub struct QueryGuard {
    meter: Arc<Meter>,
    declared: u32,
}

impl Drop for QueryGuard {
    fn drop(&mut self) {
        let mut usage = self.meter.0.lock();
        usage.declared -= self.declared as u64;
        usage.unlimited -= (self.declared == 0) as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(second: u64) -> Window {
        Window { second, seconds: 2 }
    }

    #[test]
    fn usage_is_averaged_over_the_window() {
        let meter = Meter::default();
        let taken = (0..10).filter(|_| meter.take(at(100), 3)).count();
        assert_eq!(taken, 6, "three a second, over two seconds");
        assert!(!meter.take(at(101), 3), "they still count a second later");
        assert_eq!(meter.read(at(101)).commands, 3);
        assert!(meter.take(at(102), 3));
        assert_eq!(meter.read(at(200)), Reading::default());
        assert!(meter.take(at(5), 3), "a clock set back forgives");
        assert!(meter.take(at(5), 0));
    }

    #[test]
    fn queries_are_admitted_by_what_they_declare() {
        let meter = Arc::new(Meter::default());
        assert!(Meter::query(&meter, at(100), 50, 0).is_none());
        assert!(Meter::query(&meter, at(100), 50, 51).is_none());
        let first = Meter::query(&meter, at(100), 50, 30).unwrap();
        assert!(Meter::query(&meter, at(100), 50, 21).is_none());
        let second = Meter::query(&meter, at(100), 50, 20).unwrap();
        assert!(!meter.take(at(100), 50));
        drop((first, second));
        assert!(meter.take(at(100), 50));
        let unlimited = Meter::query(&meter, at(100), 0, 0).unwrap();
        assert_eq!(meter.read(at(100)).unlimited, 1);
        drop(unlimited);
        assert_eq!(meter.read(at(100)).unlimited, 0);
    }
}
