//! The start: what the newest checkpoint holds becomes the state of the line and of the merger, if it fits the log and the settings.

use crate::archive::{Held, Ledger};
use crate::line::{Line, parts};
use crate::rest::keeper::{Keeper, Shelf};
use crate::rest::{AtRest, RestError};
use crate::results::Results;
use crate::run::StreamError;
use crate::{CheckpointSettings, Store, Stores};
use analytics::cell::CUBES;
use checkpoint::{Checkpoint, Checkpoints, Decoder, Folder};
use eventlog::{EventLog, LogPosition};
use std::fmt::Write;
use std::sync::Arc;

/// Changes whenever state at rest is written in another way: older checkpoints are then passed over.
const FORMAT: u32 = 8;

/// How the log and the archive stand at a start.
#[derive(Debug, Clone, Copy)]
pub struct LogNow {
    /// How often the directory was opened.
    pub epoch: u64,
    /// Where the log begins.
    pub begins: LogPosition,
    /// Where it ends.
    pub ends: LogPosition,
    /// What the archive holds, where there is one.
    pub held: Option<Held>,
}

impl LogNow {
    /// The log, and an archive that holds so much.
    pub fn of(log: &EventLog, held: Option<Held>) -> LogNow {
        LogNow {
            epoch: log.epoch(),
            begins: LogPosition {
                offset: log.first_offset(),
                frame: 0,
            },
            ends: log.end_position(),
            held,
        }
    }

    /// An archive that holds more than the log is not of this log, or the log lost what is there.
    pub fn check(&self) -> Result<(), StreamError> {
        match self.held {
            Some(held) if held.position > self.ends => Err(StreamError::ArchiveAhead {
                held: held.position.offset,
                log: self.ends.offset,
            }),
            _ => Ok(()),
        }
    }
}

/// What goes on from the newest checkpoint.
pub struct Restored {
    /// Verdicts that are not safe in the archive; nothing where no checkpoint could be used.
    pub verdicts: Option<Ledger>,
    /// Where reading the log goes on.
    pub position: LogPosition,
    /// Makes further checkpoints.
    pub keeper: Keeper,
    /// Where they show what lies at rest.
    pub shelf: Arc<Shelf>,
    /// Where runs are written.
    pub folder: Folder,
}

/// Opens the folder of checkpoints and brings line and results to the newest one that can be used. Nothing where the disk
/// has no room for checkpoints at all.
pub fn restore(
    settings: &CheckpointSettings,
    log: LogNow,
    stores: &Stores,
    line: &mut Line,
    results: &mut Results,
) -> Result<Option<Restored>, StreamError> {
    let Some((checkpoints, newest)) = open(settings, log.epoch)? else {
        return Ok(None);
    };
    let made_by = made_by(stores);
    let newest = usable(newest, &made_by, log);
    let nothing = || {
        (
            0,
            Checkpoint::default(),
            LogPosition {
                offset: 0,
                frame: 0,
            },
        )
    };
    let (number, checkpoint, position) = newest.unwrap_or_else(nothing);
    let table = |name| checkpoint.tables.get(name).cloned().unwrap_or_default();
    let value = checkpoint.values.get(parts::RESULTS);
    let at_rest = Arc::new(AtRest {
        number: 0,
        version: value.map_or(Ok(0), |value| Results::version_of(value))?,
        ids: table(parts::IDS),
        orders: table(parts::ORDERS),
        people: table(parts::PEOPLE),
        inventory: table(parts::INVENTORY),
        cells: table(parts::CELLS),
        rows: table(parts::ROWS),
        alerts: table(parts::ALERTS),
    });
    if number > 0 {
        tracing::info!(number, frame = position.frame, "going on from a checkpoint");
        line.restore(&checkpoint, &at_rest)?;
        results.restore(value.ok_or(RestError::Missing)?, Arc::clone(&at_rest))?;
    }
    let shelf = Arc::new(Shelf::new(at_rest));
    Ok(Some(Restored {
        position,
        verdicts: verdicts(&checkpoint),
        folder: checkpoints.folder(),
        keeper: Keeper::new(checkpoints, &checkpoint, made_by, Arc::clone(&shelf)),
        shelf,
    }))
}

