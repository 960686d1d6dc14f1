//! Findings: what is conspicuous in a source's newest minutes, against fixed thresholds and against its own past; and
//! whether it fell silent. Pure: the clock is handed in, and what was found is forgotten with the data that showed it.

use super::{FieldCounts, Habit, QualityCounts};
use event::time::{DAY, MINUTE, SECOND};
use event::{EventTime, Field, Reason};

/// The newest minutes that are judged, counted back from the source's newest event.
const NEWEST: i64 = 15 * MINUTE;
/// What a source sent longer ago than this is no news any more.
const NEWS: i64 = DAY;
/// A source that has been silent for so long has gone for good.
const GONE: i64 = 7 * DAY;
/// Minutes in which a source must have sent before its silence means anything: a few requests by hand are no habit.
const HABIT_MINUTES: u32 = 10;

/// Limits above which something is told. Shares are in ten-thousandths: 100 is one per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Rise of a field's share of nulls over its own average.
    pub null_rise_max: u32,
    /// Share of events set aside because of one field.
    pub invalid_share_max: u32,
    /// Share of repeats.
    pub duplicate_share_max: u32,
    /// Fewer events than this are not judged, neither now nor as a past to compare with.
    pub rows_min: u64,
    /// No shorter silence is told.
    pub silence_s_min: u32,
    /// How many of its usual pauses a source may be silent.
    pub silence_pauses_max: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            null_rise_max: 2_000,
            invalid_share_max: 100,
            duplicate_share_max: 1_000,
            rows_min: 100,
            silence_s_min: 300,
            silence_pauses_max: 10,
        }
    }
}

/// What is conspicuous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// No event for much longer than usual.
    Silent,
    /// Many events are set aside because of one field.
    Invalid,
    /// Many events come again.
    Duplicates,
    /// A field is empty more often than it used to be.
    NullsRisen,
}

impl FindingKind {
    /// The code in answers.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            FindingKind::Silent => "source_silent",
            FindingKind::Invalid => "invalid_share",
            FindingKind::Duplicates => "duplicate_share",
            FindingKind::NullsRisen => "nulls_risen",
        }
    }
}

/// A part of a whole, divided only where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// The part.
    pub part: u64,
    /// The whole.
    pub whole: u64,
}

impl Share {
    /// In per cent, for people.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.whole == 0 {
            return 0.0;
        }
        self.part as f64 * 100.0 / self.whole as f64
    }

    fn exceeds(self, ten_thousandths: u32) -> bool {
        u128::from(self.part) * 10_000 > u128::from(ten_thousandths) * u128::from(self.whole)
    }

    /// Whether it lies more than so much above another share.
    fn exceeds_by(self, other: Share, ten_thousandths: u32) -> bool {
        let (part, whole) = (u128::from(self.part), u128::from(self.whole));
        let (past, pasts) = (u128::from(other.part), u128::from(other.whole));
        part * pasts * 10_000 > past * whole * 10_000 + u128::from(ten_thousandths) * whole * pasts
    }
}

/// Something conspicuous about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// In which field.
    pub field: Option<Field>,
    /// The step that set most of it aside.
    pub step: Option<Reason>,
    /// How much of it now.
    pub share: Option<Share>,
    /// How much of it before.
    pub usual: Option<Share>,
    /// How long it usually pauses, in milliseconds.
    pub usual_pause_ms: Option<u32>,
    /// Where the minutes that show it begin; the last event before a silence.
    pub since: EventTime,
}

/// What came in within one stretch of time.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'a> {
    /// Where it begins.
    pub start: EventTime,
    /// What came in.
    pub counts: &'a QualityCounts,
}

