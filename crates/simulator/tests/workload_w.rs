//! Workload W against a reader that knows only the file: every line is accounted for, every sum is exact.

use serde_json::{Map, Value, json};
use simulator::{COUNTRIES, workload_w};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const LINES: u64 = 40_000;

fn produce(seed: u64, lines: u64) -> (Vec<u8>, Value) {
    let mut bytes = Vec::new();
    let truth = workload_w(seed, lines, &mut bytes).expect("memory takes everything");
    (bytes, truth.to_json())
}

/// What is wrong with a line, judged like a receiver would; none if nothing is.
fn fault(line: &str) -> Result<(Value, i64), &'static str> {
    let Ok(row) = serde_json::from_str::<Value>(line) else {
        return Err(if line.contains("NaN") {
            "bare_nan"
        } else {
            "cut_off"
        });
    };
    let Some(timestamp) = row["timestamp"].as_str() else {
        return Err("time_missing");
    };
    let Ok(time) = timestamp.parse::<jiff::civil::DateTime>() else {
        return Err("time_unreadable");
    };
    let Some(price) = row["price"].as_f64() else {
        return Err("text_nan");
    };
    let latitude = row["location"]["latitude"].as_f64().expect("a number");
    match () {
        () if time.year() > 2_100 => Err("far_future"),
        () if price < 0.0 => Err("negative_price"),
        () if row.get("event_type").is_none() => Err("type_missing"),
        () if latitude.abs() > 90.0 => Err("off_the_globe"),
        () => Ok((
            row,
            time.to_zoned(jiff::tz::TimeZone::UTC)
                .expect("in range")
                .timestamp()
                .as_microsecond(),
        )),
    }
}

type Counts = BTreeMap<String, i64>;

#[derive(Default)]
struct Recount {
    lines: u64,
    duplicates: u64,
    out_of_order: u64,
    disorder: i64,
    newest: i64,
    faults: Counts,
    types: Counts,
    categories: Counts,
    revenues: Counts,
    countries: Counts,
    minutes: Counts,
    sets: BTreeMap<&'static str, BTreeSet<String>>,
    units: i64,
}

fn count(counts: &mut Counts, name: &str, amount: i64) {
    *counts.entry(name.to_owned()).or_default() += amount;
}

fn decimal(amount: i64) -> String {
    format!("{}.{:04}", amount / 10_000, amount % 10_000)
}

fn object(counts: &Counts, value: impl Fn(i64) -> Value) -> Value {
    counts
        .iter()
        .map(|(name, amount)| (name.clone(), value(*amount)))
        .collect::<Map<_, _>>()
        .into()
}

impl Recount {
    fn of(bytes: &[u8]) -> Recount {
        let mut recount = Recount::default();
        let mut seen: HashMap<String, &str> = HashMap::new();
        for line in std::str::from_utf8(bytes).expect("UTF-8").lines() {
            recount.lines += 1;
            match fault(line) {
                Err(fault) => count(&mut recount.faults, fault, 1),
                Ok((row, micros)) => {
                    recount.order(micros);
                    let id = row["event_id"].as_str().expect("text").to_owned();
                    match seen.insert(id, line) {
                        Some(before) => {
                            assert_eq!(before, line, "a repetition repeats every byte");
                            recount.duplicates += 1;
                        }
                        None => recount.event(&row, micros),
                    }
                }
            }
        }
        recount
    }

    fn order(&mut self, micros: i64) {
        if micros < self.newest {
            self.out_of_order += 1;
            self.disorder = self.disorder.max(self.newest - micros);
        }
        self.newest = self.newest.max(micros);
    }

    fn event(&mut self, row: &Value, micros: i64) {
        let text = |key: &str| row[key].as_str().expect("text");
        let kind = match text("event_type") {
            "product_click" => "item_click",
            "add_to_cart" => "cart_add",
            "purchase" => "order",
            "share_product" => "share",
            "review_submit" => "review",
            other => other,
        };
        count(&mut self.types, kind, 1);
        count(&mut self.categories, text("category"), 1);
        count(
            &mut self.countries,
            row["location"]["country"].as_str().expect("text"),
            1,
        );
        let minute =
            jiff::Timestamp::from_microsecond(micros / 60_000_000 * 60_000_000).expect("in range");
        count(
            &mut self.minutes,
            &minute.strftime("%Y-%m-%dT%H:%M:00.000000Z").to_string(),
            1,
        );
        self.sets
            .entry("distinct_customers")
            .or_default()
            .insert(text("customer_id").to_owned());
        self.sets
            .entry("distinct_products")
            .or_default()
            .insert(text("product_id").to_owned());
        if kind == "order" {
            let quantity = row["quantity"].as_i64().expect("whole");
            let price = (row["price"].as_f64().expect("a number") * 10_000.0).round() as i64;
            self.units += quantity;
            count(&mut self.revenues, text("category"), price * quantity);
            self.sets
                .entry("distinct_buyers")
                .or_default()
                .insert(text("customer_id").to_owned());
        }
    }

