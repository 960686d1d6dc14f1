//! Rows of customers: what shards settled, with names in place of ids. They are kept with the rows of stock and prices.

use super::inventory::TABLES;
use super::{Results, product_id};
use crate::publish::customers as rows;
use analytics::customer::Profile;
use analytics::person::PersonKey;
use changelog::Change;

impl Results {
    /// Rows of customers that changed.
    pub(super) fn tell_customers(
        &mut self,
        told: &[(PersonKey, Option<Box<Profile>>)],
    ) -> Vec<Change> {
        let mut changes = Vec::with_capacity(told.len());
        for (customer, profile) in told {
            let store = self.names.get(customer.store.0 as usize);
            let currency = self
                .stores
                .get(store.map_or("main", |store| store))
                .currency;
            let values = profile.as_deref().map(|profile| {
                let product = |id| product_id(&self.products, id);
                rows::values(profile, (&self.names, currency.as_str()), product)
            });
            changes.push(self.row(TABLES[6], rows::key(customer, &self.names), values));
        }
        for change in &changes {
            self.inventory.remember(change);
        }
        changes
    }
}
