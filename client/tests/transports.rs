//! Both transports against a server that does what each test scripts: answers late, in pieces, wrongly, not at
//! all.

use aerospike_client_core::admin::{AuthMode, Login, hash_password};
use aerospike_client_core::batch::{Batch, BatchRun, Body, row_index};
use aerospike_client_core::cluster::PoolLimits;
use aerospike_client_core::policy::{BatchPolicy, Policy, Replica};
use aerospike_client_core::reply::{Expect, Inbox};
use aerospike_client_core::request::{Writer, read_header};
use aerospike_client_core::retry::Execution;
use aerospike_client_core::transport::blocking::{self, Target};
use aerospike_client_core::transport::reactor::{Done, Reactor, Waiter};
use aerospike_client_core::{Cluster, ClusterConfig, Error, ErrorKind, Key, UserKey};
use aerospike_wire::bits::{info1, info3};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Header, Message, ResultCode};
use base64::Engine;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What the server does with a request.
#[derive(Clone)]
enum Act {
    /// Sends these bytes, in pieces of this size.
    Reply(Vec<u8>, usize),
    Wait(Duration),
    Close,
}

type Script = Arc<dyn Fn(usize, &[u8]) -> Vec<Act> + Send + Sync>;

struct Server {
    address: SocketAddr,
    opened: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// A node that owns everything; `script` gets the number of each message and its body.
    fn start(script: impl Fn(usize, &[u8]) -> Vec<Act> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (opened, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let script: Script = Arc::new(script);
        let server = Server { address, opened: opened.clone(), requests: requests.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, requests, opened) = (script.clone(), requests.clone(), opened.clone());
                std::thread::spawn(move || serve(stream, &script, &requests, &opened));
            }
        });
        server
    }

    fn config(&self) -> ClusterConfig {
        ClusterConfig {
            hosts: vec![("127.0.0.1".into(), self.address.port())],
            cluster_name: Some("docker".into()),
            ..ClusterConfig::default()
        }
    }

    fn cluster(&self) -> Cluster {
        Cluster::connect(self.config()).unwrap()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Connections that carried a message.
    fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, script: &Script, requests: &AtomicUsize, opened: &AtomicUsize) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut counted = false;
    loop {
        let mut head = [0; HEADER_SIZE];
        stream.read_exact(&mut head).ok()?;
        let proto = ProtoHeader::parse(head).ok()?;
        let mut body = vec![0; proto.size];
        stream.read_exact(&mut body).ok()?;
        match proto.frame_type {
            FrameType::Info => stream.write_all(&info_reply(&body)).ok()?,
            FrameType::Admin => {
                // A login is right if it shows this password's hash.
                let right = hash_password("hello").unwrap();
                let right = body.windows(right.len()).any(|part| part == right.as_bytes());
                let mut reply = [0; 16];
                reply[1] = if right { 0 } else { ResultCode::SEC_CREDENTIAL.0 };
                stream.write_all(&frame(FrameType::Admin, &reply)).ok()?;
            }
            _ => {
                opened.fetch_add(!std::mem::replace(&mut counted, true) as usize, Ordering::SeqCst);
                let number = requests.fetch_add(1, Ordering::SeqCst);
                for act in script(number, &body) {
                    match act {
                        Act::Reply(bytes, piece) => {
                            for part in bytes.chunks(piece.max(1)) {
                                stream.write_all(part).ok()?;
                                stream.flush().ok()?;
                                if piece < bytes.len() {
                                    std::thread::sleep(Duration::from_millis(1));
                                }
                            }
                        }
                        Act::Wait(time) => std::thread::sleep(time),
                        Act::Close => return None,
                    }
                }
            }
        }
    }
}

