//! What happens in a shop beside its everyday visits: campaigns, stock and prices, bots, planted anomalies and purchases
//! with known answers. Everything here draws from its own numbers, so that a shop without a story stays as it is.

mod anomalies;
mod bots;
mod campaigns;
mod errands;
mod suggestions;
mod supply;

pub use anomalies::{Anomaly, AnomalyKind, AnomalyRates, Evidence};
pub use bots::BotShares;
pub use campaigns::{Campaign, CampaignLabel};
pub use errands::{Buyer, BuyerProcess};
pub use suggestions::{Basket, PlantedPair};
pub use supply::{Stock, SupplyRules};

pub(crate) use bots::BotAct;
pub(crate) use campaigns::Lead;
pub(crate) use errands::{Errand, Step};
pub(crate) use suggestions::Suggestions;
pub(crate) use supply::{LOW_UNITS, Supply, SupplyNews};

use crate::assortment::Shelves;
use crate::cart::Cart;
use crate::catalogue::Catalogue;
use crate::money::Money;
use crate::population::Population;
use crate::random::{Random, derive};
use crate::time::Time;
use anomalies::Schedule;
use bots::Bots;
use campaigns::Campaigns;
use errands::Errands;
use std::collections::VecDeque;

/// What is asked of a story. The default is none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// Campaigns, in the order of their names in links.
    pub campaigns: Vec<Campaign>,
    /// Stock and prices; without it nothing runs out and no price changes.
    pub supply: Option<SupplyRules>,
    /// Programs among the visitors.
    pub bots: Option<BotShares>,
    /// Planted anomalies.
    pub anomalies: AnomalyRates,
    /// Customers who buy by a known process.
    pub buyers: Option<BuyerProcess>,
    /// Pairs of products bought together at known rates.
    pub baskets: Vec<Basket>,
    /// Planted products that sell so many pieces a day.
    pub demand_per_day: Vec<f64>,
}

impl Story {
    /// Products that are kept for planted sales.
    pub(crate) fn planted_products(&self) -> usize {
        2 * self.baskets.len() + self.demand_per_day.len()
    }

    /// Numbers of people and programs beside the customers.
    pub(crate) fn numbers(&self) -> u32 {
        let buyers = self.buyers.as_ref().map_or(0, |process| process.customers);
        bots::BOT_NUMBERS + buyers + 50_001
    }

    /// What makes it impossible, if anything does.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let plants = |kind| self.anomalies.per_day(kind) > 0.0;
        let needs_supply = plants(AnomalyKind::StockOut) || plants(AnomalyKind::PriceMistake);
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        match () {
            () if needs_supply && self.supply.is_none() => {
                Some("stock-outs and price mistakes need supply")
            }
            () if self
                .bots
                .as_ref()
                .is_some_and(|shares| !bots::are_allowed(shares)) =>
            {
                Some("shares of bots are from 0 to 0.5 together")
            }
            () if self.baskets.len() > suggestions::BASKETS_MAX => {
                Some("at most three baskets can be planted")
            }
            () if !self.baskets.iter().flat_map(Basket::shares).all(is_share) => {
                Some("shares of baskets are from 0 to 1")
            }
            () if !self
                .demand_per_day
                .iter()
                .all(|rate| (0.001..=100_000.0).contains(rate)) =>
            {
                Some("planted demand is from 0.001 to 100000 a day")
            }
            () => None,
        }
    }
}

/// Something for the truth that no event says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note {
    /// A planted anomaly happened.
    Anomaly(Anomaly),
    /// A buyer dropped out.
    Buyer(Buyer),
}

/// An anomaly that waits for somebody to pay, and then is their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlantedOrder {
    HighValue,
    ManyPieces,
}

/// The story as it goes.
#[derive(Debug)]
pub(crate) struct Tale {
    random: Random,
    campaigns: Campaigns,
    pub(crate) supply: Option<Supply>,
    bots: Option<Bots>,
    schedule: Option<Schedule>,
    errands: Errands,
    pub(crate) suggestions: Suggestions,
    /// Anomalies that wait for an order.
    wanted: VecDeque<PlantedOrder>,
    payment_storm_until: Time,
    pub(crate) notes: VecDeque<Note>,
    /// When something happens by itself next.
    next_happening: Option<Time>,
}

const TALE: u64 = 47;
/// Anomalies that wait for a cart that suits; in a shop where nobody buys they would pile up.
const WANTED_MAX: usize = 64;
/// Notes that nobody took yet.
const NOTES_MAX: usize = 65_536;
/// Draws for a product that is in stock; then there is no anomaly this time.
const DRAWS_MAX: usize = 16;
/// Share of payments that fail in a storm.
const STORM_FAILURES: f64 = 0.9;
const HIGH_VALUE: Money = Money::cents(500_000);
/// A high value is made of at most so many pieces of goods, to be no unusual quantity too.
const PIECES_MAX: i64 = 40;
const MANY_PIECES: u8 = 60;
/// 60 pieces of the dearest come to 900 dollars: an unusual quantity, and no high value.
const CHEAP: Money = Money::cents(1_500);

