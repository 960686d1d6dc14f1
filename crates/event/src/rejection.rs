//! Why something that came in is set aside: a reason a program can count and a sentence a person can act on.
//! Rejected bytes themselves travel in the frame beside the accepted events.

macro_rules! reasons {
    ($($variant:ident = $code:literal, $doc:literal;)*) => {
        /// The step that set an event aside.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Reason {
            $(#[doc = $doc] $variant,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// The code in tables, replies and metrics.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Reason::$variant => $code,)* }
            }

            /// The reason of this code.
            #[must_use]
            pub fn parse(code: &str) -> Option<Reason> {
                match code { $($code => Some(Reason::$variant),)* _ => None }
            }

            /// What the code means, for the quarantine page.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Reason::$variant => $doc,)* }
            }
        }
    };
}

reasons! {
    MalformedJson = "malformed_json", "The text is no JSON.";
    NotAnObject = "not_an_object", "An event is a JSON object; this is something else.";
    TooDeep = "too_deep", "Nested deeper than 64 levels.";
    TooLarge = "too_large", "One event is larger than 1 MiB, or one field than 64 KiB.";
    TooManyItems = "too_many_items", "More than 10,000 items or fields in one event.";
    DuplicateKey = "duplicate_key", "The same key stands twice in one object.";
    InvalidText = "invalid_text", "The bytes are no text in the file's encoding.";
    MalformedLine = "malformed_line", "The line is none of an access log.";
    RaggedRow = "ragged_row", "The row has another number of columns than the header.";
    UnclosedQuote = "unclosed_quote", "A quote is opened and never closed.";
    WrongType = "wrong_type", "A field holds another kind of value than its name promises.";
    TypeMissing = "type_missing", "The event does not say what happened.";
    TimeMissing = "time_missing", "The event does not say when it happened.";
    TimeInvalid = "time_invalid", "The time cannot be read.";
    TimeInFuture = "time_in_future", "The time is more than five minutes ahead of this server's clock.";
    TimeOutOfRange = "time_out_of_range", "The time is before 1980.";
    IdInvalid = "id_invalid", "An id is empty, longer than 1,024 bytes or holds a NUL.";
    PriceInvalid = "price_invalid", "A price or amount is no decimal number.";
    PriceNegative = "price_negative", "A price is below zero.";
    AmountTooLarge = "amount_too_large", "An amount is 10^14 or more.";
    QuantityInvalid = "quantity_invalid", "A quantity is no decimal number.";
    QuantityNotPositive = "quantity_not_positive", "A bought quantity is zero or below.";
    CurrencyUnknown = "currency_unknown", "The currency is no code of ISO 4217.";
    CoordinateInvalid = "coordinate_invalid", "Latitude or longitude lies off the globe.";
    ProductMissing = "product_missing", "The event needs a product and names none.";
    OrderMissing = "order_missing", "The row names no order.";
    IdConflict = "id_conflict", "The id was used before with another content.";
    CheckFailed = "check_failed", "A check of the shop's own refuses it.";
}

impl Reason {
    /// How an event that was set aside for it is mended.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        use Reason::{
            AmountTooLarge, CheckFailed, CoordinateInvalid, CurrencyUnknown, DuplicateKey,
            IdConflict, IdInvalid, InvalidText, MalformedJson, MalformedLine, NotAnObject,
            OrderMissing, PriceInvalid, PriceNegative, ProductMissing, QuantityInvalid,
            QuantityNotPositive, RaggedRow, TimeInFuture, TimeInvalid, TimeMissing, TimeOutOfRange,
            TooDeep, TooLarge, TooManyItems, TypeMissing, UnclosedQuote, WrongType,
        };
        match self {
            MalformedJson | NotAnObject | DuplicateKey | TooDeep => {
                "The sender must mend it and send it again."
            }
            TooLarge | TooManyItems => "Send it in parts.",
            InvalidText => "Save the file as UTF-8 and import it again.",
            RaggedRow | UnclosedQuote | MalformedLine => {
                "Mend the row in the file and import it again."
            }
            TypeMissing | TimeMissing | OrderMissing | ProductMissing => {
                "If another column says it, map that column and replay; else mend the file."
            }
            WrongType | TimeInvalid | PriceInvalid | QuantityInvalid | CoordinateInvalid => {
                "If the column is something else, map it anew and replay; else mend the value and send it again."
            }
            TimeInFuture => "Set the sender's clock or the store's time zone, then replay.",
            TimeOutOfRange => {
                "Mend the value; a column of other numbers may be mapped as the time."
            }
            IdInvalid => "Map the column that holds the id and replay, or mend the value.",
            PriceNegative | QuantityNotPositive | AmountTooLarge => {
                "Mend the value at its source; money that went back is a refund."
            }
            CurrencyUnknown => {
                "Map the column that holds the currency's code, or leave it out for the store's own."
            }
            IdConflict => "Give the second event an id of its own.",
            CheckFailed => "Change the check in the configuration and replay, or mend the event.",
        }
    }
}

/// One event set aside, with the sentence that says what was wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", reason.code())]
pub struct Rejection {
    /// The step that refused it.
    pub reason: Reason,
    /// Field and value, shortened, for a person.
    pub detail: String,
}

/// Longest value quoted in a detail, in characters.
const QUOTED_CHARS_MAX: usize = 60;

impl Rejection {
    /// A rejection whose detail is a plain sentence.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Rejection {
        Rejection {
            reason,
            detail: detail.into(),
        }
    }

    /// A rejection that names a field and quotes its value, shortened and with control characters escaped.
    #[must_use]
    pub fn of_field(reason: Reason, field: &str, value: &str) -> Rejection {
        let mut quoted: String = value
            .chars()
            .take(QUOTED_CHARS_MAX)
            .flat_map(char::escape_debug)
            .collect();
        if value.chars().nth(QUOTED_CHARS_MAX).is_some() {
            quoted.push('…');
        }
        Rejection {
            reason,
            detail: format!("{field} = \"{quoted}\""),
        }
    }

    /// The field that [`Rejection::of_field`] named, as it was written there.
    #[must_use]
    pub fn field_named(&self) -> Option<&str> {
        let (field, _) = self.detail.split_once(" = \"")?;
        (!field.is_empty()).then_some(field)
    }
}
