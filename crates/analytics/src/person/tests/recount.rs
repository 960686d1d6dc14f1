//! The plain recount: all events in a list, sorted, given to persons by the rule, cut one after the other.
//! It knows nothing of pieces, homes and messages.

use super::harness::{NOW, Setting, Told, line, name, person_rules};
use crate::cart::Item;
use crate::funnel::{Mark, Story};
use crate::search::{self, Search};
use crate::session::{Piece, Rank};
use event::EventTime;
use event::EventType;
use std::collections::BTreeMap;

type Pairs = BTreeMap<u8, Vec<(Rank, u8)>>;

type Stories = BTreeMap<String, Vec<Told>>;

/// Rows of carts and funnels: each person's whole story, cut at once.
pub(super) fn recount_rows(events: &[Told], setting: &Setting) -> Vec<String> {
    let rules = person_rules(setting.rules);
    let mut lines = Vec::new();
    for (person, events) in stories(events, setting).0 {
        let items: Vec<Item> = events.iter().filter_map(Told::item).collect();
        let carts = rules.carts.cut(&items, NOW);
        lines.extend(carts.iter().map(|row| format!("{person} {row:?}")));
        let marks: Vec<Mark> = events.iter().filter_map(Told::mark).collect();
        let pieces = events.iter().map(|told| Piece::from(&told.visit()));
        let mut pieces: Vec<Piece> = pieces.collect();
        pieces.sort_by_key(|piece| setting.rules.order(piece));
        let sessions = setting.rules.cut(&pieces);
        let ways = rules.funnels.cut(&Story {
            marks: &marks,
            sessions: &sessions,
            rules: &setting.rules,
            calendar: &rules.calendar,
            floor: EventTime(0),
        });
        lines.extend(ways.iter().map(|row| format!("{person} {row:?}")));
        let searches: Vec<Search> = events.iter().filter_map(Told::search).collect();
        let searches = search::cut(&searches, &sessions);
        lines.extend(searches.iter().map(|row| format!("{person} {row:?}")));
    }
    lines.sort();
    lines
}

/// What each person did, in order, and what visitors did who were customers.
fn stories(events: &[Told], setting: &Setting) -> (Stories, BTreeMap<u8, Vec<Told>>, Pairs) {
    let mut events = events.to_vec();
    events.sort_by_key(|told| told.rank);
    let links = links(&events, setting);
    let mut persons = Stories::new();
    let mut visitors: BTreeMap<u8, Vec<Told>> = BTreeMap::new();
    for told in &events {
        let customer = told.customer.or_else(|| customer_of(told, &links));
        let person = match (customer, told.visitor, told.session) {
            (Some(customer), _, _) => name("c", customer),
            (None, Some(visitor), _) => name("v", visitor),
            (None, None, Some(session)) => name("s", session),
            (None, None, None) => continue,
        };
        persons.entry(person).or_default().push(*told);
        if let (None, Some(visitor)) = (told.customer, told.visitor) {
            visitors.entry(visitor).or_default().push(*told);
        }
    }
    visitors.retain(|visitor, _| links.contains_key(visitor));
    (persons, visitors, links)
}

/// The lines of the final table of sessions, sorted.
pub(super) fn recount(events: &[Told], setting: &Setting) -> Vec<String> {
    let (persons, visitors, links) = stories(events, setting);
    let mut lines = Vec::new();
    for (person, events) in &persons {
        lines.extend(
            sessions(events, setting)
                .iter()
                .map(|one| format!("{person} {}", said(one))),
        );
    }
    for (visitor, events) in &visitors {
        for session in sessions(events, setting) {
            let into = customer_of(&session[0], &links).expect("it is linked");
            let person = name("v", *visitor);
            lines.push(format!(
                "{person} {} merged {}",
                said(&session),
                name("c", into)
            ));
        }
    }
    lines.sort();
    lines
}

/// By visitor: the earliest event with each customer, in order.
fn links(events: &[Told], setting: &Setting) -> Pairs {
    let mut of_customers: Pairs = BTreeMap::new();
    for told in events {
        if let (Some(customer), Some(visitor)) = (told.customer, told.visitor) {
            let seen = of_customers.entry(customer).or_default();
            if !seen.iter().any(|(_, known)| *known == visitor) {
                seen.push((told.rank, visitor));
            }
        }
    }
    let mut of_visitors: Pairs = BTreeMap::new();
    for (customer, seen) in of_customers {
        for (at, visitor) in seen.into_iter().take(setting.limits.visitors_max) {
            of_visitors.entry(visitor).or_default().push((at, customer));
        }
    }
    for links in of_visitors.values_mut() {
        links.sort();
        links.truncate(setting.limits.customers_max);
    }
    of_visitors
}

fn customer_of(told: &Told, links: &Pairs) -> Option<u8> {
    let links = links.get(&told.visitor?)?;
    let next = links.iter().find(|(at, _)| at.time >= told.rank.time);
    next.or(links.last()).map(|(_, customer)| *customer)
}

fn sessions(events: &[Told], setting: &Setting) -> Vec<Vec<Told>> {
    let rules = &setting.rules;
    let mut lanes: BTreeMap<Option<u8>, Vec<Told>> = BTreeMap::new();
    for told in events {
        let lane = told.session.filter(|_| rules.uses_given_ids);
        lanes.entry(lane).or_default().push(*told);
    }
    let mut sessions: Vec<Vec<Told>> = Vec::new();
    for (lane, events) in lanes {
        let gap = if lane.is_some() {
            i64::MAX
        } else {
            rules.gap_micros
        };
        let mut run: Vec<Told> = Vec::new();
        for told in events {
            let fits = match (run.first(), run.last()) {
                (Some(first), Some(last)) => {
                    told.rank.time.0 - last.rank.time.0 <= gap
                        && told.rank.time.0 - first.rank.time.0 <= rules.cap_micros
                }
                _ => true,
            };
            if !fits {
                sessions.push(std::mem::take(&mut run));
            }
            run.push(told);
        }
        sessions.push(run);
    }
    sessions
}

fn said(session: &[Told]) -> String {
    let count = |kinds: &[EventType]| {
        let of = session.iter().filter(|told| kinds.contains(&told.kind));
        of.count() as u32
    };
    let acts = [
        session.len() as u32,
        count(&[EventType::PageView]),
        count(&[EventType::ListView, EventType::Search]),
        count(&[EventType::ItemView]),
        count(&[EventType::CartAdd]),
        count(&[EventType::CheckoutStart]),
        count(&[EventType::Order]),
        count(&[EventType::SignUp]),
    ];
    let (first, last) = (&session[0], &session[session.len() - 1]);
    line(
        first.rank.time.0,
        last.rank.time.0,
        acts,
        first.rank.id.0 as u32,
    )
}
