//! Which column is which field, and which word is which type: what a file's reader goes by.
//! Made by `guess` from names, values and the user's wishes; no row is read here.

use crate::EventType;
use crate::dialect::Field;
use crate::dialect::type_name::{plain, type_named};
use std::collections::HashMap;

/// What a row of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableDialect {
    /// A line item; rows of one invoice are one order.
    Orders,
    /// An event.
    Events,
    /// An event, in the columns of a REES46 export.
    Rees46,
    /// An event with its product and customer written out: `event_id,event_type,product_id,product_name,…`.
    EcommerceEvents,
    /// An event in five columns: `user_id,event_type,product_id,price,timestamp`.
    UserEvents,
}

impl TableDialect {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            TableDialect::Orders => "order_csv",
            TableDialect::Events => "event_csv",
            TableDialect::Rees46 => "rees46_csv",
            TableDialect::EcommerceEvents => "ecommerce_events_csv",
            TableDialect::UserEvents => "user_events_csv",
        }
    }
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header; `column 3` where it has none.
    pub name: String,
    /// Where its values go; without a field they are kept as unknown ones.
    pub field: Option<Field>,
}

/// Codes in order lists that are no products; `gift_…` stands for every code that begins so.
pub const FEE_CODES: [&str; 9] = [
    "POST",
    "DOT",
    "M",
    "C2",
    "D",
    "AMAZONFEE",
    "BANK CHARGES",
    "S",
    "gift_…",
];

/// What the user said about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What a row is.
    pub dialect: Option<TableDialect>,
    /// Column and field.
    pub columns: Vec<(String, String)>,
    /// Value of the type column and type.
    pub types: Vec<(String, String)>,
    /// Codes that are fees, in place of [`FEE_CODES`].
    pub fee_codes: Option<Vec<String>>,
}

/// How a file is read.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// What a row is.
    pub dialect: TableDialect,
    /// The columns, in their order.
    pub columns: Vec<Column>,
    /// Words of the type column.
    pub types: TypeWords,
    /// Which codes are fees.
    pub fees: FeeCodes,
    /// Whether an invoice that is `C` and digits is a refund: not where every one of a file is so.
    pub c_is_refund: bool,
}

impl Mapping {
    /// The first column of this field.
    #[must_use]
    pub fn column_of(&self, field: Field) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.field == Some(field))
    }
}

/// Most words of a type column that are remembered; later ones keep their own names.
const WORDS_MAX: usize = 10_000;

/// Which type each word of a type column stands for. Two words are never the same type unless the user says so:
/// counts by type would then add up what the file keeps apart.
#[derive(Debug, Clone, Default)]
pub struct TypeWords {
    by_word: HashMap<String, EventType>,
    taken: Vec<EventType>,
    /// Words of a known export, in any letter case.
    known: &'static [(&'static str, EventType)],
}

impl TypeWords {
    /// The user's words first, then those seen in the file: canonical names, then names we know of other vocabularies.
    #[must_use]
    pub fn new(given: Vec<(String, EventType)>, seen: &[&str]) -> TypeWords {
        TypeWords::of_export(&[], given, seen)
    }

