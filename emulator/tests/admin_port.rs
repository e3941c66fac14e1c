//! The port for administration (info §4).

mod support;

use aerospike_emulator::config::Edition;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use support::*;

#[test]
fn takes_info_and_admin_frames_alone() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let emulator = start(|config| {
        config.edition = Edition::Community;
        config.admin_port = free.port();
    });
    let connect = || {
        let socket = TcpStream::connect(free).expect("the port is open");
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Client { socket }
    };
    let mut service = Client::connect(&emulator);
    let mut admin = connect();
    assert_eq!(admin.info("connection\n"), "connection\tadmin=true\n");
    assert_eq!(service.info("connection\n"), "connection\tadmin=false\n");
    assert_eq!(service.info("admin-clear-std\n"), format!("admin-clear-std\t{free}\n"));
    let address = emulator.address();
    assert_eq!(admin.info("service-clear-std\n"), format!("service-clear-std\t{address}\n"));
    let statistics = admin.info("statistics\n");
    assert!(statistics.contains(";client_connections=1;"), "{statistics}");
    assert!(statistics.contains(";admin_connections=1;"), "{statistics}");
    // Its users are no clients.
    assert_eq!(admin.info("user-agent-set:value=QUJD\nuser-agents\n").lines().last(), Some("user-agents\t"));
    admin.send(&get("k"));
    assert!(admin.is_closed());
    assert_eq!(connect().info("status\n"), "status\tok\n");
}
