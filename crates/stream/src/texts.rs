//! Names out of texts that few events have: coupons and promotions. They are resolved on the thread that reads the log, once
//! a batch, and cost nothing where a batch has none.

use crate::names::Names;
use analytics::cell::NameId;
use analytics::promotion::{coupon_code, promotion_name};
use event::schema::{ItemText, Text};
use event::{EventBatch, EventRef};

/// Names of a batch's texts. A list is empty where no event of the batch has such a text.
#[derive(Debug, Default)]
pub struct TextNames {
    /// By row of the event.
    coupons: Vec<NameId>,
    /// By row of the line.
    promotions: Vec<NameId>,
}

impl TextNames {
    /// Resolves the texts of a batch.
    pub fn of(events: &EventBatch, names: &mut Names) -> TextNames {
        let mut of = TextNames::default();
        if events.has_text(Text::Coupon) || events.has_item_text(ItemText::Coupon) {
            let code = |event| coupon_code(event).map_or(NameId(0), |code| names.id(&code));
            of.coupons = events.events().map(code).collect();
        }
        if events.has_item_text(ItemText::PromoName) || events.has_item_text(ItemText::PromoId) {
            let lines = events.events().flat_map(EventRef::items);
            let name = |item| promotion_name(item).map_or(NameId(0), |name| names.id(name));
            of.promotions = lines.map(name).collect();
        }
        of
    }

    /// The coupon of an event.
    pub fn coupon(&self, event: EventRef<'_>) -> NameId {
        self.coupons.get(event.row()).copied().unwrap_or_default()
    }

    /// The promotions of an event's lines; nothing where no event of the batch has one.
    pub fn promotions(&self, event: EventRef<'_>) -> &[NameId] {
        self.promotions.get(event.item_rows()).unwrap_or_default()
    }
}
