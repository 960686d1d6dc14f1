//! Reads a file into frames: packing, encoding and form are told once, then rows go to the frame as they come.

use super::encoding::{Recoded, SNIFFED_BYTES, encoding_of, is_binary};
use super::error::FileError;
use super::packing::unpack;
use super::window::Window;
use super::{FileDialect, FileOptions};
use event::check::CheckContext;
use event::dialect::json::{Objects, Read as WindowRead};
use event::dialect::table::{Column, Confidence, Table, TableDialect, table_glimpse};
use event::dialect::{Decoding, Intake};
use event::frame::{FrameBuilder, SourceIndex, SourceInfo};
use event::import::ImportSettings;
use event::{Event, EventId, EventTime, Rejection};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// How far a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Nothing is left.
    pub done: bool,
    /// Rows or objects so far.
    pub rows: u64,
    /// Bytes taken from the file so far, packed as they are: against its size they say how far it is.
    pub bytes_read: u64,
}

/// Where a frame ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBounds {
    /// With about so many events.
    pub events_max: usize,
    /// With so many rows of the file.
    pub rows_max: u64,
}

enum Form {
    Table(Box<Table>),
    Json(Objects),
}

/// A file being read.
pub struct FileReader {
    window: Window,
    form: Form,
    guess: FileGuess,
    info: SourceInfo,
    options: FileOptions,
    packed: bool,
    bytes_read: Arc<AtomicU64>,
    rows: u64,
    settings: ImportSettings,
}

impl FileReader {
    /// Opens a file of the disk.
    pub fn open_path(path: &Path, options: FileOptions) -> Result<FileReader, FileError> {
        let file = File::open(path).map_err(|cause| FileError::open(path, cause))?;
        if file
            .metadata()
            .map_err(|cause| FileError::open(path, cause))?
            .is_dir()
        {
            return Err(FileError::directory(path));
        }
        FileReader::open(Box::new(file), options)
    }

    /// Opens anything that can be read: tells packing, encoding and form by the beginning, and guesses a table's mapping.
    pub fn open(read: Box<dyn Read + Send>, options: FileOptions) -> Result<FileReader, FileError> {
        let name = options.name.clone();
        let unpacked = unpack(read).map_err(|cause| FileError::read(&name, false, 0, cause))?;
        let failed = |cause| FileError::read(&name, unpacked.packed, 0, cause);
        let (text, mut evidence) =
            as_utf_8(unpacked.read, &options).map_err(|error| error.of_read(failed))?;
        let mut window = Window::new(text);
        window.grow().map_err(failed)?;
        if window.bytes().iter().all(u8::is_ascii_whitespace) && window.is_complete() {
            return Err(FileError::empty(&name));
        }
        let (form, source, guess, settings) = if is_json(&options, window.bytes()) {
            json(&mut window, &options)?
        } else {
            table(&mut window, &options)?
        };
        evidence.extend(guess.evidence);
        Ok(FileReader {
            info: SourceInfo {
                source: format!("file:{source:032x}"),
                name: options.name.clone(),
                store: options.store.clone(),
            },
            guess: FileGuess { evidence, ..guess },
            window,
            form,
            options,
            packed: unpacked.packed,
            bytes_read: unpacked.bytes_read,
            rows: 0,
            settings,
        })
    }

    /// The columns of a file that no mapping could be made for, with their first values.
    pub fn glimpse(
        read: Box<dyn Read + Send>,
        options: &FileOptions,
        rows_max: usize,
    ) -> Result<Vec<(String, Vec<String>)>, FileError> {
        let failed = |cause| FileError::read(&options.name, false, 0, cause);
        let unpacked = unpack(read).map_err(failed)?;
        let (text, _) = as_utf_8(unpacked.read, options).map_err(|error| error.of_read(failed))?;
        let mut window = Window::new(text);
        window.grow().map_err(failed)?;
        Ok(table_glimpse(
            window.bytes(),
            window.is_complete(),
            rows_max,
        ))
    }

    /// What the file was taken for.
    #[must_use]
    pub fn guess(&self) -> &FileGuess {
        &self.guess
    }

    /// The file as a source: its identity is in its first row, not in its name.
    #[must_use]
    pub fn source(&self) -> &SourceInfo {
        &self.info
    }

    /// Counts what is read under a source that is known already: a row kept of a file belongs where the file does.
    #[must_use]
    pub fn part_of(self, info: SourceInfo) -> FileReader {
        FileReader { info, ..self }
    }

    /// Hands over everything in the file; for a few rows, since nothing in it bounds what the intake keeps.
    pub fn read_all(
        &mut self,
        received: EventTime,
        intake: &mut impl Intake,
    ) -> Result<(), FileError> {
        let context = CheckContext { received };
        loop {
            let read = self.read_window(usize::MAX, context, intake)?;
            self.window.consume(read.consumed);
            if read.events == 0 {
                if self.window.is_complete() {
                    return Ok(());
                }
                self.window.grow().map_err(|cause| {
                    FileError::read(&self.options.name, self.packed, self.rows, cause)
                })?;
            }
        }
    }

