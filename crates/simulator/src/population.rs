//! The public: ten million people with stable habits, derived from their number instead of being stored.
//! Who comes next is drawn here; what they do in the shop is `session`.

use crate::agents::{Agent, agent_at};
use crate::catalogue::Catalogue;
use crate::demographics::Demographics;
use crate::number_set::NumberSet;
use crate::places::{City, Country, Place};
use crate::random::{Random, derive, mix};
use crate::sale::PaymentMethod;

/// Someone who may visit the shop.
#[derive(Debug, Clone, Copy)]
pub struct Visitor {
    /// Number within the public; the customer id is made of it.
    pub number: u32,
    /// What they pay with.
    pub payment: PaymentMethod,
    pub(crate) place: Place,
    pub(crate) address: [u8; 4],
    pub(crate) tastes: [u8; 3],
    pub(crate) agents: [u8; 2],
    is_member: bool,
}

/// Which of a visitor's two devices they hold; each has its own cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Device {
    /// The one they mostly use.
    First,
    /// Another one, where the shop does not know them.
    Second,
}

impl Visitor {
    /// Where they live.
    #[must_use]
    pub fn country(&self) -> &'static Country {
        self.place.country()
    }

    /// Position of their country in the list.
    #[must_use]
    pub fn country_index(&self) -> usize {
        self.place.country_index()
    }

    /// Where they live.
    #[must_use]
    pub fn city(&self) -> &'static City {
        self.place.city()
    }
}

/// As whom someone appears in the shop.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// The person.
    pub visitor: Visitor,
    /// With what they browse.
    pub device: Device,
    /// Whether the shop knows who it is; else there is only a cookie.
    pub is_signed_in: bool,
    /// What it is, where it is no person.
    pub bot: Option<Bot>,
}

/// A visitor that is a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bot {
    /// Says so in its user agent.
    Crawler,
    /// Pretends to be a browser; only its pace and its path give it away.
    Scraper,
}

impl Bot {
    /// The name in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Bot::Crawler => "user_agent",
            Bot::Scraper => "behaviour",
        }
    }
}

impl Identity {
    /// Number of the cookie on the device; no two people share one.
    #[must_use]
    pub fn cookie(&self) -> u32 {
        self.visitor.number * 2 + self.device as u32
    }

    pub(crate) fn agent_index(&self) -> u8 {
        self.visitor.agents[self.device as usize]
    }

    /// The browser.
    #[must_use]
    pub fn agent(&self) -> &'static Agent {
        agent_at(self.agent_index())
    }
}

/// Largest public: a cookie number has 32 bits and two devices share a visitor.
pub const CUSTOMERS_MAX: u32 = 100_000_000;

/// Everybody, and who has an account by now.
#[derive(Debug, Clone)]
pub(crate) struct Population {
    seed: u64,
    customers: u32,
    demographics: Demographics,
    /// Share of visits by people who come often; the others come in turn.
    regulars_share: f64,
    newcomers: u64,
    signed_up: NumberSet,
}

const VISITOR: u64 = 11;
/// A prime above every number of customers: stepping by it reaches everybody once before anybody twice.
const STRIDE: u64 = 2_147_483_647;

impl Population {
    pub(crate) fn new(
        seed: u64,
        customers: u32,
        regulars_share: f64,
        demographics: Demographics,
    ) -> Population {
        Population {
            seed,
            customers,
            demographics,
            regulars_share,
            newcomers: 0,
            signed_up: NumberSet::default(),
        }
    }

    /// Who comes next.
    pub(crate) fn draw(&mut self, random: &mut Random, catalogue: &Catalogue) -> Visitor {
        let rank = if random.chance(self.regulars_share) {
            random.popular(u64::from(self.customers))
        } else {
            self.newcomers += 1;
            self.newcomers
        };
        let number = (rank * STRIDE + mix(self.seed) % u64::from(self.customers))
            % u64::from(self.customers);
        self.visitor(number as u32, catalogue)
    }

    /// What the seed says about a person.
    pub(crate) fn visitor(&self, number: u32, catalogue: &Catalogue) -> Visitor {
        let mut traits = Random::seeded(derive(self.seed, VISITOR, u64::from(number)));
        let place = Place::of_bits(traits.bits(), &self.demographics.countries);
        let address = traits.bits().to_le_bytes();
        let networks = place.country().networks;
        let tastes = [traits.bits(), traits.bits(), traits.bits()]
            .map(|bits| catalogue.wanted_category(bits));
        Visitor {
            number,
            payment: PaymentMethod::ALL
                [usize::from(self.demographics.payments.choose(traits.bits()))],
            place,
            // The last number of an address is never 0 or 255: these are nobody's.
            address: [
                networks[usize::from(address[0] % 4)],
                address[1],
                address[2],
                address[3] % 254 + 1,
            ],
            tastes,
            agents: [traits.bits(), traits.bits()]
                .map(|bits| self.demographics.agents.choose(bits)),
            is_member: traits.chance(self.demographics.members),
        }
    }

    /// Whether the shop knows this person's account.
    pub(crate) fn has_account(&self, visitor: &Visitor) -> bool {
        visitor.is_member || self.signed_up.contains(visitor.number)
    }

    /// Notes a new account.
    pub(crate) fn sign_up(&mut self, visitor: &Visitor) {
        self.signed_up.insert(visitor.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assortment::CATEGORIES;
    use std::collections::HashSet;

    fn population(customers: u32, regulars_share: f64) -> (Population, Catalogue, Random) {
        (
            Population::new(7, customers, regulars_share, Demographics::default()),
            Catalogue::new(7, 5_000, &CATEGORIES[..20]),
            Random::seeded(7),
        )
    }

    #[test]
    fn newcomers_do_not_repeat_until_everybody_was_there() {
        let (mut population, catalogue, mut random) = population(10_000, 0.0);
        let numbers: HashSet<u32> = (0..10_000)
            .map(|_| population.draw(&mut random, &catalogue).number)
            .collect();
        assert_eq!(numbers.len(), 10_000);
    }

    #[test]
    fn a_person_stays_the_same_person() {
        let (population, catalogue, _) = population(10_000_000, 0.5);
        let text = |number| format!("{:?}", population.visitor(number, &catalogue));
        assert_eq!(text(9_999_999), text(9_999_999));
        assert_ne!(text(9_999_999), text(9_999_998));
    }

    #[test]
    fn regulars_come_again_and_again() {
        let (mut population, catalogue, mut random) = population(100_000, 1.0);
        let numbers: HashSet<u32> = (0..50_000)
            .map(|_| population.draw(&mut random, &catalogue).number)
            .collect();
        assert!(numbers.len() < 30_000, "{}", numbers.len());
    }
}
