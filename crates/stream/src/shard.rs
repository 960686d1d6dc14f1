//! One shard: a deterministic function of its input. It drops duplicates, folds events and orders, and tells products' shards.
//! No wall clock, no randomness; the disk only gives back what a checkpoint took.

use crate::archive::Aside;
use crate::audit::{AuditKey, KeyCounts};
use crate::home::ShardId;
use crate::inventory::{Inventory, InventoryOutput, InventorySetting};
use crate::persons::{Mail, PersonOutput, PersonSetting, Persons};
use crate::rest::{self, AtRest, RestError};
use crate::round::{Round, RoutedEvent, RowIndex};
use crate::seen::{Mark, Seen, Verdict};
use analytics::activity::ActivityFold;
use analytics::cell::Deltas;
use analytics::order::{
    OrderKey, OrderNews, OrderRow, Orders, Outputs, RefundNews, is_built_of_rows,
};
use analytics::person::AsOf;
use analytics::product::ProductMovement;
use analytics::search::{self, Found};
use analytics::{payment, promotion};
use event::schema::{Label, Number};
use event::time::HOUR;
use event::{EventId, EventRef, EventTime, EventType, KeyKind, hash_128_within, key_hash};

/// A message from one shard to another. (from, offset, index) is its identity: a replay repeats it exactly.
#[derive(Debug, Clone)]
pub struct Movement<T> {
    /// The sender.
    pub from: ShardId,
    /// Offset of the event that caused it.
    pub offset: u64,
    /// Which of the event's movements.
    pub index: u32,
    /// What is told.
    pub told: T,
}

impl<T> Movement<T> {
    /// Receivers fold in this order.
    pub fn order(&self) -> (ShardId, u64, u32) {
        (self.from, self.offset, self.index)
    }
}

/// What became of events, by the line of the audit they stand in.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Events folded.
    pub counted: KeyCounts,
    /// Events that wait for their day to be folded again.
    pub late: KeyCounts,
    /// Repeats dropped.
    pub duplicates: KeyCounts,
    /// Events of imports that were undone.
    pub retracted: KeyCounts,
    /// Ids that were used before for something else.
    pub conflicts: Vec<Conflict>,
    /// Offsets of what does not count as it came.
    pub aside: Aside,
}

impl Verdicts {
    fn repeat(&mut self, routed: &RoutedEvent<'_>) {
        self.duplicates.add(routed.audit);
        self.aside.uncounted.push(routed.offset);
    }
}

/// An event whose id was used before with another content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its line of the audit.
    pub key: AuditKey,
    /// Its frame among the round's, and its row there.
    pub at: RowIndex,
    /// Its position within the source.
    pub position: i64,
    /// When it came in.
    pub received: EventTime,
    /// The event in short, for a person.
    pub shown: String,
}

impl Conflict {
    fn of(routed: &RoutedEvent<'_>) -> Conflict {
        let event = routed.event;
        let received = event.number(Number::TimeReceived).unwrap_or_default();
        Conflict {
            key: routed.audit,
            at: routed.at,
            position: event.number(Number::SourcePosition).unwrap_or_default(),
            received: EventTime(received),
            shown: format!(
                "{} at {} with id {}",
                event.label(Label::Type).unwrap_or_default(),
                event.time(),
                event.id()
            ),
        }
    }
}

/// What a worker's shards write to.
#[derive(Debug, Default)]
pub struct Output {
    /// Changed cells.
    pub deltas: Deltas,
    /// Changed orders.
    pub order_rows: Vec<OrderRow>,
    /// The same, whole, as they were and as they are.
    pub order_news: Vec<OrderNews>,
    /// Of persons.
    pub persons: PersonOutput,
    /// Of products.
    pub inventory: InventoryOutput,
    /// Movements to send.
    pub outgoing: Outgoing,
    /// What became of the round's events.
    pub verdicts: Verdicts,
    products: Vec<ProductMovement>,
    /// Of the event that is folded.
    refund_news: Vec<RefundNews>,
}

/// Movements to send.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// The receiver follows from the product.
    pub products: Vec<Movement<ProductMovement>>,
    /// The receiver follows from the person.
    pub mail: Vec<Movement<Mail>>,
}

