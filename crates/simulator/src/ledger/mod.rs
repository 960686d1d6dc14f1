//! The truth row by row, as tables of comma-separated values: orders, refunds, sessions, carts, windows, alerts, stock.
//! It sees each line that counts, once and in the order of time; whoever runs it takes the rows away and stores them.

mod carts;
mod rows;
mod sessions;
mod windows;

use crate::event::{Detail, SimEvent};
use crate::kind::Kind;
use crate::money::{Currency, Money};
use crate::number_set::NumberSet;
use crate::shop::Shop;
use crate::story::{LOW_UNITS, Note};
use crate::time::{MINUTE_MICROS, Time};
use crate::write::{Format, Shown, number, put, readable, whole};
pub(crate) use rows::Delivered;

use carts::Carts;
use rows::OrderRow;
use sessions::Sessions;
use windows::Windows;

/// A table of the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Table {
    /// Each order.
    Orders,
    /// Each refund.
    Refunds,
    /// Runs of one visitor's events without 30 minutes of silence; none is longer than 24 hours.
    Sessions,
    /// From the first thing put in until the order, or until nothing more came.
    Carts,
    /// Figures of each quarter of an hour.
    Windows,
    /// What rules with the default thresholds must find.
    Alerts,
    /// What was planted.
    Anomalies,
    /// Stock of every product that was sold or delivered, at the end.
    Stock,
    /// Which cookies are which customers, and since when.
    Identities,
    /// Lines that came late, twice or broken.
    Deliveries,
    /// Customers of the planted purchase process.
    Buyers,
}

impl Table {
    /// Every table.
    pub const ALL: [Table; 11] = [
        Table::Orders,
        Table::Refunds,
        Table::Sessions,
        Table::Carts,
        Table::Windows,
        Table::Alerts,
        Table::Anomalies,
        Table::Stock,
        Table::Identities,
        Table::Deliveries,
        Table::Buyers,
    ];

    /// The name of its file, without ending.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Table::Orders => "orders",
            Table::Refunds => "refunds",
            Table::Sessions => "sessions",
            Table::Carts => "carts",
            Table::Windows => "windows",
            Table::Alerts => "alerts",
            Table::Anomalies => "anomalies",
            Table::Stock => "stock",
            Table::Identities => "identities",
            Table::Deliveries => "deliveries",
            Table::Buyers => "buyers",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Table::Orders => {
                "order_id,time,visitor,customer,currency,lines,units,sold_value,revenue,tax,shipping,payment_method\n"
            }
            Table::Refunds => "order_id,time,currency,units,amount,reason\n",
            Table::Sessions => "visitor,started,ended,events,item_views,cart_adds,orders,bot\n",
            Table::Carts => "visitor,created,last_activity,adds,removes,units,outcome,order_id\n",
            Table::Windows => {
                "window,events,item_views,cart_adds,orders,units,refunds,payment_errors,currency,revenue,refunded\n"
            }
            Table::Alerts => "rule,time,subject,value\n",
            Table::Anomalies => "kind,from,until,product,order_id,value\n",
            Table::Stock => "product,opening,received,sold,lost,level,last_report\n",
            Table::Identities => "visitor,customer,first_seen\n",
            Table::Deliveries => "line,what,fault,event_id,time\n",
            Table::Buyers => "customer,rate,dropout,first,last,purchases,has_dropped_out\n",
        }
    }
}

/// An order worth more than this is an alert; in the store's currency.
const HIGH_VALUE: Money = Money::cents(100_000);
/// More of one product in an order than this is an alert.
const UNUSUAL_UNITS: u32 = 50;
/// State is looked through for what is over, so often.
const SWEEP_MICROS: i64 = 5 * MINUTE_MICROS;

/// Tables under way.
#[derive(Debug)]
pub struct Ledger {
    format: Format,
    tables: [Rows; Table::ALL.len()],
    order: Option<OrderRow>,
    sessions: Sessions,
    carts: Carts,
    windows: Windows,
    linked: NumberSet,
    next_sweep: Time,
}

/// Rows that nobody took yet, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    bytes: Vec<u8>,
    count: u64,
}

impl Rows {
    /// Adds a row; `write` leaves the line end to this.
    pub(crate) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.bytes.push(b'\n');
        self.count += 1;
    }
}

impl Ledger {
    /// Tables of what this dialect says.
    #[must_use]
    pub fn new(format: Format) -> Ledger {
        let mut ledger = Ledger {
            format,
            tables: Default::default(),
            order: None,
            sessions: Sessions::new(format),
            carts: Carts::new(format),
            windows: Windows::default(),
            linked: NumberSet::default(),
            next_sweep: Time(i64::MIN),
        };
        for table in Table::ALL {
            ledger
                .rows(table)
                .bytes
                .extend_from_slice(table.header().as_bytes());
        }
        ledger
    }

    /// Takes the rows of a table written since the last call; the first begin with the header.
    pub fn take(&mut self, table: Table) -> Vec<u8> {
        std::mem::take(&mut self.rows(table).bytes)
    }

