//! Scores of customers against a plain computation from a real shop's file: every line is read again here, every customer's
//! values are added up and sorted, and the quantiles are taken as NumPy defines them.

use crate::shop::rows;
use crate::{dir, figure, program};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;
use testkit::{Server, fixture};

/// By EXPECTED.md; gift vouchers begin with `gift_`.
const NO_PRODUCTS: [&str; 9] = [
    "POST",
    "DOT",
    "M",
    "C2",
    "D",
    "AMAZONFEE",
    "BANK CHARGES",
    "S",
    "m",
];

/// What the file says of a customer; money in ten-thousandths.
#[derive(Default)]
struct Known {
    orders: BTreeSet<String>,
    last_day: Option<i64>,
    net: i128,
}

/// Customers with an order by id.
fn customers_of(file: &Path) -> BTreeMap<String, Known> {
    let mut text = String::new();
    let packed = std::fs::File::open(file).expect("the fixture");
    flate2::read::GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("is unpacked");
    let mut customers: BTreeMap<String, Known> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns = columns(line);
        let [invoice, code, _, quantity, time, price, customer, _] = columns.as_slice() else {
            panic!("eight columns, not {line}")
        };
        if customer.is_empty() {
            continue;
        }
        // Ids are written as numbers with a fraction, such as `17850.0`.
        let id = customer.trim_end_matches(".0").to_owned();
        let known = customers.entry(id).or_default();
        let quantity: i128 = quantity.parse().expect("pieces");
        let price = ten_thousandths(price);
        if invoice.starts_with('C') {
            known.net += quantity * price;
        } else if quantity > 0 && price > 0 {
            known.orders.insert(invoice.clone());
            known.last_day = known.last_day.max(Some(day(time)));
            let is_fee = NO_PRODUCTS.contains(&code.as_str()) || code.starts_with("gift_");
            known.net += if is_fee { 0 } else { quantity * price };
        }
    }
    customers.retain(|_, known| !known.orders.is_empty());
    customers
}

/// Fields between commas; a comma within quotes is none.
fn columns(line: &str) -> Vec<String> {
    let mut columns = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => columns.push(String::new()),
            _ => columns.last_mut().expect("never empty").push(letter),
        }
    }
    columns
}

fn ten_thousandths(text: &str) -> i128 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{rest:0<4}");
    digits.parse().expect("a price of four places at most")
}

/// Days since 1970-01-01 of `2010-12-01 08:26:00`, by the rule of the Gregorian calendar.
fn day(text: &str) -> i64 {
    let number = |at: std::ops::Range<usize>| text[at].parse::<i64>().expect("a number");
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_years = 365 * year + year / 4 - year / 100 + year / 400;
    of_years + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The four points at fifths, in fifths: between the values around `(n - 1) * k / 5`.
fn quantiles(mut values: Vec<i128>) -> [i128; 4] {
    values.sort_unstable();
    [1, 2, 3, 4].map(|fifth| {
        let way = (values.len() - 1) * fifth;
        let low = values[way / 5];
        let high = values[(way / 5 + 1).min(values.len() - 1)];
        5 * low + (high - low) * (way % 5) as i128
    })
}

fn score(value: i128, points: &[i128; 4]) -> i64 {
    1 + points.iter().filter(|point| 5 * value > **point).count() as i64
}

/// Scores and segment of each customer, with everybody's recency as of a day.
fn expected(customers: &BTreeMap<String, Known>, today: i64) -> BTreeMap<String, String> {
    let recency = |known: &Known| i128::from(today - known.last_day.expect("it ordered"));
    let frequency = |known: &Known| known.orders.len() as i128;
    let of = |value: &dyn Fn(&Known) -> i128| quantiles(customers.values().map(value).collect());
    let points = [of(&recency), of(&frequency), of(&|known| known.net)];
    let told = |(id, known): (&String, &Known)| {
        let r = 6 - score(recency(known), &points[0]);
        let f = score(frequency(known), &points[1]);
        let m = score(known.net, &points[2]);
        let segment = segment(r, f);
        (id.clone(), format!("{r}{f}{m} {segment}"))
    };
    customers.iter().map(told).collect()
}

/// The table of docs/customers.md.
fn segment(recency: i64, frequency: i64) -> &'static str {
    match (recency, frequency) {
        (5, 4..) => "Champions",
        (3 | 4, 4..) => "Loyal Customers",
        (4.., 2 | 3) => "Potential Loyalists",
        (5, 1) => "New Customers",
        (4, 1) => "Promising",
        (3, 3) => "Need Attention",
        (3, _) => "About to Sleep",
        (_, 5) => "Can't Lose Them",
        (_, 3 | 4) => "At Risk",
        _ => "Hibernating",
    }
}

