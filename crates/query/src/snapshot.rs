//! One snapshot: a version of the lake, and the events that are judged and not in it. The seam is where the version ends: what
//! lies below is read from the lake, what lies above from the log.

use crate::ask::{Judgement, LakePlace};
use crate::refusal::{Refusal, SqlState};
use event::frame::FrameBody;
use eventlog::{LogError, LogPosition};
use jiff::tz::TimeZone;
use lake::{AsOf, EventsLook, Judged, LakeError, Place, Reached, Tail, Zones};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a question is answered from.
pub struct Snapshot {
    /// The lake; nothing where nothing is there yet.
    pub lake: Option<EventsLook>,
    /// What it lacks.
    pub tail: Arc<Tail>,
    /// Where it is, for versions before.
    pub(crate) place: Place,
    /// The shops' time zones.
    pub(crate) zones: Zones,
}

impl Snapshot {
    /// Takes it. The judgement must be older than the lake's version or as old: then verdicts of all that the version lacks are
    /// in it.
    pub async fn open(
        lake: &LakePlace,
        log_dir: &Path,
        judgement: &Judgement,
        zones: &BTreeMap<String, String>,
    ) -> Result<Snapshot, Refusal> {
        let place = Place::parse(&lake.location, &lake.within, &lake.storage);
        let place = place.map_err(|error| storage(&error))?;
        let zones = zones_of(zones);
        let look = EventsLook::open(&place, AsOf::Newest).await;
        let look = look.map_err(|error| storage(&error))?;
        let reached = look.as_ref().map(|look| look.reached).unwrap_or_default();
        let tail = tail(log_dir, judgement, reached, Arc::clone(&zones))?;
        Ok(Snapshot {
            lake: look,
            tail: Arc::new(tail),
            place,
            zones,
        })
    }

    /// An older version, by its number or a time.
    pub(crate) async fn older(&self, text: &str) -> Result<EventsLook, Refusal> {
        let as_of = match (text.parse::<u64>(), text.parse::<jiff::Timestamp>()) {
            (Ok(version), _) => AsOf::Version(version),
            (_, Ok(time)) => AsOf::Time(time.as_microsecond()),
            _ => return Err(no_version(text, "it is neither a number nor a time")),
        };
        match EventsLook::open(&self.place, as_of).await {
            Ok(Some(look)) => Ok(look),
            Ok(None) => Err(no_version(text, "the lake has no version yet")),
            Err(error @ LakeError::Storage(_)) => Err(storage(&error)),
            Err(error) => Err(no_version(text, &sentence(&error))),
        }
    }
}

fn no_version(text: &str, why: &str) -> Refusal {
    Refusal::new(
        SqlState::Data,
        format!("the lake cannot be shown as of `{text}`: {why}"),
        "write events_at(12) for a version, or events_at('2026-03-01T12:00:00Z')",
    )
}

/// Time zones by the name of a shop.
fn zones_of(names: &BTreeMap<String, String>) -> Zones {
    let zones = names.iter().filter_map(|(store, name)| {
        let zone = TimeZone::get(name).ok()?;
        Some((store.clone(), zone))
    });
    let zones: BTreeMap<String, TimeZone> = zones.collect();
    Arc::new(move |store| zones.get(store).cloned().unwrap_or(TimeZone::UTC))
}

fn tail(
    log_dir: &Path,
    judgement: &Judgement,
    reached: Reached,
    zones: Zones,
) -> Result<Tail, Refusal> {
    let mut tail = Tail::new(zones);
    if reached.generation != judgement.generation || reached.offset < judgement.from_offset {
        return Err(Refusal::new(
            SqlState::NotNow,
            "the lake is being written anew, after an import was undone",
            "ask again in a moment",
        ));
    }
    if reached.frame >= judgement.to_frame {
        return Ok(tail);
    }
    let unreadable = |error: &dyn std::error::Error| storage(error);
    let look = eventlog::look(log_dir).map_err(|error| unreadable(&error))?;
    let Some(look) = look else {
        return Ok(tail);
    };
    let from = LogPosition {
        offset: reached.offset,
        frame: reached.frame,
    };
    let mut reader = look.reader.again(from);
    while let Some(frame) = reader
        .try_next_where(|tallies| tallies.accepted > 0)
        .map_err(|error: LogError| unreadable(&error))?
    {
        let (first_offset, end) = (frame.first_offset, frame.end());
        if end.frame > judgement.to_frame {
            break;
        }
        let body = FrameBody::decode(frame.payload.into()).map_err(|error| unreadable(&error))?;
        tail.take(Judged {
            events: &body.events,
            first_offset,
            aside: within(&judgement.uncounted, first_offset, end.offset),
            adding: within(&judgement.adding, first_offset, end.offset),
            to: Reached {
                generation: reached.generation,
                frame: end.frame,
                offset: end.offset,
            },
        });
    }
    Ok(tail)
}

/// Those of these offsets.
fn within(offsets: &[u64], from: u64, to: u64) -> &[u64] {
    let first = offsets.partition_point(|offset| *offset < from);
    let last = offsets.partition_point(|offset| *offset < to);
    &offsets[first..last]
}

fn storage(error: &dyn std::error::Error) -> Refusal {
    Refusal::new(
        SqlState::Storage,
        sentence(error),
        "look at GET /health/ready and docs/lake.md",
    )
}

/// An error with its causes.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
