//! Carts, checkouts and the funnel counted a second time: a person's events in order, every piece by itself on a pile, and
//! every way from each entry walked by itself. It knows nothing of items, marks and deadlines.

use super::visits::{Person, rank};
use super::{Numbers, add, currency, day, lines_of};
use event::schema::Text;
use event::time::{DAY, DISORDER, HOUR};
use event::{Event, EventTime, EventType, SCALE};
use std::collections::{BTreeMap, BTreeSet};

/// A piece in a cart: product, price, currency.
type Piece = (String, i128, String);

/// A cart on its way.
struct Cart<'a> {
    created: &'a Event<'static>,
    last: i64,
    pile: Vec<Piece>,
    moves: [i128; 2],
}

/// Counts what the persons of a store did; its newest event, whoever it names, says what time it is.
pub(super) fn count_carts(
    (store, newest): (&'static str, EventTime),
    persons: &BTreeMap<Person, Vec<&Event<'static>>>,
    numbers: &mut Numbers,
) {
    for (person, events) in persons {
        let own = events.iter().map(|event| rank(event).0.0).max();
        let mut walk = Walk {
            store,
            person: format!("{} {}", person.0, person.1),
            // A person's own newest event has happened, even if the store's story is not told that far.
            as_of: (newest.0 - DISORDER).max(own.unwrap_or_default()),
            cart: None,
            checkout: None,
            bought: None,
            ordered: BTreeSet::new(),
            numbers,
        };
        events.iter().for_each(|event| walk.take(event));
        walk.end();
        count_funnel(store, events, numbers);
    }
}

struct Walk<'a, 'n> {
    store: &'static str,
    person: String,
    as_of: i64,
    cart: Option<Cart<'a>>,
    checkout: Option<(&'a Event<'static>, i64)>,
    bought: Option<i64>,
    ordered: BTreeSet<String>,
    numbers: &'n mut Numbers,
}

fn is_cart(kind: EventType) -> bool {
    use EventType::{CartAdd, CartRemove, WishlistToCart};
    matches!(kind, CartAdd | CartRemove | WishlistToCart)
}

fn is_silent(from: i64, to: i64) -> bool {
    to - from > HOUR
}

impl<'a> Walk<'a, '_> {
    fn take(&mut self, event: &'a Event<'static>) {
        let now = rank(event).0.0;
        let is_forgotten = |last: i64| now - last > 30 * DAY;
        let is_about_carts = matches!(event.kind, EventType::Order)
            || matches!(
                event.kind,
                EventType::CheckoutStart | EventType::PaymentError
            )
            || (is_cart(event.kind) && !pieces(self.store, event).is_empty());
        if is_about_carts {
            if let Some(cart) = self.cart.take_if(|cart| is_forgotten(cart.last)) {
                self.tell(&cart, "abandoned");
            }
            if let Some((began, _)) = self.checkout.take_if(|(_, last)| is_forgotten(*last)) {
                self.tell_checkout(began, "abandoned");
            }
        }
        match event.kind {
            kind if is_cart(kind) => self.change(event, now),
            EventType::CheckoutStart => {
                let began = self.checkout.map_or(event, |(began, _)| began);
                self.checkout = Some((began, now));
            }
            // A payment that failed is a step of the checkout that is under way; it begins none.
            EventType::PaymentError => {
                if let Some((_, last)) = &mut self.checkout {
                    *last = now;
                }
            }
            EventType::Order => {
                let id = event.text(Text::OrderId).map(str::to_owned);
                if id.clone().is_none_or(|id| self.ordered.insert(id)) {
                    self.order(event, now, id.is_some());
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, event: &'a Event<'static>, now: i64) {
        let pieces = pieces(self.store, event);
        let is_put = event.kind != EventType::CartRemove;
        if pieces.is_empty() || (!is_put && self.cart.is_none()) {
            return;
        }
        let cart = self.cart.get_or_insert_with(|| Cart {
            created: event,
            last: now,
            pile: Vec::new(),
            moves: [0, 0],
        });
        cart.last = now;
        cart.moves[usize::from(!is_put)] += 1;
        for piece in pieces {
            let same = || cart.pile.iter().rposition(|one| one.0 == piece.0);
            match is_put {
                true => cart.pile.push(piece),
                false => drop(same().map(|at| cart.pile.remove(at))),
            }
        }
        if let Some(cart) = self.cart.take_if(|cart| cart.pile.is_empty()) {
            self.tell(&cart, "emptied");
        }
    }

    fn order(&mut self, event: &'a Event<'static>, now: i64, has_id: bool) {
        let state = |last| match is_silent(last, now) {
            true => "recovered",
            false => "ordered",
        };
        if let Some((began, last)) = self.checkout.take() {
            self.tell_checkout(began, state(last));
        }
        if let Some(cart) = self.cart.take() {
            self.tell(&cart, state(cart.last));
            self.bought = Some(now);
            return;
        }
        let belongs = (self.bought).is_some_and(|bought| !has_id && !is_silent(bought, now));
        if !belongs {
            self.add_on(event, "orders without cart", 1);
        }
    }

    fn end(mut self) {
        let as_of = self.as_of;
        let state = |last| match is_silent(last, as_of) {
            true => "abandoned",
            false => "open",
        };
        let (cart, checkout) = (self.cart.take(), self.checkout.take());
        if let Some(cart) = cart {
            self.tell(&cart, state(cart.last));
        }
        if let Some((began, last)) = checkout {
            self.tell_checkout(began, state(last));
        }
    }

    fn tell(&mut self, cart: &Cart<'_>, state: &str) {
        self.add_on(cart.created, "carts", 1);
        self.add_on(cart.created, &format!("carts {state}"), 1);
        let Cart { created, moves, .. } = cart;
        let (time, pieces) = (rank(created).0.0, cart.pile.len());
        let (store, person, [adds, removes]) = (self.store, &self.person, moves);
        let key = format!("{store} cart {person} {time} {state} +{adds} -{removes} x{pieces}");
        add(self.numbers, key, 1);
        if matches!(state, "abandoned" | "open") {
            for (_, price, currency) in &cart.pile {
                self.add_on(created, &format!("{state} {currency}"), *price);
            }
        }
    }

    fn tell_checkout(&mut self, began: &Event<'static>, state: &str) {
        self.add_on(began, "checkouts", 1);
        if state == "abandoned" {
            self.add_on(began, "checkouts abandoned", 1);
        }
    }

    fn add_on(&mut self, event: &Event<'static>, what: &str, number: i128) {
        let day = day(self.store, rank(event).0);
        add(self.numbers, format!("{} {day} {what}", self.store), number);
    }
}

/// What an event puts in or takes out, piece by piece; without lines it is one of a product without a name.
fn pieces(store: &str, event: &Event<'static>) -> Vec<Piece> {
    let currency = currency(store, event);
    if event.items.is_empty() {
        return vec![("-".to_owned(), 0, currency)];
    }
    let lines = lines_of(event).into_iter();
    let lines = lines.filter(|line| !line.is_fee);
    let pieces = lines.flat_map(|line| {
        let piece = (line.product, line.price, currency.clone());
        std::iter::repeat_n(piece, (line.quantity / i128::from(SCALE)) as usize)
    });
    pieces.collect()
}

/// The usual funnel: of all ways that begin on a day, the one that leads furthest.
fn count_funnel(store: &'static str, events: &[&Event<'static>], numbers: &mut Numbers) {
    const STEPS: [EventType; 4] = [
        EventType::ItemView,
        EventType::CartAdd,
        EventType::CheckoutStart,
        EventType::Order,
    ];
    let mut furthest: BTreeMap<_, usize> = BTreeMap::new();
    for (at, entry) in events.iter().enumerate() {
        if entry.kind != STEPS[0] {
            continue;
        }
        let start = rank(entry).0;
        let end = EventTime(start.0 + DAY);
        let mut reached = 1;
        for event in &events[at + 1..] {
            if reached < STEPS.len() && event.kind == STEPS[reached] && rank(event).0 <= end {
                reached += 1;
            }
        }
        let known = furthest.entry(day(store, start)).or_default();
        *known = reached.max(*known);
    }
    for (day, reached) in furthest {
        for step in 1..=reached {
            add(numbers, format!("{store} {day} purchase:{step}"), 1);
        }
    }
}
