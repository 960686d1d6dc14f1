//! The quarantine over HTTP: the newest rejections from the live tables, one of them from the log, and reading them again.

use crate::app::App;
use crate::body;
use crate::door::{DoorProblem, KeptEvent, ReplayRequest, ReplaySummary};
use crate::keys::Principal;
use crate::params::Params;
use crate::problem::{BUSY, IMPORT_REFUSED, INTERNAL, INVALID_QUERY, NOT_FOUND, Problem};
use crate::wire::Envelope;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use event::import::QuarantineId;
use live::{QuarantineCursor, QuarantineFilter, QuarantinedRow};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of a page where none are asked for, and at most.
const PAGE_ROWS: usize = 100;
const PAGE_ROWS_MAX: usize = 1_000;

/// `?limit=&cursor=&reason=&source=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageOf {
    limit: Option<usize>,
    cursor: Option<String>,
    reason: Option<String>,
    source: Option<String>,
}

/// What was set aside, newest first: the newest thousand are held ready, all of them stay in the log.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
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
    let filter = QuarantineFilter {
        reason: page.reason,
        source: page.source,
        store: principal.store.clone(),
    };
    let page = app.state.live.quarantine(limit, before, &filter);
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
        "id": format!("{}:{}", row.cursor.offset, row.cursor.index),
        "offset": row.cursor.offset,
        "index": row.cursor.index,
        "source": &*row.source,
        "name": &*row.name,
        "store": &*row.store,
        "position": row.position,
        "reason": &*row.reason,
        "detail": &*row.detail,
        "bytes": &*row.bytes,
        "received_at": row.received.to_string(),
    })
}

/// One rejection, as the log keeps it.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Path(id): Path<String>,
) -> Result<Envelope, Problem> {
    let id: QuarantineId = id
        .parse()
        .map_err(|error: event::import::QuarantineIdError| {
            Problem::new(INVALID_QUERY, error.to_string())
                .hint("GET /api/v1/quarantine lists the ids")
        })?;
    let door = Arc::clone(&app.state.door);
    let found = work(move || door.quarantined(id)).await?;
    let kept = found.filter(|kept| principal.may_see(&kept.store));
    let kept = kept.ok_or_else(|| {
        Problem::new(NOT_FOUND, format!("nothing was set aside under {id}"))
            .hint("GET /api/v1/quarantine lists the ids")
    })?;
    Ok(Envelope::new(kept_body(&kept), app.state.clock.now()))
}

fn kept_body(kept: &KeptEvent) -> Value {
    json!(kept)
}

/// Reads rejections again under today's mapping and checks; what passes becomes an event that counts once.
pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    body: Body,
) -> Result<Envelope, Problem> {
    let request: ReplayRequest = body::read_json(&app, body).await?;
    if principal.store.is_some() {
        let detail = "a replay reads the rejections of every store";
        return Err(Problem::new(crate::problem::STORE_FORBIDDEN, detail)
            .hint("use a key that is good for all stores"));
    }
    let place = Arc::clone(&app.imports).try_acquire_owned();
    let place = place.map_err(|_| {
        Problem::new(BUSY, "as many imports as allowed are at work").retry_after(10)
    })?;
    let door = Arc::clone(&app.state.door);
    let summary: ReplaySummary = work(move || {
        let _place = place;
        door.replay(request)
    })
    .await?;
    Ok(Envelope::new(json!(summary), app.state.clock.now()))
}

/// Runs what reads the log where it holds up nobody.
async fn work<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, DoorProblem> + Send + 'static,
) -> Result<T, Problem> {
    let ended = tokio::task::spawn_blocking(read).await;
    match ended {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(DoorProblem::Mend { detail, hint })) => {
            Err(Problem::new(IMPORT_REFUSED, detail).hint(hint))
        }
        Ok(Err(DoorProblem::Failed(cause))) => {
            tracing::error!(cause, "the quarantine cannot be read");
            Err(Problem::new(INTERNAL, "the quarantine cannot be read"))
        }
        Err(_) => Err(Problem::new(
            INTERNAL,
            "reading the quarantine ended by a defect",
        )),
    }
}
