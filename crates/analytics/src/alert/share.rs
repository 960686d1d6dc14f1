//! Shares: how many of those who reached a step of a funnel went on, against their own history; and how much of what
//! came in was set aside. Parts and wholes are kept, divided only to compare.

use super::{
    Condition, Distance, Episode, Evidence, Figure, Finding, FunnelBreak, Level, Moment, Rule,
    Spread, StoreDesk, Subject, SubjectKind, episodes, findings,
};
use event::EventTime;
use std::sync::Arc;

/// Stretches before by which the next is measured.
const HISTORY_MAX: usize = 56;
/// Shares are taken to scatter by so much of their median at least: with a limit of 4 a step is broken that a fifth fewer
/// pass than usual.
const SHARES_SCATTER_PERCENT: u32 = 5;
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
        .map(|at| funnel.score(&stretches[at], stretches[..at].iter().rev().copied()))
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
    /// How far the share is off, in thousandths, and what it usually is, in millionths, by earlier ones, the newest first.
    pub(super) fn score(
        &self,
        stretch: &ShareOf,
        earlier: impl Iterator<Item = ShareOf>,
    ) -> Option<(i64, i64)> {
        let is_enough = |stretch: &ShareOf| stretch.whole >= self.entered_min.max(1);
        if !is_enough(stretch) {
            return None;
        }
        let earlier = earlier.filter(is_enough).take(HISTORY_MAX);
        let shares = earlier.map(|stretch| clamp(stretch.millionths()));
        let spread = Spread::of(shares, Distance::Difference)?;
        let is_known = spread.count() >= u64::from(self.observations_min);
        if !is_known {
            return None;
        }
        let (usual, share) = (spread.median(), clamp(stretch.millionths()));
        let (p, n) = (i128::from(usual), i128::from(stretch.whole));
        let by_chance = ((p * (MILLION - p)).max(0) / n).isqrt().max(1);
        let by_chance = clamp((i128::from(share) - p) * 1_000 / by_chance);
        let by_scatter = spread.score_from(share, Distance::Difference, SHARES_SCATTER_PERCENT);
        let score = match by_scatter.abs() < by_chance.abs() {
            true => by_scatter,
            false => by_chance,
        };
        Some((score, usual))
    }
}

/// What was set aside of what came in, and why most of it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// How much of how much.
    pub share: ShareOf,
    /// The most frequent reason with its count; of equal ones the first by name.
    pub reason: Option<(Arc<str>, u64)>,
}

/// What a rule of quarantine finds in the stretches of a source, or of the store, given in their order. A finding is also
/// about the reason.
#[must_use]
pub fn judge_quarantine(
    desk: &StoreDesk,
    rule: &Rule,
    subject: &Subject,
    stretches: &[SetAside],
) -> Vec<Finding> {
    let Condition::QuarantineShare(limit) = &rule.condition else {
        return Vec::new();
    };
    let above = i128::from(limit.above) * 100;
    let moment = |stretch: &SetAside| {
        let share = stretch.share.millionths();
        let level = match share {
            _ if stretch.share.whole < limit.events_min.max(1) => Level::Calm,
            share if share > above => Level::Breach,
            share if share > above / 2 => Level::Near,
            _ => Level::Calm,
        };
        Moment {
            from: stretch.share.from,
            until: stretch.share.until,
            level,
            size: clamp(share),
        }
    };
    let moments: Vec<Moment> = stretches.iter().map(moment).collect();
    let show = |episode: &Episode| {
        let peak = &stretches[episode.peak];
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let reason = peak.reason.as_ref();
        let limit = (Figure::Limit, i64::from(limit.above));
        let reason = reason.map(|(_, events)| (Figure::TopReason, count(*events)));
        let others: Vec<_> = [limit].into_iter().chain(reason).collect();
        (share_evidence(&peak.share, &others), None)
    };
    let found = findings(desk, (rule, subject), &moments, show);
    let peaks = episodes(&moments, rule.window_micros).into_iter();
    let with = peaks.map(|episode| {
        let (reason, _) = stretches[episode.peak].reason.as_ref()?;
        Some(Subject::of(subject.store, SubjectKind::Reason, reason))
    });
    found
        .into_iter()
        .zip(with)
        .map(|(finding, with)| Finding { with, ..finding })
        .collect()
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
