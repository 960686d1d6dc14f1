//! Trails: the orders of one customer, or of one product, in the canonical order, each measured by those before it.
//! An order that comes late, changes or is cancelled has those after it measured again.

use super::{
    Against, AtRisk, Condition, Desk, Evidence, Figure, Finding, Known, Measured, Occasion, Rule,
    Spread, StoreDesk, Subject, SubjectKind, Unlike, Verdicts, tell,
};
use crate::cell::NameId;
use crate::kept::Kept;
use crate::person::Reach;
use crate::session::Rank;
use event::EventTime;
use std::sync::Arc;

/// Orders of one trail; the newest stay.
pub const POINTS_MAX: usize = 256;
/// Orders by which the next one is measured: the newest before it.
pub const BASELINE_POINTS_MAX: usize = 128;

/// What a trail is kept under: a customer or a product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrailKey {
    /// Whose it is.
    pub subject: Subject,
    /// Of values; 0 for pieces.
    pub currency: NameId,
}

impl TrailKey {
    fn measured(&self) -> Measured {
        match self.subject.kind {
            SubjectKind::Product => Measured::Pieces,
            _ => Measured::OrderValue,
        }
    }

    fn against(&self) -> Against {
        match self.subject.kind {
            SubjectKind::Product => Against::Product,
            _ => Against::Customer,
        }
    }
}

/// One order of a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its place among all events.
    pub rank: Rank,
    /// The order's id.
    pub order: Arc<str>,
    /// Its value, or pieces of the product.
    pub value: i64,
    /// What the order, or its lines of the product, came to.
    pub worth: Option<AtRisk>,
}

/// The orders that are known of one customer or product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trail {
    /// In the canonical order.
    pub points: Vec<Point>,
    /// Orders before this were let go.
    pub floor: Option<EventTime>,
    /// What was told of them.
    pub told: Vec<Known>,
}

/// One shard's trails.
#[derive(Debug, Default)]
pub struct Trails {
    /// What is in memory; brought back and taken by whoever keeps the rest.
    pub kept: Kept<TrailKey, Trail>,
    /// Which changed since they were settled, and from when on.
    touched: Vec<(TrailKey, EventTime)>,
}

impl Trails {
    /// Puts an order into its place, or takes it out. Needs the state of the key. Telling it again changes nothing.
    pub fn put(&mut self, key: &TrailKey, order: &str, point: Option<Point>) -> Reach {
        let trail = self.kept.state(key);
        let before = trail.points.iter().position(|known| *known.order == *order);
        let is_same = match (before, &point) {
            (Some(at), Some(point)) => trail.points[at] == *point,
            (None, None) => true,
            _ => false,
        };
        if is_same {
            return Reach::Folded;
        }
        let was_at = before.map(|at| trail.points.remove(at).rank.time);
        let is_beyond = |time: EventTime| trail.floor.is_some_and(|floor| time < floor);
        let reach = match &point {
            Some(point) if is_beyond(point.rank.time) => Reach::BeyondReach,
            _ => Reach::Folded,
        };
        let point = point.filter(|_| reach == Reach::Folded);
        let is_at = point.as_ref().map(|point| point.rank.time);
        if let Some(point) = point {
            trail.insert(point);
        }
        if let Some(from) = was_at.into_iter().chain(is_at).min() {
            self.touched.push((key.clone(), from));
        }
        reach
    }

    /// Measures again what changed.
    pub fn settle(&mut self, desk: &Desk, out: &mut Verdicts) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        // The earliest change of each.
        touched.dedup_by(|next, kept| next.0 == kept.0);
        for (key, from) in touched {
            let Some(desk) = desk.of(key.subject.store) else {
                continue;
            };
            let trail = self.kept.state(&key);
            let findings = trail.findings(&key, desk, from);
            let floor = trail.judged_from();
            tell(&mut trail.told, from.max(floor), findings, &mut out.told);
            let oldest = trail.floor.unwrap_or(EventTime(i64::MIN));
            trail.told.retain(|known| known.at >= oldest);
        }
    }
}

