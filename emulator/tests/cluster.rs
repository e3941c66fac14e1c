//! Several nodes: what each tells, before, during and after what happens to them (info §9 to §13).

mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::cluster::{Fate, Node, PartitionSet};
use aerospike_emulator::config::Config;
use aerospike_wire::bits::info3;
use aerospike_wire::{Message, PARTITIONS, ResultCode, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Client, get, put, start};

const LONG: Duration = Duration::from_secs(20);

/// A cluster with the ids of the reference's captures: A3500, A3501, …
fn cluster(nodes: u32) -> Emulator {
    start(|config| named(config, nodes))
}

fn named(config: &mut Config, nodes: u32) {
    config.nodes = nodes;
    config.node_id = Some(0xa3500);
    config.cluster_pace = 4;
}

/// A connection to a node.
fn to(node: &Node) -> Client {
    let socket = TcpStream::connect(node.address).expect("the node accepts");
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    Client { socket }
}

/// A node's answers, by command.
fn ask(node: &Node, commands: &[&str]) -> HashMap<String, String> {
    let text = to(node).info(&(commands.join("\n") + "\n"));
    let pairs = text.lines().map(|line| line.split_once('\t').expect("a tab"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn one(node: &Node, command: &str) -> String {
    ask(node, &[command]).remove(command).expect("the answer")
}

/// peers, partition and rebalance generation.
fn generations(node: &Node) -> (u64, i64, u64) {
    let answers = ask(node, &["peers-generation", "partition-generation", "rebalance-generation"]);
    let number = |name: &str| answers[name].parse::<i64>().unwrap();
    (number("peers-generation") as u64, number("partition-generation"), number("rebalance-generation") as u64)
}

/// A statistic of a node.
fn statistic(node: &Node, name: &str) -> String {
    let text = one(node, "statistics");
    let found = text.split(';').find_map(|line| line.split_once('=').filter(|(other, _)| *other == name));
    found.expect("the statistic").1.to_owned()
}

/// The entry of a namespace in `replicas`: regime and bitmaps.
fn replicas(node: &Node, namespace: &str) -> (u64, Vec<Vec<u8>>) {
    let text = one(node, "replicas");
    let entry = text.split(';').find_map(|entry| entry.strip_prefix(&format!("{namespace}:")));
    let mut parts = entry.expect("the namespace").split(',');
    let regime = parts.next().unwrap().parse().unwrap();
    let count: usize = parts.next().unwrap().parse().unwrap();
    let maps: Vec<_> = parts
        .map(|map| {
            assert_eq!(map.len(), 684);
            STANDARD.decode(map).unwrap()
        })
        .collect();
    assert_eq!(maps.len(), count);
    (regime, maps)
}

fn owns(map: &[u8], partition: usize) -> bool {
    map[partition >> 3] & 0x80 >> (partition & 7) != 0
}

fn count(map: &[u8]) -> usize {
    (0..PARTITIONS).filter(|partition| owns(map, *partition)).count()
}

/// Checks what the reference says of a steady cluster, on all of these nodes.
fn check_steady(nodes: &[Arc<Node>], factor: usize) {
    let maps: Vec<_> = nodes.iter().map(|node| replicas(node, "test").1).collect();
    assert!(maps.iter().all(|columns| columns.len() == factor.min(nodes.len())));
    for column in 0..maps[0].len() {
        for partition in 0..PARTITIONS {
            let owners = maps.iter().filter(|columns| owns(&columns[column], partition)).count();
            assert_eq!(owners, 1, "column {column}, partition {partition}");
        }
    }
    for columns in &maps {
        let twice = (0..PARTITIONS).filter(|p| columns.iter().filter(|map| owns(map, *p)).count() > 1);
        assert_eq!(twice.count(), 0, "master and replica differ");
    }
    let mut names: Vec<_> = nodes.iter().map(|node| (node.id, node.name())).collect();
    names.sort_by(|a, b| b.cmp(a));
    let succession = names.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(",");
    let key = one(&nodes[0], "cluster-stable:");
    for node in nodes {
        let answers =
            ask(node, &["node", "get-sl", "cluster-stable:", "peers-clear-std", "service-clear-std"]);
        assert_eq!(answers["node"], node.name());
        assert_eq!(answers["get-sl"], succession);
        assert_eq!(answers["cluster-stable:"], key);
        assert_eq!(answers["service-clear-std"], node.address.to_string());
        let others: Vec<_> = nodes
            .iter()
            .filter(|other| other.id != node.id)
            .map(|other| format!("[{},,[{}]]", other.name(), other.address))
            .collect();
        let generation = generations(node).0;
        assert_eq!(answers["peers-clear-std"], format!("{generation},3000,[{}]", others.join(",")));
        assert_eq!(statistic(node, "cluster_size"), nodes.len().to_string());
        assert_eq!(statistic(node, "cluster_key"), key);
        assert_eq!(statistic(node, "cluster_integrity"), "true");
        assert_eq!(statistic(node, "migrate_partitions_remaining"), "0");
    }
}

/// info §12, "one node"; §13, "before".
#[test]
fn one_node() {
    let emulator = cluster(1);
    let nodes = emulator.nodes();
    check_steady(&nodes, 2);
    assert_eq!(generations(&nodes[0]), (0, 0, 1));
    assert_eq!(one(&nodes[0], "peers-clear-std"), "0,3000,[]");
    assert_eq!(count(&replicas(&nodes[0], "test").1[0]), PARTITIONS);
    assert_eq!(one(&nodes[0], "services"), "");
}

/// info §9, "Captured steady 3-node": even shares; generations as after two joins.
#[test]
fn two_and_three_nodes() {
    for count_of_nodes in [2, 3] {
        let emulator = cluster(count_of_nodes);
        let nodes = emulator.nodes();
        check_steady(&nodes, 2);
        let share = PARTITIONS / count_of_nodes as usize;
        for node in &nodes {
            assert_eq!(generations(node), (2 * (count_of_nodes as u64 - 1), 0, 1));
            for map in replicas(node, "bar").1 {
                assert!(count(&map).abs_diff(share) < 200, "{}", count(&map));
            }
            assert_eq!(replicas(node, "test"), replicas(node, "bar"));
        }
        let (first, second) = (&nodes[0], &nodes[1]);
        assert!(one(first, "services").starts_with(&second.address.to_string()));
        assert_eq!(one(first, "peers-clear-alt"), format!("{},3000,[]", 2 * (count_of_nodes - 1)));
        assert_eq!(one(first, "replicas:max=1").matches(":0,1,").count(), 2);
    }
}

/// info §9, `partition-info`: the master, the replica and the node that has no copy.
#[test]
fn partition_info() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    let names = "namespace:partition:state:n_replicas:replica:succession:n_dupl:working_master:proxy_dst:emigrates:\
         lead_emigrates:immigrates:records:tombstones:regime:tree_id:version:final_version";
    let key = one(&nodes[0], "cluster-stable:").to_lowercase();
    let mut seen = [0; 3];
    let tables: Vec<Vec<String>> = nodes
        .iter()
        .map(|node| one(node, "partition-info").split(';').map(str::to_owned).collect())
        .collect();
    assert!(tables.iter().all(|lines| lines[0] == names && lines.len() == 1 + 2 * PARTITIONS));
    for partition in 0..PARTITIONS {
        let lines = tables.iter().map(|lines| &lines[1 + partition]);
        let master = nodes.iter().position(|node| owns(&replicas_of(&emulator, node)[0], partition)).unwrap();
        let master = nodes[master].name();
        for (line, node) in lines.zip(&nodes) {
            let column = replicas_of(&emulator, node).iter().position(|map| owns(map, partition));
            let expected = match column {
                Some(0) => {
                    seen[0] += 1;
                    format!("S:2:0:0:0:{master}:{master}:0:0:0:0:0:0:1:{key:0>12}.0.mp-:{key:0>12}.0.mp-")
                }
                Some(_) => {
                    seen[1] += 1;
                    format!("S:2:1:1:0:0:{master}:0:0:0:0:0:0:1:{key:0>12}.0.-p-:{key:0>12}.0.-p-")
                }
                None => {
                    seen[2] += 1;
                    format!("A:2:-1:2:0:0:{master}:0:0:0:0:0:0:3:000000000000.0.-p-:{key:0>12}.0.-p-")
                }
            };
            assert_eq!(*line, format!("test:{partition}:{expected}"));
        }
    }
    assert_eq!(seen, [PARTITIONS; 3]);
}

/// As [`replicas`] without asking for it: what a node believes.
fn replicas_of(emulator: &Emulator, node: &Node) -> Vec<Vec<u8>> {
    assert!(emulator.cluster().is_settled());
    let view = node.view();
    let owned = view.ownership("test").expect("a member");
    (0..owned.columns.len()).map(|column| owned.bitmap(column, node.index).to_vec()).collect()
}

/// info §8: alternate addresses, those for TLS, and port 3000, which lists leave out.
#[test]
fn other_families_of_addresses() {
    let directory = std::env::temp_dir().join(format!("aerospike-emulator-cluster-{}", std::process::id()));
    aerospike_emulator::certificates::init(&directory, &["localhost".into()], "admin").unwrap();
    let emulator = start(|config| {
        named(config, 2);
        config.use_tls_directory(&directory);
        config.tls_port = 0;
        config.alternate_access_address = Some("10.11.12.13".into());
        config.alternate_access_port = 2999;
    });
    std::fs::remove_dir_all(&directory).unwrap();
    let nodes = emulator.nodes();
    assert_eq!(one(&nodes[0], "service-clear-alt"), "10.11.12.13:2999");
    assert_eq!(one(&nodes[0], "peers-clear-alt"), "2,3000,[[A3501,,[10.11.12.13]]]");
    assert_eq!(one(&nodes[1], "peers-clear-alt"), "2,3000,[[A3500,,[10.11.12.13:2999]]]");
    assert_eq!(one(&nodes[0], "services-alternate"), "10.11.12.13:3000");
    let port = nodes[1].tls_port;
    assert!(port != 0 && port != nodes[1].address.port() && port != nodes[0].tls_port);
    assert_eq!(one(&nodes[1], "service-tls-std"), format!("127.0.0.1:{port}"));
    // With the name that clients look for in the node's certificate.
    assert_eq!(one(&nodes[0], "peers-tls-std"), format!("2,3000,[[A3501,localhost,[127.0.0.1:{port}]]]"));
    emulator.cluster().restart(&nodes[1]).unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "both ports are open again");
    let endpoints = one(&nodes[0], "endpoints");
    assert!(endpoints.contains(";heartbeat.peer=node-id=A3501:endpoint=127.0.0.1:3002:endpoint-tls="));
}

/// A real server would lose what it has no copies of; here every node sees every record.
#[test]
fn any_node_answers_for_any_record() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    fill(&nodes[0], 90);
    let (mut proxied, mut held) = (0, 0);
    for node in &nodes {
        let mut client = to(node);
        for at in 0..90 {
            assert_eq!(client.call(&get(&at.to_string())).bin("a"), Some(&Value::Int(at)));
        }
        let text = one(node, "namespace/test");
        let figure = |name: &str| -> u64 {
            let line = text.split(';').find_map(|line| line.strip_prefix(&format!("{name}=")));
            line.expect(name).parse().unwrap()
        };
        proxied += figure("client_proxy_complete");
        assert_eq!(figure("objects"), figure("master_objects") + figure("prole_objects"));
        assert_eq!(figure("effective_replication_factor"), 2);
        held += figure("objects");
        let sets = one(node, "sets/test");
        assert!(sets.contains(&format!(":objects={}:", figure("objects"))), "{sets}");
    }
    assert_eq!(held, 180, "two copies of each");
    assert!((90..150).contains(&proxied), "a third of 360 commands: {proxied}");
}

