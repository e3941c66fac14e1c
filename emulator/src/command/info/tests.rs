//! Whole requests against a server without sockets.

use super::{COMMANDS, answer};
use crate::command::Disposition;
use crate::config::{Config, Edition, NamespaceConfig};
use crate::server::{Port, Running, Server, Session};
use crate::store::{Namespace, Record, RecordHeader};
use aerospike_wire::Digest;
use bytes::BytesMut;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// A server and one connection to it.
struct Asker {
    running: Running,
    session: Session,
}

impl Asker {
    fn new(edition: Edition) -> Asker {
        let namespaces = vec![NamespaceConfig::new("test"), NamespaceConfig::new("bar")];
        Asker::with(Config { edition, namespaces, node_id: Some(0xa3500), ..Config::default() })
    }

    fn with(config: Config) -> Asker {
        let running = Running::start(Config { port: 0, service_threads: 1, ..config }).unwrap();
        let session = Session {
            id: 1,
            node: running.server().cluster.node(0).unwrap(),
            port: Port::Service,
            peer: "127.0.0.1:50000".parse().unwrap(),
            local: running.address(),
            told_user_agent: false,
            caller: crate::security::Caller::stranger("127.0.0.1".parse().unwrap()),
            certificate: None,
        };
        Asker { running, session }
    }

    fn server(&self) -> &Server {
        self.running.server()
    }

    fn namespace(&self) -> &Arc<Namespace> {
        self.server().store.namespace(b"test").unwrap()
    }

    /// The body of the reply to a body.
    fn body(&mut self, body: &str) -> String {
        let mut out = BytesMut::new();
        let server = self.running.server().clone();
        let end = answer(&server, &mut self.session, body.as_bytes(), &mut out);
        assert_eq!(end, Disposition::Done);
        assert_eq!(out[..2], [2, 1]);
        let size = u64::from_be_bytes(out[..8].try_into().unwrap()) & 0xffff_ffff_ffff;
        assert_eq!(size as usize, out.len() - 8);
        String::from_utf8(out[8..].to_vec()).unwrap()
    }

    /// The value of one command.
    fn ask(&mut self, command: &str) -> String {
        let reply = self.body(&format!("{command}\n"));
        let echo = format!("{command}\t");
        let value = reply.strip_prefix(&echo).and_then(|rest| rest.strip_suffix('\n'));
        value.unwrap_or_else(|| panic!("{command:?} is not echoed in {reply:?}")).to_owned()
    }

    fn put(&self, seed: u8, set: &[u8], age_ms: u64) {
        let namespace = self.namespace();
        let digest = Digest([seed; 20]);
        let header = RecordHeader {
            digest,
            generation: 1,
            set: namespace.sets.find_or_create(set).unwrap().id,
            void_time: 0,
            n_bins: 0,
            key_size: 0,
            storage_size: 70,
            value_indexes: 0,
            last_update: namespace.clock.now_ms() - age_ms,
        };
        let mut partition = namespace.partition(&digest).write();
        let position = partition.position(&digest);
        namespace.put(&mut partition, position, Record::new(header, &[]));
    }
}

#[test]
fn frames_hold_commands_in_order() {
    let mut asker = Asker::new(Edition::Community);
    for (request, reply) in [
        ("node\nbuild\nnode\n", "node\tA3500\nbuild\t8.1.1.2\nnode\tA3500\n"),
        ("node\nbuild", "node\tA3500\n"),
        ("node", ""),
        ("\n", "\tERROR:4:unrecognized command\n"),
        ("node\0x\n", "node\tA3500\n"),
        ("no\0de\n", "no\tERROR:4:unrecognized command\n"),
        ("NODE\n", "NODE\tERROR:4:unrecognized command\n"),
        (" node\n", " node\tERROR:4:unrecognized command\n"),
        ("node\r\n", "node\r\tERROR:4:unrecognized command\n"),
        (
            "node:\nnode/\nnode;\nnode/xx:yy\n",
            "node:\tA3500\nnode/\tA3500\nnode;\tA3500\nnode/xx:yy\tA3500\n",
        ),
        ("nope\nstatus\n", "nope\tERROR:4:unrecognized command\nstatus\tok\n"),
    ] {
        assert_eq!(asker.body(request), reply, "{request:?}");
    }
    let summary = asker.body("");
    let names: Vec<_> = summary.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(
        names.join(" "),
        "features node compatibility-id edition build_ee_sha build_sha build_arch build_time build_os build \
         version statistics services-alumni services partition-generation"
    );
    let many = "status\n".repeat(20_000);
    assert_eq!(asker.body(&many), "status\tok\n".repeat(20_000));
}

