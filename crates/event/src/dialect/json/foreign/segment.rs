//! Segment: track, page, screen, identify, group and alias calls with the e-commerce vocabulary of its specification, one or a batch.
//! A discount is of the whole order here; which of an order's sums counts follows from which were sent.

use super::super::JsonDialect;
use super::draft::{Draft, Keys, Note, Place, Use};
use super::envelope::Envelope;
use super::object::{MemberList, has_any, members_in, members_of, raw_of};
use super::{Decoded, Hand};
use crate::EventType::{self, *};
use crate::dialect::Decoding;
use crate::dialect::field::{Field, Style};
use crate::dialect::lookup::Lookup;
use crate::dialect::type_name::plain;
use crate::event::Str;
use crate::rejection::{Reason, Rejection};
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};
use std::borrow::Cow;

/// Names of tracked events, in lower case with underscores; any other is the shop's own.
/// The second version of the vocabulary, and the names of the first it is aliased to.
static TYPES: Lookup<EventType> = Lookup::new(&[
    ("products_searched", Search),
    ("product_list_viewed", ListView),
    ("viewed_product_category", ListView),
    ("product_list_filtered", ListView),
    ("promotion_viewed", PromoView),
    ("viewed_promotion", PromoView),
    ("promotion_clicked", PromoClick),
    ("clicked_promotion", PromoClick),
    ("product_clicked", ItemClick),
    ("clicked_product", ItemClick),
    ("product_viewed", ItemView),
    ("viewed_product", ItemView),
    ("product_added", CartAdd),
    ("added_product", CartAdd),
    ("product_removed", CartRemove),
    ("removed_product", CartRemove),
    ("cart_viewed", CartView),
    ("viewed_cart", CartView),
    ("product_added_to_wishlist", WishlistAdd),
    ("product_removed_from_wishlist", WishlistRemove),
    ("wishlist_product_added_to_cart", WishlistToCart),
    ("checkout_started", CheckoutStart),
    ("started_order", CheckoutStart),
    ("checkout_step_viewed", CheckoutStep),
    ("viewed_checkout_step", CheckoutStep),
    ("checkout_step_completed", CheckoutStep),
    ("completed_checkout_step", CheckoutStep),
    ("payment_info_entered", CheckoutStep),
    ("order_completed", Order),
    ("completed_order", Order),
    ("order_updated", OrderUpdate),
    ("updated_order", OrderUpdate),
    ("order_cancelled", OrderCancel),
    ("order_canceled", OrderCancel),
    ("order_refunded", Refund),
    ("refunded_order", Refund),
    ("signed_up", SignUp),
    ("signed_in", Login),
    ("coupon_entered", CouponEnter),
    ("coupon_applied", CouponApply),
    ("coupon_denied", CouponDeny),
    ("coupon_removed", CouponRemove),
    ("product_shared", Share),
    ("cart_shared", Share),
    ("product_reviewed", Review),
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

/// Of a call.
static CALL: Keys = Keys::new(
    "",
    &[
        ("type", Use::Note(Note::Call)),
        ("event", Use::Note(Note::EventName)),
        ("name", Use::Note(Note::PageName)),
        ("messageId", Use::Field(Field::EventId)),
        ("userId", text(Text::CustomerId)),
        ("anonymousId", text(Text::AnonymousId)),
        ("timestamp", Use::Field(Field::Time)),
        ("originalTimestamp", Use::Note(Note::SecondTime)),
        ("sentAt", Use::Field(Field::Number(Number::TimeSent))),
        ("receivedAt", Use::Note(Note::FourthTime)),
        ("context", Use::Object(&CONTEXT)),
        ("properties", Use::Object(&PROPERTIES)),
        ("traits", Use::Object(&TRAITS)),
        // The key a call was let in with is no part of what happened.
        ("writeKey", Use::Dropped),
    ],
);

/// Of a batch, around its calls.
static BATCH: Keys = Keys::new(
    "batch",
    &[
        ("sentAt", Use::Field(Field::Number(Number::TimeSent))),
        ("context", Use::Object(&BATCH_CONTEXT)),
        ("writeKey", Use::Dropped),
    ],
);

static BATCH_CONTEXT: Keys = Keys::new(
    "batch.context",
    &[
        ("ip", text(Text::Ip)),
        ("userAgent", label(Label::UserAgent)),
    ],
);

static CONTEXT: Keys = Keys::new(
    "context",
    &[
        ("ip", text(Text::Ip)),
        ("userAgent", label(Label::UserAgent)),
        ("page", Use::Object(&PAGE)),
        ("campaign", Use::Object(&CAMPAIGN)),
        ("os", Use::Object(&OS)),
        ("location", Use::Object(&LOCATION)),
        ("traits", Use::Object(&CONTEXT_TRAITS)),
    ],
);

static PAGE: Keys = Keys::new(
    "context.page",
    &[
        ("url", text(Text::Url)),
        ("title", text(Text::Title)),
        ("referrer", text(Text::Referrer)),
    ],
);

static CAMPAIGN: Keys = Keys::new(
    "context.campaign",
    &[
        ("name", label(Label::UtmCampaign)),
        ("source", label(Label::UtmSource)),
        ("medium", label(Label::UtmMedium)),
        ("term", label(Label::UtmTerm)),
        ("content", label(Label::UtmContent)),
    ],
);

static OS: Keys = Keys::new("context.os", &[("name", label(Label::Os))]);

static LOCATION: Keys = Keys::new(
    "context.location",
    &[
        ("city", label(Label::City)),
        ("region", label(Label::Region)),
        ("country", label(Label::Country)),
        (
            "latitude",
            Use::Field(Field::Coordinate(Coordinate::Latitude)),
        ),
        (
            "longitude",
            Use::Field(Field::Coordinate(Coordinate::Longitude)),
        ),
    ],
);

static TRAITS: Keys = Keys::new(
    "traits",
    &[
        ("email", text(Text::Email)),
        ("name", text(Text::Name)),
        ("address", text(Text::Address)),
    ],
);

static CONTEXT_TRAITS: Keys = Keys::new(
    "context.traits",
    &[
        ("email", text(Text::Email)),
        ("name", text(Text::Name)),
        ("address", text(Text::Address)),
    ],
);

static PROPERTIES: Keys = Keys::new(
    "properties",
    &[
        ("products", Use::Items(&PRODUCT)),
        ("order_id", text(Text::OrderId)),
        ("refund_id", text(Text::RefundId)),
        ("cart_id", text(Text::CartId)),
        ("checkout_id", text(Text::CheckoutId)),
        ("affiliation", label(Label::Affiliation)),
        ("currency", label(Label::Currency)),
        ("revenue", amount(Amount::Revenue)),
        ("subtotal", amount(Amount::Subtotal)),
        ("total", Use::Note(Note::Total)),
        ("value", Use::Note(Note::Value)),
        ("discount", amount(Amount::Discount)),
        ("tax", amount(Amount::Tax)),
        ("shipping", amount(Amount::Shipping)),
        ("refund_amount", amount(Amount::RefundAmount)),
        ("coupon", text(Text::Coupon)),
        ("coupon_id", text(Text::Coupon)),
        ("reason", text(Text::Reason)),
        ("step", Use::Field(Field::Number(Number::Step))),
        ("payment_method", label(Label::PaymentMethod)),
        ("shipping_method", label(Label::ShippingMethod)),
        ("query", text(Text::Query)),
        ("filters", text(Text::Filters)),
        ("sorts", text(Text::Sorts)),
        ("email", text(Text::Email)),
        ("title", text(Text::Title)),
        ("referrer", text(Text::Referrer)),
        ("url", Use::Note(Note::Url)),
        ("name", Use::Note(Note::Name)),
        ("position", Use::Note(Note::Position)),
        ("product_id", item_text(ItemText::ProductId)),
        ("sku", item_text(ItemText::Sku)),
        (
            "category",
            Use::Field(Field::ItemLabel(ItemLabel::CategoryPath)),
        ),
        ("brand", item_text(ItemText::Brand)),
        ("variant", item_text(ItemText::Variant)),
        (
            "price",
            Use::Field(Field::ItemAmount(ItemAmount::UnitPrice)),
        ),
        (
            "quantity",
            Use::Field(Field::ItemAmount(ItemAmount::Quantity)),
        ),
        ("image_url", item_text(ItemText::ImageUrl)),
        ("list_id", Use::Shared(Field::ItemText(ItemText::ListId))),
        (
            "promotion_id",
            Use::Shared(Field::ItemText(ItemText::PromoId)),
        ),
        ("creative", Use::Shared(Field::ItemText(ItemText::Creative))),
    ],
);

static PRODUCT: Keys = Keys::new(
    "items",
    &[
        ("product_id", item_text(ItemText::ProductId)),
        ("sku", item_text(ItemText::Sku)),
        ("name", item_text(ItemText::Name)),
        (
            "category",
            Use::Field(Field::ItemLabel(ItemLabel::CategoryPath)),
        ),
        ("brand", item_text(ItemText::Brand)),
        ("variant", item_text(ItemText::Variant)),
        (
            "price",
            Use::Field(Field::ItemAmount(ItemAmount::UnitPrice)),
        ),
        (
            "quantity",
            Use::Field(Field::ItemAmount(ItemAmount::Quantity)),
        ),
        ("coupon", item_text(ItemText::Coupon)),
        (
            "currency",
            Use::Field(Field::ItemLabel(ItemLabel::Currency)),
        ),
        (
            "position",
            Use::Field(Field::ItemNumber(ItemNumber::Position)),
        ),
        ("url", item_text(ItemText::Url)),
        ("image_url", item_text(ItemText::ImageUrl)),
    ],
);

/// What an object of it looks like.
pub(super) fn look(members: &MemberList<'_>) -> Option<&'static str> {
    if raw_of(members, "batch").is_some_and(|raw| raw.starts_with("[{")) {
        return Some("a Segment batch");
    }
    let senders = ["anonymousId", "userId", "messageId"];
    let is_call = has_any(members, &senders);
    match raw_of(members, "type")? {
        "\"track\"" if is_call => Some("a Segment track call"),
        "\"page\"" if is_call => Some("a Segment page call"),
        "\"screen\"" if is_call => Some("a Segment screen call"),
        "\"identify\"" if is_call => Some("a Segment identify call"),
        "\"group\"" if is_call => Some("a Segment group call"),
        "\"alias\"" if is_call => Some("a Segment alias call"),
        _ => None,
    }
}

/// Whether a call or a batch has this key at the top.
pub(super) fn knows(key: &str) -> bool {
    CALL.know(key) || matches!(key, "batch" | "integrations" | "version" | "channel")
}

/// Reads a call or a batch.
pub(super) fn decode(
    text: &str,
    decoding: &Decoding<'_>,
    hand: &mut Hand<'_>,
) -> Result<(), Rejection> {
    let members = members_of(text)?;
    if members.iter().any(|(key, _)| key == "batch") {
        return batch(text, members, decoding, hand);
    }
    hand(
        call(members, decoding).and_then(|draft| finish(draft, decoding)),
        text.as_bytes(),
    );
    Ok(())
}

fn batch<'t>(
    text: &'t str,
    mut members: MemberList<'t>,
    decoding: &Decoding<'t>,
    hand: &mut Hand<'_>,
) -> Result<(), Rejection> {
    let at = members.iter().position(|(key, _)| key == "batch");
    let (_, calls) = members.remove(at.expect("the caller found the key"));
    let mut envelope = new_draft(decoding);
    envelope.object(Place::at(BATCH.path), &BATCH, members)?;
    let envelope = envelope.sealed()?;
    Envelope::new(text, calls).each("batch", hand, |raw_call, raw, hand| {
        hand(call_of_batch(raw_call, &envelope, decoding), raw);
    })
}

fn call_of_batch<'t>(
    raw: &'t str,
    envelope: &'t Draft<'_>,
    decoding: &Decoding<'t>,
) -> Decoded<'t> {
    let mut draft = call(members_in("batch", raw)?, decoding)?;
    draft.fill_from(envelope);
    finish(draft, decoding)
}

