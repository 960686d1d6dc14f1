//! Every dialect: the same seed gives the same bytes however they are taken, and a script in another language comes to
//! the same truth from them.
#![allow(clippy::disallowed_methods)] // the recount is a process of its own

use simulator::{Delivery, Format, Limits, Mishaps, Plan, Table, Terms, Time, TruthKept};
use std::path::Path;
use std::process::Command;

/// 2025-03-03 21:00 UTC: a run of some hours crosses midnight.
const START: Time = Time(1_741_035_600_000_000);
const SEEDS: [u64; 3] = [1, 77, 123_456_789];

const LINES: u64 = 6_000;

/// A small shop with everything in it, slow enough that sessions and carts end.
const PLAN: &str = "
[shop]
products = 3_000
categories = 30
customers = 4_000
[pace]
events_per_second = 0.8
[behaviour]
refund = 0.4
[supply]
opening_units = 40
[anomalies_per_day]
high_value_order = 48.0
unusual_quantity = 48.0
stock_out = 24.0
price_mistake = 24.0
payment_error_storm = 12.0
bot_storm = 6.0
";

/// Mishaps that the dialect allows.
fn mishaps(format: Format) -> Mishaps {
    Mishaps {
        late: if format == Format::Orders || !format.has_ids() {
            0.0
        } else {
            0.02
        },
        repeats: if format.has_ids() { 0.01 } else { 0.0 },
        broken: 0.005,
        ..Mishaps::default()
    }
}

fn delivery(format: Format, seed: u64, truth: TruthKept) -> Delivery {
    let plan = Plan::read("default", Some(PLAN)).expect("a plan");
    let terms = Terms {
        format,
        mishaps: mishaps(format),
        limits: Limits {
            lines: LINES,
            ..Limits::default()
        },
        truth,
    };
    Delivery::new(plan.settings(seed, START).expect("settings"), terms).expect("a delivery")
}

fn lines(mut delivery: Delivery) -> (Vec<u8>, Delivery) {
    let mut bytes = Vec::new();
    while !delivery.is_over() {
        delivery.next(&mut bytes);
    }
    delivery.finish(&mut bytes);
    (bytes, delivery)
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_every_dialect_however_they_are_taken() {
    for format in Format::ALL {
        let (bytes, _) = lines(delivery(format, 6, TruthKept::Nothing));
        assert!(
            bytes == lines(delivery(format, 6, TruthKept::Tables)).0,
            "{format:?}: truth"
        );
        let mut slow = delivery(format, 6, TruthKept::Sums);
        let mut drops: Vec<Vec<u8>> = Vec::new();
        while !slow.is_over() {
            // Whoever waits for the clock looks at the time again and again, and takes each event by itself.
            assert!(slow.next_time() <= slow.next_time());
            let mut drop = Vec::new();
            slow.next(&mut drop);
            drops.push(drop);
        }
        let mut rest = Vec::new();
        slow.finish(&mut rest);
        drops.push(rest);
        assert!(bytes == drops.concat(), "{format:?}: pace");
        assert!(
            bytes != lines(delivery(format, 7, TruthKept::Nothing)).0,
            "{format:?}: seed"
        );
    }
}

#[test]
fn a_delivery_has_exactly_the_lines_that_were_asked_for() {
    for format in Format::ALL {
        let (bytes, delivery) = lines(delivery(format, 8, TruthKept::Sums));
        let counted = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!((counted, delivery.lines()), (LINES, LINES), "{format:?}");
    }
}

/// The header and all rows of a table.
fn write_tables(delivery: &mut Delivery, dir: &Path) {
    let sums = delivery.to_json().to_string();
    std::fs::write(dir.join("truth.json"), sums).expect("the sums");
    let ledger = delivery.ledger_mut().expect("tables are kept");
    for table in Table::ALL {
        let path = dir.join(format!("{}.csv", table.name()));
        std::fs::write(path, ledger.take(table)).expect("a table");
    }
}

fn recount(dir: &Path) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/recount-simulation.py");
    let ran = Command::new("python3")
        .arg(script)
        .args([dir, &dir.join("events")])
        .output()
        .map_err(|error| error.to_string())?;
    if ran.status.success() {
        Ok(String::from_utf8_lossy(&ran.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&ran.stderr).into_owned())
    }
}

#[test]
fn the_truth_of_every_dialect_is_what_a_script_counts_in_its_bytes() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no python3");
        return;
    }
    for format in Format::ALL {
        for seed in SEEDS {
            let dir = tempfile::tempdir().expect("a folder");
            let (bytes, mut delivery) = lines(delivery(format, seed, TruthKept::Tables));
            let file = [format.header().as_bytes(), &bytes].concat();
            std::fs::write(dir.path().join("events"), file).expect("the events");
            write_tables(&mut delivery, dir.path());
            if let Err(differences) = recount(dir.path()) {
                panic!("{format:?}, seed {seed}: {differences}");
            }
        }
    }
}

