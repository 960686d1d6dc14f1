//! The parts of a workbook: found in its ZIP directory, unpacked as streams that end with an error where they grow too large.
//! What a part says is read elsewhere.

use super::strings::SharedStrings;
use super::styles::Styles;
use super::xml::{Element, Xml};
use super::{
    UNPACKED_BYTES_FREE, UNPACKED_RATIO_MAX, WORKBOOK_BYTES_MAX, damaged, refuse, too_large,
};
use bytes::Bytes;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::io::{self, Cursor, Read};
use zip::{CompressionMethod, ZipArchive};

/// A sheet as the workbook lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SheetEntry {
    pub name: String,
    pub is_hidden: bool,
    pub part: String,
}

/// A part being unpacked.
pub(super) type Part = Box<dyn Read + Send>;

/// A workbook's parts.
pub(super) struct Archive {
    bytes: Bytes,
    directory: ZipArchive<Cursor<Bytes>>,
}

impl Archive {
    /// Takes the packed file into memory and reads its directory.
    pub(super) fn read(read: Box<dyn Read + Send>) -> io::Result<Archive> {
        let mut bytes = Vec::new();
        read.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > WORKBOOK_BYTES_MAX {
            return Err(too_large(&format!(
                "more than {} MiB packed",
                WORKBOOK_BYTES_MAX >> 20
            )));
        }
        let bytes = Bytes::from(bytes);
        let directory = ZipArchive::new(Cursor::new(bytes.clone()))
            .map_err(|_| damaged("it ends too early, or its directory is broken"))?;
        Ok(Archive { bytes, directory })
    }

    /// A part of this name.
    pub(super) fn part(&mut self, name: &str) -> io::Result<Part> {
        let missing = || damaged(&format!("it has no part {name}"));
        let at = self.directory.index_for_name(name).ok_or_else(missing)?;
        let entry = self.directory.by_index_raw(at).map_err(|_| missing())?;
        let start = entry.data_start().ok_or_else(missing)?;
        let packed = entry.compressed_size();
        let (method, crc) = (entry.compression(), entry.crc32());
        let range = usize::try_from(start)
            .ok()
            .zip(usize::try_from(packed).ok())
            .and_then(|(start, length)| Some(start..start.checked_add(length)?))
            .filter(|range| range.end <= self.bytes.len())
            .ok_or_else(missing)?;
        let stored = Cursor::new(self.bytes.slice(range));
        let read: Box<dyn Read + Send> = match method {
            CompressionMethod::Stored => Box::new(stored),
            CompressionMethod::Deflated => Box::new(DeflateDecoder::new(stored)),
            _ => {
                return Err(damaged(&format!(
                    "its part {name} is packed in another way"
                )));
            }
        };
        let bounded = Bounded {
            read,
            crc: Crc::new(),
            crc_expected: crc,
            bytes: 0,
            bytes_max: UNPACKED_BYTES_FREE.max(packed.saturating_mul(UNPACKED_RATIO_MAX)),
        };
        Ok(Box::new(bounded))
    }

    fn has(&self, name: &str) -> bool {
        self.directory.index_for_name(name).is_some()
    }

    /// Text of shared cells; a workbook of numbers alone has none.
    pub(super) fn shared_strings(&mut self) -> io::Result<SharedStrings> {
        let name = self.target_of("/sharedStrings")?;
        match name {
            Some(name) if self.has(&name) => SharedStrings::read(self.part(&name)?),
            _ => Ok(SharedStrings::default()),
        }
    }

    /// How cells are shown, which is what tells a time from a number.
    pub(super) fn styles(&mut self) -> io::Result<Styles> {
        let workbook = self.workbook()?;
        let name = self.target_of("/styles")?;
        let mut styles = match name {
            Some(name) if self.has(&name) => Styles::read(self.part(&name)?)?,
            _ => Styles::default(),
        };
        styles.counts_from_1904 = is_from_1904(self.part(&workbook)?)?;
        Ok(styles)
    }

