//! Where visitors live: five countries, their larger cities with real coordinates, clocks and currencies.
//! Clocks are fixed offsets without daylight saving: a rhythm needs no more.

use crate::money::Currency;
use crate::random::Percents;

/// A country visitors come from.
#[derive(Debug)]
pub struct Country {
    /// The name in events.
    pub name: &'static str,
    /// What its people pay with.
    pub currency: Currency,
    /// Tax on a sale, in hundredths of a percent.
    pub(crate) tax_basis_points: i64,
    /// Share of all visitors, in percent.
    pub(crate) percent: u32,
    /// First numbers of addresses handed out there.
    pub(crate) networks: [u8; 4],
    /// The largest first.
    pub cities: &'static [City],
}

/// A city visitors live in. Coordinates are decimal text, as they are written.
#[derive(Debug)]
pub struct City {
    /// The name in events.
    pub name: &'static str,
    /// Degrees north.
    pub latitude: &'static str,
    /// Degrees east.
    pub longitude: &'static str,
    /// Hours its clock is ahead of UTC.
    pub(crate) clock_hours: i8,
}

const fn city(
    name: &'static str,
    latitude: &'static str,
    longitude: &'static str,
    clock_hours: i8,
) -> City {
    City {
        name,
        latitude,
        longitude,
        clock_hours,
    }
}

/// In the order of their share.
pub const COUNTRIES: [Country; 5] = [
    Country {
        name: "Germany",
        currency: Currency::Eur,
        tax_basis_points: 1_900,
        percent: 29,
        networks: [79, 84, 91, 93],
        cities: &[
            city("Berlin", "52.5200", "13.4050", 1),
            city("Hamburg", "53.5511", "9.9937", 1),
            city("München", "48.1351", "11.5820", 1),
            city("Köln", "50.9375", "6.9603", 1),
            city("Frankfurt am Main", "50.1109", "8.6821", 1),
            city("Leipzig", "51.3397", "12.3731", 1),
        ],
    },
    Country {
        name: "United States",
        currency: Currency::Usd,
        tax_basis_points: 725,
        percent: 26,
        networks: [24, 67, 73, 98],
        cities: &[
            city("New York", "40.7128", "-74.0060", -5),
            city("Los Angeles", "34.0522", "-118.2437", -8),
            city("Chicago", "41.8781", "-87.6298", -6),
            city("Houston", "29.7604", "-95.3698", -6),
            city("Seattle", "47.6062", "-122.3321", -8),
            city("Denver", "39.7392", "-104.9903", -7),
            city("Miami", "25.7617", "-80.1918", -5),
        ],
    },
    Country {
        name: "United Kingdom",
        currency: Currency::Gbp,
        tax_basis_points: 2_000,
        percent: 20,
        networks: [2, 81, 82, 86],
        cities: &[
            city("London", "51.5074", "-0.1278", 0),
            city("Birmingham", "52.4862", "-1.8904", 0),
            city("Manchester", "53.4808", "-2.2426", 0),
            city("Glasgow", "55.8642", "-4.2518", 0),
            city("Leeds", "53.8008", "-1.5491", 0),
            city("Bristol", "51.4545", "-2.5879", 0),
        ],
    },
    Country {
        name: "France",
        currency: Currency::Eur,
        tax_basis_points: 2_000,
        percent: 15,
        networks: [78, 82, 86, 90],
        cities: &[
            city("Paris", "48.8566", "2.3522", 1),
            city("Marseille", "43.2965", "5.3698", 1),
            city("Lyon", "45.7640", "4.8357", 1),
            city("Toulouse", "43.6047", "1.4442", 1),
            city("Nantes", "47.2184", "-1.5536", 1),
            city("Saint-Étienne", "45.4397", "4.3872", 1),
        ],
    },
    Country {
        name: "Japan",
        currency: Currency::Jpy,
        tax_basis_points: 1_000,
        percent: 10,
        networks: [60, 118, 126, 133],
        cities: &[
            city("Tokyo", "35.6762", "139.6503", 9),
            city("Osaka", "34.6937", "135.5023", 9),
            city("Nagoya", "35.1815", "136.9066", 9),
            city("Fukuoka", "33.5904", "130.4017", 9),
            city("Sapporo", "43.0618", "141.3545", 9),
        ],
    },
];

/// Which city someone lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    country: u8,
    city: u8,
}

impl Place {
    /// The place these bits select: countries by their share, the larger cities of each more often.
    pub(crate) fn of_bits(bits: u64, countries: &Percents) -> Place {
        let country = countries.choose(bits);
        let height = crate::random::unit(bits);
        let cities = COUNTRIES[usize::from(country)].cities.len();
        Place {
            country,
            city: (height * height * cities as f64) as u8,
        }
    }

    pub(crate) fn country_index(self) -> usize {
        usize::from(self.country)
    }

    pub(crate) fn country(self) -> &'static Country {
        &COUNTRIES[usize::from(self.country)]
    }

    pub(crate) fn city(self) -> &'static City {
        &self.country().cities[usize::from(self.city)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn shares_are_complete_and_drawn_as_stated() {
        assert_eq!(
            COUNTRIES.iter().map(|country| country.percent).sum::<u32>(),
            100
        );
        let countries = Percents::new(COUNTRIES.iter().map(|country| country.percent));
        let mut random = Random::seeded(5);
        let mut counts = [0_u32; 5];
        for _ in 0..100_000 {
            counts[Place::of_bits(random.bits(), &countries).country_index()] += 1;
        }
        for (country, count) in COUNTRIES.iter().zip(counts) {
            assert!(
                count.abs_diff(country.percent * 1_000) < 700,
                "{}: {count}",
                country.name
            );
        }
    }

    #[test]
    fn cities_lie_on_the_globe_and_near_their_clock() {
        for city in COUNTRIES.iter().flat_map(|country| country.cities) {
            let (latitude, longitude): (f64, f64) = (
                city.latitude.parse().unwrap(),
                city.longitude.parse().unwrap(),
            );
            assert!(latitude.abs() < 90.0, "{}", city.name);
            let sun_hours = longitude / 15.0;
            assert!(
                (sun_hours - f64::from(city.clock_hours)).abs() < 1.6,
                "{} at {sun_hours}",
                city.name
            );
        }
    }
}
