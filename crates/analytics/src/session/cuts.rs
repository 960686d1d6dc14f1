//! What ends a session beside silence, where a store wants it: midnight of its clock, and a visitor who comes back by another
//! campaign. Both follow from single events, so that they go with a piece wherever it is merged.

use event::schema::{Label, Text};
use event::time::{DAY, SECOND};
use event::{EventRef, EventTime, KeyKind, key_hash};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::num::NonZeroU32;

/// The campaign that an event names, hashed: 32 bits tell the campaigns of one person apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CampaignId(pub NonZeroU32);

impl CampaignId {
    /// The campaign of an event: its labels and the marks of a click. Nothing where it has neither.
    #[must_use]
    pub fn of(event: EventRef<'_>) -> Option<CampaignId> {
        const LABELS: [Label; 5] = [
            Label::UtmSource,
            Label::UtmMedium,
            Label::UtmCampaign,
            Label::UtmTerm,
            Label::UtmContent,
        ];
        let labels = LABELS.into_iter().map(|label| event.label(label));
        let said = labels.chain([event.text(Text::ClickIds)]);
        let hash = said.zip(1..).fold(0_u64, |hash, (said, place)| match said {
            Some(said) => {
                let own = key_hash(event.store(), KeyKind::Value, said.as_bytes());
                hash ^ own.rotate_left(place * 9)
            }
            None => hash,
        });
        // Labels that cancel out are none; that happens once in 2^64.
        (hash != 0).then(|| CampaignId::of_hash((hash ^ hash >> 32) as u32))
    }

    /// The campaign of this hash.
    #[must_use]
    pub fn of_hash(hash: u32) -> CampaignId {
        CampaignId(NonZeroU32::new(hash).unwrap_or(NonZeroU32::MIN))
    }
}

/// What an event says that may end the session before it; nothing where its store does not ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cuts {
    /// The day of the store's calendar, where sessions end at midnight; 0 elsewhere.
    pub day: i32,
    /// The campaign, where another one begins a session.
    pub campaign: Option<CampaignId>,
}

/// The day of a zone's calendar at a time, counted from the first of 1970.
#[must_use]
pub fn local_day(time: EventTime, zone: &TimeZone) -> i32 {
    // Times that no calendar knows have the offset of the nearest one that does.
    let time = time.0.clamp(
        Timestamp::MIN.as_microsecond(),
        Timestamp::MAX.as_microsecond(),
    );
    let known = Timestamp::from_microsecond(time).unwrap_or_default();
    let offset = i64::from(zone.to_offset(known).seconds()) * SECOND;
    i32::try_from((time + offset).div_euclid(DAY)).expect("calendars know ten thousand years")
}

#[cfg(test)]
mod tests {
    //! Days begin where the store's clock says, whatever the time.

    use super::*;

    fn day(zone: &str, time: &str) -> i32 {
        let zone = TimeZone::get(zone).expect("a zone of the database");
        let time = EventTime::parse(time, &TimeZone::UTC).expect("a time");
        local_day(time, &zone)
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_clock_through_every_change_of_it() {
        let berlin = |time| day("Europe/Berlin", time);
        assert_eq!(berlin("1970-01-01T12:00:00Z"), 0);
        assert_eq!(
            berlin("2024-03-30T22:59:59Z") + 1,
            berlin("2024-03-30T23:00:00Z")
        );
        assert_eq!(
            berlin("2024-03-31T21:59:59Z") + 1,
            berlin("2024-03-31T22:00:00Z")
        );
        assert_eq!(
            day("Asia/Kathmandu", "2024-01-01T18:14:59Z") + 1,
            day("Asia/Kathmandu", "2024-01-01T18:15:00Z")
        );
    }

    #[test]
    fn times_that_no_calendar_knows_have_a_day() {
        let zone = TimeZone::get("Asia/Tokyo").expect("a zone");
        let (first, last) = (EventTime(i64::MIN), EventTime(i64::MAX));
        assert!(local_day(first, &zone) < local_day(last, &zone));
    }
}
