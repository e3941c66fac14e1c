//! Which partitions a query covers, and from where on (query §5.2, §7).

use super::Query;
use crate::index::{GROUP, GROUPS};
use aerospike_wire::{Digest, PARTITIONS, ResultCode, field};

const DIGEST_SIZE: usize = 20;
const BVAL_SIZE: usize = 8;

/// The last record that the client has received from a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The record's digest; its partition is the cursor's.
    pub digest: Digest,
    /// The index value under which it came; 0 in a scan.
    pub bval: i64,
}

/// Partitions, each from its start or from a cursor on.
#[derive(Debug)]
pub struct Targets {
    /// One bit for each partition, a word for each group.
    groups: [u64; GROUPS],
    /// In the order of partitions.
    cursors: Vec<Cursor>,
    /// How many partitions were named to be read from their start.
    pub partitions: usize,
}

impl Targets {
    /// The partitions that the node is master of, from their start: what a query covers that names none. It goes to
    /// all nodes.
    pub fn mastered(query: &Query<'_>) -> Targets {
        let mut targets = Targets { groups: [u64::MAX; GROUPS], cursors: Vec::new(), partitions: PARTITIONS };
        if query.node.is_particular() {
            let view = query.node.view();
            let owned = view.ownership(query.namespace.name());
            targets
                .retain(|partition| owned.is_some_and(|owned| owned.is_master(query.node.index, partition)));
        }
        targets
    }

    /// Takes out the partitions that the node does not answer for, and returns them.
    pub fn take_unavailable(&mut self, query: &Query<'_>) -> Vec<usize> {
        if !query.node.is_particular() {
            return Vec::new();
        }
        let view = query.node.view();
        let owned = view.ownership(query.namespace.name());
        self.retain(|partition| owned.is_some_and(|owned| owned.serves(query.node.index, partition)))
    }

    /// Keeps some partitions; returns the others.
    fn retain(&mut self, keeps: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut dropped = Vec::new();
        for partition in 0..PARTITIONS {
            let bit = 1 << (partition % GROUP);
            let group = &mut self.groups[partition / GROUP];
            if *group & bit != 0 && !keeps(partition) {
                *group &= !bit;
                dropped.push(partition);
            }
        }
        self.cursors.retain(|cursor| keeps(cursor.digest.partition()));
        dropped
    }

    /// The partitions that a foreground query names; `None` when it names none.
    ///
    /// # Errors
    /// [`ResultCode::PARAMETER`] for a bad id, a partition named twice, counts out of range or apart.
    pub fn parse(query: &Query<'_>, has_predicate: bool) -> Result<Option<Targets>, ResultCode> {
        let ids = query.field(field::PARTITION_IDS);
        let digests = query.field(field::DIGESTS);
        let bvals = query.field(field::BVALS).filter(|_| has_predicate);
        if bvals.is_some() && digests.is_none() {
            return Err(ResultCode::PARAMETER);
        }
        if ids.is_none() && digests.is_none() {
            return Ok(None);
        }
        let mut targets = Targets { groups: [0; GROUPS], cursors: Vec::new(), partitions: 0 };
        if let Some(ids) = ids {
            targets.add_partitions(ids)?;
        }
        if let Some(digests) = digests {
            targets.add_cursors(digests, bvals, has_predicate)?;
        }
        Ok(Some(targets))
    }

    fn add_partitions(&mut self, ids: &[u8]) -> Result<(), ResultCode> {
        let count = ids.len() / 2;
        if !(1..=PARTITIONS).contains(&count) {
            return Err(ResultCode::PARAMETER);
        }
        for id in ids.chunks_exact(2) {
            self.add(u16::from_le_bytes([id[0], id[1]]) as usize)?;
        }
        self.partitions = count;
        Ok(())
    }

    fn add_cursors(
        &mut self,
        digests: &[u8],
        bvals: Option<&[u8]>,
        has_predicate: bool,
    ) -> Result<(), ResultCode> {
        let count = digests.len() / DIGEST_SIZE;
        if !(1..=PARTITIONS).contains(&count) {
            return Err(ResultCode::PARAMETER);
        }
        let bvals = match (has_predicate, bvals) {
            (false, _) => None,
            (true, Some(bvals)) if bvals.len() / BVAL_SIZE == count => Some(bvals),
            (true, _) => return Err(ResultCode::PARAMETER),
        };
        let mut bvals = bvals.unwrap_or_default().chunks_exact(BVAL_SIZE);
        for digest in digests.chunks_exact(DIGEST_SIZE) {
            let digest = Digest::from_slice(digest).ok_or(ResultCode::PARAMETER)?;
            let bval = bvals.next().and_then(|bval| bval.try_into().ok()).map_or(0, i64::from_le_bytes);
            self.add(digest.partition())?;
            self.cursors.push(Cursor { digest, bval });
        }
        self.cursors.sort_unstable_by_key(|cursor| cursor.digest.partition());
        Ok(())
    }

    fn add(&mut self, partition: usize) -> Result<(), ResultCode> {
        let group = self.groups.get_mut(partition / GROUP).ok_or(ResultCode::PARAMETER)?;
        let bit = 1 << (partition % GROUP);
        if *group & bit != 0 {
            return Err(ResultCode::PARAMETER);
        }
        *group |= bit;
        Ok(())
    }

    /// The partitions that are to be resumed, and from where on.
    pub fn cursors(&self) -> &[Cursor] {
        &self.cursors
    }

    /// The covered partitions of a group, as bits.
    pub fn group(&self, group: usize) -> u64 {
        self.groups[group]
    }

    /// Where a partition is to be resumed.
    pub fn cursor(&self, partition: usize) -> Option<&Cursor> {
        if self.cursors.is_empty() {
            return None;
        }
        let at = self.cursors.binary_search_by_key(&partition, |cursor| cursor.digest.partition());
        at.ok().map(|at| &self.cursors[at])
    }
}
