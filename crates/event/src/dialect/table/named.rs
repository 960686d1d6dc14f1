//! Exports that are known by their header: their columns and words are given here and not guessed.
//! Whatever else stands in such a file is read as in any other; how rows become events is `events`'.

use super::mapping::TableDialect;
use crate::EventType;
use crate::dialect::Field;
use crate::schema::{ItemAmount, ItemLabel, ItemText, Label, Text};

/// One known way of writing an event list.
pub(super) struct Export {
    /// The dialect it is.
    pub dialect: TableDialect,
    /// What people call it, for the evidence.
    pub title: &'static str,
    /// Columns that every such file has.
    pub columns: &'static [(&'static str, Field)],
    /// Columns some have; without a field they are kept as they are, with the reason.
    pub extras: &'static [(&'static str, Extra)],
    /// What its words mean, lower case.
    pub types: &'static [(&'static str, EventType)],
}

/// What a column beside the usual ones is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extra {
    /// A value of this field.
    Is(Field),
    /// No word of the shop, for this reason: kept among the unknown fields.
    Kept(&'static str),
}

const PRODUCT_ID: Field = Field::ItemText(ItemText::ProductId);
const CUSTOMER_ID: Field = Field::Text(Text::CustomerId);
const UNIT_PRICE: Field = Field::ItemAmount(ItemAmount::UnitPrice);

/// The exports, those with more columns first: the first whose columns are all there is it.
pub(super) static EXPORTS: [Export; 3] = [
    Export {
        dialect: TableDialect::EcommerceEvents,
        title: "an export of e-commerce events",
        columns: &[
            ("event_id", Field::EventId),
            ("event_type", Field::Type),
            ("product_id", PRODUCT_ID),
            ("product_name", Field::ItemText(ItemText::Name)),
            ("category", Field::ItemLabel(ItemLabel::CategoryPath)),
            ("brand", Field::ItemText(ItemText::Brand)),
            ("sku", Field::ItemText(ItemText::Sku)),
            ("price", UNIT_PRICE),
            ("customer_id", CUSTOMER_ID),
            ("customer_email", Field::Text(Text::Email)),
            ("customer_name", Field::Text(Text::Name)),
            ("customer_address", Field::Text(Text::Address)),
            ("session_id", Field::Text(Text::SourceSessionId)),
            ("user_agent", Field::Label(Label::UserAgent)),
            ("ip_address", Field::Text(Text::Ip)),
            ("event_timestamp", Field::Time),
        ],
        extras: &[
            ("device_type", Extra::Is(Field::Label(Label::DeviceType))),
            (
                "price_category",
                Extra::Kept("tiers are told from the price"),
            ),
            (
                "created_at",
                Extra::Kept("when another database stored the row"),
            ),
        ],
        types: &[
            ("view", EventType::ItemView),
            ("click", EventType::ItemClick),
            ("cart", EventType::CartAdd),
            ("purchase", EventType::Order),
            ("add_to_wishlist", EventType::WishlistAdd),
        ],
    },
    Export {
        dialect: TableDialect::Rees46,
        title: "a REES46 export",
        columns: &[
            ("event_time", Field::Time),
            ("event_type", Field::Type),
            ("product_id", PRODUCT_ID),
            ("category_id", Field::ItemText(ItemText::CategoryId)),
            ("category_code", Field::CategoryCode),
            ("brand", Field::ItemText(ItemText::Brand)),
            ("price", UNIT_PRICE),
            ("user_id", CUSTOMER_ID),
            ("user_session", Field::Text(Text::SourceSessionId)),
        ],
        extras: &[],
        types: &[
            ("view", EventType::ItemView),
            ("cart", EventType::CartAdd),
            ("remove_from_cart", EventType::CartRemove),
            ("purchase", EventType::Order),
        ],
    },
    Export {
        dialect: TableDialect::UserEvents,
        title: "a list of users' events",
        columns: &[
            ("user_id", CUSTOMER_ID),
            ("event_type", Field::Type),
            ("product_id", PRODUCT_ID),
            ("price", UNIT_PRICE),
            ("timestamp", Field::Time),
        ],
        extras: &[],
        types: &[
            ("view", EventType::ItemView),
            ("cart", EventType::CartAdd),
            ("purchase", EventType::Order),
        ],
    },
];

impl Export {
    /// The export these columns are; the wish for another dialect is followed.
    pub(super) fn of<'n>(
        names: impl Iterator<Item = &'n str> + Clone,
        wish: Option<TableDialect>,
    ) -> Option<&'static Export> {
        if let Some(wish) = wish {
            return EXPORTS.iter().find(|export| export.dialect == wish);
        }
        let is_there = |column: &str| names.clone().any(|name| name.eq_ignore_ascii_case(column));
        EXPORTS
            .iter()
            .find(|export| export.columns.iter().all(|(column, _)| is_there(column)))
    }

    /// What a column is, if it is one of the export's.
    pub(super) fn column(&self, name: &str) -> Option<Extra> {
        let usual = self
            .columns
            .iter()
            .map(|(column, field)| (*column, Extra::Is(*field)));
        usual
            .chain(self.extras.iter().copied())
            .find(|(column, _)| column.eq_ignore_ascii_case(name))
            .map(|(_, extra)| extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_they_are_looked_up() {
        for export in &EXPORTS {
            for (word, _) in export.types {
                assert_eq!(crate::dialect::type_name::plain(word), *word);
            }
        }
    }

    #[test]
    fn no_export_is_hidden_by_one_before_it() {
        for export in &EXPORTS {
            let names = export.columns.iter().map(|(column, _)| *column);
            assert_eq!(
                Export::of(names, None).map(|found| found.dialect),
                Some(export.dialect)
            );
        }
    }
}
