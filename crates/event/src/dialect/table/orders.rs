//! Order lists: each row is a line of an invoice, and rows of one invoice that stand together are one event.
//!
//! * Sold lines are an `order`; if rows of the invoice come back later in the file, an `order_update` with the further lines.
//! * Every line of an invoice that is `C` and digits is returned: a `refund`, with or without customer.
//! * Other lines of negative quantity are returned if a customer is named, else written off (`stock_update`).
//! * Rows of a refund that come back later are a refund of the same id again; refunds built of rows add up.
//! * An invoice that mixes these becomes one event of each, in this order; each has the identity of its own first row.
//!
//! Quantities stay as they are written; a refund's amount is the sum of its lines without their sign.

use super::guess::is_credit_note;
use super::mapping::{Mapping, TableDialect};
use super::row::{Sheet, TableRow};
use crate::check::{CheckContext, ITEMS_MAX, check, check_time};
use crate::dialect::field::{Field, id_text, read_time};
use crate::dialect::numeral::read_decimal;
use crate::dialect::{Decoding, Intake, default_currency};
use crate::event::{Event, LineKind};
use crate::money::AMOUNT_LIMIT;
use crate::rejection::{Reason, Rejection};
use crate::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text};
use crate::{EventId, EventType, Money, Quantity, hash_128};
use std::collections::HashSet;

/// Most invoices of one file whose rows are known again when they come back: 16 Mi hashes are some 300 MB.
pub const INVOICES_MAX: usize = 16 << 20;
/// Unknown columns of an order are kept up to here; the lines after that are an `order_update`.
const EXTRA_BYTES_MAX: usize = 32 * 1_024;

/// Where the columns that decide a row's fate are.
#[derive(Debug, Clone, Default)]
struct Deciding {
    invoice: Option<usize>,
    time: Option<usize>,
    product: Option<usize>,
    product_name: Option<usize>,
    price: Option<usize>,
    quantity: Option<usize>,
    customer: Option<usize>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Sold,
    Returned,
    WrittenOff,
}

/// Turns rows into orders; remembers which invoices it has seen.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    columns: Deciding,
    seen: HashSet<u64>,
}

/// More invoices than are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file has more than {INVOICES_MAX} orders")]
pub struct TooManyOrders;

/// What is the same for every group of rows.
pub(super) struct Surroundings<'a, 'm> {
    pub sheet: Sheet<'a, 'm>,
    pub decoding: Decoding<'a>,
    pub context: CheckContext,
}

impl Orders {
    pub(super) fn new(mapping: &Mapping) -> Orders {
        let of = |field| mapping.column_of(field);
        let columns = Deciding {
            invoice: of(Field::Text(Text::OrderId)),
            time: of(Field::Time),
            product: of(Field::ItemText(ItemText::ProductId)),
            product_name: of(Field::ItemText(ItemText::Name)),
            price: of(Field::ItemAmount(ItemAmount::UnitPrice)),
            quantity: of(Field::ItemAmount(ItemAmount::Quantity)),
            customer: of(Field::Text(Text::CustomerId)),
        };
        Orders {
            columns,
            seen: HashSet::new(),
        }
    }

    /// Nothing is known; stands in while the real one is at work.
    pub(super) fn none() -> Orders {
        Orders {
            columns: Deciding::default(),
            seen: HashSet::new(),
        }
    }

    /// The invoice a row belongs to, as a hash.
    pub(super) fn invoice_of(
        &self,
        sheet: &Sheet<'_, '_>,
        row: &TableRow,
    ) -> Result<u64, Rejection> {
        match sheet.value(row, self.columns.invoice) {
            Some(value) => Ok(hash_128(id_text(value).as_bytes()) as u64),
            None => Err(Rejection::new(
                Reason::OrderMissing,
                "the row names no order",
            )),
        }
    }

    /// Hands over what the rows of one invoice are; how many events, refused rows included.
    pub(super) fn hand_over(
        &mut self,
        rows: &[TableRow],
        at: &Surroundings<'_, '_>,
        intake: &mut impl Intake,
    ) -> Result<usize, TooManyOrders> {
        let mut events = 0;
        let mut fates = Vec::with_capacity(rows.len());
        for row in rows {
            match self.fate(row, at) {
                Ok(fate) => fates.push((fate, row)),
                Err(rejection) => events += refuse(row, rejection, at, intake),
            }
        }
        for fate in [Fate::Sold, Fate::Returned, Fate::WrittenOff] {
            let rows: Vec<&TableRow> = fates
                .iter()
                .filter(|(of_row, _)| *of_row == fate)
                .map(|(_, row)| *row)
                .collect();
            let mut rest = rows.as_slice();
            while !rest.is_empty() {
                let (taken, made) = self.one_event(fate, rest, at, intake)?;
                events += made;
                rest = &rest[taken..];
            }
        }
        Ok(events)
    }

