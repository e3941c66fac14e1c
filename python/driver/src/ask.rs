//! Requests to one node that are not about a record: info, users and roles, background queries.
//!
//! What such commands mean is written in Python, once for both clients; here is what they travel by.

use crate::errors;
use aerospike_client_core::admin::{self, Entry, Privilege, Request};
use aerospike_client_core::cluster::{Node, info};
use aerospike_client_core::policy::Policy;
use aerospike_client_core::reply::{Expect, Inbox};
use aerospike_client_core::retry::Execution;
use aerospike_client_core::{Cluster, ErrorKind};
use aerospike_wire::ResultCode;
use aerospike_wire::admin::{command, field};
use aerospike_wire::proto::FrameType;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What is sent to a node and what its reply becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Info commands; `(node name, text)`.
    Info,
    /// A command about users or roles; None.
    Admin,
    /// A question about users or roles; a list of dicts.
    Records,
    /// A message that is only acknowledged; None.
    Message,
}

impl Kind {
    fn parse(name: &str) -> PyResult<Kind> {
        Ok(match name {
            "info" => Kind::Info,
            "admin" => Kind::Admin,
            "records" => Kind::Records,
            "message" => Kind::Message,
            other => return Err(PyValueError::new_err(format!("no kind of request: {other}"))),
        })
    }

    fn expect(self) -> Expect {
        match self {
            Kind::Info => Expect::Frame(FrameType::Info),
            Kind::Admin => Expect::Frame(FrameType::Admin),
            Kind::Records => Expect::Records,
            Kind::Message => Expect::Query,
        }
    }
}

/// A request to one node.
pub struct Question {
    /// What its reply becomes.
    pub kind: Kind,
    /// Whom.
    pub node: Arc<Node>,
    /// The retry loop, of one attempt.
    pub run: Execution,
    /// When the reply is complete.
    pub expect: Expect,
}

impl Question {
    /// A question to a node by its name, or to any.
    ///
    /// # Errors
    /// `ClusterError` when there is no such node.
    pub fn new(cluster: &Cluster, kind: &str, node: Option<&str>, timeout_ms: u32) -> PyResult<Question> {
        static TURN: AtomicUsize = AtomicUsize::new(0);
        let kind = Kind::parse(kind)?;
        let view = cluster.view();
        let found = match node {
            Some(name) => view.node(name),
            None => {
                let count = view.nodes().count().max(1);
                view.nodes().nth(TURN.fetch_add(1, Ordering::Relaxed) % count)
            }
        };
        let Some(node) = found.cloned() else {
            let text =
                node.map_or_else(|| "the cluster has no node".to_owned(), |name| format!("no node '{name}'"));
            return Err(errors::from_core(ErrorKind::InvalidNode(text).into()));
        };
        let timeout = match timeout_ms {
            0 => cluster.config().timeout,
            millis => Duration::from_millis(millis as u64),
        };
        let policy =
            Policy { socket_timeout: timeout, total_timeout: timeout, max_retries: 0, ..Policy::default() };
        // Whether an administrator's command was carried out can be doubtful, too.
        let run = Execution::new(&policy, matches!(kind, Kind::Admin | Kind::Message), Instant::now());
        Ok(Question { kind, node, run, expect: kind.expect() })
    }
}

/// A reply as the result of its question.
///
/// # Errors
/// The server's refusal as an exception.
pub fn finish<'py>(
    py: Python<'py>,
    kind: Kind,
    node: &Node,
    inbox: &Inbox,
    run: &Execution,
) -> PyResult<Bound<'py, PyAny>> {
    let code = inbox.result();
    let ended = kind == Kind::Records && code == ResultCode::SEC_OK_LAST;
    if !(code.is_ok() || ended) {
        return Err(errors::from_core(run.error(ErrorKind::Server(code))));
    }
    match kind {
        Kind::Info => {
            let text = String::from_utf8_lossy(inbox.body());
            (node.name(), text).into_pyobject(py).map(Bound::into_any)
        }
        Kind::Admin | Kind::Message => Ok(py.None().into_bound(py)),
        Kind::Records => {
            let list = PyList::empty(py);
            for record in inbox.records() {
                let entry = Entry::parse(record).map_err(|kind| errors::from_core(kind.into()))?;
                list.append(entry_object(py, &entry)?)?;
            }
            Ok(list.into_any())
        }
    }
}

