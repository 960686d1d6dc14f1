//! Appending and reading while all goes well.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::memory_disk::MemoryDisk;
use super::*;
use crate::frame::FRAME_BYTES_MAX;
use crate::{Durability, Remedy};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn frames_read_back_as_appended_whether_they_shrink_or_not() {
    let dir = folder();
    let log = open(dir.path());
    let payloads = ["", "x", &"order ".repeat(100), &noise(7, 500)];
    for (rows, payload) in (1..).zip(payloads) {
        append(&log, rows, payload);
    }
    let frames = rest(&mut log.reader(0));
    assert_eq!(frames.iter().map(text).collect::<Vec<_>>(), payloads);
    let offsets: Vec<_> = frames
        .iter()
        .map(|it| (it.first_offset, it.rows, it.number))
        .collect();
    assert_eq!(offsets, [(0, 1, 0), (1, 2, 1), (3, 3, 2), (6, 4, 3)]);
    assert_eq!(
        frames[2].tallies,
        Tallies {
            received: 4,
            accepted: 3,
            quarantined: 1
        }
    );
    assert_eq!((log.first_offset(), log.end()), (0, 10));
}

#[test]
fn a_reader_that_waits_wakes_for_each_new_frame_and_ends_when_the_log_closes() {
    let dir = folder();
    let log = open(dir.path());
    let mut reader = log.reader(0);
    let (tell, told) = channel();
    let follower = std::thread::spawn(move || {
        while let Some(frame) = reader.next_blocking().expect("the log can be read") {
            tell.send(text(&frame)).expect("the test listens");
        }
        reader.is_at_end()
    });
    for word in ["view", "cart", "order"] {
        append(&log, 1, word);
        assert_eq!(told.recv_timeout(LONG).expect("the reader wakes"), word);
    }
    log.close();
    assert!(follower.join().expect("the reader ends well"));
}

#[test]
fn a_timeout_passes_without_a_frame_and_a_frame_ends_the_wait_early() {
    let dir = folder();
    let log = open(dir.path());
    let mut reader = log.reader(0);
    assert_eq!(
        reader
            .next_timeout(Duration::from_millis(1))
            .expect("readable"),
        None
    );
    assert!(!reader.is_at_end());
    let waiting = std::thread::spawn(move || reader.next_timeout(LONG).expect("readable"));
    append(&log, 1, "order");
    assert_eq!(
        waiting.join().expect("no panic").map(|it| text(&it)),
        Some("order".to_owned())
    );
}

#[test]
fn producers_in_parallel_each_learn_their_own_offset_and_keep_their_own_order() {
    let dir = folder();
    let log = open(dir.path());
    let producer = |producer: usize| {
        let writer = log.writer();
        move || -> Vec<(u64, String)> {
            let append = |index: usize| {
                let text = format!("{producer} {index} {}", noise(index, 40));
                let appended = writer.append_blocking(frame(1 + index as u32 % 3, text.as_bytes()));
                (appended.expect("appended").first_offset, text)
            };
            (0..100).map(append).collect()
        }
    };
    let threads: Vec<_> = (0..8).map(|it| std::thread::spawn(producer(it))).collect();
    let mut told = BTreeMap::new();
    for thread in threads {
        let own = thread.join().expect("no panic");
        assert!(own.is_sorted_by_key(|(offset, _)| *offset));
        told.extend(own);
    }
    let frames = rest(&mut log.reader(0));
    let read: BTreeMap<_, _> = frames
        .iter()
        .map(|it| (it.first_offset, text(it)))
        .collect();
    assert_eq!(read, told);
    assert_eq!(read.len(), 800);
    assert!(
        frames
            .windows(2)
            .all(|pair| pair[0].end() == pair_start(&pair[1]))
    );
}

fn pair_start(frame: &Frame) -> crate::LogPosition {
    crate::LogPosition {
        offset: frame.first_offset,
        frame: frame.number,
    }
}

