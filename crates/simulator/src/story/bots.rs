//! Programs among the visitors: crawlers that say what they are, and scrapers that only their haste gives away.
//! They look at pages and buy nothing; a planted storm brings many at once.

use crate::agents::{AGENTS, CRAWLERS};
use crate::assortment::Shelves;
use crate::catalogue::Catalogue;
use crate::event::{Detail, Page};
use crate::kind::Kind;
use crate::population::{Bot, Device, Identity, Population};
use crate::random::{Random, derive};
use crate::session::Act;
use crate::time::Time;
use std::collections::BTreeMap;

/// Shares of all events, from 0 to 0.5 together.
#[derive(Debug, Clone, PartialEq)]
pub struct BotShares {
    /// Events of bots whose user agent says so.
    pub user_agent: f64,
    /// Events of bots that pretend to be people.
    pub behaviour: f64,
}

/// Different bots of a kind: each comes again and again under its address and cookie.
const BOTS: u64 = 64;
/// Most bots at work at once.
const BOTS_MAX: usize = 4_096;
/// Pages a bot asks for in one visit: so many, and up to three times as many.
const PAGES_MIN: u64 = 30;
/// A scraper asks for the next page so soon, always: no person does.
const SCRAPER_PACE_MICROS: i64 = 700_000;
const CRAWLER_PACE_MICROS: i64 = 2_500_000;
/// Share of events while a storm blows.
const STORM_SHARE: f64 = 0.6;

/// A bot at work.
#[derive(Debug, Clone, Copy)]
struct Visit {
    who: Identity,
    session: u64,
    pages_left: u64,
    /// The product looked at; the next one is its neighbour.
    product: u32,
}

/// All bots of a shop.
#[derive(Debug)]
pub(crate) struct Bots {
    shares: BotShares,
    random: Random,
    first_number: u32,
    at_work: BTreeMap<(Time, u64), Visit>,
    begun: u64,
    storm_until: Time,
}

/// One page a bot asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BotAct {
    pub(crate) who: Identity,
    pub(crate) session: u64,
    pub(crate) product: u32,
    pub(crate) act: Act,
}

const BOT: u64 = 43;

impl Bots {
    /// Their numbers follow those of the customers.
    pub(crate) fn new(shares: BotShares, run: u64, customers: u32) -> Bots {
        Bots {
            shares,
            random: Random::seeded(derive(run, BOT, 0)),
            first_number: customers,
            at_work: BTreeMap::new(),
            begun: 0,
            storm_until: Time(i64::MIN),
        }
    }

    /// Many scrapers at once until this time.
    pub(crate) fn storm(&mut self, until: Time) {
        self.storm_until = until;
    }

    /// The page a bot asks for now, if the moment is a bot's.
    pub(crate) fn act(
        &mut self,
        time: Time,
        population: &Population,
        catalogue: &Catalogue,
    ) -> Option<BotAct> {
        self.begin_perhaps(time, population, catalogue);
        let front = self.at_work.first_entry()?;
        if front.key().0 > time {
            return None;
        }
        let mut visit = front.remove();
        let act = self.ask(&visit, catalogue.shelves());
        let done = BotAct {
            who: visit.who,
            session: visit.session,
            product: visit.product,
            act,
        };
        visit.pages_left -= 1;
        visit.product = (visit.product + catalogue.shelves().len() as u32) % catalogue.products();
        if visit.pages_left > 0 {
            let pace = match visit.who.bot {
                Some(Bot::Scraper) => SCRAPER_PACE_MICROS,
                _ => CRAWLER_PACE_MICROS + (self.random.unit() * 2e6) as i64,
            };
            self.at_work.insert((time.plus(pace), visit.session), visit);
        }
        Some(done)
    }

    fn ask(&mut self, visit: &Visit, shelves: Shelves) -> Act {
        let is_crawler = visit.who.bot == Some(Bot::Crawler);
        let (kind, page) = if is_crawler && self.random.below(6) == 0 && !shelves.is_empty() {
            (Kind::ListView, Page::List)
        } else {
            (Kind::ItemView, Page::Product)
        };
        Act {
            kind,
            page,
            detail: Detail::None,
            origin: None,
        }
    }

    /// Each moment that is not yet a bot's may begin a visit, so often that the shares come out.
    fn begin_perhaps(&mut self, time: Time, population: &Population, catalogue: &Catalogue) {
        let BotShares {
            user_agent,
            behaviour,
        } = self.shares;
        let behaviour = if time < self.storm_until {
            STORM_SHARE
        } else {
            behaviour
        };
        let mean_pages = 2.0 * PAGES_MIN as f64;
        let drawn = self.random.unit() * mean_pages;
        let bot = match drawn {
            drawn if drawn < behaviour => Bot::Scraper,
            drawn if drawn < behaviour + user_agent => Bot::Crawler,
            _ => return,
        };
        if self.at_work.len() >= BOTS_MAX {
            return;
        }
        self.begun += 1;
        let visit = Visit {
            who: self.identity(bot, population, catalogue),
            session: self.begun,
            pages_left: PAGES_MIN + self.random.below(2 * PAGES_MIN + 1),
            product: self.random.below(u64::from(catalogue.products())) as u32,
        };
        self.at_work.insert((time, visit.session), visit);
    }

    fn identity(&mut self, bot: Bot, population: &Population, catalogue: &Catalogue) -> Identity {
        let number = self.random.below(BOTS) as u32;
        let (offset, agents, first_agent) = match bot {
            Bot::Crawler => (0, CRAWLERS.len(), AGENTS.len()),
            Bot::Scraper => (BOTS as u32, AGENTS.len(), 0),
        };
        let mut visitor = population.visitor(self.first_number + offset + number, catalogue);
        let agent = (first_agent + number as usize % agents) as u8;
        visitor.agents = [agent; 2];
        Identity {
            visitor,
            device: Device::First,
            is_signed_in: false,
            bot: Some(bot),
        }
    }
}

/// Numbers of visitors that bots take, from the number of customers on.
pub(crate) const BOT_NUMBERS: u32 = 2 * BOTS as u32;

/// Whether shares leave people at least half of the shop.
pub(crate) fn are_allowed(shares: &BotShares) -> bool {
    let sum = shares.user_agent + shares.behaviour;
    shares.user_agent >= 0.0 && shares.behaviour >= 0.0 && sum <= 0.5
}
