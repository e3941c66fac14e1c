//! Functions in Lua, and aggregations.

use crate::fixture::{Test, bins, blob, fails, int};
use crate::harness::Suite;
use crate::server::example;
use aerospike::query::Filter;
use aerospike::{
    AdminPolicy, CollectionIndexType, Error, IndexType, QueryPolicy, Statement, Task, UdfLang, Value,
    WritePolicy, as_bin, as_list, as_map, as_val,
};
use base64::Engine;
use futures::TryStreamExt;
use std::time::Duration;
use tokio::time::sleep;

async fn register_text(t: &Test, name: &str, text: &str) -> Result<(), Error> {
    let task = t.client.register_udf(&AdminPolicy::default(), text.as_bytes(), name, UdfLang::Lua).await?;
    task.wait_till_complete(None).await.map(drop)
}

/// The source of a module, as the server tells it.
async fn source(t: &Test, name: &str) -> String {
    let answer = t.info(&format!("udf-get:filename={name}")).await;
    let content = answer.split(';').find_map(|pair| pair.strip_prefix("content="));
    let content = content.unwrap_or_else(|| panic!("{answer}"));
    let bytes = base64::engine::general_purpose::STANDARD.decode(content).expect("Base64");
    String::from_utf8(bytes).expect("text")
}

fn add_modules(suite: &mut Suite) {
    suite.test("udf-01", |t| async move {
        t.register("counter.lua").await;
        let text = "function one(r)\n  return 1\nend\n";
        register_text(&t, "interop_one.lua", text).await.expect("registered");
        let listed = t.info("udf-list").await;
        for name in ["counter.lua", "interop_one.lua"] {
            assert!(listed.contains(&format!("filename={name},")), "{listed}");
        }
        assert_eq!(source(&t, "interop_one.lua").await, text);
        let file = std::fs::read_to_string(example("counter.lua")).expect("a file");
        assert_eq!(source(&t, "counter.lua").await, file);
        assert_eq!(t.call("interop_one", "one", &[]).await.expect("a result"), int(1));
    });
    suite.test("udf-06", |t| async move {
        let broken = "function f()\n  return +\nend\n";
        let error = register_text(&t, "broken.lua", broken).await.expect_err("it does not compile");
        let told = error.to_string();
        assert!(told.contains("line=2"), "{told}");
        assert!(!t.info("udf-list").await.contains("filename=broken.lua"));
    });
    suite.test("udf-07", |t| async move {
        register_text(&t, "interop_gone.lua", "function one(r) return 1 end").await.expect("registered");
        assert_eq!(t.call("interop_gone", "one", &[]).await.expect("a result"), int(1));
        let remove = async || {
            let task = t.client.remove_udf(&AdminPolicy::default(), "interop_gone.lua").await?;
            task.wait_till_complete(None).await
        };
        remove().await.expect("removed");
        assert!(!t.info("udf-list").await.contains("interop_gone.lua"));
        fails(100, t.call("interop_gone", "one", &[]).await);
        remove().await.expect("it is gone already");
    });
}

