//! A sorted run of rows on disk: written once, never changed. Filter and first key of each block stay in memory, so
//! that a look-up reads one block or nothing. How a run is written stands in `write.rs`.

use std::sync::{Arc, OnceLock};

use crate::block::{Block, Lookup};
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::disk::SharedFile;
use crate::error::StateError;
use crate::filter::{FILTER_BLOCK_BYTES, Filter};
use crate::folder::RunFile;
use crate::write::MAGIC;

/// Length of the footer, its checksum, and the magic.
const END_BYTES: usize = 8 + 4 + MAGIC.len();
/// Read at once when a file is checked.
const PIECE_BYTES: usize = 1 << 20;

/// A run; clones share it. Its file stays as long as a clone or a kept checkpoint needs it.
#[derive(Debug, Clone)]
pub struct Run(Arc<RunState>);

#[derive(Debug)]
pub(crate) struct RunState {
    pub file: Arc<RunFile>,
    pub handle: SharedFile,
    pub index: Index,
    pub filter: Filter,
    pub last: Vec<u8>,
    pub rows: u64,
    pub bytes: u64,
    /// Of the whole file.
    pub crc: u32,
    /// A sync is tried once: after one that failed, the next would succeed without the lost pages.
    pub synced: OnceLock<Result<(), StateError>>,
}

/// What a manifest says of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunNote {
    pub name: String,
    pub bytes: u64,
    pub rows: u64,
    pub crc: u32,
}

impl Run {
    pub(crate) fn new(state: RunState) -> Run {
        Run(Arc::new(state))
    }

    /// Rows in it, removed ones among them.
    pub fn rows(&self) -> u64 {
        self.0.rows
    }

    /// Size of its file.
    pub fn bytes(&self) -> u64 {
        self.0.bytes
    }

    /// Makes its bytes durable. A commit does this too; done before, the commit is quicker.
    pub fn sync(&self) -> Result<(), StateError> {
        let sync = || (self.0.handle.sync()).map_err(|cause| StateError::sync(&self.path())(cause));
        self.0.synced.get_or_init(sync).clone()
    }

    /// Opens a run that a manifest names and holds every byte of it to the manifest.
    pub(crate) fn open(file: Arc<RunFile>, note: &RunNote) -> Result<Run, StateError> {
        let path = file.path();
        let handle = (file.folder().disk().open(&path)).map_err(StateError::io("open", &path))?;
        let damaged = |position, problem| StateError::Damaged {
            path: path.clone(),
            position,
            problem,
        };
        let bytes = handle.len().map_err(StateError::io("measure", &path))?;
        if bytes != note.bytes {
            return Err(damaged(
                bytes,
                "has another length than its checkpoint says",
            ));
        }
        let crc = checksum(&handle, bytes).map_err(StateError::io("read", &path))?;
        if crc != note.crc {
            return Err(damaged(0, "fails its checksum"));
        }
        let footer = read_footer(&handle, bytes).map_err(StateError::io("read", &path))?;
        let footer = footer.and_then(|footer| Footer::read(&footer).ok()?);
        let footer = footer.filter(|footer| footer.rows == note.rows);
        let footer = footer.ok_or_else(|| damaged(bytes, "has no readable end"))?;
        Ok(Run::new(RunState {
            file,
            handle,
            index: footer.index,
            filter: footer.filter,
            last: footer.last,
            rows: footer.rows,
            bytes,
            crc,
            synced: OnceLock::from(Ok(())),
        }))
    }

    pub(crate) fn note(&self) -> RunNote {
        RunNote {
            name: self.0.file.name().to_owned(),
            bytes: self.0.bytes,
            rows: self.0.rows,
            crc: self.0.crc,
        }
    }

    pub(crate) fn file(&self) -> &Arc<RunFile> {
        &self.0.file
    }

    /// Whether both are the same run.
    pub(crate) fn is(&self, other: &Run) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.file.path()
    }

    /// What the run says of a key; `block` is memory for the block that it may have to read.
    pub(crate) fn find<'a>(
        &self,
        key: &[u8],
        hash: u128,
        block: &'a mut Block,
    ) -> Result<Lookup<'a>, StateError> {
        let state = &*self.0;
        if key > &*state.last || !state.filter.may_hold(hash) {
            return Ok(Lookup::Absent);
        }
        let Some(at) = state.index.block_before(key) else {
            return Ok(Lookup::Absent);
        };
        self.read_block(at, block)?;
        block.find(key).map_err(|problem| self.damaged(at, problem))
    }

    /// How many blocks it has.
    pub(crate) fn blocks(&self) -> usize {
        self.0.index.len()
    }

    /// The block to begin with so that no row with this key or a larger one is missed.
    pub(crate) fn block_for(&self, key: &[u8]) -> usize {
        self.0.index.block_before(key).unwrap_or(0)
    }

    /// Reads a block and holds it to its checksum.
    pub(crate) fn read_block(&self, at: usize, block: &mut Block) -> Result<(), StateError> {
        let (position, length) = self.0.index.place(at);
        let read = self.0.handle.read_exact_at(block.room(length), position);
        read.map_err(|cause| match cause.kind() {
            std::io::ErrorKind::UnexpectedEof => self.damaged(at, "a block is cut off"),
            _ => StateError::io("read", &self.path())(cause),
        })?;
        block.check().map_err(|problem| self.damaged(at, problem))
    }

    /// The error for a block whose content is wrong.
    pub(crate) fn damaged(&self, block: usize, problem: &'static str) -> StateError {
        StateError::Damaged {
            path: self.path(),
            position: self.0.index.place(block).0,
            problem,
        }
    }
}

