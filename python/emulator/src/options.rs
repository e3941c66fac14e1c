//! From Python's keyword arguments to a server's configuration.

use aerospike_emulator::cluster::MAX_NODES;
use aerospike_emulator::config::{Config as ServerConfig, Edition, NamespaceConfig};
use aerospike_emulator::config_file;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyMapping, PyString};
use std::path::PathBuf;

/// A configuration that has been checked, ready to start servers with.
#[pyclass(frozen, module = "aerospike_emulator._native")]
pub struct Config {
    pub(crate) config: ServerConfig,
    warnings: Vec<String>,
}

#[pymethods]
impl Config {
    /// Reads options in the order in which they win over each other: defaults, file or text, arguments.
    #[new]
    #[pyo3(signature = (
        *, port, bind = None, advertise = None, edition = None, cluster_name = None, namespaces = None,
        default_ttl = None, config_file = None, config = None, service_threads = None, security = None,
        strong_consistency = false, tls = None, tls_port = 0, lua_unsafe = false, nodes = 1, racks = None, cluster_pace = None, seed = None,
    ))]
    #[allow(clippy::too_many_arguments)] // keyword arguments, one for each option
    fn new(
        port: i64,
        bind: Option<&str>,
        advertise: Option<String>,
        edition: Option<&str>,
        cluster_name: Option<String>,
        namespaces: Option<&Bound<'_, PyAny>>,
        default_ttl: Option<&Bound<'_, PyAny>>,
        config_file: Option<PathBuf>,
        config: Option<&str>,
        service_threads: Option<u32>,
        security: Option<bool>,
        strong_consistency: bool,
        tls: Option<PathBuf>,
        tls_port: u16,
        lua_unsafe: bool,
        nodes: u32,
        racks: Option<Vec<u32>>,
        cluster_pace: Option<f64>,
        seed: Option<u64>,
    ) -> PyResult<Config> {
        let mut settings = ServerConfig::default();
        let loaded = match (config_file, config) {
            (Some(_), Some(_)) => return Err(PyValueError::new_err("give config_file or config, not both")),
            (Some(path), None) => config_file::load(&path, &mut settings),
            (None, Some(text)) => config_file::parse(text, "config", &mut settings),
            (None, None) => Ok(Vec::new()),
        };
        let loaded = loaded.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let mut warnings: Vec<_> = loaded.iter().map(ToString::to_string).collect();
        settings.port = u16::try_from(port)
            .map_err(|_| PyValueError::new_err(format!("port is between 0 and 65535, not {port}")))?;
        if let Some(bind) = bind {
            let error = |_| PyValueError::new_err(format!("bind takes an IP address, not {bind:?}"));
            settings.bind = bind.parse().map_err(error)?;
        }
        if advertise.is_some() {
            settings.advertise = advertise;
        }
        if let Some(edition) = edition {
            settings.edition = edition_of(edition)?;
        }
        if let Some(name) = cluster_name {
            settings.cluster_name = name;
        }
        if let Some(namespaces) = namespaces {
            settings.namespaces = namespaces_of(namespaces, settings.namespaces)?;
        }
        if let Some(ttl) = default_ttl {
            let ttl = text_of(ttl)?;
            for namespace in &mut settings.namespaces {
                set(namespace, "default-ttl", &ttl)?;
                // Whoever asks for it here wants it to work; a file may mean what it says.
                if !namespace.may_expire() {
                    namespace.nsup_period = ServerConfig::default().namespaces[0].nsup_period;
                }
            }
        }
        if namespaces.is_some() {
            let doomed = settings.namespaces.iter().filter(|namespace| !namespace.may_expire());
            warnings.extend(doomed.map(|namespace| {
                format!(
                    "namespace {}: writes will fail: 'default-ttl' needs 'nsup-period' or 'allow-ttl-without-nsup'",
                    namespace.name
                )
            }));
        }
        if let Some(threads) = service_threads {
            settings.service_threads = threads;
        }
        if let Some(directory) = tls {
            settings.use_tls_directory(&directory);
            settings.tls_port = tls_port;
        }
        settings.lua_unsafe = lua_unsafe;
        if !(1..=MAX_NODES as u32).contains(&nodes) {
            return Err(PyValueError::new_err(format!("nodes is between 1 and {MAX_NODES}, not {nodes}")));
        }
        settings.nodes = nodes;
        settings.racks = racks.unwrap_or_default();
        if let Some(pace) = cluster_pace {
            if !(0.0..=1000.0).contains(&pace) {
                return Err(PyValueError::new_err(format!("cluster_pace is between 0 and 1000, not {pace}")));
            }
            settings.cluster_pace = (pace * 100.0).round() as u32;
        }
        settings.seed = seed;
        match security {
            Some(true) => {
                settings.security.get_or_insert_default();
            }
            Some(false) => settings.security = None,
            None => {}
        }
        if strong_consistency {
            settings.use_strong_consistency();
        }
        let is_strong = settings.namespaces.iter().any(|namespace| namespace.strong_consistency);
        if is_strong && settings.edition == Edition::Community {
            return Err(PyValueError::new_err("strong consistency needs the enterprise edition"));
        }
        if settings.security.is_some() && settings.edition == Edition::Community {
            return Err(PyValueError::new_err("security needs the enterprise edition"));
        }
        Ok(Config { config: settings, warnings })
    }

    /// One line for each setting that the emulator does not have, or that will not do what it should.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

