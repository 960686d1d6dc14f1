//! The two real files beside the project, against figures that other software computed from them.
//! Where the folder is missing the tests say SKIPPED.

use super::*;
use event::{EventType, LineKind, Money, Quantity};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(super) fn fixture(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/fixtures")
        .join(path);
    if !path.exists() {
        println!("SKIPPED: {} is missing", path.display());
        return None;
    }
    Some(path)
}

/// Sums as an order list is asked for them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    orders: BTreeSet<String>,
    fee_only_orders: u64,
    sold_lines: u64,
    sold_value: i128,
    fee_lines: u64,
    fee_value: i128,
    zero_price_lines: u64,
    refunds: u64,
    return_lines: u64,
    return_lines_without_customer: u64,
    return_value: i128,
    refund_amounts: i128,
    write_off_lines: u64,
    customers: BTreeSet<String>,
    buyers: BTreeSet<String>,
    products: BTreeSet<String>,
    countries: BTreeSet<String>,
    by_day: BTreeMap<i64, (u64, i128)>,
    by_product: BTreeMap<String, i128>,
}

impl Sums {
    fn add(&mut self, event: event::EventRef<'_>) {
        let customer = event.text(Text::CustomerId);
        self.customers.extend(customer.map(str::to_owned));
        self.countries
            .extend(event.label(Label::Country).map(str::to_owned));
        let mut sold = 0;
        let mut has_goods = false;
        for item in event.items() {
            let product = item
                .text(ItemText::ProductId)
                .expect("every line has a code")
                .to_owned();
            let value = item.unit_price().unwrap_or_default().times(item.quantity());
            self.products.insert(product.clone());
            match item.kind() {
                LineKind::Return => {
                    self.return_lines += 1;
                    self.return_lines_without_customer += u64::from(customer.is_none());
                    self.return_value += value;
                }
                LineKind::WriteOff => self.write_off_lines += 1,
                _ if item.unit_price() == Some(Money(0)) => self.zero_price_lines += 1,
                kind => {
                    assert!(item.quantity() > Quantity(0));
                    self.sold_lines += 1;
                    sold += value;
                    *self.by_product.entry(product).or_default() += value;
                    if kind == LineKind::Fee {
                        self.fee_lines += 1;
                        self.fee_value += value;
                    } else {
                        has_goods = true;
                    }
                }
            }
        }
        match event.kind() {
            EventType::Order if sold > 0 => {
                self.orders.insert(
                    event
                        .text(Text::OrderId)
                        .expect("an order has its number")
                        .to_owned(),
                );
                self.buyers.extend(customer.map(str::to_owned));
                self.fee_only_orders += u64::from(!has_goods);
                self.sold_value += sold;
                let day = self
                    .by_day
                    .entry(event.time().0.div_euclid(event::time::DAY))
                    .or_default();
                *day = (day.0 + 1, day.1 + sold);
            }
            EventType::Refund => {
                self.refunds += 1;
                self.refund_amounts += i128::from(
                    event
                        .amount(event::schema::Amount::RefundAmount)
                        .expect("a refund has its amount")
                        .0,
                );
            }
            _ => {}
        }
    }
}

fn money(value: i128) -> String {
    event::format_decimal(value, 2)
}

