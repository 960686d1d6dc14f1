//! Names and products as small numbers, given out by the one thread that reads the log.
//! Numbers never leave the process: results carry the names.

use crate::home::ShardId;
use analytics::cell::NameId;
use event::{EventId, EventTime, hash_128_within};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

/// Interned names: stores, types, countries, cities, categories, devices, currencies, sources.
#[derive(Debug)]
pub struct Names {
    ids: HashMap<Arc<str>, NameId, FixedState>,
    fresh: Vec<Arc<str>>,
}

impl Default for Names {
    fn default() -> Self {
        // Id 0 is "not stated" and has no name of its own.
        Names {
            ids: HashMap::default(),
            fresh: vec![Arc::from("")],
        }
    }
}

impl Names {
    /// The id of a name, given now if it is new.
    pub fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = NameId(
            u32::try_from(self.ids.len() + 1).expect("2^32 distinct names do not fit in memory"),
        );
        let name: Arc<str> = Arc::from(name);
        self.ids.insert(Arc::clone(&name), id);
        self.fresh.push(name);
        id
    }

    /// Names given out since this was last asked, in the order of their ids.
    pub fn take_fresh(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.fresh)
    }
}

/// What is known of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its store.
    pub store: NameId,
    /// Its id as sent.
    pub id: Arc<str>,
    /// The name in the latest event, by time and id, that gave one.
    pub name: Option<Arc<str>>,
    /// Its home.
    pub home: ShardId,
    named_at: (EventTime, EventId),
    is_fresh: bool,
}

/// Products by (store, id).
#[derive(Debug, Default)]
pub struct Products {
    /// By the hash of store and id: 128 bits stand for the text itself, which would be a second miss of the cache for every line.
    ids: HashMap<u128, NameId, FixedState>,
    known: Vec<Product>,
    fresh: Vec<NameId>,
}

/// A product as an event names it.
#[derive(Debug, Clone, Copy)]
pub struct ProductMention<'a> {
    /// The store's id and name.
    pub store: (NameId, &'a str),
    /// The product's id.
    pub product: &'a str,
    /// The product's name, where given.
    pub name: Option<&'a str>,
    /// Decides whose name wins.
    pub rank: (EventTime, EventId),
}

impl Products {
    /// The id of a product, given now if it is new; its name follows the latest event.
    pub fn id(&mut self, mention: ProductMention<'_>) -> NameId {
        let hash = hash_128_within(u64::from(mention.store.0.0), mention.product.as_bytes());
        let id = match self.ids.get(&hash) {
            Some(id) => *id,
            None => self.add(hash, mention),
        };
        if let Some(name) = mention.name {
            self.name(id, name, mention.rank);
        }
        id
    }

    fn add(&mut self, hash: u128, mention: ProductMention<'_>) -> NameId {
        let text: Arc<str> = Arc::from(mention.product);
        let id = NameId(
            u32::try_from(self.known.len() + 1).expect("2^32 products do not fit in memory"),
        );
        self.ids.insert(hash, id);
        let home = ShardId::of_product(mention.store.1, mention.product);
        let named_at = (EventTime(i64::MIN), EventId(0));
        self.known.push(Product {
            store: mention.store.0,
            id: text,
            name: None,
            home,
            named_at,
            is_fresh: true,
        });
        self.fresh.push(id);
        id
    }

    fn name(&mut self, id: NameId, name: &str, rank: (EventTime, EventId)) {
        let product = &mut self.known[id.0 as usize - 1];
        if rank < product.named_at {
            return;
        }
        product.named_at = rank;
        if product.name.as_deref() == Some(name) {
            return;
        }
        product.name = Some(Arc::from(name));
        if !product.is_fresh {
            product.is_fresh = true;
            self.fresh.push(id);
        }
    }

    /// The home of a product.
    #[must_use]
    pub fn home(&self, id: NameId) -> ShardId {
        self.known[id.0 as usize - 1].home
    }

    /// Products that are new or have a new name since this was last asked.
    pub fn take_fresh(&mut self) -> Vec<(NameId, Product)> {
        let fresh = std::mem::take(&mut self.fresh);
        let mut take = |id: NameId| {
            let product = &mut self.known[id.0 as usize - 1];
            product.is_fresh = false;
            (id, product.clone())
        };
        fresh.into_iter().map(&mut take).collect()
    }
}
