//! The emulator, as a process of its own.

use aerospike::{AuthMode, Client, ClientPolicy, Error};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The servers that scenarios share.
pub struct Servers {
    pub plain: Server,
    /// With security.
    pub secured: Server,
    /// With strong consistency.
    pub strong: Server,
}

impl Servers {
    pub fn start() -> Servers {
        Servers {
            plain: Server::start("server.conf"),
            secured: Server::start("secured.conf"),
            strong: Server::start("strong.conf"),
        }
    }
}

/// Ends when it is dropped.
pub struct Server {
    child: Child,
    /// Of each node.
    pub ports: Vec<u16>,
    /// The line that tells that it listens.
    pub line: String,
}

impl Server {
    /// Starts it with a configuration of tests/interop on a free port.
    pub fn start(config: &str) -> Server {
        Server::start_at(config, 0)
    }

    pub fn start_at(config: &str, port: u16) -> Server {
        Server::with(&["--port", &port.to_string(), "--config-file", &configuration(config)])
    }

    /// Starts it with these arguments, and waits until it serves.
    pub fn with(arguments: &[&str]) -> Server {
        let port_file = temporary("port");
        let child = Command::new(program())
            .args(arguments)
            .arg("--port-file")
            .arg(&port_file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program().display()));
        // It is stopped when this is dropped, whatever happens.
        let mut server = Server { child, ports: Vec::new(), line: String::new() };
        let output = server.child.stdout.take().expect("standard output");
        let _ = BufReader::new(output).read_line(&mut server.line);
        for _ in 0..1000 {
            let text = std::fs::read_to_string(&port_file).unwrap_or_default();
            if text.ends_with('\n') {
                server.ports = text.lines().map(|line| line.trim().parse().expect("a port")).collect();
                let _ = std::fs::remove_file(&port_file);
                return server;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{} does not start: {}", program().display(), server.line);
    }

    /// Kills it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The first node's.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    pub async fn connect(&self) -> Client {
        self.connect_with(ClientPolicy::default()).await.expect("connected")
    }

    pub async fn connect_with(&self, policy: ClientPolicy) -> Result<Client, Error> {
        Client::new(&policy, &format!("127.0.0.1:{}", self.port())).await
    }

    /// Connects as a user.
    pub async fn login(&self, user: &str, password: &str) -> Result<Client, Error> {
        let auth_mode = AuthMode::Internal(user.into(), password.into());
        self.connect_with(ClientPolicy { auth_mode, ..ClientPolicy::default() }).await
    }

    /// Asks a node, without the client, for the answer to an info command.
    pub async fn ask(&self, node: usize, command: &str) -> String {
        let answer = tokio::time::timeout(Duration::from_secs(60), ask(self.ports[node], command)).await;
        answer.expect("no hang").expect("an answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Info message (wire §2): version 2, type 1, then the length.
async fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let body = format!("{command}\n");
    let mut message = (0x0201 << 48 | body.len() as u64).to_be_bytes().to_vec();
    message.extend(body.as_bytes());
    stream.write_all(&message).await?;
    let length = stream.read_u64().await? & 0xffff_ffff_ffff;
    let mut answer = vec![0; length as usize];
    stream.read_exact(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).trim_end().to_owned();
    Ok(answer.split_once('\t').map_or(answer.clone(), |(_, value)| value.to_owned()))
}

/// A path of the test's own in the directory for temporary files.
pub fn temporary(name: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("interop-rust-{}-{number}-{name}", std::process::id()))
}

/// A configuration of tests/interop.
pub fn configuration(name: &str) -> String {
    repository().join("tests/interop").join(name).display().to_string()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("the repository").to_owned()
}

/// The command to start: that of the environment variable EMULATOR.
pub fn program() -> PathBuf {
    std::env::var_os("EMULATOR")
        .map_or_else(|| repository().join("target/debug/aerospike-emulator"), PathBuf::from)
}

/// A module in the examples of functions.
pub fn example(module: &str) -> String {
    repository().join("lua/examples").join(module).display().to_string()
}

/// A port where nobody listens.
pub fn dead_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port()
}
