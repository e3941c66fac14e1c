//! Runs every scenario against one emulator, which ends with it, and writes what became of each to the file that the
//! environment variable RESULTS names, as scenarios.md describes.

mod asynchronous;
mod background;
mod batch;
mod bits;
mod cluster;
mod connect;
mod control;
mod expression_operations;
mod expressions;
mod filters;
mod fixture;
mod functions;
mod geo;
mod harness;
mod hll;
mod indexes;
mod lists;
mod login;
mod loss;
mod maps;
mod operate;
mod pages;
mod policies;
mod queries;
mod records;
mod scans;
mod security;
mod server;
mod tls;
mod tools;
mod transactions;

use harness::Suite;

/// What the client cannot do, and why.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("filter-15", "the client has no such switch"),
    ("backup-01", NO_BACKUPS),
    ("backup-02", NO_BACKUPS),
    ("backup-03", NO_BACKUPS),
    ("backup-04", NO_BACKUPS),
];

const NO_BACKUPS: &str = "the vendor's backup library is for Go alone";

fn main() {
    let mut suite = Suite::default();
    connect::add(&mut suite);
    records::add(&mut suite);
    policies::add(&mut suite);
    operate::add(&mut suite);
    lists::add(&mut suite);
    maps::add(&mut suite);
    bits::add(&mut suite);
    hll::add(&mut suite);
    filters::add(&mut suite);
    expressions::add(&mut suite);
    expression_operations::add(&mut suite);
    batch::add(&mut suite);
    scans::add(&mut suite);
    pages::add(&mut suite);
    indexes::add(&mut suite);
    queries::add(&mut suite);
    geo::add(&mut suite);
    background::add(&mut suite);
    functions::add(&mut suite);
    transactions::add(&mut suite);
    control::add(&mut suite);
    tools::add(&mut suite);
    asynchronous::add(&mut suite);
    login::add(&mut suite);
    security::add(&mut suite);
    tls::add(&mut suite);
    loss::add(&mut suite);
    cluster::add(&mut suite);
    suite.run(NOT_APPLICABLE);
}
