//! Rates: a metric's minutes against the same weekday and time of the weeks before, or, while those are few, against the
//! same time of the days before. A function of the sums of minutes alone, however they came together.
//!
//! The history of a step are the steps at its time of the week and their neighbours, of each week before. A step is
//! conspicuous when it is far both by their scatter (robust z-score, see `spread`) and by the noise that any count has:
//! 2 · (√(x + 3/8) − √(median + 3/8)) is nearly normal with deviation 1 where x is Poisson around the median
//! (F. J. Anscombe, *The transformation of Poisson, binomial and negative-binomial data*, Biometrika 35, 1948). So four
//! errors where none are usual is less than it looks, and weeks that happen to be alike do not make every count one.

use super::{
    AtRisk, Condition, Direction, Distance, Episode, Evidence, Figure, Finding, Known, Level,
    Moment, Occasion, Rate, Rule, Spread, StoreDesk, Subject, SubjectKind, Verdicts, episodes,
    tell,
};
use crate::cell::NameId;
use crate::kept::Kept;
use crate::person::Reach;
use crate::tally::Scale;
use event::time::{DAY, HOUR, MINUTE};
use event::{EventTime, Money, SCALE};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Weeks of history at most.
pub(super) const WEEKS_MAX: i64 = 8;
/// Late minutes are judged again so long; older ones stay as they were told.
pub(super) const JUDGED_MICROS: i64 = 14 * DAY;
/// Steps of one series: ten weeks and a day of minutes. At 40 bytes they are 4 MB; at the usual 5 minutes 0.8 MB.
pub const SERIES_STEPS_MAX: usize = 71 * 1_440;
/// Money has no noise of its own that we knew; it is taken to scatter by so much.
const MONEY_SCATTERS_PERCENT: u32 = 10;
/// Days that stand in for weeks.
const DAYS: i64 = 7;

/// What a series is kept under: a rate rule, of one currency where it is about money.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey {
    /// The store.
    pub store: NameId,
    /// The rule's name.
    pub rule: Arc<str>,
    /// The currency; 0 where there is none.
    pub currency: NameId,
}

/// One conspicuous step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    value: i64,
    usual: i64,
    deviation: i64,
    score: i64,
    observations: u64,
}

/// What is known of one series.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeriesState {
    /// Sums of steps, by their number since 1970; a step without is 0.
    pub steps: BTreeMap<i64, i128>,
    /// The first step ever seen: before it nothing is known, not even 0.
    pub first: Option<i64>,
    /// What was told.
    pub told: Vec<Known>,
    /// Steps that are conspicuous; made again after a restart.
    sights: BTreeMap<i64, (Level, Sight)>,
    /// Up to which step, exclusive, all were judged.
    judged: Option<i64>,
}

/// One shard's series.
#[derive(Debug, Default)]
pub struct Rates {
    /// What is in memory; brought back and taken by whoever keeps the rest.
    pub kept: Kept<RateKey, SeriesState>,
    /// Steps that changed since they were settled.
    touched: BTreeMap<RateKey, BTreeSet<i64>>,
}

impl SeriesState {
    /// A state as it was at rest: what is conspicuous is found again when it is settled.
    #[must_use]
    pub fn new(steps: BTreeMap<i64, i128>, first: Option<i64>, told: Vec<Known>) -> SeriesState {
        SeriesState {
            steps,
            first,
            told,
            ..SeriesState::default()
        }
    }
}

impl Rate {
    fn step_micros(&self) -> i64 {
        i64::from(self.step_minutes.max(1)) * MINUTE
    }

    /// Steps of the history, and of the time in which a step is judged again.
    fn steps_kept(&self) -> i64 {
        // A day more for neighbours and changes of the clock.
        let micros = i64::from(self.weeks) * 7 * DAY + JUDGED_MICROS + DAY;
        (micros / self.step_micros()).min(SERIES_STEPS_MAX as i64)
    }

    fn steps_judged(&self) -> i64 {
        JUDGED_MICROS / self.step_micros()
    }
}

impl Rates {
    /// Adds to the metric at a time, or takes away; the rule must be one of the store's. Needs the state of the key.
    pub fn add(&mut self, key: &RateKey, desk: &StoreDesk, at: EventTime, sum: i128) -> Reach {
        let rate = desk.rule(&key.rule).and_then(|rule| rule.condition.rate());
        let Some(rate) = rate.filter(|_| sum != 0) else {
            return Reach::Folded;
        };
        let step = at.0.div_euclid(rate.step_micros());
        let state = self.kept.state(key);
        let newest = state.steps.last_key_value().map_or(step, |(step, _)| *step);
        if state.first.is_none_or(|first| step < first) {
            // More is known of every later step.
            (state.first, state.judged) = (Some(step), None);
        }
        if step <= newest - rate.steps_kept() {
            return Reach::BeyondReach;
        }
        let known = state.steps.entry(step).or_default();
        *known = known.saturating_add(sum);
        while (state.steps.first_key_value())
            .is_some_and(|(oldest, _)| *oldest <= step - rate.steps_kept())
        {
            state.steps.pop_first();
        }
        match self.touched.get_mut(key) {
            Some(steps) => steps.insert(step),
            None => self.touched.entry(key.clone()).or_default().insert(step),
        };
        Reach::Folded
    }