/// Writes records whose keys are the numbers up to `count`.
fn fill(node: &Node, count: i64) {
    let mut client = to(node);
    for at in 0..count {
        assert_eq!(client.call(&put(&at.to_string(), "a", Value::Int(at))).code(), ResultCode::OK);
    }
}

/// What a node tells of its cluster.
#[derive(Clone, PartialEq, Debug)]
struct Told {
    integrity: bool,
    size: usize,
    stable: bool,
    peers: Vec<String>,
    generations: (u64, u64),
    masters: usize,
}

fn tell(node: &Node) -> Told {
    // Asked for twice: between two answers the node may learn something.
    let mut told = tell_once(node);
    loop {
        let again = tell_once(node);
        if told == again {
            return told;
        }
        told = again;
    }
}

fn tell_once(node: &Node) -> Told {
    let commands = [
        "statistics",
        "peers-clear-std",
        "cluster-stable:",
        "peers-generation",
        "rebalance-generation",
        "replicas-master",
    ];
    let answers = ask(node, &commands);
    let statistic = |name: &str| {
        let line = answers["statistics"].split(';').find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.expect(name).to_owned()
    };
    let ids = answers["peers-clear-std"].split('[').filter(|part| part.contains(",,"));
    let masters = answers["replicas-master"].split([':', ';']).nth(1).expect("a map");
    Told {
        integrity: statistic("cluster_integrity") == "true",
        size: statistic("cluster_size").parse().unwrap(),
        stable: !answers["cluster-stable:"].starts_with("ERROR:7:unstable cluster"),
        peers: ids.map(|part| part[..5].to_owned()).collect(),
        generations: (
            answers["peers-generation"].parse().unwrap(),
            answers["rebalance-generation"].parse().unwrap(),
        ),
        masters: count(&STANDARD.decode(masters).unwrap()),
    }
}

