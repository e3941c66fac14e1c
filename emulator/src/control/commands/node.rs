//! `emulator-node[:…]`: what happens to the cluster's nodes; tells which there are.
//!
//! Nodes are named by their ids, or by their numbers from 1 on.
//!
//! | arguments | what happens |
//! |---|---|
//! | none | nothing: the answer lists the nodes |
//! | `stop=N` | connections are reset, that of who asks the node itself among them; the port is closed |
//! | `restart=N` | it starts again, with the same id and address |
//! | `hang=N[;for=SPAN]` | it accepts connections and never answers |
//! | `slow=N;by=SPAN` | it waits before each answer |
//! | `resume=N` | it goes on after a hang, and is prompt again |
//! | `add` | another node starts; the answer describes it |
//! | `rack=N;id=R` | it is in another rack from the next rebalance on |
//! | `quiesce=N`, `unquiesce=N` | as the info commands `quiesce:` and `quiesce-undo:` there |
//! | `recluster` | as the info command `recluster:` on the principal |
//! | `map=M` | partitions move to the map of another number; 0 is the one to start with |
//! | `split=N,N/N` | the nodes of each part see each other alone |
//! | `heal` | a split ends |
//! | `partitions=P;namespace=S;state=available|unavailable|dead` | such as `0-99,512`, or `all` |
//! | `pace=P` | steps take so many percent of their time in a real cluster |
//! | `reset` | what has happened to nodes is undone; nodes that were added stay |
//! | `settle[=SPAN]` | waits until all steps are taken, 30 seconds at most if nothing is said |

use super::{Answer, done};
use crate::cluster::{Cluster, ClusterError, Fate, Node, PartitionSet};
use crate::control::{Arguments, Refusal, parse_duration};
use crate::server::Server;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long `settle` waits if nothing is said.
const SETTLE: Duration = Duration::from_secs(30);
/// Longest that it waits: its thread is one of few.
const MAX_SETTLE: Duration = Duration::from_secs(600);

impl From<ClusterError> for Refusal {
    fn from(error: ClusterError) -> Refusal {
        match error {
            ClusterError::State(..)
            | ClusterError::TooMany
            | ClusterError::Listen(..)
            | ClusterError::NotRunning => Refusal::state(error.to_string()),
            ClusterError::NoNode(_) | ClusterError::NoNamespace(_) | ClusterError::TwoParts(_) => {
                Refusal::new(error.to_string())
            }
        }
    }
}

/// Something that can happen; what it needs is looked at before anything does.
enum Event {
    List,
    Stop(Arc<Node>),
    Restart(Arc<Node>),
    Hang(Arc<Node>, Option<Duration>),
    Slow(Arc<Node>, Duration),
    Resume(Arc<Node>),
    Add,
    Rack(Arc<Node>, u32),
    Quiesce(Arc<Node>, bool),
    Recluster,
    Map(u64),
    Split(Vec<Vec<Arc<Node>>>),
    Heal,
    Reset,
    Partitions { namespace: String, partitions: Box<PartitionSet>, fate: Fate },
    Pace(u32),
    Settle(Duration),
}

/// Runs the command: lets the event happen that the arguments name. If that is refused, nothing has happened.
pub fn run(server: &Server, arguments: &Arguments<'_>) -> Answer {
    let cluster = &server.cluster;
    let event = read(cluster, arguments)?;
    arguments.finish()?;
    match event {
        Event::List => {
            return Ok(cluster.nodes().iter().map(|node| describe(cluster, node)).collect());
        }
        Event::Stop(node) => cluster.stop(&node)?,
        Event::Restart(node) => cluster.restart(&node)?,
        Event::Hang(node, limit) => cluster.hang(&node, limit)?,
        Event::Slow(node, delay) => cluster.slow(&node, delay)?,
        Event::Resume(node) => cluster.resume(&node)?,
        Event::Add => {
            let node = cluster.add()?;
            return Ok(describe(cluster, &node));
        }
        Event::Rack(node, rack) => cluster.set_rack(&node, rack),
        Event::Quiesce(node, pending) => cluster.quiesce(&node, pending),
        Event::Recluster => cluster.recluster(),
        Event::Map(number) => cluster.remap(number),
        Event::Split(parts) => cluster.split(&parts)?,
        Event::Heal => cluster.heal(),
        Event::Reset => cluster.reset()?,
        Event::Partitions { namespace, partitions, fate } => {
            cluster.set_fate(&namespace, &partitions, fate)?;
        }
        Event::Pace(percent) => cluster.set_pace(percent),
        Event::Settle(timeout) => {
            if !cluster.settle(timeout.min(MAX_SETTLE)) {
                return Err(Refusal::state("the cluster has not settled"));
            }
        }
    }
    done()
}

