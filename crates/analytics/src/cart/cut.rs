//! Cutting: one pass over a person's items in their order, with what is open in hand.
//! It knows neither persons nor cubes; what a row says of itself is in `row`.

use super::Rules;
use super::item::{CartId, Fact, Facts, Item, Line, Lines, What};
use super::row::{Cart, CartLine, Checkout, LooseOrder, Purchase, Row, State};
use event::{EventTime, Quantity};
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::sync::Arc;

pub(super) fn cut<'a>(
    rules: &Rules,
    items: impl IntoIterator<Item = &'a Item>,
    as_of: EventTime,
) -> Vec<Row> {
    let mut pass = Pass {
        rules,
        lanes: Vec::new(),
        taken: 0,
        ordered: HashSet::default(),
        rows: Vec::new(),
    };
    let mut as_of = as_of;
    for item in items {
        pass.take(item);
        as_of = as_of.max(item.rank.time);
    }
    pass.finish(as_of)
}

/// What is open under one cart id, or without any.
#[derive(Default)]
struct Lane {
    id: Option<CartId>,
    cart: Option<Cart>,
    checkout: Option<Checkout>,
    /// The last cart that was bought: its row and when.
    bought: Option<(usize, EventTime)>,
    /// By which item it was last meant.
    touched: usize,
}

impl Lane {
    fn is_open(&self) -> bool {
        self.cart.is_some() || self.checkout.is_some()
    }
}

struct Pass<'r, 'a> {
    rules: &'r Rules,
    /// One, unless cart ids decide.
    lanes: Vec<Lane>,
    /// Items so far.
    taken: usize,
    /// Ids of orders: one that comes again, as when its page is loaded again, is no other.
    ordered: HashSet<&'a str, FixedState>,
    /// What is over.
    rows: Vec<Row>,
}

impl<'a> Pass<'_, 'a> {
    fn take(&mut self, item: &'a Item) {
        if let What::Ordered(Some(id)) = &item.what
            && !self.ordered.insert(id)
        {
            return;
        }
        let at = self.lane_of(item);
        self.forget(at, item.rank.time);
        match &item.what {
            What::Moved(lines) if lines.is_put() => self.put(at, item, lines),
            What::Moved(lines) => self.take_out(at, item, Some(lines)),
            What::Emptied => self.take_out(at, item, None),
            What::Saw(facts) => self.see(at, item, *facts),
            What::Ordered(id) => self.order(at, item, id.as_ref()),
        }
        self.taken += 1;
        self.lanes[at].touched = self.taken;
    }

    /// The lane that an item means: its own id's; without one, or for one under which nothing was put, what was last open.
    fn lane_of(&mut self, item: &Item) -> usize {
        let id = item.cart.filter(|_| self.rules.uses_cart_ids);
        let known = self.lanes.iter().position(|lane| lane.id == id);
        let last_open = |is_meant: fn(&Lane) -> bool| {
            let lanes = self.lanes.iter().enumerate();
            let open = lanes.filter(|(_, lane)| lane.is_open() && is_meant(lane));
            open.max_by_key(|(_, lane)| lane.touched).map(|(at, _)| at)
        };
        let meant = match (id, &item.what) {
            (None, _) => last_open(|_| true).or(known),
            (Some(_), What::Moved(lines)) if lines.is_put() => known,
            (Some(_), _) => known.or_else(|| last_open(|lane| lane.id.is_none())),
        };
        meant.unwrap_or_else(|| {
            self.lanes.push(Lane {
                id,
                ..Lane::default()
            });
            self.lanes.len() - 1
        })
    }

    /// Nobody comes back to what was silent for too long, unless an id says so.
    fn forget(&mut self, at: usize, now: EventTime) {
        let (lane, micros) = (&mut self.lanes[at], self.rules.forgotten_micros);
        if lane.id.is_some() {
            return;
        }
        let is_over = |last| Rules::is_longer(last, now, micros);
        if let Some(mut cart) = lane.cart.take_if(|cart| is_over(cart.last)) {
            cart.state = State::Abandoned;
            self.rows.push(Row::Cart(cart));
        }
        if let Some(mut checkout) = (lane.checkout).take_if(|checkout| is_over(checkout.last)) {
            checkout.state = State::Abandoned;
            self.rows.push(Row::Checkout(checkout));
        }
    }

    fn put(&mut self, at: usize, item: &Item, lines: &Lines) {
        let lane = &mut self.lanes[at];
        let cart = lane.cart.get_or_insert_with(|| begin(item, lane.id));
        touch(cart, item.rank.time, self.rules);
        cart.adds += 1;
        cart.facts = Facts::default();
        for line in lines.kept() {
            move_line(cart, line, item.rank.time, self.rules.lines_max);
        }
        cart.lines_beyond = cart.lines_beyond.saturating_add(lines.beyond());
    }

    /// Takes lines out, or everything. What is taken out of no cart is nothing.
    fn take_out(&mut self, at: usize, item: &Item, lines: Option<&Lines>) {
        let Some(cart) = &mut self.lanes[at].cart else {
            return;
        };
        let now = item.rank.time;
        touch(cart, now, self.rules);
        cart.removes += 1;
        match lines {
            Some(lines) => (lines.kept().iter()).for_each(|line| take_line(cart, line)),
            None => cart.lines.clear(),
        }
        if !cart.lines.is_empty() {
            return;
        }
        if let Some(mut cart) = self.lanes[at].cart.take() {
            (cart.state, cart.emptied) = (State::Emptied, Some(now));
            self.rows.push(Row::Cart(cart));
        }
    }

    fn see(&mut self, at: usize, item: &Item, facts: Facts) {
        let lane = &mut self.lanes[at];
        if let Some(cart) = &mut lane.cart {
            cart.facts = cart.facts.with(facts);
        }
        if let Some(checkout) = &mut lane.checkout {
            checkout.last = item.rank.time;
        } else if facts.has(Fact::Checkout) {
            lane.checkout = Some(Checkout {
                started: item.rank,
                place: item.place,
                last: item.rank.time,
                state: State::Open,
                purchase: None,
            });
        }
    }

    fn order(&mut self, at: usize, item: &Item, id: Option<&Arc<str>>) {
        let (lane, rules) = (&mut self.lanes[at], self.rules);
        let purchase = Purchase {
            at: item.rank,
            id: id.cloned(),
        };
        let now = item.rank.time;
        let state = |last| match Rules::is_longer(last, now, rules.idle_micros) {
            true => State::Recovered,
            false => State::Ordered,
        };
        if let Some(mut checkout) = lane.checkout.take() {
            checkout.state = state(checkout.last);
            checkout.purchase = Some(purchase.clone());
            self.rows.push(Row::Checkout(checkout));
        }
        if let Some(mut cart) = lane.cart.take() {
            cart.state = state(cart.last);
            (cart.purchase, cart.orders) = (Some(purchase), 1);
            lane.bought = Some((self.rows.len(), now));
            self.rows.push(Row::Cart(cart));
            return;
        }
        // Of a shop that sends each product as an order of its own, the others belong to the cart that the first one bought.
        let belongs = |(_, bought): &(usize, EventTime)| {
            id.is_none() && !Rules::is_longer(*bought, now, rules.idle_micros)
        };
        let cart = lane.bought.filter(belongs).map(|(row, _)| row);
        match cart.and_then(|row| self.rows.get_mut(row)) {
            Some(Row::Cart(cart)) => cart.orders += 1,
            _ => self.rows.push(Row::LooseOrder(LooseOrder {
                purchase,
                place: item.place,
            })),
        }
    }

    /// What is still open as of this instant, and all rows in the order of their keys.
    fn finish(self, as_of: EventTime) -> Vec<Row> {
        let mut rows = self.rows;
        for lane in self.lanes {
            rows.extend(lane.cart.map(Row::Cart));
            rows.extend(lane.checkout.map(Row::Checkout));
        }
        let is_idle = |last| Rules::is_longer(last, as_of, self.rules.idle_micros);
        for row in &mut rows {
            let (state, last) = match row {
                Row::Cart(cart) => (&mut cart.state, cart.last),
                Row::Checkout(checkout) => (&mut checkout.state, checkout.last),
                Row::LooseOrder(_) => continue,
            };
            if *state == State::Open && is_idle(last) {
                *state = State::Abandoned;
            }
        }
        rows.sort_unstable_by_key(Row::key);
        rows
    }
}

