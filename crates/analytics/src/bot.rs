//! Programs among the visitors: a session is marked with the reason for which it cannot be a person's, and never taken away.
//! A pure rule over a session's pieces; what a user agent says of itself is read in crate `event` already.

mod pace;

pub use pace::Pace;
pub(crate) use pace::Pacing;

use crate::cell::NameId;
use crate::session::{Act, Piece, views};
use event::time::{HOUR, SECOND};

/// Why a session is a program's; the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum BotReason {
    /// Its user agent names a known crawler or tool, or whoever sent the event said so.
    UserAgent,
    /// More pages within minutes than a person can look at.
    TooFast,
    /// At work for hours without a pause.
    NoRest,
    /// Hundreds of pages at an even pace, and nothing else ever.
    OnlyPages,
}

impl BotReason {
    /// Every reason, strongest first.
    pub const ALL: [BotReason; 4] = [
        BotReason::UserAgent,
        BotReason::TooFast,
        BotReason::NoRest,
        BotReason::OnlyPages,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            BotReason::UserAgent => "user_agent",
            BotReason::TooFast => "too_fast",
            BotReason::NoRest => "no_rest",
            BotReason::OnlyPages => "only_pages",
        }
    }
}

/// The name of who is no program, beside the reasons' names.
pub const PERSON: &str = "person";

/// Names of who visits, resolved by the caller: what sessions are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VisitorKinds {
    /// Of [`PERSON`].
    pub person: NameId,
    /// In the order of [`BotReason::ALL`].
    pub bots: [NameId; BotReason::ALL.len()],
}

impl VisitorKinds {
    /// Has every name resolved.
    pub fn resolve(mut id: impl FnMut(&'static str) -> NameId) -> VisitorKinds {
        VisitorKinds {
            person: id(PERSON),
            bots: BotReason::ALL.map(|reason| id(reason.name())),
        }
    }

    /// The name of a person, or of the reason against one.
    #[must_use]
    pub fn of(&self, bot: Option<BotReason>) -> NameId {
        bot.map_or(self.person, |reason| self.bots[reason as usize])
    }
}

/// From what on a store takes a session for a program's. Slots are those of the session's pieces, five minutes as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The device type of user agents that are programs', resolved by the caller; nothing: user agents do not count.
    pub device: Option<NameId>,
    /// Pages in one slot from which on its pace is judged.
    pub burst_views: u32,
    /// With so much from one page to the next in the mean, or less, it is too fast.
    pub burst_gap_micros: i64,
    /// So many pages in one slot are too many at any pace.
    pub slot_views: u32,
    /// A session that lasted so long without a pause ...
    pub restless_micros: i64,
    /// ... had rests in at most so many of a thousand slots.
    pub rests_permille: u32,
    /// So many pages, and nothing else, are only pages.
    pub only_views: u32,
}

impl Rules {
    /// What is usual. Two seconds a page: the page has to load and to be looked at; whoever opens ten results at once in as
    /// many tabs stays below fifteen. 75 pages in five minutes: four seconds a page without a pause, which nobody keeps up.
    pub const USUAL: Rules = Rules {
        device: None,
        burst_views: 15,
        burst_gap_micros: 2 * SECOND,
        slot_views: 75,
        restless_micros: 6 * HOUR,
        rests_permille: 50,
        only_views: 200,
    };
}

impl Default for Rules {
    fn default() -> Self {
        Rules::USUAL
    }
}

/// Why a session is a program's; nothing if it may be a person's. `session` is all of its pieces as one, `pace` how they
/// followed one another.
#[must_use]
pub fn reason(session: &Piece, pace: &Pace, rules: &Rules) -> Option<BotReason> {
    if rules.device == Some(session.entry.device) {
        return Some(BotReason::UserAgent);
    }
    if pace.is_hasty {
        return Some(BotReason::TooFast);
    }
    // Most sessions are short: nothing below can hold.
    if pace.slots <= 1 {
        return None;
    }
    if never_rests(session, pace, rules) {
        return Some(BotReason::NoRest);
    }
    only_looks(session, pace, rules).then_some(BotReason::OnlyPages)
}

fn never_rests(session: &Piece, pace: &Pace, rules: &Rules) -> bool {
    let lasted = session.last.0.saturating_sub(session.first.time.0);
    let rests = pace.slots_between.saturating_sub(u64::from(pace.slots));
    lasted >= rules.restless_micros
        && rests.saturating_mul(1_000)
            <= (pace.slots_between).saturating_mul(u64::from(rules.rests_permille))
}

/// Even: the busiest slot has at most twice the mean.
fn only_looks(session: &Piece, pace: &Pace, rules: &Rules) -> bool {
    let acts = &session.acts;
    let shown = [Act::PageView, Act::ListView, Act::ItemView].map(|act| u64::from(acts[act]));
    let views = u64::from(views(&session.acts));
    views >= u64::from(rules.only_views)
        && shown.iter().sum::<u64>() >= u64::from(acts[Act::Event])
        && u64::from(pace.busiest) * u64::from(pace.slots) <= 2 * views
}

#[cfg(test)]
mod tests;
