//! What one call of a UDF may use: time and memory (lua §13).
//!
//! Lua's own allocations are limited by its allocator. What values hold outside of Lua is charged here, and a
//! hook that the interpreter calls every few hundred instructions looks at the clock. Once the time is up every
//! further look fails, so that no `pcall` and no coroutine can outlive it.

use mlua::{HookTriggers, Lua, VmState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Bytes that a Lua state may allocate: enough for the deepest recursion that Lua itself allows.
pub const LUA_MEMORY: usize = 64 * 1024 * 1024;
/// Bytes that the lists, maps and bytes of a state may hold. Tests, which run without optimization, get there
/// sooner.
pub const VALUE_MEMORY: usize = if cfg!(test) { 16 * 1024 * 1024 } else { 64 * 1024 * 1024 };
/// Charged bytes from which on garbage is looked for; Lua itself sees only small handles.
const COLLECT_FROM: usize = 8 * 1024 * 1024;
/// Instructions between two looks at the clock. An instruction that handles the largest possible string takes
/// milliseconds; this many of them keep an overrun below the second.
const INSTRUCTIONS: u32 = 250;

/// Work from which on a look at the clock costs little in comparison.
const MUCH_WORK: usize = 4096;

/// The time is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("UDF Execution Timeout")]
pub struct TimeUp;

/// The text with which an allocation fails, Lua's own.
pub const NO_MEMORY: &str = "not enough memory";

/// The budget of a Lua state.
#[derive(Debug)]
pub struct Budget {
    started: Instant,
    /// Nanoseconds behind `started`.
    deadline: AtomicU64,
    exhausted: AtomicBool,
    /// Whether the server is stopping.
    is_stopping: Arc<AtomicBool>,
    /// Bytes charged for values outside of Lua's memory.
    charged: AtomicUsize,
    /// The charge at which garbage is collected next.
    collect_at: AtomicUsize,
}

impl Budget {
    /// A budget without a deadline.
    #[cfg(test)]
    pub fn new() -> Arc<Budget> {
        Budget::stopped_by(Arc::default())
    }

    /// A budget without a deadline, which is used up when somebody says so.
    pub fn stopped_by(is_stopping: Arc<AtomicBool>) -> Arc<Budget> {
        Arc::new(Budget {
            is_stopping,
            started: Instant::now(),
            deadline: AtomicU64::new(u64::MAX),
            exhausted: AtomicBool::new(false),
            charged: AtomicUsize::new(0),
            collect_at: AtomicUsize::new(COLLECT_FROM),
        })
    }

    /// Limits a state to this budget.
    ///
    /// # Errors
    /// When Lua has no memory for the hook.
    pub fn watch(self: &Arc<Self>, lua: &Lua) -> mlua::Result<()> {
        lua.set_memory_limit(LUA_MEMORY)?;
        let budget = self.clone();
        // Coroutines inherit the hook from whoever makes them.
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(INSTRUCTIONS), move |_, _| {
            budget.check()?;
            Ok(VmState::Continue)
        })
    }

    /// Starts the clock of a call.
    pub fn begin(&self, limit: Duration) {
        let now = self.started.elapsed().as_nanos() as u64;
        self.deadline.store(now.saturating_add(limit.as_nanos() as u64), Relaxed);
        self.exhausted.store(false, Relaxed);
    }

    /// Stops the clock.
    pub fn end(&self) {
        self.deadline.store(u64::MAX, Relaxed);
    }

    /// Looks at the clock.
    ///
    /// # Errors
    /// [`TimeUp`] once the deadline has passed.
    pub fn check(&self) -> Result<(), TimeUp> {
        let now = self.started.elapsed().as_nanos() as u64;
        if now >= self.deadline.load(Relaxed) || self.is_stopping.load(Relaxed) {
            self.exhausted.store(true, Relaxed);
            return Err(TimeUp);
        }
        Ok(())
    }

    /// Looks at the clock if there is much to do: `work` is about the number of bytes or elements to be touched.
    ///
    /// # Errors
    /// As [`Budget::check`].
    pub fn check_work(&self, work: usize) -> Result<(), TimeUp> {
        if work > MUCH_WORK { self.check() } else { Ok(()) }
    }

    /// Whether a look at the clock has failed during this call.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    /// Makes sure that values may grow by some bytes.
    ///
    /// # Errors
    /// A Lua error when the state's values would hold more than [`VALUE_MEMORY`], also after a collection of
    /// garbage; [`TimeUp`].
    pub fn reserve(&self, lua: &Lua, bytes: usize) -> mlua::Result<()> {
        let wanted = self.charged.load(Relaxed).saturating_add(bytes);
        if wanted <= self.collect_at.load(Relaxed) {
            return Ok(());
        }
        self.check()?;
        if bytes <= VALUE_MEMORY {
            lua.gc_collect()?;
            let left = self.charged.load(Relaxed);
            self.collect_at.store((2 * left).clamp(COLLECT_FROM, VALUE_MEMORY), Relaxed);
            if left + bytes <= VALUE_MEMORY {
                return Ok(());
            }
        }
        Err(mlua::Error::runtime(NO_MEMORY))
    }

    /// An empty charge.
    pub fn charge(self: &Arc<Self>) -> Charge {
        Charge { budget: self.clone(), bytes: 0 }
    }

    /// Bytes charged now.
    #[cfg(test)]
    pub fn charged(&self) -> usize {
        self.charged.load(Relaxed)
    }
}

/// The part of a budget that one value holds; given back when it is dropped.
#[derive(Debug)]
pub struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    /// The budget that it is a part of.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// An empty charge on the same budget.
    pub fn sibling(&self) -> Charge {
        self.budget.charge()
    }

    /// Takes more.
    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.charged.fetch_add(bytes, Relaxed);
    }

    /// Gives some back.
    pub fn subtract(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.budget.charged.fetch_sub(bytes, Relaxed);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.charged.fetch_sub(self.bytes, Relaxed);
    }
}
