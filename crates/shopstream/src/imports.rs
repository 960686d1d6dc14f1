//! Imports as the command line and the HTTP door share them: how a file is to be read, and what it came to.

use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::summary::Summary;
use api::{ImportCounts, ImportMoney, ImportProgress, ImportSummary};
use event::Currency;
use event::frame::FrameBody;
use event::import::ImportSettings;
use eventlog::EventLog;
use ingest::file::{FileOptions, UnknownDialect};
use ingest::mappings::{Mappings, SavedMapping, SavedMappingError};
use ingest::{Enrichment, ImportListener, ImportPlan, Milestone};
use live::LiveTables;
use runtime::Clock;
use std::io::Read;

/// What is asked of an import.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// The file's name, for people.
    pub name: String,
    /// The store.
    pub store: String,
    /// `auto`, `orders`, `events`, `json`.
    pub dialect: String,
    /// Column and field.
    pub map: Vec<(String, String)>,
    /// Value and type.
    pub map_type: Vec<(String, String)>,
    /// The saved mapping that these come from.
    pub mapping: Option<String>,
    /// It ends after so many rows.
    pub rows_max: Option<u64>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
}

impl ImportRequest {
    /// As the query of `POST /api/v1/imports`.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let written = |pairs: &[(String, String)]| {
            let pairs: Vec<String> = pairs
                .iter()
                .map(|(left, right)| format!("{left}={right}"))
                .collect();
            pairs.join(",")
        };
        let mut query = vec![
            ("name", self.name.clone()),
            ("store", self.store.clone()),
            ("dialect", self.dialect.clone()),
            ("map", written(&self.map)),
            ("map_type", written(&self.map_type)),
        ];
        query.extend(self.mapping.clone().map(|name| ("mapping", name)));
        query.extend(self.rows_max.map(|rows| ("limit", rows.to_string())));
        query.extend(self.sheet.clone().map(|sheet| ("sheet", sheet)));
        query
    }

    /// Reads by a saved mapping; what is asked for beside it corrects it, column by column and field by field.
    pub fn take_in(&mut self, saved: SavedMapping) {
        if self.dialect == "auto" {
            self.dialect = saved.dialect;
        }
        self.map = corrected(saved.columns, std::mem::take(&mut self.map));
        let given: Vec<String> = self.map_type.iter().map(|(word, _)| word.clone()).collect();
        let kept = saved
            .types
            .into_iter()
            .filter(|(word, _)| !given.contains(word));
        self.map_type.extend(kept);
        self.mapping = Some(saved.name);
    }

    /// What the file reader is told.
    pub fn file_options(
        &self,
        config: &Config,
        enrichment: &Enrichment,
    ) -> Result<FileOptions, Problem> {
        let store = config.stores().get(&self.store);
        let mut options = FileOptions::new(&self.name, &self.store);
        options.zone = store.zone;
        options.currency = store.currency;
        options.dialect = self.dialect.parse().map_err(|known: UnknownDialect| {
            Problem::usage(
                format!("unknown dialect `{}`", self.dialect),
                known.to_string(),
            )
        })?;
        options.enrichment = enrichment.clone();
        options.rules = config.rules();
        options.sheet.clone_from(&self.sheet);
        options.map.clone_from(&self.map);
        options.map_type.clone_from(&self.map_type);
        options.mapping.clone_from(&self.mapping);
        // A mapping that cannot be read is told where it is asked for, not where it might be offered.
        let saved = Mappings::of(&config.data_dir).list().unwrap_or_default();
        options.saved = (saved.into_iter())
            .map(|mapping| (mapping.name, mapping.header))
            .collect();
        Ok(options)
    }
}

fn corrected(
    saved: impl IntoIterator<Item = (String, String)>,
    given: Vec<(String, String)>,
) -> Vec<(String, String)> {
    let is_corrected = |(column, field): &(String, String)| {
        given
            .iter()
            .any(|(other, wish)| other == column || wish == field)
    };
    let mut map: Vec<_> = saved
        .into_iter()
        .filter(|pair| !is_corrected(pair))
        .collect();
    map.extend(given);
    map
}

/// A saved mapping that is not there or not sound.
pub fn explain_mapping(error: &SavedMappingError) -> Problem {
    let exit = match error {
        SavedMappingError::Name(_) | SavedMappingError::Unknown { .. } => Exit::Usage,
        SavedMappingError::Disk { .. } | SavedMappingError::Content { .. } => Exit::Failed,
    };
    let cause =
        std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
    Problem {
        what: format!("{error}{cause}"),
        mend: error.hint(),
        exit,
    }
}

/// Who hears of an import while it runs.
pub trait Listener {
    /// It begins, with the file of this identity.
    fn begin(&mut self, _source: &str) {}
    /// What the file was taken for, and why.
    fn guess(&mut self, evidence: &[String]);
    /// How far it is.
    fn show(&mut self, progress: &ImportProgress);
}

struct Watch<'l> {
    listener: &'l mut dyn Listener,
    summary: Summary,
    currency: Currency,
}

impl ImportListener for Watch<'_> {
    fn begin(&mut self, source: &str) {
        self.listener.begin(source);
    }

    fn guess(&mut self, evidence: &[String]) {
        self.listener.guess(evidence);
    }

    fn frame(&mut self, body: &FrameBody) {
        self.summary.observe(body, self.currency.as_str());
    }

    fn progress(&mut self, counts: &ingest::ImportCounts) -> bool {
        self.listener.show(&ImportProgress {
            bytes: counts.bytes,
            rows: counts.rows,
            counts: told(counts),
        });
        true
    }
}

