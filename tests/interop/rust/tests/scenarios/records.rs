//! Single records.

use crate::fixture::{Test, bins, blob, fails, fails_here, int};
use crate::harness::Suite;
use aerospike::{Bins, Key, ReadPolicy, Value, WritePolicy, as_bin, as_list, as_map, as_val};

async fn round_trip(t: &Test, value: Value) {
    t.put(&t.k(), &[as_bin!("v", value.clone())]).await;
    assert_eq!(t.get(&t.k()).await, bins([("v", value)]));
}

fn add_values(suite: &mut Suite) {
    suite.test("records-01", |t| async move {
        t.put(&t.k(), &[as_bin!("name", "Ada"), as_bin!("born", 1815)]).await;
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("name", "Ada".into()), ("born", int(1815))]));
        assert_eq!(record.generation, 1);
    });
    suite.test("records-02", |t| async move {
        for value in [0, -1, i64::MAX, i64::MIN] {
            round_trip(&t, int(value)).await;
        }
    });
    suite.test("records-03", |t| async move {
        for value in [0.0, -2.5, 1e308, f64::INFINITY] {
            round_trip(&t, Value::from(value)).await;
        }
    });
    suite.test("records-04", |t| async move {
        for value in ["", "text", "ünïcödé ☃", &"x".repeat(100_000)] {
            round_trip(&t, Value::from(value)).await;
        }
    });
    suite.test("records-05", |t| async move {
        for value in [vec![], vec![0, 1, 255], vec![7; 100_000]] {
            round_trip(&t, Value::Blob(value)).await;
        }
    });
    suite.test("records-06", |t| async move {
        for value in [true, false] {
            round_trip(&t, Value::Bool(value)).await;
        }
    });
    suite.test("records-07", |t| async move {
        let (six, deep) = (as_map!("six" => 6), as_list!(4, as_list!(5)));
        round_trip(&t, as_list!(1, "two", 3.5, deep, six, blob(&[7]), true, Value::Nil)).await;
        let nil = as_map!("c" => as_map!("d" => Value::Nil));
        round_trip(&t, as_map!("a" => as_list!(1, 2), "b" => nil, 3 => "int key")).await;
    });
    suite.test("records-08", |t| async move {
        let keys = [t.key("a"), t.key(1), t.key(blob(&[1, 2]))];
        for (i, key) in keys.iter().enumerate() {
            t.put(key, &[as_bin!("v", i as i64)]).await;
        }
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(t.get(key).await, bins([("v", int(i as i64))]));
        }
    });
    suite.test("records-09", |t| async move {
        let of = |set: &str, key: Value| Key::new("test", format!("{}-{set}", t.set), key).expect("a key");
        let keys = [t.key(1), t.key("1"), of("one", int(1)), of("two", int(1))];
        for (i, key) in keys.iter().enumerate() {
            t.put(key, &[as_bin!("v", i as i64)]).await;
        }
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(t.get(key).await, bins([("v", int(i as i64))]));
        }
    });
    suite.test("records-21", |t| async move {
        let many: Vec<_> = (0..500).map(|i| as_bin!(format!("bin{i}"), i)).collect();
        t.put(&t.k(), &many).await;
        let got = t.get(&t.k()).await;
        assert_eq!(got.len(), 500);
        for i in 0..500 {
            assert_eq!(got[&format!("bin{i}")], int(i));
        }
    });
}

