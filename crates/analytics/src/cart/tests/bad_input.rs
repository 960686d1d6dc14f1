//! What no shop should send: nothing panics, memory is bounded, neighbours are as they were. And what events say at all.

use super::super::*;
use super::said::{items, list, said, time};
use crate::cell::NameId;
use crate::names::{EventNames, ItemNames};
use crate::session::Rank;
use event::batch::Stamp;
use event::schema::{Amount, ItemAmount, ItemLabel, ItemText, Label, Text};
use event::{Event, EventBatchBuilder, EventId, EventType, LineKind, Quantity, SCALE};

fn rank(time: i64, id: u128) -> Rank {
    Rank {
        time: EventTime(time),
        position: 0,
        id: EventId(id),
    }
}

fn put(product: u32, quantity: i64) -> What {
    let line = Line::new((NameId(product), NameId(0)), Quantity(quantity), None);
    What::Moved(Lines::new(line.into_iter()).expect("it moves"))
}

fn item(rank: Rank, what: What) -> Item {
    Item {
        rank,
        cart: None,
        place: Place::default(),
        what,
    }
}

#[test]
fn both_ends_of_time_are_survived() {
    let rules = Rules::default();
    let times = [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX];
    let ids = (1..).step_by(4);
    let all = times.into_iter().zip(ids).flat_map(|(time, id)| {
        let whats = [
            put(1, SCALE),
            What::Saw(Facts(0b11111)),
            put(2, SCALE),
            What::Ordered(None),
        ];
        let ranked = whats.into_iter().zip(id..);
        ranked.map(move |(what, id)| item(rank(time, id), what))
    });
    let all: Vec<Item> = all.collect();
    for as_of in [i64::MIN, 0, i64::MAX] {
        let rows = rules.cut(&list(&all).0, EventTime(as_of));
        assert_eq!(rows.iter().filter_map(Row::cart).count(), 6);
        assert_eq!(rules.next_deadline(&all, EventTime(as_of)), None);
    }
    let last = [item(rank(i64::MAX, 1), put(1, SCALE))];
    let deadline = rules.next_deadline(&last, EventTime(0));
    assert_eq!(deadline, Some(EventTime(i64::MAX)));
}

#[test]
fn the_largest_quantities_saturate_and_can_be_taken_out() {
    let rules = Rules::default();
    let many = [
        item(rank(1, 1), put(1, i64::MAX)),
        item(rank(2, 2), put(1, i64::MAX)),
        item(rank(3, 3), put(2, 1_000_000_000 * SCALE)),
    ];
    let rows = rules.cut(&many, EventTime(0));
    let cart = rows[0].cart().expect("a cart");
    let quantity = i128::from(i64::MAX) + 1_000_000_000 * i128::from(SCALE);
    assert_eq!(cart.quantity(), quantity);
    let mut emptied = many.to_vec();
    emptied.push(item(rank(4, 4), put(1, i64::MIN)));
    emptied.push(item(rank(5, 5), put(2, i64::MIN)));
    let rows = rules.cut(&emptied, EventTime(0));
    assert_eq!(rows[0].cart().map(|cart| cart.state), Some(State::Emptied));
}

#[test]
fn a_cart_of_a_thousand_products_keeps_two_hundred_lines_and_counts_the_rest() {
    let rules = Rules::default();
    let one_by_one: Vec<Item> = (1..1_001_u32)
        .map(|number| {
            let rank = rank(i64::from(number), u128::from(number));
            item(rank, put(number, SCALE))
        })
        .collect();
    let lines = (1..1_001)
        .filter_map(|product| Line::new((NameId(product), NameId(0)), Quantity(SCALE), None));
    let at_once = [item(
        rank(1, 1),
        What::Moved(Lines::new(lines).expect("it moves")),
    )];
    for items in [&one_by_one[..], &at_once[..]] {
        let rows = rules.cut(items, EventTime(0));
        let cart = rows[0].cart().expect("a cart");
        assert_eq!((cart.lines.len(), cart.lines_beyond), (200, 800));
    }
}