    /// Judges what changed, and every step that ended by the store's watermark; a step under way only where it is too much
    /// already. Needs the states of all series of the store.
    pub fn settle(&mut self, desk: &StoreDesk, watermark: EventTime, out: &mut Verdicts) {
        let keys = self.kept.keys().filter(|key| key.store == desk.store);
        let keys: BTreeSet<RateKey> = keys.cloned().collect();
        for key in keys {
            let rule = desk.rule(&key.rule);
            let Some((rule, rate)) = rule.and_then(|rule| Some((rule, rule.condition.rate()?)))
            else {
                continue;
            };
            let judge = Judge {
                desk,
                rule,
                rate,
                key: &key,
            };
            let changed = self.touched.remove(&key).unwrap_or_default();
            let complete = watermark.0.div_euclid(rate.step_micros());
            let judged = self.kept.find(&key).and_then(|state| state.judged);
            if changed.is_empty() && judged.is_some_and(|judged| judged >= complete) {
                continue;
            }
            judge.settle(self.kept.state(&key), &changed, complete, out);
        }
    }

    /// The rate rules of a store with what they are about, for whoever must feed them.
    pub fn rules(desk: &StoreDesk) -> impl Iterator<Item = (&Rule, &Rate)> {
        desk.rules_of(Condition::rate)
    }
}

struct Judge<'a> {
    desk: &'a StoreDesk,
    rule: &'a Rule,
    rate: &'a Rate,
    key: &'a RateKey,
}