    /// The sheets in the workbook's order; charts and macros are none.
    pub(super) fn sheets(&mut self) -> io::Result<Vec<SheetEntry>> {
        let workbook = self.workbook()?;
        let targets = self.relationships(&relationships_of(&workbook))?;
        let mut xml = Xml::new(self.part(&workbook)?);
        let mut sheets = Vec::new();
        while let Some(element) = xml.next()? {
            let Element::Start(tag) = element else {
                continue;
            };
            if tag.name() != "sheet" {
                continue;
            }
            let id = tag.text("id")?;
            let target = targets.iter().find(|target| target.id == id);
            if let Some(target) = target.filter(|target| target.kind.ends_with("/worksheet")) {
                sheets.push(SheetEntry {
                    name: tag.text("name")?,
                    is_hidden: tag
                        .attribute("state")?
                        .is_some_and(|state| state != "visible"),
                    part: resolved(&workbook, &target.part),
                });
            }
        }
        if sheets.is_empty() {
            return Err(damaged("it has no sheets"));
        }
        Ok(sheets)
    }

    /// The part that lists the sheets.
    fn workbook(&mut self) -> io::Result<String> {
        if !self.has("[Content_Types].xml") || !self.has("_rels/.rels") {
            return Err(if self.has("content.xml") {
                refuse(
                    "it is a spreadsheet in the OpenDocument format",
                    "save it as XLSX or as CSV",
                )
            } else {
                refuse(
                    "it is a ZIP, and not of a workbook",
                    "unpack it and name the files in it",
                )
            });
        }
        let targets = self.relationships("_rels/.rels")?;
        let main = targets
            .into_iter()
            .find(|target| target.kind.ends_with("/officeDocument"));
        let part = main.map(|target| resolved("", &target.part));
        match part {
            Some(part) if part.ends_with(".bin") => Err(refuse(
                "it is a binary workbook (XLSB)",
                "save it as XLSX or as CSV",
            )),
            Some(part) if self.has(&part) => Ok(part),
            _ => Err(damaged("it does not say where its sheets are")),
        }
    }

    fn target_of(&mut self, kind: &str) -> io::Result<Option<String>> {
        let workbook = self.workbook()?;
        let targets = self.relationships(&relationships_of(&workbook))?;
        let target = targets.iter().find(|target| target.kind.ends_with(kind));
        Ok(target.map(|target| resolved(&workbook, &target.part)))
    }

    fn relationships(&mut self, name: &str) -> io::Result<Vec<Target>> {
        let mut xml = Xml::new(self.part(name)?);
        let mut targets = Vec::new();
        while let Some(element) = xml.next()? {
            let Element::Start(tag) = element else {
                continue;
            };
            if tag.name() == "Relationship" {
                targets.push(Target {
                    id: tag.text("Id")?,
                    kind: tag.text("Type")?,
                    part: tag.text("Target")?,
                });
            }
        }
        Ok(targets)
    }
}

struct Target {
    id: String,
    kind: String,
    part: String,
}

/// `xl/workbook.xml` has its relationships in `xl/_rels/workbook.xml.rels`.
fn relationships_of(part: &str) -> String {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let folder = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    format!("{folder}_rels/{name}.rels")
}

/// A target as it is named from `part`, as a name of the archive.
fn resolved(part: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut folders: Vec<&str> = part.split('/').collect();
    folders.pop();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                folders.pop();
            }
            name => folders.push(name),
        }
    }
    folders.join("/")
}

fn is_from_1904(part: Part) -> io::Result<bool> {
    let mut xml = Xml::new(part);
    while let Some(element) = xml.next()? {
        if let Element::Start(tag) = element
            && tag.name() == "workbookPr"
        {
            let said = tag.attribute("date1904")?;
            return Ok(matches!(said.as_deref(), Some("1" | "true")));
        }
    }
    Ok(false)
}

/// Unpacks within bounds, and notices at the end what was damaged on the way.
struct Bounded {
    read: Box<dyn Read + Send>,
    crc: Crc,
    crc_expected: u32,
    bytes: u64,
    bytes_max: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = (self.read.read(buffer)).map_err(|_| damaged("it does not unpack"))?;
        if read == 0 && !buffer.is_empty() && self.crc.sum() != self.crc_expected {
            return Err(damaged("a part of it has the wrong checksum"));
        }
        self.crc.update(&buffer[..read]);
        self.bytes += read as u64;
        if self.bytes > self.bytes_max {
            return Err(too_large(&format!(
                "a part of it unpacks to more than {} MiB, {UNPACKED_RATIO_MAX} times its size",
                self.bytes_max >> 20
            )));
        }
        Ok(read)
    }
}
