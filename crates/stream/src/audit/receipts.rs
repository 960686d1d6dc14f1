//! What came in and what was set aside, by store and hour of receipt: what the audit's lines moved since it was last asked,
//! for the rules of alerts. The lines themselves are `ledger`.

use super::ledger::Tally;
use event::time::HOUR;
use event::{EventTime, Reason};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A store's hour; what is taken back comes with the opposite sign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// Events that came in.
    pub received: i64,
    /// Those that were set aside.
    pub set_aside: i64,
    /// Why.
    pub reasons: BTreeMap<Reason, i64>,
}

/// All that moved.
#[derive(Debug, Default)]
pub struct Receipts(BTreeMap<(Arc<str>, i32), Receipt>);

impl Receipts {
    /// A line of this store moved from one tally to another.
    pub fn add(&mut self, (store, hour): (&Arc<str>, i32), before: &Tally, after: &Tally) {
        let moved = |before: u64, after: u64| after.wrapping_sub(before) as i64;
        let received = moved(before.received, after.received);
        let set_aside = moved(before.quarantined, after.quarantined);
        if (received, set_aside) != (0, 0) {
            let receipt = self.of(store, hour);
            receipt.received += received;
            receipt.set_aside += set_aside;
        }
    }

    /// So many events of an hour were set aside for a reason, or are not any more.
    pub fn add_reason(&mut self, (store, hour): (&Arc<str>, i32), reason: Reason, events: i64) {
        *self.of(store, hour).reasons.entry(reason).or_default() += events;
    }

    fn of(&mut self, store: &Arc<str>, hour: i32) -> &mut Receipt {
        self.0.entry((Arc::clone(store), hour)).or_default()
    }

    /// Everything since this was last asked, with the store and when the hour begins.
    pub fn take(&mut self) -> impl Iterator<Item = (Arc<str>, EventTime, Receipt)> + use<> {
        let all = std::mem::take(&mut self.0).into_iter();
        all.map(|((store, hour), receipt)| (store, EventTime(i64::from(hour) * HOUR), receipt))
    }
}
