//! The truth beside the events against a recount of their bytes: read with another JSON library, added up anew.

use serde_json::{Map, Value, json};
use simulator::{Currency, Format, Pricing, Settings, Shop, Time, Truth, write_event};
use std::collections::{BTreeMap, BTreeSet};

/// 2025-03-04 22:30 UTC: a run of two hours crosses midnight.
const START: Time = Time(1_741_127_400_000_000);

const SEEDS: [u64; 3] = [1, 2_024, u64::MAX];

fn settings(seed: u64, pricing: Pricing) -> Settings {
    let mut settings = Settings {
        rate: simulator::Rate::per_second(10.0),
        pricing,
        customers: 2_000,
        ..Settings::new(seed, START)
    };
    // Refunds come late and rarely; here they must be seen.
    settings.behaviour.refund = 0.5;
    settings
}

fn produce(settings: Settings, format: Format, events: usize) -> (Vec<u8>, Truth) {
    let mut shop = Shop::new(settings).expect("allowed settings");
    let mut truth = Truth::new(format);
    let mut bytes = Vec::new();
    for _ in 0..events {
        let event = shop.next_event();
        write_event(&event, format, &mut bytes);
        truth.observe(&event);
    }
    (bytes, truth)
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect()
}

/// Sums by name, added up in ten-thousandths.
#[derive(Default)]
struct Sums(BTreeMap<String, i64>);

impl Sums {
    fn add(&mut self, name: &str, amount: i64) {
        *self.0.entry(name.to_owned()).or_default() += amount;
    }

    fn counts(&self) -> Value {
        self.0
            .iter()
            .map(|(name, count)| (name.clone(), Value::from(*count)))
            .collect::<Map<_, _>>()
            .into()
    }

    fn money(&self) -> Value {
        let text = |amount: i64| format!("{}.{:04}", amount / 10_000, amount % 10_000);
        self.0
            .iter()
            .map(|(code, amount)| (code.clone(), Value::from(text(*amount))))
            .collect::<Map<_, _>>()
            .into()
    }
}

fn ten_thousandths(value: &Value) -> i64 {
    (value.as_f64().expect("a number") * 10_000.0).round() as i64
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} missing in {row}"))
}

fn distinct<'v>(rows: impl Iterator<Item = &'v Value>, key: impl Fn(&Value) -> String) -> usize {
    rows.map(key).collect::<BTreeSet<_>>().len()
}

#[derive(Default)]
struct Sold {
    item_views: u64,
    cart_adds: u64,
    units: u64,
    value: Sums,
}

#[derive(Default)]
struct Country {
    events: u64,
    orders: u64,
    revenue: Sums,
}

/// The same JSON object that the truth gives, from the rows alone.
#[derive(Default)]
struct Recount {
    types: Sums,
    days: BTreeMap<String, BTreeSet<String>>,
    countries: BTreeMap<String, Country>,
    categories: BTreeMap<String, Sold>,
    products: BTreeMap<String, Sold>,
    payments: Sums,
    sold: Sums,
    revenue: Sums,
    refunded: Sums,
    orders: u64,
    units: u64,
    refunds: u64,
}

impl Recount {
    fn item(&mut self, kind: &str, currency: &str, item: &Value, names: (&str, &str)) {
        let (price_name, quantity) = (names.0, item["quantity"].as_i64().expect("whole"));
        let category = self
            .categories
            .entry(text(item, "category").to_owned())
            .or_default();
        match kind {
            "item_view" => category.item_views += 1,
            "cart_add" => category.cart_adds += 1,
            "order" => {
                let value = ten_thousandths(&item[price_name]) * quantity;
                self.units += quantity as u64;
                self.sold.add(currency, value);
                let product = self
                    .products
                    .entry(text(item, names.1).to_owned())
                    .or_default();
                for sold in [category, product] {
                    sold.units += quantity as u64;
                    sold.value.add(currency, value);
                }
            }
            _ => {}
        }
    }

    fn presence(&mut self, kind: &str, day: &str, visitor: &str, country: &str) {
        self.types.add(kind, 1);
        self.days
            .entry(day.to_owned())
            .or_default()
            .insert(visitor.to_owned());
        self.countries.entry(country.to_owned()).or_default().events += 1;
    }