#[test]
fn the_recount_notices_a_lost_line_and_a_changed_figure() {
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no python3");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let (bytes, mut delivery) = lines(delivery(Format::Canonical, 1, TruthKept::Tables));
    write_tables(&mut delivery, dir.path());
    let events = dir.path().join("events");
    let cut = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a line")
        + 1;
    std::fs::write(&events, &bytes[cut..]).expect("the events");
    let told = recount(dir.path()).expect_err("a line is missing");
    assert!(told.contains("lines: DIFFERENT"), "{told}");
    let changed = String::from_utf8_lossy(&bytes).replacen("\"revenue\":", "\"revenue\":1", 1);
    std::fs::write(&events, changed).expect("the events");
    let told = recount(dir.path()).expect_err("an order brought in more");
    assert!(
        told.contains("orders: DIFFERENT") && told.contains("windows: DIFFERENT"),
        "{told}"
    );
}

#[test]
fn what_a_dialect_cannot_say_is_left_out_and_counted() {
    let (_, canonical) = lines(delivery(Format::Canonical, 9, TruthKept::Sums));
    assert_eq!(canonical.to_json()["left_out"], serde_json::json!({}));
    let (_, rees46) = lines(delivery(Format::Rees46, 9, TruthKept::Sums));
    let left_out = &rees46.to_json()["left_out"];
    for kind in ["page_view", "search", "refund", "stock_update", "login"] {
        assert!(left_out[kind].as_u64() > Some(0), "{kind}: {left_out}");
    }
    assert!(left_out.get("item_view").is_none(), "{left_out}");
}

#[test]
fn about_a_quarter_of_rees46_rows_have_no_code_and_no_brand() {
    let plan = Plan::read("rees46-month", None).expect("a plan");
    let terms = Terms {
        format: Format::Rees46,
        limits: Limits {
            lines: 50_000,
            ..Limits::default()
        },
        ..Terms::default()
    };
    let settings = plan.settings(3, START).expect("settings");
    let (bytes, _) = lines(Delivery::new(settings, terms).expect("a delivery"));
    let text = String::from_utf8(bytes).expect("UTF-8");
    let percent = |column: usize| {
        let empty = text
            .lines()
            .filter(|line| line.split(',').nth(column) == Some(""));
        empty.count() * 100 / 50_000
    };
    assert!((25..=29).contains(&percent(4)), "codes: {} %", percent(4));
    assert!((22..=26).contains(&percent(5)), "brands: {} %", percent(5));
    let views = text.lines().filter(|line| line.contains(",view,")).count() * 100 / 50_000;
    assert!((88..=92).contains(&views), "{views} % views");
}

#[test]
fn mishaps_come_as_often_as_asked_and_the_truth_says_which() {
    let mut delivery = delivery(Format::Canonical, 10, TruthKept::Tables);
    let mut bytes = Vec::new();
    while !delivery.is_over() {
        delivery.next(&mut bytes);
    }
    delivery.finish(&mut bytes);
    let told = delivery.to_json()["delivered"].clone();
    let near = |name: &str, from: u64, to: u64| {
        let count = told[name].as_u64().expect("a count");
        assert!((from..=to).contains(&count), "{name}: {count}");
        count
    };
    let all = near("late", 85, 155) + near("repeats", 35, 85) + near("broken", 12, 52);
    let rows = delivery
        .ledger_mut()
        .map(|ledger| ledger.count(Table::Deliveries));
    assert_eq!(rows, Some(all));
}

#[test]
fn what_no_dialect_can_keep_is_refused() {
    let plan = Plan::read("default", None).expect("a plan");
    let refusal = |format, mishaps| {
        let terms = Terms {
            format,
            mishaps,
            ..Terms::default()
        };
        let settings = plan.settings(1, START).expect("settings");
        Delivery::new(settings, terms)
            .expect_err("refused")
            .to_string()
    };
    let one = |late, repeats| Mishaps {
        late,
        repeats,
        ..Mishaps::default()
    };
    assert_eq!(
        refusal(Format::Rees46, one(0.0, 0.1)),
        "lines of rees46 carry no id: a repeated one would be another event"
    );
    assert_eq!(
        refusal(Format::Orders, one(0.1, 0.0)),
        "rows of an order file are not late"
    );
    assert_eq!(
        refusal(Format::Canonical, one(0.7, 0.0)),
        "late = 0.7: a share is from 0 to 0.5"
    );
    let by_country =
        Plan::read("default", Some("[shop]\ncurrency = \"by_country\"\n")).expect("a plan");
    let settings = by_country.settings(1, START).expect("settings");
    let terms = Terms {
        format: Format::Rees46,
        ..Terms::default()
    };
    let error = Delivery::new(settings, terms).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "rees46 does not name currencies: let the shop have one"
    );
}
