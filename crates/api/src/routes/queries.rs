//! The one question over HTTP: its wire form, and hints for whoever misspelt something.

use crate::app::App;
use crate::auth::store_of;
use crate::body::read_json;
use crate::keys::Principal;
use crate::problem::{INTERNAL, INVALID_QUERY, NOT_KEPT, Problem, TOO_MANY_ROWS, UNKNOWN_METRIC};
use crate::wire::{self, Envelope};
use analytics::catalogue::{Dimension, metrics};
use analytics::window::Grain;
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use event::EventTime;
use jiff::tz::TimeZone;
use live::query::{Compare, Granularity, LIMIT_MAX, Length, OrderBy, Query, Range, Sliding};
use live::{LiveTables, QueryError};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Names less alike than this are no misspelling of each other.
const ALIKE_MIN: f64 = 0.75;

/// The body of a question; only `metrics` is required.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryForm {
    metrics: Vec<String>,
    #[serde(default)]
    dimensions: Vec<String>,
    #[serde(default)]
    filters: BTreeMap<String, Vec<Option<String>>>,
    range: Option<RangeForm>,
    granularity: Option<GranularityForm>,
    store: Option<String>,
    currency: Option<String>,
    compare: Option<CompareForm>,
    #[serde(default)]
    order: Vec<OrderForm>,
    limit: Option<usize>,
    limit_each: Option<usize>,
    #[serde(default)]
    offset: usize,
}

