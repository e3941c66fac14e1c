//! Settings of a namespace.

use super::SetConfig;
use super::setting::Kind::{Bytes, Number, Seconds, Switch, Text, Word};
use super::setting::settings;

/// Any number of 32 bits.
const ANY: std::ops::RangeInclusive<u64> = 0..=u32::MAX as u64;
const PERCENT: std::ops::RangeInclusive<u64> = 0..=100;
const ANY_SIZE: std::ops::RangeInclusive<u64> = 0..=u64::MAX;
/// How many threads a setting can ask for.
const THREADS: std::ops::RangeInclusive<u64> = 1..=128;
/// Longest path or name in a setting.
const TEXT: usize = 1024;
const GIB: u64 = 1 << 30;
/// Longest time to live: ten years.
const MAX_TTL: u64 = 10 * 365 * 24 * 60 * 60;

settings! {
    /// Configuration of a namespace. The defaults are the server's own.
    config NamespaceConfig {
        /// 1 to 31 bytes.
        name: String = "test".into(),
        /// Sets that exist from the start, because they have settings of their own.
        sets: Vec<SetConfig> = Vec::new(),
    }

    /// Settings of a namespace, as it runs with them.
    live NamespaceSettings;

    /// The namespace context (info §26).
    table NAMESPACE {
        active_rack: u32 = 0, "active-rack", Number(0..=1_000_000), Enterprise;
        /// Whether records may have a time to live though nothing collects them.
        allow_ttl_without_nsup: bool = false, "allow-ttl-without-nsup", Switch, Live;
        /// Whether a write may make a record's life shorter.
        apply_ttl_reductions: bool = true, "apply-ttl-reductions", Switch, Live;
        auto_revive: bool = false, "auto-revive", Switch, Fixed;
        background_query_max_rps: u32 = 10_000, "background-query-max-rps", Number(1..=1_000_000), Live;
        conflict_resolution_policy: String = "generation".into(), "conflict-resolution-policy",
            Word(&["generation", "last-update-time"]), Live;
        conflict_resolve_writes: bool = false, "conflict-resolve-writes", Switch, Enterprise;
        /// Share of a record's time to live, in percent, within which a read renews it; 0 = never.
        default_read_touch_ttl_pct: u32 = 0, "default-read-touch-ttl-pct", Number(PERCENT), Live;
        /// Seconds that records live if nothing else is said; 0 = for ever.
        default_ttl: u32 = 0, "default-ttl", Seconds(0..=MAX_TTL), Live;
        disable_cold_start_eviction: bool = false, "disable-cold-start-eviction", Switch, Fixed;
        /// Whether transactions may begin no further write.
        disable_mrt_writes: bool = false, "disable-mrt-writes", Switch, Strong;
        disable_write_dup_res: bool = false, "disable-write-dup-res", Switch, Live;
        disallow_expunge: bool = false, "disallow-expunge", Switch, Enterprise;
        /// Whether writes without a set are refused.
        disallow_null_setname: bool = false, "disallow-null-setname", Switch, Live;
        enable_benchmarks_batch_sub: bool = false, "enable-benchmarks-batch-sub", Switch, Live;
        enable_benchmarks_ops_sub: bool = false, "enable-benchmarks-ops-sub", Switch, Live;
        enable_benchmarks_read: bool = false, "enable-benchmarks-read", Switch, Live;
        enable_benchmarks_udf: bool = false, "enable-benchmarks-udf", Switch, Live;
        enable_benchmarks_udf_sub: bool = false, "enable-benchmarks-udf-sub", Switch, Live;
        enable_benchmarks_write: bool = false, "enable-benchmarks-write", Switch, Live;
        enable_hist_proxy: bool = false, "enable-hist-proxy", Switch, Live;
        evict_hist_buckets: u32 = 10_000, "evict-hist-buckets", Number(100..=10_000_000), Live;
        evict_indexes_memory_pct: u32 = 0, "evict-indexes-memory-pct", Number(PERCENT), Live;
        evict_tenths_pct: u32 = 5, "evict-tenths-pct", Number(ANY), Live;
        force_long_queries: bool = false, "force-long-queries", Switch, Live;
        ignore_migrate_fill_delay: bool = false, "ignore-migrate-fill-delay", Switch, Enterprise;
        index_stage_size: u64 = GIB, "index-stage-size", Bytes(128 << 20..=16 << 30), Fixed;
        indexes_memory_budget: u64 = 0, "indexes-memory-budget", Bytes(ANY_SIZE), Live;
        inline_short_queries: bool = false, "inline-short-queries", Switch, Live;
        /// Most bytes that a record may take; see `storage_size` of the store.
        max_record_size: u32 = 1 << 20, "max-record-size", Bytes(1..=8 << 20), Live;
        migrate_order: u32 = 5, "migrate-order", Number(1..=10), Live;
        migrate_retransmit_ms: u32 = 5000, "migrate-retransmit-ms", Number(ANY), Live;
        migrate_skip_unreadable: bool = false, "migrate-skip-unreadable", Switch, Live;
        migrate_sleep: u32 = 1, "migrate-sleep", Number(ANY), Live;
        /// Seconds that a transaction has whose client does not say; 0 = there is no strong consistency.
        mrt_duration: u32 = 0, "mrt-duration", Seconds(1..=120), Strong;
        /// Seconds between collections of `histogram`; 0 = none.
        nsup_hist_period: u32 = 3600, "nsup-hist-period", Seconds(ANY), Live;
        /// Seconds between collections of expired records; 0 = none.
        nsup_period: u32 = 0, "nsup-period", Seconds(ANY), Live;
        nsup_threads: u32 = 1, "nsup-threads", Number(THREADS), Live;
        partition_tree_sprigs: u32 = 256, "partition-tree-sprigs", Number(16..=268_435_456), Fixed;
        prefer_uniform_balance: bool = false, "prefer-uniform-balance", Switch, Enterprise;
        /// The node's rack.
        rack_id: u32 = 0, "rack-id", Number(0..=1_000_000), Enterprise;
        read_consistency_level_override: String = "off".into(), "read-consistency-level-override",
            Word(&["off", "all", "one"]), Live;
        /// Whether writes of clients are refused.
        reject_non_xdr_writes: bool = false, "reject-non-xdr-writes", Switch, Live;
        /// Whether writes of other clusters are refused.
        reject_xdr_writes: bool = false, "reject-xdr-writes", Switch, Live;
        /// Copies of each record, as far as there are nodes.
        replication_factor: u32 = 2, "replication-factor", Number(1..=256), Live;
        sindex_stage_size: u64 = GIB, "sindex-stage-size", Bytes(128 << 20..=4 << 30), Fixed;
        single_query_threads: u32 = 4, "single-query-threads", Number(THREADS), Live;
        stop_writes_sys_memory_pct: u32 = 90, "stop-writes-sys-memory-pct", Number(PERCENT), Live;
        /// Whether the namespace is in strong-consistency mode.
        strong_consistency: bool = false, "strong-consistency", Switch, Fixed;
        strong_consistency_allow_expunge: bool = false, "strong-consistency-allow-expunge", Switch, Enterprise;
        tomb_raider_eligible_age: u32 = 86_400, "tomb-raider-eligible-age", Seconds(ANY), Enterprise;
        tomb_raider_period: u32 = 86_400, "tomb-raider-period", Seconds(ANY), Enterprise;
        tomb_raider_unmark_threads: u32 = 0, "tomb-raider-unmark-threads", Number(ANY), Fixed;
        transaction_pending_limit: u32 = 20, "transaction-pending-limit", Number(ANY), Live;
        truncate_threads: u32 = 4, "truncate-threads", Number(THREADS), Live;
        write_commit_level_override: String = "off".into(), "write-commit-level-override",
            Word(&["off", "all", "master"]), Live;
        xdr_bin_tombstone_ttl: u32 = 86_400, "xdr-bin-tombstone-ttl", Seconds(0..=MAX_TTL), Enterprise;
        xdr_tomb_raider_period: u32 = 120, "xdr-tomb-raider-period", Seconds(ANY), Enterprise;
        xdr_tomb_raider_threads: u32 = 1, "xdr-tomb-raider-threads", Number(THREADS), Enterprise;
        geo_strict: bool = true, "geo2dsphere-within.strict", Switch, Fixed;
        geo_min_level: u32 = 1, "geo2dsphere-within.min-level", Number(0..=30), Fixed;
        geo_max_level: u32 = 20, "geo2dsphere-within.max-level", Number(0..=30), Fixed;
        geo_max_cells: u32 = 12, "geo2dsphere-within.max-cells", Number(1..=256), Fixed;
        geo_level_mod: u32 = 1, "geo2dsphere-within.level-mod", Number(1..=3), Fixed;
        geo_earth_radius_meters: u32 = 6_371_000, "geo2dsphere-within.earth-radius-meters", Number(ANY), Fixed;
        index_type: String = "mem".into(), "index-type", Word(&["mem"]), Fixed;
        sindex_type: String = "mem".into(), "sindex-type", Word(&["mem"]), Fixed;
        storage_engine: String = "memory".into(), "storage-engine", Word(&["memory"]), Fixed;
        commit_to_device: bool = false, "storage-engine.commit-to-device", Switch, Fixed;
        compression: String = "none".into(), "storage-engine.compression",
            Word(&["none", "lz4", "snappy", "zstd"]), Enterprise;
        compression_acceleration: u32 = 0, "storage-engine.compression-acceleration", Number(0..=65_537), Enterprise;
        compression_level: u32 = 0, "storage-engine.compression-level", Number(0..=9), Enterprise;
        /// Bytes of records that the namespace can hold.
        data_size: u64 = GIB, "storage-engine.data-size", Bytes(1..=u64::MAX), Fixed;
        defrag_lwm_pct: u32 = 50, "storage-engine.defrag-lwm-pct", Number(1..=99), Live;
        defrag_queue_min: u32 = 0, "storage-engine.defrag-queue-min", Number(ANY), Live;
        defrag_sleep: u32 = 1000, "storage-engine.defrag-sleep", Number(ANY), Live;
        defrag_startup_minimum: u32 = 0, "storage-engine.defrag-startup-minimum", Number(0..=99), Fixed;
        direct_files: bool = false, "storage-engine.direct-files", Switch, Fixed;
        disable_odsync: bool = false, "storage-engine.disable-odsync", Switch, Fixed;
        enable_benchmarks_storage: bool = false, "storage-engine.enable-benchmarks-storage", Switch, Live;
        encryption_key_file: String = "null".into(), "storage-engine.encryption-key-file", Text(TEXT), Fixed;
        encryption_old_key_file: String = "null".into(), "storage-engine.encryption-old-key-file", Text(TEXT), Fixed;
        evict_used_pct: u32 = 0, "storage-engine.evict-used-pct", Number(PERCENT), Live;
        filesize: u64 = 0, "storage-engine.filesize", Bytes(ANY_SIZE), Fixed;
        flush_max_ms: u32 = 1000, "storage-engine.flush-max-ms", Number(0..=1000), Live;
        max_write_cache: u64 = 64 << 20, "storage-engine.max-write-cache", Bytes(ANY_SIZE), Live;
        stop_writes_avail_pct: u32 = 5, "storage-engine.stop-writes-avail-pct", Number(PERCENT), Live;
        /// Share of `data-size`, in percent, above which writes are refused; 0 = never.
        stop_writes_used_pct: u32 = 70, "storage-engine.stop-writes-used-pct", Number(PERCENT), Live;
        tomb_raider_sleep: u32 = 1000, "storage-engine.tomb-raider-sleep", Number(ANY), Enterprise;
    }
}

impl NamespaceConfig {
    /// A namespace with the server's own defaults.
    pub fn new(name: impl Into<String>) -> NamespaceConfig {
        NamespaceConfig { name: name.into(), ..NamespaceConfig::default() }
    }

    /// Whether records can have the time to live that they get by default: those that expire need somebody to
    /// collect them, or the word that nobody has to.
    pub fn may_expire(&self) -> bool {
        self.default_ttl == 0 || self.nsup_period != 0 || self.allow_ttl_without_nsup
    }
}
