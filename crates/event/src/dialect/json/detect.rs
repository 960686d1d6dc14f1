//! Tells whose JSON a body is by the keys of its first objects, and says why it thinks so.
//! Events of our own vocabulary and the seeds' are told apart one by one when they are read; here they are only named.

use super::JsonDialect;
use super::foreign::{self, MemberList, members_of};
use super::keys::{self, EVENT};
use super::split::{Piece, Splitter};

/// Most objects looked at.
const OBJECTS_MAX: usize = 20;
/// Most unknown keys named.
const NAMED_MAX: usize = 3;

/// What a body was taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// Whose JSON it is.
    pub dialect: JsonDialect,
    /// Why, one line a reason.
    pub evidence: Vec<String>,
    /// Every object looked at is of that dialect.
    pub is_sure: bool,
}

/// What one object looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub dialect: JsonDialect,
    /// For people: whose, and what.
    pub what: &'static str,
}

impl Look {
    pub(super) fn of(dialect: JsonDialect, what: &'static str) -> Look {
        Look { dialect, what }
    }
}

/// Looks at the first objects of a body or of a file's first window.
#[must_use]
pub fn detect(window: &[u8], complete: bool) -> Detection {
    let objects = first_objects(window, complete);
    let looks: Vec<Look> = objects.iter().map(look).collect();
    let dialect = most(&looks);
    let count = looks.iter().filter(|look| look.dialect == dialect).count();
    let mut evidence = vec![first_line(dialect, count, looks.len())];
    evidence.extend(keys_line(dialect, &objects, &looks));
    Detection {
        dialect,
        evidence,
        is_sure: count == looks.len(),
    }
}

fn first_objects(window: &[u8], complete: bool) -> Vec<MemberList<'_>> {
    let mut splitter = Splitter::default();
    let mut objects = Vec::new();
    let mut at = 0;
    while objects.len() < OBJECTS_MAX {
        let range = match splitter.next_value(window, at, complete) {
            Piece::Line(range) | Piece::Value(range) => range,
            Piece::Broken(range, _) if range.end > at => {
                at = range.end;
                continue;
            }
            _ => break,
        };
        at = range.end;
        let text = std::str::from_utf8(&window[range]).ok();
        objects.extend(text.and_then(|text| members_of(text).ok()));
    }
    objects
}

fn look(members: &MemberList<'_>) -> Look {
    if let Some(look) = foreign::look(members) {
        return look;
    }
    let seen = members
        .iter()
        .filter_map(|(key, _)| EVENT.find(key.as_bytes()))
        .fold(0, |seen, (index, _)| seen | 1 << index);
    match keys::dialect_of(seen) {
        JsonDialect::SeedGenerator => Look::of(
            JsonDialect::SeedGenerator,
            "an event of the first seed's generator",
        ),
        JsonDialect::SeedShop => {
            Look::of(JsonDialect::SeedShop, "an event of the second seed's shop")
        }
        _ => Look::of(JsonDialect::Canonical, "an event of ours"),
    }
}

/// The dialect of most objects; of equals the first.
fn most(looks: &[Look]) -> JsonDialect {
    let count = |dialect: JsonDialect| looks.iter().filter(|look| look.dialect == dialect).count();
    let mut best = looks
        .first()
        .map_or(JsonDialect::Canonical, |look| look.dialect);
    for look in looks {
        if count(look.dialect) > count(best) {
            best = look.dialect;
        }
    }
    best
}

fn first_line(dialect: JsonDialect, count: usize, of: usize) -> String {
    let unit = match dialect {
        JsonDialect::Ga4 | JsonDialect::Segment | JsonDialect::Snowplow => {
            "each JSON object holds one event or several"
        }
        _ => "each JSON object is an event",
    };
    match of - count {
        0 => unit.to_owned(),
        others => format!("{unit}; {others} of the first {of} look like another sender's"),
    }
}

