//! Admin frames: login, users and roles (security §1, §2).

use crate::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use bytes::{BufMut, BytesMut};

/// Length in bytes of the header that every admin body and every record of a query's reply begins with.
pub const ADMIN_HEADER_SIZE: usize = 16;
/// The only scheme.
pub const SCHEME: u8 = 0;
/// Longest name of a user or role in bytes.
pub const MAX_NAME: usize = 63;
/// Longest namespace in a privilege's scope, in bytes.
pub const MAX_SCOPE_NAMESPACE: usize = 31;
/// Longest set in a privilege's scope, in bytes.
pub const MAX_SCOPE_SET: usize = 63;
/// A quota that `set quotas` leaves as it is.
pub const QUOTA_UNCHANGED: u32 = u32::MAX;
/// Privileges with this code or a higher one carry a scope.
pub const FIRST_SCOPED_PRIVILEGE: u8 = 10;

/// The settings string in front of every password hash: bcrypt 2a, cost 10, a salt that all clients share
/// (security §6).
pub const HASH_PREFIX: &str = "$2a$10$7EqJtq98hPqEX7fNZaFWoO";
/// Length of a password hash in bytes.
pub const HASH_SIZE: usize = 60;
/// The hash of `nopassword`, which stands for a user that only certificates log in.
pub const NO_PASSWORD_HASH: &str = "$2a$10$7EqJtq98hPqEX7fNZaFWoOePA2sZy..tlOF99W2N0g5KZ3dLaw8WO";

/// Ids of admin commands.
pub mod command {
    /// Shows a session token.
    pub const AUTHENTICATE: u8 = 0;
    /// Makes a user.
    pub const CREATE_USER: u8 = 1;
    /// Removes a user.
    pub const DROP_USER: u8 = 2;
    /// Sets any user's password.
    pub const SET_PASSWORD: u8 = 3;
    /// Changes the caller's own password.
    pub const CHANGE_PASSWORD: u8 = 4;
    /// Gives roles to a user.
    pub const GRANT_ROLES: u8 = 5;
    /// Takes roles from a user.
    pub const REVOKE_ROLES: u8 = 6;
    /// Tells one user or all.
    pub const QUERY_USERS: u8 = 9;
    /// Makes a role.
    pub const CREATE_ROLE: u8 = 10;
    /// Removes a role.
    pub const DROP_ROLE: u8 = 11;
    /// Adds privileges to a role.
    pub const GRANT_PRIVILEGES: u8 = 12;
    /// Takes privileges from a role.
    pub const REVOKE_PRIVILEGES: u8 = 13;
    /// Sets or removes a role's whitelist.
    pub const SET_WHITELIST: u8 = 14;
    /// Sets or removes a role's quotas.
    pub const SET_QUOTAS: u8 = 15;
    /// Tells one role or all.
    pub const QUERY_ROLES: u8 = 16;
    /// Asks for a session.
    pub const LOGIN: u8 = 20;
}

/// Ids of fields in admin frames.
pub mod field {
    /// A user's name.
    pub const USER: u8 = 0;
    /// The hash of a new password.
    pub const PASSWORD: u8 = 1;
    /// The hash of the present password.
    pub const OLD_PASSWORD: u8 = 2;
    /// The hash of the password that logs in.
    pub const CREDENTIAL: u8 = 3;
    /// A password in clear.
    pub const CLEAR_PASSWORD: u8 = 4;
    /// A session's token, opaque to clients.
    pub const SESSION_TOKEN: u8 = 5;
    /// Seconds that a session lasts, 32 bits.
    pub const SESSION_TTL: u8 = 6;
    /// How a user logs in, as text.
    pub const AUTH_MODE: u8 = 7;
    /// Names of roles.
    pub const ROLES: u8 = 10;
    /// A role's name.
    pub const ROLE: u8 = 11;
    /// Privileges with their scopes.
    pub const PRIVILEGES: u8 = 12;
    /// Addresses and networks, joined by commas.
    pub const WHITELIST: u8 = 13;
    /// Records read in a second, 32 bits.
    pub const READ_QUOTA: u8 = 14;
    /// Records written in a second, 32 bits.
    pub const WRITE_QUOTA: u8 = 15;
    /// What a user reads at present.
    pub const READ_INFO: u8 = 16;
    /// What a user writes at present.
    pub const WRITE_INFO: u8 = 17;
    /// A user's open connections, 32 bits.
    pub const CONNECTIONS: u8 = 18;
}

