//! Conditions that hold for a while: prices, a visitor's haste, lag; `stock` has those of stock. Each is judged from its
//! whole timeline, which its owner keeps; what is found goes to [`super::Spans`], which take back what is found no more.

use super::{
    AtRisk, Condition, Evidence, Figure, Finding, Lag, Level, Moment, PriceMistake, Rule,
    StoreDesk, Subject, findings,
};
use crate::cell::NameId;
use crate::session::{Act, Piece, Rank};
use event::time::{DAY, MINUTE};
use event::{EventTime, Money, Quantity};
use std::collections::{BTreeMap, VecDeque};

/// A price that stood so long is the price, however far it is from those before.
pub(super) const PRICE_STANDS_MICROS: i64 = 7 * DAY;

/// A price from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricePoint {
    /// The event that says so, and when.
    pub rank: Rank,
    /// The price.
    pub price: Money,
    /// The price before, where the event says it: it counts as history where none is known.
    pub before: Option<Money>,
    /// Pieces sold while it stood.
    pub sold: Quantity,
}

/// What a rule of price mistakes finds in a product's prices of one currency, given in the canonical order.
#[must_use]
pub fn judge_prices(
    desk: &StoreDesk,
    rule: &Rule,
    (product, currency): (&Subject, NameId),
    prices: &[PricePoint],
) -> Vec<Finding> {
    let Condition::PriceMistake(mistake) = &rule.condition else {
        return Vec::new();
    };
    let usual = usual_prices(mistake, prices);
    let moment = |(at, point): (usize, &PricePoint)| {
        let is_mistake = usual[at].is_some_and(|usual| mistake.is_made(point.price, usual));
        let level = if is_mistake {
            Level::Breach
        } else {
            Level::Calm
        };
        Moment {
            from: point.rank.time,
            until: prices.get(at + 1).map(|next| next.rank.time),
            level,
            size: usual[at].map_or(0, |usual| times_off(point.price, usual)),
        }
    };
    let moments: Vec<Moment> = prices.iter().enumerate().map(moment).collect();
    findings(desk, (rule, product), &moments, |episode| {
        let peak = &prices[episode.peak];
        let usual = usual[episode.peak].unwrap_or_default();
        let too_little = i128::from(usual.0) - i128::from(peak.price.0);
        let lost = Money(i64::try_from(too_little.max(0)).unwrap_or(i64::MAX)).times(peak.sold);
        let evidence = Evidence::of(&[
            (Figure::Price, peak.price.0),
            (Figure::UsualPrice, usual.0),
            (Figure::Pieces, peak.sold.0),
        ]);
        let at_risk = (lost > 0).then(|| AtRisk {
            amount: Money(i64::try_from(lost).unwrap_or(i64::MAX)),
            currency,
        });
        (evidence.with_event(peak.rank.id), at_risk)
    })
}

/// For each price the median of those before it; of two in the middle the one nearer to it, for they may be before and
/// after a change for good. A mistake is no history, or the third would look right and the price that mends them wrong;
/// but what stood for a week is the price.
fn usual_prices(mistake: &PriceMistake, prices: &[PricePoint]) -> Vec<Option<Money>> {
    let said = prices.first().and_then(|first| first.before);
    let mut history: VecDeque<Money> = said.into_iter().collect();
    let next_at = |at: usize| prices.get(at + 1).map(|next| next.rank.time.0);
    let usual = |(at, point): (usize, &PricePoint)| {
        let mut sorted: Vec<Money> = history.iter().copied().collect();
        sorted.sort_unstable();
        let middle = [sorted.len().saturating_sub(1) / 2, sorted.len() / 2];
        let middle = middle.into_iter().filter_map(|at| sorted.get(at).copied());
        let usual = middle.min_by_key(|usual| times_off(point.price, *usual));
        let is_mistake = usual.is_some_and(|usual| mistake.is_made(point.price, usual));
        let stood = next_at(at).map_or(0, |next| next.saturating_sub(point.rank.time.0));
        if is_mistake && stood >= PRICE_STANDS_MICROS {
            // A change for good, or a mistake that nobody saw: from here on either price is right.
            history = usual.into_iter().chain([point.price]).collect();
        } else if !is_mistake {
            history.push_back(point.price);
        }
        if history.len() > mistake.prices as usize {
            history.pop_front();
        }
        usual
    };
    prices.iter().enumerate().map(usual).collect()
}

impl PriceMistake {
    fn is_made(&self, price: Money, usual: Money) -> bool {
        times_off(price, usual) >= i64::from(self.times)
    }
}

