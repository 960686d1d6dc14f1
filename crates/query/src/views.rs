//! The tables that can be asked: `events` over both halves of a snapshot, and what is made of it by SQL of our own.

use crate::tail_table::TailTable;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, Result, TableReference};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::context::SessionContext;
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use event::dialect::table::TableDialect;
use event::schema::{EVENT_ID, TS_EVENT};
use lake::{Tail, events_schema};
use std::sync::Arc;

/// The tables, in the order in which they build on one another.
pub(crate) const TABLES: [&str; 4] = ["events", "order_lines", "orders", "ecommerce_events"];

/// The SQL of a view.
pub(crate) fn definition(table: &str) -> Option<String> {
    let text = match table {
        "order_lines" => include_str!("views/order_lines.sql"),
        "orders" => include_str!("views/orders.sql"),
        "ecommerce_events" => include_str!("views/ecommerce_events.sql"),
        _ => return None,
    };
    Some(text.replace("ORDERS_DIALECT", TableDialect::Orders.name()))
}

/// `events`: the lake's rows and the tail's, with what is made of them; of one shop, where only that may be seen.
pub(crate) fn events(
    lake: Option<Arc<dyn TableProvider>>,
    tail: Option<Arc<Tail>>,
    (context, store): (&SessionContext, Option<&str>),
) -> Result<ViewTable> {
    let tail = tail.map(|tail| Arc::new(TailTable::new(tail)) as Arc<dyn TableProvider>);
    let mut halves = lake.into_iter().chain(tail);
    let empty = || {
        Arc::new(TailTable::new(Arc::new(Tail::new(Arc::new(|_| {
            jiff::tz::TimeZone::UTC
        })))))
    };
    let mut plan = scan(halves.next().unwrap_or_else(|| empty()))?;
    if let Some(other) = halves.next() {
        plan = plan.union(scan(other)?.build()?)?;
    }
    let mut plan = LogicalPlanBuilder::from(plan.build()?);
    if let Some(store) = store {
        plan = plan.filter(own("store").eq(lit(store)))?;
    }
    let plan = plan.project(shown(context)?)?;
    Ok(ViewTable::new(plan.build()?, None))
}

/// One half, with the types that the table has.
fn scan(provider: Arc<dyn TableProvider>) -> Result<LogicalPlanBuilder> {
    let known = provider.schema();
    let columns = events_schema();
    let column = |field: &Arc<datafusion::arrow::datatypes::Field>| -> Expr {
        let own = Expr::Column(field.name().as_str().into());
        match known.field_with_name(field.name()) {
            Ok(found) if found.data_type() == field.data_type() => own,
            _ => cast(own, field.data_type().clone()).alias(field.name()),
        }
    };
    let columns: Vec<Expr> = columns.fields().iter().map(column).collect();
    let table = TableReference::bare("events");
    LogicalPlanBuilder::scan(table, provider_as_source(provider), None)?.project(columns)
}

/// The columns that are shown, those that are asked for most first.
fn shown(context: &SessionContext) -> Result<Vec<Expr>> {
    let state = context.state();
    let call = |name: &str, arguments: Vec<Expr>| -> Result<Expr> {
        let function = state.scalar_functions().get(name);
        let function = function.ok_or_else(|| {
            datafusion::common::DataFusionError::Internal(format!("no function {name}"))
        })?;
        Ok(function.call(arguments))
    };
    let uuid = call("uuid_text", vec![own(EVENT_ID)])?;
    let clock = || vec![own("store"), own(TS_EVENT)];
    let mut columns = vec![
        coalesce(vec![own("event_id_text"), uuid.clone()]).alias(EVENT_ID),
        own("type"),
        own(TS_EVENT),
        own("store"),
        own("day"),
        call("store_hour", clock())?.alias("hour"),
        call("store_day_of_week", clock())?.alias("day_of_week"),
    ];
    const SHOWN: [&str; 6] = [EVENT_ID, "event_id_text", "type", TS_EVENT, "store", "day"];
    let schema = events_schema();
    let others = schema.fields().iter().map(|field| field.name().as_str());
    columns.extend(others.filter(|name| !SHOWN.contains(name)).map(own));
    columns.push(uuid.alias("event_uuid"));
    Ok(columns)
}

fn own(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// Whether a text may speak of a table.
pub(crate) fn may_name(sql: &str, table: &str) -> bool {
    let sql = sql.to_ascii_lowercase();
    let asks_for_all = [
        "information_schema",
        "show",
        "describe",
        "pg_catalog",
        "desc ",
    ];
    let is_within = (TABLES.iter()).any(|other| needs(other, table) && sql.contains(other));
    is_within || asks_for_all.iter().any(|word| sql.contains(word))
}

fn needs(table: &str, other: &str) -> bool {
    table == other || other == "events" || (table == "orders" && other == "order_lines")
}

/// A view of ours, planned.
pub(crate) async fn view(context: &SessionContext, sql: &str) -> Result<ViewTable> {
    let plan: LogicalPlan = context.state().create_logical_plan(sql).await?;
    Ok(ViewTable::new(plan, None))
}
