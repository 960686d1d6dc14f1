//! Files: opened whatever they are packed and written in, read row by row into frames, the same rows always under the same ids.
//! What a row means is `event::dialect`'s; waiting for the disk is the import's.

mod encoding;
mod error;
mod packing;
mod reader;
mod window;

#[cfg(test)]
mod tests;

pub use error::{FileError, FileRemedy};
pub use reader::{FileGuess, FileReader, FrameBounds, Progress};

use event::Currency;
use event::dialect::table::{TableDialect, Wishes};
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
    /// JSON, one object an event.
    Json,
}

impl FromStr for FileDialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<FileDialect, UnknownDialect> {
        match name {
            "auto" => Ok(FileDialect::Auto),
            "orders" => Ok(FileDialect::Orders),
            "events" => Ok(FileDialect::Events),
            "json" => Ok(FileDialect::Json),
            _ => Err(UnknownDialect),
        }
    }
}

/// No dialect of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("known are auto, orders, events and json")]
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
            dialect: match self.dialect {
                FileDialect::Orders => Some(TableDialect::Orders),
                FileDialect::Events => Some(TableDialect::Events),
                FileDialect::Auto | FileDialect::Json => None,
            },
            columns: self.map.clone(),
            types: self.map_type.clone(),
            fee_codes: self.fee_codes.clone(),
        }
    }
}
