//! Every kind of command against every predefined role, and against roles with scopes (security §10, §11).

#[path = "support/admin.rs"]
mod admin;
mod support;

use aerospike_emulator::Emulator;
use aerospike_emulator::config::{RoleConfig, Secret, SecurityConfig, UserConfig};
use aerospike_emulator::security::{PRIVILEGES, Privilege};
use aerospike_wire::admin::command;
use aerospike_wire::bits::{info1, info2, info3};
use aerospike_wire::message::FrameBuilder;
use aerospike_wire::{Header, ResultCode, field};
use support::{Client, batch, digest, row, start};

/// What each privilege permits, as the reference tables it. Not taken from the code under test.
const PERMITS: [(&str, &str); 13] = [
    ("read", "read query"),
    ("write", "write delete ops-query"),
    ("read-write", "read query write delete ops-query"),
    ("read-write-udf", "read query write delete ops-query udf-apply udf-query"),
    ("truncate", "truncate"),
    ("udf-admin", "udf-admin"),
    ("sindex-admin", "sindex-admin"),
    ("data-admin", "udf-admin sindex-admin query-admin truncate evict-admin record-info"),
    (
        "sys-admin",
        "udf-admin sindex-admin query-admin truncate evict-admin record-info set-config logging-ctrl \
         service-ctrl xdr-set-filter",
    ),
    ("user-admin", "user-admin"),
    ("masking-admin", "masking-admin"),
    ("read-masked", "read-masked"),
    ("write-masked", "write-masked"),
];

/// Info commands by what they need.
const INFO: [(&str, &str); 12] = [
    ("set-config", "set-config config-set"),
    (
        "logging-ctrl",
        "log-set set-log log-message dump-cluster dump-fabric dump-hb dump-hlc dump-migrates dump-rw dump-skew \
         dump-wb-summary jem-stats",
    ),
    ("service-ctrl", "quiesce quiesce-undo recluster revive roster-set tip tip-clear services-alumni-reset"),
    ("sindex-admin", "sindex-create sindex-delete sindex-exists"),
    ("udf-admin", "udf-put udf-remove udf-clear-cache"),
    ("truncate", "truncate truncate-undo truncate-namespace truncate-namespace-undo"),
    ("query-admin", "query-abort query-abort-all"),
    ("evict-admin", "eviction-reset"),
    ("record-info", "debug-record debug-record-meta"),
    ("xdr-set-filter", "xdr-set-filter"),
    ("masking-admin", "masking"),
    (
        "",
        "node build features statistics namespaces udf-list udf-get sindex-list get-config roster racks \
         masking-show user-agent-set log logs query-show",
    ),
];

/// Messages by what they need; two names mean both.
fn messages(namespace: &str, set: &str) -> Vec<(&'static str, Vec<u8>)> {
    let record = |info1, info2, fields: &[(u8, &[u8])]| {
        let header = Header { info1, info2, ..Header::default() };
        let mut out = bytes::BytesMut::new();
        let mut frame = FrameBuilder::begin(&mut out, header);
        frame.field(field::NAMESPACE, namespace.as_bytes());
        frame.field(field::SET, set.as_bytes());
        frame.field(field::DIGEST, &digest("k").0);
        fields.iter().for_each(|(id, value)| {
            frame.field(*id, value);
        });
        frame.finish();
        out.to_vec()
    };
    let query = |info1, info2, fields: &[(u8, &[u8])]| {
        let header = Header { info1, info2, info3: info3::PARTITION_DONE, ..Header::default() };
        let mut out = bytes::BytesMut::new();
        let mut frame = FrameBuilder::begin(&mut out, header);
        frame.field(field::NAMESPACE, namespace.as_bytes());
        if !set.is_empty() {
            frame.field(field::SET, set.as_bytes());
        }
        fields.iter().for_each(|(id, value)| {
            frame.field(*id, value);
        });
        frame.finish();
        out.to_vec()
    };
    let udf: [(u8, &[u8]); 3] =
        [(field::UDF_MODULE, b"m"), (field::UDF_FUNCTION, b"f"), (field::UDF_ARGUMENTS, &[0x90])];
    let with = |kind: &'static [u8]| [&udf[..], &[(field::UDF_OP, kind)]].concat();
    vec![
        ("read", record(info1::READ | info1::GET_ALL, 0, &[])),
        ("read", record(info1::READ | info1::GET_NO_BINS, 0, &[])),
        ("write", record(0, info2::WRITE, &[])),
        ("write read", record(info1::READ, info2::WRITE, &[])),
        ("delete", record(0, info2::WRITE | info2::DELETE, &[])),
        ("udf-apply", record(0, info2::WRITE, &udf)),
        ("", record(0, 0, &[])),
        ("query", query(info1::READ, 0, &[])),
        ("ops-query", query(0, info2::WRITE, &[])),
        ("udf-query", query(info1::READ, 0, &with(&[1]))),
        ("udf-query", query(0, info2::WRITE, &with(&[2]))),
    ]
}

