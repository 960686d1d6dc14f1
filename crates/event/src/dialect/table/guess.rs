//! The mapping of a file: guessed from names and values, corrected by the user, shown before anything is read by it.

use super::mapping::{Column, FEE_CODES, FeeCodes, Mapping, TableDialect, TypeWords, Wishes};
use super::named::{Export, Extra};
use super::names::field_named;
use crate::dialect::Field;
use crate::dialect::field::Style;
use crate::dialect::numeral::read_decimal;
use crate::nearest::nearest;
use crate::rejection::Reason;
use crate::schema::{ItemAmount, ItemText, Label, Text};
use crate::{EventTime, EventType};
use jiff::tz::TimeZone;

/// Most rows a guess looks at.
pub const SAMPLE_ROWS_MAX: usize = 2_000;
/// Values of one column looked at to tell times and numbers.
const VALUES_MAX: usize = 200;

const ORDER_ID: Field = Field::Text(Text::OrderId);
const PRODUCT_ID: Field = Field::ItemText(ItemText::ProductId);
const SKU: Field = Field::ItemText(ItemText::Sku);
const PRODUCT_NAME: Field = Field::ItemText(ItemText::Name);
const UNIT_PRICE: Field = Field::ItemAmount(ItemAmount::UnitPrice);
const QUANTITY: Field = Field::ItemAmount(ItemAmount::Quantity);
const CUSTOMER_ID: Field = Field::Text(Text::CustomerId);

/// How much of a mapping is our guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Names say it all, or the user did.
    Sure,
    /// Some columns are told by their values alone.
    Likely,
    /// Values do not look like what the names promise.
    Unsure,
}

/// A mapping and why we think so.
#[derive(Debug, Clone)]
pub struct Guess {
    /// The mapping.
    pub mapping: Mapping,
    /// One line a decision, for the user to check before the import.
    pub evidence: Vec<String>,
    /// How sure we are.
    pub confidence: Confidence,
}

/// Why a file cannot be read under any mapping, or not under the one asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Nothing to go by.
    #[error("the file has no header line")]
    NoHeader,
    /// The first row holds values.
    #[error("the first line looks like data, not like column names: {0}")]
    HeaderIsData(String),
    /// Two columns cannot be told apart.
    #[error("columns stand twice in the header: {0}")]
    HeaderTwice(String),
    /// The user names a column the file does not have.
    #[error("the file has no column \"{name}\"")]
    UnknownColumn {
        /// As given.
        name: String,
        /// Near names.
        candidates: Vec<String>,
    },
    /// The user names a field there is not.
    #[error("there is no field \"{name}\"")]
    UnknownField {
        /// As given.
        name: String,
        /// Near names.
        candidates: Vec<String>,
    },
    /// The user names a type there is not.
    #[error("there is no type \"{name}\"")]
    UnknownType {
        /// As given.
        name: String,
        /// Near names.
        candidates: Vec<String>,
    },
    /// A field without which rows mean nothing.
    #[error("no column is known to be {0}")]
    Missing(String),
}

impl MappingError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> String {
        let nearest = |candidates: &[String], else_say: &str| match candidates {
            [] => else_say.to_owned(),
            names => format!("did you mean {}?", names.join(" or ")),
        };
        match self {
            MappingError::NoHeader => "put a line with the column names before the data".to_owned(),
            MappingError::HeaderIsData(_) => "put a line with the column names before the data, such as order_id,product_id,quantity,…".to_owned(),
            MappingError::HeaderTwice(_) => "give each column a name of its own".to_owned(),
            MappingError::UnknownColumn { candidates, .. } => nearest(candidates, "it is written --map COLUMN=FIELD, the file's name first"),
            MappingError::UnknownField { candidates, .. } => nearest(candidates, "fields are named in the reference of events"),
            MappingError::UnknownType { candidates, .. } => nearest(candidates, "use one of our types, or custom to keep the file's own name"),
            MappingError::Missing(field) => format!("say which with --map COLUMN={field}"),
        }
    }
}

