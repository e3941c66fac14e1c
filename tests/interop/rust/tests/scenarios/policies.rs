//! Write and read policies.

use crate::fixture::{Test, bins, fails, int};
use crate::harness::Suite;
use aerospike::{
    BasePolicy, Bins, CommitLevel, Expiration, GenerationPolicy, Key, ReadModeAp, ReadModeSc, ReadPolicy,
    ReadTouchTtl, RecordExistsAction, Replica, WritePolicy, as_bin,
};
use std::time::Duration;
use tokio::time::sleep;

fn exists(record_exists_action: RecordExistsAction) -> WritePolicy {
    WritePolicy { record_exists_action, ..WritePolicy::default() }
}

fn equal(generation: u32) -> WritePolicy {
    let generation_policy = GenerationPolicy::ExpectGenEqual;
    WritePolicy { generation_policy, generation, ..WritePolicy::default() }
}

fn greater(generation: u32) -> WritePolicy {
    let generation_policy = GenerationPolicy::ExpectGenGreater;
    WritePolicy { generation_policy, generation, ..WritePolicy::default() }
}

fn expiring(expiration: Expiration) -> WritePolicy {
    WritePolicy { expiration, ..WritePolicy::default() }
}

fn base(change: impl Fn(&mut BasePolicy)) -> BasePolicy {
    let mut policy = BasePolicy::default();
    change(&mut policy);
    policy
}

/// Seconds that a record has left.
async fn left(t: &Test, key: &Key) -> u64 {
    t.record(key).await.time_to_live().expect("it expires").as_secs()
}

fn aging(t: &Test) -> Key {
    Key::new("aging", &*t.set, int(1)).expect("a key")
}

fn add_generations(suite: &mut Suite) {
    suite.test("policies-01", |t| async move {
        let k = t.k();
        t.put(&k, &[as_bin!("a", 1)]).await;
        t.client.put(&equal(1), &k, &[as_bin!("a", 2)]).await.expect("put");
        fails(3, t.client.put(&equal(1), &k, &[as_bin!("a", 3)]).await);
        fails(3, t.client.put(&equal(7), &k, &[as_bin!("a", 3)]).await);
        let record = t.record(&k).await;
        assert_eq!((record.bins, record.generation), (bins([("a", int(2))]), 2));
    });
    suite.test("policies-02", |t| async move {
        let k = t.k();
        t.put(&k, &[as_bin!("a", 1)]).await;
        fails(3, t.client.put(&greater(1), &k, &[as_bin!("a", 2)]).await);
        assert_eq!(t.bin("a").await, int(1));
        t.client.put(&greater(7), &k, &[as_bin!("a", 2)]).await.expect("put");
        assert_eq!(t.bin("a").await, int(2));
    });
    suite.test("policies-03", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        fails(3, t.client.delete(&equal(9), &t.k()).await);
        assert!(t.exists(&t.k()).await);
        assert!(t.client.delete(&equal(1), &t.k()).await.expect("deleted"));
        assert!(!t.exists(&t.k()).await);
    });
    suite.test("policies-13", |t| async move {
        let (k, other) = (t.k(), t.with(t.server().connect().await));
        t.put(&k, &[as_bin!("a", 1)]).await;
        let (one, two) = (t.record(&k).await.generation, other.record(&k).await.generation);
        assert_eq!((one, two), (1, 1));
        t.client.put(&equal(one), &k, &[as_bin!("a", 2)]).await.expect("put");
        fails(3, other.client.put(&equal(two), &k, &[as_bin!("a", 3)]).await);
        assert_eq!(t.bin("a").await, int(2));
    });
}

fn add_existence(suite: &mut Suite) {
    use RecordExistsAction::{CreateOnly, Replace, ReplaceOnly, UpdateOnly};
    suite.test("policies-04", |t| async move {
        t.client.put(&exists(CreateOnly), &t.k(), &[as_bin!("a", 1)]).await.expect("created");
        fails(5, t.client.put(&exists(CreateOnly), &t.k(), &[as_bin!("b", 2)]).await);
        assert_eq!(t.get(&t.k()).await, bins([("a", int(1))]));
    });
    suite.test("policies-05", |t| async move {
        fails(2, t.client.put(&exists(UpdateOnly), &t.k(), &[as_bin!("a", 1)]).await);
        assert!(!t.exists(&t.k()).await);
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        t.client.put(&exists(UpdateOnly), &t.k(), &[as_bin!("b", 2)]).await.expect("updated");
        assert_eq!(t.get(&t.k()).await, bins([("a", int(1)), ("b", int(2))]));
    });
    suite.test("policies-06", |t| async move {
        fails(2, t.client.put(&exists(ReplaceOnly), &t.k(), &[as_bin!("a", 1)]).await);
        assert!(!t.exists(&t.k()).await);
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        t.client.put(&exists(ReplaceOnly), &t.k(), &[as_bin!("b", 2)]).await.expect("replaced");
        assert_eq!(t.get(&t.k()).await, bins([("b", int(2))]));
    });
    suite.test("policies-07", |t| async move {
        t.client.put(&exists(Replace), &t.k(), &[as_bin!("a", 1)]).await.expect("created");
        t.client.put(&exists(Replace), &t.k(), &[as_bin!("b", 2)]).await.expect("replaced");
        let record = t.record(&t.k()).await;
        assert_eq!((record.bins, record.generation), (bins([("b", int(2))]), 2));
    });
    suite.test("policies-12", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        let policy = WritePolicy { durable_delete: true, ..WritePolicy::default() };
        assert!(t.client.delete(&policy, &t.k()).await.expect("deleted"));
        fails(2, t.client.get(&ReadPolicy::default(), &t.k(), Bins::All).await);
    });
}