/// What a node tells until its cluster has settled, each state once.
fn watch(emulator: &Emulator, node: &Node) -> Vec<Told> {
    let mut told = vec![tell(node)];
    let deadline = Instant::now() + LONG;
    loop {
        let settled = emulator.cluster().is_settled();
        let now = tell(node);
        if told.last() != Some(&now) {
            told.push(now);
        }
        if settled {
            return told;
        }
        assert!(Instant::now() < deadline, "{told:?}");
    }
}

/// info §13, "A3540 stopped with SIGTERM".
#[test]
fn a_node_stops() {
    let emulator = cluster(3);
    emulator.cluster().set_pace(20);
    let nodes = emulator.nodes();
    fill(&nodes[0], 50);
    let mut doomed = to(&nodes[2]);
    doomed.info("node\n");
    let before = tell(&nodes[0]);
    emulator.cluster().stop(&nodes[2]).unwrap();
    let error = std::io::Read::read(&mut doomed.socket, &mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(TcpStream::connect(nodes[2].address).is_err(), "its port is closed");
    assert!(emulator.cluster().stop(&nodes[2]).is_err(), "it has stopped");

    let told = watch(&emulator, &nodes[0]);
    assert_eq!(told[0], before, "nobody has noticed yet");
    let suspects = told.iter().position(|told| !told.integrity).expect("the others notice");
    assert_eq!(told[suspects], Told { integrity: false, stable: false, ..before.clone() });
    let formed = told.iter().position(|told| told.size == 2).expect("they form anew");
    assert!(suspects < formed);
    assert_eq!(told[formed].peers, ["A3501"], "its entry is gone as soon as the cluster has formed");
    assert_eq!(told[formed].generations, (before.generations.0 + 1, before.generations.1 + 1));
    assert!(!told[formed].stable, "partitions have still to move");
    assert!(told[formed].masters > before.masters, "masters are taken over at once");
    check_steady(&nodes[..2], 2);
    assert_eq!(one(&nodes[0], "services-alumni").matches(&nodes[2].address.to_string()).count(), 1);
    let delta = one(&nodes[0], "peers-clear-std:generation=4");
    assert_eq!(delta, "5,3000,[[A3502,,]]");
    assert_eq!(one(&nodes[0], "peers-clear-std:generation=5"), "5,3000,[]");
    assert!(one(&nodes[0], "peers-clear-std:generation=0").contains(&nodes[2].address.to_string()));
    for node in &nodes[..2] {
        let mut client = to(node);
        assert!((0..50).all(|at| client.call(&get(&at.to_string())).code() == ResultCode::OK));
    }
    assert_eq!(one(&nodes[0], "services-alumni-reset"), "ok");
    assert_eq!(generations(&nodes[0]).0, 6);
    assert_eq!(one(&nodes[0], "services-alumni"), one(&nodes[0], "services"));
}

/// info §13, "Restarted".
#[test]
fn a_node_restarts() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    emulator.cluster().stop(&nodes[2]).unwrap();
    assert!(emulator.cluster().settle(LONG));
    let before = tell(&nodes[0]);
    emulator.cluster().set_pace(20);
    emulator.cluster().restart(&nodes[2]).unwrap();

    let orphan =
        ask(&nodes[2], &["get-sl", "cluster-stable:", "replicas", "partition-generation", "recluster:"]);
    assert_eq!(orphan["get-sl"], "");
    assert_eq!(orphan["cluster-stable:"], "ERROR:7:unstable cluster");
    assert!(orphan["replicas"].starts_with("test:0,1,AAAA") && orphan["replicas"].ends_with("AAA="));
    assert_eq!(orphan["partition-generation"], "-1");
    assert_eq!(orphan["recluster:"], "ERROR::unknown");
    assert_eq!(generations(&nodes[2]), (0, -1, 0));
    assert_eq!(statistic(&nodes[2], "cluster_key"), "0");
    let reply = to(&nodes[2]).call(&get("0"));
    assert_eq!(reply.code(), ResultCode::UNAVAILABLE, "it owns nothing yet");

    let told = watch(&emulator, &nodes[0]);
    let formed = told.iter().position(|told| told.size == 3).expect("the cluster forms");
    assert_eq!(told[formed].peers, ["A3501"], "the list is unchanged at first");
    assert_eq!(told[formed].generations.0, before.generations.0 + 1);
    assert_eq!(told[formed].masters, before.masters, "partitions stay until they have moved");
    let listed = told.iter().position(|told| told.peers.len() == 2).expect("it is listed");
    assert!(formed < listed);
    assert_eq!(told[listed].generations.0, before.generations.0 + 2);
    check_steady(&nodes, 2);
    let owned: usize = replicas(&nodes[2], "test").1.iter().map(|map| count(map)).sum();
    // One for each partition of each namespace, as counted in the reference's capture.
    assert_eq!(generations(&nodes[2]), (4, 2 * owned as i64, 1));
}

