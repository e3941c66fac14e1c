//! Several nodes, of which some go away, hang, or come anew.

use crate::fixture::{Test, bins, fails, int, numbers, range};
use crate::harness::Suite;
use crate::server::{Server, configuration};
use aerospike::operations::put;
use aerospike::query::PartitionFilter;
use aerospike::{
    BasePolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchWritePolicy, Bins, Client, ClientPolicy,
    Key, QueryPolicy, ReadModeSc, ReadPolicy, ResultCode, Value, WritePolicy, as_bin,
};
use futures::StreamExt;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::sleep;

const WORKERS: i64 = 4;
const KEYS: i64 = 40;
/// What a command may take, by its policy and with what a busy machine adds.
const TOTAL: Duration = Duration::from_millis(1500);
const SLACK: Duration = Duration::from_millis(1500);
const SOCKET: Duration = Duration::from_millis(250);
/// Part of the former throughput that has to come back: the machine has other things to do, too.
const SHARE: u64 = 5;

/// One cluster at a time: each has the machine to itself.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Three nodes, and a client of them that was given the first.
struct Cluster {
    server: Server,
    t: Test,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl Cluster {
    async fn new(t: &Test) -> Cluster {
        Cluster::with(t, &[]).await
    }

    async fn with(t: &Test, arguments: &[&str]) -> Cluster {
        let turn = TURN.lock().await;
        let server = Server::with(&[&["--port", "0", "--nodes", "3"], arguments].concat());
        let policy = ClientPolicy { timeout: 5000, ..ClientPolicy::default() };
        let t = t.with(server.connect_with(policy).await.expect("connected"));
        let cluster = Cluster { server, t, _turn: turn };
        cluster.knows(3).await;
        cluster
    }

    /// One whose namespace is strongly consistent.
    async fn strong(t: &Test) -> Cluster {
        Cluster::with(t, &["--config-file", &configuration("strong.conf")]).await
    }

    /// Makes something happen; told to a node that runs, counted from 0.
    async fn event(&self, node: usize, what: &str) {
        let answer = self.server.ask(node, &format!("emulator-node:{what}")).await;
        assert!(!answer.starts_with("ERROR"), "{what}: {answer}");
    }

    /// Waits until the client knows so many nodes.
    async fn knows(&self, count: usize) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.t.client.nodes().len() != count {
            assert!(Instant::now() < end, "it knows {:?} instead of {count}", self.t.client.node_names());
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The names of nodes, in the order of their numbers.
    async fn name(&self, node: usize) -> String {
        self.server.ask(node, "node").await
    }

    /// Puts so many records, n = key.
    async fn fill(&self, count: i64) {
        let row = |key: i64| {
            let operations = vec![put(&as_bin!("n", key))];
            BatchOperation::write(&BatchWritePolicy::default(), self.t.key(key), operations)
        };
        let mut rows: Vec<_> = (0..count).map(row).collect();
        self.t.client.batch(&BatchPolicy::default(), &mut rows).await.expect("written");
        assert_eq!(crate::batch::codes(&rows), vec![0; rows.len()]);
    }
}

// ---------------------------------------------------------------- load

#[derive(Default)]
struct State {
    stopping: AtomicBool,
    done: AtomicU64,
    failed: AtomicU64,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    longest: Duration,
    wrong: Vec<String>,
    last: Option<String>,
}

impl State {
    /// Waits for a command; what it gives, if it does not fail, and how long it took.
    async fn run<T>(
        &self,
        command: impl Future<Output = Result<T, aerospike::Error>>,
    ) -> (Option<T>, Duration) {
        let start = Instant::now();
        let result = command.await;
        let took = start.elapsed();
        self.done.fetch_add(1, Ordering::Relaxed);
        let mut found = self.found.lock().expect("a lock");
        found.longest = found.longest.max(took);
        match result {
            Ok(value) => (Some(value), took),
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                found.last = Some(error.to_string());
                (None, took)
            }
        }
    }

    /// Writes numbers to keys of its own, and reads them back.
    async fn work(&self, client: &Client, worker: i64) {
        let base_policy = BasePolicy {
            total_timeout: TOTAL.as_millis() as u32,
            socket_timeout: SOCKET.as_millis() as u32,
            max_retries: 4,
            sleep_between_retries: 10,
            ..BasePolicy::default()
        };
        let read = ReadPolicy { base_policy: base_policy.clone() };
        let write = WritePolicy { base_policy, ..WritePolicy::default() };
        let mut possible: HashMap<i64, HashSet<i64>> = HashMap::new();
        // What a node that hung may yet write whenever it goes on: the client has sent it elsewhere since, or given up.
        let mut late: HashMap<i64, HashSet<i64>> = HashMap::new();
        for number in 1.. {
            if self.stopping.load(Ordering::Relaxed) {
                return;
            }
            let at = number % KEYS;
            let key = Key::new("test", "load", format!("{worker}-{at}").into()).expect("a key");
            let held = possible.entry(at).or_default();
            let (written, took) = self.run(client.put(&write, &key, &[as_bin!("n", number)])).await;
            if written.is_some() {
                held.clear();
            }
            // A write that failed may have happened.
            held.insert(number);
            if written.is_none() || took > SOCKET {
                late.entry(at).or_default().insert(number);
            }
            let (Some(record), _) = self.run(client.get(&read, &key, Bins::All)).await else { continue };
            let value = record.bins.get("n").cloned().unwrap_or(Value::Nil);
            let may_be = |numbers: &HashSet<i64>| numbers.iter().any(|number| value == int(*number));
            if !may_be(held) && !late.get(&at).is_some_and(may_be) {
                let wrong = format!("{key}: {value} instead of {held:?}");
                self.found.lock().expect("a lock").wrong.push(wrong);
            }
        }
    }
}

/// Workers under way.
struct Load {
    state: Arc<State>,
    workers: Vec<JoinHandle<()>>,
    /// Commands per second before anything happened.
    before: u64,
}

impl Load {
    async fn start(client: &Arc<Client>) -> Load {
        let state = Arc::new(State::default());
        let workers = (0..WORKERS).map(|worker| {
            let (state, client) = (state.clone(), client.clone());
            tokio::spawn(async move { state.work(&client, worker).await })
        });
        let mut load = Load { state: state.clone(), workers: workers.collect(), before: 0 };
        load.before = load.rate().await;
        assert!(load.before > 0);
        load
    }