/// A small request must not make the server hold any amount of memory.
#[test]
fn a_frame_that_asks_for_too_much_closes_the_connection() {
    let mut asker = Asker::new(Edition::Community);
    let server = asker.running.server().clone();
    let mut out = BytesMut::from(&b"earlier replies"[..]);
    let body = "replicas\n".repeat(100_000);
    let end = answer(&server, &mut asker.session, body.as_bytes(), &mut out);
    assert_eq!((end, &out[..]), (Disposition::Close, &b"earlier replies"[..]));
}

/// info §5: the list, in which (d) and (E) mark what is deprecated and what needs Enterprise Edition.
const LISTED: &str = "
    node name(d) build version(d) edition(d) release features(d) compatibility-id build_arch(d) build_os(d)
    build_sha(d) build_ee_sha(d) build_time(d) status feature-key(E) digests(d) partitions(d) connection help
    cluster-name cluster-stable partition-generation rebalance-generation peers-generation get-sl racks(E)
    rack-ids(E) roster(E) roster-set(E) recluster quiesce(E) quiesce-undo(E) revive(E) service(d) services(d)
    services-alternate(d) services-alumni(d) services-alumni-reset service-clear-std service-clear-alt
    service-tls-std(E) service-tls-alt(E) peers-clear-std peers-clear-alt peers-tls-std(E) peers-tls-alt(E)
    alumni-clear-std alumni-clear-alt alumni-tls-std(E) alumni-tls-alt(E) admin-clear-std admin-tls-std endpoints
    mesh(d) mcast(d) tip tip-clear replicas replicas-all(d) replicas-master(d) partition-info namespaces namespace
    sets objects(d) statistics histogram index-pressure debug-record debug-record-meta sindex(d) sindex-list
    sindex-stat sindex-exists sindex-create sindex-delete udf-list udf-get udf-put udf-remove udf-clear-cache
    truncate truncate-undo truncate-namespace truncate-namespace-undo eviction-reset query-show query-abort
    query-abort-all get-config config-get(d) set-config config-set(d) get-stats latencies log logs log-set set-log
    log-message health-stats health-outliers best-practices user-agent-set user-agents smd-info smd-show
    physical-devices thread-traces jem-stats dump-cluster dump-fabric dump-hb dump-hlc dump-migrates dump-rw
    dump-skew dump-wb-summary masking(E) masking-show(E) xdr-dc-state(E) xdr-get-filter(E) xdr-set-filter(E)";

#[test]
fn every_command_of_the_reference_and_no_other() {
    let mut listed: Vec<_> = LISTED.split_whitespace().map(str::to_owned).collect();
    let mark = |command: &super::Command| match (command.is_deprecated(), command.is_enterprise()) {
        (true, _) => format!("{}(d)", command.name),
        (_, true) => format!("{}(E)", command.name),
        _ => command.name.to_owned(),
    };
    // What only an emulator has says so in its name.
    let real = COMMANDS.iter().filter(|command| !command.name.starts_with("emulator-"));
    let mut known: Vec<_> = real.map(mark).collect();
    listed.sort();
    known.sort();
    assert_eq!(known, listed);
}

#[test]
fn community_edition_refuses_what_it_does_not_have() {
    let mut asker = Asker::new(Edition::Community);
    for command in COMMANDS.iter().filter(|command| command.is_enterprise()) {
        assert_eq!(asker.ask(command.name), "ERROR:25:enterprise only", "{}", command.name);
    }
    assert_eq!(asker.ask("set-config:context=xdr;dc=x"), "ERROR:25:enterprise only");
    assert_eq!(asker.ask("smd-show:module=roster"), "ERROR:25:enterprise only");
    assert_eq!(asker.ask("set-config:context=namespace;namespace=test;rack-id=1"), INVALID);
}

