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
mod tombstones;
mod transactions;
mod truncate;

pub use bins::{Bin, BinValue, Bins};
pub use histogram::{Histogram, Histograms};
pub use namespace::{Namespace, NsupCycle};
pub use partition::{Partition, PartitionLock, Tombstone};
pub use record::{Record, RecordHeader, next_generation, storage_size};
pub use sets::{MAX_SET_NAME, MAX_SETS, NO_SET, Set, SetId, Sets};
pub use snapshot::{Change, NamespaceSnapshot};
pub use stats::{Counter, Stats};
pub use transactions::{Announced, Lock, Monitor, Phase, Roll, Transactions};

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

    /// Removes all records of a set, of a namespace, or of all namespaces, whatever their last-update times, and
    /// leaves no mark; how many they were. A set that does not exist has no records.
    ///
    /// # Errors
    /// [`UnknownNamespace`].
    pub fn clear(&self, namespace: Option<&str>, set: Option<&str>) -> Result<usize, UnknownNamespace> {
        let namespaces = match namespace {
            None => self.namespaces(),
            Some(name) => std::slice::from_ref(
                self.namespace(name.as_bytes()).ok_or_else(|| UnknownNamespace(name.into()))?,
            ),
        };
        Ok(namespaces.iter().map(|namespace| namespace.clear(set.map(str::as_bytes))).sum())
    }
}

/// The emulator has no namespace of this name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no namespace '{0}'")]
pub struct UnknownNamespace(pub String);
