//! Logging in, users and roles, over real sockets (security).

#[path = "support/admin.rs"]
mod admin;
mod support;

use admin::{frame, hash, privileges, roles, value};
use aerospike_emulator::Emulator;
use aerospike_emulator::config::{AuthMode, Edition, RoleConfig, Secret, SecurityConfig, UserConfig};
use aerospike_emulator::security::{Privilege, Whitelist};
use aerospike_wire::admin::{NO_PASSWORD_HASH, command, field, privilege};
use aerospike_wire::bits::info3;
use aerospike_wire::{Header, ResultCode, Value};
use std::time::Duration;
use support::{Client, batch, get, put, row, start};

fn user(name: &str, roles: &[&str]) -> UserConfig {
    let roles = roles.iter().map(|role| role.to_string()).collect();
    UserConfig { name: name.into(), password: Secret("admin".into()), roles, mode: AuthMode::Internal }
}

/// A server with security on and some users whose password is `admin`.
fn secured(users: Vec<UserConfig>) -> Emulator {
    start(|config| config.security = Some(SecurityConfig { users, ..SecurityConfig::default() }))
}

/// A server with the default administrator, and a connection of it.
fn administered() -> (Emulator, Client) {
    let emulator = secured(Vec::new());
    let mut client = Client::connect(&emulator);
    client.login("admin", "admin").unwrap();
    (emulator, client)
}

fn logged_in(emulator: &Emulator, user: &str) -> Client {
    let mut client = Client::connect(emulator);
    client.login(user, "admin").unwrap();
    client
}

fn create_user(client: &mut Client, name: &str, password: &str, names: &[&str]) -> ResultCode {
    let fields =
        [(field::USER, name.as_bytes()), (field::PASSWORD, &hash(password)), (field::ROLES, &roles(names))];
    client.code(command::CREATE_USER, &fields)
}

/// The names in a user's ROLES.
fn roles_of(client: &mut Client, name: &str) -> Result<Vec<String>, ResultCode> {
    let (users, _) = client.query_admin(command::QUERY_USERS, &[(field::USER, name.as_bytes())])?;
    assert_eq!(users.len(), 1);
    let value = value(&users[0], field::ROLES).expect("roles, be there none");
    let (count, mut rest) = value.split_first().unwrap();
    let mut names = Vec::new();
    for _ in 0..*count {
        let (name, behind) = rest[1..].split_at(rest[0] as usize);
        names.push(String::from_utf8(name.into()).unwrap());
        rest = behind;
    }
    Ok(names)
}

const SPOILED: [u8; 24] = [2, 2, 0, 0, 0, 0, 0, 16, 0, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn without_security_every_admin_frame_gets_one_answer() {
    for (edition, code) in [(Edition::Community, 51), (Edition::Enterprise, 52)] {
        let emulator = start(|config| config.edition = edition);
        let mut client = Client::connect(&emulator);
        for body in [&[][..], &[7], &SPOILED] {
            let mut frame = vec![2, 2, 0, 0, 0, 0, 0, body.len() as u8];
            frame.extend_from_slice(body);
            client.send(&frame);
            assert_eq!(client.admin_reply(), (ResultCode(code), Vec::new()));
        }
        assert_eq!(client.login("admin", "admin"), Err(ResultCode(code)));
        assert_eq!(client.call(&get("k")).code(), ResultCode::NOT_FOUND);
        assert!(!client.info("features\n").contains("security"));
        assert_eq!(client.info("get-config:context=security\n"), "get-config:context=security\t\n");
    }
    let config = aerospike_emulator::config::Config {
        port: 0,
        edition: Edition::Community,
        security: Some(SecurityConfig::default()),
        ..Default::default()
    };
    assert_eq!(Emulator::start(config).unwrap_err().to_string(), "'security' is enterprise-only");
}

#[test]
fn strangers_are_told_that_they_are() {
    let emulator = secured(Vec::new());
    let mut client = Client::connect(&emulator);
    assert_eq!(client.info("node\nbuild\n"), "ERROR:80:not authenticated\n");
    assert_eq!(client.info(""), "ERROR:80:not authenticated\n");
    let stranger = ResultCode::SEC_NOT_AUTHENTICATED;
    let reply = client.call(&get("k"));
    assert_eq!((reply.code(), reply.header.info3), (stranger, 0));
    let header = Header { info1: 1, ..Header::default() };
    // Before the namespace is looked up.
    let reply = client.call(&frame_in("nowhere"));
    assert_eq!(reply.code(), stranger);
    let (rows, end) = {
        client.send(&batch(4, &[row(0, "k", header, &[])]));
        client.rows()
    };
    assert_eq!((rows.len(), end), (0, stranger));
    let reply = client.call(&query(b"set"));
    assert_eq!((reply.code(), reply.header.info3 & info3::LAST), (stranger, 0));
    for command in [1, 4, 9, 16, 7, 99] {
        assert_eq!(client.code(command, &[]), stranger, "{command}");
    }
}

/// A read in a namespace that does not exist.
fn frame_in(namespace: &str) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    let header = Header { info1: 3, ..Header::default() };
    let mut frame = aerospike_wire::message::FrameBuilder::begin(&mut out, header);
    frame.record(namespace.as_bytes(), b"set", &support::digest("k").0);
    frame.finish();
    out.to_vec()
}

