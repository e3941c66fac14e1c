//! What queries cost beside what they find, how fast an index is built, and what a client that does not read makes
//! the server hold.

use crate::load::{self, read_reply};
use crate::process::Server;
use crate::report::Figure;
use crate::workloads::{Reply, queries};
use bytes::BytesMut;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many records there are.
const RECORDS: u64 = 1_000_000;
const TRIES: u64 = 15;
/// How long a client does not read: less than a server waits.
const STALL: Duration = Duration::from_secs(3);

/// Fills a server and measures.
pub fn measure(program: &Path) -> io::Result<Vec<Figure>> {
    let server = Server::emulator(program)?;
    load::fill(server.address, |send| queries::fill_numbers(send, RECORDS))?;
    let mut socket = TcpStream::connect(server.address)?;
    socket.set_nodelay(true)?;
    Ok(vec![
        Figure {
            name: "index build, 1,000,000 records",
            unit: "ms",
            target: None,
            values: build(&mut socket)?,
        },
        query(&mut socket, "query, 10 of 1,000,000", 10)?,
        query(&mut socket, "query, 1,000 of 1,000,000", 1000)?,
        query(&mut socket, "query, 100,000 of 1,000,000", 100_000)?,
        Figure {
            name: "memory for a scan that is not read",
            unit: "MiB",
            target: Some(16.0),
            values: slow_reader(&server)?,
        },
    ])
}

/// Makes the index several times.
fn build(socket: &mut TcpStream) -> io::Result<Vec<f64>> {
    let mut times = Vec::new();
    for _ in 0..3 {
        let mut request = BytesMut::new();
        queries::info(&mut request, "sindex-delete:namespace=test;indexname=number");
        load::exchange(socket, &mut request, 1)?;
        queries::create_index(&mut request);
        let start = Instant::now();
        load::exchange(socket, &mut request, 1)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// Asks for so many records, each time others.
fn query(socket: &mut TcpStream, name: &'static str, count: u64) -> io::Result<Figure> {
    let mut values = Vec::new();
    for number in 0..TRIES {
        let mut request = BytesMut::new();
        queries::between(&mut request, ((RECORDS - count) / TRIES * number) as i64, count as i64);
        let start = Instant::now();
        socket.write_all(&request)?;
        read_reply(socket, Reply::UntilLast)?;
        values.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Figure { name, unit: "ms", target: None, values })
}

/// What the server holds more while a client that asked for everything reads nothing.
fn slow_reader(server: &Server) -> io::Result<Vec<f64>> {
    let before = server.resident()?;
    let mut socket = TcpStream::connect(server.address)?;
    let mut request = BytesMut::new();
    queries::scan(&mut request);
    socket.write_all(&request)?;
    let (start, mut most) = (Instant::now(), before);
    while start.elapsed() < STALL {
        std::thread::sleep(Duration::from_millis(50));
        most = most.max(server.resident()?);
    }
    // It was under way, and goes on.
    socket.read_exact(&mut [0; 8])?;
    Ok(vec![(most - before) as f64 / (1024.0 * 1024.0)])
}
