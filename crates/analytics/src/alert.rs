//! Alerts: rules as data, baselines that know only sets of events, and the life of an alert. Pure: who is told by which
//! road, and when a person answered, comes in from outside; nothing here reads a clock or a setting.
//!
//! The way of an alert: an evaluator looks at one subject under one rule and gives [`Finding`]s; what was found before
//! and is found now makes a [`Told`]; the [`AlertBook`] takes those and says which rows changed. History that changes
//! takes a finding back (the row is `retracted`) and may bring it again under the same id.

mod backtest;
mod book;
mod breaks;
mod daily;
mod desk;
mod episode;
mod evidence;
mod handling;
mod order;
mod rate;
mod rule;
mod share;
mod spans;
mod spread;
mod state;
mod stock;
mod trail;

pub use backtest::{Backtest, Fired, Score, TRUTH_ROWS_MAX, Truth};
pub use book::{
    Alert, AlertBook, Changed, DRAWER_ALERTS_MAX, Drawer, DrawerKey, Entry, Handled, More,
};
pub use breaks::{BreakKey, BreakState, Breaks};
pub use daily::{
    CANDIDATES_MAX, Candidate, DAYS_MAX, Daily, DailyKey, DailyState, DaySums, Replaced,
};
pub use desk::{Desk, StoreDesk};
pub use episode::{Episode, Level, Moment, episodes};
pub use evidence::{EVENTS_MAX, Evidence, Figure, Unit};
pub use handling::{Act, ActKind, AlertState, Handling};
pub use order::{OrderChange, OrderLine, OrderSight, judge_order};
pub use rate::{RateKey, Rates, SERIES_STEPS_MAX, SeriesState};
pub use rule::{
    Against, BotStorm, Condition, Direction, Distance, FunnelBreak, HighValue, Lag, LowStock,
    Measured, OutOfStock, PriceMistake, QuarantineShare, Rate, Rule, RuleError, ShortCover, Split,
    Unlike, UnusualQuantity, check_rules, usual_rules,
};
pub use share::{FunnelStep, SetAside, ShareOf, judge_funnel, judge_quarantine};
pub use spans::{Scope, SpanState, Spans};
pub use spread::Spread;
pub use state::{Burst, LagSight, PricePoint, judge_bursts, judge_lag, judge_prices};
pub use stock::{Levels, StockSight, judge_stock};
pub use trail::{BASELINE_POINTS_MAX, POINTS_MAX, Point, Trail, TrailKey, Trails};

use crate::cell::NameId;
use event::{EventId, EventTime, Money};
use std::fmt;
use std::sync::Arc;

/// What an alert is known by, the same in every run: a hash of rule, subject and occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub u128);

/// 32 hexadecimal digits.
impl fmt::Display for AlertId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:032x}", self.0)
    }
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names say it
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    /// Every severity, from the least.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

    /// The name in tables and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        }
    }
}

/// What kind of thing an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // the names say it
pub enum SubjectKind {
    Order = 1,
    Customer = 2,
    Visitor = 3,
    Product = 4,
    Category = 5,
    /// A metric of a store, perhaps of one value of a dimension.
    Metric = 6,
    /// A step of a funnel.
    Funnel = 7,
    /// Where events come from.
    Source = 8,
    /// The store as a whole.
    Store = 9,
    /// Why events are set aside.
    Reason = 10,
}

impl SubjectKind {
    /// Every kind, by number.
    pub const ALL: [SubjectKind; 10] = [
        SubjectKind::Order,
        SubjectKind::Customer,
        SubjectKind::Visitor,
        SubjectKind::Product,
        SubjectKind::Category,
        SubjectKind::Metric,
        SubjectKind::Funnel,
        SubjectKind::Source,
        SubjectKind::Store,
        SubjectKind::Reason,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::Order => "order",
            SubjectKind::Customer => "customer",
            SubjectKind::Visitor => "visitor",
            SubjectKind::Product => "product",
            SubjectKind::Category => "category",
            SubjectKind::Metric => "metric",
            SubjectKind::Funnel => "funnel",
            SubjectKind::Source => "source",
            SubjectKind::Store => "store",
            SubjectKind::Reason => "reason",
        }
    }
}

/// What an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The store.
    pub store: NameId,
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Its id as sent, or its name.
    pub key: Arc<str>,
}

impl Subject {
    /// The subject of this kind and key.
    #[must_use]
    pub fn of(store: NameId, kind: SubjectKind, key: &str) -> Subject {
        Subject {
            store,
            kind,
            key: key.into(),
        }
    }
}

/// What tells the alerts of one rule and subject apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Occasion {
    /// There is but one: an order is large or it is not.
    Once,
    /// An event.
    Event(EventId),
    /// The stretch of time in which it began: however often the condition comes and goes in it, it is one alert.
    Window(EventTime),
}

/// What may be lost, or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtRisk {
    /// How much.
    pub amount: Money,
    /// In which currency.
    pub currency: NameId,
}

/// A rule's condition was met: a plain value that follows from rule, subject and history alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The same whenever this is found.
    pub id: AlertId,
    /// The rule's name.
    pub rule: Arc<str>,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// What else it is about: whose history it was measured by, or which product of the order.
    pub with: Option<Subject>,
    /// What tells it from others of its rule and subject.
    pub occasion: Occasion,
    /// When it happened or began.
    pub at: EventTime,
    /// When the condition was over; nothing while it holds, and nothing for what has no end.
    pub until: Option<EventTime>,
    /// From when on nobody needs to look any more, where the rule says so.
    pub forgotten_at: Option<EventTime>,
    /// The numbers and events that show it.
    pub evidence: Evidence,
    /// Money at risk.
    pub at_risk: Option<AtRisk>,
}

