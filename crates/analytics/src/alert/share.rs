//! Shares: how many of those who reached a step of a funnel went on, against their own history; and how much of what
//! came in was set aside. Parts and wholes are kept, divided only to compare.

use super::{
    Condition, Distance, Evidence, Figure, Finding, FunnelBreak, Level, Moment, Rule, Spread,
    StoreDesk, Subject, findings,
};
use event::EventTime;

/// Stretches before by which the next is measured.
const HISTORY_MAX: usize = 56;
/// Shares are compared in millionths.
const MILLION: i128 = 1_000_000;

/// A part of a whole in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareOf {
    /// Where it begins.
    pub from: EventTime,
    /// Where it ends; nothing where it lasts still.
    pub until: Option<EventTime>,
    /// The part.
    pub part: u64,
    /// The whole.
    pub whole: u64,
}

/// Of those who entered a step, how many went on.
pub type FunnelStep = ShareOf;

impl ShareOf {
    fn millionths(&self) -> i128 {
        if self.whole == 0 {
            return 0;
        }
        i128::from(self.part) * MILLION / i128::from(self.whole)
    }
}

/// What a rule of funnel breaks finds in a step's stretches (days, or the same hour of days), given in their order. A share
/// is far from its history when it is so by the scatter of that history and by chance: of n who try with probability p
/// each, the share has a standard deviation of √(p(1 − p) ÷ n).
#[must_use]
pub fn judge_funnel(
    desk: &StoreDesk,
    rule: &Rule,
    step: &Subject,
    stretches: &[FunnelStep],
) -> Vec<Finding> {
    let Condition::FunnelBreak(funnel) = &rule.condition else {
        return Vec::new();
    };
    let scores: Vec<Option<(i64, i64)>> = (0..stretches.len())
        .map(|at| funnel.score(stretches, at))
        .collect();
    let moment = |(stretch, score): (&FunnelStep, &Option<(i64, i64)>)| Moment {
        from: stretch.from,
        until: stretch.until,
        level: match score.map_or(0, |(score, _)| -score) {
            size if size > funnel.z_above => Level::Breach,
            size if size > funnel.z_above / 2 => Level::Near,
            _ => Level::Calm,
        },
        size: score.map_or(0, |(score, _)| -score),
    };
    let moments: Vec<Moment> = stretches.iter().zip(&scores).map(moment).collect();
    findings(desk, (rule, step), &moments, |episode| {
        let (score, usual) = scores[episode.peak].unwrap_or_default();
        let others = [(Figure::UsualShare, usual / 1_000), (Figure::Score, score)];
        (share_evidence(&stretches[episode.peak], &others), None)
    })
}

impl FunnelBreak {
    /// How far the share is off, in thousandths, and what it usually is, in millionths.
    fn score(&self, stretches: &[FunnelStep], at: usize) -> Option<(i64, i64)> {
        let stretch = &stretches[at];
        let is_enough = |stretch: &&FunnelStep| stretch.whole >= self.entered_min.max(1);
        let earlier = stretches[..at]
            .iter()
            .rev()
            .filter(is_enough)
            .take(HISTORY_MAX);
        let shares = earlier.map(|stretch| clamp(stretch.millionths()));
        let spread = Spread::of(shares, Distance::Difference)?;
        let is_known = spread.count() >= u64::from(self.observations_min);
        if !is_known || !is_enough(&stretch) {
            return None;
        }
        let (usual, share) = (spread.median(), clamp(stretch.millionths()));
        let (p, n) = (i128::from(usual), i128::from(stretch.whole));
        let by_chance = ((p * (MILLION - p)).max(0) / n).isqrt().max(1);
        let by_chance = clamp((i128::from(share) - p) * 1_000 / by_chance);
        let score = match spread.score(share) {
            Some(score) if score.abs() < by_chance.abs() => score,
            _ => by_chance,
        };
        Some((score, usual))
    }
}

/// What a rule of quarantine finds in the minutes of a source, or of the store, given in their order.
#[must_use]
pub fn judge_quarantine(
    desk: &StoreDesk,
    rule: &Rule,
    subject: &Subject,
    stretches: &[ShareOf],
) -> Vec<Finding> {
    let Condition::QuarantineShare(limit) = &rule.condition else {
        return Vec::new();
    };
    let above = i128::from(limit.above) * 100;
    let moment = |stretch: &ShareOf| {
        let share = stretch.millionths();
        let level = match share {
            _ if stretch.whole < limit.events_min.max(1) => Level::Calm,
            share if share > above => Level::Breach,
            share if share > above / 2 => Level::Near,
            _ => Level::Calm,
        };
        Moment {
            from: stretch.from,
            until: stretch.until,
            level,
            size: clamp(share),
        }
    };
    let moments: Vec<Moment> = stretches.iter().map(moment).collect();
    findings(desk, (rule, subject), &moments, |episode| {
        let limit = (Figure::Limit, i64::from(limit.above));
        (share_evidence(&stretches[episode.peak], &[limit]), None)
    })
}

fn share_evidence(stretch: &ShareOf, others: &[(Figure, i64)]) -> Evidence {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut evidence = Evidence::of(&[
        (Figure::Part, count(stretch.part)),
        (Figure::Whole, count(stretch.whole)),
    ]);
    evidence.numbers.extend_from_slice(others);
    evidence
}

fn clamp(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