/// Where blocks begin, in the file and in the order of keys.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// One position more than blocks: the end of the last.
    positions: Vec<u64>,
    /// All first keys in one piece.
    keys: Vec<u8>,
    key_ends: Vec<usize>,
}

impl Index {
    /// The next block begins here, with this key.
    pub(crate) fn begin(&mut self, position: u64, key: &[u8]) {
        self.positions.push(position);
        self.keys.extend_from_slice(key);
        self.key_ends.push(self.keys.len());
    }

    /// The last block ends here.
    pub(crate) fn end(&mut self, position: u64) {
        self.positions.push(position);
    }

    pub(crate) fn write(&self, encoder: &mut Encoder<'_>) {
        encoder.u64(self.len() as u64);
        for at in 0..self.len() {
            encoder.u64(self.place(at).1 as u64);
            encoder.bytes(self.key(at));
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Index, DecodeError> {
        let count = decoder.count()?;
        let mut index = Index::default();
        let mut position = MAGIC.len() as u64;
        for _ in 0..count {
            let length = decoder.u64()?;
            index.begin(position, decoder.bytes()?);
            position = position.checked_add(length).ok_or(DecodeError::TooLarge)?;
        }
        index.end(position);
        Ok(index)
    }

    fn len(&self) -> usize {
        self.key_ends.len()
    }

    fn key(&self, at: usize) -> &[u8] {
        let from = at.checked_sub(1).map_or(0, |before| self.key_ends[before]);
        &self.keys[from..self.key_ends[at]]
    }

    /// Position and length of a block.
    fn place(&self, at: usize) -> (u64, usize) {
        let (from, to) = (self.positions[at], self.positions[at + 1]);
        (from, (to - from) as usize)
    }

    /// The last block that begins with this key or a smaller one.
    fn block_before(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle) <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }
}

struct Footer {
    rows: u64,
    index: Index,
    last: Vec<u8>,
    filter: Filter,
}

impl Footer {
    fn read(bytes: &[u8]) -> Result<Option<Footer>, DecodeError> {
        let mut decoder = Decoder::new(bytes);
        let rows = decoder.u64()?;
        let index = Index::read(&mut decoder)?;
        let last = decoder.bytes()?.to_vec();
        if decoder.left() < FILTER_BLOCK_BYTES {
            return Ok(None);
        }
        let filter = Filter::read(decoder.take(decoder.left())?);
        Ok(filter.map(|filter| Footer {
            rows,
            index,
            last,
            filter,
        }))
    }
}

/// The bytes of the footer, if the end of the file is whole.
fn read_footer(handle: &SharedFile, bytes: u64) -> std::io::Result<Option<Vec<u8>>> {
    let Some(end_at) = bytes.checked_sub(END_BYTES as u64) else {
        return Ok(None);
    };
    let mut end = [0; END_BYTES];
    handle.read_exact_at(&mut end, end_at)?;
    let (length, rest) = end.split_first_chunk().expect("the end has twenty bytes");
    let (crc, magic) = rest.split_first_chunk().expect("twelve are left");
    let (length, crc) = (u64::from_le_bytes(*length), u32::from_le_bytes(*crc));
    let Some(from) = end_at.checked_sub(length).filter(|_| magic == MAGIC) else {
        return Ok(None);
    };
    let mut footer = vec![0; length as usize];
    handle.read_exact_at(&mut footer, from)?;
    Ok((crc32c::crc32c(&footer) == crc).then_some(footer))
}

fn checksum(handle: &SharedFile, bytes: u64) -> std::io::Result<u32> {
    let mut piece = vec![0; PIECE_BYTES.min(bytes as usize)];
    let (mut position, mut crc) = (0, 0);
    while position < bytes {
        let length = (bytes - position).min(PIECE_BYTES as u64);
        let part = &mut piece[..length as usize];
        handle.read_exact_at(part, position)?;
        crc = crc32c::crc32c_append(crc, part);
        position += length;
    }
    Ok(crc)
}
