//! What arrives: the lines of a shop in the order of their arrival. Some come late, some twice, some broken, at stated
//! rates; the truth counts what a reader must come to. There is no clock in here: whoever sends decides when.

mod spoil;
mod summary;

use crate::event::SimEvent;
use crate::ledger::Delivered;
use crate::ledger::Ledger;
use crate::random::{Random, derive};
use crate::settings::{Rate, Settings, SettingsError};
use crate::shop::Shop;
use crate::time::{SECOND_MICROS, Time};
use crate::truth::Truth;
use crate::write::Format;
use spoil::{faults_of, spoil};
use std::collections::BTreeMap;

/// How lines fare on their way: shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mishaps {
    /// Lines that come later than others.
    pub late: f64,
    /// The longest that a line is late; also the longest until it is repeated.
    pub late_seconds_max: f64,
    /// Lines that come again.
    pub repeats: f64,
    /// Lines that nobody can read, or must refuse.
    pub broken: f64,
}

impl Default for Mishaps {
    fn default() -> Mishaps {
        Mishaps {
            late: 0.0,
            late_seconds_max: 120.0,
            repeats: 0.0,
            broken: 0.0,
        }
    }
}

/// Why a delivery cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DeliveryError {
    /// The shop cannot be.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A share that is none.
    #[error("{name} = {value}: a share is from 0 to 0.5")]
    Share {
        /// Which.
        name: &'static str,
        /// What was asked.
        value: f64,
    },
    /// Lateness nobody waits for.
    #[error("late_seconds_max = {0}: allowed are 1 to 86400")]
    Lateness(f64),
    /// Repeated lines without an id are no repetitions but more events.
    #[error("lines of {0} carry no id: a repeated one would be another event")]
    NoIds(&'static str),
    /// Rows of an order that come apart are no order.
    #[error("rows of an order file are not late")]
    LateRows,
    /// Amounts of several currencies in a dialect that names none.
    #[error("{0} does not name currencies: let the shop have one")]
    NoCurrency(&'static str),
}

impl Mishaps {
    fn check(&self, format: Format) -> Result<(), DeliveryError> {
        let shares = [
            ("late", self.late),
            ("repeats", self.repeats),
            ("broken", self.broken),
        ];
        let is_wrong = |share: &(&str, f64)| !(0.0..=0.5).contains(&share.1);
        if let Some((name, value)) = shares.into_iter().find(is_wrong) {
            return Err(DeliveryError::Share { name, value });
        }
        if !(1.0..=86_400.0).contains(&self.late_seconds_max) {
            return Err(DeliveryError::Lateness(self.late_seconds_max));
        }
        if self.repeats > 0.0 && !format.has_ids() {
            return Err(DeliveryError::NoIds(format.name()));
        }
        if self.late > 0.0 && format == Format::Orders {
            return Err(DeliveryError::LateRows);
        }
        Ok(())
    }

    fn are_none(&self) -> bool {
        self.late + self.repeats + self.broken == 0.0
    }
}

/// When a delivery is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// After so many lines.
    pub lines: u64,
    /// After so many orders, counted as events.
    pub orders: u64,
    /// Before the first event of this time or later.
    pub until: Time,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            lines: u64::MAX,
            orders: u64::MAX,
            until: Time(i64::MAX),
        }
    }
}

/// What is wanted of a delivery beside the shop.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Terms {
    /// The dialect.
    pub format: Format,
    /// How lines fare.
    pub mishaps: Mishaps,
    /// When it is over.
    pub limits: Limits,
    /// What is kept of the truth.
    pub truth: TruthKept,
}

/// How much of the truth is kept: it costs time and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TruthKept {
    /// Nothing: for speed.
    Nothing,
    /// The sums.
    #[default]
    Sums,
    /// The sums, and the tables of the ledger.
    Tables,
}

/// A line that waits for its time.
#[derive(Debug)]
struct Waiting {
    bytes: Vec<u8>,
    fate: &'static str,
    event: u128,
    time: Time,
}