/// Maps a header and the rows after it.
pub fn guess(
    header: &[String],
    sample: &[Vec<String>],
    wishes: &Wishes,
    decimal_comma: bool,
) -> Result<Guess, MappingError> {
    let mut draft = Draft {
        columns: columns(header)?,
        sample,
        decimal_comma,
        export: None,
        evidence: Vec::new(),
        confidence: Confidence::Sure,
    };
    draft.follow_wishes(&wishes.columns)?;
    draft.follow_export(wishes.dialect);
    draft.follow_names();
    draft.refuse_data(header)?;
    draft.follow_values();
    draft.settle_product();
    let dialect = wishes.dialect.unwrap_or_else(|| draft.dialect());
    draft.check_needs(dialect)?;
    draft.check_times();
    draft.evidence.push(match dialect {
        TableDialect::Orders => {
            "each row is a line of an order; rows of one order_id are one order".to_owned()
        }
        TableDialect::Events => "each row is an event".to_owned(),
        TableDialect::Rees46 | TableDialect::EcommerceEvents | TableDialect::UserEvents => {
            "each row is an event; a purchase is an order of one piece".to_owned()
        }
    });
    let types = draft.types(dialect, &wishes.types)?;
    let c_is_refund = dialect == TableDialect::Orders && draft.c_is_refund();
    draft.show_unknown();
    let fees = match &wishes.fee_codes {
        Some(codes) => FeeCodes::new(codes.iter().map(String::as_str)),
        None => FeeCodes::new(FEE_CODES),
    };
    let mapping = Mapping {
        dialect,
        columns: draft.columns,
        types,
        fees,
        c_is_refund,
    };
    Ok(Guess {
        mapping,
        evidence: draft.evidence,
        confidence: draft.confidence,
    })
}

/// The header's columns, still without fields.
fn columns(header: &[String]) -> Result<Vec<Column>, MappingError> {
    if header.iter().all(|name| name.trim().is_empty()) {
        return Err(MappingError::NoHeader);
    }
    let mut twice: Vec<&str> = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let is_double =
            !name.trim().is_empty() && header[..at].iter().any(|other| other.trim() == name.trim());
        if is_double && !twice.contains(&name.trim()) {
            twice.push(name.trim());
        }
    }
    if !twice.is_empty() {
        return Err(MappingError::HeaderTwice(twice.join(", ")));
    }
    let named = |(at, name): (usize, &String)| match name.trim() {
        "" => format!("column {}", at + 1),
        name => name.to_owned(),
    };
    Ok(header
        .iter()
        .enumerate()
        .map(named)
        .map(|name| Column { name, field: None })
        .collect())
}

struct Draft<'s> {
    columns: Vec<Column>,
    sample: &'s [Vec<String>],
    decimal_comma: bool,
    export: Option<&'static Export>,
    evidence: Vec<String>,
    confidence: Confidence,
}

