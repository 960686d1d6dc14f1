//! Rules that a store may have of its own.

use crate::cell::NameId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The usual rules, and those of stores that have others.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByStore<R> {
    usual: R,
    stores: HashMap<NameId, R, FixedState>,
}

impl<R> ByStore<R> {
    /// The same rules for every store.
    pub(crate) fn new(usual: R) -> ByStore<R> {
        ByStore {
            usual,
            stores: HashMap::default(),
        }
    }

    /// Gives a store rules of its own.
    pub(crate) fn set(&mut self, store: NameId, rules: R) {
        self.stores.insert(store, rules);
    }

    /// The rules of a store.
    pub(crate) fn get(&self, store: NameId) -> &R {
        self.stores.get(&store).unwrap_or(&self.usual)
    }
}

impl<R: Copy> ByStore<R> {
    /// The same, as a copy.
    pub(crate) fn of(&self, store: NameId) -> R {
        *self.get(store)
    }
}
