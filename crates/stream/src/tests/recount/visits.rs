//! Sessions counted a second time: all events of a store in a list, each given to its person by the rule, cut at every
//! silence. It knows nothing of pieces, homes and messages.

use super::super::harness::Told;
use super::carts::count_carts;
use super::{Numbers, add, day};
use event::schema::{Label, Number, Text};
use event::time::MINUTE;
use event::{Event, EventTime, EventType};
use std::collections::BTreeMap;

/// Kind and id.
pub(super) type Person = (&'static str, String);
type Rank = (EventTime, i64, u128);
/// By visitor: the earliest event with each customer.
type Links = BTreeMap<String, BTreeMap<String, Rank>>;

pub(super) fn count_visits(all: &[&Told], numbers: &mut Numbers) {
    let mut stores: BTreeMap<&'static str, Vec<&Event<'static>>> = BTreeMap::new();
    for (store, event) in all.iter().filter(|(_, event)| is_of_a_visitor(event)) {
        stores.entry(store).or_default().push(event);
    }
    for (store, mut events) in stores {
        events.sort_by_key(|event| rank(event));
        let all = all.iter().filter(|(of, _)| *of == store);
        let newest = all.map(|(_, event)| rank(event).0).max();
        count_store((store, newest.unwrap_or_default()), &events, numbers);
    }
}

fn is_of_a_visitor(event: &Event<'static>) -> bool {
    let kinds = [
        EventType::OrderUpdate,
        EventType::OrderCancel,
        EventType::Refund,
        EventType::StockUpdate,
        EventType::PriceChange,
    ];
    !kinds.contains(&event.kind)
}

fn count_store(
    (store, newest): (&'static str, EventTime),
    events: &[&Event<'static>],
    numbers: &mut Numbers,
) {
    let links = links(events);
    let mut persons: BTreeMap<Person, Vec<&Event<'static>>> = BTreeMap::new();
    let mut given_away: BTreeMap<String, Vec<&Event<'static>>> = BTreeMap::new();
    for event in events {
        let of = |column| event.text(column).map(str::to_owned);
        let (customer, visitor) = (of(Text::CustomerId), of(Text::AnonymousId));
        let owner = visitor
            .as_ref()
            .and_then(|visitor| owner(visitor, rank(event).0, &links));
        if let (None, Some(visitor), Some(_)) = (&customer, &visitor, &owner) {
            given_away.entry(visitor.clone()).or_default().push(event);
        }
        let person = (customer.or(owner).map(|id| ("customer", id)))
            .or(visitor.map(|id| ("visitor", id)))
            .or(of(Text::SourceSessionId).map(|id| ("session", id)));
        if let Some(person) = person {
            persons.entry(person).or_default().push(event);
        }
    }
    count_carts((store, newest), &persons, numbers);
    for ((kind, person), events) in persons {
        for session in cut(store, &events) {
            count_session(store, &session, numbers);
            let row = row(&session);
            add(numbers, format!("{store} session {kind} {person} {row}"), 1);
        }
    }
    for (visitor, events) in given_away {
        for session in cut(store, &events) {
            let into = owner(&visitor, rank(session[0]).0, &links).expect("it is linked");
            let row = row(&session);
            let key = format!("{store} session visitor {visitor} {row} merged {into}");
            add(numbers, key, 1);
        }
    }
}

fn count_session(store: &str, session: &[&Event<'static>], numbers: &mut Numbers) {
    let day = day(store, rank(session[0]).0);
    let referrer = session[0].text(Text::Referrer).unwrap_or_default();
    let is_from_the_blog = referrer.contains("Blog");
    let channel = match session[0].label(Label::UtmSource) {
        Some("google") => "Paid Search",
        Some("monday") => "Email",
        _ if is_from_the_blog => "Referral",
        _ => "Direct",
    };
    let from = if is_from_the_blog {
        "blog.example"
    } else {
        "-"
    };
    let page = match session[0].number(Number::SourcePosition).expect("set") % 4 {
        0 => "/",
        1 => "/p/*",
        2 => "/sale",
        _ => "/orders/*",
    };
    let campaign = session[0].label(Label::UtmCampaign).unwrap_or("-");
    for by in [
        format!("by {channel}"),
        format!("from {from}"),
        format!("on {page}"),
        format!("for {campaign}"),
    ] {
        add(numbers, format!("{store} {day} sessions {by}"), 1);
    }
    let has = |kind| i128::from(session.iter().any(|event| event.kind == kind));
    add(numbers, format!("{store} {day} sessions"), 1);
    let cart = has(EventType::CartAdd).max(has(EventType::WishlistToCart));
    add(numbers, format!("{store} {day} sessions with cart"), cart);
    let order = has(EventType::Order);
    add(numbers, format!("{store} {day} sessions with order"), order);
    let micros = rank(session[session.len() - 1]).0.0 - rank(session[0]).0.0;
    let time = i128::from(micros / 100);
    add(numbers, format!("{store} {day} session time"), time);
}

/// As a session's row is told: start, end, events.
fn row(session: &[&Event<'static>]) -> String {
    let time = |event: &Event<'static>| rank(event).0.0;
    let (first, last) = (session[0], session[session.len() - 1]);
    format!("{} {} x{}", time(first), time(last), session.len())
}

pub(super) fn rank(event: &Event<'static>) -> Rank {
    let position = event.number(Number::SourcePosition).expect("set");
    let id = event.id.expect("set").0;
    (event.time.expect("set"), position, id)
}

fn links(events: &[&Event<'static>]) -> Links {
    let mut links = Links::new();
    for event in events {
        if let (Some(customer), Some(visitor)) =
            (event.text(Text::CustomerId), event.text(Text::AnonymousId))
        {
            let known = links.entry(visitor.to_owned()).or_default();
            // Events come in their order: the first of a pair is its earliest.
            known.entry(customer.to_owned()).or_insert(rank(event));
        }
    }
    links
}

/// The customer of the link at or next after a time, else of the last before.
fn owner(visitor: &str, time: EventTime, links: &Links) -> Option<String> {
    let mut known: Vec<(Rank, &String)> = links
        .get(visitor)?
        .iter()
        .map(|(customer, at)| (*at, customer))
        .collect();
    known.sort();
    let next = known.iter().find(|(at, _)| at.0 >= time);
    next.or(known.last())
        .map(|(_, customer)| (*customer).clone())
}

/// Runs without a silence of more than half an hour, in which somebody did more than order; in the north none goes on into
/// another day, and in the south another campaign begins another one.
fn cut<'a>(store: &str, events: &[&'a Event<'static>]) -> Vec<Vec<&'a Event<'static>>> {
    let time = |event: &Event<'static>| rank(event).0;
    let mut runs: Vec<Vec<&'a Event<'static>>> = Vec::new();
    for event in events {
        let goes_on = runs.last().is_some_and(|run| {
            let (first, last) = (run[0], run[run.len() - 1]);
            let is_near = time(event).0 - time(last).0 <= 30 * MINUTE;
            let is_another_day = day(store, time(event)) != day(store, time(first));
            let is_another_campaign =
                campaign(event) != [None; 3] && campaign(event) != campaign(first);
            let is_cut = match store {
                "north" => is_another_day,
                "south" => is_another_campaign,
                _ => false,
            };
            is_near && (!is_cut || time(event) == time(first))
        });
        if !goes_on {
            runs.push(Vec::new());
        }
        runs.last_mut().expect("one was just begun").push(event);
    }
    let is_visit =
        |run: &Vec<&Event<'static>>| run.iter().any(|event| event.kind != EventType::Order);
    runs.retain(is_visit);
    runs
}

fn campaign<'a>(event: &'a Event<'static>) -> [Option<&'a str>; 3] {
    [Label::UtmSource, Label::UtmMedium, Label::UtmCampaign].map(|label| event.label(label))
}
