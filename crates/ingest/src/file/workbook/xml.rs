//! XML as a stream of elements and text, within bounds: no piece and no nesting grows with the file.

use super::{PIECE_BYTES_MAX, damaged, too_large};
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion, escape};
use std::borrow::Cow;
use std::io::{self, BufReader, Read};

/// Elements within each other; sheets have some five.
const DEPTH_MAX: usize = 64;

/// What the stream gives.
pub(super) enum Element<'x> {
    /// An element begins; one without content ends at once.
    Start(Tag<'x>),
    /// An element ends.
    End(EndTag<'x>),
    /// Text within the element at hand.
    Text(Cow<'x, str>),
    /// A comment or declaration.
    Other,
}

/// The end of an element.
pub(super) struct EndTag<'x>(BytesEnd<'x>);

impl EndTag<'_> {
    /// Its name without its namespace.
    pub(super) fn name(&self) -> &str {
        without_namespace(self.0.name().into_inner())
    }
}

/// The beginning of an element.
pub(super) struct Tag<'x>(BytesStart<'x>);

impl Tag<'_> {
    /// Its name without its namespace.
    pub(super) fn name(&self) -> &str {
        without_namespace(self.0.name().into_inner())
    }

    /// The value of an attribute, whatever its namespace; empty where there is none.
    pub(super) fn text(&self, name: &str) -> io::Result<String> {
        Ok(self.attribute(name)?.unwrap_or_default().into_owned())
    }

    /// The value of an attribute, whatever its namespace.
    pub(super) fn attribute(&self, name: &str) -> io::Result<Option<Cow<'_, str>>> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| damaged("an attribute cannot be read"))?;
            if without_namespace(attribute.key.into_inner()) == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                let value = value.map_err(|_| damaged("an attribute cannot be read"))?;
                return Ok(Some(value));
            }
        }
        Ok(None)
    }
}

fn without_namespace(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// The stream.
pub(super) struct Xml<R> {
    reader: Reader<BufReader<Pieces<R>>>,
    buffer: Vec<u8>,
    depth: usize,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(read: R) -> Xml<R> {
        let pieces = Pieces {
            read,
            piece_bytes: 0,
        };
        let mut reader = Reader::from_reader(BufReader::new(pieces));
        reader.config_mut().expand_empty_elements = true;
        Xml {
            reader,
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// The next element or text; nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Element<'_>>> {
        self.buffer.clear();
        self.reader.get_mut().get_mut().piece_bytes = 0;
        let event = self.reader.read_event_into(&mut self.buffer);
        Ok(Some(match event.map_err(explain)? {
            Event::Eof if self.depth > 0 => return Err(damaged("a part of it ends too early")),
            Event::Eof => return Ok(None),
            Event::Start(tag) | Event::Empty(tag) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(damaged("its elements are nested too deep"));
                }
                Element::Start(Tag(tag))
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Element::End(EndTag(tag))
            }
            Event::Text(text) => Element::Text(text.xml10_content()),
            Event::CData(text) => Element::Text(text.xml10_content()),
            Event::GeneralRef(reference) => Element::Text(Cow::Owned(resolve(&reference)?)),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => Element::Other,
        }))
    }
}

/// `&lt;` and `&#10;`; entities of a document's own are none of a workbook's.
fn resolve(reference: &BytesRef<'_>) -> io::Result<String> {
    let unknown = || damaged("it has an unknown entity");
    if let Some(character) = reference.resolve_char_ref().map_err(|_| unknown())? {
        return Ok(character.to_string());
    }
    escape::resolve_predefined_entity(reference)
        .map(str::to_owned)
        .ok_or_else(unknown)
}

fn explain(error: quick_xml::Error) -> io::Error {
    match error {
        // What the streams below say, said by them.
        quick_xml::Error::Io(cause) => match std::sync::Arc::try_unwrap(cause) {
            Ok(cause) => cause,
            Err(_) => damaged("it cannot be read"),
        },
        _ => damaged("a part of it is no XML"),
    }
}

/// Counts what is read for one piece, which is what a reader of XML has to hold.
struct Pieces<R> {
    read: R,
    piece_bytes: usize,
}

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read.read(buffer)?;
        self.piece_bytes += read;
        if self.piece_bytes > PIECE_BYTES_MAX {
            return Err(too_large("a piece of it is longer than any cell may be"));
        }
        Ok(read)
    }
}
