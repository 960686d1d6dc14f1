//! The whole of deriving: events as text in, their derived fields as text out.

use super::{DeriveRules, Deriver, IpPolicy, PriceTiers, PriceTiersError, TierBounds};
use crate::schema::{Amount, ItemAmount, ItemLabel, Label, Number, Text};
use crate::{Currency, Event, EventType, Item, Money, parse_decimal};
use std::sync::Arc;

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

fn derived(event: &mut Event<'_>, rules: DeriveRules) -> String {
    Deriver::new(Arc::new(rules)).derive(event, &Currency::USD);
    let labels = [
        Label::DeviceType,
        Label::Browser,
        Label::Os,
        Label::PriceCategory,
    ];
    let labels = labels.map(|column| (column.name(), event.label(column).map(str::to_owned)));
    let is_bot = event.number(Number::IsBot).map(|bit| bit.to_string());
    let texts = [Text::BotReason, Text::Ip, Text::Inferred];
    let texts = texts.map(|column| (column.name(), event.text(column).map(str::to_owned)));
    let all = labels.into_iter().chain([("is_bot", is_bot)]).chain(texts);
    let told = all.filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    told.collect::<Vec<_>>().join(" ")
}

fn check(set: impl FnOnce(&mut Event<'_>), expected: &str) {
    let mut event = Event::new(EventType::ItemView);
    set(&mut event);
    assert_eq!(derived(&mut event, DeriveRules::default()), expected);
}

#[test]
fn a_user_agent_gives_device_browser_system_and_that_no_bot_sent_it() {
    check(
        |event| event.set_label(Label::UserAgent, CHROME),
        "device_type=desktop browser=Chrome os=Linux is_bot=0",
    );
}

#[test]
fn a_program_is_marked_with_the_reason() {
    check(
        |event| event.set_label(Label::UserAgent, GOOGLEBOT),
        "device_type=bot is_bot=1 bot_reason=user_agent: bot",
    );
}

#[test]
fn without_a_user_agent_nothing_is_claimed() {
    check(|_| {}, "");
    check(|event| event.set_label(Label::UserAgent, "-"), "");
}

#[test]
fn what_the_sender_gave_stays() {
    check(
        |event| {
            event.set_label(Label::UserAgent, GOOGLEBOT);
            event.set_label(Label::DeviceType, "kiosk");
            event.set_label(Label::Browser, "Our App");
            event.set_label(Label::Os, "Plan 9");
            event.set_number(Number::IsBot, 0);
        },
        "device_type=kiosk browser=Our App os=Plan 9 is_bot=0",
    );
    check(
        |event| {
            event.set_label(Label::PriceCategory, "Luxury");
            event.only_item().set_amount(ItemAmount::UnitPrice, 1);
        },
        "price_category=Luxury",
    );
}

#[test]
fn letter_case_alone_does_not_make_another_kind() {
    check(
        |event| {
            event.set_label(Label::DeviceType, "Mobile");
            event.set_label(Label::PriceCategory, "HIGH");
        },
        "device_type=mobile price_category=High",
    );
}

#[test]
fn addresses_are_cut_before_they_are_stored() {
    check(
        |event| event.set_text(Text::Ip, "203.0.113.195"),
        "ip=203.0.113.0",
    );
    let mut event = Event::new(EventType::PageView);
    event.set_text(Text::Ip, "203.0.113.195");
    let rules = DeriveRules {
        ip: IpPolicy::Keep,
        ..DeriveRules::default()
    };
    assert_eq!(derived(&mut event, rules), "ip=203.0.113.195");
}

fn amount(text: &str) -> i64 {
    parse_decimal(text.as_bytes()).expect("a decimal").value
}

/// Lines written as `kind category price currency`, `-` for what is not said.
fn check_tier_of(rules: DeriveRules, currency: &str, lines: &str, expected: &str) {
    let mut event = Event::new(EventType::Order);
    event.set_label(Label::Currency, currency.to_owned());
    for line in lines.split(" | ").filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let mut item = Item::default();
        let labels = [ItemLabel::Kind, ItemLabel::CategoryPath].into_iter();
        for (column, word) in labels
            .zip([words[0], words[1]])
            .chain([(ItemLabel::Currency, words[3])])
        {
            item.set_label(column, word.replace('-', ""));
        }
        if words[2] != "-" {
            item.set_amount(ItemAmount::UnitPrice, amount(words[2]));
        }
        event.items.push(item);
    }
    assert_eq!(derived(&mut event, rules), expected, "{lines}");
}

