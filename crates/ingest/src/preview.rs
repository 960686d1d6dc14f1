//! A look at a file before it is imported: what its first rows would become, and what would be set aside and why.
//! Nothing is written anywhere.

use crate::file::{FileError, FileGuess, FileOptions, FileReader, FrameBounds};
use event::frame::{FrameBody, Rejected};
use event::import::ImportSettings;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text};
use event::{Currency, EventRef, EventTime, ItemRef, format_decimal};
use std::collections::BTreeMap;
use std::io::Read;

/// Events shown.
const EVENTS_MAX: usize = 10;
/// Rejections shown of each reason, and in all.
const EXAMPLES_MAX: usize = 3;
const REJECTIONS_MAX: usize = 12;
/// Bytes shown of a rejection.
const SHOWN_BYTES_MAX: usize = 200;
/// Events a frame: small, so that a look at a few rows stays one.
const FRAME_ROWS: usize = 4_096;

/// What is asked of a preview.
#[derive(Debug, Clone)]
pub struct PreviewPlan {
    /// Rows looked at.
    pub rows_max: u64,
    /// The clock of receipt.
    pub received: EventTime,
}

/// What a file would become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// What it was taken for.
    pub guess: FileGuess,
    /// How it is read.
    pub settings: ImportSettings,
    /// Its columns; none in a file without them.
    pub header: Vec<String>,
    /// Rows looked at.
    pub rows: u64,
    /// Whether the file ends with them.
    pub is_whole: bool,
    /// Events that would be accepted.
    pub accepted: u64,
    /// Events that would be set aside.
    pub quarantined: u64,
    /// Accepted, by type.
    pub by_type: BTreeMap<String, u64>,
    /// Set aside, by reason.
    pub by_reason: BTreeMap<&'static str, u64>,
    /// The first events.
    pub events: Vec<PreviewEvent>,
    /// Examples of what would be set aside, a few of each reason.
    pub rejected: Vec<PreviewRejection>,
}

/// Canonical fields and their values, in the order of the schema.
pub type Fields = Vec<(&'static str, String)>;

/// An event as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewEvent {
    /// Its row in the file.
    pub row: i64,
    /// Fields of the event.
    pub fields: Fields,
    /// Fields of its line items.
    pub items: Vec<Fields>,
}

/// What would be set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRejection {
    /// Its row in the file.
    pub row: i64,
    /// The reason's code.
    pub reason: &'static str,
    /// The sentence.
    pub detail: String,
    /// The beginning of the row.
    pub bytes: String,
}

/// Looks at the first rows of a file.
pub fn preview(
    read: Box<dyn Read + Send>,
    options: FileOptions,
    plan: &PreviewPlan,
) -> Result<Preview, FileError> {
    let mut reader = FileReader::open(read, options)?;
    let mut preview = Preview {
        guess: reader.guess().clone(),
        settings: reader.settings().clone(),
        header: reader.header(),
        rows: 0,
        is_whole: false,
        accepted: 0,
        quarantined: 0,
        by_type: BTreeMap::new(),
        by_reason: BTreeMap::new(),
        events: Vec::new(),
        rejected: Vec::new(),
    };
    let mut builder = reader.frame_builder();
    while !preview.is_whole && reader.rows() < plan.rows_max {
        let bounds = FrameBounds {
            events_max: FRAME_ROWS,
            rows_max: plan.rows_max - reader.rows(),
        };
        let progress = reader.next_rows(&mut builder, bounds, plan.received)?;
        preview.observe(&builder.finish());
        preview.is_whole = progress.done;
    }
    // A file that ends exactly with the last row asked for is whole all the same.
    if !preview.is_whole {
        preview.is_whole =
            reader.next_frame(&mut builder, 1, plan.received)?.done && builder.received() == 0;
    }
    Ok(preview)
}

