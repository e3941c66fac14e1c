//! From `connect()` to `close()`: the state of a client (python-api §2.3).

use crate::config::{Config, Credentials};
use crate::errors;
use crate::gate::{Gate, Pass};
use aerospike_client_core::Cluster;
use aerospike_client_core::admin::Login;
use parking_lot::RwLock;
use pyo3::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts forks: a child process is one ahead of the parent that its clients were connected in.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// Called by Python in a child process right after a fork.
#[pyfunction]
pub fn after_fork_in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// A connected cluster with what the client's configuration says about it.
#[derive(Debug)]
pub struct Session {
    cluster: Option<Cluster>,
    forks: u64,
    /// See [`Config::bytes_as_blob`].
    pub bytes_as_blob: bool,
    /// What operations that wait in their own thread pass.
    gate: Option<Gate>,
}

impl Session {
    /// Connects. Blocks; call it detached from the interpreter.
    fn open(config: Config) -> Result<Session, aerospike_client_core::Error> {
        let mut cluster = config.cluster;
        if let Some(Credentials { mode, user, password }) = config.credentials {
            cluster.login = Some(Arc::new(Login::new(mode, &user, &password)?));
        }
        let cluster = Cluster::connect(cluster)?;
        let forks = FORKS.load(Ordering::Relaxed);
        let gate = Gate::new(config.most_operations, config.patience);
        Ok(Session { cluster: Some(cluster), forks, bytes_as_blob: config.bytes_as_blob, gate })
    }

    /// The cluster.
    ///
    /// # Errors
    /// `ClientError` in a forked child.
    pub fn cluster(&self) -> PyResult<&Cluster> {
        if self.is_forked() {
            return Err(forked());
        }
        self.cluster.as_ref().ok_or_else(not_connected)
    }

    /// Waits until an operation may begin.
    ///
    /// # Errors
    /// `BackpressureError`.
    pub fn enter(&self, py: Python<'_>, operation: &str) -> PyResult<Option<Pass<'_>>> {
        self.gate.as_ref().map(|gate| gate.enter(py, operation)).transpose()
    }

    /// Who is logged in, and the hash of the password.
    ///
    /// # Errors
    /// `ClientError` in a forked child.
    pub fn identity(&self) -> PyResult<Option<(String, String)>> {
        Ok(self.cluster()?.login().map(|login| (login.user().to_owned(), login.hash())))
    }

    /// Takes note of a changed password.
    ///
    /// # Errors
    /// `ClientError` in a forked child.
    pub fn set_password(&self, hash: &str, password: &str) -> PyResult<()> {
        if let Some(login) = self.cluster()?.login() {
            login.set_password(hash, password);
        }
        Ok(())
    }

    fn is_forked(&self) -> bool {
        self.forks != FORKS.load(Ordering::Relaxed)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.is_forked() {
            // Locks may be held by threads that only the parent has, and its sockets are the parent's to close.
            std::mem::forget(self.cluster.take());
        }
    }
}

/// The error of a client that was connected before a fork.
pub fn forked() -> PyErr {
    errors::client(
        "This client was connected before the process forked and cannot be used in the child: \
         create and connect a client after the fork",
    )
}

/// The error of a client that is not connected.
pub fn not_connected() -> PyErr {
    errors::client("Client is not connected. Call connect() first.")
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Disconnected,
    /// With the ticket of the attempt that is under way.
    Connecting(u64),
    Connected(Arc<Session>),
}

/// The state of one client.
#[derive(Debug, Default)]
pub struct Lifecycle {
    state: RwLock<State>,
    tickets: AtomicU64,
    /// Forks at the last change; the lock is not touched when they differ, for a thread of the parent may hold it.
    forks: AtomicU64,
}

impl Lifecycle {
    /// A client that was never connected.
    pub fn new() -> Lifecycle {
        Lifecycle { forks: AtomicU64::new(FORKS.load(Ordering::Relaxed)), ..Lifecycle::default() }
    }

    /// One that holds a session from the start.
    pub fn holding(session: Arc<Session>) -> Lifecycle {
        Lifecycle { state: RwLock::new(State::Connected(session)), ..Lifecycle::new() }
    }

    fn is_forked(&self) -> bool {
        self.forks.load(Ordering::Relaxed) != FORKS.load(Ordering::Relaxed)
    }

    /// The session of a connected client.
    ///
    /// # Errors
    /// `ClientError`.
    pub fn session(&self) -> PyResult<Arc<Session>> {
        if self.is_forked() {
            return Err(forked());
        }
        match &*self.state.read() {
            State::Connected(session) => Ok(session.clone()),
            _ => Err(not_connected()),
        }
    }

    /// Whether the client is connected.
    pub fn is_connected(&self) -> bool {
        !self.is_forked() && matches!(*self.state.read(), State::Connected(_))
    }

    /// Starts an attempt to connect; its ticket.
    ///
    /// # Errors
    /// `ClientError` when the client is connected or another attempt is under way.
    pub fn begin(&self) -> PyResult<u64> {
        if self.is_forked() {
            return Err(forked());
        }
        let mut state = self.state.write();
        match *state {
            State::Connected(_) => Err("Cannot connect: client is already connected. \
                Close the client before reconnecting."),
            State::Connecting(_) => {
                Err("Cannot connect: client is already connecting (currently connecting).")
            }
            State::Disconnected => {
                let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
                *state = State::Connecting(ticket);
                Ok(ticket)
            }
        }
        .map_err(errors::client)
    }

    /// Carries an attempt out. Blocks; call it detached from the interpreter. An attempt that was given up
    /// meanwhile changes nothing; one that fails is still to be given up.
    ///
    /// # Errors
    /// Why the cluster cannot be reached.
    pub fn run(&self, ticket: u64, config: Config) -> Result<(), aerospike_client_core::Error> {
        let session = Session::open(config)?;
        let mut state = self.state.write();
        if matches!(*state, State::Connecting(current) if current == ticket) {
            *state = State::Connected(Arc::new(session));
        }
        Ok(())
    }

    /// Gives an attempt up.
    pub fn abandon(&self, ticket: u64) {
        if self.is_forked() {
            return;
        }
        let mut state = self.state.write();
        if matches!(*state, State::Connecting(current) if current == ticket) {
            *state = State::Disconnected;
        }
    }

    /// Ends the connection, if there is one.
    ///
    /// # Errors
    /// `ClientError` while an attempt to connect is under way.
    pub fn close(&self) -> PyResult<Option<Arc<Session>>> {
        if self.is_forked() {
            return Ok(None);
        }
        let mut state = self.state.write();
        if matches!(*state, State::Connecting(_)) {
            drop(state);
            return Err(errors::client("Cannot close: client is currently connecting."));
        }
        match std::mem::take(&mut *state) {
            State::Connected(session) => Ok(Some(session)),
            _ => Ok(None),
        }
    }
}
