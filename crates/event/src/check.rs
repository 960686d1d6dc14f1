//! What every event must satisfy, as a list of named steps; the first that fails names the reason.
//! Dialects reject what they cannot read; these steps judge what was read.

use crate::event::{Event, LineKind};
use crate::rejection::{Reason, Rejection};
use crate::schema::{Amount, Coordinate, ItemAmount, ItemLabel, ItemText, Label, Text};
use crate::time::{EARLIEST, MINUTE};
use crate::{Currency, EventTime, EventType};

/// Times may run ahead of this server's clock by so much; beyond it a sender's clock is wrong.
pub const FUTURE_MAX: i64 = 5 * MINUTE;
/// Longest id.
pub const ID_BYTES_MAX: usize = 1_024;
/// Longest text of any other field.
pub const TEXT_BYTES_MAX: usize = 64 * 1_024;
/// Most lines of one event.
pub const ITEMS_MAX: usize = 10_000;

/// What a check may know beside the event.
#[derive(Debug, Clone, Copy)]
pub struct CheckContext {
    /// The server's clock when the event came in.
    pub received: EventTime,
}

type Step = fn(&Event<'_>, CheckContext) -> Result<(), Rejection>;

/// A named step.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The name in metrics and docs.
    pub name: &'static str,
    step: Step,
}

/// The steps, in order.
pub const CHECKS: [Check; 8] = [
    Check {
        name: "time_is_plausible",
        step: time_is_plausible,
    },
    Check {
        name: "ids_are_sound",
        step: ids_are_sound,
    },
    Check {
        name: "texts_are_bounded",
        step: texts_are_bounded,
    },
    Check {
        name: "items_are_bounded",
        step: items_are_bounded,
    },
    Check {
        name: "prices_are_not_negative",
        step: prices_are_not_negative,
    },
    Check {
        name: "bought_quantities_are_positive",
        step: bought_quantities_are_positive,
    },
    Check {
        name: "currencies_are_known",
        step: currencies_are_known,
    },
    Check {
        name: "coordinates_are_on_the_globe",
        step: coordinates_are_on_the_globe,
    },
];

/// Runs the steps; the first rejection wins.
pub fn check(event: &Event<'_>, context: CheckContext) -> Result<(), Rejection> {
    CHECKS
        .iter()
        .try_for_each(|check| (check.step)(event, context))
}

fn time_is_plausible(event: &Event<'_>, context: CheckContext) -> Result<(), Rejection> {
    let Some(time) = event.time else {
        return Err(Rejection::new(
            Reason::TimeMissing,
            "no field holds the event's time",
        ));
    };
    check_time(time, context)
}

/// Whether something can have happened then: for dialects that judge a row before its event is whole.
pub fn check_time(time: EventTime, context: CheckContext) -> Result<(), Rejection> {
    if time < EARLIEST {
        return Err(Rejection::of_field(
            Reason::TimeOutOfRange,
            "ts_event",
            &time.to_string(),
        ));
    }
    if time.0 > context.received.0 + FUTURE_MAX {
        return Err(Rejection::of_field(
            Reason::TimeInFuture,
            "ts_event",
            &time.to_string(),
        ));
    }
    Ok(())
}

const IDS: [Text; 8] = [
    Text::EventIdText,
    Text::AnonymousId,
    Text::CustomerId,
    Text::SourceSessionId,
    Text::CartId,
    Text::CheckoutId,
    Text::OrderId,
    Text::RefundId,
];

fn ids_are_sound(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    for column in IDS {
        check_id(column.name(), event.text(column))?;
    }
    event
        .items
        .iter()
        .try_for_each(|item| check_id(ItemText::ProductId.name(), item.text(ItemText::ProductId)))
}

fn check_id(name: &str, id: Option<&str>) -> Result<(), Rejection> {
    match id {
        Some(id) if id.len() > ID_BYTES_MAX || has_zero(id.as_bytes()) => {
            Err(Rejection::of_field(Reason::IdInvalid, name, id))
        }
        _ => Ok(()),
    }
}

