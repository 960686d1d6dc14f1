//! What an import came to, in figures: events by type, money in and out. For the closing table of `ingest`.

use analytics::names::{EventNames, ItemNames};
use analytics::order::Sale;
use analytics::tally::Field;
use event::frame::FrameBody;
use event::schema::Label;
use event::{EventRef, EventType};
use std::collections::BTreeMap;

/// Figures of the events of an import.
#[derive(Debug, Default)]
pub struct Summary {
    /// Events by type.
    pub by_type: BTreeMap<String, u64>,
    /// Revenue and refunds by currency, in ten-thousandths.
    pub money: BTreeMap<String, (i128, i128)>,
}

impl Summary {
    /// Adds a frame's events; `currency` is the store's.
    pub fn observe(&mut self, body: &FrameBody, currency: &str) {
        let kinds = body.events.label_values(Label::Type);
        let mut counts = vec![0; kinds.len()];
        for event in body.events.events() {
            if let Some(key) = event.label_key(Label::Type) {
                counts[usize::from(key)] += 1;
            }
            // A cancelled order names its sums again, but nothing is sold by it.
            if event.kind().is_order_kind() && event.kind() != EventType::OrderCancel {
                self.observe_money(event, currency);
            }
        }
        for (kind, count) in kinds.into_iter().zip(counts) {
            *self.by_type.entry(kind.to_owned()).or_insert(0) += count;
        }
    }

    fn observe_money(&mut self, event: EventRef<'_>, currency: &str) {
        let currency = event.label(Label::Currency).unwrap_or(currency);
        let items = vec![ItemNames::default(); event.item_rows().len()];
        let tally = Sale::of(event, &EventNames::default(), &items)
            .totals(event.kind() == EventType::Refund);
        let (money_in, money_out) = self.money.entry(currency.to_owned()).or_default();
        *money_in += tally[Field::Revenue];
        *money_out += tally[Field::RefundAmount];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::check::CheckContext;
    use event::dialect::{Decoding, json::decode_object};
    use event::frame::{FrameBuilder, SourceInfo};
    use event::{Currency, EventTime};
    use jiff::tz::TimeZone;

    #[test]
    fn a_cancelled_order_is_no_money_in() {
        let mut builder = FrameBuilder::new();
        let source = builder.open_source(&SourceInfo {
            source: "test".to_owned(),
            name: "test".to_owned(),
            store: "main".to_owned(),
        });
        let decoding = Decoding {
            source: "test",
            store: "main",
            zone: &TimeZone::UTC,
            currency: &Currency::USD,
        };
        for kind in ["order", "order_cancel"] {
            let text = format!(
                r#"{{"type":"{kind}","ts":1700000000,"event_id":"{kind}","order_id":"1","revenue":25}}"#
            );
            let event = decode_object(
                text.as_bytes(),
                &decoding,
                &mut event::dialect::json::Habits::default(),
            )
            .expect("an event");
            let received = EventTime(1_800_000_000_000_000);
            builder
                .offer(source, &event, text.as_bytes(), CheckContext { received })
                .expect("accepted");
        }
        let mut summary = Summary::default();
        summary.observe(&builder.finish(), "USD");
        assert_eq!(summary.money["USD"], (250_000, 0));
    }
}