fn new_draft<'t>(decoding: &Decoding<'t>) -> Draft<'t> {
    Draft::new(Style {
        zone: decoding.zone,
        decimal_comma: false,
    })
}

fn call<'t>(mut members: MemberList<'t>, decoding: &Decoding<'t>) -> Result<Draft<'t>, Rejection> {
    let mut draft = new_draft(decoding);
    if raw_of(&members, "type") == Some("\"group\"")
        && let Some(at) = members.iter().position(|(key, _)| key == "traits")
    {
        // They are the group's, not the visitor's.
        let (key, raw) = members.remove(at);
        draft.keep_as(&[&key], raw)?;
    }
    draft.object(Place::TOP, &CALL, members)?;
    Ok(draft)
}

fn finish<'t>(mut draft: Draft<'t>, decoding: &Decoding<'t>) -> Decoded<'t> {
    settle_type(&mut draft)?;
    settle_time(&mut draft)?;
    settle_names(&mut draft)?;
    settle_amounts(&mut draft)?;
    let mut event = draft.finish(JsonDialect::Segment, decoding)?;
    settle_revenue(&mut event);
    Ok(event)
}

/// The event's own time, else the sender's clock as it was, else when the call was sent or came in.
fn settle_time(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    draft.fall_back_on(Note::SecondTime)?;
    if let (None, Some(sent)) = (draft.event.time, draft.event.number(Number::TimeSent)) {
        draft.event.time = Some(crate::EventTime(sent));
        draft.event.mark_inferred("ts_event");
    }
    draft.fall_back_on_arrival(Note::FourthTime)
}

