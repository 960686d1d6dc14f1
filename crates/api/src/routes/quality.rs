//! Data quality: what the fields of each source lacked and why events were set aside, and what is conspicuous about it.

use crate::app::App;
use crate::keys::Principal;
use crate::params::{Params, Window, store_seen, words};
use crate::problem::{INVALID_QUERY, Problem};
use crate::wire::Envelope;
use analytics::quality::{Finding, FindingKind, Share, Thresholds, Watch};
use axum::Extension;
use axum::extract::State;
use event::time::SECOND;
use event::{EventTime, Field};
use live::{QualityPart, QualityQuestion, QualityRow, SourceFinding};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `?by=source,store,minute,hour&from=&to=&source=&store=&field=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsOf {
    by: Option<String>,
    from: Option<String>,
    to: Option<String>,
    source: Option<String>,
    store: Option<String>,
    field: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

const PARTS: [(&str, QualityPart); 4] = [
    ("source", QualityPart::Source),
    ("store", QualityPart::Store),
    ("minute", QualityPart::Minute),
    ("hour", QualityPart::Hour),
];

/// A row a field, by source and store unless asked for otherwise; and the findings as of now.
pub(crate) async fn quality(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<RowsOf>,
) -> Result<Envelope, Problem> {
    let window = Window::read(
        (asked.from.as_deref(), asked.to.as_deref()),
        (asked.limit, asked.cursor.as_deref()),
    )?;
    let by = asked.by.as_deref().unwrap_or("source,store");
    let question = QualityQuestion {
        by: words(Some(by), &PARTS)?,
        from: window.from,
        to: window.to,
        store: store_seen(&principal, asked.store.as_deref())?,
        source: asked.source,
        field: asked.field.as_deref().map(field_named).transpose()?,
    };
    let now = app.state.clock.now();
    let watch = Watch {
        since: app.started,
        now: EventTime(now.0),
    };
    let limits = &app.state.thresholds;
    let findings = app.state.live.findings(&question, limits, watch);
    let rows = app.state.live.quality(&question);
    let (page, next) = window.page(&rows);
    let body = json!({
        "rows": page.iter().map(row).collect::<Vec<_>>(),
        "findings": findings.iter().map(|found| finding(found, watch.now)).collect::<Vec<_>>(),
        "thresholds": thresholds(limits),
    });
    Ok(Envelope {
        next,
        ..Envelope::new(body, now)
    })
}

fn field_named(name: &str) -> Result<Field, Problem> {
    Field::parse(name).ok_or_else(|| {
        Problem::new(INVALID_QUERY, format!("no field is called \"{name}\"")).hint(
            "write it as the answer does: order_id, items.unit_price, or event for what cannot even be read",
        )
    })
}

fn row(row: &QualityRow) -> Value {
    let mut body = Map::new();
    if let Some(source) = &row.source {
        body.insert("source".to_owned(), Value::from(&*source.source));
        body.insert("name".to_owned(), Value::from(&*source.name));
    }
    if let Some(store) = &row.store {
        body.insert("store".to_owned(), Value::from(&**store));
    }
    body.insert("field".to_owned(), Value::from(row.field.name()));
    if let (Some(start), Some(grain)) = (row.start, row.grain) {
        body.insert("start".to_owned(), Value::from(start.to_string()));
        body.insert("grain".to_owned(), Value::from(grain));
    }
    let steps: Map<String, Value> = (row.steps.iter())
        .map(|(step, events)| (step.code().to_owned(), Value::from(*events)))
        .collect();
    let numbers = json!({
        "rows": row.rows,
        "nulls": row.nulls.map(|nulls| nulls.part),
        "null_share": row.nulls.map(share),
        "invalid": row.invalid.part,
        "invalid_share": share(row.invalid),
        "duplicates": row.duplicates.part,
        "steps": steps,
    });
    body.extend(numbers.as_object().cloned().unwrap_or_default());
    Value::Object(body)
}

/// From 0 to 1, to six digits.
fn share(share: Share) -> f64 {
    (share.percent() * 10_000.0).round() / 1_000_000.0
}

fn finding(found: &SourceFinding, now: EventTime) -> Value {
    let finding = &found.finding;
    json!({
        "kind": finding.kind.code(),
        "source": &*found.source.source,
        "name": &*found.source.name,
        "store": &*found.store,
        "field": finding.field.map(Field::name),
        "step": finding.step.map(event::Reason::code),
        "share": finding.share.map(share),
        "usual_share": finding.usual.map(share),
        "usual_pause_ms": finding.usual_pause_ms,
        "since": finding.since.to_string(),
        "sentence": sentence(finding, now),
        "remedy": remedy(finding),
    })
}

/// What was found, for a person.
fn sentence(finding: &Finding, now: EventTime) -> String {
    let field = finding.field.map_or("the event", Field::name);
    let share = finding.share.unwrap_or_default();
    let usual = finding.usual.unwrap_or_default();
    match finding.kind {
        FindingKind::Silent => {
            let silent = span((now.0 - finding.since.0) / 1_000);
            match finding.usual_pause_ms.unwrap_or(0) {
                0 => format!("no event for {silent}; it usually sends all the time"),
                pause => format!(
                    "no event for {silent}; it usually pauses for {}",
                    span(i64::from(pause))
                ),
            }
        }
        FindingKind::Invalid => format!(
            "{:.1} % of {} events were set aside because of {field}, most by {}",
            share.percent(),
            thousands(share.whole),
            finding.step.map_or("a check", event::Reason::code),
        ),
        FindingKind::Duplicates => format!(
            "{:.1} % of {} events came again",
            share.percent(),
            thousands(share.whole)
        ),
        FindingKind::NullsRisen => format!(
            "{field} is empty in {:.1} % of {}, usually in {:.1} %",
            share.percent(),
            thousands(share.whole),
            usual.percent()
        ),
    }
}

fn remedy(finding: &Finding) -> &'static str {
    match (finding.kind, finding.step) {
        (FindingKind::Silent, _) => "Look whether the sender runs and reaches this server.",
        (FindingKind::Invalid, Some(step)) => step.remedy(),
        (FindingKind::Invalid, None) => "`shopstream quarantine list` shows what was set aside.",
        (FindingKind::Duplicates, _) => {
            "Nothing counts twice. A sender that repeats so much may not hear the answers, or reuse its ids."
        }
        (FindingKind::NullsRisen, _) => {
            "Look what changed at the sender: a release, a renamed field, a form that asks no more."
        }
    }
}

/// `90 s`, `12 min`, `3 h`, `2 days`
fn span(milliseconds: i64) -> String {
    let seconds = milliseconds / (SECOND / 1_000);
    match seconds {
        ..1 => "less than a second".to_owned(),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `1,234,567`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn thresholds(limits: &Thresholds) -> Value {
    let share = |ten_thousandths: u32| f64::from(ten_thousandths) / 10_000.0;
    json!({
        "null_rise_max": share(limits.null_rise_max),
        "invalid_share_max": share(limits.invalid_share_max),
        "duplicate_share_max": share(limits.duplicate_share_max),
        "rows_min": limits.rows_min,
        "silence_s_min": limits.silence_s_min,
        "silence_pauses_max": limits.silence_pauses_max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_as_people_tell_them() {
        let told = [
            0,
            1_000,
            119_000,
            120_000,
            7_199_000,
            7_200_000,
            172_800_000,
        ]
        .map(span);
        let expected = [
            "less than a second",
            "1 s",
            "119 s",
            "2 min",
            "119 min",
            "2 h",
            "2 days",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
    }
}
