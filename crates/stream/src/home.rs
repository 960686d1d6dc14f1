//! Which shard an event belongs to: the order's for orders, updates, cancellations and refunds, else the person's.

use event::schema::Text;
use event::{EventRef, KeyKind, key_hash};

/// Number of shards, fixed for good: homes are stored in checkpoints and topics.
pub const SHARDS: usize = 64;

/// A shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(pub u8);

impl ShardId {
    /// The home of a key's hash.
    #[must_use]
    pub fn of_hash(hash: u64) -> ShardId {
        ShardId((hash % SHARDS as u64) as u8)
    }

    /// The home of a product.
    #[must_use]
    pub fn of_product(store: &str, product: &str) -> ShardId {
        ShardId::of_hash(key_hash(store, KeyKind::Product, product.as_bytes()))
    }

    /// The home of a person.
    #[must_use]
    pub fn of_person(store: &str, id: &str) -> ShardId {
        ShardId::of_hash(key_hash(store, KeyKind::Person, id.as_bytes()))
    }

    /// The home of an event.
    #[must_use]
    pub fn of_event(event: EventRef<'_>) -> ShardId {
        let (kind, columns): (_, &[Text]) = if event.kind().is_order_kind() {
            (KeyKind::Order, &[Text::OrderId, Text::RefundId])
        } else {
            (
                KeyKind::Person,
                &[Text::CustomerId, Text::AnonymousId, Text::SourceSessionId],
            )
        };
        let key = columns.iter().find_map(|column| event.text(*column));
        let hash = match key {
            Some(key) => key_hash(event.store(), kind, key.as_bytes()),
            None => key_hash(event.store(), kind, &event.id().0.to_be_bytes()),
        };
        ShardId::of_hash(hash)
    }
}
