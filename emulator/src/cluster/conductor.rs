//! The cluster as a whole: what is true of its nodes, and how that becomes what they believe, step by step.
//!
//! An event (a node stops, another one is added) changes what is true at once; the nodes learn of it in steps, at
//! the times of the reference's captures (info §13), shortened to [`Cluster::pace`] percent:
//!
//! | step | what happens |
//! |---|---|
//! | suspect | the nodes concerned notice: the cluster is not whole |
//! | trust | it is again, though not yet formed anew |
//! | form | a new key, new members; who leaves is taken off the lists; a partition's remaining owners move up |
//! | announce | new members appear on the others' lists, with their addresses |
//! | move | partitions go to the owners that they are to have, some at a time |
//!
//! A further event begins the steps anew: what has not happened by then follows from what is true at its time.

use super::availability::{self, Condition};
use super::events::NodeState;
use super::formation::{Formation, Ownership};
use super::node::{Node, Peer, PeerState, View};
use super::placement::{Candidate, place};
use super::{Roster, mix};
use crate::config::Config;
use crate::store::Namespace;
use aerospike_wire::PARTITIONS;
use parking_lot::{Condvar, Mutex, RwLock};
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// In how many steps partitions move.
const MOVES: u32 = 16;

/// When the steps after an event happen, in milliseconds after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeline {
    suspect: u32,
    trust: Option<u32>,
    form: u32,
    announce: u32,
    done: u32,
}

impl Timeline {
    /// A node has stopped.
    pub const LEAVE: Timeline =
        Timeline { suspect: 1400, trust: Some(2700), form: 2950, announce: 2950, done: 5500 };
    /// A node has started.
    pub const JOIN: Timeline =
        Timeline { suspect: 1600, trust: None, form: 1800, announce: 2900, done: 5600 };
    /// A node has fallen silent.
    pub const HANG: Timeline =
        Timeline { suspect: 1500, trust: None, form: 2100, announce: 2100, done: 4400 };
    /// A node that was silent speaks again.
    pub const RESUME: Timeline =
        Timeline { suspect: 3000, trust: None, form: 3500, announce: 3500, done: 8700 };
    /// Somebody wants the cluster to form anew.
    pub const RECLUSTER: Timeline = Timeline { suspect: 0, trust: None, form: 0, announce: 0, done: 2500 };
}

/// Sockets that listen for a node.
#[derive(Debug)]
pub struct Listeners {
    /// For bytes as they are.
    pub clear: TcpListener,
    /// For TLS.
    pub tls: Option<TcpListener>,
}

/// Where a node's connections are served.
pub trait Doors: Send + Sync + std::fmt::Debug {
    /// Opens sockets; a TLS port of `None` opens none for it, 0 any free one.
    ///
    /// # Errors
    /// The system's, with the address.
    fn listen(
        &self,
        address: SocketAddr,
        tls_port: Option<u16>,
    ) -> Result<Listeners, (SocketAddr, io::Error)>;

    /// Accepts connections to a node from now on.
    fn open(&self, node: &Arc<Node>, listeners: Listeners);
}

/// All nodes of a server.
#[derive(Debug)]
pub struct Cluster {
    pub(super) namespaces: Vec<Arc<Namespace>>,
    nodes: RwLock<Vec<Arc<Node>>>,
    doors: OnceLock<Box<dyn Doors>>,
    /// Rosters of namespaces with strong consistency, by name.
    pub rosters: Mutex<HashMap<String, Roster>>,
    pub(super) state: Mutex<State>,
    stepped: Condvar,
    /// The address that the first node was to listen on; port 0 = any free ones.
    pub(super) wanted: SocketAddr,
    /// The TLS port that the first node was to listen on, if there is TLS.
    pub(super) wanted_tls: Option<u16>,
}

