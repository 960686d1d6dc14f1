//! How far the line has folded, as bytes for a checkpoint.

use super::Line;
use checkpoint::{DecodeError, Decoder, Encoder};
use event::import::ImportKey;

impl Line {
    pub(super) fn encode_progress(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut out = Encoder(&mut bytes);
        out.u64(self.progress.offset);
        out.bool(self.progress.event_times.is_some());
        if let Some((oldest, newest)) = self.progress.event_times {
            out.i64(oldest);
            out.i64(newest);
        }
        out.u64(self.generation);
        for imports in [&self.undone, &self.to_undo] {
            out.u64(imports.len() as u64);
            imports.iter().for_each(|import| out.u64(import.0));
        }
        bytes
    }

    pub(super) fn decode_progress(&mut self, read: &mut Decoder<'_>) -> Result<(), DecodeError> {
        self.progress.offset = read.u64()?;
        if read.bool()? {
            self.progress.event_times = Some((read.i64()?, read.i64()?));
        }
        self.generation = read.u64()?;
        for imports in [&mut self.undone, &mut self.to_undo] {
            for _ in 0..read.count()? {
                imports.insert(ImportKey(read.u64()?));
            }
        }
        Ok(())
    }
}
