//! `statistics` (info §24).

use super::namespace_stats::Copies;
use super::{Answer, Request};
use crate::server::{Host, Server};
use std::sync::atomic::Ordering::Relaxed;

/// `statistics`: what concerns the node as a whole. Figures about other nodes and about threads that the emulator
/// does not have are 0.
pub fn statistics(request: &mut Request<'_>) -> Answer {
    Ok(lines(request)
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(";")
        .into())
}

#[rustfmt::skip]
fn lines(request: &Request<'_>) -> Vec<(&'static str, String)> {
    let host = Host::now();
    let (server, node, view) = (request.server, request.node(), request.view());
    let connections = &node.connections;
    let objects: u64 = server.store.namespaces().iter().map(|ns| Copies::of(ns, node).total()).sum();
    let formation = view.formation.as_ref();
    let zero = || "0".to_owned();
    let null = || "null".to_owned();
    let text = |value: u64| value.to_string();
    vec![
        ("failed_best_practices", "false".into()),
        ("cluster_size", view.size().to_string()),
        ("cluster_key", format!("{:X}", view.key())),
        ("cluster_generation", text(view.rebalance_generation)),
        ("cluster_principal", format!("{:X}", view.principal())),
        ("cluster_min_compatibility_id", super::identity::COMPATIBILITY_ID.into()),
        ("cluster_max_compatibility_id", super::identity::COMPATIBILITY_ID.into()),
        ("cluster_integrity", view.is_member().to_string()),
        ("cluster_is_member", view.is_member().to_string()),
        ("cluster_duplicate_nodes", null()),
        ("cluster_clock_skew_stop_writes_sec", zero()),
        ("cluster_clock_skew_ms", zero()),
        ("cluster_clock_skew_outliers", null()),
        ("uptime", text(node.uptime().as_secs())),
        ("system_total_cpu_pct", zero()),
        ("system_user_cpu_pct", zero()),
        ("system_kernel_cpu_pct", zero()),
        ("system_free_mem_kbytes", text(host.free_kbytes)),
        ("system_free_mem_pct", text(host.free_pct)),
        ("host_free_mem_kbytes", text(host.free_kbytes)),
        ("host_free_mem_pct", text(host.free_pct)),
        ("system_thp_mem_kbytes", text(host.huge_kbytes)),
        ("process_cpu_pct", zero()),
        ("threads_joinable", text(host.threads)),
        ("threads_detached", zero()),
        ("threads_pool_total", zero()),
        ("threads_pool_active", zero()),
        ("heap_allocated_kbytes", text(host.resident_kbytes)),
        ("heap_active_kbytes", text(host.resident_kbytes)),
        ("heap_mapped_kbytes", text(host.mapped_kbytes)),
        ("heap_efficiency_pct", "100".into()),
        ("heap_site_count", zero()),
        ("objects", text(objects)),
        ("tombstones", zero()),
        ("info_queue", zero()),
        ("rw_in_progress", zero()),
        ("proxy_in_progress", zero()),
        ("tree_gc_queue", zero()),
        ("client_connections", text(connections.service.open())),
        ("client_connections_opened", text(connections.service.opened.load(Relaxed))),
        ("client_connections_closed", text(connections.service.closed.load(Relaxed))),
        ("admin_connections", text(connections.admin.open())),
        ("admin_connections_opened", text(connections.admin.opened.load(Relaxed))),
        ("admin_connections_closed", text(connections.admin.closed.load(Relaxed))),
        ("heartbeat_connections", zero()),
        ("heartbeat_connections_opened", zero()),
        ("heartbeat_connections_closed", zero()),
        ("fabric_connections", zero()),
        ("fabric_connections_opened", zero()),
        ("fabric_connections_closed", zero()),
        ("heartbeat_received_self", zero()),
        ("heartbeat_received_foreign", zero()),
        ("reaped_fds", text(connections.reaped.load(Relaxed))),
        ("info_complete", text(connections.info_complete.load(Relaxed))),
        ("info_timeout", zero()),
        ("demarshal_error", text(connections.demarshal_error.load(Relaxed))),
        ("early_tsvc_client_error", zero()),
        ("early_tsvc_from_proxy_error", zero()),
        ("early_tsvc_from_proxy_batch_sub_error", zero()),
        ("long_queries_active", text(node.jobs.active() as u64)),
        ("batch_index_initiate", text(server.batches.initiate.load(Relaxed))),
        ("batch_index_queue", batch_queues(server)),
        ("batch_index_complete", text(server.batches.complete.load(Relaxed))),
        ("batch_index_error", text(server.batches.error.load(Relaxed))),
        ("batch_index_timeout", zero()),
        ("batch_index_delay", zero()),
        ("batch_index_unused_buffers", zero()),
        ("batch_index_huge_buffers", zero()),
        ("batch_index_created_buffers", zero()),
        ("batch_index_destroyed_buffers", zero()),
        ("batch_index_proto_uncompressed_pct", "0.000".into()),
        ("batch_index_proto_compression_ratio", "1.000".into()),
        ("paxos_principal", format!("{:X}", view.principal())),
        ("time_since_rebalance", text(formation.map_or(0, |formed| formed.at.elapsed().as_secs()))),
        ("migrate_allowed", view.is_member().to_string()),
        ("migrate_partitions_remaining", formation.map_or(0, |formed| formed.remaining_of(node.index)).to_string()),
        ("fabric_bulk_send_rate", zero()),
        ("fabric_bulk_recv_rate", zero()),
        ("fabric_ctrl_send_rate", zero()),
        ("fabric_ctrl_recv_rate", zero()),
        ("fabric_meta_send_rate", zero()),
        ("fabric_meta_recv_rate", zero()),
        ("fabric_rw_send_rate", zero()),
        ("fabric_rw_recv_rate", zero()),
        ("deprecated_requests", text(connections.info_deprecated.load(Relaxed))),
    ]
}

/// One pair of active and pending for each batch thread.
fn batch_queues(server: &Server) -> String {
    vec!["0:0"; server.settings.batch_index_threads.load(Relaxed).clamp(1, 256) as usize].join(",")
}
