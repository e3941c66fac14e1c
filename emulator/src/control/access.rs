//! Records without a client: for setting up, and for looking afterwards.

use super::Refusal;
use super::value_json::{bins_json, key_json};
use crate::command::{self, Origin, Reply, Request};
use crate::server::Server;
use crate::store::{Namespace, Record};
use aerospike_wire::bits::{info2, info3};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::particle::ParticleBuf;
use aerospike_wire::proto::HEADER_SIZE;
use aerospike_wire::{Digest, Header, Message, ParticleType, ResultCode, Value, field, op};
use bytes::BytesMut;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// A record's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Key {
    /// A text.
    String(String),
    /// A number.
    Int(i64),
    /// Bytes.
    Blob(Vec<u8>),
}

impl From<&str> for Key {
    fn from(text: &str) -> Key {
        Key::String(text.into())
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Key {
        Key::Int(number)
    }
}

impl From<&[u8]> for Key {
    fn from(bytes: &[u8]) -> Key {
        Key::Blob(bytes.into())
    }
}

impl Key {
    /// The key as it travels: particle type, then bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let typed = |kind: ParticleType, bytes: &[u8]| [&[kind.0][..], bytes].concat();
        match self {
            Key::String(text) => typed(ParticleType::STRING, text.as_bytes()),
            Key::Int(number) => typed(ParticleType::INTEGER, &number.to_be_bytes()),
            Key::Blob(bytes) => typed(ParticleType::BLOB, bytes),
        }
    }

    /// The digest of the key in a set.
    pub fn digest(&self, set: &[u8]) -> Digest {
        let bytes = self.to_bytes();
        Digest::of(set, bytes[0], &bytes[1..])
    }
}

/// A record as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredRecord {
    /// Names and values in the order in which they were created.
    pub bins: Vec<(String, Value)>,
    /// 1 to 65535.
    pub generation: u16,
    /// Seconds that it has left by the emulator's clock; `None` = it never expires.
    pub ttl: Option<u32>,
}

/// A record to be written.
pub(super) struct NewRecord<'a> {
    pub set: &'a [u8],
    pub digest: Digest,
    /// Particle type, then bytes.
    pub key: Option<&'a [u8]>,
    /// As a client would send it.
    pub ttl: u32,
    pub bins: &'a [(Vec<u8>, ParticleBuf)],
}

/// Direct access to the data of a server.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    server: &'a Server,
}

impl<'a> Access<'a> {
    /// The data of a server.
    pub fn of(server: &'a Server) -> Access<'a> {
        Access { server }
    }

    pub(super) fn namespace(&self, name: &str) -> Result<&'a Arc<Namespace>, Refusal> {
        let unknown = || Refusal::new(format!("there is no namespace '{name}'"));
        self.server.store.namespace(name.as_bytes()).ok_or_else(unknown)
    }

