//! Admin frames for tests.
#![allow(dead_code)] // each test file uses a part of it

use super::Client;
use aerospike_wire::ResultCode;
use aerospike_wire::admin::{AdminHeader, command, field, put_field, put_frame, take_field};
use aerospike_wire::proto::FrameType;
use bytes::BytesMut;

/// A record of a query's reply, or the fields of a login's: ids with values.
pub type Fields = Vec<(u8, Vec<u8>)>;

/// The hash that clients send for a password (security §6).
pub fn hash(password: &str) -> Vec<u8> {
    const SALT: [u8; 16] =
        [0xf4, 0x6b, 0x0b, 0xbe, 0xcf, 0xfe, 0x8d, 0x1b, 0x06, 0x67, 0xd8, 0x4f, 0x6d, 0xc1, 0xd8, 0xa9];
    if password == "admin" {
        return b"$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa".to_vec();
    }
    let hash = bcrypt::hash_with_salt(password, 10, SALT).unwrap();
    hash.format_for_version(bcrypt::Version::TwoA).into_bytes()
}

/// An admin frame.
pub fn frame(command: u8, fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut encoded = BytesMut::new();
    fields.iter().for_each(|(id, value)| put_field(&mut encoded, *id, value));
    let mut out = BytesMut::new();
    let header = AdminHeader { command, n_fields: fields.len() as u8, ..AdminHeader::default() };
    put_frame(&mut out, header, &encoded);
    out.to_vec()
}

/// The value of a ROLES field.
pub fn roles(names: &[&str]) -> Vec<u8> {
    let mut value = vec![names.len() as u8];
    for name in names {
        value.push(name.len() as u8);
        value.extend_from_slice(name.as_bytes());
    }
    value
}

/// The value of a PRIVILEGES field: code, namespace, set.
pub fn privileges(list: &[(u8, &str, &str)]) -> Vec<u8> {
    let mut value = vec![list.len() as u8];
    for (code, namespace, set) in list {
        value.push(*code);
        if *code >= 10 {
            for part in [namespace, set] {
                value.push(part.len() as u8);
                value.extend_from_slice(part.as_bytes());
            }
        }
    }
    value
}

/// The value of a field in a record.
pub fn value(fields: &Fields, id: u8) -> Option<&[u8]> {
    fields.iter().find(|(other, _)| *other == id).map(|(_, value)| value.as_slice())
}

impl Client {
    /// Sends an admin command; the reply's code and fields.
    pub fn admin(&mut self, command: u8, fields: &[(u8, &[u8])]) -> (ResultCode, Fields) {
        self.send(&frame(command, fields));
        self.admin_reply()
    }

    /// Sends an admin command; the reply's code.
    pub fn code(&mut self, command: u8, fields: &[(u8, &[u8])]) -> ResultCode {
        self.admin(command, fields).0
    }

    /// Reads a reply of one frame.
    pub fn admin_reply(&mut self) -> (ResultCode, Fields) {
        let (frame_type, body) = self.receive().expect("a reply");
        assert_eq!(frame_type, FrameType::Admin);
        let mut rest = &body[..];
        let (code, fields) = take_record(&mut rest);
        assert!(rest.is_empty());
        (code, fields)
    }

    /// Sends a query; its records and the number of frames before the end mark, or the code of an error.
    pub fn query_admin(
        &mut self,
        command: u8,
        fields: &[(u8, &[u8])],
    ) -> Result<(Vec<Fields>, usize), ResultCode> {
        self.send(&frame(command, fields));
        let (mut records, mut frames) = (Vec::new(), 0);
        loop {
            let (_, body) = self.receive().expect("a frame");
            assert!(!body.is_empty(), "clients stumble over empty frames");
            let mut rest = &body[..];
            while !rest.is_empty() {
                match take_record(&mut rest) {
                    (ResultCode::OK, fields) => records.push(fields),
                    (ResultCode::SEC_OK_LAST, _) => return Ok((records, frames)),
                    (code, _) => return Err(code),
                }
            }
            frames += 1;
        }
    }

    /// Logs in; the session's token.
    pub fn login(&mut self, user: &str, password: &str) -> Result<Vec<u8>, ResultCode> {
        let fields = [(field::USER, user.as_bytes()), (field::CREDENTIAL, &hash(password)[..])];
        match self.admin(command::LOGIN, &fields) {
            (ResultCode::OK, fields) => Ok(value(&fields, field::SESSION_TOKEN).expect("a token").to_vec()),
            (code, _) => Err(code),
        }
    }

    /// Authenticates with a token.
    pub fn authenticate(&mut self, user: &str, token: &[u8]) -> ResultCode {
        self.code(command::AUTHENTICATE, &[(field::USER, user.as_bytes()), (field::SESSION_TOKEN, token)])
    }
}

fn take_record(rest: &mut &[u8]) -> (ResultCode, Fields) {
    let (header, mut behind) = AdminHeader::parse(rest).expect("a header");
    let mut fields = Fields::new();
    for _ in 0..header.n_fields {
        let (id, value, after) = take_field(behind).expect("a field");
        fields.push((id, value.to_vec()));
        behind = after;
    }
    *rest = behind;
    (ResultCode(header.result), fields)
}
