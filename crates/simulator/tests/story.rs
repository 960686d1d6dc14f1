//! Stories with known answers: what was planted is found again in the events. Ranges are a few standard deviations wide.

use simulator::{
    AnomalyKind, Bot, Detail, Evidence, Kind, Note, Origin, Plan, Settings, Shop, SimEvent, Time,
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// 2025-03-03 00:00 UTC.
const START: Time = Time(1_740_960_000_000_000);
const HOUR: i64 = 3_600_000_000;

/// A quiet shop without any story, to plant in.
const QUIET: &str = "
campaigns = []
[shop]
products = 2_000
categories = 20
customers = 20_000
[pace]
events_per_second = 20.0
[supply]
enabled = false
[bots]
user_agent = 0.0
behaviour = 0.0
[anomalies_per_day]
high_value_order = 0.0
unusual_quantity = 0.0
stock_out = 0.0
price_mistake = 0.0
payment_error_storm = 0.0
bot_storm = 0.0
";

fn settings(seed: u64, more: &str) -> Settings {
    // Tables may stand once in a file: what is added replaces the lines of the same key.
    let changes = format!("{QUIET}\n{more}");
    let plan = Plan::read("default", Some(&changes)).expect("a plan");
    plan.settings(seed, START).expect("settings")
}

fn shop(seed: u64, more: &str) -> Shop {
    Shop::new(settings(seed, more)).expect("a shop")
}

fn each(shop: &mut Shop, events: usize, mut see: impl FnMut(&SimEvent<'_>)) {
    for _ in 0..events {
        see(&shop.next_event());
    }
}

#[test]
fn a_campaign_cuts_prices_brings_people_and_ends() {
    let campaign = "[[campaigns]]\nname = \"sale\"\nsource = \"mail\"\nmedium = \"email\"\nbegins_hours = 1.0\nlasts_hours = 1.0\nprice_cut_percent = 20.0\nlift = 0.5\ncategories = [\"Books\"]\n";
    let text = QUIET.replace("campaigns = []", "") + campaign;
    let plan = Plan::read("default", Some(&text)).expect("a plan");
    let mut shop = Shop::new(plan.settings(1, START).expect("settings")).expect("a shop");
    let (mut events, mut visits, mut cut) = ([0; 3], [0; 3], [0; 3]);
    each(&mut shop, 250_000, |event| {
        let hour = ((event.time.0 - START.0) / HOUR) as usize;
        if hour > 2 {
            return;
        }
        events[hour] += 1;
        if let Some(Origin::Campaign(label)) = event.origin {
            assert_eq!(
                (label.name, label.source, label.medium),
                ("sale", "mail", "email")
            );
            visits[hour] += 1;
        }
        if event.kind == Kind::Refund {
            return; // what was bought in the sale comes back at its price
        }
        for line in event
            .lines
            .iter()
            .filter(|line| line.product.price != line.product.list_price)
        {
            assert_eq!(line.product.category().name, "Books");
            let share = line.product.price.0 as f64 / line.product.list_price.0 as f64;
            assert!((share - 0.8).abs() < 0.01, "{share}");
            cut[hour] += 1;
        }
    });
    let lift = events[1] as f64 / events[0] as f64;
    assert!((1.47..1.53).contains(&lift), "{lift}");
    assert!(
        visits[0] == 0 && visits[1] > 1_000 && visits[2] == 0,
        "{visits:?}"
    );
    assert!(cut[0] == 0 && cut[1] > 1_000 && cut[2] == 0, "{cut:?}");
}

#[test]
fn planted_pairs_have_their_support_and_lift() {
    let baskets = "[[baskets]]\nsupport = 0.1\nconfidence = 0.5\notherwise = 0.05\n[[baskets]]\nsupport = 0.2\nconfidence = 0.1\notherwise = 0.1\n";
    let mut shop = shop(2, baskets);
    let pairs = shop.planted_pairs().to_vec();
    let (mut orders, mut found) = (0.0, vec![[0.0; 3]; pairs.len()]);
    each(&mut shop, 600_000, |event| {
        if event.kind != Kind::Order {
            return;
        }
        orders += 1.0;
        for (pair, found) in pairs.iter().zip(&mut found) {
            let has = pair.products.map(|product| {
                let lines = event.lines.iter();
                f64::from(u8::from(
                    lines.into_iter().any(|line| line.product.number == product),
                ))
            });
            found[0] += has[0];
            found[1] += has[1];
            found[2] += has[0] * has[1];
        }
    });
    assert!(orders > 12_000.0, "{orders}");
    for (pair, [first, second, both]) in pairs.iter().zip(found) {
        let (support, lift) = (both / orders, both * orders / (first * second));
        assert!(
            (support / pair.support_of_both() - 1.0).abs() < 0.12,
            "support {support} of {pair:?}"
        );
        assert!(
            (lift / pair.lift() - 1.0).abs() < 0.12,
            "lift {lift} for {}",
            pair.lift()
        );
        assert!(
            (first / orders / pair.basket.support - 1.0).abs() < 0.06,
            "{first}"
        );
    }
    assert!(
        (pairs[1].lift() - 1.0).abs() < 1e-9,
        "independent of each other"
    );
}

#[test]
fn demand_follows_prices_by_the_stated_elasticity() {
    let elastic = QUIET
        .replace("enabled = false", "enabled = true\nopening_units = 1000000\nreorder_units = 0\nprice_changes_per_day = 5000.0")
        + "[behaviour]\ncart_add = 0.2\n[elasticity]\ndefault = -2.0\n";
    let plan = Plan::read("default", Some(&elastic)).expect("a plan");
    let mut shop = Shop::new(plan.settings(3, START).expect("settings")).expect("a shop");
    // By price against the first price in tenths: how often a page was seen, and the product taken.
    let mut first: HashMap<u32, f64> = HashMap::new();
    let mut by_ratio: BTreeMap<i64, [f64; 2]> = BTreeMap::new();
    each(&mut shop, 1_500_000, |event| {
        if let (Kind::PriceChange, Detail::Price { old, .. }) = (event.kind, event.detail) {
            first.entry(event.focus.number).or_insert(old.0 as f64);
        }
        let column = match event.kind {
            Kind::ItemView => 0,
            Kind::CartAdd => 1,
            _ => return,
        };
        for line in event.lines {
            let now = line.product.price.0 as f64;
            let ratio = now / first.get(&line.product.number).copied().unwrap_or(now);
            by_ratio.entry((ratio * 10.0).round() as i64).or_default()[column] += 1.0;
        }
    });
    let taken = |tenths: i64| by_ratio[&tenths][1] / by_ratio[&tenths][0];
    for (tenths, expected) in [
        (7, 1.0 / 0.49),
        (8, 1.0 / 0.64),
        (12, 1.0 / 1.44),
        (13, 1.0 / 1.69),
    ] {
        let measured = taken(tenths) / taken(10);
        assert!(
            (measured / expected - 1.0).abs() < 0.08,
            "at {tenths} tenths: {measured} for {expected}"
        );
    }
}

#[test]
fn bots_make_their_shares_and_buy_nothing() {
    let bots = QUIET.replace(
        "user_agent = 0.0\nbehaviour = 0.0",
        "user_agent = 0.10\nbehaviour = 0.05",
    );
    let plan = Plan::read("default", Some(&bots)).expect("a plan");
    let mut shop = Shop::new(plan.settings(4, START).expect("settings")).expect("a shop");
    let mut counts = [0.0; 2];
    each(&mut shop, 200_000, |event| {
        let Some(bot) = event.who.bot else { return };
        assert!(matches!(event.kind, Kind::ItemView | Kind::ListView));
        let agent = event.who.agent().user_agent;
        let says_so = agent.contains("Bot") || agent.contains("Spider") || agent.contains("python");
        assert_eq!(says_so, bot == Bot::Crawler, "{agent}");
        counts[usize::from(bot == Bot::Scraper)] += 1.0 / 200_000.0;
    });
    assert!(
        (0.085..0.115).contains(&counts[0]) && (0.04..0.06).contains(&counts[1]),
        "{counts:?}"
    );
}

#[test]
fn every_planted_anomaly_is_in_the_events() {
    let text = QUIET
        .replace(
            "enabled = false",
            "enabled = true\nprice_changes_per_day = 0.0",
        )
        .replace("behaviour = 0.0", "behaviour = 0.01")
        .replace("_order = 0.0", "_order = 24.0")
        .replace("quantity = 0.0", "quantity = 24.0")
        .replace("stock_out = 0.0", "stock_out = 24.0")
        .replace("mistake = 0.0", "mistake = 12.0")
        .replace("storm = 0.0", "storm = 12.0");
    let plan = Plan::read("default", Some(&text)).expect("a plan");
    let mut shop = Shop::new(plan.settings(5, START).expect("settings")).expect("a shop");
    let (mut notes, mut orders, mut empty, mut slipped) =
        (Vec::new(), HashMap::new(), HashSet::new(), 0);
    let (mut errors, mut payments, mut bots) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..1_500_000 {
        let event = shop.next_event();
        match event.detail {
            Detail::Order { order, bill } => {
                let most = event.lines.iter().map(|line| line.quantity).max();
                orders.insert(order, (bill.sold, most));
                payments.push(event.time);
            }
            Detail::PaymentError(_) => errors.push(event.time),
            Detail::Stock { level: 0, .. } => drop(empty.insert(event.focus.number)),
            Detail::Price { old, new } if new.0 * 50 < old.0 => slipped += 1,
            _ => {}
        }
        if event.who.bot == Some(Bot::Scraper) {
            bots.push(event.time);
        }
        while let Some(note) = shop.take_note() {
            notes.push(note);
        }
    }
    let mut kinds = [0; 6];
    for note in &notes {
        let Note::Anomaly(anomaly) = note else {
            continue;
        };
        kinds[anomaly.kind as usize] += 1;
        let within = |times: &[Time]| {
            let inside = times
                .iter()
                .filter(|time| (anomaly.from..anomaly.until).contains(*time));
            inside.count()
        };
        match (anomaly.kind, anomaly.evidence) {
            (AnomalyKind::HighValueOrder, Evidence::Amount(amount)) => {
                let (sold, most) = orders[&anomaly.order.expect("an order")];
                assert!(sold == amount && sold.0 > 50_000_000, "{anomaly:?}");
                assert!(most <= Some(50), "a high value is no unusual quantity");
            }
            (AnomalyKind::UnusualQuantity, Evidence::Units(units)) => {
                let (_, most) = orders[&anomaly.order.expect("an order")];
                assert!(units > 50 && most == Some(units as u32), "{anomaly:?}");
            }
            (AnomalyKind::StockOut, Evidence::Units(_)) => {
                assert!(
                    empty.contains(&anomaly.product.expect("a product")),
                    "{anomaly:?}"
                );
            }
            (AnomalyKind::PaymentErrorStorm, _) => {
                let (failed, paid) = (within(&errors), within(&payments));
                assert!(failed > 2 * paid, "{failed} failed, {paid} went through");
            }
            (AnomalyKind::BotStorm, _) => {
                let seconds = (anomaly.until.0 - anomaly.from.0) / 1_000_000;
                let asked = within(&bots) as i64;
                assert!(
                    asked > seconds * 6,
                    "{asked} pages in {seconds} s at 20 events a second"
                );
            }
            _ => {}
        }
    }
    assert!(kinds.iter().all(|count| *count >= 5), "{kinds:?}");
    assert_eq!(slipped, kinds[AnomalyKind::PriceMistake as usize]);
}

#[test]
fn stock_adds_up_and_what_is_sold_out_is_not_taken() {
    let text = QUIET.replace("enabled = false", "enabled = true\nopening_units = 6\nreorder_units = 2\ndelivery_units = 8\ndelivery_hours = 2.0\nreport_units = 1\nprice_changes_per_day = 0.0");
    let plan = Plan::read("default", Some(&text)).expect("a plan");
    let mut shop = Shop::new(plan.settings(6, START).expect("settings")).expect("a shop");
    let (mut levels, mut sold, mut taken_when_out) =
        (HashMap::new(), HashMap::<u32, i64>::new(), 0);
    each(&mut shop, 400_000, |event| match event.detail {
        Detail::Stock { level, .. } => drop(levels.insert(event.focus.number, level)),
        Detail::Order { .. } => {
            for line in event.lines {
                *sold.entry(line.product.number).or_default() += i64::from(line.quantity);
            }
        }
        _ if event.kind == Kind::CartAdd => {
            let level = levels.get(&event.lines[0].product.number);
            taken_when_out += usize::from(level.is_some_and(|level| *level <= 0));
        }
        _ => {}
    });
    assert_eq!(taken_when_out, 0);
    let stocks = shop.stocks();
    assert!(
        stocks.values().any(|stock| stock.received > 0),
        "deliveries came"
    );
    for (product, stock) in &stocks {
        assert_eq!(
            stock.sold,
            sold.get(product).copied().unwrap_or(0),
            "{product}"
        );
        let moved = stock.opening + stock.received - stock.sold - stock.lost;
        assert_eq!(stock.level(), moved);
        assert_eq!(stock.reported, levels.get(product).copied(), "{product}");
    }
}

#[test]
fn buyers_of_a_known_process_buy_as_their_rows_say() {
    let buyers = "[buyers]\nenabled = true\ncustomers = 300\njoining_days = 1.0\nr = 2.0\nalpha = 0.2\na = 1.0\nb = 3.0\nunit_days = 7.0\n";
    let text = QUIET.replace("events_per_second = 20.0", "events_per_second = 0.5") + buyers;
    let plan = Plan::read("default", Some(&text)).expect("a plan");
    let mut shop = Shop::new(plan.settings(7, START).expect("settings")).expect("a shop");
    let (mut bought, mut rows) = (HashMap::<u32, u32>::new(), HashMap::new());
    for _ in 0..400_000 {
        let event = shop.next_event();
        if event.kind == Kind::Order && event.who.visitor.number >= 20_000 {
            *bought.entry(event.who.visitor.number).or_default() += 1;
        }
        while let Some(note) = shop.take_note() {
            if let Note::Buyer(buyer) = note {
                assert!(buyer.has_dropped_out);
                rows.insert(buyer.number, buyer);
            }
        }
    }
    assert!(rows.len() > 200, "{} dropped out", rows.len());
    rows.extend(
        shop.buyers_left()
            .into_iter()
            .map(|buyer| (buyer.number, buyer)),
    );
    assert_eq!(rows.len(), 300);
    for (number, buyer) in rows {
        assert_eq!(bought[&number], buyer.purchases, "{buyer:?}");
        assert!(!buyer.has_dropped_out || buyer.purchases > 1);
    }
}
