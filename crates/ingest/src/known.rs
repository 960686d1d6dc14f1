//! What earlier runs of an import have brought, read from the log: places in the file up to which nothing is new.

use crate::import::Milestone;
use event::frame::FrameBody;
use event::import::{ImportKey, ImportNote, ImportSettings};
use eventlog::EventLog;
use std::collections::{HashMap, HashSet};

/// The milestones of a source that was read in this way, by rows; frames before `from_offset` are not looked at.
/// A log that cannot be read knows nothing: the rows then come again and are found to be repeats.
pub fn milestones(
    log: &EventLog,
    from_offset: u64,
    source: &str,
    settings: &ImportSettings,
) -> Vec<Milestone> {
    let mut runs: HashMap<ImportKey, bool> = HashMap::new();
    let mut known: Vec<(ImportKey, Milestone)> = Vec::new();
    let mut undone: HashSet<ImportKey> = HashSet::new();
    let mut reader = log.reader(from_offset.max(log.first_offset()));
    while let Ok(Some(frame)) = reader.try_next() {
        let Ok(body) = FrameBody::decode(frame.payload.into()) else {
            break;
        };
        undone.extend(&body.notes.undone);
        for note in &body.notes.imports {
            let Some(tally) = body.sources.get(note.source as usize) else {
                continue;
            };
            if tally.info.source == source
                && *runs
                    .entry(note.key)
                    .or_insert_with(|| reads_alike(note, settings))
            {
                let milestone = Milestone {
                    rows: note.rows,
                    hash: note.hash,
                    quarantined: tally.quarantined,
                };
                known.push((note.key, milestone));
            }
        }
    }
    // What was undone may come again.
    let known = known.into_iter().filter(|(run, _)| !undone.contains(run));
    let mut known: Vec<Milestone> = known.map(|(_, milestone)| milestone).collect();
    known.sort_by_key(|known| known.rows);
    known.dedup_by_key(|known| known.rows);
    known
}

/// The name of a mapping does not matter, only what it says.
fn reads_alike(note: &ImportNote, settings: &ImportSettings) -> bool {
    note.settings.as_ref().is_some_and(|noted| {
        noted.dialect == settings.dialect
            && noted.columns == settings.columns
            && noted.types == settings.types
            && noted.header == settings.header
    })
}
