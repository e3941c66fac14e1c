//! The thread that looks after the cluster (info §6, §12).
//!
//! A round asks every node for its generations, reads peers and partition maps only where a generation moved, adds
//! nodes that are listed and answer, and removes those that nobody knows any more.

use super::info::{self, Ownership, Peer, Peers};
use super::node::Node;
use super::view::View;
use super::{Cluster, Shared};
use crate::error::ErrorKind;
use crate::transport::blocking::{self, Connection, Socket};
use crate::transport::stream::Encryption;
use aerospike_wire::proto::FrameType;
use base64::Engine;
use std::collections::HashSet;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rounds in a row that a node may fail while no other node answers.
const MAX_FAILURES: u32 = 5;
/// A node that hangs holds up a round no longer than this.
const ROUND_TIMEOUT: Duration = Duration::from_secs(1);
/// How long tending waits before it asks an address again where nobody listens.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);
/// How many rounds a connect waits at most until the number of nodes is stable.
const CONNECT_ROUNDS: usize = 5;
/// Longest user agent, in bytes before base64 (info §7).
const MAX_USER_AGENT: usize = 63;

/// A node with what tending knows about it.
struct Tended {
    node: Arc<Node>,
    slot: u16,
    socket: Option<Socket>,
    peers_generation: Option<u64>,
    partition_generation: Option<i64>,
    rebalance_generation: Option<u64>,
    failures: u32,
    /// Whether another node listed it in this round.
    listed: bool,
    answered: bool,
}

/// A node that answered a first request.
struct Validated {
    name: String,
    address: SocketAddr,
    encryption: Option<Encryption>,
    socket: Socket,
}

/// The state of tending.
pub(super) struct Tender {
    shared: Arc<Shared>,
    nodes: Vec<Tended>,
    view: View,
    /// Whether the view differs from the published one.
    changed: bool,
    /// Listed peers that could not be validated are asked for again.
    unfinished: bool,
}

impl Tender {
    pub(super) fn new(shared: Arc<Shared>) -> Tender {
        Tender { shared, nodes: Vec::new(), view: View::default(), changed: false, unfinished: false }
    }

    /// Tends until the number of nodes is stable.
    pub(super) fn connect(&mut self, cluster: &Cluster) -> Result<(), String> {
        self.seed(self.shared.config.timeout)?;
        let mut count = 0;
        for _ in 0..CONNECT_ROUNDS {
            self.round(self.shared.config.timeout.min(ROUND_TIMEOUT.max(self.shared.config.tend_interval)));
            if count == self.nodes.len() {
                break;
            }
            count = self.nodes.len();
        }
        if self.nodes.is_empty() {
            return Err("the seed stopped answering".to_owned());
        }
        for tended in self.nodes.iter().filter(|_| self.shared.config.open_minimum) {
            open_minimum(&tended.node, cluster);
        }
        Ok(())
    }

    /// Tends until the cluster is closed.
    pub(super) fn run(mut self) {
        let timeout = self.shared.config.timeout.min(ROUND_TIMEOUT);
        while !self.shared.pause() {
            if self.nodes.is_empty()
                && let Err(error) = self.seed(timeout)
            {
                tracing::debug!(%error, "no seed answers");
                continue;
            }
            self.round(timeout);
        }
    }

    /// Looks for a first node among the configured hosts.
    fn seed(&mut self, timeout: Duration) -> Result<(), String> {
        let mut errors = Vec::new();
        for (at, (host, port)) in self.shared.config.hosts.clone().into_iter().enumerate() {
            let tls_name = self.shared.config.tls_names.get(at).cloned().flatten();
            match self.validate(&host, port, tls_name.as_deref(), timeout, true) {
                Ok(validated) => {
                    self.admit(validated);
                    return Ok(());
                }
                Err(error) => errors.push(format!("{host}:{port}: {error}")),
            }
        }
        Err(format!("failed to connect to host(s): {}", errors.join("; ")))
    }

