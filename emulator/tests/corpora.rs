//! Replays the committed corpora of the fuzz targets, so that what a fuzzer once found stays fixed on any
//! toolchain.

#[path = "../fuzz/targets/bits_hll.rs"]
mod bits_hll;
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
fn bits_and_hll() {
    replay("bits_hll", bits_hll::run);
}

#[test]
fn geojson() {
    replay("geojson", geojson::run);
}

#[test]
fn requests() {
    replay("requests", requests::run);
}
