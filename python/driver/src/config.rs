//! The configuration dict (python-api §2.1, §2.2). Read at `connect()`; the caller's dict is never changed.

use crate::errors;
use crate::tls;
use crate::value::type_name;
use aerospike_client_core::ClusterConfig;
use aerospike_client_core::admin::AuthMode;
use aerospike_client_core::cluster::{PoolLimits, info};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use std::time::Duration;

/// Port of a host that names none.
const DEFAULT_PORT: u16 = 3000;

/// What `connect()` needs.
#[derive(Debug)]
pub struct Config {
    /// For the core.
    pub cluster: ClusterConfig,
    /// Keys of type bytes hash as blobs, not as strings.
    pub bytes_as_blob: bool,
    /// Most operations at a time; 0: no limit.
    pub most_operations: usize,
    /// How long an operation waits for its turn; zero: as long as it takes.
    pub patience: Duration,
    /// Who connects, if anybody in particular.
    pub credentials: Option<Credentials>,
}

/// Who a client is and how it proves it.
pub struct Credentials {
    /// How.
    pub mode: AuthMode,
    /// User name.
    pub user: String,
    /// Password, in clear.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("mode", &self.mode)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Reads a configuration; a user name passed to `connect()` wins over the configured one.
///
/// # Errors
/// As python-api §2.2 tables them.
pub fn parse(
    config: &Bound<'_, PyAny>,
    username: Option<String>,
    password: Option<String>,
) -> PyResult<Config> {
    if username.is_some() && password.is_none() {
        return Err(errors::client("Password is required when username is provided."));
    }
    let Ok(config) = config.cast::<PyDict>() else {
        let name = type_name(&config.get_type());
        return Err(PyTypeError::new_err(format!(
            "config must be a dict: '{name}' object is not an instance of 'dict'"
        )));
    };
    let hosts =
        config.get_item("hosts")?.ok_or_else(|| PyValueError::new_err("config must contain 'hosts' key"))?;
    let millis = |name: &str, default: u32| -> PyResult<Duration> {
        let value = config.get_item(name)?.map(|value| value.extract::<u32>()).transpose()?;
        Ok(Duration::from_millis(value.unwrap_or(default) as u64))
    };
    let count = |name: &str, default: usize| -> PyResult<usize> {
        let value = config.get_item(name)?.map(|value| value.extract::<usize>()).transpose()?;
        Ok(value.unwrap_or(default))
    };
    let text = |name: &str| -> PyResult<Option<String>> {
        config.get_item(name)?.filter(|value| !value.is_none()).map(|value| value.extract()).transpose()
    };
    let racks = match config.get_item("rack_ids")? {
        Some(racks) => racks.extract::<Vec<u32>>()?,
        None => Vec::new(),
    };
    let bytes_as_blob = match text("bytes_key_type")?.as_deref() {
        None | Some("string") => false,
        Some("blob") => true,
        Some(other) => {
            return Err(PyValueError::new_err(format!(
                "bytes_key_type must be 'string' or 'blob', not '{other}'"
            )));
        }
    };
    let (user, given) = (username.or(text("user")?), password.or(text("password")?));
    let credentials = match user {
        Some(user) => {
            let mode = match config.get_item("auth_mode")?.map(|mode| mode.extract::<i64>()).transpose()? {
                None | Some(0) => AuthMode::Internal,
                Some(1) => AuthMode::External,
                Some(2) => AuthMode::Pki,
                Some(other) => {
                    return Err(PyValueError::new_err(format!(
                        "auth_mode must be AUTH_INTERNAL, AUTH_EXTERNAL or AUTH_PKI, not {other}"
                    )));
                }
            };
            Some(Credentials { mode, user, password: given.unwrap_or_default() })
        }
        None => None,
    };
    let tls = config.get_item("tls")?.map(|tls| tls::parse(&tls)).transpose()?.flatten();
    let (hosts, tls_names) = parse_hosts(&hosts, tls.is_some())?;
    Ok(Config {
        cluster: ClusterConfig {
            hosts,
            tls_names,
            tls,
            cluster_name: text("cluster_name")?,
            timeout: millis("timeout", 30_000)?,
            limits: PoolLimits {
                max: count("max_conns_per_node", 256)?,
                min: count("min_conns_per_node", 0)?,
                idle: millis("idle_timeout", 30_000)?,
            },
            tend_interval: millis("tend_interval", 1_000)?,
            use_services_alternate: match config.get_item("use_services_alternate")? {
                Some(value) => value.extract()?,
                None => false,
            },
            racks,
            login: None,
            open_minimum: true,
            user_agent: concat!("aerospike-emulator-driver-", env!("CARGO_PKG_VERSION")).to_owned(),
        },
        bytes_as_blob,
        most_operations: count("max_concurrent_operations", 0)?,
        patience: Duration::from_millis(
            config.get_item("operation_queue_timeout_ms")?.map_or(Ok(0), |value| value.extract::<u64>())?,
        ),
        credentials,
    })
}

/// A host with its port.
type Host = (String, u16);

/// Hosts, and the names that their certificates must have.
fn parse_hosts(hosts: &Bound<'_, PyAny>, encrypted: bool) -> PyResult<(Vec<Host>, Vec<Option<String>>)> {
    let Ok(hosts) = hosts.cast::<PyList>() else {
        let name = type_name(&hosts.get_type());
        return Err(PyTypeError::new_err(format!(
            "'hosts' must be a list: '{name}' object is not an instance of 'list'"
        )));
    };
    if hosts.is_empty() {
        return Err(PyValueError::new_err("'hosts' must not be empty"));
    }
    let mut names = Vec::new();
    for host in hosts {
        // A third element is a certificate's name; without encryption it means nothing.
        let name = host.cast::<PyTuple>().ok().filter(|host| encrypted && host.len() > 2);
        names.push(name.map(|host| host.get_item(2)?.extract::<Option<String>>()).transpose()?.flatten());
    }
    Ok((hosts.iter().map(|host| parse_host(&host)).collect::<PyResult<_>>()?, names))
}

fn parse_host(host: &Bound<'_, PyAny>) -> PyResult<(String, u16)> {
    if let Ok(text) = host.cast::<PyString>() {
        let text = text.to_str()?;
        return info::host_port(text, DEFAULT_PORT)
            .ok_or_else(|| PyValueError::new_err(format!("Invalid port in host string '{text}'")));
    }
    let Ok(host) = host.cast::<PyTuple>() else {
        return Err(PyTypeError::new_err("Host must be a (host, port) tuple or a string"));
    };
    if host.is_empty() {
        return Err(PyValueError::new_err("Host tuple must not be empty"));
    }
    let name = host.get_item(0)?.extract()?;
    let port = if host.len() > 1 { host.get_item(1)?.extract()? } else { DEFAULT_PORT };
    Ok((name, port))
}
