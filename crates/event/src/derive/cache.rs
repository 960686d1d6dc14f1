//! What was made of a text, remembered: a bounded table of sets, where a new text takes the place of the oldest in its set.
//! A stream of texts that never repeat costs their making and no more memory.

use xxhash_rust::xxh3::xxh3_64;

/// Texts remembered: a shop sees some hundred user agents an hour, and 4,096 of 150 bytes are 1 MB with their values.
const ENTRIES: usize = 4_096;
/// Entries that share a slot of the hash: with four, a thousand distinct texts push each other out once in a while at most.
const WAYS: usize = 4;
const SETS: usize = ENTRIES / WAYS;
/// Longer texts are strange and rare; they are made anew each time.
const REMEMBERED_BYTES_MAX: usize = 1_024;

/// Values by text; the memory is taken when the first text comes.
#[derive(Debug)]
pub struct TextCache<V> {
    hashes: Vec<[u64; WAYS]>,
    entries: Vec<Option<(Box<str>, V)>>,
    /// The way of each set that is replaced next.
    oldest: Vec<u8>,
}

impl<V> Default for TextCache<V> {
    fn default() -> Self {
        TextCache {
            hashes: Vec::new(),
            entries: Vec::new(),
            oldest: Vec::new(),
        }
    }
}

impl<V: Copy> TextCache<V> {
    /// The value of a text, made if it is not remembered; `make` may find that the text has none, which is not remembered.
    pub fn get_or_make(&mut self, text: &str, make: impl FnOnce(&str) -> Option<V>) -> Option<V> {
        let hash = xxh3_64(text.as_bytes());
        let set = hash as usize % SETS;
        if let Some(value) = self.find(set, hash, text) {
            return Some(value);
        }
        let value = make(text)?;
        if text.len() <= REMEMBERED_BYTES_MAX {
            self.remember(set, hash, (text.into(), value));
        }
        Some(value)
    }

    fn find(&self, set: usize, hash: u64, text: &str) -> Option<V> {
        let hashes = self.hashes.get(set)?;
        let ways = (0..WAYS).filter(|way| hashes[*way] == hash);
        let mut found = ways.filter_map(|way| self.entries[set * WAYS + way].as_ref());
        found
            .find(|(known, _)| **known == *text)
            .map(|(_, value)| *value)
    }

    fn remember(&mut self, set: usize, hash: u64, entry: (Box<str>, V)) {
        if self.hashes.is_empty() {
            self.hashes = vec![[0; WAYS]; SETS];
            self.oldest = vec![0; SETS];
            self.entries.resize_with(ENTRIES, || None);
        }
        let way = usize::from(self.oldest[set]) % WAYS;
        self.oldest[set] = (way + 1) as u8;
        self.hashes[set][way] = hash;
        self.entries[set * WAYS + way] = Some(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> Option<usize> {
        Some(text.len())
    }

    #[test]
    fn a_text_is_made_once() {
        let mut cache = TextCache::default();
        assert_eq!(cache.get_or_make("lamp", length), Some(4));
        let again = cache.get_or_make("lamp", |_| panic!("it is remembered"));
        assert_eq!(again, Some(4));
    }

    #[test]
    fn a_text_without_value_is_asked_again() {
        let mut cache: TextCache<usize> = TextCache::default();
        assert_eq!(cache.get_or_make("-", |_| None), None);
        assert_eq!(cache.get_or_make("-", length), Some(1));
    }

    #[test]
    fn texts_that_never_repeat_leave_the_memory_as_it_is_and_every_value_right() {
        let mut cache = TextCache::default();
        for round in 0..3 {
            for number in 0..20_000_usize {
                let text = "x".repeat(number % 7) + &number.to_string();
                assert_eq!(
                    cache.get_or_make(&text, length),
                    Some(text.len()),
                    "{round}"
                );
            }
        }
        assert_eq!(cache.entries.len(), ENTRIES);
    }

    #[test]
    fn a_thousand_texts_in_turn_are_almost_all_remembered() {
        let mut cache = TextCache::default();
        let mut made = 0;
        for _ in 0..10 {
            for number in 0..1_000 {
                cache.get_or_make(&format!("Mozilla/5.0 ({number})"), |text| {
                    made += 1;
                    length(text)
                });
            }
        }
        assert!(made < 1_300, "{made} of 10,000");
    }

    #[test]
    fn long_texts_are_not_kept() {
        let mut cache = TextCache::default();
        assert_eq!(cache.get_or_make(&"y".repeat(8_192), length), Some(8_192));
        assert!(cache.entries.is_empty());
    }
}
