//! Many small lives of a log with random frames, power cuts, kills and failing syncs, each from a seed.
//! The referee knows only what was appended and what was answered.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::memory_disk::MemoryDisk;
use super::*;
use crate::Durability;

/// Frames by number: those answered with success, and those whose fate only the disk knows.
#[derive(Default)]
struct Referee {
    answered: Vec<(u64, Vec<u8>)>,
    unknown: Vec<Vec<u8>>,
    end: u64,
}

impl Referee {
    /// What was answered is there, in order; what else is there was appended; offsets have no gap.
    fn judge(&mut self, log: &EventLog, seed: u64) {
        let frames = rest(&mut log.reader(0));
        let mut offset = 0;
        for (number, frame) in (0..).zip(&frames) {
            assert_eq!(
                (frame.number, frame.first_offset),
                (number, offset),
                "seed {seed}"
            );
            offset = frame.end_offset();
        }
        assert_eq!(log.end(), offset, "seed {seed}");
        let mut read = frames.iter();
        for (first_offset, payload) in &self.answered {
            let found = read.find(|it| it.payload[..] == payload[..]);
            let found = found.map(|it| it.first_offset);
            assert_eq!(
                found,
                Some(*first_offset),
                "seed {seed}: an answered frame is gone"
            );
        }
        for frame in &frames {
            let known = self
                .answered
                .iter()
                .any(|(_, payload)| payload[..] == frame.payload[..]);
            let known = known || self.unknown.iter().any(|it| it[..] == frame.payload[..]);
            assert!(known, "seed {seed}: a frame nobody appended");
        }
        // From now on all of it is durable, asked for or not.
        let all = frames
            .iter()
            .map(|it| (it.first_offset, it.payload.to_vec()));
        self.answered = all.collect();
        self.end = offset;
    }
}

type Answers = Arc<Mutex<Vec<(u64, Vec<u8>)>>>;

fn random_payload(chance: &mut SmallRng, serial: u64) -> Vec<u8> {
    let bytes = match chance.random_range(0..10) {
        0 => chance.random_range(3_000..9_000),
        1..4 => 0,
        _ => chance.random_range(0..900),
    };
    let fill = |_| {
        if chance.random_bool(0.5) {
            chance.random()
        } else {
            b'a'
        }
    };
    let mut payload: Vec<u8> = (0..bytes).map(fill).collect();
    // Tells frames of equal content apart.
    payload.extend_from_slice(&serial.to_le_bytes());
    payload
}

/// Appends some frames, in groups as it happens, until done or the disk gives up.
fn live(log: &EventLog, chance: &mut SmallRng, serial: &mut u64, referee: &mut Referee) {
    let answers = Answers::default();
    for _ in 0..chance.random_range(0..25) {
        *serial += 1;
        let payload = random_payload(chance, *serial);
        let encoded = frame(chance.random_range(0..4), &payload);
        referee.unknown.push(payload.clone());
        if chance.random_bool(0.3) {
            if let Ok(appended) = log.writer().append_blocking(encoded) {
                answers.lock().push((appended.first_offset, payload));
            }
        } else {
            let answers = Arc::clone(&answers);
            log.writer().append_with(encoded, move |result| {
                answers
                    .lock()
                    .extend(result.map(|it| (it.first_offset, payload)));
            });
        }
    }
    if chance.random_bool(0.5) {
        // Waits for everything on its way, if the disk still lives.
        let _ = log.writer().append_blocking(frame(0, &{
            *serial += 1;
            referee.unknown.push(serial.to_le_bytes().to_vec());
            serial.to_le_bytes()
        }));
    }
    log.close();
    let mut answered = std::mem::take(&mut *answers.lock());
    answered.sort_by_key(|(offset, payload)| (*offset, serial_of(payload)));
    referee.answered.extend(answered);
}

fn serial_of(payload: &[u8]) -> u64 {
    let last = payload
        .last_chunk()
        .expect("every payload ends in its serial number");
    u64::from_le_bytes(*last)
}

fn check_life(seed: u64, durability: Durability) {
    let mut chance = SmallRng::seed_from_u64(seed);
    let (disk, dir) = (MemoryDisk::new(), folder());
    let (mut referee, mut serial) = (Referee::default(), 0);
    for _ in 0..8 {
        let power_fails = durability == Durability::Durable && chance.random_bool(0.6);
        let sync_fails = durability == Durability::Durable && chance.random_bool(0.2);
        let config = LogConfig {
            durability,
            ..config(dir.path())
        };
        if power_fails {
            // Recovery itself may be hit, too.
            disk.cut_power_after(chance.random_range(0..60));
        }
        let opened = EventLog::open_on(Arc::clone(&disk) as SharedDisk, config.clone());
        if let Ok(log) = opened {
            referee.judge(&log, seed);
            disk.fail_syncs(sync_fails);
            live(&log, &mut chance, &mut serial, &mut referee);
        } else {
            assert!(
                power_fails,
                "seed {seed}: {}",
                opened.err().map(|it| message(&it)).unwrap_or_default()
            );
        }
        disk.fail_syncs(false);
        if power_fails || sync_fails && chance.random_bool(0.5) {
            disk.restore_power(&mut chance);
        }
    }
    let log = open_on(&disk, dir.path());
    referee.judge(&log, seed);
}

#[test]
fn power_cuts_kills_and_failed_syncs_never_lose_an_answered_frame() {
    for seed in 0..400 {
        check_life(seed, Durability::Durable);
    }
}

#[test]
fn a_buffered_log_survives_any_number_of_orderly_ends() {
    for seed in 0..50 {
        check_life(seed, Durability::Buffered);
    }
}