#[test]
fn a_robot_that_fills_and_empties_keeps_its_newest_carts_and_the_older_rows_can_stay() {
    let rules = Rules::default();
    let all: Vec<Item> = (0..10_000)
        .map(|number: i64| {
            let what = put(1, if number % 2 == 0 { SCALE } else { -SCALE });
            item(rank(number * MINUTE, number as u128 + 1), what)
        })
        .collect();
    let mut kept = CartItems::default();
    let mut told = 0;
    for part in all.chunks(50) {
        part.iter().for_each(|item| kept.observe(item.clone()));
        let story: Vec<&Item> = kept.0.iter().collect();
        if let Some(until) = rules.let_go_until(&story, rules.items_max) {
            told += rules.cut(story, EventTime(0)).len();
            kept.let_go(until);
            told -= rules.cut(&kept.0, EventTime(0)).len();
        }
        assert!(kept.0.len() <= ITEMS_MAX);
    }
    let rows = rules.cut(&kept.0, EventTime(0));
    assert_eq!(told + rows.len(), 5_000);
    let is_emptied = |row: &Row| row.cart().map(|cart| cart.state) == Some(State::Emptied);
    assert!(rows.iter().all(is_emptied));
}

#[test]
fn one_cart_that_never_ends_is_let_go_of_in_its_middle() {
    let rules = Rules::default();
    let all: Vec<Item> = (1..2_000)
        .map(|number: i64| item(rank(number * MINUTE, number as u128), put(1, SCALE)))
        .collect();
    let mut kept = list(&all);
    let story: Vec<&Item> = kept.0.iter().collect();
    let until = rules.let_go_until(&story, ITEMS_MAX).expect("too many");
    kept.let_go(until);
    assert_eq!(kept.0.len(), ITEMS_MAX * 3 / 4);
}

#[test]
fn many_carts_with_ids_of_one_person_are_cut_in_time() {
    let rules = Rules {
        uses_cart_ids: true,
        ..Rules::default()
    };
    let all: Vec<Item> = (0..1_024_u32)
        .map(|number| Item {
            cart: Some(CartId::of("main", &number.to_string())),
            ..item(
                rank(i64::from(number), u128::from(number) + 1),
                put(1, SCALE),
            )
        })
        .collect();
    assert_eq!(rules.cut(&all, EventTime(0)).len(), 1_024);
}

