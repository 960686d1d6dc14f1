//! Event lists: each row is an event, whatever its columns are.

use super::mapping::TypeWords;
use super::row::{Sheet, TableRow};
use crate::dialect::{Decoding, default_currency};
use crate::event::Event;
use crate::rejection::{Reason, Rejection};
use crate::schema::{ItemAmount, Label, Number, Text};
use crate::{EventId, EventType, SCALE};

/// Reads one row. Its id is the sender's, else the running hash up to the row.
pub(super) fn event_of_row<'a>(
    sheet: &Sheet<'a, '_>,
    row: &TableRow,
    types: &mut TypeWords,
    decoding: &Decoding<'a>,
) -> Result<Event<'a>, Rejection> {
    let mut event = Event::new(EventType::Custom);
    sheet.add_item(&mut event, row)?;
    sheet.set_fields(&mut event, row)?;
    settle_type(&mut event, types)?;
    settle_id(&mut event, row, decoding.source);
    let mut extra = String::new();
    sheet.keep_unknown(row, "", &mut extra);
    if !extra.is_empty() {
        event.set_text(Text::Extra, extra + "}");
    }
    settle_quantity(&mut event);
    settle_device(&mut event);
    event.set_number(Number::SourcePosition, row.position);
    event.set_label(Label::Dialect, sheet.mapping.dialect.name());
    default_currency(&mut event, decoding.currency);
    Ok(event)
}

fn settle_type(event: &mut Event<'_>, types: &mut TypeWords) -> Result<(), Rejection> {
    let Some(word) = event.text(Text::TypeText).map(str::trim) else {
        return Err(Rejection::new(
            Reason::TypeMissing,
            "the row does not say what happened",
        ));
    };
    let kind = types.kind_of(word);
    let is_canonical = kind != EventType::Custom && kind.name() == word;
    event.kind = kind;
    if is_canonical {
        event.set_text(Text::TypeText, "");
    }
    Ok(())
}

fn settle_id(event: &mut Event<'_>, row: &TableRow, source: &str) {
    if !event.settle_id(source) {
        event.id = Some(EventId(row.hash));
    }
}

/// Lists that name a price but no quantity write one row a piece.
fn settle_quantity(event: &mut Event<'_>) {
    let is_sold = event.kind == EventType::Order && !event.items.is_empty();
    if is_sold && event.items[0].amount(ItemAmount::Quantity).is_none() {
        event.items[0].set_amount(ItemAmount::Quantity, SCALE);
        event.mark_inferred(ItemAmount::Quantity.name());
    }
}

/// `Mobile` and `mobile` are one device.
fn settle_device(event: &mut Event<'_>) {
    let has_capitals = |device: &&str| device.bytes().any(|byte| byte.is_ascii_uppercase());
    let device = event.label(Label::DeviceType).filter(has_capitals);
    if let Some(device) = device.map(str::to_ascii_lowercase) {
        event.set_label(Label::DeviceType, device);
    }
}
