//! Changes and traffic as text, `1.5d 10>12 | 2d sold 3 at 12 | 2d seen 5 at 12`, and what follows as text. Times are days
//! after the beginning, which is a midnight.

use super::super::*;
use crate::ladder::Key;
use crate::session::Rank;
use crate::stock::{Span, Standing};
use event::time::DAY;
use event::{EventId, Money, Quantity, SCALE, format_decimal, parse_decimal};

pub(super) const KEY: PriceKey = PriceKey {
    store: NameId(1),
    product: NameId(7),
    currency: NameId(3),
};

#[derive(Debug, Clone, Copy)]
pub(super) enum Move {
    Change(Change),
    Traffic(Traffic),
}

impl Move {
    /// When its day began.
    pub(super) fn day(&self) -> EventTime {
        match self {
            Move::Change(change) => change.day,
            Move::Traffic(traffic) => traffic.day,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Story(pub(super) Vec<Move>);

pub(super) fn rank(time: i64, number: i64) -> Rank {
    Rank {
        time: EventTime(time),
        position: number,
        id: EventId(number as u128),
    }
}

pub(super) fn day(time: i64) -> EventTime {
    EventTime(time.div_euclid(DAY) * DAY)
}

/// Pieces sold at a price, as one order.
pub(super) fn sold(pieces: i64, price: Option<Money>) -> Sums {
    let quantity = Quantity(pieces * SCALE);
    Sums {
        orders: pieces.signum(),
        units: i128::from(quantity.0),
        revenue: price.map_or(0, |price| price.times(quantity)),
        ..Sums::default()
    }
}

impl Story {
    pub(super) fn read(text: &str) -> Story {
        let moves = text.split(" | ").zip(1..);
        Story(moves.map(|(text, number)| one(text, number)).collect())
    }

    pub(super) fn tell(&self, prices: &mut Prices) {
        for one in &self.0 {
            match one {
                Move::Change(change) => prices.observe_change(KEY, change),
                Move::Traffic(traffic) => prices.observe_traffic(KEY, traffic),
            }
        }
    }

    pub(super) fn fold(&self, rules: &Rules) -> Prices {
        let mut prices = Prices::new(*rules);
        self.tell(&mut prices);
        prices
    }
}

fn money(text: &str) -> Money {
    Money(parse_decimal(text.as_bytes()).expect("a decimal").value)
}

fn one(text: &str, number: i64) -> Move {
    let words: Vec<&str> = text.split(' ').collect();
    let time: f64 = (words[0].trim_end_matches('d').parse()).expect("a number of days");
    let time = (time * DAY as f64) as i64;
    if let Some((old, new)) = words[1].split_once('>') {
        return Move::Change(Change {
            rank: Some(rank(time, number)),
            day: day(time),
            old: (old != "?").then(|| money(old)),
            new: money(new),
        });
    }
    let count: i64 = words[2].parse().expect("a count");
    let price = words.get(4).map(|price| money(price));
    let sums = match words[1] {
        "sold" => sold(count, price),
        "promoted" => Sums {
            promoted: 1,
            ..sold(count, price)
        },
        _ => Sums {
            views: count,
            ..Sums::default()
        },
    };
    Move::Traffic(Traffic {
        day: day(time),
        price,
        sums,
    })
}

/// Settles; the third day was out of stock.
pub(super) fn settle(prices: &mut Prices, today: EventTime) -> Settled {
    settle_as_of(prices, Some(today))
}

/// The same; where no day is given the present one is the newest of which anything is known.
pub(super) fn settle_as_of(prices: &mut Prices, today: Option<EventTime>) -> Settled {
    let mut told = Settled::default();
    let out = Span {
        standing: Standing::Out,
        from: EventTime(3 * DAY + 5),
        until: EventTime(3 * DAY + 9),
    };
    let surroundings = Surroundings {
        today: &|state| today.unwrap_or_else(|| state.last_day()),
        out_of_stock: &|_| vec![out],
    };
    prices.settle(surroundings, &mut told);
    told
}

fn price(price: Option<Money>) -> String {
    price.map_or_else(|| "?".to_owned(), |price| format_decimal(price.0.into(), 0))
}

fn turn_said(at: EventTime, old: Option<Money>, new: Money) -> String {
    let days = at.time().0 as f64 / DAY as f64;
    format!("{days}d {}>{}", price(old), price(Some(new)))
}

pub(super) fn check_turns(text: &str, expected: &str) {
    let prices = Story::read(text).fold(&Rules::default());
    let state = prices.state(&KEY).expect("it is known");
    let turns = state.turns();
    let turns: Vec<String> = (turns.iter())
        .map(|turn| turn_said(turn.at, turn.old, turn.new))
        .collect();
    let said = format!("{}: {}", state.source().name(), turns.join(", "));
    assert_eq!(said, expected, "{text}");
}

fn side_said(side: &Side) -> String {
    let Sums { views, units, .. } = side.sums;
    let units = format_decimal(units, 0);
    format!("{} days {views} views {units} sold", side.days)
}

/// As of day 30.
pub(super) fn check_effects(text: &str, expected: &str) {
    let told = settle(
        &mut Story::read(text).fold(&Rules::default()),
        EventTime(30 * DAY),
    );
    let effects: Vec<String> = (told.effects.iter())
        .map(|effect| {
            let turn = turn_said(effect.at, effect.old, effect.new);
            format!(
                "{turn}: {} | {}",
                side_said(&effect.before),
                side_said(&effect.after)
            )
        })
        .collect();
    assert_eq!(effects.join(", "), expected, "{text}");
}