fn add_calls(suite: &mut Suite) {
    suite.test("udf-02", |t| async move {
        t.register("counter.lua").await;
        let visits = ["visits".into(), int(1)];
        assert_eq!(t.call("counter", "add", &visits).await.expect("a result"), int(1));
        assert_eq!(t.call("counter", "add", &visits).await.expect("a result"), int(2));
        assert_eq!(t.get(&t.k()).await, bins([("visits", int(2))]));
    });
    suite.test("udf-03", |t| async move {
        t.register("document.lua").await;
        let path = as_list!("a", "b");
        let values = [
            int(7),
            int(i64::MIN),
            Value::from(2.5),
            "text".into(),
            Value::Bool(true),
            Value::Bool(false),
            blob(&[1, 0, 255]),
            as_list!(1, "two", as_list!(3.5)),
            as_map!("k" => 1, "in" => as_map!("l" => as_list!(1, 2))),
        ];
        for value in values {
            let arguments = ["d".into(), path.clone(), value.clone()];
            t.call("document", "set", &arguments).await.expect("set");
            assert_eq!(t.call("document", "get", &arguments[..2]).await.expect("a result"), value);
            assert_eq!(t.bin("d").await, as_map!("a" => as_map!("b" => value)));
        }
        let missing = ["d".into(), as_list!("a", "none")];
        assert_eq!(t.call("document", "get", &missing).await.expect("a result"), Value::Nil);
        let patch = ["d".into(), as_map!("a" => as_map!("c" => 1), "tags" => as_list!("x"))];
        t.call("document", "set", &["d".into(), path, int(0)]).await.expect("set");
        let merged = as_map!("a" => as_map!("b" => 0, "c" => 1), "tags" => as_list!("x"));
        assert_eq!(t.call("document", "merge", &patch).await.expect("a result"), merged);
    });
    suite.test("udf-04", |t| async move {
        t.register("counter.lua").await;
        t.put(&t.k(), &[as_bin!("visits", 2)]).await;
        let error = t.call("counter", "take", &["visits".into(), int(9)]).await.expect_err("too much");
        assert_eq!(error.result_code(), 100);
        assert!(error.to_string().contains("only 2 left of visits"), "{error}");
        assert_eq!(t.bin("visits").await, int(2));
    });
    suite.test("udf-05", |t| async move {
        t.register("counter.lua").await;
        fails(100, t.call("counter", "unknown", &[]).await);
        fails(100, t.call("no_such_module", "add", &[]).await);
    });
    suite.test("udf-08", |t| async move {
        t.register("counter.lua").await;
        let tasks = (0..8).map(|_| {
            let t = t.clone();
            tokio::spawn(async move {
                for _ in 0..100 {
                    t.call("counter", "add", &["n".into(), int(1)]).await.expect("added");
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("added");
        }
        assert_eq!(t.get(&t.k()).await, bins([("n", int(800))]));
    });
}

fn score(i: i64) -> i64 {
    i * 37 % 211
}

fn team(i: i64) -> &'static str {
    if i % 3 == 0 { "blue" } else { "red" }
}

async fn put_games(t: &Test) {
    t.register("top.lua").await;
    aerospike::lua::set_lua_path(std::path::Path::new(&example("top.lua")).parent().expect("a folder"));
    for i in 0..200 {
        let bins = [as_bin!("score", score(i)), as_bin!("player", format!("p{i}")), as_bin!("team", team(i))];
        t.put(&t.key(i), &bins).await;
    }
}

/// All that an aggregation gives; its function is named with its module.
async fn aggregate(
    t: &Test,
    function: &str,
    statement: Statement,
    arguments: &[Value],
) -> Result<Vec<Value>, Error> {
    let (module, function) = function.split_once('.').expect("a module and a function");
    let policy = QueryPolicy::default();
    let found = t.client.query_aggregate(&policy, statement, module, function, arguments).await?;
    // What is read while the end comes may lack the last of it: the stream looks whether there is more before it looks
    // whether that was the end.
    while found.is_active() {
        sleep(Duration::from_millis(1)).await;
    }
    found.into_stream().try_collect().await
}

/// What `top.records` gives for those whose score is in a range.
fn best(scores: std::ops::RangeInclusive<i64>, count: usize) -> Vec<Value> {
    let mut games: Vec<_> = (0..200).filter(|i| scores.contains(&score(*i))).collect();
    games.sort_by_key(|i| -score(*i));
    let entry = |i: &i64| as_map!("value" => score(*i), "name" => format!("p{i}"));
    vec![Value::List(games.iter().take(count).map(entry).collect())]
}

fn add_aggregations(suite: &mut Suite) {
    let arguments = || ["score".into(), "player".into(), int(5)];
    suite.test("aggregation-01", move |t| async move {
        put_games(&t).await;
        let found = aggregate(&t, "top.records", t.statement(), &arguments()).await.expect("a result");
        assert_eq!(found, best(0..=211, 5));
        let Value::List(entries) = &found[0] else { panic!("{found:?}") };
        assert_eq!(entries.len(), 5);
    });
    suite.test("aggregation-02", |t| async move {
        put_games(&t).await;
        let found = aggregate(&t, "top.groups", t.statement(), &["team".into(), "score".into()]).await;
        let of = |name| {
            let games = (0..200).filter(|i| team(*i) == name);
            as_map!("count" => games.clone().count() as i64, "sum" => games.map(score).sum::<i64>())
        };
        assert_eq!(found.expect("a result"), [as_map!("red" => of("red"), "blue" => of("blue"))]);
        assert_eq!((0..200).filter(|i| team(*i) == "red").count(), 133);
    });
    suite.test("aggregation-03", move |t| async move {
        put_games(&t).await;
        t.index("score", IndexType::Numeric, CollectionIndexType::Default).await;
        for (least, most) in [(0, 2), (100, 150)] {
            let some = t.matching(Filter::range("score", least, most));
            let found = aggregate(&t, "top.records", some, &arguments()).await.expect("a result");
            assert_eq!(found, best(least..=most, 5));
        }
    });
    suite.test("aggregation-04", move |t| async move {
        put_games(&t).await;
        let failing = "function fails(s)\n  return s : map(function(r) error('no score', 0) end)\nend\n";
        register_text(&t, "interop_fails.lua", failing).await.expect("registered");
        aerospike::lua::register_package("interop_fails", failing);
        let error = aggregate(&t, "interop_fails.fails", t.statement(), &[]).await.expect_err("it fails");
        assert_eq!(error.result_code(), 213, "{error}");
        assert!(error.to_string().contains("no score"), "{error}");
        // The server and the client's own Lua miss it: either may be the first to say so.
        let error = aggregate(&t, "top.nothing", t.statement(), &[]).await.expect_err("no such function");
        assert!(
            [4, 213].contains(&error.result_code()) && error.to_string().contains("not found"),
            "{error}"
        );
        let policy = WritePolicy::default();
        t.client.put(&policy, &t.key(0), &[as_bin!("player", "p0")]).await.expect("put");
        let found = aggregate(&t, "top.records", t.statement(), &arguments()).await.expect("a result");
        assert_eq!(found, best(0..=211, 5));
    });
}

pub fn add(suite: &mut Suite) {
    add_modules(suite);
    add_calls(suite);
    add_aggregations(suite);
}
