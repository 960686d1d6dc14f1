//! Purchases with known answers: customers who buy by the BG/NBD process, and products that sell at a known rate.
//! Each is an errand: somebody known looks at one product, takes it, and buys. How such visits look to others is `session`.

use crate::random::{Random, derive, unit};
use crate::time::{DAY_MICROS, SECOND_MICROS, Time};
use crate::variates::{beta, exponential, gamma};
use std::collections::{BTreeMap, VecDeque};

/// Customers who buy by the BG/NBD process of Fader, Hardie and Lee: each buys at an own rate until they drop out for
/// good. Rates are gamma (`r`, `alpha`), the chance to drop out after a purchase is beta (`a`, `b`).
#[derive(Debug, Clone, PartialEq)]
pub struct BuyerProcess {
    /// How many such customers join.
    pub customers: u32,
    /// They join evenly over so many days.
    pub joining_days: f64,
    /// The unit of time of `alpha`, in days: 7 means weeks.
    pub unit_days: f64,
    /// Shape of the purchase rates.
    pub r: f64,
    /// Rate of the purchase rates: the mean is `r / alpha` purchases a unit of time.
    pub alpha: f64,
    /// Chance to drop out: mean `a / (a + b)`.
    pub a: f64,
    /// See `a`.
    pub b: f64,
    /// Whether the first purchase may be the last: MBG/NBD instead of BG/NBD.
    pub leaves_after_first: bool,
}

/// What the process made of a customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Buyer {
    /// The customer's number.
    pub number: u32,
    /// Purchases a unit of time.
    pub rate: f64,
    /// The chance to drop out after a purchase.
    pub dropout: f64,
    /// The first purchase.
    pub first: Time,
    /// The last purchase.
    pub last: Time,
    /// How many there were.
    pub purchases: u32,
    /// Whether none will follow.
    pub has_dropped_out: bool,
}

/// Somebody on the way to buy one product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Errand {
    pub(crate) number: u32,
    pub(crate) product: u32,
    pub(crate) visit: u64,
    pub(crate) step: Step,
    purpose: Purpose,
}

/// What an errand does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Look,
    Take,
    CheckOut,
    Buy,
}

#[derive(Debug, Clone, Copy)]
enum Purpose {
    Buyer { joined: u32, state: Option<Buyer> },
    Demand(usize),
}

/// Everybody on an errand, by time.
#[derive(Debug)]
pub(crate) struct Errands {
    seed: u64,
    start: Time,
    random: Random,
    first_number: u32,
    process: Option<BuyerProcess>,
    joined: u32,
    /// Planted products and how many of each are sold in a day.
    demands: Vec<(u32, f64)>,
    waiting: BTreeMap<(Time, u64), Errand>,
    begun: u64,
    gone: VecDeque<Buyer>,
}

/// Shoppers for planted demand.
const SHOPPERS: u64 = 50_000;
const BUYER: u64 = 45;
const ERRAND: u64 = 46;

impl Errands {
    /// Their numbers begin at `first_number`.
    pub(crate) fn new(
        process: Option<BuyerProcess>,
        demands: Vec<(u32, f64)>,
        run: u64,
        start: Time,
        first_number: u32,
    ) -> Errands {
        let mut errands = Errands {
            seed: run,
            start,
            random: Random::seeded(derive(run, ERRAND, 0)),
            first_number,
            process,
            joined: 0,
            demands,
            waiting: BTreeMap::new(),
            begun: 0,
            gone: VecDeque::new(),
        };
        (0..errands.demands.len()).for_each(|index| errands.plan_demand(index, start));
        errands
    }

