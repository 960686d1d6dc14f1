//! Tables of results in memory, fed by the changelog; answers the fixed questions of the dashboard.
//! It knows neither the log nor HTTP: rows come in as changes, answers go out as typed values.

mod alerts;
mod audit;
mod carts;
mod cells;
mod customers;
mod funnels;
mod inventory;
mod orders;
mod pulse;
pub mod query;
mod scores;
mod stores;
mod tables;
mod texts;
mod watermarks;

pub use alerts::{ALERTS_MAX, Alert, AlertList, AlertQuestion, AlertSubject, MoreAlerts};
pub use audit::{
    AuditLine, AuditView, ImportView, LinePart, LineQuestion, LineTime, QualityPart,
    QualityQuestion, QualityRow, QualitySource, QuarantineCursor, QuarantineFilter, QuarantinePage,
    QuarantinedRow, SourceFinding, SourceView, Tally,
};
pub use carts::{CARTS_MAX, Cart, CartLine, CartList, CartOrder};
pub use customers::{Customer, CustomerCart, CustomerFavourites, CustomerList, CustomerSort};
pub use funnels::{FunnelFigures, FunnelQuestion, FunnelsAnswer, FunnelsError, StepFigures};
pub use inventory::{
    ElasticityView, PriceChange, PriceChangeQuestion, PriceSide, StandingMicros, StockItem,
    StockList, StockQuestion, StockSort, standing_named,
};
pub use orders::Order;
pub use pulse::{PulseSecond, StreamChanges, StreamSnapshot, Subscription};
pub use query::{Answer, Query, QueryError};
pub use scores::{Rfm, SegmentFigures, SegmentList, StoreCuts};
pub use stores::{Store, Stores};
pub use tables::{LiveFeed, LiveTables};
pub use watermarks::StoreWatermark;