/// info §11 and §27: what rack-aware clients and tools look for.
#[test]
fn enterprise_edition_tells_racks_and_rosters() {
    let mut asker = Asker::new(Edition::Enterprise);
    assert_eq!(asker.ask("set-config:context=namespace;namespace=test;rack-id=2"), "ok");
    for (request, reply) in [
        ("rack-ids", "test:2;bar:0"),
        ("racks:", "ns=test:rack_2=A3500;ns=bar:rack_0=A3500"),
        ("racks:namespace=test", "rack_2=A3500"),
        ("racks:namespace=nope", "ERROR:20:namespace not found on node"),
        (
            "roster:",
            "ns=test:roster=null:pending_roster=null:observed_nodes=null;\
             ns=bar:roster=null:pending_roster=null:observed_nodes=null",
        ),
        ("peers-tls-std", "0,3000,[]"),
        ("service-tls-std", ""),
        ("quiesce:", "ok"),
        ("quiesce-undo:", "ok"),
        ("edition", "Aerospike Enterprise Edition"),
    ] {
        assert_eq!(asker.ask(request), reply, "{request}");
    }
}

#[test]
fn a_roster_counts_after_a_rebalance() {
    let namespaces = vec![NamespaceConfig { strong_consistency: true, ..NamespaceConfig::new("sc") }];
    let mut asker = Asker::with(Config { namespaces, node_id: Some(0xa3500), ..Config::default() });
    assert_eq!(asker.ask("roster-set:namespace=sc;nodes=A3500@1"), "ok");
    assert_eq!(asker.ask("roster:namespace=sc"), "roster=null:pending_roster=A3500@1:observed_nodes=A3500");
    assert_eq!(asker.ask("recluster:"), "ok");
    assert_eq!(
        asker.ask("roster:namespace=sc"),
        "roster=A3500@1:pending_roster=A3500@1:observed_nodes=A3500"
    );
    assert!(asker.ask("replicas").starts_with("sc:2,1,"));
}

/// info §12: one node.
#[test]
fn the_cluster_of_one_node() {
    let mut asker = Asker::new(Edition::Community);
    let port = asker.running.address().port();
    for (request, reply) in [
        ("peers-generation", "0".to_owned()),
        ("partition-generation", "0".into()),
        ("rebalance-generation", "1".into()),
        ("peers-clear-std", "0,3000,[]".into()),
        ("peers-clear-alt:generation=0", "0,3000,[]".into()),
        ("service-clear-std", format!("127.0.0.1:{port}")),
        ("service", format!("127.0.0.1:{port}")),
        ("service-clear-alt", String::new()),
        ("services", String::new()),
        ("get-sl", "A3500".into()),
        ("connection", "admin=false".into()),
        ("mesh", "127.0.0.1:3002".into()),
        ("mcast", "ERROR:4:heartbeat is in multicast mode".into()),
    ] {
        assert_eq!(asker.ask(request), reply, "{request}");
    }
    let replicas = asker.ask("replicas");
    let maps: Vec<_> = replicas.split(';').collect();
    assert_eq!(maps.len(), 2);
    for (map, namespace) in maps.iter().zip(["test", "bar"]) {
        let map = map.strip_prefix(&format!("{namespace}:0,1,")).unwrap();
        assert_eq!(map.len(), 684);
        assert!(map.starts_with("////") && map.ends_with("//////8="));
    }
    assert_eq!(asker.ask("replicas:max=1").len(), 1402 - "replicas:max=1\t\n".len());
    assert_eq!(asker.ask("replicas:max=x"), "ERROR:4:bad max");
    assert!(asker.ask("replicas-all").starts_with("test:1,////"));
    assert!(asker.ask("replicas-master").starts_with("test:////"));
    let partitions = asker.ask("partition-info");
    assert_eq!(partitions.split(';').count(), 1 + 2 * 4096);
    assert!(partitions.contains(";bar:4095:S:1:0:0:0:A3500:A3500:0:0:0:0:0:0:1:"));
}

/// info §10.
#[test]
fn the_cluster_key_changes_with_the_cluster() {
    let mut asker = Asker::new(Edition::Community);
    let key = asker.ask("cluster-stable:size=1;ignore-migrations=false;namespace=test");
    assert!(u64::from_str_radix(&key, 16).is_ok_and(|key| key > 0), "{key}");
    assert_eq!(asker.ask("cluster-stable:"), key);
    assert_eq!(asker.ask("recluster:"), "ok");
    assert_ne!(asker.ask("cluster-stable:"), key);
    assert_eq!(asker.ask("partition-generation"), "1");
    assert_eq!(asker.ask("rebalance-generation"), "2");
    for (parameters, error) in [
        ("size=2", "ERROR:7:cluster not specified size"),
        ("size=x", "ERROR:4:bad size"),
        ("ignore-migrations=x", "ERROR:4:bad ignore migrations"),
        ("namespace=nope", "ERROR:20:namespace not found on node"),
    ] {
        assert_eq!(asker.ask(&format!("cluster-stable:{parameters}")), error);
    }
    assert!(!asker.ask("cluster-stable:ignore-migrations=true;namespace=nope").starts_with("ERROR"));
}

