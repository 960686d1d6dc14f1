//! A round: frames of the log made ready for the shards, with names resolved once a batch and rows routed by index.

use crate::Stores;
use crate::archive::JudgedFrame;
use crate::audit::AuditKey;
use crate::days::Begun;
use crate::home::{SHARDS, ShardId};
use crate::names::{Names, ProductHash, ProductMention, Products};
use crate::texts::TextNames;
use analytics::cell::NameId;
use analytics::names::{EventNames, Identity, ItemNames};
use analytics::person::Naming;
use event::batch::minute_of;
use event::frame::{Rejected, SourceTally};
use event::import::FrameNotes;
use event::schema::{ItemLabel, ItemText, Label, Number};
use event::{EventBatch, EventRef, EventTime};
use eventlog::LogPosition;

/// A batch with its names resolved.
#[derive(Debug)]
pub struct NamedBatch {
    /// The events.
    pub events: EventBatch,
    /// Offset of the first.
    pub first_offset: u64,
    kinds: Vec<NameId>,
    stores: Vec<NameId>,
    sources: Vec<NameId>,
    countries: Vec<NameId>,
    cities: Vec<NameId>,
    devices: Vec<NameId>,
    currencies: Vec<NameId>,
    warehouses: Vec<NameId>,
    payment_methods: Vec<NameId>,
    texts: TextNames,
    /// The default currency of each store, by the store's key.
    store_currencies: Vec<NameId>,
    identities: [NameId; 3],
    items: Vec<ItemNames>,
    /// The minute all of it came in; nothing where that is not one.
    minute: Option<i32>,
    /// Whether an import that was undone brought them, by source; empty where none was.
    retracted: Vec<bool>,
}

/// Lists that a batch's names are looked up in.
pub struct Known<'a> {
    /// Names.
    pub names: &'a mut Names,
    /// Products.
    pub products: &'a mut Products,
    /// The shops.
    pub stores: &'a Stores,
}

/// Row of a batch of the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowIndex {
    /// The frame among the round's.
    pub batch: u32,
    /// The row within the frame.
    pub row: u32,
}

/// What a frame says of one source.
#[derive(Debug)]
pub struct FrameSource {
    /// The source's id, or that of one run of an import of it.
    pub id: NameId,
    /// Its store's id.
    pub store: NameId,
    /// What it brought.
    pub tally: SourceTally,
}

/// What a frame says beside its events.
#[derive(Debug)]
pub struct FrameSide {
    /// The frame's number in the log.
    pub number: u64,
    /// What it says of each of its sources.
    pub sources: Vec<FrameSource>,
    /// What was set aside.
    pub rejected: Vec<Rejected>,
    /// What it says of imports and of the quarantine.
    pub notes: FrameNotes,
    /// Offset of the frame's first event.
    pub first_offset: u64,
}

/// Work for every shard.
#[derive(Debug, Default)]
pub struct Round {
    batches: Vec<NamedBatch>,
    routes: Vec<Vec<RowIndex>>,
    rows: usize,
    /// The frames' tallies and rejections, for the audit.
    pub sides: Vec<FrameSide>,
    /// One past the last offset of the round.
    pub end_offset: u64,
    /// Seconds before this are no longer on the timeline.
    pub pulse_from: EventTime,
    /// Stores whose day begins with the last frame.
    pub begun: Vec<Begun>,
}

/// An event in a round, with all that folds want to know of it.
#[derive(Debug, Clone, Copy)]
pub struct RoutedEvent<'a> {
    /// The event.
    pub event: EventRef<'a>,
    /// Its offset in the log.
    pub offset: u64,
    /// Its place in the round.
    pub at: RowIndex,
    /// Its names.
    pub names: EventNames,
    /// Who it was.
    pub naming: Naming<'a>,
    /// Names of its line items.
    pub items: &'a [ItemNames],
    /// The warehouse it speaks of.
    pub warehouse: NameId,
    /// Names out of its texts.
    pub texts: &'a TextNames,
    /// By whom, for whom and when it came in.
    pub audit: AuditKey,
    /// Whether an import brought it that was undone.
    pub is_retracted: bool,
}

