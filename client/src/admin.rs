//! The security protocol from the client's side: logins, users, roles (security §1–§9).

use crate::error::ErrorKind;
use aerospike_wire::ResultCode;
use aerospike_wire::admin::{
    ADMIN_HEADER_SIZE, AdminHeader, FIRST_SCOPED_PRIVILEGE, HASH_PREFIX, command, field, put_field,
    put_frame, take_field,
};
use bytes::{BufMut, BytesMut};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A session is renewed this long before the server lets it end (security §4).
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// One admin command: its frame, field by field.
#[derive(Debug)]
pub struct Request {
    command: u8,
    n_fields: u8,
    fields: BytesMut,
}

impl Request {
    /// A command without fields.
    pub fn new(command: u8) -> Request {
        Request { command, n_fields: 0, fields: BytesMut::new() }
    }

    /// Adds a field.
    pub fn field(mut self, id: u8, value: &[u8]) -> Request {
        put_field(&mut self.fields, id, value);
        self.n_fields += 1;
        self
    }

    /// Adds the names of roles.
    ///
    /// # Errors
    /// An invalid argument for more than a byte can count.
    pub fn roles(self, roles: &[String]) -> Result<Request, ErrorKind> {
        let mut value = vec![counted(roles.len(), "roles")?];
        for role in roles {
            put_short(&mut value, role, "a role's name")?;
        }
        Ok(self.field(field::ROLES, &value))
    }

    /// Adds privileges.
    ///
    /// # Errors
    /// An invalid argument for more than a byte can count, or for the scope of a privilege that has none.
    pub fn privileges(self, privileges: &[Privilege]) -> Result<Request, ErrorKind> {
        let mut value = vec![counted(privileges.len(), "privileges")?];
        for Privilege { code, namespace, set } in privileges {
            value.push(*code);
            if *code >= FIRST_SCOPED_PRIVILEGE {
                put_short(&mut value, namespace, "a namespace")?;
                put_short(&mut value, set, "a set")?;
            } else if !namespace.is_empty() || !set.is_empty() {
                let text = format!("privilege {code} cannot be limited to a namespace or set");
                return Err(ErrorKind::InvalidArgument(text));
            }
        }
        Ok(self.field(field::PRIVILEGES, &value))
    }

    /// The frame.
    pub fn frame(self) -> Vec<u8> {
        let header = AdminHeader { command: self.command, n_fields: self.n_fields, ..AdminHeader::default() };
        let mut out = BytesMut::new();
        put_frame(&mut out, header, &self.fields);
        out.to_vec()
    }
}

fn counted(count: usize, what: &str) -> Result<u8, ErrorKind> {
    u8::try_from(count)
        .map_err(|_| ErrorKind::InvalidArgument(format!("{count} {what} exceed the limit of 255")))
}

fn put_short(out: &mut Vec<u8>, text: &str, what: &str) -> Result<(), ErrorKind> {
    let size = u8::try_from(text.len())
        .map_err(|_| ErrorKind::InvalidArgument(format!("{what} of {} bytes is too long", text.len())))?;
    out.put_u8(size);
    out.put_slice(text.as_bytes());
    Ok(())
}

/// What a role allows, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Privilege {
    /// See [`aerospike_wire::admin::privilege`].
    pub code: u8,
    /// Only in this namespace; empty: everywhere.
    pub namespace: String,
    /// Only in this set; empty: in all.
    pub set: String,
}

/// A user or role as a query tells it; what the server left out is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Entry {
    /// User name.
    pub user: Option<String>,
    /// Role name.
    pub role: Option<String>,
    /// A user's roles.
    pub roles: Vec<String>,
    /// A role's privileges.
    pub privileges: Vec<Privilege>,
    /// Addresses and networks that a role is good from.
    pub whitelist: Vec<String>,
    /// Records read in a second; 0: no limit.
    pub read_quota: u32,
    /// Records written in a second; 0: no limit.
    pub write_quota: u32,
    /// What a user reads at present (security §9).
    pub read_info: Vec<u32>,
    /// What a user writes at present.
    pub write_info: Vec<u32>,
    /// A user's open connections.
    pub connections: u32,
}

