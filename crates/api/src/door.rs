//! What the counter asks of the door: take events in, load a file. The door itself lives elsewhere.

use event::Reason;
use event::act::ActNote;
use event::frame::SourceInfo;
use event::import::{ImportKey, QuarantineId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::pin::Pin;

/// Takes events in. The answer comes when they are durable.
pub trait EventDoor: Send + Sync {
    /// Takes in one request, all of it or nothing.
    fn submit(
        &self,
        request: DoorRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Receipt, Refused>> + Send>>;

    /// Loads a file and says now and then how far it is. Blocks until every event is durable.
    fn import(
        &self,
        upload: Upload,
        progress: Box<dyn FnMut(ImportProgress) + Send>,
    ) -> Result<ImportSummary, ImportProblem>;

    /// A rejection as the log keeps it. Blocks while the log is searched.
    fn quarantined(&self, id: QuarantineId) -> Result<Option<KeptEvent>, DoorProblem>;

    /// Reads rejections again. Blocks until what passes is durable and counted.
    fn replay(&self, request: ReplayRequest) -> Result<ReplaySummary, DoorProblem>;

    /// Undoes an import. Blocks until no number knows it any more.
    fn undo(&self, import: ImportKey) -> Result<(), DoorProblem>;

    /// Writes down what a person did about an alert. Blocks until its row tells.
    fn act(&self, act: ActNote) -> Result<(), DoorProblem>;

    /// Whether an import of this source is at work now; one that says so in the log may have died with its process.
    fn is_importing(&self, source: &str) -> bool;
}

/// Why the quarantine could not be read, sorted by who mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorProblem {
    /// Whoever asked.
    Mend {
        /// What is wrong.
        detail: String,
        /// How to mend it.
        hint: String,
    },
    /// Whoever looks after the server; the cause stays in its log.
    Failed(String),
}

/// A rejection as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEvent {
    /// Where it lies, such as `17:3`.
    pub id: String,
    /// The source's identity.
    pub source: String,
    /// The source's name.
    pub name: String,
    /// Its store.
    pub store: String,
    /// Row of the file, or index in the request.
    pub position: i64,
    /// When it came in.
    pub received_at: String,
    /// The step that refused it.
    pub reason: String,
    /// What the step means.
    pub meaning: String,
    /// Field and value.
    pub detail: String,
    /// How such an event is mended.
    pub remedy: String,
    /// What came in, with everything escaped that is no text.
    pub bytes: String,
    /// Not all of it was kept.
    pub is_cut: bool,
    /// It has become an event since.
    pub is_released: bool,
    /// The columns of its file, where it has any.
    pub header: Option<String>,
}

/// Which rejections are read again, and under which mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayRequest {
    /// These only.
    pub ids: Vec<String>,
    /// Of this reason only.
    pub reason: Option<String>,
    /// Of this source only: identity or name.
    pub source: Option<String>,
    /// Another mapping than each was read by.
    pub mapping: Option<ReplayMapping>,
}

/// A mapping, spelt out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayMapping {
    /// A dialect's name, or `auto`.
    pub dialect: String,
    /// Column to field.
    pub map: BTreeMap<String, String>,
    /// Value to event type.
    #[serde(default)]
    pub map_type: BTreeMap<String, String>,
}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaySummary {
    /// Rejections read again.
    pub examined: u64,
    /// Events now, and counted.
    pub released: u64,
    /// Refused still, by today's reason.
    pub refused: BTreeMap<String, u64>,
    /// Kept in part only.
    pub cut: u64,
    /// Of a file whose header is not known.
    pub headless: u64,
    /// Named and released before.
    pub released_before: u64,
    /// Named and nowhere in the log.
    pub unknown: Vec<String>,
}

