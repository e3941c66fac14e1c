//! Counters of a namespace, under the names that the info protocol gives them (info §25).
//!
//! Every command bumps one, from every network thread. Each thread has a shard of its own, so that counting
//! moves no cache line between cores; reading adds the shards up.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const SHARDS: usize = 8;

macro_rules! counters {
    ($($variant:ident $name:literal,)*) => {
        /// A counter's place.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)] // the name beside each says it
        pub enum Counter { $($variant,)* }

        impl Counter {
            /// All counters.
            pub const ALL: &'static [Counter] = &[$(Counter::$variant,)*];

            /// The name in the info protocol.
            pub const fn name(self) -> &'static str {
                match self { $(Counter::$variant => $name,)* }
            }
        }
    };
}

counters! {
    ReadSuccess "client_read_success",
    ReadError "client_read_error",
    ReadNotFound "client_read_not_found",
    ReadFilteredOut "client_read_filtered_out",
    WriteSuccess "client_write_success",
    WriteError "client_write_error",
    WriteFilteredOut "client_write_filtered_out",
    DeleteSuccess "client_delete_success",
    DeleteError "client_delete_error",
    DeleteNotFound "client_delete_not_found",
    DeleteFilteredOut "client_delete_filtered_out",
    UdfComplete "client_udf_complete",
    UdfError "client_udf_error",
    UdfFilteredOut "client_udf_filtered_out",
    LangReadSuccess "client_lang_read_success",
    LangWriteSuccess "client_lang_write_success",
    LangDeleteSuccess "client_lang_delete_success",
    LangError "client_lang_error",
    TsvcError "client_tsvc_error",
    BatchReadSuccess "batch_sub_read_success",
    BatchReadError "batch_sub_read_error",
    BatchReadNotFound "batch_sub_read_not_found",
    BatchReadFilteredOut "batch_sub_read_filtered_out",
    BatchWriteSuccess "batch_sub_write_success",
    BatchWriteError "batch_sub_write_error",
    BatchWriteFilteredOut "batch_sub_write_filtered_out",
    BatchDeleteSuccess "batch_sub_delete_success",
    BatchDeleteError "batch_sub_delete_error",
    BatchDeleteNotFound "batch_sub_delete_not_found",
    BatchDeleteFilteredOut "batch_sub_delete_filtered_out",
    BatchUdfComplete "batch_sub_udf_complete",
    BatchUdfError "batch_sub_udf_error",
    BatchUdfFilteredOut "batch_sub_udf_filtered_out",
    BatchLangReadSuccess "batch_sub_lang_read_success",
    BatchLangWriteSuccess "batch_sub_lang_write_success",
    BatchLangDeleteSuccess "batch_sub_lang_delete_success",
    BatchLangError "batch_sub_lang_error",
    BatchTsvcError "batch_sub_tsvc_error",
    OpsSubWriteSuccess "ops_sub_write_success",
    OpsSubWriteError "ops_sub_write_error",
    OpsSubWriteFilteredOut "ops_sub_write_filtered_out",
    UdfSubComplete "udf_sub_udf_complete",
    UdfSubError "udf_sub_udf_error",
    UdfSubFilteredOut "udf_sub_udf_filtered_out",
    UdfSubReadSuccess "udf_sub_lang_read_success",
    UdfSubWriteSuccess "udf_sub_lang_write_success",
    UdfSubDeleteSuccess "udf_sub_lang_delete_success",
    UdfSubLangError "udf_sub_lang_error",
    PiShortBasicComplete "pi_query_short_basic_complete",
    PiShortBasicError "pi_query_short_basic_error",
    PiShortBasicTimeout "pi_query_short_basic_timeout",
    PiLongBasicComplete "pi_query_long_basic_complete",
    PiLongBasicError "pi_query_long_basic_error",
    PiLongBasicAbort "pi_query_long_basic_abort",
    PiAggregationComplete "pi_query_aggr_complete",
    PiAggregationError "pi_query_aggr_error",
    PiAggregationAbort "pi_query_aggr_abort",
    PiUdfBackgroundComplete "pi_query_udf_bg_complete",
    PiUdfBackgroundAbort "pi_query_udf_bg_abort",
    PiOpsBackgroundComplete "pi_query_ops_bg_complete",
    PiOpsBackgroundAbort "pi_query_ops_bg_abort",
    SiShortBasicComplete "si_query_short_basic_complete",
    SiShortBasicError "si_query_short_basic_error",
    SiShortBasicTimeout "si_query_short_basic_timeout",
    SiLongBasicComplete "si_query_long_basic_complete",
    SiLongBasicError "si_query_long_basic_error",
    SiLongBasicAbort "si_query_long_basic_abort",
    SiAggregationComplete "si_query_aggr_complete",
    SiAggregationError "si_query_aggr_error",
    SiAggregationAbort "si_query_aggr_abort",
    SiUdfBackgroundComplete "si_query_udf_bg_complete",
    SiUdfBackgroundAbort "si_query_udf_bg_abort",
    SiOpsBackgroundComplete "si_query_ops_bg_complete",
    SiOpsBackgroundAbort "si_query_ops_bg_abort",
    ReadTouchSuccess "read_touch_success",
    ExpiredObjects "expired_objects",
    FailGeneration "fail_generation",
    FailRecordTooBig "fail_record_too_big",
    FailMrtBlocked "fail_mrt_blocked",
    FailMrtVersionMismatch "fail_mrt_version_mismatch",
    MrtVerifyReadSuccess "mrt_verify_read_success",
    MrtVerifyReadError "mrt_verify_read_error",
    MrtRollForwardSuccess "mrt_roll_forward_success",
    MrtRollForwardError "mrt_roll_forward_error",
    MrtRollBackSuccess "mrt_roll_back_success",
    MrtRollBackError "mrt_roll_back_error",
    MrtMonitorRollForwardSuccess "mrt_monitor_roll_forward_success",
    MrtMonitorRollBackSuccess "mrt_monitor_roll_back_success",
    DeletedLastBin "deleted_last_bin",
    TtlReductionsIgnored "ttl_reductions_ignored",
    TtlReductionsApplied "ttl_reductions_applied",
}

const COUNTERS: usize = Counter::ALL.len();

#[derive(Debug)]
#[repr(align(128))]
struct Shard([AtomicU64; COUNTERS]);

/// The counters of a namespace.
#[derive(Debug)]
pub struct Stats {
    shards: Box<[Shard]>,
}

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    SHARD.with(|shard| {
        if shard.get() == usize::MAX {
            shard.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        shard.get()
    })
}

impl Stats {
    /// All counters at zero.
    pub fn new() -> Stats {
        Stats { shards: (0..SHARDS).map(|_| Shard(std::array::from_fn(|_| AtomicU64::new(0)))).collect() }
    }

    /// Adds one.
    pub fn bump(&self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Adds some.
    pub fn add(&self, counter: Counter, count: u64) {
        self.shards[shard()].0[counter as usize].fetch_add(count, Ordering::Relaxed);
    }

    /// The sum so far.
    pub fn get(&self, counter: Counter) -> u64 {
        self.shards.iter().map(|shard| shard.0[counter as usize].load(Ordering::Relaxed)).sum()
    }
}

impl Default for Stats {
    fn default() -> Self {
        Stats::new()
    }
}
