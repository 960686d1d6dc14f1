//! Files over HTTP: the body flows to the door as it comes, and the answer tells line by line how far it is.
//!
//! The answer begins while the body still comes, so what goes wrong stands in its last line and not in its status.

use crate::app::App;
use crate::auth::store_of;
use crate::body::next_piece;
use crate::door::{
    DoorProblem, ImportProblem, ImportProgress, ImportRemedy, ImportSummary, Upload,
};
use crate::keys::Principal;
use crate::params::Params;
use crate::problem::{
    BUSY, IMPORT_REFUSED, INTERNAL, INVALID_QUERY, LOG_FAILED, NOT_FOUND, OVERLOADED, Problem,
};
use crate::trace::TraceId;
use crate::wire::Envelope;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use event::import::ImportKey;
use futures_util::StreamExt;
use futures_util::stream::{once, select};
use live::ImportView;
use runtime::Clock;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Pieces of the body between the network and the door: at most a few hundred kB.
const PIECES_AHEAD: usize = 8;
/// Lines of progress between the door and the network; further ones are left out, the next says more anyway.
const LINES_AHEAD: usize = 4;
/// Progress is told this often.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The imports so far, newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
) -> Envelope {
    let imports = app.state.live.imports().into_iter();
    let seen = imports.filter(|import| principal.may_see(&import.store));
    let data = seen.map(|import| {
        let is_running = app.state.door.is_importing(&import.source);
        listed(&import, is_running)
    });
    Envelope::new(data.collect(), app.state.clock.now())
}

fn listed(import: &ImportView, is_running: bool) -> Value {
    let state = match &*import.state {
        "running" if !is_running => "broken off",
        state => state,
    };
    json!({
        "id": import.number,
        "name": &*import.name,
        "source": &*import.source,
        "store": &*import.store,
        "began_at": import.began.to_string(),
        "dialect": &*import.dialect,
        "mapping": Some(&*import.mapping).filter(|name| !name.is_empty()),
        "state": state,
        "rows": import.rows,
        "received": import.received,
        "accepted": import.accepted,
        "duplicate": import.duplicate,
        "quarantined": import.quarantined,
    })
}

/// Undoes an import: every number becomes what it would be without it. Answers once they are.
pub(crate) async fn undo(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Path(id): Path<String>,
) -> Result<Envelope, Problem> {
    let wanted = |import: &ImportView| import.number.to_string() == id;
    let seen = |import: &ImportView| principal.may_see(&import.store);
    let imports = app.state.live.imports().into_iter();
    let import = imports.filter(seen).find(wanted).ok_or_else(|| {
        Problem::new(NOT_FOUND, format!("there is no import {id}"))
            .hint("GET /api/v1/imports lists them with their ids")
    })?;
    if &*import.state == "undone" {
        return Err(Problem::new(
            IMPORT_REFUSED,
            format!("import {id} is undone already"),
        ));
    }
    if app.state.door.is_importing(&import.source) {
        let detail = format!("import {id} is still at work");
        return Err(Problem::new(BUSY, detail).hint("stop it, or wait for its end"));
    }
    let key = u64::from_str_radix(&import.key, 16).map(ImportKey);
    let key = key.map_err(|_| Problem::new(INTERNAL, "the import has no key"))?;
    let door = Arc::clone(&app.state.door);
    match tokio::task::spawn_blocking(move || door.undo(key)).await {
        Ok(Ok(())) => {}
        Ok(Err(DoorProblem::Mend { detail, hint })) => {
            return Err(Problem::new(IMPORT_REFUSED, detail).hint(hint));
        }
        Ok(Err(DoorProblem::Failed(cause))) => {
            tracing::error!(cause, import = id, "an import was not undone");
            return Err(Problem::new(LOG_FAILED, "the log cannot be written"));
        }
        Err(_) => return Err(Problem::new(INTERNAL, "undoing ended by a defect")),
    }
    let undone = app.state.live.imports().into_iter().find(wanted);
    let undone = undone.map(|import| listed(&import, false));
    Ok(Envelope::new(
        undone.unwrap_or(Value::Null),
        app.state.clock.now(),
    ))
}