fn frame(frame_type: FrameType, body: &[u8]) -> Vec<u8> {
    let mut bytes = ProtoHeader { frame_type, size: body.len() }.to_bytes().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

fn info_reply(body: &[u8]) -> Vec<u8> {
    let map = base64::engine::general_purpose::STANDARD.encode([0xff; 512]);
    let text: String = String::from_utf8_lossy(body)
        .lines()
        .map(|command| {
            let value = match command {
                "node" => "A1".to_owned(),
                "cluster-name" => "docker".to_owned(),
                "partition-generation" | "peers-generation" => "0".to_owned(),
                "peers-clear-std" => "0,3000,[]".to_owned(),
                "replicas" => format!("test:0,1,{map}"),
                _ => "ERROR:4:unrecognized command".to_owned(),
            };
            format!("{command}\t{value}\n")
        })
        .collect();
    frame(FrameType::Info, text.as_bytes())
}

/// A reply without bins.
fn answer(code: ResultCode) -> Vec<Act> {
    let header = Header { result: code.0, generation: 7, ..Header::default() };
    vec![Act::Reply(frame(FrameType::Message, &header.to_bytes()), usize::MAX)]
}

fn ok() -> Vec<Act> {
    answer(ResultCode::OK)
}

/// Whoever waits for a command in the reactor: its number, and whether it still waits.
struct Who(usize, Arc<Mutex<Vec<usize>>>);

impl Waiter for Who {
    fn is_gone(&self) -> bool {
        self.1.lock().unwrap().contains(&self.0)
    }
}

fn request(policy: &Policy) -> Vec<u8> {
    let mut out = Vec::new();
    let mut frame = Writer::begin(&mut out, read_header(policy, info1::GET_ALL));
    frame.record(&key().as_ref(), false);
    frame.finish().unwrap();
    out
}

fn key() -> Key {
    Key::new("test", "demo", UserKey::Int(1))
}

const TARGET: Target<'static> = Target { namespace: "test", partition: 1, replica: Replica::Sequence };

/// Number and result code of each row answered, and the numbers of the others.
type Rows = (Vec<(usize, u8)>, Vec<u32>);

/// Runs a command in the one transport or the other; the result code.
trait Runs {
    fn run(&mut self, policy: &Policy, write: bool) -> Result<u8, Error>;
    fn batch(&mut self, batch: Batch) -> Result<Rows, Error>;
}

struct Blocking(Cluster);

impl Runs for Blocking {
    fn run(&mut self, policy: &Policy, write: bool) -> Result<u8, Error> {
        let run = Execution::new(policy, write, Instant::now());
        let reply =
            blocking::execute(&self.0, TARGET, run, &request(policy), Expect::Frame(FrameType::Message))?;
        reply.record().map(|message| message.header.result)
    }

    fn batch(&mut self, batch: Batch) -> Result<Rows, Error> {
        let reply = blocking::execute_batch(&self.0, &batch, &BatchPolicy::default(), &mut Vec::new())?;
        Ok((rows(reply.replies(), batch.len()), failed(reply.run())))
    }
}

struct Reacting {
    cluster: Cluster,
    reactor: Reactor<Who>,
    gone: Arc<Mutex<Vec<usize>>>,
}

impl Reacting {
    fn new(cluster: Cluster) -> Reacting {
        Reacting { cluster, reactor: Reactor::new().unwrap(), gone: Arc::default() }
    }

    fn submit(&mut self, number: usize, policy: &Policy, write: bool) {
        let run = Execution::new(policy, write, Instant::now());
        let expect = Expect::Frame(FrameType::Message);
        let waiter = Who(number, self.gone.clone());
        self.reactor.submit(&self.cluster, TARGET, run, request(policy), expect, waiter);
    }

    /// Turns until this many commands have ended, or for five seconds.
    fn wait(&mut self, count: usize) -> Vec<Done<Who>> {
        let mut done = Vec::new();
        let start = Instant::now();
        while done.len() < count && start.elapsed() < Duration::from_secs(5) {
            self.reactor.turn(&self.cluster).unwrap();
            done.extend(self.reactor.take_done());
            std::thread::sleep(Duration::from_micros(200));
        }
        done
    }
}

impl Runs for Reacting {
    fn run(&mut self, policy: &Policy, write: bool) -> Result<u8, Error> {
        self.submit(0, policy, write);
        match self.wait(1).pop().unwrap() {
            Done::Reply { inbox, run, .. } => match inbox.result() {
                ResultCode::OK => Ok(inbox.message()?.header.result),
                code => Err(run.error(ErrorKind::Server(code))),
            },
            Done::Failed { error, .. } => Err(error),
            Done::Batch { .. } | Done::Query { .. } => panic!("one command was sent"),
        }
    }

    fn batch(&mut self, batch: Batch) -> Result<Rows, Error> {
        let count = batch.len();
        let waiter = Who(0, self.gone.clone());
        self.reactor.submit_batch(&self.cluster, batch, &BatchPolicy::default(), waiter);
        match self.wait(1).pop().unwrap() {
            Done::Batch { replies, run, .. } => Ok((rows(replies.iter(), count), failed(&run))),
            Done::Failed { error, .. } => Err(error),
            Done::Reply { .. } | Done::Query { .. } => panic!("a batch was sent"),
        }
    }
}

fn rows<'a>(replies: impl Iterator<Item = &'a Inbox>, count: usize) -> Vec<(usize, u8)> {
    let mut rows: Vec<_> = replies
        .flat_map(|inbox| inbox.rows().map(|row| (row_index(&row, count).unwrap(), row.header.result)))
        .collect();
    rows.sort_unstable();
    rows
}