/// info §7.
#[test]
fn user_agents_are_told_once() {
    let mut asker = Asker::new(Edition::Community);
    assert_eq!(asker.ask("user-agents"), "");
    assert_eq!(asker.ask("user-agent-set:"), "ERROR:4:missing 'value'");
    assert_eq!(asker.ask("user-agent-set:value=!!"), "ERROR:4:'value' invalid base64");
    let long = format!("user-agent-set:value={}", "A".repeat(88));
    assert_eq!(asker.ask(&long), "ERROR:4:'value' value too long");
    asker.ask("features");
    assert_eq!(asker.ask("user-agents"), "user-agent=dW5rbm93bg==:count=1;");
    assert_eq!(asker.ask("user-agent-set:value=MSxweXRob24tMTkuMy4wLG5vdC1zZXQ="), "ok");
    assert_eq!(asker.ask("user-agent-set:value=MSxweXRob24tMTkuMy4wLG5vdC1zZXQ="), "ERROR:4:already set");
    assert_eq!(asker.ask("user-agents"), "user-agent=MSxweXRob24tMTkuMy4wLG5vdC1zZXQ=:count=1;");
}

/// info §16, §24, §25: figures agree with each other.
#[test]
fn counts_of_records() {
    let mut asker = Asker::new(Edition::Community);
    asker.put(1, b"demo", 0);
    asker.put(2, b"demo", 0);
    asker.put(3, b"other", 0);
    assert_eq!(
        asker.ask("sets/test/demo"),
        "objects=2:tombstones=0:data_used_bytes=160:truncate_lut=0:sindexes=0:index_populating=false:\
         truncating=false:default-read-touch-ttl-pct=0:default-ttl=0:disable-eviction=false:enable-index=false:\
         stop-writes-count=0:stop-writes-size=0;"
    );
    let sets = asker.ask("sets");
    assert!(
        sets.starts_with("ns=test:set=demo:objects=2:") && sets.contains(";ns=test:set=other:objects=1:")
    );
    assert_eq!(asker.ask("sets/test"), sets);
    assert_eq!(asker.ask("sets/bar"), "");
    assert_eq!(asker.ask("sets/test/none"), "");
    assert_eq!(asker.ask("sets//gold"), "ns_type=unknown");
    assert_eq!(asker.ask("sets/nope"), "ns_type=unknown");
    assert_eq!(asker.ask("namespace/"), "type=unknown");
    assert_eq!(asker.ask("objects"), "3");
    let namespace = asker.ask("namespace/test");
    for line in
        ["objects=3", "master_objects=3", "index_used_bytes=192", "data_used_bytes=240", "stop_writes=false"]
    {
        assert!(namespace.split(';').any(|found| found == line), "{line}");
    }
    // 351 statistics and 97 settings.
    assert_eq!(namespace.split(';').count(), 448);
    let statistics = asker.ask("statistics");
    assert_eq!(statistics.split(';').count(), 85);
    assert!(statistics.contains(";objects=3;"));
}