/// `14 of 15 keys are those of a Segment track call (unknown: color)`.
fn keys_line(dialect: JsonDialect, objects: &[MemberList<'_>], looks: &[Look]) -> Option<String> {
    let ours = || {
        objects
            .iter()
            .zip(looks)
            .filter(|(_, look)| look.dialect == dialect)
    };
    let mut what: Vec<&str> = ours().map(|(_, look)| look.what).collect();
    what.sort_unstable();
    what.dedup();
    let mut keys: Vec<&str> = ours()
        .flat_map(|(members, _)| members.iter().map(|(key, _)| key.as_ref()))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let unknown: Vec<&str> = keys
        .iter()
        .copied()
        .filter(|key| !knows(dialect, key))
        .collect();
    if keys.is_empty() {
        return None;
    }
    let mut line = format!(
        "{} of {} keys are those of {}",
        keys.len() - unknown.len(),
        keys.len(),
        what.join(", ")
    );
    if !unknown.is_empty() {
        let named = unknown[..unknown.len().min(NAMED_MAX)].join(", ");
        let more = if unknown.len() > NAMED_MAX {
            ", …"
        } else {
            ""
        };
        line.push_str(&format!(" (kept as they are: {named}{more})"));
    }
    Some(line)
}

fn knows(dialect: JsonDialect, key: &str) -> bool {
    foreign::knows(dialect, key).unwrap_or_else(|| EVENT.find(key.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let found = detect(body.as_bytes(), true);
        let sure = if found.is_sure { "" } else { "?" };
        let shown = format!(
            "{}{sure}: {}",
            found.dialect.name(),
            found.evidence.join("; ")
        );
        assert_eq!(shown, expected, "{body:.100}");
    }

    #[test]
    fn each_sender_is_told_by_its_keys_and_the_keys_are_counted() {
        check(
            r#"{"type":"track","event":"Order Completed","messageId":"m","userId":"u","properties":{},"timestamp":"2025-01-01T00:00:00Z","color":"red"}"#,
            "segment: each JSON object holds one event or several; 6 of 7 keys are those of a Segment track call (kept as they are: color)",
        );
        check(
            r#"{"batch":[{"type":"page"}],"sentAt":"2025-01-01T00:00:00Z"}"#,
            "segment: each JSON object holds one event or several; 2 of 2 keys are those of a Segment batch",
        );
        check(
            r#"{"client_id":"1.2","timestamp_micros":1,"events":[{"name":"purchase"}]}"#,
            "ga4: each JSON object holds one event or several; 3 of 3 keys are those of a body of GA4's Measurement Protocol",
        );
        check(
            r#"{"event_name":"purchase","event_timestamp":"1","event_params":[],"user_pseudo_id":"1","event_date":"20250101"}"#,
            "ga4: each JSON object holds one event or several; 4 of 5 keys are those of a row of GA4's BigQuery export (kept as they are: event_date)",
        );
        check(
            r#"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{"e":"pv"}]}"#,
            "snowplow: each JSON object holds one event or several; 2 of 2 keys are those of a payload of a Snowplow tracker",
        );
        check(
            r#"{"e":"pv","eid":"x","p":"web","tv":"js-3"}"#,
            "snowplow: each JSON object holds one event or several; 2 of 4 keys are those of an event of a Snowplow tracker (kept as they are: p, tv)",
        );
        check(
            r#"{"app_id":"a","event":"page_view","event_id":"x","collector_tstamp":"2025-01-01 00:00:00"}"#,
            "snowplow: each JSON object holds one event or several; 3 of 4 keys are those of an enriched event of Snowplow (kept as they are: app_id)",
        );
        check(
            r#"{"event_id":"1","event_type":"view","product_name":"TV","customer_email":"a@b.c","ip_address":"1.2.3.4","created_at":"x"}"#,
            "seed_shop: each JSON object is an event; 5 of 6 keys are those of an event of the second seed's shop (kept as they are: created_at)",
        );
        check(
            r#"{"event_type":"view","product_name":"TV","location":{}}"#,
            "seed_generator: each JSON object is an event; 3 of 3 keys are those of an event of the first seed's generator",
        );
        check(
            r#"{"type":"order","ts":1,"x":1,"y":2,"z":3,"zz":4}"#,
            "canonical: each JSON object is an event; 2 of 6 keys are those of an event of ours (kept as they are: x, y, z, …)",
        );
    }

    #[test]
    fn most_objects_decide_and_broken_ones_do_not_count() {
        let track = r#"{"type":"track","event":"a","anonymousId":"1"}"#;
        let own = r#"{"type":"order","ts":1}"#;
        check(
            &format!("nonsense\n{track}\n{{\"a\":}}\n{own}\n{track}"),
            "segment?: each JSON object holds one event or several; 1 of the first 3 look like another sender's; \
             3 of 3 keys are those of a Segment track call",
        );
        check("", "canonical: each JSON object is an event");
        check("[1,2]", "canonical: each JSON object is an event");
    }

    #[test]
    fn an_event_of_ours_that_shares_a_word_with_a_tracker_stays_ours() {
        for own in [
            r#"{"type":"track","ts":1}"#,
            r#"{"type":"page","ts":1,"user_id":"u"}"#,
            r#"{"type":"custom","ts":1,"events":3,"user_id":"u"}"#,
            r#"{"type":"custom","ts":1,"e":"pv"}"#,
            r#"{"type":"custom","ts":1,"schema":"a","data":[]}"#,
            r#"{"type":"custom","ts":1,"batch":[]}"#,
            r#"{"type":"custom","ts":1,"event_name":"x"}"#,
        ] {
            assert_eq!(
                detect(own.as_bytes(), true).dialect,
                JsonDialect::Canonical,
                "{own}"
            );
        }
    }
}
