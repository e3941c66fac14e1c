//! Policies: how long, how often, where and under which condition a command runs (python-api §5).

use std::time::Duration;

/// Which replica a read goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Replica {
    /// The partition's master only.
    Master,
    /// The master first, the other replicas in turn on retries.
    #[default]
    Sequence,
    /// A node in the client's own rack first, then as [`Replica::Sequence`].
    PreferRack,
}

/// What every command obeys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Longest silence of a socket in one attempt; zero: none besides the total.
    pub socket_timeout: Duration,
    /// Longest time for the whole command, retries and sleeps included; zero: no limit.
    pub total_timeout: Duration,
    /// How often the command is tried again after its first attempt.
    pub max_retries: u32,
    /// Pause before each retry.
    pub sleep_between_retries: Duration,
    /// Where reads go.
    pub replica: Replica,
    /// Ask all replicas for the newest version.
    pub read_mode_ap_all: bool,
    /// Touch on read: 0 the server's default, 1 to 100 percent, -1 never (wire §20).
    pub read_touch_ttl_percent: i32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            socket_timeout: Duration::from_millis(30_000),
            total_timeout: Duration::from_millis(1_000),
            max_retries: 2,
            sleep_between_retries: Duration::ZERO,
            replica: Replica::Sequence,
            read_mode_ap_all: false,
            read_touch_ttl_percent: 0,
        }
    }
}

impl Policy {
    /// Milliseconds for the header's timeout word; 0 leaves the choice to the server.
    pub fn server_timeout(&self) -> u32 {
        u32::try_from(self.total_timeout.as_millis()).unwrap_or(u32::MAX)
    }
}

/// What a write does when the record exists, or not (python-api §5.3, wire §16).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Exists {
    /// Create the record or merge the bins.
    #[default]
    Update,
    /// Merge the bins; fail on a missing record.
    UpdateOnly,
    /// Create the record or replace all its bins.
    Replace,
    /// Replace all bins; fail on a missing record.
    ReplaceOnly,
    /// Create the record; fail on an existing one.
    CreateOnly,
}

/// How a write compares generations (wire §17).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Generation {
    /// Not at all.
    #[default]
    Ignore,
    /// The number must be the record's.
    Equal(u32),
    /// The number must be greater than the record's.
    Greater(u32),
}

/// What a write obeys besides [`Policy`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WritePolicy {
    /// What every command obeys.
    pub base: Policy,
    /// Existing and missing records.
    pub exists: Exists,
    /// Generations.
    pub generation: Generation,
    /// Time to live as it travels (wire §19).
    pub ttl: u32,
    /// Store the user key with the record.
    pub send_key: bool,
    /// Answer once the master has written.
    pub commit_master: bool,
    /// Leave a tombstone when the record is deleted.
    pub durable_delete: bool,
}

impl Default for WritePolicy {
    fn default() -> WritePolicy {
        WritePolicy {
            // A write that is sent twice may be applied twice; only the caller can know whether that is fine.
            base: Policy { max_retries: 0, ..Policy::default() },
            exists: Exists::Update,
            generation: Generation::Ignore,
            ttl: 0,
            send_key: false,
            commit_master: false,
            durable_delete: false,
        }
    }
}

/// What a batch obeys besides [`Policy`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchPolicy {
    /// What every command obeys.
    pub base: Policy,
    /// The server may run rows on the thread that read them, for namespaces in memory.
    pub allow_inline: bool,
    /// The same for namespaces on SSD.
    pub allow_inline_ssd: bool,
    /// One bad row does not hide the others.
    pub respond_all_keys: bool,
    /// Ask one node after the other instead of all at once.
    pub sequential: bool,
}

impl Default for BatchPolicy {
    fn default() -> BatchPolicy {
        BatchPolicy {
            base: Policy::default(),
            allow_inline: true,
            allow_inline_ssd: false,
            respond_all_keys: true,
            sequential: false,
        }
    }
}
