//! Rows of alerts as they are told: whole, with the state that only people and history can change; what time alone does
//! to it the reader asks of `until` and `forgotten_at`.

use super::name;
use analytics::alert::{Act, Alert, More};
use changelog::Value;
use event::EventTime;
use std::fmt::Write;
use std::sync::Arc;

/// Key of an alert: its store and id.
pub fn alert_key(alert: &Alert, names: &[Arc<str>]) -> Vec<Value> {
    let store = name(names, alert.finding.subject.store);
    vec![store, text(&alert.id().to_string())]
}

/// Values of an alert; nothing where it is one no more and nobody did anything about it.
pub fn alert(alert: &Alert, names: &[Arc<str>]) -> Option<Box<[Value]>> {
    let (finding, handling) = (&alert.finding, &alert.handling);
    if alert.gone.is_some() && handling.is_empty() {
        return None;
    }
    let with = finding.with.as_ref();
    let at_risk = finding.at_risk.as_ref();
    let [acknowledged, resolved] = [&handling.acknowledged, &handling.resolved];
    Some(Box::from([
        text(&finding.rule),
        text(finding.severity.name()),
        text(finding.subject.kind.name()),
        text(&finding.subject.key),
        with.map_or(Value::Null, |with| text(with.kind.name())),
        with.map_or(Value::Null, |with| text(&with.key)),
        Value::Time(finding.at.0),
        time(finding.until),
        time(finding.forgotten_at),
        alert.gone.map_or(Value::Null, |gone| text(gone.name())),
        time(acknowledged.as_ref().map(|act| act.at)),
        by(acknowledged.as_ref()),
        time(resolved.as_ref().map(|act| act.at)),
        by(resolved.as_ref()),
        at_risk.map_or(Value::Null, |risk| Value::Decimal(risk.amount.0.into())),
        at_risk.map_or(Value::Null, |risk| name(names, risk.currency)),
        text(&numbers(alert)),
        text(&events(alert)),
    ]))
}

/// Key of how many more there were: store, rule and hour.
pub fn more_key(more: &More, names: &[Arc<str>]) -> Vec<Value> {
    let key = &more.key;
    vec![
        name(names, key.store),
        text(&key.rule),
        Value::Time(key.hour.0),
    ]
}

/// How many more there were; nothing where all are told.
pub fn more(more: &More) -> Option<Box<[Value]>> {
    let count = i64::try_from(more.count).unwrap_or(i64::MAX);
    (count > 0).then(|| Box::from([Value::Int(count)]))
}

/// `order_value=12000000 limit=10000000`.
fn numbers(alert: &Alert) -> String {
    let mut text = String::new();
    for (figure, number) in &alert.finding.evidence.numbers {
        let gap = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{gap}{}={number}", figure.name());
    }
    text
}

fn events(alert: &Alert) -> String {
    let events = alert.finding.evidence.events.iter();
    let events: Vec<String> = events.map(ToString::to_string).collect();
    events.join(" ")
}

fn text(text: &str) -> Value {
    Value::Text(Arc::from(text))
}

fn time(time: Option<EventTime>) -> Value {
    time.map_or(Value::Null, |time| Value::Time(time.0))
}

fn by(act: Option<&Act>) -> Value {
    act.map_or(Value::Null, |act| Value::Text(Arc::clone(&act.by)))
}