impl Tale {
    /// Begins it, and keeps the planted products apart.
    pub(crate) fn new(story: Story, run: u64, start: Time, place: Place<'_>) -> Tale {
        let Place {
            catalogue,
            customers,
        } = place;
        let planted = planted_numbers(story.planted_products(), catalogue);
        let (of_baskets, of_demand) = planted.split_at(2 * story.baskets.len());
        let demands = of_demand.iter().copied().zip(story.demand_per_day);
        let suggestions = Suggestions::new(story.baskets, of_baskets);
        let errands = Errands::new(
            story.buyers,
            demands.collect(),
            run,
            start,
            customers + bots::BOT_NUMBERS,
        );
        let mut tale = Tale {
            random: Random::seeded(derive(run, TALE, 0)),
            campaigns: Campaigns::new(start, story.campaigns),
            supply: story.supply.map(|rules| Supply::new(rules, run, start)),
            bots: story.bots.map(|shares| Bots::new(shares, run, customers)),
            schedule: (story.anomalies.are_some())
                .then(|| Schedule::new(story.anomalies, run, start)),
            errands,
            suggestions,
            wanted: VecDeque::new(),
            payment_storm_until: Time(i64::MIN),
            notes: VecDeque::new(),
            next_happening: None,
        };
        catalogue.reserve(planted);
        tale.look_ahead();
        tale
    }

    /// When something is due that is no visitor's: the shop wakes up for it.
    #[inline]
    pub(crate) fn next_event_due(&self) -> Option<Time> {
        let news = self.supply.as_ref().and_then(Supply::news_time);
        news.or_else(|| self.errands.next_due())
    }

    /// Lets campaigns, deliveries, price changes and anomalies happen.
    #[inline]
    pub(crate) fn happen(&mut self, time: Time, catalogue: &mut Catalogue) {
        if self.next_happening.is_some_and(|next| next <= time) {
            self.let_happen(time, catalogue);
        }
    }

    fn let_happen(&mut self, time: Time, catalogue: &mut Catalogue) {
        if self
            .campaigns
            .next_change()
            .is_some_and(|next| next <= time)
        {
            self.campaigns.change(time, catalogue);
        }
        if let Some(supply) = &mut self.supply {
            supply.happen(time, catalogue);
        }
        while let Some(due) = self
            .schedule
            .as_mut()
            .and_then(|schedule| schedule.take_due(time))
        {
            self.plant(due, time, catalogue);
        }
        self.look_ahead();
    }

    /// News of the warehouse, one by one.
    pub(crate) fn take_news(&mut self) -> Option<SupplyNews> {
        self.supply.as_mut()?.take_news()
    }

    /// Whoever is on an errand and acts now.
    pub(crate) fn take_errand(&mut self, time: Time, catalogue: &Catalogue) -> Option<Errand> {
        let errand = self.errands.take_due(time, |random| {
            let category = catalogue.wanted_category(random.bits());
            catalogue.draw(category, random)
        });
        while let Some(buyer) = self.errands.take_gone() {
            self.note(Note::Buyer(buyer));
        }
        errand
    }

    /// What a bot does, if the moment is a bot's.
    pub(crate) fn bot_act(
        &mut self,
        time: Time,
        population: &Population,
        catalogue: &Catalogue,
    ) -> Option<BotAct> {
        self.bots.as_mut()?.act(time, population, catalogue)
    }

    /// How many more visitors come because of campaigns.
    pub(crate) fn lift(&self) -> f64 {
        self.campaigns.lift()
    }

    /// The campaign that brings one more visitor, if one does.
    pub(crate) fn lead(&mut self) -> Option<Lead> {
        self.campaigns.lead(&mut self.random)
    }

    /// The share of payments that fail now.
    pub(crate) fn payment_errors(&self, usual: f64, time: Time) -> f64 {
        if time < self.payment_storm_until {
            STORM_FAILURES
        } else {
            usual
        }
    }

    /// Whether a visitor who would take the product does: prices and stock decide.
    pub(crate) fn is_taken(
        &mut self,
        product: u32,
        share: f64,
        catalogue: &Catalogue,
    ) -> Option<bool> {
        if self
            .supply
            .as_ref()
            .is_some_and(|supply| supply.is_sold_out(product))
        {
            return Some(false);
        }
        let eagerness = catalogue.eagerness(product);
        // Without a changed price, the visitor's own draw decides.
        (eagerness != 1.0).then(|| self.random.chance((share * eagerness).min(1.0)))
    }