/// The name of a grain, or the lengths of sliding windows; without `over` they lie side by side.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "granularity is \"1h\" or the like, or {\"every\": \"1m\", \"over\": \"1h\"}"
)]
enum GranularityForm {
    Name(String),
    Sliding(SlidingForm),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlidingForm {
    every: String,
    over: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RangeForm {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) last: Option<String>,
    pub(super) anchor: Option<AnchorForm>,
    pub(super) today: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum AnchorForm {
    Now,
    Newest,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CompareForm {
    PreviousPeriod,
    SameTimeLastWeek,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderForm {
    by: String,
    #[serde(default)]
    direction: DirectionForm,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DirectionForm {
    #[default]
    Asc,
    Desc,
}

/// Answers a question.
pub(crate) async fn query(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    body: Body,
) -> Result<Envelope, Problem> {
    let form: QueryForm = read_json(&app, body).await?;
    let store = store_of(&principal, form.store.as_deref())?;
    let zone = app.state.live.stores().get(&store).zone.clone();
    let query = read_query(form, store, &zone)?;
    let now = app.state.clock.now();
    let slot = app.queries.acquire().await;
    let live = app.state.live.clone();
    // A question over a year of products takes a while: it must not hold up the others of this thread.
    let answered = tokio::task::spawn_blocking(move || ask(&live, &query, EventTime(now.0))).await;
    drop(slot);
    let answer =
        answered.map_err(|_| Problem::new(INTERNAL, "the question could not be answered"))??;
    Ok(wire::answer(&answer, now))
}

fn ask(live: &LiveTables, query: &Query, now: EventTime) -> Result<live::Answer, Problem> {
    live.query(query, now).map_err(problem)
}

fn read_query(form: QueryForm, store: String, zone: &TimeZone) -> Result<Query, Problem> {
    let order = form.order.into_iter().map(|term| OrderBy {
        by: term.by,
        is_descending: matches!(term.direction, DirectionForm::Desc),
    });
    let compare = form.compare.map(|compare| match compare {
        CompareForm::PreviousPeriod => Compare::PreviousPeriod,
        CompareForm::SameTimeLastWeek => Compare::SameTimeLastWeek,
    });
    Ok(Query {
        metrics: form.metrics,
        dimensions: form.dimensions,
        filters: form.filters.into_iter().collect(),
        range: form
            .range
            .map(|range| read_range(&range, zone))
            .transpose()?,
        granularity: form
            .granularity
            .as_ref()
            .map_or(Ok(None), read_granularity)?,
        store,
        currency: form.currency,
        compare,
        order: order.collect(),
        limit_each: form.limit_each,
        limit: form.limit.unwrap_or(LIMIT_MAX),
        offset: form.offset,
    })
}

fn read_granularity(form: &GranularityForm) -> Result<Option<Granularity>, Problem> {
    match form {
        GranularityForm::Name(name) if name == "all" => Ok(None),
        GranularityForm::Name(name) => read_grain(name).map(|grain| Some(grain.into())),
        GranularityForm::Sliding(form) => {
            let every = read_length("every", &form.every)?;
            let over = form.over.as_deref().map(|over| read_length("over", over));
            let over = over.transpose()?.unwrap_or(every);
            Ok(Some(Granularity::Sliding(Sliding { every, over })))
        }
    }
}

fn read_grain(text: &str) -> Result<Grain, Problem> {
    let names: Vec<&str> = Grain::ALL.iter().map(|grain| grain.name()).collect();
    let unknown = || {
        Problem::new(
            INVALID_QUERY,
            format!("granularity is \"{}\"", shortened(text)),
        )
        .hint(format!(
            "use one of {}, all; or any length as {{\"every\": \"5m\"}}",
            names.join(", ")
        ))
    };
    Grain::parse(text).ok_or_else(unknown)
}

pub(super) fn read_range(form: &RangeForm, zone: &TimeZone) -> Result<Range, Problem> {
    match form {
        RangeForm { from: Some(from), to: Some(to), last: None, anchor: None, today: None } => {
            Ok(Range::Between(read_time("from", from, zone)?, read_time("to", to, zone)?))
        }
        RangeForm { from: None, to: None, last: Some(last), anchor, today: None } => {
            let length = read_length("last", last)?.micros();
            Ok(match anchor {
                Some(AnchorForm::Newest) => Range::LastUntilNewest(length),
                _ => Range::LastUntilNow(length),
            })
        }
        RangeForm { from: None, to: None, last: None, anchor: None, today: Some(true) } => Ok(Range::Today),
        _ => Err(Problem::new(INVALID_QUERY, "the range has another form than the three there are")
            .hint("use {\"from\": …, \"to\": …}, {\"last\": \"15m\"} with \"anchor\": \"newest\" if you like, or {\"today\": true}")),
    }
}

fn read_time(name: &str, text: &str, zone: &TimeZone) -> Result<EventTime, Problem> {
    EventTime::parse(text, zone).map_err(|_| {
        Problem::new(
            INVALID_QUERY,
            format!("{name} is \"{}\", which is no time", shortened(text)),
        )
        .hint("write it as 2026-11-21T08:00:00Z")
    })
}

/// `30s`, `15m`, `1h`, `7d`.
fn read_length(name: &str, text: &str) -> Result<Length, Problem> {
    Length::parse(text).ok_or_else(|| {
        Problem::new(
            INVALID_QUERY,
            format!(
                "{name} is \"{}\", which is no length of time",
                shortened(text)
            ),
        )
        .hint("write it as 30s, 15m, 1h or 7d")
    })
}

pub(super) fn problem(error: QueryError) -> Problem {
    let detail = error.to_string();
    match error {
        QueryError::UnknownMetric { name } => Problem::new(UNKNOWN_METRIC, shortened(&detail))
            .hint(did_you_mean(
                &name,
                metrics().map(|metric| metric.name),
                "GET /api/v1/meta/metrics lists all metrics",
            )),
        QueryError::UnknownDimension { name } => {
            let names = Dimension::ALL.map(Dimension::name);
            let all = format!("dimensions are {}", names.join(", "));
            Problem::new(UNKNOWN_METRIC, shortened(&detail)).hint(did_you_mean(
                &name,
                names.into_iter(),
                &all,
            ))
        }
        QueryError::UnknownColumn { name, columns } => {
            let all = format!("columns are {}", columns.join(", "));
            Problem::new(INVALID_QUERY, shortened(&detail)).hint(did_you_mean(
                &name,
                columns.iter().map(String::as_str),
                &all,
            ))
        }
        QueryError::NotSplitBy { available, .. } => {
            let hint = if available.is_empty() {
                "ask for it without dimensions".to_owned()
            } else {
                format!("it is kept by {}", available.join(", "))
            };
            Problem::new(NOT_KEPT, detail).hint(hint)
        }
        QueryError::NotInWindows { available, .. } => {
            Problem::new(NOT_KEPT, detail).hint(format!("use one of {}, all", available.join(", ")))
        }
        QueryError::NotInSlidingWindows { available, .. } => {
            Problem::new(NOT_KEPT, detail).hint(format!(
                "it is kept in {}: let every and over be whole multiples of one of these",
                available.join(", ")
            ))
        }
        QueryError::Invalid { hint, .. } => {
            Problem::new(INVALID_QUERY, shortened(&detail)).hint(hint)
        }
        QueryError::TooManyRows { .. } => Problem::new(TOO_MANY_ROWS, detail),
        QueryError::AtRest { .. } => Problem::new(INTERNAL, detail)
            .hint("look at the server's log and at its disk; newer rows are answered still"),
    }
}

/// The known name that is most like this one, else another hint.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    let name = name.to_lowercase();
    let alike = known
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE_MIN);
    let closest = alike.max_by(|(a, _), (b, _)| a.total_cmp(b));
    closest.map_or_else(
        || otherwise.to_owned(),
        |(_, known)| format!("did you mean \"{known}\"?"),
    )
}

/// What a client sent is quoted, but not at any length.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}
