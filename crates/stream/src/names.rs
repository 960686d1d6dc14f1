//! Names and products as small numbers, given out by the one thread that reads the log.
//! Numbers never leave the process: results carry the names.

use crate::home::ShardId;
use analytics::cell::NameId;
use event::{EventId, EventTime, hash_128_within};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Interned names: stores, types, countries, cities, categories, devices, currencies, sources.
#[derive(Debug, Default)]
pub struct Names {
    ids: HashMap<Arc<str>, NameId, FixedState>,
    /// By id, less one: id 0 is "not stated" and has no name of its own.
    names: Vec<Arc<str>>,
    /// How many were told to the merger, and how many to a checkpoint.
    told: usize,
    rested: usize,
}

impl Names {
    /// The id of a name, given now if it is new.
    pub fn id(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = NameId(
            u32::try_from(self.names.len() + 1).expect("2^32 distinct names do not fit in memory"),
        );
        let name: Arc<str> = Arc::from(name);
        self.ids.insert(Arc::clone(&name), id);
        self.names.push(name);
        id
    }

    /// Names given out since this was last asked, in the order of their ids.
    pub fn take_fresh(&mut self) -> Vec<Arc<str>> {
        let fresh = self.names[self.told..].to_vec();
        self.told = self.names.len();
        fresh
    }

    /// Names that no checkpoint has yet.
    pub fn not_at_rest(&self) -> Vec<(NameId, Arc<str>)> {
        let from = self.rested;
        (from..self.names.len())
            .map(|at| (NameId(at as u32 + 1), Arc::clone(&self.names[at])))
            .collect()
    }

    /// No checkpoint that counts has any of them.
    pub fn forget_rest(&mut self) {
        self.rested = 0;
    }

    /// A checkpoint has every name up to now.
    pub fn rest(&mut self) {
        self.rested = self.names.len();
    }

    /// The name of an id.
    pub fn name(&self, id: NameId) -> Arc<str> {
        let at = (id.0 as usize).checked_sub(1);
        at.map_or_else(|| Arc::from(""), |at| Arc::clone(&self.names[at]))
    }

    /// The same, borrowed.
    pub fn text(&self, id: NameId) -> &str {
        let at = (id.0 as usize).checked_sub(1);
        at.map_or("", |at| &self.names[at])
    }

    /// Takes in the next name of a checkpoint.
    pub fn restore(&mut self, name: &str) {
        self.id(name);
        self.rest();
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
}

/// Products by (store, id). What every line of every event asks for lies in one entry of the map and one small list:
/// with a quarter of a million products each further step is a miss of the cache.
#[derive(Debug, Default)]
pub struct Products {
    entries: HashMap<u128, Entry, FixedState>,
    homes: Vec<ShardId>,
    known: Vec<Product>,
    fresh: Vec<NameId>,
    /// Changed since the last checkpoint, in name or in the event that gave it.
    unsaved: Vec<NameId>,
}

/// A product as a checkpoint keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProduct {
    /// What is known of it.
    pub product: Product,
    /// Its store's name: the product's home follows from it.
    pub store: Arc<str>,
    /// The event whose name it bears.
    pub named_at: (EventTime, EventId),
}

#[derive(Debug)]
struct Entry {
    id: NameId,
    /// The hash of its name and the event that gave it.
    name: u64,
    named_at: (EventTime, EventId),
    is_fresh: bool,
    /// Whether no checkpoint has it as it is.
    is_unsaved: bool,
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

/// Hashes that stand for a product's id and name: taken for a whole batch first, so that the misses of its lookups overlap.
#[derive(Debug, Clone, Copy)]
pub struct ProductHash {
    id: u128,
    name: u64,
}

impl ProductHash {
    /// The hashes of a product of a store.
    #[must_use]
    pub fn of(store: NameId, product: &str, name: Option<&str>) -> ProductHash {
        ProductHash {
            id: hash_128_within(u64::from(store.0), product.as_bytes()),
            name: name.map_or(0, |name| xxh3_64(name.as_bytes())),
        }
    }
}

impl Products {
    /// The id of a product, given now if it is new; its name follows the latest event.
    #[inline]
    pub fn id(&mut self, hash: ProductHash, mention: ProductMention<'_>) -> NameId {
        let Some(entry) = self.entries.get_mut(&hash.id) else {
            return self.add(hash, mention);
        };
        if let Some(name) = mention.name
            && mention.rank >= entry.named_at
        {
            entry.named_at = mention.rank;
            if !std::mem::replace(&mut entry.is_unsaved, true) {
                self.unsaved.push(entry.id);
            }
            if entry.name != hash.name {
                entry.name = hash.name;
                self.known[entry.id.0 as usize - 1].name = Some(Arc::from(name));
                if !std::mem::replace(&mut entry.is_fresh, true) {
                    self.fresh.push(entry.id);
                }
            }
        }
        entry.id
    }

