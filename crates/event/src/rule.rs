//! A shop's own checks, compiled: conditions over canonical fields in exact decimals, run after ours. Pure values;
//! how a person writes them is `ingest`'s business.
//!
//! A missing value equals nothing but `null`, is neither above nor below anything, and makes sums and products missing.

use crate::event::{Event, Item};
use crate::money::{SCALE, divide_rounded};
use crate::rejection::{Reason, Rejection};
use crate::schema::{
    Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number as Whole, Text,
};
use crate::{EventTime, EventType};
use std::cmp::Ordering;
use std::sync::Arc;

/// A check with a name of the shop's.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The shop's name for it, told in rejections.
    pub name: String,
    /// Which events it judges; all of them where nothing is said.
    pub when: Option<Condition>,
    /// What sets an event aside.
    pub reject_if: Condition,
    /// `reject_if` as it was written.
    pub written: String,
}

/// Every check of a shop, in order; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Rules(Option<Arc<[Rule]>>);

/// What is true or false of an event, or of one of its line items.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Always the same.
    Constant(bool),
    /// The opposite.
    Not(Box<Condition>),
    /// All of these.
    And(Vec<Condition>),
    /// One of these at least.
    Or(Vec<Condition>),
    /// Two values compared.
    Compare(Comparison, Term, Term),
    /// The value is not there.
    Missing(Term),
    /// The text is one of these.
    OneOf(Term, Vec<Term>),
    /// The first text begins with the second.
    StartsWith(Term, Term),
    /// The first text ends with the second.
    EndsWith(Term, Term),
    /// The first text holds the second.
    Contains(Term, Term),
    /// True of one line item at least.
    AnyItem(Box<Condition>),
    /// True of every line item.
    EveryItem(Box<Condition>),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value. Numbers are ten-thousandths, in `i128` so that products fit.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// A text as written.
    Words(String),
    /// A number as written.
    Number(i128),
    /// An instant as written.
    Instant(EventTime),
    /// What happened: the canonical type, or a custom event's own name.
    Type,
    /// When it happened.
    Time,
    /// A text of the event.
    Text(Text),
    /// A label of the event.
    Label(Label),
    /// Money or stock of the event.
    Amount(Amount),
    /// A whole number of the event.
    Whole(Whole),
    /// A text of the line item at hand.
    ItemText(ItemText),
    /// A label of the line item at hand.
    ItemLabel(ItemLabel),
    /// Price or quantity of the line item at hand.
    ItemAmount(ItemAmount),
    /// A whole number of the line item at hand.
    ItemWhole(ItemNumber),
    /// How many line items there are.
    ItemCount,
    /// Price times quantity of all line items together; one piece where no quantity is said.
    ItemsValue,
    /// Letters of a text.
    Length(Box<Term>),
    /// Two numbers reckoned.
    Reckon(Operation, Box<Term>, Box<Term>),
}

/// How two numbers are reckoned; products and quotients are rounded half away from zero to ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Operation {
    Plus,
    Minus,
    Times,
    Over,
}

/// The kinds of values; only equal kinds can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermKind {
    /// A text.
    Words,
    /// A number, exact.
    Number,
    /// An instant.
    Instant,
}

impl Rules {
    /// These, in this order.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Rules {
        Rules((!rules.is_empty()).then(|| rules.into()))
    }

    /// Whether there are none, as in most shops.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Runs the checks; the first that sets the event aside wins. Without checks it costs one comparison.
    pub fn check(&self, event: &Event<'_>) -> Result<(), Rejection> {
        let Some(rules) = &self.0 else { return Ok(()) };
        let scope = Scope { event, item: None };
        for rule in rules.iter() {
            let applies = rule.when.as_ref().is_none_or(|when| when.holds(scope));
            if applies && rule.reject_if.holds(scope) {
                let detail = format!("check \"{}\": {}", rule.name, rule.written);
                return Err(Rejection::new(Reason::CheckFailed, detail));
            }
        }
        Ok(())
    }
}

impl Term {
    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> TermKind {
        match self {
            Term::Words(_)
            | Term::Type
            | Term::Text(_)
            | Term::Label(_)
            | Term::ItemText(_)
            | Term::ItemLabel(_) => TermKind::Words,
            Term::Instant(_)
            | Term::Time
            | Term::Whole(Whole::TimeSent)
            | Term::Whole(Whole::TimeReceived) => TermKind::Instant,
            _ => TermKind::Number,
        }
    }
}

impl TermKind {
    /// The name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TermKind::Words => "a text",
            TermKind::Number => "a number",
            TermKind::Instant => "a time",
        }
    }
}

/// Rounding adds half a divisor: larger numbers would not have room for it.
const ROUNDED_MAX: u128 = 1 << 125;

/// What a condition is asked of.
#[derive(Clone, Copy)]
struct Scope<'s, 'e> {
    event: &'s Event<'e>,
    item: Option<&'s Item<'e>>,
}

#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Found<'e> {
    Words(&'e str),
    /// Numbers, and instants as microseconds.
    Number(i128),
}