    /// Bytes that wait to be taken.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.tables.iter().map(|rows| rows.bytes.len()).sum()
    }

    /// Rows of a table so far, taken or not.
    #[must_use]
    pub fn count(&self, table: Table) -> u64 {
        self.tables[table as usize].count
    }

    fn rows(&mut self, table: Table) -> &mut Rows {
        &mut self.tables[table as usize]
    }

    /// Takes in one line of an event.
    pub fn observe_line(&mut self, event: &SimEvent<'_>, index: usize) {
        let Some(kind) = self.format.kind_of(event) else {
            return;
        };
        let time = self.format.time_of(event);
        self.sweep(time);
        let is_first = self.observe_order(event, index);
        let seen = Seen {
            kind,
            time,
            visitor: self.format.visitor_of(event),
            index,
            is_first,
        };
        let windows = &mut self.tables[Table::Windows as usize];
        self.windows.observe(&seen, event, self.format, windows);
        self.sessions
            .observe(&seen, event, &mut self.tables[Table::Sessions as usize]);
        self.carts
            .observe(&seen, event, &mut self.tables[Table::Carts as usize]);
        self.observe_identity(event, time);
        self.observe_stock(event, time);
    }

    /// Takes in what no line says.
    pub fn note(&mut self, note: &Note) {
        match note {
            Note::Anomaly(anomaly) => {
                self.rows(Table::Anomalies)
                    .add(|out| rows::write_anomaly(anomaly, out));
            }
            Note::Buyer(buyer) => {
                self.rows(Table::Buyers)
                    .add(|out| rows::write_buyer(buyer, out));
            }
        }
    }

    /// A line that did not come in time and whole, once: its number from 1, what happened, and which event it was.
    pub(crate) fn deliver(&mut self, delivery: &Delivered) {
        let format = self.format;
        self.rows(Table::Deliveries)
            .add(|out| delivery.write(format, out));
    }

    /// Closes everything that is still open.
    pub fn finish(&mut self, shop: &Shop) {
        self.close_order();
        self.sessions
            .close(None, &mut self.tables[Table::Sessions as usize]);
        self.carts
            .close(None, &mut self.tables[Table::Carts as usize]);
        self.windows
            .close(&mut self.tables[Table::Windows as usize]);
        for buyer in shop.buyers_left() {
            self.note(&Note::Buyer(buyer));
        }
        for (product, stock) in shop.stocks() {
            self.rows(Table::Stock)
                .add(|out| rows::write_stock(product, &stock, out));
        }
    }

    fn sweep(&mut self, time: Time) {
        if time < self.next_sweep {
            return;
        }
        self.next_sweep = time.plus(SWEEP_MICROS);
        self.sessions
            .close(Some(time), &mut self.tables[Table::Sessions as usize]);
        self.carts
            .close(Some(time), &mut self.tables[Table::Carts as usize]);
    }

    /// Rows of an order are gathered until another event comes. Says whether this is the first.
    fn observe_order(&mut self, event: &SimEvent<'_>, index: usize) -> bool {
        let is_same = self.order.as_ref().is_some_and(|order| order.is_of(event));
        if !is_same || self.format.splits_orders() {
            self.close_order();
        }
        if matches!(event.kind, Kind::Order | Kind::Refund) {
            let row = self
                .order
                .get_or_insert_with(|| OrderRow::new(event, self.format));
            row.add(event, index, self.format);
        }
        !is_same || self.format.splits_orders()
    }

    fn close_order(&mut self) {
        let Some(row) = self.order.take() else { return };
        let format = self.format;
        let table = if row.is_refund {
            Table::Refunds
        } else {
            Table::Orders
        };
        self.rows(table).add(|out| row.write(format, out));
        if row.is_refund {
            return;
        }
        if row.currency == Currency::Usd && row.revenue > HIGH_VALUE {
            self.alert("high_value_order", row.time, |out| {
                row.write_id(format, out);
                put(out, ",");
                put(out, &row.revenue.to_string());
            });
        }
        if row.units_of_one_max > UNUSUAL_UNITS {
            self.alert("unusual_quantity", row.time, |out| {
                row.write_id(format, out);
                put(out, ",");
                number(u64::from(row.units_of_one_max), out);
            });
        }
    }

    fn alert(&mut self, rule: &str, time: Time, write: impl FnOnce(&mut Vec<u8>)) {
        self.rows(Table::Alerts).add(|out| {
            put(out, rule);
            out.push(b',');
            time.write_utc(out);
            out.push(b',');
            write(out);
        });
    }

    fn observe_stock(&mut self, event: &SimEvent<'_>, time: Time) {
        let Detail::Stock { level, .. } = event.detail else {
            return;
        };
        let rule = match level {
            ..=0 => "stock_out",
            1..LOW_UNITS => "low_stock",
            _ => return,
        };
        let product = event.focus;
        self.alert(rule, time, |out| {
            product.write_id(out);
            put(out, ",");
            whole(level, out);
        });
    }

    fn observe_identity(&mut self, event: &SimEvent<'_>, time: Time) {
        let is_link = event.who.is_signed_in && event.kind.has_visitor();
        if !is_link
            || self.format.shows() != Shown::Cookie
            || !self.linked.insert(event.who.cookie())
        {
            return;
        }
        let format = self.format;
        self.rows(Table::Identities).add(|out| {
            format.write_visitor(event.cookie, out);
            put(out, ",cust_");
            number(u64::from(event.who.visitor.number), out);
            out.push(b',');
            time.write_utc(out);
        });
    }
}

/// What a line says, beside its event.
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) time: Time,
    pub(crate) visitor: Option<u64>,
    pub(crate) index: usize,
    /// Whether no line before it spoke of the same order.
    pub(crate) is_first: bool,
}

/// An order's id as it is written; empty where the dialect has none.
pub(crate) fn write_order_id(order: u64, format: Format, out: &mut Vec<u8>) {
    if format == Format::Orders {
        number(order, out);
    } else if !format.splits_orders() {
        put(out, "ord_");
        readable(order, out);
    }
}