fn add_time_to_live(suite: &mut Suite) {
    suite.test("policies-08", |t| async move {
        t.client.put(&expiring(Expiration::Seconds(1000)), &t.k(), &[as_bin!("a", 1)]).await.expect("put");
        let left = left(&t, &t.k()).await;
        assert!((990..=1000).contains(&left), "{left}");
    });
    suite.test("policies-09", |t| async move {
        let (key, one) = (aging(&t), [as_bin!("a", 1)]);
        t.client.put(&expiring(Expiration::NamespaceDefault), &key, &one).await.expect("put");
        let seconds = left(&t, &key).await;
        assert!((90..=100).contains(&seconds), "{seconds}");
        t.client.put(&expiring(Expiration::Never), &key, &one).await.expect("put");
        assert_eq!(t.record(&key).await.time_to_live(), None);
        t.client.put(&expiring(Expiration::Seconds(5000)), &key, &one).await.expect("put");
        t.client.put(&expiring(Expiration::DontUpdate), &key, &[as_bin!("a", 2)]).await.expect("put");
        let seconds = left(&t, &key).await;
        assert!((4990..=5000).contains(&seconds), "{seconds}");
        assert_eq!(t.get(&key).await, bins([("a", int(2))]));
    });
    suite.test("policies-10", |t| async move {
        t.client.put(&expiring(Expiration::Seconds(1)), &t.k(), &[as_bin!("a", 1)]).await.expect("put");
        sleep(Duration::from_millis(2200)).await;
        fails(2, t.client.get(&ReadPolicy::default(), &t.k(), Bins::All).await);
        let create = exists(RecordExistsAction::CreateOnly);
        t.client.put(&create, &t.k(), &[as_bin!("b", 2)]).await.expect("created");
        assert_eq!(t.get(&t.k()).await, bins([("b", int(2))]));
    });
    suite.test("policies-11", |t| async move {
        t.put(&t.k(), &[as_bin!("a", 1)]).await;
        assert_eq!(t.record(&t.k()).await.time_to_live(), None);
        t.client.touch(&expiring(Expiration::Seconds(300)), &t.k()).await.expect("touched");
        let left = left(&t, &t.k()).await;
        assert!((290..=300).contains(&left), "{left}");
    });
    suite.test("policies-14", |t| async move {
        let key = aging(&t);
        t.client.put(&expiring(Expiration::Seconds(100)), &key, &[as_bin!("a", 1)]).await.expect("put");
        sleep(Duration::from_millis(2100)).await;
        let get = async |touch: ReadTouchTtl| {
            let policy = ReadPolicy { base_policy: base(|policy| policy.read_touch_ttl = touch) };
            let record = t.client.get(&policy, &key, Bins::All).await.expect("a record");
            assert_eq!((&record.bins, record.generation), (&bins([("a", int(1))]), 1));
            record.time_to_live().expect("it expires").as_secs()
        };
        let before = get(ReadTouchTtl::DontReset).await;
        assert!((80..=98).contains(&before), "{before}");
        get(ReadTouchTtl::Percent(100)).await;
        let after = get(ReadTouchTtl::DontReset).await;
        assert!((99..=100).contains(&after), "{after}");
    });
}

fn add_levels(suite: &mut Suite) {
    suite.test("policies-15", |t| async move {
        let (k, mut number) = (t.k(), 0);
        for commit_level in [CommitLevel::CommitAll, CommitLevel::CommitMaster] {
            number += 1;
            let policy = WritePolicy { commit_level, ..WritePolicy::default() };
            t.client.put(&policy, &k, &[as_bin!("a", number)]).await.expect("put");
            let get = async |base_policy: BasePolicy| {
                let record = t.client.get(&ReadPolicy { base_policy }, &k, Bins::All).await;
                assert_eq!(record.expect("a record").bins, bins([("a", int(number))]));
            };
            for mode in [ReadModeAp::One, ReadModeAp::All] {
                get(base(|policy| policy.read_mode_ap = mode)).await;
            }
            use ReadModeSc::{AllowReplica, AllowUnavailable, Linearize, Session};
            for mode in [Session, Linearize, AllowReplica, AllowUnavailable] {
                get(base(|policy| policy.read_mode_sc = mode)).await;
            }
            use Replica::{Master, MasterProles, Random, Sequence};
            for replica in [Master, MasterProles, Random, Sequence] {
                get(base(|policy| policy.replica = replica)).await;
            }
        }
    });
    suite.test("policies-16", |t| async move {
        let base_policy = base(|policy| policy.use_compression = true);
        let text = "x".repeat(50_000);
        let policy = WritePolicy { base_policy: base_policy.clone(), ..WritePolicy::default() };
        t.client.put(&policy, &t.k(), &[as_bin!("v", text.as_str())]).await.expect("put");
        let record = t.client.get(&ReadPolicy { base_policy }, &t.k(), Bins::All).await;
        assert_eq!(record.expect("a record").bins, bins([("v", text.into())]));
    });
}

pub fn add(suite: &mut Suite) {
    add_generations(suite);
    add_existence(suite);
    add_time_to_live(suite);
    add_levels(suite);
}
