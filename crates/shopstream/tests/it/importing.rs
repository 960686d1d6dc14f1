//! A person with a file of odd names: looks at it, names its columns once, loads it, mends what was set aside.

use crate::{dir, figure, program};
use serde_json::{Value, json};
use testkit::{Program, Ran, Server};

/// A till's export, as docs/importing.md shows it: `;` between, commas in prices, German names nobody has mapped.
const TILL: &str = "Beleg;Wann;Teil;Was;Stk;EP;Wer;Staat;Lager
R1001;02.03.2026 09:15;4711;Teekanne blau;2;12,50;K1;Germany;Nord
R1001;02.03.2026 09:15;4712;Tasse;6;3,20;K1;Germany;Nord
R1002;02.03.2026 10:01;4713;Löffel;12;0,95;K2;Austria;Süd
R1003;02.03.2026 11:30;4711;Teekanne blau;1;gratis;K3;Germany;Nord
R1003;02.03.2026 11:30;4712;Tasse;1;3,20;K3;Germany;Nord
R1004;03.03.2026 08:00;4712;Tasse;-1;3,20;K1;Germany;Nord
R1005;03.03.2026 09:00;;;1;9,99;K4;Germany;Nord
R1006;03.03.2026 09:30;4714;Kanne;1;19,00;K5;France;Nord
";

const TILL_MAP: &str = "Beleg=order_id,Wann=ts_event,Teil=product_id,Was=product_name,Stk=quantity,EP=price,Wer=customer_id,Staat=country";

fn write(dir: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = dir.path().join(name);
    std::fs::write(&path, text).expect("writes");
    path.to_str().expect("a plain path").to_owned()
}

fn run(program: &Program, arguments: &[&str], code: i32) -> Ran {
    let ran = program.run(arguments).expect("runs");
    assert_eq!(
        ran.code,
        Some(code),
        "{arguments:?}: {}\n{}",
        ran.out,
        ran.err
    );
    ran
}

fn json_of(program: &Program, arguments: &[&str], code: i32) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.extend(["--format", "json"]);
    let ran = run(program, &arguments, code);
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

/// `received accepted duplicate quarantined`
fn counts(of: &Value) -> String {
    ["received", "accepted", "duplicate", "quarantined"]
        .map(|name| of[name].to_string())
        .join(" ")
}

fn revenue(server: &Server) -> String {
    server.settled_audit().expect("the law holds");
    let question = json!({"metrics": ["revenue", "orders", "refund_amount"]});
    let rows = server.query(&question).expect("answers");
    let row = rows.first().cloned().unwrap_or_default();
    ["revenue", "orders", "refund_amount"]
        .map(|name| figure(&row, name))
        .join(" ")
}

#[test]
fn an_unknown_file_is_on_the_dashboard_after_four_commands() {
    let dir = dir();
    let program = program(&dir);
    let file = write(&dir, "till.csv", TILL);

    let first = run(&program, &["ingest", "--preview", &file], 1);
    assert!(first.out.contains("Beleg\tR1001"), "{}", first.out);
    assert!(
        first.out.contains("--save-mapping NAME --map Beleg=…"),
        "{}",
        first.out
    );
    assert!(
        first.err.contains("fill in the command above"),
        "{}",
        first.err
    );

    let second = run(
        &program,
        &[
            "ingest",
            "--preview",
            &file,
            "--map",
            TILL_MAP,
            "--save-mapping",
            "till",
        ],
        0,
    );
    assert!(second.out.contains("price_invalid\t1"), "{}", second.out);
    assert!(
        second.out.contains("unit_price = \"gratis\""),
        "{}",
        second.out
    );
    let next = format!("next: shopstream ingest {file} --mapping till");
    assert!(second.out.contains(&next), "{}", second.out);
    assert!(
        !dir.path().join("data/log").exists(),
        "a preview writes no events"
    );

    let report = json_of(&program, &["ingest", &file, "--mapping", "till"], 0);
    assert_eq!(
        (counts(&report).as_str(), &report["rows"]),
        ("7 5 0 2", &json!(8))
    );

    // 2 × 12.50 + 6 × 3.20 + 12 × 0.95 + 1 × 3.20 + 19.00; one cup came back.
    let server = program.up().expect("starts");
    assert_eq!(revenue(&server), "77.80 4 3.20");
    let products =
        json!({"metrics": ["units"], "dimensions": ["product"], "filters": {"product": ["4712"]}});
    let cups = server.query(&products).expect("answers");
    assert_eq!(figure(&cups[0], "units"), "7");
    server.settled_audit().expect("the law holds");
}

