//! A blocked Bloom filter: says at once that a run does not hold an id. One id looks at one block of 64 bytes only.
//! After Putze, Sanders, Singler, "Cache-, hash- and space-efficient Bloom filters" (2007).

const BLOCK_BITS: u64 = 512;
/// Ten bits an id and six probes in a block: about 1.2 % of strangers are let through.
const BITS_PER_ID: u64 = 10;
const PROBES: u32 = 6;

/// Which ids a run may hold.
#[derive(Debug)]
pub struct Filter(Vec<[u64; 8]>);

impl Filter {
    /// An empty filter with room for so many ids.
    pub fn for_ids(ids: u64) -> Filter {
        let blocks = (ids * BITS_PER_ID).div_ceil(BLOCK_BITS).max(1);
        Filter(vec![[0; 8]; usize::try_from(blocks).unwrap_or(usize::MAX)])
    }

    pub fn insert(&mut self, id: u128) {
        let (block, bits) = self.place(id);
        for bit in bits {
            self.0[block][bit / 64] |= 1 << (bit % 64);
        }
    }

    pub fn may_hold(&self, id: u128) -> bool {
        let (block, bits) = self.place(id);
        bits.into_iter()
            .all(|bit| self.0[block][bit / 64] & 1 << (bit % 64) != 0)
    }

    fn place(&self, id: u128) -> (usize, [usize; PROBES as usize]) {
        let mixed = mix(id);
        let block = ((u128::from(mix_more(mixed)) * self.0.len() as u128) >> 64) as usize;
        let bits =
            std::array::from_fn(|probe| (mixed >> (probe * 9)) as usize % BLOCK_BITS as usize);
        (block, bits)
    }
}

/// Ids need not be random (a UUID may begin with a time), so all bits are folded into 64 that are.
fn mix(id: u128) -> u64 {
    mix_more((id >> 64) as u64).wrapping_add(mix_more(id as u64 ^ 0x9E37_79B9_7F4A_7C15))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood, 2014).
fn mix_more(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_put_in_is_let_through_and_few_strangers_are() {
        let ids = 20_000_u128;
        let mut filter = Filter::for_ids(ids as u64);
        (0..ids).for_each(|id| filter.insert(id << 40));
        assert!((0..ids).all(|id| filter.may_hold(id << 40)));
        let strangers = (0..ids)
            .filter(|id| filter.may_hold((id << 40) + 1))
            .count();
        assert!(strangers < 600, "{strangers} of {ids} strangers passed");
    }
}
