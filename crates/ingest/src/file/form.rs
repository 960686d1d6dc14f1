//! What a file is: unpacked, in UTF-8, and told for JSON, a table or an access log by its beginning.
//! Reading its rows is the reader's.

use super::encoding::{Recoded, SNIFFED_BYTES, encoding_of, is_binary};
use super::error::FileError;
use super::packing::unpack;
use super::window::Window;
use super::workbook::{self, Kind};
use super::{FileDialect, FileOptions};
use event::dialect::EVENT_BYTES_MAX;
use event::dialect::access_log::{self, AccessLog};
use event::dialect::json::{JsonDialect, Objects, detect};
use event::dialect::table::{Column, Confidence, Table, table_glimpse};
use event::import::ImportSettings;
use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What a file was taken for, for the user to check before the import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileGuess {
    /// The dialect's name.
    pub dialect: &'static str,
    /// One line a decision.
    pub evidence: Vec<String>,
    /// How sure we are.
    pub confidence: Confidence,
}

pub(super) enum Form {
    Table(Box<Table>),
    Json(Objects),
    AccessLog(AccessLog),
}

/// A file unpacked and in UTF-8.
pub(super) struct PlainText {
    pub read: Box<dyn Read + Send>,
    pub packed: bool,
    pub bytes_read: Arc<AtomicU64>,
    pub evidence: Vec<String>,
}

impl PlainText {
    pub(super) fn of(
        read: Box<dyn Read + Send>,
        options: &FileOptions,
    ) -> Result<PlainText, FileError> {
        let name = &options.name;
        let unpacked = unpack(read).map_err(|cause| FileError::read(name, false, 0, cause))?;
        let failed = |cause| FileError::read(name, unpacked.packed, 0, cause);
        let (read, evidence) =
            as_utf_8(unpacked.read, options).map_err(|error| error.of_read(failed))?;
        Ok(PlainText {
            read,
            packed: unpacked.packed,
            bytes_read: unpacked.bytes_read,
            evidence,
        })
    }
}

/// A failed read, or a file that is no text.
enum NotText {
    Read(std::io::Error),
    Other(FileError),
}

impl NotText {
    fn of_read(self, failed: impl FnOnce(std::io::Error) -> FileError) -> FileError {
        match self {
            NotText::Read(cause) => failed(cause),
            NotText::Other(error) => error,
        }
    }
}

/// The file's text in UTF-8, and what was found about it.
fn as_utf_8(
    mut read: Box<dyn Read + Send>,
    options: &FileOptions,
) -> Result<(Box<dyn Read + Send>, Vec<String>), NotText> {
    let mut beginning = Vec::new();
    read.by_ref()
        .take(SNIFFED_BYTES as u64)
        .read_to_end(&mut beginning)
        .map_err(NotText::Read)?;
    if let Some(kind) = Kind::of(&beginning) {
        let whole = Box::new(Cursor::new(beginning).chain(read));
        let sheet = workbook::open(whole, kind, options.sheet.as_deref());
        return sheet
            .map(|sheet| (sheet.read, sheet.evidence))
            .map_err(NotText::Read);
    }
    let encoding = encoding_of(&beginning, is_json(options, &beginning));
    if encoding.is_none() && is_binary(&beginning) {
        return Err(NotText::Other(FileError::binary(&options.name)));
    }
    let whole: Box<dyn Read + Send> = Box::new(Cursor::new(beginning).chain(read));
    Ok(match encoding {
        Some(encoding) => (
            Box::new(Recoded::new(whole, encoding)),
            vec![format!("the text is {}", encoding.name())],
        ),
        None => (whole, Vec::new()),
    })
}

pub(super) fn is_json(options: &FileOptions, beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(beginning);
    match options.dialect {
        FileDialect::Json | FileDialect::Tracker(_) => true,
        FileDialect::Auto => matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')),
        _ => false,
    }
}

/// Whether a growing file can be told by what there is of it: an object, or a header and a row.
pub(super) fn has_first_row(options: &FileOptions, window: &[u8]) -> bool {
    if window.len() > EVENT_BYTES_MAX {
        return true;
    }
    if is_json(options, window) {
        return Objects::is_first_whole(window);
    }
    let ended = window.split_inclusive(|byte| *byte == b'\n');
    let is_row = |line: &&[u8]| line.ends_with(b"\n") && !line.trim_ascii().is_empty();
    ended.filter(is_row).nth(1).is_some()
}

pub(super) type Opened = (Form, u128, FileGuess, ImportSettings);