/// What became of lines that did not simply arrive.
#[derive(Debug, Clone, Copy, Default)]
struct Fates {
    late: u64,
    repeats: u64,
    broken: u64,
    by_fault: [u64; crate::fault::Fault::ALL.len()],
}

/// A shop whose events arrive as lines.
#[derive(Debug)]
pub struct Delivery {
    shop: Shop,
    terms: Terms,
    random: Random,
    waiting: BTreeMap<(Time, u64), Waiting>,
    /// Lines handed out.
    lines: u64,
    /// Lines handed out or waiting.
    owed: u64,
    orders: u64,
    fates: Fates,
    truth: Truth,
    ledger: Option<Ledger>,
    parameters: serde_json::Value,
}

const DELIVERY: u64 = 51;
/// Lines that wait at once: beyond it none is put aside. At 600 bytes each about 600 MB would wait.
const WAITING_MAX: usize = 1_000_000;

impl Delivery {
    /// Opens the shop.
    pub fn new(settings: Settings, terms: Terms) -> Result<Delivery, DeliveryError> {
        let format = terms.format;
        terms.mishaps.check(format)?;
        if settings.pricing == crate::session::Pricing::ByCountry && !format.has_currency() {
            return Err(DeliveryError::NoCurrency(format.name()));
        }
        let random = Random::seeded(derive(settings.seed, DELIVERY, settings.start.0 as u64));
        let parameters = summary::parameters(&settings, &terms);
        Ok(Delivery {
            shop: Shop::new(settings)?,
            random,
            waiting: BTreeMap::new(),
            lines: 0,
            owed: 0,
            orders: 0,
            fates: Fates::default(),
            truth: Truth::new(format),
            ledger: (terms.truth == TruthKept::Tables).then(|| Ledger::new(format)),
            terms,
            parameters,
        })
    }

    /// When the next event will happen.
    #[must_use]
    pub fn next_time(&self) -> Time {
        self.shop.next_time()
    }

    /// Whether all lines were made; late ones may still wait for `finish`.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let limits = &self.terms.limits;
        self.owed >= limits.lines
            || self.orders >= limits.orders
            || self.next_time() >= limits.until
    }

    /// Lines handed out so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The sums so far.
    #[must_use]
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// The tables, where they are kept.
    pub fn ledger_mut(&mut self) -> Option<&mut Ledger> {
        self.ledger.as_mut()
    }

    /// Another rate from this moment on.
    pub fn set_rate(&mut self, rate: Rate, from: Time) {
        self.shop.set_rate(rate, from);
    }

    /// Lets time pass without events.
    pub fn skip_to(&mut self, time: Time) {
        self.shop.skip_to(time);
    }

    /// Appends what arrives with the next event: lines that were late until now, then its own. Often one line, sometimes
    /// none.
    pub fn next(&mut self, out: &mut Vec<u8>) {
        if !self.waiting.is_empty() {
            self.release_until(self.shop.next_time(), out);
        }
        let Delivery {
            shop,
            terms,
            random,
            waiting,
            lines,
            owed,
            orders,
            fates,
            truth,
            ledger,
            ..
        } = self;
        let event = shop.next_event();
        *orders += u64::from(event.kind == crate::Kind::Order);
        let format = terms.format;
        let wanted = format.lines_of(&event);
        if wanted == 0 && terms.truth != TruthKept::Nothing {
            truth.leave_out(&event);
        }
        let mut desk = Desk {
            terms,
            random,
            waiting,
            lines,
            owed,
            fates,
            truth,
            ledger: ledger.as_mut(),
        };
        for index in 0..wanted {
            if *desk.owed >= desk.terms.limits.lines {
                break;
            }
            desk.line(&event, index, out);
        }
        while let Some(note) = shop.take_note() {
            if let Some(ledger) = ledger {
                ledger.note(&note);
            }
        }
    }

    /// Appends the lines that still wait, and closes the tables.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.release_until(Time(i64::MAX), out);
        if let Some(ledger) = &mut self.ledger {
            while let Some(note) = self.shop.take_note() {
                ledger.note(&note);
            }
            ledger.finish(&self.shop);
        }
    }

    fn release_until(&mut self, time: Time, out: &mut Vec<u8>) {
        while let Some(front) = self
            .waiting
            .first_entry()
            .filter(|front| front.key().0 <= time)
        {
            let waited = front.remove();
            out.extend_from_slice(&waited.bytes);
            self.lines += 1;
            if let Some(ledger) = &mut self.ledger {
                ledger.deliver(&Delivered {
                    line: self.lines,
                    fate: waited.fate,
                    fault: None,
                    event: waited.event,
                    time: waited.time,
                });
            }
        }
    }
}

