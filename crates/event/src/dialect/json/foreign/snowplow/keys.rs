//! Snowplow's names as data: fields of tracked and of enriched events, and the entities and events whose schemas we read.
//! An entity of another schema is kept as it came.

use super::super::draft::{Keys, Note, Use};
use crate::EventType::{self, *};
use crate::dialect::field::Field;
use crate::dialect::lookup::Lookup;
use crate::schema::{
    Amount, Coordinate, ItemAmount, ItemLabel, ItemNumber, ItemText, Label, Number, Text,
};

/// Names of e-commerce actions, of events and of schemas; any other is the shop's own.
pub(super) static TYPES: Lookup<EventType> = Lookup::new(&[
    ("page_view", PageView),
    ("screen_view", PageView),
    ("site_search", Search),
    ("list_view", ListView),
    ("list_click", ItemClick),
    ("product_view", ItemView),
    ("add_to_cart", CartAdd),
    ("remove_from_cart", CartRemove),
    ("checkout_step", CheckoutStep),
    ("transaction", Order),
    ("transaction_item", OrderUpdate),
    ("refund", Refund),
    ("trns_error", PaymentError),
    ("transaction_error", PaymentError),
    ("promo_view", PromoView),
    ("promo_click", PromoClick),
]);

/// What an entity, or a self-describing event, is to the event.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Fields of it.
    Fields(&'static Keys),
    /// One of its items.
    Item(&'static Keys),
}

/// The last part of a schema's name: what a self-describing event is called.
pub(super) fn short_name(name: &str) -> &str {
    const VENDORS: [&str; 3] = [
        "com_snowplowanalytics_snowplow_ecommerce_",
        "com_snowplowanalytics_snowplow_",
        "com_snowplowanalytics_mobile_",
    ];
    VENDORS
        .iter()
        .find_map(|vendor| name.strip_prefix(vendor))
        .unwrap_or(name)
}

static SHAPES: Lookup<Shape> = Lookup::new(&[
    (
        "com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action",
        Shape::Fields(&ACTION_KEYS),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_product",
        Shape::Item(&PRODUCT),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_cart",
        Shape::Fields(&CART),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_transaction",
        Shape::Fields(&TRANSACTION),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_transaction_error",
        Shape::Fields(&TRANSACTION_ERROR),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_refund",
        Shape::Fields(&REFUND),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_checkout_step",
        Shape::Fields(&CHECKOUT_STEP),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_promotion",
        Shape::Fields(&PROMOTION),
    ),
    (
        "com_snowplowanalytics_snowplow_ecommerce_user",
        Shape::Fields(&USER),
    ),
    (
        "com_snowplowanalytics_snowplow_site_search",
        Shape::Fields(&SITE_SEARCH),
    ),
    (
        "com_snowplowanalytics_snowplow_add_to_cart",
        Shape::Item(&CART_ITEM),
    ),
    (
        "com_snowplowanalytics_snowplow_remove_from_cart",
        Shape::Item(&CART_ITEM),
    ),
    (
        "com_snowplowanalytics_snowplow_client_session",
        Shape::Fields(&CLIENT_SESSION),
    ),
    (
        "com_snowplowanalytics_mobile_screen_view",
        Shape::Fields(&SCREEN_VIEW),
    ),
]);

/// How a schema is read, by its name in flattened form.
pub(super) fn shape_of(name: &str) -> Option<Shape> {
    SHAPES.find(name.as_bytes()).map(|(_, shape)| *shape)
}

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

const fn item_amount(column: ItemAmount) -> Use {
    Use::Field(Field::ItemAmount(column))
}

const CATEGORY: Use = Use::Field(Field::ItemLabel(ItemLabel::CategoryPath));

/// Of a tracked event.
pub(super) static TRACKED: Keys = Keys::new(
    "",
    &[
        ("e", Use::Note(Note::Call)),
        ("eid", Use::Field(Field::EventId)),
        ("ttm", Use::Field(Field::Time)),
        ("dtm", Use::Note(Note::SecondTime)),
        ("stm", Use::Field(Field::Number(Number::TimeSent))),
        ("uid", text(Text::CustomerId)),
        ("duid", text(Text::AnonymousId)),
        ("tnuid", Use::Note(Note::SecondVisitor)),
        ("nuid", Use::Note(Note::SecondVisitor)),
        ("sid", text(Text::SourceSessionId)),
        ("ip", text(Text::Ip)),
        ("ua", label(Label::UserAgent)),
        ("url", text(Text::Url)),
        ("page", text(Text::Title)),
        ("refr", text(Text::Referrer)),
        ("se_ac", Use::Note(Note::Action)),
        ("tr_id", text(Text::OrderId)),
        ("tr_af", label(Label::Affiliation)),
        ("tr_tt", Use::Note(Note::Total)),
        ("tr_tx", amount(Amount::Tax)),
        ("tr_sh", amount(Amount::Shipping)),
        ("tr_cu", label(Label::Currency)),
        ("ti_id", text(Text::OrderId)),
        ("ti_sk", item_text(ItemText::ProductId)),
        ("ti_nm", item_text(ItemText::Name)),
        ("ti_ca", CATEGORY),
        ("ti_pr", item_amount(ItemAmount::UnitPrice)),
        ("ti_qu", item_amount(ItemAmount::Quantity)),
        ("ti_cu", label(Label::Currency)),
    ],
);

/// Of an enriched event.
pub(super) static ENRICHED: Keys = Keys::new(
    "",
    &[
        ("event", Use::Note(Note::Call)),
        ("event_name", Use::Note(Note::EventName)),
        ("event_id", Use::Field(Field::EventId)),
        ("derived_tstamp", Use::Field(Field::Time)),
        ("true_tstamp", Use::Note(Note::SecondTime)),
        ("dvce_created_tstamp", Use::Note(Note::ThirdTime)),
        ("dvce_tstamp", Use::Note(Note::ThirdTime)),
        ("collector_tstamp", Use::Note(Note::FourthTime)),
        (
            "dvce_sent_tstamp",
            Use::Field(Field::Number(Number::TimeSent)),
        ),
        ("user_id", text(Text::CustomerId)),
        ("domain_userid", text(Text::AnonymousId)),
        ("network_userid", Use::Note(Note::SecondVisitor)),
        ("domain_sessionid", text(Text::SourceSessionId)),
        ("user_ipaddress", text(Text::Ip)),
        ("useragent", label(Label::UserAgent)),
        ("br_family", label(Label::Browser)),
        ("os_family", label(Label::Os)),
        ("dvce_type", label(Label::DeviceType)),
        ("page_url", text(Text::Url)),
        ("page_title", text(Text::Title)),
        ("page_referrer", text(Text::Referrer)),
        ("mkt_source", label(Label::UtmSource)),
        ("mkt_medium", label(Label::UtmMedium)),
        ("mkt_campaign", label(Label::UtmCampaign)),
        ("mkt_term", label(Label::UtmTerm)),
        ("mkt_content", label(Label::UtmContent)),
        ("geo_city", label(Label::City)),
        ("geo_region", label(Label::Region)),
        ("geo_country", label(Label::Country)),
        (
            "geo_latitude",
            Use::Field(Field::Coordinate(Coordinate::Latitude)),
        ),
        (
            "geo_longitude",
            Use::Field(Field::Coordinate(Coordinate::Longitude)),
        ),
        ("se_action", Use::Note(Note::Action)),
        ("tr_orderid", text(Text::OrderId)),
        ("tr_affiliation", label(Label::Affiliation)),
        ("tr_total", Use::Note(Note::Total)),
        ("tr_tax", amount(Amount::Tax)),
        ("tr_shipping", amount(Amount::Shipping)),
        ("tr_currency", label(Label::Currency)),
        ("ti_orderid", text(Text::OrderId)),
        ("ti_sku", item_text(ItemText::ProductId)),
        ("ti_name", item_text(ItemText::Name)),
        ("ti_category", CATEGORY),
        ("ti_price", item_amount(ItemAmount::UnitPrice)),
        ("ti_quantity", item_amount(ItemAmount::Quantity)),
        ("ti_currency", label(Label::Currency)),
    ],
);

/// Where the action stands, which says what happened.
pub(super) const ACTION: &str = "action";

static ACTION_KEYS: Keys = Keys::new(
    ACTION,
    &[
        ("type", Use::Dropped),
        ("name", Use::Shared(Field::ItemText(ItemText::ListName))),
    ],
);

static PRODUCT: Keys = Keys::new(
    "items",
    &[
        ("id", item_text(ItemText::ProductId)),
        ("name", item_text(ItemText::Name)),
        ("category", CATEGORY),
        ("price", item_amount(ItemAmount::UnitPrice)),
        ("list_price", item_amount(ItemAmount::ListPrice)),
        ("quantity", item_amount(ItemAmount::Quantity)),
        ("size", item_text(ItemText::Size)),
        ("variant", item_text(ItemText::Variant)),
        ("brand", item_text(ItemText::Brand)),
        ("inventory_status", item_text(ItemText::StockStatus)),
        (
            "position",
            Use::Field(Field::ItemNumber(ItemNumber::Position)),
        ),
        (
            "currency",
            Use::Field(Field::ItemLabel(ItemLabel::Currency)),
        ),
        ("creative_id", item_text(ItemText::Creative)),
    ],
);

static CART: Keys = Keys::new(
    "cart",
    &[
        ("cart_id", text(Text::CartId)),
        ("total_value", Use::Note(Note::Total)),
        ("currency", label(Label::Currency)),
    ],
);

static TRANSACTION: Keys = Keys::new(
    "transaction",
    &[
        ("transaction_id", text(Text::OrderId)),
        ("revenue", amount(Amount::Revenue)),
        ("currency", label(Label::Currency)),
        ("payment_method", label(Label::PaymentMethod)),
        ("tax", amount(Amount::Tax)),
        ("shipping", amount(Amount::Shipping)),
        ("discount_code", text(Text::Coupon)),
        ("discount_amount", amount(Amount::Discount)),
    ],
);

static TRANSACTION_ERROR: Keys = Keys::new(
    "transaction_error",
    &[
        ("error_code", text(Text::ErrorCode)),
        ("error_shortcode", Use::Note(Note::SecondCode)),
        ("error_type", text(Text::ErrorType)),
        ("error_description", text(Text::Reason)),
    ],
);

static REFUND: Keys = Keys::new(
    "refund",
    &[
        ("transaction_id", text(Text::OrderId)),
        ("currency", label(Label::Currency)),
        ("refund_amount", amount(Amount::RefundAmount)),
        ("refund_reason", text(Text::Reason)),
    ],
);

static CHECKOUT_STEP: Keys = Keys::new(
    "checkout_step",
    &[
        ("step", Use::Field(Field::Number(Number::Step))),
        ("delivery_method", label(Label::ShippingMethod)),
        ("payment_method", label(Label::PaymentMethod)),
        ("coupon_code", text(Text::Coupon)),
        ("shipping_full_address", text(Text::Address)),
    ],
);

static PROMOTION: Keys = Keys::new(
    "promotion",
    &[
        ("id", Use::Shared(Field::ItemText(ItemText::PromoId))),
        ("name", Use::Shared(Field::ItemText(ItemText::PromoName))),
        (
            "creative_id",
            Use::Shared(Field::ItemText(ItemText::Creative)),
        ),
        ("slot", Use::Shared(Field::ItemText(ItemText::Slot))),
        (
            "position",
            Use::Shared(Field::ItemNumber(ItemNumber::Position)),
        ),
    ],
);

static USER: Keys = Keys::new(
    "user",
    &[("id", text(Text::CustomerId)), ("email", text(Text::Email))],
);

static SITE_SEARCH: Keys = Keys::new(
    "site_search",
    &[
        ("terms", text(Text::Query)),
        ("filters", text(Text::Filters)),
        (
            "totalResults",
            Use::Field(Field::Number(Number::ResultsCount)),
        ),
    ],
);

/// The events that came before the e-commerce action.
static CART_ITEM: Keys = Keys::new(
    "items",
    &[
        ("sku", item_text(ItemText::ProductId)),
        ("name", item_text(ItemText::Name)),
        ("category", CATEGORY),
        ("unitPrice", item_amount(ItemAmount::UnitPrice)),
        ("quantity", item_amount(ItemAmount::Quantity)),
        (
            "currency",
            Use::Field(Field::ItemLabel(ItemLabel::Currency)),
        ),
    ],
);

static CLIENT_SESSION: Keys = Keys::new(
    "client_session",
    &[
        ("sessionId", text(Text::SourceSessionId)),
        ("userId", Use::Note(Note::SecondVisitor)),
    ],
);

static SCREEN_VIEW: Keys = Keys::new("screen_view", &[("name", text(Text::Title))]);
