//! Records per second: how long a query has to wait before its next record.

use std::time::{Duration, Instant};

/// How often a waiting query looks whether it has been aborted.
const SLICE: Duration = Duration::from_millis(20);

/// Spreads records evenly over time.
#[derive(Debug)]
pub struct Throttle {
    per_second: u32,
    start: Instant,
    taken: u64,
}

impl Throttle {
    /// At most so many records in each second; 0 = any number.
    pub fn new(per_second: u32) -> Throttle {
        Throttle { per_second, start: Instant::now(), taken: 0 }
    }

    /// Counts one record and tells how long it has to wait.
    pub fn take(&mut self) -> Option<Duration> {
        if self.per_second == 0 {
            return None;
        }
        let due = Duration::from_secs_f64(self.taken as f64 / self.per_second as f64);
        self.taken += 1;
        due.checked_sub(self.start.elapsed()).filter(|wait| !wait.is_zero())
    }
}

/// Sleeps, in slices, until the time is over or `stops` says so.
pub fn sleep(mut wait: Duration, stops: impl Fn() -> bool) {
    while !wait.is_zero() && !stops() {
        let slice = wait.min(SLICE);
        std::thread::sleep(slice);
        wait -= slice;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_records_evenly() {
        let mut throttle = Throttle::new(1000);
        let start = Instant::now();
        for _ in 0..50 {
            if let Some(wait) = throttle.take() {
                sleep(wait, || false);
            }
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(48), "{took:?}");
        assert!(Throttle::new(0).take().is_none());
    }
}