    #[cold]
    fn add(&mut self, hash: ProductHash, mention: ProductMention<'_>) -> NameId {
        let id = NameId(
            u32::try_from(self.known.len() + 1).expect("2^32 products do not fit in memory"),
        );
        let named_at = match mention.name {
            Some(_) => mention.rank,
            None => (EventTime(i64::MIN), EventId(0)),
        };
        let entry = Entry {
            id,
            name: hash.name,
            named_at,
            is_fresh: true,
            is_unsaved: true,
        };
        self.unsaved.push(id);
        self.entries.insert(hash.id, entry);
        let home = ShardId::of_product(mention.store.1, mention.product);
        self.homes.push(home);
        self.known.push(Product {
            store: mention.store.0,
            id: Arc::from(mention.product),
            name: mention.name.map(Arc::from),
        });
        self.fresh.push(id);
        id
    }

    /// The home of a product.
    #[must_use]
    pub fn home(&self, id: NameId) -> ShardId {
        self.homes[id.0 as usize - 1]
    }

    /// Products that are new or have a new name since this was last asked.
    pub fn take_fresh(&mut self) -> Vec<(NameId, Product)> {
        let fresh = std::mem::take(&mut self.fresh);
        let mut take = |id: NameId| {
            let product = &self.known[id.0 as usize - 1];
            if let Some(entry) = self.entries.get_mut(&key(product)) {
                entry.is_fresh = false;
            }
            (id, product.clone())
        };
        fresh.into_iter().map(&mut take).collect()
    }

    /// Products that changed since the last checkpoint, by number.
    pub fn not_at_rest(&mut self, names: &Names) -> Vec<(NameId, KnownProduct)> {
        self.unsaved.sort_unstable();
        let known = |id: &NameId| {
            let product = self.known[id.0 as usize - 1].clone();
            let known = KnownProduct {
                store: names.name(product.store),
                named_at: self.entries[&key(&product)].named_at,
                product,
            };
            (*id, known)
        };
        self.unsaved.iter().map(known).collect()
    }

    /// A checkpoint has them.
    pub fn rest(&mut self) {
        for id in std::mem::take(&mut self.unsaved) {
            if let Some(entry) = self.entries.get_mut(&key(&self.known[id.0 as usize - 1])) {
                entry.is_unsaved = false;
            }
        }
    }

    /// Forgets the products' names: everything is folded again, and says them again. Ids stay.
    pub fn forget_names(&mut self) {
        for entry in self.entries.values_mut() {
            entry.name = 0;
            entry.named_at = (EventTime(i64::MIN), EventId(0));
            self.known[entry.id.0 as usize - 1].name = None;
            if !std::mem::replace(&mut entry.is_unsaved, true) {
                self.unsaved.push(entry.id);
            }
        }
    }

    /// Takes in the next product of a checkpoint.
    pub fn restore(&mut self, known: KnownProduct) {
        let KnownProduct {
            product,
            store,
            named_at,
        } = known;
        let hash = ProductHash::of(product.store, &product.id, product.name.as_deref());
        let mention = ProductMention {
            store: (product.store, &store),
            product: &product.id,
            name: product.name.as_deref(),
            rank: named_at,
        };
        self.add(hash, mention);
    }
}

fn key(product: &Product) -> u128 {
    ProductHash::of(product.store, &product.id, None).id
}