impl Preview {
    fn observe(&mut self, body: &FrameBody) {
        for tally in &body.sources {
            self.rows += tally.rows;
            self.accepted += tally.accepted;
            self.quarantined += tally.quarantined;
        }
        for event in body.events.events() {
            *self.by_type.entry(type_of(event)).or_insert(0) += 1;
            if self.events.len() < EVENTS_MAX {
                self.events.push(shown(event));
            }
        }
        for rejected in &body.rejected {
            self.observe_rejected(rejected);
        }
    }

    fn observe_rejected(&mut self, rejected: &Rejected) {
        let reason = rejected.rejection.reason.code();
        let count = self.by_reason.entry(reason).or_insert(0);
        *count += 1;
        if *count <= EXAMPLES_MAX as u64 && self.rejected.len() < REJECTIONS_MAX {
            self.rejected.push(PreviewRejection {
                row: rejected.position,
                reason,
                detail: rejected.rejection.detail.clone(),
                bytes: readable(&rejected.bytes, SHOWN_BYTES_MAX),
            });
        }
    }
}

/// Bytes as a terminal may show them: text as it is, everything else escaped, cut after so many bytes.
#[must_use]
pub fn readable(bytes: &[u8], bytes_max: usize) -> String {
    let cut = &bytes[..bytes.len().min(bytes_max)];
    let mut shown = String::with_capacity(cut.len());
    for chunk in cut.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control()
                || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            {
                shown.extend(letter.escape_default());
            } else {
                shown.push(letter);
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if cut.len() < bytes.len() {
        shown.push('…');
    }
    shown
}

fn type_of(event: EventRef<'_>) -> String {
    event.label(Label::Type).unwrap_or("-").to_owned()
}

/// Columns that say how the event came in, not what happened.
fn is_told_elsewhere(label: Label) -> bool {
    matches!(label, Label::Store | Label::Source | Label::Dialect)
}

fn shown(event: EventRef<'_>) -> PreviewEvent {
    let mut fields: Fields = vec![("ts_event", event.time().to_string())];
    fields.push(("type", type_of(event)));
    let texts = Text::ALL.iter().filter(|column| **column != Text::TypeText);
    fields
        .extend(texts.filter_map(|column| Some((column.name(), event.text(*column)?.to_owned()))));
    let labels =
        (Label::ALL.iter()).filter(|label| **label != Label::Type && !is_told_elsewhere(**label));
    fields.extend(
        labels.filter_map(|column| Some((column.name(), event.label(*column)?.to_owned()))),
    );
    let digits = digits_of(event.label(Label::Currency));
    fields.extend(Amount::ALL.iter().filter_map(|column| {
        let amount = event.amount(*column)?;
        Some((column.name(), format_decimal(i128::from(amount.0), digits)))
    }));
    let numbers = (Number::ALL.iter())
        .filter(|column| !matches!(column, Number::TimeReceived | Number::SourcePosition));
    fields.extend(
        numbers.filter_map(|column| Some((column.name(), event.number(*column)?.to_string()))),
    );
    PreviewEvent {
        row: event.number(Number::SourcePosition).unwrap_or(0),
        fields,
        items: event.items().map(|item| shown_item(item, digits)).collect(),
    }
}

fn digits_of(currency: Option<&str>) -> usize {
    currency
        .and_then(Currency::parse)
        .map_or(2, Currency::digits)
}

fn shown_item(item: ItemRef<'_>, digits: usize) -> Fields {
    let texts = ItemText::ALL
        .iter()
        .filter_map(|column| Some((column.name(), item.text(*column)?.to_owned())));
    let labels = ItemLabel::ALL
        .iter()
        .filter_map(|column| Some((column.name(), item.label(*column)?.to_owned())));
    let amounts = ItemAmount::ALL.iter().filter_map(|column| {
        let digits = if *column == ItemAmount::Quantity {
            0
        } else {
            digits
        };
        let amount = i128::from(item.amount(*column)?);
        Some((column.name(), format_decimal(amount, digits)))
    });
    let numbers = (ItemNumber::ALL.iter())
        .filter_map(|column| Some((column.name(), item.number(*column)?.to_string())));
    texts.chain(labels).chain(amounts).chain(numbers).collect()
}
