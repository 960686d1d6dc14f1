//! Writes a run, row by row in the order of keys. A run that was not finished leaves nothing behind.
//!
//! ```text
//! run      magic · blocks · footer · length of the footer (u64) · CRC32C of the footer (u32) · magic
//! footer   rows · count of blocks · for each its length and first key · last key · filter
//! ```

use std::sync::{Arc, OnceLock};

use crate::block::{BlockBuilder, common_length};
use crate::codec::Encoder;
use crate::disk::SharedFile;
use crate::error::StateError;
use crate::filter::{Filter, hash};
use crate::folder::{Folder, RunFile};
use crate::run::{Index, Run, RunState};

/// Keys above this are refused.
pub const KEY_BYTES_MAX: usize = 64 << 10;
/// Values above this are refused.
pub const VALUE_BYTES_MAX: usize = 64 << 20;
/// First and last bytes of a run, with the version of its format.
pub(crate) const MAGIC: [u8; 8] = *b"shoprun\x01";
/// Gathered before a write: few calls, and still within the cache.
const PIECE_BYTES: usize = 256 << 10;

/// A run while it is written.
#[derive(Debug)]
pub struct RunWriter {
    out: Out,
    block: BlockBuilder,
    index: Index,
    filter: Filter,
    last: Vec<u8>,
    rows: u64,
}

impl RunWriter {
    /// Begins a run. The number of rows need only be about right: it decides the size of the filter.
    pub fn create(folder: &Folder, rows_expected: u64) -> Result<RunWriter, StateError> {
        let mut out = Out::create(folder.new_file())?;
        out.pending.extend_from_slice(&MAGIC);
        Ok(RunWriter {
            out,
            block: BlockBuilder::default(),
            index: Index::default(),
            filter: Filter::for_keys(rows_expected),
            last: Vec::new(),
            rows: 0,
        })
    }

    /// Appends a row; its key must be larger than the one before. No value says that the row was removed and hides
    /// those of older runs.
    pub fn push(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StateError> {
        limit("key", key.len(), KEY_BYTES_MAX)?;
        limit("value", value.map_or(0, <[u8]>::len), VALUE_BYTES_MAX)?;
        let shared = common_length(&self.last, key);
        if self.rows > 0 && self.last[shared..] >= key[shared..] {
            return Err(StateError::OutOfOrder {
                path: self.out.file.path(),
            });
        }
        if self.block.is_empty() {
            self.index.begin(self.out.position(), key);
        }
        self.block.push(key, shared, value);
        self.filter.insert(hash(key));
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.rows += 1;
        if self.block.is_full() {
            self.end_block()?;
        }
        Ok(())
    }

    /// Writes what is left and gives the run out. It is not synced before a checkpoint names it.
    pub fn finish(mut self) -> Result<Run, StateError> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        self.filter.shrink_for(self.rows);
        self.index.end(self.out.position());
        self.write_footer();
        self.out.write()?;
        Ok(Run::new(RunState {
            file: self.out.file,
            handle: self.out.handle,
            index: self.index,
            filter: self.filter,
            last: self.last,
            rows: self.rows,
            bytes: self.out.written,
            crc: self.out.crc,
            synced: OnceLock::new(),
        }))
    }

    fn end_block(&mut self) -> Result<(), StateError> {
        self.block.finish(&mut self.out.pending);
        if self.out.pending.len() >= PIECE_BYTES {
            self.out.write()?;
        }
        Ok(())
    }

    fn write_footer(&mut self) {
        let bytes = &mut self.out.pending;
        let from = bytes.len();
        let mut encoder = Encoder(bytes);
        encoder.u64(self.rows);
        self.index.write(&mut encoder);
        encoder.bytes(&self.last);
        self.filter.write(bytes);
        let crc = crc32c::crc32c(&bytes[from..]);
        let length = (bytes.len() - from) as u64;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes.extend_from_slice(&MAGIC);
    }
}

fn limit(what: &'static str, bytes: usize, bytes_max: usize) -> Result<(), StateError> {
    if bytes > bytes_max {
        return Err(StateError::TooLarge {
            what,
            bytes,
            bytes_max,
        });
    }
    Ok(())
}

/// The file behind a writer, with the checksum of everything in it.
#[derive(Debug)]
struct Out {
    file: Arc<RunFile>,
    handle: SharedFile,
    pending: Vec<u8>,
    written: u64,
    crc: u32,
}

impl Out {
    fn create(file: Arc<RunFile>) -> Result<Out, StateError> {
        let path = file.path();
        let handle = file.folder().disk().create(&path);
        Ok(Out {
            handle: handle.map_err(StateError::io("create", &path))?,
            file,
            pending: Vec::with_capacity(PIECE_BYTES + (8 << 10)),
            written: 0,
            crc: 0,
        })
    }

    /// Where the next byte will stand.
    fn position(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    fn write(&mut self) -> Result<(), StateError> {
        let written = self.handle.write_all_at(&self.pending, self.written);
        written.map_err(|cause| StateError::io("write", &self.file.path())(cause))?;
        self.crc = crc32c::crc32c_append(self.crc, &self.pending);
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}