/// A user or role as the dict that callers get (python-api §13).
fn entry_object<'py>(py: Python<'py>, entry: &Entry) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    if let Some(user) = &entry.user {
        dict.set_item("user", user)?;
        dict.set_item("roles", &entry.roles)?;
        dict.set_item("conns_in_use", entry.connections)?;
        if !entry.read_info.is_empty() {
            dict.set_item("read_info", &entry.read_info)?;
        }
        if !entry.write_info.is_empty() {
            dict.set_item("write_info", &entry.write_info)?;
        }
        return Ok(dict);
    }
    // Both names are documented.
    dict.set_item("name", &entry.role)?;
    dict.set_item("role", &entry.role)?;
    let privileges = PyList::empty(py);
    for Privilege { code, namespace, set } in &entry.privileges {
        let privilege = PyDict::new(py);
        privilege.set_item("code", code)?;
        if !namespace.is_empty() {
            privilege.set_item("ns", namespace)?;
        }
        if !set.is_empty() {
            privilege.set_item("set", set)?;
        }
        privileges.append(privilege)?;
    }
    dict.set_item("privileges", privileges)?;
    dict.set_item("allowlist", &entry.whitelist)?;
    dict.set_item("read_quota", entry.read_quota)?;
    dict.set_item("write_quota", entry.write_quota)?;
    Ok(dict)
}

/// The frame of info commands.
#[pyfunction]
pub fn info_request<'py>(py: Python<'py>, commands: Vec<String>) -> Bound<'py, PyBytes> {
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    PyBytes::new(py, &info::request(&commands))
}

/// The form in which a password travels; takes some 50 ms.
#[pyfunction]
pub fn hash_password(py: Python<'_>, password: &str) -> PyResult<String> {
    py.detach(|| admin::hash_password(password)).map_err(|kind| errors::from_core(kind.into()))
}

/// The frame of a command about users or roles. Of `fields`, those that are None are left out.
#[pyfunction]
pub fn admin_request<'py>(
    py: Python<'py>,
    name: &str,
    fields: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyBytes>> {
    let id = match name {
        "create_user" => command::CREATE_USER,
        "drop_user" => command::DROP_USER,
        "set_password" => command::SET_PASSWORD,
        "change_password" => command::CHANGE_PASSWORD,
        "grant_roles" => command::GRANT_ROLES,
        "revoke_roles" => command::REVOKE_ROLES,
        "query_users" => command::QUERY_USERS,
        "create_role" => command::CREATE_ROLE,
        "drop_role" => command::DROP_ROLE,
        "grant_privileges" => command::GRANT_PRIVILEGES,
        "revoke_privileges" => command::REVOKE_PRIVILEGES,
        "set_whitelist" => command::SET_WHITELIST,
        "set_quotas" => command::SET_QUOTAS,
        "query_roles" => command::QUERY_ROLES,
        other => return Err(PyValueError::new_err(format!("no admin command: {other}"))),
    };
    let item = |name: &str| -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(fields.get_item(name)?.filter(|value| !value.is_none()))
    };
    let mut request = Request::new(id);
    for (id, name) in [
        (field::USER, "user"),
        (field::OLD_PASSWORD, "old_password"),
        (field::PASSWORD, "password"),
        (field::ROLE, "role"),
    ] {
        if let Some(value) = item(name)? {
            request = request.field(id, value.extract::<String>()?.as_bytes());
        }
    }
    let failed = |kind: ErrorKind| errors::from_core(kind.into());
    if let Some(roles) = item("roles")? {
        request = request.roles(&roles.extract::<Vec<String>>()?).map_err(failed)?;
    }
    if let Some(privileges) = item("privileges")? {
        let privileges: Vec<Privilege> = privileges
            .extract::<Vec<(u8, String, String)>>()?
            .into_iter()
            .map(|(code, namespace, set)| Privilege { code, namespace, set })
            .collect();
        request = request.privileges(&privileges).map_err(failed)?;
    }
    let whitelist = item("whitelist")?.map(|whitelist| whitelist.extract::<Vec<String>>()).transpose()?;
    if let Some(whitelist) = whitelist.filter(|whitelist| !whitelist.is_empty()) {
        request = request.field(field::WHITELIST, whitelist.join(",").as_bytes());
    }
    for (id, name) in [(field::READ_QUOTA, "read_quota"), (field::WRITE_QUOTA, "write_quota")] {
        if let Some(quota) = item(name)? {
            request = request.field(id, &quota.extract::<u32>()?.to_be_bytes());
        }
    }
    Ok(PyBytes::new(py, &request.frame()))
}