/// info §19.
#[test]
fn truncation() {
    let mut asker = Asker::new(Edition::Community);
    asker.put(1, b"demo", 5000);
    asker.put(2, b"demo", 0);
    asker.put(3, b"other", 0);
    let now = asker.server().clock.unix_ms();
    assert_eq!(asker.ask(&format!("truncate:namespace=test;set=demo;lut={}000000", now - 1000)), "ok");
    assert_eq!(asker.namespace().objects.load(Relaxed), 2);
    assert_eq!(asker.ask("truncate:namespace=test;set=demo"), "ok");
    assert_eq!(asker.namespace().objects.load(Relaxed), 1);
    let sets = asker.ask("sets/test/demo");
    assert!(sets.starts_with("objects=0:") && !sets.contains("truncate_lut=0:"), "{sets}");
    assert!(asker.ask("smd-show:module=TRUNCATE").starts_with("test|demo="));
    assert_eq!(asker.ask("truncate-undo:namespace=test;set=demo"), "ok");
    assert!(asker.ask("sets/test/demo").contains("truncate_lut=0:"));
    assert_eq!(asker.ask("smd-show:module=truncate"), "<empty>");
    assert_eq!(asker.ask("truncate-namespace:namespace=test"), "ok");
    assert_eq!(asker.namespace().objects.load(Relaxed), 0);
    let long = "y".repeat(64);
    for (request, reply) in [
        ("truncate:namespace=nope;set=demo".to_owned(), "ok"),
        ("truncate:namespace=test;set=none".into(), "ok"),
        ("truncate-namespace:namespace=nope".into(), "ok"),
        ("truncate-namespace-undo:namespace=nope".into(), "ok"),
        ("truncate:".into(), "ERROR:20:missing 'namespace'"),
        // Only index and dump commands take the short spelling (info §27).
        ("truncate:ns=test;set=x".into(), "ERROR:20:missing 'namespace'"),
        ("truncate:namespace=;set=x".into(), "ERROR:20:missing 'namespace' value"),
        ("truncate:namespace=test".into(), "ERROR:4:missing 'set'"),
        (format!("truncate:namespace=nope;set={long};lut=1"), "ERROR:4:'set' value too long"),
        ("truncate:namespace=nope;set=other;lut=1".into(), "ERROR:4:would truncate to 0"),
        (
            "truncate:namespace=test;set=other;lut=9999999999999999999".into(),
            "ERROR:4:would truncate in the future",
        ),
        ("truncate-namespace:namespace=test;set=x".into(), "ERROR:4:unexpected set name"),
        ("eviction-reset:namespace=nope;ttl=10".into(), "ok"),
        ("eviction-reset:".into(), "ERROR:20:missing 'namespace'"),
    ] {
        assert_eq!(asker.ask(&request), reply, "{request}");
    }
}

const INVALID: &str = "ERROR:4:invalid set-config parameter";

/// info §21.
#[test]
fn reading_the_configuration() {
    let mut asker = Asker::new(Edition::Community);
    let service = asker.ask("get-config:context=service");
    assert_eq!(service.split(';').count(), 53);
    assert!(
        service.starts_with("advertise-ipv6=false;auto-pin=none;") && service.contains(";node-id=A3500;")
    );
    let network = asker.ask("config-get:context=network");
    assert!(network.starts_with(&format!("service.port={};", asker.running.address().port())), "{network}");
    assert_eq!(asker.ask("get-config:"), format!("{service};{network}"));
    assert_eq!(asker.ask("get-config"), format!("{service};{network}"));
    let namespace = asker.ask("get-config:context=namespace;namespace=bar");
    assert_eq!(namespace.split(';').count(), 97);
    assert_eq!(asker.ask("get-config:context=namespace;id=bar;set=x"), namespace);
    for (request, reply) in [
        ("get-config:context=security", ""),
        ("get-config:context=xdr", ""),
        ("get-config:context=logging", "ERROR:4:invalid context"),
        ("get-config:context=", "ERROR:4:missing 'context' value"),
        ("get-config:namespace=test", "ERROR:4:missing 'context'"),
        ("get-config:context=namespace", "ERROR:20:missing 'namespace'"),
        ("get-config:context=namespace;namespace=", "ERROR:20:missing 'namespace' value"),
        ("get-config:context=namespace;namespace=nope", "ERROR:20:namespace not found on node"),
        ("get-stats:context=xdr;dc=D", ""),
        ("get-stats:context=service", "ERROR:4:unknown context"),
        ("get-stats:", "ERROR:4:missing 'context'"),
    ] {
        assert_eq!(asker.ask(request), reply, "{request}");
    }
}

