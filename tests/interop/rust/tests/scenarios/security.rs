//! Users, roles, privileges.

use crate::fixture::{Test, fails, int};
use crate::harness::Suite;
use crate::login::{refused, root, write};
use crate::server::Server;
use aerospike::operations::put;
use aerospike::{
    AdminPolicy, BatchOperation, BatchPolicy, BatchReadPolicy, BatchWritePolicy, Bins, Client,
    CollectionIndexType, IndexType, Key, Privilege, PrivilegeCode, ReadPolicy, UdfLang, WritePolicy, as_bin,
};
use std::time::Duration;
use tokio::time::sleep;

const POLICY: AdminPolicy = AdminPolicy { timeout: 5000 };

fn privilege(code: PrivilegeCode, set: &str) -> Privilege {
    Privilege::new(code, Some("test".into()), Some(set.into()))
}

async fn login(t: &Test, user: &str) -> Client {
    t.secured().login(user, "word").await.expect("logged in")
}

/// The roles of a user.
async fn roles(client: &Client, user: &str) -> Vec<String> {
    let mut users = client.query_users(&POLICY, Some(user)).await.expect("a user");
    assert_eq!((users.len(), &*users[0].user), (1, user));
    users.remove(0).roles
}

fn add_users(suite: &mut Suite) {
    suite.test("security-01", |t| async move {
        let server = Server::start("secured.conf");
        let root = server.login("root", "secret").await.expect("logged in");
        root.create_user(&POLICY, "ada", "word", &["read-write", "sys-admin", "read"]).await.expect("made");
        assert_eq!(roles(&root, "ada").await, ["read", "read-write", "sys-admin"]);
        fails(61, root.create_user(&POLICY, "ada", "word", &["read"]).await);
        let users = root.query_users(&POLICY, None).await.expect("users");
        let mut names: Vec<_> = users.into_iter().map(|user| user.user).collect();
        names.sort();
        assert_eq!(names, ["ada", "admin", "root"]);
        drop(t);
    });
    suite.test("security-02", |t| async move {
        let root = root(&t).await;
        root.create_user(&POLICY, "s02", "word", &["read"]).await.expect("made");
        root.grant_roles(&POLICY, "s02", &["write", "sys-admin"]).await.expect("granted");
        assert_eq!(roles(&root, "s02").await, ["read", "sys-admin", "write"]);
        root.revoke_roles(&POLICY, "s02", &["read", "sys-admin"]).await.expect("revoked");
        assert_eq!(roles(&root, "s02").await, ["write"]);
        write(&login(&t, "s02").await, "demo").await.expect("written");
        root.drop_user(&POLICY, "s02").await.expect("dropped");
        fails(60, root.query_users(&POLICY, Some("s02")).await);
    });
    suite.test("security-07", |t| async move {
        let root = root(&t).await;
        root.create_user(&POLICY, "s07", "word", &["read"]).await.expect("made");
        let reader = login(&t, "s07").await;
        fails(81, write(&reader, "demo").await);
        fails(81, reader.create_user(&POLICY, "other", "word", &["read"]).await);
        let (kind, plain) = (IndexType::Numeric, CollectionIndexType::Default);
        let index = reader.create_index_on_bin(&POLICY, "test", "demo", "a", "s07", kind, plain, None).await;
        fails(81, index.map(drop));
        let text = b"function one(r) return 1 end";
        fails(81, reader.register_udf(&POLICY, text, "s07.lua", UdfLang::Lua).await.map(drop));
        write(&root, &t.set).await.expect("written");
        let key = t.key(1);
        let record = reader.get(&ReadPolicy::default(), &key, Bins::All).await.expect("a record");
        assert_eq!(record.bins["a"], int(1));
    });
    suite.test("security-10", |_| async move {
        let server = Server::start("secured.conf");
        let root = server.login("root", "secret").await.expect("logged in");
        let mut expected = vec!["admin".to_owned(), "root".to_owned()];
        for number in 0..100 {
            let name = format!("user-{number}");
            root.create_user(&POLICY, &name, "word", &["read", "write"]).await.expect("made");
            expected.push(name);
        }
        let users = root.query_users(&POLICY, None).await.expect("users");
        for user in users.iter().filter(|user| user.user.starts_with("user-")) {
            assert_eq!(user.roles, ["read", "write"]);
        }
        let mut names: Vec<_> = users.into_iter().map(|user| user.user).collect();
        names.sort();
        expected.sort();
        assert_eq!(names, expected);
    });
}

