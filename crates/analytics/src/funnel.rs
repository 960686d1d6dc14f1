//! Funnels: how far people get on a way that the shop declares, step by step. A pure rule over marks; whose marks they are
//! is decided in `person`, sessions come from `session`, and a declaration is read from a file elsewhere.

mod any_order;
mod count;
mod declared;
mod mark;
mod report;
mod row;
mod rules;
mod walk;

pub use declared::FunnelError;
pub use mark::{Mark, Marks, Steps};
pub use report::{Report, StepReport};
pub use row::{Period, Reached, Row, Story};
pub use rules::{Funnel, FunnelAt, Funnels};

use event::time::DAY;
use event::{EventType, Money};

/// Steps that a funnel can have; fewer than two are none.
pub const STEPS_MAX: usize = 12;
/// Steps of all funnels of a store: a mark keeps one bit for each, and one for what is no step.
pub const STORE_STEPS_MAX: usize = 63;
/// Funnels of a store.
pub const FUNNELS_MAX: usize = 16;
/// Letters of a funnel's name.
pub const NAME_CHARS_MAX: usize = 64;
/// The longest window: a year and a day.
pub const WINDOW_MICROS_MAX: i64 = 366 * DAY;
/// Newest marks of a key that are all kept: 33 kB. Of what is older, a slot of five minutes keeps the first and the last
/// mark of each step.
pub const FINE_MARKS_MAX: usize = 512;
/// Marks of one key above which its oldest are let go; 512 kB.
pub const MARKS_MAX: usize = 8_192;

/// A funnel as a shop declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// By which its numbers are found.
    pub name: String,
    /// From entering to the goal.
    pub steps: Vec<Step>,
    /// How long the whole way may take, counted from its first step; a step exactly at its end still counts.
    pub window_micros: i64,
    /// In which order.
    pub mode: Mode,
    /// Who goes the way.
    pub unit: Unit,
}

/// In which order steps must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As declared; whatever comes between does not matter.
    #[default]
    Ordered,
    /// As declared, straight on from where the unit first entered: what is neither the next step nor a step that was
    /// reached already ends the way for good.
    Strict,
    /// In any. Step 3 is reached when steps 1, 2 and 3 are done, each by an event of its own, within the window.
    AnyOrder,
}

/// Whose events make one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// A person's: counted once for each day on which it entered, and once for all time.
    #[default]
    Visitor,
    /// A session's: counted once, at the session's start.
    Session,
}

/// The way that is shown where a shop declares none: from a product's page to the order, within a day.
#[must_use]
pub fn usual() -> Vec<Declaration> {
    let steps = [
        EventType::ItemView,
        EventType::CartAdd,
        EventType::CheckoutStart,
        EventType::Order,
    ];
    let step = |kind| Step {
        what: Happening::Type(kind),
        only: Filter::default(),
    };
    vec![Declaration {
        name: "purchase".to_owned(),
        steps: steps.into_iter().map(step).collect(),
        window_micros: DAY,
        mode: Mode::Ordered,
        unit: Unit::Visitor,
    }]
}

/// A step: what must happen, and where that alone does not say enough, to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What happens.
    pub what: Happening,
    /// Which of these events count.
    pub only: Filter,
}

/// The type of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// One of ours.
    Type(EventType),
    /// A name of the shop's own.
    Custom(String),
}

/// Every condition that is given must hold; product and category, of one and the same line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The country, as the sender wrote it.
    pub country: Option<String>,
    /// The device type.
    pub device: Option<String>,
    /// First level of a line's category path.
    pub category: Option<String>,
    /// A line's product id.
    pub product: Option<String>,
    /// The name of a checkout step.
    pub step_name: Option<String>,
    /// The event is worth this or more.
    pub value_min: Option<Money>,
}

#[cfg(test)]
mod event_tests;
#[cfg(test)]
mod plain_tests;
#[cfg(test)]
mod tests;
