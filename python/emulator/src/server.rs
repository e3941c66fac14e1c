//! A running server as Python holds it.

use crate::EmulatorError;
use crate::options::Config;
use aerospike_emulator::Emulator;
use aerospike_emulator::control::{Arguments, Refusal, commands, snapshot};
use aerospike_emulator::server::Server as Inside;
use parking_lot::Mutex;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A server that runs from its construction until `stop`, in threads of its own.
///
/// A forked child has a copy of this object but none of those threads: whatever it would wait for never comes.
/// So every method asks first whether this is still the process that started it, before it takes any lock.
#[pyclass(frozen, module = "aerospike_emulator._native")]
pub struct Server {
    emulator: Mutex<Option<Emulator>>,
    process: u32,
}

/// All data of a server at one moment.
#[pyclass(frozen, module = "aerospike_emulator._native")]
pub struct Snapshot(snapshot::Snapshot);

#[pymethods]
impl Server {
    /// Starts a server; it accepts connections when this returns.
    #[new]
    fn new(py: Python<'_>, config: &Config) -> PyResult<Server> {
        let config = config.config.clone();
        let emulator = py
            .detach(|| Emulator::start(config))
            .map_err(|error| EmulatorError::new_err(error.to_string()))?;
        Ok(Server { emulator: Mutex::new(Some(emulator)), process: std::process::id() })
    }

    /// Host and port that it listens on.
    fn address(&self, py: Python<'_>) -> PyResult<(String, u16)> {
        self.with(py, |emulator| {
            let address = emulator.address();
            (address.ip().to_string(), address.port())
        })
    }

    /// The port for TLS; `None` when there is none.
    fn tls_port(&self, py: Python<'_>) -> PyResult<Option<u16>> {
        self.with(py, Emulator::tls_port)
    }

    /// The seed that repeats what chance does.
    fn seed(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, Emulator::seed)
    }

    /// Removes all records of a set, of a namespace, or of all namespaces; how many they were.
    #[pyo3(signature = (namespace = None, set = None))]
    fn truncate(&self, py: Python<'_>, namespace: Option<&str>, set: Option<&str>) -> PyResult<usize> {
        self.with(py, |emulator| emulator.truncate(namespace, set))?
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Waits until its nodes have learned of all that has happened; whether they have in so many seconds.
    fn settle(&self, py: Python<'_>, timeout: f64) -> PyResult<bool> {
        self.check_process()?;
        let cluster = self.with(py, |emulator| emulator.cluster().clone())?;
        let timeout = Duration::try_from_secs_f64(timeout)
            .map_err(|_| PyValueError::new_err(format!("timeout is a number of seconds, not {timeout}")))?;
        Ok(py.detach(|| cluster.settle(timeout)))
    }

    /// Runs a control command; its answer as JSON.
    fn control(
        &self,
        py: Python<'_>,
        word: &str,
        arguments: Vec<(String, Option<Vec<u8>>)>,
    ) -> PyResult<String> {
        let inside = self.inside(py)?;
        let answer = py.detach(|| {
            let items = arguments.iter().map(|(key, value)| (key.as_bytes(), value.as_deref()));
            commands::run(&inside, word, &Arguments::of(items)).map(|answer| answer.to_string())
        });
        answer.map_err(refused)
    }

    /// All data as it is now.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Snapshot> {
        let inside = self.inside(py)?;
        Ok(Snapshot(py.detach(|| snapshot::Snapshot::take(&inside))))
    }

    /// Makes the data what it was; how many records differed.
    #[pyo3(signature = (snapshot, records_only = false))]
    fn restore(&self, py: Python<'_>, snapshot: &Snapshot, records_only: bool) -> PyResult<usize> {
        let inside = self.inside(py)?;
        let restored = py.detach(|| match records_only {
            true => snapshot.0.restore_records(&inside),
            false => snapshot.0.restore(&inside),
        });
        restored.map_err(refused)
    }

    /// The records in which two snapshots differ, as JSON.
    fn differences(&self, py: Python<'_>, before: &Snapshot, after: &Snapshot) -> PyResult<String> {
        let inside = self.inside(py)?;
        let found = py.detach(|| before.0.differences(&after.0, &inside)).map_err(refused)?;
        let list: Vec<String> = found.iter().map(|difference| difference.to_json().to_string()).collect();
        Ok(format!("[{}]", list.join(",")))
    }

    /// A namespace as text.
    fn dump(&self, py: Python<'_>, namespace: &str) -> PyResult<String> {
        self.with(py, |emulator| emulator.data().dump(namespace))?.map_err(refused)
    }

    /// Loads a file or a directory of backups; how many records were written.
    fn load(&self, py: Python<'_>, path: PathBuf) -> PyResult<usize> {
        self.with(py, |emulator| emulator.load(&path))?.map(|loaded| loaded.records).map_err(refused)
    }

    /// Saves all namespaces, or one.
    #[pyo3(signature = (path, namespace = None))]
    fn save(&self, py: Python<'_>, path: PathBuf, namespace: Option<&str>) -> PyResult<()> {
        self.with(py, |emulator| emulator.save(&path, namespace))?.map_err(refused)
    }

    /// Stops it; requests under way are finished. Again: does nothing.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.check_process()?;
        py.detach(|| {
            // Released before the wait: other threads learn at once that it is stopped.
            let emulator = self.emulator.lock().take();
            if let Some(emulator) = emulator {
                emulator.stop();
            }
        });
        Ok(())
    }
}

fn refused(refusal: Refusal) -> PyErr {
    match refusal.is_state {
        true => EmulatorError::new_err(refusal.to_string()),
        false => PyValueError::new_err(refusal.to_string()),
    }
}

impl Server {
    fn check_process(&self) -> PyResult<()> {
        if std::process::id() == self.process {
            return Ok(());
        }
        Err(EmulatorError::new_err(format!(
            "this emulator runs in process {}, the parent of this forked process: start a new one here, or take \
             its address before the fork",
            self.process
        )))
    }

    /// The server's inside, for what may take long: other threads can stop it meanwhile.
    fn inside(&self, py: Python<'_>) -> PyResult<Arc<Inside>> {
        self.with(py, |emulator| emulator.server().clone())
    }

    fn with<T: Send>(&self, py: Python<'_>, use_it: impl FnOnce(&Emulator) -> T + Send) -> PyResult<T> {
        self.check_process()?;
        py.detach(|| self.emulator.lock().as_ref().map(use_it))
            .ok_or_else(|| EmulatorError::new_err("the emulator is stopped"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(emulator) = self.emulator.get_mut().take() else { return };
        if std::process::id() != self.process {
            // Its threads are the parent's: joining them would wait for ever, closing its sockets would be
            // noticed there.
            std::mem::forget(emulator);
            return;
        }
        let mut emulator = Some(emulator);
        // Python drops objects with its lock held, but not when it shuts down.
        Python::try_attach(|py| py.detach(|| drop(emulator.take())));
        drop(emulator);
    }
}
