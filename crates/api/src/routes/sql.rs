//! `POST /api/v1/sql`: one statement, as JSON or as plain text; the answer as the Accept header, `format` or the suffix say.

use crate::app::App;
use crate::body;
use crate::keys::Principal;
use crate::problem::{
    BUSY, INTERNAL, INVALID_JSON, INVALID_QUERY, Problem, SQL_LIMIT, SQL_LOST, SQL_REFUSED,
    SQL_STORAGE,
};
use crate::sql::{SqlAsk, SqlFormat, SqlRefused};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;

/// A statement may have 64 KiB; as JSON it may be written with six letters for one.
const BODY_BYTES_MAX: usize = 400 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SqlForm {
    sql: String,
    format: Option<String>,
}

/// Answers one statement.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bytes = body::read(&app, body, BODY_BYTES_MAX).await?;
    let form = read(&headers, bytes)?;
    let format = match form.format.as_deref() {
        Some(name) => by_name(name)?,
        None => by_accept(&headers),
    };
    let ask = SqlAsk {
        sql: form.sql,
        format,
        store: principal.store.clone(),
    };
    let mut parts = app.state.sql.ask(ask).await.map_err(problem)?;
    let parts = futures_util::stream::poll_fn(move |context| parts.poll_recv(context));
    // Headers are sent already: an answer that breaks off can only be cut.
    let parts = futures_util::StreamExt::map(parts, |part| {
        part.map_err(|refused| std::io::Error::other(refused.message))
    });
    let kind = [(header::CONTENT_TYPE, media_type(format))];
    Ok((kind, Body::from_stream(parts)).into_response())
}

fn read(headers: &HeaderMap, bytes: Vec<u8>) -> Result<SqlForm, Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_text = kind.starts_with("text/plain") || kind.starts_with("application/sql");
    if is_text {
        let sql = String::from_utf8(bytes).map_err(|_| {
            Problem::new(INVALID_QUERY, "the statement is no UTF-8").hint("send it as UTF-8")
        })?;
        return Ok(SqlForm { sql, format: None });
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        Problem::new(INVALID_JSON, error.to_string()).hint(
            r#"send {"sql": "SELECT …"}, or the statement alone with Content-Type: text/plain"#,
        )
    })
}

fn by_name(name: &str) -> Result<SqlFormat, Problem> {
    Ok(match name {
        "arrow" => SqlFormat::Arrow,
        "json" => SqlFormat::Json,
        "ndjson" => SqlFormat::Ndjson,
        "csv" => SqlFormat::Csv,
        "parquet" => SqlFormat::Parquet,
        "rows" => SqlFormat::Rows,
        other => {
            let detail = format!("there is no format `{other}`");
            return Err(Problem::new(INVALID_QUERY, detail)
                .hint("use json, ndjson, csv, arrow, parquet or rows"));
        }
    })
}

/// The first of the Accept header that we have; JSON where there is none.
fn by_accept(headers: &HeaderMap) -> SqlFormat {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|kinds| kinds.to_str().ok()).unwrap_or("");
    let kinds = accept
        .split(',')
        .map(|kind| kind.split(';').next().unwrap_or("").trim());
    let known = kinds.filter_map(|kind| match kind {
        "application/vnd.apache.arrow.stream" => Some(SqlFormat::Arrow),
        "application/json" => Some(SqlFormat::Json),
        "application/x-ndjson" => Some(SqlFormat::Ndjson),
        "text/csv" => Some(SqlFormat::Csv),
        "application/vnd.apache.parquet" => Some(SqlFormat::Parquet),
        _ => None,
    });
    known.take(1).next().unwrap_or(SqlFormat::Json)
}

fn media_type(format: SqlFormat) -> &'static str {
    match format {
        SqlFormat::Arrow => "application/vnd.apache.arrow.stream",
        SqlFormat::Json => "application/json",
        SqlFormat::Ndjson | SqlFormat::Rows => "application/x-ndjson",
        SqlFormat::Csv => "text/csv; charset=utf-8",
        SqlFormat::Parquet => "application/vnd.apache.parquet",
    }
}

/// By PostgreSQL's classes: 53 resources, 54 limits, 57 stopped, 58 and XX ours; all others are the asker's.
fn problem(refused: SqlRefused) -> Problem {
    let kind = match refused.state {
        "53300" | "57P03" => BUSY,
        "53200" | "53100" | "54001" | "57014" => SQL_LIMIT,
        "58030" => SQL_STORAGE,
        "08006" => SQL_LOST,
        "XX000" => INTERNAL,
        _ => SQL_REFUSED,
    };
    let problem = Problem::new(kind, refused.message).sqlstate(refused.state);
    match refused.hint.is_empty() {
        true => problem,
        false => problem.hint(refused.hint),
    }
}
