//! The known names nearest to one that is not known, for "did you mean". It knows letters and no meaning.

/// Names offered where one is not known.
const CANDIDATES_MAX: usize = 3;

/// The known names nearest to one that is not.
#[must_use]
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut near: Vec<(usize, &str)> = known
        .map(|candidate| (distance(name, candidate), candidate))
        .collect();
    near.retain(|(distance, candidate)| *distance <= 1 + candidate.len().min(name.len()) / 3);
    near.sort_unstable();
    near.dedup();
    near.into_iter()
        .take(CANDIDATES_MAX)
        .map(|(_, candidate)| candidate.to_owned())
        .collect()
}

/// Letters to change, add or take away, without regard to their case.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, candidate) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
