//! What the client believes about the cluster: which nodes there are and who owns which partition.
//!
//! A view never changes; a tend that learns something publishes a new one.

use super::info::{Ownership, has_partition};
use super::node::Node;
use crate::error::ErrorKind;
use crate::policy::Replica;
use aerospike_wire::PARTITIONS;
use std::sync::Arc;

/// No owner known.
const NONE: u16 = u16::MAX;

/// Nodes and partition owners at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Nodes by slot; a slot keeps its node as long as the node is part of the cluster.
    slots: Vec<Option<Arc<Node>>>,
    namespaces: Vec<Arc<Namespace>>,
}

#[derive(Clone, Debug)]
struct Namespace {
    name: String,
    /// The newest regime seen per partition.
    regimes: Vec<u32>,
    /// Slot of each partition's owner, per column: master first.
    columns: Vec<Vec<u16>>,
}

impl View {
    /// All nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.slots.iter().flatten()
    }

    /// The node with this name.
    pub fn node(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes().find(|node| node.name() == name)
    }

    /// Adds a node; its slot.
    pub(super) fn add(&mut self, node: Arc<Node>) -> u16 {
        let free = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        if free == self.slots.len() {
            self.slots.push(None);
        }
        self.slots[free] = Some(node);
        free as u16
    }

    /// Removes a node and whatever it owned.
    pub(super) fn remove(&mut self, slot: u16) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = None;
        }
        for namespace in &mut self.namespaces {
            for owner in Arc::make_mut(namespace).columns.iter_mut().flatten() {
                if *owner == slot {
                    *owner = NONE;
                }
            }
        }
    }

    /// Whether a node owns any partition.
    pub(super) fn owns_any(&self, slot: u16) -> bool {
        self.namespaces.iter().any(|namespace| namespace.columns.iter().flatten().any(|owner| *owner == slot))
    }

    /// Takes in what a node says it owns. A cleared bit erases nobody (info §9): the owner changes when another
    /// node sets the bit. Older regimes are ignored.
    pub(super) fn update(&mut self, slot: u16, ownership: &[Ownership]) {
        for owned in ownership {
            let at = match self.namespaces.iter().position(|namespace| namespace.name == owned.namespace) {
                Some(at) => at,
                None => {
                    self.namespaces.push(Arc::new(Namespace {
                        name: owned.namespace.clone(),
                        regimes: vec![0; PARTITIONS],
                        columns: Vec::new(),
                    }));
                    self.namespaces.len() - 1
                }
            };
            let namespace = Arc::make_mut(&mut self.namespaces[at]);
            namespace.columns.resize(owned.columns.len(), vec![NONE; PARTITIONS]);
            for (column, bitmap) in namespace.columns.iter_mut().zip(&owned.columns) {
                for (partition, owner) in column.iter_mut().enumerate() {
                    if has_partition(bitmap, partition) && owned.regime >= namespace.regimes[partition] {
                        namespace.regimes[partition] = owned.regime;
                        *owner = slot;
                    }
                }
            }
        }
    }

    /// The node to ask for a partition.
    ///
    /// `attempt` counts from 0 and moves on through the replicas; a write starts with the master whatever the
    /// policy (python-api §5.2 `replica`). `racks` are the client's own, the preferred one first.
    ///
    /// # Errors
    /// An invalid node when the namespace is unknown or nobody owns the partition.
    pub fn locate(
        &self,
        namespace: &str,
        partition: usize,
        replica: Replica,
        write: bool,
        attempt: u32,
        racks: &[u32],
    ) -> Result<&Arc<Node>, ErrorKind> {
        let known = self.namespaces.iter().find(|known| known.name == namespace);
        let Some(known) = known else {
            return Err(ErrorKind::InvalidNode(format!("namespace '{namespace}' is unknown to the cluster")));
        };
        let owner = |column: usize| {
            let slot = known.columns.get(column)?.get(partition)?;
            self.slots.get(*slot as usize)?.as_ref()
        };
        if replica == Replica::PreferRack && racks.is_empty() && !write {
            let text =
                "a replica is to be preferred by its rack, but the client has none of its own".to_owned();
            return Err(ErrorKind::InvalidArgument(text));
        }
        let columns = known.columns.len().max(1);
        let found = match replica {
            Replica::Master => owner(0),
            Replica::PreferRack if !write => {
                let near = |column: &usize| {
                    let rack = owner(*column).and_then(|node| node.rack(namespace));
                    racks.iter().position(|mine| Some(*mine) == rack).unwrap_or(racks.len())
                };
                let mut order: Vec<usize> = (0..columns).filter(|column| owner(*column).is_some()).collect();
                order.sort_by_key(near);
                order.get(attempt as usize % order.len().max(1)).and_then(|column| owner(*column))
            }
            Replica::Sequence | Replica::PreferRack => {
                (0..columns).find_map(|step| owner((attempt as usize + step) % columns))
            }
        };
        found.ok_or_else(|| {
            ErrorKind::InvalidNode(format!("no node serves partition {partition} of namespace '{namespace}'"))
        })
    }

    /// Whether any node serves the namespace.
    pub fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|known| known.name == namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ownership(regime: u32, columns: &[u8]) -> Vec<Ownership> {
        let columns = columns.iter().map(|byte| vec![*byte; PARTITIONS / 8]).collect();
        vec![Ownership { namespace: "test".into(), regime, columns }]
    }

    /// Two nodes: A masters the even partitions, B the odd ones, each replicates the other.
    fn two() -> (View, u16, u16) {
        let mut view = View::default();
        let a = view.add(Node::for_test("A"));
        let b = view.add(Node::for_test("B"));
        view.update(a, &ownership(0, &[0xaa, 0x55]));
        view.update(b, &ownership(0, &[0x55, 0xaa]));
        (view, a, b)
    }

    fn ask(view: &View, partition: usize, replica: Replica, write: bool, attempt: u32) -> String {
        view.locate("test", partition, replica, write, attempt, &[9, 7])
            .map_or_else(|error| error.to_string(), |node| node.name().to_owned())
    }

    #[test]
    fn replicas_in_turn() {
        let (view, ..) = two();
        let sequence = |attempt| ask(&view, 2, Replica::Sequence, false, attempt);
        assert_eq!([sequence(0), sequence(1), sequence(2)], ["A", "B", "A"]);
        assert_eq!(ask(&view, 3, Replica::Sequence, true, 0), "B");
        assert_eq!(ask(&view, 2, Replica::Master, false, 1), "A");
    }

    #[test]
    fn the_own_rack_first() {
        let (view, ..) = two();
        view.node("A").unwrap().set_racks(vec![("test".into(), 1)]);
        view.node("B").unwrap().set_racks(vec![("test".into(), 7)]);
        assert_eq!(ask(&view, 2, Replica::PreferRack, false, 0), "B");
        assert_eq!(ask(&view, 2, Replica::PreferRack, false, 1), "A");
        assert_eq!(ask(&view, 2, Replica::PreferRack, true, 0), "A");
    }

    #[test]
    fn owners_move_only_when_another_claims() {
        let (mut view, a, b) = two();
        view.update(a, &ownership(0, &[0, 0]));
        assert_eq!(ask(&view, 2, Replica::Master, false, 0), "A");
        view.update(b, &ownership(0, &[0xff, 0]));
        assert_eq!(ask(&view, 2, Replica::Master, false, 0), "B");
        assert!(!view.owns_any(a) || ask(&view, 3, Replica::Sequence, false, 1) == "A");
    }

    #[test]
    fn older_regimes_are_ignored() {
        let (mut view, a, b) = two();
        view.update(b, &ownership(5, &[0xff]));
        view.update(a, &ownership(4, &[0xff]));
        assert_eq!(ask(&view, 2, Replica::Master, false, 0), "B");
    }

    #[test]
    fn a_removed_node_owns_nothing() {
        let (mut view, a, _) = two();
        view.remove(a);
        assert_eq!(view.nodes().count(), 1);
        assert!(
            ask(&view, 2, Replica::Master, false, 0).starts_with("Invalid node: no node serves partition 2")
        );
        assert_eq!(ask(&view, 2, Replica::Sequence, false, 0), "B");
        let again = view.add(Node::for_test("C"));
        assert_eq!(again, a, "slots are used again");
        assert!(!view.owns_any(again));
    }

    #[test]
    fn unknown_namespaces() {
        let (view, ..) = two();
        let error = view.locate("nope", 0, Replica::Sequence, false, 0, &[]).unwrap_err();
        assert_eq!(error.to_string(), "Invalid node: namespace 'nope' is unknown to the cluster");
        assert!(view.has_namespace("test") && !view.has_namespace("nope"));
    }
}
