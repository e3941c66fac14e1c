//! Certificates, and who has to show one.

use super::Config;
use std::path::{Path, PathBuf};

/// The name that the configuration gives to what [`Config::use_tls_directory`] sets up.
const DIRECTORY: &str = "directory";

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
    pub fn use_tls_directory(&mut self, directory: &Path) {
        let file = |name| Some(directory.join(name));
        self.tls.retain(|block| block.name != DIRECTORY);
        self.tls.push(TlsConfig {
            name: DIRECTORY.into(),
            cert_file: file(crate::certificates::SERVER_CERTIFICATE),
            key_file: file(crate::certificates::SERVER_KEY),
            ca_file: file(crate::certificates::AUTHORITY),
        });
        self.tls_name = DIRECTORY.into();
        self.tls_clients = ClientAuth::Optional;
    }
}
