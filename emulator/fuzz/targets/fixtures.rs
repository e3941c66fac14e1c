//! Files with data: parsed, loaded into a server, saved, and parsed again.

use aerospike_emulator::config::Config;
use aerospike_emulator::control::fixture::{Fixture, Format};
use aerospike_emulator::server::Server;
use std::cell::OnceCell;
use std::net::SocketAddr;

thread_local! {
    static SERVER: OnceCell<Server> = const { OnceCell::new() };
}

/// Runs one input.
pub fn run(data: &[u8]) {
    let Ok(fixture) = Fixture::parse(data) else { return };
    SERVER.with(|server| {
        let address = SocketAddr::from(([127, 0, 0, 1], 3000));
        let server =
            server.get_or_init(|| Server::new(Config::default(), address).expect("a server without sockets"));
        // What a server refuses leaves nothing behind.
        let loaded = fixture.load(server);
        let held = Fixture::of(server, None).expect("all namespaces");
        let text = held.to_text(Format::Backup);
        assert!(Fixture::parse(&text).is_ok(), "a backup that cannot be read: {}", text.escape_ascii());
        if loaded.is_err() {
            assert!(!text.windows(4).any(|line| line == b"+ n "), "half loaded");
        }
        server.store.clear(None, None).expect("all namespaces");
        for namespace in server.store.namespaces() {
            for index in namespace.indexes.all() {
                namespace.indexes.remove(&index.name());
            }
        }
    });
}