#[test]
fn the_order_file_adds_up_to_the_penny() {
    let Some(path) = fixture("online_retail_2010_12/online_retail_2010-12.csv.gz") else {
        return;
    };
    let reader =
        FileReader::open_path(&path, FileOptions::new("online_retail", "main")).expect("opens");
    assert_eq!(reader.guess().dialect, "order_csv");
    let frames = frames(reader).expect("is read");
    let mut sums = Sums::default();
    let (mut rows, mut lines, mut events) = (0, 0, 0);
    for frame in &frames {
        rows += frame.sources.iter().map(|tally| tally.rows).sum::<u64>();
        assert_eq!(frame.rejected, []);
        for event in frame.events.events() {
            events += 1;
            lines += event.items().len();
            sums.add(event);
        }
    }
    assert_eq!((rows, lines, events), (42_481, 42_481, 2_025));
    assert_eq!(
        (
            sums.customers.len(),
            sums.products.len(),
            sums.countries.len()
        ),
        (948, 2_822, 24)
    );
    assert_eq!(
        (
            sums.sold_lines,
            sums.orders.len(),
            money(sums.sold_value).as_str()
        ),
        (41_480, 1_559, "823746.14")
    );
    assert_eq!(
        (
            sums.return_lines,
            sums.return_lines_without_customer,
            sums.refunds
        ),
        (728, 38, 326)
    );
    assert_eq!(
        (
            money(sums.return_value).as_str(),
            money(sums.refund_amounts).as_str()
        ),
        ("-74789.12", "74789.12")
    );
    assert_eq!((sums.write_off_lines, sums.zero_price_lines), (70, 203));
    assert_eq!(money(sums.sold_value + sums.return_value), "748957.02");
    assert_eq!(
        (
            sums.fee_lines,
            money(sums.fee_value).as_str(),
            sums.fee_only_orders
        ),
        (165, "45814.37", 9)
    );
    assert_eq!(money(sums.sold_value - sums.fee_value), "777931.77");
    assert_eq!(sums.buyers.len(), 885);
    let days: Vec<(u64, String)> = sums
        .by_day
        .values()
        .take(3)
        .map(|(orders, value)| (*orders, money(*value)))
        .collect();
    assert_eq!(
        days,
        [
            (127, "58960.79".to_owned()),
            (142, "47748.38".to_owned()),
            (68, "46943.71".to_owned())
        ]
    );
    let mut best: Vec<(i128, &str)> = sums
        .by_product
        .iter()
        .map(|(code, value)| (*value, code.as_str()))
        .collect();
    best.sort_unstable_by(|one, other| other.cmp(one));
    let best: Vec<String> = best
        .iter()
        .take(5)
        .map(|(value, code)| format!("{code} {}", money(*value)))
        .collect();
    assert_eq!(
        best,
        [
            "22423 27869.96",
            "DOT 24671.19",
            "AMAZONFEE 13541.33",
            "85123A 10435.36",
            "84029E 9291.73"
        ]
    );
}

#[test]
fn the_clickstream_keeps_its_counts_by_kind() {
    let Some(path) = fixture("retentioneering_ecom/ecom.csv.gz") else {
        return;
    };
    let reader = FileReader::open_path(&path, FileOptions::new("ecom", "main")).expect("opens");
    assert_eq!(reader.guess().dialect, "event_csv");
    let frames = frames(reader).expect("is read");
    let (mut by_sent, mut by_type) = (
        BTreeMap::<String, u64>::new(),
        BTreeMap::<String, u64>::new(),
    );
    let (mut users, mut sessions, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for event in frames.iter().flat_map(|frame| frame.events.events()) {
        let kind = event.label(Label::Type).expect("every event has a type");
        *by_type.entry(kind.to_owned()).or_default() += 1;
        *by_sent
            .entry(event.text(Text::TypeText).unwrap_or(kind).to_owned())
            .or_default() += 1;
        users.insert(event.text(Text::CustomerId).expect("a user"));
        sessions.insert(event.text(Text::SourceSessionId).expect("a session"));
        ids.insert(event.id());
    }
    assert_eq!(
        (ids.len(), users.len(), sessions.len()),
        (31_106, 600, 3_605)
    );
    let expected = "product_view 6851 · catalog 6521 · search 4011 · home 2762 · filter_results 2610 · add_to_cart 1346 · cart 1204 · \
        shipping_details 958 · wishlist_add 812 · promo_page 796 · payment_details 709 · account_page 659 · purchase 470 · review_page 406 · \
        support_chat 277 · error_page 276 · compare 275 · payment_error 119 · checkout_bug 44";
    let mut shown: Vec<(u64, String)> = by_sent
        .into_iter()
        .map(|(kind, count)| (count, kind))
        .collect();
    shown.sort_unstable_by(|one, other| other.cmp(one));
    let shown: Vec<String> = shown
        .into_iter()
        .map(|(count, kind)| format!("{kind} {count}"))
        .collect();
    assert_eq!(shown.join(" · "), expected);
    // No two kinds became one: the counts by our types are the same numbers.
    assert_eq!(by_type.len(), 19);
    assert_eq!(
        (
            by_type["item_view"],
            by_type["list_view"],
            by_type["cart_add"],
            by_type["cart_view"],
            by_type["order"]
        ),
        (6_851, 6_521, 1_346, 1_204, 470)
    );
}
