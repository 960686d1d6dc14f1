//! Events as bytes: lines written by hand, because a writer that asks the type of every value is ten times slower.
//! Which fields a dialect has stands in its own file, what it can say at all in `said`; what is written is counted by
//! `truth`.

mod access_log;
mod canonical;
mod ga4;
mod orders;
mod page;
mod rees46;
mod said;
mod seed;
mod seed_shop;
mod segment;
mod snowplow;
mod text;
mod user_events;

use crate::event::SimEvent;
pub(crate) use said::Shown;
pub(crate) use seed::{Columns, product_of, write_line};
pub(crate) use text::{number, put, readable, two_digits, uuid, whole};

/// The dialects an event can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Our own JSON, with everything the shop knows.
    #[default]
    Canonical,
    /// The first seed generator's JSON: one product an event, so that an order of three products is three lines; no
    /// currency, no visitor without customer id, no refunds.
    Seed,
    /// The second seed generator's CSV: one piece a row, with the customer's name and address; times without zone.
    SeedShop,
    /// The same columns as JSON.
    SeedShopJson,
    /// A list of users' events: five columns, times in seconds without zone.
    UserEvents,
    /// A REES46 export: one piece a row, times in seconds.
    Rees46,
    /// An order file: one row a line item, credit notes for what came back; a cart is nothing it knows.
    Orders,
    /// A web server's log in combined form: every page is a page.
    AccessLog,
    /// Google Analytics 4: a body of its Measurement Protocol a line.
    Ga4,
    /// Segment: a call a line.
    Segment,
    /// Snowplow: an enriched event as JSON a line.
    Snowplow,
}

impl Format {
    /// Every dialect.
    pub const ALL: [Format; 11] = [
        Format::Canonical,
        Format::Seed,
        Format::SeedShop,
        Format::SeedShopJson,
        Format::UserEvents,
        Format::Rees46,
        Format::Orders,
        Format::AccessLog,
        Format::Ga4,
        Format::Segment,
        Format::Snowplow,
    ];

    /// The name on the command line and in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Canonical => "canonical",
            Format::Seed => "seed-000",
            Format::SeedShop => "seed-003",
            Format::SeedShopJson => "seed-003-json",
            Format::UserEvents => "seed-004-csv",
            Format::Rees46 => "rees46",
            Format::Orders => "order-csv",
            Format::AccessLog => "access-log",
            Format::Ga4 => "ga4",
            Format::Segment => "segment",
            Format::Snowplow => "snowplow",
        }
    }

    /// The line a file begins with, with its end; empty where there is none.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Format::SeedShop => seed_shop::HEADER,
            Format::UserEvents => user_events::HEADER,
            Format::Rees46 => rees46::HEADER,
            Format::Orders => orders::HEADER,
            _ => "",
        }
    }

    /// What files of it are called.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Format::SeedShop | Format::UserEvents | Format::Rees46 | Format::Orders => "csv",
            Format::AccessLog => "log",
            _ => "ndjson",
        }
    }

    /// Appends one line of the event with its line end; `index` is below [`Format::lines_of`].
    pub fn write_line(self, event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
        match self {
            Format::Canonical => canonical::write_line(event, out),
            Format::Seed => write_line(event, index, Columns::OfSeed, out),
            Format::SeedShop => seed_shop::write_row(event, index, out),
            Format::SeedShopJson => seed_shop::write_json(event, index, out),
            Format::UserEvents => user_events::write_line(event, index, out),
            Format::Rees46 => rees46::write_line(event, index, out),
            Format::Orders => orders::write_line(event, index, out),
            Format::AccessLog => access_log::write_line(event, out),
            Format::Ga4 => ga4::write_line(event, out),
            Format::Segment => segment::write_line(event, out),
            Format::Snowplow => snowplow::write_line(event, out),
        }
    }
}

/// Appends the event as lines of its dialect, each with its line end, and says how many: often one, and none where the
/// dialect has no word for it.
pub fn write_event(event: &SimEvent<'_>, format: Format, out: &mut Vec<u8>) -> usize {
    let lines = format.lines_of(event);
    (0..lines).for_each(|index| format.write_line(event, index, out));
    lines
}