/// The parts of a delivery that a line passes, apart from the shop that its event borrows.
struct Desk<'d> {
    terms: &'d Terms,
    random: &'d mut Random,
    waiting: &'d mut BTreeMap<(Time, u64), Waiting>,
    lines: &'d mut u64,
    owed: &'d mut u64,
    fates: &'d mut Fates,
    truth: &'d mut Truth,
    ledger: Option<&'d mut Ledger>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    InTime,
    Late,
    Twice,
    Broken,
}

impl Desk<'_> {
    #[inline]
    fn line(&mut self, event: &SimEvent<'_>, index: usize, out: &mut Vec<u8>) {
        let start = out.len();
        self.terms.format.write_line(event, index, out);
        *self.owed += 1;
        let fate = self.fate();
        if fate == Fate::Broken {
            return self.break_line(event, out, start);
        }
        self.count(event, index);
        match fate {
            Fate::Late => {
                self.fates.late += 1;
                self.keep(event, index, &out[start..], "late");
                out.truncate(start);
                return;
            }
            Fate::Twice => {
                self.fates.repeats += 1;
                *self.owed += 1;
                self.keep(event, index, &out[start..], "repeat");
            }
            _ => {}
        }
        *self.lines += 1;
    }

    fn fate(&mut self) -> Fate {
        let mishaps = &self.terms.mishaps;
        if mishaps.are_none() {
            return Fate::InTime;
        }
        let drawn = self.random.unit();
        let has_room = self.waiting.len() < WAITING_MAX;
        let has_two = *self.owed < self.terms.limits.lines;
        match drawn {
            drawn if drawn < mishaps.broken => Fate::Broken,
            drawn if drawn < mishaps.broken + mishaps.repeats && has_room && has_two => Fate::Twice,
            drawn if drawn < mishaps.broken + mishaps.repeats => Fate::InTime,
            drawn if drawn < mishaps.broken + mishaps.repeats + mishaps.late && has_room => {
                Fate::Late
            }
            _ => Fate::InTime,
        }
    }

    fn count(&mut self, event: &SimEvent<'_>, index: usize) {
        if self.terms.truth != TruthKept::Nothing {
            self.truth.observe_line(event, index);
        }
        if let Some(ledger) = &mut self.ledger {
            ledger.observe_line(event, index);
        }
    }

    fn break_line(&mut self, event: &SimEvent<'_>, out: &mut Vec<u8>, start: usize) {
        let fault = spoil(self.terms.format, out, start, self.random);
        *self.lines += 1;
        self.fates.broken += 1;
        self.fates.by_fault[fault as usize] += 1;
        if let Some(ledger) = &mut self.ledger {
            ledger.deliver(&Delivered {
                line: *self.lines,
                fate: "broken",
                fault: Some(fault),
                event: event.id,
                time: event.time,
            });
        }
    }

    fn keep(&mut self, event: &SimEvent<'_>, index: usize, bytes: &[u8], fate: &'static str) {
        let span =
            (self.terms.mishaps.late_seconds_max * SECOND_MICROS as f64) as i64 - SECOND_MICROS;
        let wait = SECOND_MICROS + self.random.below(span.max(1) as u64) as i64;
        let waiting = Waiting {
            bytes: bytes.to_vec(),
            fate,
            event: event.id ^ (index as u128) << 1,
            time: event.time,
        };
        // What was owed before is a number that no other waiting line has.
        self.waiting
            .insert((event.time.plus(wait), *self.owed), waiting);
    }
}

/// Kinds of faults that a dialect's lines can have.
#[must_use]
pub fn faults(format: Format) -> &'static [crate::fault::Fault] {
    faults_of(format)
}
