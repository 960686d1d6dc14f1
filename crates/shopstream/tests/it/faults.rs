//! One fault a test, each ending in the audit law and a recount from the client's own list: deaths during recovery, a torn
//! last frame, a second process, output that nobody reads, a process that was stopped for a while.

use crate::{dir, program};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use testkit::{
    Client, Habits, Happenings, PlainEvent, Program, Sent, Server, Shared, check_lists, now_micros,
    produce, produce_events, signal,
};

/// Small segments, so that a log of a test has several and copies are quick.
const UP: [&str; 3] = ["up", "--set", "log.segment_mib=1"];

fn load(server: &Server, seed: u64, events: usize) -> Sent {
    produce_events(server, Habits::of_seed(seed), events).expect("all are taken")
}

fn check(server: &Server, sent: &[Sent]) {
    check_lists(server, sent).expect("counted once");
}

#[test]
fn a_server_killed_in_the_middle_of_its_recovery_again_and_again_recovers() {
    let dir = dir();
    let program = program(&dir);
    let server = program.start(UP).expect("starts");
    let before = load(&server, 1, 40_000);
    server.kill().expect("is killed");
    let mut unready = 0;
    for life_ms in [2, 5, 10, 15, 20, 30, 40, 60, 80, 120] {
        let mut child = program.launch(UP, Stdio::piped()).expect("starts");
        std::thread::sleep(Duration::from_millis(life_ms));
        child.kill().expect("is killed");
        let said = child.wait_with_output().expect("has ended").stdout;
        unready += usize::from(said.is_empty());
    }
    assert!(unready > 0, "at least one died before it was ready");
    let server = program.start(UP).expect("starts");
    let after = load(&server, 2, 1_000);
    check(&server, &[before, after]);
}

/// What happens to the frame that was being written.
#[derive(Debug, Clone, Copy)]
enum Tear {
    /// The file ends in the middle of it.
    Cut,
    /// Its second half was never written.
    Zeros,
    /// One byte of its header is another.
    HeaderByte,
    /// One byte of its body is another.
    BodyByte,
    /// It is whole, but something else stands behind it.
    GarbageBehind,
}

#[test]
fn a_torn_last_frame_is_cut_off_and_what_its_client_sends_again_counts_once() {
    for tear in [
        Tear::Cut,
        Tear::Zeros,
        Tear::HeaderByte,
        Tear::BodyByte,
        Tear::GarbageBehind,
    ] {
        check_tear(tear);
    }
}

fn check_tear(tear: Tear) {
    let dir = dir();
    let program = program(&dir);
    // Time waits a minute for a file that is being written: no tick stands behind the frame that is to be the last.
    let folder = dir.path().join("drop");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("arriving.csv"), "event,ts\n").expect("a file");
    let folder = format!("sources.files.path={}", folder.display());
    let never = "sources.files.stable_for_ms=3600000";
    let quiet = UP.into_iter().chain(["--set", &folder, "--set", never]);
    let server = program.start(quiet).expect("starts");
    let mut sent = load(&server, 3, 3_000);
    let segment = newest_segment(&program);
    let before = fs::read(&segment).expect("the log");
    // The client will not hear of these: as if the power went while their frame was written.
    let mut happenings = Happenings::new(4, 500, 1_000_000);
    let unheard: Vec<PlainEvent> = (0..50).map(|_| happenings.next(now_micros())).collect();
    offer(&server, &unheard);
    server.kill().expect("is killed");
    let mut after = fs::read(&segment).expect("the log");
    assert_eq!(
        segment,
        newest_segment(&program),
        "no new segment meanwhile"
    );
    let frame = changed(&before, &after);
    damage(&mut after, frame, tear);
    fs::write(&segment, after).expect("is written");

    let server = program.start(UP).expect("starts");
    let audit = server.settled_audit().expect("the law holds");
    let known = match tear {
        Tear::GarbageBehind => sent.events.len() + unheard.len(),
        _ => sent.events.len(),
    };
    assert_eq!(audit["counted"], known, "{tear:?}: {audit}");
    offer(&server, &unheard);
    sent.lines_acknowledged += unheard.len() as u64;
    sent.lines_tried += 2 * unheard.len() as u64;
    sent.events.extend(unheard);
    check(&server, std::slice::from_ref(&sent));
    server.kill().expect("is killed");
    check(&program.start(UP).expect("starts"), &[sent]);
}

fn offer(server: &Server, events: &[PlainEvent]) {
    let body: String = (events.iter().map(|event| format!("{}\n", event.json()))).collect();
    let answer = server.offer(body.into_bytes()).expect("answers");
    assert_eq!(answer.status, 202, "{answer:?}");
}

fn newest_segment(program: &Program) -> PathBuf {
    let entries = fs::read_dir(program.data_dir().join("log")).expect("the log");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let segments = paths.filter(|path| path.extension().is_some_and(|ending| ending == "log"));
    segments.max().expect("a segment")
}

/// First and last place where two states of a file differ.
fn changed(before: &[u8], after: &[u8]) -> (usize, usize) {
    let differs = |at: &usize| before.get(*at) != after.get(*at);
    let first = (0..after.len()).find(differs).expect("a frame was written");
    let last = (0..after.len())
        .rfind(differs)
        .expect("a frame was written");
    assert!(last - first > 200, "a frame of 50 events");
    (first, last)
}