impl NamedBatch {
    /// Resolves the names of a frame's events; those of `retracted` sources name no product.
    pub fn resolve(
        events: EventBatch,
        first_offset: u64,
        retracted: &[String],
        known: Known<'_>,
    ) -> NamedBatch {
        let Known {
            names,
            products,
            stores,
        } = known;
        let is_retracted = |source: &str| retracted.iter().any(|name| name == source);
        let mut of = |label: Label| -> Vec<NameId> {
            events
                .label_values(label)
                .into_iter()
                .map(|name| names.id(name))
                .collect()
        };
        let mut batch = NamedBatch {
            first_offset,
            kinds: of(Label::Type),
            stores: of(Label::Store),
            sources: of(Label::Source),
            countries: of(Label::Country),
            cities: of(Label::City),
            devices: of(Label::DeviceType),
            currencies: of(Label::Currency),
            warehouses: of(Label::Warehouse),
            payment_methods: of(Label::PaymentMethod),
            texts: TextNames::of(&events, names),
            store_currencies: Vec::new(),
            identities: [Identity::Customer, Identity::Visitor, Identity::Nobody]
                .map(|identity| names.id(identity.name())),
            items: Vec::new(),
            retracted: match retracted {
                [] => Vec::new(),
                _ => (events.label_values(Label::Source).into_iter())
                    .map(is_retracted)
                    .collect(),
            },
            minute: events.received().and_then(|(first, last)| {
                Some(minute_of(first)).filter(|minute| *minute == minute_of(last))
            }),
            events,
        };
        let store_names = batch.events.label_values(Label::Store);
        batch.store_currencies = store_names
            .iter()
            .map(|store| names.id(stores.get(store).currency.as_str()))
            .collect();
        batch.items = item_names(&batch, names, products);
        batch
    }

    /// Counts the events of a source under another name: those of one run of an import.
    pub fn rename_source(&mut self, source: &str, id: NameId) {
        let known = self.events.label_values(Label::Source);
        for (at, _) in known
            .iter()
            .enumerate()
            .filter(|(_, name)| **name == source)
        {
            self.sources[at] = id;
        }
    }

    /// Events that no undone import brought.
    fn counting(&self) -> impl Iterator<Item = EventRef<'_>> {
        self.events
            .events()
            .filter(|event| !self.is_retracted(*event))
    }

    fn is_retracted(&self, event: EventRef<'_>) -> bool {
        let source = || event.label_key(Label::Source).map(usize::from);
        !self.retracted.is_empty() && source().is_some_and(|source| self.retracted[source])
    }

    fn audit_key(&self, event: EventRef<'_>, store: NameId) -> AuditKey {
        let source = event
            .label_key(Label::Source)
            .map_or(NameId(0), |key| self.sources[usize::from(key)]);
        let received = || event.number(Number::TimeReceived).unwrap_or_default();
        AuditKey {
            source,
            store,
            minute: self
                .minute
                .unwrap_or_else(|| minute_of(EventTime(received()))),
        }
    }

    fn warehouse(&self, event: EventRef<'_>) -> NameId {
        let key = event.label_key(Label::Warehouse);
        key.map_or(NameId(0), |key| self.warehouses[usize::from(key)])
    }

    fn names(&self, event: EventRef<'_>, naming: &Naming<'_>) -> EventNames {
        let of = |ids: &[NameId], label: Label| {
            event
                .label_key(label)
                .map_or(NameId(0), |key| ids[usize::from(key)])
        };
        let stated = of(&self.currencies, Label::Currency);
        EventNames {
            store: of(&self.stores, Label::Store),
            kind: of(&self.kinds, Label::Type),
            country: of(&self.countries, Label::Country),
            city: of(&self.cities, Label::City),
            device: of(&self.devices, Label::DeviceType),
            identity: self.identities[Identity::of(naming) as usize],
            currency: if stated == NameId(0) {
                of(&self.store_currencies, Label::Store)
            } else {
                stated
            },
            payment_method: of(&self.payment_methods, Label::PaymentMethod),
            coupon: self.texts.coupon(event),
        }
    }
}

