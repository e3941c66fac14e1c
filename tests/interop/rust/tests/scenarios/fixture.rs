//! What scenarios work with: a client, a set of their own, and what is done again and again.

use crate::server::{Server, Servers, example};
use aerospike::query::{Filter, PartitionFilter};
use aerospike::{
    AdminPolicy, Bin, Bins, Client, CollectionIndexType, Error, IndexMap, IndexType, Key, QueryPolicy,
    ReadPolicy, Record, Statement, Task, UdfLang, Value, WritePolicy, operations::Operation,
};
use aerospike::{as_bin, as_list, as_map, as_val};
use futures::StreamExt;
use std::sync::Arc;

#[derive(Clone)]
pub struct Test {
    pub client: Arc<Client>,
    servers: Arc<Servers>,
    /// The scenario's own set.
    pub set: String,
}

impl Test {
    pub fn new(client: Arc<Client>, servers: Arc<Servers>, set: String) -> Test {
        Test { client, servers, set }
    }

    /// The same with another client, as of a server of the test's own.
    pub fn with(&self, client: Client) -> Test {
        Test { client: Arc::new(client), ..self.clone() }
    }

    pub fn server(&self) -> &Server {
        &self.servers.plain
    }

    /// The one with security.
    pub fn secured(&self) -> &Server {
        &self.servers.secured
    }

    /// The one with strong consistency.
    pub fn strong(&self) -> &Server {
        &self.servers.strong
    }

    pub fn key(&self, key: impl Into<Value>) -> Key {
        Key::new("test", &*self.set, key.into()).expect("a key")
    }

    /// The key of most scenarios.
    pub fn k(&self) -> Key {
        self.key("k")
    }

    pub async fn put(&self, key: &Key, bins: &[Bin]) {
        self.client.put(&WritePolicy::default(), key, bins).await.expect("put");
    }

    pub async fn record(&self, key: &Key) -> Record {
        self.client.get(&ReadPolicy::default(), key, Bins::All).await.expect("a record")
    }

    pub async fn get(&self, key: &Key) -> IndexMap<String, Value> {
        self.record(key).await.bins
    }

    /// A bin of K, nil if it is not there.
    pub async fn bin(&self, name: &str) -> Value {
        self.get(&self.k()).await.get(name).cloned().unwrap_or(Value::Nil)
    }

    pub async fn exists(&self, key: &Key) -> bool {
        self.client.exists(&ReadPolicy::default(), key).await.expect("exists")
    }

    pub async fn operate(&self, operations: &[Operation]) -> Result<Record, Error> {
        self.client.operate(&WritePolicy::default(), &self.k(), operations).await
    }

    /// The results of operations on K, in their order.
    pub async fn results(&self, operations: &[Operation]) -> Vec<Value> {
        let record = self.operate(operations).await.expect("results");
        record.results.expect("results by position")
    }

    /// The result of one operation on K, nil if it has none.
    pub async fn result(&self, operation: Operation) -> Value {
        let mut results = self.results(&[operation]).await;
        assert!(results.len() <= 1, "{results:?}");
        results.pop().unwrap_or(Value::Nil)
    }

    /// An operation on K fails with this code, and changes nothing.
    pub async fn refused(&self, code: i32, operation: Operation) {
        let before = self.client.get(&ReadPolicy::default(), &self.k(), Bins::All).await.ok();
        fails(code, self.operate(&[operation]).await);
        assert_eq!(self.client.get(&ReadPolicy::default(), &self.k(), Bins::All).await.ok(), before);
    }

    /// Puts the set Q: 60 records.
    pub async fn put_q(&self) {
        let policy = WritePolicy { send_key: true, ..WritePolicy::default() };
        for i in 0..60_i64 {
            let bins = [
                as_bin!("n", i),
                as_bin!("s", format!("s{}", i % 5)),
                as_bin!("b", Value::Blob(vec![(i % 3) as u8])),
                as_bin!("l", as_list!(i, i + 1, format!("e{i}"))),
                as_bin!("m", as_map!(format!("k{}", i % 7) => i, "all" => 1)),
                as_bin!("d", as_map!("inner" => as_map!("rank" => as_list!(i % 4, 100 + i)))),
                as_bin!("g", Value::GeoJson(point(i as f64 * 0.1, 0.0))),
            ];
            self.client.put(&policy, &self.key(i), &bins).await.expect("put");
        }
    }

    /// Makes an index on a bin; its name is that of the set and the bin.
    pub async fn index(&self, bin: &str, kind: IndexType, collection: CollectionIndexType) -> String {
        let name = format!("{}-{bin}-{kind}", self.set);
        self.named_index(&name, bin, kind, collection).await.expect("an index");
        name
    }

