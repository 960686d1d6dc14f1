//! Alerts over HTTP: what fires and what became of it, and what a person did about it. What was found is decided by the
//! line; an answer of a person is a note in the log, and comes back as a row.

use crate::app::App;
use crate::door::DoorProblem;
use crate::keys::Principal;
use crate::params::{Params, Window, store_seen};
use crate::problem::{INTERNAL, INVALID_QUERY, LOG_FAILED, NOT_FOUND, Problem};
use crate::routes::queries::{did_you_mean, shortened};
use crate::wire::{self, Envelope, money, quantity};
use analytics::alert::{Act, ActKind, AlertState, Condition, Figure, Severity, SubjectKind, Unit};
use axum::Extension;
use axum::extract::{Path, State};
use event::act::ActNote;
use event::{EventTime, format_decimal};
use live::{Alert, AlertList, AlertQuestion, AlertSubject, LiveTables, MoreAlerts};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of a page where none are asked for.
const PAGE_ROWS: usize = 100;
/// Hours of rules that an answer names; their sum is over all.
const MORE_ROWS: usize = 100;

/// `?state=&severity=&rule=&since=&store=&limit=&cursor=`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertsOf {
    state: Option<String>,
    severity: Option<String>,
    rule: Option<String>,
    since: Option<String>,
    store: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Alerts, newest first, each as it stands now.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Params(asked): Params<AlertsOf>,
) -> Result<Envelope, Problem> {
    let limit = asked.limit.or(Some(PAGE_ROWS));
    let window = Window::read(
        (asked.since.as_deref(), None),
        (limit, asked.cursor.as_deref()),
    )?;
    let live = &app.state.live;
    let states = AlertState::ALL.map(|state| (state.name(), state));
    let severities = Severity::ALL.map(|severity| (severity.name(), severity));
    let question = AlertQuestion {
        store: store_seen(&principal, asked.store.as_deref())?,
        states: listed("state", asked.state.as_deref(), &states)?,
        severities: listed("severity", asked.severity.as_deref(), &severities)?,
        rule: asked.rule.map(|name| known_rule(live, name)).transpose()?,
        since: window.from,
    };
    let list = live.alerts(&question);
    let (page, next) = window.page(&list.alerts);
    let rows = page.iter().map(|(alert, state)| row(alert, *state, live));
    let mut envelope = Envelope {
        next,
        ..Envelope::new(rows.collect(), app.state.clock.now())
    };
    add_meta(&mut envelope.meta, &list);
    Ok(envelope)
}

/// Words with commas in between, each one of these.
fn listed<T: Copy>(what: &str, text: Option<&str>, known: &[(&str, T)]) -> Result<Vec<T>, Problem> {
    let words = text.unwrap_or_default().split(',').map(str::trim);
    let meaning = |word: &str| {
        let found = known.iter().find(|(name, _)| *name == word);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let all = format!("use {}", names.join(", "));
            let hint = did_you_mean(word, names.into_iter(), &all);
            unknown(&format!("no {what} is called \"{word}\""), hint)
        })
    };
    words.filter(|word| !word.is_empty()).map(meaning).collect()
}

fn known_rule(live: &LiveTables, name: String) -> Result<String, Problem> {
    let rules = live.alert_rules();
    if rules.iter().any(|rule| **rule == *name) {
        return Ok(name);
    }
    let names: Vec<&str> = rules.iter().map(|rule| &**rule).collect();
    let all = format!("rules are {}", names.join(", "));
    let hint = did_you_mean(&name, names.into_iter(), &all);
    Err(unknown(&format!("no rule is called \"{name}\""), hint))
}

fn unknown(detail: &str, hint: String) -> Problem {
    Problem::new(INVALID_QUERY, shortened(detail)).hint(hint)
}

fn add_meta(meta: &mut Value, list: &AlertList) {
    let more = |more: &MoreAlerts| json!({ "store": &*more.store, "rule": &*more.rule, "hour": more.hour.to_string(), "count": more.count });
    let counted = list
        .more
        .iter()
        .fold(0_i64, |sum, more| sum.saturating_add(more.count));
    meta["total_rows"] = Value::from(list.alerts.len());
    meta["partial"] = Value::from(list.is_partial);
    meta["more_count"] = Value::from(counted);
    meta["more"] = list.more.iter().take(MORE_ROWS).map(more).collect();
}

fn row(alert: &Alert, state: AlertState, live: &LiveTables) -> Value {
    let numbers = alert.numbers.iter();
    let evidence = numbers.map(|(figure, number)| shown(alert, (*figure, *number), live));
    let subject = |of: &AlertSubject| subject(&alert.store, of, live);
    let currency = alert
        .at_risk
        .as_ref()
        .map(|(amount, code)| (*amount, &**code));
    json!({
        "id": &*alert.id,
        "store": &*alert.store,
        "rule": &*alert.rule,
        "severity": alert.severity.name(),
        "state": state.name(),
        "subject": subject(&alert.subject),
        "with": alert.with.as_ref().map(subject),
        "at": alert.at.to_string(),
        "until": wire::time(alert.until),
        "forgotten_at": wire::time(alert.forgotten_at),
        "evidence": evidence.collect::<Vec<_>>(),
        "events": alert.events.split_whitespace().collect::<Vec<_>>(),
        "at_risk": currency.map(|(amount, code)| json!({ "amount": money(amount, Some(code)), "currency": code })),
        "acknowledged": answer(alert.handling.acknowledged.as_ref()),
        "resolved": answer(alert.handling.resolved.as_ref()),
    })
}

