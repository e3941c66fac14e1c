//! Multi-record transactions.

use crate::batch::codes;
use crate::fixture::{Test, bins, fails, fails_here, int};
use crate::harness::Suite;
use crate::server::{Server, configuration};
use aerospike::operations::{add as plus, get_bin, put};
use aerospike::query::Filter;
use aerospike::{
    AbortStatus, AdminPolicy, BasePolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchUdfPolicy,
    BatchWritePolicy, Bins, CommitErrorType, CommitStatus, Error, ErrorKind, GenerationPolicy, Key,
    ReadPolicy, RecordExistsAction, ResultCode, Task, Txn, UdfLang, Value, WritePolicy, as_bin,
};
use std::sync::Arc;
use std::time::Duration;

/// What a scenario begins with: a client of the strongly consistent server, K {n: 1} and L {n: 10}.
struct Pair {
    t: Test,
    k: Key,
    l: Key,
}

fn within(txn: &Arc<Txn>) -> BasePolicy {
    BasePolicy { txn: Some(txn.clone()), ..BasePolicy::default() }
}

fn writing(txn: &Arc<Txn>) -> WritePolicy {
    WritePolicy { base_policy: within(txn), ..WritePolicy::default() }
}

fn begin() -> Arc<Txn> {
    Arc::new(Txn::new())
}

fn n(value: i64) -> [aerospike::Bin; 1] {
    [as_bin!("n", value)]
}

impl Pair {
    async fn new(t: &Test) -> Pair {
        Pair::at(t, t.strong()).await
    }

    async fn at(t: &Test, server: &Server) -> Pair {
        let t = t.with(server.connect().await);
        let (k, l) = (t.k(), t.key("l"));
        t.put(&k, &n(1)).await;
        t.put(&l, &n(10)).await;
        Pair { t, k, l }
    }

    async fn put(&self, txn: &Arc<Txn>, key: &Key, value: i64) -> Result<(), Error> {
        self.t.client.put(&writing(txn), key, &n(value)).await
    }

