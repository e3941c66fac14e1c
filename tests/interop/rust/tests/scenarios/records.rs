//! Connecting, single records, policies, several operations at once, loss of the server.

use crate::harness::{Suite, Test, fails};
use crate::server::{Server, dead_port};
use aerospike::operations::{add as plus_op, append, delete, get, get_bin, prepend, put, touch};
use aerospike::{
    Bins, Client, ClientPolicy, Expiration, GenerationPolicy, IndexMap, Key, ReadPolicy, RecordExistsAction,
    Value, WritePolicy, as_bin, as_list, as_map, as_val,
};
use std::time::Duration;
use tokio::time::sleep;

fn exists(action: RecordExistsAction) -> WritePolicy {
    let mut policy = WritePolicy::default();
    policy.record_exists_action = action;
    policy
}

fn generation(kind: GenerationPolicy, generation: u32) -> WritePolicy {
    let mut policy = WritePolicy::default();
    policy.generation_policy = kind;
    policy.generation = generation;
    policy
}

fn ttl(expiration: Expiration) -> WritePolicy {
    let mut policy = WritePolicy::default();
    policy.expiration = expiration;
    policy
}

fn bins<const N: usize>(pairs: [(&str, Value); N]) -> IndexMap<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn assert_ttl(t: &Test, key: &Key, least: u64, most: u64) {
    let left = t.record(key).await.time_to_live().expect("it expires").as_secs();
    assert!((least..=most).contains(&left), "time to live {left}");
}

async fn round_trip(t: &Test, value: Value) {
    t.put(&t.k(), &[as_bin!("v", value.clone())]).await;
    assert_eq!(t.bin("v").await, value);
}

