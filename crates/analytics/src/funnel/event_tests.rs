//! Claims about the marks of real events: which conditions hold, what an event is worth, what is no mark.

use super::tests::declare;
use super::*;
use crate::cell::NameId;
use crate::names::{EventNames, ItemNames};
use event::batch::Stamp;
use event::schema::{Amount, ItemAmount, ItemText, Label};
use event::{Event, EventBatchBuilder, EventId, EventTime, Item, SCALE};

/// Names of the test, by their place in this list.
const NAMES: [&str; 9] = [
    "",
    "item_view",
    "order",
    "DE",
    "mobile",
    "drinks",
    "checkout_step",
    "refund",
    "swim",
];

fn id(name: &str) -> NameId {
    let at = NAMES.iter().position(|known| *known == name);
    NameId(at.unwrap_or(NAMES.len()) as u32)
}

/// `item_view DE mobile tea@drinks*2.50x2`: type, country, device, lines, `+9` for revenue and `!pay` for a step's name.
fn event(text: &str) -> (Event<'static>, EventNames, Vec<ItemNames>) {
    let mut words = text.split(' ');
    let kind = words.next().unwrap_or_default().to_owned();
    let mut event = Event::new(EventType::parse(&kind).unwrap_or(EventType::Custom));
    let (mut names, mut items) = (
        EventNames {
            kind: id(&kind),
            ..EventNames::default()
        },
        Vec::new(),
    );
    (event.id, event.time) = (Some(EventId(7)), Some(EventTime(1_600_000_000_000_000)));
    let amount = |text: &str| {
        event::parse_decimal(text.as_bytes())
            .expect("a decimal")
            .value
    };
    for word in words.map(str::to_owned) {
        if let Some(revenue) = word.strip_prefix('+') {
            event.set_amount(Amount::Revenue, amount(revenue));
        } else if let Some(name) = word.strip_prefix('!') {
            event.set_label(Label::StepName, name.to_owned());
        } else if let Some((line, worth)) = word.split_once('*') {
            let (product, category) = line.split_once('@').unwrap_or((line, ""));
            let (price, quantity) = worth.split_once('x').expect("price x quantity");
            let mut item = Item::default();
            item.set_text(ItemText::ProductId, product.to_owned());
            item.set_amount(ItemAmount::UnitPrice, amount(price));
            item.set_amount(ItemAmount::Quantity, amount(quantity));
            event.items.push(item);
            items.push(ItemNames {
                category: id(category),
                ..ItemNames::default()
            });
        } else if word == "mobile" {
            names.device = id(&word);
        } else {
            names.country = id(&word);
        }
    }
    (event, names, items)
}

fn marked(declared: &Declaration, text: &str) -> Option<Mark> {
    let (event, names, items) = event(text);
    let mut builder = EventBatchBuilder::default();
    let stamp = Stamp {
        store: "main",
        source: "test",
        received: EventTime(0),
    };
    builder.append(&event, stamp);
    let batch = builder.finish();
    let funnels = Funnels::new(std::slice::from_ref(declared), id).expect("a funnel");
    let event = batch.events().next().expect("one event");
    funnels.mark(event, (&names, &items), None)
}

/// A funnel whose second step is an order, and whose first is what is to be tested.
fn way(what: &str, only: Filter) -> Declaration {
    let mut declared = declare("a b", Mode::Ordered, Unit::Visitor, 0);
    declared.steps[0] = Step {
        what: Happening::parse(what).expect("a type"),
        only,
    };
    declared.steps[1].what = Happening::Type(EventType::Order);
    declared
}

fn check(what: &str, only: Filter, held: &[&str], not_held: &[&str]) {
    let declared = way(what, only);
    for text in held {
        let steps = marked(&declared, text).map(|mark| mark.steps);
        assert_eq!(steps, Some(Steps(1)), "{text}");
    }
    for text in not_held {
        assert_eq!(marked(&declared, text), None, "{text}");
    }
}

#[test]
fn a_step_is_its_type_and_every_condition_that_is_given() {
    let some = |text: &str| Some(text.to_owned());
    check(
        "item_view",
        Filter::default(),
        &["item_view", "item_view DE"],
        &["refund", "swim"],
    );
    check("custom:swim", Filter::default(), &["swim"], &["item_view"]);
    let country = Filter {
        country: some("DE"),
        ..Filter::default()
    };
    check(
        "item_view",
        country,
        &["item_view DE mobile"],
        &["item_view", "item_view FR"],
    );
    let device = Filter {
        device: some("mobile"),
        ..Filter::default()
    };
    check(
        "item_view",
        device,
        &["item_view DE mobile"],
        &["item_view DE"],
    );
    let step_name = Filter {
        step_name: some("pay"),
        ..Filter::default()
    };
    check(
        "checkout_step",
        step_name,
        &["checkout_step !pay"],
        &["checkout_step", "checkout_step !ship"],
    );
    let product = Filter {
        product: some("tea"),
        ..Filter::default()
    };
    check(
        "item_view",
        product.clone(),
        &["item_view cup*1x1 tea*1x1"],
        &["item_view", "item_view cup*1x1"],
    );
    // Of one and the same line.
    let both = Filter {
        category: some("drinks"),
        ..product
    };
    check(
        "item_view",
        both,
        &["item_view tea@drinks*1x1"],
        &["item_view tea*1x1 milk@drinks*1x1"],
    );
    let value = Filter {
        value_min: Some(Money(5 * SCALE)),
        ..Filter::default()
    };
    check(
        "item_view",
        value,
        &["item_view tea*2.50x2"],
        &["item_view tea*2.49x2", "item_view"],
    );
}

#[test]
fn an_event_is_worth_its_lines_or_what_it_states() {
    let declared = way("item_view", Filter::default());
    let worth = |text: &str| marked(&declared, text).map(|mark| mark.value.0);
    assert_eq!(worth("order tea*2.50x2 cup*4x1"), Some(9 * SCALE));
    assert_eq!(worth("order +12"), Some(12 * SCALE));
    assert_eq!(worth("item_view tea*2.50x2 +99"), Some(5 * SCALE));
    assert_eq!(worth("item_view +3"), Some(3 * SCALE));
    assert_eq!(worth("item_view"), Some(0));
    let most = "99999999999999x99999999999999";
    assert_eq!(worth(&format!("item_view tea*{most}")), Some(i64::MAX));
}

#[test]
fn one_event_can_be_several_steps() {
    let declared = way("order", Filter::default());
    assert_eq!(
        marked(&declared, "order").map(|mark| mark.steps),
        Some(Steps(3))
    );
}

#[test]
fn what_is_no_step_is_marked_only_where_somebody_goes_straight_on() {
    let mut declared = way("item_view", Filter::default());
    assert_eq!(marked(&declared, "swim"), None);
    declared.mode = Mode::Strict;
    assert_eq!(
        marked(&declared, "swim").map(|mark| mark.steps),
        Some(Steps(0))
    );
    // Not its visitor's doing.
    assert_eq!(marked(&declared, "refund"), None);
}

#[test]
fn a_shop_without_funnels_has_nothing_to_mark() {
    let none = Funnels::new(&[], id).expect("nothing is wrong with none");
    assert!(none.is_empty());
    assert_eq!(none.iter().count(), 0);
}