fn failed(run: &BatchRun) -> Vec<u32> {
    run.failures().iter().map(|(index, _)| *index).collect()
}

/// Runs a test with each transport against its own server.
fn each(make: impl Fn() -> Server, test: impl Fn(&Server, &mut dyn Runs)) {
    let server = make();
    test(&server, &mut Blocking(server.cluster()));
    let server = make();
    test(&server, &mut Reacting::new(server.cluster()));
}

fn policy(max_retries: u32) -> Policy {
    Policy { max_retries, total_timeout: Duration::from_millis(600), ..Policy::default() }
}

#[test]
fn connections_are_used_again() {
    each(
        || Server::start(|_, _| ok()),
        |server, client| {
            for _ in 0..20 {
                assert_eq!(client.run(&policy(0), false).unwrap(), 0);
            }
            assert_eq!((server.requests(), server.opened()), (20, 1));
        },
    );
}

#[test]
fn a_reply_in_single_bytes() {
    let bytes = || frame(FrameType::Message, &Header::default().to_bytes());
    each(
        || Server::start(move |_, _| vec![Act::Reply(bytes(), 1)]),
        |_, client| assert_eq!(client.run(&policy(0), false).unwrap(), 0),
    );
}

#[test]
fn refusals_carry_node_and_code() {
    each(
        || Server::start(|_, _| answer(ResultCode::GENERATION)),
        |server, client| {
            let error = client.run(&policy(2), true).unwrap_err();
            assert_eq!(error.result_code(), Some(ResultCode::GENERATION));
            assert!(!error.in_doubt);
            assert_eq!(error.node.as_deref(), Some(&*server.address.to_string()));
            assert_eq!(server.requests(), 1, "a refusal is final");
        },
    );
}

#[test]
fn transient_codes_are_tried_again() {
    let script = |number: usize, _: &[u8]| match number {
        0 | 1 => answer(ResultCode::DEVICE_OVERLOAD),
        _ => ok(),
    };
    each(
        || Server::start(script),
        |server, client| {
            assert_eq!(client.run(&policy(2), false).unwrap(), 0);
            assert_eq!(
                (server.requests(), server.opened()),
                (3, 1),
                "a complete reply leaves its connection healthy"
            );
        },
    );
    each(
        || Server::start(script),
        |_, client| {
            let error = client.run(&policy(1), false).unwrap_err();
            assert_eq!(error.result_code(), Some(ResultCode::DEVICE_OVERLOAD));
        },
    );
}

#[test]
fn a_broken_connection_is_tried_again_or_in_doubt() {
    let script = |number: usize, _: &[u8]| if number == 0 { vec![Act::Close] } else { ok() };
    each(|| Server::start(script), |_, client| assert_eq!(client.run(&policy(1), false).unwrap(), 0));
    each(
        || Server::start(script),
        |_, client| {
            let error = client.run(&policy(0), true).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Connection(_)), "{error}");
            assert!(error.in_doubt, "the write may have happened");
            assert_eq!(client.run(&policy(0), true).unwrap(), 0);
        },
    );
}