/// A checkpoint and its number.
type Numbered = (u64, Checkpoint);

/// The folder and its newest checkpoint that is whole.
fn open(
    settings: &CheckpointSettings,
    epoch: u64,
) -> Result<Option<(Checkpoints, Option<Numbered>)>, StreamError> {
    let (checkpoints, opened) = match Checkpoints::open(&settings.dir, epoch) {
        Ok(opened) => opened,
        // A full disk must not keep a shop from seeing its numbers: the log still has them.
        Err(error) if error.is_disk_full() => {
            tracing::warn!(
                %error,
                "no room for checkpoints: the whole log is read again, and all stays in memory until the next start"
            );
            return Ok(None);
        }
        Err(error) => return Err(StreamError::Rest(error.into())),
    };
    for damaged in &opened.damaged {
        tracing::warn!(
            number = damaged.number,
            why = damaged.why,
            "a checkpoint is damaged and is passed over"
        );
    }
    Ok(Some((checkpoints, opened.newest)))
}

/// The newest checkpoint and where the log goes on after it, if it is of any use.
fn usable(
    newest: Option<Numbered>,
    made_by: &[u8],
    log: LogNow,
) -> Option<(u64, Checkpoint, LogPosition)> {
    let (number, checkpoint) = newest?;
    match position(&checkpoint, made_by, log) {
        Ok(position) => Some((number, checkpoint, position)),
        Err(why) => {
            tracing::warn!(
                number,
                why,
                "a checkpoint cannot be used; the whole log is read again"
            );
            None
        }
    }
}

fn verdicts(checkpoint: &Checkpoint) -> Option<Ledger> {
    let bytes = checkpoint.values.get(parts::VERDICTS)?;
    Ledger::decode(bytes).ok()
}

fn position(
    checkpoint: &Checkpoint,
    made_by: &[u8],
    log: LogNow,
) -> Result<LogPosition, &'static str> {
    if checkpoint.values.get(parts::MADE_BY).map(Vec::as_slice) != Some(made_by) {
        return Err("it was made by another version or with other settings of the stores");
    }
    let bytes = checkpoint.values.get(parts::POSITION);
    let mut read = Decoder::new(bytes.map(Vec::as_slice).unwrap_or_default());
    let mut decode = || {
        Ok::<_, checkpoint::DecodeError>(LogPosition {
            offset: read.u64()?,
            frame: read.u64()?,
        })
    };
    let position = decode().map_err(|_| "its position cannot be understood")?;
    if let Some(held) = log.held {
        let verdicts = verdicts(checkpoint);
        if !verdicts.is_some_and(|verdicts| verdicts.can_serve(held, log.begins.offset)) {
            return Err("the archive lacks events whose verdicts it no longer has");
        }
    }
    if position.offset > log.ends.offset || position.frame > log.ends.frame {
        return Err("the log ends before it");
    }
    Ok(position)
}

/// What state at rest depends on beside the log: the code's form of it, and what the stores say of themselves.
fn made_by(stores: &Stores) -> Vec<u8> {
    let mut text = format!("format {FORMAT}\n");
    for cube in CUBES {
        let fields: Vec<&str> = cube.fields.iter().map(|field| field.name()).collect();
        let distincts: Vec<&str> = cube.distincts.iter().map(|of| of.name()).collect();
        let grains: Vec<&str> = cube.grains.iter().map(|grain| grain.name()).collect();
        let _ = writeln!(text, "{} {grains:?} {fields:?} {distincts:?}", cube.table);
    }
    for (name, store) in &stores.0 {
        let zone = store.zone.iana_name().unwrap_or("UTC");
        let Store {
            currency,
            sessions,
            carts,
            rules,
            funnels,
            stock,
            prices,
            rfm,
            ..
        } = store;
        let currency = currency.as_str();
        let _ = writeln!(
            text,
            "{name} {zone} {currency} {sessions:?} {carts:?} {funnels:?} {stock:?} {prices:?} {rules:?} {rfm:?}"
        );
    }
    text.into_bytes()
}