fn add_connect(suite: &mut Suite) {
    suite.test("connect-01", |t| async move {
        let client = t.server().connect().await;
        assert!(client.is_connected());
        let names = client.node_names();
        assert!(names.len() == 1 && names[0].chars().all(|c| c.is_ascii_hexdigit()), "{names:?}");
    });
    suite.test("connect-02", |_| async move {
        let mut policy = ClientPolicy::default();
        policy.timeout = 1000;
        let host = format!("127.0.0.1:{}", dead_port());
        let connect = Client::new(&policy, &host);
        let _ = tokio::time::timeout(Duration::from_secs(10), connect)
            .await
            .expect("no hang")
            .map(|_| ())
            .unwrap_err();
    });
    suite.test("connect-03", |t| async move {
        let mut policy = ClientPolicy::default();
        policy.cluster_name = Some("docker".into());
        assert!(t.server().connect_with(policy.clone()).await.is_ok());
        policy.cluster_name = Some("other".into());
        assert!(t.server().connect_with(policy).await.is_err());
    });
    suite.test("connect-04", |t| async move {
        let client = t.server().connect().await;
        client.close().await.expect("closed");
        assert!(client.get(&ReadPolicy::default(), &t.k(), Bins::All).await.is_err());
    });
    suite.test("connect-05", |t| async move {
        let mut policy = ClientPolicy::default();
        policy.tend_interval = 250;
        let client = t.server().connect_with(policy).await.expect("connected");
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        sleep(Duration::from_secs(1)).await;
        assert!(client.get(&ReadPolicy::default(), &t.k(), Bins::All).await.is_ok());
    });
    suite.test("connect-06 async-04", |t| async move {
        let tasks = (0..32_i64).map(|task| {
            let t = t.clone();
            tokio::spawn(async move {
                for i in 0..20 {
                    t.put(&t.key(task * 100 + i), &[as_bin!("v", task * 1000 + i)]).await;
                }
                for i in 0..20 {
                    let record = t.get(&t.key(task * 100 + i)).await;
                    assert_eq!(record, bins([("v", Value::Int(task * 1000 + i))]));
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("right");
        }
    });
    suite.test("loss-01 loss-02 loss-03", |t| async move {
        let port = dead_port();
        let mut server = Server::start("server.conf", port);
        let mut policy = ClientPolicy::default();
        policy.tend_interval = 250;
        let client = server.connect_with(policy).await.expect("connected");
        let write = WritePolicy::default();
        client.put(&write, &t.k(), &[as_bin!("a", 1)]).await.expect("put");
        server.stop();
        let (policy, key) = (ReadPolicy::default(), t.k());
        let get = client.get(&policy, &key, Bins::All);
        assert!(tokio::time::timeout(Duration::from_secs(5), get).await.expect("no hang").is_err());
        let _server = Server::start("server.conf", port);
        for _ in 0..500 {
            if client.put(&write, &t.k(), &[as_bin!("a", 2)]).await.is_ok() {
                let record = client.get(&ReadPolicy::default(), &t.k(), Bins::All).await.expect("a record");
                assert_eq!(record.bins, bins([("a", Value::Int(2))]));
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("not connected again within five seconds");
    });
}

fn add_records(suite: &mut Suite) {
    suite.test("records-01 async-01", |t| async move {
        t.put(&t.k(), &[as_bin!("name", "Ada"), as_bin!("born", 1815)]).await;
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("name", "Ada".into()), ("born", Value::Int(1815))]));
        assert_eq!(record.generation, 1);
    });
    suite.test("records-02 records-03 records-04 records-05 records-06", |t| async move {
        for value in [0, -1, i64::MAX, i64::MIN] {
            round_trip(&t, Value::Int(value)).await;
        }
        for value in [0.0, -2.5, 1e308, f64::INFINITY] {
            round_trip(&t, Value::from(value)).await;
        }
        for value in ["", "text", "ünïcödé ☃", &"x".repeat(100_000)] {
            round_trip(&t, Value::from(value)).await;
        }
        for value in [vec![], vec![0, 1, 255], vec![7; 100_000]] {
            round_trip(&t, Value::Blob(value)).await;
        }
        for value in [true, false] {
            round_trip(&t, Value::Bool(value)).await;
        }
    });
    suite.test("records-07", |t| async move {
        let blob = Value::Blob(vec![7]);
        round_trip(
            &t,
            as_list!(1, "two", 3.5, as_list!(4, as_list!(5)), as_map!("six" => 6), blob, true, Value::Nil),
        )
        .await;
        round_trip(
            &t,
            as_map!("a" => as_list!(1, 2), "b" => as_map!("c" => as_map!("d" => Value::Nil)), 3 => "int key"),
        )
        .await;
    });
    suite.test("records-08 records-09", |t| async move {
        let mut keys = vec![t.key("a"), t.key(1), t.key("1"), t.key(Value::Blob(vec![1, 2]))];
        keys.push(Key::new("test", "records-08-other", Value::Int(1)).expect("a key"));
        for (i, key) in keys.iter().enumerate() {
            t.put(key, &[as_bin!("v", i as i64)]).await;
        }
        for (i, key) in keys.iter().enumerate() {
            assert_eq!(t.get(key).await, bins([("v", Value::Int(i as i64))]));
        }
    });
    suite.test("records-10 async-05", |t| async move {
        fails(2, t.client.get(&ReadPolicy::default(), &t.k(), Bins::All).await);
    });
    suite.test("records-11 records-12", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        t.put(&t.k(), &[as_bin!("b", 3), as_bin!("c", 4)]).await;
        let record = t.record(&t.k()).await;
        assert_eq!(record.bins, bins([("a", Value::Int(1)), ("b", Value::Int(3)), ("c", Value::Int(4))]));
        assert_eq!(record.generation, 2);
        let selected =
            t.client.get(&ReadPolicy::default(), &t.k(), Bins::from(["a", "c"])).await.expect("a record");
        assert_eq!(selected.bins, bins([("a", Value::Int(1)), ("c", Value::Int(4))]));
    });
    suite.test("records-13 records-14", |t| async move {
        assert!(!t.exists(&t.k()).await);
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert!(t.exists(&t.k()).await);
        let header = t.client.get(&ReadPolicy::default(), &t.k(), Bins::None).await.expect("a record");
        assert!(header.bins.is_empty() && header.generation == 1);
        let policy = WritePolicy::default();
        assert!(t.client.delete(&policy, &t.k()).await.expect("deleted"));
        assert!(!t.client.delete(&policy, &t.k()).await.expect("nothing to delete"));
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert_eq!(t.record(&t.k()).await.generation, 1);
    });
    suite.test("records-15", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", 2)]).await;
        t.put(&t.k(), &[as_bin!("a", Value::Nil)]).await;
        assert_eq!(t.get(&t.k()).await, bins([("b", Value::Int(2))]));
        t.put(&t.k(), &[as_bin!("b", Value::Nil)]).await;
        assert!(!t.exists(&t.k()).await);
    });
    suite.test("records-16 records-17", |t| async move {
        let policy = WritePolicy::default();
        t.put(&t.k(), &[as_bin!("s", "merge"), as_bin!("n", 40), as_bin!("max", i64::MAX)]).await;
        t.client.append(&policy, &t.k(), &[as_bin!("s", "nce")]).await.expect("appended");
        t.client.prepend(&policy, &t.k(), &[as_bin!("s", "e")]).await.expect("prepended");
        t.client.add(&policy, &t.k(), &[as_bin!("n", 2), as_bin!("max", 1)]).await.expect("added");
        fails(12, t.client.append(&policy, &t.k(), &[as_bin!("n", "x")]).await);
        fails(12, t.client.add(&policy, &t.k(), &[as_bin!("s", 1)]).await);
        let expected =
            bins([("s", "emergence".into()), ("n", Value::Int(42)), ("max", Value::Int(i64::MIN))]);
        assert_eq!(t.get(&t.k()).await, expected);
        t.client.append(&policy, &t.key("new"), &[as_bin!("s", "x")]).await.expect("created");
        t.client.add(&policy, &t.key("new"), &[as_bin!("n", 7)]).await.expect("created");
        assert_eq!(t.get(&t.key("new")).await, bins([("s", "x".into()), ("n", Value::Int(7))]));
    });
    suite.test("records-18 records-19 records-20", |t| async move {
        let policy = WritePolicy::default();
        t.put(&t.k(), &[as_bin!("b".repeat(15), 1)]).await;
        assert!(t.client.put(&policy, &t.k(), &[as_bin!("b".repeat(16), 1)]).await.is_err());
        let nowhere = Key::new("nowhere", "demo", Value::Int(1)).expect("a key");
        assert!(t.client.put(&policy, &nowhere, &[as_bin!("a", 1)]).await.is_err());
        let big = as_bin!("v", Value::Blob(vec![0; 1024 * 1024]));
        fails(13, t.client.put(&policy, &t.key("big"), &[big]).await);
        assert!(!t.exists(&t.key("big")).await);
    });
    suite.test("records-21", |t| async move {
        let many: Vec<_> = (0..500).map(|i| as_bin!(format!("bin{i}"), i)).collect();
        t.put(&t.k(), &many).await;
        assert_eq!(t.get(&t.k()).await.len(), 500);
    });
    suite.test("records-22", |t| async move {
        let mut policy = WritePolicy::default();
        policy.send_key = true;
        t.client.put(&policy, &t.k(), &[as_bin!("a", 1)]).await.expect("put");
        let records = t.query(&Default::default(), t.statement()).await.expect("records");
        let key = records[0].key.as_ref().and_then(|key| key.user_key().cloned());
        assert_eq!(key, Some("k".into()));
    });
    suite.test("records-23", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        t.client.touch(&WritePolicy::default(), &t.k()).await.expect("touched");
        assert_eq!(t.record(&t.k()).await.generation, 2);
        fails(2, t.client.touch(&WritePolicy::default(), &t.key("none")).await);
    });
}