fn damage(bytes: &mut Vec<u8>, (first, last): (usize, usize), tear: Tear) {
    let middle = first.midpoint(last);
    match tear {
        Tear::Cut => bytes.truncate(middle),
        Tear::Zeros => bytes[middle..].fill(0),
        Tear::HeaderByte => bytes[first + 9] ^= 0x10,
        Tear::BodyByte => bytes[middle] ^= 0x01,
        Tear::GarbageBehind => bytes[last + 20..last + 400].fill(0xa5),
    }
}

#[test]
fn a_second_process_on_a_directory_is_refused_and_the_first_does_not_notice() {
    let dir = dir();
    let program = program(&dir);
    let server = program.start(UP).expect("starts");
    let before = load(&server, 5, 2_000);
    let second = program
        .launch(UP, Stdio::piped())
        .and_then(|child| Ok(child.wait_with_output()?))
        .expect("ends");
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(second.stdout.is_empty(), "it never said that it was ready");
    let holder = format!("in use by process {}", server.pid());
    assert!(said.contains(&holder), "{said}");
    let after = load(&server, 6, 2_000);
    check(&server, &[before, after]);
}

#[test]
fn a_server_whose_output_nobody_reads_any_more_works_and_stops_on_sigterm() {
    let dir = dir();
    let program = program(&dir);
    // It says on standard error what it does with each signal and each refusal: with a pipe that is closed.
    let mut child = program.launch(UP, Stdio::piped()).expect("starts");
    let out = child.stdout.take().expect("a pipe");
    let ready = first_line(out);
    drop(child.stderr.take());
    let client = client_of(&program, &ready);
    let sent = produce_events(&client, Habits::of_seed(7), 2_000).expect("all are taken");
    let refused = client.offer_as("no key", b"{}".to_vec()).expect("answers");
    assert_eq!(refused.status, 401);
    check_lists(&client, std::slice::from_ref(&sent)).expect("counted once");
    signal(child.id(), "TERM").expect("is signalled");
    assert_eq!(wait_for_end(&mut child), Some(0));
    check(&program.start(UP).expect("starts"), &[sent]);
}

#[test]
fn a_server_that_nobody_listens_to_from_the_start_serves_and_stops_on_sigterm() {
    let dir = dir();
    let program = program(&dir);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut child = program.launch(UP, writer.into()).expect("starts");
    drop(child.stderr.take());
    let file = program.data_dir().join("server.json");
    let began = Instant::now();
    let ready = loop {
        let told: Option<serde_json::Value> =
            (fs::read(&file).ok()).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(told) = told {
            break told;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it never served");
        std::thread::sleep(Duration::from_millis(10));
    };
    let client = client_of(&program, &ready);
    let sent = produce_events(&client, Habits::of_seed(8), 500).expect("all are taken");
    signal(child.id(), "TERM").expect("is signalled");
    assert_eq!(wait_for_end(&mut child), Some(0));
    check(&program.start(UP).expect("starts"), &[sent]);
}

fn first_line(out: impl std::io::Read) -> serde_json::Value {
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

fn client_of(program: &Program, ready: &serde_json::Value) -> Client {
    let key = fs::read_to_string(program.data_dir().join("keys/admin.key")).expect("the key");
    let api = ready["api"].as_str().expect("an address");
    Client::new(api, key.trim()).expect("a client")
}

/// Its exit code; a server that does not end fails the test and is killed.
fn wait_for_end(child: &mut std::process::Child) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        if let Some(status) = child.try_wait().expect("a process") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("is killed");
    panic!("it runs on 30 s after SIGTERM");
}

#[test]
fn a_server_that_was_stopped_for_seconds_and_goes_on_loses_nothing() {
    let dir = dir();
    let server = program(&dir).start(UP).expect("starts");
    let (api, key) = (server.api().to_owned(), server.key().to_owned());
    let shared = Shared::default();
    let sent = std::thread::scope(|scope| {
        let habits = |seed| Habits {
            rate: 1_000.0,
            ..Habits::of_seed(seed)
        };
        let clients = [9, 10].map(|seed| {
            let client = Client::new(&api, &key).expect("a client");
            let shared = &shared;
            scope.spawn(move || produce(&client, habits(seed), shared))
        });
        std::thread::sleep(Duration::from_millis(700));
        signal(server.pid(), "STOP").expect("is stopped");
        std::thread::sleep(Duration::from_secs(3));
        signal(server.pid(), "CONT").expect("goes on");
        std::thread::sleep(Duration::from_millis(700));
        shared.is_over.store(true, Ordering::SeqCst);
        clients.map(|client| client.join().expect("no panic").expect("all are taken"))
    });
    let tried: u64 = sent.iter().map(|sent| sent.lines_tried).sum();
    let acknowledged: u64 = sent.iter().map(|sent| sent.lines_acknowledged).sum();
    assert_eq!(tried, acknowledged, "every request was answered at last");
    check(&server, &sent);
}