    /// The generation and the bin `n` of a record, read with this policy; nothing if there is none.
    async fn read_with(&self, base_policy: BasePolicy, key: &Key) -> Option<(u32, Value)> {
        match self.t.client.get(&ReadPolicy { base_policy }, key, Bins::All).await {
            Ok(record) => Some((record.generation, record.bins["n"].clone())),
            Err(error) if error.server_result_code() == Some(ResultCode::KeyNotFoundError) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same outside of transactions.
    async fn read(&self, key: &Key) -> Option<(u32, Value)> {
        self.read_with(BasePolicy::default(), key).await
    }

    async fn read_inside(&self, txn: &Arc<Txn>, key: &Key) -> Option<(u32, Value)> {
        self.read_with(within(txn), key).await
    }

    /// K and L, outside.
    async fn both(&self) -> [Option<(u32, Value)>; 2] {
        [self.read(&self.k).await, self.read(&self.l).await]
    }

    async fn commit(&self, txn: &Arc<Txn>) {
        assert_eq!(self.t.client.commit(txn).await.expect("committed"), CommitStatus::Ok);
    }

    async fn abort(&self, txn: &Arc<Txn>) {
        assert_eq!(self.t.client.abort(txn).await.expect("aborted"), AbortStatus::Ok);
    }
}

fn of(generation: u32, value: i64) -> Option<(u32, Value)> {
    Some((generation, int(value)))
}

fn add_ends(suite: &mut Suite) {
    suite.test("transaction-01", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        pair.put(&txn, &pair.k, 2).await.expect("put");
        pair.put(&txn, &pair.l, 20).await.expect("put");
        assert_eq!(pair.both().await, [of(1, 1), of(1, 10)]);
        assert_eq!(pair.read_inside(&txn, &pair.k).await, of(2, 2));
        assert_eq!(pair.read_inside(&txn, &pair.l).await, of(2, 20));
        pair.commit(&txn).await;
        assert_eq!(pair.both().await, [of(3, 2), of(3, 20)]);
    });
    suite.test("transaction-02", |t| async move {
        let (pair, txn, new) = (Pair::new(&t).await, begin(), t.key("new"));
        for (key, value) in [(&pair.k, 2), (&pair.l, 20), (&new, 1)] {
            pair.put(&txn, key, value).await.expect("put");
        }
        assert_eq!(pair.both().await, [of(1, 1), of(1, 10)]);
        assert_eq!((pair.read(&new).await, pair.read_inside(&txn, &new).await), (None, of(1, 1)));
        pair.abort(&txn).await;
        assert_eq!(pair.both().await, [of(3, 1), of(3, 10)]);
        assert_eq!(pair.read(&new).await, None);
    });
    suite.test("transaction-09", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        assert_eq!(pair.read_inside(&txn, &pair.k).await, of(1, 1));
        pair.t.put(&pair.k, &n(5)).await;
        pair.put(&txn, &pair.l, 20).await.expect("put");
        fails(121, pair.put(&txn, &pair.k, 6).await);
        let error = pair.t.client.commit(&txn).await.expect_err("a read does not verify");
        let ErrorKind::Commit { error_type, .. } = error.kind() else { panic!("{error:?}") };
        assert_eq!(*error_type, CommitErrorType::VerifyFail);
        assert!(!error.in_doubt());
        assert_eq!(pair.both().await, [of(2, 5), of(3, 10)]);
    });
    suite.test("transaction-10", |t| async move {
        let (pair, one, two) = (Pair::new(&t).await, begin(), begin());
        for txn in [&one, &two] {
            assert_eq!(pair.read_inside(txn, &pair.k).await, of(1, 1));
        }
        pair.commit(&one).await;
        pair.commit(&two).await;
        assert_eq!(pair.both().await, [of(1, 1), of(1, 10)]);
    });
    suite.test("transaction-11", |t| async move {
        let (pair, committed, aborted) = (Pair::new(&t).await, begin(), begin());
        let client = &pair.t.client;
        pair.put(&committed, &pair.k, 2).await.expect("put");
        pair.commit(&committed).await;
        assert_eq!(client.commit(&committed).await.expect("a status"), CommitStatus::AlreadyCommitted);
        let error = client.abort(&committed).await.expect_err("it is committed");
        assert_eq!(error.server_result_code(), Some(ResultCode::MrtCommitted));
        pair.put(&aborted, &pair.k, 3).await.expect("put");
        pair.abort(&aborted).await;
        assert_eq!(client.abort(&aborted).await.expect("a status"), AbortStatus::AlreadyAborted);
        let error = client.commit(&aborted).await.expect_err("it is aborted");
        assert_eq!(error.server_result_code(), Some(ResultCode::MrtAborted));
        for txn in [&committed, &aborted] {
            let told = fails_here(pair.put(txn, &pair.k, 4).await).to_string();
            assert!(told.contains("ended by a commit or abort"), "{told}");
        }
        assert_eq!(pair.read(&pair.k).await, of(5, 2));
    });
    suite.test("transaction-12", |t| async move {
        // The clock has to be this test's alone.
        let server = Server::with(&["--port", "0", "--config-file", &configuration("strong.conf")]);
        let pair = Pair::at(&t, &server).await;
        let txn = Arc::new(Txn::new().with_timeout(Duration::from_secs(2)));
        pair.put(&txn, &pair.k, 2).await.expect("put");
        let answer = server.ask(0, "emulator-clock:advance=6").await;
        assert!(!answer.starts_with("ERROR"), "{answer}");
        assert_eq!(pair.read(&pair.k).await, of(3, 1));
        fails(122, pair.put(&txn, &pair.k, 3).await);
        fails(122, pair.put(&txn, &pair.l, 3).await);
        pair.abort(&txn).await;
        assert_eq!(pair.both().await, [of(3, 1), of(1, 10)]);
    });
}

