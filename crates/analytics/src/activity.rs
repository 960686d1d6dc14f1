//! What every accepted event adds: counts by type, country, category and device, distinct visitors, product views.
//! Money is not here: orders fold at their own shard, in `order`.

use crate::cell::{CubeId, Delta, Deltas, NameId, column, cubes};
use crate::names::{EventNames, ItemNames};
use crate::person::Naming;
use crate::product::{ProductMovement, Seen};
use crate::sketch::{Coupon, coupon};
use crate::tally::Field;
use event::schema::ItemText;
use event::{EventRef, EventTime, EventType, KeyKind, LineKind, key_hash};
use smallvec::SmallVec;

const EVENTS: usize = column(cubes::ACTIVITY, Field::Events);
const VIEWS: usize = column(cubes::ACTIVITY, Field::ItemViews);
const ADDS: usize = column(cubes::ACTIVITY, Field::CartAdds);
const WRITE_OFFS: usize = column(cubes::ACTIVITY, Field::WriteOffLines);
/// Positions in an activity cube's distinct counts.
const VISITORS: usize = 0;
const PRODUCTS: usize = 1;
const SESSIONS: usize = 2;

/// How many lines of an event count as what.
#[derive(Debug, Clone, Copy, Default)]
struct Lines {
    views: i128,
    adds: i128,
    write_offs: i128,
}

impl Lines {
    fn add_to(self, delta: &mut Delta) {
        delta.sums[EVENTS] += 1;
        delta.sums[VIEWS] += self.views;
        delta.sums[ADDS] += self.adds;
        delta.sums[WRITE_OFFS] += self.write_offs;
    }

    fn plus(self, other: Lines) -> Lines {
        Lines {
            views: self.views + other.views,
            adds: self.adds + other.adds,
            write_offs: self.write_offs + other.write_offs,
        }
    }
}

/// Folds events of one shard.
#[derive(Debug)]
pub struct ActivityFold<'a> {
    /// Cells written to.
    pub deltas: &'a mut Deltas,
    /// Told to the products' shards.
    pub products: &'a mut Vec<ProductMovement>,
    /// Seconds before this are no longer on the timeline.
    pub pulse_from: EventTime,
}

impl ActivityFold<'_> {
    /// Adds one event; `items` are the names of its lines, in order.
    pub fn observe(
        &mut self,
        event: EventRef<'_>,
        (names, naming): (&EventNames, &Naming<'_>),
        items: &[ItemNames],
    ) {
        let visitor = visitor_of(event, naming);
        let lines = self.observe_items(event, names, items, visitor);
        let at = |cube, value| (cube, value);
        let by_value = [
            at(cubes::ACTIVITY_BY_TYPE, names.kind),
            at(cubes::ACTIVITY_BY_COUNTRY, names.country),
            at(cubes::ACTIVITY_BY_DEVICE, names.device),
        ];
        for (cube, value) in by_value {
            self.count(cube, names.store, value, event.time(), lines, visitor);
        }
        let total = self.deltas.at(
            cubes::ACTIVITY,
            names.store,
            NameId(0),
            NameId(0),
            event.time(),
        );
        lines.add_to(total);
        total.coupons[VISITORS].extend(visitor);
        see_products(total, event);
        total.coupons[SESSIONS].extend(
            naming
                .session
                .map(|session| coupon(key_hash(event.store(), KeyKind::Value, session.as_bytes()))),
        );
        if event.time() >= self.pulse_from {
            self.pulse(event.time(), names);
        }
    }

    /// Adds what an event has more than when it was observed first, of which these categories are known: an order of a
    /// file that has grown since. The event itself is counted; its new products and categories are not yet.
    pub fn observe_grown(
        &mut self,
        event: EventRef<'_>,
        (names, naming): (&EventNames, &Naming<'_>),
        items: &[ItemNames],
        known: &[NameId],
    ) {
        let visitor = visitor_of(event, naming);
        let mut fresh: Vec<NameId> = items.iter().map(|item| item.category).collect();
        fresh.sort_unstable();
        fresh.dedup();
        fresh.retain(|category| !known.contains(category));
        for category in fresh {
            let (cube, time) = (cubes::ACTIVITY_BY_CATEGORY, event.time());
            self.count(cube, names.store, category, time, Lines::default(), visitor);
        }
        let none = NameId(0);
        let total = self
            .deltas
            .at(cubes::ACTIVITY, names.store, none, none, event.time());
        see_products(total, event);
    }

    fn count(
        &mut self,
        cube: CubeId,
        store: NameId,
        value: NameId,
        time: EventTime,
        lines: Lines,
        visitor: Option<Coupon>,
    ) {
        let delta = self.deltas.at(cube, store, NameId(0), value, time);
        lines.add_to(delta);
        if let Some(coupons) = delta.coupons.get_mut(VISITORS) {
            coupons.extend(visitor);
        }
    }

    fn pulse(&mut self, time: EventTime, names: &EventNames) {
        for (cube, value) in [
            (cubes::PULSE, NameId(0)),
            (cubes::PULSE_BY_TYPE, names.kind),
        ] {
            self.deltas
                .at(cube, names.store, NameId(0), value, time)
                .sums[0] += 1;
        }
    }

    /// Each category of the event counts it once; lines count where they belong. Returns the lines of all categories.
    fn observe_items(
        &mut self,
        event: EventRef<'_>,
        names: &EventNames,
        items: &[ItemNames],
        visitor: Option<Coupon>,
    ) -> Lines {
        let kind = event.kind();
        let mut all = Lines::default();
        let mut by_category: SmallVec<[(NameId, Lines); 8]> = SmallVec::new();
        for (item, line) in items.iter().zip(event.items()) {
            let own = lines_of(kind, line.kind());
            all = all.plus(own);
            let seen = Seen::of(event, names, (line, item));
            self.products.extend(seen.map(ProductMovement::Seen));
            by_category.push((item.category, own));
        }
        by_category.sort_unstable_by_key(|(category, _)| *category);
        for lines in by_category.chunk_by(|one, next| one.0 == next.0) {
            let category = lines[0].0;
            let in_category = lines
                .iter()
                .fold(Lines::default(), |sum, (_, own)| sum.plus(*own));
            self.count(
                cubes::ACTIVITY_BY_CATEGORY,
                names.store,
                category,
                event.time(),
                in_category,
                visitor,
            );
        }
        all
    }
}

fn see_products(total: &mut Delta, event: EventRef<'_>) {
    let products = event
        .items()
        .filter_map(|item| item.text(ItemText::ProductId));
    total.coupons[PRODUCTS].extend(products.map(|product| {
        coupon(key_hash(
            event.store(),
            KeyKind::Product,
            product.as_bytes(),
        ))
    }));
}

/// The anonymous id where present, else the customer.
fn visitor_of(event: EventRef<'_>, naming: &Naming<'_>) -> Option<Coupon> {
    let visitor = naming.visitor.or(naming.customer)?;
    Some(coupon(key_hash(
        event.store(),
        KeyKind::Person,
        visitor.as_bytes(),
    )))
}

fn lines_of(kind: EventType, line: LineKind) -> Lines {
    Lines {
        views: i128::from(kind == EventType::ItemView),
        adds: i128::from(kind == EventType::CartAdd),
        write_offs: i128::from(line == LineKind::WriteOff),
    }
}