    fn order(&mut self, country: &str, currency: &str, revenue: i64) {
        self.orders += 1;
        self.revenue.add(currency, revenue);
        let country = self.countries.get_mut(country).expect("present");
        country.orders += 1;
        country.revenue.add(currency, revenue);
    }

    fn canonical(rows: &[Value]) -> Value {
        let mut recount = Recount::default();
        for row in rows {
            let (kind, country) = (text(row, "type"), text(&row["geo"], "country"));
            recount.presence(
                kind,
                &text(row, "ts")[..10],
                text(row, "anonymous_id"),
                country,
            );
            let currency = row["currency"].as_str().unwrap_or("");
            for item in row["items"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default()
            {
                recount.item(kind, currency, item, ("unit_price", "product_id"));
            }
            if kind == "order" {
                recount.order(country, currency, ten_thousandths(&row["revenue"]));
                recount.payments.add(text(row, "payment_method"), 1);
            }
            if kind == "refund" {
                recount.refunds += 1;
                recount
                    .refunded
                    .add(currency, ten_thousandths(&row["refund_amount"]));
            }
        }
        let visitors = distinct(rows.iter(), |row| text(row, "anonymous_id").to_owned());
        let named_orders = rows
            .iter()
            .filter(|row| row["type"] == "order" && row.get("customer_id").is_some());
        let buyers = distinct(named_orders, |row| text(row, "customer_id").to_owned());
        let span = [&rows[0], &rows[rows.len() - 1]].map(|row| text(row, "ts").to_owned());
        recount.json("canonical", rows.len(), span, (visitors, buyers))
    }

    fn seed(rows: &[Value]) -> Value {
        let mut recount = Recount::default();
        for row in rows {
            let kind = match text(row, "event_type") {
                "product_click" => "item_click",
                "add_to_cart" => "cart_add",
                "purchase" => "order",
                "share_product" => "share",
                "review_submit" => "review",
                other => other,
            };
            let country = text(&row["location"], "country");
            recount.presence(
                kind,
                &text(row, "timestamp")[..10],
                text(row, "customer_id"),
                country,
            );
            recount.item(kind, "USD", row, ("price", "product_id"));
            if kind == "order" {
                recount.order(
                    country,
                    "USD",
                    ten_thousandths(&row["price"]) * row["quantity"].as_i64().expect("whole"),
                );
            }
        }
        let visitors = distinct(rows.iter(), |row| text(row, "customer_id").to_owned());
        let purchases = rows.iter().filter(|row| row["event_type"] == "purchase");
        let buyers = distinct(purchases, |row| text(row, "customer_id").to_owned());
        let span =
            [&rows[0], &rows[rows.len() - 1]].map(|row| format!("{}Z", text(row, "timestamp")));
        recount.json("seed-000", rows.len(), span, (visitors, buyers))
    }

    fn json(self, format: &str, events: usize, span: [String; 2], people: (usize, usize)) -> Value {
        let days = self
            .days
            .iter()
            .map(|(day, visitors)| (day.clone(), json!(visitors.len())));
        let country = |totals: &Country| json!({"events": totals.events, "orders": totals.orders, "revenue": totals.revenue.money()});
        let category = |sold: &Sold| json!({"item_views": sold.item_views, "cart_adds": sold.cart_adds, "units": sold.units, "sold_value": sold.value.money()});
        let wanted = self
            .categories
            .iter()
            .filter(|(_, sold)| sold.item_views + sold.cart_adds + sold.units > 0);
        let product = |sold: &Sold| json!({"units": sold.units, "sold_value": sold.value.money()});
        json!({
            "format": format,
            "events": events,
            "first_event": span[0],
            "last_event": span[1],
            "by_type": self.types.counts(),
            "orders": self.orders,
            "units": self.units,
            "sold_value": self.sold.money(),
            "revenue": self.revenue.money(),
            "refunds": self.refunds,
            "refund_amount": self.refunded.money(),
            "visitors": people.0,
            "visitors_by_day": days.collect::<Map<_, _>>(),
            "customers_with_order": people.1,
            "orders_by_payment_method": self.payments.counts(),
            "by_country": self.countries.iter().map(|(name, totals)| (name.clone(), country(totals))).collect::<Map<_, _>>(),
            "by_category": wanted.map(|(name, sold)| (name.clone(), category(sold))).collect::<Map<_, _>>(),
            "by_product": self.products.iter().map(|(id, sold)| (id.clone(), product(sold))).collect::<Map<_, _>>(),
        })
    }
}

/// What no line says: events without a word in the dialect, and which of the others were made by bots.
const UNTOLD: [&str; 2] = ["left_out", "bot_events"];

/// Key by key, so that a failure names what differs.
fn check(seed: u64, truth: &Value, recount: &Value) {
    let keys: BTreeSet<&String> = [truth, recount]
        .into_iter()
        .flat_map(|value| value.as_object().expect("object").keys())
        .filter(|key| !UNTOLD.contains(&key.as_str()))
        .collect();
    for key in keys {
        assert_eq!(truth.get(key), recount.get(key), "seed {seed}: {key}");
    }
}

#[test]
fn the_truth_of_canonical_events_is_what_their_bytes_add_up_to() {
    for seed in SEEDS {
        let (bytes, truth) = produce(
            settings(seed, Pricing::ByCountry),
            Format::Canonical,
            60_000,
        );
        assert!(
            truth.orders > 500 && truth.refunds > 50,
            "seed {seed}: {} orders, {} refunds",
            truth.orders,
            truth.refunds
        );
        check(seed, &truth.to_json(), &Recount::canonical(&rows(&bytes)));
    }
}

#[test]
fn the_truth_of_seed_events_is_what_their_bytes_add_up_to() {
    for seed in SEEDS {
        let (bytes, truth) = produce(
            settings(seed, Pricing::OneCurrency(Currency::Usd)),
            Format::Seed,
            60_000,
        );
        assert!(truth.orders > 500, "seed {seed}: {} orders", truth.orders);
        check(seed, &truth.to_json(), &Recount::seed(&rows(&bytes)));
    }
}

#[test]
fn the_truth_is_written_as_it_is_told() {
    let (_, truth) = produce(settings(4, Pricing::ByCountry), Format::Canonical, 1_000);
    let mut file = Vec::new();
    truth
        .write_json(&mut file)
        .expect("memory takes everything");
    assert_eq!(
        serde_json::from_slice::<Value>(&file).expect("JSON"),
        truth.to_json()
    );
}

#[test]
fn seed_events_have_the_fields_of_the_seed_generator_and_no_others() {
    const FIELDS: [&str; 13] = [
        "event_id",
        "timestamp",
        "customer_id",
        "session_id",
        "event_type",
        "product_id",
        "product_name",
        "category",
        "price",
        "quantity",
        "user_agent",
        "ip_address",
        "location",
    ];
    let (bytes, _) = produce(
        settings(5, Pricing::OneCurrency(Currency::Usd)),
        Format::Seed,
        2_000,
    );
    for row in rows(&bytes) {
        assert_eq!(
            row.as_object().expect("object").keys().collect::<Vec<_>>(),
            FIELDS
        );
        assert_eq!(
            row["location"]
                .as_object()
                .expect("object")
                .keys()
                .collect::<Vec<_>>(),
            ["city", "country", "latitude", "longitude"]
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_start_gives_other_ids() {
    let bytes = |settings: Settings| produce(settings, Format::Canonical, 5_000).0;
    let again = bytes(Settings::new(6, START));
    assert!(bytes(Settings::new(6, START)) == again, "seed 6");
    let later = bytes(Settings::new(6, Time(START.0 + 1)));
    let ids = |bytes: &[u8]| {
        rows(bytes)
            .iter()
            .map(|row| text(row, "event_id").to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert!(ids(&again).is_disjoint(&ids(&later)));
    assert_ne!(bytes(Settings::new(7, START)), again);
}

#[test]
fn a_stores_name_is_escaped() {
    let store = "north \"1\"\\\n".to_owned();
    let (bytes, _) = produce(
        Settings {
            store: Some(store.clone()),
            ..Settings::new(8, START)
        },
        Format::Canonical,
        3,
    );
    assert!(
        rows(&bytes)
            .iter()
            .all(|row| row["store"] == store.as_str())
    );
}