/// The reply to a command that timed out must not become the reply to the next one.
#[test]
fn a_late_reply_is_nobodys() {
    let script = |number: usize, _: &[u8]| match number {
        0 => [vec![Act::Wait(Duration::from_millis(150))], answer(ResultCode::KEY_MISMATCH)].concat(),
        _ => ok(),
    };
    each(
        || Server::start(script),
        |server, client| {
            let short = Policy { total_timeout: Duration::from_millis(60), ..policy(0) };
            let error = client.run(&short, true).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Timeout { attempts: 1, .. }), "{error}");
            assert!(error.in_doubt);
            for _ in 0..10 {
                assert_eq!(client.run(&policy(0), false).unwrap(), 0);
                std::thread::sleep(Duration::from_millis(20));
            }
            assert_eq!(server.opened(), 2);
        },
    );
}

#[test]
fn drops_of_a_reply_do_not_stretch_the_time() {
    let drip = || {
        let bytes = frame(FrameType::Message, &Header::default().to_bytes());
        bytes
            .chunks(1)
            .flat_map(|byte| [Act::Reply(byte.to_vec(), 1), Act::Wait(Duration::from_millis(40))])
            .collect()
    };
    each(
        || Server::start(move |_, _| drip()),
        |_, client| {
            let start = Instant::now();
            let short = Policy { total_timeout: Duration::from_millis(120), ..policy(0) };
            let error = client.run(&short, false).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Timeout { .. }), "{error}");
            assert!(start.elapsed() < Duration::from_millis(350), "{:?}", start.elapsed());
        },
    );
}

#[test]
fn a_malformed_reply_is_an_error_and_closes_the_connection() {
    let script = |number: usize, _: &[u8]| match number {
        0 => vec![Act::Reply(vec![9; 64], 64)],
        1 => vec![Act::Reply(frame(FrameType::Message, &[0; 3]), 64)],
        _ => ok(),
    };
    each(
        || Server::start(script),
        |server, client| {
            let error = client.run(&policy(3), false).unwrap_err();
            assert!(matches!(error.kind, ErrorKind::Malformed(_)), "{error}");
            let _ = client.run(&policy(0), false);
            assert_eq!(client.run(&policy(0), false).unwrap(), 0);
            assert!(server.opened() >= 2);
        },
    );
}

#[test]
fn an_idle_connection_that_the_server_closed_is_not_used() {
    let script = |number: usize, _: &[u8]| if number == 0 { [ok(), vec![Act::Close]].concat() } else { ok() };
    each(
        || Server::start(script),
        |_, client| {
            assert_eq!(client.run(&policy(0), true).unwrap(), 0);
            std::thread::sleep(Duration::from_millis(150));
            assert_eq!(client.run(&policy(0), true).unwrap(), 0, "no retry was allowed");
        },
    );
}

fn batch_of(count: u32) -> Batch {
    let mut batch = Batch::with_capacity(count as usize);
    let body = batch.body(Body::read(&Policy::default(), info1::GET_ALL, 0, Vec::new(), 0).unwrap());
    for number in 0..count {
        let key = Key::new("test", "demo", UserKey::Int(number as i64));
        let place = batch.place("test", "demo");
        batch.row(key.digest, None, place, body);
    }
    batch
}

fn row(index: u32, result: u8, last: bool) -> Vec<u8> {
    let info3 = if last { info3::LAST } else { 0 };
    Header { timeout: index, result, info3, ..Header::default() }.to_bytes().to_vec()
}

#[test]
fn a_batch_in_several_frames_and_any_order() {
    let script = |_: usize, body: &[u8]| {
        assert_eq!(Message::parse(body).unwrap().header.info1, info1::BATCH);
        let first = [row(2, 0, false), row(0, 2, false)].concat();
        let frames = [first, row(1, 0, false), row(0, 0, true)];
        frames.map(|body| Act::Reply(frame(FrameType::Message, &body), 9)).to_vec()
    };
    each(
        || Server::start(script),
        |server, client| {
            assert_eq!(client.batch(batch_of(3)).unwrap(), (vec![(0, 2), (1, 0), (2, 0)], vec![]));
            client.batch(batch_of(3)).unwrap();
            assert_eq!(server.opened(), 1);
        },
    );
}