/// Loads a file.
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Extension(trace_id): Extension<TraceId>,
    Params(params): Params<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let form = ImportForm::read(params)?;
    let store = store_of(&principal, form.store.as_deref())?;
    let place = Arc::clone(&app.imports).try_acquire_owned();
    let place = place.map_err(|_| {
        Problem::new(BUSY, "as many imports as allowed are at work").retry_after(10)
    })?;
    let (pieces, receiver) = mpsc::channel(PIECES_AHEAD);
    let bytes = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let upload = form.into_upload(
        store,
        bytes,
        Box::new(BodyReader {
            pieces: receiver,
            piece: Bytes::new(),
            is_whole: false,
        }),
    );

    let (lines, told) = mpsc::channel(LINES_AHEAD);
    let door = Arc::clone(&app.state.door);
    let progress = tell_progress(app.state.clock.clone(), lines.clone());
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        door.import(upload, progress)
    });
    let ended = async move {
        let outcome = work.await.unwrap_or_else(|_| Err(defect()));
        line(&last_line(outcome, &trace_id))
    };
    // The body is pumped by whoever reads the answer: if the client goes, both end, and the door sees a broken file.
    let pump = once(pump(app, body, pieces)).filter_map(|()| std::future::ready(None));
    let told =
        futures_util::stream::unfold(
            told,
            |mut told| async move { Some((told.recv().await?, told)) },
        );
    drop(lines);
    let answer = select(pump, told.chain(once(ended))).map(Ok::<Bytes, Infallible>);
    Ok((
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(answer),
    )
        .into_response())
}

fn line(value: &Value) -> Bytes {
    Bytes::from(format!("{value}\n"))
}

fn last_line(outcome: Result<ImportSummary, ImportProblem>, trace_id: &TraceId) -> Value {
    match outcome {
        Ok(summary) => json!({ "done": summary }),
        Err(problem) => json!({ "problem": import_problem(&problem).to_json(&trace_id.0) }),
    }
}

fn import_problem(problem: &ImportProblem) -> Problem {
    let kind = match problem.remedy {
        ImportRemedy::Mend => IMPORT_REFUSED,
        ImportRemedy::Retry => OVERLOADED,
        ImportRemedy::Operate => LOG_FAILED,
        ImportRemedy::Report => INTERNAL,
    };
    Problem::new(kind, &*problem.detail).hint(&*problem.hint)
}

fn defect() -> ImportProblem {
    ImportProblem {
        remedy: ImportRemedy::Report,
        detail: "the import ended by a defect of ours; what was accepted before stays".to_owned(),
        hint: INTERNAL.remedy.to_owned(),
    }
}

fn tell_progress(
    clock: Clock,
    lines: mpsc::Sender<Bytes>,
) -> Box<dyn FnMut(ImportProgress) + Send> {
    let mut told = clock.monotonic();
    Box::new(move |progress| {
        let now = clock.monotonic();
        if now.saturating_sub(told) >= PROGRESS_INTERVAL {
            told = now;
            // A reader that is slow misses a line: each one says everything.
            let _ = lines.try_send(line(&json!({ "progress": progress })));
        }
    })
}

/// Hands the body on piece by piece; its end, or what broke it, is the last.
async fn pump(app: Arc<App>, body: Body, pieces: mpsc::Sender<io::Result<Option<Bytes>>>) {
    let patience = Duration::from_secs(app.config.import_idle_s);
    let mut stream = body.into_data_stream();
    loop {
        let piece = next_piece(&app, &mut stream, patience).await;
        let piece =
            piece.map_err(|problem| io::Error::new(io::ErrorKind::UnexpectedEof, problem.detail));
        let is_last = !matches!(piece, Ok(Some(_)));
        // The door has what it wants where it no longer listens: the rest of the body is not read.
        if pieces.send(piece).await.is_err() || is_last {
            return;
        }
    }
}

