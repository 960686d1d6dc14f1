//! What was set aside, as the page of the quarantine shows it: counts by reason, and the newest rejections with the
//! beginning of their bytes. All of them, whole, stay in the log.

use super::ledger::LineKey;
use super::rows::{self, count};
use changelog::{Change, Value};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::frame::Rejected;
use event::import::{QuarantineId, Release};
use event::{EventTime, Reason};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The table of rejections.
pub const REJECTIONS: &str = "quarantine";
/// Rejected bytes shown in results; all of them stay in the log.
const SHOWN_BYTES_MAX: usize = 1_024;
/// Rejections shown; older ones of a flood stay in the log only.
const SHOWN_MAX: usize = 1_000;

#[derive(Debug, Clone)]
struct Shown {
    line: LineKey,
    position: i64,
    reason: Reason,
    detail: Arc<str>,
    bytes: Arc<str>,
    received: EventTime,
}

/// Rejections by reason, the newest of them by place, and which became events.
#[derive(Debug, Default)]
pub struct Rejections {
    reasons: BTreeMap<Reason, u64>,
    shown: BTreeMap<QuarantineId, Shown>,
    /// A second release of one is a repeat like any other.
    released: BTreeSet<QuarantineId>,
    changed_reasons: BTreeSet<Reason>,
    changed: BTreeSet<QuarantineId>,
    gone: Vec<QuarantineId>,
}

impl Rejections {
    /// Takes in a rejection at this place, of this line.
    pub fn add(&mut self, id: QuarantineId, line: &LineKey, rejected: &Rejected) {
        let reason = rejected.rejection.reason;
        *self.reasons.entry(reason).or_insert(0) += 1;
        self.changed_reasons.insert(reason);
        if self.shown.len() >= SHOWN_MAX {
            if self
                .shown
                .first_key_value()
                .is_some_and(|(oldest, _)| id < *oldest)
            {
                return;
            }
            if let Some((oldest, _)) = self.shown.pop_first() {
                self.changed.remove(&oldest);
            }
        }
        let bytes = &rejected.bytes[..rejected.bytes.len().min(SHOWN_BYTES_MAX)];
        let shown = Shown {
            line: line.clone(),
            position: rejected.position,
            reason,
            detail: Arc::from(rejected.rejection.detail.as_str()),
            bytes: Arc::from(String::from_utf8_lossy(bytes).as_ref()),
            received: rejected.received,
        };
        self.shown.insert(id, shown);
        self.changed.insert(id);
    }

    /// Takes in a release; false where it is not the first of what it releases.
    pub fn release(&mut self, release: &Release) -> bool {
        if !self.released.insert(release.id) {
            return false;
        }
        if let Some(count) = self.reasons.get_mut(&release.reason) {
            *count = count.saturating_sub(1);
            self.changed_reasons.insert(release.reason);
        }
        self.shown.remove(&release.id);
        self.changed.remove(&release.id);
        self.gone.push(release.id);
        true
    }

    /// Rows that changed since this was last asked.
    pub fn take_changes(&mut self, changes: &mut Vec<Change>) {
        for id in std::mem::take(&mut self.changed) {
            changes.extend(self.shown.get(&id).map(|shown| rejection_row(id, shown)));
        }
        let gone = std::mem::take(&mut self.gone).into_iter();
        changes.extend(gone.map(|id| rows::gone(REJECTIONS, rejection_key(id))));
        let reasons = std::mem::take(&mut self.changed_reasons).into_iter();
        changes.extend(reasons.map(|reason| {
            let key = Box::from([Value::Text(Arc::from(reason.code()))]);
            rows::row(
                "quarantine_reasons",
                key,
                vec![count(self.reasons[&reason])],
            )
        }));
    }

    /// Everything, for a checkpoint.
    pub fn encode(&self, out: &mut Encoder<'_>) {
        out.u64(self.reasons.len() as u64);
        for (reason, count) in &self.reasons {
            out.text(reason.code());
            out.u64(*count);
        }
        out.u64(self.released.len() as u64);
        self.released.iter().for_each(|id| encode_id(*id, out));
        out.u64(self.shown.len() as u64);
        for (id, shown) in &self.shown {
            encode_id(*id, out);
            super::ledger::encode_line_key(&shown.line, out);
            out.i64(shown.position);
            out.text(shown.reason.code());
            out.text(&shown.detail);
            out.text(&shown.bytes);
            out.i64(shown.received.0);
        }
    }

    /// What was encoded, with every row told as changed.
    pub fn decode(read: &mut Decoder<'_>) -> Result<Rejections, DecodeError> {
        let mut rejections = Rejections::default();
        for _ in 0..read.count()? {
            let reason = reason(read)?;
            rejections.reasons.insert(reason, read.u64()?);
            rejections.changed_reasons.insert(reason);
        }
        for _ in 0..read.count()? {
            rejections.released.insert(decode_id(read)?);
        }
        for _ in 0..read.count()? {
            let id = decode_id(read)?;
            let shown = Shown {
                line: super::ledger::decode_line_key(read)?,
                position: read.i64()?,
                reason: reason(read)?,
                detail: Arc::from(read.text()?),
                bytes: Arc::from(read.text()?),
                received: EventTime(read.i64()?),
            };
            rejections.shown.insert(id, shown);
            rejections.changed.insert(id);
        }
        Ok(rejections)
    }
}

fn reason(read: &mut Decoder<'_>) -> Result<Reason, DecodeError> {
    Reason::parse(read.text()?).ok_or(DecodeError::Unknown)
}

fn encode_id(id: QuarantineId, out: &mut Encoder<'_>) {
    out.u64(id.frame);
    out.u64(u64::from(id.index));
}

fn decode_id(read: &mut Decoder<'_>) -> Result<QuarantineId, DecodeError> {
    let (frame, index) = (read.u64()?, read.u32()?);
    Ok(QuarantineId { frame, index })
}

fn rejection_row(id: QuarantineId, shown: &Shown) -> Change {
    let values = vec![
        Value::Text(Arc::clone(&shown.line.source)),
        Value::Text(Arc::clone(&shown.line.store)),
        Value::Int(shown.position),
        Value::Text(Arc::from(shown.reason.code())),
        Value::Text(Arc::clone(&shown.detail)),
        Value::Text(Arc::clone(&shown.bytes)),
        Value::Time(shown.received.0),
    ];
    rows::row(REJECTIONS, rejection_key(id), values)
}

fn rejection_key(id: QuarantineId) -> Box<[Value]> {
    Box::from([count(id.frame), count(u64::from(id.index))])
}
