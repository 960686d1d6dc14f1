//! What a harvest tells of customers: their rows as they are now, and by how much what they are scored by changed.
//! How they are made is decided in `analytics`, how they are told in `publish`.

use analytics::cell::NameId;
use analytics::customer::Profile;
use analytics::customer::rfm::Counts;
use analytics::person::PersonKey;
use std::collections::BTreeMap;

/// Customers that changed since the last harvest.
#[derive(Debug, Default)]
pub struct CustomerNews {
    /// As they are now; nothing of one that is none any more.
    pub rows: Vec<(PersonKey, Option<Box<Profile>>)>,
    /// Differences of what they are scored by, by store.
    pub scored: BTreeMap<NameId, Counts>,
}

impl CustomerNews {
    /// Adds what one worker hands over; a customer has one home.
    pub fn take(
        &mut self,
        rows: BTreeMap<PersonKey, Option<Box<Profile>>>,
        scored: &BTreeMap<NameId, Counts>,
    ) {
        self.rows.extend(rows);
        for (store, counts) in scored {
            self.scored.entry(*store).or_default().merge(counts);
        }
    }
}
