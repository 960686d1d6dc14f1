//! Funnel breaks: hour by hour, how many of those who reached a step went on to the next, against the hours of the week
//! before. A function of how many units reached which step by the hour in which they entered; `share` has the measure.

use super::{
    Condition, Evidence, Figure, FunnelBreak, Known, Level, Moment, Rule, ShareOf, StoreDesk,
    Subject, SubjectKind, Verdicts, findings, tell,
};
use crate::cell::NameId;
use crate::kept::Kept;
use event::EventTime;
use event::time::HOUR;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Hours by which the next is measured: a week.
const HISTORY_HOURS: i64 = 7 * 24;
/// Late hours are judged again for two weeks; older ones stay as they were told.
const JUDGED_HOURS: i64 = 14 * 24;
/// The same as a time.
pub(super) const JUDGED_MICROS: i64 = JUDGED_HOURS * HOUR;
/// Who enters is given this long after the hour to get on, or the newest hour would always look broken.
const SETTLED_HOURS: i64 = 1;
/// Steps that a funnel can have.
const STEPS_MAX: usize = crate::funnel::STEPS_MAX;

/// What a funnel is watched under: a rule of a store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakKey {
    /// The store.
    pub store: NameId,
    /// The rule's name.
    pub rule: Arc<str>,
}

/// Units by the step they reached, the first step first.
type Units = SmallVec<[i64; 4]>;

/// How far an hour's share at a step is off, in thousandths, and what it usually is, in millionths.
type Score = (i64, i64);

/// What is known of one funnel under one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BreakState {
    /// By hours since 1970.
    pub hours: BTreeMap<i64, Units>,
    /// What was told, by step.
    pub told: BTreeMap<u8, Vec<Known>>,
    /// Conspicuous hours by step; made again after a restart.
    scores: BTreeMap<(u8, i64), Score>,
    /// Up to which hour, exclusive, all were judged.
    judged: Option<i64>,
}

/// All funnels of which rules speak.
#[derive(Debug, Default)]
pub struct Breaks {
    /// What is in memory; brought back and taken by whoever keeps the rest.
    pub kept: Kept<BreakKey, BreakState>,
    touched: BTreeMap<BreakKey, BTreeSet<i64>>,
}

impl BreakState {
    /// A state as it was at rest: what is conspicuous is found again when it is settled.
    #[must_use]
    pub fn new(hours: BTreeMap<i64, Units>, told: BTreeMap<u8, Vec<Known>>) -> BreakState {
        BreakState {
            hours,
            told,
            ..BreakState::default()
        }
    }

    /// Of those who reached the step before, how many went on to this one.
    fn share(&self, hour: i64, step: u8) -> Option<ShareOf> {
        let units = self.hours.get(&hour)?;
        let at = |step: u8| {
            let units = units.get(usize::from(step)).copied().unwrap_or(0);
            u64::try_from(units).unwrap_or(0)
        };
        Some(ShareOf {
            from: EventTime(hour * HOUR),
            until: Some(EventTime((hour + 1) * HOUR)),
            part: at(step),
            whole: at(step.checked_sub(1)?),
        })
    }

    fn score(&self, funnel: &FunnelBreak, (hour, step): (i64, u8)) -> Option<Score> {
        let share = self.share(hour, step)?;
        let earlier = self.hours.range(hour - HISTORY_HOURS..hour).rev();
        let earlier = earlier.filter_map(|(hour, _)| self.share(*hour, step));
        funnel.score(&share, earlier)
    }
}

impl Breaks {
    /// Units more, or fewer, that entered at a time and reached a step of the funnel, counted from 0. Needs the state of
    /// the key.
    pub fn add(&mut self, key: &BreakKey, (at, step): (EventTime, usize), units: i64) {
        let hour = at.0.div_euclid(HOUR);
        let state = self.kept.state(key);
        let newest = state.hours.last_key_value().map_or(hour, |(hour, _)| *hour);
        let kept_from = newest.max(hour) - HISTORY_HOURS - JUDGED_HOURS;
        if hour < kept_from || step >= STEPS_MAX || units == 0 {
            return;
        }
        let known = state.hours.entry(hour).or_default();
        known.resize(known.len().max(step + 1), 0);
        known[step] = known[step].saturating_add(units);
        while (state.hours.first_key_value()).is_some_and(|(oldest, _)| *oldest < kept_from) {
            state.hours.pop_first();
        }
        match self.touched.get_mut(key) {
            Some(hours) => hours.insert(hour),
            None => self.touched.entry(key.clone()).or_default().insert(hour),
        };
    }

