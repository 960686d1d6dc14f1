//! Dialects: how each sender names things. Bytes in, `Event` or `Rejection` out.
//! Nothing here judges a value's meaning (`check` does) or knows where the bytes came from.

pub mod access_log;
#[cfg(test)]
mod corpus_tests;
mod field;
pub mod json;
mod lookup;
mod numeral;
pub mod table;
#[cfg(test)]
mod trace;
mod type_name;

pub use field::Field;

use crate::Currency;
use crate::event::Event;
use crate::rejection::Rejection;
use crate::schema::{ItemAmount, Label};
use jiff::tz::TimeZone;

/// Largest single event or file row; what is larger is set aside, so that memory stays bounded.
pub const EVENT_BYTES_MAX: usize = 1 << 20;

/// What a dialect must know beside the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Decoding<'c> {
    /// The source's identity, the scope of ids that are no UUIDs.
    pub source: &'c str,
    /// The store of the key or file; a `store` in the event that says otherwise is kept as an unknown field.
    pub store: &'c str,
    /// The zone of times written without one.
    pub zone: &'c TimeZone,
    /// The currency of amounts sent without one.
    pub currency: &'c Currency,
}

/// Takes what a reader finds, in order: events as they are decoded, and what is no event.
pub trait Intake {
    /// An event; its id is set unless the sender gave none and the reader has no rule for one. `raw` is what it came as.
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]);
    /// What cannot be read as an event, with its row or index within the source.
    fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]);
    /// The identity that what was refused last has once it is mended, where the reader has a rule for it.
    fn identify_refused(&mut self, _id: crate::EventId) {}
}

/// Gives an event with money in it the store's currency where the sender names none.
fn default_currency<'a>(event: &mut Event<'a>, currency: &'a Currency) {
    if event.label(Label::Currency).is_some() {
        return;
    }
    let has_money = |event: &Event<'_>| {
        let price = |item: &crate::Item<'_>| {
            item.amount(ItemAmount::UnitPrice)
                .or(item.amount(ItemAmount::ListPrice))
                .is_some()
        };
        event.items.iter().any(price) || event.amounts().next().is_some()
    };
    if has_money(event) {
        event.set_label(Label::Currency, currency.as_str());
    }
}