/// What an event says, as the door lets it in, with one product.
fn item_of(kind: &str, change: impl Fn(&mut Event<'static>)) -> Option<Item> {
    let mut event = Event::new(EventType::parse(kind).unwrap_or(EventType::Custom));
    event.id = Some(EventId(1));
    event.time = Some(time("10:00"));
    let mut product = event::Item::default();
    product.set_text(ItemText::ProductId, "tea");
    product.set_amount(ItemAmount::UnitPrice, 5 * SCALE);
    event.items.push(product);
    change(&mut event);
    let mut builder = EventBatchBuilder::default();
    let stamp = Stamp {
        store: "main",
        source: "test",
        received: EventTime(0),
    };
    builder.append(&event, stamp);
    let batch = builder.finish();
    let event = batch.events().next().expect("one was put in");
    let names = EventNames {
        country: NameId(3),
        device: NameId(4),
        currency: super::said::name("usd"),
        ..EventNames::default()
    };
    let products = vec![
        ItemNames {
            product: super::said::name("tea"),
            category: NameId(0),
        };
        event.items().len()
    ];
    Item::of(event, &names, &products)
}

/// The event, after something was put in for certain.
fn check(kind: &str, change: impl Fn(&mut Event<'static>), expected: &str) {
    let mut all = items("09:59=put:milk");
    all.extend(item_of(kind, change));
    let rows = Rules::default().cut(&all, time("10:00"));
    let facts = rows[0].cart().map_or(0, |cart| cart.facts.0);
    assert_eq!(format!("{} {facts:05b}", said(&rows)), expected, "{kind}");
}

#[test]
fn an_event_moves_products_or_shows_something_or_is_nothing_to_a_cart() {
    let as_it_is = |_: &mut Event<'_>| {};
    check("cart_add", as_it_is, "09:59 open milk,tea@5 00000");
    check("wishlist_to_cart", as_it_is, "09:59 open milk,tea@5 00000");
    check("cart_remove", as_it_is, "09:59 open milk 00000");
    check(
        "checkout_start",
        as_it_is,
        "09:59 open milk | 10:00 checkout open 00001",
    );
    check(
        "checkout_step",
        as_it_is,
        "09:59 open milk | 10:00 checkout open 00001",
    );
    check("payment_error", as_it_is, "09:59 open milk 01000");
    check("coupon_deny", as_it_is, "09:59 open milk 10000");
    check("order", as_it_is, "09:59 ordered milk 00000");
    for kind in [
        "item_view",
        "cart_view",
        "refund",
        "order_update",
        "wishlist_add",
        "custom",
    ] {
        assert_eq!(item_of(kind, as_it_is), None, "{kind}");
    }
    let item = item_of("cart_add", as_it_is).expect("an item");
    assert_eq!(
        (item.place.country, item.place.device),
        (NameId(3), NameId(4))
    );
    check(
        "order",
        |event| event.set_text(Text::OrderId, "o1"),
        "09:59 ordered milk o1 00000",
    );
    let item = item_of("cart_add", |event| event.set_text(Text::CartId, "a"));
    let id = item.and_then(|item| item.cart);
    assert_eq!(id, Some(CartId::of("main", "a")));
}

#[test]
fn a_step_of_checkout_is_known_by_its_name_or_by_the_shipping_that_it_tells() {
    let step = |name: &'static str, expected: &str| {
        let expected = format!("09:59 open milk | 10:00 checkout open {expected}");
        check(
            "checkout_step",
            |event| event.set_label(Label::StepName, name),
            &expected,
        );
    };
    step("shipping", "00011");
    step("Add_Shipping_Info", "00011");
    step("Delivery options", "00011");
    step("shipping address", "00001");
    step("payment", "00001");
    step("Sign in", "00101");
    step("login", "00101");
    check(
        "checkout_step",
        |event| event.set_amount(Amount::Shipping, 0),
        "09:59 open milk | 10:00 checkout open 00011",
    );
}

#[test]
fn a_cart_can_be_emptied_by_an_event_of_the_shops_own() {
    let named =
        |name: &'static str| move |event: &mut Event<'static>| event.set_text(Text::TypeText, name);
    check("custom", named("cart_emptied"), "09:59 emptied 00000");
    check("custom", named("Cart Cleared"), "09:59 emptied 00000");
    check("custom", named("cart_saved"), "09:59 open milk 00000");
}

#[test]
fn odd_quantities_prices_and_kinds_are_read_for_what_they_say() {
    let quantity = |quantity: i64| {
        move |event: &mut Event<'static>| {
            event.items[0].set_amount(ItemAmount::Quantity, quantity * SCALE);
        }
    };
    check("cart_add", quantity(2), "09:59 open milk,tea*2@5 00000");
    check("cart_add", quantity(0), "09:59 open milk 00000");
    check("cart_add", quantity(-2), "09:59 open milk 00000");
    check("cart_remove", quantity(-2), "09:59 open milk 00000");
    check(
        "cart_add",
        quantity(1_000_000_000),
        "09:59 open milk,tea*1000000000@5 00000",
    );
    check(
        "cart_add",
        |event| event.items[0].set_amount(ItemAmount::UnitPrice, -SCALE),
        "09:59 open milk,tea 00000",
    );
    check(
        "cart_add",
        |event| event.items[0].set_label(ItemLabel::Kind, LineKind::Fee.name()),
        "09:59 open milk 00000",
    );
}

#[test]
fn an_event_without_products_moves_one_piece_without_a_name() {
    let bare = |event: &mut Event<'static>| event.items.clear();
    check("cart_add", bare, "09:59 open milk, 00000");
    let mut all = vec![item_of("cart_add", bare).expect("an item")];
    all.extend(item_of("cart_remove", bare).map(|item| Item {
        rank: rank(time("10:05").0, 2),
        ..item
    }));
    let rows = Rules::default().cut(&all, time("10:05"));
    assert_eq!(said(&rows), "10:00 emptied");
}