fn add_policies(suite: &mut Suite) {
    suite.test("policies-01 policies-02 policies-03 policies-13", |t| async move {
        use GenerationPolicy::{ExpectGenEqual, ExpectGenGreater};
        let (k, one) = (t.k(), [as_bin!("a", 1)]);
        t.put(&k, &one).await;
        t.client.put(&generation(ExpectGenEqual, 1), &k, &one).await.expect("put");
        fails(3, t.client.put(&generation(ExpectGenEqual, 1), &k, &one).await);
        fails(3, t.client.put(&generation(ExpectGenGreater, 1), &k, &one).await);
        t.client.put(&generation(ExpectGenGreater, 7), &k, &one).await.expect("put");
        fails(3, t.client.delete(&generation(ExpectGenEqual, 9), &k).await);
        let last = t.record(&k).await.generation;
        assert!(t.client.delete(&generation(ExpectGenEqual, last), &k).await.expect("deleted"));
    });
    suite.test("policies-04 policies-05 policies-06 policies-07", |t| async move {
        use RecordExistsAction::{CreateOnly, Replace, ReplaceOnly, UpdateOnly};
        let (k, a, b) = (t.k(), [as_bin!("a", 1)], [as_bin!("b", 2)]);
        fails(2, t.client.put(&exists(UpdateOnly), &k, &a).await);
        fails(2, t.client.put(&exists(ReplaceOnly), &k, &a).await);
        t.client.put(&exists(CreateOnly), &k, &a).await.expect("created");
        fails(5, t.client.put(&exists(CreateOnly), &k, &b).await);
        t.client.put(&exists(UpdateOnly), &k, &b).await.expect("updated");
        assert_eq!(t.get(&k).await.len(), 2);
        t.client.put(&exists(ReplaceOnly), &k, &b).await.expect("replaced");
        assert_eq!(t.get(&k).await, bins([("b", Value::Int(2))]));
        t.client.put(&exists(Replace), &k, &a).await.expect("replaced");
        assert_eq!(t.get(&k).await, bins([("a", Value::Int(1))]));
        t.client.put(&exists(Replace), &t.key("new"), &a).await.expect("created");
    });
    suite.test("policies-08 policies-09 policies-11", |t| async move {
        let one = [as_bin!("a", 1)];
        t.client.put(&ttl(Expiration::Seconds(1000)), &t.k(), &one).await.expect("put");
        assert_ttl(&t, &t.k(), 990, 1000).await;
        t.client.touch(&ttl(Expiration::Seconds(300)), &t.k()).await.expect("touched");
        assert_ttl(&t, &t.k(), 290, 300).await;
        let aging = Key::new("aging", "demo", Value::Int(1)).expect("a key");
        t.client.put(&ttl(Expiration::NamespaceDefault), &aging, &one).await.expect("put");
        assert_ttl(&t, &aging, 90, 100).await;
        t.client.put(&ttl(Expiration::Never), &aging, &one).await.expect("put");
        assert_eq!(t.record(&aging).await.time_to_live(), None);
        t.client.put(&ttl(Expiration::Seconds(5000)), &aging, &one).await.expect("put");
        t.client.put(&ttl(Expiration::DontUpdate), &aging, &one).await.expect("put");
        assert_ttl(&t, &aging, 4990, 5000).await;
    });
    suite.test("policies-10", |t| async move {
        t.client.put(&ttl(Expiration::Seconds(1)), &t.k(), &[as_bin!("a", 1)]).await.expect("put");
        sleep(Duration::from_millis(2200)).await;
        assert!(!t.exists(&t.k()).await);
        t.client
            .put(&exists(RecordExistsAction::CreateOnly), &t.k(), &[as_bin!("a", 1)])
            .await
            .expect("created");
    });
    suite.test("policies-12", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let mut policy = WritePolicy::default();
        policy.durable_delete = true;
        assert!(t.client.delete(&policy, &t.k()).await.expect("deleted"));
    });
    suite.test("policies-16", |t| async move {
        let mut policy = WritePolicy::default();
        policy.base_policy.use_compression = true;
        let text = "x".repeat(50_000);
        t.client.put(&policy, &t.k(), &[as_bin!("v", text.as_str())]).await.expect("put");
        let mut policy = ReadPolicy::default();
        policy.base_policy.use_compression = true;
        let record = t.client.get(&policy, &t.k(), Bins::All).await.expect("a record");
        assert_eq!(record.bins["v"], text.into());
    });
}

