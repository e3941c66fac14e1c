//! Logins, users, roles, privileges.

use crate::harness::{Suite, Test, fails};
use aerospike::{
    AdminPolicy, Bins, Client, Key, Privilege, PrivilegeCode, ReadPolicy, Value, WritePolicy, as_bin,
};

async fn root(t: &Test) -> Client {
    t.secured().login("root", "secret").await.expect("logged in")
}

async fn write(client: &Client, set: &str) -> Result<(), aerospike::Error> {
    let key = Key::new("test", set, Value::Int(1)).expect("a key");
    client.put(&WritePolicy::default(), &key, &[as_bin!("a", 1)]).await
}

pub fn add(suite: &mut Suite) {
    suite.test("login-01 login-02 login-03", |t| async move {
        let root = root(&t).await;
        write(&root, "demo").await.expect("written");
        root.get(&ReadPolicy::default(), &Key::new("test", "demo", Value::Int(1)).expect("a key"), Bins::All)
            .await
            .expect("a record");
        assert!(t.secured().login("root", "wrong").await.is_err());
        assert!(t.secured().login("nobody", "secret").await.is_err());
        assert!(t.secured().connect_with(Default::default()).await.is_err());
        let admin = t.secured().login("admin", "admin").await.expect("logged in");
        fails(81, write(&admin, "demo").await);
    });
    suite.test("login-04 login-05", |t| async move {
        let (root, policy) = (root(&t).await, AdminPolicy::default());
        root.create_user(&policy, "changes", "word", &["read-write"]).await.expect("made");
        let client = t.secured().login("changes", "word").await.expect("logged in");
        client.change_password(&policy, "changes", "new").await.expect("changed");
        write(&client, "demo").await.expect("written");
        assert!(t.secured().login("changes", "word").await.is_err());
        t.secured().login("changes", "new").await.expect("logged in");
        root.drop_user(&policy, "changes").await.expect("dropped");
        assert!(write(&client, "demo").await.is_err());
    });
    suite.test("security-01 security-02 security-07", |t| async move {
        let (root, policy) = (root(&t).await, AdminPolicy::default());
        root.create_user(&policy, "ada", "word", &["read"]).await.expect("made");
        fails(61, root.create_user(&policy, "ada", "word", &["read"]).await);
        let reader = t.secured().login("ada", "word").await.expect("logged in");
        fails(81, write(&reader, "demo").await);
        root.grant_roles(&policy, "ada", &["write"]).await.expect("granted");
        root.revoke_roles(&policy, "ada", &["read"]).await.expect("revoked");
        let users = root.query_users(&policy, Some("ada")).await.expect("a user");
        assert_eq!(users[0].roles, ["write"]);
        assert!(root.query_users(&policy, None).await.expect("users").len() >= 3);
        root.drop_user(&policy, "ada").await.expect("dropped");
    });
    suite.test("security-03 security-04 security-05 security-06", |t| async move {
        let (root, policy) = (root(&t).await, AdminPolicy::default());
        let scoped = Privilege::new(PrivilegeCode::ReadWrite, Some("test".into()), Some("demo".into()));
        root.create_role(&policy, "scoped", &[scoped.clone()], &["127.0.0.1"], 100, 200).await.expect("made");
        fails(71, root.create_role(&policy, "scoped", &[scoped], &[], 0, 0).await);
        let role = root.query_roles(&policy, Some("scoped")).await.expect("a role").remove(0);
        assert_eq!((role.allowlist, role.read_quota, role.write_quota), (vec!["127.0.0.1".into()], 100, 200));
        root.set_quotas(&policy, "scoped", 0, 0).await.expect("set");
        root.create_user(&policy, "bob", "word", &["scoped"]).await.expect("made");
        let client = t.secured().login("bob", "word").await.expect("logged in");
        write(&client, "demo").await.expect("written");
        fails(81, write(&client, "other").await);
        assert!(root.query_roles(&policy, None).await.expect("roles").len() > 10);
        root.drop_role(&policy, "scoped").await.expect("dropped");
        fails(70, root.query_roles(&policy, Some("scoped")).await);
    });
}
