//! What happened: the canonical event, its columns, and the dialects that map into it.
//! Pure: bytes and values in, values out; no clock, no disk, no network.

pub mod act;
pub mod batch;
pub mod check;
mod currency;
pub mod derive;
pub mod dialect;
mod event;
mod field;
pub mod frame;
mod id;
pub mod import;
mod kind;
mod money;
mod nearest;
mod rejection;
pub mod rule;
pub mod schema;
mod sparse;
pub mod time;

pub use batch::{EventBatch, EventBatchBuilder, EventRef, ItemRef};
pub use currency::Currency;
pub use event::{Event, Item, LineKind, Str};
pub use field::{FIELDS, Field};
pub use id::{EventId, KeyKind, hash_128, hash_128_within, key_hash, running_hash};
pub use kind::EventType;
pub use money::{
    Decimal, DecimalError, Money, Quantity, SCALE, divide_rounded, format_decimal, parse_decimal,
};
pub use nearest::nearest;
pub use rejection::{Reason, Rejection};
pub use time::EventTime;
