//! A store's funnels: what each is, and how far units got on it, step by step.

use super::queries::{self, AnchorForm, RangeForm, did_you_mean, read_range, shortened};
use crate::app::App;
use crate::auth::store_of;
use crate::keys::Principal;
use crate::params::Params;
use crate::problem::{INTERNAL, INVALID_QUERY, Problem};
use crate::wire::{Envelope, answer, money};
use analytics::catalogue::metric;
use analytics::funnel::{Filter, Mode, Step, Unit};
use axum::Extension;
use axum::extract::State;
use event::time::SECOND;
use event::{EventTime, format_decimal};
use live::{FunnelFigures, FunnelQuestion, FunnelsError, StepFigures};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `?name=&last=24h&anchor=newest`, or `&from=&to=`, or `&today=true`; `&store=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunnelsOf {
    name: Option<String>,
    from: Option<String>,
    to: Option<String>,
    last: Option<String>,
    anchor: Option<AnchorForm>,
    today: Option<bool>,
    store: Option<String>,
}

impl FunnelsOf {
    /// The form that a question in a body has; nothing where no time is given.
    fn range(&mut self) -> Option<RangeForm> {
        let form = RangeForm {
            from: self.from.take(),
            to: self.to.take(),
            last: self.last.take(),
            anchor: self.anchor.take(),
            today: self.today.take(),
        };
        let is_given = form.from.is_some()
            || form.to.is_some()
            || form.last.is_some()
            || form.anchor.is_some()
            || form.today.is_some();
        is_given.then_some(form)
    }
}

/// One funnel, or all that the store has.
pub(crate) async fn funnels(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(mut asked): Params<FunnelsOf>,
) -> Result<Envelope, Problem> {
    let store = store_of(&principal, asked.store.as_deref())?;
    let zone = app.state.live.stores().get(&store).zone.clone();
    let range = asked.range().map(|form| read_range(&form, &zone));
    let question = FunnelQuestion {
        range: range.transpose()?,
        name: asked.name,
        store,
    };
    let now = app.state.clock.now();
    let slot = app.queries.acquire().await;
    let live = app.state.live.clone();
    let answered =
        tokio::task::spawn_blocking(move || live.funnels(&question, EventTime(now.0))).await;
    drop(slot);
    let answered =
        answered.map_err(|_| Problem::new(INTERNAL, "the question could not be answered"))?;
    let found = answered.map_err(problem)?;
    let envelope = answer(&found.about, now);
    Ok(Envelope {
        data: found.funnels.iter().map(funnel).collect(),
        meta: meta(envelope.meta, found.funnels.len()),
        next: None,
    })
}

/// What is said of any answer; the columns are those of a step.
fn meta(mut meta: Value, funnels: usize) -> Value {
    let of_metric = |name: &str, read: &str| {
        let metric = metric(read).expect("the numbers were just read");
        json!({ "name": name, "kind": metric.kind(), "label": metric.label, "definition": metric.definition })
    };
    let share = |name: &str, label: &str, definition: &str| json!({ "name": name, "kind": "ratio", "label": label, "definition": definition });
    meta["columns"] = json!([
        of_metric("units", "funnel_units"),
        of_metric("units_ever", "funnel_units_ever"),
        share(
            "to_first",
            "Of those that entered",
            "units ÷ units of the first step"
        ),
        share(
            "to_previous",
            "Of the step before",
            "units ÷ units of the step before"
        ),
        of_metric("seconds_from_previous", "funnel_step_duration"),
        of_metric("values", "funnel_value"),
    ]);
    meta["total_rows"] = funnels.into();
    meta
}

fn problem(error: FunnelsError) -> Problem {
    let detail = error.to_string();
    match error {
        FunnelsError::Unknown { name, known } => {
            let all = if known.is_empty() {
                "this store declares no funnels".to_owned()
            } else {
                format!("this store has {}", known.join(", "))
            };
            let hint = did_you_mean(&name, known.iter().map(String::as_str), &all);
            Problem::new(INVALID_QUERY, shortened(&detail)).hint(hint)
        }
        FunnelsError::Query(error) => queries::problem(error),
    }
}

fn funnel(funnel: &FunnelFigures) -> Value {
    let declared = &funnel.declared;
    let steps = declared.steps.iter().zip(&funnel.steps).enumerate();
    let steps = steps.map(|(at, (what, figures))| {
        let mut step = step(what, figures);
        step["step"] = (at + 1).into();
        step["key"] = declared.step_name(at).into();
        step
    });
    let unit = match declared.unit {
        Unit::Visitor => "visitor",
        Unit::Session => "session",
    };
    let mode = match declared.mode {
        Mode::Ordered => "ordered",
        Mode::Strict => "strict",
        Mode::AnyOrder => "any_order",
    };
    json!({
        "name": declared.name,
        "unit": unit,
        "mode": mode,
        "window_s": declared.window_micros / SECOND,
        "definition": definition(declared.mode, declared.unit),
        "steps": steps.collect::<Vec<_>>(),
    })
}

/// What a number of this funnel says.
fn definition(mode: Mode, unit: Unit) -> String {
    let units = match unit {
        Unit::Visitor => {
            "Visitors that reached the step within the window from their first step on, each once for every day of the store on which it entered"
        }
        Unit::Session => {
            "Sessions in which the step was reached within the window from the first step on, by their start"
        }
    };
    let order = match mode {
        Mode::Ordered => "whatever comes between does not matter",
        Mode::Strict => "what is neither the next step nor one that was reached ends the way",
        Mode::AnyOrder => "a step is reached when it and all before it are done, in any order",
    };
    format!("{units}; {order}.")
}

fn step(step: &Step, figures: &StepFigures) -> Value {
    let decimal = |number: Option<i128>| number.map(|number| format_decimal(number, 0));
    let value = |(code, value): &(Arc<str>, i128)| json!({ "currency": &**code, "value": money(*value, Some(code)) });
    json!({
        "type": step.what.name(),
        "where": conditions(&step.only),
        "units": count(figures.units),
        "units_ever": count(figures.units_ever),
        "to_first": decimal(figures.to_first),
        "to_previous": decimal(figures.to_previous),
        "seconds_from_previous": decimal(figures.seconds_from_previous),
        "values": figures.values.iter().map(value).collect::<Vec<_>>(),
    })
}

fn count(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The conditions that are given, by name.
fn conditions(only: &Filter) -> Map<String, Value> {
    let texts = [
        ("country", &only.country),
        ("device", &only.device),
        ("category", &only.category),
        ("product", &only.product),
        ("step_name", &only.step_name),
    ];
    let given = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, text.clone()?)));
    let amount = only.value_min.map(|min| format_decimal(min.0.into(), 0));
    let amount = amount.map(|amount| ("value_min", amount));
    (given.chain(amount))
        .map(|(name, text)| (name.to_owned(), Value::from(text)))
        .collect()
}
