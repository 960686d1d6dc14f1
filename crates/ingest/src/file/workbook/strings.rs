//! Text that cells share, end to end in one piece of memory.

use super::archive::Part;
use super::xml::{Element, Xml};
use super::{SHARED_TEXT_BYTES_MAX, too_large};
use std::io;

/// The texts, by number.
#[derive(Debug, Default)]
pub(super) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    /// Reads the part. Runs of one text are put together; how a word is read aloud is left out.
    pub(super) fn read(part: Part) -> io::Result<SharedStrings> {
        let mut xml = Xml::new(part);
        let mut strings = SharedStrings::default();
        let (mut is_text, mut phonetic) = (false, 0_usize);
        while let Some(element) = xml.next()? {
            match element {
                Element::Start(tag) => match tag.name() {
                    "t" => is_text = true,
                    "rPh" => phonetic += 1,
                    _ => {}
                },
                Element::Text(text) if is_text && phonetic == 0 => strings.push_text(&text)?,
                Element::Text(_) | Element::Other => {}
                Element::End(tag) => match tag.name() {
                    "t" => is_text = false,
                    "rPh" => phonetic = phonetic.saturating_sub(1),
                    "si" => strings.end()?,
                    _ => {}
                },
            }
        }
        Ok(strings)
    }

    /// The text of this number.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = match number.checked_sub(1) {
            Some(before) => self.ends[before] as usize,
            None => 0,
        };
        self.text.get(start..end)
    }

    fn push_text(&mut self, text: &str) -> io::Result<()> {
        self.text.push_str(text);
        self.check()
    }

    fn end(&mut self) -> io::Result<()> {
        let end = u32::try_from(self.text.len()).expect("the text is bounded far below 4 GiB");
        self.ends.push(end);
        self.check()
    }

    fn check(&self) -> io::Result<()> {
        if self.text.len() + self.ends.len() * size_of::<u32>() > SHARED_TEXT_BYTES_MAX {
            return Err(too_large(&format!(
                "its cells share more than {} MiB of text",
                SHARED_TEXT_BYTES_MAX >> 20
            )));
        }
        Ok(())
    }
}

/// `_x000D_` stands for a character that XML cannot hold.
pub(super) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        plain.push_str(before);
        let code = after
            .get(..5)
            .filter(|code| code.ends_with('_'))
            .and_then(|code| u32::from_str_radix(&code[..4], 16).ok())
            .and_then(char::from_u32)
            .filter(|character| *character != '\0');
        match code {
            Some(character) => {
                plain.push(character);
                rest = &after[5..];
            }
            None => {
                plain.push_str("_x");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}