    /// Judges the row by itself, so that a bad one does not take its invoice with it.
    fn fate(&self, row: &TableRow, at: &Surroundings<'_, '_>) -> Result<Fate, Rejection> {
        let sheet = &at.sheet;
        let time = sheet
            .value(row, self.columns.time)
            .ok_or_else(|| Rejection::new(Reason::TimeMissing, "the row has no time"))?;
        check_time(read_time("ts_event", &time.text, sheet.style)?, at.context)?;
        if sheet
            .value(row, self.columns.product)
            .or_else(|| sheet.value(row, self.columns.product_name))
            .is_none()
        {
            return Err(Rejection::new(
                Reason::ProductMissing,
                "the row names no product",
            ));
        }
        self.check_price(row, at)?;
        let is_credit_note = at.sheet.mapping.c_is_refund
            && sheet
                .value(row, self.columns.invoice)
                .is_some_and(|invoice| is_credit_note(&id_text(invoice)));
        let quantity = self.quantity(row, at)?;
        let has_customer = sheet.value(row, self.columns.customer).is_some();
        match quantity {
            _ if is_credit_note => Ok(Fate::Returned),
            1.. => Ok(Fate::Sold),
            0 => Err(Rejection::of_field(
                Reason::QuantityNotPositive,
                "quantity",
                "0",
            )),
            _ if has_customer => Ok(Fate::Returned),
            _ => Ok(Fate::WrittenOff),
        }
    }

    fn check_price(&self, row: &TableRow, at: &Surroundings<'_, '_>) -> Result<(), Rejection> {
        let text = at
            .sheet
            .value(row, self.columns.price)
            .map(|value| value.text)
            .unwrap_or_default();
        let (price, _) = read_decimal("unit_price", Reason::PriceInvalid, &text, at.sheet.style)?;
        if price < 0 {
            Err(Rejection::of_field(
                Reason::PriceNegative,
                "unit_price",
                &text,
            ))
        } else {
            Ok(())
        }
    }

    /// One piece where the file has no column for it.
    fn quantity(&self, row: &TableRow, at: &Surroundings<'_, '_>) -> Result<i64, Rejection> {
        if self.columns.quantity.is_none() {
            return Ok(crate::SCALE);
        }
        let text = at
            .sheet
            .value(row, self.columns.quantity)
            .map(|value| value.text)
            .unwrap_or_default();
        Ok(read_decimal("quantity", Reason::QuantityInvalid, &text, at.sheet.style)?.0)
    }

    /// Hands over one event of the first rows; how many rows it took, and how many events came of them.
    fn one_event(
        &mut self,
        fate: Fate,
        rows: &[&TableRow],
        at: &Surroundings<'_, '_>,
        intake: &mut impl Intake,
    ) -> Result<(usize, usize), TooManyOrders> {
        let mut draft = Draft::of(fate, rows, at);
        let (taken, mut events) = (draft.rows_taken, 0);
        if check(&draft.event, at.context).is_err() {
            // Some value of some row: the rows that fail by themselves are set aside, the others stay an order.
            let (sound, unsound): (Vec<&TableRow>, Vec<&TableRow>) = rows[..taken]
                .iter()
                .partition(|row| check(&Draft::of(fate, &[row], at).event, at.context).is_ok());
            if !sound.is_empty() {
                for row in unsound {
                    let rejection = check(&Draft::of(fate, &[row], at).event, at.context).err();
                    draft
                        .refused
                        .extend(rejection.map(|rejection| (row.clone(), rejection)));
                }
                let refused = std::mem::take(&mut draft.refused);
                draft = Draft::of(fate, &sound, at);
                draft.refused.extend(refused);
            }
        }
        for (row, rejection) in std::mem::take(&mut draft.refused) {
            events += refuse(&row, rejection, at, intake);
        }
        if draft.event.items.is_empty() {
            return Ok((taken, events));
        }
        self.settle(fate, &mut draft.event, at)?;
        let bytes = rows[0].bytes.start..rows[taken - 1].bytes.end;
        intake.take(&mut draft.event, &at.sheet.window[bytes]);
        Ok((taken, events + 1))
    }