/// Of texts as short as ids a plain walk is half of what a call of `memchr` costs.
fn has_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, byte| found | (*byte == 0))
}

fn texts_are_bounded(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    if event.longest_bytes() <= TEXT_BYTES_MAX {
        return Ok(());
    }
    let texts = event.texts().map(|(column, text)| (column.name(), text));
    let labels = event.labels().map(|(column, text)| (column.name(), text));
    texts
        .chain(labels)
        .try_for_each(|(name, text)| check_length(name, text))?;
    event.items.iter().try_for_each(|item| {
        let texts = item.texts().map(|(column, text)| (column.name(), text));
        let labels = item.labels().map(|(column, text)| (column.name(), text));
        texts
            .chain(labels)
            .try_for_each(|(name, text)| check_length(name, text))
    })
}

fn check_length(name: &str, text: &str) -> Result<(), Rejection> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Rejection::of_field(Reason::TooLarge, name, text));
    }
    Ok(())
}

fn items_are_bounded(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    if event.items.len() > ITEMS_MAX {
        return Err(Rejection::new(
            Reason::TooManyItems,
            format!("{} items", event.items.len()),
        ));
    }
    Ok(())
}

const PRICES: [Amount; 3] = [Amount::OldPrice, Amount::NewPrice, Amount::RefundAmount];

fn prices_are_not_negative(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    let of_event = PRICES
        .iter()
        .filter_map(|column| Some((column.name(), event.amount(*column)?)));
    let of_items = event.items.iter().flat_map(|item| {
        [ItemAmount::UnitPrice, ItemAmount::ListPrice]
            .into_iter()
            .filter_map(|column| Some((column.name(), item.amount(column)?)))
    });
    match of_event.chain(of_items).find(|(_, amount)| *amount < 0) {
        Some((name, amount)) => Err(Rejection::of_field(
            Reason::PriceNegative,
            name,
            &crate::Money(amount).to_string(),
        )),
        None => Ok(()),
    }
}

/// Returns and write-offs carry negative quantities; what is bought or put into a cart does not.
fn bought_quantities_are_positive(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    if !matches!(
        event.kind,
        EventType::Order | EventType::OrderUpdate | EventType::CartAdd | EventType::CartRemove
    ) {
        return Ok(());
    }
    let goods = event
        .items
        .iter()
        .filter(|item| !matches!(item.kind(), LineKind::Return | LineKind::WriteOff));
    match goods
        .filter_map(|item| item.amount(ItemAmount::Quantity))
        .find(|quantity| *quantity <= 0)
    {
        Some(quantity) => Err(Rejection::of_field(
            Reason::QuantityNotPositive,
            "quantity",
            &crate::Quantity(quantity).to_string(),
        )),
        None => Ok(()),
    }
}

fn currencies_are_known(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    let of_items = event
        .items
        .iter()
        .filter_map(|item| item.label(ItemLabel::Currency));
    match event
        .label(Label::Currency)
        .into_iter()
        .chain(of_items)
        .find(|code| Currency::parse(code).is_none())
    {
        Some(code) => Err(Rejection::of_field(
            Reason::CurrencyUnknown,
            "currency",
            code,
        )),
        None => Ok(()),
    }
}

fn coordinates_are_on_the_globe(event: &Event<'_>, _: CheckContext) -> Result<(), Rejection> {
    let bounds = [(Coordinate::Latitude, 90.0), (Coordinate::Longitude, 180.0)];
    for (column, bound) in bounds {
        if let Some(degrees) = event.coordinate(column)
            && (!degrees.is_finite() || degrees.abs() > bound)
        {
            return Err(Rejection::of_field(
                Reason::CoordinateInvalid,
                column.name(),
                &degrees.to_string(),
            ));
        }
    }
    Ok(())
}