    /// The same where an export's own words come between the user's and those seen.
    pub(super) fn of_export(
        known: &'static [(&'static str, EventType)],
        given: Vec<(String, EventType)>,
        seen: &[&str],
    ) -> TypeWords {
        let mut words = TypeWords {
            known,
            taken: known.iter().map(|(_, kind)| *kind).collect(),
            ..TypeWords::default()
        };
        for (word, kind) in given {
            words.taken.push(kind);
            words.by_word.insert(word, kind);
        }
        let (canonical, foreign): (Vec<&str>, Vec<&str>) = seen
            .iter()
            .partition(|word| EventType::parse(word).is_some());
        // `cart` puts something in where no other word does, and shows the cart where one does.
        let (cart, foreign): (Vec<&str>, Vec<&str>) =
            foreign.into_iter().partition(|word| plain(word) == "cart");
        for word in canonical.into_iter().chain(foreign) {
            words.kind_of(word);
        }
        for word in cart {
            words.kind_of(word);
        }
        words
    }

    /// Every word known so far and its type, by word.
    #[must_use]
    pub fn words(&self) -> Vec<(String, EventType)> {
        let mut words: Vec<_> = (self.by_word.iter())
            .map(|(word, kind)| (word.clone(), *kind))
            .collect();
        words.sort_unstable();
        words
    }

    /// The type of a word; a new word is remembered.
    pub fn kind_of(&mut self, word: &str) -> EventType {
        if let Some(kind) = self.by_word.get(word) {
            return *kind;
        }
        if self.by_word.len() >= WORDS_MAX {
            return EventType::Custom;
        }
        let kind = self.meaning(word);
        if kind != EventType::Custom {
            self.taken.push(kind);
        }
        self.by_word.insert(word.to_owned(), kind);
        kind
    }

    fn meaning(&self, word: &str) -> EventType {
        if !self.known.is_empty() {
            let plain = plain(word);
            if let Some((_, kind)) = self.known.iter().find(|(known, _)| *known == plain) {
                return *kind;
            }
        }
        let kind = type_named(word);
        if !self.taken.contains(&kind) {
            return kind;
        }
        let shows_cart = plain(word) == "cart" && !self.taken.contains(&EventType::CartView);
        if shows_cart {
            EventType::CartView
        } else {
            EventType::Custom
        }
    }
}

/// Codes that are fees, in any letter case.
#[derive(Debug, Clone)]
pub struct FeeCodes {
    whole: Vec<String>,
    beginnings: Vec<String>,
}

impl FeeCodes {
    /// A code that ends in `…` or `*` stands for all that begin so.
    #[must_use]
    pub fn new<'a>(codes: impl IntoIterator<Item = &'a str>) -> FeeCodes {
        let mut fees = FeeCodes {
            whole: Vec::new(),
            beginnings: Vec::new(),
        };
        for code in codes {
            let code = code.trim().to_ascii_lowercase();
            match code.strip_suffix(['…', '*']) {
                Some(beginning) => fees.beginnings.push(beginning.to_owned()),
                None => fees.whole.push(code),
            }
        }
        fees
    }

    /// Whether a product code is a fee.
    #[must_use]
    pub fn contain(&self, code: &str) -> bool {
        let begins = |beginning: &String| {
            code.as_bytes()
                .get(..beginning.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(beginning.as_bytes()))
        };
        self.whole.iter().any(|fee| fee.eq_ignore_ascii_case(code))
            || self.beginnings.iter().any(begins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&str, EventType)], seen: &str, expected: &str) {
        let seen: Vec<&str> = seen.split(' ').collect();
        let mut words = TypeWords::new(
            given
                .iter()
                .map(|(word, kind)| ((*word).to_owned(), *kind))
                .collect(),
            &seen,
        );
        let shown: Vec<&str> = seen.iter().map(|word| words.kind_of(word).name()).collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn two_words_are_never_one_type_unless_told() {
        check(&[], "product_view view purchase", "item_view custom order");
        check(&[], "view item_view", "custom item_view");
        check(
            &[("view", EventType::ItemView), ("look", EventType::ItemView)],
            "view look product_view",
            "item_view item_view custom",
        );
    }

    #[test]
    fn cart_shows_the_cart_where_another_word_fills_it() {
        check(&[], "view cart purchase", "item_view cart_add order");
        check(&[], "cart add_to_cart", "cart_view cart_add");
        check(
            &[],
            "cart add_to_cart view_cart",
            "custom cart_add cart_view",
        );
    }

    #[test]
    fn fee_codes_are_known_in_any_letter_case() {
        let fees = FeeCodes::new(FEE_CODES);
        for code in [
            "POST",
            "post",
            "m",
            "M",
            "Bank Charges",
            "gift_0001_20",
            "GIFT_1",
        ] {
            assert!(fees.contain(code), "{code}");
        }
        for code in ["POSTER", "22423", "giftbag", "", "gift"] {
            assert!(!fees.contain(code), "{code}");
        }
    }
}
