//! Tending against a cluster whose nodes come, go and change hands (info §12).

use aerospike_client_core::batch::{Batch, Body};
use aerospike_client_core::policy::{BatchPolicy, Policy, Replica};
use aerospike_client_core::reply::Expect;
use aerospike_client_core::request::{Writer, read_header};
use aerospike_client_core::retry::Execution;
use aerospike_client_core::transport::blocking::{self, Target};
use aerospike_client_core::{Cluster, ClusterConfig, Error, Key, UserKey};
use aerospike_wire::bits::{info1, info3};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Header, Message, field};
use base64::Engine;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a node says of itself.
#[derive(Clone, Default)]
struct Says {
    name: String,
    peers_generation: u64,
    partition_generation: i64,
    /// Name and port of each other node.
    peers: Vec<(String, u16)>,
    /// One byte, repeated, per column.
    maps: Vec<u8>,
    rack: Option<u32>,
    down: bool,
}

/// A scripted node; each record reply has the node's number as its generation.
struct FakeNode {
    port: u16,
    says: Arc<Mutex<Says>>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl FakeNode {
    fn start(number: u32, name: &str) -> FakeNode {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let says = Arc::new(Mutex::new(Says { name: name.into(), ..Says::default() }));
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let node = FakeNode { port, says: says.clone(), streams: streams.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if says.lock().unwrap().down {
                    continue;
                }
                streams.lock().unwrap().push(stream.try_clone().unwrap());
                let says = says.clone();
                std::thread::spawn(move || serve(stream, number, &says));
            }
        });
        node
    }

    fn set(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.says.lock().unwrap());
    }

    /// Breaks all connections and takes no new ones.
    fn stop(&self) {
        self.set(|says| says.down = true);
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(mut stream: TcpStream, number: u32, says: &Mutex<Says>) -> Option<()> {
    loop {
        let mut head = [0; HEADER_SIZE];
        stream.read_exact(&mut head).ok()?;
        let proto = ProtoHeader::parse(head).ok()?;
        let mut body = vec![0; proto.size];
        stream.read_exact(&mut body).ok()?;
        let reply = match proto.frame_type {
            FrameType::Info => frame(FrameType::Info, info(&body, &says.lock().unwrap()).as_bytes()),
            _ => frame(FrameType::Message, &answer(&body, number)),
        };
        stream.write_all(&reply).ok()?;
    }
}

fn info(body: &[u8], says: &Says) -> String {
    let answer = |command: &str| match command {
        "node" => says.name.clone(),
        "cluster-name" => "docker".to_owned(),
        "partition-generation" => says.partition_generation.to_string(),
        "peers-generation" => says.peers_generation.to_string(),
        "rebalance-generation" => "1".to_owned(),
        "rack-ids" => says.rack.map_or("ERROR:25:enterprise only".into(), |rack| format!("test:{rack}")),
        "peers-clear-std" => {
            let peers: Vec<_> =
                says.peers.iter().map(|(n, port)| format!("[{n},,[127.0.0.1:{port}]]")).collect();
            format!("{},3000,[{}]", says.peers_generation, peers.join(","))
        }
        "replicas" => {
            let engine = base64::engine::general_purpose::STANDARD;
            let maps: Vec<_> = says.maps.iter().map(|byte| engine.encode([*byte; 512])).collect();
            format!("test:0,{},{}", maps.len(), maps.join(","))
        }
        _ => "ERROR:4:unrecognized command".to_owned(),
    };
    let body = String::from_utf8_lossy(body).into_owned();
    body.lines().map(|command| format!("{command}\t{}\n", answer(command))).collect()
}

/// A record's header, or one row per row asked for; the node's number is the generation.
fn answer(body: &[u8], number: u32) -> Vec<u8> {
    let header = Header { generation: number, ..Header::default() };
    let message = Message::parse(body).unwrap();
    let Some(batch) = message.field(field::BATCH) else { return header.to_bytes().to_vec() };
    let count = u32::from_be_bytes(batch[..4].try_into().unwrap());
    // All rows of a test share their digest's first bytes, behind which their indexes are found.
    let mut rows = Vec::new();
    let mut at = 5;
    for _ in 0..count {
        let index = u32::from_be_bytes(batch[at..at + 4].try_into().unwrap());
        rows.extend_from_slice(&Header { timeout: index, ..header }.to_bytes());
        at += 25;
        if batch[at - 1] != 1 {
            // info bytes, ttl, counts, namespace and set.
            at += 3 + 4 + 4 + 9 + 9;
        }
    }
    rows.extend_from_slice(&Header { info3: info3::LAST, ..Header::default() }.to_bytes());
    rows
}

fn frame(frame_type: FrameType, body: &[u8]) -> Vec<u8> {
    let mut bytes = ProtoHeader { frame_type, size: body.len() }.to_bytes().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

/// Two nodes: A masters the even partitions, B the odd ones, each replicates the other.
fn two() -> (FakeNode, FakeNode) {
    let (a, b) = (FakeNode::start(1, "A"), FakeNode::start(2, "B"));
    a.set(|says| (says.peers, says.maps) = (vec![("B".into(), b.port)], vec![0xaa, 0x55]));
    b.set(|says| (says.peers, says.maps) = (vec![("A".into(), a.port)], vec![0x55, 0xaa]));
    (a, b)
}

fn config(node: &FakeNode) -> ClusterConfig {
    ClusterConfig {
        hosts: vec![("127.0.0.1".into(), node.port)],
        tend_interval: Duration::from_millis(20),
        ..ClusterConfig::default()
    }
}

/// Which node answers for a partition.
fn ask(cluster: &Cluster, partition: usize, replica: Replica, max_retries: u32) -> Result<u32, Error> {
    let policy = Policy { max_retries, replica, ..Policy::default() };
    let mut request = Vec::new();
    let mut frame = Writer::begin(&mut request, read_header(&policy, info1::GET_ALL));
    frame.record(&Key::new("test", "demo", UserKey::Int(1)).as_ref(), false);
    frame.finish().unwrap();
    let run = Execution::new(&policy, false, Instant::now());
    let target = Target { namespace: "test", partition, replica };
    let reply = blocking::execute(cluster, target, run, &request, Expect::Frame(FrameType::Message))?;
    Ok(reply.record()?.header.generation)
}

fn eventually(what: &str, mut test: impl FnMut() -> bool) {
    let start = Instant::now();
    while !test() {
        assert!(start.elapsed() < Duration::from_secs(5), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn names(cluster: &Cluster) -> Vec<String> {
    let mut names = cluster.node_names();
    names.sort();
    names
}

#[test]
fn peers_are_found_and_partitions_shared() {
    let (a, b) = two();
    for seed in [&a, &b] {
        let cluster = Cluster::connect(config(seed)).unwrap();
        assert_eq!(names(&cluster), ["A", "B"]);
        assert_eq!(ask(&cluster, 0, Replica::Sequence, 0).unwrap(), 1);
        assert_eq!(ask(&cluster, 1, Replica::Sequence, 0).unwrap(), 2);
        assert_eq!(ask(&cluster, 4095, Replica::Master, 0).unwrap(), 2);
    }
}

#[test]
fn a_batch_is_split_and_put_together() {
    let (a, _b) = two();
    let cluster = Cluster::connect(config(&a)).unwrap();
    let mut batch = Batch::with_capacity(40);
    let body = batch.body(Body::read(&Policy::default(), info1::GET_ALL, 0, Vec::new(), 0).unwrap());
    let place = batch.place("test", "demo");
    let digests: Vec<_> = (0..40).map(|n| Key::new("test", "demo", UserKey::Int(n)).digest).collect();
    digests.iter().for_each(|digest| batch.row(*digest, None, place, body));
    for sequential in [false, true] {
        let policy = BatchPolicy { sequential, ..BatchPolicy::default() };
        let reply = blocking::execute_batch(&cluster, &batch, &policy, &mut Vec::new()).unwrap();
        let mut rows: Vec<_> = reply
            .replies()
            .flat_map(|inbox| inbox.rows().map(|row| (row.header.timeout, row.header.generation)))
            .collect();
        rows.sort_unstable();
        let expected: Vec<_> =
            (0..40).map(|n| (n, 1 + (digests[n as usize].partition() & 1) as u32)).collect();
        assert_eq!(rows, expected);
    }
}

#[test]
fn a_dead_masters_replica_answers() {
    let (a, b) = two();
    let cluster =
        Cluster::connect(ClusterConfig { tend_interval: Duration::from_secs(60), ..config(&a) }).unwrap();
    assert_eq!(ask(&cluster, 1, Replica::Sequence, 1).unwrap(), 2);
    b.stop();
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(ask(&cluster, 1, Replica::Sequence, 1).unwrap(), 1);
    assert!(ask(&cluster, 1, Replica::Master, 1).is_err());
}

#[test]
fn a_node_leaves_and_another_joins() {
    let (a, b) = two();
    let cluster = Cluster::connect(config(&a)).unwrap();
    b.stop();
    a.set(|says| {
        says.peers.clear();
        says.peers_generation = 1;
        says.maps = vec![0xff];
        says.partition_generation = 1;
    });
    eventually("B is forgotten", || names(&cluster) == ["A"]);
    eventually("A serves all", || ask(&cluster, 1, Replica::Master, 0).is_ok_and(|node| node == 1));
    let c = FakeNode::start(3, "C");
    c.set(|says| (says.peers, says.maps) = (vec![("A".into(), a.port)], vec![0x0f]));
    a.set(|says| (says.peers, says.peers_generation) = (vec![("C".into(), c.port)], 2));
    eventually("C is found", || names(&cluster) == ["A", "C"]);
    eventually("C serves its part", || ask(&cluster, 7, Replica::Master, 0).is_ok_and(|node| node == 3));
    assert_eq!(ask(&cluster, 0, Replica::Master, 0).unwrap(), 1, "nobody else claimed it");
}

#[test]
fn a_node_that_is_not_ready_is_not_taken() {
    let (a, b) = two();
    b.set(|says| says.partition_generation = -1);
    let cluster = Cluster::connect(config(&a)).unwrap();
    assert_eq!(names(&cluster), ["A"]);
    b.set(|says| says.partition_generation = 0);
    eventually("B is taken once it is ready", || names(&cluster) == ["A", "B"]);
}

#[test]
fn a_single_node_comes_back() {
    let a = FakeNode::start(1, "A");
    a.set(|says| says.maps = vec![0xff]);
    let cluster = Cluster::connect(config(&a)).unwrap();
    a.stop();
    eventually("reads fail", || ask(&cluster, 1, Replica::Master, 0).is_err());
    eventually("the node is removed after some failures", || names(&cluster).is_empty());
    a.set(|says| (says.down, says.name) = (false, "A2".into()));
    eventually("the seeds are asked again", || names(&cluster) == ["A2"]);
    eventually("reads work", || ask(&cluster, 1, Replica::Master, 0).is_ok());
}

#[test]
fn another_process_at_the_same_address_is_another_node() {
    let a = FakeNode::start(1, "A");
    a.set(|says| says.maps = vec![0xff]);
    let cluster = Cluster::connect(config(&a)).unwrap();
    a.set(|says| says.name = "B".into());
    eventually("renamed", || names(&cluster) == ["B"]);
    eventually("reads work", || ask(&cluster, 1, Replica::Master, 0).is_ok());
}

#[test]
fn the_own_rack_is_preferred() {
    let (a, b) = two();
    a.set(|says| says.rack = Some(1));
    b.set(|says| says.rack = Some(2));
    let cluster = Cluster::connect(ClusterConfig { racks: vec![2], ..config(&a) }).unwrap();
    assert_eq!(ask(&cluster, 0, Replica::PreferRack, 0).unwrap(), 2);
    assert_eq!(ask(&cluster, 1, Replica::PreferRack, 0).unwrap(), 2);
    a.set(|says| says.rack = None);
    let cluster = Cluster::connect(ClusterConfig { racks: vec![1], ..config(&a) }).unwrap();
    assert_eq!(
        ask(&cluster, 0, Replica::PreferRack, 0).unwrap(),
        1,
        "an edition without racks is no obstacle"
    );
}