    /// Type, ids and amounts, once the lines are known.
    fn settle(
        &mut self,
        fate: Fate,
        event: &mut Event<'_>,
        at: &Surroundings<'_, '_>,
    ) -> Result<(), TooManyOrders> {
        let invoice = event.text(Text::OrderId).unwrap_or_default().to_owned();
        event.kind = match fate {
            Fate::Sold if self.is_first_of(&invoice)? => EventType::Order,
            Fate::Sold => EventType::OrderUpdate,
            Fate::Returned => EventType::Refund,
            Fate::WrittenOff => EventType::StockUpdate,
        };
        let is_credit_note = at.sheet.mapping.c_is_refund && is_credit_note(&invoice);
        if fate == Fate::Returned {
            if let Some(amount) = refund_amount(event) {
                event.set_amount(Amount::RefundAmount, amount);
            }
            if is_credit_note {
                event.set_text(Text::OrderId, "");
            }
            event.set_text(Text::RefundId, invoice);
        }
        if fate != Fate::Sold && !is_credit_note {
            event.mark_inferred("type");
        }
        event.set_label(Label::Dialect, TableDialect::Orders.name());
        Ok(())
    }

    /// Whether the invoice has had no order before.
    fn is_first_of(&mut self, invoice: &str) -> Result<bool, TooManyOrders> {
        if self.seen.len() >= INVOICES_MAX {
            return Err(TooManyOrders);
        }
        Ok(self.seen.insert(hash_128(invoice.as_bytes()) as u64))
    }
}

/// Price times quantity of the lines, whatever their sign. Nothing where it is more than an amount can be.
fn refund_amount(event: &Event<'_>) -> Option<i64> {
    let line = |item: &crate::Item<'_>| {
        let price = Money(item.amount(ItemAmount::UnitPrice).unwrap_or(0));
        price
            .times(Quantity(
                item.amount(ItemAmount::Quantity).unwrap_or(crate::SCALE),
            ))
            .abs()
    };
    i64::try_from(event.items.iter().map(line).sum::<i128>())
        .ok()
        .filter(|amount| *amount <= AMOUNT_LIMIT)
}

fn refuse(
    row: &TableRow,
    rejection: Rejection,
    at: &Surroundings<'_, '_>,
    intake: &mut impl Intake,
) -> usize {
    intake.refuse(row.position, rejection, &at.sheet.window[row.bytes.clone()]);
    intake.identify_refused(EventId(row.hash));
    1
}

/// An event of lines under way.
struct Draft<'a> {
    event: Event<'a>,
    extra: String,
    rows_taken: usize,
    refused: Vec<(TableRow, Rejection)>,
}

impl<'a> Draft<'a> {
    /// As many of the rows as one event can hold; those with a value that cannot be read are refused.
    fn of(fate: Fate, rows: &[&TableRow], at: &Surroundings<'a, '_>) -> Draft<'a> {
        let mut draft = Draft {
            event: Event::new(EventType::Order),
            extra: String::new(),
            rows_taken: 0,
            refused: Vec::new(),
        };
        for row in rows {
            if draft.event.items.len() == ITEMS_MAX || draft.extra.len() > EXTRA_BYTES_MAX {
                break;
            }
            draft.rows_taken += 1;
            if let Err(rejection) = draft.add(fate, row, at) {
                draft.refused.push(((*row).clone(), rejection));
            }
        }
        if !draft.extra.is_empty() {
            draft
                .event
                .set_text(Text::Extra, std::mem::take(&mut draft.extra) + "}");
        }
        default_currency(&mut draft.event, at.decoding.currency);
        draft
    }

    fn add(
        &mut self,
        fate: Fate,
        row: &TableRow,
        at: &Surroundings<'a, '_>,
    ) -> Result<(), Rejection> {
        let line = self.event.items.len();
        let added = at
            .sheet
            .add_item(&mut self.event, row)
            .and_then(|()| at.sheet.set_fields(&mut self.event, row));
        if let Err(rejection) = added {
            self.event.items.truncate(line);
            if line == 0 {
                self.event = Event::new(EventType::Order);
            }
            return Err(rejection);
        }
        if line == 0 {
            self.event.id = Some(EventId(row.hash));
            self.event.set_number(Number::SourcePosition, row.position);
        }
        let item = &mut self.event.items[line];
        item.set_number(ItemNumber::Line, row.position);
        let is_fee = item
            .text(ItemText::ProductId)
            .is_some_and(|code| at.sheet.mapping.fees.contain(code));
        let kind = match fate {
            Fate::Sold => is_fee.then_some(LineKind::Fee),
            Fate::Returned => Some(LineKind::Return),
            Fate::WrittenOff => Some(LineKind::WriteOff),
        };
        if let Some(kind) = kind {
            item.set_label(ItemLabel::Kind, kind.name());
        }
        let prefix = if line == 0 {
            String::new()
        } else {
            format!("items[{line}].")
        };
        at.sheet.keep_unknown(row, &prefix, &mut self.extra);
        Ok(())
    }
}