impl Entry {
    /// Reads a record of a query's reply, header included.
    ///
    /// # Errors
    /// A malformed reply.
    pub fn parse(record: &[u8]) -> Result<Entry, ErrorKind> {
        let cut_off = || ErrorKind::Malformed("an admin record is cut off".to_owned());
        let (header, mut rest) = AdminHeader::parse(record).ok_or_else(cut_off)?;
        let mut entry = Entry::default();
        for _ in 0..header.n_fields {
            let (id, value, behind) = take_field(rest).ok_or_else(cut_off)?;
            rest = behind;
            match id {
                field::USER => entry.user = Some(text(value)),
                field::ROLE => entry.role = Some(text(value)),
                field::ROLES => entry.roles = list(value, short).ok_or_else(cut_off)?,
                field::PRIVILEGES => entry.privileges = list(value, privilege).ok_or_else(cut_off)?,
                field::WHITELIST => {
                    entry.whitelist =
                        text(value).split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect();
                }
                field::READ_QUOTA => entry.read_quota = number(value).ok_or_else(cut_off)?.0,
                field::WRITE_QUOTA => entry.write_quota = number(value).ok_or_else(cut_off)?.0,
                field::READ_INFO => entry.read_info = list(value, number).ok_or_else(cut_off)?,
                field::WRITE_INFO => entry.write_info = list(value, number).ok_or_else(cut_off)?,
                field::CONNECTIONS => entry.connections = number(value).ok_or_else(cut_off)?.0,
                _ => {}
            }
        }
        Ok(entry)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

fn short(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (size, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(*size as usize)?;
    Some((text(name), rest))
}

fn privilege(bytes: &[u8]) -> Option<(Privilege, &[u8])> {
    let (code, rest) = bytes.split_first()?;
    if *code < FIRST_SCOPED_PRIVILEGE {
        return Some((Privilege { code: *code, ..Privilege::default() }, rest));
    }
    let (namespace, rest) = short(rest)?;
    let (set, rest) = short(rest)?;
    Some((Privilege { code: *code, namespace, set }, rest))
}

/// A count and that many items.
fn list<T>(bytes: &[u8], item: impl Fn(&[u8]) -> Option<(T, &[u8])>) -> Option<Vec<T>> {
    let (count, mut rest) = bytes.split_first()?;
    let mut items = Vec::new();
    for _ in 0..*count {
        let (next, behind) = item(rest)?;
        items.push(next);
        rest = behind;
    }
    Some(items)
}

/// The form in which passwords travel: bcrypt with a salt that all clients share (security §6).
///
/// # Errors
/// An invalid argument for a password that bcrypt does not take.
pub fn hash_password(password: &str) -> Result<String, ErrorKind> {
    // Cost and salt are in the prefix: `$2a$10$` and 22 characters.
    let invalid = |error: bcrypt::BcryptError| ErrorKind::InvalidArgument(format!("password: {error}"));
    let salt = HASH_PREFIX
        .get(7..)
        .and_then(decode_salt)
        .ok_or_else(|| ErrorKind::InvalidArgument("password: the shared salt is not one".to_owned()))?;
    let parts = bcrypt::hash_with_salt(password, 10, salt).map_err(invalid)?;
    Ok(parts.format_for_version(bcrypt::Version::TwoA))
}

/// bcrypt's own base64.
fn decode_salt(text: &str) -> Option<[u8; 16]> {
    use base64::Engine;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&base64::alphabet::BCRYPT, config).decode(text).ok()?.try_into().ok()
}

/// How a client proves who it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AuthMode {
    /// By a password that the cluster itself keeps.
    #[default]
    Internal,
    /// By a password that the cluster asks a directory about; it travels in clear, so the connection should be encrypted.
    External,
    /// By the client's certificate.
    Pki,
}

struct Session {
    token: Vec<u8>,
    /// When a new connection should ask for a new session instead.
    renew: Option<Instant>,
}

struct Secrets {
    /// The password's hash.
    hash: String,
    clear: Option<String>,
    /// By the node's address.
    sessions: HashMap<String, Session>,
}

/// Who a client is, and the sessions that the nodes gave it.
///
/// The first connection to a node logs in, later ones show the session's token. A token that the node no longer
/// takes makes the same connection log in anew.
pub struct Login {
    mode: AuthMode,
    user: String,
    secrets: Mutex<Secrets>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("mode", &self.mode).field("user", &self.user).finish_non_exhaustive()
    }
}

/// The first frame of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// What to send.
    pub frame: Vec<u8>,
    login: bool,
}

