//! What a namespace counts and measures: the first part of `namespace/<name>` (info §25).

use super::Request;
use super::config::STRIPES;
use crate::cluster::Node;
use crate::store::{Counter, Namespace};
use std::sync::atomic::Ordering::Relaxed;

/// Bytes of the primary index for each record (info §25).
const INDEX_BYTES: u64 = 64;
/// Bytes that a stripe is written in.
const WRITE_BLOCK: u64 = 8 << 20;

/// Stands for the lines of all stripes.
const STRIPE_LINES: &str = "storage-engine.stripe";

/// All statistics in the order of the server.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "ns_cluster_size", "effective_replication_factor", "objects", "tombstones", "xdr_tombstones",
    "xdr_bin_cemeteries", "mrt_provisionals", "master_objects", "master_tombstones", "prole_objects",
    "prole_tombstones", "non_replica_objects", "non_replica_tombstones", "unreplicated_records",
    "dead_partitions", "unavailable_partitions", "auto_revived_partitions", "clock_skew_stop_writes",
    "stop_writes", "hwm_breached", "current_time", "non_expirable_objects", "expired_objects",
    "evicted_objects", "evict_ttl", "evict_void_time", "smd_evict_void_time", "nsup_cycle_duration",
    "nsup_cycle_deleted_pct", "nsup_xdr_key_busy", "truncate_lut", "truncating", "sindex_gc_cleaned",
    "mrt_monitors", "mrt_monitors_active", "xmem_id", "index_used_bytes", "set_index_used_bytes",
    "sindex_used_bytes", "data_total_bytes", "data_used_bytes", "data_used_pct", "data_avail_pct",
    "data_compression_ratio", "storage-engine.stripe", "record_proto_uncompressed_pct",
    "record_proto_compression_ratio", "query_proto_uncompressed_pct", "query_proto_compression_ratio",
    "pending_quiesce", "effective_is_quiesced", "nodes_quiesced", "effective_prefer_uniform_balance",
    "effective_active_rack", "migrate_tx_partitions_imbalance", "migrate_tx_instances",
    "migrate_rx_instances", "migrate_tx_partitions_active", "migrate_rx_partitions_active",
    "migrate_tx_partitions_initial", "migrate_tx_partitions_remaining",
    "migrate_tx_partitions_lead_remaining", "migrate_rx_partitions_initial",
    "migrate_rx_partitions_remaining", "migrate_records_skipped", "migrate_records_transmitted",
    "migrate_record_retransmits", "migrate_record_receives", "migrate_records_unreadable",
    "migrate_signals_active", "migrate_signals_remaining", "migrate_fresh_partitions", "appeals_tx_active",
    "appeals_rx_active", "appeals_tx_remaining", "appeals_records_exonerated", "client_tsvc_error",
    "client_tsvc_timeout", "client_proxy_complete", "client_proxy_error", "client_proxy_timeout",
    "client_read_success", "client_read_error", "client_read_timeout", "client_read_not_found",
    "client_read_filtered_out", "client_write_success", "client_write_error", "client_write_timeout",
    "client_write_filtered_out", "xdr_client_write_success", "xdr_client_write_error",
    "xdr_client_write_timeout", "client_delete_success", "client_delete_error", "client_delete_timeout",
    "client_delete_not_found", "client_delete_filtered_out", "xdr_client_delete_success",
    "xdr_client_delete_error", "xdr_client_delete_timeout", "xdr_client_delete_not_found",
    "client_udf_complete", "client_udf_error", "client_udf_timeout", "client_udf_filtered_out",
    "client_lang_read_success", "client_lang_write_success", "client_lang_delete_success",
    "client_lang_error", "from_proxy_tsvc_error", "from_proxy_tsvc_timeout", "from_proxy_read_success",
    "from_proxy_read_error", "from_proxy_read_timeout", "from_proxy_read_not_found",
    "from_proxy_read_filtered_out", "from_proxy_write_success", "from_proxy_write_error",
    "from_proxy_write_timeout", "from_proxy_write_filtered_out", "xdr_from_proxy_write_success",
    "xdr_from_proxy_write_error", "xdr_from_proxy_write_timeout", "from_proxy_delete_success",
    "from_proxy_delete_error", "from_proxy_delete_timeout", "from_proxy_delete_not_found",
    "from_proxy_delete_filtered_out", "xdr_from_proxy_delete_success", "xdr_from_proxy_delete_error",
    "xdr_from_proxy_delete_timeout", "xdr_from_proxy_delete_not_found", "from_proxy_udf_complete",
    "from_proxy_udf_error", "from_proxy_udf_timeout", "from_proxy_udf_filtered_out",
    "from_proxy_lang_read_success", "from_proxy_lang_write_success", "from_proxy_lang_delete_success",
    "from_proxy_lang_error", "batch_sub_tsvc_error", "batch_sub_tsvc_timeout", "batch_sub_proxy_complete",
    "batch_sub_proxy_error", "batch_sub_proxy_timeout", "batch_sub_read_success", "batch_sub_read_error",
    "batch_sub_read_timeout", "batch_sub_read_not_found", "batch_sub_read_filtered_out",
    "batch_sub_write_success", "batch_sub_write_error", "batch_sub_write_timeout",
    "batch_sub_write_filtered_out", "batch_sub_delete_success", "batch_sub_delete_error",
    "batch_sub_delete_timeout", "batch_sub_delete_not_found", "batch_sub_delete_filtered_out",
    "batch_sub_udf_complete", "batch_sub_udf_error", "batch_sub_udf_timeout", "batch_sub_udf_filtered_out",
    "batch_sub_lang_read_success", "batch_sub_lang_write_success", "batch_sub_lang_delete_success",
    "batch_sub_lang_error", "from_proxy_batch_sub_tsvc_error", "from_proxy_batch_sub_tsvc_timeout",
    "from_proxy_batch_sub_read_success", "from_proxy_batch_sub_read_error",
    "from_proxy_batch_sub_read_timeout", "from_proxy_batch_sub_read_not_found",
    "from_proxy_batch_sub_read_filtered_out", "from_proxy_batch_sub_write_success",
    "from_proxy_batch_sub_write_error", "from_proxy_batch_sub_write_timeout",
    "from_proxy_batch_sub_write_filtered_out", "from_proxy_batch_sub_delete_success",
    "from_proxy_batch_sub_delete_error", "from_proxy_batch_sub_delete_timeout",
    "from_proxy_batch_sub_delete_not_found", "from_proxy_batch_sub_delete_filtered_out",
    "from_proxy_batch_sub_udf_complete", "from_proxy_batch_sub_udf_error",
    "from_proxy_batch_sub_udf_timeout", "from_proxy_batch_sub_udf_filtered_out",
    "from_proxy_batch_sub_lang_read_success", "from_proxy_batch_sub_lang_write_success",
    "from_proxy_batch_sub_lang_delete_success", "from_proxy_batch_sub_lang_error", "udf_sub_tsvc_error",
    "udf_sub_tsvc_timeout", "udf_sub_udf_complete", "udf_sub_udf_error", "udf_sub_udf_timeout",
    "udf_sub_udf_filtered_out", "udf_sub_lang_read_success", "udf_sub_lang_write_success",
    "udf_sub_lang_delete_success", "udf_sub_lang_error", "ops_sub_tsvc_error", "ops_sub_tsvc_timeout",
    "ops_sub_write_success", "ops_sub_write_error", "ops_sub_write_timeout", "ops_sub_write_filtered_out",
    "dup_res_ask", "dup_res_respond_read", "dup_res_respond_no_read", "retransmit_all_read_dup_res",
    "retransmit_all_write_dup_res", "retransmit_all_delete_dup_res", "retransmit_all_udf_dup_res",
    "retransmit_all_batch_sub_read_dup_res", "retransmit_all_batch_sub_write_dup_res",
    "retransmit_all_batch_sub_delete_dup_res", "retransmit_all_batch_sub_udf_dup_res",
    "retransmit_udf_sub_dup_res", "retransmit_ops_sub_dup_res", "retransmit_all_read_repl_ping",
    "retransmit_all_batch_sub_read_repl_ping", "retransmit_all_write_repl_write",
    "retransmit_all_delete_repl_write", "retransmit_all_udf_repl_write",
    "retransmit_all_batch_sub_write_repl_write", "retransmit_all_batch_sub_delete_repl_write",
    "retransmit_all_batch_sub_udf_repl_write", "retransmit_udf_sub_repl_write",
    "retransmit_ops_sub_repl_write", "pi_query_short_basic_complete", "pi_query_short_basic_error",
    "pi_query_short_basic_timeout", "pi_query_long_basic_complete", "pi_query_long_basic_error",
    "pi_query_long_basic_abort", "pi_query_aggr_complete", "pi_query_aggr_error", "pi_query_aggr_abort",
    "pi_query_udf_bg_complete", "pi_query_udf_bg_error", "pi_query_udf_bg_abort",
    "pi_query_ops_bg_complete", "pi_query_ops_bg_error", "pi_query_ops_bg_abort",
    "si_query_short_basic_complete", "si_query_short_basic_error", "si_query_short_basic_timeout",
    "si_query_long_basic_complete", "si_query_long_basic_error", "si_query_long_basic_abort",
    "si_query_aggr_complete", "si_query_aggr_error", "si_query_aggr_abort", "si_query_udf_bg_complete",
    "si_query_udf_bg_error", "si_query_udf_bg_abort", "si_query_ops_bg_complete", "si_query_ops_bg_error",
    "si_query_ops_bg_abort", "geo_region_query_reqs", "geo_region_query_cells", "geo_region_query_points",
    "geo_region_query_falsepos", "read_touch_tsvc_error", "read_touch_tsvc_timeout", "read_touch_success",
    "read_touch_error", "read_touch_timeout", "read_touch_skip", "re_repl_tsvc_error",
    "re_repl_tsvc_timeout", "re_repl_success", "re_repl_error", "re_repl_timeout",
    "mrt_verify_read_success", "mrt_verify_read_error", "mrt_verify_read_timeout",
    "mrt_roll_forward_success", "mrt_roll_forward_error", "mrt_roll_forward_timeout",
    "mrt_monitor_roll_forward_success", "mrt_monitor_roll_forward_error",
    "mrt_monitor_roll_forward_timeout", "mrt_roll_back_success", "mrt_roll_back_error",
    "mrt_roll_back_timeout", "mrt_monitor_roll_back_success", "mrt_monitor_roll_back_error",
    "mrt_monitor_roll_back_timeout", "fail_xdr_forbidden", "fail_key_busy", "fail_xdr_key_busy",
    "fail_generation", "fail_record_too_big", "fail_client_lost_conflict", "fail_xdr_lost_conflict",
    "fail_mrt_blocked", "fail_mrt_version_mismatch", "deleted_last_bin",
    "mrt_monitor_roll_tombstone_creates", "ttl_reductions_ignored", "ttl_reductions_applied",
];