/// info §13, "Second node joins".
#[test]
fn a_node_is_added() {
    let emulator = cluster(1);
    let first = emulator.nodes().remove(0);
    let added = emulator.cluster().add().unwrap();
    assert_eq!(added.name(), "A3501");
    assert_eq!(emulator.nodes().len(), 2);
    assert!(emulator.cluster().settle(LONG));
    check_steady(&emulator.nodes(), 2);
    // As captured, 8193 and 8192: two namespaces, every partition once.
    assert_eq!(generations(&first), (2, 8193, 2));
    assert_eq!(generations(&added), (2, 8192, 1));
}

/// A lone node that starts anew is not ready at first: 11 to everything (info §12).
#[test]
fn a_single_node_restarts() {
    let emulator = cluster(1);
    let node = emulator.nodes().remove(0);
    fill(&node, 1);
    emulator.cluster().set_pace(20);
    emulator.cluster().restart(&node).unwrap();
    assert_eq!(to(&node).call(&get("0")).code(), ResultCode::UNAVAILABLE);
    assert!(emulator.cluster().settle(LONG));
    assert_eq!(to(&node).call(&get("0")).code(), ResultCode::OK);
    assert_eq!(generations(&node), (0, 0, 1));
    check_steady(&emulator.nodes(), 2);
}