/// A scan of a set of `test`.
fn query(set: &[u8]) -> Vec<u8> {
    query_with(set, Header { info1: 1, info3: info3::PARTITION_DONE, ..Header::default() }, &[])
}

fn query_with(set: &[u8], header: Header, fields: &[(u8, &[u8])]) -> Vec<u8> {
    let mut out = bytes::BytesMut::new();
    let mut frame = aerospike_wire::message::FrameBuilder::begin(&mut out, header);
    frame.field(aerospike_wire::field::NAMESPACE, b"test");
    if !set.is_empty() {
        frame.field(aerospike_wire::field::SET, set);
    }
    for (id, value) in fields {
        frame.field(*id, value);
    }
    frame.finish();
    out.to_vec()
}

#[test]
fn login_and_authenticate() {
    let emulator = secured(vec![user("ann", &["read-write"])]);
    let mut client = Client::connect(&emulator);
    let shown = hash("admin");
    let fields = [(field::USER, &b"ann"[..]), (field::CREDENTIAL, &shown[..])];
    let (code, fields) = client.admin(command::LOGIN, &fields);
    assert_eq!(code, ResultCode::OK);
    assert_eq!(value(&fields, field::SESSION_TTL), Some(&86_400u32.to_be_bytes()[..]));
    let token = value(&fields, field::SESSION_TOKEN).unwrap().to_vec();
    assert_eq!(client.call(&put("k", "a", Value::Int(1))).code(), ResultCode::OK);

    let mut other = Client::connect(&emulator);
    assert_eq!(other.authenticate("ann", &token), ResultCode::OK);
    assert_eq!(other.call(&get("k")).code(), ResultCode::OK);
    assert!(other.info("node\n").starts_with("node\t"));

    let mut wrong = Client::connect(&emulator);
    assert_eq!(wrong.login("ann", "nonsense"), Err(ResultCode::SEC_CREDENTIAL));
    assert_eq!(wrong.login("bob", "admin"), Err(ResultCode::SEC_USER));
    assert_eq!(wrong.login("", "admin"), Err(ResultCode::SEC_USER));
    assert_eq!(wrong.code(command::LOGIN, &[(field::USER, b"ann")]), ResultCode::SEC_CREDENTIAL);
    assert_eq!(wrong.code(command::LOGIN, &[]), ResultCode::SEC_CREDENTIAL);
    assert_eq!(wrong.authenticate("bob", &token), ResultCode::SEC_USER);
    assert_eq!(wrong.authenticate("admin", &token), ResultCode::SEC_EXPIRED_SESSION);
    assert_eq!(wrong.authenticate("ann", b"nonsense"), ResultCode::SEC_EXPIRED_SESSION);
    assert_eq!(wrong.code(command::AUTHENTICATE, &[(field::USER, b"ann")]), ResultCode::SEC_CREDENTIAL);
    assert_eq!(wrong.call(&get("k")).code(), ResultCode::SEC_NOT_AUTHENTICATED);
    // As clients did before there were sessions; and asadm's version byte.
    let mut old = frame(command::AUTHENTICATE, &[(field::USER, b"ann"), (field::CREDENTIAL, &shown)]);
    old[0] = 0;
    wrong.send(&old);
    assert_eq!(wrong.admin_reply().0, ResultCode::OK);
    assert_eq!(wrong.call(&get("k")).code(), ResultCode::OK);
}

#[test]
fn sessions_end_by_the_servers_clock() {
    let emulator = secured(vec![user("ann", &["read"])]);
    let mut client = Client::connect(&emulator);
    let token = client.login("ann", "admin").unwrap();
    emulator.clock().advance(Duration::from_secs(86_400 - 60)).unwrap();
    assert_eq!(Client::connect(&emulator).authenticate("ann", &token), ResultCode::OK);
    emulator.clock().advance(Duration::from_secs(120)).unwrap();
    assert_eq!(Client::connect(&emulator).authenticate("ann", &token), ResultCode::SEC_EXPIRED_SESSION);
    assert_eq!(client.call(&get("k")).code(), ResultCode::NOT_FOUND, "open connections go on");

    let mut admin = Client::connect(&emulator);
    admin.login("admin", "admin").unwrap();
    let grant = [(field::USER, &b"admin"[..]), (field::ROLES, &roles(&["sys-admin"])[..])];
    assert_eq!(admin.code(command::GRANT_ROLES, &grant), ResultCode::OK);
    let set = "set-config:context=security;session-ttl=120\n";
    assert!(admin.info(set).ends_with("\tok\n"));
    let shown = hash("admin");
    let (_, fields) = client.admin(command::LOGIN, &[(field::USER, b"ann"), (field::CREDENTIAL, &shown)]);
    assert_eq!(value(&fields, field::SESSION_TTL), Some(&120u32.to_be_bytes()[..]));
}

