//! What of a request faults and the log look at, found out before it runs.

use super::{batch, compression};
use crate::control::log::{Entry, MAX_NAMESPACE, MAX_SET, MAX_TEXT, shortened};
use crate::control::{Kind, Subject, Watch, writes};
use crate::server::{Server, Session};
use aerospike_wire::bits::info1;
use aerospike_wire::message::MESSAGE_HEADER_SIZE;
use aerospike_wire::proto::FrameType;
use aerospike_wire::{Digest, Header, Message, field};

/// Begins to watch a request; `None` for one that is none of theirs: what controls the emulator, and whatever a
/// client asks before it has logged in.
pub fn begin(server: &Server, session: &Session, frame_type: FrameType, body: &[u8]) -> Option<Watch> {
    if frame_type == FrameType::Info && body.starts_with(b"emulator-") {
        return None;
    }
    let account = session.caller.account().ok();
    if server.security.is_some() && account.is_none() && frame_type != FrameType::Admin {
        return None;
    }
    let user = account.map_or(&[][..], |account| &account.name);
    let body = compression::message_body(frame_type, body).ok()?;
    let node = session.node.name();
    let request = Request { server, session, frame_type, body: &body, user, node: &node };
    request.watch()
}

struct Request<'a> {
    server: &'a Server,
    session: &'a Session,
    frame_type: FrameType,
    body: &'a [u8],
    user: &'a [u8],
    node: &'a str,
}

impl<'a> Request<'a> {
    fn watch(&self) -> Option<Watch> {
        let control = &self.server.control;
        let message = self.message();
        let subject = self.subject(message.as_ref())?;
        let mut verdict = Default::default();
        if control.faults.is_any() {
            control.faults.judge(&subject, None, &mut verdict);
            if subject.kind == Kind::Batch {
                batch::rows(self.server, self.body, |position, row| {
                    let row = self.of_record(&row.message, row.namespace, row.set, row.digest, true);
                    control.faults.judge(&row, Some(position), &mut verdict);
                });
            }
        }
        let entry = control.log.is_on().then(|| self.entry(&subject, message.as_ref()));
        Some(Watch::begin(verdict, entry))
    }

    /// The message, if there is one that is no batch.
    fn message(&self) -> Option<Message<'a>> {
        let header = self.header()?;
        if header.info1 & info1::BATCH != 0 {
            return None;
        }
        Message::with_header(header, &self.body[MESSAGE_HEADER_SIZE..]).ok().map(|(message, _)| message)
    }

    fn header(&self) -> Option<Header> {
        match self.frame_type {
            FrameType::Message | FrameType::Compressed => Header::parse(self.body).ok(),
            _ => None,
        }
    }

    fn subject(&self, message: Option<&Message<'a>>) -> Option<Subject<'a>> {
        let plain = |kind| Subject {
            kind,
            writes: false,
            in_batch: false,
            namespace: &[],
            set: &[],
            digest: None,
            user: self.user,
            node: self.node,
        };
        if let Some(message) = message {
            let namespace = message.field(field::NAMESPACE).unwrap_or_default();
            let set = message.field(field::SET).unwrap_or_default();
            return Some(match message.field(field::DIGEST).and_then(Digest::from_slice) {
                Some(digest) => self.of_record(message, namespace, set, digest, false),
                None => {
                    let (kind, writes) = (Kind::of(message), writes(&message.header));
                    Subject { writes, namespace, set, ..plain(kind) }
                }
            });
        }
        match self.frame_type {
            FrameType::Info => Some(plain(Kind::Info)),
            FrameType::Admin => Some(plain(Kind::Admin)),
            FrameType::Message | FrameType::Compressed => {
                let header = self.header()?;
                let rows = (header.info1 & info1::BATCH != 0).then(|| self.first_row());
                rows.map(|namespace| Subject { namespace, ..plain(Kind::Batch) })
            }
            FrameType::Xdr => None,
        }
    }

    /// The namespace of a batch's first row.
    fn first_row(&self) -> &'a [u8] {
        let mut first = None;
        batch::rows(self.server, self.body, |_, row| {
            first.get_or_insert(row.namespace);
        });
        first.unwrap_or_default()
    }

    fn of_record(
        &self,
        message: &Message<'_>,
        namespace: &'a [u8],
        set: &'a [u8],
        digest: Digest,
        in_batch: bool,
    ) -> Subject<'a> {
        Subject {
            kind: Kind::of_record(message),
            writes: writes(&message.header),
            in_batch,
            namespace,
            set,
            digest: Some(digest),
            user: self.user,
            node: self.node,
        }
    }

    fn entry(&self, subject: &Subject<'_>, message: Option<&Message<'_>>) -> Entry {
        let mut entry = Entry {
            number: 0,
            time_ms: self.server.clock.unix_ms(),
            connection: self.session.id,
            user: self.user.into(),
            node: self.node.into(),
            kind: subject.kind,
            writes: subject.writes,
            in_batch: false,
            namespace: shortened(subject.namespace, MAX_NAMESPACE),
            set: shortened(subject.set, MAX_SET),
            digest: subject.digest,
            key: None,
            transaction: None,
            operations: Vec::new(),
            text: String::new(),
            code: 0,
            bytes: 0,
            duration_us: 0,
            faults: Vec::new(),
        };
        match message {
            Some(message) => entry.describe(message),
            None if subject.kind == Kind::Info => {
                let text = &self.body[..self.body.len().min(MAX_TEXT)];
                entry.text = String::from_utf8_lossy(text).trim_end().to_owned();
            }
            None => {}
        }
        entry
    }
}