/// info §13, "SIGSTOP".
#[test]
fn a_node_hangs() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    let before = generations(&nodes[0]);
    let key = one(&nodes[0], "cluster-stable:");
    let mut client = to(&nodes[2]);
    assert_eq!(client.info("node\n"), "node\tA3502\n");
    emulator.cluster().hang(&nodes[2], None).unwrap();
    client.send(&put("late", "a", Value::Int(1)));
    client.socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(!client.is_closed(), "it neither answers nor closes");
    let mut other = to(&nodes[2]);
    other.send(&put("later", "a", Value::Int(1)));
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes[..2], 2);
    assert_eq!(generations(&nodes[0]).0, before.0 + 1);
    assert_eq!(to(&nodes[0]).call(&get("late")).code(), ResultCode::NOT_FOUND);

    emulator.cluster().set_pace(20);
    emulator.cluster().resume(&nodes[2]).unwrap();
    client.socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(client.reply().code(), ResultCode::OK, "what was asked meanwhile is answered now");
    assert_eq!(other.reply().code(), ResultCode::OK);
    assert_eq!(one(&nodes[2], "cluster-stable:"), key, "it claims its former view for a while");
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes, 2);
    assert_eq!(generations(&nodes[0]).0, before.0 + 2, "its address was known: one step");
}

#[test]
fn a_hang_can_end_by_itself() {
    let emulator = cluster(2);
    let nodes = emulator.nodes();
    emulator.cluster().hang(&nodes[1], Some(Duration::from_millis(100))).unwrap();
    assert_eq!(to(&nodes[1]).info("status\n"), "status\tok\n");
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes, 2);
}

#[test]
fn a_slow_node() {
    let emulator = cluster(2);
    let nodes = emulator.nodes();
    emulator.cluster().slow(&nodes[1], Duration::from_millis(150)).unwrap();
    let mut client = to(&nodes[1]);
    let start = Instant::now();
    client.call(&get("x"));
    assert!(start.elapsed() >= Duration::from_millis(150));
    emulator.cluster().slow(&nodes[1], Duration::ZERO).unwrap();
    let start = Instant::now();
    client.call(&get("x"));
    assert!(start.elapsed() < Duration::from_millis(150));
    assert_eq!(one(&nodes[0], "cluster-stable:size=2"), one(&nodes[1], "cluster-stable:"));
}

/// info §11: the principal alone takes it; peers generations stay.
#[test]
fn recluster_and_quiesce() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    let (before, key) = (generations(&nodes[0]), one(&nodes[0], "cluster-stable:"));
    assert_eq!(one(&nodes[0], "recluster:"), "ignored-by-non-principal");
    assert_eq!(one(&nodes[0], "cluster-stable:"), key);
    assert_eq!(one(&nodes[1], "quiesce:"), "ok");
    assert_eq!(one(&nodes[2], "recluster:"), "ok");
    assert_ne!(one(&nodes[0], "cluster-stable:ignore-migrations=true"), key);
    assert!(emulator.cluster().settle(LONG));
    assert!(replicas(&nodes[1], "test").1.iter().all(|map| count(map) == 0), "it has handed everything over");
    assert_eq!(
        count(&replicas(&nodes[0], "test").1[0]) + count(&replicas(&nodes[2], "test").1[0]),
        PARTITIONS
    );
    let after = generations(&nodes[0]);
    assert_eq!((after.0, after.2), (before.0, before.2 + 1));
    let text = one(&nodes[1], "namespace/test");
    assert!(text.contains(";effective_is_quiesced=true;") && text.contains(";nodes_quiesced=1;"));
    assert_eq!(one(&nodes[1], "quiesce-undo:"), "ok");
    emulator.cluster().recluster();
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes, 2);
}

#[test]
fn another_map() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    let before = replicas(&nodes[0], "test");
    emulator.cluster().remap(7);
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes, 2);
    assert_ne!(replicas(&nodes[0], "test"), before);
    emulator.cluster().remap(0);
    assert!(emulator.cluster().settle(LONG));
    assert_eq!(replicas(&nodes[0], "test"), before);
}

#[test]
fn a_split_cluster_has_two_views() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    assert!(emulator.cluster().split(&[vec![nodes[0].clone()], vec![nodes[0].clone()]]).is_err());
    emulator.cluster().split(&[vec![nodes[0].clone(), nodes[1].clone()]]).unwrap();
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes[..2], 2);
    check_steady(&nodes[2..], 2);
    assert_ne!(one(&nodes[0], "cluster-stable:"), one(&nodes[2], "cluster-stable:"));
    emulator.cluster().heal();
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes, 2);
}