    fn json(&self, bytes: usize) -> Value {
        let unique: i64 = self.types.values().sum();
        let mut told = json!({
            "lines": self.lines,
            "bytes": bytes,
            "unique_valid": unique,
            "duplicates": self.duplicates,
            "invalid": self.faults.values().sum::<i64>(),
            "out_of_order": self.out_of_order,
            "disorder_micros_max": self.disorder,
            "invalid_by_fault": object(&self.faults, Value::from),
            "by_type": object(&self.types, Value::from),
            "purchases": self.types["order"],
            "units": self.units,
            "currency": "USD",
            "revenue": decimal(self.revenues.values().sum()),
            "events_by_category": object(&self.categories, Value::from),
            "revenue_by_category": object(&self.revenues, |revenue| decimal(revenue).into()),
            "events_by_country": object(&self.countries, Value::from),
            "events_by_minute": object(&self.minutes, Value::from),
        });
        for (name, set) in &self.sets {
            told[*name] = set.len().into();
        }
        told
    }
}

#[test]
fn the_truth_of_w_is_what_the_file_adds_up_to() {
    for seed in [1, 77, 123_456_789] {
        let (bytes, truth) = produce(seed, LINES);
        let recount = Recount::of(&bytes).json(bytes.len());
        let truth = truth.as_object().expect("object");
        assert_eq!(
            truth.len(),
            recount.as_object().expect("object").len(),
            "seed {seed}: fields"
        );
        for (key, value) in truth {
            assert_eq!(Some(value), recount.get(key), "seed {seed}: {key}");
        }
    }
}

#[test]
fn w_has_the_stated_shares_and_sizes() {
    let (bytes, truth) = produce(3, LINES);
    let number = |key: &str| {
        truth[key]
            .as_i64()
            .unwrap_or_else(|| panic!("{key} missing"))
    };
    assert_eq!(
        (number("lines"), number("duplicates"), number("invalid")),
        (40_000, 200, 200)
    );
    assert_eq!(number("unique_valid"), 39_600);
    // 2 % late lines and the repetitions; at this size some come back before anything newer was written.
    assert!(
        (990..=1_000).contains(&number("out_of_order")),
        "{}",
        number("out_of_order")
    );
    assert!(number("disorder_micros_max") <= 120_000_000);
    let mean = bytes.len() as u64 / LINES;
    assert!((600..=622).contains(&mean), "{mean} bytes a line");
    let minutes = truth["events_by_minute"].as_object().expect("object").len();
    assert!((119..=121).contains(&minutes), "{minutes} minutes");
    assert_eq!(
        truth["events_by_country"]
            .as_object()
            .expect("object")
            .len(),
        COUNTRIES.len()
    );
    assert_eq!(
        truth["events_by_category"]
            .as_object()
            .expect("object")
            .len(),
        100
    );
    assert!(
        number("distinct_customers") > 9_000 && number("distinct_products") > 9_000,
        "wide state"
    );
    assert!(
        number("purchases") > 500,
        "{} purchases",
        number("purchases")
    );
}

#[test]
fn the_same_seed_gives_the_same_file() {
    assert!(produce(9, 5_000).0 == produce(9, 5_000).0, "seed 9");
    assert!(produce(9, 5_000).0 != produce(10, 5_000).0);
}

#[test]
fn files_of_any_length_have_exactly_that_many_lines() {
    for lines in [0, 1, 2, 199, 200, 1_000] {
        let (bytes, truth) = produce(1, lines);
        assert_eq!(
            bytes.iter().filter(|byte| **byte == b'\n').count() as u64,
            lines
        );
        assert_eq!(truth["lines"], lines);
    }
}

#[test]
fn a_full_disk_is_told_to_the_caller() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let error = workload_w(1, 2_000, Full).expect_err("nothing can be written");
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}