#[test]
fn a_file_of_known_columns_is_offered_the_mapping_that_was_made_for_them() {
    let dir = dir();
    let program = program(&dir);
    let file = write(&dir, "march.csv", TILL);
    run(
        &program,
        &[
            "ingest",
            "--check",
            &file,
            "--map",
            TILL_MAP,
            "--save-mapping",
            "till",
        ],
        0,
    );
    let april = write(&dir, "april.csv", &TILL.replace(".03.2026", ".04.2026"));
    let failed = run(&program, &["ingest", &april], 1);
    assert!(failed.err.contains("--mapping till"), "{}", failed.err);
    let known = write(
        &dir,
        "shop.csv",
        "order_id;ts_event;product_id;price;x\nA1;2026-01-02;p;1,00;7\n",
    );
    run(
        &program,
        &[
            "ingest",
            "--check",
            &known,
            "--map",
            "x=customer_id",
            "--save-mapping",
            "shop",
        ],
        0,
    );
    let offered = json_of(&program, &["ingest", "--preview", &known], 0);
    let evidence = offered["evidence"].to_string();
    assert!(evidence.contains("--mapping shop"), "{evidence}");
    assert!(
        offered["next"].to_string().contains("--mapping shop"),
        "{offered}"
    );
    let corrected = json_of(
        &program,
        &[
            "ingest",
            "--preview",
            &known,
            "--mapping",
            "shop",
            "--map",
            "x=coupon",
        ],
        0,
    );
    assert_eq!(corrected["columns"]["x"], "coupon");
}

#[test]
fn mappings_are_listed_shown_and_removed() {
    let dir = dir();
    let program = program(&dir);
    let empty = run(&program, &["mappings", "list"], 0);
    assert!(empty.err.contains("--save-mapping"), "{}", empty.err);
    let file = write(&dir, "till.csv", TILL);
    run(
        &program,
        &[
            "ingest",
            "--check",
            &file,
            "--map",
            TILL_MAP,
            "--save-mapping",
            "till",
        ],
        0,
    );
    assert!(
        run(&program, &["mappings", "list"], 0)
            .out
            .contains("till\torders\t8")
    );
    let shown = run(&program, &["mappings", "show", "till"], 0).out;
    assert!(
        shown.contains("EP\tunit_price") && shown.contains("Lager\tkept as it is"),
        "{shown}"
    );
    let near = run(&program, &["mappings", "show", "tils"], 2);
    assert!(near.err.contains("did you mean `till`?"), "{}", near.err);
    run(&program, &["mappings", "remove", "till"], 0);
    run(&program, &["ingest", &file, "--mapping", "till"], 2);
}

/// Views of one product, of which every 20th says no time that can be read.
fn views(rows: usize) -> String {
    let row = |at: usize| {
        let time = if at.is_multiple_of(20) {
            "bald"
        } else {
            "2026-01-02T03:04:05Z"
        };
        format!("view,{time},u{at},p1\n")
    };
    format!(
        "type,ts,user_id,product_id\n{}",
        (1..=rows).map(row).collect::<String>()
    )
}

fn imports(program: &Program) -> Vec<String> {
    let listed = json_of(program, &["imports", "list"], 0);
    let told = |import: &Value| {
        let text = |name: &str| import[name].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {}: {}",
            import["id"],
            text("name"),
            text("state"),
            import["rows"],
            counts(import)
        )
    };
    listed
        .as_array()
        .expect("imports")
        .iter()
        .map(told)
        .collect()
}

