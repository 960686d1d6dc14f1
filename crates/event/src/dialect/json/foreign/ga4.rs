//! Google Analytics 4: bodies of the Measurement Protocol, of many events each, and rows of the BigQuery export.
//! A discount is of one piece here, and `value` is what the goods are worth without tax and shipping.

use super::super::JsonDialect;
use super::super::decode::{read_scalar, stopped};
use super::super::members::{Elements, Written};
use super::draft::{Draft, Keys, Note, Place, Use};
use super::envelope::Envelope;
use super::object::{MemberList, has_any, is_nothing, members_in, members_of, raw_of};
use super::{Decoded, Hand};
use crate::EventType::{self, *};
use crate::dialect::Decoding;
use crate::dialect::field::{Field, Style};
use crate::dialect::lookup::Lookup;
use crate::event::{Event, Item};
use crate::rejection::{Reason, Rejection};
use crate::schema::{Amount, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Text};
use crate::{Money, Quantity, SCALE};

/// The names of events; any other is the shop's own.
static TYPES: Lookup<EventType> = Lookup::new(&[
    ("page_view", PageView),
    ("screen_view", PageView),
    ("search", Search),
    ("view_search_results", Search),
    ("view_item_list", ListView),
    ("select_item", ItemClick),
    ("view_item", ItemView),
    ("add_to_cart", CartAdd),
    ("remove_from_cart", CartRemove),
    ("view_cart", CartView),
    ("add_to_wishlist", WishlistAdd),
    ("begin_checkout", CheckoutStart),
    ("add_shipping_info", CheckoutStep),
    ("add_payment_info", CheckoutStep),
    ("purchase", Order),
    ("refund", Refund),
    ("sign_up", SignUp),
    ("login", Login),
    ("view_promotion", PromoView),
    ("select_promotion", PromoClick),
    ("share", Share),
]);

const fn text(column: Text) -> Use {
    Use::Field(Field::Text(column))
}

const fn label(column: Label) -> Use {
    Use::Field(Field::Label(column))
}

const fn amount(column: Amount) -> Use {
    Use::Field(Field::Amount(column))
}

const fn item_text(column: ItemText) -> Use {
    Use::Field(Field::ItemText(column))
}

const fn shared_text(column: ItemText) -> Use {
    Use::Shared(Field::ItemText(column))
}

/// Of a body.
static BODY: Keys = Keys::new(
    "",
    &[
        ("client_id", text(Text::AnonymousId)),
        ("app_instance_id", text(Text::AnonymousId)),
        ("user_id", text(Text::CustomerId)),
        ("timestamp_micros", Use::Field(Field::Time)),
        ("ip_override", text(Text::Ip)),
        ("user_agent", label(Label::UserAgent)),
        ("consent", text(Text::Consent)),
        ("device", Use::Object(&DEVICE)),
        ("user_location", Use::Object(&LOCATION)),
    ],
);

/// Of one event of a body.
static EVENT: Keys = Keys::new(
    "event",
    &[
        ("name", Use::Note(Note::EventName)),
        ("params", Use::Object(&PARAMS)),
        ("timestamp_micros", Use::Field(Field::Time)),
    ],
);

/// Of an event's parameters, in a body or in a row.
static PARAMS: Keys = Keys::new(
    "params",
    &[
        ("items", Use::Items(&ITEM)),
        ("timestamp_micros", Use::Field(Field::Time)),
        ("session_id", text(Text::SourceSessionId)),
        ("ga_session_id", text(Text::SourceSessionId)),
        ("page_location", text(Text::Url)),
        ("page_title", text(Text::Title)),
        ("page_referrer", text(Text::Referrer)),
        ("search_term", text(Text::Query)),
        ("campaign", label(Label::UtmCampaign)),
        ("source", label(Label::UtmSource)),
        ("medium", label(Label::UtmMedium)),
        ("term", label(Label::UtmTerm)),
        ("content", label(Label::UtmContent)),
        ("transaction_id", text(Text::OrderId)),
        ("affiliation", label(Label::Affiliation)),
        ("coupon", text(Text::Coupon)),
        ("currency", label(Label::Currency)),
        ("value", Use::Note(Note::Value)),
        ("tax", amount(Amount::Tax)),
        ("shipping", amount(Amount::Shipping)),
        ("payment_type", label(Label::PaymentMethod)),
        ("shipping_tier", label(Label::ShippingMethod)),
        ("item_list_id", shared_text(ItemText::ListId)),
        ("item_list_name", shared_text(ItemText::ListName)),
        ("promotion_id", shared_text(ItemText::PromoId)),
        ("promotion_name", shared_text(ItemText::PromoName)),
        ("creative_name", shared_text(ItemText::Creative)),
        ("creative_slot", shared_text(ItemText::Slot)),
        ("location_id", shared_text(ItemText::LocationId)),
    ],
);