/// What the server says of everybody who ordered.
fn told(server: &Server) -> BTreeMap<String, String> {
    let all = rows(server, "/api/v1/customers?");
    let scored = all.iter().filter(|row| row["orders"] != 0);
    let told = scored.map(|row| {
        let rfm = &row["rfm"];
        let score = |of: &str| figure(&rfm["scores"], of);
        let scores = format!("{}{}{}", score("r"), score("f"), score("m"));
        let segment = figure(rfm, "segment");
        (figure(row, "id"), format!("{scores} {segment}"))
    });
    told.collect()
}

fn check(server: &Server, customers: &BTreeMap<String, Known>) {
    server.settled_audit().expect("the law holds");
    let segments = server.get("/api/v1/customers/segments").expect("answers");
    let cuts = &segments["meta"]["cuts"];
    assert_eq!(cuts["customers"], customers.len(), "{cuts}");
    let today = day(&figure(cuts, "day"));
    let (told, expected) = (told(server), expected(customers, today));
    let differing: Vec<_> = (expected.iter())
        .filter(|(id, scores)| told.get(*id) != Some(scores))
        .map(|(id, scores)| (id, scores, told.get(id)))
        .collect();
    assert!(
        differing.is_empty(),
        "{} differ, such as {:?}",
        differing.len(),
        differing.first()
    );
    assert_eq!(told.len(), expected.len());
    check_segments(server, &segments, &expected);
}

/// Rows of segments hold as many as score so, and a list of one holds just those.
fn check_segments(server: &Server, segments: &Value, expected: &BTreeMap<String, String>) {
    let in_segment = |name: &str| {
        let ids = expected.iter().filter(|(_, scores)| scores[4..] == *name);
        ids.map(|(id, _)| id.clone()).collect::<BTreeSet<_>>()
    };
    let rows_of = segments["data"].as_array().expect("rows");
    assert_eq!(rows_of.len(), 11);
    for row in rows_of {
        let name = figure(row, "segment");
        if name != "Prospects" {
            assert_eq!(row["customers"], in_segment(&name).len(), "{name}");
        }
    }
    let listed = rows(server, "/api/v1/customers?segment=champions&");
    let listed: BTreeSet<String> = listed.iter().map(|row| figure(row, "id")).collect();
    assert_eq!(listed, in_segment("Champions"));
}

#[test]
fn every_customer_of_a_real_file_scores_as_a_plain_computation_says_and_so_after_a_kill() {
    let Some(file) = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz") else {
        return;
    };
    let customers = customers_of(&file);
    assert_eq!(customers.len(), 885, "as EXPECTED.md has it");
    let dir = dir();
    let program = program(&dir);
    let server = program.up().expect("starts");
    let ran = program
        .run(["ingest", file.to_str().expect("a plain path")])
        .expect("runs");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    check(&server, &customers);
    let unknown = server.get("/api/v1/customers?segment=champion");
    let refused = unknown.expect_err("no segment").to_string();
    assert!(refused.contains("Champions"), "{refused}");
    server.kill().expect("is killed");
    check(&program.up().expect("starts"), &customers);
}