/// The body of a request, plain, and whose it is.
#[derive(Debug, Clone)]
pub struct DoorRequest {
    /// The key it came with.
    pub source: SourceInfo,
    /// An object, an array or lines of objects.
    pub body: Vec<u8>,
    /// Makes a repeated request known where events carry no ids.
    pub idempotency_key: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Events in it.
    pub received: u64,
    /// Passed the checks.
    pub accepted: u64,
    /// Seen before, as far as the door knows.
    pub duplicate: u64,
    /// Set aside.
    pub quarantined: u64,
    /// `durable`: what the answer promises.
    pub durability: &'static str,
    /// `event_id`, `idempotency_key` or `none`: how a repetition would be known.
    pub dedupe: &'static str,
    /// All items of a small request, else only those that were not accepted.
    pub results: Vec<ItemResult>,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// Its place in the request.
    pub index: u32,
    /// What became of it.
    pub outcome: ItemOutcome,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Taken in.
    Accepted {
        /// Its id, as sent or given now.
        event_id: String,
    },
    /// Taken in before.
    Duplicate {
        /// Its id.
        event_id: String,
    },
    /// Set aside.
    Quarantined {
        /// The step that refused it.
        reason: Reason,
        /// Field and value.
        detail: String,
    },
}

/// Why a request was not taken in; nothing of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too much is queued; come again.
    #[error("more events are queued than can be written")]
    Overloaded {
        /// When it is worth trying.
        retry_after_s: u64,
    },
    /// The server ends.
    #[error("the server is stopping")]
    Stopping,
    /// The log cannot be written.
    #[error("the log cannot be written: {0}")]
    LogFailed(String),
    /// More of it would be set aside than the shop allows.
    #[error("{0}; nothing of the request was kept")]
    Breach(String),
    /// The request does not fit into one frame.
    #[error("the request is too large to be written at once")]
    TooLarge,
}

/// A file that is being sent.
pub struct Upload {
    /// Its name.
    pub name: String,
    /// The store its events belong to.
    pub store: String,
    /// A dialect's name, or `auto`.
    pub dialect: String,
    /// Column to field.
    pub map: Vec<(String, String)>,
    /// Value to event type.
    pub map_type: Vec<(String, String)>,
    /// The saved mapping that these come from.
    pub mapping: Option<String>,
    /// It ends after so many rows.
    pub rows_max: Option<u64>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Only says what would become of it.
    pub check_only: bool,
    /// Bytes to come, where the sender said so.
    pub bytes: Option<u64>,
    /// The bytes as they stand in the file, plain or compressed; ends with an error where the sender goes away.
    pub reader: Box<dyn Read + Send>,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Bytes read of the file, as sent.
    pub bytes: u64,
    /// Rows read.
    pub rows: u64,
    /// What became of them.
    #[serde(flatten)]
    pub counts: ImportCounts,
}

/// Events of an import so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Events made of the rows.
    pub received: u64,
    /// Passed the checks.
    pub accepted: u64,
    /// Seen before.
    pub duplicate: u64,
    /// Set aside.
    pub quarantined: u64,
}

/// What an import did: the table that `ingest` prints at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportSummary {
    /// The file's name.
    pub name: String,
    /// The identity its events are counted under.
    pub source: String,
    /// How it was read.
    pub dialect: String,
    /// Column to field, given or guessed.
    pub map: Vec<(String, String)>,
    /// Nothing was kept: it was only checked.
    pub check_only: bool,
    /// Rows of the file.
    pub rows: u64,
    /// What became of them.
    #[serde(flatten)]
    pub counts: ImportCounts,
    /// Set aside, by reason.
    pub quarantined_by_reason: BTreeMap<String, u64>,
    /// Accepted, by event type.
    pub events_by_type: BTreeMap<String, u64>,
    /// Money by currency.
    pub money: Vec<ImportMoney>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// How far it came: `complete`, `limited`, `stopped`.
    #[serde(default)]
    pub state: String,
    /// Rows that an earlier run had brought: they were passed over, and their events count as duplicates here.
    #[serde(default)]
    pub known_rows: u64,
    /// More was set aside than the shop allows: the sentence.
    #[serde(default)]
    pub breach: Option<String>,
}

/// Money of an import in one currency, as decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportMoney {
    /// The currency's code.
    pub currency: String,
    /// Sold.
    pub money_in: String,
    /// Given back.
    pub money_out: String,
}

/// Why an import ended early; what was accepted before stays, and running it again adds the rest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ImportProblem {
    /// What the sender does next.
    pub remedy: ImportRemedy,
    /// What happened.
    pub detail: String,
    /// How to mend it.
    pub hint: String,
}

/// What the sender of a failed import does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportRemedy {
    /// Mend the file or the mapping.
    Mend,
    /// Send it again: the connection broke or the server is busy or stopping.
    Retry,
    /// Look after the server: its log cannot be written.
    Operate,
    /// Tell us: it is a defect of ours.
    Report,
}