impl Output {
    /// Sends what an event of this shard made it tell others.
    fn send(&mut self, from: ShardId, offset: u64) {
        let products = number(from, offset, self.products.drain(..));
        self.outgoing.products.extend(products);
        let mail = number(from, offset, self.persons.mail.drain(..));
        self.outgoing.mail.extend(mail);
    }
}

fn number<T>(
    from: ShardId,
    offset: u64,
    told: impl Iterator<Item = T>,
) -> impl Iterator<Item = Movement<T>> {
    told.zip(0..).map(move |(told, index)| Movement {
        from,
        offset,
        index,
        told,
    })
}

/// A shard's state: what changed since it was last written, over what lies at rest.
#[derive(Debug)]
pub struct Shard {
    id: ShardId,
    /// Identities of events.
    pub seen: Seen,
    /// Orders and refunds.
    pub orders: Orders,
    /// Persons and their sessions.
    pub persons: Persons,
    /// Stock and prices of products.
    pub inventory: Inventory,
}

/// What shards know from the beginning.
#[derive(Debug, Clone)]
pub struct ShardSetting {
    /// Of persons.
    pub persons: PersonSetting,
    /// Of stock and prices.
    pub inventory: InventorySetting,
}

impl Shard {
    /// An empty shard.
    #[must_use]
    pub fn new(id: ShardId, setting: &ShardSetting) -> Shard {
        Shard {
            id,
            seen: Seen::new(id),
            orders: Orders::default(),
            persons: Persons::new(&setting.persons),
            inventory: Inventory::new(&setting.inventory),
        }
    }

    /// Folds the shard's events of a round.
    pub fn fold(
        &mut self,
        round: &Round,
        at_rest: &AtRest,
        out: &mut Output,
    ) -> Result<(), RestError> {
        for routed in round.events_of(self.id) {
            if routed.is_retracted {
                out.verdicts.retracted.add(routed.audit);
                out.verdicts.aside.uncounted.push(routed.offset);
                continue;
            }
            match self.seen.insert(mark(routed.event), &at_rest.ids)? {
                Verdict::New => {
                    self.observe(&routed, (round.pulse_from, at_rest), out)?;
                    out.verdicts.counted.add(routed.audit);
                }
                Verdict::Repeat => out.verdicts.repeat(&routed),
                Verdict::Conflict if is_built_of_rows(routed.event) => {
                    self.fold_grown(&routed, at_rest, out)?;
                }
                Verdict::Conflict => {
                    out.verdicts.conflicts.push(Conflict::of(&routed));
                    out.verdicts.aside.uncounted.push(routed.offset);
                }
            }
        }
        Ok(())
    }

    /// What is fresh was written: from now on it is looked up there.
    pub fn rest(&mut self) {
        self.seen.rest();
        self.orders.rest();
        self.persons.rest();
        self.inventory.rest();
    }

    /// Forgets everything.
    pub fn start_again(&mut self) {
        self.seen = Seen::new(self.id);
        self.orders = Orders::default();
        self.persons.forget();
        self.inventory.forget();
    }

    /// An order of a file that was read before its last rows were written: it has its first row's identity, and the rows
    /// that came since add their lines. Each further state of it counts once.
    fn fold_grown(
        &mut self,
        routed: &RoutedEvent<'_>,
        at_rest: &AtRest,
        out: &mut Output,
    ) -> Result<(), RestError> {
        let mark = mark(routed.event);
        let state = Mark {
            id: hash_128_within(mark.content, &mark.id.to_le_bytes()),
            ..mark
        };
        if self.seen.insert(state, &at_rest.ids)? == Verdict::New {
            self.bring_order(routed, at_rest)?;
            let known = self.orders.categories(routed.event, &routed.names);
            let mut activity = ActivityFold {
                deltas: &mut out.deltas,
                products: &mut out.products,
                pulse_from: EventTime(i64::MAX),
            };
            let who = (&routed.names, &routed.naming);
            activity.observe_grown(routed.event, who, routed.items, &known);
            self.observe_order(routed, out);
            out.send(self.id, routed.offset);
            out.verdicts.counted.add(routed.audit);
            out.verdicts.aside.adding.push(routed.offset);
        } else {
            out.verdicts.repeat(routed);
        }
        Ok(())
    }