    /// One look at all nodes.
    fn round(&mut self, timeout: Duration) {
        let mut peers_moved = std::mem::take(&mut self.unfinished);
        for at in 0..self.nodes.len() {
            if self.shared.is_closed() {
                return;
            }
            let tended = &mut self.nodes[at];
            tended.listed = false;
            match tended.refresh(&self.shared, timeout) {
                Ok(moved) => peers_moved |= moved,
                Err(error) => {
                    tracing::debug!(node = tended.node.name(), %error, "tend failed");
                    tended.fail();
                    peers_moved = true;
                }
            }
        }
        if peers_moved {
            self.read_peers(timeout);
            self.remove_lost();
        }
        self.read_partitions(timeout);
        self.publish();
        let now = Instant::now();
        self.nodes.iter().for_each(|tended| tended.node.trim_idle(now));
    }

    /// Reads everybody's peers and admits those that are new, theirs included.
    fn read_peers(&mut self, timeout: Duration) {
        let command = match (self.shared.config.tls.is_some(), self.shared.config.use_services_alternate) {
            (false, false) => "peers-clear-std",
            (false, true) => "peers-clear-alt",
            (true, false) => "peers-tls-std",
            (true, true) => "peers-tls-alt",
        };
        let mut at = 0;
        // The list grows while it is walked: a new node is asked for its peers, too.
        while at < self.nodes.len() {
            let tended = &mut self.nodes[at];
            at += 1;
            if !tended.answered {
                continue;
            }
            let peers = match tended
                .ask(&self.shared, &[command], timeout)
                .and_then(|text| Peers::parse(info::Reply(&text).get(command)?))
            {
                Ok(peers) => peers,
                Err(error) => {
                    tracing::debug!(node = tended.node.name(), %error, "no peers");
                    tended.fail();
                    continue;
                }
            };
            let mut all = true;
            for peer in &peers.peers {
                all &= self.meet(peer, timeout);
            }
            if all {
                self.nodes[at - 1].peers_generation = Some(peers.generation);
            }
            self.unfinished |= !all;
        }
    }

    /// Takes note of a listed peer; whether it is a known or now an admitted node.
    fn meet(&mut self, peer: &Peer, timeout: Duration) -> bool {
        if let Some(known) = self.nodes.iter_mut().find(|tended| tended.node.name() == peer.name) {
            known.listed = true;
            return true;
        }
        for (host, port) in &peer.addresses {
            let tls_name = Some(peer.tls_name.as_str()).filter(|name| !name.is_empty());
            match self.validate(host, *port, tls_name, timeout, false) {
                Ok(validated) if validated.name == peer.name => {
                    self.admit(validated);
                    return true;
                }
                Ok(other) => {
                    tracing::debug!(peer = peer.name, found = other.name, "another node at its address")
                }
                Err(error) => tracing::debug!(peer = peer.name, %error, "peer does not answer"),
            }
        }
        // Nothing to wait for where there is no address.
        peer.addresses.is_empty()
    }

