//! Passwords, as the hashes that clients send (security §6).

use aerospike_wire::ResultCode;
use aerospike_wire::admin::{HASH_SIZE, NO_PASSWORD_HASH};
use std::fmt;
use subtle::ConstantTimeEq;

/// The bcrypt hash of a password. Never shown: it is all that a login needs.
#[derive(Clone)]
pub struct PasswordHash([u8; HASH_SIZE]);

/// bcrypt's cost in all hashes.
const COST: u32 = 10;
/// The salt in all hashes, which the settings string shows in bcrypt's own base 64.
const SALT: [u8; 16] =
    [0xf4, 0x6b, 0x0b, 0xbe, 0xcf, 0xfe, 0x8d, 0x1b, 0x06, 0x67, 0xd8, 0x4f, 0x6d, 0xc1, 0xd8, 0xa9];
/// The hash of `admin`, so that a start does not take the time of making it.
const ADMIN: &[u8; HASH_SIZE] = b"$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa";

impl PasswordHash {
    /// The hash of a password in clear. Takes tens of milliseconds, by design.
    ///
    /// # Errors
    /// When the hash cannot be made.
    pub fn of(password: &str) -> Result<PasswordHash, bcrypt::BcryptError> {
        if password == "admin" {
            return Ok(PasswordHash(*ADMIN));
        }
        let hash = bcrypt::hash_with_salt(password, COST, SALT)?.format_for_version(bcrypt::Version::TwoA);
        let bytes = hash.as_bytes().try_into();
        bytes.map(PasswordHash).map_err(|_| bcrypt::BcryptError::InvalidHash(""))
    }

    /// The hash that a client sent.
    ///
    /// # Errors
    /// [`ResultCode::SEC_PASSWORD`] when it is missing or no bcrypt hash.
    pub fn from_field(field: Option<&[u8]>) -> Result<PasswordHash, ResultCode> {
        let hash = field.and_then(|bytes| bytes.try_into().ok()).filter(|hash: &[u8; HASH_SIZE]| {
            hash.starts_with(b"$2") && hash.iter().all(u8::is_ascii_graphic)
        });
        hash.map(PasswordHash).ok_or(ResultCode::SEC_PASSWORD)
    }

    /// What a client sends to log in. A secret.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it stands for "no password": only certificates log such a user in.
    pub fn is_reserved(&self) -> bool {
        self.0.ct_eq(NO_PASSWORD_HASH.as_bytes()).into()
    }

    /// Whether a client that sent this knows the password.
    pub fn matches(&self, sent: &[u8]) -> bool {
        self.0.ct_eq(sent).into()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_clients_make_them() {
        // security §6
        let vectors = [
            ("admin", "$2a$10$7EqJtq98hPqEX7fNZaFWoO1mVO/4MLpGzsqojz6E9Gef6iXDjXdDa"),
            ("secret", "$2a$10$7EqJtq98hPqEX7fNZaFWoOu7NRZ0i7m5NbgPBEsHTCoJzZDEKQRb."),
            ("", "$2a$10$7EqJtq98hPqEX7fNZaFWoOLCkFexA7A9eoJ0Ew.mTDdk.E60D.9zS"),
            ("nopassword", NO_PASSWORD_HASH),
        ];
        for (password, hash) in vectors {
            let made = PasswordHash::of(password).unwrap();
            assert_eq!(std::str::from_utf8(&made.0).unwrap(), hash);
            assert!(made.matches(hash.as_bytes()));
            assert!(!made.matches(&hash.as_bytes()[..59]));
            assert_eq!(made.is_reserved(), password == "nopassword");
        }
        let made = bcrypt::hash_with_salt("admin", COST, SALT).unwrap();
        assert_eq!(made.format_for_version(bcrypt::Version::TwoA).as_bytes(), ADMIN);
    }

    #[test]
    fn what_is_no_hash() {
        for bad in [None, Some(&b""[..]), Some(b"secret"), Some(&[b'x'; 60]), Some(&[b'$'; 61])] {
            assert_eq!(PasswordHash::from_field(bad).unwrap_err(), ResultCode::SEC_PASSWORD);
        }
        assert!(PasswordHash::from_field(Some(ADMIN)).is_ok());
        assert_eq!(format!("{:?}", PasswordHash(*ADMIN)), "PasswordHash");
    }
}