fn settle_type(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let call = draft.take_text(Note::Call)?;
    let name = draft.take_text(Note::EventName)?;
    let (kind, name): (EventType, Str<'_>) = match (call.as_deref(), name) {
        (Some("page"), _) => (PageView, Cow::Borrowed("page")),
        (Some("screen"), _) => (PageView, Cow::Borrowed("screen")),
        (Some("identify"), _) => (Identify, Cow::Borrowed("identify")),
        (Some("group"), _) => (Custom, Cow::Borrowed("group")),
        (Some("alias"), _) => (Custom, Cow::Borrowed("alias")),
        (_, Some(name)) => (type_of(&name), name),
        _ => {
            let detail = "the call has no event name and is of no other known type";
            return Err(Rejection::new(Reason::TypeMissing, detail));
        }
    };
    if kind == CheckoutStep && draft.event.number(Number::Step).is_none() {
        draft.event.set_label(Label::StepName, plain(&name));
    }
    draft.set_type(kind, name)
}

fn type_of(name: &str) -> EventType {
    TYPES
        .find(plain(name).as_bytes())
        .map_or(Custom, |(_, kind)| *kind)
}

/// A name, a place and an address are a promotion's, a page's or a product's.
fn settle_names(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    match draft.event.kind {
        PromoView | PromoClick => {
            draft.settle_shared(Note::Name, Field::ItemText(ItemText::PromoName));
            draft.settle_shared(Note::Position, Field::ItemText(ItemText::Slot));
        }
        PageView => {
            draft.settle(Note::Url, Field::Text(Text::Url))?;
            draft.settle(Note::PageName, Field::Text(Text::Title))?;
        }
        _ => {
            draft.settle(Note::Name, Field::ItemText(ItemText::Name))?;
            draft.settle(Note::Position, Field::ItemNumber(ItemNumber::Position))?;
            draft.settle(Note::Url, Field::ItemText(ItemText::Url))?;
        }
    }
    Ok(())
}

fn settle_amounts(draft: &mut Draft<'_>) -> Result<(), Rejection> {
    let (total, value) = match draft.event.kind {
        Refund => (Amount::RefundAmount, Amount::RefundAmount),
        Order | OrderUpdate | OrderCancel | CheckoutStart | CheckoutStep => {
            (Amount::Total, Amount::Total)
        }
        _ => (Amount::Total, Amount::Subtotal),
    };
    draft.settle_amount(Note::Total, total)?;
    draft.settle_amount(Note::Value, value)
}

/// An order that names its revenue by another sum.
fn settle_revenue(event: &mut crate::Event<'_>) {
    if event.kind != Order || event.amount(Amount::Revenue).is_some() {
        return;
    }
    let other = event
        .amount(Amount::Total)
        .or(event.amount(Amount::Subtotal));
    if let Some(amount) = other {
        event.set_amount(Amount::Revenue, amount);
        event.mark_inferred(Amount::Revenue.name());
    }
}