fn check_tier(lines: &str, expected: &str) {
    check_tier_of(DeriveRules::default(), "", lines, expected);
}

#[test]
fn tiers_begin_exactly_at_their_bounds() {
    check_tier("- - 0 -", "price_category=Low");
    check_tier("- - 49.9999 -", "price_category=Low");
    check_tier("- - 50 -", "price_category=Medium");
    check_tier("- - 199.9999 -", "price_category=Medium");
    check_tier("- - 200 -", "price_category=High");
    check_tier("- - 99999999999999 -", "price_category=High");
}

#[test]
fn an_order_has_the_tier_its_goods_share() {
    check_tier("- - 10 - | - - 20 -", "price_category=Low");
    check_tier("- - 10 - | - - 60 -", "");
    check_tier("- - 60 - | fee - 5 -", "price_category=Medium");
    check_tier("fee - 5 -", "");
    check_tier("return - 60 -", "price_category=Medium");
    check_tier("- - 60 - | - - - -", "price_category=Medium");
    check_tier("- - - -", "");
    check_tier("", "");
}

#[test]
fn a_price_in_another_currency_has_no_tier() {
    check_tier_of(DeriveRules::default(), "JPY", "- - 5000 -", "");
    check_tier_of(
        DeriveRules::default(),
        "usd",
        "- - 60 -",
        "price_category=Medium",
    );
    check_tier("- - 60 EUR", "");
    check_tier("- - 60 USD", "price_category=Medium");
    check_tier_of(
        DeriveRules::default(),
        "JPY",
        "- - 60 USD",
        "price_category=Medium",
    );
}

fn bounds(medium_from: &str, high_from: &str) -> TierBounds {
    TierBounds {
        medium_from: Money(amount(medium_from)),
        high_from: Money(amount(high_from)),
    }
}

fn by_category() -> DeriveRules {
    let mut price_tiers = PriceTiers::new(TierBounds::default()).expect("the default is sound");
    let mut set = |category, bounds| price_tiers.set(category, bounds).expect("sound bounds");
    set("electronics", bounds("100", "1000"));
    set("electronics/cables", bounds("0.001", "9.99"));
    DeriveRules {
        price_tiers,
        ..DeriveRules::default()
    }
}

#[test]
fn a_category_has_its_own_bounds_or_those_of_the_nearest_above_it() {
    let check = |line: &str, expected| check_tier_of(by_category(), "", line, expected);
    check("- electronics 99 -", "price_category=Low");
    check("- electronics/phones 999.99 -", "price_category=Medium");
    check("- electronics/phones/smart 1000 -", "price_category=High");
    check("- electronics/cables/usb 9.99 -", "price_category=High");
    check("- electronics/cables 0.0009 -", "price_category=Low");
    check("- electronicsx 60 -", "price_category=Medium");
    check("- - 60 -", "price_category=Medium");
    // Each line is judged by its own category: both of these are dear.
    check(
        "- electronics/cables 10 - | - electronics 2000 -",
        "price_category=High",
    );
}

#[test]
fn a_change_of_price_has_the_tier_of_the_new_price() {
    let changed = |event: &mut Event<'_>| {
        event.set_amount(Amount::OldPrice, amount("10"));
        event.set_amount(Amount::NewPrice, amount("250"));
    };
    check(changed, "price_category=High");
    let mut event = Event::new(EventType::PriceChange);
    changed(&mut event);
    event
        .only_item()
        .set_label(ItemLabel::CategoryPath, "electronics");
    assert_eq!(derived(&mut event, by_category()), "price_category=Medium");
}

#[test]
fn bounds_that_leave_no_room_are_refused() {
    let refused = |medium_from, high_from| PriceTiers::new(bounds(medium_from, high_from)).err();
    assert_eq!(refused("200", "50"), Some(PriceTiersError::Swapped));
    assert_eq!(refused("-1", "50"), Some(PriceTiersError::Negative));
    assert_eq!(refused("50", "50"), None);
}
