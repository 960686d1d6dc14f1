//! Planted anomalies: when each is due, and the record of each that happened. The story acts them out.
//! Their times depend on the seed and their number alone, so that a longer run only adds to a shorter one.

use crate::money::Money;
use crate::random::{derive, unit};
use crate::time::{DAY_MICROS, MINUTE_MICROS, Time};

/// A kind of planted anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum AnomalyKind {
    /// An order of more than 5,000 dollars.
    HighValueOrder,
    /// More than 50 of one cheap product in an order.
    UnusualQuantity,
    /// A wanted product that suddenly has no stock.
    StockOut,
    /// A price of a hundredth of what it was, for a while.
    PriceMistake,
    /// Most payments fail, for a while.
    PaymentErrorStorm,
    /// Scrapers make most of the traffic, for a while.
    BotStorm,
}

impl AnomalyKind {
    /// Every kind.
    pub const ALL: [AnomalyKind; 6] = [
        AnomalyKind::HighValueOrder,
        AnomalyKind::UnusualQuantity,
        AnomalyKind::StockOut,
        AnomalyKind::PriceMistake,
        AnomalyKind::PaymentErrorStorm,
        AnomalyKind::BotStorm,
    ];

    /// The name in plans and in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AnomalyKind::HighValueOrder => "high_value_order",
            AnomalyKind::UnusualQuantity => "unusual_quantity",
            AnomalyKind::StockOut => "stock_out",
            AnomalyKind::PriceMistake => "price_mistake",
            AnomalyKind::PaymentErrorStorm => "payment_error_storm",
            AnomalyKind::BotStorm => "bot_storm",
        }
    }

    /// How long it lasts; nothing where it is one order.
    fn lasts_micros(self, drawn: f64) -> i64 {
        let minutes = match self {
            AnomalyKind::HighValueOrder | AnomalyKind::UnusualQuantity | AnomalyKind::StockOut => 0,
            AnomalyKind::PriceMistake => 15 + (45.0 * drawn) as i64,
            AnomalyKind::PaymentErrorStorm => 5 + (10.0 * drawn) as i64,
            AnomalyKind::BotStorm => 3 + (7.0 * drawn) as i64,
        };
        minutes * MINUTE_MICROS
    }
}

/// How many of each kind are planted in a day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnomalyRates([f64; AnomalyKind::ALL.len()]);

impl AnomalyRates {
    /// So many a day of a kind, at most one a minute.
    pub fn set(&mut self, kind: AnomalyKind, per_day: f64) -> bool {
        let is_rate = (0.0..=1_440.0).contains(&per_day);
        if is_rate {
            self.0[kind as usize] = per_day;
        }
        is_rate
    }

    /// How many of a kind are planted in a day.
    #[must_use]
    pub fn per_day(&self, kind: AnomalyKind) -> f64 {
        self.0[kind as usize]
    }

    /// Whether any is planted.
    pub(crate) fn are_some(&self) -> bool {
        self.0.iter().any(|rate| *rate > 0.0)
    }
}

/// An anomaly that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anomaly {
    /// What.
    pub kind: AnomalyKind,
    /// From when.
    pub from: Time,
    /// Until when; the same instant where it is one event.
    pub until: Time,
    /// The product it is about.
    pub product: Option<u32>,
    /// The order it is.
    pub order: Option<u64>,
    /// What it comes to: the order's value, the quantity, the pieces lost, the wrong price.
    pub evidence: Evidence,
}

/// The figure of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// None but its span.
    None,
    /// Money.
    Amount(Money),
    /// Pieces.
    Units(i64),
}

/// When each kind comes next.
#[derive(Debug)]
pub(crate) struct Schedule {
    seed: u64,
    start: Time,
    rates: AnomalyRates,
    planted: [u64; AnomalyKind::ALL.len()],
}

/// An anomaly to act out now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) kind: AnomalyKind,
    pub(crate) until: Time,
}

const ANOMALY: u64 = 44;

impl Schedule {
    pub(crate) fn new(rates: AnomalyRates, run: u64, start: Time) -> Schedule {
        Schedule {
            seed: run,
            start,
            rates,
            planted: [0; AnomalyKind::ALL.len()],
        }
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<Time> {
        AnomalyKind::ALL
            .into_iter()
            .filter_map(|kind| self.time_of_next(kind))
            .min()
    }

    /// The next one due at this time.
    pub(crate) fn take_due(&mut self, time: Time) -> Option<Due> {
        let is_due = |kind: &AnomalyKind| self.time_of_next(*kind).is_some_and(|next| next <= time);
        let kind = AnomalyKind::ALL.into_iter().find(is_due)?;
        let drawn = unit(derive(!self.seed, ANOMALY, self.key(kind)));
        self.planted[kind as usize] += 1;
        Some(Due {
            kind,
            until: time.plus(kind.lasts_micros(drawn)),
        })
    }

    /// One in each stretch of `a day / rate`, somewhere within it.
    fn time_of_next(&self, kind: AnomalyKind) -> Option<Time> {
        let rate = self.rates.per_day(kind);
        let stretch = DAY_MICROS as f64 / rate;
        let place = unit(derive(self.seed, ANOMALY, self.key(kind)));
        let after = (self.planted[kind as usize] as f64 + 0.1 + 0.8 * place) * stretch;
        (rate > 0.0).then(|| self.start.plus(after as i64))
    }

    fn key(&self, kind: AnomalyKind) -> u64 {
        self.planted[kind as usize] * AnomalyKind::ALL.len() as u64 + kind as u64
    }
}
