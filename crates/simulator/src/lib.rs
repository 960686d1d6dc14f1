//! A believable shop: seeded events, with the exact totals beside them.
//!
//! Visitors with stable habits come by day and week, look around, fill carts, mostly leave them, sometimes buy and
//! sometimes send things back. [`Shop`] makes the events one by one in time order, [`write_event`] turns them into bytes,
//! [`Truth`] counts them. [`workload_w`] writes the file that speed is measured with.
//!
//! ```
//! use simulator::{Format, Settings, Shop, Time, Truth, write_event};
//!
//! let mut shop = Shop::new(Settings::new(7, Time(1_741_093_200_000_000)))?;
//! let (mut truth, mut lines) = (Truth::new(Format::Canonical), Vec::new());
//! let now = Time(1_741_093_200_500_000); // half a second later, by the clock of whoever runs the shop
//! while shop.next_time() <= now {
//!     let event = shop.next_event();
//!     write_event(&event, Format::Canonical, &mut lines);
//!     truth.observe(&event);
//! }
//! assert!((240..260).contains(&truth.events), "500 a second");
//! # Ok::<(), simulator::SettingsError>(())
//! ```
//!
//! A [`Plan`] read from TOML says what the shop is: its goods and public, campaigns, stock, bots, planted anomalies and
//! purchases with known answers. A [`Delivery`] plays it as lines of a dialect, some late, repeated or broken, and keeps
//! the truth: sums, and the tables of a [`Ledger`].
//!
//! There is no clock, thread, file or network in here, and no code of the server: a truth that shared code with what it
//! checks would share its mistakes.

mod agents;
mod assortment;
mod behaviour;
mod cart;
mod catalogue;
mod crowd;
mod delivery;
mod demographics;
mod event;
mod fault;
mod kind;
mod ledger;
mod money;
mod number_set;
mod places;
mod plan;
mod population;
mod random;
mod returns;
mod rhythm;
mod sale;
mod session;
mod settings;
mod shop;
mod story;
mod time;
mod told;
mod truth;
mod type_weights;
mod variates;
mod workload;
mod write;

pub use agents::{AGENTS, Agent, CRAWLERS};
pub use assortment::{CATEGORIES, Category, Shelves};
pub use behaviour::Behaviour;
pub use catalogue::{Line, Product};
pub use delivery::{Delivery, DeliveryError, Limits, Mishaps, Terms, TruthKept, faults};
pub use demographics::{Demographics, UnknownName};
pub use event::{Detail, Origin, Page, SimEvent};
pub use fault::Fault;
pub use kind::{Group, Kind};
pub use ledger::{Ledger, Table};
pub use money::{Currency, Money};
pub use places::{COUNTRIES, City, Country};
pub use plan::{DEFAULT_PLAN, MishapsPlan, PROFILES, Plan, PlanError, RunPlan, profile_text};
pub use population::{Bot, CUSTOMERS_MAX, Device, Identity, Visitor};
pub use rhythm::Rhythm;
pub use sale::{Bill, PaymentFailure, PaymentMethod};
pub use session::Pricing;
pub use settings::{PRODUCTS_MAX, Rate, Settings, SettingsError};
pub use shop::Shop;
pub use story::{
    Anomaly, AnomalyKind, AnomalyRates, Basket, BotShares, Buyer, BuyerProcess, Campaign,
    CampaignLabel, Evidence, Note, PlantedPair, Stock, Story, SupplyRules,
};
pub use time::Time;
pub use truth::{Amounts, CategoryTruth, CountryTruth, Sold, Truth};
pub use type_weights::{TYPE_WEIGHT_MAX, TypeWeights};
pub use workload::{WTruth, workload_w};
pub use write::{Format, write_event};