    /// Judges every hour that has settled by the store's watermark and is not judged yet, or whose history changed. Needs
    /// the states of all funnels of the store.
    pub fn settle(&mut self, desk: &StoreDesk, watermark: EventTime, out: &mut Verdicts) {
        let complete = watermark.0.div_euclid(HOUR) - SETTLED_HOURS;
        for rule in desk.rules.iter() {
            let Condition::FunnelBreak(funnel) = &rule.condition else {
                continue;
            };
            let key = BreakKey {
                store: desk.store,
                rule: Arc::clone(&rule.name),
            };
            if !self.kept.holds(&key) {
                continue;
            }
            let touched = self.touched.remove(&key).unwrap_or_default();
            let judge = Judge { desk, rule, funnel };
            judge.settle(self.kept.state(&key), &touched, complete, out);
        }
    }
}

struct Judge<'a> {
    desk: &'a StoreDesk,
    rule: &'a Rule,
    funnel: &'a FunnelBreak,
}

impl Judge<'_> {
    fn settle(
        &self,
        state: &mut BreakState,
        touched: &BTreeSet<i64>,
        complete: i64,
        out: &mut Verdicts,
    ) {
        let Some(newest) = state.hours.last_key_value().map(|(hour, _)| *hour) else {
            return;
        };
        let judged_from = newest - JUDGED_HOURS;
        let next = state.judged.unwrap_or(judged_from).max(judged_from);
        let changed = touched.first().copied().unwrap_or(i64::MAX);
        let from = changed.min(next).max(judged_from);
        if from >= complete {
            return;
        }
        let steps = state.hours.values().map(|units| units.len()).max();
        let steps = u8::try_from(steps.unwrap_or(0)).unwrap_or(u8::MAX);
        let hours: Vec<i64> = (state.hours.range(from..complete).map(|(hour, _)| *hour)).collect();
        (state.scores).retain(|(_, hour), _| (judged_from..from).contains(hour));
        for step in 1..steps {
            for hour in &hours {
                let score = state.score(self.funnel, (*hour, step));
                let is_near = |(score, _): &Score| -score > self.funnel.z_above / 2;
                if let Some(score) = score.filter(is_near) {
                    state.scores.insert((step, *hour), score);
                }
            }
            self.tell(state, step, (judged_from, complete), out);
        }
        state.judged = Some(complete.max(next));
    }

    fn tell(
        &self,
        state: &mut BreakState,
        step: u8,
        (judged_from, complete): (i64, i64),
        out: &mut Verdicts,
    ) {
        let scores = state.scores.range((step, i64::MIN)..=(step, i64::MAX));
        let sights: Vec<(ShareOf, Score)> = scores
            .filter_map(|((_, hour), score)| Some((state.share(*hour, step)?, *score)))
            .collect();
        if sights.is_empty() && !state.told.contains_key(&step) {
            return;
        }
        let moment = |(share, (score, _)): &(ShareOf, Score)| Moment {
            from: share.from,
            // Whether it goes on is known when the next hour has settled.
            until: share.until.filter(|until| until.0 / HOUR < complete),
            level: match -score {
                size if size > self.funnel.z_above => Level::Breach,
                _ => Level::Near,
            },
            size: -score,
        };
        let moments: Vec<Moment> = sights.iter().map(moment).collect();
        let key = format!("{}:{}", self.funnel.funnel, step + 1);
        let subject = Subject::of(self.desk.store, SubjectKind::Funnel, &key);
        let found = findings(self.desk, (self.rule, &subject), &moments, |episode| {
            let (share, (score, usual)) = &sights[episode.peak];
            let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let evidence = Evidence::of(&[
                (Figure::Part, count(share.part)),
                (Figure::Whole, count(share.whole)),
                (Figure::UsualShare, usual / 1_000),
                (Figure::Score, *score),
                (Figure::Breaches, i64::from(episode.breaches)),
            ]);
            (evidence, None)
        });
        let from = EventTime(judged_from * HOUR);
        let told = state.told.entry(step).or_default();
        tell(told, from, found, &mut out.told);
        told.retain(|known| known.at >= from);
        if told.is_empty() {
            state.told.remove(&step);
        }
    }
}
