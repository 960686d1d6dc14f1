//! Events as bytes: a line of JSON for each, written by hand because a writer that asks the type of every value is ten times slower.
//! Which fields a form has stands in its own file; what is written is counted by `truth`.

mod canonical;
mod page;
mod seed;
mod text;

use crate::event::SimEvent;
pub(crate) use seed::{Columns, lines_of, product_of, write_line};
pub(crate) use text::{number, two_digits};

/// The forms an event can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Our own JSON, with everything the shop knows.
    #[default]
    Canonical,
    /// The seed generator's JSON: one product an event, so that an order of three products is three lines; no
    /// currency, no visitor without customer id, no refunds. What it has no word for is left out.
    Seed,
}

impl Format {
    /// The name in settings and in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Canonical => "canonical",
            Format::Seed => "seed",
        }
    }
}

/// Appends the event as lines of JSON, each with its line end, and says how many: one, or in the seed form none to six.
pub fn write_json(event: &SimEvent<'_>, format: Format, out: &mut Vec<u8>) -> usize {
    match format {
        Format::Canonical => {
            canonical::write_line(event, out);
            1
        }
        Format::Seed => {
            let lines = lines_of(event);
            (0..lines).for_each(|index| write_line(event, index, Columns::OfSeed, out));
            lines
        }
    }
}