    /// Opens a connection to a host and makes sure that it is a ready member of the right cluster.
    fn validate(
        &self,
        host: &str,
        port: u16,
        tls_name: Option<&str>,
        timeout: Duration,
        seed: bool,
    ) -> Result<Validated, String> {
        let tls = self.shared.config.tls.as_ref();
        let encryption = tls.map(|config| Encryption::new(config, tls_name.unwrap_or(host)));
        let encryption = encryption.transpose().map_err(plain)?;
        let addresses = (host, port).to_socket_addrs().map_err(|error| error.to_string())?;
        let mut last = "no address".to_owned();
        for address in addresses {
            match self.validate_address(address, encryption.as_ref(), timeout, seed) {
                Ok(validated) => return Ok(validated),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn validate_address(
        &self,
        address: SocketAddr,
        encryption: Option<&Encryption>,
        timeout: Duration,
        seed: bool,
    ) -> Result<Validated, String> {
        let config = &self.shared.config;
        let mut socket = self.shared.open(address, encryption, timeout)?;
        let service = match (config.tls.is_some(), config.use_services_alternate) {
            (false, false) => "service-clear-std",
            (false, true) => "service-clear-alt",
            (true, false) => "service-tls-std",
            (true, true) => "service-tls-alt",
        };
        // A seed that is not on this machine may be a load balancer in front of the node.
        let ask_address = seed && !address.ip().is_loopback();
        let mut commands = vec!["node", "partition-generation"];
        if config.cluster_name.is_some() {
            commands.push("cluster-name");
        }
        if ask_address {
            commands.push(service);
        }
        let text = ask(&mut socket, &commands, timeout)?;
        let reply = info::Reply(&text);
        let name = reply.get("node")?.to_owned();
        if let Some(expected) = &config.cluster_name {
            let found = reply.get("cluster-name")?;
            if found != expected {
                return Err(format!("cluster name mismatch: expected '{expected}', found '{found}'"));
            }
        }
        if reply.parse::<i64>("partition-generation")? < 0 {
            return Err(format!("node {name} is not yet fully initialized"));
        }
        let validated = Validated { name, address, encryption: encryption.cloned(), socket };
        if ask_address && let Ok(list) = reply.get(service) {
            return Ok(self.behind_balancer(validated, list, timeout));
        }
        Ok(validated)
    }

    /// The node under its own address, if that differs from the seed's and can be reached from here.
    fn behind_balancer(&self, seed: Validated, list: &str, timeout: Duration) -> Validated {
        let own: Vec<SocketAddr> = list
            .split(',')
            .filter_map(|text| info::host_port(text, 3000))
            .filter_map(|(host, port)| (host.as_str(), port).to_socket_addrs().ok())
            .flatten()
            .collect();
        if own.is_empty() || own.contains(&seed.address) {
            return seed;
        }
        let direct = own.into_iter().find_map(|address| {
            self.validate_address(address, seed.encryption.as_ref(), timeout.min(ROUND_TIMEOUT), false)
                .ok()
                .filter(|v| v.name == seed.name)
        });
        direct.unwrap_or(seed)
    }

    /// Makes a validated host a node of the view.
    fn admit(&mut self, validated: Validated) {
        let Validated { name, address, encryption, socket } = validated;
        tracing::debug!(node = name, %address, "node added");
        let node = Node::new(name, address, encryption, self.shared.config.limits);
        let slot = self.view.add(node.clone());
        self.changed = true;
        self.nodes.push(Tended {
            node,
            slot,
            socket: Some(socket),
            peers_generation: None,
            partition_generation: None,
            rebalance_generation: None,
            failures: 0,
            listed: true,
            answered: true,
        });
    }

    /// Drops the nodes that the rules of info §12 drop.
    fn remove_lost(&mut self) {
        let anybody = self.nodes.iter().any(|tended| tended.answered);
        let several = self.nodes.len() > 1;
        let lost: HashSet<u16> = self
            .nodes
            .iter()
            .filter(|tended| {
                let forgotten = several && anybody && !tended.listed;
                (!anybody && tended.failures >= MAX_FAILURES)
                    || (forgotten && !tended.answered)
                    || (forgotten
                        && !self.view.owns_any(tended.slot)
                        && tended.partition_generation.is_some())
                    || tended.failures == u32::MAX
            })
            .map(|tended| tended.slot)
            .collect();
        for tended in self.nodes.extract_if(.., |tended| lost.contains(&tended.slot)) {
            tracing::debug!(node = tended.node.name(), "node removed");
            tended.node.retire();
            self.view.remove(tended.slot);
            self.changed = true;
        }
    }

    /// Reads the partition maps that moved, and the racks.
    fn read_partitions(&mut self, timeout: Duration) {
        for tended in self.nodes.iter_mut().filter(|tended| tended.answered) {
            match tended.partitions(&self.shared, timeout) {
                Ok(Some(ownership)) => {
                    self.view.update(tended.slot, &ownership);
                    self.changed = true;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(node = tended.node.name(), %error, "no partition map");
                    tended.fail();
                }
            }
        }
    }

    fn publish(&mut self) {
        if std::mem::take(&mut self.changed) {
            *self.shared.view.write() = Arc::new(self.view.clone());
        }
    }
}

impl Tended {
    /// Asks for the generations; whether the peers moved.
    fn refresh(&mut self, shared: &Shared, timeout: Duration) -> Result<bool, String> {
        let rack_aware = !shared.config.racks.is_empty();
        let mut commands = vec!["node", "peers-generation", "partition-generation"];
        if rack_aware {
            commands.push("rebalance-generation");
        }
        let text = self.ask(shared, &commands, timeout)?;
        let reply = info::Reply(&text);
        let name = reply.get("node")?;
        if name != self.node.name() {
            // Another process answers here now: the node is gone for good.
            self.failures = u32::MAX - 1;
            return Err(format!("the node calls itself {name} now"));
        }
        let peers: u64 = reply.parse("peers-generation")?;
        let partitions: i64 = reply.parse("partition-generation")?;
        if self.peers_generation.is_some_and(|stored| peers < stored) {
            // Restarted between two rounds: old connections are dead, old generations mean nothing.
            self.node.drop_idle();
            self.forget();
        }
        if self.partition_generation.is_some_and(|stored| stored != partitions) {
            self.partition_generation = None;
        }
        if rack_aware {
            let rebalance: u64 = reply.parse("rebalance-generation")?;
            if self.rebalance_generation != Some(rebalance) {
                // Editions without racks refuse this; such a node is in no rack.
                if let Ok(text) = self.ask(shared, &["rack-ids"], timeout) {
                    let racks = info::Reply(&text).get("rack-ids").and_then(info::parse_rack_ids);
                    self.node.set_racks(racks.unwrap_or_default());
                }
                self.rebalance_generation = Some(rebalance);
            }
        }
        self.failures = 0;
        self.answered = true;
        Ok(self.peers_generation != Some(peers))
    }

    /// The partition map, if its generation moved since it was last read.
    fn partitions(&mut self, shared: &Shared, timeout: Duration) -> Result<Option<Vec<Ownership>>, String> {
        if self.partition_generation.is_some() {
            return Ok(None);
        }
        let text = self.ask(shared, &["partition-generation", "replicas"], timeout)?;
        let reply = info::Reply(&text);
        let ownership = info::parse_replicas(reply.get("replicas")?)?;
        self.partition_generation = Some(reply.parse("partition-generation")?);
        Ok(Some(ownership))
    }

    /// Sends info commands over the node's own tending connection.
    fn ask(&mut self, shared: &Shared, commands: &[&str], timeout: Duration) -> Result<String, String> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => shared.open(self.node.socket(), self.node.encryption(), timeout)?,
        };
        let text = ask(&mut socket, commands, timeout)?;
        self.socket = Some(socket);
        Ok(text)
    }

    /// The node did not answer as it should.
    fn fail(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.answered = false;
        self.socket = None;
        self.node.drop_idle();
        self.forget();
    }

    fn forget(&mut self) {
        self.peers_generation = None;
        self.partition_generation = None;
        self.rebalance_generation = None;
    }
}

impl Shared {
    /// Opens a connection for tending: authenticated, and with a name for the list of `user-agents`.
    fn open(
        &self,
        address: SocketAddr,
        encryption: Option<&Encryption>,
        timeout: Duration,
    ) -> Result<Socket, String> {
        let mut socket = Socket::connect_again(address, encryption, timeout, REFUSED_PAUSE).map_err(plain)?;
        if let Some(login) = &self.config.login {
            blocking::log_in(&mut socket, login, &address.to_string(), timeout).map_err(plain)?;
        }
        let user = self.config.login.as_ref().map_or("not-set", |login| login.user());
        let agent = format!("1,{},{user}", self.config.user_agent);
        let agent = agent.get(..MAX_USER_AGENT).unwrap_or(&agent);
        let value = base64::engine::general_purpose::STANDARD.encode(agent);
        // Servers before 8.1 do not know the command; nothing depends on the answer.
        ask(&mut socket, &[&format!("user-agent-set:value={value}")], timeout)?;
        Ok(socket)
    }
}

fn ask(socket: &mut Socket, commands: &[&str], timeout: Duration) -> Result<String, String> {
    let body = socket.exchange(&info::request(commands), FrameType::Info, timeout).map_err(plain)?;
    Ok(String::from_utf8_lossy(body).into_owned())
}

/// An error's text without the prefix that the outermost error adds again.
fn plain(error: ErrorKind) -> String {
    match error {
        ErrorKind::Connection(text) => text,
        other => other.to_string(),
    }
}

/// Opens the connections that the pool is to hold at least.
fn open_minimum(node: &Arc<Node>, cluster: &Cluster) {
    for _ in 0..node.lacking() {
        let Some(permit) = node.reserve() else { return };
        match Connection::open(permit, cluster, cluster.config().timeout) {
            Ok(connection) => connection.release(),
            Err(error) => return tracing::debug!(node = node.name(), %error, "minimum not opened"),
        }
    }
}
