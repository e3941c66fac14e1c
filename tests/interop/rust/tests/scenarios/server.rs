//! The emulator, as a process of its own.

use aerospike::{AuthMode, Client, ClientPolicy, Error};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Ends when it is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    /// Starts it with a configuration of tests/interop and waits until it serves.
    pub fn start(config: &str, port: u16) -> Server {
        let interop = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/interop");
        let port_file =
            std::env::temp_dir().join(format!("interop-rust-{}-{config}-{port}", std::process::id()));
        let _ = std::fs::remove_file(&port_file);
        let mut child = Command::new(program())
            .arg("--port")
            .arg(port.to_string())
            .arg("--port-file")
            .arg(&port_file)
            .arg("--config-file")
            .arg(interop.join(config))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program().display()));
        let mut line = String::new();
        let _ = BufReader::new(child.stdout.take().expect("standard output")).read_line(&mut line);
        for _ in 0..500 {
            if let Some(port) =
                std::fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok())
            {
                let _ = std::fs::remove_file(&port_file);
                return Server { child, port };
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        panic!("{} does not start: {line}", program().display());
    }

    /// Kills it.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub async fn connect(&self) -> Client {
        self.connect_with(ClientPolicy::default()).await.expect("connected")
    }

    pub async fn connect_with(&self, policy: ClientPolicy) -> Result<Client, Error> {
        Client::new(&policy, &format!("127.0.0.1:{}", self.port)).await
    }

    /// Connects as a user.
    pub async fn login(&self, user: &str, password: &str) -> Result<Client, Error> {
        let mut policy = ClientPolicy::default();
        policy.auth_mode = AuthMode::Internal(user.into(), password.into());
        self.connect_with(policy).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).expect("the repository").to_owned()
}

/// The command to start: that of the environment variable EMULATOR.
fn program() -> PathBuf {
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