fn item_names(batch: &NamedBatch, names: &mut Names, products: &mut Products) -> Vec<ItemNames> {
    let paths = batch.events.item_label_values(ItemLabel::CategoryPath);
    let categories: Vec<NameId> = paths
        .into_iter()
        .map(|path| names.id(first_level(path)))
        .collect();
    let store_of = |event: EventRef<'_>| {
        event
            .label_key(Label::Store)
            .map_or(NameId(0), |key| batch.stores[usize::from(key)])
    };
    let mut hashes = Vec::with_capacity(batch.events.len());
    for event in batch.events.events() {
        let store = store_of(event);
        hashes.extend(event.items().map(|item| {
            let product = item.text(ItemText::ProductId)?;
            Some(ProductHash::of(store, product, item.text(ItemText::Name)))
        }));
    }
    let mut hashes = hashes.into_iter();
    let mut resolved = Vec::with_capacity(hashes.len());
    for event in batch.events.events() {
        let mention = ProductMention {
            store: (store_of(event), event.store()),
            product: "",
            name: None,
            rank: (event.time(), event.id()),
        };
        let is_retracted = batch.is_retracted(event);
        for item in event.items() {
            let product = match (hashes.next().flatten(), item.text(ItemText::ProductId)) {
                (Some(hash), Some(product)) if !is_retracted => {
                    let name = item.text(ItemText::Name);
                    let mention = ProductMention {
                        product,
                        name,
                        ..mention
                    };
                    products.id(hash, mention)
                }
                _ => NameId(0),
            };
            resolved.push(ItemNames {
                product,
                category: item
                    .label_key(ItemLabel::CategoryPath)
                    .map_or(NameId(0), |key| categories[usize::from(key)]),
            });
        }
    }
    resolved
}

fn first_level(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim()
}

impl Round {
    /// An empty round.
    #[must_use]
    pub fn new() -> Round {
        Round {
            routes: vec![Vec::new(); SHARDS],
            ..Round::default()
        }
    }

    /// Adds a batch and routes its rows.
    pub fn push(&mut self, batch: NamedBatch) {
        let number = u32::try_from(self.batches.len()).expect("a round holds a few frames");
        for event in batch.events.events() {
            let shard = ShardId::of_event(event);
            let row = u32::try_from(event.row()).expect("frames close long before 2^32 rows");
            self.routes[usize::from(shard.0)].push(RowIndex { batch: number, row });
        }
        self.rows += batch.events.len();
        self.end_offset = batch.first_offset + batch.events.len() as u64;
        self.batches.push(batch);
    }

    /// Whether no frame is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sides.is_empty()
    }

    /// Events in the round.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Oldest and newest event time in the round.
    #[must_use]
    pub fn event_times(&self) -> Option<(EventTime, EventTime)> {
        let times = || {
            self.batches
                .iter()
                .flat_map(|batch| batch.counting().map(EventRef::time))
        };
        Some((times().min()?, times().max()?))
    }

    /// What each frame says beside its events, and the events.
    pub fn frames(&self) -> impl Iterator<Item = (&FrameSide, &EventBatch)> {
        let batches = self.batches.iter().map(|batch| &batch.events);
        self.sides.iter().zip(batches)
    }

    /// The same for an archive.
    pub fn judged_frames(&self) -> Vec<JudgedFrame> {
        let frame = |(side, events): (&FrameSide, &EventBatch)| JudgedFrame {
            events: events.clone(),
            first_offset: side.first_offset,
            end: LogPosition {
                offset: side.first_offset + events.len() as u64,
                frame: side.number + 1,
            },
        };
        self.frames().map(frame).collect()
    }

    /// The events of one shard, in log order.
    pub fn events_of(&self, shard: ShardId) -> impl Iterator<Item = RoutedEvent<'_>> {
        self.routes[usize::from(shard.0)].iter().map(|index| {
            let batch = &self.batches[index.batch as usize];
            let event = batch.events.event(index.row as usize);
            let mut naming = Naming::of(event, NameId(0));
            let names = batch.names(event, &naming);
            naming.store = names.store;
            RoutedEvent {
                event,
                offset: batch.first_offset + u64::from(index.row),
                at: *index,
                items: batch.items.get(event.item_rows()).unwrap_or_default(),
                warehouse: batch.warehouse(event),
                texts: &batch.texts,
                audit: batch.audit_key(event, names.store),
                is_retracted: batch.is_retracted(event),
                names,
                naming,
            }
        })
    }
}
