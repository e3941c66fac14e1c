//! Throw-away certificates for tests: an authority, a server, a client.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io::Write;
use std::path::{Path, PathBuf};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// The authority's certificate, which clients trust.
pub const AUTHORITY: &str = "ca.pem";
/// The server's certificate.
pub const SERVER_CERTIFICATE: &str = "server.pem";
/// The server's private key.
pub const SERVER_KEY: &str = "server.key";
/// The client's certificate.
pub const CLIENT_CERTIFICATE: &str = "client.pem";
/// The client's private key.
pub const CLIENT_KEY: &str = "client.key";

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A name cannot stand in a certificate, for example.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// A file cannot be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, std::io::Error),
}

/// Makes an authority and, signed by it, certificates of a server and a client, and writes them with their keys
/// into a directory, which is made if need be. Files of a former time are replaced. The authority's key is thrown
/// away: nothing else can ever be signed with it.
///
/// * `names`: host names and addresses of the server, and what clients are given as its TLS name; the common name is
///   the first.
/// * `user`: the client certificate's common name, which PKI login takes as the user.
///
/// # Errors
/// As [`CertificateError`] tells.
pub fn init(directory: &Path, names: &[String], user: &str) -> Result<(), CertificateError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "aerospike-emulator test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut server = CertificateParams::new(names)?;
    server.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
    let (server, server_key) = issue(&authority, server, ExtendedKeyUsagePurpose::ServerAuth)?;
    let mut client = CertificateParams::new(Vec::new())?;
    client.distinguished_name.push(DnType::CommonName, user);
    let (client, client_key) = issue(&authority, client, ExtendedKeyUsagePurpose::ClientAuth)?;

    std::fs::create_dir_all(directory).map_err(|error| CertificateError::Write(directory.into(), error))?;
    for (name, text, secret) in [
        (AUTHORITY, authority.pem(), false),
        (SERVER_CERTIFICATE, server, false),
        (SERVER_KEY, server_key, true),
        (CLIENT_CERTIFICATE, client, false),
        (CLIENT_KEY, client_key, true),
    ] {
        let path = directory.join(name);
        write(&path, &text, secret).map_err(|error| CertificateError::Write(path, error))?;
    }
    Ok(())
}

/// Certificate and key of one who is named, as PEM.
fn issue(
    authority: &CertifiedIssuer<'_, KeyPair>,
    mut params: CertificateParams,
    usage: ExtendedKeyUsagePurpose,
) -> Result<(String, String), rcgen::Error> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Writes a file; a secret one can be read by its owner alone, from the first moment on.
fn write(path: &Path, text: &str, secret: bool) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mode = if secret { 0o600 } else { 0o644 };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}

/// The name that clients are to expect in a server's certificate (PEM): its first DNS name, or else its common name.
/// Nothing, if the file cannot be read or its first certificate has neither.
pub fn server_name(file: &Path) -> Option<String> {
    let certificate = CertificateDer::from_pem_file(file).ok()?;
    let (_, parsed) = parse_x509_certificate(&certificate).ok()?;
    let names = parsed.subject_alternative_name().ok().flatten();
    let host = names.iter().flat_map(|names| &names.value.general_names).find_map(|name| match name {
        GeneralName::DNSName(host) => Some((*host).to_owned()),
        _ => None,
    });
    host.or_else(|| common_name(&certificate))
}

/// The first common name of a certificate's subject.
pub fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = parse_x509_certificate(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?;
    name.as_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{AUTHORITY, SERVER_CERTIFICATE, SERVER_KEY, init, server_name};

    /// transactions §20: the TLS name stands among the certificate's DNS names.
    #[test]
    fn a_server_has_the_name_that_its_certificate_shows() {
        let directory = std::env::temp_dir().join(format!("emulator-certificates-{}", std::process::id()));
        let named = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            init(&directory, &names, "admin").unwrap();
            server_name(&directory.join(SERVER_CERTIFICATE))
        };
        assert_eq!(named(&["localhost", "127.0.0.1"]).as_deref(), Some("localhost"));
        assert_eq!(named(&["127.0.0.1", "db.example", "localhost"]).as_deref(), Some("db.example"));
        assert_eq!(named(&["127.0.0.1"]).as_deref(), Some("127.0.0.1"), "the common name");
        assert_eq!(
            server_name(&directory.join(AUTHORITY)).as_deref(),
            Some("aerospike-emulator test authority")
        );
        assert_eq!(server_name(&directory.join(SERVER_KEY)), None);
        assert_eq!(server_name(&directory.join("none.pem")), None);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