impl Condition {
    fn holds(&self, scope: Scope<'_, '_>) -> bool {
        match self {
            Condition::Constant(constant) => *constant,
            Condition::Not(inner) => !inner.holds(scope),
            Condition::And(all) => all.iter().all(|one| one.holds(scope)),
            Condition::Or(any) => any.iter().any(|one| one.holds(scope)),
            Condition::Compare(comparison, left, right) => {
                comparison.holds(left.value(scope), right.value(scope))
            }
            Condition::Missing(term) => term.value(scope).is_none(),
            Condition::OneOf(term, choices) => term.value(scope).is_some_and(|value| {
                choices
                    .iter()
                    .any(|choice| choice.value(scope) == Some(value))
            }),
            Condition::StartsWith(text, part) => {
                both(text, part, scope, |text, part| text.starts_with(part))
            }
            Condition::EndsWith(text, part) => {
                both(text, part, scope, |text, part| text.ends_with(part))
            }
            Condition::Contains(text, part) => {
                both(text, part, scope, |text, part| text.contains(part))
            }
            Condition::AnyItem(inner) => scope.items().any(|item| inner.holds(item)),
            Condition::EveryItem(inner) => scope.items().all(|item| inner.holds(item)),
        }
    }
}

fn both(text: &Term, part: &Term, scope: Scope<'_, '_>, holds: fn(&str, &str) -> bool) -> bool {
    match (text.value(scope), part.value(scope)) {
        (Some(Found::Words(text)), Some(Found::Words(part))) => holds(text, part),
        _ => false,
    }
}

impl Comparison {
    fn holds(self, left: Option<Found<'_>>, right: Option<Found<'_>>) -> bool {
        let order = match (left, right) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => None,
        };
        match self {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => order == Some(Ordering::Less),
            Comparison::LessOrEqual => order.is_some_and(Ordering::is_le),
            Comparison::Greater => order == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl<'s, 'e> Scope<'s, 'e> {
    fn items(self) -> impl Iterator<Item = Scope<'s, 'e>> {
        self.event.items.iter().map(move |item| Scope {
            event: self.event,
            item: Some(item),
        })
    }
}

impl Term {
    fn value<'s, 'e>(&'s self, scope: Scope<'s, 'e>) -> Option<Found<'s>> {
        let event = scope.event;
        let words = |text: Option<&'s str>| text.map(Found::Words);
        let whole = |number: Option<i64>| {
            number.map(|number| Found::Number(i128::from(number) * i128::from(SCALE)))
        };
        let amount = |number: Option<i64>| number.map(|number| Found::Number(i128::from(number)));
        match self {
            Term::Words(text) => Some(Found::Words(text)),
            Term::Number(number) => Some(Found::Number(*number)),
            Term::Instant(time) => amount(Some(time.0)),
            Term::Type => words(Some(type_of(event))),
            Term::Time => amount(event.time.map(|time| time.0)),
            Term::Text(column) => words(event.text(*column)),
            Term::Label(column) => words(event.label(*column)),
            Term::Amount(column) => amount(event.amount(*column)),
            Term::Whole(Whole::TimeSent) => amount(event.number(Whole::TimeSent)),
            Term::Whole(column) => whole(event.number(*column)),
            Term::ItemText(column) => words(scope.item?.text(*column)),
            Term::ItemLabel(column) => words(scope.item?.label(*column)),
            Term::ItemAmount(column) => amount(scope.item?.amount(*column)),
            Term::ItemWhole(column) => whole(scope.item?.number(*column)),
            Term::ItemCount => whole(i64::try_from(event.items.len()).ok()),
            Term::ItemsValue => Some(Found::Number(items_value(event))),
            Term::Length(text) => match text.value(scope)? {
                Found::Words(text) => whole(i64::try_from(text.chars().count()).ok()),
                Found::Number(_) => None,
            },
            Term::Reckon(operation, left, right) => {
                match (left.value(scope)?, right.value(scope)?) {
                    (Found::Number(left), Found::Number(right)) => {
                        operation.of(left, right).map(Found::Number)
                    }
                    _ => None,
                }
            }
        }
    }
}

fn type_of<'e>(event: &'e Event<'_>) -> &'e str {
    match event.kind {
        EventType::Custom => event.text(Text::TypeText).unwrap_or(event.kind.name()),
        kind => kind.name(),
    }
}

fn items_value(event: &Event<'_>) -> i128 {
    let value = |item: &Item<'_>| {
        let price = i128::from(item.amount(ItemAmount::UnitPrice).unwrap_or(0));
        let quantity = i128::from(item.amount(ItemAmount::Quantity).unwrap_or(SCALE));
        divide_rounded(price * quantity, i128::from(SCALE))
    };
    event.items.iter().map(value).sum()
}

impl Operation {
    /// Nothing where the result has no meaning or no place.
    fn of(self, left: i128, right: i128) -> Option<i128> {
        let scale = i128::from(SCALE);
        let product = |left: i128, right: i128| {
            let product = left.checked_mul(right)?;
            (product.unsigned_abs() <= ROUNDED_MAX).then_some(product)
        };
        match self {
            Operation::Plus => left.checked_add(right),
            Operation::Minus => left.checked_sub(right),
            Operation::Times => Some(divide_rounded(product(left, right)?, scale)),
            Operation::Over if right == 0 || right.unsigned_abs() > ROUNDED_MAX => None,
            Operation::Over => {
                let left = product(left, scale)?;
                let (left, right) = if right < 0 {
                    (-left, -right)
                } else {
                    (left, right)
                };
                Some(divide_rounded(left, right))
            }
        }
    }
}