#[test]
fn a_limited_import_is_continued_and_listed_with_and_without_a_server() {
    let dir = dir();
    let program = program(&dir);
    let file = write(&dir, "views.csv", &views(10_000));
    let begun = run(&program, &["ingest", "--limit", "4000", &file], 0);
    assert!(begun.err.contains("goes on at row 4,001"), "{}", begun.err);
    let server = program.up().expect("starts");
    let continued = run(&program, &["ingest", "--limit", "8000", &file], 0);
    assert!(
        continued.err.contains("continued at row 4,001"),
        "{}",
        continued.err
    );
    let expected = [
        "2 views.csv limited 8000: 8000 3800 4000 200",
        "1 views.csv limited 4000: 4000 3800 0 200",
    ];
    assert_eq!(imports(&program), expected);
    assert_eq!(server.stop().expect("stops"), Some(0));
    assert_eq!(imports(&program), expected);
    let rest = json_of(&program, &["ingest", &file], 0);
    assert_eq!(
        (counts(&rest).as_str(), &rest["known_rows"]),
        ("10000 1900 8000 100", &json!(8_000))
    );
    let server = program.up().expect("starts");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(counts(&audit), "10000 9500 0 500");
}

fn shop_toml(dir: &tempfile::TempDir, text: &str) -> String {
    write(dir, "shop.toml", text)
}

const LARGE: &str =
    "[[checks]]\nname = \"large\"\nwhen = \"type == 'order'\"\nreject_if = \"items_value > 40\"\n";

