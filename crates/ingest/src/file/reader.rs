//! Reads a file into frames: packing, encoding and form are told once, then rows go to the frame as they come.

use super::FileOptions;
use super::error::FileError;
use super::form::{FileGuess, Form, Opened, PlainText, form, has_first_row};
use super::steady::SteadyFile;
use super::window::Window;
use crate::enrich::{Enriched, Enricher};
use event::check::CheckContext;
use event::dialect::json::Read as WindowRead;
use event::dialect::table::{TableDialect, table_glimpse};
use event::dialect::{Decoding, Intake};
use event::frame::{FrameBuilder, RowSpan, SourceIndex, SourceInfo, SourceMark};
use event::import::ImportSettings;
use event::{Event, EventId, EventTime, Rejection};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Nothing is left.
    pub done: bool,
    /// A file that is still written to has no further whole row yet.
    pub waits: bool,
    /// Rows or objects so far.
    pub rows: u64,
    /// Bytes taken from the file so far, packed as they are: against its size they say how far it is.
    pub bytes_read: u64,
}

/// What came of opening a file that is still written to.
pub enum Growing {
    /// It can be followed.
    Opened(Box<FileReader>),
    /// It does not have its first row yet.
    TooShort,
    /// It can only be read as a whole, because of what is named.
    WholeOnly(&'static str),
}

/// Rows passed over at a time.
const SKIPPED_ROWS: u64 = 4_096;

/// Where a frame ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameBounds {
    /// With about so many events.
    pub events_max: usize,
    /// With so many rows of the file.
    pub rows_max: u64,
}

