//! The Lua states of a module, used in turn (lua §13).

use super::module::{Module, Modules};
use super::state::{Settings, State};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// States that a module has from the start; they see the modules that were registered then.
const PREPARED: usize = 10;
/// States that are kept.
const KEPT: usize = 128;

/// The states of one version of a module.
#[derive(Debug)]
pub struct Pool {
    settings: Settings,
    module: Arc<Module>,
    /// The modules at the time of registration.
    modules: Modules,
    idle: Mutex<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    states: VecDeque<State>,
    /// Prepared states that were not made yet: each is made when its turn comes.
    made: usize,
}

impl Pool {
    /// A pool for a module that sees other modules as they are now.
    pub fn new(settings: Settings, module: Arc<Module>, modules: Modules) -> Pool {
        Pool { settings, module, modules, idle: Mutex::default() }
    }

    /// The state whose turn it is. Where more are needed than were prepared, new ones see `modules`.
    ///
    /// # Errors
    /// The text of the error that ended the load of the module.
    pub fn take(&self, modules: &Modules) -> Result<State, String> {
        let visible = {
            let mut idle = self.idle.lock();
            if idle.made < PREPARED {
                idle.made += 1;
                &self.modules
            } else if let Some(state) = idle.states.pop_front() {
                return Ok(state);
            } else {
                modules
            }
        };
        State::new(&self.settings, &self.module, visible)
    }

    /// Gives a state back.
    pub fn give_back(&self, state: State) {
        if !state.is_sound() {
            return;
        }
        let mut idle = self.idle.lock();
        if idle.states.len() < KEPT {
            idle.states.push_back(state);
        }
    }
}