fn add_roles(suite: &mut Suite) {
    use PrivilegeCode::{Read, ReadWrite, ReadWriteUdf};
    suite.test("security-03", |t| async move {
        let root = root(&t).await;
        let privileges = [privilege(Read, "demo"), privilege(ReadWrite, "")];
        let networks = ["127.0.0.1", "10.0.0.0/8"];
        root.create_role(&POLICY, "r03", &privileges, &networks, 100, 200).await.expect("made");
        let roles = root.query_roles(&POLICY, Some("r03")).await.expect("a role");
        let role = &roles[0];
        assert_eq!((roles.len(), &*role.name), (1, "r03"));
        assert_eq!(role.privileges, privileges);
        assert_eq!(role.allowlist, networks);
        assert_eq!((role.read_quota, role.write_quota), (100, 200));
        fails(71, root.create_role(&POLICY, "r03", &privileges, &[], 0, 0).await);
        root.drop_role(&POLICY, "r03").await.expect("dropped");
        fails(70, root.query_roles(&POLICY, Some("r03")).await);
    });
    suite.test("security-04", |t| async move {
        let root = root(&t).await;
        let role = async || root.query_roles(&POLICY, Some("r04")).await.expect("a role").remove(0);
        root.create_role(&POLICY, "r04", &[privilege(Read, "demo")], &[], 0, 0).await.expect("made");
        let more = [privilege(ReadWriteUdf, "other")];
        root.grant_privileges(&POLICY, "r04", &more).await.expect("granted");
        assert_eq!(role().await.privileges, [privilege(Read, "demo"), privilege(ReadWriteUdf, "other")]);
        root.revoke_privileges(&POLICY, "r04", &[privilege(Read, "demo")]).await.expect("revoked");
        assert_eq!(role().await.privileges, more);
        root.set_allowlist(&POLICY, "r04", &["10.1.2.3", "192.168.0.0/16"]).await.expect("set");
        assert_eq!(role().await.allowlist, ["10.1.2.3", "192.168.0.0/16"]);
        root.set_allowlist(&POLICY, "r04", &[]).await.expect("set");
        root.set_quotas(&POLICY, "r04", 10_010, 20_020).await.expect("set");
        let changed = role().await;
        assert!(changed.allowlist.is_empty(), "{changed:?}");
        assert_eq!((changed.read_quota, changed.write_quota), (10_010, 20_020));
    });
    suite.test("security-05", |_| async move {
        let server = Server::start("secured.conf");
        let root = server.login("root", "secret").await.expect("logged in");
        let roles = root.query_roles(&POLICY, None).await.expect("roles");
        for role in &roles {
            let [privilege] = &role.privileges[..] else { panic!("{role:?}") };
            assert_eq!(privilege.code.to_string(), role.name);
            // "Everywhere" is no name, or an empty one.
            for scope in [&privilege.namespace, &privilege.set_name] {
                assert_eq!(scope.as_deref().unwrap_or_default(), "", "{role:?}");
            }
            assert_eq!((role.allowlist.len(), role.read_quota, role.write_quota), (0, 0, 0));
        }
        let mut names: Vec<_> = roles.into_iter().map(|role| role.name).collect();
        names.sort();
        let expected = [
            "data-admin",
            "read",
            "read-write",
            "read-write-udf",
            "sindex-admin",
            "sys-admin",
            "truncate",
            "udf-admin",
            "user-admin",
            "write",
        ];
        assert_eq!(names, expected);
    });
    suite.test("security-06", |t| async move {
        let root = root(&t).await;
        root.create_role(&POLICY, "r06", &[privilege(ReadWrite, "demo")], &[], 0, 0).await.expect("made");
        root.create_user(&POLICY, "s06", "word", &["r06"]).await.expect("made");
        let client = login(&t, "s06").await;
        write(&client, "demo").await.expect("written");
        fails(81, write(&client, "other").await);
        let row = |set: &str, key: i64| {
            let key = Key::new("test", set, int(key)).expect("a key");
            BatchOperation::write(&BatchWritePolicy::default(), key, vec![put(&as_bin!("b", 1))])
        };
        let read = BatchOperation::read(
            &BatchReadPolicy::default(),
            Key::new("test", "other", int(1)).expect("a key"),
            Bins::All,
        );
        let mut rows = [row("demo", 2), row("other", 2), read, row("demo", 3)];
        let _ = client.batch(&BatchPolicy::default(), &mut rows).await;
        assert_eq!(crate::batch::codes(&rows), [0, 81, 81, 0]);
    });
    suite.test("security-08", |t| async move {
        let root = root(&t).await;
        let everywhere = [Privilege::new(ReadWrite, None, None)];
        root.create_role(&POLICY, "r08", &everywhere, &["9.9.9.9"], 0, 0).await.expect("made");
        root.create_user(&POLICY, "s08", "word", &["r08"]).await.expect("made");
        refused(82, t.secured().login("s08", "word").await);
        root.set_allowlist(&POLICY, "r08", &["127.0.0.1"]).await.expect("set");
        write(&login(&t, "s08").await, "demo").await.expect("written");
    });
    suite.test("security-09", |t| async move {
        let root = root(&t).await;
        let everywhere = [Privilege::new(ReadWrite, None, None)];
        root.create_role(&POLICY, "r09", &everywhere, &[], 0, 5).await.expect("made");
        root.create_user(&POLICY, "s09", "word", &["r09"]).await.expect("made");
        let client = login(&t, "s09").await;
        let mut policy = WritePolicy::default();
        policy.base_policy.max_retries = 0;
        let mut done = 0;
        let refused = loop {
            assert!(done < 200, "no end");
            match client.put(&policy, &t.k(), &[as_bin!("n", done)]).await {
                Ok(()) => done += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.result_code(), 83, "{refused}");
        assert!(done >= 5, "{done}");
        // Usage is averaged over two seconds.
        sleep(Duration::from_millis(3100)).await;
        client.put(&policy, &t.k(), &[as_bin!("n", -1)]).await.expect("put");
    });
}

pub fn add(suite: &mut Suite) {
    add_users(suite);
    add_roles(suite);
}
