//! How fast the process answers, and what it holds while it has nothing to do.

use crate::process::Server;
use crate::report::Figure;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

const TRIES: usize = 15;
/// How long a server rests before its memory is read.
const REST: Duration = Duration::from_millis(500);
/// Asks for the release.
const INFO_REQUEST: &[u8] = b"\x02\x01\x00\x00\x00\x00\x00\x06build\n";

/// Starts the emulator several times; one figure each for time and memory.
pub fn measure(program: &Path) -> io::Result<Vec<Figure>> {
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for try_number in 0..TRIES {
        let server = Server::emulator(program)?;
        first_answer(&server)?;
        times.push(server.started.elapsed().as_secs_f64() * 1e3);
        if try_number < 3 {
            std::thread::sleep(REST);
            memory.push(server.resident()? as f64 / (1024.0 * 1024.0));
        }
    }
    Ok(vec![
        Figure { name: "process start to first answer", unit: "ms", target: Some(30.0), values: times },
        Figure { name: "resident memory, idle", unit: "MiB", target: Some(20.0), values: memory },
    ])
}

fn first_answer(server: &Server) -> io::Result<()> {
    let mut socket = TcpStream::connect(server.address)?;
    socket.set_nodelay(true)?;
    socket.write_all(INFO_REQUEST)?;
    let mut answer = [0; 16];
    socket.read_exact(&mut answer)
}
