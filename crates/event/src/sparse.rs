//! A row of many columns of which few have a value: a bit for each column says whether it is set, its value stands in its place.
//! A row is made once and used for one event after the other: setting, walking and clearing it costs by its values, not by
//! its columns.

/// Values by column, for at most 32 columns.
#[derive(Debug, Clone)]
pub(crate) struct Sparse<V, const N: usize> {
    /// A bit for each column that has a value.
    set: u32,
    values: [V; N],
}

impl<V: Default, const N: usize> Default for Sparse<V, N> {
    fn default() -> Self {
        const { assert!(N <= u32::BITS as usize) };
        Sparse {
            set: 0,
            values: std::array::from_fn(|_| V::default()),
        }
    }
}

impl<V: Default, const N: usize> Sparse<V, N> {
    #[inline]
    fn has(&self, column: usize) -> bool {
        self.set >> column & 1 == 1
    }

    #[inline]
    pub(crate) fn get(&self, column: usize) -> Option<&V> {
        self.has(column).then(|| &self.values[column])
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, column: usize) -> Option<&mut V> {
        self.has(column).then(|| &mut self.values[column])
    }

    #[inline]
    pub(crate) fn set(&mut self, column: usize, value: V) {
        self.values[column] = value;
        self.set |= 1 << column;
    }

    #[inline]
    pub(crate) fn clear(&mut self, column: usize) {
        if self.has(column) {
            self.values[column] = V::default();
            self.set &= !(1 << column);
        }
    }

    /// Takes every value away.
    #[inline]
    pub(crate) fn clear_all(&mut self) {
        let mut left = std::mem::take(&mut self.set);
        while std::mem::needs_drop::<V>() && left != 0 {
            self.values[left.trailing_zeros() as usize] = V::default();
            left &= left - 1;
        }
    }

    /// What is set, by the number of its column, in the order of the columns.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &V)> {
        let mut left = self.set;
        std::iter::from_fn(move || {
            let column = left.trailing_zeros() as usize;
            // Past the last bit this is no column.
            let value = self.values.get(column)?;
            left &= left - 1;
            Some((column, value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_found_until_it_is_cleared() {
        let mut row: Sparse<&str, 32> = Sparse::default();
        row.set(31, "last");
        row.set(0, "nought");
        row.set(2, "two");
        row.set(31, "letzter");
        row.clear(0);
        row.clear(1);
        let all: Vec<_> = [0, 1, 2, 31].map(|column| row.get(column).copied()).into();
        assert_eq!(all, [None, None, Some("two"), Some("letzter")]);
        let walked: Vec<_> = row.iter().map(|(column, value)| (column, *value)).collect();
        assert_eq!(walked, [(2, "two"), (31, "letzter")]);
        row.clear_all();
        assert_eq!(row.iter().count(), 0);
        row.set(2, "again");
        assert_eq!(row.iter().count(), 1);
    }
}