/// info §11; copies lie in different racks.
#[test]
fn racks() {
    let emulator = start(|config| {
        named(config, 4);
        config.racks = vec![1, 1, 2, 2];
    });
    let nodes = emulator.nodes();
    assert_eq!(one(&nodes[3], "rack-ids"), "test:2;bar:2");
    assert_eq!(one(&nodes[0], "racks:namespace=test"), "rack_1=A3501,A3500:rack_2=A3503,A3502");
    let config = one(&nodes[2], "get-config:context=namespace;namespace=test");
    assert!(config.contains(";rack-id=2;"));
    check_steady(&nodes, 2);
    let maps: Vec<_> = nodes.iter().map(|node| replicas(node, "test").1).collect();
    for partition in 0..PARTITIONS {
        let owner =
            |column: usize| maps.iter().position(|columns| owns(&columns[column], partition)).unwrap();
        assert_ne!(owner(0) / 2, owner(1) / 2);
    }
}

/// Records and unavailable partitions of a query.
fn query(node: &Node, query: &support::query::Query) -> (Vec<i64>, Vec<u32>, ResultCode) {
    let mut client = to(node);
    client.send(&query.frame());
    let (mut found, mut unavailable) = (Vec::new(), Vec::new());
    loop {
        let (_, body) = client.receive().expect("a frame");
        let mut rest = &body[..];
        while !rest.is_empty() {
            let (message, behind) = Message::parse_prefix(rest).expect("whole messages");
            rest = behind;
            let header = message.header;
            match (header.info3, ResultCode(header.result)) {
                (info3::PARTITION_DONE, ResultCode::UNAVAILABLE) => unavailable.push(header.generation),
                (0, ResultCode::OK) => {
                    let bin = message.ops().next().expect("a bin").particle().as_integer();
                    found.push(bin.expect("a number"));
                }
                (_, code) => return (found, unavailable, code),
            }
        }
    }
}

/// query §6: what a node does not own it refuses, partition by partition; masters and replicas answer.
#[test]
fn queries_by_partition() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    fill(&nodes[0], 500);
    let everything = support::query::Query::scan();
    let mut copies = 0;
    for node in &nodes {
        let (found, unavailable, code) = query(node, &everything);
        assert_eq!(code, ResultCode::OK);
        let maps = replicas(node, "test").1;
        let foreign = (0..PARTITIONS).filter(|p| !maps.iter().any(|map| owns(map, *p))).map(|p| p as u32);
        assert_eq!(unavailable, foreign.collect::<Vec<_>>());
        copies += found.len();
    }
    assert_eq!(copies, 1000);
    let mut all = Vec::new();
    for node in &nodes {
        let masters = replicas(node, "test").1.remove(0);
        let own = (0..PARTITIONS).filter(|p| owns(&masters, *p)).map(|p| p as u16);
        // Clients give the parts of a query the same id.
        let part = support::query::Query::scan()
            .partitions(own)
            .with(aerospike_wire::field::QUERY_ID, &77u64.to_be_bytes());
        let (found, unavailable, code) = query(node, &part);
        assert_eq!((unavailable.len(), code), (0, ResultCode::OK));
        all.extend(found);
    }
    all.sort_unstable();
    assert_eq!(all, (0..500).collect::<Vec<_>>(), "each record once");
}

/// A query that names no partitions goes to all nodes, and each runs it on what it is master of.
#[test]
fn background_queries() {
    let emulator = cluster(3);
    let nodes = emulator.nodes();
    fill(&nodes[0], 200);
    let increment = support::query::Query::background(&[(aerospike_wire::op::INCR, "a", Value::Int(1000))]);
    for node in &nodes {
        assert_eq!(to(node).query_code(&increment), ResultCode::OK);
    }
    let deadline = Instant::now() + LONG;
    while nodes.iter().any(|node| one(node, "query-show").contains("active(")) {
        assert!(Instant::now() < deadline);
    }
    let mut client = to(&nodes[1]);
    for at in 0..200 {
        assert_eq!(client.call(&get(&at.to_string())).bin("a"), Some(&Value::Int(at + 1000)));
    }
}

fn strong(nodes: u32) -> Emulator {
    start(|config| {
        named(config, nodes);
        config.namespaces[0].strong_consistency = true;
    })
}

/// transactions §19: the regime tells clients; it rises whenever the cluster forms.
#[test]
fn strong_consistency_shows_in_regimes() {
    let emulator = strong(3);
    let nodes = emulator.nodes();
    let regimes = |namespace| nodes.iter().map(|node| replicas(node, namespace).0).collect::<Vec<_>>();
    let before = regimes("test");
    assert!(before[0] > 0 && before.iter().all(|regime| *regime == before[0]));
    assert_eq!(regimes("bar"), [0, 0, 0]);
    emulator.cluster().recluster();
    assert!(regimes("test")[0] > before[0]);
    let expected = "rack_0=A3502,A3501,A3500:roster_rack_0=A3502,A3501,A3500";
    assert_eq!(one(&nodes[0], "racks:namespace=test"), expected);
    let roster = one(&nodes[0], "roster:namespace=test");
    assert!(roster.ends_with(":observed_nodes=A3502,A3501,A3500"), "{roster}");
}