static ITEM: Keys = Keys::new(
    "items",
    &[
        ("item_id", item_text(ItemText::ProductId)),
        ("item_name", item_text(ItemText::Name)),
        ("item_brand", item_text(ItemText::Brand)),
        ("item_variant", item_text(ItemText::Variant)),
        ("item_category", Use::Level(0)),
        ("item_category2", Use::Level(1)),
        ("item_category3", Use::Level(2)),
        ("item_category4", Use::Level(3)),
        ("item_category5", Use::Level(4)),
        (
            "price",
            Use::Field(Field::ItemAmount(ItemAmount::UnitPrice)),
        ),
        (
            "discount",
            Use::Field(Field::ItemAmount(ItemAmount::UnitDiscount)),
        ),
        (
            "quantity",
            Use::Field(Field::ItemAmount(ItemAmount::Quantity)),
        ),
        (
            "currency",
            Use::Field(Field::ItemLabel(ItemLabel::Currency)),
        ),
        ("coupon", item_text(ItemText::Coupon)),
        ("index", Use::Field(Field::ItemNumber(ItemNumber::Position))),
        (
            "item_list_index",
            Use::Field(Field::ItemNumber(ItemNumber::Position)),
        ),
        ("item_list_id", item_text(ItemText::ListId)),
        ("item_list_name", item_text(ItemText::ListName)),
        ("promotion_id", item_text(ItemText::PromoId)),
        ("promotion_name", item_text(ItemText::PromoName)),
        ("creative_name", item_text(ItemText::Creative)),
        ("creative_slot", item_text(ItemText::Slot)),
        ("location_id", item_text(ItemText::LocationId)),
        ("affiliation", label(Label::Affiliation)),
    ],
);

static DEVICE: Keys = Keys::new(
    "device",
    &[
        ("category", label(Label::DeviceType)),
        ("operating_system", label(Label::Os)),
        ("browser", label(Label::Browser)),
        ("web_info", Use::Object(&WEB_INFO)),
    ],
);

static WEB_INFO: Keys = Keys::new("device.web_info", &[("browser", label(Label::Browser))]);

static LOCATION: Keys = Keys::new(
    "user_location",
    &[
        ("city", label(Label::City)),
        ("region_id", label(Label::Region)),
        ("country_id", label(Label::Country)),
    ],
);

/// Of a row of the export.
static ROW: Keys = Keys::new(
    "",
    &[
        ("event_name", Use::Note(Note::EventName)),
        ("event_timestamp", Use::Field(Field::Time)),
        ("user_pseudo_id", text(Text::AnonymousId)),
        ("user_id", text(Text::CustomerId)),
        ("items", Use::Items(&ITEM)),
        ("device", Use::Object(&DEVICE)),
        ("geo", Use::Object(&GEO)),
        ("ecommerce", Use::Object(&ECOMMERCE)),
        ("collected_traffic_source", Use::Object(&TRAFFIC)),
    ],
);

static GEO: Keys = Keys::new(
    "geo",
    &[
        ("city", label(Label::City)),
        ("region", label(Label::Region)),
        ("country", label(Label::Country)),
    ],
);

static ECOMMERCE: Keys = Keys::new(
    "ecommerce",
    &[
        ("transaction_id", text(Text::OrderId)),
        ("purchase_revenue", amount(Amount::Revenue)),
        ("refund_value", amount(Amount::RefundAmount)),
        ("tax_value", amount(Amount::Tax)),
        ("shipping_value", amount(Amount::Shipping)),
    ],
);

static TRAFFIC: Keys = Keys::new(
    "collected_traffic_source",
    &[
        ("manual_campaign_name", label(Label::UtmCampaign)),
        ("manual_source", label(Label::UtmSource)),
        ("manual_medium", label(Label::UtmMedium)),
        ("manual_term", label(Label::UtmTerm)),
        ("manual_content", label(Label::UtmContent)),
    ],
);

/// What an empty cell of the export may read.
const NOT_SET: &str = "\"(not set)\"";

/// What an object of it looks like.
pub(super) fn look(members: &MemberList<'_>) -> Option<&'static str> {
    let holds_events = raw_of(members, "events").is_some_and(|raw| raw.starts_with('['));
    if holds_events && has_any(members, &["client_id", "app_instance_id", "user_id"]) {
        return Some("a body of GA4's Measurement Protocol");
    }
    let is_row = raw_of(members, "event_name").is_some()
        && has_any(members, &["event_params", "user_pseudo_id"]);
    is_row.then_some("a row of GA4's BigQuery export")
}

/// Whether one of the two forms has this key at the top.
pub(super) fn knows(key: &str) -> bool {
    key == "events" || key == "event_params" || BODY.know(key) || ROW.know(key)
}

/// Reads a body or a row.
pub(super) fn decode(
    text: &str,
    decoding: &Decoding<'_>,
    hand: &mut Hand<'_>,
) -> Result<(), Rejection> {
    let members = members_of(text)?;
    if has_any(&members, &["event_name", "event_params", "event_timestamp"]) {
        hand(row(members, decoding), text.as_bytes());
        return Ok(());
    }
    body(text, members, decoding, hand)
}

fn style<'t>(decoding: &Decoding<'t>) -> Style<'t> {
    Style {
        zone: decoding.zone,
        decimal_comma: false,
    }
}

