//! Workload W: the file that speed is measured with, two hours of a large shop in the seed generator's form, with
//! everything that happens to lines on their way: some late, some twice, some broken. Its totals are in `truth`.

mod late;
mod truth;

pub use truth::WTruth;

use crate::behaviour::Behaviour;
use crate::event::SimEvent;
use crate::fault::Fault;
use crate::random::{Random, derive};
use crate::settings::{Rate, Settings};
use crate::shop::Shop;
use crate::time::{HOUR_MICROS, Time};
use crate::write::{Columns, Format, write_line};
use late::LateLines;
use std::io;

/// 2025-03-04 13:00 UTC, a Tuesday, when all five countries are awake: a file for measuring must not depend on the day it is made.
const START: Time = Time(1_741_093_200_000_000);
const SPAN_MICROS: i64 = 2 * HOUR_MICROS;

/// Orders make several lines and some events none; measured, so that the lines fill the two hours.
const LINES_PER_EVENT: f64 = 0.989;

/// Lines of a thousand that come twice, that are broken, that are late.
const DUPLICATES_PER_MILLE: u64 = 5;
const INVALID_PER_MILLE: u64 = 5;
const LATE_PER_MILLE: u64 = 20;

/// Bytes gathered before they are handed on; large enough that a file's calls do not count.
const BUFFER_BYTES: usize = 256 * 1_024;

const FATE: u64 = 31;

/// Writes `lines` lines and returns what a reader must come to. The shares of broken, repeated and late lines are exact.
///
/// One million people, 250,000 products in 100 categories, five countries, prices in dollars, times without zone (UTC).
pub fn workload_w(seed: u64, lines: u64, out: impl io::Write) -> io::Result<WTruth> {
    let mut fates = Fates::share_out(seed, lines);
    let mut shop =
        Shop::new(settings(seed, fates.fresh)).expect("the settings of W lie within their ranges");
    let mut writer = Writer {
        out,
        buffer: Vec::with_capacity(BUFFER_BYTES + 4_096),
        late: LateLines::default(),
        truth: WTruth::new(START),
    };
    while fates.fresh > 0 {
        let event = shop.next_event();
        writer.release_until(event.time)?;
        for index in 0..Format::Seed.lines_of(&event) {
            let Some(fate) = fates.draw() else { break };
            writer.line(&event, index, fate, &mut fates.random)?;
        }
    }
    writer.finish()
}

fn settings(seed: u64, fresh_lines: u64) -> Settings {
    let seconds = SPAN_MICROS as f64 / 1e6;
    Settings {
        rate: Rate::per_second(fresh_lines as f64 / seconds / LINES_PER_EVENT),
        products: 250_000,
        categories: 100,
        customers: 1_000_000,
        behaviour: Behaviour::passers_by(),
        ..Settings::new(seed, START)
    }
}

/// What happens to a line on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    InTime,
    Late,
    Twice,
    Broken,
}

/// How many lines of each fate are still to come.
#[derive(Debug)]
struct Fates {
    random: Random,
    /// Lines to come, repetitions not counted.
    fresh: u64,
    late: u64,
    twice: u64,
    broken: u64,
}

impl Fates {
    fn share_out(seed: u64, lines: u64) -> Fates {
        let twice = lines * DUPLICATES_PER_MILLE / 1_000;
        Fates {
            random: Random::seeded(derive(seed, FATE, lines)),
            fresh: lines - twice,
            late: lines * LATE_PER_MILLE / 1_000,
            twice,
            broken: lines * INVALID_PER_MILLE / 1_000,
        }
    }

    /// The next line's fate, so that in the end each share is met exactly; none when all lines are made.
    fn draw(&mut self) -> Option<Fate> {
        if self.fresh == 0 {
            return None;
        }
        let drawn = self.random.below(self.fresh);
        self.fresh -= 1;
        let (fate, left) = match drawn {
            drawn if drawn < self.broken => (Fate::Broken, &mut self.broken),
            drawn if drawn < self.broken + self.twice => (Fate::Twice, &mut self.twice),
            drawn if drawn < self.broken + self.twice + self.late => (Fate::Late, &mut self.late),
            _ => return Some(Fate::InTime),
        };
        *left -= 1;
        Some(fate)
    }
}

/// Puts lines in the order in which they arrive.
struct Writer<W> {
    out: W,
    buffer: Vec<u8>,
    late: LateLines,
    truth: WTruth,
}

impl<W: io::Write> Writer<W> {
    /// Writes a line, or puts it aside, as its fate wants.
    fn line(
        &mut self,
        event: &SimEvent<'_>,
        index: usize,
        fate: Fate,
        random: &mut Random,
    ) -> io::Result<()> {
        let start = self.buffer.len();
        write_line(event, index, Columns::WithUrl, &mut self.buffer);
        if fate == Fate::Broken {
            let fault = Fault::draw(random);
            fault.spoil(&mut self.buffer, start);
            self.truth.count_invalid(fault);
            self.truth.count_line(self.buffer.len() - start);
            return self.flush_if_full();
        }
        self.truth.count_valid(event, index);
        if fate != Fate::InTime {
            self.late.keep(event.time, &self.buffer[start..], random);
        }
        if fate == Fate::Late {
            self.buffer.truncate(start);
            return Ok(());
        }
        self.truth.count_duplicates(u64::from(fate == Fate::Twice));
        self.truth.count_line(self.buffer.len() - start);
        self.truth.count_order(event.time);
        self.flush_if_full()
    }

    /// Writes the late lines whose time has come before this event.
    fn release_until(&mut self, time: Time) -> io::Result<()> {
        while let Some((event_time, line)) = self.late.take_due(time) {
            self.buffer.extend_from_slice(&line);
            self.truth.count_line(line.len());
            self.truth.count_order(event_time);
            self.flush_if_full()?;
        }
        Ok(())
    }

    fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER_BYTES {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<WTruth> {
        self.release_until(Time(i64::MAX))?;
        self.out.write_all(&self.buffer)?;
        self.out.flush()?;
        Ok(self.truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_comes_as_often_as_it_was_shared_out() {
        let mut fates = Fates::share_out(1, 100_000);
        let mut counts = [0_u64; 4];
        while let Some(fate) = fates.draw() {
            counts[fate as usize] += 1;
        }
        assert_eq!(counts, [96_500, 2_000, 500, 500]);
    }
}
