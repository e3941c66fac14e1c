//! What asadm asks, by the client's own info call.

use crate::fixture::{Test, range};
use crate::harness::Suite;
use crate::server::{Server, example};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::HashMap;

/// A client of a server of the test's own, and the set Q there.
async fn serve(t: &Test) -> (Server, Test) {
    let server = Server::start("server.conf");
    let t = t.with(server.connect().await);
    t.put_q().await;
    (server, t)
}

/// Names and values of an answer.
fn pairs(answer: &str, separator: char) -> HashMap<&str, &str> {
    answer.split(separator).filter_map(|pair| pair.split_once('=')).collect()
}

/// The answer to a command that is no error.
async fn ask(t: &Test, command: &str) -> String {
    let answer = t.info(command).await;
    assert!(!answer.starts_with("ERROR") && !answer.starts_with("FAIL"), "{command}: {answer}");
    answer
}

/// The line of a list that tells of this.
fn line_with<'l>(list: &'l str, what: &str) -> &'l str {
    list.split(';')
        .find(|line| line.split([':', ',']).any(|pair| pair == what))
        .unwrap_or_else(|| panic!("{list}"))
}

fn has(found: &HashMap<&str, &str>, names: &[&str]) {
    for name in names {
        assert!(found.contains_key(name), "{name}: {found:?}");
    }
}

fn add_questions(suite: &mut Suite) {
    suite.test("tools-01", |t| async move {
        let (server, t) = serve(&t).await;
        assert_eq!(ask(&t, "node").await, t.client.node_names()[0]);
        assert!(ask(&t, "build").await.starts_with("8.1."));
        assert!(!ask(&t, "connection").await.is_empty());
        assert_eq!(ask(&t, "service-clear-std").await, format!("127.0.0.1:{}", server.port()));
        // Generation of the peers, their default port, and the peers.
        let peers = ask(&t, "peers-clear-std").await;
        let parts: Vec<_> = peers.splitn(3, ',').collect();
        assert!(parts[..2].iter().all(|part| part.parse::<u32>().is_ok()) && parts[2] == "[]", "{peers}");
        let agent = BASE64.encode("1,asadm-5.0,tester");
        // Over a connection of its own: the client has told of itself on its.
        assert_eq!(server.ask(0, &format!("user-agent-set:value={agent}")).await, "ok");
    });
    suite.test("tools-02", |t| async move {
        let (_server, t) = serve(&t).await;
        let answer = ask(&t, "statistics").await;
        let statistics = pairs(&answer, ';');
        assert_eq!(statistics["objects"], "60");
        has(&statistics, &["cluster_size", "uptime", "client_connections", "cluster_integrity"]);
        assert_eq!(ask(&t, "cluster-name").await, "docker");
        ask(&t, "release").await;
        assert_eq!(ask(&t, "namespaces").await, "test;aging");
        let answer = ask(&t, "namespace/test").await;
        let namespace = pairs(&answer, ';');
        assert_eq!(namespace["objects"], "60");
        has(&namespace, &["master_objects", "data_used_bytes", "stop_writes", "ns_cluster_size"]);
        let answer = ask(&t, "sets").await;
        let set = pairs(line_with(&answer, &format!("set={}", t.set)), ':');
        assert_eq!((set["ns"], set["objects"]), ("test", "60"));
    });
    suite.test("tools-03", |t| async move {
        let (_server, t) = serve(&t).await;
        for context in ["service", "network", "security", "namespace;namespace=test"] {
            ask(&t, &format!("get-config:context={context}")).await;
        }
        let answer = ask(&t, "get-config:context=service").await;
        has(&pairs(&answer, ';'), &["proto-fd-max", "batch-index-threads"]);
        let answer = ask(&t, "get-config:context=network").await;
        assert!(pairs(&answer, ';')["service.port"].parse::<u16>().is_ok(), "{answer}");
        let answer = ask(&t, "get-config:context=namespace;namespace=test").await;
        let settings = pairs(&answer, ';');
        assert_eq!((settings["default-ttl"], settings["nsup-period"]), ("0", "1"));
    });
    suite.test("tools-07", |t| async move {
        let (_server, t) = serve(&t).await;
        let commands = [
            "latencies:",
            "best-practices",
            "racks:",
            "roster:",
            "rack-ids",
            "feature-key",
            "user-agents",
            "query-show",
            "histogram:namespace=test;type=ttl",
            "histogram:namespace=test;type=object-size-linear",
            "partition-info",
            "logs",
            "node:",
        ];
        for command in commands {
            // Some are answered with an error that the tools know: there are no racks, there is no licence.
            let answer = t.info(command).await;
            assert!(!answer.contains("unrecognized command"), "{command}: {answer}");
        }
        assert_eq!(ask(&t, "node").await, t.client.node_names()[0]);
    });
}