fn begin(item: &Item, id: Option<CartId>) -> Cart {
    Cart {
        created: item.rank,
        id,
        place: item.place,
        last: item.rank.time,
        lines: Vec::new(),
        lines_beyond: 0,
        adds: 0,
        removes: 0,
        returns: 0,
        facts: Facts::default(),
        state: State::Open,
        emptied: None,
        purchase: None,
        orders: 0,
    }
}

fn touch(cart: &mut Cart, now: EventTime, rules: &Rules) {
    cart.returns += u32::from(Rules::is_longer(cart.last, now, rules.idle_micros));
    cart.last = now;
}

/// In an event that puts something in, another line may be taken out.
fn move_line(cart: &mut Cart, line: &Line, now: EventTime, lines_max: usize) {
    match line.quantity.0 > 0 {
        true => put_line(cart, line, now, lines_max),
        false => take_line(cart, line),
    }
}

fn put_line(cart: &mut Cart, line: &Line, now: EventTime, lines_max: usize) {
    let mut of_product = cart.lines.iter_mut().rev();
    let last = of_product.find(|held| held.product == line.product);
    let is_same =
        |held: &&mut CartLine| (held.currency, held.price) == (line.currency, line.price());
    if let Some(held) = last.filter(is_same) {
        let quantity = held.quantity.0.saturating_add(line.quantity.0);
        (held.quantity, held.added) = (Quantity(quantity), now);
    } else if cart.lines.len() < lines_max {
        cart.lines.push(CartLine {
            product: line.product,
            currency: line.currency,
            quantity: line.quantity,
            price: line.price(),
            added: now,
        });
    } else {
        cart.lines_beyond = cart.lines_beyond.saturating_add(1);
    }
}

/// Takes out what was put in last, up to all that there is of the product.
fn take_line(cart: &mut Cart, line: &Line) {
    let mut left = line.quantity.0.saturating_neg();
    for held in cart.lines.iter_mut().rev() {
        if held.product != line.product {
            continue;
        }
        let taken = held.quantity.0.min(left);
        held.quantity.0 -= taken;
        left -= taken;
    }
    cart.lines.retain(|line| line.quantity.0 > 0);
}
