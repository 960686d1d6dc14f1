//! A blocked Bloom filter over hashes of keys: says at once that a run does not hold a key, by one block of 64 bytes.
//! After Putze, Sanders, Singler, "Cache-, hash- and space-efficient Bloom filters" (2007).

/// Bytes of a block: one line of the cache.
pub(crate) const FILTER_BLOCK_BYTES: usize = 64;
const BLOCK_BITS: u64 = 512;
/// Ten bits a key and six probes in a block: about 1.2 % of strangers are let through.
const BITS_PER_KEY: u64 = 10;
const PROBES: usize = 6;
/// A wrong guess of the rows must not take all memory: 64 MiB, enough for 53 million keys.
const BLOCKS_MAX: u64 = 1 << 20;
/// Blocks come in multiples of this, so that a filter that was made too large can be halved six times.
const HALVINGS: u64 = 1 << 6;

/// The hash that filters are asked with.
pub(crate) fn hash(key: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(key)
}

/// Which keys a run may hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filter(Vec<[u64; 8]>);

impl Filter {
    /// An empty filter with room for so many keys; more only make it less sharp.
    pub(crate) fn for_keys(keys: u64) -> Filter {
        let blocks = blocks_for(keys).min(BLOCKS_MAX);
        let blocks = if blocks < HALVINGS {
            blocks.next_power_of_two()
        } else {
            blocks.next_multiple_of(HALVINGS)
        };
        Filter(vec![[0; 8]; blocks as usize])
    }

    pub(crate) fn insert(&mut self, hash: u128) {
        let (block, bits) = self.place(hash);
        for bit in bits {
            self.0[block][bit / 64] |= 1 << (bit % 64);
        }
    }

    pub(crate) fn may_hold(&self, hash: u128) -> bool {
        let (block, bits) = self.place(hash);
        bits.into_iter()
            .all(|bit| self.0[block][bit / 64] & 1 << (bit % 64) != 0)
    }

    /// Halves the filter as often as so few keys allow. The place of a hash is a fraction of the length, so two
    /// neighbours fall together.
    pub(crate) fn shrink_for(&mut self, keys: u64) {
        while self.0.len().is_multiple_of(2) && blocks_for(keys) <= self.0.len() as u64 / 2 {
            let (pairs, _) = self.0.as_chunks::<2>();
            self.0 = (pairs.iter())
                .map(|[left, right]| std::array::from_fn(|word| left[word] | right[word]))
                .collect();
        }
    }

    fn place(&self, hash: u128) -> (usize, [usize; PROBES]) {
        let block = ((hash >> 64) * self.0.len() as u128) >> 64;
        let bits = std::array::from_fn(|probe| (hash as u64 >> (probe * 9) & 511) as usize);
        (block as usize, bits)
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.reserve(self.0.len() * FILTER_BLOCK_BYTES);
        for word in self.0.as_flattened() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// What `write` wrote; nothing if it cannot be that.
    pub(crate) fn read(bytes: &[u8]) -> Option<Filter> {
        let (blocks, rest) = bytes.as_chunks::<FILTER_BLOCK_BYTES>();
        let read_block = |block: &[u8; FILTER_BLOCK_BYTES]| {
            let (words, _) = block.as_chunks::<8>();
            std::array::from_fn(|at| u64::from_le_bytes(words[at]))
        };
        (rest.is_empty() && !blocks.is_empty())
            .then(|| Filter(blocks.iter().map(read_block).collect()))
    }

    /// Memory that it takes.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.0.len() * FILTER_BLOCK_BYTES
    }
}

fn blocks_for(keys: u64) -> u64 {
    keys.saturating_mul(BITS_PER_KEY)
        .div_ceil(BLOCK_BITS)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: u64 = 20_000;

    fn filled(expected: u64) -> Filter {
        let mut filter = Filter::for_keys(expected);
        (0..KEYS).for_each(|key| filter.insert(hash(&key.to_le_bytes())));
        filter
    }

    fn check(filter: &Filter, strangers_max: usize) {
        let holds = |key: &u64| filter.may_hold(hash(&key.to_le_bytes()));
        assert!((0..KEYS).all(|key| holds(&key)));
        let strangers = (KEYS..2 * KEYS).filter(holds).count();
        assert!(strangers < strangers_max, "{strangers} of {KEYS} passed");
    }

    #[test]
    fn every_key_put_in_is_let_through_and_few_strangers_are() {
        check(&filled(KEYS), 400);
    }

    #[test]
    fn a_filter_made_too_large_shrinks_and_stays_right() {
        let mut filter = filled(30 * KEYS);
        let before = filter.bytes();
        filter.shrink_for(KEYS);
        assert!(filter.bytes() * 16 <= before);
        check(&filter, 400);
    }

    #[test]
    fn a_filter_made_too_small_lets_strangers_through_and_no_key_is_lost() {
        check(&filled(KEYS / 4), KEYS as usize);
    }

    #[test]
    fn a_filter_reads_back_and_odd_bytes_are_none() {
        let filter = filled(KEYS);
        let mut bytes = Vec::new();
        filter.write(&mut bytes);
        assert_eq!(Filter::read(&bytes), Some(filter));
        assert_eq!(Filter::read(&bytes[1..]), None);
        assert_eq!(Filter::read(&[]), None);
    }
}
