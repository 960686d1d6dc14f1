//! What is told of a product's stock: level, standing, how fast it sells, how long it lasts, and what was lost.
//! Rows are whole and put in the place of the one with their key; they hold no float.

use super::course::{Course, OutSpan, Span, Standing};
use super::state::ProductStock;
use super::{Goods, OUTS_TOLD, Rules, StockKey};
use crate::cell::NameId;
use crate::ladder::{Key, Ladder, Value};
use crate::ratio::Ratio;
use event::time::DAY;
use event::{EventTime, Quantity};

/// By what the level is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Basis {
    /// Nothing moved yet; the product was looked at only.
    Nothing,
    /// The shop says nothing of this product's stock: what was sold is missing, what came back is there. How much there was
    /// before nobody knows, so such a level is neither low nor out.
    Goods,
    /// Changes without a level, counted from nothing.
    Changes,
    /// A level that was reported.
    Reports,
}

impl Basis {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Basis::Nothing => "nothing",
            Basis::Goods => "goods",
            Basis::Changes => "changes",
            Basis::Reports => "reports",
        }
    }
}

/// What visitors wanted and what they got, in stock and out of it, within the days looked back on.
///
/// Demand that was lost is estimated as interest while out × sales for each interest while in stock: the visitors who came
/// are known, and are taken to buy as those did who could. It is the plain estimator of demand under stock-outs; it takes
/// no account of those who bought something else instead or came back later (for these see Anupindi, Dada and Gupta,
/// Marketing Science 17(4), 1998), nor of those who did not come because they knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Views while it was not out.
    pub views_in: u64,
    /// Views while it was out.
    pub views_out: u64,
    /// Put into carts while it was not out.
    pub cart_adds_in: u64,
    /// Put into carts while it was out.
    pub cart_adds_out: u64,
    /// Sold while it was not out, in ten-thousandths.
    pub sold_in: i128,
    /// Sold while it was out, in ten-thousandths: to be delivered later.
    pub sold_out: i128,
}

impl Demand {
    /// Pieces (ten-thousandths) that were not sold for want of stock: by views, or by carts in a shop that tells of no
    /// views. Nothing where there was no interest while in stock, for then nobody knows what interest is worth.
    #[must_use]
    pub fn lost(&self) -> Option<Ratio> {
        let (out, within) = match (self.views_in, self.views_out) {
            (0, 0) => (self.cart_adds_out, self.cart_adds_in),
            (within, out) => (out, within),
        };
        let lost = i128::from(out).saturating_mul(self.sold_in.max(0));
        Ratio::of(lost, i128::from(within))
    }
}

/// A product's stock as of an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryRow {
    /// Store and product.
    pub key: StockKey,
    /// The instant that was asked for, or that of the newest movement where this is later.
    pub as_of: EventTime,
    /// By what the level is known; anything but reports is an estimate.
    pub basis: Basis,
    /// Over all warehouses; below 0 where more was sold than there was.
    pub level: Quantity,
    /// How it stands.
    pub standing: Standing,
    /// Since when it stands so, where that is known.
    pub since: Option<EventTime>,
    /// When a level was last reported.
    pub reported_at: Option<EventTime>,
    /// What the level is below what the shop said, for goods that went since then.
    pub gone_since_report: i128,
    /// Warehouses that told something.
    pub warehouses: u32,
    /// Movements of warehouses beyond the limit, which the level is without.
    pub set_aside: u64,
    /// The days looked back on begin here: four weeks ago, or when the product was first heard of.
    pub looked_from: EventTime,
    /// How long it was out since then.
    pub out_micros: i64,
    /// How long it was low since then.
    pub low_micros: i64,
    /// How often it was out since then, now included.
    pub times_out: u32,
    /// When it was out, the newest times of all.
    pub outs: Vec<OutSpan>,
    /// What was wanted and sold since then.
    pub demand: Demand,
    /// All goods that ever moved.
    pub goods: Goods,
}

impl InventoryRow {
    /// Whether the level is something else than what the shop reported.
    #[must_use]
    pub fn is_estimated(&self) -> bool {
        self.basis != Basis::Reports
    }

    /// Below the limit and not out.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.standing == Standing::Low
    }

    /// Nothing left.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.standing == Standing::Out
    }

    /// How long it was not out. Sales before it was a day old are taken as a day's: three in the first minute are no
    /// thousands a day.
    #[must_use]
    pub fn in_stock_micros(&self) -> i64 {
        let all = self.as_of.0.saturating_sub(self.looked_from.0);
        all.saturating_sub(self.out_micros).max(DAY)
    }

    /// The part of the time looked back on in which it was out.
    #[must_use]
    pub fn stock_out_rate(&self) -> Option<Ratio> {
        let all = self.as_of.0.saturating_sub(self.looked_from.0);
        Ratio::of(i128::from(self.out_micros), i128::from(all))
    }

    /// Pieces (ten-thousandths) a day while in stock. Days in stock are time in stock: half a day out is half a day.
    #[must_use]
    pub fn velocity(&self) -> Ratio {
        Ratio {
            numerator: self.demand.sold_in.max(0).saturating_mul(i128::from(DAY)),
            denominator: i128::from(self.in_stock_micros()),
        }
    }

    /// Days until nothing is left at this velocity: 0 where nothing is, nothing where nothing sells or the level is unknown.
    #[must_use]
    pub fn days_of_cover(&self) -> Option<Ratio> {
        let velocity = self.velocity();
        match self.standing {
            Standing::Unknown => None,
            Standing::Out => Ratio::of(0, 1),
            Standing::InStock | Standing::Low => {
                let left = i128::from(self.level.0).saturating_mul(velocity.denominator);
                Ratio::of(left, velocity.numerator)
            }
        }
    }
}