impl Trail {
    fn insert(&mut self, point: Point) {
        let at = (self.points).partition_point(|known| place(known) < place(&point));
        self.points.insert(at, point);
        if self.points.len() > POINTS_MAX {
            let oldest = self.points.remove(0).rank.time;
            self.floor = self.floor.max(Some(EventTime(oldest.0.saturating_add(1))));
            // Others of that instant would stand or go by when they came.
            let floor = self.floor;
            self.points.retain(|known| Some(known.rank.time) >= floor);
        }
    }

    /// The first that can be measured: once orders were let go, one needs a whole baseline before it, and orders of one
    /// instant are measured together or not at all.
    fn first_judged(&self) -> usize {
        if self.floor.is_none() {
            return 0;
        }
        let pairs = self.points.windows(2).enumerate();
        let begins = |(at, pair): (usize, &[Point])| {
            let is_new = pair[0].rank.time < pair[1].rank.time;
            (at + 1 >= BASELINE_POINTS_MAX && is_new).then_some(at + 1)
        };
        pairs.filter_map(begins).next().unwrap_or(self.points.len())
    }

    fn judged_from(&self) -> EventTime {
        let first = self.points.get(self.first_judged());
        match (self.floor, first) {
            (None, _) => EventTime(i64::MIN),
            (Some(_), first) => first.map_or(EventTime(i64::MAX), |first| first.rank.time),
        }
    }

    fn findings(&self, key: &TrailKey, desk: &StoreDesk, from: EventTime) -> Vec<Finding> {
        let mine =
            |unlike: &Unlike| (unlike.measured, unlike.against) == (key.measured(), key.against());
        let changed = self.points.partition_point(|point| point.rank.time < from);
        let first = changed.max(self.first_judged());
        let rules = desk
            .rules_of(Condition::unlike)
            .filter(|(_, unlike)| mine(unlike));
        let mut findings = Vec::new();
        for (rule, unlike) in rules {
            let judge = |at| self.judge(at, key, (desk, rule, unlike));
            findings.extend((first..self.points.len()).filter_map(judge));
        }
        findings
    }

    fn judge(
        &self,
        at: usize,
        key: &TrailKey,
        (desk, rule, unlike): (&StoreDesk, &Rule, &Unlike),
    ) -> Option<Finding> {
        let point = &self.points[at];
        if at < unlike.observations_min as usize {
            return None;
        }
        let earlier = &self.points[at.saturating_sub(BASELINE_POINTS_MAX)..at];
        let spread = Spread::of(earlier.iter().map(|point| point.value), unlike.distance)?;
        let evidence = unlike.evidence(point.value, &spread)?;
        let order = Subject {
            store: desk.store,
            kind: SubjectKind::Order,
            key: Arc::clone(&point.order),
        };
        Some(Finding {
            evidence: evidence.with_event(point.rank.id),
            at_risk: point.worth,
            ..Finding::new(desk, rule, order, Occasion::Once)
                .against(desk, key.subject.clone())
                .at(rule, point.rank.time)
        })
    }
}

fn place(point: &Point) -> (Rank, &str) {
    (point.rank, &point.order)
}

impl Unlike {
    /// The numbers that show a value to be too far above its history; nothing where it is not.
    #[must_use]
    pub fn evidence(&self, value: i64, spread: &Spread) -> Option<Evidence> {
        if spread.count() < u64::from(self.observations_min) {
            return None;
        }
        let place = self.distance.place(value);
        let score = spread.score_from(place, self.distance, self.scatter_min_percent);
        if score <= self.z_above {
            return None;
        }
        let figure = match self.measured {
            Measured::OrderValue => Figure::OrderValue,
            Measured::Pieces => Figure::Pieces,
        };
        Some(Evidence::of(&[
            (figure, value),
            (Figure::Usual, self.distance.value(spread.median())),
            (Figure::Score, score),
            (Figure::Limit, self.z_above),
            (
                Figure::Observations,
                i64::try_from(spread.count()).unwrap_or(i64::MAX),
            ),
        ]))
    }
}