#[test]
fn a_batch_that_breaks_is_tried_again() {
    let script = |number: usize, _: &[u8]| {
        let part = Act::Reply(frame(FrameType::Message, &row(0, 0, false)), usize::MAX);
        let rest =
            Act::Reply(frame(FrameType::Message, &[row(1, 0, false), row(0, 0, true)].concat()), usize::MAX);
        if number == 0 { vec![part, Act::Close] } else { vec![part, rest] }
    };
    each(
        || Server::start(script),
        |server, client| {
            assert_eq!(client.batch(batch_of(2)).unwrap(), (vec![(0, 0), (1, 0)], vec![]));
            assert_eq!(server.requests(), 2);
        },
    );
}

#[test]
fn a_refused_batch_is_an_error() {
    let script =
        |_: usize, _: &[u8]| vec![Act::Reply(frame(FrameType::Message, &row(0, 151, true)), usize::MAX)];
    each(
        || Server::start(script),
        |_, client| {
            let error = client.batch(batch_of(2)).unwrap_err();
            assert_eq!(error.result_code(), Some(ResultCode::BATCH_MAX_REQUESTS));
        },
    );
}

fn limited(server: &Server, max: usize) -> Cluster {
    let limits = PoolLimits { max, min: 0, idle: Duration::from_secs(30) };
    Cluster::connect(ClusterConfig { limits, ..server.config() }).unwrap()
}

#[test]
fn threads_wait_for_a_connection() {
    let server = Server::start(|_, _| [vec![Act::Wait(Duration::from_millis(20))], ok()].concat());
    let cluster = limited(&server, 2);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let run = Execution::new(&policy(0), false, Instant::now());
                let request = request(&policy(0));
                blocking::execute(&cluster, TARGET, run, &request, Expect::Frame(FrameType::Message))
                    .unwrap();
            });
        }
    });
    assert!(server.opened() <= 2);
}

#[test]
fn commands_wait_for_a_connection() {
    let server = Server::start(|_, _| [vec![Act::Wait(Duration::from_millis(10))], ok()].concat());
    let mut client = Reacting::new(limited(&server, 3));
    for number in 0..30 {
        client.submit(number, &policy(0), false);
    }
    let done = client.wait(30);
    assert_eq!(done.iter().filter(|done| matches!(done, Done::Reply { .. })).count(), 30);
    assert!(server.opened() <= 3);
}

#[test]
fn who_waits_too_long_for_a_connection_is_told_so() {
    let server = Server::start(|_, _| [vec![Act::Wait(Duration::from_millis(400))], ok()].concat());
    let mut client = Reacting::new(limited(&server, 1));
    let short = Policy { total_timeout: Duration::from_millis(100), ..policy(0) };
    client.submit(0, &policy(0), false);
    client.submit(1, &short, true);
    let done = client.wait(2);
    let error = done.iter().find_map(|done| match done {
        Done::Failed { error, .. } => Some(error),
        _ => None,
    });
    let error = error.unwrap();
    assert!(matches!(error.kind, ErrorKind::NoMoreConnections { limit: 1, .. }), "{error}");
    assert!(!error.in_doubt, "it was never sent");
}

/// A command that nobody waits for any more: one that waits is not sent, one that is sent runs to its end.
#[test]
fn giving_up_leaves_the_pool_healthy() {
    let server = Server::start(|_, _| [vec![Act::Wait(Duration::from_millis(30))], ok()].concat());
    let mut client = Reacting::new(limited(&server, 1));
    for number in 0..4 {
        client.submit(number, &policy(0), false);
    }
    std::thread::sleep(Duration::from_millis(5));
    client.reactor.turn(&client.cluster).unwrap();
    client.gone.lock().unwrap().extend([0, 1, 2]);
    let done = client.wait(4);
    let replied = |done: &&Done<Who>| matches!(done, Done::Reply { waiter: Who(0 | 3, _), .. });
    assert_eq!((done.len(), done.iter().filter(replied).count()), (4, 2));
    assert_eq!((server.requests(), server.opened()), (2, 1));
}

