//! Claims about prices, told as text: changes and traffic in; turns, sides and elasticity out.

mod elasticity;
mod events;
mod properties;
mod recount;
mod said;

use super::*;
use event::time::{DAY, HOUR};
use said::{KEY, Move, Story, check_effects, check_turns, settle};

#[test]
fn the_shop_tells_when_a_price_changed() {
    check_turns("1d 10>12 | 3d 12>9", "told: 1d 10>12, 3d 12>9");
    check_turns("3d 12>9 | 1d 10>12", "told: 1d 10>12, 3d 12>9");
    check_turns("1d ?>12", "told: 1d ?>12");
}

#[test]
fn a_change_that_is_told_again_is_none() {
    check_turns("1d 10>12 | 2d 10>12 | 3d 12>9", "told: 1d 10>12, 3d 12>9");
    check_turns("1d 10>10", "told: ");
}

#[test]
fn of_one_instant_only_the_end_counts() {
    check_turns("1d 10>12 | 1d 12>9", "told: 1d 10>9");
    check_turns("1d 10>12 | 1d 12>10", "told: ");
    check_turns("1d 10>10 | 1d 40>30", "told: 1d 10>30");
}

#[test]
fn where_nothing_is_told_the_price_is_read_off_the_days() {
    check_turns(
        "1d sold 2 at 10 | 2d seen 5 at 10 | 3d seen 5 at 12 | 5d sold 1 at 9",
        "observed: 3d 10>12, 5d 12>9",
    );
    // What sold more counts more than what was seen more; of equals the lower.
    check_turns(
        "1d sold 1 at 10 | 2d seen 9 at 12 | 2d sold 1 at 10",
        "observed: ",
    );
    check_turns(
        "1d seen 1 at 10 | 2d seen 2 at 12 | 2d seen 2 at 11",
        "observed: 2d 10>11",
    );
    check_turns("1d seen 1 at 10 | 2d seen 2 at 0 | 3d seen 1", "observed: ");
}

#[test]
fn what_the_shop_tells_is_believed_over_what_is_seen() {
    check_turns(
        "1d sold 2 at 10 | 3d sold 2 at 12 | 4d 12>9",
        "told: 4d 12>9",
    );
}

#[test]
fn a_week_before_and_a_week_after_are_compared() {
    let days: Vec<String> = (0..30)
        .map(|day| format!("{day}d seen {day} at 10"))
        .collect();
    // Days 8 to 14 and 16 to 22; that of the change itself belongs to neither.
    check_effects(
        &format!("{} | 15.5d 10>12", days.join(" | ")),
        "15.5d 10>12: 7 days 77 views 0 sold | 7 days 133 views 0 sold",
    );
    // At midnight it belongs to the new price: days 8 to 14 and 15 to 21.
    check_effects(
        &format!("{} | 15d 10>12", days.join(" | ")),
        "15d 10>12: 7 days 77 views 0 sold | 7 days 126 views 0 sold",
    );
}

#[test]
fn a_side_ends_at_the_next_change_at_the_first_day_and_today() {
    check_effects(
        "10d seen 1 at 9 | 12.5d 9>10 | 13d seen 2 at 10 | 15.5d 10>11 | 20d seen 4 at 11 | 30d seen 8 at 11",
        "12.5d 9>10: 2 days 1 views 0 sold | 2 days 2 views 0 sold, \
         15.5d 10>11: 2 days 2 views 0 sold | 7 days 4 views 0 sold",
    );
    check_effects(
        "26d sold 3 at 9 | 28.5d 9>10 | 29d sold 2 at 10 | 30d sold 1 at 10",
        "28.5d 9>10: 2 days 0 views 3 sold | 1 days 0 views 2 sold",
    );
    check_effects(
        "29d sold 3 at 9 | 30d 9>10 | 30d sold 1 at 10",
        "30d 9>10: 1 days 0 views 3 sold | 0 days 0 views 0 sold",
    );
}

#[test]
fn two_changes_on_one_day_leave_nothing_between_them() {
    check_effects(
        "9d seen 1 at 9 | 10.3d 9>1 | 10.4d 1>9 | 11d seen 2 at 9",
        "10.3d 9>1: 1 days 1 views 0 sold | 0 days 0 views 0 sold, \
         10.4d 1>9: 0 days 0 views 0 sold | 7 days 2 views 0 sold",
    );
}

#[test]
fn a_day_of_23_hours_is_a_day() {
    // The clock goes forward in the night after day 10: every later day begins an hour earlier.
    let begins = |day: i64| EventTime(day * DAY - if day > 10 { HOUR } else { 0 });
    let mut prices = Prices::default();
    for day in 0..20 {
        let traffic = Traffic {
            day: begins(day),
            price: Some(Money(1)),
            sums: Sums {
                views: 1,
                ..Sums::default()
            },
        };
        prices.observe_traffic(KEY, &traffic);
    }
    let change = Change {
        rank: Some(said::rank(11 * DAY, 1)),
        day: begins(11),
        old: None,
        new: Money(2),
    };
    prices.observe_change(KEY, &change);
    let effects = settle(&mut prices, begins(20)).effects;
    let (before, after) = (effects[0].before, effects[0].after);
    assert_eq!((before.days, before.sums.views), (7, 7));
    assert_eq!((after.days, after.sums.views), (7, 7));
}

