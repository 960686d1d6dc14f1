//! Names out of texts: coupons, promotions, terms of searches, and where visitors came from. They are resolved on the thread that reads the log,
//! once a batch, and cost nothing where a batch has none.

use crate::names::Names;
use analytics::cell::NameId;
use analytics::promotion::{coupon_code, promotion_name};
use analytics::search;
use analytics::session::{Entry, referrer_host, write_landing_page};
use event::schema::{ItemText, Label, Text};
use event::{EventBatch, EventRef, EventType};
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Names of a batch's texts. A list is empty where no event of the batch has such a text.
#[derive(Debug, Default)]
pub struct TextNames {
    /// By row of the event.
    coupons: Vec<NameId>,
    /// By row of the event.
    terms: Vec<NameId>,
    /// By row of the line.
    promotions: Vec<NameId>,
    /// By the label's key.
    campaigns: Vec<NameId>,
    /// By row of the event.
    referrers: Vec<NameId>,
    /// By row of the event.
    landings: Vec<NameId>,
}

fn term(event: EventRef<'_>) -> Option<Cow<'_, str>> {
    let is_search = event.kind() == EventType::Search;
    let query = is_search.then(|| event.text(Text::Query)).flatten();
    query.and_then(search::term)
}

/// Addresses met lately in a batch, by a few bits of their hashes: most events are sent from a few pages, and one that is
/// met again is neither read nor looked up. 64 bits tell the addresses of a batch apart.
struct Landings {
    recent: [(u64, NameId); RECENT_MAX],
    page: String,
}

const RECENT_MAX: usize = 256;

impl Landings {
    fn id(&mut self, event: EventRef<'_>, names: &mut Names) -> NameId {
        let Some(url) = event.text(Text::Url) else {
            return NameId(0);
        };
        let kind = event.kind();
        let hash = xxh3_64_with_seed(url.as_bytes(), u64::from(kind == EventType::ItemView));
        let place = hash as usize % RECENT_MAX;
        if self.recent[place].0 != hash {
            self.page.clear();
            let is_page = write_landing_page(kind, url, &mut self.page);
            let id = is_page.then(|| names.id(&self.page));
            self.recent[place] = (hash, id.unwrap_or_default());
        }
        self.recent[place].1
    }
}

impl TextNames {
    /// Resolves the texts of a batch.
    pub fn of(events: &EventBatch, names: &mut Names) -> TextNames {
        let mut of = TextNames::default();
        if events.has_text(Text::Coupon) || events.has_item_text(ItemText::Coupon) {
            let code = |event| coupon_code(event).map_or(NameId(0), |code| names.id(&code));
            of.coupons = events.events().map(code).collect();
        }
        if events.has_text(Text::Query) {
            let id = |event| term(event).map_or(NameId(0), |term| names.id(&term));
            of.terms = events.events().map(id).collect();
        }
        if events.has_item_text(ItemText::PromoName) || events.has_item_text(ItemText::PromoId) {
            let lines = events.events().flat_map(EventRef::items);
            let name = |item| promotion_name(item).map_or(NameId(0), |name| names.id(name));
            of.promotions = lines.map(name).collect();
        }
        let campaigns = events.label_values(Label::UtmCampaign).into_iter();
        of.campaigns = campaigns.map(|name| names.id(name)).collect();
        if events.has_text(Text::Referrer) {
            let host = |event| referrer_host(event).map_or(NameId(0), |host| names.id(&host));
            of.referrers = events.events().map(host).collect();
        }
        if events.has_text(Text::Url) {
            let mut landings = Landings {
                recent: [(0, NameId(0)); RECENT_MAX],
                page: String::new(),
            };
            let page = |event| landings.id(event, names);
            of.landings = events.events().map(page).collect();
        }
        of
    }

    /// How an event's visitor came, as far as texts say it.
    pub fn entry(&self, event: EventRef<'_>) -> Entry {
        let of_row = |names: &[NameId]| names.get(event.row()).copied().unwrap_or_default();
        let campaign = event.label_key(Label::UtmCampaign);
        Entry {
            campaign: campaign.map_or(NameId(0), |key| self.campaigns[usize::from(key)]),
            referrer: of_row(&self.referrers),
            landing: of_row(&self.landings),
            ..Entry::default()
        }
    }

    /// The coupon of an event.
    pub fn coupon(&self, event: EventRef<'_>) -> NameId {
        self.coupons.get(event.row()).copied().unwrap_or_default()
    }

    /// What a search was for.
    pub fn term(&self, event: EventRef<'_>) -> NameId {
        self.terms.get(event.row()).copied().unwrap_or_default()
    }

    /// The promotions of an event's lines; nothing where no event of the batch has one.
    pub fn promotions(&self, event: EventRef<'_>) -> &[NameId] {
        self.promotions.get(event.item_rows()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    //! What is resolved for a batch, and how seldom names are looked up.

    use super::*;
    use event::batch::Stamp;
    use event::{Event, EventBatchBuilder, EventId, EventTime};

    fn batch(urls: impl Iterator<Item = String>) -> EventBatch {
        let mut builder = EventBatchBuilder::default();
        let stamp = Stamp {
            store: "main",
            source: "test",
            received: EventTime(0),
        };
        for (url, number) in urls.zip(1..) {
            let mut event = Event::new(EventType::PageView);
            (event.id, event.time) = (Some(EventId(number)), Some(EventTime(0)));
            event.set_text(Text::Url, url);
            builder.append(&event, stamp);
        }
        builder.finish()
    }

    #[test]
    fn pages_that_come_again_in_a_batch_are_one_name() {
        let url = |nth: usize| format!("https://shop.example/c/{}?nth={}", nth % 3, nth % 7);
        let events = batch((0..1_000).map(url));
        let mut names = Names::default();
        let texts = TextNames::of(&events, &mut names);
        let page = |row: usize| names.text(texts.entry(events.event(row)).landing);
        assert_eq!(["/c/*"; 3], [page(0), page(500), page(999)]);
        assert_eq!(names.take_fresh().len(), 1);
    }

    #[test]
    fn a_batch_without_texts_has_no_lists() {
        let mut names = Names::default();
        let events = batch(std::iter::once(String::new()));
        let texts = TextNames::of(&events, &mut names);
        assert_eq!(texts.entry(events.event(0)), Entry::default());
        assert_eq!(texts.promotions(events.event(0)), &[]);
        assert!(texts.landings.is_empty() && texts.referrers.is_empty());
        assert!(texts.coupons.is_empty() && texts.promotions.is_empty());
    }
}