fn edition_of(name: &str) -> PyResult<Edition> {
    match name {
        "community" => Ok(Edition::Community),
        "enterprise" => Ok(Edition::Enterprise),
        _ => Err(PyValueError::new_err(format!("edition is 'community' or 'enterprise', not {name:?}"))),
    }
}

/// Namespaces from names, or from a mapping of names to settings. Those that the configuration has already keep
/// what it says; new ones are like its first.
fn namespaces_of(given: &Bound<'_, PyAny>, known: Vec<NamespaceConfig>) -> PyResult<Vec<NamespaceConfig>> {
    if given.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("namespaces takes a list of names, not one string"));
    }
    let settings = given.cast::<PyMapping>().ok();
    let mut namespaces = Vec::<NamespaceConfig>::new();
    for name in given.try_iter()? {
        let name: String = name?.extract()?;
        config_file::check_namespace_name(&name)
            .map_err(|expected| PyValueError::new_err(format!("{expected}, not {name:?}")))?;
        if namespaces.iter().any(|other| other.name == name) {
            return Err(PyValueError::new_err(format!("namespace {name:?} is given twice")));
        }
        let like = known.iter().find(|other| other.name == name).or(known.first());
        let mut namespace = match like {
            Some(like) => NamespaceConfig { name: name.clone(), ..like.clone() },
            None => NamespaceConfig::new(name.as_str()),
        };
        if let Some(settings) = settings {
            let settings = settings.get_item(&name)?;
            for item in settings.cast::<PyMapping>()?.items()? {
                let (key, value): (String, Bound<'_, PyAny>) = item.extract()?;
                set(&mut namespace, &key.replace('_', "-"), &text_of(&value)?)?;
            }
        }
        namespaces.push(namespace);
    }
    if namespaces.is_empty() {
        return Err(PyValueError::new_err("namespaces is empty: a server has at least one"));
    }
    Ok(namespaces)
}

fn set(namespace: &mut NamespaceConfig, key: &str, value: &str) -> PyResult<()> {
    match config_file::set_namespace(namespace, key, value) {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(PyValueError::new_err(format!("namespace {}: unknown setting '{key}'", namespace.name)))
        }
        Err(expected) => Err(PyValueError::new_err(format!(
            "namespace {}: '{key}' takes {expected}, not '{value}'",
            namespace.name
        ))),
    }
}

/// A setting's value as a configuration file would spell it.
fn text_of(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_instance_of::<PyBool>() {
        return Ok(if value.is_truthy()? { "true" } else { "false" }.into());
    }
    Ok(value.str()?.to_string())
}