/// What comes after the answer to a [`Hello`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Welcome {
    /// The connection may be used.
    Ready,
    /// Another hello is to be sent first.
    Again(Hello),
}

impl Login {
    /// A user with a password. Hashes it, which takes some 50 ms.
    ///
    /// # Errors
    /// An invalid argument for a password that cannot be sent.
    pub fn new(mode: AuthMode, user: &str, password: &str) -> Result<Login, ErrorKind> {
        let hash = if mode == AuthMode::Pki { String::new() } else { hash_password(password)? };
        let clear = (mode == AuthMode::External).then(|| password.to_owned());
        let secrets = Mutex::new(Secrets { hash, clear, sessions: HashMap::new() });
        Ok(Login { mode, user: user.to_owned(), secrets })
    }

    /// Who logs in.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The hash of the present password.
    pub fn hash(&self) -> String {
        self.secrets.lock().hash.clone()
    }

    /// Takes note of a changed password.
    pub fn set_password(&self, hash: &str, clear: &str) {
        let mut secrets = self.secrets.lock();
        secrets.hash = hash.to_owned();
        secrets.clear = secrets.clear.as_ref().map(|_| clear.to_owned());
    }

    /// The first frame of a new connection to a node.
    pub fn hello(&self, node: &str, now: Instant) -> Hello {
        let secrets = self.secrets.lock();
        match secrets.sessions.get(node).filter(|session| session.renew.is_none_or(|renew| now < renew)) {
            Some(session) => {
                let mut request = Request::new(command::AUTHENTICATE);
                if self.mode != AuthMode::Pki {
                    request = request.field(field::USER, self.user.as_bytes());
                }
                let request = request.field(field::SESSION_TOKEN, &session.token);
                Hello { frame: request.frame(), login: false }
            }
            None => self.login(&secrets),
        }
    }

    fn login(&self, secrets: &Secrets) -> Hello {
        let mut request = Request::new(command::LOGIN);
        if self.mode != AuthMode::Pki {
            request = request.field(field::USER, self.user.as_bytes());
            request = request.field(field::CREDENTIAL, secrets.hash.as_bytes());
        }
        if let Some(clear) = &secrets.clear {
            request = request.field(field::CLEAR_PASSWORD, clear.as_bytes());
        }
        Hello { frame: request.frame(), login: true }
    }

    /// Judges the body of the answer to a hello.
    ///
    /// # Errors
    /// The server's refusal, or a malformed reply.
    pub fn check(&self, node: &str, hello: &Hello, reply: &[u8], now: Instant) -> Result<Welcome, ErrorKind> {
        let short = || ErrorKind::Malformed("the answer to a login is cut off".to_owned());
        let (header, mut rest) = AdminHeader::parse(reply).ok_or_else(short)?;
        match ResultCode(header.result) {
            // A server without security lets everybody in.
            ResultCode::SEC_NOT_ENABLED => return Ok(Welcome::Ready),
            code if code.is_ok() && !hello.login => return Ok(Welcome::Ready),
            code if code.is_ok() => {}
            code if hello.login => return Err(ErrorKind::Server(code)),
            _ => {
                let mut secrets = self.secrets.lock();
                secrets.sessions.remove(node);
                return Ok(Welcome::Again(self.login(&secrets)));
            }
        }
        let (mut token, mut ttl) = (Vec::new(), 0);
        for _ in 0..header.n_fields {
            let (id, value, behind) = take_field(rest).ok_or_else(short)?;
            rest = behind;
            match id {
                field::SESSION_TOKEN => token = value.to_vec(),
                field::SESSION_TTL => ttl = number(value).ok_or_else(short)?.0,
                _ => {}
            }
        }
        let mut secrets = self.secrets.lock();
        if token.is_empty() {
            secrets.sessions.remove(node);
        } else {
            let lasts = Duration::from_secs(ttl as u64).checked_sub(RENEW_BEFORE);
            let renew = lasts.filter(|lasts| !lasts.is_zero()).and_then(|lasts| now.checked_add(lasts));
            secrets.sessions.insert(node.to_owned(), Session { token, renew });
        }
        Ok(Welcome::Ready)
    }
}

