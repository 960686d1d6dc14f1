//! Errors as clients see them: RFC 9457 problems with a code, a plain sentence, a hint and a page that explains the code.
//! Details of our own failures stay in the log, under the same trace id.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A kind of problem; its page is `/docs/errors/CODE`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) remedy: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal $status:literal $title:literal, $meaning:literal, $remedy:literal;)*) => {
        $(pub(crate) const $name: &Kind = &Kind { code: $code, status: $status, title: $title, meaning: $meaning, remedy: $remedy };)*
        /// Every kind, in the order of the list of errors.
        pub(crate) const KINDS: &[&Kind] = &[$($name,)*];
    };
}

kinds! {
    KEY_MISSING = "key-missing" 401 "A key is needed",
        "The request carries neither a key nor a session.",
        "Send the key in the header X-API-Key, or as Authorization: Bearer. It lies in DATA/keys/admin.key.";
    KEY_UNKNOWN = "key-unknown" 401 "The key is not known",
        "No key or session of this server is the one that was sent. Sessions end with a restart and after a week.",
        "Compare the key with DATA/keys/admin.key, or open a new login link.";
    SCOPE_MISSING = "scope-missing" 403 "The key may not do this",
        "The key is good for something else: ingest keys add events, read keys ask questions, admin keys do both and import files.",
        "Use a key of the scope that the detail names.";
    STORE_FORBIDDEN = "store-forbidden" 403 "The key is for another store",
        "The key is good for one store, and the request is about another.",
        "Name the key's own store, or use another key.";
    FORGERY_GUARD = "forgery-guard" 403 "The request could come from another site",
        "A request with the session's cookie that changes something must show that it comes from the dashboard itself.",
        "Send the header X-Requested-With: shopstream, or use a key instead of the cookie.";
    HOST_FORBIDDEN = "host-forbidden" 421 "This server does not go by that name",
        "The Host header names none of this server's names: a page of another site may try to reach it through your browser.",
        "Use localhost or 127.0.0.1, or list the name under api.allowed_hosts.";
    NOT_FOUND = "not-found" 404 "Nothing is here",
        "The path leads nowhere.",
        "Compare it with the API reference.";
    METHOD_NOT_ALLOWED = "method-not-allowed" 405 "The path has no such method",
        "The path exists, but not with this method.",
        "Use the method that the reference names: POST for /query, /events and /imports.";
    INVALID_JSON = "invalid-json" 400 "The body is no JSON",
        "The body of a question must be one JSON object.",
        "Mend the place that the detail names.";
    INVALID_QUERY = "invalid-query" 422 "The question cannot be answered",
        "The question is JSON, but a part of it has the wrong form or contradicts another.",
        "Mend the part that the detail names.";
    UNKNOWN_METRIC = "unknown-metric" 422 "Unknown metric or dimension",
        "No metric or dimension of this name is declared.",
        "GET /api/v1/meta/metrics lists all of them.";
    NOT_KEPT = "not-kept" 422 "The metric is not kept that way",
        "The metric exists, but not by this dimension or not in windows of this length.",
        "Choose one that the hint names.";
    TOO_MANY_ROWS = "too-many-rows" 422 "The answer would be too large",
        "The question needs more rows at once than the server holds for one answer.",
        "Ask for a shorter range or longer windows.";
    BODY_MISSING = "body-missing" 400 "The body is empty",
        "The request needs a body and has none.",
        "Send an event, an array of events, or one event a line.";
    BODY_INCOMPLETE = "body-incomplete" 400 "The body ended early",
        "Fewer bytes came than were announced, or the connection broke. Nothing was kept.",
        "Send the request again, with the same event ids.";
    BODY_TOO_SLOW = "body-too-slow" 408 "The body came too slowly",
        "The body paused for longer than the server waits. Nothing was kept.",
        "Send the request again, with the same event ids.";
    BODY_TOO_LARGE = "body-too-large" 413 "The body is too large",
        "The body, or what it unpacks to, is larger than the server takes at once. Nothing was kept.",
        "Send it in parts, or load a file with POST /api/v1/imports.";
    ENCODING_UNKNOWN = "encoding-unknown" 415 "The compression is not known",
        "The header Content-Encoding names something else than gzip, zstd or identity.",
        "Compress with gzip or zstd, or send plain bytes.";
    ENCODING_BROKEN = "encoding-broken" 400 "The body cannot be unpacked",
        "The bytes are not what Content-Encoding says. Nothing was kept.",
        "Leave the header out for plain bytes, or compress again.";
    OVERLOADED = "overloaded" 429 "Too much at once",
        "More is queued than can be worked on. Nothing of this request was kept.",
        "Wait as long as Retry-After says, then send it again with the same event ids.";
    STOPPING = "stopping" 503 "The server is stopping",
        "The server finishes what it has taken in and ends. Nothing of this request was kept.",
        "Send it again when the server is back, with the same event ids.";
    LOG_FAILED = "log-failed" 503 "Events cannot be written",
        "The log cannot be written, so nothing new is taken in. Nothing of this request was kept.",
        "Look at GET /health/ready and at the server's log: the disk may be full, or another server has the directory now.";
    IMPORT_REFUSED = "import-refused" 422 "The file cannot be loaded",
        "The file or its mapping does not fit. What was accepted before stays.",
        "Mend it and load it again: what is there already counts once.";
    QUALITY_REFUSED = "quality-refused" 422 "Too much of the request would be set aside",
        "The shop allows only a share of a request's events to be set aside, and ends what goes beyond it. Nothing of this request was kept.",
        "Mend the events and send the request again, or change quality.on_breach to warn.";
    SQL_REFUSED = "sql-refused" 400 "The statement is not answered",
        "The SQL has a mistake, or asks for something that is not done here: it may only read. The code sqlstate is PostgreSQL's.",
        "Mend the part that the detail names.";
    SQL_LIMIT = "sql-limit" 422 "The statement needs too much",
        "The statement is too long, took too long, or needed more memory or disk than one statement may use.",
        "Ask for fewer days, stores or groups, or raise the limit under sql in the configuration.";
    SQL_STORAGE = "sql-storage" 503 "The lake cannot be read",
        "The folder or bucket of the lake does not answer, or something of it cannot be read.",
        "Look at GET /health/ready and docs/lake.md, then ask again.";
    SQL_LOST = "sql-lost" 503 "The answer was lost",
        "The process that worked on the statement ended before the answer was whole. Nothing else was touched.",
        "Ask again: the next question gets a new process. If it happens again, the statement may be too much for it.";
    BUSY = "busy" 503 "No place is free",
        "As many readers or imports as the server allows are at work.",
        "Try again later, or raise the limit in the configuration.";
    INTERNAL = "internal" 500 "The server made a mistake",
        "This is a defect of ours. The server's log has the details under the trace id.",
        "Try again; if it stays, report it with the trace id.";
}

