//! Server processes: started, asked for their CPU time and memory, ended.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Length of the kernel's unit of CPU time: `USER_HZ` is 100 on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// A server in a process of its own; ended when dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// When it was asked to start.
    pub started: Instant,
}

impl Server {
    /// Starts a program that prints one line ending in its address once it is ready.
    pub fn start<A: AsRef<OsStr>>(program: &Path, arguments: &[A]) -> io::Result<Server> {
        let about = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot start {}: {error}", program.display()))
        };
        let started = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(about)?;
        let mut server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], 0)), started };
        let mut line = String::new();
        if let Some(output) = server.child.stdout.as_mut() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.split_whitespace().next_back().and_then(|word| word.parse().ok());
        server.address = address.ok_or_else(|| about(io::Error::other(format!("it printed {line:?}"))))?;
        Ok(server)
    }

    /// Starts the emulator on a free port.
    pub fn emulator(program: &Path) -> io::Result<Server> {
        Server::start(program, &["--port", "0"])
    }

    /// CPU time used so far, user and system, in steps of 10 ms.
    pub fn cpu(&self) -> io::Result<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field, the program's name in brackets, may hold spaces.
        let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
        let ticks = |index| fields.split_whitespace().nth(index).and_then(|field| field.parse::<u32>().ok());
        match (ticks(11), ticks(12)) {
            (Some(user), Some(system)) => Ok(TICK * (user + system)),
            _ => Err(io::Error::other("/proc/PID/stat has another form than expected")),
        }
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> io::Result<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        kilobytes
            .map(|count| count * 1024)
            .ok_or_else(|| io::Error::other("/proc/PID/status does not tell VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