/// Judges the newest minutes of one source, given all that is known of it in the order of time.
#[must_use]
pub fn judge(stretches: &[Stretch<'_>], limits: &Thresholds, now: EventTime) -> Vec<Finding> {
    let Some(newest) = stretches
        .last()
        .filter(|newest| newest.start.0 > now.0 - NEWS)
    else {
        return Vec::new();
    };
    let since = EventTime(newest.start.0 + MINUTE - NEWEST);
    let parting = stretches.partition_point(|stretch| stretch.start < since);
    let (past, recent) = stretches.split_at(parting);
    let sum = |stretches: &[Stretch<'_>]| {
        let mut sum = QualityCounts::default();
        stretches.iter().for_each(|one| sum.absorb(one.counts));
        sum
    };
    let now = sum(recent);
    if now.offered < limits.rows_min.max(1) {
        return Vec::new();
    }
    let since = recent.first().map_or(since, |first| first.start);
    let mut findings: Vec<Finding> = now
        .fields()
        .filter_map(|counts| invalid(counts, now.offered, limits, since))
        .collect();
    findings.extend(duplicates(&now, limits, since));
    let risen =
        (now.fields()).filter_map(|counts| nulls_risen(&now, past, counts.field, limits, since));
    findings.extend(risen);
    findings
}

fn finding(kind: FindingKind, since: EventTime) -> Finding {
    Finding {
        kind,
        field: None,
        step: None,
        share: None,
        usual: None,
        usual_pause_ms: None,
        since,
    }
}

fn invalid(
    counts: FieldCounts<'_>,
    offered: u64,
    limits: &Thresholds,
    since: EventTime,
) -> Option<Finding> {
    let share = Share {
        part: counts.invalid(),
        whole: offered,
    };
    share.exceeds(limits.invalid_share_max).then(|| Finding {
        field: Some(counts.field),
        step: counts.main_step(),
        share: Some(share),
        ..finding(FindingKind::Invalid, since)
    })
}

fn duplicates(now: &QualityCounts, limits: &Thresholds, since: EventTime) -> Option<Finding> {
    let share = Share {
        part: now.duplicates,
        whole: now.offered,
    };
    share.exceeds(limits.duplicate_share_max).then(|| Finding {
        field: Some(Field::ID),
        share: Some(share),
        ..finding(FindingKind::Duplicates, since)
    })
}

/// Only stretches in which the field was known to be filled tell what is usual.
fn nulls_risen(
    now: &QualityCounts,
    past: &[Stretch<'_>],
    field: Field,
    limits: &Thresholds,
    since: EventTime,
) -> Option<Finding> {
    let share_in = |counts: &QualityCounts| {
        Some(Share {
            part: counts.field(field).nulls?,
            whole: counts.rows(field),
        })
    };
    let share = share_in(now)?;
    let usual = past
        .iter()
        .filter_map(|stretch| share_in(stretch.counts))
        .fold(Share::default(), |sum, share| Share {
            part: sum.part + share.part,
            whole: sum.whole + share.whole,
        });
    let is_enough = share.whole.min(usual.whole) >= limits.rows_min.max(1);
    (is_enough && share.exceeds_by(usual, limits.null_rise_max)).then(|| Finding {
        field: Some(field),
        share: Some(share),
        usual: Some(usual),
        ..finding(FindingKind::NullsRisen, since)
    })
}

/// Since when somebody has been there to hear, and what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// Before this the server was not up, and whoever did not come through did not fall silent.
    pub since: EventTime,
    /// The present.
    pub now: EventTime,
}

/// Whether a source has been silent for longer than `max(least silence, so many usual pauses)`.
#[must_use]
pub fn silence(habit: &Habit, limits: &Thresholds, watch: Watch) -> Option<Finding> {
    let silent = watch.now.0.saturating_sub(habit.last.max(watch.since).0);
    let usual = i64::from(habit.usual_pause_ms) * 1_000;
    let allowed = (i64::from(limits.silence_s_min) * SECOND)
        .max(usual.saturating_mul(i64::from(limits.silence_pauses_max)));
    let has_gone = watch.now.0.saturating_sub(habit.last.0) >= GONE.max(allowed.saturating_mul(2));
    let is_habit = habit.active_minutes >= HABIT_MINUTES;
    (is_habit && silent > allowed && !has_gone).then(|| Finding {
        usual_pause_ms: Some(habit.usual_pause_ms),
        ..finding(FindingKind::Silent, habit.last)
    })
}
