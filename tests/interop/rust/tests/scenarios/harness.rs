//! Scenarios as tests, and what became of them.

use crate::fixture::Test;
use crate::server::Servers;
use futures::future::LocalBoxFuture;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Run = Box<dyn FnOnce(Test) -> LocalBoxFuture<'static, ()> + Send>;

/// What a test may take, however busy the machine: one that hangs is told by its name.
const LIMIT: Duration = Duration::from_secs(400);

#[derive(Default)]
pub struct Suite(Vec<(&'static str, Run)>);

impl Suite {
    /// Adds a test, with the ids of the scenarios that it covers.
    pub fn test<F: Future<Output = ()> + 'static>(
        &mut self,
        ids: &'static str,
        run: impl FnOnce(Test) -> F + Send + 'static,
    ) {
        self.0.push((ids, Box::new(move |test| Box::pin(run(test)))));
    }

    /// Runs all, writes the results, and ends the process.
    pub fn run(self, not_applicable: &[(&str, &str)]) {
        let runtime = Arc::new(tokio::runtime::Runtime::new().expect("a runtime"));
        let servers = Arc::new(Servers::start());
        let client = Arc::new(runtime.block_on(servers.plain.connect()));
        let results = Arc::new(Mutex::new(BTreeMap::new()));
        let trials = self.0.into_iter().enumerate().map(|(number, (ids, run))| {
            // Several tests may cover one scenario: each has a set of its own nevertheless.
            let set = format!("{}-{number}", ids.split(' ').next().unwrap_or(ids));
            let test = Test::new(client.clone(), servers.clone(), set);
            let (runtime, results) = (runtime.clone(), results.clone());
            Trial::test(ids, move || {
                let limited = async { tokio::time::timeout(LIMIT, run(test)).await.expect("no hang") };
                let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(limited)));
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
