//! Carts of real data, folded straight from the file; the figures were counted by another program.
//! Where the file is missing, the test says SKIPPED.

use analytics::bot::VisitorKinds;
use analytics::cart::{self, CartItems, Fact, Facts, Item, Line, Lines, Place, Row, What};
use analytics::cell::{CUBES, Deltas, NameId, cubes};
use analytics::session::{self, Acts, Entry, Pieces, Rank, Visit};
use event::{EventId, EventTime, EventType, Quantity, SCALE};
use flate2::read::GzDecoder;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::io::Read;
use testkit::fixture;

fn text() -> Option<String> {
    let file = std::fs::File::open(fixture("retentioneering_ecom/ecom.csv.gz")?);
    let mut text = String::new();
    let mut file = GzDecoder::new(file.expect("the fixture opens"));
    file.read_to_string(&mut text)
        .expect("the fixture can be read");
    Some(text)
}

/// The file names neither products nor orders.
fn what(name: &str) -> Option<What> {
    let none = Facts::default();
    let piece = Line::new((NameId(0), NameId(0)), Quantity(SCALE), None);
    match name {
        "add_to_cart" => Lines::new(piece.into_iter()).map(What::Moved),
        "shipping_details" => Some(What::Saw(
            none.and(Fact::Checkout, true)
                .and(Fact::ShippingShown, true),
        )),
        "payment_details" => Some(What::Saw(none.and(Fact::Checkout, true))),
        "payment_error" => Some(What::Saw(none.and(Fact::PaymentError, true))),
        "purchase" => Some(What::Ordered(None)),
        _ => None,
    }
}

fn kind(name: &str) -> EventType {
    match name {
        "add_to_cart" => EventType::CartAdd,
        "purchase" => EventType::Order,
        _ => EventType::PageView,
    }
}

#[derive(Default)]
struct Shop {
    carts: BTreeMap<String, CartItems>,
    visits: BTreeMap<String, Pieces>,
    newest: EventTime,
}

impl Shop {
    fn observe(&mut self, (number, line): (u32, &str)) {
        let columns: Vec<&str> = line.split(',').collect();
        let [user, name] = [columns[0].to_owned(), columns[2].to_owned()];
        let time = EventTime::parse(columns[3], &TimeZone::UTC).expect("a time");
        let rank = Rank {
            time,
            position: i64::from(number),
            id: EventId(u128::from(number)),
        };
        self.newest = self.newest.max(time);
        let visit = Visit {
            rank,
            acts: Acts::of(kind(&name)),
            entry: Entry::default(),
            given: None,
            cuts: Default::default(),
        };
        let visits = self.visits.entry(user.clone()).or_default();
        visits.observe(&visit, &session::Rules::default());
        if let Some(what) = what(&name) {
            self.carts.entry(user).or_default().observe(Item {
                rank,
                cart: None,
                place: Place::default(),
                what,
            });
        }
    }

    fn figures(&self) -> BTreeMap<&'static str, i128> {
        let (mut deltas, store) = (Deltas::default(), NameId(1));
        let carts = cart::Rules::default();
        for items in self.carts.values() {
            let rows: Vec<Row> = carts.cut(&items.0, self.newest);
            let count = |row| cart::count(store, None, Some(row), &mut deltas);
            rows.iter().for_each(count);
        }
        for pieces in self.visits.values() {
            let sessions = session::Rules::default().cut(&pieces.0);
            let count = |one| {
                session::count(
                    (store, &VisitorKinds::default()),
                    None,
                    Some(one),
                    &mut deltas,
                )
            };
            sessions.iter().for_each(count);
        }
        let mut figures = BTreeMap::new();
        for (key, delta) in deltas.take() {
            if [cubes::CARTS, cubes::VISITS].contains(&key.cube) {
                let fields = CUBES[usize::from(key.cube.0)].fields;
                for (field, sum) in fields.iter().zip(delta.sums) {
                    *figures.entry(field.name()).or_default() += sum;
                }
            }
        }
        figures
    }
}

#[test]
fn the_click_stream_has_938_carts_of_which_547_were_abandoned() {
    let Some(text) = text() else { return };
    let lines: Vec<(u32, &str)> = (1..).zip(text.lines().skip(1)).collect();
    let mut shops = [Shop::default(), Shop::default()];
    lines.iter().for_each(|line| shops[0].observe(*line));
    lines.iter().rev().for_each(|line| shops[1].observe(*line));
    let expected = [
        ("carts_created", 547 + 364 + 26 + 1),
        ("carts_abandoned", 547),
        ("carts_ordered", 364),
        ("carts_recovered", 26),
        ("carts_open", 1),
        ("carts_emptied", 0),
        ("orders_without_cart", 470 - 364 - 26),
        ("checkouts_started", 431 + 365 + 17),
        ("checkouts_abandoned", 431),
        ("sessions_with_cart", 1_213),
        ("sessions_with_cart_no_order", 743),
    ];
    for shop in shops {
        let figures = shop.figures();
        let found = expected.map(|(name, _)| (name, figures[name]));
        assert_eq!(found, expected);
    }
}