fn add_commands(suite: &mut Suite) {
    suite.test("transaction-03", |t| async move {
        let (pair, one, two) = (Pair::new(&t).await, begin(), begin());
        pair.put(&one, &pair.k, 2).await.expect("put");
        fails(120, pair.put(&two, &pair.k, 3).await);
        let read = ReadPolicy { base_policy: within(&two) };
        fails(120, pair.t.client.get(&read, &pair.k, Bins::All).await);
        fails(120, pair.t.client.put(&WritePolicy::default(), &pair.k, &n(3)).await);
        assert_eq!(pair.read(&pair.k).await, of(1, 1));
        pair.commit(&one).await;
        pair.t.put(&pair.k, &n(3)).await;
        assert_eq!(pair.read(&pair.k).await, of(4, 3));
        pair.abort(&two).await;
    });
    suite.test("transaction-04", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        let durable = WritePolicy { durable_delete: true, ..writing(&txn) };
        assert!(pair.t.client.delete(&durable, &pair.k).await.expect("deleted"));
        assert!(!pair.t.client.delete(&durable, &pair.k).await.expect("it was deleted already"));
        assert_eq!(pair.read(&pair.k).await, of(1, 1));
        assert_eq!(pair.read_inside(&txn, &pair.k).await, None);
        pair.commit(&txn).await;
        assert_eq!(pair.both().await, [None, of(1, 10)]);
    });
    suite.test("transaction-05", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        pair.t.client.touch(&writing(&txn), &pair.k).await.expect("touched");
        let operations = [plus(&as_bin!("n", 5)), get_bin("n")];
        let record = pair.t.client.operate(&writing(&txn), &pair.l, &operations).await.expect("a record");
        assert_eq!(record.results, Some(vec![Value::Nil, int(15)]));
        assert_eq!(pair.read_inside(&txn, &pair.k).await, of(2, 1));
        assert_eq!(pair.both().await, [of(1, 1), of(1, 10)]);
        pair.abort(&txn).await;
        assert_eq!(pair.both().await, [of(3, 1), of(3, 10)]);
    });
    suite.test("transaction-06", |t| async move {
        let pair = Pair::new(&t).await;
        let text = b"function seven(r) r.n = 7 aerospike:update(r) end";
        let policy = AdminPolicy::default();
        let task = pair.t.client.register_udf(&policy, text, "interop_seven.lua", UdfLang::Lua).await;
        task.expect("registered").wait_till_complete(None).await.expect("everywhere");
        for (key, commits, after) in [(&pair.k, true, of(3, 7)), (&pair.l, false, of(3, 10))] {
            let txn = begin();
            // In a batch, of two rows lest it become a call by itself: the client makes that outside of the transaction.
            let read = BatchOperation::read(&BatchReadPolicy::default(), t.key("none"), Bins::All);
            let call = BatchUdfPolicy::default();
            let call = BatchOperation::udf(&call, key.clone(), "interop_seven", "seven", Vec::new());
            let mut rows = [call, read];
            let policy = BatchPolicy { base_policy: within(&txn), ..BatchPolicy::default() };
            pair.t.client.batch(&policy, &mut rows).await.expect("rows");
            assert_eq!(codes(&rows), [0, 2]);
            assert_eq!(pair.read(key).await, if commits { of(1, 1) } else { of(1, 10) });
            assert_eq!(pair.read_inside(&txn, key).await, of(2, 7));
            if commits {
                pair.commit(&txn).await
            } else {
                pair.abort(&txn).await
            }
            assert_eq!(pair.read(key).await, after);
        }
    });
    suite.test("transaction-13", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        let policy = WritePolicy { on_locking_only: true, ..writing(&txn) };
        pair.t.client.put(&policy, &pair.k, &n(2)).await.expect("put");
        fails(126, pair.t.client.put(&policy, &pair.k, &n(3)).await);
        assert_eq!(pair.read_inside(&txn, &pair.k).await, of(2, 2));
        pair.abort(&txn).await;
    });
    suite.test("transaction-14", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        let with = |record_exists_action| WritePolicy { record_exists_action, ..writing(&txn) };
        let (create, update) = (with(RecordExistsAction::CreateOnly), with(RecordExistsAction::UpdateOnly));
        let wrong = WritePolicy {
            generation_policy: GenerationPolicy::ExpectGenEqual,
            generation: 7,
            ..writing(&txn)
        };
        let client = &pair.t.client;
        fails(5, client.put(&create, &pair.k, &n(2)).await);
        fails(2, client.put(&update, &t.key("missing"), &n(2)).await);
        fails(3, client.put(&wrong, &pair.k, &n(2)).await);
        pair.put(&txn, &pair.l, 20).await.expect("put");
        pair.commit(&txn).await;
        assert_eq!(pair.both().await, [of(1, 1), of(3, 20)]);
        assert_eq!(pair.read(&t.key("missing")).await, None);
    });
    suite.test("transaction-16", |t| async move {
        let pair = Pair::new(&t).await;
        fails(22, pair.t.client.delete(&WritePolicy::default(), &pair.k).await);
        assert_eq!(pair.read(&pair.k).await, of(1, 1));
        let durable = WritePolicy { durable_delete: true, ..WritePolicy::default() };
        assert!(pair.t.client.delete(&durable, &pair.k).await.expect("deleted"));
        assert_eq!(pair.read(&pair.k).await, None);
    });
    suite.test("transaction-17", |t| async move {
        let txn = begin();
        fails(16, t.client.put(&writing(&txn), &t.k(), &n(1)).await);
        assert!(!t.exists(&t.k()).await);
    });
}

