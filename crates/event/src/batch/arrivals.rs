//! When a batch's events came in and by whom, and how many of them fill each column: read from the columns, a batch at
//! a time. A batch of one source and one minute, which most are, costs a few comparisons and no look at any event.

use super::EventBatch;
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use crate::time::MINUTE;
use crate::{EventTime, Field};
use arrow_array::Array;
use std::collections::HashMap;

/// Events of a batch that came by one source, for one store, within one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Key of the source among [`EventBatch::label_values`].
    pub source: u16,
    /// Key of the store.
    pub store: u16,
    /// The minute they came in, counted from 1970.
    pub minute: i32,
    /// How many.
    pub events: u64,
    /// Line items of all of them.
    pub items: u64,
    /// When the first came in.
    pub first: EventTime,
    /// When the last came in.
    pub last: EventTime,
    /// The latest moment at which one of them happened.
    pub newest: EventTime,
}

/// A batch's events by arrival.
#[derive(Debug)]
pub struct Arrivals<'a> {
    batch: &'a EventBatch,
    groups: Vec<Arrival>,
    /// Each event's group; nothing where there is one group only.
    group_of: Option<Vec<u16>>,
}

/// The minute of a moment; one that no clock shows is the nearest minute there is.
#[must_use]
pub fn minute_of(time: EventTime) -> i32 {
    let minute = time.0.div_euclid(MINUTE);
    i32::try_from(minute).unwrap_or(if minute < 0 { i32::MIN } else { i32::MAX })
}

impl EventBatch {
    /// When the first and the last of its events came in.
    #[must_use]
    pub fn received(&self) -> Option<(EventTime, EventTime)> {
        let times = self.numbers[Number::TimeReceived as usize].as_ref()?;
        let times = times.values();
        let (first, last) = (times.iter().min()?, times.iter().max()?);
        Some((EventTime(*first), EventTime(*last)))
    }

    /// Time of the newest of its events.
    #[must_use]
    pub fn newest(&self) -> Option<EventTime> {
        self.times.values().iter().max().copied().map(EventTime)
    }

    /// Its events by source, store and minute of receipt.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals<'_> {
        if self.is_empty() {
            return Arrivals {
                batch: self,
                groups: Vec::new(),
                group_of: None,
            };
        }
        let (first, last) = self.received().unwrap_or_default();
        let is_one = minute_of(first) == minute_of(last)
            && [Label::Source, Label::Store].into_iter().all(|label| {
                let labels = self.labels[label as usize].as_ref();
                labels.is_none_or(|labels| labels.values().len() <= 1)
            });
        if is_one {
            let whole = Arrival {
                source: 0,
                store: 0,
                minute: minute_of(first),
                events: self.len() as u64,
                items: self.item_count(0..self.len()),
                first,
                last,
                newest: self.newest().unwrap_or_default(),
            };
            return Arrivals {
                batch: self,
                groups: vec![whole],
                group_of: None,
            };
        }
        self.grouped()
    }

    /// Neighbours mostly belong together, so the group before is tried first.
    fn grouped(&self) -> Arrivals<'_> {
        let mut groups: Vec<Arrival> = Vec::new();
        let mut known: HashMap<(u16, u16, i32), usize> = HashMap::new();
        let mut group_of = Vec::with_capacity(self.len());
        let mut at = 0;
        for event in self.events() {
            let received = EventTime(event.number(Number::TimeReceived).unwrap_or_default());
            let source = event.label_key(Label::Source).unwrap_or_default();
            let store = event.label_key(Label::Store).unwrap_or_default();
            let minute = minute_of(received);
            let is_of = |group: &Arrival| {
                group.source == source && group.store == store && group.minute == minute
            };
            if !groups.get(at).is_some_and(is_of) {
                at = *known.entry((source, store, minute)).or_insert(groups.len());
            }
            if at == groups.len() {
                groups.push(Arrival {
                    source,
                    store,
                    minute,
                    events: 0,
                    items: 0,
                    first: received,
                    last: received,
                    newest: event.time(),
                });
            }
            let group = &mut groups[at];
            group.events += 1;
            group.items += event.item_rows().len() as u64;
            group.first = group.first.min(received);
            group.last = group.last.max(received);
            group.newest = group.newest.max(event.time());
            group_of.push(u16::try_from(at).expect("frames close long before 2^16 rows"));
        }
        Arrivals {
            batch: self,
            groups,
            group_of: Some(group_of),
        }
    }

    fn item_count(&self, rows: std::ops::Range<usize>) -> u64 {
        self.items.as_ref().map_or(0, |items| {
            let offsets = items.list.value_offsets();
            u64::try_from(offsets[rows.end] - offsets[rows.start]).unwrap_or(0)
        })
    }
}