#[test]
fn tokens_are_refused_after_a_drop_or_a_new_password() {
    let (emulator, mut admin) = administered();
    assert_eq!(create_user(&mut admin, "ann", "admin", &["read"]), ResultCode::OK);
    let mut ann = Client::connect(&emulator);
    let token = ann.login("ann", "admin").unwrap();
    let new = hash("new");
    let fields = [(field::USER, &b"ann"[..]), (field::PASSWORD, &new[..])];
    assert_eq!(admin.code(command::SET_PASSWORD, &fields), ResultCode::OK);
    assert_eq!(Client::connect(&emulator).authenticate("ann", &token), ResultCode::SEC_EXPIRED_SESSION);
    assert_eq!(Client::connect(&emulator).login("ann", "admin"), Err(ResultCode::SEC_CREDENTIAL));
    let token = Client::connect(&emulator).login("ann", "new").unwrap();
    assert_eq!(ann.call(&get("k")).code(), ResultCode::NOT_FOUND);

    assert_eq!(admin.code(command::DROP_USER, &[(field::USER, b"ann")]), ResultCode::OK);
    assert_eq!(ann.call(&get("k")).code(), ResultCode::SEC_NOT_AUTHENTICATED);
    assert_eq!(ann.info("node\n"), "ERROR:80:not authenticated\n");
    assert_eq!(Client::connect(&emulator).authenticate("ann", &token), ResultCode::SEC_USER);
    // One that is created again is somebody else.
    assert_eq!(create_user(&mut admin, "ann", "new", &["read"]), ResultCode::OK);
    assert_eq!(ann.call(&get("k")).code(), ResultCode::SEC_NOT_AUTHENTICATED);
    assert_eq!(Client::connect(&emulator).authenticate("ann", &token), ResultCode::SEC_EXPIRED_SESSION);
}

#[test]
fn external_users_and_users_of_certificates() {
    let external =
        UserConfig { mode: AuthMode::External, password: Secret("s3".into()), ..user("ext", &["read"]) };
    let pki = UserConfig { mode: AuthMode::Pki, ..user("pki", &["read"]) };
    let emulator = secured(vec![external, pki]);
    let mut client = Client::connect(&emulator);
    let mut login = |name: &str, password: &str, clear: bool| {
        let hash = hash(password);
        let mut fields = vec![(field::USER, name.as_bytes()), (field::CREDENTIAL, &hash[..])];
        if clear {
            fields.push((field::CLEAR_PASSWORD, password.as_bytes()));
        }
        client.code(command::LOGIN, &fields)
    };
    assert_eq!(login("ext", "s3", true), ResultCode::OK);
    assert_eq!(login("ext", "s4", true), ResultCode::LDAP_AUTHENTICATION);
    assert_eq!(login("ext", "s3", false), ResultCode::SEC_CREDENTIAL);
    assert_eq!(login("bob", "s3", true), ResultCode::LDAP_AUTHENTICATION);
    assert_eq!(login("admin", "admin", true), ResultCode::OK, "internal users may log in this way");
    assert_eq!(login("pki", "nopassword", false), ResultCode::SEC_CREDENTIAL);
    let emulator = secured(Vec::new());
    let fields = [(field::USER, &b"bob"[..]), (field::CLEAR_PASSWORD, &b"s3"[..])];
    assert_eq!(Client::connect(&emulator).code(command::LOGIN, &fields), ResultCode::LDAP_NOT_CONFIGURED);
}

