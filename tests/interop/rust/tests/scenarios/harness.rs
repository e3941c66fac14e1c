//! Scenarios as tests: each has a set of its own in the namespace `test`, named after it.

use crate::server::{Server, example};
use aerospike::query::PartitionFilter;
use aerospike::{
    AdminPolicy, Bin, Bins, Client, CollectionIndexType, Error, IndexMap, IndexType, Key, QueryPolicy,
    ReadPolicy, Record, Statement, Task, UdfLang, Value, WritePolicy, operations::Operation,
};
use futures::StreamExt;
use futures::future::BoxFuture;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

type Run = Box<dyn FnOnce(Test) -> BoxFuture<'static, ()> + Send>;

#[derive(Default)]
pub struct Suite(Vec<(&'static str, Run)>);

impl Suite {
    /// Adds a test, with the ids of the scenarios that it covers.
    pub fn test<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        ids: &'static str,
        run: impl FnOnce(Test) -> F + Send + 'static,
    ) {
        self.0.push((ids, Box::new(move |test| Box::pin(run(test)))));
    }

    /// Runs all, writes the results, and ends the process.
    pub fn run(self, not_applicable: &[(&str, &str)]) {
        let runtime = Arc::new(tokio::runtime::Runtime::new().expect("a runtime"));
        let servers = Arc::new((Server::start("server.conf", 0), Server::start("secured.conf", 0)));
        let client = Arc::new(runtime.block_on(servers.0.connect()));
        let results = Arc::new(Mutex::new(BTreeMap::new()));
        let trials = self.0.into_iter().map(|(ids, run)| {
            let set = ids.split(' ').next().unwrap_or(ids).to_owned();
            let test = Test { client: client.clone(), servers: servers.clone(), set };
            let (runtime, results) = (runtime.clone(), results.clone());
            Trial::test(ids, move || {
                let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(test))));
                let failure = outcome.err().map(|panic| message(&*panic));
                for id in ids.split(' ') {
                    record(&mut results.lock().expect("results"), id, failure.as_deref());
                }
                failure.map_or(Ok(()), |failure| Err(Failed::from(failure)))
            })
        });
        let skipped = not_applicable
            .iter()
            .map(|(id, why)| Trial::test(format!("{id}: {why}"), || Ok(())).with_ignored_flag(true));
        let conclusion = libtest_mimic::run(&Arguments::from_args(), trials.chain(skipped).collect());
        if let Some(file) = std::env::var_os("RESULTS") {
            let mut text = "client\taerospike-client-rust\t3.0.0\n".to_owned();
            results
                .lock()
                .expect("results")
                .iter()
                .for_each(|(id, result)| text += &format!("{id}\t{result}\n"));
            not_applicable.iter().for_each(|(id, why)| text += &format!("{id}\tnot applicable\t{why}\n"));
            std::fs::write(file, text).expect("the results are written");
        }
        drop(client);
        drop(servers);
        conclusion.exit();
    }
}

/// The worst result counts.
fn record(results: &mut BTreeMap<String, String>, id: &str, failure: Option<&str>) {
    let result = results.entry(id.to_owned()).or_insert_with(|| "passed".to_owned());
    if let Some(failure) = failure {
        let line: String =
            failure.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        *result = format!("failed\t{line}");
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").to_owned()
}

/// What a scenario works with.
#[derive(Clone)]
pub struct Test {
    pub client: Arc<Client>,
    servers: Arc<(Server, Server)>,
    /// The scenario's own set.
    pub set: String,
}

impl Test {
    pub fn server(&self) -> &Server {
        &self.servers.0
    }

    /// The one with security.
    pub fn secured(&self) -> &Server {
        &self.servers.1
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

    pub async fn bin(&self, name: &str) -> Value {
        self.get(&self.k()).await.get(name).cloned().unwrap_or(Value::Nil)
    }

    pub async fn exists(&self, key: &Key) -> bool {
        self.client.exists(&ReadPolicy::default(), key).await.expect("exists")
    }

    pub async fn operate(&self, operations: &[Operation]) -> Result<Record, Error> {
        self.client.operate(&WritePolicy::default(), &self.k(), operations).await
    }

    /// The result of one operation on K.
    pub async fn result(&self, operation: Operation) -> Value {
        let record = self.operate(&[operation]).await.expect("a result");
        record.bins.into_values().next().unwrap_or(Value::Nil)
    }

    /// Whether an operation on K fails with this code.
    pub async fn operation_fails(&self, code: i32, operation: Operation) {
        fails(code, self.operate(&[operation]).await);
    }

    /// Puts the set Q: 60 records.
    pub async fn put_q(&self) {
        use aerospike::{as_bin, as_list, as_map, as_val};
        let mut policy = WritePolicy::default();
        policy.send_key = true;
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

    /// Makes an index named after the scenario and the bin.
    pub async fn index(&self, bin: &str, kind: IndexType, collection: CollectionIndexType) {
        let name = format!("{}-{bin}", self.set);
        let policy = AdminPolicy::default();
        let task =
            self.client.create_index_on_bin(&policy, "test", &self.set, bin, &name, kind, collection, None);
        task.await.expect("an index").wait_till_complete(None).await.expect("built");
    }

    pub fn statement(&self) -> Statement {
        Statement::new("test", &*self.set, Bins::All)
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

    pub async fn register(&self, module: &str) {
        let policy = AdminPolicy::default();
        let task = self.client.register_udf_from_file(&policy, &example(module), module, UdfLang::Lua).await;
        task.expect("registered").wait_till_complete(None).await.expect("everywhere");
    }

    pub async fn info(&self, command: &str) -> String {
        let answers = self.client.info(&AdminPolicy::default(), &[command]).await.expect("an answer");
        answers.into_values().next().unwrap_or_default()
    }
}

pub fn fails<T>(code: i32, result: Result<T, Error>) {
    match result {
        Ok(_) => panic!("succeeded instead of {code}"),
        Err(error) => assert_eq!(error.result_code(), code, "{error}"),
    }
}

pub fn point(longitude: f64, latitude: f64) -> String {
    format!(r#"{{"type": "Point", "coordinates": [{longitude}, {latitude}]}}"#)
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
