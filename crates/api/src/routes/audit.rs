//! The audit: what came in and what became of it.

use crate::app::App;
use crate::wire::Envelope;
use axum::extract::State;
use live::{AuditView, SourceView};
use serde_json::{Map, Value, json};
use std::sync::Arc;

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