    fn observe(
        &mut self,
        routed: &RoutedEvent<'_>,
        (pulse_from, at_rest): (EventTime, &AtRest),
        out: &mut Output,
    ) -> Result<(), RestError> {
        let mut activity = ActivityFold {
            deltas: &mut out.deltas,
            products: &mut out.products,
            pulse_from,
        };
        let who = (&routed.names, &routed.naming);
        activity.observe(routed.event, who, routed.items);
        if routed.event.kind().is_order_kind() {
            self.bring_order(routed, at_rest)?;
            self.observe_order(routed, out);
        }
        count_aside(routed, &mut out.deltas);
        self.inventory.tell(routed, &mut out.products);
        (self.persons).see(routed, at_rest, &mut out.persons)?;
        out.send(self.id, routed.offset);
        Ok(())
    }

    /// Makes sure that what is known of the event's order, and of its refund, is in memory.
    fn bring_order(&mut self, routed: &RoutedEvent<'_>, at_rest: &AtRest) -> Result<(), RestError> {
        if at_rest.orders.is_empty() {
            return Ok(());
        }
        for key in OrderKey::all_of(routed.event, &routed.names) {
            if !self.orders.holds(&key)
                && let Some(state) = at_rest.orders.get(&rest::orders::key(&key))?
            {
                self.orders.bring(key, rest::orders::read(&state)?);
            }
        }
        Ok(())
    }

    fn observe_order(&mut self, routed: &RoutedEvent<'_>, out: &mut Output) {
        let known = out.order_news.len();
        let mut outputs = Outputs {
            deltas: &mut out.deltas,
            products: &mut out.products,
            rows: &mut out.order_rows,
            news: &mut out.order_news,
            refunds: &mut out.refund_news,
        };
        self.orders
            .observe(routed.event, &routed.names, routed.items, &mut outputs);
        let news = (&out.order_news[known..], &out.refund_news[..]);
        (self.persons).tell_orders(news, routed.offset, &mut out.persons);
        out.refund_news.clear();
    }

    /// Folds what is told to one of this shard's products.
    pub fn receive_product(
        &mut self,
        told: &ProductMovement,
        at_rest: &AtRest,
        out: &mut Output,
    ) -> Result<(), RestError> {
        self.inventory.receive(told, at_rest, &mut out.deltas)
    }

    /// Takes what is told to one of this shard's persons; see [`Persons::receive`].
    pub fn receive_mail(
        &mut self,
        told: Mail,
        (offset, nth): (u64, u32),
        at_rest: &AtRest,
        out: &mut Output,
    ) -> Result<(), RestError> {
        (self.persons).receive(told, (offset, nth), at_rest, &mut out.persons)?;
        out.send(self.id, offset);
        Ok(())
    }

    /// Says what changed with this shard's persons; see [`Persons::settle`].
    pub fn settle(
        &mut self,
        (as_of, offset, pass): (&AsOf, u64, u32),
        at_rest: &AtRest,
        out: &mut Output,
    ) -> Result<(), RestError> {
        let now = (as_of, offset, pass);
        (self.persons).settle(now, at_rest, &mut out.deltas, &mut out.persons)?;
        out.send(self.id, offset);
        Ok(())
    }
}

/// What few events count beside what all do.
fn count_aside(routed: &RoutedEvent<'_>, deltas: &mut Deltas) {
    let (kind, time, names) = (routed.event.kind(), routed.event.time(), &routed.names);
    match kind {
        EventType::PaymentError => payment::count_error(time, names, deltas),
        EventType::Search => {
            let searched = (names.store, routed.texts.term(routed.event));
            search::count_event(time, searched, Found::of(routed.event), deltas);
        }
        EventType::PromoView | EventType::PromoClick => {
            let promotions = (names.store, routed.texts.promotions(routed.event));
            promotion::count_promotions(kind, time, promotions, deltas);
        }
        EventType::CouponEnter
        | EventType::CouponApply
        | EventType::CouponDeny
        | EventType::CouponRemove => promotion::count_coupon(kind, time, names, deltas),
        _ => {}
    }
}

fn mark(event: EventRef<'_>) -> Mark {
    let hour = event.time().0.div_euclid(HOUR);
    Mark {
        hour: i32::try_from(hour).unwrap_or(i32::MAX),
        id: identity(event.store(), event.id()),
        content: event.content_hash(),
    }
}

/// An id is unique within its store.
fn identity(store: &str, id: EventId) -> u128 {
    if store == "main" {
        id.0
    } else {
        id.0 ^ u128::from(key_hash(store, KeyKind::Value, b"identity")) << 64
    }
}