impl Arrivals<'_> {
    /// The groups, in the order of their first events.
    #[must_use]
    pub fn groups(&self) -> &[Arrival] {
        &self.groups
    }

    /// Calls `each` for every column that the batch has and a sender fills, with the number of values by group.
    /// Columns that are not told have no value in the batch.
    pub fn fill(&self, mut each: impl FnMut(Field, &[u64])) {
        let batch = self.batch;
        let events: Vec<u64> = self.groups.iter().map(|group| group.events).collect();
        let mut counts = events.clone();
        each(Field::ID, &counts);
        each(Field::TIME, &counts);
        let group_of = self.group_of.as_deref();
        macro_rules! columns {
            ($columns:expr, $kind:ident, $of:ident, $group_of:expr, $all:expr) => {
                for (column, array) in $kind::ALL.iter().zip(&$columns) {
                    let field = Field::$of(*column);
                    if let Some(array) = array.as_ref().filter(|_| field.is_senders()) {
                        count(array, $group_of, $all, &mut counts);
                        each(field, &counts);
                    }
                }
            };
        }
        columns!(batch.texts, Text, of_text, group_of, &events);
        columns!(batch.labels, Label, of_label, group_of, &events);
        columns!(batch.amounts, Amount, of_amount, group_of, &events);
        columns!(batch.numbers, Number, of_number, group_of, &events);
        columns!(
            batch.coordinates,
            Coordinate,
            of_coordinate,
            group_of,
            &events
        );
        let Some(items) = &batch.items else { return };
        let items_of = group_of.map(|groups| item_groups(groups, items.list.value_offsets()));
        let items_of = items_of.as_deref();
        let lines: Vec<u64> = self.groups.iter().map(|group| group.items).collect();
        columns!(items.texts, ItemText, of_item_text, items_of, &lines);
        columns!(items.labels, ItemLabel, of_item_label, items_of, &lines);
        columns!(items.amounts, ItemAmount, of_item_amount, items_of, &lines);
        columns!(items.numbers, ItemNumber, of_item_number, items_of, &lines);
    }
}

/// Values of a column by group: of a column without nulls they are all of the rows.
fn count(array: &dyn Array, group_of: Option<&[u16]>, all: &[u64], counts: &mut [u64]) {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    let (Some(nulls), Some(group_of)) = (nulls, group_of) else {
        counts.copy_from_slice(all);
        if let [count] = counts {
            *count -= array.null_count() as u64;
        }
        return;
    };
    counts.fill(0);
    for (group, is_valid) in group_of.iter().zip(nulls.iter()) {
        counts[usize::from(*group)] += u64::from(is_valid);
    }
}

/// The group of every item, which is its event's.
fn item_groups(group_of: &[u16], offsets: &[i32]) -> Vec<u16> {
    let mut groups = Vec::new();
    for (group, ends) in group_of.iter().zip(offsets.windows(2)) {
        groups.extend(std::iter::repeat_n(*group, (ends[1] - ends[0]) as usize));
    }
    groups
}

#[cfg(test)]
mod tests {
    use crate::batch::{EventBatchBuilder, Stamp};
    use crate::schema::{Amount, ItemAmount, ItemText, Label, Text};
    use crate::time::MINUTE;
    use crate::{Event, EventId, EventTime, EventType, Item};
    use std::collections::BTreeMap;

