//! Names for scores: a table of rectangles over recency and frequency, of which exactly one holds each of the 25 cells.

use super::Scores;

/// Scores go up to this.
const SCORES: usize = 5;
/// Of who never ordered.
const PROSPECTS: &str = "Prospects";

/// A segment and a rectangle of scores that is part of it; a segment can have several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRule {
    /// The segment's name.
    pub name: String,
    /// Recency scores from the first to the second, both included.
    pub recency: (u8, u8),
    /// Frequency scores likewise.
    pub frequency: (u8, u8),
}

/// Why a table of segments cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// A rectangle leaves the scores from 1 to 5, or ends before it begins.
    #[error("segment `{0}` has scores that are not from 1 to 5 in ascending order")]
    NoScores(String),
    /// Two rectangles hold the same cell.
    #[error("recency {recency}, frequency {frequency} is both `{one}` and `{other}`")]
    Twice {
        /// The cell.
        recency: u8,
        /// The cell.
        frequency: u8,
        /// The segment that has it.
        one: String,
        /// The segment that wants it too.
        other: String,
    },
    /// No rectangle holds a cell.
    #[error("recency {recency}, frequency {frequency} is in no segment")]
    Nowhere {
        /// The cell.
        recency: u8,
        /// The cell.
        frequency: u8,
    },
}

/// A table of segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// Each name once, in the order of the rules; prospects come last.
    names: Vec<String>,
    /// By recency and frequency, from 1.
    cells: [[usize; SCORES]; SCORES],
}

impl Default for Segments {
    fn default() -> Self {
        let rules = USUAL.map(|(name, recency, frequency)| SegmentRule {
            name: name.to_owned(),
            recency,
            frequency,
        });
        Segments::new(&rules).expect("the usual table holds each cell once")
    }
}

/// A segment's name, and its recency and frequency scores.
type Usual = (&'static str, (u8, u8), (u8, u8));

const USUAL: [Usual; 10] = [
    ("Champions", (5, 5), (4, 5)),
    ("Loyal Customers", (3, 4), (4, 5)),
    ("Potential Loyalists", (4, 5), (2, 3)),
    ("New Customers", (5, 5), (1, 1)),
    ("Promising", (4, 4), (1, 1)),
    ("Need Attention", (3, 3), (3, 3)),
    ("About to Sleep", (3, 3), (1, 2)),
    ("Can't Lose Them", (1, 2), (5, 5)),
    ("At Risk", (1, 2), (3, 4)),
    ("Hibernating", (1, 2), (1, 2)),
];

impl Segments {
    /// A table of these rules.
    pub fn new(rules: &[SegmentRule]) -> Result<Segments, SegmentError> {
        let mut names: Vec<String> = Vec::new();
        let mut cells = [[None; SCORES]; SCORES];
        for rule in rules {
            let known = names.iter().position(|name| *name == rule.name);
            let segment = known.unwrap_or(names.len());
            if known.is_none() {
                names.push(rule.name.clone());
            }
            for (recency, frequency) in cells_of(rule)? {
                let cell = &mut cells[place(recency)][place(frequency)];
                if let Some(taken) = cell.replace(segment) {
                    let (one, other) = (names[taken].clone(), rule.name.clone());
                    return Err(SegmentError::Twice {
                        recency,
                        frequency,
                        one,
                        other,
                    });
                }
            }
        }
        let mut whole = [[0; SCORES]; SCORES];
        for (recency, frequency) in square((1, 5), (1, 5)) {
            let segment = cells[place(recency)][place(frequency)];
            let nowhere = SegmentError::Nowhere { recency, frequency };
            whole[place(recency)][place(frequency)] = segment.ok_or(nowhere)?;
        }
        names.push(PROSPECTS.to_owned());
        Ok(Segments {
            names,
            cells: whole,
        })
    }

    /// The segment of a customer; without an order, hence without scores, a prospect.
    #[must_use]
    pub fn of(&self, scores: Option<Scores>) -> &str {
        let segment =
            scores.map(|scores| self.cells[place(scores.recency)][place(scores.frequency)]);
        &self.names[segment.unwrap_or(self.names.len() - 1)]
    }

    /// Every segment, in the order of the rules; prospects last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

fn cells_of(rule: &SegmentRule) -> Result<impl Iterator<Item = (u8, u8)> + use<>, SegmentError> {
    let is_range = |(from, to): (u8, u8)| 1 <= from && from <= to && usize::from(to) <= SCORES;
    if !is_range(rule.recency) || !is_range(rule.frequency) {
        return Err(SegmentError::NoScores(rule.name.clone()));
    }
    Ok(square(rule.recency, rule.frequency))
}

fn square(recency: (u8, u8), frequency: (u8, u8)) -> impl Iterator<Item = (u8, u8)> {
    let row = move |recency| (frequency.0..=frequency.1).map(move |one| (recency, one));
    (recency.0..=recency.1).flat_map(row)
}

/// Where a score stands; what is no score is taken for the nearest one.
fn place(score: u8) -> usize {
    usize::from(score).clamp(1, SCORES) - 1
}