/// The result code of an admin reply of one frame.
pub fn result(body: &[u8]) -> Option<ResultCode> {
    (body.len() >= ADMIN_HEADER_SIZE).then(|| ResultCode(body[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aerospike_wire::proto::HEADER_SIZE;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// security §6.
    #[test]
    fn passwords_as_the_reference_has_them() {
        let cases = [
            ("admin", "$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa"),
            ("", "$2a$10$7EqJtq98hPqEX7fNZaFWoOLCkFexA7A9eoJ0Ew.mTDdk.E60D.9zS"),
        ];
        for (password, hash) in cases {
            assert_eq!(hash_password(password).unwrap(), hash);
        }
    }

    /// security §19.
    #[test]
    fn frames_of_the_reference() {
        let privileges = [
            Privilege { code: 10, namespace: "test".into(), set: "demo".into() },
            Privilege { code: 4, ..Privilege::default() },
        ];
        let frame = Request::new(command::CREATE_ROLE)
            .field(field::ROLE, b"r1")
            .privileges(&privileges)
            .unwrap()
            .field(field::WHITELIST, b"10.0.0.0/8")
            .field(field::READ_QUOTA, &100u32.to_be_bytes())
            .frame();
        let expected = concat!(
            "020200000000004100000a04000000000000000000000000",
            "000000030b72310000000e0c020a04746573740464656d6f04",
            "0000000b0d31302e302e302e302f38000000050e00000064"
        );
        assert_eq!(hex(&frame), expected);
        let scoped = [Privilege { code: 4, namespace: "test".into(), ..Privilege::default() }];
        assert!(Request::new(command::CREATE_ROLE).privileges(&scoped).is_err());
    }

    #[test]
    fn a_session_is_kept_shown_and_renewed() {
        let login = Login::new(AuthMode::Internal, "admin", "admin").unwrap();
        let now = Instant::now();
        let hello = login.hello("a:1", now);
        assert!(hex(&hello.frame).starts_with("020200000000005b00001402"));
        let answer = |code: u8, fields: &[u8], count: u8| {
            let mut body = vec![0, code, 0, count];
            body.extend_from_slice(&[0; 12]);
            body.extend_from_slice(fields);
            body
        };
        let mut fields = BytesMut::new();
        put_field(&mut fields, field::SESSION_TOKEN, &[0xaa, 0xbb, 0xcc, 0xdd]);
        put_field(&mut fields, field::SESSION_TTL, &120u32.to_be_bytes());
        let session = answer(0, &fields, 2);
        assert_eq!(login.check("a:1", &hello, &session, now).unwrap(), Welcome::Ready);
        let shown = login.hello("a:1", now);
        assert_eq!(
            hex(&shown.frame[HEADER_SIZE..]),
            "00000002000000000000000000000000000000060061646d696e0000000505aabbccdd"
        );
        assert!(login.hello("b:1", now).login, "a token is good for the node that gave it");
        assert!(login.hello("a:1", now + Duration::from_secs(60)).login);
        let Welcome::Again(again) = login.check("a:1", &shown, &answer(66, &[], 0), now).unwrap() else {
            panic!()
        };
        assert!(again.login && login.hello("a:1", now).login);
        let refused = login.check("a:1", &again, &answer(65, &[], 0), now);
        assert_eq!(refused, Err(ErrorKind::Server(ResultCode(65))));
        assert!(login.check("a:1", &again, &[0, 0], now).is_err());
    }

    /// security §19.
    #[test]
    fn a_user_as_the_reference_has_it() {
        let mut record = vec![0, 0, 0, 5];
        record.extend_from_slice(&[0; 12]);
        let mut fields = BytesMut::new();
        put_field(&mut fields, field::USER, b"bob");
        put_field(&mut fields, field::ROLES, b"\x01\x04read");
        put_field(&mut fields, field::READ_INFO, &[&[4][..], &[0; 16]].concat());
        put_field(&mut fields, field::WRITE_INFO, &[&[4][..], &[0; 16]].concat());
        put_field(&mut fields, field::CONNECTIONS, &[0; 4]);
        record.extend_from_slice(&fields);
        let entry = Entry::parse(&record).unwrap();
        assert_eq!(entry.user.as_deref(), Some("bob"));
        assert_eq!((entry.roles, entry.read_info), (vec!["read".to_owned()], vec![0; 4]));
        for end in 0..record.len() {
            assert!(Entry::parse(&record[..end]).is_err(), "{end}");
        }
    }
}
