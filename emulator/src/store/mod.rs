//! Namespaces, partitions, records and sets, all in memory.
//!
//! A namespace has 4,096 partitions, each behind a lock of its own. Whoever holds a partition's write lock
//! changes it through [`Namespace::put`] and [`Namespace::remove`] alone: set counts, sizes and whatever else
//! follows from a change hang on these two.

mod bins;
mod histogram;
mod namespace;
mod partition;
mod record;
mod sets;
mod snapshot;
mod stats;
mod truncate;

pub use bins::{Bin, BinValue, Bins};
pub use histogram::{Histogram, Histograms};
pub use namespace::{Namespace, NsupCycle};
pub use partition::{Partition, PartitionLock};
pub use record::{Record, RecordHeader, storage_size};
pub use sets::{MAX_SET_NAME, MAX_SETS, NO_SET, Set, SetId, Sets};
pub use snapshot::{Change, NamespaceSnapshot};
pub use stats::{Counter, Stats};

use crate::config::Config;
pub use crate::config::{NamespaceSettings, SetSettings};
use crate::control::Clock;
use std::sync::Arc;

/// All namespaces of a server.
#[derive(Debug)]
pub struct Store {
    namespaces: Vec<Arc<Namespace>>,
}

impl Store {
    /// Opens the namespaces that the configuration names, empty.
    pub fn new(config: &Config, clock: &Arc<Clock>) -> Store {
        let open = |settings| Arc::new(Namespace::new(settings, clock.clone()));
        Store { namespaces: config.namespaces.iter().map(open).collect() }
    }

    /// All namespaces in the order configured.
    pub fn namespaces(&self) -> &[Arc<Namespace>] {
        &self.namespaces
    }

    /// The namespace of a name.
    pub fn namespace(&self, name: &[u8]) -> Option<&Arc<Namespace>> {
        self.namespaces.iter().find(|namespace| namespace.name().as_bytes() == name)
    }
}