    /// A record, unless it is missing or has expired.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn record(&self, namespace: &str, set: &str, key: &Key) -> Result<Option<Record>, Refusal> {
        let namespace = self.namespace(namespace)?;
        let digest = key.digest(set.as_bytes());
        let now = namespace.clock.now_seconds();
        let partition = namespace.partition(&digest).read();
        Ok(partition.get(&digest).filter(|record| !record.is_expired(now)).cloned())
    }

    /// As [`Access::record`], with values.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn get(&self, namespace: &str, set: &str, key: &Key) -> Result<Option<StoredRecord>, Refusal> {
        let now = self.server.clock.now_seconds();
        let record = self.record(namespace, set, key)?;
        Ok(record.map(|record| {
            let header = record.header();
            let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            let value =
                |bin: &aerospike_wire::Op<'_>| Value::from_particle(bin.particle()).unwrap_or_default();
            StoredRecord {
                bins: record.bins().map(|bin| (name(bin.name), value(&bin))).collect(),
                generation: header.generation,
                ttl: (header.void_time != 0).then(|| header.void_time.saturating_sub(now)),
            }
        }))
    }

    /// Writes a record as a client would that replaces all bins and stores the key. `ttl` is as clients send it; 0 is
    /// the namespace's default.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace and for what the server would refuse.
    pub fn put(
        &self,
        namespace: &str,
        set: &str,
        key: &Key,
        bins: &[(&str, Value)],
        ttl: u32,
    ) -> Result<(), Refusal> {
        let namespace = self.namespace(namespace)?;
        let bins: Vec<_> =
            bins.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.to_particle())).collect();
        let (digest, key) = (key.digest(set.as_bytes()), key.to_bytes());
        let record = NewRecord { set: set.as_bytes(), digest, key: Some(&key), ttl, bins: &bins };
        let code = self.write(namespace, &record);
        if code.is_ok() { Ok(()) } else { Err(Refusal::new(format!("the record is refused: {code}"))) }
    }

    /// Writes a record through the path of clients' writes.
    pub(super) fn write(&self, namespace: &Namespace, record: &NewRecord<'_>) -> ResultCode {
        if record.bins.len() > command::MAX_OPS {
            return ResultCode::PARAMETER;
        }
        if record.bins.iter().any(|(name, _)| name.len() > command::MAX_BIN_NAME) {
            return ResultCode::BIN_NAME;
        }
        let mut frame = BytesMut::new();
        let header = Header {
            info2: info2::WRITE,
            info3: info3::CREATE_OR_REPLACE,
            ttl: record.ttl,
            ..Header::default()
        };
        let mut builder = FrameBuilder::begin(&mut frame, header);
        builder.record(namespace.name().as_bytes(), record.set, &record.digest.0);
        if let Some(key) = record.key {
            builder.field(field::KEY, key);
        }
        for (name, value) in record.bins {
            builder.op(op::WRITE, name, value.as_particle());
        }
        builder.finish();
        let Ok(message) = Message::parse(&frame[HEADER_SIZE..]) else { return ResultCode::PARAMETER };
        let request = Request {
            server: self.server,
            namespace,
            set: record.set,
            digest: record.digest,
            message,
            origin: Origin::Direct,
            batch_filter: None,
        };
        command::run(&request, Reply::frame(&mut BytesMut::new())).code
    }

    /// Removes a record; whether there was one.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn remove(&self, namespace: &str, set: &str, key: &Key) -> Result<bool, Refusal> {
        let namespace = self.namespace(namespace)?;
        let digest = key.digest(set.as_bytes());
        let mut partition = namespace.partition(&digest).write();
        let Ok(at) = partition.position(&digest) else { return Ok(false) };
        let lives = partition.at(at).is_some_and(|record| !record.is_expired(namespace.clock.now_seconds()));
        namespace.remove(&mut partition, at);
        Ok(lives)
    }

    /// How many records a set, or a whole namespace, has; those that have expired do not count.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn count(&self, namespace: &str, set: Option<&str>) -> Result<usize, Refusal> {
        let namespace = self.namespace(namespace)?;
        let id = match set {
            None => None,
            Some("") => Some(crate::store::NO_SET),
            Some(name) => match namespace.sets.find(name.as_bytes()) {
                Some(set) => Some(set.id),
                None => return Ok(0),
            },
        };
        let now = namespace.clock.now_seconds();
        let counts =
            |record: &&Record| !record.is_expired(now) && id.is_none_or(|id| record.header().set == id);
        let of = |partition: &crate::store::PartitionLock| partition.read().records().filter(counts).count();
        Ok(namespace.partitions().iter().map(of).sum())
    }

    /// The sets that have records, with their numbers of records; those in no set are under an empty name.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn sets(&self, namespace: &str) -> Result<Vec<(String, usize)>, Refusal> {
        let namespace = self.namespace(namespace)?;
        let now = namespace.clock.now_seconds();
        let mut counts = std::collections::BTreeMap::<_, usize>::new();
        for partition in namespace.partitions() {
            for record in partition.read().records().filter(|record| !record.is_expired(now)) {
                *counts.entry(record.header().set).or_default() += 1;
            }
        }
        let name = |id| String::from_utf8_lossy(namespace.sets.name(id)).into_owned();
        let mut sets: Vec<_> = counts.into_iter().map(|(id, count)| (name(id), count)).collect();
        sets.sort();
        Ok(sets)
    }

    /// All records of a namespace that have not expired, by set, then by key.
    fn sorted(&self, namespace: &Namespace) -> Vec<Record> {
        let now = namespace.clock.now_seconds();
        let snapshot = namespace.snapshot();
        let mut records: Vec<_> =
            snapshot.records().filter(|record| !record.is_expired(now)).cloned().collect();
        records.sort_by(|a, b| {
            let order =
                |record: &Record| (namespace.sets.name(record.header().set).to_vec(), record.header().digest);
            order(a).0.cmp(&order(b).0).then_with(|| a.key().cmp(&b.key())).then(order(a).1.cmp(&order(b).1))
        });
        records
    }

    /// A namespace as text: a line for each record, by set, then by key.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn dump(&self, namespace: &str) -> Result<String, Refusal> {
        let namespace = self.namespace(namespace)?;
        let now = namespace.clock.now_seconds();
        let mut text = String::new();
        for record in self.sorted(namespace) {
            let header = record.header();
            let set = String::from_utf8_lossy(namespace.sets.name(header.set));
            let key = match record.key() {
                Some(key) => key_json(key).to_string(),
                None => header.digest.to_string(),
            };
            let ttl = match header.void_time {
                0 => "never".to_owned(),
                void_time => format!("{}s", void_time.saturating_sub(now)),
            };
            let bins = bins_json(&record);
            text += &format!("{set} {key} {bins} generation={} ttl={ttl}\n", header.generation);
        }
        Ok(text)
    }

    /// As [`Access::dump`], as a JSON array of objects.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown namespace.
    pub fn dump_json(&self, namespace: &str) -> Result<Json, Refusal> {
        let namespace = self.namespace(namespace)?;
        let now = namespace.clock.now_seconds();
        let records = self.sorted(namespace).into_iter().map(|record| {
            let header = record.header();
            let ttl = (header.void_time != 0).then(|| header.void_time.saturating_sub(now));
            json!({
                "namespace": namespace.name(),
                "set": String::from_utf8_lossy(namespace.sets.name(header.set)),
                "key": record.key().map(key_json),
                "digest": header.digest.to_string(),
                "bins": bins_json(&record),
                "generation": header.generation,
                "ttl": ttl,
            })
        });
        Ok(records.collect())
    }
}
