//! Figures of each quarter of an hour, a row for each currency that brought money in it, or one without.

use super::{Rows, Seen};
use crate::event::SimEvent;
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::time::{MINUTE_MICROS, Time};
use crate::write::{Format, number, put};

const WINDOW_MICROS: i64 = 15 * MINUTE_MICROS;

/// The window under way.
#[derive(Debug, Default)]
pub(super) struct Windows {
    start: Option<Time>,
    events: u64,
    item_views: u64,
    cart_adds: u64,
    orders: u64,
    units: u64,
    refunds: u64,
    payment_errors: u64,
    revenue: [Money; Currency::ALL.len()],
    refunded: [Money; Currency::ALL.len()],
}

impl Windows {
    pub(super) fn observe(
        &mut self,
        seen: &Seen,
        event: &SimEvent<'_>,
        format: Format,
        rows: &mut Rows,
    ) {
        let start = Time(seen.time.0.div_euclid(WINDOW_MICROS) * WINDOW_MICROS);
        if self.start != Some(start) {
            self.close(rows);
            self.start = Some(start);
        }
        self.events += 1;
        match seen.kind {
            Kind::ItemView => self.item_views += 1,
            Kind::CartAdd => self.cart_adds += 1,
            Kind::PaymentError => self.payment_errors += 1,
            Kind::Order => {
                self.orders += u64::from(seen.is_first);
                let goods = format.goods_of(event, seen.index);
                self.units += goods
                    .lines()
                    .iter()
                    .map(|line| u64::from(line.quantity))
                    .sum::<u64>();
                self.revenue[event.currency as usize] += format.revenue_of(event, seen.index);
            }
            Kind::Refund => {
                self.refunds += u64::from(seen.is_first);
                self.refunded[event.currency as usize] += format.refunded_by(event, seen.index);
            }
            _ => {}
        }
    }

    /// Writes the window, if there is one, and begins without.
    pub(super) fn close(&mut self, rows: &mut Rows) {
        let closed = std::mem::take(self);
        let Some(start) = closed.start else { return };
        let counts = [
            closed.events,
            closed.item_views,
            closed.cart_adds,
            closed.orders,
            closed.units,
            closed.refunds,
            closed.payment_errors,
        ];
        let money = |currency: &Currency| {
            (
                closed.revenue[*currency as usize],
                closed.refunded[*currency as usize],
            )
        };
        let mut paid: Vec<Currency> = Currency::ALL.to_vec();
        paid.retain(|currency| money(currency) != (Money::ZERO, Money::ZERO));
        let row = |currency: Option<Currency>, rows: &mut Rows| {
            rows.add(|out| {
                start.write_utc(out);
                for count in counts {
                    out.push(b',');
                    number(count, out);
                }
                out.push(b',');
                put(out, currency.map_or("", Currency::code));
                let (revenue, refunded) =
                    currency.map_or_else(Default::default, |currency| money(&currency));
                for amount in [revenue, refunded] {
                    out.push(b',');
                    put(out, &amount.to_string());
                }
            });
        };
        if paid.is_empty() {
            row(None, rows);
        }
        for currency in paid {
            row(Some(currency), rows);
        }
    }
}
