//! A socket, or a socket with its encryption; nothing above knows which.

use crate::error::ErrorKind;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{Read, Result, Write};
use std::sync::Arc;

/// How connections to a node are encrypted.
#[derive(Clone, Debug)]
pub struct Encryption {
    /// Certificates, keys, versions.
    pub config: Arc<ClientConfig>,
    /// The name that the node's certificate must have.
    pub name: ServerName<'static>,
}

impl Encryption {
    /// For a node with this name.
    ///
    /// # Errors
    /// A connection error for what cannot be a name.
    pub fn new(config: &Arc<ClientConfig>, name: &str) -> std::result::Result<Encryption, ErrorKind> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| {
            ErrorKind::Connection(format!("'{name}' is not a name that a certificate can have"))
        })?;
        Ok(Encryption { config: config.clone(), name })
    }
}

/// A stream of bytes over a socket.
#[derive(Debug)]
pub enum Stream<S: Read + Write> {
    /// As it is.
    Plain(S),
    /// Encrypted.
    Tls(Box<StreamOwned<ClientConnection, S>>),
}

impl<S: Read + Write> Stream<S> {
    /// A stream over an open socket; the handshake runs with the first bytes.
    ///
    /// # Errors
    /// A connection error for a configuration that TLS cannot use.
    pub fn new(socket: S, encryption: Option<&Encryption>) -> std::result::Result<Stream<S>, ErrorKind> {
        let Some(encryption) = encryption else { return Ok(Stream::Plain(socket)) };
        let connection = ClientConnection::new(encryption.config.clone(), encryption.name.clone())
            .map_err(|error| ErrorKind::Connection(error.to_string()))?;
        Ok(Stream::Tls(Box::new(StreamOwned::new(connection, socket))))
    }

    /// The socket below.
    pub fn socket(&self) -> &S {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.get_ref(),
        }
    }

    /// The socket below.
    pub fn socket_mut(&mut self) -> &mut S {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.get_mut(),
        }
    }
}

impl<S: Read + Write> Read for Stream<S> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(into),
            Stream::Tls(stream) => stream.read(into),
        }
    }
}

impl<S: Read + Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Stream::Plain(socket) => socket.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}
