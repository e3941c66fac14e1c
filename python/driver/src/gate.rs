//! Backpressure: at most so many operations at a time, the others wait for their turn (python-api §2.1).

use crate::errors;
use parking_lot::{Condvar, Mutex};
use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// What all operations of a client pass.
#[derive(Debug)]
pub struct Gate {
    most: usize,
    /// How long an operation waits; zero: as long as it takes.
    patience: Duration,
    inside: Mutex<usize>,
    freed: Condvar,
}

/// The right to be inside; given back when dropped.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

impl Gate {
    /// A gate for at most this many; `None` for zero, which means no limit.
    pub fn new(most: usize, patience: Duration) -> Option<Gate> {
        (most > 0).then(|| Gate { most, patience, inside: Mutex::new(0), freed: Condvar::new() })
    }

    /// Waits until there is room.
    ///
    /// # Errors
    /// `BackpressureError` when there is none in time.
    pub fn enter(&self, py: Python<'_>, operation: &str) -> PyResult<Pass<'_>> {
        if self.take(None) {
            return Ok(Pass(self));
        }
        let deadline = (!self.patience.is_zero()).then(|| Instant::now() + self.patience);
        if py.detach(|| self.take(Some(deadline))) {
            return Ok(Pass(self));
        }
        Err(errors::backpressure(&format!(
            "Backpressure timeout on '{operation}' after {} ms: {} operations are under way",
            self.patience.as_millis(),
            self.most
        )))
    }

    /// Takes a place: at once or not at all, or waiting until a deadline.
    fn take(&self, wait: Option<Option<Instant>>) -> bool {
        let mut inside = self.inside.lock();
        while *inside >= self.most {
            match wait {
                None => return false,
                Some(None) => self.freed.wait(&mut inside),
                Some(Some(deadline)) => {
                    if self.freed.wait_until(&mut inside, deadline).timed_out() && *inside >= self.most {
                        return false;
                    }
                }
            }
        }
        *inside += 1;
        true
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.inside.lock() -= 1;
        self.0.freed.notify_one();
    }
}