/// transactions §19: a delete without the bit is forbidden, whatever way it comes.
#[test]
fn strong_consistency_wants_durable_deletes() {
    use aerospike_wire::bits::info2;
    let emulator = strong(1);
    let node = emulator.nodes().remove(0);
    fill(&node, 2);
    let mut client = to(&node);
    let delete = |bits: u8| {
        let header =
            aerospike_wire::Header { info2: info2::WRITE | info2::DELETE | bits, ..Default::default() };
        support::frame(header, "0", &[])
    };
    assert_eq!(client.call(&delete(0)).code(), ResultCode::FORBIDDEN);
    assert_eq!(client.call(&get("0")).code(), ResultCode::OK, "the record stays");
    assert_eq!(client.call(&put("0", "a", Value::Nil)).code(), ResultCode::FORBIDDEN, "its last bin");
    assert_eq!(client.call(&delete(info2::DURABLE_DELETE)).code(), ResultCode::OK);
    assert_eq!(client.call(&get("0")).code(), ResultCode::NOT_FOUND);
    let allow = "set-config:context=namespace;namespace=test;strong-consistency-allow-expunge=true";
    assert_eq!(one(&node, allow), "ok");
    assert_eq!(client.call(&support::put("1", "a", Value::Nil)).code(), ResultCode::OK);
}

/// Of two halves each serves what it is master of; of three nodes one alone serves nothing.
#[test]
fn a_minority_serves_less() {
    let emulator = strong(3);
    let nodes = emulator.nodes();
    fill(&nodes[0], 20);
    emulator.cluster().split(&[vec![nodes[2].clone()]]).unwrap();
    assert!(emulator.cluster().settle(LONG));
    let mut alone = to(&nodes[2]);
    for at in 0..20 {
        assert_eq!(alone.call(&get(&at.to_string())).code(), ResultCode::UNAVAILABLE);
        assert_eq!(to(&nodes[0]).call(&get(&at.to_string())).code(), ResultCode::OK);
    }
    assert_eq!(alone.call(&put("0", "a", Value::Int(5))).code(), ResultCode::UNAVAILABLE);
    assert!(one(&nodes[2], "namespace/test").contains(";unavailable_partitions=4096;"));
    assert_eq!(one(&nodes[2], "cluster-stable:"), "ERROR:7:unstable cluster");
    assert!(!one(&nodes[2], "cluster-stable:ignore-migrations=true").starts_with("ERROR"));
    assert!(!one(&nodes[2], "cluster-stable:namespace=bar").starts_with("ERROR"), "it is as it was");
    emulator.cluster().heal();
    assert!(emulator.cluster().settle(LONG));
    assert_eq!(alone.call(&get("0")).code(), ResultCode::OK);
}

/// Read modes and partitions that a test declares lost (transactions §19).
#[test]
fn unavailable_and_dead_partitions() {
    let emulator = strong(1);
    let node = emulator.nodes().remove(0);
    fill(&node, 1);
    let partition = support::digest("0").partition();
    let only: PartitionSet = [partition].into_iter().collect();
    let before = generations(&node);
    emulator.cluster().set_fate("test", &only, Fate::Unavailable).unwrap();
    assert_eq!(generations(&node).1, before.1 + 1);
    assert!(!owns(&replicas(&node, "test").1[0], partition));
    let mut client = to(&node);
    let mut read = |mode: u8| {
        let header = aerospike_wire::Header {
            info1: aerospike_wire::bits::info1::READ | aerospike_wire::bits::info1::GET_ALL,
            info3: mode,
            ..Default::default()
        };
        client.call(&support::frame(header, "0", &[])).code()
    };
    let (linearize, relax) = (info3::SC_READ_TYPE, info3::SC_READ_RELAX);
    assert_eq!([read(0), read(linearize), read(relax)], [ResultCode::UNAVAILABLE; 3]);
    assert_eq!(read(linearize | relax), ResultCode::OK, "a read that allows it");
    let (found, unavailable, code) = query(&node, &support::query::Query::scan());
    assert_eq!((found.len(), unavailable, code), (0, vec![partition as u32], ResultCode::OK));
    let rows = [support::row(0, "0", read_all(), &[])];
    let mut client = to(&node);
    client.send(&support::batch(0x04, &rows));
    let (rows, _) = client.rows();
    assert_eq!(rows.iter().map(|row| row.code()).collect::<Vec<_>>(), [ResultCode::UNAVAILABLE]);

    emulator.cluster().set_fate("test", &only, Fate::Dead).unwrap();
    assert!(one(&node, "namespace/test").contains(";dead_partitions=1;unavailable_partitions=0;"));
    assert_eq!(one(&node, "revive:namespace=test"), "ok");
    assert_eq!(client.call(&get("0")).code(), ResultCode::UNAVAILABLE, "not before the cluster forms anew");
    assert_eq!(one(&node, "recluster:"), "ok");
    assert_eq!(client.call(&get("0")).code(), ResultCode::OK);
    assert!(emulator.cluster().set_fate("nope", &only, Fate::Dead).is_err());
}

fn read_all() -> aerospike_wire::Header {
    use aerospike_wire::bits::info1;
    aerospike_wire::Header { info1: info1::READ | info1::GET_ALL, ..Default::default() }
}

