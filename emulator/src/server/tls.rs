//! Encrypted connections: what the TLS port needs, and a socket that may be of either kind.

use crate::certificates;
use crate::config::{ClientAuth, Config, TlsConfig};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

/// Why the TLS port cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The configuration names a `tls` block that it does not have.
    #[error("there is no 'tls {0}' block")]
    NoBlock(String),
    /// A file that is needed is not named.
    #[error("'tls {0}' block: '{1}' is missing")]
    NoFile(String, &'static str),
    /// A file cannot be read, or has no certificate or key.
    #[error("cannot use {0}: {1}")]
    File(PathBuf, pem::Error),
    /// A certificate of the authority cannot be used.
    #[error("cannot check client certificates: {0}")]
    Clients(#[from] VerifierBuilderError),
    /// Certificate and key do not fit, for example.
    #[error("{0}")]
    Tls(#[from] rustls::Error),
}

/// What the TLS port presents and demands; `None` when the configuration has no TLS.
///
/// # Errors
/// As [`TlsError`] tells.
pub fn server_config(config: &Config) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    let name = &config.tls_name;
    if !config.has_tls() {
        return Ok(None);
    }
    let block = config.tls.iter().find(|block| block.name == *name);
    let block = block.ok_or_else(|| TlsError::NoBlock(name.clone()))?;
    let chain = read_certificates(required(block, &block.cert_file, "cert-file")?)?;
    let key_file = required(block, &block.key_file, "key-file")?;
    let key = PrivateKeyDer::from_pem_file(key_file);
    let key = key.map_err(|error| TlsError::File(key_file.into(), error))?;

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = match config.tls_clients {
        ClientAuth::Off => builder.with_no_client_auth(),
        ClientAuth::Optional | ClientAuth::Required => {
            let mut roots = RootCertStore::empty();
            for certificate in read_certificates(required(block, &block.ca_file, "ca-file")?)? {
                roots.add(certificate)?;
            }
            let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let clients = match config.tls_clients {
                ClientAuth::Optional => clients.allow_unauthenticated(),
                _ => clients,
            };
            builder.with_client_cert_verifier(clients.build()?)
        }
    };
    Ok(Some(Arc::new(builder.with_single_cert(chain, key)?)))
}

fn required<'a>(
    block: &TlsConfig,
    file: &'a Option<PathBuf>,
    setting: &'static str,
) -> Result<&'a Path, TlsError> {
    file.as_deref().ok_or_else(|| TlsError::NoFile(block.name.clone(), setting))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let fail = |error| TlsError::File(path.into(), error);
    let list = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let list = list.map_err(fail)?;
    if list.is_empty() { Err(fail(pem::Error::NoItemsFound)) } else { Ok(list) }
}

/// A client's socket.
pub enum Stream {
    /// Bytes as they are. Shared with the threads that send replies beside the network thread.
    Clear(Arc<TcpStream>),
    /// Bytes in TLS.
    Tls(Box<TlsStream>),
}

/// A socket with its encryption.
pub struct TlsStream {
    socket: TcpStream,
    tls: ServerConnection,
}

impl Stream {
    /// Takes over a socket; with a configuration, the client is expected to speak TLS.
    ///
    /// # Errors
    /// The system's, or that of a configuration that cannot be used.
    pub fn new(socket: std::net::TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Stream> {
        let socket = TcpStream::from_std(socket)?;
        Ok(match tls {
            None => Stream::Clear(Arc::new(socket)),
            Some(config) => {
                let tls = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
                Stream::Tls(Box::new(TlsStream { socket, tls }))
            }
        })
    }

    /// Reads what there is, as [`AsyncRead::poll_read`] does; nothing means that the client has closed.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Clear(socket) => loop {
                // This way of reading leaves out the attempt that finds nothing, but wants the socket for itself.
                if let Some(socket) = Arc::get_mut(socket) {
                    return std::pin::Pin::new(socket).poll_read(cx, buffer);
                }
                ready!(socket.poll_read_ready(cx))?;
                match socket.try_read(buffer.initialize_unfilled()) {
                    Ok(count) => {
                        buffer.advance(count);
                        return Poll::Ready(Ok(()));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            },
            Stream::Tls(stream) => stream.poll_read(cx, buffer),
        }
    }