impl Draft<'_> {
    fn has(&self, field: Field) -> bool {
        self.columns
            .iter()
            .any(|column| column.field.is_some_and(|known| same_place(known, field)))
    }

    fn give(&mut self, at: usize, field: Field, why: &str) {
        self.columns[at].field = Some(field);
        self.evidence.push(format!(
            "{} → {} ({why})",
            self.columns[at].name,
            field.name()
        ));
    }

    fn follow_wishes(&mut self, wishes: &[(String, String)]) -> Result<(), MappingError> {
        for (column, field) in wishes {
            let at = self
                .columns
                .iter()
                .position(|known| known.name == *column)
                .ok_or_else(|| MappingError::UnknownColumn {
                    name: column.clone(),
                    candidates: nearest(
                        column,
                        self.columns.iter().map(|column| column.name.as_str()),
                    ),
                })?;
            let known = Field::parse(field).ok_or_else(|| MappingError::UnknownField {
                name: field.clone(),
                candidates: nearest(field, Field::names()),
            })?;
            self.give(at, known, "as you said");
        }
        Ok(())
    }

    /// Columns of a known export are what they are there, whatever else their names could mean.
    fn follow_export(&mut self, wish: Option<TableDialect>) {
        let names = self.columns.iter().map(|column| column.name.as_str());
        let Some(export) = Export::of(names, wish) else {
            return;
        };
        self.export = Some(export);
        self.evidence.push(format!(
            "the header is that of {} ({})",
            export.title,
            export.dialect.name()
        ));
        for at in 0..self.columns.len() {
            let known = export.column(&self.columns[at].name);
            match known.filter(|_| self.columns[at].field.is_none()) {
                Some(Extra::Is(field)) if !self.has(field) => {
                    self.give(at, field, "as such exports have it");
                }
                Some(Extra::Kept(why)) => self.evidence.push(format!(
                    "{} is kept as it is ({why})",
                    self.columns[at].name
                )),
                _ => {}
            }
        }
    }

    /// Whether the export says that this column is no field.
    fn is_kept(&self, at: usize) -> bool {
        let known = |export: &Export| export.column(&self.columns[at].name);
        matches!(self.export.and_then(known), Some(Extra::Kept(_)))
    }

    /// Names in their own order; a field goes to the first column that has a name for it.
    fn follow_names(&mut self) {
        for at in 0..self.columns.len() {
            let known = field_named(&self.columns[at].name).filter(|field| !self.has(*field));
            if let (None, Some(field), false) = (self.columns[at].field, known, self.is_kept(at)) {
                self.give(at, field, "by its name");
            }
        }
    }

    /// A header without a single known name, or with numbers and times in it, is no header.
    fn refuse_data(&self, header: &[String]) -> Result<(), MappingError> {
        let known = self
            .columns
            .iter()
            .filter(|column| column.field.is_some())
            .count();
        let values = header
            .iter()
            .filter(|cell| self.is_decimal(cell) || is_time(cell))
            .count();
        if values > known {
            Err(MappingError::HeaderIsData(
                header.join(", ").chars().take(120).collect(),
            ))
        } else {
            Ok(())
        }
    }

    /// Where no name says when something happened, the one column of times does.
    fn follow_values(&mut self) {
        if self.has(Field::Time) {
            return;
        }
        let is_free = |at: &usize| self.columns[*at].field.is_none();
        let times: Vec<usize> = (0..self.columns.len())
            .filter(is_free)
            .filter(|at| self.all_values(*at, is_written_time))
            .collect();
        if let [at] = times[..] {
            self.give(at, Field::Time, "its values are times");
            self.confidence = Confidence::Likely;
        }
    }

    fn values(&self, at: usize) -> impl Iterator<Item = &str> {
        self.sample
            .iter()
            .filter_map(move |row| row.get(at))
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
            .take(VALUES_MAX)
    }

    fn all_values(&self, at: usize, is: impl Fn(&str) -> bool) -> bool {
        self.values(at).next().is_some() && self.values(at).all(is)
    }

    fn is_decimal(&self, value: &str) -> bool {
        let style = Style {
            zone: &TimeZone::UTC,
            decimal_comma: self.decimal_comma,
        };
        read_decimal("", Reason::PriceInvalid, value, style).is_ok()
    }

    /// A file with an article number and no product id has the number for its id.
    fn settle_product(&mut self) {
        if self.has(PRODUCT_ID) {
            return;
        }
        if let Some(at) = self
            .columns
            .iter()
            .position(|column| column.field == Some(SKU))
        {
            self.give(at, PRODUCT_ID, "no other column names the product");
        }
    }

    fn dialect(&self) -> TableDialect {
        if let Some(export) = self.export {
            return export.dialect;
        }
        let is_orders = !self.has(Field::Type) && self.has(ORDER_ID) && self.has(UNIT_PRICE);
        if is_orders {
            TableDialect::Orders
        } else {
            TableDialect::Events
        }
    }

    fn check_needs(&self, dialect: TableDialect) -> Result<(), MappingError> {
        let needs: &[&[Field]] = match dialect {
            TableDialect::Orders => &[
                &[ORDER_ID],
                &[Field::Time],
                &[PRODUCT_ID, PRODUCT_NAME],
                &[UNIT_PRICE],
            ],
            _ => &[&[Field::Type], &[Field::Time]],
        };
        match needs
            .iter()
            .find(|fields| !fields.iter().any(|field| self.has(*field)))
        {
            Some(fields) => Err(MappingError::Missing(fields[0].name())),
            None => Ok(()),
        }
    }

    fn check_times(&mut self) {
        let Some(at) = self
            .columns
            .iter()
            .position(|column| column.field == Some(Field::Time))
        else {
            return;
        };
        let (times, values) = self.values(at).fold((0, 0), |(times, values), value| {
            (times + usize::from(is_time(value)), values + 1)
        });
        if times < values {
            self.evidence.push(format!(
                "{}: {times} of {values} values are times",
                self.columns[at].name
            ));
            self.confidence = Confidence::Unsure;
        }
    }

    fn types(
        &mut self,
        dialect: TableDialect,
        wishes: &[(String, String)],
    ) -> Result<TypeWords, MappingError> {
        let given = wishes
            .iter()
            .map(|(word, name)| Ok((word.clone(), type_of(name)?)))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(at) = self
            .columns
            .iter()
            .position(|column| column.field == Some(Field::Type))
        else {
            return Ok(TypeWords::default());
        };
        let mut seen: Vec<&str> = Vec::new();
        for value in self
            .sample
            .iter()
            .filter_map(|row| row.get(at))
            .map(|value| value.trim())
        {
            if !value.is_empty() && !seen.contains(&value) {
                seen.push(value);
            }
        }
        let known = self.export.map_or(&[][..], |export| export.types);
        let mut types = TypeWords::of_export(known, given, &seen);
        if dialect != TableDialect::Orders {
            let (own, known): (Vec<&str>, Vec<&str>) = seen
                .into_iter()
                .partition(|word| types.kind_of(word) == EventType::Custom);
            let shown: Vec<String> = known
                .into_iter()
                .map(|word| format!("{word} = {}", types.kind_of(word).name()))
                .collect();
            if !shown.is_empty() {
                self.evidence.push(format!("types: {}", shown.join(", ")));
            }
            if !own.is_empty() {
                self.evidence
                    .push(format!("types under their own names: {}", own.join(", ")));
            }
        }
        Ok(types)
    }

    /// `C536379` is a credit note where other invoices have no `C`, or where quantities say so.
    fn c_is_refund(&mut self) -> bool {
        let Some(at) = self
            .columns
            .iter()
            .position(|column| column.field == Some(ORDER_ID))
        else {
            return true;
        };
        let has_others = self.values(at).any(|id| !is_credit_note(id));
        let quantity = self
            .columns
            .iter()
            .position(|column| column.field == Some(QUANTITY));
        let has_negative =
            quantity.is_some_and(|at| self.values(at).any(|value| value.starts_with('-')));
        let is_refund = has_others || has_negative || self.sample.is_empty();
        if !is_refund {
            self.evidence
                .push("every order_id begins with C, so C does not mean a refund here".to_owned());
            self.confidence = Confidence::Likely;
        }
        is_refund
    }

    fn show_unknown(&mut self) {
        let unknown: Vec<&str> = self
            .columns
            .iter()
            .filter(|column| column.field.is_none())
            .map(|column| column.name.as_str())
            .collect();
        if !unknown.is_empty() {
            self.evidence
                .push(format!("kept as they are: {}", unknown.join(", ")));
        }
        if !self.has(CUSTOMER_ID) && !self.has(Field::Text(Text::AnonymousId)) {
            self.evidence
                .push("no column names the customer".to_owned());
        }
        if !self.has(Field::Label(Label::Currency)) && self.has(UNIT_PRICE) {
            self.evidence
                .push("amounts are in the store's currency".to_owned());
        }
    }
}

/// Two fields that end in the same column.
fn same_place(one: Field, other: Field) -> bool {
    one == other || one.name() == other.name()
}

/// An invoice that is `C` and digits.
pub(super) fn is_credit_note(id: &str) -> bool {
    let digits = id.strip_prefix('C').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn type_of(name: &str) -> Result<EventType, MappingError> {
    EventType::parse(name).ok_or_else(|| MappingError::UnknownType {
        name: name.to_owned(),
        candidates: nearest(name, EventType::ALL.iter().map(|kind| kind.name())),
    })
}

fn is_time(value: &str) -> bool {
    EventTime::parse(value, &TimeZone::UTC).is_ok()
}

/// A time that no one takes for a number.
fn is_written_time(value: &str) -> bool {
    value.contains([':', '-', '/']) && is_time(value)
}
