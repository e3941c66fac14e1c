//! Runs every scenario against one emulator, which ends with it, and writes what became of each to the file that the
//! environment variable RESULTS names, as scenarios.md describes.

mod batch;
mod data;
mod expressions;
mod harness;
mod queries;
mod records;
mod server;
mod users;

use harness::Suite;

/// What the client cannot do, and why.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("connect-07", "with one node, the client refuses to start when any of its seeds is dead"),
    ("filter-15", "the client has no such policy"),
];

fn main() {
    let mut suite = Suite::default();
    records::add(&mut suite);
    data::add(&mut suite);
    expressions::add(&mut suite);
    batch::add(&mut suite);
    queries::add(&mut suite);
    users::add(&mut suite);
    suite.run(NOT_APPLICABLE);
}