/// What is true of the cluster, and what is to happen.
#[derive(Debug)]
pub(super) struct State {
    pub lives: Vec<Life>,
    /// What is not served whoever is there, by namespace.
    pub conditions: Vec<Condition>,
    /// Namespaces whose dead partitions come back when the cluster forms anew.
    pub revived: Vec<bool>,
    /// Changes the map of partitions.
    pub salt: u64,
    pub pace: u32,
    /// How often a cluster has formed.
    formed: u64,
    /// In the order of time.
    schedule: Vec<(Instant, Step)>,
    is_conducted: bool,
    pub is_closed: bool,
}

/// What is true of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// Rises with each start.
    pub number: u32,
    pub state: NodeState,
    /// Which part of a split network it is in.
    pub part: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Suspect,
    Trust,
    /// With `true`, even if the members are the same.
    Form(bool),
    Announce,
    /// How many such steps there are, this one included.
    Move(u32),
    /// A node that hangs goes on.
    Resume(u16),
}

impl Cluster {
    /// A cluster without nodes.
    pub fn new(config: &Config, namespaces: &[Arc<Namespace>]) -> Cluster {
        Cluster {
            namespaces: namespaces.to_vec(),
            nodes: RwLock::default(),
            doors: OnceLock::new(),
            rosters: Mutex::default(),
            state: Mutex::new(State {
                lives: Vec::new(),
                conditions: vec![Condition::default(); namespaces.len()],
                revived: vec![false; namespaces.len()],
                salt: 0,
                pace: config.cluster_pace,
                formed: 0,
                schedule: Vec::new(),
                is_conducted: false,
                is_closed: false,
            }),
            stepped: Condvar::new(),
            wanted: SocketAddr::new(config.bind, config.port),
            wanted_tls: config.has_tls().then_some(config.tls_port),
        }
    }

    /// Gives the cluster its first nodes: they have formed it already, and everything is where it is to be.
    pub fn found(&self, config: &Config, places: &[(SocketAddr, u16)]) {
        for (number, (address, tls_port)) in places.iter().enumerate() {
            let id = match config.node_id {
                Some(id) => id.wrapping_add(number as u64),
                None => Node::default_id(address.port()),
            };
            let node = self.push(id, *address, *tls_port);
            *node.seeds.lock() = config.mesh_seeds.clone();
            if let Some(rack) = config.racks.get(number) {
                node.set_rack(*rack);
            }
        }
        let mut state = self.state.lock();
        self.form(&mut state, true);
        self.announce(&state);
    }

    /// Enters a node.
    pub(super) fn push(&self, id: u64, address: SocketAddr, tls_port: u16) -> Arc<Node> {
        let mut state = self.state.lock();
        let mut nodes = self.nodes.write();
        let node = Arc::new(Node::new(id, nodes.len() as u16, address, tls_port, self.namespaces.len()));
        nodes.push(node.clone());
        state.lives.push(Life { number: 1, state: NodeState::Running, part: 0 });
        node
    }

    /// Tells where connections are served.
    pub fn attach(&self, doors: Box<dyn Doors>) {
        // It is done once, by whoever starts the server.
        let _ = self.doors.set(doors);
    }

    pub(super) fn doors(&self) -> Option<&dyn Doors> {
        self.doors.get().map(AsRef::as_ref)
    }