    /// Commands per second, from now on.
    async fn rate(&self) -> u64 {
        let before = self.state.done.load(Ordering::Relaxed);
        sleep(Duration::from_secs(1)).await;
        self.state.done.load(Ordering::Relaxed) - before
    }

    /// Waits until the throughput is back and nothing fails any more.
    async fn recovers(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let failed = self.state.failed.load(Ordering::Relaxed);
            let after = self.rate().await;
            if after * SHARE >= self.before && self.state.failed.load(Ordering::Relaxed) == failed {
                return;
            }
            let last = self.state.found.lock().expect("a lock").last.clone();
            assert!(Instant::now() < end, "{after}/s instead of {}/s; {last:?}", self.before);
        }
    }

    /// Ends it: nothing was wrong, and nothing took too long.
    async fn stop(self) {
        self.state.stopping.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await.expect("it ends");
        }
        let found = self.state.found.lock().expect("a lock");
        assert_eq!(found.wrong, [""; 0]);
        assert!(found.longest < TOTAL + SLACK, "{:?}; {:?}", found.longest, found.last);
    }

    /// The same where nobody has to notice.
    async fn stop_without_failures(self) {
        let failed = self.state.failed.load(Ordering::Relaxed);
        assert_eq!(failed, 0, "{:?}", self.state.found.lock().expect("a lock").last);
        self.stop().await;
    }
}

