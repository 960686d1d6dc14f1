//! The audit at rest.

use super::{Audit, ImportRow, SourceRow};
use checkpoint::{DecodeError, Decoder, Encoder};
use event::import::{ImportKey, ImportState, QuarantineId};
use event::{EventTime, Reason};
use std::sync::Arc;

impl Audit {
    /// Writes all of it.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let mut out = Encoder(bytes);
        out.u64(self.sources.len() as u64);
        for (key, row) in &self.sources {
            for text in [key, &row.name, &row.store] {
                out.text(text);
            }
            for count in [
                row.rows,
                row.received,
                row.accepted,
                row.duplicate,
                row.quarantined,
            ] {
                out.u64(count);
            }
        }
        out.u64(self.imports.len() as u64);
        for (key, row) in &self.imports {
            out.u64(key.0);
            for text in [
                &row.source,
                &row.name,
                &row.store,
                &row.dialect,
                &row.mapping,
            ] {
                out.text(text);
            }
            out.text(row.state.name());
            out.i64(row.began.0);
            let counts = [
                row.number,
                row.first_offset,
                row.rows,
                row.received,
                row.accepted,
                row.duplicate,
                row.quarantined,
            ];
            counts.into_iter().for_each(|count| out.u64(count));
        }
        out.u64(self.released.len() as u64);
        for id in &self.released {
            out.u64(id.frame);
            out.u64(u64::from(id.index));
        }
        out.u64(self.reasons.len() as u64);
        for (reason, count) in &self.reasons {
            out.text(reason);
            out.u64(*count);
        }
        out.u64(self.counted);
    }

    /// Reads [`Audit::encode`]; every row counts as changed.
    pub fn decode(bytes: &[u8]) -> Result<Audit, DecodeError> {
        let read = &mut Decoder::new(bytes);
        let mut audit = Audit::default();
        let text = |read: &mut Decoder<'_>| read.text().map(Arc::<str>::from);
        for _ in 0..read.count()? {
            let key = text(read)?;
            let row = SourceRow {
                name: text(read)?,
                store: text(read)?,
                rows: read.u64()?,
                received: read.u64()?,
                accepted: read.u64()?,
                duplicate: read.u64()?,
                quarantined: read.u64()?,
            };
            audit.changed_sources.insert(Arc::clone(&key));
            audit.sources.insert(key, row);
        }
        for _ in 0..read.count()? {
            let key = ImportKey(read.u64()?);
            let mut row = ImportRow {
                source: text(read)?,
                name: text(read)?,
                store: text(read)?,
                dialect: text(read)?,
                mapping: text(read)?,
                ..ImportRow::default()
            };
            row.state = ImportState::parse(read.text()?).ok_or(DecodeError::TooLarge)?;
            row.began = EventTime(read.i64()?);
            for count in [
                &mut row.number,
                &mut row.first_offset,
                &mut row.rows,
                &mut row.received,
                &mut row.accepted,
                &mut row.duplicate,
                &mut row.quarantined,
            ] {
                *count = read.u64()?;
            }
            audit.changed_imports.insert(key);
            audit.imports.insert(key, row);
        }
        for _ in 0..read.count()? {
            let id = QuarantineId {
                frame: read.u64()?,
                index: u32::try_from(read.u64()?).map_err(|_| DecodeError::TooLarge)?,
            };
            audit.released.insert(id);
        }
        for _ in 0..read.count()? {
            let code = read.text()?;
            let reason = Reason::ALL.iter().find(|reason| reason.code() == code);
            let reason = reason.ok_or(DecodeError::TooLarge)?;
            audit.reasons.insert(reason.code(), read.u64()?);
            audit.changed_reasons.insert(reason.code());
        }
        audit.counted = read.u64()?;
        Ok(audit)
    }
}