    /// All nodes, those that have stopped included, by number.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.nodes.read().clone()
    }

    /// The node of a number.
    pub fn node(&self, index: u16) -> Option<Arc<Node>> {
        self.nodes.read().get(index as usize).cloned()
    }

    /// Ends the steps that are still to come.
    pub fn close(&self) {
        self.state.lock().is_closed = true;
        self.stepped.notify_all();
    }

    // ---------------------------------------------------------------- time

    /// Begins the steps that follow an event.
    pub(super) fn begin(self: &Arc<Self>, state: &mut State, timeline: Timeline, force: bool) {
        let force = force || state.schedule.iter().any(|(_, step)| *step == Step::Form(true));
        state.schedule.retain(|(_, step)| matches!(step, Step::Resume(_)));
        let now = Instant::now();
        let pace = state.pace;
        let at = |milliseconds: u32| now + Duration::from_micros(milliseconds as u64 * 10 * pace as u64);
        let mut steps = vec![(at(timeline.suspect), Step::Suspect)];
        steps.extend(timeline.trust.map(|trust| (at(trust), Step::Trust)));
        steps.push((at(timeline.form), Step::Form(force)));
        steps.push((at(timeline.announce), Step::Announce));
        for step in 1..=MOVES {
            let moved = timeline.announce + (timeline.done - timeline.announce) * step / MOVES;
            steps.push((at(moved), Step::Move(MOVES - step + 1)));
        }
        for (at, step) in steps {
            self.plan(state, at, step);
        }
    }

    /// Plans one step.
    pub(super) fn plan(self: &Arc<Self>, state: &mut State, at: Instant, step: Step) {
        let place = state.schedule.partition_point(|(other, _)| *other <= at);
        state.schedule.insert(place, (at, step));
        if !state.is_conducted {
            let cluster = self.clone();
            let thread = std::thread::Builder::new().name("cluster".into());
            match thread.spawn(move || cluster.conduct()) {
                Ok(_) => state.is_conducted = true,
                Err(error) => tracing::error!(%error, "no thread for the cluster's steps"),
            }
        }
        self.stepped.notify_all();
    }

    /// Takes the steps at their times until there is none left.
    fn conduct(self: Arc<Self>) {
        let mut state = self.state.lock();
        while !state.is_closed {
            let Some((at, step)) = state.schedule.first().copied() else { break };
            if Instant::now() < at {
                self.stepped.wait_until(&mut state, at);
                continue;
            }
            state.schedule.remove(0);
            self.take(&mut state, step);
            self.stepped.notify_all();
        }
        state.is_conducted = false;
        self.stepped.notify_all();
    }

    /// Takes the steps that are due by now in the calling thread.
    pub(super) fn take_due(self: &Arc<Self>, state: &mut State) {
        let now = Instant::now();
        while let Some((_, step)) = state.schedule.first().copied().filter(|(at, _)| *at <= now) {
            state.schedule.remove(0);
            self.take(state, step);
        }
    }

    fn take(self: &Arc<Self>, state: &mut State, step: Step) {
        tracing::debug!(?step, "cluster");
        match step {
            Step::Suspect => self.suspect(state),
            Step::Trust => self.trust(state),
            Step::Form(force) => self.form(state, force),
            Step::Announce => self.announce(state),
            Step::Move(left) => self.move_some(state, left),
            Step::Resume(node) => {
                if let Some(node) = self.node(node) {
                    self.wake(state, &node);
                }
            }
        }
    }

    /// Waits until all steps that follow events have been taken; whether they have in time.
    pub fn settle(&self, timeout: Duration) -> bool {
        // A time that no clock reaches is as good as a year.
        let deadline = Instant::now() + timeout.min(Duration::from_secs(365 * 24 * 60 * 60));
        let mut state = self.state.lock();
        while !state.is_settled() {
            if state.is_closed || self.stepped.wait_until(&mut state, deadline).timed_out() {
                return state.is_settled();
            }
        }
        true
    }

    /// Whether all steps that follow events have been taken.
    pub fn is_settled(&self) -> bool {
        self.state.lock().is_settled()
    }

    // ---------------------------------------------------------------- steps

    /// The nodes that run, by the part of the network that they are in; the highest id first.
    fn parts(&self, state: &State) -> Vec<Vec<Arc<Node>>> {
        let nodes = self.nodes();
        let running = |node: &&Arc<Node>| state.life(node).state == NodeState::Running;
        let parts: BTreeSet<u32> = nodes.iter().filter(running).map(|node| state.life(node).part).collect();
        let members = |part| {
            let mut members: Vec<_> =
                nodes.iter().filter(running).filter(|node| state.life(node).part == part).cloned().collect();
            members.sort_by_key(|node| std::cmp::Reverse(node.id));
            members
        };
        parts.into_iter().map(members).collect()
    }

    fn suspect(&self, state: &State) {
        for members in self.parts(state) {
            for (node, view) in members.iter().map(|node| (node, node.view())) {
                let others = view.formation.as_ref().filter(|formation| formation.members != ids(&members));
                if others.is_some() {
                    node.publish(View { is_whole: false, ..(*view).clone() });
                }
            }
        }
    }

    fn trust(&self, state: &State) {
        for node in self.parts(state).iter().flatten() {
            let view = node.view();
            if view.formation.is_some() && !view.is_whole {
                node.publish(View { is_whole: true, ..(*view).clone() });
            }
        }
    }

    fn form(&self, state: &mut State, force: bool) {
        if force {
            for roster in self.rosters.lock().values_mut() {
                roster.current.clone_from(&roster.pending);
            }
            for (revived, condition) in state.revived.iter_mut().zip(&mut state.conditions) {
                if std::mem::take(revived) {
                    condition.dead = Default::default();
                }
            }
        }
        for members in self.parts(state) {
            let views: Vec<_> = members.iter().map(|node| node.view()).collect();
            let ids = ids(&members);
            let key = views.first().map_or(0, |view| view.key());
            let agrees = |view: &Arc<View>| {
                view.key() == key && view.formation.as_ref().is_some_and(|formed| formed.members == ids)
            };
            if !force && views.iter().all(agrees) {
                self.trust(state);
            } else {
                self.form_part(state, &members, &views);
            }
        }
    }

    /// Lets some nodes form a cluster.
    fn form_part(&self, state: &mut State, members: &[Arc<Node>], views: &[Arc<View>]) {
        state.formed += 1;
        // Who has most followers knows best where partitions are.
        let followers = |view: &&Arc<View>| {
            let key = view.key();
            (views.iter().filter(|other| other.key() == key).count(), key)
        };
        let settled = |view: &&Arc<View>| view.formation.is_some() && view.partition_generation >= 0;
        let base = views.iter().filter(settled).max_by_key(followers).and_then(|view| view.formation.clone());
        let asked = |node: &&Arc<Node>| node.pending_quiesce.load(Ordering::Relaxed);
        let mut quiesced: Vec<u64> = members.iter().filter(asked).map(|node| node.id).collect();
        if quiesced.len() == members.len() {
            // Somebody has to own the partitions.
            quiesced.clear();
        }
        let namespaces = self.namespaces.iter().enumerate().map(|(at, namespace)| {
            let before = base.as_ref().and_then(|base| base.namespaces.get(at));
            self.ownership(state, at, namespace, members, &quiesced, before)
        });
        let principal = members.first().map_or(0, |node| node.id);
        let formation = Arc::new(Formation {
            key: cluster_key(principal, state.formed),
            members: ids(members),
            at: Instant::now(),
            namespaces: namespaces.collect(),
            quiesced,
        });
        for (node, view) in members.iter().zip(views) {
            let mut view = View { formation: Some(formation.clone()), is_whole: true, ..(**view).clone() };
            meet(&mut view, node, members, state);
            if view.partition_generation >= 0 {
                view.partition_generation += 1;
                view.rebalance_generation += 1;
            }
            node.publish(view);
        }
    }

    fn ownership(
        &self,
        state: &State,
        at: usize,
        namespace: &Namespace,
        members: &[Arc<Node>],
        quiesced: &[u64],
        before: Option<&Ownership>,
    ) -> Ownership {
        let settings = &namespace.settings;
        let factor = settings.replication_factor.load(Ordering::Relaxed).max(1) as usize;
        let active_rack = settings.active_rack.load(Ordering::Relaxed);
        let is_strong = namespace.is_strong();
        let candidate = |node: &Arc<Node>| Candidate {
            index: node.index,
            id: node.id,
            rack: node.rack(namespace),
            quiesced: quiesced.contains(&node.id),
        };
        let mut candidates: Vec<_> = members.iter().map(candidate).collect();
        if is_strong {
            let roster = self.roster(namespace.name());
            candidates.retain(|node| roster.is_empty() || roster.contains(&node.id));
        }
        let target = place(&candidates, factor, active_rack, state.salt);
        let is_member = |index: &u16| candidates.iter().any(|node| node.index == *index);
        let is_quiesced = |index: &u16| candidates.iter().any(|node| node.index == *index && node.quiesced);
        let mut columns = target.clone();
        for partition in (0..PARTITIONS).filter(|_| before.is_some()) {
            let mut holders: Vec<u16> = Vec::with_capacity(4);
            for column in before.iter().flat_map(|before| &before.columns) {
                if is_member(&column[partition]) && !holders.contains(&column[partition]) {
                    holders.push(column[partition]);
                }
            }
            holders.sort_by_key(is_quiesced);
            // Whoever has the only copy stands for the others until they have theirs. With none left the data comes
            // from nowhere: there is one store.
            if let Some(last) = holders.last() {
                for (number, column) in columns.iter_mut().enumerate() {
                    column[partition] = *holders.get(number).unwrap_or(last);
                }
            }
        }
        Ownership {
            name: namespace.name().to_owned(),
            regime: if is_strong { state.formed } else { 0 },
            columns,
            target,
            condition: self.condition(state, at, namespace, members),
        }
    }

    /// What a part of the cluster does not serve.
    pub(super) fn condition(
        &self,
        state: &State,
        at: usize,
        namespace: &Namespace,
        members: &[Arc<Node>],
    ) -> Condition {
        let settings = &namespace.settings;
        let mut condition = state.conditions.get(at).cloned().unwrap_or_default();
        if !namespace.is_strong() {
            return condition;
        }
        let named = self.roster(namespace.name());
        let nodes = self.nodes();
        let of_roster = |node: &&Arc<Node>| named.is_empty() || named.contains(&node.id);
        let roster: Vec<_> = nodes
            .iter()
            .filter(of_roster)
            .map(|node| Candidate {
                index: node.index,
                id: node.id,
                rack: node.rack(namespace),
                quiesced: false,
            })
            .collect();
        let lost = availability::unavailable(
            &roster,
            &ids(members),
            settings.replication_factor.load(Ordering::Relaxed).max(1) as usize,
            settings.active_rack.load(Ordering::Relaxed),
            state.salt,
        );
        lost.iter().for_each(|partition| condition.unavailable.insert(partition));
        condition
    }

    /// The nodes of a roster; none stands for all that there are.
    fn roster(&self, namespace: &str) -> Vec<u64> {
        let rosters = self.rosters.lock();
        let text = rosters.get(namespace).map_or("", |roster| &roster.current);
        let id = |entry: &str| u64::from_str_radix(entry.split('@').next()?.trim(), 16).ok();
        text.split(',').filter_map(id).collect()
    }

    /// New members become known; who owns nothing yet is ready to.
    fn announce(&self, state: &State) {
        for mut members in self.parts(state) {
            // A new node is ready before others list it (info §12).
            members.sort_by_key(|node| node.view().partition_generation >= 0);
            for node in members {
                let mut view = (*node.view()).clone();
                let Some(_) = view.formation else { continue };
                for at in 0..view.peers.len() {
                    if view.peers[at].state == PeerState::Arriving {
                        view.peers_generation += 1;
                        view.peers[at].state = PeerState::Listed;
                        view.peers[at].changed = view.peers_generation;
                    }
                }
                if view.partition_generation < 0 {
                    view.partition_generation = 0;
                    view.rebalance_generation += 1;
                }
                node.publish(view);
            }
        }
    }

    /// Moves a share of the partitions that have still to move: all of them if `left` is 1.
    fn move_some(&self, state: &State, left: u32) {
        for members in self.parts(state) {
            let Some(formation) = members.first().and_then(|node| node.view().formation.clone()) else {
                continue;
            };
            if formation.remaining() == 0 {
                continue;
            }
            let mut next = (*formation).clone();
            for ownership in &mut next.namespaces {
                let moving: Vec<_> = ownership.moving().collect();
                let share = moving.len().div_ceil(left.max(1) as usize);
                moving.iter().take(share).for_each(|partition| ownership.settle(*partition));
            }
            publish_next(&members, &formation, next);
        }
    }

    /// Tells everybody which partitions are served, after that has changed.
    pub(super) fn republish(&self, state: &State) {
        for members in self.parts(state) {
            let Some(formation) = members.first().and_then(|node| node.view().formation.clone()) else {
                continue;
            };
            let mut next = (*formation).clone();
            for (at, (ownership, namespace)) in next.namespaces.iter_mut().zip(&self.namespaces).enumerate() {
                ownership.condition = self.condition(state, at, namespace, &members);
            }
            publish_next(&members, &formation, next);
        }
    }
}