/// Where earlier runs over this source have been; the log is read from the first of them on, and only if there was one.
fn known_before(
    log: &EventLog,
    live: &LiveTables,
    source: &str,
    settings: &ImportSettings,
) -> Vec<Milestone> {
    let imports = live.imports().into_iter();
    let first = imports
        .filter(|import| *import.source == *source)
        .map(|import| import.first_offset)
        .min();
    first.map_or_else(Vec::new, |offset| {
        ingest::milestones(log, offset, source, settings)
    })
}

/// What an earlier run brought came again, and was known by its place in the file.
fn told(counts: &ingest::ImportCounts) -> ImportCounts {
    ImportCounts {
        received: counts.received + counts.known,
        accepted: counts.accepted,
        duplicate: counts.known,
        quarantined: counts.quarantined,
    }
}

/// Where an import goes, and how far.
pub struct ImportRun<'a> {
    /// The log and the results; without them the file is only checked.
    pub into: Option<(&'a EventLog, &'a LiveTables)>,
    /// The clock of receipt.
    pub clock: &'a Clock,
    /// It ends after so many rows.
    pub rows_max: Option<u64>,
    /// The shop's own checks and thresholds.
    pub config: &'a Config,
}

/// Reads a file and says what it came to. Repeats are not known yet.
pub fn run_import(
    read: Box<dyn Read + Send>,
    options: FileOptions,
    run: &ImportRun<'_>,
    listener: &mut dyn Listener,
) -> Result<ImportSummary, ingest::ImportError> {
    let began = run.clock.monotonic();
    let (name, currency, map) = (options.name.clone(), options.currency, options.map.clone());
    let mut watch = Watch {
        listener,
        summary: Summary::default(),
        currency,
    };
    let writer = run.into.map(|(log, _)| log.writer());
    let known = |source: &str, settings: &ImportSettings| match run.into {
        Some((log, live)) => known_before(log, live, source, settings),
        None => Vec::new(),
    };
    let plan = ImportPlan {
        rows_max: run.rows_max,
        quality: run.config.quality.clone(),
        milestones: &known,
        ..ImportPlan::new(writer.as_ref(), run.clock)
    };
    let counts = ingest::import_as(read, options, &plan, &mut watch)?;
    let by_reason = counts.quarantined_by_reason.iter();
    Ok(ImportSummary {
        name,
        source: counts.source.clone(),
        dialect: counts.dialect.clone(),
        map,
        check_only: run.into.is_none(),
        rows: counts.rows,
        counts: told(&counts),
        state: counts.state.name().to_owned(),
        known_rows: counts.known_rows,
        breach: counts.breach.map(|breach| breach.to_string()),
        quarantined_by_reason: by_reason
            .map(|(reason, count)| ((*reason).to_owned(), *count))
            .collect(),
        money: money(&watch.summary),
        events_by_type: watch.summary.by_type,
        elapsed_ms: u64::try_from((run.clock.monotonic() - began).as_millis()).unwrap_or(u64::MAX),
    })
}

fn money(summary: &Summary) -> Vec<ImportMoney> {
    let shown = |currency: &str, sum: i128| {
        event::format_decimal(sum, Currency::parse(currency).map_or(2, Currency::digits))
    };
    let by_currency = summary
        .money
        .iter()
        .filter(|(_, (money_in, money_out))| (*money_in, *money_out) != (0, 0));
    by_currency
        .map(|(currency, (money_in, money_out))| ImportMoney {
            currency: currency.clone(),
            money_in: shown(currency, *money_in),
            money_out: shown(currency, *money_out),
        })
        .collect()
}

/// How many events of each source were repeats, as the results stand: asked before and after an import.
pub struct KnownRepeats<'l> {
    live: &'l LiveTables,
    log_end: u64,
    before: Vec<(String, u64)>,
}

impl<'l> KnownRepeats<'l> {
    /// As it stands now; everything in the log should be in the results.
    pub fn before(live: &'l LiveTables, log_end: u64) -> KnownRepeats<'l> {
        let sources = live.audit(log_end, None).sources.into_iter();
        let before = sources
            .map(|source| (source.source.to_string(), source.tally.duplicate))
            .collect();
        KnownRepeats {
            live,
            log_end,
            before,
        }
    }

    /// Moves the import's repeats from the accepted to where they belong. A file may have been loaded for several stores.
    pub fn settle(&self, summary: &mut ImportSummary) {
        let is_its = |source: &str| source == summary.source;
        let before = self.before.iter().filter(|(source, _)| is_its(source));
        let before: u64 = before.map(|(_, count)| count).sum();
        let sources = self.live.audit(self.log_end, None).sources;
        let now = sources.iter().filter(|source| is_its(&source.source));
        let now: u64 = now.map(|source| source.tally.duplicate).sum();
        let repeats = now.saturating_sub(before);
        summary.counts.duplicate += repeats;
        summary.counts.accepted = summary.counts.accepted.saturating_sub(repeats);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(left, right)| ((*left).to_owned(), (*right).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_given_corrects_a_saved_mapping_by_column_and_by_field() {
        let saved = owned(&[("A", "order_id"), ("B", "unit_price"), ("C", "quantity")]);
        let given = owned(&[("A", "customer_id"), ("D", "unit_price")]);
        assert_eq!(
            corrected(saved, given),
            owned(&[("C", "quantity"), ("A", "customer_id"), ("D", "unit_price")])
        );
    }
}
