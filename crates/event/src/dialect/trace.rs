//! An event as one line of text, for tests: type, time, then every field that is set, by its column name.

use crate::event::{Event, Item};
use crate::format_decimal;
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};

/// The line. Positions and receipt times are left out.
pub(crate) fn describe(event: &Event<'_>) -> String {
    let kind = event.kind.name();
    let kind = if kind == "custom" {
        event.text(Text::TypeText).unwrap_or(kind)
    } else {
        kind
    };
    let mut words = vec![
        kind.to_owned(),
        event
            .time
            .map_or_else(|| "-".to_owned(), |time| time.to_string()),
    ];
    let is_shown = |column: &Text| kind == event.kind.name() || *column != Text::TypeText;
    words.extend(
        Text::ALL
            .iter()
            .filter(|column| is_shown(column))
            .filter_map(|column| word(column.name(), event.text(*column))),
    );
    words.extend(
        Label::ALL
            .iter()
            .filter_map(|column| word(column.name(), event.label(*column))),
    );
    words.extend(
        Amount::ALL
            .iter()
            .filter_map(|column| amount(column.name(), event.amount(*column))),
    );
    let numbers = Number::ALL
        .iter()
        .filter(|column| **column != Number::SourcePosition);
    words.extend(numbers.filter_map(|column| {
        event
            .number(*column)
            .map(|value| format!("{}={value}", column.name()))
    }));
    words.extend(Coordinate::ALL.iter().filter_map(|column| {
        event
            .coordinate(*column)
            .map(|value| format!("{}={value}", column.name()))
    }));
    words.extend(event.items.iter().map(describe_item));
    words.join(" ")
}

fn describe_item(item: &Item<'_>) -> String {
    let mut words = Vec::new();
    words.extend(
        ItemText::ALL
            .iter()
            .filter_map(|column| word(column.name(), item.text(*column))),
    );
    words.extend(
        ItemLabel::ALL
            .iter()
            .filter_map(|column| word(column.name(), item.label(*column))),
    );
    words.extend(
        ItemAmount::ALL
            .iter()
            .filter_map(|column| amount(column.name(), item.amount(*column))),
    );
    words.extend(ItemNumber::ALL.iter().filter_map(|column| {
        item.number(*column)
            .map(|value| format!("{}={value}", column.name()))
    }));
    format!("[{}]", words.join(" "))
}

fn word(name: &str, text: Option<&str>) -> Option<String> {
    text.map(|text| {
        format!(
            "{name}={}",
            text.replace('\\', "\\\\")
                .replace('\n', "\\n")
                .replace('\0', "\\0")
        )
    })
}

fn amount(name: &str, value: Option<i64>) -> Option<String> {
    value.map(|value| format!("{name}={}", format_decimal(i128::from(value), 0)))
}
