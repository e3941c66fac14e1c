//! The TLS port over real sockets.

#[path = "support/admin.rs"]
mod admin;
mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::certificates;
use aerospike_emulator::config::{AuthMode, ClientAuth, Config, Edition, SecurityConfig, UserConfig};
use aerospike_wire::admin::{AdminHeader, command};
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use aerospike_wire::{Message, ResultCode, Value};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use support::{Client, get, put, start};

/// A directory with certificates, removed at the end.
struct Certificates(PathBuf);

impl Certificates {
    fn new(name: &str, user: &str) -> Certificates {
        let directory = std::env::temp_dir().join(format!("emulator-tls-{name}-{}", std::process::id()));
        certificates::init(&directory, &["localhost".into(), "127.0.0.1".into()], user).unwrap();
        Certificates(directory)
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn listening(directory: &Path, change: impl FnOnce(&mut Config)) -> Emulator {
    start(|config| {
        config.use_tls_directory(directory);
        change(config);
    })
}

/// A client that trusts the directory's authority and, if asked, shows its certificate.
fn client_config(directory: &Path, shows_certificate: bool) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(directory.join(certificates::AUTHORITY)).unwrap()).unwrap();
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    Arc::new(match shows_certificate {
        false => builder.with_no_client_auth(),
        true => {
            let own =
                CertificateDer::from_pem_file(directory.join(certificates::CLIENT_CERTIFICATE)).unwrap();
            let key = PrivateKeyDer::from_pem_file(directory.join(certificates::CLIENT_KEY)).unwrap();
            builder.with_client_auth_cert(vec![own], key).unwrap()
        }
    })
}

type Stream = StreamOwned<ClientConnection, TcpStream>;

fn connect(emulator: &Emulator, config: Arc<ClientConfig>) -> Stream {
    let port = emulator.tls_port().expect("a TLS port");
    let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let connection = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, socket)
}

fn receive(stream: &mut Stream) -> std::io::Result<(FrameType, Vec<u8>)> {
    let mut head = [0; HEADER_SIZE];
    stream.read_exact(&mut head)?;
    let head = ProtoHeader::parse(head).expect("a frame header");
    let mut body = vec![0; head.size];
    stream.read_exact(&mut body)?;
    Ok((head.frame_type, body))
}

fn info(stream: &mut Stream, text: &str) -> std::io::Result<String> {
    let mut frame = ProtoHeader { frame_type: FrameType::Info, size: text.len() }.to_bytes().to_vec();
    frame.extend_from_slice(text.as_bytes());
    stream.write_all(&frame)?;
    let (_, body) = receive(stream)?;
    Ok(String::from_utf8(body).unwrap())
}

#[test]
fn both_ports_serve_the_same_records() {
    let files = Certificates::new("both", "admin");
    let emulator = listening(&files.0, |_| {});
    let mut secure = connect(&emulator, client_config(&files.0, false));
    let mut clear = Client::connect(&emulator);
    assert_eq!(clear.call(&put("k", "a", Value::Int(7))).code(), ResultCode::OK);
    secure.write_all(&get("k")).unwrap();
    let (_, body) = receive(&mut secure).unwrap();
    assert_eq!(Message::parse(&body).unwrap().n_ops(), 1);
    let port = emulator.tls_port().unwrap();
    let own = format!("service-tls-std\t127.0.0.1:{port}\n");
    assert_eq!(info(&mut secure, "service-tls-std\n").unwrap(), own);
    assert_eq!(clear.info("service-tls-std\n"), own);
    assert_eq!(clear.info("service-tls-alt\n"), "service-tls-alt\t\n");
    assert!(clear.info("peers-tls-std\n").ends_with(",3000,[]\n"));
    assert!(clear.info("endpoints\n").contains(&format!("service.tls-port={port};")));

    let without = start(|_| {});
    assert_eq!(without.tls_port(), None);
    assert_eq!(Client::connect(&without).info("service-tls-std\n"), "service-tls-std\t\n");
}

