//! Whom an event names, and the key under which a person is kept. Homes are given by the caller.

use crate::cell::NameId;
use event::schema::Text;
use event::{EventRef, hash_128_within};
use std::sync::Arc;

/// By what a person is known; the best that an event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum PersonKind {
    /// A customer who logged in.
    Customer,
    /// An anonymous visitor.
    Visitor,
    /// A session without a visitor.
    Session,
}

impl PersonKind {
    /// Every kind, by number.
    pub const ALL: [PersonKind; 3] = [
        PersonKind::Customer,
        PersonKind::Visitor,
        PersonKind::Session,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PersonKind::Customer => "customer",
            PersonKind::Visitor => "visitor",
            PersonKind::Session => "session",
        }
    }
}

/// What a person is kept under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonKey {
    /// The store.
    pub store: NameId,
    /// Customer, visitor or session.
    pub kind: PersonKind,
    /// The id as sent; rows and messages share it.
    pub id: Arc<str>,
}

impl PersonKey {
    /// No key is before it.
    pub(super) fn least() -> PersonKey {
        PersonKey {
            store: NameId(0),
            kind: PersonKind::Customer,
            id: Arc::default(),
        }
    }

    /// The same key without a text of its own.
    #[must_use]
    pub fn borrowed(&self) -> PersonRef<'_> {
        PersonRef {
            store: self.store,
            kind: self.kind,
            id: &self.id,
        }
    }
}

/// Half of 128 bits at a time, so that an entry has no padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeyHash([u64; 2]);

/// A key borrowed from an event; finds what is kept without making a copy of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonRef<'a> {
    /// The store.
    pub store: NameId,
    /// Customer, visitor or session.
    pub kind: PersonKind,
    /// The id as sent.
    pub id: &'a str,
}

impl PersonRef<'_> {
    /// What it is found by: 128 bits, so that no text has to be compared, and no two persons ever meet.
    pub(super) fn hash(self) -> KeyHash {
        let scope = u64::from(self.store.0) << 8 | self.kind as u64;
        let hash = hash_128_within(scope, self.id.as_bytes());
        KeyHash([(hash >> 64) as u64, hash as u64])
    }

    /// The key with its own text.
    #[must_use]
    pub fn to_key(self) -> PersonKey {
        PersonKey {
            store: self.store,
            kind: self.kind,
            id: self.id.into(),
        }
    }
}

/// All that an event says of who it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Naming<'a> {
    /// The store.
    pub store: NameId,
    /// The customer.
    pub customer: Option<&'a str>,
    /// The anonymous visitor.
    pub visitor: Option<&'a str>,
    /// The session.
    pub session: Option<&'a str>,
}

impl<'a> Naming<'a> {
    /// Whom this event names.
    #[must_use]
    pub fn of(event: EventRef<'a>, store: NameId) -> Naming<'a> {
        Naming {
            store,
            customer: event.text(Text::CustomerId),
            visitor: event.text(Text::AnonymousId),
            session: event.text(Text::SourceSessionId),
        }
    }

    /// At whose home the event folds; nobody has no session.
    #[must_use]
    pub fn person(&self) -> Option<PersonRef<'a>> {
        let customer = self.customer.map(|id| (PersonKind::Customer, id));
        let session = || self.session.map(|id| (PersonKind::Session, id));
        let visitor = || self.visitor.map(|id| (PersonKind::Visitor, id));
        let (kind, id) = customer.or_else(visitor).or_else(session)?;
        Some(PersonRef {
            store: self.store,
            kind,
            id,
        })
    }

    /// The visitor of whom the event says that it is its customer.
    #[must_use]
    pub fn linked_visitor(&self) -> Option<PersonRef<'a>> {
        self.customer.and(self.visitor).map(|id| PersonRef {
            store: self.store,
            kind: PersonKind::Visitor,
            id,
        })
    }
}

/// All that an event says of who it was, on its way to another home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnNaming {
    store: NameId,
    customer: Option<Box<str>>,
    visitor: Option<Box<str>>,
    session: Option<Box<str>>,
}

impl From<&Naming<'_>> for OwnNaming {
    fn from(naming: &Naming<'_>) -> OwnNaming {
        OwnNaming {
            store: naming.store,
            customer: naming.customer.map(Into::into),
            visitor: naming.visitor.map(Into::into),
            session: naming.session.map(Into::into),
        }
    }
}

impl OwnNaming {
    /// The same without texts of its own.
    #[must_use]
    pub fn borrowed(&self) -> Naming<'_> {
        Naming {
            store: self.store,
            customer: self.customer.as_deref(),
            visitor: self.visitor.as_deref(),
            session: self.session.as_deref(),
        }
    }
}
