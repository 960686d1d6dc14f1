//! Enrichment: what the door adds to an event between its dialect and the checks. The rules are `event::derive`'s;
//! here stands what they need beside the event, which is the database of addresses.

use crate::geo::GeoDatabase;
use event::derive::{DeriveRules, Deriver, TextCache, parse_address};
use event::dialect::Intake;
use event::schema::{Label, Text};
use event::{Currency, Event, EventId, Rejection};
use std::sync::Arc;

/// How events are enriched; clones share everything.
#[derive(Debug, Clone, Default)]
pub struct Enrichment {
    /// Rules for derived fields.
    pub rules: Arc<DeriveRules>,
    /// Countries by address; off where there is no database.
    pub geo: Option<Arc<GeoDatabase>>,
}

/// Enriches the events of one thread, remembering what repeats.
#[derive(Debug, Default)]
pub struct Enricher {
    deriver: Deriver,
    countries: Option<Countries>,
}

#[derive(Debug)]
struct Countries {
    database: Arc<GeoDatabase>,
    known: TextCache<Option<&'static str>>,
}

impl Enrichment {
    /// An enricher for one thread.
    #[must_use]
    pub fn enricher(&self) -> Enricher {
        let countries = self.geo.as_ref().map(|database| Countries {
            database: Arc::clone(database),
            known: TextCache::default(),
        });
        Enricher {
            deriver: Deriver::new(Arc::clone(&self.rules)),
            countries,
        }
    }
}

impl Enricher {
    /// Fills in what the event lacks. The country comes first: it needs the address that is then cut.
    pub fn enrich(&mut self, event: &mut Event<'_>, currency: &Currency) {
        if let Some(countries) = &mut self.countries {
            countries.settle(event);
        }
        self.deriver.derive(event, currency);
    }
}

impl Countries {
    /// Where a network lies is a guess of its maker's, so the field is named as inferred.
    fn settle(&mut self, event: &mut Event<'_>) {
        if event.label(Label::Country).is_some() {
            return;
        }
        let Some(address) = event.text(Text::Ip) else {
            return;
        };
        let database = &self.database;
        let look_up = |text: &str| Some(parse_address(text).and_then(|at| database.country(at)));
        if let Some(country) = self.known.get_or_make(address, look_up).flatten() {
            event.set_label(Label::Country, country);
            event.mark_inferred(Label::Country.name());
        }
    }
}

/// An intake that enriches what it hands on.
pub(crate) struct Enriched<'i, I> {
    pub(crate) enricher: &'i mut Enricher,
    /// The store's.
    pub(crate) currency: &'i Currency,
    pub(crate) next: &'i mut I,
}

impl<I: Intake> Intake for Enriched<'_, I> {
    fn take(&mut self, event: &mut Event<'_>, raw: &[u8]) {
        self.enricher.enrich(event, self.currency);
        self.next.take(event, raw);
    }

    fn refuse(&mut self, position: i64, rejection: Rejection, raw: &[u8]) {
        self.next.refuse(position, rejection, raw);
    }

    fn identify_refused(&mut self, id: EventId) {
        self.next.identify_refused(id);
    }
}
