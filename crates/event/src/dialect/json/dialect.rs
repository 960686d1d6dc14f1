//! Whose JSON it is: the vocabularies we read, by name.
//! What their keys stand for is written in `keys` and `foreign`; telling them apart is `detect`'s.

/// Whose JSON an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonDialect {
    /// Our own.
    Canonical,
    /// The generator of the first seed document: one product an event, its ids change between runs.
    SeedGenerator,
    /// The events of the second seed document's shop: one product an event, the customer's name and address with it.
    SeedShop,
    /// Google Analytics 4: bodies of its Measurement Protocol, and rows of its BigQuery export.
    Ga4,
    /// Segment's calls, one or a batch.
    Segment,
    /// Snowplow: payloads of its trackers, and enriched events as JSON.
    Snowplow,
}

impl JsonDialect {
    /// All of them.
    pub const ALL: &'static [JsonDialect] = &[
        JsonDialect::Canonical,
        JsonDialect::SeedGenerator,
        JsonDialect::SeedShop,
        JsonDialect::Ga4,
        JsonDialect::Segment,
        JsonDialect::Snowplow,
    ];

    /// The name in tables and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            JsonDialect::Canonical => "canonical",
            JsonDialect::SeedGenerator => "seed_generator",
            JsonDialect::SeedShop => "seed_shop",
            JsonDialect::Ga4 => "ga4",
            JsonDialect::Segment => "segment",
            JsonDialect::Snowplow => "snowplow",
        }
    }

    /// The dialect of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<JsonDialect> {
        JsonDialect::ALL
            .iter()
            .copied()
            .find(|dialect| dialect.name() == name)
    }

    /// Whether its objects are read by another tracker's rules, where one may hold several events.
    /// The others are all read by one decoder, which tells them apart event by event.
    #[must_use]
    pub fn is_foreign(self) -> bool {
        matches!(
            self,
            JsonDialect::Ga4 | JsonDialect::Segment | JsonDialect::Snowplow
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_found_by_its_name() {
        for dialect in JsonDialect::ALL {
            assert_eq!(JsonDialect::parse(dialect.name()), Some(*dialect));
        }
        assert_eq!(JsonDialect::parse("GA4"), None);
    }
}
