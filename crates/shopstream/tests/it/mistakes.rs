//! What people get wrong: one line says what, why and how to mend it, and the exit code tells programs the same.

use crate::{dir, program};
use std::net::TcpListener;

fn check(arguments: &[&str], code: i32, words: &[&str]) {
    let dir = dir();
    let ran = program(&dir).run(arguments).expect("runs");
    assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
    for word in words {
        assert!(
            ran.err.contains(word),
            "{arguments:?} should say {word:?}: {}",
            ran.err
        );
    }
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn a_missing_file_is_named() {
    check(
        &["ingest", "nowhere.csv"],
        1,
        &["nowhere.csv", "No such file"],
    );
}

#[test]
fn a_folder_is_no_file() {
    check(&["ingest", "/"], 2, &["is a folder"]);
}

#[test]
fn an_unwritable_directory_is_named() {
    let nowhere = testkit::Program::new(env!("CARGO_BIN_EXE_shopstream"), "/proc/nowhere");
    let ran = nowhere
        .run(["up", "--set", "api.listen=127.0.0.1:0"])
        .expect("runs");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err.contains("/proc/nowhere") && ran.err.contains("--data-dir"),
        "{}",
        ran.err
    );
}

#[test]
fn a_mistyped_setting_is_recognised() {
    check(
        &["--set", "stream.wokers=2", "config", "check"],
        2,
        &["unknown setting `wokers`", "did you mean `workers`?"],
    );
}

#[test]
fn a_setting_of_the_wrong_kind_is_refused() {
    check(
        &["--set", "stream.workers=many", "config", "check"],
        2,
        &["stream.workers"],
    );
    check(
        &["--set", "stores.main.timezone=Mars/Base", "config", "check"],
        2,
        &["Mars/Base", "IANA"],
    );
}

#[test]
fn a_database_of_countries_that_is_none_stops_the_start() {
    let dir = dir();
    let file = dir.path().join("countries.mmdb");
    let setting = format!("geo.database={}", file.display());
    let refused = |words: &[&str]| {
        check(&["config", "check", "--set", &setting], 2, words);
        // A folder that another server owns: should the database be taken after all, the test ends nevertheless.
        let listen = "api.listen=127.0.0.1:0";
        let server = program(&dir).up().expect("starts");
        let second = ["up", "--set", listen, "--set", &setting];
        let ran = program(&dir).run(second).expect("runs");
        assert!(
            words.iter().all(|word| ran.err.contains(word)),
            "{}",
            ran.err
        );
        drop(server);
    };
    refused(&[
        "geo.database: cannot read",
        "countries.mmdb",
        "No such file",
    ]);
    std::fs::write(&file, b"no database").expect("writes");
    refused(&[
        "geo.database",
        "no sound MaxMind DB file",
        "get the file again",
    ]);
}

#[test]
fn tiers_that_leave_no_room_are_refused() {
    let refused = |setting: &str, words: &[&str]| {
        check(&["--set", setting, "config", "check"], 2, words);
    };
    refused(
        "price_tiers.high_from=10",
        &["high_from lies below medium_from"],
    );
    refused("price_tiers.medium_from=-1", &["below zero"]);
    refused(
        "price_tiers.medium_from=cheap",
        &["medium_from", "`cheap`", "49.99"],
    );
    refused(
        "price_tiers.categories.Books.medium_from=3",
        &["Books", "high_from"],
    );
    refused("privacy.ip=all", &["privacy.ip", "truncate"]);
}

#[test]
fn a_used_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("api.listen={}", taken.local_addr().expect("an address"));
    check(
        &["up", "--set", &listen],
        1,
        &[&taken.local_addr().expect("an address").port().to_string()],
    );
}

#[test]
fn a_mapping_that_cannot_be_meant_is_refused() {
    let dir = dir();
    let file = dir.path().join("orders.csv");
    std::fs::write(&file, "InvoiceNo,StockCode\n1,2\n").expect("writes");
    check(
        &[
            "ingest",
            "--map",
            "InvoiceNo",
            file.to_str().expect("a plain path"),
        ],
        2,
        &["has no `=`"],
    );
}

#[test]
fn a_second_process_on_one_directory_is_refused() {
    let dir = dir();
    let program = program(&dir);
    let _server = program.up().expect("starts");
    let second = program
        .run(["up", "--set", "api.listen=127.0.0.1:0"])
        .expect("runs");
    assert_eq!(second.code, Some(2), "{}", second.err);
    assert!(second.err.contains("in use"), "{}", second.err);
}