    pub async fn named_index(
        &self,
        name: &str,
        bin: &str,
        kind: IndexType,
        collection: CollectionIndexType,
    ) -> Result<(), Error> {
        let policy = AdminPolicy::default();
        let task =
            self.client.create_index_on_bin(&policy, "test", &self.set, bin, name, kind, collection, None);
        task.await?.wait_till_complete(None).await?;
        Ok(())
    }

    /// Makes the numeric index on the bin `n`.
    pub async fn index_n(&self) -> String {
        self.index("n", IndexType::Numeric, CollectionIndexType::Default).await
    }

    pub async fn drop_index(&self, name: &str) -> Result<(), Error> {
        let task = self.client.drop_index(&AdminPolicy::default(), "test", &self.set, name).await?;
        task.wait_till_complete(None).await?;
        Ok(())
    }

    /// All records of the set.
    pub fn statement(&self) -> Statement {
        Statement::new("test", &*self.set, Bins::All)
    }

    /// Those that an index finds.
    pub fn matching(&self, filter: Filter) -> Statement {
        let mut statement = self.statement();
        statement.set_filter(filter);
        statement
    }

    pub async fn query(&self, policy: &QueryPolicy, statement: Statement) -> Result<Vec<Record>, Error> {
        self.query_part(policy, statement, PartitionFilter::all()).await
    }

    pub async fn query_part(
        &self,
        policy: &QueryPolicy,
        statement: Statement,
        partitions: PartitionFilter,
    ) -> Result<Vec<Record>, Error> {
        let mut stream = self.client.query(policy, partitions, statement).await?.into_stream();
        let mut records = Vec::new();
        while let Some(record) = stream.next().await {
            records.push(record?);
        }
        Ok(records)
    }

    /// The values of `n` that a scan of the set finds.
    pub async fn scan(&self) -> Vec<i64> {
        numbers(&self.query(&QueryPolicy::default(), self.statement()).await.expect("records"))
    }

    /// The values of `n` that an index finds.
    pub async fn find(&self, filter: Filter) -> Vec<i64> {
        let found = self.query(&QueryPolicy::default(), self.matching(filter)).await;
        numbers(&found.expect("records"))
    }

    pub async fn register(&self, module: &str) {
        let policy = AdminPolicy::default();
        let task = self.client.register_udf_from_file(&policy, &example(module), module, UdfLang::Lua).await;
        task.expect("registered").wait_till_complete(None).await.expect("everywhere");
    }

    pub async fn call(&self, module: &str, function: &str, arguments: &[Value]) -> Result<Value, Error> {
        let policy = WritePolicy::default();
        let result = self.client.execute_udf(&policy, &self.k(), module, function, arguments).await;
        result.map(|value| value.unwrap_or(Value::Nil))
    }

    /// The answer to one info command.
    pub async fn info(&self, command: &str) -> String {
        let answers = self.client.info(&AdminPolicy::default(), &[command]).await.expect("an answer");
        answers.into_values().next().unwrap_or_default()
    }
}

/// That a call fails with this result code of the server's.
pub fn fails<T>(code: i32, result: Result<T, Error>) {
    match result {
        Ok(_) => panic!("succeeded instead of {code}"),
        Err(error) => assert_eq!(error.result_code(), code, "{error}"),
    }
}

/// That a call fails, and why is not the server's doing.
pub fn fails_here<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("succeeded"),
        Err(error) => {
            assert_eq!(error.server_result_code(), None, "{error}");
            error
        }
    }
}

pub fn int(value: i64) -> Value {
    Value::Int(value)
}

pub fn blob(bytes: &[u8]) -> Value {
    Value::Blob(bytes.to_vec())
}

pub fn bins<const N: usize>(pairs: [(&str, Value); N]) -> IndexMap<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A list with its values in order: by rank, unordered lists give values in an order of their own.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::List(mut values) => {
            values.sort();
            Value::List(values)
        }
        other => other,
    }
}

/// A GeoJSON point.
pub fn point(longitude: f64, latitude: f64) -> String {
    format!(r#"{{"type":"Point","coordinates":[{longitude:?},{latitude:?}]}}"#)
}

/// The values of `n`, sorted.
pub fn numbers(records: &[Record]) -> Vec<i64> {
    let mut numbers: Vec<_> = records
        .iter()
        .map(|record| match record.bins.get("n") {
            Some(Value::Int(n)) => *n,
            other => panic!("n is {other:?}"),
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

/// A range of numbers, and further ones, sorted.
pub fn range(range: std::ops::Range<i64>, more: &[i64]) -> Vec<i64> {
    let mut all: Vec<_> = range.chain(more.iter().copied()).collect();
    all.sort_unstable();
    all
}
