//! In which unit a rule's numbers are: what a figure leaves to its rule is said here, for whoever shows it.

use super::{Condition, Measured, Rate};
use crate::alert::{Figure, Unit};
use crate::catalogue::Reading;
use crate::tally::Scale;

impl Condition {
    /// How the integer of a figure of this condition's evidence is read.
    #[must_use]
    pub fn unit(&self, figure: Figure) -> Unit {
        match (figure.unit(), figure) {
            (Unit::AsRule, Figure::Limit) => self.limit_unit(),
            (Unit::AsRule, _) => self.value_unit(),
            (unit, _) => unit,
        }
    }

    fn limit_unit(&self) -> Unit {
        match self {
            Condition::HighValue(_) | Condition::PriceMistake(_) => Unit::Money,
            Condition::UnusualQuantity(_) | Condition::LowStock(_) | Condition::OutOfStock(_) => {
                Unit::Quantity
            }
            Condition::Unlike(_) | Condition::Rate(_) | Condition::FunnelBreak(_) => {
                Unit::Thousandths
            }
            Condition::ShortCover(_) | Condition::BotStorm(_) => Unit::Count,
            Condition::Lag(_) => Unit::Micros,
            Condition::QuarantineShare(_) => Unit::Share,
        }
    }

    fn value_unit(&self) -> Unit {
        match self {
            Condition::Unlike(unlike) => match unlike.measured {
                Measured::OrderValue => Unit::Money,
                Measured::Pieces => Unit::Quantity,
            },
            Condition::Rate(rate) => rate.unit(),
            _ => self.limit_unit(),
        }
    }
}

impl Rate {
    fn unit(&self) -> Unit {
        let Ok(Reading::Sum(field)) = self.metric().map(|metric| metric.reading) else {
            return Unit::Count;
        };
        match field.scale() {
            Scale::Money => Unit::Money,
            // Seconds are decimals as pieces are.
            Scale::Quantity | Scale::Duration => Unit::Quantity,
            Scale::Count => Unit::Count,
        }
    }
}
