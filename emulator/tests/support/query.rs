//! Queries: requests built from their fields, replies with theirs.

use super::Client;
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::proto::FrameType;
use aerospike_wire::{
    Digest, Header, Message, PARTITIONS, Particle, ParticleType, ResultCode, Value, field, op,
};
use bytes::BytesMut;

/// A query under construction.
#[derive(Clone, Debug)]
pub struct Query {
    pub header: Header,
    pub namespace: Vec<u8>,
    pub fields: Vec<(u8, Vec<u8>)>,
    pub ops: Vec<(u8, String, Value)>,
}

/// A record in a query's reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub header: Header,
    pub digest: Digest,
    /// The ids of its fields, in order.
    pub fields: Vec<u8>,
    pub bval: Option<i64>,
    pub bins: Vec<(String, Value)>,
}

impl Query {
    /// A foreground query for all bins of all records of `test`, set `set`, in all partitions.
    pub fn scan() -> Query {
        let header =
            Header { info1: info1::READ | info1::GET_ALL, info3: info3::PARTITION_DONE, ..Header::default() };
        Query { header, namespace: b"test".to_vec(), fields: Vec::new(), ops: Vec::new() }
            .with(field::SET, b"set")
            .partitions(0..PARTITIONS as u16)
    }

    /// A query for the records whose bin lies between two integers.
    pub fn between(bin: &str, low: i64, high: i64) -> Query {
        Query::scan().range(bin, ParticleType::INTEGER, &low.to_be_bytes(), &high.to_be_bytes())
    }

    /// A query for the records whose bin is a string or blob, or has to do with a GeoJSON value.
    pub fn equal(bin: &str, kind: ParticleType, value: &[u8]) -> Query {
        Query::scan().range(bin, kind, value, value)
    }

    /// A background query that runs operations on all records of the set.
    pub fn background(ops: &[(u8, &str, Value)]) -> Query {
        let mut query = Query::scan().without(field::PARTITION_IDS);
        query.header = Header { info2: info2::WRITE, ..Header::default() };
        query.ops(ops)
    }

    /// Sets a field.
    pub fn with(mut self, id: u8, data: &[u8]) -> Query {
        self = self.without(id);
        self.fields.push((id, data.to_vec()));
        self
    }

    /// Removes a field.
    pub fn without(mut self, id: u8) -> Query {
        self.fields.retain(|(field, _)| *field != id);
        self
    }

    /// Sets the partitions.
    pub fn partitions(self, ids: impl IntoIterator<Item = u16>) -> Query {
        let packed: Vec<u8> = ids.into_iter().flat_map(u16::to_le_bytes).collect();
        self.with(field::PARTITION_IDS, &packed)
    }

    /// Sets the cursors to resume from, with index values where there are any.
    pub fn resume(self, cursors: &[(Digest, Option<i64>)]) -> Query {
        let digests: Vec<u8> = cursors.iter().flat_map(|(digest, _)| digest.0).collect();
        let bvals: Vec<u8> =
            cursors.iter().filter_map(|(_, bval)| *bval).flat_map(i64::to_le_bytes).collect();
        let query = self.with(field::DIGESTS, &digests);
        if bvals.is_empty() { query } else { query.with(field::BVALS, &bvals) }
    }

    /// Sets how many records to return at most.
    pub fn max(self, count: u64) -> Query {
        self.with(field::MAX_RECORDS, &count.to_be_bytes())
    }

    /// Sets the where clause.
    pub fn range(self, bin: &str, kind: ParticleType, start: &[u8], end: &[u8]) -> Query {
        let mut range = vec![1, bin.len() as u8];
        range.extend_from_slice(bin.as_bytes());
        range.push(kind.0);
        for value in [start, end] {
            range.extend_from_slice(&(value.len() as u32).to_be_bytes());
            range.extend_from_slice(value);
        }
        self.with(field::INDEX_RANGE, &range)
    }

    /// Sets the ops.
    pub fn ops(mut self, ops: &[(u8, &str, Value)]) -> Query {
        self.ops = ops.iter().map(|(code, name, value)| (*code, name.to_string(), value.clone())).collect();
        self
    }

    /// Reads bins by name.
    pub fn read(self, bins: &[&str]) -> Query {
        let ops: Vec<_> = bins.iter().map(|bin| (op::READ, *bin, Value::Nil)).collect();
        self.ops(&ops)
    }

    /// Changes the header.
    pub fn header(mut self, change: impl FnOnce(&mut Header)) -> Query {
        change(&mut self.header);
        self
    }

    pub fn frame(&self) -> Vec<u8> {
        let mut out = BytesMut::new();
        let mut frame = FrameBuilder::begin(&mut out, self.header);
        frame.field(field::NAMESPACE, &self.namespace);
        self.fields.iter().for_each(|(id, data)| frame.field(*id, data));
        for (code, name, value) in &self.ops {
            match value {
                Value::Nil => frame.op(*code, name.as_bytes(), Particle::NULL),
                value => frame.op(*code, name.as_bytes(), value.to_particle().as_particle()),
            }
        }
        frame.finish();
        out.to_vec()
    }
}

impl Client {
    /// Runs a query: its records in the order in which they came, and the code of its end mark or refusal.
    pub fn query(&mut self, query: &Query) -> (Vec<Found>, ResultCode) {
        self.send(&query.frame());
        self.found()
    }

    /// Reads a query's reply.
    pub fn found(&mut self) -> (Vec<Found>, ResultCode) {
        let mut records = Vec::new();
        loop {
            let (frame_type, body) = self.receive().expect("a frame");
            assert_eq!(frame_type, FrameType::Message);
            let mut rest = &body[..];
            while !rest.is_empty() {
                let (message, behind) = Message::parse_prefix(rest).expect("whole messages");
                rest = behind;
                let header = message.header;
                if header.info3 & info3::LAST != 0 || header.result != 0 {
                    assert!(rest.is_empty(), "nothing follows the end");
                    return (records, ResultCode(header.result));
                }
                records.push(found(&message));
            }
        }
    }

    /// The code with which a query ends.
    pub fn query_code(&mut self, query: &Query) -> ResultCode {
        self.query(query).1
    }

    /// The records of a query that must succeed.
    pub fn records(&mut self, query: &Query) -> Vec<Found> {
        let (records, code) = self.query(query);
        assert_eq!(code, ResultCode::OK, "{query:?}");
        records
    }
}

fn found(message: &Message<'_>) -> Found {
    let bval =
        message.field(field::BVALS).map(|bytes| i64::from_le_bytes(bytes.try_into().expect("8 bytes")));
    Found {
        header: message.header,
        digest: message.field(field::DIGEST).and_then(Digest::from_slice).expect("a digest"),
        fields: message.fields().map(|field| field.id).collect(),
        bval,
        bins: message
            .ops()
            .map(|op| {
                let name = String::from_utf8_lossy(op.name).into_owned();
                (name, Value::from_particle(op.particle()).expect("a value"))
            })
            .collect(),
    }
}
