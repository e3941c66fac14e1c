//! Several operations on a record at once.

use crate::fixture::{bins, fails, int};
use crate::harness::Suite;
use aerospike::operations::{add as plus, append, delete, get, get_bin, put, touch};
use aerospike::{Expiration, Value, WritePolicy, as_bin};

pub fn add(suite: &mut Suite) {
    suite.test("operate-01", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", "x"), as_bin!("c", 2.5)]).await;
        assert_eq!(t.results(&[get_bin("a"), get_bin("c")]).await, [int(1), Value::from(2.5)]);
        assert_eq!(t.record(&t.k()).await.generation, 1);
    });
    suite.test("operate-02", |t| async move {
        let record = t.operate(&[put(&as_bin!("a", 7)), get_bin("a")]).await.expect("a record");
        assert_eq!(record.results, Some(vec![Value::Nil, int(7)]));
        assert_eq!(record.generation, 1);
    });
    suite.test("operate-03", |t| async move {
        t.put(&t.k(), &[as_bin!("n", 1)]).await;
        let (read, plus) = (|| get_bin("n"), |n: i64| plus(&as_bin!("n", n)));
        let results = t.results(&[read(), plus(10), read(), plus(5), read()]).await;
        assert_eq!(results, [int(1), Value::Nil, int(11), Value::Nil, int(16)]);
    });
    suite.test("operate-04", |t| async move {
        let operations = [put(&as_bin!("a", 1)), plus(&as_bin!("b", 2)), append(&as_bin!("c", "x"))];
        t.operate(&operations).await.expect("a record");
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("a", int(1)), ("b", int(2)), ("c", "x".into())]));
        assert_eq!(record.generation, 1);
    });
    suite.test("operate-05", |t| async move {
        t.put(&t.k(), &[as_bin!("n", 1), as_bin!("text", "x")]).await;
        fails(12, t.operate(&[plus(&as_bin!("n", 1)), plus(&as_bin!("text", 1))]).await);
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("n", int(1)), ("text", "x".into())]));
        assert_eq!(record.generation, 1);
    });
    suite.test("operate-06", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let record = t.operate(&[touch(), get_bin("a")]).await.expect("a record");
        assert_eq!((record.generation, &record.bins["a"]), (2, &int(1)));
        assert_eq!(t.record(&t.k()).await.generation, 2);
    });
    suite.test("operate-07", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let record = t.operate(&[get_bin("a"), delete()]).await.expect("a record");
        assert_eq!(record.bins["a"], int(1));
        assert!(!t.exists(&t.k()).await);
    });
    suite.test("operate-08", |t| async move {
        t.put(&t.k(), &[as_bin!("old", 1)]).await;
        t.operate(&[delete(), put(&as_bin!("new", 2))]).await.expect("a record");
        assert_eq!(t.get(&t.k()).await, bins([("new", int(2))]));
    });
    suite.test("operate-09", |t| async move {
        fails(2, t.operate(&[get_bin("a")]).await);
    });
    suite.test("operate-10", |t| async move {
        let policy = WritePolicy { expiration: Expiration::Seconds(500), ..WritePolicy::default() };
        t.client.operate(&policy, &t.k(), &[put(&as_bin!("a", 1))]).await.expect("a record");
        let left = t.record(&t.k()).await.time_to_live().expect("it expires").as_secs();
        assert!((490..=500).contains(&left), "{left}");
    });
    suite.test("operate-11", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        let record = t.operate(&[put(&as_bin!("b", 3)), put(&as_bin!("c", 4)), get()]).await;
        let expected = bins([("a", int(1)), ("b", int(3)), ("c", int(4))]);
        assert_eq!(record.expect("a record").bins, expected);
    });
}