impl State {
    pub fn life(&self, node: &Node) -> Life {
        let unknown = Life { number: 0, state: NodeState::Stopped, part: 0 };
        self.lives.get(node.index as usize).copied().unwrap_or(unknown)
    }

    pub fn life_mut(&mut self, node: &Node) -> Option<&mut Life> {
        self.lives.get_mut(node.index as usize)
    }

    fn is_settled(&self) -> bool {
        self.schedule.iter().all(|(_, step)| matches!(step, Step::Resume(_)))
    }

    /// Forgets that a node was to go on by itself.
    pub fn forget_resume(&mut self, node: &Node) {
        self.schedule.retain(|(_, step)| *step != Step::Resume(node.index));
    }
}

/// Gives the members of a formation the next one; each counts what has changed for it.
fn publish_next(members: &[Arc<Node>], before: &Arc<Formation>, next: Formation) {
    let next = Arc::new(next);
    for node in members {
        let view = node.view();
        if view.key() != before.key {
            continue;
        }
        let has_changed = |old: &Ownership, new: &Ownership, partition: &usize| {
            owned(old, node.index, *partition) != owned(new, node.index, *partition)
        };
        let both = before.namespaces.iter().zip(&next.namespaces);
        let changed: usize = both
            .map(|(old, new)| (0..PARTITIONS).filter(|partition| has_changed(old, new, partition)).count())
            .sum();
        let mut view = View { formation: Some(next.clone()), ..(*view).clone() };
        view.partition_generation += changed as i64;
        node.publish(view);
    }
}