    /// How it is read: enough to read one of its rows again.
    #[must_use]
    pub fn settings(&self) -> &ImportSettings {
        &self.settings
    }

    /// The names of its columns; none in a file without them.
    #[must_use]
    pub fn header(&self) -> Vec<String> {
        match &self.form {
            Form::Table(table) => (table.guess().mapping.columns.iter())
                .map(|column| column.name.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Rows or objects so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The running hash of everything so far: two files of one source that agree in it agree in all rows before.
    #[must_use]
    pub fn hash(&self) -> u128 {
        match &self.form {
            Form::Json(objects) => objects.hash(),
            Form::Table(table) => table.hash(),
        }
    }

    /// As [`FileReader::next_frame`], but ends with a certain row, or with the last row of the order it belongs to.
    pub fn next_rows(
        &mut self,
        builder: &mut FrameBuilder,
        bounds: FrameBounds,
        received: EventTime,
    ) -> Result<Progress, FileError> {
        let end = self.rows.saturating_add(bounds.rows_max);
        let already = builder.received();
        loop {
            let (rows, events) = (self.rows, builder.received() - already);
            // An order has many rows: asked for one by one, they do not run over, and a frame of them ends where it is
            // full, wherever the windows of this run happened to end.
            let events_max = if self.reads_orders() {
                1
            } else {
                let rows_left = usize::try_from(end - rows).unwrap_or(usize::MAX);
                rows_left.min(bounds.events_max - events)
            };
            let progress = self.next_frame(builder, events_max, received)?;
            let is_enough = self.rows >= end || builder.received() - already >= bounds.events_max;
            if progress.done || is_enough || builder.is_full() || self.rows == rows {
                return Ok(progress);
            }
        }
    }

    fn reads_orders(&self) -> bool {
        self.settings.dialect == TableDialect::Orders.name()
    }

    /// Fills the frame with about `rows_max` events; rows of one order stay in one frame. `received` is the clock as they come in.
    pub fn next_frame(
        &mut self,
        builder: &mut FrameBuilder,
        rows_max: usize,
        received: EventTime,
    ) -> Result<Progress, FileError> {
        let source = builder.open_source(&self.info);
        let mut intake = FrameIntake {
            builder,
            source,
            context: CheckContext { received },
        };
        let mut events = 0;
        while events < rows_max && !intake.builder.is_full() {
            let context = intake.context;
            let read = self.read_window(rows_max - events, context, &mut intake)?;
            self.window.consume(read.consumed);
            self.rows += read.rows;
            events += read.events;
            intake.builder.count_rows(source, read.rows);
            if read.events == 0 {
                if self.window.is_complete() {
                    return Ok(self.progress(true));
                }
                self.window.grow().map_err(|cause| {
                    FileError::read(&self.options.name, self.packed, self.rows, cause)
                })?;
            }
        }
        Ok(self.progress(false))
    }

    fn read_window(
        &mut self,
        events_max: usize,
        context: CheckContext,
        intake: &mut impl Intake,
    ) -> Result<WindowRead, FileError> {
        let decoding = Decoding {
            source: &self.info.source,
            store: &self.info.store,
            zone: &self.options.zone,
            currency: &self.options.currency,
        };
        let (bytes, complete) = (self.window.bytes(), self.window.is_complete());
        match &mut self.form {
            Form::Json(objects) => Ok(objects.read(bytes, complete, events_max, &decoding, intake)),
            Form::Table(table) => (table
                .read(bytes, complete, events_max, &decoding, context, intake))
            .map_err(|error| FileError::too_many_orders(&self.options.name, error)),
        }
    }

    fn progress(&self, done: bool) -> Progress {
        Progress {
            done,
            rows: self.rows,
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
        }
    }
}

/// Events of a file on their way into a frame.
struct FrameIntake<'b> {
    builder: &'b mut FrameBuilder,
    source: SourceIndex,
    context: CheckContext,
}

impl Intake for FrameIntake<'_> {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        // What the checks set aside is counted in the frame; a file has no one to answer.
        let _ = self.builder.offer(self.source, event, raw, self.context);
    }

    fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]) {
        self.builder
            .reject(self.source, position, self.context.received, rejection, raw);
    }

    fn identify_refused(&mut self, id: EventId) {
        self.builder.identify_rejected(Some(id));
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

fn is_json(options: &FileOptions, beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(beginning);
    match options.dialect {
        FileDialect::Json => true,
        FileDialect::Orders | FileDialect::Events => false,
        FileDialect::Auto => matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')),
    }
}

type Opened = (Form, u128, FileGuess, ImportSettings);

fn json(window: &mut Window, options: &FileOptions) -> Result<Opened, FileError> {
    if !options.map.is_empty() || !options.map_type.is_empty() {
        return Err(FileError::mapped_json(&options.name));
    }
    let guess = FileGuess {
        dialect: "json",
        evidence: vec!["each JSON object is an event".to_owned()],
        confidence: Confidence::Sure,
    };
    let identity = Objects::identity(window.bytes(), window.is_complete());
    let settings = ImportSettings {
        dialect: guess.dialect.to_owned(),
        ..ImportSettings::default()
    };
    Ok((Form::Json(Objects::default()), identity, guess, settings))
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
