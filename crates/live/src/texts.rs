//! Texts as small numbers, given out as rows arrive: keys of a million rows then take eight bytes each.
//! Numbers never leave the crate; answers carry the texts.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use parking_lot::RwLock;
use std::sync::Arc;

/// An interned text; 0 stands for "not stated".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct TextId(pub(crate) u32);

impl TextId {
    /// Nothing stated.
    pub(crate) const NONE: TextId = TextId(0);
}

/// Every text that stands in a key.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    ids: HashMap<Arc<str>, TextId, FixedState>,
    texts: Vec<Arc<str>>,
    /// Numbers by the address of the text. The publisher names a thing by one and the same `Arc` all the time, and
    /// an address costs one cache miss where the letters cost three. Only of texts held here: theirs stay theirs.
    addresses: HashMap<usize, TextId, FixedState>,
}

impl Texts {
    /// The number of a text, given now if it is new.
    pub(crate) fn intern(&mut self, text: &Arc<str>) -> TextId {
        let address = Arc::as_ptr(text).addr();
        if let Some(id) = self.addresses.get(&address) {
            return *id;
        }
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        self.texts.push(Arc::clone(text));
        let number = u32::try_from(self.texts.len()).expect("2^32 texts do not fit in memory");
        self.ids.insert(Arc::clone(text), TextId(number));
        self.addresses.insert(address, TextId(number));
        TextId(number)
    }

    /// The number of a text that was seen.
    pub(crate) fn find(&self, text: &str) -> Option<TextId> {
        self.ids.get(text).copied()
    }

    /// The text of a number; nothing for "not stated".
    pub(crate) fn text(&self, id: TextId) -> Option<&Arc<str>> {
        self.texts.get((id.0 as usize).checked_sub(1)?)
    }
}

/// Numbers of texts that a question meets, looked up once each: whoever feeds the tables is held up for that long only.
pub(crate) struct KnownTexts<'a> {
    texts: &'a RwLock<Texts>,
    met: HashMap<usize, TextId, FixedState>,
}

impl KnownTexts<'_> {
    pub(crate) fn new(texts: &RwLock<Texts>) -> KnownTexts<'_> {
        KnownTexts {
            texts,
            met: HashMap::default(),
        }
    }

    /// The text of a number.
    pub(crate) fn text(&self, id: TextId) -> Option<Arc<str>> {
        self.texts.read().text(id).cloned()
    }

    /// The number of a text that stays where it is while the question lasts. One that no row in memory ever named is
    /// nothing stated here, which cannot happen: all of them were taken in with the first rows at rest.
    pub(crate) fn id(&mut self, text: Option<&Arc<str>>) -> TextId {
        let Some(text) = text else {
            return TextId::NONE;
        };
        let address = Arc::as_ptr(text).addr();
        let texts = self.texts;
        let id = || texts.read().find(text).unwrap_or(TextId::NONE);
        *self.met.entry(address).or_insert_with(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_number_wherever_they_lie() {
        let mut texts = Texts::default();
        let (lamp, chair): (Arc<str>, Arc<str>) = (Arc::from("lamp"), Arc::from("chair"));
        let first = texts.intern(&lamp);
        assert_ne!(texts.intern(&chair), first);
        for _ in 0..1_000 {
            // Dropped at once, so that the next one may lie at the same address.
            assert_eq!(texts.intern(&Arc::from("lamp")), first);
            assert_ne!(texts.intern(&Arc::from("sofa")), first);
        }
        assert_eq!((texts.find("lamp"), texts.find("bed")), (Some(first), None));
        assert_eq!(texts.text(first).map(|text| &**text), Some("lamp"));
        assert_eq!(texts.text(TextId::NONE), None);
    }
}
