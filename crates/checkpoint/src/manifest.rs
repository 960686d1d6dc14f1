//! The file that makes runs a checkpoint: it names every one of them with length and checksum, and carries the small
//! values itself. What is done with it stands in `checkpoints.rs`.

use std::collections::BTreeMap;

use crate::checkpoints::Checkpoint;
use crate::codec::{DecodeError, Decoder, Encoder};
use crate::folder::is_run;
use crate::run::{Run, RunNote};

/// First bytes, with the version of the format.
const MAGIC: [u8; 8] = *b"shopckp\x01";
const CRC_BYTES: usize = size_of::<u32>();
const SUFFIX: &str = ".checkpoint";
const UNFINISHED_SUFFIX: &str = ".checkpoint.new";

/// Which checkpoint a file is, and its place in their order: a process that was taken over cannot write one that looks
/// newer than those of its successor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CheckpointId {
    pub epoch: u64,
    pub number: u64,
}

impl CheckpointId {
    pub(crate) fn file_name(self) -> String {
        format!("{:06}-{:010}{SUFFIX}", self.epoch, self.number)
    }

    pub(crate) fn unfinished_name(self) -> String {
        format!("{:06}-{:010}{UNFINISHED_SUFFIX}", self.epoch, self.number)
    }

    pub(crate) fn of(name: &str) -> Option<CheckpointId> {
        let (epoch, number) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        let (epoch, number) = (epoch.parse().ok()?, number.parse().ok()?);
        let id = CheckpointId { epoch, number };
        (id.file_name() == name).then_some(id)
    }
}

/// Whether a file of this name is a manifest that a crash left unfinished, in this epoch or before.
pub(crate) fn is_unfinished(name: &str, epoch: u64) -> bool {
    let stem = name.strip_suffix(UNFINISHED_SUFFIX);
    let id = stem.and_then(|stem| CheckpointId::of(&format!("{stem}{SUFFIX}")));
    id.is_some_and(|id| id.epoch <= epoch)
}

/// The checkpoint that another one followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    pub id: CheckpointId,
    /// Of its manifest.
    pub hash: u128,
}

/// A manifest that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub id: CheckpointId,
    pub hash: u128,
    pub parent: Option<Parent>,
    pub values: BTreeMap<String, Vec<u8>>,
    pub tables: BTreeMap<String, Vec<RunNote>>,
}

/// The bytes of a manifest.
pub(crate) fn write(id: CheckpointId, parent: Option<Parent>, checkpoint: &Checkpoint) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let mut encoder = Encoder(&mut bytes);
    write_id(&mut encoder, id);
    encoder.bool(parent.is_some());
    if let Some(parent) = parent {
        write_id(&mut encoder, parent.id);
        encoder.u128(parent.hash);
    }
    encoder.u64(checkpoint.values.len() as u64);
    for (name, value) in &checkpoint.values {
        encoder.text(name);
        encoder.bytes(value);
    }
    encoder.u64(checkpoint.tables.len() as u64);
    for (name, table) in &checkpoint.tables {
        encoder.text(name);
        encoder.u64(table.layers().len() as u64);
        for note in table.layers().iter().map(Run::note) {
            write_note(&mut encoder, &note);
        }
    }
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// The counterpart of `write`, or what is wrong with the bytes.
pub(crate) fn read(bytes: &[u8]) -> Result<Manifest, &'static str> {
    let (covered, crc) = bytes
        .split_last_chunk::<CRC_BYTES>()
        .ok_or("is cut short")?;
    if crc32c::crc32c(covered) != u32::from_le_bytes(*crc) {
        return Err("fails its checksum");
    }
    let body = covered.strip_prefix(&MAGIC);
    let body = body.ok_or("is of a format that this version does not know")?;
    let hash = hash(bytes);
    match decode(body, hash) {
        Ok(Some(manifest)) => Ok(manifest),
        Ok(None) | Err(_) => Err("is malformed"),
    }
}

/// What the next checkpoint remembers of this one.
pub(crate) fn hash(bytes: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(bytes)
}

fn decode(body: &[u8], hash: u128) -> Result<Option<Manifest>, DecodeError> {
    let mut decoder = Decoder::new(body);
    let id = read_id(&mut decoder)?;
    let parent = match decoder.bool()? {
        true => Some(Parent {
            id: read_id(&mut decoder)?,
            hash: decoder.u128()?,
        }),
        false => None,
    };
    let mut values = BTreeMap::new();
    for _ in 0..decoder.count()? {
        values.insert(decoder.text()?.to_owned(), decoder.bytes()?.to_vec());
    }
    let mut tables = BTreeMap::new();
    for _ in 0..decoder.count()? {
        let name = decoder.text()?.to_owned();
        let count = decoder.count()?;
        let notes: Result<Vec<_>, _> = (0..count).map(|_| read_note(&mut decoder)).collect();
        tables.insert(name, notes?);
    }
    // A name is joined to the folder, so it must not lead out of it.
    let names_are_ours = tables.values().flatten().all(|note| is_run(&note.name));
    Ok((decoder.is_empty() && names_are_ours).then_some(Manifest {
        id,
        hash,
        parent,
        values,
        tables,
    }))
}

fn write_id(encoder: &mut Encoder<'_>, id: CheckpointId) {
    encoder.u64(id.epoch);
    encoder.u64(id.number);
}

fn read_id(decoder: &mut Decoder<'_>) -> Result<CheckpointId, DecodeError> {
    Ok(CheckpointId {
        epoch: decoder.u64()?,
        number: decoder.u64()?,
    })
}

fn write_note(encoder: &mut Encoder<'_>, note: &RunNote) {
    encoder.text(&note.name);
    encoder.u64(note.bytes);
    encoder.u64(note.rows);
    encoder.u64(u64::from(note.crc));
}

fn read_note(decoder: &mut Decoder<'_>) -> Result<RunNote, DecodeError> {
    Ok(RunNote {
        name: decoder.text()?.to_owned(),
        bytes: decoder.u64()?,
        rows: decoder.u64()?,
        crc: u32::try_from(decoder.u64()?).map_err(|_| DecodeError::TooLarge)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_of_a_younger_process_come_after_all_of_an_older_one() {
        let of = |name| CheckpointId::of(name).expect("a name");
        assert!(of("000002-0000000007.checkpoint") > of("000001-0000000009.checkpoint"));
        assert!(of("1000000-0000000001.checkpoint") > of("999999-0000000009.checkpoint"));
    }

    #[test]
    fn nothing_else_is_taken_for_a_checkpoint() {
        for name in [
            "000001-0000000009.checkpoint.new",
            "000001-0000000009.run",
            "1-9.checkpoint",
            "000001.checkpoint",
            "lock",
        ] {
            assert_eq!(CheckpointId::of(name), None, "{name}");
        }
    }

    #[test]
    fn a_manifest_that_names_a_file_outside_of_the_folder_is_malformed() {
        let id = CheckpointId {
            epoch: 1,
            number: 1,
        };
        let mut bytes = write(id, None, &Checkpoint::default());
        bytes.truncate(bytes.len() - CRC_BYTES - 1);
        let mut encoder = Encoder(&mut bytes);
        encoder.u64(1);
        encoder.text("cells");
        encoder.u64(1);
        let name = "../000001-0000000001.run".to_owned();
        let note = RunNote {
            name,
            bytes: 1,
            rows: 1,
            crc: 1,
        };
        write_note(&mut encoder, &note);
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        assert_eq!(read(&bytes), Err("is malformed"));
    }
}