#[test]
fn user_commands_and_their_codes() {
    let (emulator, mut admin) = administered();
    assert_eq!(roles_of(&mut admin, "admin").unwrap(), ["user-admin"]);
    assert_eq!(
        create_user(&mut admin, "ann", "admin", &["read-write", "sys-admin", "read", "read"]),
        ResultCode::OK
    );
    assert_eq!(roles_of(&mut admin, "ann").unwrap(), ["read", "read-write", "sys-admin"]);
    assert_eq!(create_user(&mut admin, "ann", "x", &["read"]), ResultCode::SEC_USER_EXISTS);
    assert_eq!(create_user(&mut admin, "", "x", &["read"]), ResultCode::SEC_USER);
    assert_eq!(create_user(&mut admin, &"u".repeat(64), "x", &["read"]), ResultCode::SEC_USER);
    assert_eq!(create_user(&mut admin, "ben", "x", &[""]), ResultCode::SEC_ROLE);
    assert_eq!(create_user(&mut admin, "ben", "x", &[&"r".repeat(64)]), ResultCode::SEC_ROLE);
    let odd = "!#Q#AEQ@#$%&^*((^&*~~~````";
    assert_eq!(create_user(&mut admin, odd, "", &[]), ResultCode::OK);
    assert_eq!(roles_of(&mut admin, odd).unwrap(), [""; 0]);
    assert_eq!(Client::connect(&emulator).login(odd, "").map(|_| ()), Ok(()));
    for password in [None, Some(&b"clear"[..])] {
        let mut fields = vec![(field::USER, &b"ben"[..])];
        fields.extend(password.map(|password| (field::PASSWORD, password)));
        assert_eq!(admin.code(command::CREATE_USER, &fields), ResultCode::SEC_PASSWORD);
    }

    let mut change = |command, name: &str, names: &[&str]| {
        admin.code(command, &[(field::USER, name.as_bytes()), (field::ROLES, &roles(names))])
    };
    assert_eq!(change(command::REVOKE_ROLES, "ann", &["read", "sys-admin"]), ResultCode::OK);
    assert_eq!(change(command::REVOKE_ROLES, "ann", &["write"]), ResultCode::OK, "one not held");
    assert_eq!(change(command::GRANT_ROLES, "ann", &["read-write", "truncate"]), ResultCode::OK);
    for command in [command::GRANT_ROLES, command::REVOKE_ROLES] {
        assert_eq!(change(command, "bob", &["read"]), ResultCode::SEC_USER);
        assert_eq!(change(command, "", &["read"]), ResultCode::SEC_USER);
        assert_eq!(change(command, "ann", &[]), ResultCode::SEC_ROLE);
        assert_eq!(change(command, "ann", &["read", ""]), ResultCode::SEC_ROLE);
    }
    assert_eq!(roles_of(&mut admin, "ann").unwrap(), ["read-write", "truncate"]);
    for command in [command::GRANT_ROLES, command::REVOKE_ROLES] {
        assert_eq!(admin.code(command, &[(field::USER, b"ann")]), ResultCode::SEC_ROLE);
    }

    assert_eq!(roles_of(&mut admin, "bob"), Err(ResultCode::SEC_USER));
    assert_eq!(roles_of(&mut admin, ""), Err(ResultCode::SEC_USER));
    assert_eq!(admin.code(command::DROP_USER, &[(field::USER, b"ann")]), ResultCode::OK);
    assert_eq!(admin.code(command::DROP_USER, &[(field::USER, b"ann")]), ResultCode::SEC_USER);
    assert_eq!(admin.code(command::DROP_USER, &[]), ResultCode::SEC_USER);
    assert_eq!(roles_of(&mut admin, "ann"), Err(ResultCode::SEC_USER));
}

#[test]
fn a_configuration_names_roles_that_there_are() {
    let security = SecurityConfig { users: vec![user("ann", &["raed"])], ..SecurityConfig::default() };
    let config =
        aerospike_emulator::config::Config { port: 0, security: Some(security), ..Default::default() };
    let refused = Emulator::start(config).unwrap_err().to_string();
    assert!(refused.contains(&format!("user 'ann': {}", ResultCode::SEC_ROLE)), "{refused}");
}

