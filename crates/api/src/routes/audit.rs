//! The audit and the quarantine: what came in, what became of it, and what was set aside.

use crate::app::App;
use crate::params::Params;
use crate::problem::{INVALID_QUERY, Problem};
use crate::wire::Envelope;
use axum::extract::State;
use live::{AuditView, QuarantineCursor, QuarantinedRow, SourceView};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Rows of a page where none are asked for, and at most.
const PAGE_ROWS: usize = 100;
const PAGE_ROWS_MAX: usize = 1_000;

/// The law that nothing disappears silently, with its numbers.
pub(crate) async fn audit(State(app): State<Arc<App>>) -> Envelope {
    // The end of the log is read first: what is folded meanwhile cannot make more in flight than there is.
    let log_end = (app.state.log_end)();
    Envelope::new(
        audit_body(&app.state.live.audit(log_end)),
        app.state.clock.now(),
    )
}

fn audit_body(view: &AuditView) -> Value {
    let reasons: Map<String, Value> = view
        .quarantined_by_reason
        .iter()
        .map(|(reason, count)| (reason.to_string(), Value::from(*count)))
        .collect();
    json!({
        "received": view.received,
        "accepted": view.accepted,
        "duplicate": view.duplicate,
        "quarantined": view.quarantined,
        "counted": view.counted,
        "late": view.late,
        "in_flight": view.in_flight,
        "law_holds": view.law_holds,
        "quarantined_by_reason": reasons,
        "sources": view.sources.iter().map(source).collect::<Vec<_>>(),
    })
}

fn source(source: &SourceView) -> Value {
    json!({
        "source": &*source.source,
        "name": &*source.name,
        "store": &*source.store,
        "rows_read": source.rows_read,
        "received": source.received,
        "accepted": source.accepted,
        "duplicate": source.duplicate,
        "quarantined": source.quarantined,
    })
}

/// `?limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageOf {
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What was set aside, newest first.
pub(crate) async fn quarantine(
    State(app): State<Arc<App>>,
    Params(page): Params<PageOf>,
) -> Result<Envelope, Problem> {
    let limit = page.limit.unwrap_or(PAGE_ROWS);
    if limit == 0 || limit > PAGE_ROWS_MAX {
        return Err(Problem::new(INVALID_QUERY, format!("limit is {limit}"))
            .hint(format!("use 1 to {PAGE_ROWS_MAX}")));
    }
    let before = page
        .cursor
        .as_deref()
        .filter(|cursor| !cursor.is_empty())
        .map(read_cursor)
        .transpose()?;
    let page = app.state.live.quarantine(limit, before);
    let data = page.rows.iter().map(rejected).collect();
    let next = page
        .next
        .map(|cursor| format!("{}.{}", cursor.offset, cursor.index));
    Ok(Envelope {
        next,
        ..Envelope::new(data, app.state.clock.now())
    })
}

fn read_cursor(text: &str) -> Result<QuarantineCursor, Problem> {
    let numbers = text
        .split_once('.')
        .and_then(|(offset, index)| Some((offset.parse().ok()?, index.parse().ok()?)));
    let (offset, index) = numbers.ok_or_else(|| {
        Problem::new(INVALID_QUERY, "the cursor is none of this server")
            .hint("use page.next of the answer before")
    })?;
    Ok(QuarantineCursor { offset, index })
}

fn rejected(row: &QuarantinedRow) -> Value {
    json!({
        "offset": row.cursor.offset,
        "index": row.cursor.index,
        "source": &*row.source,
        "position": row.position,
        "reason": &*row.reason,
        "detail": &*row.detail,
        "bytes": &*row.bytes,
        "received_at": row.received.to_string(),
    })
}
