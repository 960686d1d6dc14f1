//! Claims about profiles: what a row says of orders, sessions and carts, and when it is told.

use super::*;
use crate::cart::{self, CartItems, Item, Line, Lines, Place, Row, What};
use crate::person::{PersonKey, PersonKind};
use crate::session::{self, Acts, Entry, Pieces, Rank, Session, Visit};
use crate::window::Calendar;
use event::time::MINUTE;
use event::{EventId, EventType};
use jiff::tz::TimeZone;

fn ann() -> PersonKey {
    PersonKey {
        store: NameId(1),
        kind: PersonKind::Customer,
        id: "ann".into(),
    }
}

fn rank(time: i64, number: u128) -> Rank {
    Rank {
        time: EventTime(time),
        position: 0,
        id: EventId(number),
    }
}

/// `d3h15 item_view 2`: time, type, device; one a part.
fn sessions(text: &str) -> Vec<Session> {
    let mut pieces = Pieces::default();
    let rules = session::Rules::default();
    for (part, number) in text.split(" | ").filter(|part| !part.is_empty()).zip(1..) {
        let words: Vec<&str> = part.split(' ').collect();
        let (day, hour) = words[0][1..].split_once('h').expect("day and hour");
        let number_of = |text: &str| text.parse::<i64>().expect("a number");
        let visit = Visit {
            rank: rank(number_of(day) * DAY + number_of(hour) * HOUR, number),
            acts: Acts::of(EventType::parse(words[1]).expect("a known kind")),
            entry: Entry {
                device: NameId(number_of(words[2]) as u32),
                ..Entry::default()
            },
            given: None,
            cuts: Default::default(),
        };
        pieces.observe(&visit, &rules);
    }
    rules.cut(&pieces.0).into_vec()
}

/// Carts of one piece each, put in at these hours of day 9; `-` orders.
fn carts(text: &str, as_of_hour: i64) -> Vec<Row> {
    let mut items = CartItems::default();
    for (part, number) in text.split(' ').filter(|part| !part.is_empty()).zip(1..) {
        let hour: i64 = part.trim_end_matches('-').parse().expect("an hour");
        let what = if part.ends_with('-') {
            What::Ordered(None)
        } else {
            let names = (NameId(5), NameId(3));
            let line = Line::new(names, Quantity(20_000), Some(Money(45_000)));
            What::Moved(Lines::One(line.expect("two pieces")))
        };
        items.observe(Item {
            rank: rank(9 * DAY + hour * HOUR, number),
            cart: None,
            place: Place::default(),
            what,
        });
    }
    cart::Rules::default().cut(&items.0, EventTime(9 * DAY + as_of_hour * HOUR))
}

fn profile(orders: &[&str], visits: &str, rows: &[Row]) -> Option<Profile> {
    let (ledger, sessions) = (ledger(orders, &Limits::default()), sessions(visits));
    let sources = Sources {
        totals: &ledger.totals([]),
        sessions: &sessions,
        carts: rows,
        visitors: 2,
    };
    Profile::of(&ann(), &sources)
}

const ORDERS: [&str; 3] = [
    "A d3h15 v1 30 tea x2",
    "B d9h15 v1 10 tea x1",
    "R d12 v1 R5",
];
const VISITS: &str =
    "d1h9 item_view 7 | d3h14 item_view 8 | d3h14 order 8 | d9h15 order 8 | d20h8 item_view 7";

#[test]
fn a_profile_tells_what_orders_and_sessions_add_up_to() {
    let ann = profile(&ORDERS, VISITS, &[]).expect("much is known");
    assert_eq!(
        (ann.orders, ann.sessions, ann.sessions_with_order),
        (2, 3, 1),
        "nobody saw B"
    );
    let conversion = ann.conversion().expect("there are sessions");
    assert_eq!((conversion.numerator, conversion.denominator), (1, 3));
    let money = ann.amounts(NameId(1)).expect("there are orders");
    let units = |amount: i128| amount / 10_000;
    assert_eq!(
        (
            units(money.revenue),
            units(money.net),
            units(money.refunded)
        ),
        (40, 35, 5)
    );
    let value = money.order_value().expect("there are orders");
    assert_eq!((units(value.numerator), value.denominator), (40, 2));
    let time = |day: i64, hour: i64| Some(EventTime(day * DAY + hour * HOUR));
    assert_eq!((ann.first_seen, ann.last_seen), (time(1, 9), time(20, 8)));
    assert_eq!(
        (ann.first_order, ann.last_order),
        (time(3, 15), time(9, 15))
    );
    let expected = Favourites {
        category: None,
        product: Some(product_id("tea")),
        device: Some(NameId(7)),
        hour: Some(15),
        day_of_week: Some(1),
    };
    assert_eq!(ann.favourites, expected);
    assert_eq!((ann.visitors, ann.bot_sessions), (2, 0));
}