#[test]
fn what_a_check_held_back_counts_once_when_the_check_has_changed() {
    let dir = dir();
    let program = program(&dir);
    let file = write(&dir, "till.csv", TILL);
    let config = shop_toml(&dir, LARGE);
    let mapped = ["ingest", &file, "--map", TILL_MAP, "--config", &config];
    assert_eq!(counts(&json_of(&program, &mapped, 0)), "7 4 0 3");
    let held = json_of(
        &program,
        &["quarantine", "list", "--reason", "check_failed"],
        0,
    );
    let id = held[0]["id"].as_str().expect("an id").to_owned();
    let shown = run(&program, &["quarantine", "show", &id], 0).out;
    assert!(
        shown.contains("check \"large\": items_value > 40"),
        "{shown}"
    );
    assert!(shown.contains("R1001;02.03.2026 09:15;4711"), "{shown}");

    // The check still holds, then it is gone; a kill right after changes nothing, nor does doing it again.
    run(
        &program,
        &["quarantine", "replay", &id, "--config", &config],
        3,
    );
    let server = program.up().expect("starts");
    assert_eq!(revenue(&server), "33.60 3 3.20");
    let replayed = json_of(
        &program,
        &["quarantine", "replay", "--reason", "check_failed"],
        0,
    );
    assert_eq!(
        (&replayed["examined"], &replayed["released"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(revenue(&server), "77.80 4 3.20");
    assert_eq!(
        counts(&server.settled_audit().expect("the law holds")),
        "7 5 0 2"
    );
    server.kill().expect("killed");
    let again = json_of(
        &program,
        &["quarantine", "replay", "--reason", "check_failed"],
        0,
    );
    assert_eq!(again["examined"], 0);
    let server = program.up().expect("starts");
    assert_eq!(revenue(&server), "77.80 4 3.20");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(counts(&audit), "7 5 0 2");
    assert_eq!(audit["quarantined_by_reason"]["check_failed"], 0);
    let shown = run(&program, &["quarantine", "show", &id], 0);
    assert!(
        shown.err.contains("read again since, and counts"),
        "{}",
        shown.err
    );
}

#[test]
fn rows_of_a_wrong_mapping_come_back_under_the_right_one() {
    let dir = dir();
    let program = program(&dir);
    let file = write(
        &dir,
        "till.csv",
        "Beleg;Wann;Teil;Netto;EP\nR1;02.03.2026 09:15;a;1,00;frei\nR1;02.03.2026 09:15;b;2,00;2,50\nR2;02.03.2026 09:16;c;4,00;frei\n",
    );
    let map = "Beleg=order_id,Wann=ts_event,Teil=product_id";
    let wrong = format!("{map},EP=price");
    let right = format!("{map},Netto=price");
    let mapped = ["ingest", &file, "--map", &wrong, "--save-mapping", "till"];
    assert_eq!(counts(&json_of(&program, &mapped, 0)), "3 1 0 2");
    run(
        &program,
        &[
            "ingest",
            "--check",
            &file,
            "--map",
            &right,
            "--save-mapping",
            "till",
        ],
        0,
    );
    // The mapping of the import's name is today's: nothing has to be said.
    let replayed = json_of(
        &program,
        &["quarantine", "replay", "--source", "till.csv"],
        0,
    );
    assert_eq!(
        (&replayed["examined"], &replayed["released"]),
        (&json!(2), &json!(2))
    );
    let server = program.up().expect("starts");
    // R1 has 2.50 and the line of 1.00 that joined it; R2 is 4.00.
    assert_eq!(revenue(&server), "7.50 2 0.00");
    let audit = server.settled_audit().expect("the law holds");
    assert_eq!(counts(&audit), "3 3 0 0");
}

#[test]
fn too_much_set_aside_is_told_and_may_end_an_import_or_refuse_a_request() {
    let dir = dir();
    let program = program(&dir);
    let file = write(&dir, "views.csv", &views(10_000));
    let warn = shop_toml(&dir, "[quality]\nrejected_share_max = 0.01\n");
    let warned = run(&program, &["ingest", &file, "--config", &warn], 3);
    assert!(
        warned.err.contains("500 of 10000 events were set aside"),
        "{}",
        warned.err
    );
    let stop = shop_toml(
        &dir,
        "[quality]\nrejected_share_max = 0.01\nrows_min = 3\non_breach = \"stop\"\n",
    );
    let other = write(&dir, "other.csv", &views(10_000).replace("u1,", "first,"));
    let stopped = run(&program, &["ingest", &other, "--config", &stop], 3);
    assert!(
        stopped.err.contains("stopped before row 4,097"),
        "{}",
        stopped.err
    );

    let server = program.start(["up", "--config", &stop]).expect("starts");
    let send = |body: &str| {
        let headers = [("X-API-Key", server.key())];
        let sent = server.send("POST", "/api/v1/events", &headers, body.as_bytes().to_vec());
        sent.expect("is answered")
    };
    let good = r#"{"event_id":"1","type":"login","ts":"2026-01-02T03:04:05Z","customer_id":"ann"}"#;
    let bad = r#"{"event_id":"2","type":"login","ts":"never"}"#;
    let before = counts(&server.settled_audit().expect("the law holds"));
    let (status, text) = send(&format!("{good}\n{bad}\n{good}"));
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("quality-refused"), "{text}");
    assert_eq!(
        counts(&server.settled_audit().expect("the law holds")),
        before
    );
    assert_eq!(
        send(&format!("{good}\n{bad}")).0,
        202,
        "two events are no batch to judge"
    );
}

#[test]
fn a_wrong_check_ends_the_start_with_its_place() {
    let dir = dir();
    let program = program(&dir);
    let config = shop_toml(
        &dir,
        "[[checks]]\nname = \"large\"\nreject_if = \"totl > 1\"\n",
    );
    let ran = run(&program, &["config", "check", "--config", &config], 2);
    assert!(
        ran.err.contains("no field `totl`") && ran.err.contains("did you mean `total`?"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("totl > 1\n    ^"), "{}", ran.err);
}

#[test]
fn checks_judge_requests_as_they_judge_files() {
    let dir = dir();
    let program = program(&dir);
    let config = shop_toml(
        &dir,
        "[[checks]]\nname = \"no test orders\"\nreject_if = \"order_id.startsWith('TEST')\"\n",
    );
    let server = program.start(["up", "--config", &config]).expect("starts");
    let body = r#"{"event_id":"1","type":"order","ts":"2026-01-02T03:04:05Z","order_id":"TEST-1","total":5}
{"event_id":"2","type":"order","ts":"2026-01-02T03:04:05Z","order_id":"A-1","total":5}"#;
    let receipt = server
        .post("/api/v1/events", body.as_bytes().to_vec())
        .expect("is taken")["data"]
        .take();
    assert_eq!(counts(&receipt), "2 1 0 1");
    assert_eq!(receipt["results"][0]["reason"], "check_failed");
    assert!(
        receipt["results"][0]["detail"]
            .to_string()
            .contains("no test orders"),
        "{receipt}"
    );
}

#[test]
fn questions_about_nothing_are_answered_with_a_way_on() {
    let dir = dir();
    let program = program(&dir);
    let nothing = run(&program, &["imports", "list"], 1);
    assert!(
        nothing.err.contains("there is no data in"),
        "{}",
        nothing.err
    );
    let file = write(&dir, "views.csv", &views(5));
    run(&program, &["ingest", &file], 0);
    assert!(
        run(&program, &["quarantine", "list"], 0)
            .err
            .contains("nothing is set aside")
    );
    let unknown = run(&program, &["quarantine", "show", "7:7"], 1);
    assert!(
        unknown.err.contains("nothing was set aside under 7:7"),
        "{}",
        unknown.err
    );
    run(&program, &["quarantine", "show", "seven"], 2);
    run(&program, &["quarantine", "replay"], 2);
}

/// Events and late, retracted and in-flight ones of the audit.
fn told(server: &Server) -> String {
    let audit = server.settled_audit().expect("the law holds");
    let counts = ["accepted", "counted", "late", "retracted"];
    counts.map(|name| figure(&audit, name)).join(" ")
}

#[test]
fn an_undone_import_counts_nowhere_and_its_file_may_be_loaded_again() {
    let dir = dir();
    let program = program(&dir);
    let orders = |name: &str, ids: [u32; 2]| {
        let rows = ids.map(|id| format!("A{id},2026-01-0{id} 03:04:05,p1,1,{id}.00,u{id}\n"));
        let head = "order_id,ts_event,product_id,quantity,unit_price,customer_id\n";
        write(&dir, name, &[head, &rows.concat()].concat())
    };
    let (kept, wrong) = (orders("kept.csv", [1, 2]), orders("wrong.csv", [2, 3]));
    run(&program, &["ingest", &kept], 0);
    let server = program.up().expect("starts");
    run(&program, &["ingest", &wrong], 0);
    assert_eq!(
        (revenue(&server), told(&server)),
        ("6.00 3 0.00".to_owned(), "4 4 0 0".to_owned())
    );

    let undone = run(&program, &["imports", "undo", "2"], 0);
    assert!(undone.out.contains("undone"), "{}", undone.out);
    assert_eq!(
        (revenue(&server), told(&server)),
        ("3.00 2 0.00".to_owned(), "4 2 0 2".to_owned())
    );
    let again = run(&program, &["imports", "undo", "2"], 1);
    assert!(again.err.contains("undone already"), "{}", again.err);
    assert!(
        run(&program, &["imports", "undo", "9"], 1)
            .err
            .contains("no import 9")
    );

    server.kill().expect("is killed");
    let server = program.up().expect("starts");
    // The checkpoint may be from before the undoing: then the log is folded again first.
    server.wait_until_ready().expect("is ready");
    assert_eq!(
        (revenue(&server), told(&server)),
        ("3.00 2 0.00".to_owned(), "4 2 0 2".to_owned())
    );
    run(&program, &["ingest", &wrong], 0);
    assert_eq!(
        (revenue(&server), told(&server)),
        ("6.00 3 0.00".to_owned(), "6 4 0 2".to_owned())
    );
}
