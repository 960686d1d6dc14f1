//! Episodes: stretches of time in which a condition held, made of moments that each breach, come near or are calm.
//! What begins near and never breaches is none; whatever begins within one window is one, however often it flaps.

use event::EventTime;

/// How a moment stands to the condition. What has begun goes on while it is near: that keeps it from flapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing conspicuous.
    Calm,
    /// Not enough to begin, too much to end.
    Near,
    /// The condition holds.
    Breach,
}

/// A stretch of time and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Where it begins.
    pub from: EventTime,
    /// Where it ends; nothing where it lasts still.
    pub until: Option<EventTime>,
    /// How it stands.
    pub level: Level,
    /// How far it goes; the greatest is shown.
    pub size: i64,
}

/// All stretches that began within one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Episode {
    /// Where the window begins, by which it is known.
    pub window: EventTime,
    /// Where the first stretch begins.
    pub from: EventTime,
    /// Where the last one ends; nothing while it lasts.
    pub until: Option<EventTime>,
    /// Which moment goes furthest; of equal ones the first.
    pub peak: usize,
    /// Moments that breach.
    pub breaches: u32,
}

/// Makes episodes of moments in the order of time. A pause between two moments is calm.
#[must_use]
pub fn episodes(moments: &[Moment], window_micros: i64) -> Vec<Episode> {
    let mut found: Vec<Episode> = Vec::new();
    // Whether the newest episode can still go on, and from where.
    let mut goes_on_at: Option<EventTime> = None;
    for (at, moment) in moments.iter().enumerate() {
        let goes_on = goes_on_at.is_some_and(|end| moment.from <= end);
        let begins = moment.level == Level::Breach;
        if moment.level == Level::Calm || !(goes_on || begins) {
            goes_on_at = None;
            continue;
        }
        let window = window_of(moment.from, window_micros);
        match found.last_mut() {
            Some(last) if goes_on || last.window == window => last.take(at, moment, moments),
            _ => found.push(Episode {
                window,
                from: moment.from,
                until: moment.until,
                peak: at,
                breaches: 1,
            }),
        }
        goes_on_at = Some(moment.until.unwrap_or(EventTime(i64::MAX)));
    }
    found
}

impl Episode {
    fn take(&mut self, at: usize, moment: &Moment, moments: &[Moment]) {
        self.until = match (self.until, moment.until) {
            (Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        };
        if moment.level == Level::Breach {
            self.breaches = self.breaches.saturating_add(1);
            if moment.size > moments[self.peak].size {
                self.peak = at;
            }
        }
    }
}

/// Where the window of an instant begins.
#[must_use]
pub fn window_of(time: EventTime, window_micros: i64) -> EventTime {
    EventTime(time.0 - time.0.rem_euclid(window_micros.max(1)))
}
