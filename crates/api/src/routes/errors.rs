//! The pages that problems point to: what a code means and what to do about it.

use crate::problem::{KINDS, Kind, NOT_FOUND, Problem};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::response::Html;
use std::fmt::Write;

/// The page of one code.
pub(crate) async fn page(
    code: Result<Path<String>, PathRejection>,
) -> Result<Html<String>, Problem> {
    let code = code.map_or_else(|_| String::new(), |Path(code)| code);
    let kind = KINDS.iter().find(|kind| kind.code == code);
    let kind = kind.ok_or_else(|| {
        Problem::new(NOT_FOUND, "there is no error of this code")
            .hint("GET /docs/errors lists all of them")
    })?;
    Ok(Html(document(kind.title, &section(kind))))
}

/// All codes.
pub(crate) async fn list() -> Html<String> {
    let rows = KINDS.iter().fold(String::new(), |mut rows, kind| {
        let _ = write!(
            rows,
            "<li><a href=\"/docs/errors/{0}\"><code>{0}</code></a> {1} · {2}</li>",
            kind.code, kind.status, kind.title
        );
        rows
    });
    Html(document("Errors", &format!("<ul>{rows}</ul>")))
}

fn section(kind: &Kind) -> String {
    format!(
        "<p><code>{}</code> · HTTP {}</p><p>{}</p><h2>What to do</h2><p>{}</p><p><a href=\"/docs/errors\">All errors</a></p>",
        kind.code, kind.status, kind.meaning, kind.remedy
    )
}

/// Titles and sections are constants of ours: nothing in them comes from outside.
fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · shopstream</title><style>:root{{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}}\
         body{{max-width:42rem;margin:3rem auto;padding:0 1rem}}code{{font-family:ui-monospace,monospace}}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}
