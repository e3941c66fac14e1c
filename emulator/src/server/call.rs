//! A client's function on its way through the compute pool.
//!
//! The thread that has run it sends the reply itself, if the client's socket takes it at once: the network thread is
//! not woken for that. It hears of the end only if it has asked, or has something left to send.

use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The function runs.
const RUNNING: u8 = 0;
/// The function runs, and the connection waits for its end.
const AWAITED: u8 = 1;
/// The reply is sent, or rests here.
const DONE: u8 = 2;

/// A call as its connection sees it.
#[derive(Debug)]
pub struct Call {
    state: AtomicU8,
    ended: Notify,
    reply: Mutex<Reply>,
}

#[derive(Debug, Default)]
struct Reply {
    /// What the socket has not taken.
    rest: BytesMut,
    /// There is no reply: the call was dropped.
    is_lost: bool,
}

impl Call {
    /// A call, and the end of it that the compute pool holds. The reply goes out through the socket; without one, or
    /// where that does not take it, the connection sends it.
    pub fn begin(socket: Option<Arc<TcpStream>>) -> (Arc<Call>, Answering) {
        let call =
            Arc::new(Call { state: AtomicU8::new(RUNNING), ended: Notify::new(), reply: Mutex::default() });
        (call.clone(), Answering { call: Some(call), socket })
    }

    /// Waits until the call wants attention: it has left something to send.
    pub async fn wants_attention(&self) {
        self.ended.notified().await;
    }

    /// Waits for the end of the call; what is left of its reply.
    ///
    /// # Errors
    /// When there is no reply.
    pub async fn ended(&self) -> io::Result<BytesMut> {
        let asked = self.state.compare_exchange(RUNNING, AWAITED, Ordering::AcqRel, Ordering::Acquire);
        if asked.is_ok() {
            self.ended.notified().await;
        }
        let mut reply = self.reply.lock();
        match reply.is_lost {
            true => Err(io::Error::other("the call was dropped")),
            false => Ok(std::mem::take(&mut reply.rest)),
        }
    }

    fn end(&self, reply: Reply) {
        let is_left = !reply.rest.is_empty() || reply.is_lost;
        if is_left {
            *self.reply.lock() = reply;
        }
        if self.state.swap(DONE, Ordering::AcqRel) == AWAITED || is_left {
            self.ended.notify_one();
        }
    }
}

/// Sends what a socket takes at once.
fn send(socket: &TcpStream, reply: &mut BytesMut) {
    while !reply.is_empty() {
        match socket.try_write(reply) {
            Ok(count) => reply.advance(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // The connection meets the same error when it reads.
            Err(_) => reply.clear(),
        }
    }
}

/// Owes a call its reply.
#[derive(Debug)]
pub struct Answering {
    call: Option<Arc<Call>>,
    socket: Option<Arc<TcpStream>>,
}

impl Answering {
    /// Sends the reply.
    pub fn answer(mut self, mut reply: BytesMut) {
        // Given back before the connection hears of the end: it reads best from a socket that it has for itself.
        if let Some(socket) = self.socket.take() {
            send(&socket, &mut reply);
        }
        if let Some(call) = self.call.take() {
            call.end(Reply { rest: reply, is_lost: false });
        }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            call.end(Reply { is_lost: true, ..Reply::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reply_reaches_whoever_waits_before_or_after() {
        let (call, answering) = Call::begin(None);
        answering.answer(BytesMut::from(&b"early"[..]));
        assert_eq!(&call.ended().await.unwrap()[..], b"early");
        let (call, answering) = Call::begin(None);
        let (reply, ()) =
            tokio::join!(call.ended(), async { answering.answer(BytesMut::from(&b"late"[..])) });
        assert_eq!(&reply.unwrap()[..], b"late");
    }

    #[tokio::test]
    async fn a_dropped_call_has_no_reply() {
        let (call, answering) = Call::begin(None);
        drop(answering);
        call.wants_attention().await;
        assert!(call.ended().await.is_err());
    }
}
