//! Claims about alerts, in groups: what is far from its history, what rules make sense, how an alert lives, and that the
//! order of arrival does not matter. What all groups need of a shop stands here.

mod book_tests;
mod break_tests;
mod history_tests;
mod limit_tests;
mod rate_tests;
mod recount_tests;
mod rule_tests;
mod state_tests;
mod stock_tests;

use super::*;
use crate::kept::Kept;
use crate::session::Rank;
use crate::window::Calendar;
use event::time::{DAY, HOUR, MINUTE};
use event::{Quantity, SCALE};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

const STORE: NameId = NameId(1);
const EUR: NameId = NameId(2);

fn desk(rules: Vec<Rule>) -> StoreDesk {
    check_rules(&rules).expect("tests use rules that make sense");
    StoreDesk {
        name: "main".into(),
        store: STORE,
        currency: EUR,
        calendar: Calendar::new(TimeZone::UTC),
        rules: rules.into(),
    }
}

fn usual_desk() -> StoreDesk {
    desk(usual_rules())
}

fn desks(desk: StoreDesk) -> Desk {
    let mut desks = Desk::default();
    desks.set(desk);
    desks
}

/// `2d 10:30` after a Monday.
fn at(days: i64, hours: i64, minutes: i64) -> EventTime {
    // 2024-01-01 was a Monday.
    let monday = 19_723 * DAY;
    EventTime(monday + days * DAY + hours * HOUR + minutes * MINUTE)
}

fn rank(time: EventTime, id: u128) -> Rank {
    Rank {
        time,
        position: 0,
        id: EventId(id),
    }
}

fn subject(kind: SubjectKind, key: &str) -> Subject {
    Subject::of(STORE, kind, key)
}

fn money(whole: i64) -> Money {
    Money(whole * SCALE)
}

fn pieces(whole: i64) -> Quantity {
    Quantity(whole * SCALE)
}

/// A finding of the first rule about an order at a time.
fn finding_at(desk: &StoreDesk, order: &str, time: EventTime) -> Finding {
    let subject = subject(SubjectKind::Order, order);
    Finding::new(desk, &desk.rules[0], subject, Occasion::Once).at(&desk.rules[0], time)
}

fn first_told(finding: &Finding) -> Verdicts {
    told(None, Some(finding))
}

fn told(was: Option<&Finding>, now: Option<&Finding>) -> Verdicts {
    let told = Told {
        was: was.map(Finding::known),
        now: now.cloned(),
    };
    Verdicts {
        told: vec![told],
        untold: Vec::new(),
    }
}

/// What stands after all verdicts: the ids that are told, with their findings.
#[derive(Debug, Default, PartialEq)]
struct Standing(BTreeMap<AlertId, Finding>);

impl Standing {
    fn take(&mut self, verdicts: Verdicts) {
        for Told { was, now } in verdicts.told {
            if let Some(was) = &was {
                self.0.remove(&was.id).expect("what is taken back was told");
            }
            if let Some(now) = now {
                let double = self.0.insert(now.id, now);
                assert_eq!(double, None, "told twice without taking back");
            }
        }
    }

    fn subjects(&self) -> Vec<&str> {
        let mut subjects: Vec<&str> = self.0.values().map(|one| &*one.subject.key).collect();
        subjects.sort_unstable();
        subjects
    }
}

/// Where states lie that are not in memory.
#[derive(Debug)]
struct Disk<K, S>(BTreeMap<K, S>);

impl<K: Ord + std::hash::Hash + Clone, S: Clone + Default> Disk<K, S> {
    fn new() -> Self {
        Disk(BTreeMap::new())
    }

    /// A checkpoint that stands at once: memory is empty after it.
    fn take(&mut self, kept: &mut Kept<K, S>) {
        let fresh = kept
            .fresh()
            .map(|(key, state)| (key.clone(), state.clone()));
        self.0.extend(fresh);
        kept.rest();
    }

    fn bring(&self, kept: &mut Kept<K, S>, key: &K) {
        if let Some(state) = self.0.get(key).filter(|_| !kept.holds(key)) {
            kept.bring(key.clone(), state.clone());
        }
    }
}

/// A generator of choices; the seed is proptest's to print.
struct Choices(u64);

impl Choices {
    fn below(&mut self, count: usize) -> usize {
        self.0 = (self.0.wrapping_add(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((self.0 ^ self.0 >> 29) >> 16) as usize % count.max(1)
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = self.below(at + 1);
            list.swap(at, other);
        }
    }
}