fn read(cluster: &Cluster, arguments: &Arguments<'_>) -> Result<Event, Refusal> {
    if arguments.is_empty() {
        return Ok(Event::List);
    }
    let node = |key: &str| -> Result<Option<Arc<Node>>, Refusal> {
        Ok(arguments.text(key)?.map(|name| cluster.find(name)).transpose()?)
    };
    if let Some(node) = node("stop")? {
        return Ok(Event::Stop(node));
    }
    if let Some(node) = node("restart")? {
        return Ok(Event::Restart(node));
    }
    if let Some(node) = node("hang")? {
        return Ok(Event::Hang(node, arguments.text("for")?.map(parse_duration).transpose()?));
    }
    if let Some(node) = node("slow")? {
        return Ok(Event::Slow(node, parse_duration(arguments.required("by")?)?));
    }
    if let Some(node) = node("resume")? {
        return Ok(Event::Resume(node));
    }
    if let Some(node) = node("rack")? {
        let rack = arguments.parse("id", "the number of a rack")?;
        return Ok(Event::Rack(node, rack.ok_or_else(|| Refusal::new("'id=…' is missing"))?));
    }
    if let Some(node) = node("quiesce")? {
        return Ok(Event::Quiesce(node, true));
    }
    if let Some(node) = node("unquiesce")? {
        return Ok(Event::Quiesce(node, false));
    }
    if let Some(text) = arguments.text("split")? {
        let part = |part: &str| part.split(',').map(|name| cluster.find(name.trim())).collect();
        return Ok(Event::Split(text.split('/').map(part).collect::<Result<_, ClusterError>>()?));
    }
    if let Some(text) = arguments.text("partitions")? {
        let bad = || Refusal::new("'partitions' takes ids and ranges such as 0-99,512, or 'all'");
        let partitions = Box::new(PartitionSet::parse(text).ok_or_else(bad)?);
        let namespace = arguments.required("namespace")?.to_owned();
        return Ok(Event::Partitions { namespace, partitions, fate: fate(arguments)? });
    }
    if let Some(number) = arguments.parse("map", "a number")? {
        return Ok(Event::Map(number));
    }
    if let Some(percent) = arguments.parse("pace", "a percentage")? {
        return Ok(Event::Pace(percent));
    }
    if let Some(timeout) = arguments.text("settle")? {
        return Ok(Event::Settle(parse_duration(timeout)?));
    }
    let words = [("add", Event::Add), ("recluster", Event::Recluster), ("heal", Event::Heal)];
    let words = words.into_iter().chain([("reset", Event::Reset), ("settle", Event::Settle(SETTLE))]);
    let found = words.into_iter().find(|(word, _)| arguments.word(word));
    match found {
        Some((_, event)) => Ok(event),
        None => {
            arguments.finish()?;
            Err(Refusal::new("nothing is said to happen"))
        }
    }
}

fn fate(arguments: &Arguments<'_>) -> Result<Fate, Refusal> {
    match arguments.required("state")? {
        "available" => Ok(Fate::Available),
        "unavailable" => Ok(Fate::Unavailable),
        "dead" => Ok(Fate::Dead),
        other => Err(Refusal::new(format!("'state' is 'available', 'unavailable' or 'dead', not '{other}'"))),
    }
}

fn describe(cluster: &Cluster, node: &Node) -> Value {
    json!({
        "node": node.name(),
        "address": node.address.ip().to_string(),
        "port": node.address.port(),
        "state": cluster.state_of(node).name(),
    })
}