fn add_loads(suite: &mut Suite) {
    suite.test("loss-04", |t| async move {
        let cluster = Cluster::new(&t).await;
        let stopped = cluster.name(1).await;
        let load = Load::start(&cluster.t.client).await;
        cluster.event(0, "stop=2").await;
        cluster.knows(2).await;
        assert!(!cluster.t.client.node_names().contains(&stopped));
        load.recovers().await;
        load.stop().await;
    });
    suite.test("loss-05", |t| async move {
        let cluster = Cluster::new(&t).await;
        let load = Load::start(&cluster.t.client).await;
        cluster.event(0, "add").await;
        cluster.event(0, "settle").await;
        cluster.knows(4).await;
        load.recovers().await;
        load.stop_without_failures().await;
    });
    suite.test("loss-06", |t| async move {
        let cluster = Cluster::new(&t).await;
        let seed = cluster.name(0).await;
        let load = Load::start(&cluster.t.client).await;
        cluster.event(1, "stop=1").await;
        cluster.knows(2).await;
        assert!(!cluster.t.client.node_names().contains(&seed));
        load.recovers().await;
        load.stop().await;
    });
    suite.test("loss-07", |t| async move {
        let cluster = Cluster::new(&t).await;
        let load = Load::start(&cluster.t.client).await;
        cluster.event(0, "hang=2").await;
        cluster.event(0, "settle").await;
        // Others answer meanwhile.
        for _ in 0..3 {
            assert!(load.rate().await > 0);
        }
        cluster.event(0, "resume=2").await;
        cluster.event(0, "settle").await;
        cluster.knows(3).await;
        load.recovers().await;
        load.stop().await;
    });
    suite.test("loss-08", |t| async move {
        let cluster = Cluster::new(&t).await;
        let load = Load::start(&cluster.t.client).await;
        for node in 0..3 {
            cluster.event((node + 1) % 3, &format!("restart={}", node + 1)).await;
            cluster.event((node + 1) % 3, "settle").await;
            cluster.knows(3).await;
            load.recovers().await;
        }
        load.stop().await;
    });
    suite.test("loss-09", |t| async move {
        let cluster = Cluster::new(&t).await;
        let load = Load::start(&cluster.t.client).await;
        for what in ["map=1", "map=2", "map=0", "quiesce=3", "recluster"] {
            cluster.event(0, what).await;
            cluster.event(0, "settle").await;
        }
        load.recovers().await;
        load.stop_without_failures().await;
    });
    suite.test("loss-10", |t| async move {
        let cluster = Cluster::new(&t).await;
        let load = Load::start(&cluster.t.client).await;
        cluster.event(0, "slow=2;by=20ms").await;
        assert!(load.rate().await > 0);
        cluster.event(0, "resume=2").await;
        load.recovers().await;
        load.stop_without_failures().await;
    });
}

// ---------------------------------------------------------------- scans

const RECORDS: i64 = 3000;

/// The numbers in all records, by the interface that gives each record once, whatever it takes.
async fn scan(t: &Test) -> Vec<i64> {
    let mut policy = QueryPolicy::default();
    policy.base_policy.socket_timeout = 1000;
    policy.base_policy.max_retries = 20;
    policy.base_policy.sleep_between_retries = 150;
    let found = Arc::new(Mutex::new(Vec::new()));
    let into = found.clone();
    let take = move |record: Result<aerospike::Record, aerospike::Error>| {
        let into = into.clone();
        async move {
            into.lock().expect("a lock").push(record.expect("a record"));
            true
        }
    };
    let handle = t.client.query_foreach(&policy, PartitionFilter::all(), t.statement(), take).await;
    handle.expect("a scan").wait().await.expect("the end");
    numbers(&found.lock().expect("a lock"))
}

fn add_scans(suite: &mut Suite) {
    suite.test("loss-11", |t| async move {
        let cluster = Cluster::new(&t).await;
        let t = &cluster.t;
        cluster.fill(RECORDS).await;
        // By stream, while nothing happens, and by callback.
        let records = t.client.query(&QueryPolicy::default(), PartitionFilter::all(), t.statement()).await;
        let records: Vec<_> =
            records.expect("records").into_stream().map(|record| record.expect("a record")).collect().await;
        assert_eq!(numbers(&records), range(0..RECORDS, &[]));
        assert_eq!(scan(t).await, range(0..RECORDS, &[]));
        for attempt in 0..3 {
            // So that it is in the middle of the scan.
            cluster.event(0, "slow=3;by=100ms").await;
            let stop = async {
                sleep(Duration::from_millis(20 + 60 * attempt)).await;
                cluster.event(0, "stop=3").await;
            };
            let (found, ()) = futures::join!(scan(t), stop);
            assert_eq!(found, range(0..RECORDS, &[]), "attempt {attempt}");
            cluster.event(0, "restart=3").await;
            cluster.event(0, "settle").await;
            cluster.knows(3).await;
            assert_eq!(scan(t).await, range(0..RECORDS, &[]), "attempt {attempt}");
        }
    });
}

// ---------------------------------------------------------------- strong consistency

fn once() -> BasePolicy {
    BasePolicy { max_retries: 0, ..BasePolicy::default() }
}

/// That a command fails with 11, which the client retries: it tells that of a time-out's cause.
fn unavailable(result: Result<(), aerospike::Error>) {
    let error = result.expect_err("unavailable");
    assert_eq!(error.server_result_code(), Some(ResultCode::PartitionUnavailable), "{error}");
}