impl Finding {
    /// A finding with its id and the rule's severity, and nothing else yet.
    #[must_use]
    pub fn new(desk: &StoreDesk, rule: &Rule, subject: Subject, occasion: Occasion) -> Finding {
        let mut finding = Finding {
            id: AlertId(0),
            rule: Arc::clone(&rule.name),
            severity: rule.severity,
            subject,
            with: None,
            occasion,
            at: EventTime::default(),
            until: None,
            forgotten_at: None,
            evidence: Evidence::default(),
            at_risk: None,
        };
        finding.id = finding.id_within(&desk.name);
        finding
    }

    /// The same, measured by another's history: it is part of the id, for an order may be unlike two categories.
    #[must_use]
    pub fn against(mut self, desk: &StoreDesk, other: Subject) -> Finding {
        self.with = Some(other);
        self.id = self.id_within(&desk.name);
        self
    }

    /// Sets when it happened, and by the rule when it is forgotten.
    #[must_use]
    pub fn at(mut self, rule: &Rule, at: EventTime) -> Finding {
        self.at = at;
        self.forgotten_at =
            (rule.forgotten_after_micros).map(|after| EventTime(at.0.saturating_add(after)));
        self
    }

    /// Names of stores are part of the id, not their ids, which are local to a process.
    fn id_within(&self, store: &str) -> AlertId {
        let mut text = Vec::with_capacity(64);
        for subject in Some(&self.subject).into_iter().chain(&self.with) {
            text.push(subject.kind as u8);
            put(&mut text, subject.key.as_bytes());
        }
        match self.occasion {
            Occasion::Once => text.push(0),
            Occasion::Event(id) => put(&mut text, &id.0.to_le_bytes()),
            Occasion::Window(start) => put(&mut text, &start.0.to_le_bytes()),
        }
        let mut scope = Vec::with_capacity(32);
        put(&mut scope, self.rule.as_bytes());
        put(&mut scope, store.as_bytes());
        AlertId(EventId::of_parts(&scope, &text).0)
    }

    fn known(&self) -> Known {
        Known {
            id: self.id,
            store: self.subject.store,
            rule: Arc::clone(&self.rule),
            at: self.at,
        }
    }
}

/// A length goes before each part, so that two parts never read as two others.
fn put(text: &mut Vec<u8>, part: &[u8]) {
    text.extend_from_slice(&(part.len() as u64).to_le_bytes());
    text.extend_from_slice(part);
}

/// What a rule finds in a subject's moments, given in the order of time: one for each episode, with what shows it and what it
/// puts at risk.
fn findings(
    desk: &StoreDesk,
    (rule, subject): (&Rule, &Subject),
    moments: &[Moment],
    show: impl Fn(&Episode) -> (Evidence, Option<AtRisk>),
) -> Vec<Finding> {
    let find = |episode: &Episode| {
        let (evidence, at_risk) = show(episode);
        let occasion = Occasion::Window(episode.window);
        Finding {
            until: episode.until,
            evidence,
            at_risk,
            ..Finding::new(desk, rule, subject.clone(), occasion).at(rule, episode.from)
        }
    };
    let found = episodes(moments, rule.window_micros);
    found.iter().map(find).collect()
}

/// What is kept of a finding that was told, to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Known {
    /// Its id.
    pub id: AlertId,
    /// The store.
    pub store: NameId,
    /// The rule's name.
    pub rule: Arc<str>,
    /// When it happened or began.
    pub at: EventTime,
}

/// What was found before and is found now under one id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// As it was told before.
    pub was: Option<Known>,
    /// As it is; nothing takes it back.
    pub now: Option<Finding>,
}

/// Findings of one rule about one subject that are only counted: too many are found at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The rule's name.
    pub rule: Arc<str>,
    /// About what.
    pub subject: Subject,
    /// The stretch of time.
    pub at: EventTime,
    /// How many; replaces what was said before.
    pub count: u64,
}

/// What evaluators hand to the book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdicts {
    /// What was found and what is taken back.
    pub told: Vec<Told>,
    /// What is only counted.
    pub untold: Vec<Untold>,
}

/// Tells what is found now in place of what was told from this time on; older ones stay as they were told.
fn tell(told: &mut Vec<Known>, from: EventTime, findings: Vec<Finding>, out: &mut Vec<Told>) {
    let mut was: Vec<Known> = Vec::new();
    told.retain(|known| {
        let stays = known.at < from;
        if !stays {
            was.push(known.clone());
        }
        stays
    });
    for finding in findings {
        let at = was.iter().position(|known| known.id == finding.id);
        // Of one that began before, the older part was told: it goes on.
        let older = told.iter().position(|known| known.id == finding.id);
        let was = at.map(|at| was.swap_remove(at));
        let was = was.or_else(|| older.map(|at| told.swap_remove(at)));
        told.push(finding.known());
        out.push(Told {
            was,
            now: Some(finding),
        });
    }
    out.extend(was.into_iter().map(|known| Told {
        was: Some(known),
        now: None,
    }));
}

#[cfg(test)]
mod tests;
