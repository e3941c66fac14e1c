//! What can happen to a cluster.

use super::availability::Condition;
use super::conductor::{Cluster, Step, Timeline};
use super::formation::PartitionSet;
use super::node::{Hold, Node};
use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Most nodes of a cluster.
pub const MAX_NODES: usize = 64;
/// How long a port that has just been closed may take to be free.
const PORT_WAIT: Duration = Duration::from_secs(2);

/// Whether a node runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeState {
    /// It does.
    Running,
    /// It accepts connections and never answers.
    Hung,
    /// Its ports are closed.
    Stopped,
}

impl NodeState {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            NodeState::Running => "running",
            NodeState::Hung => "hung",
            NodeState::Stopped => "stopped",
        }
    }
}

/// Why an event cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There is no such node.
    #[error("there is no node '{0}'")]
    NoNode(String),
    /// The node is in a state in which that cannot happen to it.
    #[error("node {0} is {state}", state = .1.name())]
    State(String, NodeState),
    /// There is no such namespace.
    #[error("there is no namespace '{0}'")]
    NoNamespace(String),
    /// A node is named in two parts of a split cluster.
    #[error("node {0} cannot be in two parts")]
    TwoParts(String),
    /// There are as many nodes as there may be.
    #[error("a cluster has {MAX_NODES} nodes at most")]
    TooMany,
    /// The port cannot be opened.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The server has no sockets, or has stopped.
    #[error("the server does not run")]
    NotRunning,
}

/// What is said of partitions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// They are served.
    Available,
    /// Too few of the nodes that own them are there.
    Unavailable,
    /// Their data is lost until they are revived.
    Dead,
}

impl Cluster {
    /// The node of an id in hexadecimal, or of a number counted from 1.
    ///
    /// # Errors
    /// [`ClusterError::NoNode`].
    pub fn find(&self, name: &str) -> Result<Arc<Node>, ClusterError> {
        let nodes = self.nodes();
        let by_id = u64::from_str_radix(name, 16).ok();
        let by_id = by_id.and_then(|id| nodes.iter().find(|node| node.id == id));
        let by_number = || name.parse::<usize>().ok().and_then(|number| nodes.get(number.checked_sub(1)?));
        by_id.or_else(by_number).cloned().ok_or_else(|| ClusterError::NoNode(name.to_owned()))
    }

    /// Whether a node runs.
    pub fn state_of(&self, node: &Node) -> NodeState {
        self.state.lock().life(node).state
    }

    /// How long the steps after an event take, in percent of what they take in a real cluster (info §13).
    pub fn pace(&self) -> u32 {
        self.state.lock().pace
    }

    /// Changes [`Cluster::pace`] for events to come.
    pub fn set_pace(&self, percent: u32) {
        self.state.lock().pace = percent;
    }

    /// Stops a node: its connections are reset, its port is closed. The others notice in their time.
    ///
    /// # Errors
    /// [`ClusterError::State`] when it has stopped already.
    pub fn stop(self: &Arc<Self>, node: &Arc<Node>) -> Result<(), ClusterError> {
        {
            let mut state = self.state.lock();
            let Some(life) = state.life_mut(node) else { return Err(ClusterError::NoNode(node.name())) };
            if life.state == NodeState::Stopped {
                return Err(ClusterError::State(node.name(), life.state));
            }
            life.state = NodeState::Stopped;
            state.forget_resume(node);
        }
        tracing::info!(node = node.name(), "node stops");
        node.close();
        self.begin(&mut self.state.lock(), Timeline::LEAVE, false);
        Ok(())
    }