#[test]
fn changing_the_configuration() {
    let mut asker = Asker::new(Edition::Community);
    for (parameters, reply) in [
        ("context=service;cluster-name=x", "ok"),
        ("context=service;ticker-interval=7;migrate-threads=3", "ok"),
        ("context=service;node-id=1", INVALID),
        ("context=service;service-threads=0", INVALID),
        ("context=service;query-threads-limit=99999", INVALID),
        ("context=service;info-max-ms=10", INVALID),
        ("context=service", INVALID),
        ("context=network;heartbeat.interval=151", "ok"),
        ("context=network;interval=151", INVALID),
        ("context=namespace;namespace=test;default-ttl=30d", "ok"),
        ("context=namespace;id=test;allow-ttl-without-nsup=maybe", INVALID),
        ("context=namespace;namespace=test;stop-writes-used-pct=50", "ok"),
        ("context=namespace;namespace=test;storage-engine.stop-writes-used-pct=50", INVALID),
        ("context=namespace;namespace=test;stop-writes-used-pct=101", INVALID),
        ("context=namespace;namespace=test;strong-consistency=true", INVALID),
        ("context=namespace;namespace=test;nope=1", INVALID),
        ("context=namespace;namespace=test;set=new;default-ttl=60", "ok"),
        ("context=namespace;namespace=test;set=typo;default-tll=60", INVALID),
        ("context=namespace;namespace=nope;default-ttl=0", "ERROR:20:namespace not found on node"),
        ("context=namespace;default-ttl=0", "ERROR:20:missing 'namespace'"),
        ("context=nope;x=1", "ERROR:4:invalid context"),
        ("", "ERROR:4:missing 'context'"),
    ] {
        assert_eq!(asker.ask(&format!("set-config:{parameters}")), reply, "{parameters}");
    }
    assert_eq!(asker.ask("cluster-name"), "x");
    let service = asker.ask("get-config:context=service");
    assert!(service.contains(";migrate-threads=3;") && service.contains(";ticker-interval=10;"));
    assert!(asker.ask("get-config:context=network").contains(";heartbeat.interval=151;"));
    let namespace = asker.ask("get-config:context=namespace;namespace=test");
    assert!(
        namespace.contains(";default-ttl=2592000;")
            && namespace.contains(";storage-engine.stop-writes-used-pct=50;")
    );
    assert_eq!(asker.namespace().settings.default_ttl.load(Relaxed), 2_592_000);
    let sets = asker.ask("sets");
    assert!(sets.starts_with("ns=test:set=new:objects=0:") && sets.contains(":default-ttl=60:"), "{sets}");
    assert!(!sets.contains("typo"));
}

/// info §22.
#[test]
fn logs_latencies_and_health() {
    let mut asker = Asker::new(Edition::Community);
    for (request, reply) in [
        ("logs", "0:stderr"),
        ("log/0/info", "info:INFO"),
        ("log/9", "ERROR::bad-id"),
        ("log/x", "ERROR:4:bad sink-id"),
        ("log/0/nope", "ERROR::bad-context"),
        ("log-set:id=0;info=detail", "ok"),
        ("log/0/info", "info:DETAIL"),
        ("set-log:id=0;any=debug", "ok"),
        ("log/0/smd", "smd:DEBUG"),
        ("log-set:id=0;nope=info", "ERROR:4:bad parameter"),
        ("log-set:info=info", "ERROR:4:missing id"),
        ("log-set:id=1;info=info", "ERROR:4:bad id"),
        ("log-set:id=0", "ERROR:4:missing context"),
        ("log-set:id=0;info=loud", "ERROR:4:bad level"),
        ("log-message:message=hello;who=me", ""),
        ("latencies:hist={test}-read", "{test}-read:"),
        ("latencies:hist=info", "ERROR:4:bad hist name"),
        ("latencies:hist={nope}-read", "ERROR:4:bad hist name"),
        (
            "latencies:hist={test}-benchmarks-read",
            "{test}-read-start:;{test}-read-restart:;{test}-read-dup-res:;{test}-read-repl-ping:;\
             {test}-read-local:;{test}-read-response:",
        ),
        ("dump-cluster:verbose=true", "ok"),
        ("dump-hb:verbose=x", "ERROR:4:'verbose' may be either 'true' or 'false'"),
        ("dump-wb-summary:", "ERROR:20:missing 'namespace'"),
        ("dump-wb-summary:ns=test", "ok"),
        ("health-stats", ""),
    ] {
        assert_eq!(asker.ask(request), reply, "{request}");
    }
    assert_eq!(asker.ask("log/0").split(';').count(), 65);
    let latencies = asker.ask("latencies:");
    assert!(
        latencies.starts_with("batch-index:;{test}-read:;{test}-write:;{test}-udf:;{test}-batch-sub-read:;")
    );
    assert!(latencies.ends_with(";{bar}-pi-query:;{bar}-si-query:"));
    // The quirk of info §3: no TAB.
    assert_eq!(asker.ask("set-config:context=service;enable-health-check=true"), "ok");
    assert_eq!(asker.body("health-outliers\nstatus\n"), "health-outliers\nstatus\tok\n");
}

