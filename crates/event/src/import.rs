//! What a frame says beside its events: which import it belongs to and how that file is read, which rejections its events
//! release from the quarantine, and that time has passed. Plain values and their bytes; nothing is decided here.

use crate::act::ActNote;
use crate::batch::WireError;
use crate::frame::{Reader, SourceInfo, Writer};
use crate::rejection::Reason;
use crate::{EventId, EventTime, hash_128};
use std::fmt;
use std::str::FromStr;

/// One run of an import; two runs over the same file are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImportKey(pub u64);

impl ImportKey {
    /// The key of a reading of this source that began then.
    #[must_use]
    pub fn of(source: &SourceInfo, began: EventTime) -> ImportKey {
        ImportKey(hash_128(format!("{}\0{}", source.source, began.0).as_bytes()) as u64)
    }
}

/// How far an import came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportState {
    /// More frames follow, unless the process died.
    #[default]
    Running,
    /// The file was read to its end.
    Complete,
    /// The rows that were asked for were read, and the file goes on.
    Limited,
    /// Too much was set aside, so it was ended.
    Stopped,
    /// The file could not be read on.
    Failed,
    /// It was undone: its events count nowhere.
    Undone,
}

const STATES: [(ImportState, &str); 6] = [
    (ImportState::Running, "running"),
    (ImportState::Complete, "complete"),
    (ImportState::Limited, "limited"),
    (ImportState::Stopped, "stopped"),
    (ImportState::Failed, "failed"),
    (ImportState::Undone, "undone"),
];

impl ImportState {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        STATES[self as usize].1
    }

    /// The state of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<ImportState> {
        let known = STATES.iter().find(|(_, known)| *known == name)?;
        Some(known.0)
    }
}

/// How a file is read: enough to read a row of it again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSettings {
    /// The dialect's name.
    pub dialect: String,
    /// The saved mapping it was read by, if it was.
    pub mapping: Option<String>,
    /// Column and field, given and guessed; columns without a field are not listed.
    pub columns: Vec<(String, String)>,
    /// Word of the type column and type, as given.
    pub types: Vec<(String, String)>,
    /// The header line as it stands in the file; empty where a file has none.
    pub header: Vec<u8>,
}

/// A frame's part of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportNote {
    /// Index into the frame's sources.
    pub source: u32,
    /// Which run.
    pub key: ImportKey,
    /// When it began.
    pub began: EventTime,
    /// How far it came with this frame.
    pub state: ImportState,
    /// Rows of the file up to the end of this frame, those that were known and passed over included.
    pub rows: u64,
    /// Hash of the file's text up to there: a later run that reads the same knows this frame.
    pub hash: u128,
    /// Events that an earlier run brought, passed over since the note before.
    pub known: u64,
    /// In an import's first frame and in every frame that set something aside.
    pub settings: Option<ImportSettings>,
    /// A watched folder brought it as it came; what a person loads is history and moves no watermark.
    pub is_live: bool,
}

/// Set in a note's state where a watched folder brought it.
const IS_LIVE: u64 = 1 << 32;
/// Set in the number of imports where a tick follows.
const HAS_TICK: u64 = 1 << 63;
/// The same where what people did about alerts follows; frames of before never set it.
const HAS_ACTS: u64 = 1 << 62;

/// Place of a rejection: its frame, and its index among what the frame set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuarantineId {
    /// Number of the frame in the log.
    pub frame: u64,
    /// Index within it.
    pub index: u32,
}

/// `17:3`
impl fmt::Display for QuarantineId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.frame, self.index)
    }
}

/// No id of the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id of the quarantine is two numbers, such as 17:3")]
pub struct QuarantineIdError;

impl FromStr for QuarantineId {
    type Err = QuarantineIdError;

    fn from_str(text: &str) -> Result<QuarantineId, QuarantineIdError> {
        let (frame, index) = text.split_once([':', '.']).ok_or(QuarantineIdError)?;
        Ok(QuarantineId {
            frame: frame.parse().map_err(|_| QuarantineIdError)?,
            index: index.parse().map_err(|_| QuarantineIdError)?,
        })
    }
}

/// A rejection that became an event of this frame. The event was received when it was set aside, so it is not received
/// again: it moves from the quarantined to the accepted, once, however often a release of it stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// What is released.
    pub id: QuarantineId,
    /// Index into the frame's sources: the source it came from.
    pub source: u32,
    /// Why it had been set aside.
    pub reason: Reason,
    /// The import it had come by.
    pub import: Option<ImportKey>,
}

/// All of it; most frames have none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameNotes {
    /// The frame's parts of imports, one a source at most.
    pub imports: Vec<ImportNote>,
    /// What its events release.
    pub releases: Vec<Release>,
    /// Identities of what was set aside, where they are known: the event keeps its own when it is mended.
    pub rejected_ids: Vec<Option<EventId>>,
    /// Imports that are undone from here on: everything is folded again as if they had never been.
    pub undone: Vec<ImportKey>,
    /// Every live source has told its story up to this moment. A frame may say this and nothing else.
    pub tick: Option<EventTime>,
    /// What people did about alerts.
    pub acts: Vec<ActNote>,
}