    /// Takes as much as it can at once; how much.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] when it can take nothing.
    pub fn try_write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Clear(socket) => socket.try_write(data),
            Stream::Tls(stream) => stream.try_write(data),
        }
    }

    /// Sends what was taken and is still here.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] when some of it remains.
    pub fn try_flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Clear(_) => Ok(()),
            Stream::Tls(stream) => stream.push(),
        }
    }

    /// Waits until the socket takes bytes.
    ///
    /// # Errors
    /// The system's.
    pub async fn writable(&self) -> io::Result<()> {
        match self {
            Stream::Clear(socket) => socket.writable().await,
            Stream::Tls(stream) => stream.socket.writable().await,
        }
    }

    /// The socket, if any thread may write to it.
    pub fn shared(&self) -> Option<&Arc<TcpStream>> {
        match self {
            Stream::Clear(socket) => Some(socket),
            Stream::Tls(_) => None,
        }
    }

    /// Tells the client that nothing follows, as far as the socket takes that at once.
    pub fn close(&mut self) {
        if let Stream::Tls(stream) = self {
            stream.tls.send_close_notify();
            let _ = stream.push();
        }
    }

    /// Lets the client see a reset when the socket is dropped, as after the end of a process.
    pub fn reset(&self) {
        let socket: &TcpStream = match self {
            Stream::Clear(socket) => socket,
            Stream::Tls(stream) => &stream.socket,
        };
        let reference = socket2::SockRef::from(socket);
        // A socket that is closed already needs nothing.
        let _ = reference.set_linger(Some(Duration::ZERO));
        if matches!(self, Stream::Clear(socket) if Arc::strong_count(socket) > 1) {
            // A thread that runs a function holds the socket, too; it must not send its reply any more.
            let _ = reference.shutdown(Shutdown::Both);
        }
    }

    /// The common name in the client's certificate, if it has shown one.
    pub fn client_name(&self) -> Option<String> {
        match self {
            Stream::Clear(_) => None,
            Stream::Tls(stream) => certificates::common_name(stream.tls.peer_certificates()?.first()?),
        }
    }
}

impl TlsStream {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.tls.reader().read(buffer.initialize_unfilled()) {
                Ok(count) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Gone without saying so, as many clients do.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(error)),
            }
            // The handshake may have something to say.
            while let Err(error) = self.push() {
                if error.kind() != ErrorKind::WouldBlock {
                    return Poll::Ready(Err(error));
                }
                if self.socket.poll_write_ready(cx)?.is_pending() {
                    break;
                }
            }
            ready!(self.socket.poll_read_ready(cx))?;
            match self.tls.read_tls(&mut Wire(&self.socket)) {
                Ok(0) => return Poll::Ready(Ok(())),
                Ok(_) => {
                    if let Err(error) = self.tls.process_new_packets() {
                        // The client is told why.
                        let _ = self.push();
                        return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, error)));
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn try_write(&mut self, data: &[u8]) -> io::Result<usize> {
        loop {
            // Takes nothing when it is full.
            let count = self.tls.writer().write(data)?;
            match self.push() {
                Err(error) if error.kind() == ErrorKind::WouldBlock && count > 0 => return Ok(count),
                Ok(()) if count == 0 => {}
                pushed => return pushed.map(|()| count),
            }
        }
    }

    /// Sends encrypted bytes until there are none, or the socket takes none.
    fn push(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut Wire(&self.socket))? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

/// A socket for encrypted bytes, never waiting.
struct Wire<'a>(&'a TcpStream);

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.try_write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