    /// Makes the order that is about to be paid the anomaly that waits for one, if its cart suits.
    pub(crate) fn plant_in_cart(
        &mut self,
        cart: &mut Cart,
        catalogue: &Catalogue,
    ) -> Option<PlantedOrder> {
        let wanted = *self.wanted.front()?;
        let prices = cart.lines(catalogue).map(|line| line.product.price);
        let (index, quantity) = match wanted {
            PlantedOrder::HighValue => {
                let (index, price) = prices.enumerate().max_by_key(|(_, price)| *price)?;
                let pieces = HIGH_VALUE.0 / price.0.max(1) + 1;
                (index, (pieces <= PIECES_MAX).then_some(pieces as u8)?)
            }
            PlantedOrder::ManyPieces => {
                let (index, price) = prices.enumerate().min_by_key(|(_, price)| *price)?;
                (index, (price <= CHEAP).then_some(MANY_PIECES)?)
            }
        };
        cart.set_quantity(index, quantity);
        self.wanted.pop_front();
        Some(wanted)
    }

    /// Buyers who may come again when the run ends.
    pub(crate) fn buyers_left(&self) -> Vec<Buyer> {
        self.errands.still_there()
    }

    /// Products that sell at a planted rate.
    pub(crate) fn planted_demand(&self) -> &[(u32, f64)] {
        self.errands.demands()
    }

    fn plant(&mut self, due: anomalies::Due, time: Time, catalogue: &mut Catalogue) {
        let mut anomaly = Anomaly {
            kind: due.kind,
            from: time,
            until: due.until,
            product: None,
            order: None,
            evidence: Evidence::None,
        };
        match due.kind {
            AnomalyKind::HighValueOrder => return self.want(PlantedOrder::HighValue),
            AnomalyKind::UnusualQuantity => return self.want(PlantedOrder::ManyPieces),
            AnomalyKind::PaymentErrorStorm => self.payment_storm_until = due.until,
            AnomalyKind::BotStorm => match &mut self.bots {
                Some(bots) => bots.storm(due.until),
                None => return,
            },
            AnomalyKind::StockOut | AnomalyKind::PriceMistake => {
                let Some(product) = self.product_in_stock(catalogue) else {
                    return;
                };
                let Some(supply) = &mut self.supply else {
                    return;
                };
                anomaly.product = Some(product);
                anomaly.evidence = if due.kind == AnomalyKind::StockOut {
                    Evidence::Units(supply.empty(product, time))
                } else {
                    Evidence::Amount(supply.mistake_price(product, (time, due.until), catalogue))
                };
            }
        }
        self.note(Note::Anomaly(anomaly));
    }

    fn want(&mut self, order: PlantedOrder) {
        if self.wanted.len() < WANTED_MAX {
            self.wanted.push_back(order);
        }
    }

    /// Tells the truth something. Who runs a story takes its notes; if nobody does, the oldest go.
    pub(crate) fn note(&mut self, note: Note) {
        if self.notes.len() == NOTES_MAX {
            self.notes.pop_front();
        }
        self.notes.push_back(note);
    }

    /// A product people want, of which there is some.
    fn product_in_stock(&mut self, catalogue: &Catalogue) -> Option<u32> {
        let supply = self.supply.as_ref()?;
        for _ in 0..DRAWS_MAX {
            let category = catalogue.wanted_category(self.random.bits());
            let product = catalogue.draw(category, &mut self.random);
            if !supply.is_sold_out(product) {
                return Some(product);
            }
        }
        None
    }

    fn look_ahead(&mut self) {
        let supply = self.supply.as_ref().and_then(Supply::next_due);
        let anomaly = self.schedule.as_ref().and_then(Schedule::next_due);
        let all = [self.campaigns.next_change(), supply, anomaly];
        self.next_happening = all.into_iter().flatten().min();
    }

    /// A delivery or a mended price may have been planned by an order.
    pub(crate) fn sell(&mut self, lines: &[crate::catalogue::Line], time: Time) {
        if let Some(supply) = &mut self.supply {
            supply.sell(lines, time);
            self.look_ahead();
        }
    }
}

/// Where a story happens.
pub(crate) struct Place<'c> {
    pub(crate) catalogue: &'c mut Catalogue,
    pub(crate) customers: u32,
}

/// Products to plant, far enough from each other that none is another's neighbour on the shelf.
fn planted_numbers(count: usize, catalogue: &Catalogue) -> Vec<u32> {
    let shelves: Shelves = catalogue.shelves();
    let categories = shelves.len() as u32;
    let places = catalogue.products() / categories;
    (0..count as u32)
        .map(|index| {
            let place = (places / 2 + 2 * (index / categories)) % places.max(1);
            index % categories + categories * place
        })
        .collect()
}