impl FrameNotes {
    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty()
            && self.releases.is_empty()
            && self.undone.is_empty()
            && self.acts.is_empty()
            && self.rejected_ids.iter().all(Option::is_none)
            && self.tick.is_none()
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let has_tick = self.tick.map_or(0, |_| HAS_TICK);
        let has_acts = if self.acts.is_empty() { 0 } else { HAS_ACTS };
        writer.number(self.imports.len() as u64 | has_tick | has_acts);
        if let Some(tick) = self.tick {
            writer.number(tick.0 as u64);
        }
        if has_acts != 0 {
            writer.number(self.acts.len() as u64);
            self.acts.iter().for_each(|act| act.write(writer));
        }
        for note in &self.imports {
            write_import(writer, note);
        }
        writer.number(self.releases.len() as u64);
        for release in &self.releases {
            writer.number(release.id.frame);
            writer.number(u64::from(release.id.index));
            writer.number(u64::from(release.source));
            writer.text(release.reason.code());
            writer.number(u64::from(release.import.is_some()));
            writer.number(release.import.map_or(0, |import| import.0));
        }
        writer.number(self.rejected_ids.len() as u64);
        for id in &self.rejected_ids {
            writer.number(u64::from(id.is_some()));
            write_wide(writer, id.map_or(0, |id| id.0));
        }
        writer.number(self.undone.len() as u64);
        for key in &self.undone {
            writer.number(key.0);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<FrameNotes, WireError> {
        let mut notes = FrameNotes::default();
        let imports = reader.number()?;
        if imports & HAS_TICK != 0 {
            notes.tick = Some(EventTime(reader.number()? as i64));
        }
        if imports & HAS_ACTS != 0 {
            for _ in 0..reader.number()? {
                notes.acts.push(ActNote::read(reader)?);
            }
        }
        for _ in 0..imports & !(HAS_TICK | HAS_ACTS) {
            notes.imports.push(read_import(reader)?);
        }
        for _ in 0..reader.number()? {
            let id = QuarantineId {
                frame: reader.number()?,
                index: reader.index()?,
            };
            let (source, reason) = (reader.index()?, reader.reason()?);
            let has_import = reader.number()? != 0;
            let import = ImportKey(reader.number()?);
            notes.releases.push(Release {
                id,
                source,
                reason,
                import: has_import.then_some(import),
            });
        }
        for _ in 0..reader.number()? {
            let is_known = reader.number()? != 0;
            let id = EventId(read_wide(reader)?);
            notes.rejected_ids.push(is_known.then_some(id));
        }
        for _ in 0..reader.number()? {
            notes.undone.push(ImportKey(reader.number()?));
        }
        Ok(notes)
    }
}

fn write_wide(writer: &mut Writer<'_>, number: u128) {
    writer.number((number >> 64) as u64);
    writer.number(number as u64);
}

fn read_wide(reader: &mut Reader<'_>) -> Result<u128, WireError> {
    Ok(u128::from(reader.number()?) << 64 | u128::from(reader.number()?))
}

fn write_import(writer: &mut Writer<'_>, note: &ImportNote) {
    writer.number(u64::from(note.source));
    writer.number(note.key.0);
    writer.number(note.began.0 as u64);
    writer.number(note.state as u64 | if note.is_live { IS_LIVE } else { 0 });
    writer.number(note.rows);
    write_wide(writer, note.hash);
    writer.number(note.known);
    writer.number(u64::from(note.settings.is_some()));
    let Some(settings) = &note.settings else {
        return;
    };
    writer.text(&settings.dialect);
    writer.text(settings.mapping.as_deref().unwrap_or_default());
    write_pairs(writer, &settings.columns);
    write_pairs(writer, &settings.types);
    writer.bytes(&settings.header);
}

fn read_import(reader: &mut Reader<'_>) -> Result<ImportNote, WireError> {
    let source = reader.index()?;
    let key = ImportKey(reader.number()?);
    let began = EventTime(reader.number()? as i64);
    let state = reader.number()?;
    let is_live = state & IS_LIVE != 0;
    let state = usize::try_from(state & !IS_LIVE)
        .ok()
        .and_then(|at| STATES.get(at))
        .ok_or(WireError::Truncated)?
        .0;
    let (rows, hash, known) = (reader.number()?, read_wide(reader)?, reader.number()?);
    let settings = if reader.number()? == 0 {
        None
    } else {
        Some(read_settings(reader)?)
    };
    Ok(ImportNote {
        source,
        key,
        began,
        state,
        rows,
        hash,
        known,
        settings,
        is_live,
    })
}

fn read_settings(reader: &mut Reader<'_>) -> Result<ImportSettings, WireError> {
    Ok(ImportSettings {
        dialect: reader.text()?,
        mapping: Some(reader.text()?).filter(|name| !name.is_empty()),
        columns: read_pairs(reader)?,
        types: read_pairs(reader)?,
        header: reader.bytes()?,
    })
}

fn write_pairs(writer: &mut Writer<'_>, pairs: &[(String, String)]) {
    writer.number(pairs.len() as u64);
    for (left, right) in pairs {
        writer.text(left);
        writer.text(right);
    }
}

fn read_pairs(reader: &mut Reader<'_>) -> Result<Vec<(String, String)>, WireError> {
    let mut pairs = Vec::new();
    for _ in 0..reader.number()? {
        pairs.push((reader.text()?, reader.text()?));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FrameBody, FrameBuilder, SourceInfo};
    use crate::rejection::Rejection;

    fn body(notes: FrameNotes) -> FrameBody {
        let mut builder = FrameBuilder::new();
        let source = builder.open_source(&SourceInfo {
            source: "file:1".to_owned(),
            name: "a.csv".to_owned(),
            store: "main".to_owned(),
        });
        let rejection = Rejection::new(Reason::PriceInvalid, "price = \"x\"");
        builder.reject(source, 7, EventTime(1), rejection, b"x;y");
        FrameBody {
            notes,
            ..builder.finish()
        }
    }

    fn notes() -> FrameNotes {
        let pair = |left: &str, right: &str| (left.to_owned(), right.to_owned());
        let settings = ImportSettings {
            dialect: "order_csv".to_owned(),
            mapping: Some("till".to_owned()),
            columns: vec![pair("EP", "unit_price")],
            types: vec![pair("kauf", "order")],
            header: b"EP;Was".to_vec(),
        };
        let import = ImportNote {
            source: 0,
            key: ImportKey(u64::MAX),
            began: EventTime(-5),
            state: ImportState::Limited,
            rows: 9,
            hash: u128::MAX - 1,
            known: 3,
            settings: Some(settings),
            is_live: true,
        };
        let release = Release {
            id: QuarantineId { frame: 4, index: 2 },
            source: 0,
            reason: Reason::CheckFailed,
            import: Some(ImportKey(0)),
        };
        FrameNotes {
            imports: vec![import],
            releases: vec![release],
            rejected_ids: vec![Some(EventId(17))],
            undone: vec![ImportKey(9)],
            tick: Some(EventTime(-9)),
            acts: vec![ActNote {
                alert: u128::MAX - 5,
                store: "main".to_owned(),
                rule: "stock_out".to_owned(),
                alert_at: EventTime(-7),
                at: EventTime(8),
                by: "ann".to_owned(),
                is_resolved: true,
            }],
        }
    }

    fn bytes(body: &FrameBody) -> Vec<u8> {
        let mut bytes = Vec::new();
        body.encode(&mut bytes).expect("a frame can be written");
        bytes
    }

    #[test]
    fn notes_come_back_as_they_were_written() {
        let written = bytes(&body(notes()));
        let read = FrameBody::decode(written).expect("a frame of ours");
        assert_eq!(read.notes, notes());
        assert_eq!(read.rejected_id(0), Some(EventId(17)));
        assert_eq!(read.rejected_id(1), None);
    }

    #[test]
    fn a_frame_may_hold_a_tick_and_nothing_else() {
        let mut body = FrameBuilder::new().finish();
        body.notes.tick = Some(EventTime(1_700_000_000_000_000));
        let read = FrameBody::decode(bytes(&body)).expect("a frame of ours");
        assert_eq!(read.notes, body.notes);
        assert!(read.events.is_empty() && read.sources.is_empty() && read.rejected.is_empty());
    }

    #[test]
    fn a_frame_without_notes_takes_no_room_for_them() {
        let plain = bytes(&body(FrameNotes::default()));
        assert_eq!(
            u64::from_le_bytes(*plain.first_chunk().expect("a count")),
            1
        );
        let unknown_ids = FrameNotes {
            rejected_ids: vec![None],
            ..FrameNotes::default()
        };
        assert_eq!(bytes(&body(unknown_ids)), plain);
    }

    #[test]
    fn a_frame_that_is_cut_anywhere_is_an_error_and_no_panic() {
        let whole = bytes(&body(notes()));
        for end in 0..whole.len() {
            let _ = FrameBody::decode(whole[..end].to_vec());
        }
    }

    #[test]
    fn ids_of_the_quarantine_are_read_as_they_are_shown() {
        let id = QuarantineId {
            frame: 17,
            index: 3,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "17", "17:", ":3", "a:b", "17:3:1", "-1:2"] {
            assert_eq!(
                wrong.parse::<QuarantineId>(),
                Err(QuarantineIdError),
                "{wrong}"
            );
        }
    }
}