    /// Starts a node again, with the same id and address; one that runs is stopped first. It joins the others in its
    /// time.
    ///
    /// # Errors
    /// [`ClusterError::Listen`] when its port has been taken by somebody else.
    pub fn restart(self: &Arc<Self>, node: &Arc<Node>) -> Result<(), ClusterError> {
        let doors = self.doors().ok_or(ClusterError::NotRunning)?;
        if self.state_of(node) != NodeState::Stopped {
            self.stop(node)?;
        }
        let tls_port = (node.tls_port != 0).then_some(node.tls_port);
        let deadline = Instant::now() + PORT_WAIT;
        let listeners = loop {
            match doors.listen(node.address, tls_port) {
                Ok(listeners) => break listeners,
                Err((_, error)) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err((address, error)) => return Err(ClusterError::Listen(address, error)),
            }
        };
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(ClusterError::NotRunning);
        }
        if let Some(life) = state.life_mut(node) {
            life.state = NodeState::Running;
            life.number += 1;
        }
        tracing::info!(node = node.name(), "node starts");
        node.revive();
        doors.open(node, listeners);
        self.begin(&mut state, Timeline::JOIN, false);
        Ok(())
    }

    /// Adds a node. It listens when this returns, and joins the others in its time. Its port follows those of the
    /// others, or is any free one if theirs are.
    ///
    /// # Errors
    /// [`ClusterError::Listen`], [`ClusterError::TooMany`].
    pub fn add(self: &Arc<Self>) -> Result<Arc<Node>, ClusterError> {
        let doors = self.doors().ok_or(ClusterError::NotRunning)?;
        let nodes = self.nodes();
        if nodes.len() >= MAX_NODES {
            return Err(ClusterError::TooMany);
        }
        let following = |port: u16| if port == 0 { 0 } else { port.wrapping_add(nodes.len() as u16) };
        let wanted = SocketAddr::new(self.wanted.ip(), following(self.wanted.port()));
        let listeners = doors
            .listen(wanted, self.wanted_tls.map(following))
            .map_err(|(address, error)| ClusterError::Listen(address, error))?;
        let address = listeners.clear.local_addr().map_err(|error| ClusterError::Listen(wanted, error))?;
        let tls_port = match &listeners.tls {
            Some(tls) => tls.local_addr().map_err(|error| ClusterError::Listen(wanted, error))?.port(),
            None => 0,
        };
        let is_derived = nodes.first().is_none_or(|first| first.id == Node::default_id(first.address.port()));
        let id = match nodes.first() {
            Some(first) if !is_derived => first.id.wrapping_add(nodes.len() as u64),
            _ => Node::default_id(address.port()),
        };
        let node = self.push(id, address, tls_port);
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(ClusterError::NotRunning);
        }
        tracing::info!(node = node.name(), %address, "node added");
        doors.open(&node, listeners);
        self.begin(&mut state, Timeline::JOIN, false);
        Ok(node)
    }

    /// Lets a node hang: it accepts connections and answers nothing. The others drop it in their time. With `limit`
    /// it goes on by itself after that.
    ///
    /// # Errors
    /// [`ClusterError::State`] when it has stopped.
    pub fn hang(self: &Arc<Self>, node: &Arc<Node>, limit: Option<Duration>) -> Result<(), ClusterError> {
        let mut state = self.state.lock();
        let state = &mut *state;
        match state.life_mut(node) {
            Some(life) if life.state != NodeState::Stopped => life.state = NodeState::Hung,
            _ => return Err(ClusterError::State(node.name(), NodeState::Stopped)),
        }
        tracing::info!(node = node.name(), "node hangs");
        node.set_hold(Hold::Hangs);
        state.forget_resume(node);
        if let Some(at) = limit.and_then(|limit| Instant::now().checked_add(limit)) {
            self.plan(state, at, Step::Resume(node.index));
        }
        self.begin(state, Timeline::HANG, false);
        Ok(())
    }

    /// Makes a node wait before it answers; zero makes it prompt again. The others do not mind.
    ///
    /// # Errors
    /// [`ClusterError::State`] unless it runs.
    pub fn slow(&self, node: &Node, delay: Duration) -> Result<(), ClusterError> {
        let state = self.state.lock();
        match state.life(node).state {
            NodeState::Running => {
                node.set_hold(if delay.is_zero() { Hold::Free } else { Hold::Slow(delay) });
                Ok(())
            }
            other => Err(ClusterError::State(node.name(), other)),
        }
    }

    /// Lets a node that hangs or is slow go on. What it has been sent meanwhile is answered now.
    ///
    /// # Errors
    /// [`ClusterError::State`] when it has stopped.
    pub fn resume(self: &Arc<Self>, node: &Arc<Node>) -> Result<(), ClusterError> {
        let mut state = self.state.lock();
        if state.life(node).state == NodeState::Stopped {
            return Err(ClusterError::State(node.name(), NodeState::Stopped));
        }
        state.forget_resume(node);
        self.wake(&mut state, node);
        Ok(())
    }

    pub(super) fn wake(self: &Arc<Self>, state: &mut super::conductor::State, node: &Node) {
        let Some(life) = state.life_mut(node) else { return };
        let hung = life.state == NodeState::Hung;
        if hung {
            life.state = NodeState::Running;
        }
        if life.state == NodeState::Running {
            node.set_hold(Hold::Free);
        }
        if hung {
            tracing::info!(node = node.name(), "node goes on");
            self.begin(state, Timeline::RESUME, false);
        }
    }

    /// Splits the cluster: the nodes of each part see each other alone. Nodes that are in none of the parts named form
    /// one more.
    ///
    /// # Errors
    /// [`ClusterError::TwoParts`].
    pub fn split(self: &Arc<Self>, parts: &[Vec<Arc<Node>>]) -> Result<(), ClusterError> {
        let mut named = HashSet::new();
        if let Some(node) = parts.iter().flatten().find(|node| !named.insert(node.index)) {
            return Err(ClusterError::TwoParts(node.name()));
        }
        let mut state = self.state.lock();
        state.lives.iter_mut().for_each(|life| life.part = 0);
        for (number, part) in parts.iter().enumerate() {
            for node in part {
                if let Some(life) = state.life_mut(node) {
                    life.part = number as u32 + 1;
                }
            }
        }
        self.begin(&mut state, Timeline::LEAVE, false);
        Ok(())
    }

    /// Ends a split.
    pub fn heal(self: &Arc<Self>) {
        let mut state = self.state.lock();
        state.lives.iter_mut().for_each(|life| life.part = 0);
        self.begin(&mut state, Timeline::RESUME, false);
    }

    /// Puts a node in a rack, from the next rebalance on.
    pub fn set_rack(&self, node: &Node, rack: u32) {
        node.set_rack(rack);
    }

    /// Asks a node to hand its partitions over at the next rebalance, or takes that back.
    pub fn quiesce(&self, node: &Node, pending: bool) {
        node.pending_quiesce.store(pending, Ordering::Relaxed);
    }

    /// Lets the cluster form anew: a new key, generations move; what was pending (rosters, quiesced nodes, racks,
    /// replication factors, revivals) counts. The new key is there when this returns.
    pub fn recluster(self: &Arc<Self>) {
        let mut state = self.state.lock();
        self.begin(&mut state, Timeline::RECLUSTER, true);
        self.take_due(&mut state);
    }

    /// Moves to another map of partitions: that of a number. 0 is the one that the cluster started with.
    pub fn remap(self: &Arc<Self>, map: u64) {
        let mut state = self.state.lock();
        state.salt = map;
        self.begin(&mut state, Timeline::RECLUSTER, true);
        self.take_due(&mut state);
    }

    /// The number of the map of partitions.
    pub fn map(&self) -> u64 {
        self.state.lock().salt
    }

    /// Decides over partitions of a namespace at once, whoever is there.
    ///
    /// # Errors
    /// [`ClusterError::NoNamespace`].
    pub fn set_fate(
        &self,
        namespace: &str,
        partitions: &PartitionSet,
        fate: Fate,
    ) -> Result<(), ClusterError> {
        let at = self.namespace(namespace)?;
        let mut state = self.state.lock();
        if let Some(condition) = state.conditions.get_mut(at) {
            for partition in partitions.iter() {
                condition.unavailable.remove(partition);
                condition.dead.remove(partition);
                match fate {
                    Fate::Available => {}
                    Fate::Unavailable => condition.unavailable.insert(partition),
                    Fate::Dead => condition.dead.insert(partition),
                }
            }
        }
        self.republish(&state);
        Ok(())
    }

    /// Brings the dead partitions of a namespace back when the cluster forms anew.
    ///
    /// # Errors
    /// [`ClusterError::NoNamespace`].
    pub fn revive(&self, namespace: &str) -> Result<(), ClusterError> {
        let at = self.namespace(namespace)?;
        if let Some(revived) = self.state.lock().revived.get_mut(at) {
            *revived = true;
        }
        Ok(())
    }

    /// Undoes what has happened to nodes: all run, are prompt and see each other, all partitions are served, by the map
    /// that the cluster started with. Nodes that were added stay. Nothing happens if there is nothing to undo.
    ///
    /// # Errors
    /// [`ClusterError::Listen`] when the port of a node that has stopped has been taken by somebody else.
    pub fn reset(self: &Arc<Self>) -> Result<(), ClusterError> {
        let nodes = self.nodes();
        for node in &nodes {
            match self.state_of(node) {
                NodeState::Stopped => self.restart(node)?,
                NodeState::Hung => self.resume(node)?,
                NodeState::Running => node.set_hold(Hold::Free),
            }
        }
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.lives.iter().any(|life| life.part != 0) {
            state.lives.iter_mut().for_each(|life| life.part = 0);
            self.begin(state, Timeline::RESUME, false);
        }
        if state.conditions.iter().any(|condition| !condition.is_whole()) {
            state.conditions.iter_mut().for_each(|condition| *condition = Condition::default());
            self.republish(state);
        }
        let has_quiesced = |node: &Arc<Node>| {
            let pending = node.pending_quiesce.swap(false, Ordering::Relaxed);
            pending || node.view().formation.as_ref().is_some_and(|formed| !formed.quiesced.is_empty())
        };
        let quiesced = nodes.iter().filter(|node| has_quiesced(node)).count();
        if quiesced > 0 || state.salt != 0 {
            state.salt = 0;
            self.begin(state, Timeline::RECLUSTER, true);
            self.take_due(state);
        }
        Ok(())
    }

    /// Lets a node forget peers that have left (info §8).
    pub fn forget_departed(&self, node: &Node) {
        let _state = self.state.lock();
        let mut view = (*node.view()).clone();
        let before = view.peers.len();
        view.peers.retain(|peer| peer.state != super::PeerState::Departed);
        if view.peers.len() < before {
            view.peers_generation += 1;
            node.publish(view);
        }
    }

    fn namespace(&self, name: &str) -> Result<usize, ClusterError> {
        let found = self.namespaces.iter().position(|namespace| namespace.name() == name);
        found.ok_or_else(|| ClusterError::NoNamespace(name.to_owned()))
    }
}