#[test]
fn with_as_many_sessions_the_device_used_last_is_the_favourite() {
    let device = |visits| profile(&[], visits, &[]).and_then(|ann| ann.favourites.device);
    assert_eq!(
        device("d1h9 item_view 7 | d2h9 item_view 8"),
        Some(NameId(8))
    );
    assert_eq!(
        device("d1h9 item_view 7 | d2h9 item_view 8 | d3h9 item_view 7"),
        Some(NameId(7))
    );
    assert_eq!(device("d1h9 order 7"), None);
}

#[test]
fn days_since_the_last_order_are_those_of_the_stores_calendar() {
    let ann = profile(&ORDERS, "", &[]).expect("orders are known");
    let days = |text: &str, zone: &str| {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        let time = EventTime::parse(text, &TimeZone::UTC).expect("a time");
        ann.days_since_order(time, &Calendar::new(zone))
    };
    // The order was on 1970-01-10 at 15:00 UTC.
    assert_eq!(days("1970-01-10T23:59:59Z", "UTC"), Some(0));
    assert_eq!(days("1970-01-11T00:00:00Z", "UTC"), Some(1));
    assert_eq!(days("1970-01-11T00:00:00Z", "Asia/Tokyo"), Some(0));
    assert_eq!(
        days("1970-01-09T00:00:00Z", "UTC"),
        Some(0),
        "as of before it"
    );
}

#[test]
fn a_profile_shows_the_newest_cart_while_it_is_neither_bought_nor_empty() {
    let cart = |text: &str, as_of| profile(&[], "", &carts(text, as_of)).and_then(|ann| ann.cart);
    let open = cart("10", 10).expect("it is open");
    assert_eq!(
        (open.state, open.pieces, open.values),
        (cart::State::Open, 20_000, vec![(NameId(3), 90_000)])
    );
    let abandoned = cart("10", 12).map(|cart| cart.state);
    assert_eq!(abandoned, Some(cart::State::Abandoned));
    assert_eq!(cart("10 10-", 12), None);
    let next = cart("10 10- 11", 11).expect("another was begun");
    assert_eq!(next.last, EventTime(9 * DAY + 11 * HOUR));
}

#[test]
fn of_a_customer_of_whom_nothing_is_known_there_is_no_profile() {
    assert_eq!(profile(&[], "", &[]), None);
    assert_eq!(profile(&["A d3 v1 30", "A d3 v2 -"], "", &[]), None);
    // Who only gave something back is known, and has not ordered.
    let only_refund = profile(&["R d12 v1 R5"], "", &[]).expect("a refund is known");
    assert_eq!(
        (
            only_refund.orders,
            only_refund.first_seen,
            only_refund.conversion()
        ),
        (0, None, None)
    );
}

#[test]
fn only_what_changed_is_told() {
    let (one, same) = (profile(&ORDERS, VISITS, &[]), profile(&ORDERS, VISITS, &[]));
    assert_eq!(ProfileChange::between(one.clone(), same), None);
    let fewer = profile(&ORDERS[..1], VISITS, &[]);
    let change = ProfileChange::between(one, fewer).expect("an order is gone");
    assert_eq!(change.customer(), Some(&ann()));
    let gone = ProfileChange::between(change.after, None).expect("all is gone");
    assert_eq!((gone.customer(), &gone.after), (Some(&ann()), &None));
    assert_eq!(ProfileChange::between(None, None), None);
}

#[test]
fn programs_under_a_customers_name_are_told() {
    let many: Vec<String> = (0..40).map(|second| format!("{second}")).collect();
    let mut pieces = Pieces::default();
    for (second, number) in many.iter().zip(1..) {
        let seconds: i64 = second.parse().expect("a number");
        let visit = Visit {
            rank: rank(seconds * MINUTE / 60, number),
            acts: Acts::of(EventType::ItemView),
            entry: Entry::default(),
            given: None,
            cuts: Default::default(),
        };
        pieces.observe(&visit, &session::Rules::default());
    }
    let sessions = session::Rules::default().cut(&pieces.0);
    let sources = Sources {
        totals: &Ledger::default().totals([]),
        sessions: &sessions,
        carts: &[],
        visitors: 0,
    };
    let profile = Profile::of(&ann(), &sources).expect("a session is known");
    assert_eq!((profile.sessions, profile.bot_sessions), (1, 1));
}
