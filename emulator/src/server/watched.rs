//! Requests whose replies take time, or are disturbed: streamed from beside the thread, held up, dropped, cut.

use super::FrameSink;
use super::call::Call;
use super::connection::Connection;
use crate::command::{self, At, Disposition};
use crate::control::Watch;
use crate::control::fault::ReplyFault;
use aerospike_wire::proto::FrameType;
use bytes::{Bytes, BytesMut};
use std::io;
use std::ops::ControlFlow::{self, Break, Continue};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Frames of an offloaded request that may wait for the client.
const OFFLOAD_DEPTH: usize = 4;

/// A longer request is looked at beside the network thread: a batch has many rows.
const LONG: usize = 64 * 1024;

/// Whether the connection goes on.
type GoesOn = ControlFlow<()>;

/// A reply on its way to the client, as far as a fault lets it.
struct Passage {
    fault: ReplyFault,
    /// Bytes that the request was answered with so far.
    bytes: usize,
}

impl Passage {
    fn of(watch: Option<&Watch>) -> Passage {
        Passage { fault: watch.map_or(ReplyFault::Whole, |watch| watch.verdict.reply), bytes: 0 }
    }

    /// What of the next part is sent now, for how long the connection then pauses, and what is sent after that.
    fn admit(&mut self, mut part: BytesMut) -> (BytesMut, Duration, BytesMut) {
        let before = self.bytes;
        self.bytes += part.len();
        match self.fault {
            ReplyFault::Whole => (part, Duration::ZERO, BytesMut::new()),
            ReplyFault::Drop | ReplyFault::Close => (BytesMut::new(), Duration::ZERO, BytesMut::new()),
            ReplyFault::Truncate(most) => {
                part.truncate(most.saturating_sub(before));
                (part, Duration::ZERO, BytesMut::new())
            }
            ReplyFault::Stall(after, span) if (before..self.bytes).contains(&after) => {
                let rest = part.split_off(after - before);
                (part, span, rest)
            }
            ReplyFault::Stall(..) => (part, Duration::ZERO, BytesMut::new()),
        }
    }

    /// Whether the connection outlives the reply.
    fn goes_on(&self) -> GoesOn {
        match self.fault {
            ReplyFault::Whole | ReplyFault::Drop | ReplyFault::Stall(..) => Continue(()),
            ReplyFault::Close | ReplyFault::Truncate(_) => Break(()),
        }
    }
}

