//! A text in lower case that is asked for many words: which pairs of letters it has is noted once, so that a word whose
//! pairs do not all occur is turned away without looking at the text again.

use memchr::memmem;

/// Bits for pairs: 150 letters set about a seventh of them, and a word of five letters passes by chance once in 2,000.
const PAIR_BITS: usize = 1_024;
const WORD_BITS: usize = u64::BITS as usize;

/// The beginning of a text, ready to be searched.
pub(super) struct Signs {
    text: String,
    pairs: [u64; PAIR_BITS / WORD_BITS],
}

impl Signs {
    /// The first `bytes_max` bytes of a text.
    pub(super) fn of(text: &str, bytes_max: usize) -> Signs {
        let text = text[..text.floor_char_boundary(bytes_max)].to_ascii_lowercase();
        let mut pairs = [0; PAIR_BITS / WORD_BITS];
        for pair in text.as_bytes().windows(2) {
            let bit = bit_of(pair);
            pairs[bit / WORD_BITS] |= 1 << (bit % WORD_BITS);
        }
        Signs { text, pairs }
    }

    /// The text in lower case.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a word, in lower case, occurs.
    pub(super) fn contains(&self, word: &str) -> bool {
        let mut pairs = word.as_bytes().windows(2).map(bit_of);
        pairs.all(|bit| self.pairs[bit / WORD_BITS] >> (bit % WORD_BITS) & 1 == 1)
            && memmem::find(self.text.as_bytes(), word.as_bytes()).is_some()
    }

    /// Whether one of these words occurs.
    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.contains(word))
    }
}

fn bit_of(pair: &[u8]) -> usize {
    (usize::from(pair[0]) * 31 + usize::from(pair[1])) % PAIR_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, word: &str, expected: bool) {
        assert_eq!(
            Signs::of(text, 64).contains(word),
            expected,
            "{word} in {text}"
        );
    }

    #[test]
    fn words_are_found_wherever_they_stand() {
        check("Mozilla/5.0 (X11)", "mozilla/", true);
        check("Mozilla/5.0 (X11)", "x11)", true);
        check("Mozilla/5.0 (X11)", "@", false);
        check("a@b", "@", true);
        check("", "x", false);
    }

    #[test]
    fn pairs_alone_are_not_the_word() {
        check("abc bcd", "abcd", false);
        check("ab bc cd", "abcd", false);
    }

    #[test]
    fn what_stands_behind_the_limit_is_not_read_and_letters_are_not_cut() {
        check(&format!("{}bot", "x".repeat(61)), "bot", true);
        check(&format!("{}bot", "x".repeat(62)), "bot", false);
        check(&"ü".repeat(40), "bot", false);
        check(&format!("x{}", "ü".repeat(40)), "bot", false);
    }
}