fn add_operate(suite: &mut Suite) {
    suite.test("operate-01 operate-09 async-02", |t| async move {
        fails(2, t.operate(&[get_bin("a")]).await);
        t.put(&t.k(), &[as_bin!("a", 1), as_bin!("b", "x"), as_bin!("c", 2.5)]).await;
        let record = t.operate(&[get_bin("a"), get_bin("c")]).await.expect("a record");
        assert_eq!(record.bins, bins([("a", Value::Int(1)), ("c", Value::from(2.5))]));
    });
    suite.test("operate-02 operate-03 operate-11", |t| async move {
        let record = t.operate(&[put(&as_bin!("n", 1)), get_bin("n")]).await.expect("a record");
        assert_eq!(record.generation, 1);
        let plus = |n: i64| plus_op(&as_bin!("n", n));
        t.operate(&[get_bin("n"), plus(10), get_bin("n"), plus(5), get_bin("n")]).await.expect("a record");
        let record = t.operate(&[put(&as_bin!("c", 3)), get()]).await.expect("a record");
        assert!(record.bins.contains_key("n"), "{record:?}");
        assert_eq!(t.bin("n").await, Value::Int(16));
    });
    suite.test("operate-04 operate-05 operate-06", |t| async move {
        let operations = [put(&as_bin!("a", 1)), plus_op(&as_bin!("b", 2)), append(&as_bin!("c", "x"))];
        t.operate(&operations).await.expect("a record");
        assert_eq!(t.record(&t.k()).await.generation, 1);
        fails(12, t.operate(&[plus_op(&as_bin!("a", 1)), plus_op(&as_bin!("c", 1))]).await);
        assert_eq!(t.bin("a").await, Value::Int(1));
        let record = t.operate(&[touch(), get_bin("a")]).await.expect("a record");
        assert_eq!((record.generation, &record.bins["a"]), (2, &Value::Int(1)));
        t.operate(&[prepend(&as_bin!("c", "w"))]).await.expect("a record");
        assert_eq!(t.bin("c").await, "wx".into());
    });
    suite.test("operate-07 operate-08", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert_eq!(t.operate(&[get_bin("a"), delete()]).await.expect("a record").bins["a"], Value::Int(1));
        assert!(!t.exists(&t.k()).await);
        t.put(&t.k(), &[as_bin!("old", 1)]).await;
        t.operate(&[delete(), put(&as_bin!("new", 2))]).await.expect("a record");
        assert_eq!(t.get(&t.k()).await, bins([("new", Value::Int(2))]));
    });
    suite.test("operate-10", |t| async move {
        let policy = ttl(Expiration::Seconds(500));
        t.client.operate(&policy, &t.k(), &[put(&as_bin!("a", 1))]).await.expect("a record");
        assert_ttl(&t, &t.k(), 490, 500).await;
    });
}

pub fn add(suite: &mut Suite) {
    add_connect(suite);
    add_records(suite);
    add_policies(suite);
    add_operate(suite);
}