/// As the Node.js client's own tests do.
#[test]
fn roles_may_be_granted_before_they_are_made() {
    let (emulator, mut admin) = administered();
    assert_eq!(create_user(&mut admin, "ann", "admin", &["later", "never"]), ResultCode::OK);
    assert_eq!(roles_of(&mut admin, "ann").unwrap(), ["later", "never"]);
    let mut ann = logged_in(&emulator, "ann");
    assert_eq!(ann.call(&get("k")).code(), ResultCode::SEC_ROLE_VIOLATION, "they permit nothing yet");
    let later = (field::ROLE, &b"later"[..]);
    assert_eq!(admin.query_admin(command::QUERY_ROLES, &[later]), Err(ResultCode::SEC_ROLE));
    let list = privileges(&[(11, "", "")]);
    assert_eq!(admin.code(command::CREATE_ROLE, &[later, (field::PRIVILEGES, &list)]), ResultCode::OK);
    assert_eq!(ann.call(&get("k")).code(), ResultCode::NOT_FOUND);

    let mut change = |command, names: &[&str]| {
        admin.code(command, &[(field::USER, b"ann"), (field::ROLES, &roles(names))])
    };
    assert_eq!(change(command::GRANT_ROLES, &["other"]), ResultCode::OK);
    assert_eq!(change(command::REVOKE_ROLES, &["never", "absent"]), ResultCode::OK);
    assert_eq!(roles_of(&mut admin, "ann").unwrap(), ["later", "other"]);
    let many: Vec<_> = (0..255).map(|number| format!("role{number}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(create_user(&mut admin, "ben", "x", &many), ResultCode::OK);
    let grant = [(field::USER, &b"ben"[..]), (field::ROLES, &roles(&["read"])[..])];
    assert_eq!(admin.code(command::GRANT_ROLES, &grant), ResultCode::SEC_ROLE, "there is room for 255");
    assert_eq!(roles_of(&mut admin, "ben").unwrap().len(), 255);
}

#[test]
fn passwords() {
    let (emulator, mut admin) = administered();
    assert_eq!(create_user(&mut admin, "ann", "admin", &["read-write"]), ResultCode::OK);
    let mut ann = logged_in(&emulator, "ann");
    let (right, wrong, new) = (hash("admin"), hash("wrong"), hash("new"));
    let change = |client: &mut Client, name: &str, old: &[u8], new: &[u8]| {
        let fields = [(field::USER, name.as_bytes()), (field::OLD_PASSWORD, old), (field::PASSWORD, new)];
        client.code(command::CHANGE_PASSWORD, &fields)
    };
    assert_eq!(change(&mut ann, "ann", &wrong, &new), ResultCode::SEC_PASSWORD);
    assert_eq!(change(&mut ann, "ann", &right, b"clear"), ResultCode::SEC_PASSWORD);
    assert_eq!(change(&mut ann, "admin", &right, &new), ResultCode::SEC_ROLE_VIOLATION);
    assert_eq!(change(&mut ann, "ann", &right, &new), ResultCode::OK);
    assert_eq!(Client::connect(&emulator).login("ann", "admin"), Err(ResultCode::SEC_CREDENTIAL));
    assert!(Client::connect(&emulator).login("ann", "new").is_ok());
    // An administrator's client sends its own password as the old one.
    assert_eq!(change(&mut admin, "ann", &right, &wrong), ResultCode::OK);
    assert!(Client::connect(&emulator).login("ann", "wrong").is_ok());
    assert_eq!(change(&mut admin, "bob", &right, &new), ResultCode::SEC_USER);

    let mut set = |name: &str, new: Option<&[u8]>| {
        let mut fields = vec![(field::USER, name.as_bytes())];
        fields.extend(new.map(|new| (field::PASSWORD, new)));
        admin.code(command::SET_PASSWORD, &fields)
    };
    assert_eq!(set("ann", Some(&new)), ResultCode::OK);
    assert_eq!(set("bob", Some(&new)), ResultCode::SEC_USER);
    assert_eq!(set("ann", None), ResultCode::SEC_PASSWORD);
    assert_eq!(set("ann", Some(NO_PASSWORD_HASH.as_bytes())), ResultCode::SEC_FORBIDDEN_PASSWORD);

    let no_password = NO_PASSWORD_HASH.as_bytes();
    let fields =
        [(field::USER, &b"pki"[..]), (field::PASSWORD, no_password), (field::ROLES, &roles(&["read"]))];
    assert_eq!(admin.code(command::CREATE_USER, &fields), ResultCode::OK);
    assert_eq!(Client::connect(&emulator).login("pki", "nopassword"), Err(ResultCode::SEC_CREDENTIAL));
    let fields = [(field::USER, &b"pki"[..]), (field::PASSWORD, &new[..])];
    assert_eq!(admin.code(command::SET_PASSWORD, &fields), ResultCode::SEC_FORBIDDEN_PASSWORD);
}

#[test]
fn what_queries_tell_of_users() {
    let (emulator, mut admin) = administered();
    assert_eq!(create_user(&mut admin, "idle", "admin", &["read"]), ResultCode::OK);
    let tell = |client: &mut Client, name: &str| {
        let (users, _) = client.query_admin(command::QUERY_USERS, &[(field::USER, name.as_bytes())]).unwrap();
        users.into_iter().next().unwrap()
    };
    let idle = tell(&mut admin, "idle");
    let zeros = [&[4][..], &[0; 16]].concat();
    assert_eq!(value(&idle, field::READ_INFO), Some(&zeros[..]));
    assert_eq!(value(&idle, field::WRITE_INFO), Some(&zeros[..]));
    assert_eq!(value(&idle, field::CONNECTIONS), Some(&[0; 4][..]));
    let (one, mut two) = (logged_in(&emulator, "idle"), logged_in(&emulator, "idle"));
    assert_eq!(value(&tell(&mut admin, "idle"), field::CONNECTIONS), Some(&[0, 0, 0, 2][..]));
    // Without administering users, one sees oneself.
    assert_eq!(value(&tell(&mut two, "idle"), field::USER), Some(&b"idle"[..]));
    assert_eq!(roles_of(&mut two, "admin"), Err(ResultCode::SEC_ROLE_VIOLATION));
    let all = two.query_admin(command::QUERY_USERS, &[]);
    assert_eq!(all, Err(ResultCode::SEC_ROLE_VIOLATION));
    drop(one);
    for _ in 0..100 {
        if value(&tell(&mut admin, "idle"), field::CONNECTIONS) == Some(&[0, 0, 0, 1][..]) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("a closed connection is still counted");
}

#[test]
fn many_users_take_several_frames() {
    let users = (0..600).map(|i| user(&format!("user-{i:03}"), &["read", "write"])).collect();
    let emulator = secured(users);
    let mut admin = logged_in(&emulator, "admin");
    let (users, frames) = admin.query_admin(command::QUERY_USERS, &[]).unwrap();
    let names: Vec<_> = users.iter().map(|user| value(user, field::USER).unwrap().to_vec()).collect();
    assert_eq!(names.len(), 601);
    assert!(names.is_sorted() && frames > 2, "{frames} frames");
}

#[test]
fn predefined_roles() {
    let (_emulator, mut admin) = administered();
    let (all, _) = admin.query_admin(command::QUERY_ROLES, &[]).unwrap();
    let names: Vec<_> = all
        .iter()
        .map(|role| String::from_utf8(value(role, field::ROLE).unwrap().to_vec()).unwrap())
        .collect();
    assert_eq!(
        names.join(" "),
        "data-admin read read-write read-write-udf sindex-admin sys-admin truncate udf-admin user-admin write"
    );
    for (name, code) in aerospike_emulator::security::PRIVILEGES {
        let named = (field::ROLE, name.as_bytes());
        let (role, _) = admin.query_admin(command::QUERY_ROLES, &[named]).unwrap();
        let own = privileges(&[(code, "", "")]);
        assert_eq!(role, [vec![(field::ROLE, name.as_bytes().to_vec()), (field::PRIVILEGES, own.clone())]]);
        let other = privileges(&[(privilege::TRUNCATE, "", "")]);
        let exists = admin.code(command::CREATE_ROLE, &[named, (field::PRIVILEGES, &other)]);
        assert_eq!(exists, ResultCode::SEC_ROLE_EXISTS);
        for command in [command::DROP_ROLE, command::GRANT_PRIVILEGES, command::SET_WHITELIST] {
            let code = admin.code(command, &[named, (field::PRIVILEGES, &other)]);
            assert_eq!(code, ResultCode::SEC_ROLE, "{name}");
        }
    }
}

#[test]
fn role_commands_and_their_codes() {
    let (_emulator, mut admin) = administered();
    assert_eq!(create_user(&mut admin, "ann", "admin", &[]), ResultCode::OK);
    let list = privileges(&[(4, "", ""), (12, "test", "demo"), (13, "test", "")]);
    let r1 = (field::ROLE, &b"r1"[..]);
    let whitelist = (field::WHITELIST, &b"10.0.0.0/8,127.0.0.1"[..]);
    let mut run = |command, fields: &[(u8, &[u8])]| admin.code(command, fields);
    assert_eq!(run(command::CREATE_ROLE, &[r1, (field::PRIVILEGES, &list), whitelist]), ResultCode::OK);
    assert_eq!(run(command::CREATE_ROLE, &[r1, (field::PRIVILEGES, &list)]), ResultCode::SEC_ROLE_EXISTS);
    let r2 = (field::ROLE, &b"r2"[..]);
    for (fields, code) in [
        (vec![r2], 72),
        (vec![r2, (field::PRIVILEGES, &[0][..])], 72),
        (vec![r2, (field::PRIVILEGES, &[1, 64, 0, 0])], 72),
        (vec![r2, (field::PRIVILEGES, &[1, 5])], 72),
        (vec![r2, (field::PRIVILEGES, &[1, 10, 0, 1, b's'])], 72),
        (vec![r2, (field::PRIVILEGES, &[2, 1])], 55),
        (vec![r2, (field::PRIVILEGES, &[1, 10, 200, 1])], 55),
        (vec![r2, (field::PRIVILEGES, &[1, 1]), (field::WHITELIST, b"bad_IP")], 73),
        (vec![r2, (field::PRIVILEGES, &[1, 1]), (field::READ_QUOTA, &[0, 0, 0, 9])], 74),
        (vec![r2, (field::PRIVILEGES, &[1, 1]), (field::READ_QUOTA, &[9])], 75),
        (vec![(field::PRIVILEGES, &[1, 1])], 70),
        (vec![(field::ROLE, &[b'r'; 64]), (field::PRIVILEGES, &[1, 1])], 70),
        (vec![(field::ROLE, &[b'r'; 5000]), (field::PRIVILEGES, &[1, 1])], 70),
        // Zero asks for no quota, and the largest number for none in particular.
        (vec![r2, (field::PRIVILEGES, &[1, 1]), (field::WRITE_QUOTA, &[0; 4])], 0),
        (vec![(field::ROLE, b"r3"), whitelist], 0),
    ] {
        assert_eq!(run(command::CREATE_ROLE, &fields), ResultCode(code), "{fields:?}");
    }
    let more = privileges(&[(13, "test", ""), (11, "", "")]);
    assert_eq!(run(command::GRANT_PRIVILEGES, &[r1, (field::PRIVILEGES, &more)]), ResultCode::OK);
    let less = privileges(&[(12, "test", "demo"), (10, "", "")]);
    assert_eq!(run(command::REVOKE_PRIVILEGES, &[r1, (field::PRIVILEGES, &less)]), ResultCode::OK);
    for command in [command::GRANT_PRIVILEGES, command::REVOKE_PRIVILEGES] {
        for (fields, code) in [
            (vec![r1], 72),
            (vec![r1, (field::PRIVILEGES, &[0][..])], 72),
            (vec![r1, (field::PRIVILEGES, &[1, 64, 0, 0])], 72),
            (vec![(field::ROLE, b"none"), (field::PRIVILEGES, &[1, 1])], 70),
        ] {
            assert_eq!(run(command, &fields), ResultCode(code), "{command} {fields:?}");
        }
    }
    assert_eq!(run(command::SET_WHITELIST, &[r1, (field::WHITELIST, b"::1")]), ResultCode::OK);
    assert_eq!(run(command::SET_WHITELIST, &[r1, (field::WHITELIST, b"bad_IP")]), ResultCode::SEC_WHITELIST);
    assert_eq!(run(command::SET_WHITELIST, &[(field::ROLE, b"none")]), ResultCode::SEC_ROLE);
    assert_eq!(
        run(command::SET_QUOTAS, &[r1, (field::READ_QUOTA, &[0; 4])]),
        ResultCode::SEC_QUOTAS_NOT_ENABLED
    );
    assert_eq!(run(command::SET_QUOTAS, &[(field::ROLE, b"none")]), ResultCode::SEC_ROLE);

    let left = privileges(&[(4, "", ""), (13, "test", ""), (11, "", "")]);
    let told = admin.query_admin(command::QUERY_ROLES, &[r1]).unwrap().0;
    let expected = [(field::ROLE, &b"r1"[..]), (field::PRIVILEGES, &left), (field::WHITELIST, b"::1")];
    assert_eq!(told, [expected.map(|(id, value)| (id, value.to_vec())).to_vec()]);
    // Old clients of one kind send a whitelist under another id.
    assert_eq!(admin.code(command::SET_WHITELIST, &[r1, (field::READ_QUOTA, b",1.2.3.4")]), ResultCode::OK);
    let told = admin.query_admin(command::QUERY_ROLES, &[r1]).unwrap().0;
    assert_eq!(value(&told[0], field::WHITELIST), Some(&b"1.2.3.4"[..]));
    assert_eq!(admin.code(command::SET_WHITELIST, &[r1]), ResultCode::OK);
    let told = admin.query_admin(command::QUERY_ROLES, &[r1]).unwrap().0;
    assert_eq!(value(&told[0], field::WHITELIST), None);

    let grant = [(field::USER, &b"ann"[..]), (field::ROLES, &roles(&["r1", "r2"])[..])];
    assert_eq!(admin.code(command::GRANT_ROLES, &grant), ResultCode::OK);
    assert_eq!(admin.code(command::DROP_ROLE, &[r1]), ResultCode::OK);
    assert_eq!(admin.code(command::DROP_ROLE, &[r1]), ResultCode::SEC_ROLE);
    assert_eq!(admin.query_admin(command::QUERY_ROLES, &[r1]), Err(ResultCode::SEC_ROLE));
    assert_eq!(roles_of(&mut admin, "ann").unwrap(), ["r2"]);
}

#[test]
fn only_administrators_of_users_administer_them() {
    let emulator = secured(vec![user("sys", &["sys-admin", "read-write-udf"])]);
    let mut sys = logged_in(&emulator, "sys");
    for command in [1, 2, 3, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16] {
        assert_eq!(sys.code(command, &[(field::ROLE, b"read")]), ResultCode::SEC_ROLE_VIOLATION, "{command}");
    }
    for command in [7, 8, 17, 18, 19, 21, 255] {
        assert_eq!(sys.code(command, &[]), ResultCode::SEC_COMMAND, "{command}");
    }
}

#[test]
fn malformed_admin_frames() {
    let (_emulator, mut admin) = administered();
    admin.send(&SPOILED);
    assert_eq!(admin.admin_reply().0, ResultCode::SEC_FIELD, "nine fields announced, none there");
    admin.send(&[2, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(admin.admin_reply().0, ResultCode::SEC_FIELD);
    let mut scheme = frame(command::QUERY_USERS, &[]);
    scheme[8] = 1;
    admin.send(&scheme);
    assert_eq!(admin.admin_reply().0, ResultCode::SEC_SCHEME);
    let unknown = [(200, &b"?"[..]), (19, b"?"), (field::USER, b"admin")];
    assert!(admin.query_admin(command::QUERY_USERS, &unknown).is_ok(), "unknown fields are passed over");
    let cut = [(field::USER, &b"ann"[..]), (field::PASSWORD, &hash("x")), (field::ROLES, &[2, 4, b'r'][..])];
    assert_eq!(admin.code(command::CREATE_USER, &cut), ResultCode::SEC_FIELD);
    // Requests may be sent without waiting for replies, also of other kinds.
    let mut all = frame(command::SET_PASSWORD, &[]);
    all.extend(get("k"));
    all.extend(frame(command::DROP_ROLE, &[]));
    admin.send(&all);
    assert_eq!(admin.admin_reply().0, ResultCode::SEC_USER);
    assert_eq!(admin.reply().code(), ResultCode::SEC_ROLE_VIOLATION);
    assert_eq!(admin.admin_reply().0, ResultCode::SEC_ROLE);
}

#[test]
fn whitelists() {
    let far = RoleConfig {
        name: "far".into(),
        privileges: vec![Privilege::global(privilege::READ)],
        whitelist: Whitelist::from_text(b"123.4.5.6").unwrap(),
        ..RoleConfig::default()
    };
    let near = RoleConfig {
        name: "near".into(),
        whitelist: Whitelist::from_text(b"127.0.0.0/8").unwrap(),
        ..far.clone()
    };
    let emulator = start(|config| {
        config.security = Some(SecurityConfig {
            users: vec![user("far", &["far"]), user("both", &["far", "near", "write"])],
            roles: vec![far, near],
            ..SecurityConfig::default()
        });
    });
    let refused = ResultCode::SEC_NOT_WHITELISTED;
    assert_eq!(Client::connect(&emulator).login("far", "admin"), Err(refused));
    let mut both = Client::connect(&emulator);
    let token = both.login("both", "admin").unwrap();
    assert_eq!(both.call(&get("k")).code(), ResultCode::NOT_FOUND);
    let mut admin = logged_in(&emulator, "admin");
    let fields = [(field::ROLE, &b"near"[..]), (field::WHITELIST, b"9.9.9.9")];
    assert_eq!(admin.code(command::SET_WHITELIST, &fields), ResultCode::OK);
    assert_eq!(both.call(&get("k")).code(), refused);
    assert_eq!(both.info("node\n"), "node\tERROR:82:unexpected security result\n");
    assert_eq!(both.code(command::QUERY_USERS, &[(field::USER, b"both")]), refused);
    assert_eq!(Client::connect(&emulator).authenticate("both", &token), refused);
}

#[test]
fn quotas() {
    let slow = RoleConfig {
        name: "slow".into(),
        privileges: vec![Privilege::global(privilege::READ_WRITE)],
        read_quota: 5,
        write_quota: 3,
        ..RoleConfig::default()
    };
    let emulator = start(|config| {
        config.security = Some(SecurityConfig {
            users: vec![user("slow", &["slow"]), user("free", &["read-write"])],
            roles: vec![slow],
            enable_quotas: true,
            ..SecurityConfig::default()
        });
    });
    emulator.clock().freeze();
    let mut slow = logged_in(&emulator, "slow");
    let exceeded = ResultCode::SEC_QUOTA_EXCEEDED;
    let mut writes = || {
        let codes: Vec<_> = (0..20).map(|_| slow.call(&put("k", "a", Value::Int(1))).code()).collect();
        assert!(codes.iter().all(|code| matches!(*code, ResultCode::OK | ResultCode::SEC_QUOTA_EXCEEDED)));
        codes.iter().filter(|code| code.is_ok()).count()
    };
    assert_eq!(writes(), 6, "three a second, averaged over two");
    assert_eq!(writes(), 0);
    emulator.clock().advance(Duration::from_secs(2)).unwrap();
    assert_eq!(writes(), 6);
    assert_eq!(slow.call(&get("k")).code(), ResultCode::OK, "reads have a quota of their own");

    let read = Header { info1: 3, ..Header::default() };
    let rows: Vec<_> = (0..12).map(|i| row(i, "k", read, &[])).collect();
    slow.send(&batch(4, &rows));
    let (rows, end) = slow.rows();
    assert_eq!(end, ResultCode::OK);
    assert_eq!(rows.iter().filter(|row| row.code() == exceeded).count(), 3);

    emulator.clock().advance(Duration::from_secs(60)).unwrap();
    assert_eq!(slow.call(&query(b"set")).code(), exceeded, "a query without a limit");
    let header = Header { info1: 1, info3: info3::PARTITION_DONE, ..Header::default() };
    let limit = |records: u32| [(aerospike_wire::field::RECORDS_PER_SECOND, records.to_be_bytes())];
    let limited =
        |records| query_with(b"set", header, &limit(records).each_ref().map(|(id, value)| (*id, &value[..])));
    assert_eq!(slow.call(&limited(6)).code(), exceeded);
    // A query without partitions to look at is refused for that, when the quota lets it through.
    assert_eq!(slow.call(&limited(5)).code(), ResultCode::UNSUPPORTED_FEATURE);

    let mut admin = logged_in(&emulator, "admin");
    let role = (field::ROLE, &b"slow"[..]);
    let told = |admin: &mut Client| {
        let (role, _) = admin.query_admin(command::QUERY_ROLES, &[role]).unwrap();
        [field::READ_QUOTA, field::WRITE_QUOTA]
            .map(|id| value(&role[0], id).map_or(0, |value| u32::from_be_bytes(value.try_into().unwrap())))
    };
    assert_eq!(told(&mut admin), [5, 3]);
    let mut set = |read: Option<u32>, write: Option<u32>| {
        let (read, write) = (read.map(u32::to_be_bytes), write.map(u32::to_be_bytes));
        let mut fields = vec![role];
        fields.extend(read.iter().map(|value| (field::READ_QUOTA, &value[..])));
        fields.extend(write.iter().map(|value| (field::WRITE_QUOTA, &value[..])));
        assert_eq!(admin.code(command::SET_QUOTAS, &fields), ResultCode::OK);
        told(&mut admin)
    };
    assert_eq!(set(Some(u32::MAX), Some(u32::MAX)), [5, 3]);
    assert_eq!(set(Some(250), None), [250, 3]);
    assert_eq!(set(None, Some(0)), [250, 0]);
    assert_eq!(set(Some(0xFFFF_FFEC), Some(4)), [0xFFFF_FFEC, 4]);
    assert_eq!(set(Some(0), Some(0)), [0, 0]);
    let mut free = logged_in(&emulator, "free");
    for _ in 0..30 {
        assert_eq!(free.call(&put("k", "a", Value::Int(1))).code(), ResultCode::OK);
    }
    assert!(free.info("features\n").contains(";security;quotas"));
}