/// What one warehouse has of a product, by what the shop said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarehouseRow {
    /// Store and product.
    pub key: StockKey,
    /// The warehouse; 0 where none is named.
    pub warehouse: NameId,
    /// Its level. Sales are not in it: no order says from where it is sent.
    pub level: Quantity,
    /// When it was last reported.
    pub reported_at: Option<EventTime>,
    /// Events that said something.
    pub told: u64,
}

/// What [`super::Stocks::settle`] tells.
#[derive(Debug, Default)]
pub struct Settled {
    /// Products of which something changed.
    pub inventory: Vec<InventoryRow>,
    /// Warehouses that said something.
    pub warehouses: Vec<WarehouseRow>,
    /// Products of which nothing is left to tell.
    pub gone: Vec<StockKey>,
    /// Warehouses that count no more, since there are too many.
    pub gone_warehouses: Vec<(StockKey, NameId)>,
    /// Products whose level may have gone another way than was known before.
    pub moved: Vec<StockKey>,
}

impl ProductStock {
    /// The row as of an instant; equal movements and instants give equal rows.
    #[must_use]
    pub fn row(&self, key: StockKey, as_of: EventTime, rules: &Rules) -> InventoryRow {
        let as_of = self.last_time().map_or(as_of, |last| last.max(as_of));
        let course = self.course(rules);
        let floor = EventTime(as_of.0.saturating_sub(rules.look_back_micros));
        let looked_from = (self.first_time()).map_or(as_of, |first| first.max(floor).min(as_of));
        let spans = course.spans(looked_from, as_of);
        let micros = |standing: Standing| -> i64 {
            let same = spans.iter().filter(|span| span.standing == standing);
            same.map(Span::micros).fold(0, i64::saturating_add)
        };
        let reported = self.lanes.iter().filter_map(|lane| lane.last_report());
        InventoryRow {
            key,
            as_of,
            basis: self.basis(),
            level: saturated(course.level().unwrap_or_else(|| self.balance_of_goods())),
            standing: course.standing(),
            since: course.since(),
            reported_at: reported.map(|(rank, _)| rank.time).max(),
            gone_since_report: course.gone_since_report,
            warehouses: u32::try_from(self.lanes.len()).unwrap_or(u32::MAX),
            set_aside: self.set_aside,
            looked_from,
            out_micros: micros(Standing::Out),
            low_micros: micros(Standing::Low),
            times_out: times_out(&spans, &course),
            outs: course.outs(OUTS_TOLD),
            demand: self.demand(&course, floor),
            goods: self.all_goods(),
        }
    }

    fn basis(&self) -> Basis {
        if self.has_reports() {
            Basis::Reports
        } else if !self.lanes.is_empty() {
            Basis::Changes
        } else if !self.goods.is_empty() {
            Basis::Goods
        } else {
            Basis::Nothing
        }
    }

    fn balance_of_goods(&self) -> i128 {
        let goods = self.all_goods();
        goods.returned.saturating_sub(goods.gone())
    }

    fn all_goods(&self) -> Goods {
        let mut all = Goods::default();
        self.goods.iter().for_each(|(_, goods)| all.merge(goods));
        all
    }

    fn demand(&self, course: &Course, floor: EventTime) -> Demand {
        let mut demand = Demand::default();
        let is_out = |time: EventTime| course.standing_before(time) == Standing::Out;
        for (time, goods) in (self.goods.iter()).filter(|(time, _)| *time > floor) {
            let sold = match is_out(time) {
                true => &mut demand.sold_out,
                false => &mut demand.sold_in,
            };
            *sold = sold.saturating_add(goods.sold);
        }
        let interest = self.telling_interest().into_iter().flat_map(Ladder::iter);
        for (time, interest) in interest.filter(|(time, _)| *time > floor) {
            let (views, cart_adds) = match is_out(time) {
                true => (&mut demand.views_out, &mut demand.cart_adds_out),
                false => (&mut demand.views_in, &mut demand.cart_adds_in),
            };
            *views += u64::from(interest.views);
            *cart_adds += u64::from(interest.cart_adds);
        }
        demand
    }

    fn last_time(&self) -> Option<EventTime> {
        let lanes = self.lanes.iter().flat_map(|lane| {
            let report = lane.reports.newest().next().map(|(rank, _)| rank.time());
            let change = lane.changes.newest().next().map(|(rank, _)| rank.time());
            [report, change]
        });
        let goods = self.goods.newest().next().map(|(time, _)| time);
        let interest = || Some(self.telling_interest()?.newest().next()?.0);
        lanes.chain([goods, interest()]).flatten().max()
    }
}

/// Spans of being out. One that began with the very last movement has no length yet and counts, too.
fn times_out(spans: &[Span], course: &Course) -> u32 {
    let out = spans.iter().filter(|span| span.standing == Standing::Out);
    let count = u32::try_from(out.count()).unwrap_or(u32::MAX);
    let is_counted = spans
        .last()
        .is_some_and(|last| last.standing == Standing::Out);
    count + u32::from(course.standing() == Standing::Out && !is_counted)
}

/// Levels are shown as quantities; what is beyond them is no shop's.
pub(super) fn saturated(level: i128) -> Quantity {
    let edge = if level < 0 { i64::MIN } else { i64::MAX };
    Quantity(i64::try_from(level).unwrap_or(edge))
}
