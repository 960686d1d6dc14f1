//! The desk: which rules each store goes by, with what they need to know of the store itself.
//! It is set from outside and shared by all evaluators of a shard; it finds nothing.

use super::{Against, Condition, Rule};
use crate::cell::NameId;
use crate::window::Calendar;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

/// One store as rules see it.
#[derive(Debug, Clone)]
pub struct StoreDesk {
    /// Its name, part of every id.
    pub name: Arc<str>,
    /// Its id in this process.
    pub store: NameId,
    /// The currency in which limits of money are meant; other currencies are not judged by them.
    pub currency: NameId,
    /// Its days and hours.
    pub calendar: Calendar,
    /// Its rules; names are unique ([`super::check_rules`]).
    pub rules: Arc<[Rule]>,
}

impl StoreDesk {
    /// Rules with a condition of one kind.
    pub fn rules_of<'a, C: 'a>(
        &'a self,
        kind: impl Fn(&'a Condition) -> Option<&'a C>,
    ) -> impl Iterator<Item = (&'a Rule, &'a C)> {
        self.rules
            .iter()
            .filter_map(move |rule| kind(&rule.condition).map(|condition| (rule, condition)))
    }

    /// Whether any rule asks for this history; where none does, it need not be kept.
    #[must_use]
    pub fn asks_for(&self, history: Against) -> bool {
        let asks = |rule: &Rule| matches!(&rule.condition, Condition::Unlike(unlike) if unlike.against == history);
        self.rules.iter().any(asks)
    }

    /// The rule of this name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| &*rule.name == name)
    }
}

/// Every store's rules.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    stores: HashMap<NameId, StoreDesk, FixedState>,
}

impl Desk {
    /// Sets or replaces a store's rules.
    pub fn set(&mut self, desk: StoreDesk) {
        self.stores.insert(desk.store, desk);
    }

    /// A store's rules; one that is not known has none.
    #[must_use]
    pub fn of(&self, store: NameId) -> Option<&StoreDesk> {
        self.stores.get(&store)
    }
}
