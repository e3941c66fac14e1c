//! Building an index over the records that are there already, beside writes.

use super::definition::Definition;
use super::registry::{CreateError, Index};
use crate::store::Namespace;
use std::sync::Arc;
use std::time::Instant;

impl Namespace {
    /// Makes an index, or gives the one of that definition this name; queries can use it when this returns.
    ///
    /// Writers run beside it: from the moment of registration each change either comes before the builder has
    /// locked its partition, and is found there, or after, and is followed.
    ///
    /// # Errors
    /// As [`CreateError`] tells.
    pub fn create_index(&self, name: &[u8], definition: Definition) -> Result<Arc<Index>, CreateError> {
        let (index, is_new) = self.indexes.register(name, definition)?;
        if is_new {
            self.build_index(&index);
        } else {
            index.wait();
        }
        Ok(index)
    }

    /// Makes an index as [`Namespace::create_index`] does, but builds it beside the caller.
    ///
    /// # Errors
    /// As [`CreateError`] tells.
    pub fn create_index_in_background(
        self: &Arc<Namespace>,
        name: &[u8],
        definition: Definition,
    ) -> Result<Arc<Index>, CreateError> {
        let (index, is_new) = self.indexes.register(name, definition)?;
        if is_new {
            let (namespace, building) = (self.clone(), index.clone());
            let thread = std::thread::Builder::new().name("sindex-build".into());
            let started = thread.spawn(move || namespace.build_index(&building));
            if let Err(error) = started {
                tracing::warn!(%error, "no thread to build an index beside the request");
                self.build_index(&index);
            }
        }
        Ok(index)
    }

    fn build_index(&self, index: &Index) {
        let start = Instant::now();
        for (id, partition) in self.partitions().iter().enumerate() {
            if index.is_dropped() {
                break;
            }
            let partition = partition.read();
            index.add_partition(id, partition.records());
        }
        let took = start.elapsed();
        index.end_build(took);
        let name = index.name();
        tracing::debug!(namespace = self.name(), index = %String::from_utf8_lossy(&name), ?took, "index built");
    }
}