fn body<'t>(
    text: &'t str,
    mut members: MemberList<'t>,
    decoding: &Decoding<'t>,
    hand: &mut Hand<'_>,
) -> Result<(), Rejection> {
    let Some(at) = members.iter().position(|(key, _)| key == "events") else {
        let detail = "a body of the Measurement Protocol has events";
        return Err(Rejection::new(Reason::TypeMissing, detail));
    };
    let (_, events) = members.remove(at);
    let mut envelope = Draft::new(style(decoding));
    envelope.object(Place::TOP, &BODY, members)?;
    let envelope = envelope.sealed()?;
    Envelope::new(text, events).each("events", hand, |event, raw, hand| {
        hand(event_of_body(event, &envelope, decoding), raw);
    })
}

fn event_of_body<'t>(
    event: &'t str,
    envelope: &'t Draft<'_>,
    decoding: &Decoding<'t>,
) -> Decoded<'t> {
    let mut draft = Draft::new(style(decoding));
    draft.object(Place::at(EVENT.path), &EVENT, members_in("events", event)?)?;
    draft.fill_from(envelope);
    finish(draft, decoding)
}

fn row<'t>(members: MemberList<'t>, decoding: &Decoding<'t>) -> Decoded<'t> {
    let mut draft = Draft::new(style(decoding)).without(NOT_SET);
    for (key, raw) in members {
        if key == "event_params" {
            row_params(&mut draft, raw)?;
        } else {
            draft.member(Place::TOP, &ROW, key, raw)?;
        }
    }
    finish(draft, decoding)
}

/// Parameters come as a list of keys, each with its value under the name of its kind.
fn row_params<'t>(draft: &mut Draft<'t>, raw: &'t str) -> Result<(), Rejection> {
    if is_nothing(raw) {
        return Ok(());
    }
    let params = Elements::of(raw)
        .ok_or_else(|| Rejection::of_field(Reason::WrongType, "event_params", "no array"))?;
    for param in params {
        let members = members_in("event_params", param.map_err(stopped)?)?;
        let find = |name: &str| members.iter().find(|(key, _)| key == name);
        let (Some((_, key)), Some((_, value))) = (find("key"), find("value")) else {
            continue;
        };
        let key = read_scalar("key", Written::of(key), false)?.text;
        let kinds = members_in("value", value)?;
        if let Some((_, raw)) = kinds.into_iter().find(|(_, raw)| !is_nothing(raw)) {
            draft.member(Place::at("event_params"), &PARAMS, key, raw)?;
        }
    }
    Ok(())
}

fn finish<'t>(mut draft: Draft<'t>, decoding: &Decoding<'t>) -> Decoded<'t> {
    let Some(name) = draft.take_text(Note::EventName)? else {
        let detail = "the event has no name";
        return Err(Rejection::new(Reason::TypeMissing, detail));
    };
    let kind = TYPES
        .find(name.as_bytes())
        .map_or(Custom, |(_, kind)| *kind);
    if kind == CheckoutStep {
        draft.event.set_label(Label::StepName, name.clone());
    }
    draft.set_type(kind, name)?;
    let worth = match kind {
        Order => Amount::Revenue,
        Refund => Amount::RefundAmount,
        _ => Amount::Subtotal,
    };
    draft.settle_amount(Note::Value, worth)?;
    let mut event = draft.finish(JsonDialect::Ga4, decoding)?;
    let mut is_inferred = false;
    for item in &mut event.items {
        is_inferred |= set_list_price(item);
    }
    if is_inferred {
        event.mark_inferred(ItemAmount::ListPrice.name());
    }
    infer_discount(&mut event);
    Ok(event)
}

/// An order worth less than its items had a discount as a whole, for which there is no parameter.
fn infer_discount(event: &mut Event<'_>) {
    let (Order, Some(value), None) = (
        event.kind,
        event.amount(Amount::Revenue),
        event.amount(Amount::Discount),
    ) else {
        return;
    };
    let worth = |item: &Item<'_>| {
        let quantity = item
            .amount(ItemAmount::Quantity)
            .map_or(Quantity(SCALE), Quantity);
        Some(Money(item.amount(ItemAmount::UnitPrice)?).times(quantity))
    };
    let Some(worth) = event.items.iter().map(worth).sum::<Option<i128>>() else {
        return;
    };
    if let Ok(discount) = i64::try_from(worth - i128::from(value))
        && value >= 0
        && discount > 0
    {
        event.set_amount(Amount::Discount, discount);
        event.mark_inferred(Amount::Discount.name());
    }
}

/// The price is what is paid for a piece: with the discount on it, it is the price of the list.
fn set_list_price(item: &mut Item<'_>) -> bool {
    let price = item.amount(ItemAmount::UnitPrice);
    let discount = item.amount(ItemAmount::UnitDiscount);
    match (price, discount) {
        (Some(price), Some(discount)) if discount > 0 => {
            item.set_amount(ItemAmount::ListPrice, price.saturating_add(discount));
            true
        }
        _ => false,
    }
}