#[test]
fn frames_that_arrive_during_a_sync_share_the_next_one() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    let (tell, told) = channel();
    disk.hold_syncs();
    let before = disk.syncs();
    for index in 0..20 {
        let tell = tell.clone();
        let answer = move |result: Result<crate::Appended, _>| {
            tell.send(result.expect("appended").first_offset)
                .expect("the test listens");
        };
        log.writer().append_with(frame(1, b"x"), answer);
        if index == 0 {
            disk.wait_for_held_sync();
        }
    }
    disk.release_syncs();
    let offsets: Vec<_> = told.iter().take(20).collect();
    assert_eq!(offsets, (0..20).collect::<Vec<_>>());
    assert_eq!(disk.syncs() - before, 2);
}

#[test]
fn readers_never_see_a_frame_that_is_not_durable() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = open_on(&disk, dir.path());
    let mut reader = log.reader(0);
    disk.hold_syncs();
    let writer = log.writer();
    let append = std::thread::spawn(move || writer.append_blocking(frame(1, b"x")));
    disk.wait_for_held_sync();
    assert_eq!((reader.try_next().expect("readable"), log.end()), (None, 0));
    disk.release_syncs();
    append.join().expect("no panic").expect("appended");
    assert_eq!((rest(&mut reader).len(), log.end()), (1, 1));
}

#[test]
fn a_buffered_log_answers_without_any_sync() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let config = LogConfig {
        durability: Durability::Buffered,
        ..config(dir.path())
    };
    let log = EventLog::open_on(Arc::clone(&disk) as SharedDisk, config).expect("the log opens");
    let before = disk.syncs();
    append(&log, 1, "x");
    assert_eq!((disk.syncs(), texts(&log).len()), (before, 1));
    log.close();
    assert!(disk.syncs() > before);
}

#[tokio::test]
async fn appends_that_wait_for_room_in_the_queue_all_get_through() {
    let dir = folder();
    let config = LogConfig {
        queue_bytes_max: 100,
        ..config(dir.path())
    };
    let log = EventLog::open(config).expect("the log opens");
    let append = |_| {
        let writer = log.writer();
        tokio::spawn(async move { writer.append(frame(1, b"x")).await })
    };
    let mut offsets = Vec::new();
    for task in (0..50).map(append).collect::<Vec<_>>() {
        offsets.push(
            task.await
                .expect("no panic")
                .expect("appended")
                .first_offset,
        );
    }
    offsets.sort_unstable();
    assert_eq!(offsets, (0..50).collect::<Vec<_>>());
}

#[test]
fn closing_writes_what_waits_and_refuses_what_comes_later() {
    let (disk, dir) = (MemoryDisk::new(), folder());
    let log = Arc::new(open_on(&disk, dir.path()));
    let (tell, told) = channel();
    disk.hold_syncs();
    for index in 0..3 {
        let tell = tell.clone();
        log.writer().append_with(frame(1, b"x"), move |result| {
            tell.send(result.map(|it| it.first_offset))
                .expect("the test listens");
        });
        if index == 0 {
            disk.wait_for_held_sync();
        }
    }
    let closing = std::thread::spawn({
        let log = Arc::clone(&log);
        move || log.close()
    });
    disk.release_syncs();
    closing.join().expect("no panic");
    let told: Vec<_> = told.try_iter().map(|it| it.expect("appended")).collect();
    assert_eq!(told, [0, 1, 2]);
    let late = log
        .writer()
        .append_blocking(frame(1, b"late"))
        .expect_err("it is closed");
    assert!(matches!(late, LogError::Closed), "{late}");
    let mut reader = log.reader(3);
    assert_eq!(reader.next_blocking().expect("readable"), None);
}

#[test]
fn a_frame_beyond_the_limit_can_never_be_appended() {
    let payload = vec![0; FRAME_BYTES_MAX + 1];
    let encoded = EncodedFrame::encode(1, Tallies::default(), &payload, &mut FrameEncoder::new());
    let error = encoded
        .map(|it| it.stored_bytes())
        .expect_err("it is too large");
    assert_eq!(error.remedy(), Remedy::DeadLetter);
}