/// `name=value`, line by line.
pub fn lines(request: &Request<'_>, namespace: &Namespace) -> Vec<String> {
    let copies = Copies::of(namespace, request.node());
    let mut lines = Vec::with_capacity(NAMES.len() + STRIPES * 6);
    for name in NAMES {
        match *name {
            STRIPE_LINES => lines.extend(stripe_lines(namespace)),
            name => lines.push(format!("{name}={}", value(request, namespace, &copies, name))),
        }
    }
    lines
}

/// Gauges have an arm of their own; counters are found by their names; of what the emulator does not have there
/// is nothing.
fn value(request: &Request<'_>, namespace: &Namespace, copies: &Copies, name: &str) -> String {
    let (node, view) = (request.node(), request.view());
    let owned = view.ownership(namespace.name());
    let missing = |dead: bool| {
        let condition = owned.map(|owned| &owned.condition);
        condition.map_or(0, |found| if dead { found.dead.len() } else { found.unavailable.len() })
    };
    let remaining = || match name.contains("_tx_") {
        true => owned
            .map_or(0, |owned| owned.moving().filter(|p| owned.replica(node.index, *p).is_some()).count()),
        false => owned
            .map_or(0, |owned| owned.moving().filter(|p| owned.replica(node.index, *p).is_none()).count()),
    };
    let objects = copies.total();
    let total = namespace.settings.data_size.load(Relaxed);
    match name {
        "ns_cluster_size" => view.size().to_string(),
        "effective_replication_factor" => owned.map_or(0, |owned| owned.columns.len()).to_string(),
        "objects" => objects.to_string(),
        "tombstones" | "master_tombstones" => namespace.tombstones.load(Relaxed).to_string(),
        "mrt_provisionals" => namespace.transactions.held().to_string(),
        "mrt_monitors" => namespace.transactions.monitors.count().to_string(),
        "master_objects" => copies.masters.to_string(),
        "prole_objects" => copies.replicas.to_string(),
        "dead_partitions" => missing(true).to_string(),
        "unavailable_partitions" => missing(false).to_string(),
        "client_proxy_complete" => proxied(request, namespace).0.to_string(),
        "batch_sub_proxy_complete" => proxied(request, namespace).1.to_string(),
        "migrate_tx_partitions_remaining" | "migrate_rx_partitions_remaining" => remaining().to_string(),
        "nodes_quiesced" => view.formation.as_ref().map_or(0, |formed| formed.quiesced.len()).to_string(),
        "effective_is_quiesced" => {
            view.formation.as_ref().is_some_and(|formed| formed.quiesced.contains(&node.id)).to_string()
        }
        "current_time" => namespace.clock.now_seconds().to_string(),
        "stop_writes" => namespace.stop_writes().to_string(),
        "truncate_lut" => namespace.truncate_lut.load(Relaxed).to_string(),
        "non_expirable_objects" => namespace.nsup.non_expirable.load(Relaxed).to_string(),
        "nsup_cycle_duration" => namespace.nsup.duration_seconds.load(Relaxed).to_string(),
        "nsup_cycle_deleted_pct" => format!("{:.2}", namespace.nsup.deleted_pct()),
        "sindex_used_bytes" => indexes_used(namespace, false).to_string(),
        "set_index_used_bytes" => indexes_used(namespace, true).to_string(),
        "index_used_bytes" => (objects * INDEX_BYTES).to_string(),
        "data_total_bytes" => total.to_string(),
        "data_used_bytes" => used(namespace).to_string(),
        "data_used_pct" => percent(used(namespace), total).to_string(),
        "data_avail_pct" => {
            let blocks = |bytes: u64| bytes / STRIPES as u64 / WRITE_BLOCK;
            let free: u64 = (0..STRIPES).map(|stripe| free_blocks(namespace, stripe)).sum();
            percent(free, STRIPES as u64 * blocks(total).max(1)).to_string()
        }
        "pending_quiesce" => node.pending_quiesce.load(Relaxed).to_string(),
        "effective_active_rack" => namespace.settings.active_rack.load(Relaxed).to_string(),
        "migrate_fresh_partitions" => aerospike_wire::PARTITIONS.to_string(),
        "effective_prefer_uniform_balance" => (!request.server.is_community()
            && namespace.settings.prefer_uniform_balance.load(Relaxed))
        .to_string(),
        "clock_skew_stop_writes" | "hwm_breached" | "truncating" => "false".into(),
        _ if name.ends_with("_compression_ratio") => "1.000".into(),
        _ if name.ends_with("_uncompressed_pct") => "0.000".into(),
        _ => match Counter::ALL.iter().find(|counter| counter.name() == name) {
            Some(counter) => namespace.stats.get(*counter).to_string(),
            None => "0".into(),
        },
    }
}