#[test]
fn many_requests_and_large_replies() {
    let files = Certificates::new("large", "admin");
    let emulator = listening(&files.0, |_| {});
    let mut stream = connect(&emulator, client_config(&files.0, false));
    let value = Value::Blob(vec![0xa5; 900_000]);
    stream.write_all(&put("big", "a", value)).unwrap();
    receive(&mut stream).unwrap();
    // More than socket and encryption can hold while nobody reads.
    const COUNT: usize = 40;
    let frames: Vec<u8> = (0..COUNT).flat_map(|_| get("big")).collect();
    stream.write_all(&frames).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    for _ in 0..COUNT {
        let (_, body) = receive(&mut stream).unwrap();
        assert!(body.len() > 900_000);
    }
    assert!(info(&mut stream, "node\n").unwrap().starts_with("node\t"));
}

#[test]
fn who_does_not_speak_tls_is_turned_away() {
    let files = Certificates::new("wrong", "admin");
    let emulator = listening(&files.0, |_| {});
    let mut socket = TcpStream::connect(("127.0.0.1", emulator.tls_port().unwrap())).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.write_all(&get("k")).unwrap();
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest);
    assert_ne!(rest.first(), Some(&2), "a frame in clear");
    // Whoever trusts another authority notices.
    let others = Certificates::new("others", "admin");
    assert!(info(&mut connect(&emulator, client_config(&others.0, false)), "node\n").is_err());
    // And one whose certificate another authority has signed is not believed.
    let mut stranger = connect(&emulator, {
        let mut config = Arc::unwrap_or_clone(client_config(&files.0, false));
        config.client_auth_cert_resolver = client_config(&others.0, true).client_auth_cert_resolver.clone();
        Arc::new(config)
    });
    assert!(info(&mut stranger, "node\n").is_err());
    assert!(info(&mut connect(&emulator, client_config(&files.0, true)), "node\n").is_ok());
}

#[test]
fn client_certificates_can_be_demanded() {
    let files = Certificates::new("demanded", "admin");
    let emulator = listening(&files.0, |config| config.tls_clients = ClientAuth::Required);
    assert!(info(&mut connect(&emulator, client_config(&files.0, false)), "node\n").is_err());
    assert!(info(&mut connect(&emulator, client_config(&files.0, true)), "node\n").is_ok());
}

#[test]
fn certificates_log_in() {
    let files = Certificates::new("login", "ann");
    let ann = UserConfig {
        name: "ann".into(),
        mode: AuthMode::Pki,
        roles: vec!["read".into()],
        ..UserConfig::default()
    };
    let security = SecurityConfig { users: vec![ann], ..SecurityConfig::default() };
    let emulator = listening(&files.0, |config| config.security = Some(security));
    let login = |shows_certificate| {
        let mut stream = connect(&emulator, client_config(&files.0, shows_certificate));
        stream.write_all(&admin::frame(command::LOGIN, &[])).unwrap();
        let (_, body) = receive(&mut stream).unwrap();
        (ResultCode(AdminHeader::parse(&body).unwrap().0.result), stream)
    };
    assert_eq!(login(false).0, ResultCode::SEC_CREDENTIAL);
    let (code, mut stream) = login(true);
    assert_eq!(code, ResultCode::OK);
    stream.write_all(&get("k")).unwrap();
    let (_, body) = receive(&mut stream).unwrap();
    assert_eq!(Message::parse(&body).unwrap().header.result, ResultCode::NOT_FOUND.0);
}

#[test]
fn what_is_wrong_with_the_files_is_told() {
    let files = Certificates::new("files", "admin");
    let fail = |change: &dyn Fn(&mut Config)| {
        let mut config = Config { port: 0, ..Config::default() };
        config.use_tls_directory(&files.0);
        config.tls_port = 1;
        change(&mut config);
        Emulator::start(config).unwrap_err().to_string()
    };
    assert_eq!(fail(&|config| config.tls_name = "x".into()), "TLS: there is no 'tls x' block");
    let missing = fail(&|config| config.tls[0].key_file = Some("/no/such.key".into()));
    assert!(missing.starts_with("TLS: cannot use /no/such.key: "), "{missing}");
    assert_eq!(fail(&|config| config.tls_name = "null".into()), "TLS: there is no 'tls null' block");
    assert_eq!(fail(&|config| config.edition = Edition::Community), "'tls' is enterprise-only");
    assert!(fail(&|config| config.tls[0].ca_file = None).contains("'ca-file' is missing"));
    let swapped = fail(&|config| config.tls[0].cert_file = config.tls[0].key_file.clone());
    assert!(swapped.contains("server.key"), "{swapped}");
}
