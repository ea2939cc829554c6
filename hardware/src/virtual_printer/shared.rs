//! The state of a printer between its threads, with the bell that each of them listens to. Knows nothing of what the state means.

use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::mechanism::State;
use super::options::VirtualPrinterOptions;
use super::truth::Happened;

/// State and the bell that rings at each change of it.
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    pub(super) fn new(options: &VirtualPrinterOptions, truth: Sender<Happened>) -> Self {
        Shared { state: Mutex::new(State::new(options, truth)), changed: Condvar::new() }
    }

    /// The state. A thread that died while it held it leaves it as it was, which is what a broken printer would do too.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ring(&self) {
        self.changed.notify_all();
    }

    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait_for<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
    }
}