/// info §22.
#[test]
fn histograms_wait_for_a_collection() {
    let mut asker = Asker::new(Edition::Community);
    asker.put(1, b"demo", 0);
    assert_eq!(asker.ask("histogram:namespace=test;type=ttl"), "");
    asker.namespace().collect_histograms();
    assert_eq!(asker.ask("histogram:namespace=test;type=object-size"), "units=bytes:[64-128)=1");
    assert_eq!(asker.ask("histogram:namespace=test;type=object-size;set=demo"), "units=bytes:[64-128)=1");
    for (parameters, reply) in [
        ("namespace=test;type=ttl;set=none", "hist-unavailable"),
        ("namespace=test;type=nope", "ERROR:4:unknown hist name"),
        ("namespace=nope;type=ttl", "ERROR:20:namespace not found on node"),
        ("ns=test;type=ttl", "ERROR:20:missing 'namespace'"),
    ] {
        assert_eq!(asker.ask(&format!("histogram:{parameters}")), reply, "{parameters}");
    }
}

/// info §23.
#[test]
fn looking_into_the_server() {
    let mut asker = Asker::new(Edition::Community);
    asker.put(1, b"demo", 0);
    let digest = "01".repeat(20);
    let record = asker.ask(&format!("debug-record:namespace=test;keyd={digest}"));
    assert!(
        record.starts_with("pid=257;repl-ix=0;index=rc=1,") && record.contains(",generation=1,"),
        "{record}"
    );
    let other = "02".repeat(20);
    for (request, reply) in [
        (format!("debug-record:namespace=test;keyd={other}"), "ERROR:2:record not found"),
        ("debug-record:namespace=test;keyd=01".into(), "ERROR:4:keyd"),
        ("index-pressure".into(), "test:0:0;bar:0:0"),
        ("physical-devices:path=/dev/x".into(), "ERROR:2:no device info"),
        ("physical-devices:".into(), "ERROR:4:missing 'path'"),
        ("smd-show:module=nope".into(), "ERROR:4:unknown 'module'"),
        ("smd-show:module=udf".into(), "<empty>"),
        ("best-practices".into(), "failed_best_practices=none"),
        ("jem-stats:".into(), "ok"),
        ("tip:host=10.0.0.9;port=3002;tls=false".into(), "ok"),
        ("tip:host=10.0.0.8;port=3002".into(), "ok"),
        ("tip:host=h;port=x".into(), "ERROR:4:'port' must be an integer"),
        ("tip-clear:host-port-list=10.0.0.9:3002".into(), "ok"),
        ("tip-clear:host-port-list=10.0.0.9:3002".into(), "ERROR::0 cleared, 1 not found"),
        ("tip-clear:host-port-list=all".into(), "ERROR::0 cleared, 0 not found"),
    ] {
        assert_eq!(asker.ask(&request), reply, "{request}");
    }
    let network = asker.ask("get-config:context=network");
    assert!(network.contains(
        ";heartbeat.tls-name=null;heartbeat.mesh-seed-address-port=10.0.0.8:3002;heartbeat.interval="
    ));
    assert!(asker.ask("smd-info").contains(";UDF:committed_key=0,committed_tid=0,n_keys=0,state=pr;"));
}

