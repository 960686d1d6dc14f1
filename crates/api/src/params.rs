//! What stands behind the question mark of an address: read with problems instead of the framework's plain texts, and
//! the parts that several questions share: a range of time, a page, a list of words, a store.

use crate::keys::Principal;
use crate::problem::{INVALID_QUERY, Problem, STORE_FORBIDDEN};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use event::EventTime;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;

/// Rows of a page where none are asked for, and at most.
const PAGE_ROWS_MAX: usize = 1_000;

/// Parameters of a known form.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params<T>, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(params)| Params(params))
            .map_err(|error| Problem::new(INVALID_QUERY, error.body_text()))
    }
}

/// A range of time and a page of what lies in it.
pub(crate) struct Window {
    pub(crate) from: Option<EventTime>,
    pub(crate) to: Option<EventTime>,
    limit: usize,
    offset: usize,
}

impl Window {
    /// Reads `from`, `to`, `limit` and `cursor`.
    pub(crate) fn read(
        (from, to): (Option<&str>, Option<&str>),
        (limit, cursor): (Option<usize>, Option<&str>),
    ) -> Result<Window, Problem> {
        let limit = limit.unwrap_or(PAGE_ROWS_MAX);
        if limit == 0 || limit > PAGE_ROWS_MAX {
            return Err(Problem::new(INVALID_QUERY, format!("limit is {limit}"))
                .hint(format!("use 1 to {PAGE_ROWS_MAX}")));
        }
        let offset = cursor.filter(|cursor| !cursor.is_empty()).map(str::parse);
        let offset = offset.transpose().map_err(|_| {
            Problem::new(INVALID_QUERY, "the cursor is none of this server")
                .hint("use page.next of the answer before")
        })?;
        Ok(Window {
            from: from.map(|text| time("from", text)).transpose()?,
            to: to.map(|text| time("to", text)).transpose()?,
            limit,
            offset: offset.unwrap_or(0),
        })
    }

    /// Whether it leaves out any time.
    pub(crate) fn is_bounded(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The page of these rows, and the cursor of the next.
    pub(crate) fn page<'r, T>(&self, rows: &'r [T]) -> (&'r [T], Option<String>) {
        let from = self.offset.min(rows.len());
        let to = from.saturating_add(self.limit).min(rows.len());
        let next = (to < rows.len()).then(|| to.to_string());
        (&rows[from..to], next)
    }
}

fn time(name: &str, text: &str) -> Result<EventTime, Problem> {
    EventTime::parse(text, &TimeZone::UTC).map_err(|_| {
        Problem::new(INVALID_QUERY, format!("{name} is no time: \"{text}\""))
            .hint("write it as 2026-03-02T12:00:00Z; in an address, + is written %2B")
    })
}

/// A list of words with commas in between, each with its meaning; none for an empty list.
pub(crate) fn words<T: Copy>(text: Option<&str>, known: &[(&str, T)]) -> Result<Vec<T>, Problem> {
    let words = text.unwrap_or_default().split(',').map(str::trim);
    let meaning = |word: &str| {
        let found = known.iter().find(|(name, _)| *name == word);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            Problem::new(INVALID_QUERY, format!("nothing is grouped by \"{word}\""))
                .hint(format!("use {}", names.join(", ")))
        })
    };
    words.filter(|word| !word.is_empty()).map(meaning).collect()
}

/// The one store a question is about, if it is about one: a key that is good for one store sees no other.
pub(crate) fn store_seen(
    principal: &Principal,
    asked: Option<&str>,
) -> Result<Option<String>, Problem> {
    let store = asked.or(principal.store.as_deref());
    if let Some(store) = store.filter(|store| !principal.may_see(store)) {
        let detail = format!(
            "the key \"{}\" is for another store than \"{store}\"",
            principal.name
        );
        return Err(Problem::new(STORE_FORBIDDEN, detail));
    }
    Ok(store.map(str::to_owned))
}
