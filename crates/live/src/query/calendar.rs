//! Dimensions that follow from a window's start: the hour of the store's clock and the day of its week.
//! Nothing is kept for them; rows of the total are grouped anew when somebody asks.

use super::QueryError;
use crate::texts::{TextId, Texts};
use analytics::catalogue::Dimension;
use analytics::window::{Calendar, Grain};
use event::EventTime;
use event::derive::{day_of_week, hour};
use std::sync::Arc;

const HOURS: usize = 24;
const DAYS: usize = 7;

/// The texts of all hours and days, given their numbers once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CalendarTexts {
    /// `00` to `23`: as text they sort as the clock runs.
    hours: [TextId; HOURS],
    /// `1` = Monday … `7` = Sunday.
    days: [TextId; DAYS],
}

/// The values of one such dimension.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CalendarValues {
    Hours([TextId; HOURS]),
    Days([TextId; DAYS]),
}

impl CalendarTexts {
    pub(crate) fn new(texts: &mut Texts) -> CalendarTexts {
        CalendarTexts {
            hours: std::array::from_fn(|hour| texts.intern(&Arc::from(format!("{hour:02}")))),
            days: std::array::from_fn(|day| texts.intern(&Arc::from((day + 1).to_string()))),
        }
    }

    /// The values of a dimension, if they follow from windows.
    pub(crate) fn of(&self, dimension: Dimension) -> Option<CalendarValues> {
        match dimension {
            Dimension::Hour => Some(CalendarValues::Hours(self.hours)),
            Dimension::DayOfWeek => Some(CalendarValues::Days(self.days)),
            _ => None,
        }
    }
}

impl CalendarValues {
    /// The value that a window has, by where it starts.
    pub(crate) fn at(&self, calendar: &Calendar, start: i64) -> TextId {
        let (start, zone) = (EventTime(start), calendar.zone());
        match self {
            CalendarValues::Hours(hours) => hours[usize::from(hour(start, zone))],
            CalendarValues::Days(days) => days[usize::from(day_of_week(start, zone)) - 1],
        }
    }

    /// The value a filter names, with or without a zero before it.
    pub(crate) fn named(&self, value: &Option<String>) -> Result<TextId, QueryError> {
        let number = value.as_ref().and_then(|text| text.parse::<usize>().ok());
        let (found, known) = match self {
            CalendarValues::Hours(hours) => {
                let found = number.and_then(|hour| hours.get(hour));
                (found, "hours are \"00\" to \"23\"")
            }
            CalendarValues::Days(days) => {
                let found = number.and_then(|day| days.get(day.checked_sub(1)?));
                (found, "days are \"1\" (Monday) to \"7\" (Sunday)")
            }
        };
        found.copied().ok_or_else(|| {
            let named = value.as_deref().unwrap_or("not stated");
            QueryError::invalid(format!("there is no hour or day \"{named}\""), known)
        })
    }

    /// The longest windows that have one value.
    pub(crate) fn coarsest(&self) -> Grain {
        match self {
            CalendarValues::Hours(_) => Grain::Hour,
            CalendarValues::Days(_) => Grain::Day,
        }
    }
}