/// A file being read.
pub struct FileReader {
    window: Window,
    form: Form,
    guess: FileGuess,
    info: SourceInfo,
    enricher: Enricher,
    options: FileOptions,
    packed: bool,
    bytes_read: Arc<AtomicU64>,
    rows: u64,
    /// What ended the reading, told once the rows before it are handed over.
    failure: Option<FileError>,
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
        let file = SteadyFile::new(file).map_err(|cause| FileError::open(path, cause))?;
        FileReader::open(Box::new(file), options)
    }

    /// Opens anything that can be read: tells packing, encoding and form by the beginning, and guesses a table's mapping.
    pub fn open(read: Box<dyn Read + Send>, options: FileOptions) -> Result<FileReader, FileError> {
        let text = PlainText::of(read, &options)?;
        let mut window = Window::new(text.read);
        (window.grow()).map_err(|cause| FileError::read(&options.name, text.packed, 0, cause))?;
        if window.bytes().iter().all(u8::is_ascii_whitespace) && window.is_complete() {
            return Err(FileError::empty(&options.name));
        }
        let opened = form(&mut window, &options)?;
        Ok(FileReader::assemble(
            window,
            opened,
            (text.packed, text.bytes_read),
            text.evidence,
            options,
        ))
    }

    /// Opens a plain file that is still written to: rows are read once their line has ended.
    pub fn open_growing(
        read: Box<dyn Read + Send>,
        options: FileOptions,
    ) -> Result<Growing, FileError> {
        let text = PlainText::of(read, &options)?;
        if text.packed {
            return Ok(Growing::WholeOnly("it is packed"));
        }
        if !text.evidence.is_empty() {
            return Ok(Growing::WholeOnly("its text is not UTF-8"));
        }
        let mut window = Window::growing(text.read);
        (window.grow()).map_err(|cause| FileError::read(&options.name, false, 0, cause))?;
        if !has_first_row(&options, window.bytes()) {
            return Ok(Growing::TooShort);
        }
        let opened = form(&mut window, &options)?;
        if matches!(&opened.0, Form::Table(table) if !table.has_first_row()) {
            return Ok(Growing::TooShort);
        }
        let packing = (false, text.bytes_read);
        let reader = FileReader::assemble(window, opened, packing, text.evidence, options);
        Ok(Growing::Opened(Box::new(reader)))
    }

    fn assemble(
        window: Window,
        (form, source, guess, settings): Opened,
        (packed, bytes_read): (bool, Arc<AtomicU64>),
        mut evidence: Vec<String>,
        options: FileOptions,
    ) -> FileReader {
        evidence.extend(guess.evidence);
        FileReader {
            info: SourceInfo {
                source: format!("file:{source:032x}"),
                name: options.name.clone(),
                store: options.store.clone(),
            },
            guess: FileGuess { evidence, ..guess },
            window,
            form,
            enricher: options.enrichment.enricher(),
            options,
            packed,
            bytes_read,
            rows: 0,
            failure: None,
            settings,
        }
    }

    /// The columns of a file that no mapping could be made for, with their first values.
    pub fn glimpse(
        read: Box<dyn Read + Send>,
        options: &FileOptions,
        rows_max: usize,
    ) -> Result<Vec<(String, Vec<String>)>, FileError> {
        let failed = |cause| FileError::read(&options.name, false, 0, cause);
        let mut window = Window::new(PlainText::of(read, options)?.read);
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

    /// How much of the file is in memory.
    #[cfg(test)]
    pub(super) fn window_bytes(&self) -> usize {
        self.window.capacity()
    }

    /// The file as a source: its identity is in its first row, not in its name.
    #[must_use]
    pub fn source(&self) -> &SourceInfo {
        &self.info
    }

    /// The place reached: rows so far and the running hash over them. Two files of one source that agree in it agree in all
    /// rows before.
    #[must_use]
    pub fn mark(&self) -> SourceMark {
        let hash = match &self.form {
            Form::Json(objects) => objects.hash(),
            Form::Table(table) => table.hash(),
            Form::AccessLog(log) => log.hash(),
        };
        SourceMark {
            rows: self.rows,
            hash,
        }
    }

    /// Bytes taken from the file and not yet read as rows.
    #[must_use]
    pub fn bytes_waiting(&self) -> usize {
        self.window.bytes().len()
    }

    /// Reads on to a row without handing anything over; false where the file ends before it.
    pub fn skip_to(&mut self, rows: u64, received: EventTime) -> Result<bool, FileError> {
        if let Form::Table(table) = &mut self.form {
            table.pause_at(Some(rows));
        }
        let skipped = self.skip_rows(rows, CheckContext { received });
        if let Form::Table(table) = &mut self.form {
            table.pause_at(None);
        }
        skipped
    }

    fn skip_rows(&mut self, rows: u64, context: CheckContext) -> Result<bool, FileError> {
        while self.rows < rows {
            let events_max = usize::try_from((rows - self.rows).min(SKIPPED_ROWS)).unwrap_or(1);
            let read = self.read_window(events_max, context, &mut PassedOver)?;
            if read.events == 0 && self.grow()? == 0 && (self.is_waiting() || self.is_at_end()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says whether the order at the end of a growing file may be taken for whole: the file has been quiet.
    pub fn settle(&mut self, is_settled: bool) {
        if let Form::Table(table) = &mut self.form {
            table.settle(is_settled);
        }
    }

    /// From now on the end of what there is is the end of the file: its last line counts without a line end.
    pub fn stop_growing(&mut self) {
        self.window.stop_growing();
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
            if read.events == 0 {
                if self.is_at_end() {
                    return Ok(());
                }
                self.grow()?;
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

    /// An empty frame under the checks the file is read under.
    #[must_use]
    pub fn frame_builder(&self) -> FrameBuilder {
        FrameBuilder::new().with_rules(&self.options.rules)
    }

    /// Rows or objects so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
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
    /// A failure is told by itself: rows before it are handed over first.
    pub fn next_frame(
        &mut self,
        builder: &mut FrameBuilder,
        rows_max: usize,
        received: EventTime,
    ) -> Result<Progress, FileError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let source = builder.open_source(&self.info);
        let from = self.mark();
        let mut intake = FrameIntake {
            builder,
            source,
            context: CheckContext { received },
        };
        let filled = self.fill(&mut intake, rows_max);
        let until = self.mark();
        builder.span(source, RowSpan { from, until });
        match filled {
            Err(failure) if until.rows > from.rows => {
                self.failure = Some(failure);
                Ok(self.progress(false))
            }
            filled => filled,
        }
    }

    fn fill(
        &mut self,
        intake: &mut FrameIntake<'_>,
        rows_max: usize,
    ) -> Result<Progress, FileError> {
        let mut events = 0;
        while events < rows_max && !intake.builder.is_full() {
            let read = self.read_window(rows_max - events, intake.context, intake)?;
            events += read.events;
            intake.builder.count_rows(intake.source, read.rows);
            if read.events == 0 {
                if self.is_at_end() {
                    return Ok(self.progress(true));
                }
                if self.grow()? == 0 && self.is_waiting() {
                    return Ok(Progress {
                        waits: true,
                        ..self.progress(false)
                    });
                }
            }
        }
        Ok(self.progress(false))
    }

    fn is_at_end(&self) -> bool {
        self.window.is_complete()
    }

    fn is_waiting(&self) -> bool {
        self.window.is_growing()
    }

    fn grow(&mut self) -> Result<usize, FileError> {
        (self.window.grow())
            .map_err(|cause| FileError::read(&self.options.name, self.packed, self.rows, cause))
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
        let mut intake = Enriched {
            enricher: &mut self.enricher,
            currency: &self.options.currency,
            next: intake,
        };
        let intake = &mut intake;
        let read = match &mut self.form {
            Form::Json(objects) => objects.read(bytes, complete, events_max, &decoding, intake),
            Form::AccessLog(log) => log.read(bytes, complete, events_max, &decoding, intake),
            Form::Table(table) => table
                .read(bytes, complete, events_max, &decoding, context, intake)
                .map_err(|error| FileError::too_many_orders(&self.options.name, error))?,
        };
        self.window.consume(read.consumed);
        self.rows += read.rows;
        Ok(read)
    }

    fn progress(&self, done: bool) -> Progress {
        Progress {
            done,
            waits: false,
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

/// Takes rows that were handed over before.
struct PassedOver;

impl Intake for PassedOver {
    fn take(&mut self, _: &mut Event<'_>, _: &[u8]) {}

    fn refuse(&mut self, _: i64, _: Rejection, _: &[u8]) {}
}
