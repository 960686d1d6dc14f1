//! Names as ids: what a fold knows of an event's store, country, product and so on.
//! Ids are local to a process; published rows and stored state carry the names themselves.

use crate::cell::NameId;
use crate::person::Naming;

/// Ids of an event's names, resolved by the caller once a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventNames {
    /// The store.
    pub store: NameId,
    /// The event type or custom name.
    pub kind: NameId,
    /// The country.
    pub country: NameId,
    /// The city.
    pub city: NameId,
    /// The device type.
    pub device: NameId,
    /// Customer, visitor or nobody.
    pub identity: NameId,
    /// The event's currency, else its store's.
    pub currency: NameId,
    /// How it was paid, or was to be.
    pub payment_method: NameId,
    /// The coupon's code, see [`crate::promotion::coupon_code`].
    pub coupon: NameId,
}

/// Ids of a line item's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemNames {
    /// The product, within its store.
    pub product: NameId,
    /// First level of the category path.
    pub category: NameId,
}

/// Whom an event can be attributed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A known customer.
    Customer,
    /// An anonymous visitor.
    Visitor,
    /// Nobody.
    Nobody,
}

impl Identity {
    /// Whom an event of this naming can be attributed to.
    #[must_use]
    pub fn of(naming: &Naming<'_>) -> Identity {
        if naming.customer.is_some() {
            Identity::Customer
        } else if naming.visitor.is_some() {
            Identity::Visitor
        } else {
            Identity::Nobody
        }
    }

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Identity::Customer => "customer",
            Identity::Visitor => "visitor",
            Identity::Nobody => "nobody",
        }
    }
}