    /// `source store minute customer? country? products`, events parted by `|`; groups told as
    /// `source store minute: events items, field values…`.
    fn check(events: &str, expected: &str) {
        let mut builder = EventBatchBuilder::default();
        for (number, words) in events.split('|').enumerate() {
            let words: Vec<&str> = words.split_whitespace().collect();
            let minute: i64 = words[2].parse().expect("a minute");
            let mut event = Event::new(EventType::ItemView);
            event.id = Some(EventId(number as u128 + 1));
            event.time = Some(EventTime(5));
            let is_given = |word: &str| word != "-";
            if is_given(words[3]) {
                event.set_text(Text::CustomerId, words[3].to_owned());
            }
            if is_given(words[4]) {
                event.set_label(Label::Country, words[4].to_owned());
                event.set_amount(Amount::Tax, 1);
            }
            for price in words[5].split(',').filter(|price| is_given(price)) {
                let mut item = Item::default();
                item.set_text(ItemText::ProductId, "p");
                if let Ok(price) = price.parse() {
                    item.set_amount(ItemAmount::UnitPrice, price);
                }
                event.items.push(item);
            }
            let stamp = Stamp {
                store: words[1],
                source: words[0],
                received: EventTime(minute * MINUTE + number as i64),
            };
            builder.append(&event, stamp);
        }
        let batch = builder.finish();
        let arrivals = batch.arrivals();
        let mut filled: Vec<BTreeMap<&str, u64>> = vec![BTreeMap::new(); arrivals.groups().len()];
        arrivals.fill(|field, counts| {
            for (filled, count) in filled.iter_mut().zip(counts) {
                filled.insert(field.name(), *count);
            }
        });
        let (sources, stores) = (
            batch.label_values(Label::Source),
            batch.label_values(Label::Store),
        );
        let told = arrivals.groups().iter().zip(filled).map(|(group, filled)| {
            let fields = [
                "customer_id",
                "country",
                "tax",
                "items.product_id",
                "items.unit_price",
            ];
            let counts = fields
                .iter()
                .filter_map(|field| Some(format!("{field} {}", filled.get(field)?)));
            let (source, store) = (
                sources[usize::from(group.source)],
                stores[usize::from(group.store)],
            );
            let head = format!(
                "{source} {store} {}: {} {}",
                group.minute, group.events, group.items
            );
            [head]
                .into_iter()
                .chain(counts)
                .collect::<Vec<_>>()
                .join(", ")
        });
        assert_eq!(told.collect::<Vec<_>>().join(" | "), expected);
    }

    #[test]
    fn a_batch_of_one_source_and_minute_is_one_group() {
        check(
            "web main 7 ann - 1,x | web main 7 - - - | web main 7 bob - 3",
            "web main 7: 3 3, customer_id 2, items.product_id 3, items.unit_price 2",
        );
    }

    #[test]
    fn sources_stores_and_minutes_part_the_events_and_their_items() {
        check(
            "web main 7 ann DE 1,x | till main 7 - DE 2 | web main 8 - - - | web main 7 - - 5 | till shop2 7 bob - x",
            "web main 7: 2 3, customer_id 1, country 1, tax 1, items.product_id 3, items.unit_price 2 | \
             till main 7: 1 1, customer_id 0, country 1, tax 1, items.product_id 1, items.unit_price 1 | \
             web main 8: 1 0, customer_id 0, country 0, tax 0, items.product_id 0, items.unit_price 0 | \
             till shop2 7: 1 1, customer_id 1, country 0, tax 0, items.product_id 1, items.unit_price 0",
        );
    }

    #[test]
    fn an_empty_batch_has_no_groups() {
        let batch = EventBatchBuilder::default().finish();
        assert!(batch.arrivals().groups().is_empty());
        assert_eq!(batch.received(), None);
        batch
            .arrivals()
            .fill(|_, counts| assert!(counts.is_empty()));
    }
}