/// Codes of privileges (security §10).
pub mod privilege {
    /// Users and roles.
    pub const USER_ADMIN: u8 = 0;
    /// Configuration and operation.
    pub const SYS_ADMIN: u8 = 1;
    /// Functions, indexes, truncation, queries.
    pub const DATA_ADMIN: u8 = 2;
    /// Functions.
    pub const UDF_ADMIN: u8 = 3;
    /// Secondary indexes.
    pub const SINDEX_ADMIN: u8 = 4;
    /// Reading.
    pub const READ: u8 = 10;
    /// Reading and writing.
    pub const READ_WRITE: u8 = 11;
    /// Reading, writing, running functions.
    pub const READ_WRITE_UDF: u8 = 12;
    /// Writing alone.
    pub const WRITE: u8 = 13;
    /// Truncation.
    pub const TRUNCATE: u8 = 14;
    /// Masking rules.
    pub const MASKING_ADMIN: u8 = 15;
    /// Real values of masked bins.
    pub const READ_MASKED: u8 = 16;
    /// Changing masked bins.
    pub const WRITE_MASKED: u8 = 17;
}

/// The header of an admin body.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AdminHeader {
    /// The scheme, [`SCHEME`].
    pub scheme: u8,
    /// The result code, in replies.
    pub result: u8,
    /// The command, in requests.
    pub command: u8,
    /// How many fields follow.
    pub n_fields: u8,
}

impl AdminHeader {
    /// Takes the header off the front of a body; `None` when the body is shorter.
    pub fn parse(body: &[u8]) -> Option<(AdminHeader, &[u8])> {
        let (head, fields) = body.split_first_chunk::<ADMIN_HEADER_SIZE>()?;
        let [scheme, result, command, n_fields, ..] = *head;
        Some((AdminHeader { scheme, result, command, n_fields }, fields))
    }

    /// The header as it travels.
    pub fn to_bytes(self) -> [u8; ADMIN_HEADER_SIZE] {
        let mut bytes = [0; ADMIN_HEADER_SIZE];
        bytes[..4].copy_from_slice(&[self.scheme, self.result, self.command, self.n_fields]);
        bytes
    }
}

/// A field's id and value off the front of `bytes`, with what stands behind it; `None` when it is cut off or has
/// no id.
pub fn take_field(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    let len = u32::from_be_bytes(*len) as usize;
    let (field, rest) = rest.split_at_checked(len)?;
    let (id, value) = field.split_first()?;
    Some((*id, value, rest))
}

/// Appends a field.
pub fn put_field(out: &mut BytesMut, id: u8, value: &[u8]) {
    out.put_u32(value.len() as u32 + 1);
    out.put_u8(id);
    out.put_slice(value);
}

/// Appends a whole frame of a header and the fields that it counts, already encoded.
pub fn put_frame(out: &mut BytesMut, header: AdminHeader, fields: &[u8]) {
    put_body(out, &[&header.to_bytes(), fields].concat());
}

/// Appends a frame around a body.
pub fn put_body(out: &mut BytesMut, body: &[u8]) {
    out.reserve(HEADER_SIZE + body.len());
    out.put_slice(&ProtoHeader { frame_type: FrameType::Admin, size: body.len() }.to_bytes());
    out.put_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_as_the_reference_has_it() {
        let mut fields = BytesMut::new();
        put_field(&mut fields, field::USER, b"admin");
        put_field(&mut fields, field::SESSION_TOKEN, &[0xaa, 0xbb, 0xcc, 0xdd]);
        let mut out = BytesMut::new();
        let header = AdminHeader { command: command::AUTHENTICATE, n_fields: 2, ..AdminHeader::default() };
        put_frame(&mut out, header, &fields);
        let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
        // security §19
        assert_eq!(
            hex,
            "0202000000000023000000020000000000000000000000000000000600\
             61646d696e0000000505aabbccdd"
        );
        let (parsed, rest) = AdminHeader::parse(&out[HEADER_SIZE..]).unwrap();
        assert_eq!(parsed, header);
        let (id, value, rest) = take_field(rest).unwrap();
        assert_eq!((id, value), (field::USER, b"admin".as_slice()));
        assert_eq!(take_field(rest).unwrap().1, [0xaa, 0xbb, 0xcc, 0xdd]);
    }

    #[test]
    fn fields_that_are_cut_off() {
        for bad in [&[][..], &[0, 0, 0], &[0, 0, 0, 0], &[0, 0, 0, 2, 1], &[0xff, 0xff, 0xff, 0xff, 1, 2]] {
            assert_eq!(take_field(bad), None, "{bad:?}");
        }
        assert_eq!(AdminHeader::parse(&[0; 15]), None);
    }
}
