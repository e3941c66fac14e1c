//! Operations on blobs.

use crate::fixture::{Test, bins, blob, int};
use crate::harness::Suite;
use aerospike::operations::Operation;
use aerospike::operations::bitwise::{
    self, BitPolicy, BitwiseOverflowActions as Overflow, BitwiseResizeFlags, BitwiseWriteFlags,
};
use aerospike::{Value, as_bin};

/// Operations on 01 02 03, each on that anew: what is left.
async fn changes<const N: usize>(t: &Test, cases: [(Operation, [u8; 3]); N]) {
    for (at, (operation, after)) in cases.into_iter().enumerate() {
        t.put(&t.k(), &[as_bin!("b", blob(&[1, 2, 3]))]).await;
        assert_eq!(t.result(operation).await, Value::Nil, "case {at}");
        assert_eq!(t.bin("b").await, blob(&after), "case {at}");
    }
}

pub fn add(suite: &mut Suite) {
    let plain = BitPolicy::default;
    suite.test("bits-01", move |t| async move {
        let resize = |size, flags| bitwise::resize("b", size, flags, &plain());
        t.operate(&[resize(4, BitwiseResizeFlags::DEFAULT)]).await.expect("made");
        assert_eq!(t.bin("b").await, blob(&[0, 0, 0, 0]));
        t.operate(&[bitwise::insert("b", 1, blob(&[0xaa, 0xbb]), &plain())]).await.expect("inserted");
        assert_eq!(t.bin("b").await, blob(&[0, 0xaa, 0xbb, 0, 0, 0]));
        t.operate(&[bitwise::remove("b", 0, 1, &plain())]).await.expect("removed");
        assert_eq!(t.bin("b").await, blob(&[0xaa, 0xbb, 0, 0, 0]));
        t.operate(&[resize(6, BitwiseResizeFlags::FROM_FRONT)]).await.expect("resized");
        assert_eq!(t.bin("b").await, blob(&[0, 0xaa, 0xbb, 0, 0, 0]));
    });
    suite.test("bits-02", move |t| async move {
        let cases = [
            (bitwise::set("b", 4, 8, blob(&[0xff]), &plain()), [0x0f, 0xf2, 3]),
            (bitwise::or("b", 0, 8, blob(&[0xf0]), &plain()), [0xf1, 2, 3]),
            (bitwise::xor("b", 16, 8, blob(&[0xff]), &plain()), [1, 2, 0xfc]),
            (bitwise::and("b", 0, 16, blob(&[0, 3]), &plain()), [0, 2, 3]),
            (bitwise::not("b", 0, 8, &plain()), [0xfe, 2, 3]),
        ];
        changes(&t, cases).await;
    });
    suite.test("bits-03", move |t| async move {
        let plus = |value, action| bitwise::add("b", 0, 8, value, false, action, &plain());
        let minus = |value, action| bitwise::subtract("b", 8, 8, value, false, action, &plain());
        let cases = [
            (bitwise::lshift("b", 0, 24, 4, &plain()), [0x10, 0x20, 0x30]),
            (bitwise::rshift("b", 0, 16, 1, &plain()), [0, 0x81, 3]),
            (plus(5, Overflow::Fail), [6, 2, 3]),
            (plus(255, Overflow::Wrap), [0, 2, 3]),
            (plus(255, Overflow::Saturate), [0xff, 2, 3]),
            (minus(2, Overflow::Fail), [1, 0, 3]),
            (minus(5, Overflow::Wrap), [1, 0xfd, 3]),
            (minus(5, Overflow::Saturate), [1, 0, 3]),
        ];
        changes(&t, cases).await;
        t.put(&t.k(), &[as_bin!("b", blob(&[1, 2, 3]))]).await;
        t.refused(26, plus(255, Overflow::Fail)).await;
        t.refused(26, minus(5, Overflow::Fail)).await;
    });
    suite.test("bits-04", |t| async move {
        t.put(&t.k(), &[as_bin!("b", blob(&[1, 2, 0xff]))]).await;
        let operations = [
            bitwise::get("b", 4, 8),
            bitwise::count("b", 0, 24),
            bitwise::lscan("b", 0, 24, true),
            bitwise::rscan("b", 0, 16, true),
            bitwise::lscan("b", 16, 8, false),
            bitwise::get_int("b", 16, 8, false),
            bitwise::get_int("b", 16, 8, true),
            bitwise::get_int("b", 0, 16, false),
        ];
        let results = t.results(&operations).await;
        assert_eq!(results[0], blob(&[0x10]));
        assert_eq!(results[1..], [10, 7, 14, -1, 255, -1, 0x0102].map(int));
    });
    suite.test("bits-05", move |t| async move {
        changes(&t, [(bitwise::set_int("b", 0, 16, 0x1234, &plain()), [0x12, 0x34, 3])]).await;
        t.put(&t.k(), &[as_bin!("b", blob(&[1]))]).await;
        let resize =
            |bin: &str, flags| bitwise::resize(bin, 2, BitwiseResizeFlags::DEFAULT, &BitPolicy::new(flags));
        let (create, update) = (BitwiseWriteFlags::CREATE_ONLY, BitwiseWriteFlags::UPDATE_ONLY);
        t.refused(6, resize("b", create)).await;
        t.refused(17, resize("no", update)).await;
        let lenient = [
            resize("b", create | BitwiseWriteFlags::NO_FAIL),
            resize("no", update | BitwiseWriteFlags::NO_FAIL),
        ];
        t.operate(&lenient).await.expect("nothing happens");
        assert_eq!(t.get(&t.k()).await, bins([("b", blob(&[1]))]));
    });
    suite.test("bits-06", move |t| async move {
        t.put(&t.k(), &[as_bin!("b", blob(&[1])), as_bin!("s", "text")]).await;
        t.refused(26, bitwise::get("b", 64, 8)).await;
        t.refused(26, bitwise::not("b", 64, 8, &plain())).await;
        t.refused(12, bitwise::get("s", 0, 8)).await;
        t.refused(12, bitwise::not("s", 0, 8, &plain())).await;
    });
}