/// What the file is: as asked for, else as its beginning says.
pub(super) fn form(window: &mut Window, options: &FileOptions) -> Result<Opened, FileError> {
    if is_json(options, window.bytes()) {
        return json(window, options);
    }
    let asks = options.dialect == FileDialect::AccessLog;
    let is_open = options.dialect == FileDialect::Auto && options.map.is_empty();
    let found = AccessLog::guess(window.bytes(), window.is_complete());
    match found {
        Some(found) if asks || is_open => Ok(log(window, found.evidence, found.is_sure)),
        None if asks => {
            let evidence = vec!["each line is taken for one of an access log".to_owned()];
            Ok(log(window, evidence, false))
        }
        _ => table(window, options),
    }
}

fn log(window: &Window, evidence: Vec<String>, is_sure: bool) -> Opened {
    let guess = FileGuess {
        dialect: access_log::NAME,
        evidence,
        confidence: if is_sure {
            Confidence::Sure
        } else {
            Confidence::Likely
        },
    };
    let identity = AccessLog::identity(window.bytes(), window.is_complete());
    let settings = ImportSettings {
        dialect: guess.dialect.to_owned(),
        ..ImportSettings::default()
    };
    (
        Form::AccessLog(AccessLog::default()),
        identity,
        guess,
        settings,
    )
}

fn json(window: &mut Window, options: &FileOptions) -> Result<Opened, FileError> {
    if !options.map.is_empty() || !options.map_type.is_empty() {
        return Err(FileError::mapped_json(&options.name));
    }
    let (bytes, complete) = (window.bytes(), window.is_complete());
    let (dialect, guess) = whose_json(options.dialect, bytes, complete);
    let identity = Objects::identity(bytes, complete);
    let settings = ImportSettings {
        dialect: guess.dialect.to_owned(),
        ..ImportSettings::default()
    };
    Ok((Form::Json(Objects::of(dialect)), identity, guess, settings))
}

/// Whose JSON it is: as the user says, else as its first objects look.
fn whose_json(wish: FileDialect, bytes: &[u8], complete: bool) -> (JsonDialect, FileGuess) {
    let found = detect(bytes, complete);
    let dialect = match wish {
        FileDialect::Tracker(dialect) => dialect,
        FileDialect::Json => JsonDialect::Canonical,
        _ => found.dialect,
    };
    let are_both_ours = !dialect.is_foreign() && !found.dialect.is_foreign();
    let is_as_found = dialect == found.dialect || are_both_ours;
    let mut evidence = found.evidence;
    if !is_as_found {
        let (looks, said) = (found.dialect.name(), dialect.name());
        evidence.push(format!(
            "that looks like {looks}; it is read as {said}, as you say"
        ));
    }
    let guess = FileGuess {
        dialect: if dialect.is_foreign() {
            dialect.name()
        } else {
            "json"
        },
        evidence,
        confidence: if found.is_sure && is_as_found {
            Confidence::Sure
        } else {
            Confidence::Likely
        },
    };
    (dialect, guess)
}

fn table(window: &mut Window, options: &FileOptions) -> Result<Opened, FileError> {
    let columns = table_glimpse(window.bytes(), window.is_complete(), 0);
    let names: Vec<String> = columns.into_iter().map(|(name, _)| name).collect();
    let offer = options.offer(&names);
    let (table, header) = Table::open(window.bytes(), window.is_complete(), &options.wishes())
        .map_err(|error| FileError::mapping(&options.name, &error).with_offer(offer))?;
    let settings = ImportSettings {
        dialect: table.guess().mapping.dialect.name().to_owned(),
        mapping: options.mapping.clone(),
        columns: given_columns(&table.guess().mapping.columns),
        types: (table.guess().mapping.types.words().into_iter())
            .map(|(word, kind)| (word, kind.name().to_owned()))
            .collect(),
        header: window.bytes()[..header].trim_ascii_end().to_vec(),
    };
    window.consume(header);
    let found = table.guess();
    let guess = FileGuess {
        dialect: found.mapping.dialect.name(),
        evidence: (found.evidence.iter().cloned())
            .chain(offer.map(|name| {
                format!("the saved mapping {name} was made for these columns: --mapping {name}")
            }))
            .collect(),
        confidence: found.confidence,
    };
    Ok((
        Form::Table(Box::new(table.clone())),
        table.identity(),
        guess,
        settings,
    ))
}

/// Columns and fields as a user would give them.
fn given_columns(columns: &[Column]) -> Vec<(String, String)> {
    let given = |column: &Column| Some((column.name.clone(), column.field?.given_name()));
    columns.iter().filter_map(given).collect()
}
