//! States by their keys, of which some lie at rest elsewhere: what changed since it was last written is here.
//! Whoever holds the rest brings a state back before it is asked for; nothing here writes or reads.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::hash::Hash;

/// The states of one shard that are in memory.
#[derive(Debug, Clone)]
pub struct Kept<K, S> {
    /// Changed, or brought back, since they were last written.
    fresh: HashMap<K, S, FixedState>,
}

impl<K, S> Default for Kept<K, S> {
    fn default() -> Self {
        Kept {
            fresh: HashMap::default(),
        }
    }
}

impl<K: Eq + Hash + Clone, S: Default> Kept<K, S> {
    /// The state to change; an empty one where nothing is known.
    pub fn state(&mut self, key: &K) -> &mut S {
        self.fresh.entry(key.clone()).or_default()
    }

    /// The state to change, if it is in memory.
    pub(crate) fn fresh_mut(&mut self, key: &K) -> Option<&mut S> {
        self.fresh.get_mut(key)
    }

    /// The state as it is.
    #[must_use]
    pub fn find(&self, key: &K) -> Option<&S> {
        self.fresh.get(key)
    }

    /// Whether what is known of this key is in memory.
    #[must_use]
    pub fn holds(&self, key: &K) -> bool {
        self.find(key).is_some()
    }

    /// Brings back what was kept elsewhere.
    pub fn bring(&mut self, key: K, state: S) {
        self.fresh.insert(key, state);
    }

    /// What changed since [`Kept::rest`] was last called, in no particular order.
    pub fn fresh(&self) -> impl Iterator<Item = (&K, &S)> {
        self.fresh.iter()
    }

    /// What is fresh was written, and can be brought back from now on.
    pub fn rest(&mut self) {
        self.fresh = HashMap::default();
    }

    /// The keys of all states in memory.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.fresh.keys()
    }

    /// States in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fresh.len()
    }

    /// Whether none is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fresh.is_empty()
    }
}