/// The body as a file that is read.
struct BodyReader {
    pieces: mpsc::Receiver<io::Result<Option<Bytes>>>,
    piece: Bytes,
    is_whole: bool,
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.is_whole {
            match self.pieces.blocking_recv() {
                Some(Ok(Some(piece))) => self.piece = piece,
                Some(Ok(None)) => self.is_whole = true,
                Some(Err(error)) => return Err(error),
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the sender went away",
                    ));
                }
            }
        }
        let count = self.piece.len().min(into.len());
        into[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

/// The parameters of an import; `map` and `map_type` may be given more than once.
#[derive(Debug, PartialEq, Eq)]
struct ImportForm {
    name: String,
    store: Option<String>,
    dialect: String,
    check_only: bool,
    map: Vec<(String, String)>,
    map_type: Vec<(String, String)>,
    mapping: Option<String>,
    rows_max: Option<u64>,
    sheet: Option<String>,
}

impl ImportForm {
    fn read(params: Vec<(String, String)>) -> Result<ImportForm, Problem> {
        let mut form = ImportForm {
            name: "upload".to_owned(),
            store: None,
            dialect: "auto".to_owned(),
            check_only: false,
            map: Vec::new(),
            map_type: Vec::new(),
            mapping: None,
            rows_max: None,
            sheet: None,
        };
        for (name, value) in params {
            match name.as_str() {
                "name" => form.name = file_name(&value),
                "store" => form.store = Some(value),
                "dialect" => form.dialect = value,
                "check" => form.check_only = read_flag(&value)?,
                "map" => form.map.extend(read_pairs(&name, &value)?),
                "map_type" => form.map_type.extend(read_pairs(&name, &value)?),
                "mapping" => form.mapping = Some(file_name(&value)),
                "limit" => form.rows_max = Some(read_limit(&value)?),
                "sheet" => form.sheet = Some(file_name(&value)),
                _ => {
                    let shown: String = name.chars().take(60).collect();
                    return Err(Problem::new(
                        INVALID_QUERY,
                        format!("there is no parameter \"{shown}\""),
                    )
                    .hint(
                        "parameters are name, store, dialect, check, map, map_type, mapping, limit, sheet",
                    ));
                }
            }
        }
        Ok(form)
    }

    fn into_upload(
        self,
        store: String,
        bytes: Option<u64>,
        reader: Box<dyn Read + Send>,
    ) -> Upload {
        Upload {
            name: self.name,
            store,
            dialect: self.dialect,
            map: self.map,
            map_type: self.map_type,
            mapping: self.mapping,
            rows_max: self.rows_max,
            sheet: self.sheet,
            check_only: self.check_only,
            bytes,
            reader,
        }
    }
}

/// The last part of a path, without what a terminal would obey; it is shown and never opened.
fn file_name(given: &str) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name
        .chars()
        .filter(|letter| !letter.is_control())
        .take(255)
        .collect();
    if name.is_empty() {
        "upload".to_owned()
    } else {
        name
    }
}

fn read_flag(text: &str) -> Result<bool, Problem> {
    match text {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Problem::new(
            INVALID_QUERY,
            "check is neither true nor false",
        )),
    }
}

fn read_limit(text: &str) -> Result<u64, Problem> {
    let limit = text.parse().ok().filter(|limit| *limit > 0);
    limit.ok_or_else(|| {
        Problem::new(INVALID_QUERY, "limit is no number of rows").hint("write limit=1000")
    })
}

/// `a=b,c=d`
fn read_pairs(name: &str, text: &str) -> Result<Vec<(String, String)>, Problem> {
    let pair = |pair: &str| {
        let (left, right) = pair
            .rsplit_once('=')
            .filter(|(left, right)| !left.is_empty() && !right.is_empty())?;
        Some((left.to_owned(), right.to_owned()))
    };
    let pairs: Option<Vec<_>> = text
        .split(',')
        .filter(|part| !part.trim().is_empty())
        .map(pair)
        .collect();
    pairs.ok_or_else(|| {
        Problem::new(INVALID_QUERY, format!("{name} is no list of pairs"))
            .hint(format!("write {name}=InvoiceNo=order_id,Quantity=quantity"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: &[(&str, &str)]) -> Result<ImportForm, &'static str> {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        ImportForm::read(params).map_err(|problem| problem.kind.code)
    }

    #[test]
    fn mappings_are_pairs_and_may_come_in_parts() {
        let form = read(&[
            ("map", "Invoice No=order_id,Quantity=quantity"),
            ("map", "a=b=c"),
            ("map_type", "view=item_view"),
        ])
        .expect("a form");
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        assert_eq!(
            form.map,
            [
                pair("Invoice No", "order_id"),
                pair("Quantity", "quantity"),
                pair("a=b", "c")
            ]
        );
        assert_eq!(form.map_type, [pair("view", "item_view")]);
        assert_eq!(read(&[("map", "x")]), Err("invalid-query"));
    }

    #[test]
    fn a_misspelt_parameter_is_an_error() {
        assert_eq!(read(&[("dialekt", "csv")]), Err("invalid-query"));
        assert_eq!(read(&[("check", "maybe")]), Err("invalid-query"));
    }

    #[test]
    fn names_of_files_are_names_only() {
        for (given, name) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\orders.csv", "orders.csv"),
            ("a\u{1b}[2Jb", "a[2Jb"),
            ("", "upload"),
        ] {
            assert_eq!(file_name(given), name);
        }
    }
}
