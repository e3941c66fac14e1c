//! What happens in the background: collecting expired records.

use crate::server::Server;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the housekeeper looks what is due.
const TICK: Duration = Duration::from_millis(100);

/// Collects expired records, each namespace at its `nsup-period`, until told to stop.
pub fn run(server: &Server, stopped: &AtomicBool) {
    let mut last: Vec<Instant> = server.store.namespaces().iter().map(|_| Instant::now()).collect();
    while !stopped.load(Ordering::Acquire) {
        std::thread::park_timeout(TICK);
        for (namespace, last) in server.store.namespaces().iter().zip(&mut last) {
            let period = namespace.settings.nsup_period.load(Ordering::Relaxed);
            if period == 0 || last.elapsed() < Duration::from_secs(period as u64) {
                continue;
            }
            *last = Instant::now();
            let count = namespace.reap();
            if count > 0 {
                tracing::debug!(namespace = namespace.name(), count, "expired records removed");
            }
        }
    }
}
