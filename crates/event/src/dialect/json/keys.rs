//! The names of fields in the JSON we take, as data: which key stands for what, at the top, in an item, in a place.

use super::JsonDialect;
use crate::dialect::Field;
use crate::dialect::lookup::Lookup;
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};

/// What a key at the top of an event stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A field of the event.
    Field(Field),
    /// A field of the one item that is written into the event itself; what a product's id means depends on the dialect.
    OfItem(Field),
    /// `{city, region, country, lat, lon}`.
    Place,
    /// The line items.
    Items,
    /// `{code, type}`.
    Error,
    /// A customer's name, or a product's where the event itself names a product.
    Name,
    /// The store the sender thinks the event belongs to.
    Store,
}

const fn text(column: Text) -> Key {
    Key::Field(Field::Text(column))
}

const fn label(column: Label) -> Key {
    Key::Field(Field::Label(column))
}

const fn amount(column: Amount) -> Key {
    Key::Field(Field::Amount(column))
}

const fn of_item(field: Field) -> Key {
    Key::OfItem(field)
}

/// Most keys a table here may have: what was seen is marked by one bit each.
pub(super) const EVENT_KEYS_MAX: usize = 128;

/// Keys of the event itself. Their indexes below mark what was seen, so they number at most 128.
pub(super) static EVENT: Lookup<Key> = Lookup::new(&[
    ("event_type", Key::Field(Field::Type)),
    ("product_name", of_item(Field::ItemText(ItemText::Name))),
    ("ip_address", text(Text::Ip)),
    ("location", Key::Place),
    ("type", Key::Field(Field::Type)),
    ("items", Key::Items),
    ("customer_email", text(Text::Email)),
    ("customer_name", text(Text::Name)),
    ("customer_address", text(Text::Address)),
    ("event_id", Key::Field(Field::EventId)),
    ("ts", Key::Field(Field::Time)),
    ("timestamp", Key::Field(Field::Time)),
    ("ts_event", Key::Field(Field::Time)),
    ("event_time", Key::Field(Field::Time)),
    ("event_timestamp", Key::Field(Field::Time)),
    ("ts_sent", Key::Field(Field::Number(Number::TimeSent))),
    ("store", Key::Store),
    ("anonymous_id", text(Text::AnonymousId)),
    ("customer_id", text(Text::CustomerId)),
    ("user_id", text(Text::CustomerId)),
    ("email", text(Text::Email)),
    ("name", Key::Name),
    ("address", text(Text::Address)),
    ("source_session_id", text(Text::SourceSessionId)),
    ("session_id", text(Text::SourceSessionId)),
    ("url", text(Text::Url)),
    ("page_url", text(Text::Url)),
    ("title", text(Text::Title)),
    ("page_title", text(Text::Title)),
    ("referrer", text(Text::Referrer)),
    ("click_ids", text(Text::ClickIds)),
    ("ip", text(Text::Ip)),
    ("cart_id", text(Text::CartId)),
    ("checkout_id", text(Text::CheckoutId)),
    ("order_id", text(Text::OrderId)),
    ("refund_id", text(Text::RefundId)),
    ("reason", text(Text::Reason)),
    ("coupon", text(Text::Coupon)),
    ("query", text(Text::Query)),
    ("search_query", text(Text::Query)),
    ("search_term", text(Text::Query)),
    ("filters", text(Text::Filters)),
    ("sorts", text(Text::Sorts)),
    ("error", Key::Error),
    ("error_code", text(Text::ErrorCode)),
    ("error_type", text(Text::ErrorType)),
    ("consent", text(Text::Consent)),
    ("user_agent", label(Label::UserAgent)),
    ("device_type", label(Label::DeviceType)),
    ("device", label(Label::DeviceType)),
    ("browser", label(Label::Browser)),
    ("os", label(Label::Os)),
    ("geo", Key::Place),
    ("city", label(Label::City)),
    ("region", label(Label::Region)),
    ("country", label(Label::Country)),
    ("lat", Key::Field(Field::Coordinate(Coordinate::Latitude))),
    (
        "latitude",
        Key::Field(Field::Coordinate(Coordinate::Latitude)),
    ),
    ("lon", Key::Field(Field::Coordinate(Coordinate::Longitude))),
    (
        "longitude",
        Key::Field(Field::Coordinate(Coordinate::Longitude)),
    ),
    ("utm_source", label(Label::UtmSource)),
    ("utm_medium", label(Label::UtmMedium)),
    ("utm_campaign", label(Label::UtmCampaign)),
    ("utm_term", label(Label::UtmTerm)),
    ("utm_content", label(Label::UtmContent)),
    ("step", Key::Field(Field::Number(Number::Step))),
    ("step_name", label(Label::StepName)),
    ("currency", label(Label::Currency)),
    ("payment_method", label(Label::PaymentMethod)),
    ("shipping_method", label(Label::ShippingMethod)),
    ("affiliation", label(Label::Affiliation)),
    ("warehouse", label(Label::Warehouse)),
    ("gross", amount(Amount::Gross)),
    ("subtotal", amount(Amount::Subtotal)),
    ("discount", amount(Amount::Discount)),
    ("tax", amount(Amount::Tax)),
    ("shipping", amount(Amount::Shipping)),
    ("duties", amount(Amount::Duties)),
    ("revenue", amount(Amount::Revenue)),
    ("total", amount(Amount::Total)),
    ("refund_amount", amount(Amount::RefundAmount)),
    ("stock_level", amount(Amount::StockLevel)),
    ("stock_delta", amount(Amount::StockDelta)),
    ("old_price", amount(Amount::OldPrice)),
    ("new_price", amount(Amount::NewPrice)),
    (
        "results_count",
        Key::Field(Field::Number(Number::ResultsCount)),
    ),
    ("is_bot", Key::Field(Field::Number(Number::IsBot))),
    ("product_id", of_item(Field::ItemText(ItemText::ProductId))),
    ("sku", of_item(Field::ItemText(ItemText::Sku))),
    ("brand", of_item(Field::ItemText(ItemText::Brand))),
    ("variant", of_item(Field::ItemText(ItemText::Variant))),
    ("size", of_item(Field::ItemText(ItemText::Size))),
    (
        "category",
        of_item(Field::ItemLabel(ItemLabel::CategoryPath)),
    ),
    (
        "category_path",
        of_item(Field::ItemLabel(ItemLabel::CategoryPath)),
    ),
    ("category_code", of_item(Field::CategoryCode)),
    (
        "category_id",
        of_item(Field::ItemText(ItemText::CategoryId)),
    ),
    ("price", of_item(Field::ItemAmount(ItemAmount::UnitPrice))),
    (
        "unit_price",
        of_item(Field::ItemAmount(ItemAmount::UnitPrice)),
    ),
    (
        "list_price",
        of_item(Field::ItemAmount(ItemAmount::ListPrice)),
    ),
    (
        "unit_discount",
        of_item(Field::ItemAmount(ItemAmount::UnitDiscount)),
    ),
    ("quantity", of_item(Field::ItemAmount(ItemAmount::Quantity))),
    ("position", of_item(Field::ItemNumber(ItemNumber::Position))),
    ("list_id", of_item(Field::ItemText(ItemText::ListId))),
    ("list_name", of_item(Field::ItemText(ItemText::ListName))),
    ("promo_id", of_item(Field::ItemText(ItemText::PromoId))),
    ("promo_name", of_item(Field::ItemText(ItemText::PromoName))),
    (
        "stock_status",
        of_item(Field::ItemText(ItemText::StockStatus)),
    ),
    ("image_url", of_item(Field::ItemText(ItemText::ImageUrl))),
]);

