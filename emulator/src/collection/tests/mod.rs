//! Lists and maps held against the reference and against a plain model.

mod defects;
mod model;
mod notation;
mod robust;
mod rules;
mod vectors;

use aerospike_wire::ResultCode;
use aerospike_wire::particle::ParticleBuf;

use super::{canonical_list, canonical_map, modify, read};
use crate::expression::ElementExpressions;
use notation::Reply;

/// Start value, operation, reply, bin afterwards (`unchanged`, or `-` for an operation that reads).
type Row = (&'static str, &'static str, &'static str, &'static str);

/// Runs every row and complains of all that fail together.
fn check(rows: &[Row]) {
    let wrong: Vec<String> =
        rows.iter().filter_map(|row| wrong(row).map(|why| format!("{row:?}: {why}"))).collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn wrong((start, operation, reply, after): &Row) -> Option<String> {
    let bin = notation::bin(start).map(stored);
    let op = notation::operation(operation);
    let reads = *after == "-";
    let (got, now) = run(bin.as_ref(), &op, reads);
    let expected = notation::reply(reply);
    if got != expected {
        return Some(format!("replied {got:x?}, not {expected:x?}"));
    }
    let expected = match *after {
        "unchanged" | "-" => bin,
        text => notation::bin(text),
    };
    (now != expected).then(|| format!("left {now:x?}, not {expected:x?}"))
}

/// The form in which a value rests.
fn stored(bin: ParticleBuf) -> ParticleBuf {
    use aerospike_wire::ParticleType;
    let data = match bin.kind {
        ParticleType::LIST => canonical_list(&bin.data).expect("a list to store").into_owned(),
        ParticleType::MAP => canonical_map(&bin.data).expect("a map to store").into_owned(),
        _ => bin.data,
    };
    ParticleBuf::new(bin.kind, data)
}

/// What an operation answers as the only one of a command, and the bin afterwards.
fn run(bin: Option<&ParticleBuf>, op: &[u8], reads: bool) -> (Reply, Option<ParticleBuf>) {
    let particle = bin.map(ParticleBuf::as_particle);
    let expressions = ElementExpressions::new();
    if reads {
        let result = match particle {
            Some(particle) => read(particle, op, &expressions),
            None => Ok(None),
        };
        let reply = match result {
            Ok(None) => Reply::Nothing,
            Ok(Some(result)) => Reply::Result(result),
            Err(code) => Reply::Error(code),
        };
        return (reply, bin.cloned());
    }
    match modify(particle, op, &expressions) {
        Err(code) => (Reply::Error(code), bin.cloned()),
        // Without a bin there is no record either.
        Ok(outcome) if bin.is_none() && outcome.change.is_none() => {
            (Reply::Error(ResultCode::NOT_FOUND), None)
        }
        Ok(outcome) => {
            let reply = outcome.result.map_or(Reply::Nothing, Reply::Result);
            (reply, outcome.change.or_else(|| bin.cloned()))
        }
    }
}

/// The elements of a list of single bytes, for comparisons that disregard their order.
fn list_elements(list: &ParticleBuf) -> Vec<Vec<u8>> {
    let list = super::scan::List::open(&list.data).expect("a list");
    let column = list.column().expect("a list");
    column.iter().map(<[u8]>::to_vec).collect()
}
