//! Settings of derived fields: tiers of price, addresses, the database of countries.
//! What the values mean is `event::derive`'s; here they are read, and made into what the door takes.

use super::Config;
use crate::exit::Problem;
use event::Money;
use event::derive::{DeriveRules, IpPolicy, PriceTiers, TierBounds};
use ingest::{Enrichment, GeoDatabase};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Countries by address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GeoSettings {
    /// A MaxMind DB file of countries or cities, such as `GeoLite2-Country.mmdb`; without one no country is looked up.
    pub database: Option<PathBuf>,
}

/// What is kept of people.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacySettings {
    /// Addresses: `truncate` keeps the network (/24, /48 of IPv6), `keep` all, `drop` nothing.
    pub ip: IpSetting,
}

/// What is kept of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpSetting {
    /// The network.
    #[default]
    Truncate,
    /// All.
    Keep,
    /// Nothing.
    Drop,
}

/// Tiers of price.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriceTierSettings {
    /// The least price that is `Medium`, such as `50` or `"49.99"`.
    #[serde(deserialize_with = "amount")]
    pub medium_from: String,
    /// The least price that is `High`.
    #[serde(deserialize_with = "amount")]
    pub high_from: String,
    /// Other bounds for categories and all below them, by their path.
    pub categories: BTreeMap<String, CategoryTiers>,
}

/// Tiers of one category.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryTiers {
    /// As for all.
    #[serde(deserialize_with = "amount")]
    pub medium_from: String,
    /// As for all.
    #[serde(deserialize_with = "amount")]
    pub high_from: String,
}

impl Default for PriceTierSettings {
    fn default() -> Self {
        PriceTierSettings {
            medium_from: "50".to_owned(),
            high_from: "200".to_owned(),
            categories: BTreeMap::new(),
        }
    }
}

impl PriceTierSettings {
    /// The tiers, or which setting is wrong.
    pub fn tiers(&self) -> Result<PriceTiers, Problem> {
        let default = bounds("price_tiers", &self.medium_from, &self.high_from)?;
        let mut tiers = PriceTiers::new(default).map_err(|error| refused("price_tiers", &error))?;
        for (category, written) in &self.categories {
            let place = format!("price_tiers.categories.\"{category}\"");
            let bounds = bounds(&place, &written.medium_from, &written.high_from)?;
            tiers
                .set(category, bounds)
                .map_err(|error| refused(&place, &error))?;
        }
        Ok(tiers)
    }
}

fn bounds(place: &str, medium_from: &str, high_from: &str) -> Result<TierBounds, Problem> {
    let money = |name: &str, text: &str| {
        let read = event::parse_decimal(text.trim().as_bytes());
        read.map(|decimal| Money(decimal.value)).map_err(|error| {
            Problem::usage(
                format!("{place}.{name}: `{text}` is {error}"),
                "write an amount such as 50 or \"49.99\"",
            )
        })
    };
    Ok(TierBounds {
        medium_from: money("medium_from", medium_from)?,
        high_from: money("high_from", high_from)?,
    })
}

fn refused(place: &str, error: &event::derive::PriceTiersError) -> Problem {
    Problem::usage(
        format!("{place}: {error}"),
        "Low < medium_from ≤ Medium < high_from ≤ High",
    )
}

impl Config {
    /// What is added to events; reads the database of addresses, if one is named.
    pub fn enrichment(&self) -> Result<Enrichment, Problem> {
        let open = |path: &PathBuf| {
            GeoDatabase::open(path)
                .map(Arc::new)
                .map_err(|error| Problem::usage(format!("geo.database: {error}"), error.hint()))
        };
        let rules = DeriveRules {
            price_tiers: self.price_tiers.tiers()?,
            ip: match self.privacy.ip {
                IpSetting::Truncate => IpPolicy::Truncate,
                IpSetting::Keep => IpPolicy::Keep,
                IpSetting::Drop => IpPolicy::Drop,
            },
        };
        Ok(Enrichment {
            rules: Arc::new(rules),
            geo: self.geo.database.as_ref().map(open).transpose()?,
        })
    }
}

/// An amount of money as TOML has it: a whole number, a decimal, or text. It is read from its digits, never through a float's sum.
fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    struct Written;
    impl de::Visitor<'_> for Written {
        type Value = String;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an amount such as 50 or \"49.99\"")
        }

        fn visit_i64<E: de::Error>(self, whole: i64) -> Result<String, E> {
            Ok(whole.to_string())
        }

        fn visit_u64<E: de::Error>(self, whole: u64) -> Result<String, E> {
            Ok(whole.to_string())
        }

        /// The shortest decimal that is this float is what was written, for amounts of up to 15 digits.
        fn visit_f64<E: de::Error>(self, decimal: f64) -> Result<String, E> {
            Ok(decimal.to_string())
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    from.deserialize_any(Written)
}
