//! States by their keys, of which some lie at rest elsewhere: what changed since the last checkpoint, and what that one
//! takes. Whoever holds the rest brings a state back before it is asked for; nothing here writes or reads.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::hash::Hash;

/// The states of one shard that are in memory.
#[derive(Debug, Clone)]
pub struct Kept<K, S> {
    /// Changed since the last checkpoint was begun.
    fresh: HashMap<K, S, FixedState>,
    /// The last checkpoint takes them; here until it stands.
    resting: HashMap<K, S, FixedState>,
}

impl<K, S> Default for Kept<K, S> {
    fn default() -> Self {
        Kept {
            fresh: HashMap::default(),
            resting: HashMap::default(),
        }
    }
}

impl<K: Eq + Hash + Clone, S: Clone + Default> Kept<K, S> {
    /// The state to change; an empty one where nothing is known.
    pub fn state(&mut self, key: &K) -> &mut S {
        let resting = &self.resting;
        self.fresh
            .entry(key.clone())
            // The checkpoint that is being written keeps its own.
            .or_insert_with_key(|key| resting.get(key).cloned().unwrap_or_default())
    }

    /// The state to change, if it changed since the last checkpoint was begun.
    pub(crate) fn fresh_mut(&mut self, key: &K) -> Option<&mut S> {
        self.fresh.get_mut(key)
    }

    /// The state as it is.
    #[must_use]
    pub fn find(&self, key: &K) -> Option<&S> {
        self.fresh.get(key).or_else(|| self.resting.get(key))
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

    /// What changed since the last checkpoint was begun, in no particular order.
    pub fn fresh(&self) -> impl Iterator<Item = (&K, &S)> {
        self.fresh.iter()
    }

    /// What is fresh was taken by a checkpoint; it stays in memory until [`Kept::forget_resting`].
    pub fn rest(&mut self) {
        self.resting = std::mem::take(&mut self.fresh);
    }

    /// The checkpoint stands: what it took can be brought back.
    pub fn forget_resting(&mut self) {
        self.resting = HashMap::default();
    }

    /// The keys of all states in memory, some of them twice.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.fresh.keys().chain(self.resting.keys())
    }

    /// States in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        let also_fresh = |key: &&K| self.fresh.contains_key(*key);
        self.fresh.len() + self.resting.len() - self.resting.keys().filter(also_fresh).count()
    }

    /// Whether none is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.resting.is_empty()
    }
}