#[test]
fn sides_are_read_as_ratios() {
    let text = "8d seen 10 at 10 | 8d sold 4 at 10 | 9.5d 10>12 | 12d sold 3 at 12";
    let effect = settle(
        &mut Story::read(text).fold(&Rules::default()),
        EventTime(30 * DAY),
    )
    .effects[0];
    // One order of four for ten views; nobody looked after the change.
    let value = |ratio: Option<crate::ratio::Ratio>| ratio.and_then(|ratio| ratio.value());
    assert_eq!(value(effect.before.conversion()), Some(0.1));
    assert_eq!(value(effect.after.conversion()), None);
    assert_eq!(value(effect.before.units_a_day()), Some(40_000.0));
    assert_eq!(value(effect.before.revenue_a_day()), Some(400_000.0));
    assert_eq!(value(effect.after.revenue_a_day()), Some(360_000.0 / 7.0));
}

#[test]
fn a_row_tells_the_price_as_it_stands() {
    let row = |text: &str| {
        let mut prices = Story::read(text).fold(&Rules::default());
        let row = settle(&mut prices, EventTime(30 * DAY)).prices.remove(0);
        let price = row
            .price
            .map_or_else(|| "?".to_owned(), |price| price.to_string());
        let since = row.since.map_or(-1, |since| since.0 / DAY);
        format!(
            "{price} {} since {since}, {} changes",
            row.source.name(),
            row.changes
        )
    };
    assert_eq!(row("1d 10>12 | 3d 12>9"), "9.00 told since 3, 2 changes");
    assert_eq!(row("1d 10>10"), "10.00 told since -1, 0 changes");
    assert_eq!(row("1d sold 1 at 10"), "10.00 observed since -1, 0 changes");
    assert_eq!(
        row("1d sold 1 at 10 | 2d sold 1 at 8"),
        "8.00 observed since 2, 1 changes"
    );
    assert_eq!(row("1d ?>-1 | 1d seen 1"), "? observed since -1, 0 changes");
}

#[test]
fn only_what_changed_is_told() {
    let mut prices = Story::read("1d seen 1 at 10").fold(&Rules::default());
    let today = EventTime(30 * DAY);
    assert_eq!(settle(&mut prices, today).prices.len(), 1);
    // Again at the price that is known: no row says anything else.
    Story::read("2d seen 1 at 10 | 3d sold 1 at 10").tell(&mut prices);
    let told = settle(&mut prices, today);
    assert_eq!((told.prices.len(), told.effects.len()), (0, 0));
    Story::read("9.5d 10>12 | 20.5d 12>13").tell(&mut prices);
    let told = settle(&mut prices, today);
    assert_eq!((told.prices.len(), told.effects.len()), (1, 2));
    // A late view on day 4 belongs to a side of the first change only.
    Story::read("4d seen 1 at 10").tell(&mut prices);
    let told = settle(&mut prices, today);
    assert_eq!((told.prices.len(), told.effects.len()), (0, 1));
    prices.touch(KEY);
    assert_eq!(settle(&mut prices, today).effects.len(), 2);
}

#[test]
fn an_elasticity_is_not_told_again_for_what_happens_today() {
    let mut prices = Story::read("1d sold 1 at 10 | 2d sold 1 at 12").fold(&Rules::default());
    let today = EventTime(30 * DAY);
    assert_eq!(settle(&mut prices, today).prices.len(), 1);
    Story::read("30d seen 1 at 12").tell(&mut prices);
    assert_eq!(settle(&mut prices, today).prices.len(), 0);
    // It was out of stock on the same days as before.
    prices.touch_elasticity(KEY.stock());
    assert_eq!(settle(&mut prices, today).prices.len(), 0);
    Story::read("2d seen 1 at 12").tell(&mut prices);
    assert_eq!(settle(&mut prices, today).prices.len(), 1);
    assert_eq!(settle(&mut prices, EventTime(31 * DAY)).prices.len(), 0);
}

#[test]
fn an_elasticity_that_is_none_any_more_is_told() {
    let mut prices = Story::read("1d sold 1 at 10 | 2d sold 1 at 12").fold(&Rules::default());
    let today = EventTime(30 * DAY);
    let told = settle(&mut prices, today).prices;
    assert!(told[0].elasticity.is_some());
    Story::read("2d seen 1 at 12 | 2d sold -1 at 12").tell(&mut prices);
    let told = settle(&mut prices, today).prices;
    assert!(told[0].elasticity.is_none());
}

