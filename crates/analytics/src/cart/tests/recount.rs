//! A plain recount of carts that shares nothing with the cutting: it looks for the next beginning in the sorted events, walks
//! to its end, and keeps every piece by itself on a pile.

use super::super::*;
use crate::cell::NameId;
use event::SCALE;
use std::collections::{BTreeMap, BTreeSet};

/// A row in plain numbers: begin, state, pieces by product and price, worth, adds, removes, end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Plain {
    Cart {
        begin: i64,
        state: &'static str,
        pieces: BTreeMap<(u32, i64), i64>,
        worth: i128,
        moves: (u32, u32),
        end: i64,
    },
    Checkout {
        begin: i64,
        state: &'static str,
    },
    Loose {
        at: i64,
    },
}

/// Rows as cut, in plain numbers.
pub(super) fn plain(rows: &[Row]) -> BTreeSet<Plain> {
    rows.iter().map(plain_row).collect()
}

fn plain_row(row: &Row) -> Plain {
    let begin = row.key().rank.time.0;
    match row {
        Row::Cart(cart) => {
            let mut pieces = BTreeMap::new();
            for line in &cart.lines {
                let price = line.price.map_or(-1, |price| price.0 / SCALE);
                *pieces.entry((line.product.0, price)).or_insert(0) += line.quantity.0 / SCALE;
            }
            let worth: i128 = cart.values().iter().map(|(_, value)| value).sum();
            Plain::Cart {
                begin,
                state: cart.state.name(),
                pieces,
                worth: worth / i128::from(SCALE),
                moves: (cart.adds, cart.removes),
                end: row.end().0,
            }
        }
        Row::Checkout(checkout) => Plain::Checkout {
            begin,
            state: checkout.state.name(),
        },
        Row::LooseOrder(_) => Plain::Loose { at: begin },
    }
}

/// Events in order, without repeats of orders.
fn story(items: &[Item]) -> Vec<Item> {
    let mut story = items.to_vec();
    story.sort_by_key(|item| item.rank);
    let mut ids = BTreeSet::new();
    story.retain(|item| match &item.what {
        What::Ordered(Some(id)) => ids.insert(id.to_string()),
        _ => true,
    });
    story
}

fn is_add(item: &Item) -> bool {
    matches!(&item.what, What::Moved(lines) if lines.kept()[0].quantity.0 > 0)
}

fn is_order(item: &Item) -> bool {
    matches!(item.what, What::Ordered(_))
}

fn is_checkout(item: &Item) -> bool {
    matches!(item.what, What::Saw(facts) if facts.0 & 1 == 1)
}

pub(super) fn recount(items: &[Item], rules: &Rules, as_of: i64) -> BTreeSet<Plain> {
    let newest = items.iter().map(|item| item.rank.time.0).max();
    let recount = Recount {
        story: story(items),
        rules: *rules,
        as_of: newest.map_or(as_of, |newest| newest.max(as_of)),
    };
    let mut rows = recount.carts();
    rows.extend(recount.checkouts());
    rows
}

struct Recount {
    story: Vec<Item>,
    rules: Rules,
    as_of: i64,
}

impl Recount {
    fn time(&self, at: usize) -> i64 {
        self.story[at].rank.time.0
    }

    fn silent(&self, last: i64, until: i64, bought: bool) -> &'static str {
        let names = if bought {
            ["ordered", "recovered"]
        } else {
            ["open", "abandoned"]
        };
        names[usize::from(until - last > self.rules.idle_micros)]
    }

    fn carts(&self) -> BTreeSet<Plain> {
        let (mut rows, mut at) = (BTreeSet::new(), 0);
        let mut bought: Option<i64> = None;
        while at < self.story.len() {
            if is_add(&self.story[at]) {
                let (row, next, is_bought) = self.cart_from(at);
                rows.insert(row);
                if is_bought {
                    bought = Some(self.time(next - 1));
                }
                at = next;
                continue;
            }
            if let What::Ordered(id) = &self.story[at].what {
                let time = self.time(at);
                let belongs = bought.is_some_and(|last| time - last <= self.rules.idle_micros);
                if !(belongs && id.is_none()) {
                    rows.insert(Plain::Loose { at: time });
                }
            }
            at += 1;
        }
        rows
    }

    /// The cart that begins here, where to go on, and whether an order ended it.
    fn cart_from(&self, first: usize) -> (Plain, usize, bool) {
        let begin = self.time(first);
        let (mut pile, mut moves, mut last) = (Vec::<(NameId, i64)>::new(), (0, 0), begin);
        let mut at = first;
        let end = loop {
            let Some(item) = self.story.get(at) else {
                break (self.silent(last, self.as_of, false), last);
            };
            let time = item.rank.time.0;
            if time - last > self.rules.forgotten_micros {
                break ("abandoned", last);
            }
            at += 1;
            match &item.what {
                What::Moved(lines) => {
                    let lines = lines.kept();
                    lines.iter().for_each(|line| move_pieces(&mut pile, line));
                    if is_add(item) {
                        moves.0 += 1;
                    } else {
                        moves.1 += 1;
                    }
                    last = time;
                }
                What::Emptied => {
                    (pile, moves.1, last) = (Vec::new(), moves.1 + 1, time);
                }
                What::Ordered(_) => break (self.silent(last, time, true), time),
                What::Saw(_) => continue,
            }
            if pile.is_empty() {
                break ("emptied", time);
            }
        };
        let mut pieces = BTreeMap::new();
        pile.iter()
            .for_each(|(product, price)| *pieces.entry((product.0, *price)).or_insert(0) += 1);
        let worth = pile
            .iter()
            .map(|(_, price)| i128::from(*price).max(0))
            .sum();
        let state = end.0;
        let row = Plain::Cart {
            begin,
            state,
            pieces,
            worth,
            moves,
            end: end.1,
        };
        (row, at, matches!(state, "ordered" | "recovered"))
    }

    fn checkouts(&self) -> BTreeSet<Plain> {
        let (mut rows, mut at) = (BTreeSet::new(), 0);
        while let Some(first) = (at..self.story.len()).find(|at| is_checkout(&self.story[*at])) {
            let begin = self.time(first);
            let (mut last, mut state) = (begin, None);
            at = first + 1;
            while let Some(item) = self.story.get(at) {
                let time = item.rank.time.0;
                if time - last > self.rules.forgotten_micros {
                    state = Some("abandoned");
                    break;
                }
                at += 1;
                if is_order(item) {
                    state = Some(self.silent(last, time, true));
                    break;
                }
                if matches!(item.what, What::Saw(_)) {
                    last = time;
                }
            }
            rows.insert(Plain::Checkout {
                begin,
                state: state.unwrap_or_else(|| self.silent(last, self.as_of, false)),
            });
        }
        rows
    }
}

fn move_pieces(pile: &mut Vec<(NameId, i64)>, line: &Line) {
    let price = line.price().map_or(-1, |price| price.0 / SCALE);
    for _ in 0..line.quantity.0 / SCALE {
        pile.push((line.product, price));
    }
    for _ in 0..-line.quantity.0 / SCALE {
        let last = pile
            .iter()
            .rposition(|(product, _)| *product == line.product);
        last.map(|at| pile.remove(at));
    }
}
