//! The canonical schema: every column an event can have, by name and kind.
//! How columns are stored is `batch`; what a shop calls them is `dialect`.

macro_rules! columns {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $column:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)] // the column name beside each variant says what it holds
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every column of this kind, in schema order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The column's name in tables, Parquet and SQL.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $column,)* }
            }

            /// The column of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<$name> {
                match name { $($column => Some($name::$variant),)* _ => None }
            }
        }
    };
}

columns! {
    /// Text that mostly differs from event to event.
    Text {
        EventIdText = "event_id_text", TypeText = "type_text", AnonymousId = "anonymous_id", CustomerId = "customer_id",
        Email = "email", Name = "name", Address = "address", SourceSessionId = "source_session_id", Url = "url", Title = "title",
        Referrer = "referrer", ClickIds = "click_ids", Ip = "ip", CartId = "cart_id", CheckoutId = "checkout_id",
        OrderId = "order_id", RefundId = "refund_id", Reason = "reason", Coupon = "coupon", Query = "query", Filters = "filters",
        Sorts = "sorts", ErrorCode = "error_code", ErrorType = "error_type", Consent = "consent", BotReason = "bot_reason",
        Extra = "extra", Inferred = "inferred",
    }
}

columns! {
    /// Text of few values, kept as a 16-bit dictionary.
    Label {
        Type = "type", Store = "store", Source = "source", Dialect = "dialect", UserAgent = "user_agent", DeviceType = "device_type",
        Browser = "browser", Os = "os", City = "city", Region = "region", Country = "country", UtmSource = "utm_source",
        UtmMedium = "utm_medium", UtmCampaign = "utm_campaign", UtmTerm = "utm_term", UtmContent = "utm_content",
        StepName = "step_name", Currency = "currency", PaymentMethod = "payment_method", ShippingMethod = "shipping_method",
        Affiliation = "affiliation", Warehouse = "warehouse", PriceCategory = "price_category",
    }
}

columns! {
    /// Money and levels in ten-thousandths.
    Amount {
        Gross = "gross", Subtotal = "subtotal", Discount = "discount", Tax = "tax", Shipping = "shipping", Duties = "duties",
        Revenue = "revenue", Total = "total", RefundAmount = "refund_amount", StockLevel = "stock_level", StockDelta = "stock_delta",
        OldPrice = "old_price", NewPrice = "new_price",
    }
}

columns! {
    /// Whole numbers; times are microseconds UTC.
    Number {
        TimeSent = "ts_sent", TimeReceived = "ts_received", SourcePosition = "source_position", Step = "step",
        ResultsCount = "results_count", IsBot = "is_bot",
    }
}

columns! {
    /// Degrees.
    Coordinate { Latitude = "lat", Longitude = "lon", }
}

columns! {
    /// Text of a line item.
    ItemText {
        ProductId = "product_id", Sku = "sku", Name = "name", Brand = "brand", Variant = "variant", Size = "size",
        CategoryId = "category_id", Coupon = "coupon", ListId = "list_id", ListName = "list_name", PromoId = "promo_id",
        PromoName = "promo_name", Creative = "creative", Slot = "slot", LocationId = "location_id", StockStatus = "stock_status",
        Url = "url", ImageUrl = "image_url",
    }
}

columns! {
    /// Text of few values of a line item. A category path is written with `/` between its levels.
    ItemLabel { Kind = "kind", CategoryPath = "category_path", Currency = "currency", }
}

columns! {
    /// Money and quantity of a line item in ten-thousandths.
    ItemAmount {
        UnitPrice = "unit_price", ListPrice = "list_price", UnitDiscount = "unit_discount", Quantity = "quantity",
    }
}

columns! {
    /// Whole numbers of a line item. `line` identifies the line within its order; in files it is the row number.
    ItemNumber { Line = "line", Position = "position", }
}

/// The columns every batch has beside the optional ones.
pub const EVENT_ID: &str = "event_id";
/// Event time, microseconds UTC.
pub const TS_EVENT: &str = "ts_event";
/// The list of line items.
pub const ITEMS: &str = "items";
