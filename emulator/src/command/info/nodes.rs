//! `emulator-node:…`: what happens to the cluster's nodes is up to a test. No real server has this command.
//!
//! Nodes are named by their ids, or by their numbers from 1 on. The first parameter says what is to happen:
//!
//! | parameter | what happens |
//! |---|---|
//! | none | nothing: the answer lists the nodes |
//! | `stop=N` | connections are reset, the port is closed |
//! | `restart=N` | it starts again, with the same id and address |
//! | `hang=N[;seconds=S]` | it accepts connections and never answers |
//! | `slow=N;milliseconds=M` | it waits before each answer |
//! | `resume=N` | it goes on after a hang, and is prompt again |
//! | `add=1` | another node starts; the answer describes it, as the list does |
//! | `rack=N;id=R` | it is in another rack from the next rebalance on |
//! | `quiesce=N`, `unquiesce=N` | as `quiesce:` and `quiesce-undo:` there |
//! | `recluster=true` | as `recluster:` on the principal |
//! | `map=M` | partitions move to the map of another number |
//! | `split=N,N/N` | the nodes of each part see each other alone |
//! | `heal=true` | a split ends |
//! | `partitions=P;namespace=S;state=available|unavailable|dead` | such as `0-99,512`, or `all` |
//! | `pace=P` | steps take so many percent of their time in a real cluster |
//! | `settle=S` | waits until all steps are taken, S seconds at most |

use super::{Answer, InfoError, Parameters, Request};
use crate::cluster::{Cluster, ClusterError, Fate, Node, PartitionSet};
use aerospike_wire::ResultCode;
use std::sync::Arc;
use std::time::Duration;

/// Longest that `settle` waits, in seconds: its thread is one of few.
const MAX_SETTLE: f64 = 600.0;

/// `emulator-node:…`.
pub fn control(request: &mut Request<'_>) -> Answer {
    run(&request.server.cluster, request.parameters.text()).map(String::into_bytes)
}

/// Does what the text behind `emulator-node:` says; the answer.
///
/// # Errors
/// What the answer of the info command would say.
pub fn run(cluster: &Arc<Cluster>, text: &[u8]) -> Result<String, InfoError> {
    let parameters = &Parameters::new(text);
    let first = text.split(|byte| *byte == b';').next().unwrap_or_default();
    let first = std::str::from_utf8(first).map_err(|_| InfoError::parameter("not a text"))?;
    let (event, value) = first.split_once('=').unwrap_or((first, ""));
    let node = || cluster.find(value).map_err(refuse);
    match event {
        "" => return Ok(list(cluster)),
        "stop" => cluster.stop(&node()?).map_err(refuse)?,
        "restart" => cluster.restart(&node()?).map_err(refuse)?,
        "hang" => {
            let limit = number(parameters, "seconds")?.map(Duration::from_secs_f64);
            cluster.hang(&node()?, limit).map_err(refuse)?;
        }
        "slow" => {
            let delay = number(parameters, "milliseconds")?.ok_or_else(|| missing("milliseconds"))?;
            cluster.slow(&*node()?, Duration::from_secs_f64(delay / 1000.0)).map_err(refuse)?;
        }
        "resume" => cluster.resume(&node()?).map_err(refuse)?,
        "add" => {
            let node = cluster.add().map_err(refuse)?;
            return Ok(describe(cluster, &node));
        }
        "rack" => {
            let rack = parameters.get("id").and_then(|id| id.parse().ok());
            cluster.set_rack(&*node()?, rack.ok_or_else(|| InfoError::parameter("bad 'id'"))?);
        }
        "quiesce" => cluster.quiesce(&*node()?, true),
        "unquiesce" => cluster.quiesce(&*node()?, false),
        "recluster" => cluster.recluster(),
        "map" => cluster.remap(value.parse().map_err(|_| InfoError::parameter("bad 'map'"))?),
        "split" => cluster.split(&parts(cluster, value)?).map_err(refuse)?,
        "heal" => cluster.heal(),
        "partitions" => partitions(cluster, parameters, value)?,
        "pace" => cluster.set_pace(value.parse().map_err(|_| InfoError::parameter("bad 'pace'"))?),
        "settle" => {
            let seconds = value.parse::<f64>().ok().filter(|seconds| (0.0..=MAX_SETTLE).contains(seconds));
            let seconds = seconds.ok_or_else(|| InfoError::parameter("bad 'settle'"))?;
            if !cluster.settle(Duration::from_secs_f64(seconds)) {
                return Err(InfoError::new(ResultCode::TIMEOUT, "the cluster has not settled"));
            }
        }
        other => return Err(InfoError::parameter(format!("unknown parameter '{other}'"))),
    }
    Ok("ok".into())
}

fn describe(cluster: &Cluster, node: &Node) -> String {
    format!("node={}:address={}:state={}", node.name(), node.address, cluster.state_of(node).name())
}

fn list(cluster: &Cluster) -> String {
    cluster.nodes().iter().map(|node| describe(cluster, node)).collect::<Vec<_>>().join(";")
}

fn parts(cluster: &Cluster, text: &str) -> Result<Vec<Vec<Arc<Node>>>, InfoError> {
    let part = |part: &str| part.split(',').map(|name| cluster.find(name.trim())).collect();
    text.split('/').map(part).collect::<Result<_, ClusterError>>().map_err(refuse)
}

fn partitions(cluster: &Cluster, parameters: &Parameters<'_>, text: &str) -> Result<(), InfoError> {
    let partitions = PartitionSet::parse(text).ok_or_else(|| InfoError::parameter("bad 'partitions'"))?;
    let namespace = parameters.get("namespace").ok_or_else(|| missing("namespace"))?;
    let fate = match parameters.get("state") {
        Some("available") => Fate::Available,
        Some("unavailable") => Fate::Unavailable,
        Some("dead") => Fate::Dead,
        _ => return Err(InfoError::parameter("'state' is 'available', 'unavailable' or 'dead'")),
    };
    cluster.set_fate(namespace, &partitions, fate).map_err(refuse)
}

/// A number that may have a fraction, within what makes sense as a time.
fn number(parameters: &Parameters<'_>, name: &str) -> Result<Option<f64>, InfoError> {
    let Some(text) = parameters.get(name) else { return Ok(None) };
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1e9).contains(number));
    number.map(Some).ok_or_else(|| InfoError::parameter(format!("bad '{name}'")))
}

fn missing(name: &str) -> InfoError {
    InfoError::parameter(format!("missing '{name}'"))
}

fn refuse(error: ClusterError) -> InfoError {
    let code = match &error {
        ClusterError::NoNode(_) => ResultCode::NOT_FOUND,
        ClusterError::NoNamespace(_) => ResultCode::NAMESPACE,
        ClusterError::State(..) | ClusterError::TooMany => ResultCode::FORBIDDEN,
        ClusterError::TwoParts(_) => ResultCode::PARAMETER,
        ClusterError::Listen(..) | ClusterError::NotRunning => ResultCode::SERVER,
    };
    InfoError::new(code, error.to_string())
}