/// How many records of a namespace a node holds.
pub struct Copies {
    masters: u64,
    replicas: u64,
}

impl Copies {
    /// Of a node that is a cluster of its own, all of them.
    pub fn of(namespace: &Namespace, node: &Node) -> Copies {
        let view = node.view();
        if view.size() == 1 {
            return Copies { masters: namespace.objects.load(Relaxed), replicas: 0 };
        }
        let mut copies = Copies { masters: 0, replicas: 0 };
        let owned = view.ownership(namespace.name());
        for (partition, records) in namespace.partitions().iter().enumerate() {
            match owned.and_then(|owned| owned.replica(node.index, partition)) {
                Some(0) => copies.masters += records.read().len() as u64,
                Some(_) => copies.replicas += records.read().len() as u64,
                None => {}
            }
        }
        copies
    }

    /// All copies.
    pub fn total(&self) -> u64 {
        self.masters + self.replicas
    }
}

/// Commands that the node has passed on.
fn proxied(request: &Request<'_>, namespace: &Namespace) -> (u64, u64) {
    let namespaces = request.server.store.namespaces();
    let at = namespaces.iter().position(|other| other.name() == namespace.name());
    at.map_or((0, 0), |at| request.node().proxied(at))
}

/// Bytes of the indexes of sets, or of all others.
fn indexes_used(namespace: &Namespace, of_sets: bool) -> u64 {
    let indexes = namespace.indexes.all();
    let counted = indexes.iter().filter(|index| index.definition.is_membership() == of_sets);
    counted.map(|index| index.used_bytes()).sum()
}

