//! Levels of products that are low, out, or will be before a delivery comes, and what that may cost. A timeline is judged
//! whole; how levels, paces and lost pieces are known is `analytics::stock`.

use super::{
    AtRisk, Condition, Episode, Evidence, Figure, Finding, Level, Moment, Rule, StoreDesk, Subject,
    findings,
};
use event::{EventId, EventTime, Money, Quantity};

/// How long a delivery takes where no rule of the store says so.
const LEAD_HOURS: u32 = 7 * 24;
const DAY_HOURS: i128 = 24;

/// A product's stock over a stretch of time in which it did not change much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockSight {
    /// Where the stretch begins.
    pub from: EventTime,
    /// Where it ends; nothing where it lasts still.
    pub until: Option<EventTime>,
    /// The least level in it.
    pub level: Quantity,
    /// How long that lasts at the usual pace; nothing where nothing is sold.
    pub cover_hours: Option<u32>,
    /// Views and cart adds in it.
    pub demand: u64,
    /// Pieces sold a day before it, over the days looked back on; nothing where none was.
    pub sold_a_day: Option<Quantity>,
    /// Pieces that were not sold in it for want of stock; nothing where interest while in stock is not known.
    pub lost: Option<Quantity>,
    /// The report or order that led to it.
    pub event: Option<EventId>,
}

/// A product's stock over time, stretch by stretch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Levels {
    /// In their order; none of a product of which nothing is to be found.
    pub sights: Vec<StockSight>,
    /// What a piece costs in the store's currency, where that is known.
    pub price: Option<Money>,
}

/// What a stock rule finds in a product's timeline.
#[must_use]
pub fn judge_stock(
    desk: &StoreDesk,
    rule: &Rule,
    product: &Subject,
    levels: &Levels,
) -> Vec<Finding> {
    let timeline = &levels.sights;
    let moment = |sight: &StockSight| {
        let (level, size) = stock_level(&rule.condition, sight);
        Moment {
            from: sight.from,
            until: sight.until,
            level,
            size,
        }
    };
    let moments: Vec<Moment> = timeline.iter().map(moment).collect();
    findings(desk, (rule, product), &moments, |episode| {
        let peak = &timeline[episode.peak];
        let missing = match &rule.condition {
            Condition::OutOfStock(_) => lost(timeline, episode),
            _ => short_of_sales(peak, lead_hours(desk, &rule.condition)),
        };
        let mut evidence = Evidence::of(&figures(&rule.condition, peak));
        let mut others = vec![(Figure::SoldADay, peak.sold_a_day)];
        others.push((Figure::MissingPieces, missing));
        let others = others
            .into_iter()
            .filter_map(|(figure, pieces)| Some((figure, pieces?.0)));
        evidence.numbers.extend(others);
        let price = levels.price.filter(|_| missing.is_some());
        evidence
            .numbers
            .extend(price.map(|price| (Figure::Price, price.0)));
        if let Some(event) = peak.event {
            evidence = evidence.with_event(event);
        }
        let worth = price
            .zip(missing)
            .map(|(price, missing)| price.times(missing));
        let at_risk = worth.map(|worth| AtRisk {
            amount: Money(rounded(worth)),
            currency: desk.currency,
        });
        (evidence, at_risk)
    })
}

/// An estimate to the hundredth: nobody pays fractions of a cent.
fn rounded(worth: i128) -> i64 {
    const HUNDREDTH: i128 = event::SCALE as i128 / 100;
    let whole = (worth + HUNDREDTH / 2) / HUNDREDTH * HUNDREDTH;
    i64::try_from(whole).unwrap_or(i64::MAX)
}

fn figures(condition: &Condition, peak: &StockSight) -> Vec<(Figure, i64)> {
    let mut numbers = vec![(Figure::Level, peak.level.0)];
    match condition {
        Condition::LowStock(low) => numbers.push((Figure::Limit, low.below.0)),
        Condition::ShortCover(short) => {
            numbers.push((Figure::CoverHours, i64::from(peak.cover_hours.unwrap_or(0))));
            numbers.push((Figure::LeadHours, i64::from(short.lead_hours)));
        }
        _ => numbers.push((
            Figure::Demand,
            i64::try_from(peak.demand).unwrap_or(i64::MAX),
        )),
    }
    numbers
}

/// Pieces that were not sold in the stretches of an episode in which nothing was left; nothing where none of them is known.
fn lost(timeline: &[StockSight], episode: &Episode) -> Option<Quantity> {
    let is_within = |sight: &&StockSight| {
        sight.level.0 <= 0
            && sight.from >= episode.from
            && episode.until.is_none_or(|until| sight.from < until)
    };
    let lost = timeline.iter().filter(is_within);
    let lost = lost.filter_map(|sight| sight.lost);
    lost.reduce(|sum, lost| Quantity(sum.0.saturating_add(lost.0)))
}

/// Pieces that will be wanted until a delivery comes, at the pace of before, and are not there.
fn short_of_sales(sight: &StockSight, lead_hours: u32) -> Option<Quantity> {
    let wanted = i128::from(sight.sold_a_day?.0) * i128::from(lead_hours) / DAY_HOURS;
    let missing = (wanted - i128::from(sight.level.0.max(0))).max(0);
    Some(Quantity(i64::try_from(missing).unwrap_or(i64::MAX)))
}

/// How long a delivery takes: by the rule itself, else by the store's rule of short cover.
fn lead_hours(desk: &StoreDesk, condition: &Condition) -> u32 {
    let told = |condition: &Condition| match condition {
        Condition::ShortCover(short) => Some(short.lead_hours),
        _ => None,
    };
    let mut others = desk.rules.iter().filter_map(|rule| told(&rule.condition));
    told(condition)
        .or_else(|| others.next())
        .unwrap_or(LEAD_HOURS)
}

/// An alert that has begun goes on until there is a fifth more than its limit: deliveries come in hundreds, so whoever
/// moves around the limit has not been delivered. What is out is no news to a rule of what is low, but no end either.
fn stock_level(condition: &Condition, sight: &StockSight) -> (Level, i64) {
    let level = sight.level.0;
    let within = |value: i64, below: i64| match value {
        value if value < below => Level::Breach,
        value if value < below.saturating_add(below / 5) => Level::Near,
        _ => Level::Calm,
    };
    match condition {
        Condition::LowStock(_) if level <= 0 => (Level::Near, 0),
        Condition::LowStock(low) => (within(level, low.below.0), level.saturating_neg()),
        Condition::OutOfStock(_) if level > 0 => (Level::Calm, 0),
        Condition::OutOfStock(out) if sight.demand < out.demand_min => (Level::Near, 0),
        Condition::OutOfStock(_) => {
            let demand = i64::try_from(sight.demand).unwrap_or(i64::MAX);
            (Level::Breach, demand)
        }
        Condition::ShortCover(_) if level <= 0 => (Level::Near, 0),
        Condition::ShortCover(short) => match sight.cover_hours {
            Some(hours) => {
                let hours = i64::from(hours);
                (within(hours, i64::from(short.lead_hours)), -hours)
            }
            None => (Level::Calm, 0),
        },
        _ => (Level::Calm, 0),
    }
}
