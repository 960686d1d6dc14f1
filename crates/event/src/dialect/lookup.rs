//! Fixed tables of names, found by a hash over a few of their bytes; built when the program is compiled.

/// Slots of a table: a power of two, well above the entries so that a search ends at once.
const SLOTS: usize = 512;
const EMPTY: u8 = u8::MAX;

/// Names and what each stands for.
pub(super) struct Lookup<V: 'static> {
    entries: &'static [(&'static str, V)],
    slots: [u8; SLOTS],
}

impl<V> Lookup<V> {
    /// A table over these entries; too many, a double or an empty name fail the build.
    pub(super) const fn new(entries: &'static [(&'static str, V)]) -> Lookup<V> {
        assert!(entries.len() < EMPTY as usize);
        let mut slots = [EMPTY; SLOTS];
        let mut at = 0;
        while at < entries.len() {
            let name = entries[at].0.as_bytes();
            let mut slot = slot_of(name);
            while slots[slot] != EMPTY {
                assert!(
                    !equal(entries[slots[slot] as usize].0.as_bytes(), name),
                    "a name stands twice in a table"
                );
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = at as u8;
            at += 1;
        }
        Lookup { entries, slots }
    }

    /// The entry of this name and its index.
    pub(super) fn find(&self, name: &[u8]) -> Option<(usize, &'static V)> {
        if name.is_empty() {
            return None;
        }
        let mut slot = slot_of(name);
        loop {
            let at = self.slots[slot];
            if at == EMPTY {
                return None;
            }
            let (candidate, value) = &self.entries[at as usize];
            if candidate.as_bytes() == name {
                return Some((at as usize, value));
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The name and the value of an entry that was found before.
    pub(super) fn entry(&self, index: usize) -> &'static (&'static str, V) {
        &self.entries[index]
    }

    /// Every name, for a suggestion.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|(name, _)| *name)
    }
}

/// Length and four bytes tell the names of our tables apart almost always.
const fn slot_of(name: &[u8]) -> usize {
    let length = name.len();
    let mut hash = length as u32;
    let picked = [
        name[0],
        name[length / 3],
        name[length / 2],
        name[length - 1],
    ];
    let mut at = 0;
    while at < picked.len() {
        hash = (hash ^ picked[at] as u32).wrapping_mul(0x9E37_79B1);
        at += 1;
    }
    (hash >> 20) as usize % SLOTS
}

const fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: Lookup<u8> = Lookup::new(&[("price", 1), ("product_id", 2), ("a", 3)]);

    #[test]
    fn names_are_found_whole_and_in_their_letter_case() {
        assert_eq!(TABLE.find(b"price"), Some((0, &1)));
        assert_eq!(TABLE.find(b"a"), Some((2, &3)));
        assert_eq!(TABLE.find(b"Price"), None);
        assert_eq!(TABLE.find(b"pric"), None);
        assert_eq!(TABLE.find(b""), None);
    }
}