fn add_commands(suite: &mut Suite) {
    suite.test("records-10", |t| async move {
        fails(2, t.client.get(&ReadPolicy::default(), &t.k(), Bins::All).await);
    });
    suite.test("records-11", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        t.put(&t.k(), &[as_bin!("b", 3), as_bin!("c", 4)]).await;
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("a", int(1)), ("b", int(3)), ("c", int(4))]));
        assert_eq!(record.generation, 2);
    });
    suite.test("records-12", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", 2), as_bin!("c", 3)]).await;
        let selected = t.client.get(&ReadPolicy::default(), &t.k(), Bins::from(["a", "c"])).await;
        assert_eq!(selected.expect("a record").bins, bins([("a", int(1)), ("c", int(3))]));
    });
    suite.test("records-13", |t| async move {
        assert!(!t.exists(&t.k()).await);
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert!(t.exists(&t.k()).await);
        let header = t.client.get(&ReadPolicy::default(), &t.k(), Bins::None).await.expect("a record");
        assert_eq!((header.bins, header.generation), (bins([]), 1));
    });
    suite.test("records-14", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let policy = WritePolicy::default();
        assert!(t.client.delete(&policy, &t.k()).await.expect("deleted"));
        assert!(!t.client.delete(&policy, &t.k()).await.expect("nothing to delete"));
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert_eq!(t.record(&t.k()).await.generation, 1);
    });
    suite.test("records-15", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        t.put(&t.k(), &[as_bin!("a", Value::Nil)]).await;
        assert_eq!(t.get(&t.k()).await, bins([("b", int(2))]));
        t.put(&t.k(), &[as_bin!("b", Value::Nil)]).await;
        assert!(!t.exists(&t.k()).await);
    });
    suite.test("records-16", |t| async move {
        let policy = WritePolicy::default();
        t.put(&t.k(), &[as_bin!("s", "merge"), as_bin!("n", 40)]).await;
        t.client.append(&policy, &t.k(), &[as_bin!("s", "nce")]).await.expect("appended");
        t.client.prepend(&policy, &t.k(), &[as_bin!("s", "e")]).await.expect("prepended");
        fails(12, t.client.append(&policy, &t.k(), &[as_bin!("n", "x")]).await);
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("s", "emergence".into()), ("n", int(40))]));
        assert_eq!(record.generation, 3);
        t.client.append(&policy, &t.key("new"), &[as_bin!("s", "x")]).await.expect("created");
        assert_eq!(t.get(&t.key("new")).await, bins([("s", "x".into())]));
    });
    suite.test("records-17", |t| async move {
        let policy = WritePolicy::default();
        t.put(&t.k(), &[as_bin!("n", 40), as_bin!("max", i64::MAX), as_bin!("s", "text")]).await;
        t.client.add(&policy, &t.k(), &[as_bin!("n", 5)]).await.expect("added");
        t.client.add(&policy, &t.k(), &[as_bin!("n", -3)]).await.expect("added");
        t.client.add(&policy, &t.k(), &[as_bin!("max", 1)]).await.expect("added");
        fails(12, t.client.add(&policy, &t.k(), &[as_bin!("s", 1)]).await);
        let expected = bins([("n", int(42)), ("max", int(i64::MIN)), ("s", "text".into())]);
        assert_eq!(t.get(&t.k()).await, expected);
        t.client.add(&policy, &t.key("new"), &[as_bin!("n", 7)]).await.expect("created");
        assert_eq!(t.get(&t.key("new")).await, bins([("n", int(7))]));
    });
    suite.test("records-23", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        t.client.touch(&WritePolicy::default(), &t.k()).await.expect("touched");
        let record = t.record(&t.k()).await;
        assert_eq!((record.bins, record.generation), (bins([("a", int(1))]), 2));
        fails(2, t.client.touch(&WritePolicy::default(), &t.key("none")).await);
        assert!(!t.exists(&t.key("none")).await);
    });
}

fn add_limits(suite: &mut Suite) {
    suite.test("records-18", |t| async move {
        let (fifteen, sixteen) = ("b".repeat(15), "b".repeat(16));
        t.put(&t.k(), &[as_bin!(fifteen.as_str(), 1)]).await;
        assert_eq!(t.get(&t.k()).await, bins([(&fifteen, int(1))]));
        let put = t.client.put(&WritePolicy::default(), &t.k(), &[as_bin!(sixteen.as_str(), 1)]).await;
        // The client does not even ask.
        let told = fails_here(put).to_string();
        assert!(told.contains("longer than 15 bytes"), "{told}");
        assert_eq!(t.get(&t.k()).await, bins([(&fifteen, int(1))]));
    });
    suite.test("records-19", |t| async move {
        let nowhere = Key::new("nowhere", "demo", int(1)).expect("a key");
        fails(20, t.client.put(&WritePolicy::default(), &nowhere, &[as_bin!("a", 1)]).await);
        fails(20, t.client.get(&ReadPolicy::default(), &nowhere, Bins::All).await);
    });
    suite.test("records-20", |t| async move {
        let big = as_bin!("v", Value::Blob(vec![0; 1024 * 1024]));
        fails(13, t.client.put(&WritePolicy::default(), &t.k(), &[big]).await);
        assert!(!t.exists(&t.k()).await);
    });
    suite.test("records-22", |t| async move {
        let policy = WritePolicy { send_key: true, ..WritePolicy::default() };
        t.client.put(&policy, &t.k(), &[as_bin!("a", 1)]).await.expect("put");
        t.put(&t.key("bare"), &[as_bin!("a", 2)]).await;
        for record in t.query(&Default::default(), t.statement()).await.expect("records") {
            let key = record.key.as_ref().and_then(|key| key.user_key().cloned());
            assert_eq!(key, (record.bins["a"] == int(1)).then(|| "k".into()));
        }
    });
}

pub fn add(suite: &mut Suite) {
    add_values(suite);
    add_commands(suite);
    add_limits(suite);
}
