//! One simulated event, typed, borrowed from the shop for the moment it is written and counted.
//! How it looks as bytes is `write`; what it adds up to is `truth`.

use crate::catalogue::{Line, Product};
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::population::Identity;
use crate::sale::{Bill, PaymentFailure};
use crate::story::CampaignLabel;
use crate::time::Time;

/// Something that happened in the shop.
#[derive(Debug, Clone, Copy)]
pub struct SimEvent<'s> {
    /// Identity; never used twice, in later runs neither.
    pub id: u128,
    /// When it happened.
    pub time: Time,
    /// What happened.
    pub kind: Kind,
    /// The store it is sent for, if the shop names one.
    pub store: Option<&'s str>,
    /// Who did it; nobody where the kind has no visitor.
    pub who: Identity,
    /// The cookie's value; one for each visitor and device.
    pub cookie: u64,
    /// The visit; a refund belongs to none.
    pub session: Option<u128>,
    /// The page it happened on.
    pub page: Page,
    /// Where a visit came from, on its first event.
    pub origin: Option<Origin>,
    /// What the visitor pays with.
    pub currency: Currency,
    /// What the visitor has in mind, even where the event shows no product.
    pub focus: Product,
    /// The products it is about.
    pub lines: &'s [Line],
    /// What only its kind has.
    pub detail: Detail,
}

/// What only some kinds of event have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// What was searched for.
    Search {
        /// The words; those for the product in mind where it is none.
        words: Option<&'static str>,
        /// Hits shown.
        results: u32,
    },
    /// A step of checkout.
    Step {
        /// From 1.
        number: u8,
        /// Its name.
        name: &'static str,
    },
    /// A payment that failed.
    PaymentError(PaymentFailure),
    /// A purchase.
    Order {
        /// Identity of the order.
        order: u64,
        /// Its amounts.
        bill: Bill,
    },
    /// Money back; the lines are what came back.
    Refund {
        /// The order it belongs to.
        order: u64,
        /// Identity of the refund.
        refund: u64,
        /// What was paid back.
        amount: Money,
        /// Why.
        reason: &'static str,
    },
    /// How many pieces of the product are left.
    Stock {
        /// Pieces.
        level: i64,
        /// Against the report before, if there was one.
        delta: Option<i64>,
        /// Where they lie.
        warehouse: &'static str,
    },
    /// What the product cost, and costs from now on, in dollars.
    Price {
        /// Before.
        old: Money,
        /// From now on.
        new: Money,
    },
}

/// A page of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The front page.
    Home,
    /// Questions and answers.
    Help,
    /// The visitor's account.
    Account,
    /// The list of the category in mind.
    List,
    /// Results of a search.
    Results,
    /// The product in mind.
    Product,
    /// The cart.
    Cart,
    /// Checkout.
    Checkout,
    /// After the order.
    ThankYou,
}

/// Where a visit came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Typed or bookmarked.
    Direct,
    /// A search engine.
    SearchEngine,
    /// An advertisement beside search results.
    Advertisement,
    /// The newsletter.
    Newsletter,
    /// A social network.
    Social,
    /// A campaign of the story.
    Campaign(CampaignLabel),
}

impl Origin {
    /// 40 % direct, 27 % search, 14 % advertisements, 8 % newsletter, 11 % social.
    pub(crate) fn of_bits(bits: u64) -> Origin {
        match bits % 100 {
            0..40 => Origin::Direct,
            40..67 => Origin::SearchEngine,
            67..81 => Origin::Advertisement,
            81..89 => Origin::Newsletter,
            _ => Origin::Social,
        }
    }

    /// The page before.
    pub(crate) fn referrer(self) -> Option<&'static str> {
        match self {
            Origin::Direct | Origin::Newsletter | Origin::Campaign(_) => None,
            Origin::SearchEngine | Origin::Advertisement => Some("https://search.example/"),
            Origin::Social => Some("https://social.example/feed"),
        }
    }

    pub(crate) fn campaign(self) -> Option<CampaignLabel> {
        match self {
            Origin::Direct | Origin::SearchEngine => None,
            Origin::Campaign(label) => Some(label),
            Origin::Advertisement => Some(CampaignLabel {
                source: "search",
                medium: "cpc",
                name: "bestsellers",
            }),
            Origin::Newsletter => Some(CampaignLabel {
                source: "newsletter",
                medium: "email",
                name: "weekly",
            }),
            Origin::Social => Some(CampaignLabel {
                source: "social",
                medium: "post",
                name: "new-arrivals",
            }),
        }
    }
}
