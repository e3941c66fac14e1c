//! Replays the committed corpora of the fuzz targets, so that what a fuzzer once found stays fixed on any
//! toolchain.

#[path = "../fuzz/targets/bits_hll.rs"]
mod bits_hll;
#[path = "../fuzz/targets/collection_ops.rs"]
mod collection_ops;
#[path = "../fuzz/targets/expression.rs"]
mod expression;
#[path = "../fuzz/targets/fixtures.rs"]
mod fixtures;
#[path = "../fuzz/targets/geojson.rs"]
mod geojson;
#[path = "../fuzz/targets/requests.rs"]
mod requests;

use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("a corpus entry").path();
        run(&std::fs::read(&path).expect("a corpus file"));
        count += 1;
    }
    assert!(count > 0, "the corpus of {target} is empty");
}

#[test]
fn bits_hll_corpus() {
    replay("bits_hll", bits_hll::run);
}

#[test]
fn collection_ops_corpus() {
    replay("collection_ops", collection_ops::run);
}

#[test]
fn expression_corpus() {
    replay("expression", expression::run);
}

#[test]
fn fixtures_corpus() {
    replay("fixtures", fixtures::run);
}

#[test]
fn geojson_corpus() {
    replay("geojson", geojson::run);
}

#[test]
fn requests_corpus() {
    replay("requests", requests::run);
}