fn subject(store: &str, subject: &AlertSubject, live: &LiveTables) -> Value {
    let name = match subject.kind {
        SubjectKind::Product => live.product_name(store, &subject.key),
        _ => None,
    };
    json!({ "kind": subject.kind.name(), "key": &*subject.key, "name": wire::text(name.as_ref()) })
}

fn answer(act: Option<&Act>) -> Value {
    act.map_or(
        Value::Null,
        |act| json!({ "by": &*act.by, "at": act.at.to_string() }),
    )
}

/// A number of the evidence in its unit; what a figure leaves to a rule that is not set any more stays an integer.
fn shown(alert: &Alert, (figure, number): (Figure, i64), live: &LiveTables) -> Value {
    let store = live.stores().get(&alert.store);
    let rule = store.rules.iter().find(|rule| rule.name == alert.rule);
    let condition: Option<&Condition> = rule.map(|rule| &rule.condition);
    let unit = condition.map_or(figure.unit(), |condition| condition.unit(figure));
    let own = alert.at_risk.as_ref().map(|(_, code)| &**code);
    let currency = own.unwrap_or(store.currency.as_str());
    let wide = i128::from(number);
    let (unit, value) = match unit {
        Unit::Money => (Some(currency), money(wide, Some(currency))),
        Unit::Quantity => (Some("pieces"), Value::from(quantity(wide))),
        Unit::Thousandths => (None, Value::from(number as f64 / 1_000.0)),
        Unit::Share => (Some("share"), Value::from(format_decimal(wide, 0))),
        Unit::Micros => (Some("seconds"), Value::from(number as f64 / 1_000_000.0)),
        Unit::Count | Unit::AsRule => (None, Value::from(number)),
    };
    json!({ "name": figure.name(), "value": value, "unit": unit, "definition": figure.definition() })
}

/// A person has seen it.
pub(crate) async fn acknowledge(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Path(id): Path<String>,
) -> Result<Envelope, Problem> {
    act(&app, &principal, &id, ActKind::Acknowledge).await
}

/// It is done with.
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    Extension(principal): Extension<Arc<Principal>>,
    Path(id): Path<String>,
) -> Result<Envelope, Problem> {
    act(&app, &principal, &id, ActKind::Resolve).await
}

async fn act(
    app: &App,
    principal: &Principal,
    id: &str,
    kind: ActKind,
) -> Result<Envelope, Problem> {
    let live = &app.state.live;
    let find = || {
        let found = live.alerts_of(id).into_iter();
        let mut seen = found.filter(|(alert, _)| principal.may_see(&alert.store));
        seen.next()
    };
    let (alert, _) = find().ok_or_else(|| {
        let detail = shortened(&format!("there is no alert {id}"));
        Problem::new(NOT_FOUND, detail).hint("GET /api/v1/alerts lists them with their ids")
    })?;
    let known = match kind {
        ActKind::Acknowledge => &alert.handling.acknowledged,
        ActKind::Resolve => &alert.handling.resolved,
    };
    if known.is_none() {
        write_down(app, note(&alert, (principal, kind), app)?).await?;
    }
    let shown = find().map(|(alert, state)| row(&alert, state, live));
    Ok(Envelope::new(
        shown.unwrap_or(Value::Null),
        app.state.clock.now(),
    ))
}

fn note(alert: &Alert, (who, kind): (&Principal, ActKind), app: &App) -> Result<ActNote, Problem> {
    let alert_id = u128::from_str_radix(&alert.id, 16)
        .map_err(|_| Problem::new(INTERNAL, "the alert has no id"))?;
    Ok(ActNote {
        alert: alert_id,
        store: alert.store.to_string(),
        rule: alert.rule.to_string(),
        alert_at: alert.at,
        at: EventTime(app.state.clock.now().0),
        by: who.name.clone(),
        is_resolved: kind == ActKind::Resolve,
    })
}

async fn write_down(app: &App, note: ActNote) -> Result<(), Problem> {
    let door = Arc::clone(&app.state.door);
    match tokio::task::spawn_blocking(move || door.act(note)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(DoorProblem::Mend { detail, hint })) => {
            Err(Problem::new(INVALID_QUERY, detail).hint(hint))
        }
        Ok(Err(DoorProblem::Failed(cause))) => {
            tracing::error!(cause, "what was done about an alert was not written down");
            Err(Problem::new(LOG_FAILED, "the log cannot be written"))
        }
        Err(_) => Err(Problem::new(INTERNAL, "answering ended by a defect")),
    }
}