/// Reads until it works: the client may still have to learn who owns what.
async fn get_soon(t: &Test, key: &Key) -> aerospike::IndexMap<String, Value> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        match t.client.get(&ReadPolicy::default(), key, Bins::All).await {
            Ok(record) => return record.bins,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}

fn add_strong(suite: &mut Suite) {
    suite.test("loss-12", |t| async move {
        let cluster = Cluster::strong(&t).await;
        let (t, k) = (&cluster.t, cluster.t.k());
        let read = ReadPolicy { base_policy: once() };
        let write = WritePolicy { base_policy: once(), ..WritePolicy::default() };
        t.put(&k, &[as_bin!("a", 1)]).await;
        assert_eq!(t.client.is_strong_consistency("test"), Some(true));
        fails(22, t.client.delete(&write, &k).await);
        assert_eq!(t.get(&k).await, bins([("a", int(1))]));
        cluster.event(0, "partitions=all;namespace=test;state=unavailable").await;
        unavailable(t.client.get(&read, &k, Bins::All).await.map(drop));
        unavailable(t.client.put(&write, &k, &[as_bin!("a", 2)]).await);
        // In a batch: the client does not send the mode with single reads.
        let read_mode_sc = ReadModeSc::AllowUnavailable;
        let lenient =
            BatchPolicy { base_policy: BasePolicy { read_mode_sc, ..once() }, ..BatchPolicy::default() };
        let row = || BatchOperation::read(&BatchReadPolicy::default(), k.clone(), Bins::All);
        for (policy, code) in
            [(lenient, 0), (BatchPolicy { base_policy: once(), ..BatchPolicy::default() }, 11)]
        {
            let mut rows = [row(), row()];
            let _ = t.client.batch(&policy, &mut rows).await;
            assert_eq!(crate::batch::codes(&rows), [code; 2]);
            if code == 0 {
                assert_eq!(rows[0].record().expect("a record").bins, bins([("a", int(1))]));
            }
        }
        cluster.event(0, "partitions=all;namespace=test;state=available").await;
        assert_eq!(t.get(&k).await, bins([("a", int(1))]));
        let durable = WritePolicy { durable_delete: true, ..write };
        assert!(t.client.delete(&durable, &k).await.expect("deleted"));
        assert!(!t.exists(&k).await);
    });
    suite.test("loss-13", |t| async move {
        let cluster = Cluster::strong(&t).await;
        let t = &cluster.t;
        for key in 0..30 {
            t.put(&t.key(key), &[as_bin!("a", key)]).await;
        }
        cluster.event(0, "stop=2").await;
        cluster.event(0, "stop=3").await;
        cluster.event(0, "settle").await;
        cluster.knows(1).await;
        let read = ReadPolicy { base_policy: once() };
        for key in 0..30 {
            let got = t.client.get(&read, &t.key(key), Bins::All).await;
            assert!(got.is_err(), "{key}: {got:?}");
        }
        cluster.event(0, "restart=2").await;
        cluster.event(0, "restart=3").await;
        cluster.event(0, "settle").await;
        cluster.knows(3).await;
        for key in 0..30 {
            assert_eq!(get_soon(t, &t.key(key)).await, bins([("a", int(key))]));
        }
    });
    suite.test("loss-14", |t| async move {
        let cluster = Cluster::strong(&t).await;
        let (t, hung) = (&cluster.t, cluster.name(1).await);
        cluster.event(0, "hang=2;for=2s").await;
        let base_policy = BasePolicy { total_timeout: 300, socket_timeout: 300, ..once() };
        let write = WritePolicy { base_policy, ..WritePolicy::default() };
        let mut doubtful = Vec::new();
        // Keys of all nodes are among these.
        for key in 0..20 {
            if let Err(error) = t.client.put(&write, &t.key(key), &[as_bin!("a", key)]).await {
                assert!(error.in_doubt(), "it was sent, and may happen yet: {error:?}");
                doubtful.push(key);
            }
            if doubtful.len() == 2 {
                break;
            }
        }
        assert!(!doubtful.is_empty(), "the node that hangs owns none of these");
        sleep(Duration::from_secs(2)).await;
        cluster.event(0, "settle").await;
        cluster.knows(3).await;
        assert!(t.client.node_names().contains(&hung));
        for key in doubtful {
            assert_eq!(get_soon(t, &t.key(key)).await, bins([("a", int(key))]), "it has happened");
        }
    });
}

pub fn add(suite: &mut Suite) {
    add_loads(suite);
    add_scans(suite);
    add_strong(suite);
}
