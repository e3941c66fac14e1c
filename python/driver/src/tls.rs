//! The `tls` entry of a configuration.

use crate::value::type_name;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Reads `{"enable": bool, "cafile": path, "certfile": path, "keyfile": path}`; `None` if it is not enabled.
///
/// # Errors
/// `TypeError` for what is no such dict, `ValueError` for files that are not certificates or keys.
pub fn parse(tls: &Bound<'_, PyAny>) -> PyResult<Option<Arc<ClientConfig>>> {
    if tls.is_none() {
        return Ok(None);
    }
    let Ok(tls) = tls.cast::<PyDict>() else {
        let name = type_name(&tls.get_type());
        return Err(PyTypeError::new_err(format!("tls must be a dict, not {name}")));
    };
    let enabled = tls.get_item("enable")?.map_or(Ok(true), |enable| enable.is_truthy())?;
    if !enabled {
        return Ok(None);
    }
    let path = |name: &str| -> PyResult<Option<String>> {
        let path = tls.get_item(name)?.filter(|path| !path.is_none());
        path.map(|path| path.str()?.extract()).transpose()
    };
    let Some(authorities) = path("cafile")? else {
        return Err(PyValueError::new_err("tls requires 'cafile': certificates of whom to trust"));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&authorities)? {
        roots.add(certificate).map_err(|error| bad(&authorities, error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| PyValueError::new_err(error.to_string()))?
        .with_root_certificates(roots);
    let config = match (path("certfile")?, path("keyfile")?) {
        (Some(certificate), Some(key)) => {
            let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| bad(&key, error))?;
            builder
                .with_client_auth_cert(certificates(&certificate)?, private)
                .map_err(|error| bad(&certificate, error))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(PyValueError::new_err("tls takes 'certfile' and 'keyfile' together")),
    };
    Ok(Some(Arc::new(config)))
}

fn certificates(path: &str) -> PyResult<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| bad(path, error))?;
    let certificates = read.collect::<Result<Vec<_>, _>>().map_err(|error| bad(path, error))?;
    if certificates.is_empty() {
        return Err(bad(path, "no certificate"));
    }
    Ok(certificates)
}

fn bad(path: &str, error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("tls: {path}: {error}"))
}
