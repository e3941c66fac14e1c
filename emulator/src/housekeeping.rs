//! What happens in the background: collecting expired records and distributions, ending expired transactions.

use crate::server::Server;
use crate::store::Namespace;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often the housekeeper looks what is due.
const TICK: Duration = Duration::from_millis(100);

/// Does what is due in each namespace, at the periods that its settings say, until told to stop.
pub fn run(server: &Server, stopped: &AtomicBool) {
    let mut due: Vec<_> = server.store.namespaces().iter().map(|namespace| (namespace, Due::now())).collect();
    while !stopped.load(Ordering::Acquire) {
        std::thread::park_timeout(TICK);
        for (namespace, due) in &mut due {
            due.keep(namespace);
        }
    }
}

/// When things were done last.
struct Due {
    reaped: Instant,
    collected: Instant,
    raided: Instant,
}

impl Due {
    fn now() -> Due {
        Due { reaped: Instant::now(), collected: Instant::now(), raided: Instant::now() }
    }

    fn keep(&mut self, namespace: &Namespace) {
        namespace.end_expired_transactions();
        if is_due(&mut self.reaped, &namespace.settings.nsup_period) {
            let count = namespace.reap();
            if count > 0 {
                tracing::debug!(namespace = namespace.name(), count, "expired records removed");
            }
        }
        if is_due(&mut self.collected, &namespace.settings.nsup_hist_period) {
            namespace.collect_histograms();
        }
        if is_due(&mut self.raided, &namespace.settings.tomb_raider_period) {
            namespace.raid_tombs();
        }
    }
}

/// Whether a period in seconds, which may change at any time, is over; 0 never is. If so, it starts anew.
fn is_due(last: &mut Instant, period: &AtomicU32) -> bool {
    let period = period.load(Ordering::Relaxed);
    let due = period != 0 && last.elapsed() >= Duration::from_secs(period as u64);
    if due {
        *last = Instant::now();
    }
    due
}
