//! A set of small whole numbers, one bit each: ten million customers are 1.25 MB, and membership costs one look.
//! It counts exactly, which is what a truth is for.

/// Numbers from 0 up.
#[derive(Debug, Clone, Default)]
pub(crate) struct NumberSet {
    words: Vec<u64>,
    count: u64,
}

impl NumberSet {
    /// Adds a number and says whether it is new.
    #[inline]
    pub(crate) fn insert(&mut self, number: u32) -> bool {
        let word = number as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (number % 64);
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.count += u64::from(is_new);
        is_new
    }

    /// Whether the number is in the set.
    #[inline]
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.words
            .get(number as usize / 64)
            .is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_counts_once() {
        let mut set = NumberSet::default();
        let new: Vec<bool> = [5, 64, 5, 10_000_000, 64]
            .into_iter()
            .map(|number| set.insert(number))
            .collect();
        assert_eq!(new, [true, true, false, true, false]);
        assert_eq!(set.count(), 3);
        assert!(set.contains(64) && !set.contains(63) && !set.contains(u32::MAX));
    }
}
