//! Whether the shop looks like one: rates, mixes, carts, nights, habits. Ranges are wide; what must hold exactly is tested exactly.

use simulator::{Detail, Kind, Page, Rate, Rhythm, Settings, Shop, SimEvent, Time};
use std::collections::{HashMap, HashSet};

/// 2025-03-03 00:00 UTC, a Monday.
const MONDAY: Time = Time(1_740_960_000_000_000);
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;

fn shop(seed: u64, rate: f64) -> Shop {
    Shop::new(Settings {
        rate: Rate::per_second(rate),
        ..Settings::new(seed, MONDAY)
    })
    .expect("allowed settings")
}

fn each(shop: &mut Shop, events: usize, mut see: impl FnMut(&SimEvent<'_>)) {
    for _ in 0..events {
        see(&shop.next_event());
    }
}

/// Percent of events in each group.
fn mix(shop: &mut Shop, events: usize) -> [usize; 3] {
    let mut counts = [0; 3];
    each(shop, events, |event| {
        counts[event.kind.group() as usize] += 100
    });
    counts.map(|count| count / events)
}

fn check_mix([views, carts, transactions]: [usize; 3]) {
    assert!((56..=64).contains(&views), "views {views} %");
    assert!((17..=23).contains(&carts), "cart events {carts} %");
    assert!(
        (17..=23).contains(&transactions),
        "transactions {transactions} %"
    );
}

#[test]
fn the_asked_rate_is_kept_whatever_it_is() {
    for rate in [0.01, 1.0, 500.0, 20_000.0, 1_000_000.0] {
        let mut shop = shop(1, rate);
        let events = 50_000;
        let mut last = MONDAY;
        each(&mut shop, events, |event| {
            assert!(event.time >= last, "time goes back at {rate} a second");
            last = event.time;
        });
        let seconds = (shop.next_time().0 - MONDAY.0) as f64 / SECOND as f64;
        let measured = events as f64 / seconds;
        assert!(
            (measured / rate - 1.0).abs() < 0.01,
            "asked {rate}, got {measured}"
        );
    }
}

#[test]
fn of_five_events_three_are_views_one_is_about_the_cart_and_one_about_checkout() {
    let mut shop = shop(2, 500.0);
    check_mix(mix(&mut shop, 5_000));
    check_mix(mix(&mut shop, 200_000));
}

#[test]
fn a_burst_keeps_the_mix_and_ends() {
    let mut shop = shop(3, 500.0);
    each(&mut shop, 10_000, |_| {});
    let begin = shop.next_time();
    shop.set_rate(Rate::per_second(2_000.0), begin);
    check_mix(mix(&mut shop, 20_000));
    let burst_seconds = (shop.next_time().0 - begin.0) as f64 / SECOND as f64;
    assert!((9.9..10.1).contains(&burst_seconds), "{burst_seconds} s");
    let end = shop.next_time();
    shop.set_rate(Rate::per_second(500.0), end);
    check_mix(mix(&mut shop, 5_000));
    let calm_seconds = (shop.next_time().0 - end.0) as f64 / SECOND as f64;
    assert!((9.9..10.1).contains(&calm_seconds), "{calm_seconds} s");
}

#[test]
fn a_higher_rate_counts_from_its_moment_on() {
    let mut shop = shop(4, 0.01);
    shop.next_event();
    let from = Time(MONDAY.0 + 20 * SECOND);
    shop.set_rate(Rate::per_second(1_000.0), from);
    assert!(
        shop.next_time() >= from,
        "nothing is made up for the time before"
    );
    assert!(
        shop.next_time().0 < from.0 + SECOND / 100,
        "{:?}",
        shop.next_time()
    );
}

#[test]
fn a_pause_is_skipped_without_making_up_for_it() {
    let mut shop = shop(5, 500.0);
    each(&mut shop, 1_000, |_| {});
    let morning = Time(MONDAY.0 + 8 * HOUR);
    shop.skip_to(morning);
    assert_eq!(shop.next_event().time, morning);
    check_mix(mix(&mut shop, 5_000));
    shop.skip_to(MONDAY);
    assert!(shop.next_time() > morning, "time never goes back");
}

#[derive(Default)]
struct Visit {
    acts: u32,
    from_door: bool,
    carts: HashMap<u32, i64>,
    added: bool,
    ordered: bool,
    known: bool,
}

fn visits(seed: u64, events: usize) -> HashMap<u128, Visit> {
    let mut visits: HashMap<u128, Visit> = HashMap::new();
    each(&mut shop(seed, 200.0), events, |event| {
        let Some(session) = event.session else { return };
        let visit = visits.entry(session).or_default();
        visit.acts += 1;
        visit.from_door |= event.origin.is_some();
        visit.added |= event.kind == Kind::CartAdd;
        visit.ordered |= event.kind == Kind::Order;
        assert!(
            event.who.is_signed_in || !visit.known,
            "nobody is forgotten within a visit"
        );
        visit.known |= event.who.is_signed_in;
        follow_cart(visit, event);
    });
    visits
}

/// What is ordered is what was put in less what was taken out.
fn follow_cart(visit: &mut Visit, event: &SimEvent<'_>) {
    for line in event.lines {
        let held = visit.carts.entry(line.product.number).or_default();
        match event.kind {
            Kind::CartAdd => *held += i64::from(line.quantity),
            Kind::CartRemove => *held -= i64::from(line.quantity),
            Kind::Order if visit.from_door => {
                assert_eq!(*held, i64::from(line.quantity), "{:?}", event.session)
            }
            _ => {}
        }
    }
}

#[test]
fn two_carts_of_three_are_left_behind_and_most_visits_buy_nothing() {
    let visits = visits(6, 300_000);
    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let whole: Vec<&Visit> = visits.values().filter(|visit| visit.from_door).collect();
    let carts = whole.iter().filter(|visit| visit.added).count();
    let bought = whole.iter().filter(|visit| visit.ordered).count();
    let abandoned = 1.0 - share(bought, carts);
    assert!((0.55..0.80).contains(&abandoned), "abandoned {abandoned}");
    assert!(
        (0.10..0.30).contains(&share(bought, whole.len())),
        "conversion {}",
        share(bought, whole.len())
    );
    let bounced = whole.iter().filter(|visit| visit.acts == 1).count();
    assert!(
        (0.15..0.40).contains(&share(bounced, whole.len())),
        "bounced {}",
        share(bounced, whole.len())
    );
    let mean = whole.iter().map(|visit| visit.acts).sum::<u32>() as f64 / whole.len() as f64;
    assert!((5.0..12.0).contains(&mean), "{mean} events a visit");
}

#[test]
fn days_have_nights_and_weeks_have_sundays() {
    let settings = Settings {
        rate: Rate::per_second(0.5),
        rhythm: Rhythm::DayAndWeek,
        ..Settings::new(7, MONDAY)
    };
    let mut shop = Shop::new(settings).expect("allowed settings");
    let (mut hours, mut days) = ([0_u32; 24], [0_u32; 7]);
    while shop.next_time().0 < MONDAY.0 + 7 * 24 * HOUR {
        let hour = (shop.next_event().time.0 - MONDAY.0) / HOUR;
        hours[(hour % 24) as usize] += 1;
        days[(hour / 24) as usize] += 1;
    }
    let events: u32 = days.iter().sum();
    let asked = 0.5 * 7.0 * 86_400.0;
    assert!(
        (f64::from(events) / asked - 1.0).abs() < 0.02,
        "{events} of {asked}"
    );
    let (least, most) = (hours.iter().min().unwrap(), hours.iter().max().unwrap());
    assert!(most > &(least * 2), "{hours:?}");
    assert!(days[6] > days[1] && days[6] > days[3], "{days:?}");
}

#[test]
fn countries_follow_their_clocks() {
    let share_of_japan = |hour: i64| {
        let mut shop = shop(8, 500.0);
        shop.skip_to(Time(MONDAY.0 + hour * HOUR));
        let mut japanese = 0;
        each(&mut shop, 20_000, |event| {
            japanese += u32::from(event.who.visitor.country().name == "Japan")
        });
        f64::from(japanese) / 20_000.0
    };
    let (evening, night) = (share_of_japan(11), share_of_japan(19));
    assert!(evening > 3.0 * night, "{evening} at 20:00, {night} at 4:00");
}

#[test]
fn few_products_are_popular_and_most_are_seen() {
    let mut views: HashMap<u32, u32> = HashMap::new();
    each(&mut shop(9, 500.0), 400_000, |event| {
        if event.kind == Kind::ItemView {
            *views.entry(event.lines[0].product.number).or_default() += 1;
        }
    });
    let total: u32 = views.values().sum();
    let mut counts: Vec<u32> = views.into_values().collect();
    counts.sort_unstable_by(|left, right| right.cmp(left));
    let top: u32 = counts.iter().take(50).sum();
    let share = f64::from(top) / f64::from(total);
    assert!(
        (0.15..0.50).contains(&share),
        "the first 50 of 5,000 draw {share}"
    );
    assert!(counts.len() > 4_000, "{} products were seen", counts.len());
}

#[test]
fn every_kind_happens_and_every_page_is_opened() {
    let (mut kinds, mut pages, mut failures) = (HashSet::new(), HashSet::new(), HashSet::new());
    each(&mut shop(10, 100.0), 400_000, |event| {
        kinds.insert(event.kind);
        pages.insert(format!("{:?}", event.page));
        if let Detail::PaymentError(failure) = event.detail {
            failures.insert(failure.code);
        }
    });
    let missing: Vec<&Kind> = Kind::ALL
        .iter()
        .filter(|kind| kind.has_visitor() && !kinds.contains(kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(
        (pages.len(), failures.len()),
        (9, 5),
        "{pages:?} {failures:?}"
    );
}

#[test]
fn ids_of_events_and_orders_are_used_once_and_refunds_belong_to_an_order() {
    let mut settings = Settings {
        rate: Rate::per_second(5.0),
        customers: 5_000,
        ..Settings::new(11, MONDAY)
    };
    settings.behaviour.refund = 1.0;
    let mut shop = Shop::new(settings).expect("allowed settings");
    let (mut ids, mut orders, mut refunded) = (HashSet::new(), HashMap::new(), 0);
    each(&mut shop, 100_000, |event| {
        assert!(ids.insert(event.id), "event id twice");
        match event.detail {
            Detail::Order { order, bill } => {
                assert!(
                    orders.insert(order, (bill, event.who.cookie())).is_none(),
                    "order id twice"
                );
            }
            Detail::Refund { order, amount, .. } => {
                let (bill, cookie) = orders.get(&order).expect("the order was made before");
                assert!(
                    amount <= bill.revenue() && amount.0 > 0,
                    "{amount} of {}",
                    bill.revenue()
                );
                assert_eq!(*cookie, event.who.cookie(), "its buyer gets the money");
                assert!(event.session.is_none() && event.page == Page::Account);
                refunded += 1;
            }
            _ => {}
        }
    });
    assert!(refunded > 300, "{refunded}");
}

#[test]
fn some_anonymous_visitors_log_in_and_keep_their_cookie() {
    let mut cookies: HashMap<u128, u64> = HashMap::new();
    let mut joined = 0;
    each(&mut shop(12, 50.0), 50_000, |event| {
        let Some(session) = event.session else { return };
        let cookie = *cookies.entry(session).or_insert(event.cookie);
        assert_eq!(cookie, event.cookie);
        if matches!(event.kind, Kind::Login | Kind::SignUp) {
            assert!(event.who.is_signed_in);
            joined += 1;
        }
    });
    assert!(joined > 500, "{joined}");
}

#[test]
fn a_visitor_is_always_from_the_same_city_and_a_product_always_costs_the_same() {
    let (mut cities, mut prices) = (HashMap::new(), HashMap::new());
    each(&mut shop(13, 500.0), 100_000, |event| {
        let visitor = &event.who.visitor;
        assert_eq!(
            *cities.entry(visitor.number).or_insert(visitor.city().name),
            visitor.city().name
        );
        assert_eq!(
            *prices
                .entry(event.focus.number)
                .or_insert(event.focus.price),
            event.focus.price
        );
    });
}

#[test]
fn the_largest_shop_opens_and_the_smallest_too() {
    let largest = Settings {
        products: 250_000,
        categories: 100,
        customers: 10_000_000,
        ..Settings::new(14, MONDAY)
    };
    let smallest = Settings {
        products: 1,
        categories: 1,
        customers: 1,
        ..Settings::new(14, MONDAY)
    };
    for settings in [largest, smallest] {
        let mut shop = Shop::new(settings).expect("allowed settings");
        check_mix(mix(&mut shop, 20_000));
    }
    assert!(
        Shop::new(Settings {
            customers: 0,
            ..Settings::new(14, MONDAY)
        })
        .is_err()
    );
}