/// An error on its way to the client; the trace id is added last.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) kind: &'static Kind,
    pub(crate) detail: String,
    pub(crate) hint: Option<String>,
    pub(crate) retry_after_s: Option<u64>,
    /// PostgreSQL's code, where SQL was asked.
    pub(crate) sqlstate: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(kind: &'static Kind, detail: impl Into<String>) -> Problem {
        Problem {
            kind,
            detail: detail.into(),
            hint: None,
            retry_after_s: None,
            sqlstate: None,
        }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Problem {
        Problem {
            hint: Some(hint.into()),
            ..self
        }
    }

    pub(crate) fn sqlstate(self, code: &'static str) -> Problem {
        Problem {
            sqlstate: Some(code),
            ..self
        }
    }

    pub(crate) fn retry_after(self, seconds: u64) -> Problem {
        Problem {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    /// The body of the answer, or of an import's last line.
    pub(crate) fn to_json(&self, trace_id: &str) -> Value {
        let mut body = json!({
            "type": format!("/docs/errors/{}", self.kind.code),
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "hint": self.hint.as_deref().unwrap_or(self.kind.remedy),
            "trace_id": trace_id,
            "code": self.kind.code,
        });
        if let Some(code) = self.sqlstate {
            body["sqlstate"] = code.into();
        }
        body
    }

    /// The whole answer.
    pub(crate) fn to_response(&self, trace_id: &str) -> Response {
        let body = self.to_json(trace_id).to_string();
        let status =
            StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            body,
        )
            .into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"shopstream\""),
            );
        }
        response
    }
}

/// Leaves the problem to `trace`, which knows the trace id and writes the answer.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_every_status_is_an_error() {
        let mut codes: Vec<&str> = KINDS.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), KINDS.len());
        assert!(KINDS.iter().all(|kind| (400..600).contains(&kind.status)));
    }
}
