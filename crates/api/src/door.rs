//! What the counter asks of the door: take events in, load a file. The door itself lives elsewhere.

use event::Reason;
use event::frame::SourceInfo;
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