#[test]
fn shutting_down_ends_everything() {
    let server = Server::start(|_, _| vec![Act::Wait(Duration::from_secs(2))]);
    let mut client = Reacting::new(limited(&server, 1));
    client.submit(0, &policy(0), false);
    client.submit(1, &policy(0), false);
    client.reactor.submit_batch(
        &client.cluster,
        batch_of(2),
        &BatchPolicy::default(),
        Who(2, Arc::default()),
    );
    client.reactor.shut_down();
    let done = client.reactor.take_done();
    assert_eq!(done.len(), 3);
    let closed =
        |done: &Done<Who>| matches!(done, Done::Failed { error, .. } if error.kind == ErrorKind::Closed);
    assert!(done.iter().all(closed));
    assert_eq!(client.reactor.connections(), 0);
}

#[test]
fn idle_connections_are_trimmed() {
    let server = Server::start(|_, _| ok());
    let limits = PoolLimits { max: 10, min: 0, idle: Duration::from_millis(150) };
    let config = ClusterConfig { limits, tend_interval: Duration::from_millis(50), ..server.config() };
    let mut client = Reacting::new(Cluster::connect(config.clone()).unwrap());
    client.run(&policy(0), false).unwrap();
    assert_eq!(client.reactor.connections(), 1);
    std::thread::sleep(Duration::from_millis(250));
    client.reactor.turn(&client.cluster).unwrap();
    assert_eq!(client.reactor.connections(), 0);

    let mut client = Blocking(Cluster::connect(config).unwrap());
    client.run(&policy(0), false).unwrap();
    let open = |client: &Blocking| client.0.view().nodes().map(|node| node.open_connections()).sum::<usize>();
    assert_eq!(open(&client), 1);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(open(&client), 0);
}

#[test]
fn the_minimum_is_opened_at_once() {
    let server = Server::start(|_, _| ok());
    let limits = PoolLimits { max: 10, min: 3, idle: Duration::from_secs(30) };
    let cluster = Cluster::connect(ClusterConfig { limits, ..server.config() }).unwrap();
    assert_eq!(cluster.view().nodes().map(|node| node.open_connections()).sum::<usize>(), 3);
}

#[test]
fn the_wrong_cluster_and_nobody() {
    let server = Server::start(|_, _| ok());
    let wrong = ClusterConfig { cluster_name: Some("other".into()), ..server.config() };
    let error = Cluster::connect(wrong).unwrap_err().to_string();
    assert!(error.starts_with("Connection error: ") && error.contains("cluster name mismatch"), "{error}");
    let nobody = ClusterConfig { hosts: vec![("127.0.0.1".into(), 1)], ..server.config() };
    let error = Cluster::connect(nobody).unwrap_err().to_string();
    assert!(error.starts_with("Connection error: failed to connect to host(s)"), "{error}");
    let both = ClusterConfig {
        hosts: vec![("127.0.0.1".into(), 1), ("127.0.0.1".into(), server.address.port())],
        ..server.config()
    };
    assert_eq!(Cluster::connect(both).unwrap().node_names(), ["A1"]);
    let limits = PoolLimits { max: 0, ..server.config().limits };
    assert!(Cluster::connect(ClusterConfig { limits, ..server.config() }).is_err());
}

#[test]
fn every_connection_logs_in() {
    let server = Server::start(|_, _| ok());
    let config = |password| {
        let login = Login::new(AuthMode::Internal, "admin", password).unwrap();
        ClusterConfig { login: Some(Arc::new(login)), ..server.config() }
    };
    assert_eq!(Blocking(Cluster::connect(config("hello")).unwrap()).run(&policy(0), false).unwrap(), 0);
    assert_eq!(Reacting::new(Cluster::connect(config("hello")).unwrap()).run(&policy(0), false).unwrap(), 0);
    assert!(Cluster::connect(config("wrong")).is_err());
}