/// Everything by info command, as `ctl` sends it.
#[test]
fn the_command_for_tests() {
    let emulator = cluster(2);
    let nodes = emulator.nodes();
    let first = &nodes[0];
    let run = |command: &str| one(first, &format!("emulator-node:{command}"));
    let entry = |node: &Node, state: &str| {
        let (name, port) = (node.name(), node.address.port());
        format!(r#"{{"node":"{name}","address":"127.0.0.1","port":{port},"state":"{state}"}}"#)
    };
    let listed = |states: [&str; 2]| {
        let entries: Vec<_> = nodes.iter().zip(states).map(|(node, state)| entry(node, state)).collect();
        format!("[{}]", entries.join(","))
    };
    let sorted = |json: &str| -> serde_json::Value { serde_json::from_str(json).expect("JSON") };
    assert_eq!(sorted(&run("")), sorted(&listed(["running", "running"])));
    assert_eq!(run("stop=A3501"), "ok");
    assert_eq!(sorted(&run("")), sorted(&listed(["running", "stopped"])));
    assert_eq!(run("stop=2"), "ERROR:4:node A3501 is stopped");
    assert_eq!(run("stop=A9"), "ERROR:4:there is no node 'A9'");
    assert_eq!(run("settle=10"), "ok");
    assert_eq!(statistic(first, "cluster_size"), "1");
    assert_eq!(run("restart=2"), "ok");
    assert_eq!(run("hang=2;for=50ms"), "ok");
    assert_eq!(to(&nodes[1]).info("status\n"), "status\tok\n", "after the hang");
    assert_eq!(run("slow=2;by=1ms"), "ok");
    assert_eq!(run("resume=2"), "ok");
    assert!(run("add").contains(r#""node":"A3502""#));
    assert_eq!(run("settle"), "ok");
    check_steady(&emulator.nodes(), 2);
    for command in ["rack=1;id=3", "quiesce=2", "unquiesce=2", "recluster", "map=5", "pace=1"] {
        assert_eq!(run(command), "ok", "{command}");
    }
    assert_eq!(run("split=1,2/3"), "ok");
    assert_eq!(run("heal"), "ok");
    assert_eq!(run("settle=10s"), "ok");
    assert_eq!(run("partitions=0-9;namespace=test;state=unavailable"), "ok");
    assert!(one(first, "namespace/test").contains(";unavailable_partitions=10;"));
    assert_eq!(run("partitions=all;namespace=test;state=available"), "ok");
    check_steady(&emulator.nodes(), 2);
    let wrong = [
        "nope=1",
        "stop",
        "partitions=9999;namespace=test;state=dead",
        "map=x",
        "split=1/1",
        "pace=-1",
        "rack=1",
        "partitions=1;namespace=test",
        "partitions=1;namespace=x;state=dead",
        "slow=2",
        "slow=2;by=x",
        "stop=1;x=2",
    ];
    for wrong in wrong {
        assert!(run(wrong).starts_with("ERROR:4:"), "{wrong}: {}", run(wrong));
    }
    assert_eq!(statistic(first, "cluster_size"), "3", "nothing has happened");
}

/// Whatever has happened, a reset brings back what there was.
#[test]
fn reset() {
    let emulator = strong(4);
    let nodes = emulator.nodes();
    let before = replicas(&nodes[0], "bar");
    let generation = generations(&nodes[0]);
    emulator.cluster().reset().unwrap();
    assert!(emulator.cluster().is_settled(), "there is nothing to undo");
    assert_eq!(generations(&nodes[0]), generation);
    emulator.cluster().stop(&nodes[1]).unwrap();
    emulator.cluster().hang(&nodes[2], None).unwrap();
    emulator.cluster().slow(&nodes[3], Duration::from_secs(60)).unwrap();
    emulator.cluster().split(&[vec![nodes[0].clone()]]).unwrap();
    emulator.cluster().set_fate("test", &PartitionSet::parse("all").unwrap(), Fate::Dead).unwrap();
    emulator.cluster().quiesce(&nodes[3], true);
    emulator.cluster().remap(9);
    emulator.cluster().reset().unwrap();
    assert!(emulator.cluster().settle(LONG));
    check_steady(&nodes, 2);
    assert_eq!(replicas(&nodes[0], "bar"), before);
}

/// A request that runs while its node stops ends with its connection.
#[test]
fn a_query_of_a_node_that_stops() {
    let emulator = cluster(2);
    let nodes = emulator.nodes();
    fill(&nodes[0], 300);
    let mut client = to(&nodes[1]);
    let slow =
        support::query::Query::scan().with(aerospike_wire::field::RECORDS_PER_SECOND, &5u32.to_be_bytes());
    client.send(&slow.frame());
    std::thread::sleep(Duration::from_millis(100));
    emulator.cluster().stop(&nodes[1]).unwrap();
    let start = Instant::now();
    while client.receive().is_some() {}
    assert!(start.elapsed() < Duration::from_secs(1), "the connection is reset at once");
}