/// In which columns a node shows a partition as its own, as bits.
fn owned(ownership: &Ownership, node: u16, partition: usize) -> u64 {
    if !ownership.condition.serves(partition) {
        return 0;
    }
    let columns = ownership.columns.iter().enumerate();
    columns.fold(0, |bits, (at, column)| bits | u64::from(column[partition] == node) << (at % 64))
}

/// Brings a node's list of peers up to date with the members.
fn meet(view: &mut View, node: &Node, members: &[Arc<Node>], state: &State) {
    for other in members.iter().filter(|other| other.index != node.index) {
        let life = state.life(other).number;
        let known = view.peers.iter_mut().find(|peer| peer.index == other.index);
        match known {
            Some(peer) if peer.life == life && peer.state != PeerState::Departed => {}
            Some(peer) => {
                view.peers_generation += 1;
                // Of who was away without having stopped, the addresses are known.
                peer.state = if peer.life == life { PeerState::Listed } else { PeerState::Arriving };
                peer.life = life;
                peer.changed = view.peers_generation;
            }
            None => {
                view.peers_generation += 1;
                let changed = view.peers_generation;
                view.peers.push(Peer { index: other.index, life, state: PeerState::Arriving, changed });
            }
        }
    }
    for peer in &mut view.peers {
        let is_there = members.iter().any(|other| other.index == peer.index);
        if !is_there && peer.state != PeerState::Departed {
            view.peers_generation += 1;
            peer.state = PeerState::Departed;
            peer.changed = view.peers_generation;
        }
    }
}

fn ids(members: &[Arc<Node>]) -> Vec<u64> {
    members.iter().map(|node| node.id).collect()
}

/// A key that looks like a real one: 48 bits, another for each time a cluster forms, never 0.
fn cluster_key(principal: u64, formed: u64) -> u64 {
    (mix(principal ^ formed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) & 0xffff_ffff_ffff).max(1)
}