impl Connection<'_> {
    /// Answers a request that faults or the log may have to do with.
    pub(super) fn answer_watched(
        &mut self,
        frame_type: FrameType,
        body: &[u8],
        out: &mut BytesMut,
    ) -> Disposition {
        if body.len() > LONG {
            return Disposition::Hold;
        }
        let Some(watch) = command::watch::begin(self.server, &self.session, frame_type, body) else {
            return self.run_request(frame_type, body, None, out);
        };
        if watch.verdict.is_held() {
            self.watch = Some(Arc::new(watch));
            return Disposition::Hold;
        }
        let start = out.len();
        let disposition = self.run_request(frame_type, body, Some(&watch), out);
        match disposition {
            Disposition::Done | Disposition::Close => watch.finish(&self.server.control, out.len() - start),
            Disposition::Offload | Disposition::Call | Disposition::Hold => {
                self.watch = Some(Arc::new(watch));
            }
        }
        disposition
    }

    /// Answers a request as faults have it.
    pub(super) async fn hold(&mut self, frame_type: FrameType, body: Bytes) -> io::Result<GoesOn> {
        let watch = self.take_watch(frame_type, &body).await;
        if let Some(watch) = &watch {
            sleep(watch.verdict.delay).await;
            if watch.verdict.closes_before {
                watch.finish(&self.server.control, 0);
                return Ok(Break(()));
            }
        }
        let mut reply = BytesMut::new();
        match self.run_request(frame_type, &body, watch.as_deref(), &mut reply) {
            Disposition::Done => self.deliver(reply, watch.as_deref()).await,
            Disposition::Offload => self.offload(frame_type, body, watch).await,
            Disposition::Call => self.watched_call(frame_type, body, watch).await,
            Disposition::Close | Disposition::Hold => {
                if let Some(watch) = watch {
                    watch.finish(&self.server.control, 0);
                }
                Ok(Break(()))
            }
        }
    }

    /// What goes with a request; a long one is looked at beside this thread, rows and all.
    async fn take_watch(&mut self, frame_type: FrameType, body: &Bytes) -> Option<Arc<Watch>> {
        if let Some(watch) = self.watch.take() {
            return Some(watch);
        }
        let (server, session, body) = (self.server.clone(), self.session.clone(), body.clone());
        let begin = move || command::watch::begin(&server, &session, frame_type, &body);
        tokio::task::spawn_blocking(begin).await.ok().flatten().map(Arc::new)
    }

    /// Calls a function, and sends its reply from here.
    pub(super) async fn watched_call(
        &mut self,
        frame_type: FrameType,
        body: Bytes,
        watch: Option<Arc<Watch>>,
    ) -> io::Result<GoesOn> {
        let (call, answering) = Call::begin(None);
        let (server, node) = (self.server.clone(), self.session.node.clone());
        let (caller, watching) = (self.session.caller.clone(), watch.clone());
        self.server.compute.run(move || {
            let mut reply = BytesMut::new();
            let at = At { server: &server, node: &node, caller: &caller, watch: watching.as_deref() };
            command::run_call(at, frame_type, &body, &mut reply);
            answering.answer(reply);
        });
        let reply = call.ended().await?;
        self.deliver(reply, watch.as_deref()).await
    }

    /// Sends a reply as faults have it.
    async fn deliver(&mut self, reply: BytesMut, watch: Option<&Watch>) -> io::Result<GoesOn> {
        let mut passage = Passage::of(watch);
        if let Some(watch) = watch {
            watch.finish(&self.server.control, reply.len());
        }
        self.pass(reply, &mut passage).await?;
        Ok(passage.goes_on())
    }

    async fn pass(&mut self, part: BytesMut, passage: &mut Passage) -> io::Result<()> {
        let (now, pause, later) = passage.admit(part);
        self.session.node.wait_while_hanging().await;
        self.output = now;
        self.flush().await?;
        if !pause.is_zero() {
            sleep(pause).await;
            self.output = later;
            self.flush().await?;
        }
        Ok(())
    }

    /// Runs a request beside this thread and streams its frames.
    pub(super) async fn offload(
        &mut self,
        frame_type: FrameType,
        body: Bytes,
        watch: Option<Arc<Watch>>,
    ) -> io::Result<GoesOn> {
        self.busy.set(self.busy.get() + 1);
        let result = self.stream_frames(frame_type, body, watch).await;
        self.busy.set(self.busy.get() - 1);
        result
    }

    async fn stream_frames(
        &mut self,
        frame_type: FrameType,
        body: Bytes,
        watch: Option<Arc<Watch>>,
    ) -> io::Result<GoesOn> {
        let (sink, mut frames) = FrameSink::channel(OFFLOAD_DEPTH);
        let (server, session) = (self.server.clone(), self.session.clone());
        let watching = watch.clone();
        tokio::task::spawn_blocking(move || {
            command::run_offloaded(&server, session, watching.as_deref(), frame_type, &body, sink);
        });
        let mut passage = Passage::of(watch.as_deref());
        let mut result = Ok(());
        while let Some(frame) = frames.recv().await {
            result = self.pass(frame, &mut passage).await;
            if result.is_err() {
                break;
            }
        }
        if let Some(watch) = watch {
            watch.finish(&self.server.control, passage.bytes);
        }
        result.map(|()| passage.goes_on())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(fault: ReplyFault, parts: &[&str]) -> Vec<(String, u64, String)> {
        let mut passage = Passage { fault, bytes: 0 };
        let text = |bytes: BytesMut| String::from_utf8(bytes.to_vec()).unwrap();
        let admit = |part: &&str| passage.admit(BytesMut::from(part.as_bytes()));
        parts.iter().map(admit).map(|(now, pause, later)| (text(now), pause.as_secs(), text(later))).collect()
    }

    #[test]
    fn faults_count_bytes_over_all_frames() {
        let parts = |parts: &[(&str, u64, &str)]| -> Vec<(String, u64, String)> {
            parts.iter().map(|(now, pause, later)| (now.to_string(), *pause, later.to_string())).collect()
        };
        assert_eq!(
            admitted(ReplyFault::Truncate(5), &["abc", "defg", "h"]),
            parts(&[("abc", 0, ""), ("de", 0, ""), ("", 0, "")])
        );
        assert_eq!(
            admitted(ReplyFault::Stall(5, Duration::from_secs(9)), &["abc", "defg", "h"]),
            parts(&[("abc", 0, ""), ("de", 9, "fg"), ("h", 0, "")])
        );
        assert_eq!(
            admitted(ReplyFault::Stall(0, Duration::from_secs(9)), &["abc", "d"]),
            parts(&[("", 9, "abc"), ("d", 0, "")])
        );
        assert_eq!(admitted(ReplyFault::Drop, &["abc"]), parts(&[("", 0, "")]));
    }
}