    /// When somebody acts next.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let waiting = self.waiting.first_key_value().map(|(key, _)| key.0);
        waiting.into_iter().chain(self.next_joining()).min()
    }

    /// Whoever acts at this time. `pick` chooses a product for a buyer.
    pub(crate) fn take_due(
        &mut self,
        time: Time,
        pick: impl FnOnce(&mut Random) -> u32,
    ) -> Option<Errand> {
        if self.next_joining().is_some_and(|joining| joining <= time) {
            self.join(time);
        }
        let front = self.waiting.first_entry()?;
        if front.key().0 > time {
            return None;
        }
        let mut errand = front.remove();
        if errand.step == Step::Look && matches!(errand.purpose, Purpose::Buyer { .. }) {
            errand.product = pick(&mut self.random);
        }
        self.follow_up(errand, time);
        Some(errand)
    }

    /// Buyers who dropped out since the last call.
    pub(crate) fn take_gone(&mut self) -> Option<Buyer> {
        self.gone.pop_front()
    }

    /// Buyers who may still come, and have come.
    pub(crate) fn still_there(&self) -> Vec<Buyer> {
        let state = |errand: &Errand| match errand.purpose {
            Purpose::Buyer { state, .. } => state,
            Purpose::Demand(_) => None,
        };
        let mut buyers: Vec<Buyer> = self.waiting.values().filter_map(state).collect();
        buyers.sort_by_key(|buyer| buyer.number);
        buyers
    }

    pub(crate) fn demands(&self) -> &[(u32, f64)] {
        &self.demands
    }

    fn next_joining(&self) -> Option<Time> {
        let process = self.process.as_ref()?;
        if self.joined == process.customers {
            return None;
        }
        let share = (f64::from(self.joined) + 0.5) / f64::from(process.customers);
        let after = share * process.joining_days * DAY_MICROS as f64;
        Some(self.start.plus(after as i64))
    }

    fn join(&mut self, time: Time) {
        self.joined += 1;
        let errand = Errand {
            number: self.first_number + self.joined,
            product: 0,
            visit: 0,
            step: Step::Look,
            purpose: Purpose::Buyer {
                joined: self.joined,
                state: None,
            },
        };
        self.begin(errand, time);
    }

    /// The next step of an errand, or the errand after it.
    fn follow_up(&mut self, errand: Errand, time: Time) {
        if let (Step::Look, Purpose::Demand(index)) = (errand.step, errand.purpose) {
            self.plan_demand(index, time);
        }
        let next = match errand.step {
            Step::Look => Step::Take,
            Step::Take => Step::CheckOut,
            Step::CheckOut => Step::Buy,
            Step::Buy => return self.come_again(errand, time),
        };
        let pause = 15 * SECOND_MICROS + self.random.below(60 * SECOND_MICROS as u64) as i64;
        self.begun += 1;
        self.waiting.insert(
            (time.plus(pause), self.begun),
            Errand {
                step: next,
                ..errand
            },
        );
    }

    fn come_again(&mut self, errand: Errand, time: Time) {
        match errand.purpose {
            Purpose::Demand(_) => {}
            Purpose::Buyer { joined, state } => {
                let Some(process) = &self.process else { return };
                let buyer = bought(self.seed, process, (joined, errand.number), state, time);
                if buyer.has_dropped_out {
                    self.gone.push_back(buyer);
                    return;
                }
                let units = exponential(1.0 / buyer.rate, &mut self.random);
                // A century is as good as never, and still a time.
                let days = (units * process.unit_days).min(36_500.0);
                let after = (days * DAY_MICROS as f64) as i64;
                let again = Errand {
                    step: Step::Look,
                    purpose: Purpose::Buyer {
                        joined,
                        state: Some(buyer),
                    },
                    ..errand
                };
                self.begin(again, time.plus(after));
            }
        }
    }

    /// Sales of a planted product come like drops of rain: by exponential gaps.
    fn plan_demand(&mut self, index: usize, from: Time) {
        let (product, per_day) = self.demands[index];
        let gap = exponential(DAY_MICROS as f64 / per_day, &mut self.random);
        let buyers = self.process.as_ref().map_or(0, |process| process.customers);
        let shopper = self.random.below(SHOPPERS) as u32;
        let errand = Errand {
            number: self.first_number + buyers + 1 + shopper,
            product,
            visit: 0,
            step: Step::Look,
            purpose: Purpose::Demand(index),
        };
        self.begin(errand, from.plus(gap as i64));
    }

    fn begin(&mut self, errand: Errand, time: Time) {
        self.begun += 1;
        let visit = self.begun;
        self.waiting
            .insert((time, visit), Errand { visit, ..errand });
    }
}

/// The buyer after one more purchase.
fn bought(
    seed: u64,
    process: &BuyerProcess,
    (joined, number): (u32, u32),
    before: Option<Buyer>,
    time: Time,
) -> Buyer {
    let fresh = || {
        let mut traits = Random::seeded(derive(seed, BUYER, u64::from(joined)));
        Buyer {
            number,
            rate: (gamma(process.r, &mut traits) / process.alpha).max(1e-9),
            dropout: beta(process.a, process.b, &mut traits),
            first: time,
            last: time,
            purchases: 0,
            has_dropped_out: false,
        }
    };
    let buyer = before.unwrap_or_else(fresh);
    let purchases = buyer.purchases + 1;
    let fate = derive(!seed, BUYER, u64::from(joined) << 24 | u64::from(purchases));
    Buyer {
        last: time,
        purchases,
        has_dropped_out: (purchases > 1 || process.leaves_after_first)
            && unit(fate) < buyer.dropout,
        ..buyer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time(1_741_093_200_000_000);

    fn process() -> BuyerProcess {
        BuyerProcess {
            customers: 20_000,
            joining_days: 7.0,
            unit_days: 7.0,
            r: 0.243,
            alpha: 4.414,
            a: 0.793,
            b: 2.426,
            leaves_after_first: false,
        }
    }

    /// Buys by everybody within so many weeks after their first.
    fn repeats(weeks: i64) -> f64 {
        let mut errands = Errands::new(Some(process()), Vec::new(), 5, START, 0);
        let mut first = std::collections::HashMap::new();
        let mut repeats = 0;
        while let Some(time) = errands
            .next_due()
            .filter(|time| time.0 < START.0 + (weeks + 2) * 7 * DAY_MICROS)
        {
            let Some(errand) = errands.take_due(time, |_| 0) else {
                continue;
            };
            if errand.step == Step::Buy {
                let began = *first.entry(errand.number).or_insert(time);
                repeats += i64::from(time > began && time.0 < began.0 + weeks * 7 * DAY_MICROS);
            }
        }
        assert_eq!(first.len(), 20_000, "everybody buys once");
        repeats as f64 / 20_000.0
    }

    #[test]
    fn repeat_purchases_meet_the_expectation_of_the_process() {
        // E[X(t)] for these parameters by the closed form of the paper, 2F1 summed elsewhere: 0.5344 and 0.9026.
        for (weeks, expected) in [(13, 0.5344), (26, 0.9026)] {
            let measured = repeats(weeks);
            assert!(
                (measured / expected - 1.0).abs() < 0.05,
                "{measured} for {expected}"
            );
        }
    }

    #[test]
    fn planted_demand_sells_at_its_rate() {
        let mut errands = Errands::new(None, vec![(7, 240.0)], 6, START, 0);
        let end = START.plus(20 * DAY_MICROS);
        let mut sold = 0;
        while let Some(time) = errands.next_due().filter(|time| *time < end) {
            sold += i32::from(
                errands
                    .take_due(time, |_| 0)
                    .is_some_and(|errand| errand.step == Step::Buy),
            );
        }
        // 20 days of 240, and three standard deviations of the root of 4,800 either way.
        assert!((4_590..5_010).contains(&sold), "{sold}");
    }
}
