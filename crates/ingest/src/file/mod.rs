//! Files: opened whatever they are packed and written in, read row by row into frames, the same rows always under the same ids.
//! What a row means is `event::dialect`'s; waiting for the disk is the import's.

mod encoding;
mod error;
mod form;
mod packing;
mod reader;
mod steady;
mod window;
pub mod workbook;

#[cfg(test)]
mod tests;

pub use error::{FileError, FileRemedy};
pub use form::FileGuess;
pub use reader::{FileReader, FrameBounds, Growing, Progress};
pub use steady::SteadyFile;

use crate::enrich::Enrichment;
use event::Currency;
use event::dialect::json::JsonDialect;
use event::dialect::table::{TableDialect, Wishes};
use event::rule::Rules;
use jiff::tz::TimeZone;
use std::str::FromStr;

/// What a file is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileDialect {
    /// Told by its first bytes, its columns and their values.
    #[default]
    Auto,
    /// A CSV, one row a line item.
    Orders,
    /// A CSV, one row an event.
    Events,
    /// A REES46 export.
    Rees46,
    /// A CSV of e-commerce events, product and customer written out.
    EcommerceEvents,
    /// A CSV of users' events in five columns.
    UserEvents,
    /// JSON of our own vocabulary or the seeds', one object an event.
    Json,
    /// JSON of another tracker, one object an event or several.
    Tracker(JsonDialect),
    /// An access log of a web server, one line a page view.
    AccessLog,
}

impl FileDialect {
    /// Every dialect and the name it is asked for by.
    pub const NAMES: [(&'static str, FileDialect); 11] = [
        ("auto", FileDialect::Auto),
        ("orders", FileDialect::Orders),
        ("events", FileDialect::Events),
        ("rees46", FileDialect::Rees46),
        ("ecommerce-events", FileDialect::EcommerceEvents),
        ("user-events", FileDialect::UserEvents),
        ("json", FileDialect::Json),
        ("access-log", FileDialect::AccessLog),
        ("ga4", FileDialect::Tracker(JsonDialect::Ga4)),
        ("segment", FileDialect::Tracker(JsonDialect::Segment)),
        ("snowplow", FileDialect::Tracker(JsonDialect::Snowplow)),
    ];

    /// The dialect that events of a file carry as their label; a table's columns then say the rest.
    #[must_use]
    pub fn of_label(label: &str) -> Option<FileDialect> {
        let dialects = FileDialect::NAMES.into_iter().map(|(_, dialect)| dialect);
        let is_labelled = |dialect: &FileDialect| match dialect {
            FileDialect::Auto => false,
            FileDialect::Json => JsonDialect::parse(label).is_some_and(|json| !json.is_foreign()),
            FileDialect::Tracker(tracker) => tracker.name() == label,
            FileDialect::AccessLog => label == event::dialect::access_log::NAME,
            of_table => of_table.table().map(TableDialect::name) == Some(label),
        };
        if label == "json" {
            return Some(FileDialect::Json);
        }
        dialects.into_iter().find(is_labelled)
    }

    /// The name it is asked for by.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = FileDialect::NAMES
            .into_iter()
            .find(|(_, dialect)| *dialect == self);
        named.map_or("json", |(name, _)| name)
    }

    fn table(self) -> Option<TableDialect> {
        match self {
            FileDialect::Auto
            | FileDialect::Json
            | FileDialect::Tracker(_)
            | FileDialect::AccessLog => None,
            FileDialect::Orders => Some(TableDialect::Orders),
            FileDialect::Events => Some(TableDialect::Events),
            FileDialect::Rees46 => Some(TableDialect::Rees46),
            FileDialect::EcommerceEvents => Some(TableDialect::EcommerceEvents),
            FileDialect::UserEvents => Some(TableDialect::UserEvents),
        }
    }
}

impl FromStr for FileDialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<FileDialect, UnknownDialect> {
        FileDialect::NAMES
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, dialect)| dialect)
            .ok_or(UnknownDialect)
    }
}

/// No dialect of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "known are auto, orders, events, rees46, ecommerce-events, user-events, json, access-log, ga4, segment and snowplow"
)]
pub struct UnknownDialect;

/// How a file is to be read.
#[derive(Debug, Clone)]
pub struct FileOptions {
    /// Its name, for people; the same file under another name is still the same.
    pub name: String,
    /// The store its events belong to.
    pub store: String,
    /// The zone of times without one.
    pub zone: TimeZone,
    /// The currency of amounts without one.
    pub currency: Currency,
    /// What it is taken for.
    pub dialect: FileDialect,
    /// Column and field, as the user says.
    pub map: Vec<(String, String)>,
    /// Value of the type column and type, as the user says.
    pub map_type: Vec<(String, String)>,
    /// Product codes that are fees, in place of the usual ones.
    pub fee_codes: Option<Vec<String>>,
    /// The sheet of a workbook; the first with a header where nothing is said.
    pub sheet: Option<String>,
    /// What is added to its events.
    pub enrichment: Enrichment,
    /// The shop's own checks.
    pub rules: Rules,
    /// The saved mapping that `map` and `map_type` come from.
    pub mapping: Option<String>,
    /// Saved mappings and the columns each was made for: one that fits is offered.
    pub saved: Vec<(String, Vec<String>)>,
}

impl FileOptions {
    /// A file of a store with nothing else said: UTC, dollars, everything guessed.
    #[must_use]
    pub fn new(name: &str, store: &str) -> FileOptions {
        FileOptions {
            name: name.to_owned(),
            store: store.to_owned(),
            zone: TimeZone::UTC,
            currency: Currency::USD,
            dialect: FileDialect::Auto,
            map: Vec::new(),
            map_type: Vec::new(),
            fee_codes: None,
            sheet: None,
            enrichment: Enrichment::default(),
            rules: Rules::default(),
            mapping: None,
            saved: Vec::new(),
        }
    }

    /// The saved mapping made for a file of these columns, where none was asked for.
    fn offer(&self, header: &[String]) -> Option<&str> {
        let fits = |(_, columns): &&(String, Vec<String>)| !columns.is_empty() && columns == header;
        if self.mapping.is_some() || !self.map.is_empty() {
            return None;
        }
        self.saved.iter().find(fits).map(|(name, _)| name.as_str())
    }

    fn wishes(&self) -> Wishes {
        Wishes {
            dialect: self.dialect.table(),
            columns: self.map.clone(),
            types: self.map_type.clone(),
            fee_codes: self.fee_codes.clone(),
        }
    }
}