fn used(namespace: &Namespace) -> u64 {
    namespace.used_bytes.load(Relaxed).max(0) as u64
}

fn percent(part: u64, whole: u64) -> u64 {
    (part as u128 * 100).checked_div(whole as u128).unwrap_or(0) as u64
}

/// Records are not kept in stripes: each shows an equal share, the first one the rest as well.
fn stripe_used(namespace: &Namespace, stripe: usize) -> u64 {
    let (used, stripes) = (used(namespace), STRIPES as u64);
    used / stripes + if stripe == 0 { used % stripes } else { 0 }
}

fn free_blocks(namespace: &Namespace, stripe: usize) -> u64 {
    let size = namespace.settings.data_size.load(Relaxed) / STRIPES as u64;
    size.saturating_sub(stripe_used(namespace, stripe)) / WRITE_BLOCK
}

fn stripe_lines(namespace: &Namespace) -> impl Iterator<Item = String> {
    (0..STRIPES).flat_map(|stripe| {
        let (used, free) = (stripe_used(namespace, stripe), free_blocks(namespace, stripe));
        let figures = [
            ("used_bytes", used),
            ("free_wblocks", free),
            ("writes", 0),
            ("defrag_q", 0),
            ("defrag_reads", 0),
            ("defrag_writes", 0),
        ];
        figures.map(|(name, value)| format!("{STRIPE_LINES}[{stripe}].{name}={value}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A counter under a name that is not in the list would be counted and never shown.
    #[test]
    fn every_counter_is_shown() {
        for counter in Counter::ALL {
            assert!(NAMES.contains(&counter.name()), "{}", counter.name());
        }
    }

    /// info §25: 351 lines with eight stripes.
    #[test]
    fn as_many_as_the_server_has() {
        assert_eq!(NAMES.len() - 1 + 6 * STRIPES, 351);
    }
}