impl Judge<'_> {
    fn settle(
        &self,
        state: &mut SeriesState,
        changed: &BTreeSet<i64>,
        complete: i64,
        out: &mut Verdicts,
    ) {
        let Some(newest) = state.steps.last_key_value().map(|(step, _)| *step) else {
            return;
        };
        let judged_from = newest.max(complete - 1) - self.rate.steps_judged();
        let next = state.judged.unwrap_or(i64::MIN).max(judged_from);
        let mut steps = self.affected(state, changed, complete);
        steps.extend(next..complete);
        if state.judged.is_none() {
            steps.extend(state.steps.range(judged_from..).map(|(step, _)| *step));
        }
        state.judged = Some(next.max(complete));
        state.sights.retain(|step, _| *step >= judged_from);
        for step in steps.range(judged_from..) {
            match self.judge(state, *step, *step < complete) {
                Some(sight) => state.sights.insert(*step, sight),
                None => state.sights.remove(step),
            };
        }
        let from = EventTime(judged_from.saturating_mul(self.rate.step_micros()));
        let findings = self.findings(state, complete);
        tell(&mut state.told, from, findings, &mut out.told);
        state.told.retain(|known| known.at >= from);
    }

    /// Steps whose value changed, and those whose history did.
    fn affected(
        &self,
        state: &SeriesState,
        changed: &BTreeSet<i64>,
        complete: i64,
    ) -> BTreeSet<i64> {
        // Steps under way, and whatever came ahead of the watermark, as an import does.
        let ahead = state
            .steps
            .last_key_value()
            .map_or(complete, |(newest, _)| *newest);
        let (day, hour) = (
            DAY / self.rate.step_micros(),
            HOUR / self.rate.step_micros(),
        );
        let weeks = (2..=i64::from(self.rate.weeks)).map(|weeks| 7 * weeks);
        let days: Vec<i64> = (1..=DAYS).chain(weeks).collect();
        let shifts: &[i64] = if *self.desk.calendar.zone() == TimeZone::UTC {
            &[0]
        } else {
            &[-hour, 0, hour]
        };
        let mut affected = changed.clone();
        for step in changed {
            let later = days.iter().map(|days| step + days * day);
            for later in later.take_while(|later| *later - hour <= ahead.max(complete) + 1) {
                for shift in shifts {
                    affected.extend((-1..=1).map(|near| later + shift + near));
                }
            }
        }
        affected.retain(|step| *step < complete || state.steps.contains_key(step));
        affected
    }

    fn judge(&self, state: &SeriesState, step: i64, is_complete: bool) -> Option<(Level, Sight)> {
        let value = clamp(state.steps.get(&step).copied().unwrap_or(0));
        let may_be_less = is_complete && self.rate.direction != Direction::Above;
        if value < self.rate.least && !may_be_less {
            return None;
        }
        let spread = self.history(state, step)?;
        let usual = spread.median();
        if value < self.rate.least && usual < self.rate.least {
            return None;
        }
        let score = self.score(value, &spread);
        let size = match self.rate.direction {
            Direction::Above => score,
            Direction::Below => -score,
            Direction::Either => score.abs(),
        };
        if score < 0 && !is_complete {
            return None;
        }
        let level = match size {
            size if size > self.rate.z_above => Level::Breach,
            size if size > self.rate.z_above / 2 => Level::Near,
            _ => return None,
        };
        let sight = Sight {
            value,
            usual,
            deviation: spread.deviation(),
            score,
            observations: spread.count(),
        };
        Some((level, sight))
    }

    /// The lesser of both distances: by scatter and by noise.
    fn score(&self, value: i64, spread: &Spread) -> i64 {
        let by_noise = match self.scale() {
            Scale::Money | Scale::Duration => {
                return spread.score_from(value, Distance::Difference, MONEY_SCATTERS_PERCENT);
            }
            Scale::Quantity => {
                noise_score(value / SCALE, spread.median_twice() / i128::from(SCALE))
            }
            Scale::Count => noise_score(value, spread.median_twice()),
        };
        match spread.score(value) {
            Some(score) if score.abs() < by_noise.abs() => score,
            _ => by_noise,
        }
    }

    fn scale(&self) -> Scale {
        use crate::catalogue::Reading;
        match self.rate.metric().map(|metric| metric.reading) {
            Ok(Reading::Sum(field)) => field.scale(),
            _ => Scale::Count,
        }
    }

    /// Steps at the same time before; nothing while too little is known.
    fn history(&self, state: &SeriesState, step: i64) -> Option<Spread> {
        let first = state.first?;
        let weeks: Vec<i64> = (1..=i64::from(self.rate.weeks))
            .map(|weeks| 7 * weeks)
            .collect();
        let days: Vec<i64> = (1..=DAYS).collect();
        [weeks, days].iter().find_map(|season| {
            let centres = season.iter().map(|days| self.step_before(step, *days));
            let known: Vec<i64> = centres.filter(|centre| *centre > first).collect();
            if known.len() < self.rate.seasons_min as usize {
                return None;
            }
            let value = |step: i64| clamp(state.steps.get(&step).copied().unwrap_or(0));
            let values = known
                .iter()
                .flat_map(|centre| (-1..=1).map(move |near| centre + near));
            Spread::of(values.map(value), Distance::Difference)
        })
    }

    fn step_before(&self, step: i64, days: i64) -> i64 {
        let micros = self.rate.step_micros();
        let at = EventTime(step.saturating_mul(micros));
        self.desk
            .calendar
            .days_before(at, days)
            .0
            .div_euclid(micros)
    }

    fn findings(&self, state: &SeriesState, complete: i64) -> Vec<Finding> {
        let micros = self.rate.step_micros();
        let moment = |(step, (level, sight)): (&i64, &(Level, Sight))| Moment {
            from: EventTime(step * micros),
            until: Some(EventTime((step + 1) * micros)),
            level: *level,
            size: sight.score.abs(),
        };
        let moments: Vec<Moment> = state.sights.iter().map(moment).collect();
        let sights: Vec<&Sight> = state.sights.values().map(|(_, sight)| sight).collect();
        let mut found = episodes(&moments, self.rule.window_micros);
        for episode in &mut found {
            // Whether it goes on is known when the next step has ended.
            episode.until = episode.until.filter(|until| until.0 / micros < complete);
        }
        let findings = found.iter();
        findings
            .map(|episode| self.finding(episode, &moments, &sights))
            .collect()
    }

    fn finding(&self, episode: &Episode, moments: &[Moment], sights: &[&Sight]) -> Finding {
        let subject = Subject {
            store: self.key.store,
            kind: SubjectKind::Metric,
            key: self.rate.subject_key(),
        };
        let peak = sights[episode.peak];
        let evidence = Evidence::of(&[
            (Figure::Value, peak.value),
            (Figure::Usual, peak.usual),
            (Figure::Deviation, peak.deviation),
            (Figure::Score, peak.score),
            (Figure::Observations, clamp(i128::from(peak.observations))),
            (Figure::Breaches, i64::from(episode.breaches)),
        ]);
        let mut finding = Finding::new(
            self.desk,
            self.rule,
            subject,
            Occasion::Window(episode.window),
        );
        if self.scale() == Scale::Money {
            finding.at_risk = self.missing(episode, moments, sights);
        }
        Finding {
            until: episode.until,
            evidence,
            ..finding.at(self.rule, episode.from)
        }
    }

    /// What usually came in and did not.
    fn missing(&self, episode: &Episode, moments: &[Moment], sights: &[&Sight]) -> Option<AtRisk> {
        let is_within = |moment: &Moment| {
            moment.from >= episode.from && episode.until.is_none_or(|until| moment.from < until)
        };
        let within = moments
            .iter()
            .zip(sights)
            .filter(|(moment, _)| is_within(moment));
        let missing: i128 = within
            .map(|(_, sight)| (i128::from(sight.usual) - i128::from(sight.value)).max(0))
            .sum();
        (missing > 0).then(|| AtRisk {
            amount: Money(clamp(missing)),
            currency: self.key.currency,
        })
    }
}

/// Anscombe's distance of a count from a median given twice, in thousandths.
fn noise_score(count: i64, median_twice: i128) -> i64 {
    // 1,000 · √(x + 3/8) = √((8x + 3) · 125,000)
    let root = |eighths: i128| (eighths.max(0) * 125_000).isqrt();
    let count = i128::from(count.max(0));
    clamp(2 * (root(8 * count + 3) - root(4 * median_twice + 3)))
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
