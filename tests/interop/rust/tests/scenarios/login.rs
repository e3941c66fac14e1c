//! Logging in.

use crate::fixture::{Test, fails, fails_here, int};
use crate::harness::Suite;
use aerospike::{AdminPolicy, Bins, Client, Error, Key, ReadPolicy, WritePolicy, as_bin};

pub async fn root(t: &Test) -> Client {
    t.secured().login("root", "secret").await.expect("logged in")
}

/// Writes a record into a set.
pub async fn write(client: &Client, set: &str) -> Result<(), Error> {
    let key = Key::new("test", set, int(1)).expect("a key");
    client.put(&WritePolicy::default(), &key, &[as_bin!("a", 1)]).await
}

/// That a client could not connect, and that the server gave this code: the client tells the errors of all seeds in one
/// text.
pub fn refused(code: i32, result: Result<Client, Error>) {
    let told = fails_here(result).to_string();
    assert!(told.contains(&format!(" Error {code}, ")), "{told}");
}

pub fn add(suite: &mut Suite) {
    suite.test("login-01", |t| async move {
        let root = root(&t).await;
        write(&root, "login").await.expect("written");
        let key = Key::new("test", "login", int(1)).expect("a key");
        let record = root.get(&ReadPolicy::default(), &key, Bins::All).await.expect("a record");
        assert_eq!(record.bins["a"], int(1));
    });
    suite.test("login-02", |t| async move {
        refused(65, t.secured().login("root", "wrong").await);
        refused(60, t.secured().login("nobody", "secret").await);
        // It asks for the node's name first, and gets none.
        fails_here(t.secured().connect_with(Default::default()).await);
    });
    suite.test("login-03", |t| async move {
        let admin = t.secured().login("admin", "admin").await.expect("logged in");
        fails(81, write(&admin, "demo").await);
        assert!(!admin.query_users(&AdminPolicy::default(), None).await.expect("users").is_empty());
    });
    suite.test("login-04", |t| async move {
        let (root, policy) = (root(&t).await, AdminPolicy::default());
        root.create_user(&policy, "changes", "word", &["read-write"]).await.expect("made");
        let client = t.secured().login("changes", "word").await.expect("logged in");
        client.change_password(&policy, "changes", "new").await.expect("changed");
        write(&client, "demo").await.expect("written");
        refused(65, t.secured().login("changes", "word").await);
        let again = t.secured().login("changes", "new").await.expect("logged in");
        write(&again, "demo").await.expect("written");
    });
    suite.test("login-05", |t| async move {
        let (root, policy) = (root(&t).await, AdminPolicy::default());
        root.create_user(&policy, "dropped", "word", &["read-write"]).await.expect("made");
        let client = t.secured().login("dropped", "word").await.expect("logged in");
        write(&client, "demo").await.expect("written");
        root.drop_user(&policy, "dropped").await.expect("dropped");
        fails(80, write(&client, "demo").await);
        refused(60, t.secured().login("dropped", "word").await);
    });
}