/// A server with one user for each role, named like it; passwords are `admin`.
fn with_users(roles: Vec<RoleConfig>) -> Emulator {
    let names: Vec<_> = match roles.is_empty() {
        true => PRIVILEGES.iter().map(|(name, _)| name.to_string()).collect(),
        false => roles.iter().map(|role| role.name.clone()).collect(),
    };
    let user = |name: String| UserConfig {
        roles: vec![name.clone()],
        name,
        password: Secret("admin".into()),
        ..UserConfig::default()
    };
    let users = names.into_iter().map(user).collect();
    start(|config| config.security = Some(SecurityConfig { users, roles, ..SecurityConfig::default() }))
}

fn logged_in(emulator: &Emulator, user: &str) -> Client {
    let mut client = Client::connect(emulator);
    client.login(user, "admin").unwrap();
    client
}

fn permitted(permits: &str, needed: &str) -> bool {
    needed.split_whitespace().all(|one| permits.split_whitespace().any(|other| other == one))
}

#[test]
fn every_command_for_every_predefined_role() {
    let emulator = with_users(Vec::new());
    for (role, permits) in PERMITS {
        let mut client = logged_in(&emulator, role);
        for (needed, frame) in messages("test", "set") {
            let code = client.call(&frame).code();
            let allowed = code != ResultCode::SEC_ROLE_VIOLATION;
            assert_eq!(allowed, permitted(permits, needed), "{role}: {needed}: {code}");
        }
        for (needed, names) in INFO {
            for name in names.split_whitespace() {
                let reply = client.info(&format!("{name}:\n"));
                let refused = format!("{name}:\tERROR:81:role violation - requires permission '{needed}'\n");
                assert_eq!(reply != refused, permitted(permits, needed), "{role}: {reply}");
                assert_eq!(reply.contains("role violation"), !permitted(permits, needed), "{role}: {reply}");
            }
        }
        for id in [1, 2, 3, 5, 6, 10, 11, 12, 13, 14, 15] {
            let allowed = client.code(id, &[]) != ResultCode::SEC_ROLE_VIOLATION;
            assert_eq!(allowed, permitted(permits, "user-admin"), "{role}: {id}");
        }
        for id in [command::QUERY_USERS, command::QUERY_ROLES] {
            let allowed = client.query_admin(id, &[]) != Err(ResultCode::SEC_ROLE_VIOLATION);
            assert_eq!(allowed, permitted(permits, "user-admin"), "{role}: {id}");
        }
    }
}

#[test]
fn rows_of_a_batch_are_checked_one_by_one() {
    let emulator = with_users(Vec::new());
    let read = Header { info1: info1::READ | info1::GET_ALL, ..Header::default() };
    let write = Header { info2: info2::WRITE, ..Header::default() };
    let delete = Header { info2: info2::WRITE | info2::DELETE, ..Header::default() };
    let headers = [("read", read), ("write", write), ("delete", delete), ("read", read)];
    let rows: Vec<_> =
        headers.iter().enumerate().map(|(i, (_, header))| row(i as u32, "k", *header, &[])).collect();
    for (role, permits) in PERMITS {
        let mut client = logged_in(&emulator, role);
        client.send(&batch(4, &rows));
        let (told, end) = client.rows();
        assert_eq!((told.len(), end), (4, ResultCode::OK), "{role}");
        for ((needed, _), row) in headers.iter().zip(&told) {
            let allowed = row.code() != ResultCode::SEC_ROLE_VIOLATION;
            assert_eq!(allowed, permitted(permits, needed), "{role}: {needed}");
        }
        // Unless errors are told in rows, the end mark tells them.
        client.send(&batch(0, &rows[..1]));
        let (_, end) = client.rows();
        assert_eq!(end == ResultCode::SEC_ROLE_VIOLATION, !permitted(permits, "read"), "{role}: {end}");
    }
}