#[test]
fn a_turn_that_was_none_is_gone() {
    let mut prices = Story::read("1d seen 1 at 10 | 2d seen 1 at 12").fold(&Rules::default());
    let today = EventTime(30 * DAY);
    assert_eq!(settle(&mut prices, today).effects.len(), 1);
    let state = prices.state(&KEY).expect("it is known").clone();
    // Whether in memory or brought back.
    let mut brought = Prices::default();
    brought.bring(KEY.stock(), [(KEY.currency, state)]);
    for prices in [&mut prices, &mut brought] {
        Story::read("5.5d 12>13").tell(prices);
        let told = settle(prices, today);
        assert_eq!(told.gone_effects, [(KEY, EventTime(2 * DAY))]);
        assert_eq!(told.effects.len(), 1);
    }
}

#[test]
fn what_rests_is_brought_back_in_all_its_currencies() {
    let mut prices = Story::read("1d seen 1 at 10").fold(&Rules::default());
    let euro = PriceKey {
        currency: NameId(77),
        ..KEY
    };
    let Move::Traffic(traffic) = Story::read("1d seen 1 at 9").0[0] else {
        panic!("a view is traffic")
    };
    prices.observe_traffic(euro, &traffic);
    settle(&mut prices, EventTime(DAY));
    let states = prices.states(KEY.stock());
    let states: Vec<_> = states.map(|(of, state)| (of, state.clone())).collect();
    prices.rest();
    assert!(prices.is_empty() && !prices.holds(&KEY.stock()));
    prices.bring(KEY.stock(), states);
    Story::read("2d seen 1 at 10").tell(&mut prices);
    let days = |key: &PriceKey| prices.state(key).map(|state| state.days.starts().count());
    assert_eq!(
        (days(&KEY), days(&euro), prices.len()),
        (Some(2), Some(1), 1)
    );
}

#[test]
fn a_million_changes_take_bounded_room() {
    let mut prices = Prices::default();
    for number in 0..1_000_000 {
        let change = Change {
            rank: Some(said::rank(number * event::time::MINUTE, number)),
            day: EventTime(0),
            old: None,
            new: Money((999_999 - number) % 7 + 1),
        };
        prices.observe_change(KEY, &change);
    }
    let state = prices.state(&KEY).expect("it is known");
    assert!(state.changes.len() <= 7 * crate::ladder::ENTRIES_MAX);
    let told = settle(&mut prices, EventTime(0));
    assert_eq!(told.effects.len(), EFFECTS_MAX);
    assert_eq!(told.prices[0].price, Some(Money(1)));
}

#[test]
fn days_and_prices_are_bounded_and_their_sums_complete() {
    let mut prices = Prices::default();
    for number in 0..100_000 {
        let traffic = Traffic {
            day: EventTime(number % 1_000 * DAY),
            price: Some(Money(number + 1)),
            sums: Sums {
                views: 1,
                ..Sums::default()
            },
        };
        prices.observe_traffic(KEY, &traffic);
    }
    let days = &prices.state(&KEY).expect("it is known").days;
    assert_eq!(days.starts().count(), DAYS_MAX);
    assert!(days.sums.len() <= DAYS_MAX * (DAY_PRICES_MAX + 1));
    let views: i64 = days.iter().map(|(_, sums)| sums.views).sum();
    assert_eq!(views + days.before.views, 100_000);
}

#[test]
fn prices_below_nothing_are_set_aside() {
    let mut prices = Story::read("1d ?>-1 | 2d seen 3 at -1 | 3d 9>10").fold(&Rules::default());
    let state = prices.state(&KEY).expect("it is known");
    assert_eq!((state.set_aside, state.turns().len()), (2, 1));
    let told = settle(&mut prices, EventTime(9 * DAY));
    // They were seen all the same.
    assert_eq!(told.effects[0].before.sums.views, 3);
}

#[test]
fn the_ends_of_time_and_money_are_survived() {
    let mut prices = Prices::default();
    for time in [i64::MIN, -1, i64::MAX] {
        for price in [i64::MIN, 0, 1, i64::MAX] {
            let sums = Sums {
                views: i64::MAX,
                cart_adds: i64::MAX,
                orders: i64::MAX,
                promoted: i64::MAX,
                units: i128::MAX,
                revenue: i128::MAX,
            };
            let (day, price) = (EventTime(time), Money(price));
            let traffic = Traffic {
                day,
                price: Some(price),
                sums,
            };
            prices.observe_traffic(KEY, &traffic);
            prices.observe_traffic(KEY, &traffic);
            settle(&mut prices, EventTime(time));
            let rank = Some(said::rank(time, price.0));
            let change = Change {
                rank,
                day,
                old: None,
                new: price,
            };
            prices.observe_change(KEY, &change);
            settle(&mut prices, EventTime(i64::MAX));
        }
    }
    assert_eq!(prices.len(), 1);
}
