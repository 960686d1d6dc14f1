//! Movements as text, `1h =50 | 2h north-3 | 3h sold 2`, and rows as text. Times are of hours or days after the beginning.

use super::super::*;
use crate::session::Rank;
use event::time::HOUR;
use event::{EventId, format_decimal, parse_decimal};

pub(super) const KEY: StockKey = StockKey {
    store: NameId(1),
    product: NameId(7),
};

/// A movement of the one product of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Feed(Feed),
    Goods(EventTime, Goods),
    Interest(EventTime, Interest),
}

/// Movements in the order in which they come.
#[derive(Debug, Clone)]
pub(super) struct Story(pub(super) Vec<Move>);

pub(super) fn rank(time: i64, number: i64) -> Rank {
    Rank {
        time: EventTime(time),
        position: number,
        id: EventId(number as u128),
    }
}

pub(super) fn warehouse(name: &str) -> Warehouse {
    let id = NameId(name.bytes().map(u32::from).sum());
    Warehouse::of("main", (!name.is_empty()).then_some((name, id)))
}

pub(super) fn sold(pieces: i64) -> Goods {
    Goods {
        sold: i128::from(pieces * SCALE),
        ..Goods::default()
    }
}

impl Story {
    pub(super) fn read(text: &str) -> Story {
        let moves = text.split(" | ").zip(1..);
        Story(moves.map(|(text, number)| one(text, number)).collect())
    }

    pub(super) fn fold(&self, rules: &Rules) -> Stocks {
        let mut stocks = Stocks::new(*rules);
        self.0.iter().for_each(|one| tell(&mut stocks, one));
        stocks
    }
}

pub(super) fn tell(stocks: &mut Stocks, one: &Move) {
    match one {
        Move::Feed(feed) => stocks.observe(KEY, feed),
        Move::Goods(time, goods) => stocks.observe_goods(KEY, *time, *goods),
        Move::Interest(time, interest) => stocks.observe_interest(KEY, *time, *interest),
    }
}

fn quantity(text: &str) -> Quantity {
    let decimal = parse_decimal(text.as_bytes()).expect("a decimal");
    Quantity(decimal.value)
}

fn time(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: f64 = number.parse().expect("a number");
    let unit = if unit == "h" { HOUR } else { DAY };
    (number * unit as f64) as i64
}

fn one(text: &str, number: i64) -> Move {
    let words: Vec<&str> = text.split(' ').collect();
    let at = time(words[0]);
    let count = || words[2].parse().expect("a count");
    let pieces = || i128::from(quantity(words[2]).0);
    let goods = |goods| Move::Goods(EventTime(at), goods);
    let interest = |views, cart_adds| Move::Interest(EventTime(at), Interest { views, cart_adds });
    match words[1] {
        "sold" => goods(Goods {
            sold: pieces(),
            ..Goods::default()
        }),
        "back" => goods(Goods {
            returned: pieces(),
            ..Goods::default()
        }),
        "lost" => goods(Goods {
            written_off: pieces(),
            ..Goods::default()
        }),
        "seen" => interest(count(), 0),
        "cart" => interest(0, count()),
        feed => {
            let sign = feed.find(['=', '+', '-']).expect("a level or a change");
            let (name, said) = feed.split_at(sign);
            Move::Feed(Feed {
                rank: rank(at, number),
                warehouse: warehouse(name),
                said: match said.strip_prefix('=') {
                    Some(level) => Said::Level(quantity(level)),
                    None => Said::Change(quantity(said)),
                },
            })
        }
    }
}

/// The row of a story, as of so long after its beginning.
pub(super) fn row(text: &str, as_of: i64) -> InventoryRow {
    let stocks = Story::read(text).fold(&Rules::default());
    stocks.row(&KEY, EventTime(as_of)).expect("it is known")
}

/// `25 reports low since 2h`: level, basis, standing; since when only where something is wanting.
pub(super) fn check_under(rules: &Rules, text: &str, expected: &str) {
    let stocks = Story::read(text).fold(rules);
    let row = stocks.row(&KEY, EventTime(DAY)).expect("it is known");
    let standing = row.standing.name();
    let level = format_decimal(i128::from(row.level.0), 0);
    let mut said = format!("{level} {} {standing}", row.basis.name());
    if let Some(since) = row.since.filter(|_| row.is_low() || row.is_out()) {
        said.push_str(&format!(" since {}h", since.0 / HOUR));
    }
    assert_eq!(said, expected, "{text}");
}

pub(super) fn check(text: &str, expected: &str) {
    check_under(&Rules::default(), text, expected);
}