/// Keys that tell the seeds' events from our own: what they must have, and what they never have.
const EVENT_TYPE: u128 = 1;
const PRODUCT_NAME: u128 = 1 << 1;
const IP_ADDRESS: u128 = 1 << 2;
const LOCATION: u128 = 1 << 3;
const TYPE: u128 = 1 << 4;
const ITEMS: u128 = 1 << 5;
const CUSTOMER_EMAIL: u128 = 1 << 6;
const CUSTOMER_NAME: u128 = 1 << 7;
const CUSTOMER_ADDRESS: u128 = 1 << 8;

/// Whose event has the keys seen, as bits of their indexes in [`EVENT`]: one of the seeds' or our own.
pub(super) fn dialect_of(seen: u128) -> JsonDialect {
    let required = EVENT_TYPE | PRODUCT_NAME;
    if seen & required != required || seen & (TYPE | ITEMS) != 0 {
        JsonDialect::Canonical
    } else if seen & (CUSTOMER_EMAIL | CUSTOMER_NAME | CUSTOMER_ADDRESS) != 0 {
        JsonDialect::SeedShop
    } else if seen & (IP_ADDRESS | LOCATION) != 0 {
        JsonDialect::SeedGenerator
    } else {
        JsonDialect::Canonical
    }
}

/// Keys of a place.
pub(super) static PLACE: Lookup<Field> = Lookup::new(&[
    ("city", Field::Label(Label::City)),
    ("region", Field::Label(Label::Region)),
    ("country", Field::Label(Label::Country)),
    ("lat", Field::Coordinate(Coordinate::Latitude)),
    ("latitude", Field::Coordinate(Coordinate::Latitude)),
    ("lon", Field::Coordinate(Coordinate::Longitude)),
    ("lng", Field::Coordinate(Coordinate::Longitude)),
    ("longitude", Field::Coordinate(Coordinate::Longitude)),
]);

