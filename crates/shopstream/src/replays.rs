//! Replays of the quarantine as the command line and the HTTP door share them: requests and results in words.

use crate::config::Config;
use crate::wiring::store_lookup;
use api::{DoorProblem, KeptEvent, ReplayRequest, ReplaySummary};
use event::Reason;
use event::import::QuarantineId;
use eventlog::EventLog;
use ingest::Enrichment;
use ingest::file::UnknownDialect;
use ingest::mappings::{Mappings, SavedMapping};
use ingest::preview::readable;
use ingest::quarantine::{self, GivenMapping, QuarantineError, ReplayPlan, Selection};
use live::{LiveTables, QuarantineFilter, QuarantinedRow};
use runtime::Clock;
use std::collections::BTreeMap;

/// Conflicts that are looked through for one.
const SHOWN_CONFLICTS_MAX: usize = 1_000;
/// Bytes of a rejection that are shown: all that are kept.
const SHOWN_BYTES_MAX: usize = usize::MAX;

/// Reads rejections again and says what they came to, once what passed is durable.
pub fn run(
    log: &EventLog,
    (config, enrichment): (&Config, &Enrichment),
    clock: &Clock,
    request: ReplayRequest,
) -> Result<ReplaySummary, DoorProblem> {
    let ids = (request.ids.iter())
        .map(|id| id.parse())
        .collect::<Result<Vec<QuarantineId>, _>>()
        .map_err(|error| DoorProblem::Mend {
            detail: error.to_string(),
            hint: "`shopstream quarantine list` shows the ids".to_owned(),
        })?;
    let selection = Selection {
        ids,
        reason: request.reason,
        source: request.source,
    };
    let mapping = request.mapping.map(|mapping| {
        given(&mapping.dialect, mapping.map, mapping.map_type).ok_or_else(|| DoorProblem::Mend {
            detail: format!("there is no dialect `{}`", mapping.dialect),
            hint: UnknownDialect.to_string(),
        })
    });
    let saved = Mappings::of(&config.data_dir);
    let plan = ReplayPlan {
        selection: &selection,
        mapping: mapping.transpose()?,
        saved: &|name| saved.get(name).ok().and_then(given_by),
        stores: &store_lookup(config),
        rules: &config.rules(),
        enrichment,
        clock,
    };
    let counts = quarantine::replay(log, &plan).map_err(|error| quarantine_problem(&error))?;
    Ok(ReplaySummary {
        examined: counts.examined,
        released: counts.released,
        refused: (counts.refused.into_iter())
            .map(|(reason, count)| (reason.to_owned(), count))
            .collect(),
        cut: counts.cut,
        headless: counts.headless,
        released_before: counts.released_before,
        unknown: counts.unknown.iter().map(ToString::to_string).collect(),
    })
}

fn given_by(saved: SavedMapping) -> Option<GivenMapping> {
    given(&saved.dialect, saved.columns, saved.types)
}

fn given(
    dialect: &str,
    columns: BTreeMap<String, String>,
    types: BTreeMap<String, String>,
) -> Option<GivenMapping> {
    Some(GivenMapping {
        dialect: dialect.parse().ok()?,
        columns: columns.into_iter().collect(),
        types: types.into_iter().collect(),
    })
}

/// A rejection in words.
pub fn kept_event(kept: &quarantine::KeptEvent) -> KeptEvent {
    let reason = kept.rejection.reason;
    let header = kept.settings.as_ref().map(|settings| &settings.header);
    KeptEvent {
        id: kept.id.to_string(),
        source: kept.source.source.clone(),
        name: kept.source.name.clone(),
        store: kept.source.store.clone(),
        position: kept.position,
        received_at: kept.received.to_string(),
        reason: reason.code().to_owned(),
        meaning: reason.meaning().to_owned(),
        detail: kept.rejection.detail.clone(),
        remedy: reason.remedy().to_owned(),
        bytes: readable(&kept.bytes, SHOWN_BYTES_MAX),
        is_cut: kept.is_cut(),
        is_released: kept.is_released,
        header: header
            .filter(|header| !header.is_empty())
            .map(|header| readable(header, SHOWN_BYTES_MAX)),
    }
}

/// An event that its shard set aside, which was no rejection when it came in: its frame holds it among the accepted.
pub fn conflict_event(live: &LiveTables, id: QuarantineId) -> Option<KeptEvent> {
    let conflicts = QuarantineFilter {
        reason: Some(Reason::IdConflict.code().to_owned()),
        ..QuarantineFilter::default()
    };
    let page = live.quarantine(SHOWN_CONFLICTS_MAX, None, &conflicts);
    let is_asked = |row: &&QuarantinedRow| {
        (row.cursor.offset, row.cursor.index) == (id.frame as i64, i64::from(id.index))
    };
    let row = page.rows.iter().find(is_asked)?;
    Some(KeptEvent {
        id: id.to_string(),
        source: row.source.to_string(),
        name: row.name.to_string(),
        store: String::new(),
        position: row.position,
        received_at: row.received.to_string(),
        reason: row.reason.to_string(),
        meaning: Reason::IdConflict.meaning().to_owned(),
        detail: row.detail.to_string(),
        remedy: Reason::IdConflict.remedy().to_owned(),
        bytes: row.bytes.to_string(),
        is_cut: false,
        is_released: false,
        header: None,
    })
}

/// What the caller does about it.
pub fn quarantine_problem(error: &QuarantineError) -> DoorProblem {
    match error {
        QuarantineError::Mapping(error) => DoorProblem::Mend {
            detail: error.to_string(),
            hint: error.hint.clone(),
        },
        QuarantineError::Log(_) | QuarantineError::Wire(_) | QuarantineError::Encode(_) => {
            DoorProblem::Failed(error.to_string())
        }
    }
}
