//! Keys of records.

use aerospike_wire::{Digest, ParticleType};

/// The part of a key that the user chose.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum UserKey {
    /// A signed integer.
    Int(i64),
    /// Text.
    String(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl UserKey {
    /// The same key, borrowed.
    pub fn as_ref(&self) -> UserKeyRef<'_> {
        match self {
            UserKey::Int(value) => UserKeyRef::Int(*value),
            UserKey::String(text) => UserKeyRef::String(text.as_bytes()),
            UserKey::Blob(bytes) => UserKeyRef::Blob(bytes),
        }
    }
}

/// A borrowed [`UserKey`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserKeyRef<'a> {
    /// A signed integer.
    Int(i64),
    /// Text. Bytes may come in here too: see python-api §3 on keys that hash as strings.
    String(&'a [u8]),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> UserKeyRef<'a> {
    /// Runs `take` on the key's type byte and its bytes as they are hashed and sent (wire §10).
    pub fn with_bytes<R>(&self, take: impl FnOnce(u8, &[u8]) -> R) -> R {
        match self {
            UserKeyRef::Int(value) => take(ParticleType::INTEGER.0, &value.to_be_bytes()),
            UserKeyRef::String(text) => take(ParticleType::STRING.0, text),
            UserKeyRef::Blob(bytes) => take(ParticleType::BLOB.0, bytes),
        }
    }

    /// The digest of the record with this key in a set.
    pub fn digest(&self, set: &[u8]) -> Digest {
        self.with_bytes(|kind, bytes| Digest::of(set, kind, bytes))
    }
}

/// A whole key, as it is sent: borrowed names and the digest.
#[derive(Clone, Copy, Debug)]
pub struct KeyRef<'a> {
    /// Namespace name.
    pub namespace: &'a str,
    /// Set name, may be empty.
    pub set: &'a str,
    /// What the user chose; `None` when only the digest is known.
    pub user_key: Option<UserKeyRef<'a>>,
    /// Hash of set and user key.
    pub digest: Digest,
}

impl KeyRef<'_> {
    /// The same key, owned.
    pub fn to_owned(&self) -> Key {
        Key {
            namespace: self.namespace.to_owned(),
            set: self.set.to_owned(),
            user_key: self.user_key.map(|key| match key {
                UserKeyRef::Int(value) => UserKey::Int(value),
                UserKeyRef::String(text) => match std::str::from_utf8(text) {
                    Ok(text) => UserKey::String(text.to_owned()),
                    Err(_) => UserKey::Blob(text.to_vec()),
                },
                UserKeyRef::Blob(bytes) => UserKey::Blob(bytes.to_vec()),
            }),
            digest: self.digest,
        }
    }
}

/// An owned key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Namespace name.
    pub namespace: String,
    /// Set name, may be empty.
    pub set: String,
    /// What the user chose; `None` when only the digest is known.
    pub user_key: Option<UserKey>,
    /// Hash of set and user key.
    pub digest: Digest,
}

impl Key {
    /// A key whose digest is computed.
    pub fn new(namespace: impl Into<String>, set: impl Into<String>, user_key: UserKey) -> Key {
        let set = set.into();
        let digest = user_key.as_ref().digest(set.as_bytes());
        Key { namespace: namespace.into(), set, user_key: Some(user_key), digest }
    }

    /// The same key, borrowed.
    pub fn as_ref(&self) -> KeyRef<'_> {
        KeyRef {
            namespace: &self.namespace,
            set: &self.set,
            user_key: self.user_key.as_ref().map(UserKey::as_ref),
            digest: self.digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python-api §3: computed by the field's clients.
    #[test]
    fn digests_of_the_reference() {
        let hex = |key: UserKeyRef<'_>| key.digest(b"pk").to_string();
        assert_eq!(hex(UserKeyRef::String(b"b")), "a60b027d8b3d9e3540eacd1001a2015591d5cf4f");
        assert_eq!(hex(UserKeyRef::Blob(b"b")), "c1739aead2f41cb1364e1ab8928084cfba80820c");
        assert_eq!(hex(UserKeyRef::Int(1)), "805344ff849a75f0922917a698c6f65dd961e0fb");
    }
}