/// Keys of an error.
pub(super) static ERROR: Lookup<Field> = Lookup::new(&[
    ("code", Field::Text(Text::ErrorCode)),
    ("type", Field::Text(Text::ErrorType)),
]);

/// Keys of a line item.
pub(super) static ITEM: Lookup<Field> = Lookup::new(&[
    ("line", Field::ItemNumber(ItemNumber::Line)),
    ("kind", Field::ItemLabel(ItemLabel::Kind)),
    ("product_id", Field::ItemText(ItemText::ProductId)),
    ("item_id", Field::ItemText(ItemText::ProductId)),
    ("sku", Field::ItemText(ItemText::Sku)),
    ("name", Field::ItemText(ItemText::Name)),
    ("product_name", Field::ItemText(ItemText::Name)),
    ("item_name", Field::ItemText(ItemText::Name)),
    ("brand", Field::ItemText(ItemText::Brand)),
    ("variant", Field::ItemText(ItemText::Variant)),
    ("size", Field::ItemText(ItemText::Size)),
    ("category_id", Field::ItemText(ItemText::CategoryId)),
    ("category", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("category_path", Field::ItemLabel(ItemLabel::CategoryPath)),
    ("category_code", Field::CategoryCode),
    ("price", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("unit_price", Field::ItemAmount(ItemAmount::UnitPrice)),
    ("list_price", Field::ItemAmount(ItemAmount::ListPrice)),
    ("unit_discount", Field::ItemAmount(ItemAmount::UnitDiscount)),
    ("quantity", Field::ItemAmount(ItemAmount::Quantity)),
    ("currency", Field::ItemLabel(ItemLabel::Currency)),
    ("coupon", Field::ItemText(ItemText::Coupon)),
    ("position", Field::ItemNumber(ItemNumber::Position)),
    ("list_id", Field::ItemText(ItemText::ListId)),
    ("list_name", Field::ItemText(ItemText::ListName)),
    ("promo_id", Field::ItemText(ItemText::PromoId)),
    ("promo_name", Field::ItemText(ItemText::PromoName)),
    ("creative", Field::ItemText(ItemText::Creative)),
    ("slot", Field::ItemText(ItemText::Slot)),
    ("location_id", Field::ItemText(ItemText::LocationId)),
    ("stock_status", Field::ItemText(ItemText::StockStatus)),
    ("url", Field::ItemText(ItemText::Url)),
    ("image_url", Field::ItemText(ItemText::ImageUrl)),
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_tell_dialects_apart_stand_where_their_bits_say() {
        let bit = |name: &str| 1_u128 << EVENT.find(name.as_bytes()).expect("a key of the table").0;
        let bits = [
            "event_type",
            "product_name",
            "ip_address",
            "location",
            "type",
            "items",
            "customer_email",
            "customer_name",
            "customer_address",
        ]
        .map(bit);
        assert_eq!(
            bits,
            [
                EVENT_TYPE,
                PRODUCT_NAME,
                IP_ADDRESS,
                LOCATION,
                TYPE,
                ITEMS,
                CUSTOMER_EMAIL,
                CUSTOMER_NAME,
                CUSTOMER_ADDRESS
            ]
        );
        assert!(EVENT.names().count() <= EVENT_KEYS_MAX);
    }

    #[test]
    fn every_column_a_sender_may_set_is_a_key_of_its_own_name() {
        for name in Field::names().filter(|name| *name != "product") {
            let known =
                EVENT.find(name.as_bytes()).is_some() || ITEM.find(name.as_bytes()).is_some();
            assert!(known, "{name} is no key");
        }
    }
}