/// info §17, §18, §20: what a server without any index, module or job answers.
#[test]
fn indexes_modules_and_jobs() {
    let mut asker = Asker::new(Edition::Community);
    let long = "x".repeat(64);
    for (request, reply) in [
        ("sindex-list:".to_owned(), ""),
        ("sindex".into(), ""),
        ("sindex/test".into(), ""),
        ("sindex/test/".into(), "ERROR:201:no index"),
        ("sindex/nope/ix".into(), "ns_type=unknown"),
        ("sindex//ix".into(), "ns_type=unknown"),
        ("sindex-list:ns=test;b64=true".into(), ""),
        ("sindex-list:b64=no".into(), "ERROR:4:bad b64"),
        (
            "sindex-list:namespace=".into(),
            "ERROR:20:missing 'namespace' value;ERROR:20:missing 'namespace' value",
        ),
        (
            "sindex-list:namespace=nope".into(),
            "ERROR:20:namespace not found on node;ERROR:20:namespace not found on node",
        ),
        ("sindex-delete:".into(), "ERROR:4:missing 'indexname'ERROR:20:missing 'namespace'"),
        ("sindex-delete:namespace=bar".into(), "ERROR:4:missing 'indexname'ok"),
        ("sindex-delete:ns=nope;indexname=i".into(), "ok"),
        ("sindex-exists:namespace=test;indexname=".into(), "ERROR:4:missing 'indexname' valuefalse"),
        ("sindex-exists:ns=nope;indexname=i".into(), "ERROR:20:namespace not found on node"),
        (
            format!("sindex-stat:namespace=test;indexname={long}"),
            "ERROR:4:'indexname' value too longERROR:201:no index",
        ),
        ("sindex-create:".into(), "ERROR:4:missing 'indexname'"),
        ("sindex-create:indexname=i;set=s".into(), "ERROR:20:missing 'namespace'"),
        ("sindex-create:ns=test;indexname=i;set=".into(), "ERROR:4:missing 'set' value"),
        ("sindex-create:ns=test;indexname=i;bin=b".into(), "ERROR:4:both 'indexdata' and 'type' are missing"),
        (
            "sindex-create:ns=test;indexname=i;indexdata=b,numeric;type=numeric".into(),
            "ERROR:4:both 'indexdata' and 'type' are specified",
        ),
        (
            "sindex-create:ns=test;indexname=i;bin=bbbbbbbbbbbbbbbb;type=blob".into(),
            "ERROR:4:'bin' value too long",
        ),
        ("sindex-create:ns=test;indexname=i;type=blob".into(), "ERROR:4:both 'bin' and 'exp' are missing"),
        ("udf-list".into(), ""),
        ("udf-get:filename=x.lua;".into(), "error=not_found"),
        ("udf-get:".into(), "error=invalid_filename"),
        ("udf-remove:filename=".into(), "ok"),
        ("udf-put:filename=m1;content=!!!;content-len=3;udf-type=LUA;".into(), "error=invalid_filename"),
        ("udf-put:filename=m.lua;content=!!!;content-len=3;udf-type=lua;".into(), "error=invalid_udf_type"),
        (
            "udf-put:filename=m.lua;content=!!!;content-len=3;udf-type=LUA;".into(),
            "error=invalid_content_len",
        ),
        ("udf-put:filename=m.lua;content=;content-len=0;".into(), "error=invalid_base64_content"),
        ("query-show".into(), ""),
        ("query-show:trid=1".into(), "ERROR:2:job not found"),
        ("query-show:id=0".into(), "ERROR:4:bad id"),
        ("query-show:trid=abc".into(), "ERROR:4:bad id"),
        ("query-abort:id=1".into(), "ERROR:2:id not active"),
        ("query-abort:".into(), "ERROR:4:missing 'id'"),
        ("query-abort-all:".into(), "number-of-queries-killed:0"),
    ] {
        assert_eq!(asker.ask(&request), reply, "{request}");
    }
}

#[test]
fn deprecated_commands_are_counted() {
    let mut asker = Asker::new(Edition::Community);
    asker.body("name\nnode\nservices\n");
    assert!(asker.ask("statistics").ends_with(";deprecated_requests=2"));
}

/// info §16, §17, §23: what other commands tell of an index.
#[test]
fn indexes_show_in_sets_and_metadata() {
    let mut asker = Asker::new(Edition::Community);
    assert_eq!(asker.ask("sindex-create:ns=test;set=demo;indexname=ia;bin=a;type=numeric"), "ok");
    assert_eq!(asker.ask("sindex-create:ns=test;indexname=im;bin=m;indextype=mapkeys;type=string"), "ok");
    assert!(asker.ask("sets/test/demo").contains(":sindexes=1:index_populating=false:"));
    assert_eq!(asker.ask("smd-show:module=sindex"), "test|demo|a|.|I=ia;test||m|K|S=im");
    assert!(asker.ask("smd-info").contains(";sindex:committed_key=0,committed_tid=0,n_keys=2,state=pr;"));
    let namespace = asker.ask("namespace/test");
    assert!(namespace.contains(";set_index_used_bytes=0;sindex_used_bytes=33554432;"));
    assert!(asker.ask("sets/test/demo").contains(":enable-index=false:"));
    assert_eq!(asker.ask("sindex-create:ns=test;set=demo;indexname=is;indextype=set"), "ok");
    let set = asker.ask("sets/test/demo");
    assert!(set.contains(":sindexes=1:") && set.contains(":enable-index=true:"), "{set}");
}
