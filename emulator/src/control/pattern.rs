//! Which commands a fault or a question to the log is about.

use super::kind::{Kind, Kinds};
use super::{Arguments, Refusal};
use aerospike_wire::{Digest, ParticleType};
use serde_json::{Map, Value};

/// What patterns look at of a command.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What it is.
    pub kind: Kind,
    /// Whether it may change data.
    pub writes: bool,
    /// Whether it is a row of a batch.
    pub in_batch: bool,
    /// The namespace; empty for none.
    pub namespace: &'a [u8],
    /// The set; empty for none.
    pub set: &'a [u8],
    /// The record, for commands on one.
    pub digest: Option<Digest>,
    /// Who asks; empty for nobody known.
    pub user: &'a [u8],
    /// The node that is asked.
    pub node: &'a str,
}

/// Which commands; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// What they are.
    pub kinds: Kinds,
    /// Their namespace.
    pub namespace: Option<Vec<u8>>,
    /// Their set; empty for records without one.
    pub set: Option<Vec<u8>>,
    /// The record's key: a string, or the decimal digits of an integer.
    pub key: Option<Vec<u8>>,
    /// The record's digest.
    pub digest: Option<Digest>,
    /// Who asks.
    pub user: Option<Vec<u8>>,
    /// The node that is asked, by its name.
    pub node: Option<String>,
    /// Whether they are rows of batches.
    pub in_batch: Option<bool>,
}

impl Pattern {
    /// All commands of a kind.
    pub fn kind(kind: Kind) -> Pattern {
        Pattern { kinds: Kinds::one(kind), ..Pattern::default() }
    }

    /// Reads `kind`, `namespace`, `set`, `key`, `digest`, `user`, `node` and `in-batch`.
    ///
    /// # Errors
    /// [`Refusal`] that names the one that is wrong.
    pub fn from_arguments(arguments: &Arguments<'_>) -> Result<Pattern, Refusal> {
        let owned = |key| arguments.bytes(key).map(<[u8]>::to_vec);
        Ok(Pattern {
            kinds: arguments.text("kind")?.map(Kinds::parse).transpose()?.unwrap_or_default(),
            namespace: owned("namespace"),
            set: owned("set"),
            key: owned("key"),
            digest: arguments.text("digest")?.map(parse_digest).transpose()?,
            user: owned("user"),
            node: arguments.text("node")?.map(str::to_ascii_uppercase),
            in_batch: arguments.parse("in-batch", "true or false")?,
        })
    }

    /// Whether a command is one of them.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let is = |wanted: &Option<Vec<u8>>, found: &[u8]| wanted.as_ref().is_none_or(|text| text == found);
        self.kinds.contain(subject.kind, subject.writes)
            && is(&self.namespace, subject.namespace)
            && is(&self.set, subject.set)
            && is(&self.user, subject.user)
            && self.node.as_ref().is_none_or(|node| node.eq_ignore_ascii_case(subject.node))
            && self.in_batch.is_none_or(|wanted| wanted == subject.in_batch)
            && self.digest.is_none_or(|digest| subject.digest == Some(digest))
            && self.key.as_ref().is_none_or(|key| {
                subject.digest.is_some_and(|digest| is_digest_of(&digest, subject.set, key))
            })
    }

    /// Puts what matters into an object.
    pub fn describe(&self, object: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Option<String>| {
            if let Some(text) = value {
                object.insert(name.into(), text.into());
            }
        };
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
        put("kind", Some(self.kinds.text()).filter(|text| !text.is_empty()));
        put("namespace", text(&self.namespace));
        put("set", text(&self.set));
        put("key", text(&self.key));
        put("digest", self.digest.map(|digest| digest.to_string()));
        put("user", text(&self.user));
        put("node", self.node.clone());
    }
}

/// Whether a record of a set has a key, taken as a string or as an integer.
fn is_digest_of(digest: &Digest, set: &[u8], key: &[u8]) -> bool {
    if *digest == Digest::of(set, ParticleType::STRING.0, key) {
        return true;
    }
    let number = std::str::from_utf8(key).ok().and_then(|text| text.parse::<i64>().ok());
    number.is_some_and(|number| *digest == Digest::of(set, ParticleType::INTEGER.0, &number.to_be_bytes()))
}

/// Reads a digest of 40 hexadecimal digits.
///
/// # Errors
/// [`Refusal`].
pub fn parse_digest(text: &str) -> Result<Digest, Refusal> {
    let bad = || Refusal::new(format!("'{text}' is no digest of 40 hexadecimal digits"));
    if text.len() != 40 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(bad());
    }
    let mut digest = [0; 20];
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).map_err(|_| bad())?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| bad())?;
    }
    Ok(Digest(digest))
}
