//! Packed files: gzip (of one member or many) and zstd are told by their first bytes and unpacked while they are read.

use flate2::read::MultiGzDecoder;
use std::io::{self, Chain, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
/// Bytes needed to tell.
const MAGIC_BYTES: usize = 4;

/// A file unpacked.
pub(super) struct Unpacked {
    /// Its plain bytes.
    pub read: Box<dyn Read + Send>,
    /// Whether it was packed.
    pub packed: bool,
    /// Bytes taken from the file itself so far.
    pub bytes_read: Arc<AtomicU64>,
}

/// Counts what is taken from the file, for a progress bar against its size.
struct Counting {
    read: Box<dyn Read + Send>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Unpacks a file as far as it is packed.
pub(super) fn unpack(read: Box<dyn Read + Send>) -> io::Result<Unpacked> {
    let bytes_read = Arc::new(AtomicU64::new(0));
    let mut counting = Counting {
        read,
        bytes: Arc::clone(&bytes_read),
    };
    let mut magic = Vec::with_capacity(MAGIC_BYTES);
    counting
        .by_ref()
        .take(MAGIC_BYTES as u64)
        .read_to_end(&mut magic)?;
    let (is_gzip, is_zstd) = (magic.starts_with(GZIP), magic.starts_with(ZSTD));
    let whole: Chain<Cursor<Vec<u8>>, Counting> = Cursor::new(magic).chain(counting);
    let read: Box<dyn Read + Send> = if is_gzip {
        Box::new(MultiGzDecoder::new(whole))
    } else if is_zstd {
        Box::new(zstd::stream::read::Decoder::new(whole)?)
    } else {
        Box::new(whole)
    };
    Ok(Unpacked {
        read,
        packed: is_gzip || is_zstd,
        bytes_read,
    })
}
