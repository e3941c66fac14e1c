//! Certificates, and who has to show one.

use super::Config;
use crate::certificates;
use std::path::{Path, PathBuf};

/// The name that the configuration gives to what [`Config::use_tls_directory`] sets up while the certificate tells none:
/// starting the server then tells what is wrong with the file.
const UNNAMED: &str = "directory";

/// A `tls` block of the network context.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsConfig {
    /// The name by which `tls-name` refers to it.
    pub name: String,
    /// Certificates of the server, its own first (PEM).
    pub cert_file: Option<PathBuf>,
    /// The server's private key (PEM).
    pub key_file: Option<PathBuf>,
    /// Certificates of the authorities that sign clients' certificates (PEM).
    pub ca_file: Option<PathBuf>,
}

/// Whether clients show certificates on the TLS port.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClientAuth {
    /// They must; `tls-authenticate-client any`.
    #[default]
    Required,
    /// They may.
    Optional,
    /// They are not asked; `tls-authenticate-client false`.
    Off,
}

impl Config {
    /// Whether there is a TLS port; with `tls_port` 0 it is any free one.
    pub fn has_tls(&self) -> bool {
        self.tls_name != "null" || self.tls_port != 0
    }

    /// Opens a TLS port with the files that `tls-init` has made in a directory. Clients may show certificates.
    ///
    /// The TLS name is that of the server's certificate: nodes tell it of their peers, and clients expect it in the
    /// certificates that these show (transactions §20).
    pub fn use_tls_directory(&mut self, directory: &Path) {
        let file = |name| directory.join(name);
        let certificate = file(certificates::SERVER_CERTIFICATE);
        let name = certificates::server_name(&certificate).unwrap_or_else(|| UNNAMED.into());
        self.tls.retain(|block| block.name != name);
        self.tls.push(TlsConfig {
            name: name.clone(),
            cert_file: Some(certificate),
            key_file: Some(file(certificates::SERVER_KEY)),
            ca_file: Some(file(certificates::AUTHORITY)),
        });
        self.tls_name = name;
        self.tls_clients = ClientAuth::Optional;
    }
}