/// How many times one is the other, rounded down; a price of nothing is as many as there are.
fn times_off(price: Money, usual: Money) -> i64 {
    let (low, high) = (price.0.min(usual.0), price.0.max(usual.0));
    if high <= 0 {
        return 0;
    }
    high.checked_div(low.max(0)).unwrap_or(i64::MAX)
}

/// A minute in which one visitor or customer did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// The minute.
    pub minute: EventTime,
    /// Events.
    pub events: u64,
    /// The first of them.
    pub first: Rank,
}

impl Burst {
    /// The minutes of a person's pieces, in their order. A piece longer than a minute, as very busy persons have them, is
    /// taken as evenly filled.
    #[must_use]
    pub fn of<'p>(pieces: impl IntoIterator<Item = &'p Piece>) -> Vec<Burst> {
        let mut minutes: BTreeMap<i64, Burst> = BTreeMap::new();
        for piece in pieces {
            let lasts = piece.last.0.saturating_sub(piece.first.time.0);
            let events = u64::from(piece.acts[Act::Event]);
            let events = match u64::try_from(lasts / MINUTE) {
                Ok(minutes @ 1..) => events / (minutes + 1),
                _ => events,
            };
            let minute = piece.first.time.0.div_euclid(MINUTE);
            let burst = minutes.entry(minute).or_insert(Burst {
                minute: EventTime(minute * MINUTE),
                events: 0,
                first: piece.first,
            });
            burst.events += events;
            burst.first = burst.first.min(piece.first);
        }
        minutes.into_values().collect()
    }
}

/// What a rule of bot storms finds in the minutes of one person, given in their order.
#[must_use]
pub fn judge_bursts(
    desk: &StoreDesk,
    rule: &Rule,
    person: &Subject,
    bursts: &[Burst],
) -> Vec<Finding> {
    let Condition::BotStorm(storm) = &rule.condition else {
        return Vec::new();
    };
    let limit = u64::from(storm.events_a_minute_above);
    if bursts.iter().all(|burst| burst.events <= limit) {
        return Vec::new();
    }
    let moment = |burst: &Burst| Moment {
        from: burst.minute,
        until: Some(EventTime(burst.minute.0 + MINUTE)),
        level: match burst.events {
            events if events > limit => Level::Breach,
            events if events > limit / 2 => Level::Near,
            _ => Level::Calm,
        },
        size: i64::try_from(burst.events).unwrap_or(i64::MAX),
    };
    let moments: Vec<Moment> = bursts.iter().map(moment).collect();
    findings(desk, (rule, person), &moments, |episode| {
        let peak = &bursts[episode.peak];
        let evidence = Evidence::of(&[
            (Figure::Events, moments[episode.peak].size),
            (Figure::Limit, i64::from(storm.events_a_minute_above)),
            (Figure::Breaches, i64::from(episode.breaches)),
        ]);
        (evidence.with_event(peak.first.id), None)
    })
}

/// How far behind the answers were in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LagSight {
    /// Where it begins.
    pub from: EventTime,
    /// Where it ends; nothing where it lasts still.
    pub until: Option<EventTime>,
    /// The greatest lag in it.
    pub lag_micros: i64,
}

impl Lag {
    /// How a lag stands to the limit.
    #[must_use]
    pub fn level(&self, micros: i64) -> Level {
        match micros {
            micros if micros > self.above_micros => Level::Breach,
            micros if micros > self.above_micros / 2 => Level::Near,
            _ => Level::Calm,
        }
    }
}

/// What a rule of lag finds in the stretches of one source, or of the store.
#[must_use]
pub fn judge_lag(
    desk: &StoreDesk,
    rule: &Rule,
    subject: &Subject,
    timeline: &[LagSight],
) -> Vec<Finding> {
    let Condition::Lag(lag) = &rule.condition else {
        return Vec::new();
    };
    let moment = |sight: &LagSight| Moment {
        from: sight.from,
        until: sight.until,
        level: lag.level(sight.lag_micros),
        size: sight.lag_micros,
    };
    let moments: Vec<Moment> = timeline.iter().map(moment).collect();
    findings(desk, (rule, subject), &moments, |episode| {
        let evidence = Evidence::of(&[
            (Figure::LagMicros, timeline[episode.peak].lag_micros),
            (Figure::Limit, lag.above_micros),
            (Figure::Breaches, i64::from(episode.breaches)),
        ]);
        (evidence, None)
    })
}