#[test]
fn one_command_of_an_info_request_may_be_refused() {
    let emulator = with_users(Vec::new());
    let mut client = logged_in(&emulator, "read");
    assert_eq!(
        client.info("status\nrecluster:\nstatus\n"),
        "status\tok\nrecluster:\tERROR:81:role violation - requires permission 'service-ctrl'\nstatus\tok\n"
    );
    assert_eq!(client.info("nonsense\n"), "nonsense\tERROR:4:unrecognized command\n");
    assert_eq!(client.call(&messages("nowhere", "set")[2].1).code(), ResultCode::NAMESPACE);
}

#[test]
fn scoped_roles() {
    let role = |name: &str, privileges: &[&str]| RoleConfig {
        name: name.into(),
        privileges: privileges.iter().map(|text| Privilege::from_text(text).unwrap()).collect(),
        ..RoleConfig::default()
    };
    let emulator = with_users(vec![
        role("set", &["read-write-udf.test.set"]),
        role("namespace", &["read-write-udf.test"]),
        role("mixed", &["read", "write.bar.set", "truncate.test.set"]),
    ]);
    const ALL: &str = "read query write delete ops-query udf-apply udf-query";
    for (role, namespace, set, permits) in [
        ("set", "test", "set", ALL),
        ("set", "test", "other", ""),
        ("set", "test", "", ""),
        ("set", "bar", "set", ""),
        ("namespace", "test", "set", ALL),
        ("namespace", "test", "other", ALL),
        ("namespace", "test", "", ALL),
        ("namespace", "bar", "set", ""),
        ("mixed", "bar", "set", "read query write delete ops-query"),
        ("mixed", "bar", "other", "read query"),
        ("mixed", "test", "set", "read query"),
        ("mixed", "test", "", "read query"),
    ] {
        let mut client = logged_in(&emulator, role);
        for (needed, frame) in messages(namespace, set) {
            let code = client.call(&frame).code();
            let allowed = code != ResultCode::SEC_ROLE_VIOLATION;
            assert_eq!(allowed, permitted(permits, needed), "{role} in {namespace}.{set}: {needed}: {code}");
        }
    }
    let mut client = logged_in(&emulator, "mixed");
    for (command, allowed) in [
        ("truncate:namespace=test;set=set", true),
        ("truncate-undo:namespace=test;set=set", true),
        ("truncate:namespace=test;set=other", false),
        ("truncate:namespace=bar;set=set", false),
        ("truncate-namespace:namespace=test", false),
        // A set that the command does not take must not widen what is permitted.
        ("truncate-namespace:namespace=test;set=set", false),
    ] {
        let reply = client.info(&format!("{command}\n"));
        assert_eq!(!reply.contains("ERROR:81"), allowed, "{reply}");
    }
}

#[test]
fn a_role_is_what_it_is_at_the_moment() {
    let emulator = with_users(Vec::new());
    let (mut reader, mut admin) = (logged_in(&emulator, "read"), logged_in(&emulator, "user-admin"));
    let user = (aerospike_wire::admin::field::USER, &b"read"[..]);
    let mut change = |command, name| {
        let fields = [user, (aerospike_wire::admin::field::ROLES, &admin::roles(&[name])[..])];
        assert_eq!(admin.code(command, &fields), ResultCode::OK);
    };
    let write = support::put("k", "a", aerospike_wire::Value::Int(1));
    assert_eq!(reader.call(&write).code(), ResultCode::SEC_ROLE_VIOLATION);
    change(command::GRANT_ROLES, "write");
    assert_eq!(reader.call(&write).code(), ResultCode::OK);
    change(command::REVOKE_ROLES, "write");
    assert_eq!(reader.call(&write).code(), ResultCode::SEC_ROLE_VIOLATION);
}
