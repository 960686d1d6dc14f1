//! A row of many columns of which few have a value: what is set is found by its column and walked in the order it was set.
//! Most events use a tenth of the schema, so making, copying and dropping a row must cost by its values, not by its columns.

use smallvec::SmallVec;

/// Values by column: `N` columns, room for `I` values without allocating.
#[derive(Debug, Clone)]
pub(crate) struct Sparse<V, const N: usize, const I: usize> {
    /// One more than the place of a column's value, 0 where it has none.
    places: [u8; N],
    values: SmallVec<[(u8, V); I]>,
}

impl<V, const N: usize, const I: usize> Default for Sparse<V, N, I> {
    fn default() -> Self {
        const { assert!(N < u8::MAX as usize) };
        Sparse {
            places: [0; N],
            values: SmallVec::new(),
        }
    }
}

impl<V, const N: usize, const I: usize> Sparse<V, N, I> {
    #[inline]
    pub(crate) fn get(&self, column: usize) -> Option<&V> {
        match self.places[column] {
            0 => None,
            place => Some(&self.values[usize::from(place) - 1].1),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, column: usize) -> Option<&mut V> {
        match self.places[column] {
            0 => None,
            place => Some(&mut self.values[usize::from(place) - 1].1),
        }
    }

    #[inline]
    pub(crate) fn set(&mut self, column: usize, value: V) {
        match self.get_mut(column) {
            Some(place) => *place = value,
            None => {
                self.values.push((column as u8, value));
                self.places[column] = self.values.len() as u8;
            }
        }
    }

    pub(crate) fn clear(&mut self, column: usize) {
        let place = usize::from(std::mem::take(&mut self.places[column]));
        if place == 0 {
            return;
        }
        self.values.swap_remove(place - 1);
        if let Some((moved, _)) = self.values.get(place - 1) {
            self.places[usize::from(*moved)] = place as u8;
        }
    }

    /// What is set, by the number of its column.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &V)> {
        self.values
            .iter()
            .map(|(column, value)| (usize::from(*column), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found_until_it_is_cleared() {
        let mut row: Sparse<&str, 5, 2> = Sparse::default();
        row.set(4, "four");
        row.set(0, "nought");
        row.set(2, "two");
        row.set(4, "vier");
        row.clear(0);
        row.clear(1);
        let all: Vec<_> = (0..5).map(|column| row.get(column).copied()).collect();
        assert_eq!(all, [None, None, Some("two"), None, Some("vier")]);
        let walked: Vec<_> = row.iter().map(|(column, value)| (column, *value)).collect();
        assert_eq!(walked, [(4, "vier"), (2, "two")]);
        row.clear(2);
        row.clear(4);
        assert_eq!(row.iter().count(), 0);
    }
}