/// Writes so many new records in one batch; what the client says, and the result codes of the rows.
async fn write_many(pair: &Pair, txn: &Arc<Txn>, count: i64) -> (Result<(), Error>, Vec<i32>) {
    let row = |key: i64| {
        let operations = vec![put(&as_bin!("n", 5))];
        BatchOperation::write(&BatchWritePolicy::default(), pair.t.key(key), operations)
    };
    let mut rows: Vec<_> = (0..count).map(row).collect();
    let policy = BatchPolicy { base_policy: within(txn), ..BatchPolicy::default() };
    let told = pair.t.client.batch(&policy, &mut rows).await;
    (told, codes(&rows))
}

/// The result codes of a batch that reads so many records.
async fn read_many(pair: &Pair, base_policy: BasePolicy, count: i64) -> Vec<i32> {
    let row = |key| BatchOperation::read(&BatchReadPolicy::default(), pair.t.key(key), Bins::All);
    let mut rows: Vec<_> = (0..count).map(row).collect();
    let policy = BatchPolicy { base_policy, ..BatchPolicy::default() };
    pair.t.client.batch(&policy, &mut rows).await.expect("rows");
    for row in &rows {
        assert!(row.record().is_none_or(|record| record.bins == bins([("n", int(5))])), "{row:?}");
    }
    codes(&rows)
}

fn add_many(suite: &mut Suite) {
    suite.test("transaction-07", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        let (told, codes) = write_many(&pair, &txn, 10).await;
        told.expect("written");
        assert_eq!(codes, [0; 10]);
        assert_eq!(read_many(&pair, BasePolicy::default(), 10).await, [2; 10]);
        assert_eq!(read_many(&pair, within(&txn), 10).await, [0; 10]);
        pair.commit(&txn).await;
        assert_eq!(read_many(&pair, BasePolicy::default(), 10).await, [0; 10]);
    });
    suite.test("transaction-08", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        let (told, codes) = write_many(&pair, &txn, 4097).await;
        fails(123, told);
        // The client gives up before it asks for any of the rows.
        assert_eq!(codes, [-1; 4097]);
        for policy in [BasePolicy::default(), within(&txn)] {
            assert_eq!(read_many(&pair, policy, 4097).await, [2; 4097]);
        }
        pair.abort(&txn).await;
        assert_eq!(read_many(&pair, BasePolicy::default(), 4097).await, [2; 4097]);
    });
    suite.test("transaction-15", |t| async move {
        let (pair, txn) = (Pair::new(&t).await, begin());
        let name = pair.t.index_n().await;
        pair.put(&txn, &pair.k, 2).await.expect("put");
        assert_eq!(pair.t.find(Filter::equal("n", 2)).await, []);
        assert_eq!(pair.t.find(Filter::equal("n", 1)).await, [1]);
        pair.commit(&txn).await;
        assert_eq!(pair.t.find(Filter::equal("n", 2)).await, [2]);
        assert_eq!(pair.t.find(Filter::equal("n", 1)).await, []);
        pair.t.drop_index(&name).await.expect("dropped");
    });
}

pub fn add(suite: &mut Suite) {
    add_ends(suite);
    add_commands(suite);
    add_many(suite);
}
