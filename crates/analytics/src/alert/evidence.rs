//! Evidence: the numbers and events that show why an alert fired, each number with its name and unit.
//! Integers only; whoever shows them divides.

use event::EventId;
use smallvec::SmallVec;

/// Events that an alert names at most; how many there were is a number of its own.
pub const EVENTS_MAX: usize = 8;

/// How an integer of the evidence is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things, one each.
    Count,
    /// Ten-thousandths of the currency's unit.
    Money,
    /// Ten-thousandths of a piece.
    Quantity,
    /// Thousandths, as of a z-score.
    Thousandths,
    /// Ten-thousandths of a whole.
    Share,
    /// Microseconds.
    Micros,
    /// Whatever the rule's metric or condition is counted in.
    AsRule,
}

macro_rules! figures {
    ($($variant:ident = $name:literal $unit:ident, $doc:literal;)*) => {
        /// What a number of the evidence is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Figure {
            $(#[doc = $doc] $variant,)*
        }

        impl Figure {
            /// Every figure, by number.
            pub const ALL: &'static [Figure] = &[$(Figure::$variant,)*];

            /// The name in tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Figure::$variant => $name,)* }
            }

            /// How its integer is read.
            #[must_use]
            pub fn unit(self) -> Unit {
                match self { $(Figure::$variant => Unit::$unit,)* }
            }

            /// What it means, for a tooltip.
            #[must_use]
            pub fn definition(self) -> &'static str {
                match self { $(Figure::$variant => $doc,)* }
            }
        }
    };
}

figures! {
    Value = "value" AsRule, "What was seen.";
    Limit = "limit" AsRule, "What the rule allows.";
    Usual = "usual" AsRule, "The median of the history it was measured by.";
    Deviation = "deviation" AsRule, "The median absolute deviation of that history.";
    Score = "z" Thousandths, "The robust z-score, in thousandths.";
    Observations = "observations" Count, "Values in that history.";
    OrderValue = "order_value" Money, "What the order came to.";
    Pieces = "pieces" Quantity, "Pieces of one product.";
    Level = "level" Quantity, "Pieces in stock.";
    CoverHours = "cover_hours" Count, "Hours that the stock lasts at the usual pace.";
    LeadHours = "lead_hours" Count, "Hours that a delivery takes.";
    Demand = "demand" Count, "Views and cart adds since it is out of stock.";
    Price = "price" Money, "The price now.";
    UsualPrice = "usual_price" Money, "The median of the prices before.";
    Events = "events" Count, "Events in the stretch.";
    Part = "part" Count, "The part of the share.";
    Whole = "whole" Count, "The whole of the share.";
    UsualShare = "usual_share" Thousandths, "The share as it usually is, in thousandths.";
    LagMicros = "lag" Micros, "How far behind.";
    Breaches = "breaches" Count, "Stretches of time in which the condition held.";
    SoldADay = "sold_a_day" Quantity, "Pieces sold a day before, over the days looked back on.";
    MissingPieces = "missing" Quantity, "Pieces that were not sold for want of stock, or will not be until a delivery comes.";
    TopReason = "top_reason" Count, "Events that were set aside for the most frequent reason.";
}

/// Why an alert fired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Numbers, in the order in which to show them.
    pub numbers: SmallVec<[(Figure, i64); 6]>,
    /// The first events that show it, in the canonical order.
    pub events: SmallVec<[EventId; 1]>,
}

impl Evidence {
    /// These numbers.
    #[must_use]
    pub fn of(numbers: &[(Figure, i64)]) -> Evidence {
        Evidence {
            numbers: SmallVec::from_slice(numbers),
            events: SmallVec::new(),
        }
    }

    /// And this event.
    #[must_use]
    pub fn with_event(mut self, event: EventId) -> Evidence {
        if self.events.len() < EVENTS_MAX {
            self.events.push(event);
        }
        self
    }

    /// The number of this name.
    #[must_use]
    pub fn number(&self, figure: Figure) -> Option<i64> {
        let found = self.numbers.iter().find(|(known, _)| *known == figure);
        found.map(|(_, number)| *number)
    }
}
