//! Encrypted connections.

use crate::fixture::{Test, bins, fails_here, numbers, range};
use crate::harness::Suite;
use crate::server::{Server, configuration, program, temporary};
use aerospike::{AdminPolicy, AuthMode, Client, ClientPolicy, Error, TlsPolicy, Value, as_bin};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Throw-away certificates, in a directory that is gone when this is dropped.
struct Certificates(PathBuf);

impl Certificates {
    fn new() -> Certificates {
        let directory = temporary("tls");
        let made = Command::new(program()).arg("tls-init").arg(&directory).args(["--user", "root"]).output();
        let made = made.expect("tls-init");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Certificates(directory)
    }

    /// What trusts this authority, with the client's certificate if asked for.
    fn config(&self, with_own: bool) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&self.0.join("ca.pem"))).expect("an authority");
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(roots);
        if !with_own {
            return builder.with_no_client_auth();
        }
        let key = PrivateKeyDer::from_pem_file(self.0.join("client.key")).expect("a key");
        builder.with_client_auth_cert(vec![certificate(&self.0.join("client.pem"))], key).expect("a pair")
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn certificate(file: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).expect("a certificate")
}

/// A server with security and TLS, and the port for the latter.
fn serve(certificates: &Certificates) -> (Server, u16) {
    let config = configuration("secured.conf");
    let directory = certificates.0.display().to_string();
    let server = Server::with(&["--port", "0", "--config-file", &config, "--tls-dir", &directory]);
    let told = server.line.split("TLS on port ").nth(1).unwrap_or_default();
    let port = told.chars().take_while(char::is_ascii_digit).collect::<String>();
    let port = port.parse().unwrap_or_else(|_| panic!("no port: {}", server.line));
    (server, port)
}

async fn connect(port: u16, config: ClientConfig, auth_mode: AuthMode) -> Result<Client, Error> {
    let tls_policy = Some(TlsPolicy::new(config));
    let policy = ClientPolicy { auth_mode, tls_policy, timeout: 5000, ..ClientPolicy::default() };
    Client::new(&policy, &format!("127.0.0.1:localhost:{port}")).await
}

fn root() -> AuthMode {
    AuthMode::Internal("root".into(), "secret".into())
}

async fn put_and_get(t: &Test) {
    t.put_q().await;
    let large = Value::Blob((0..500_000).map(|i| (i % 251) as u8).collect());
    t.put(&t.key("large"), &[as_bin!("v", large.clone())]).await;
    assert_eq!(t.get(&t.key("large")).await, bins([("v", large)]));
    t.client.delete(&Default::default(), &t.key("large")).await.expect("deleted");
    let found = t.query(&Default::default(), t.statement()).await.expect("records");
    assert_eq!(numbers(&found), range(0..60, &[]));
}

pub fn add(suite: &mut Suite) {
    suite.test("tls-01", |t| async move {
        let certificates = Certificates::new();
        let (_server, port) = serve(&certificates);
        let client = connect(port, certificates.config(false), root()).await.expect("connected");
        put_and_get(&t.with(client)).await;
    });
    suite.test("tls-02", |_| async move {
        let (certificates, others) = (Certificates::new(), Certificates::new());
        let (server, port) = serve(&certificates);
        let error = fails_here(connect(port, others.config(false), root()).await).to_string();
        assert!(error.contains("certificate"), "{error}");
        // Nor does it without TLS to that port.
        let plain = ClientPolicy { auth_mode: root(), ..ClientPolicy::default() };
        fails_here(Client::new(&plain, &format!("127.0.0.1:{port}")).await);
        server.login("root", "secret").await.expect("connected to the other port");
    });
    suite.test("tls-03", |t| async move {
        let certificates = Certificates::new();
        let (_server, port) = serve(&certificates);
        let client = connect(port, certificates.config(true), AuthMode::Pki).await.expect("connected");
        let users = client.query_users(&AdminPolicy::default(), Some("root")).await.expect("a user");
        assert_eq!(users[0].roles, ["read-write-udf", "sys-admin", "user-admin"]);
        put_and_get(&t.with(client)).await;
        fails_here(connect(port, certificates.config(false), AuthMode::Pki).await);
    });
    suite.test("tls-04", |t| async move {
        let certificates = Certificates::new();
        let (_server, port) = serve(&certificates);
        let login = async |password: &str| {
            let auth = AuthMode::Internal("root".into(), password.into());
            connect(port, certificates.config(false), auth).await
        };
        put_and_get(&t.with(login("secret").await.expect("connected"))).await;
        crate::login::refused(65, login("wrong").await);
    });
}
