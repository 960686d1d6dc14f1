//! The end of an event of another tracker: what its envelope says, the items its fields belong to, ids and currency.
//! Everything here holds for all trackers alike.

use super::super::JsonDialect;
use super::draft::Draft;
use crate::EventType;
use crate::check::TEXT_BYTES_MAX;
use crate::dialect::field;
use crate::dialect::{Decoding, default_currency};
use crate::event::{Event, LineKind};
use crate::rejection::{Reason, Rejection};
use crate::schema::{Coordinate, ItemLabel, ItemText, Label, Number, Text};

impl<'t> Draft<'t> {
    /// Takes what this event does not say from the envelope it came in.
    pub(super) fn fill_from(&mut self, envelope: &'t Draft<'_>) {
        let (event, from) = (&mut self.event, &envelope.event);
        event.time = event.time.or(from.time);
        for column in Text::ALL {
            if let (None, Some(text)) = (event.text(*column), from.text(*column)) {
                event.set_text(*column, text);
            }
        }
        for column in Label::ALL {
            if let (None, Some(text)) = (event.label(*column), from.label(*column)) {
                event.set_label(*column, text);
            }
        }
        for column in Number::ALL {
            if let (None, Some(number)) = (event.number(*column), from.number(*column)) {
                event.set_number(*column, number);
            }
        }
        for column in Coordinate::ALL {
            if let (None, Some(degrees)) = (event.coordinate(*column), from.coordinate(*column)) {
                event.set_coordinate(*column, degrees);
            }
        }
        if self.extra.is_empty() {
            self.extra.push_str(&envelope.extra);
        } else if let Some(members) = envelope.extra.strip_prefix('{') {
            self.extra.push(',');
            self.extra.push_str(members);
        }
    }

    /// An envelope's own fields, ready to be given to the events in it.
    pub(super) fn sealed(mut self) -> Result<Draft<'t>, Rejection> {
        self.keep_notes()?;
        if self.extra.len() > TEXT_BYTES_MAX {
            let detail = "unknown fields around the events are larger than 64 KiB";
            return Err(Rejection::new(Reason::TooLarge, detail));
        }
        Ok(self)
    }

    /// The event, once its tracker's own questions are settled.
    pub(super) fn finish(
        mut self,
        dialect: JsonDialect,
        decoding: &Decoding<'t>,
    ) -> Result<Box<Event<'t>>, Rejection> {
        self.settle_loose()?;
        self.settle_all_items()?;
        self.keep_notes()?;
        self.name_products();
        self.take_currency_of_items();
        self.event.settle_id(decoding.source);
        self.event.set_label(Label::Dialect, dialect.name());
        default_currency(&mut self.event, decoding.currency);
        if !self.extra.is_empty() {
            self.extra.push('}');
            self.event.set_text(Text::Extra, self.extra);
        }
        Ok(self.event)
    }

    /// Fields of a product in the event itself are its one item, unless items are listed or no product is meant.
    fn settle_loose(&mut self) -> Result<(), Rejection> {
        let is_about_products = self.names_product() || !speaks_of_no_product(self.event.kind);
        let is_only_item = !self.has_items && is_about_products;
        for (field, member) in std::mem::take(&mut self.loose) {
            if is_only_item {
                self.event.only_item();
                self.set_of_item(0, field, &member)?;
            } else {
                self.keep(&member)?;
            }
        }
        Ok(())
    }

    /// Fields of all items go to each that has none; returned goods are marked as such.
    fn settle_all_items(&mut self) -> Result<(), Rejection> {
        for (field, member) in std::mem::take(&mut self.shared) {
            self.event.only_item();
            for line in 0..self.event.items.len() {
                if !field::is_set_of_item(&self.event.items[line], field) {
                    self.set_of_item(line, field, &member)?;
                }
            }
        }
        if self.event.kind == EventType::Refund {
            for item in &mut self.event.items {
                item.set_label(ItemLabel::Kind, LineKind::Return.name());
            }
        }
        Ok(())
    }

    fn keep_notes(&mut self) -> Result<(), Rejection> {
        for (_, member) in std::mem::take(&mut self.notes) {
            self.keep(&member)?;
        }
        Ok(())
    }

    /// A product without id is known by its article number, else by its name.
    fn name_products(&mut self) {
        let mut is_inferred = false;
        for item in &mut self.event.items {
            if item.text(ItemText::ProductId).is_some() {
                continue;
            }
            let name = item.text(ItemText::Sku).or(item.text(ItemText::Name));
            if let Some(name) = name.map(str::to_owned) {
                item.set_text(ItemText::ProductId, name);
                is_inferred = true;
            }
        }
        if is_inferred {
            self.event.mark_inferred(ItemText::ProductId.name());
        }
    }

    /// Where only the items name a currency, the event is in the first item's.
    fn take_currency_of_items(&mut self) {
        if self.event.label(Label::Currency).is_some() {
            return;
        }
        let mut items = self.event.items.iter();
        let code = items.find_map(|item| item.label(ItemLabel::Currency));
        if let Some(code) = code.map(str::to_owned) {
            self.event.set_label(Label::Currency, code);
        }
    }
}

/// Types that name a product only where they have its id: a `name` or `price` in them may be anything's.
fn speaks_of_no_product(kind: EventType) -> bool {
    matches!(
        kind,
        EventType::Custom
            | EventType::PageView
            | EventType::Search
            | EventType::SignUp
            | EventType::Login
            | EventType::Identify
    )
}
