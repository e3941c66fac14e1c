//! Replays the committed corpora of the fuzz targets, so that what a fuzzer once found stays fixed on any
//! toolchain.

#[path = "../fuzz/targets/frames.rs"]
mod frames;
#[path = "../fuzz/targets/messages.rs"]
mod messages;
#[path = "../fuzz/targets/values.rs"]
mod values;

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
fn frames() {
    replay("frames", frames::run);
}

#[test]
fn messages() {
    replay("messages", messages::run);
}

#[test]
fn values() {
    replay("values", values::run);
}
