//! The audit: what came in and what became of it, in all, by source, and in lines as they are asked for.

use crate::app::App;
use crate::keys::Principal;
use crate::params::{Params, Window, store_seen, words};
use crate::problem::Problem;
use crate::wire::{Envelope, time};
use axum::Extension;
use axum::extract::State;
use live::{
    AuditLine, AuditView, LinePart, LineQuestion, LineTime, SourceView, StoreWatermark, Tally,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `?by=source,store,hour&from=&to=&source=&store=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinesOf {
    by: Option<String>,
    from: Option<String>,
    to: Option<String>,
    source: Option<String>,
    store: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

const PARTS: [(&str, LinePart); 3] = [
    ("source", LinePart::Source),
    ("store", LinePart::Store),
    ("hour", LinePart::Hour),
];

/// The law that nothing disappears silently, with its numbers; in lines where a grouping or a part is asked for.
pub(crate) async fn audit(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<LinesOf>,
) -> Result<Envelope, Problem> {
    let store = store_seen(&principal, asked.store.as_deref())?;
    let window = Window::read(
        (asked.from.as_deref(), asked.to.as_deref()),
        (asked.limit, asked.cursor.as_deref()),
    )?;
    let wants_lines = asked.by.is_some() || window.is_bounded() || asked.source.is_some();
    let question = LineQuestion {
        by: words(asked.by.as_deref(), &PARTS)?,
        from: window.from,
        to: window.to,
        store: store.clone(),
        source: asked.source,
    };
    // The end of the log is read first: what is folded meanwhile cannot make more in flight than there is.
    let log_end = (app.state.log_end)();
    let view = app.state.live.audit(log_end, store.as_deref());
    let mut body = audit_body(&view);
    let watermarks = app.state.live.watermarks(store.as_deref());
    body["watermarks"] = watermarks.iter().map(watermark).collect();
    let mut next = None;
    if wants_lines {
        let lines = app.state.live.audit_lines(&question, log_end);
        let broken = lines.iter().filter(|line| !line.tally.law_holds());
        body["lines_broken"] = Value::from(broken.count());
        let (page, rest) = window.page(&lines);
        body["lines"] = page.iter().map(line).collect();
        next = rest;
    }
    Ok(Envelope {
        next,
        ..Envelope::new(body, app.state.clock.now())
    })
}

fn audit_body(view: &AuditView) -> Value {
    let reasons: Map<String, Value> = view
        .quarantined_by_reason
        .iter()
        .map(|(reason, count)| (reason.to_string(), Value::from(*count)))
        .collect();
    let mut body = tally(&view.tally);
    body["law_holds"] = Value::from(view.law_holds);
    body["quarantined_by_reason"] = Value::Object(reasons);
    body["sources"] = view.sources.iter().map(source).collect();
    body
}

fn tally(tally: &Tally) -> Value {
    json!({
        "rows_read": tally.rows_read,
        "received": tally.received,
        "accepted": tally.accepted,
        "duplicate": tally.duplicate,
        "quarantined": tally.quarantined,
        "counted": tally.counted,
        "late": tally.late,
        "retracted": tally.retracted,
        "in_flight": tally.in_flight,
        "law_holds": tally.law_holds(),
    })
}

fn source(source: &SourceView) -> Value {
    let mut body = tally(&source.tally);
    body["source"] = Value::from(&*source.source);
    body["name"] = Value::from(&*source.name);
    body["store"] = Value::from(&*source.store);
    body
}

/// How far a store is: its numbers before the watermark are not expected to move.
fn watermark(row: &StoreWatermark) -> Value {
    json!({
        "store": &*row.store,
        "watermark": time(row.watermark),
        "live_sources": row.live_sources,
        "idle_sources": row.idle_sources,
    })
}

/// What a line is not told apart by is left out; `part` says which of its kind it is.
fn line(line: &AuditLine) -> Value {
    let mut body = tally(&line.tally);
    if let Some((source, name)) = &line.source {
        body["source"] = Value::from(&**source);
        body["name"] = Value::from(&**name);
    }
    if let Some(store) = &line.store {
        body["store"] = Value::from(&**store);
    }
    body["part"] = Value::from(match line.time {
        LineTime::All => "all",
        LineTime::Hour(_) => "hour",
        LineTime::Before => "before",
        LineTime::Unread => "in_flight",
    });
    if let LineTime::Hour(hour) = line.time {
        body["hour"] = Value::from(hour.to_string());
    }
    body
}
