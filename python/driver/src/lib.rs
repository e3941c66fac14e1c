//! The extension module `aerospike_py._native`: Python's side of the driver's core.
//!
//! Arguments are encoded straight into request bytes, and replies decoded straight into Python objects; nothing
//! in between is built. The waiting is done by `aerospike-client-core`.

mod aio;
mod ask;
mod batch;
mod client;
mod collection;
mod command;
mod config;
mod errors;
mod expression;
mod gate;
mod key;
mod logs;
mod metrics;
mod names;
mod operation;
mod policy;
mod query;
mod results;
mod session;
mod tls;
mod value;

use pyo3::prelude::*;

/// The extension module.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::aio::lane::LaneCallbacks;
    #[pymodule_export]
    use crate::aio::{AsyncClient, Attempt};
    #[pymodule_export]
    use crate::ask::{admin_request, hash_password, info_request};
    #[pymodule_export]
    use crate::batch::BatchSource;
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::logs::{dropped_log_count, keep_logs, take_logs};
    #[pymodule_export]
    use crate::metrics::{
        clear_metrics, get_metrics, is_internal_stage_metrics_enabled, is_metrics_enabled, record_stage,
        set_internal_stage_metrics_enabled, set_metrics_enabled,
    };
    #[pymodule_export]
    use crate::query::{
        PartitionFilter, background_request, check_predicate, new_query_id, partition_filter_all,
        partition_filter_by_id, partition_filter_by_range,
    };
    #[pymodule_export]
    use crate::session::after_fork_in_child;
}
