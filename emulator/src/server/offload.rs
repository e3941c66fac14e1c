//! Requests that take long: run beside the network threads, their frames streamed back with back-pressure.

use bytes::BytesMut;
use tokio::sync::mpsc;

/// The connection that asked has gone; nobody waits for the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the client has disconnected")]
pub struct Gone;

/// Takes the frames of one reply, in order, from a compute thread.
///
/// Few frames fit: a client that reads slowly holds its own request up and makes nobody buffer for it.
#[derive(Clone, Debug)]
pub struct FrameSink {
    frames: mpsc::Sender<BytesMut>,
}

impl FrameSink {
    /// A sink and the end that the connection reads from.
    pub fn channel(depth: usize) -> (FrameSink, mpsc::Receiver<BytesMut>) {
        let (frames, receiver) = mpsc::channel(depth);
        (FrameSink { frames }, receiver)
    }

    /// Hands over one or more whole frames; waits while the client is behind. Not for network threads.
    ///
    /// # Errors
    /// [`Gone`] when the connection was closed.
    pub fn send(&self, frames: BytesMut) -> Result<(), Gone> {
        self.frames.blocking_send(frames).map_err(|_| Gone)
    }
}