fn add_changes(suite: &mut Suite) {
    suite.test("tools-04", |t| async move {
        let (_server, t) = serve(&t).await;
        let create = format!("sindex-create:indexname=ib;namespace=test;set={};bin=n;type=numeric", t.set);
        assert_eq!(ask(&t, &create).await, "ok");
        let answer = ask(&t, "sindex-list:").await;
        let listed = pairs(line_with(&answer, "indexname=ib"), ':');
        assert_eq!((listed["ns"], listed["set"]), ("test", &*t.set));
        assert_eq!((listed["bin"], listed["type"]), ("n", "numeric"));
        let answer = ask(&t, "sindex-stat:namespace=test;indexname=ib").await;
        let statistics = pairs(&answer, ';');
        assert_eq!((statistics["entries"], statistics["load_pct"]), ("60", "100"));
        let delete = format!("sindex-delete:indexname=ib;namespace=test;set={}", t.set);
        assert_eq!(ask(&t, &delete).await, "ok");
        assert!(!ask(&t, "sindex-list:").await.contains("indexname=ib"));
    });
    suite.test("tools-05", |t| async move {
        let (_server, t) = serve(&t).await;
        let source = std::fs::read(example("counter.lua")).expect("a file");
        let content = BASE64.encode(&source);
        let length = content.len();
        let put = format!("udf-put:filename=tool.lua;udf-type=LUA;content-len={length};content={content}");
        assert_eq!(ask(&t, &put).await, "ok");
        let answer = ask(&t, "udf-list").await;
        assert!(line_with(&answer, "filename=tool.lua").ends_with("type=LUA"), "{answer}");
        let answer = ask(&t, "udf-get:filename=tool.lua").await;
        assert_eq!(BASE64.decode(pairs(&answer, ';')["content"]).expect("Base64"), source);
        assert_eq!(ask(&t, "udf-remove:filename=tool.lua").await, "ok");
        assert!(!ask(&t, "udf-list").await.contains("tool.lua"));
    });
    suite.test("tools-06", |t| async move {
        let (_server, t) = serve(&t).await;
        let sets = format!("sets/test/{}", t.set);
        assert_eq!(pairs(&ask(&t, &sets).await, ':')["objects"], "60");
        assert_eq!(ask(&t, &format!("truncate:namespace=test;set={}", t.set)).await, "ok");
        assert_eq!(t.scan().await, range(0..0, &[]));
        assert_eq!(pairs(&ask(&t, &sets).await, ':')["objects"], "0");
    });
    suite.test("tools-08", |t| async move {
        let (_server, t) = serve(&t).await;
        for seconds in ["100", "0"] {
            let command = format!("set-config:context=namespace;namespace=test;default-ttl={seconds}");
            assert_eq!(ask(&t, &command).await, "ok");
            let answer = ask(&t, "get-config:context=namespace;namespace=test").await;
            assert_eq!(pairs(&answer, ';')["default-ttl"], seconds);
        }
        let refused = t.info("set-config:context=service;no-such-thing=1").await;
        assert!(refused.starts_with("ERROR"), "{refused}");
    });
}

pub fn add(suite: &mut Suite) {
    add_questions(suite);
    add_changes(suite);
}
