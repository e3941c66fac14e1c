//! Nothing secret reaches the log, whatever the level.

#[path = "support/admin.rs"]
mod admin;
mod support;

use admin::{hash, roles};
use aerospike_emulator::config::{AuthMode, Secret, SecurityConfig, UserConfig};
use aerospike_wire::admin::{command, field};
use std::io::Write;
use std::sync::{Arc, Mutex};
use support::{Client, get, start};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[test]
fn nothing_secret_is_logged() {
    let log = Log::default();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).init();
    let external = UserConfig {
        name: "ext".into(),
        mode: AuthMode::External,
        password: Secret("clear-secret".into()),
        roles: vec!["read".into()],
    };
    let security = SecurityConfig {
        users: vec![external],
        log_report_authentication: true,
        log_report_user_admin: true,
        log_report_violation: true,
        ..SecurityConfig::default()
    };
    let emulator = start(|config| config.security = Some(security));
    tracing::info!(config = ?emulator.server().config, security = ?emulator.server().security, "whole");
    let mut client = Client::connect(&emulator);
    let token = client.login("admin", "admin").unwrap();
    client.login("admin", "wrong-secret").unwrap_err();
    let new = hash("new-secret");
    let fields = [(field::USER, &b"ann"[..]), (field::PASSWORD, &new), (field::ROLES, &roles(&["read"]))];
    assert!(client.code(command::CREATE_USER, &fields).is_ok());
    assert!(client.code(command::SET_PASSWORD, &fields).is_ok());
    client.code(command::CREATE_USER, &fields);
    for password in [&b"clear-secret"[..], b"clear-wrong"] {
        let shown = [(field::USER, &b"ext"[..]), (field::CLEAR_PASSWORD, password)];
        client.code(command::LOGIN, &shown);
    }
    client.authenticate("admin", &token);
    client.authenticate("admin", &token[1..]);
    client.call(&get("k"));
    drop(client);
    emulator.stop();

    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(text.contains("authentication") && text.contains("ext"), "the log works: {text}");
    assert!(text.contains("role violation"), "{text}");
    let hashes = ["admin", "wrong-secret", "new-secret"].map(|password| hash(password)[29..].to_vec());
    let mut secrets: Vec<Vec<u8>> = vec![b"clear-secret".into(), b"clear-wrong".into(), b"$2a$10".into()];
    secrets.extend(hashes);
    let decimal = |bytes: &[u8]| bytes.iter().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ways = secrets
        .iter()
        .flat_map(|secret| [String::from_utf8_lossy(secret).into_owned(), decimal(secret), hex(secret)]);
    for form in ways.chain([decimal(&token[8..]), hex(&token[8..])]) {
        assert!(!text.contains(&form), "{form} is in the log");
    }
}
