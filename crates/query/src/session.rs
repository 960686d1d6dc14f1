//! One question to one snapshot: planned with what the guard allows, run within its limits. How the answer is written is not
//! decided here.

use crate::ask::Limits;
use crate::functions;
use crate::guard;
use crate::refusal::{Refusal, SqlState};
use crate::snapshot::Snapshot;
use crate::views::{self, TABLES};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::Expr;
use datafusion::prelude::{SessionConfig, SessionContext};
use lake::EventsLook;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows that the engine works on at a time.
const BATCH_ROWS: usize = 8 * 1024;

/// A snapshot with the engine around it.
pub struct Session {
    context: SessionContext,
    snapshot: Snapshot,
    store: Option<String>,
    rows_max: Option<u64>,
}

/// Rows on their way.
pub struct Answer {
    /// Their columns.
    pub schema: SchemaRef,
    /// The rows.
    pub rows: SendableRecordBatchStream,
}

impl Session {
    /// Sets up the engine; of one shop, where only that may be seen.
    pub fn new(
        snapshot: Snapshot,
        store: Option<String>,
        limits: &Limits,
    ) -> Result<Session, Refusal> {
        let context = context(limits).map_err(|error| Refusal::of(&error, &TABLES))?;
        for function in functions::all(&snapshot.zones) {
            context.register_udf(function);
        }
        Ok(Session {
            context,
            snapshot,
            store,
            rows_max: limits.rows_max,
        })
    }

    /// Answers one statement.
    pub async fn ask(&self, sql: &str) -> Result<Answer, Refusal> {
        let allowed = guard::read(sql)?;
        let of = |error: DataFusionError| Refusal::of(&error, &TABLES);
        self.tables(sql).await.map_err(of)?;
        self.older(&allowed.as_of).await?;
        let state = self.context.state();
        let plan = state.statement_to_plan(allowed.statement).await;
        let plan = plan.map_err(of)?;
        guard::check(&plan)?;
        let rows = self.context.execute_logical_plan(plan).await.map_err(of)?;
        let rows = match self.rows_max {
            Some(most) => rows.limit(0, usize::try_from(most).ok()).map_err(of)?,
            None => rows,
        };
        let schema = Arc::clone(rows.schema().inner());
        let rows = rows.execute_stream().await.map_err(of)?;
        Ok(Answer { schema, rows })
    }

    /// What to tell of an error that comes while rows are made.
    #[must_use]
    pub fn refusal(error: &DataFusionError) -> Refusal {
        Refusal::of(error, &TABLES)
    }

    /// The lake's version, where there is one.
    #[must_use]
    pub fn lake_version(&self) -> Option<u64> {
        self.snapshot.lake.as_ref().map(|look| look.version)
    }

    /// Events that the lake lacks.
    #[must_use]
    pub fn tail_rows(&self) -> usize {
        self.snapshot.tail.rows()
    }

    /// The tables that the text may name.
    async fn tables(&self, sql: &str) -> Result<()> {
        for table in TABLES.iter().filter(|table| views::may_name(sql, table)) {
            let view = match views::definition(table) {
                Some(text) => views::view(&self.context, &text).await?,
                None => {
                    let lake = match &self.snapshot.lake {
                        Some(look) => Some(self.provider(look).await?),
                        None => None,
                    };
                    let tail = Some(Arc::clone(&self.snapshot.tail));
                    let tail = tail.filter(|tail| tail.rows() > 0);
                    views::events(lake, tail, self.seen())?
                }
            };
            self.context.register_table(*table, Arc::new(view))?;
        }
        Ok(())
    }

    /// Versions of before that the text asks for.
    async fn older(&self, asked: &[String]) -> Result<(), Refusal> {
        let of = |error: DataFusionError| Refusal::of(&error, &TABLES);
        let mut versions: BTreeMap<String, Arc<dyn TableProvider>> = BTreeMap::new();
        for text in asked {
            let look = self.snapshot.older(text).await?;
            let lake = self.provider(&look).await.map_err(of)?;
            let view = views::events(Some(lake), None, self.seen()).map_err(of)?;
            versions.insert(text.clone(), Arc::new(view));
        }
        let function = Arc::new(EventsAt { versions });
        self.context.register_udtf("events_at", function);
        Ok(())
    }

    fn seen(&self) -> (&SessionContext, Option<&str>) {
        (&self.context, self.store.as_deref())
    }

    async fn provider(&self, look: &EventsLook) -> Result<Arc<dyn TableProvider>> {
        let state = Arc::new(self.context.state());
        look.table.table_provider().with_session(state).await
    }
}

fn context(limits: &Limits) -> Result<SessionContext> {
    let mut config = SessionConfig::new()
        .with_batch_size(BATCH_ROWS)
        .with_information_schema(true)
        .with_default_catalog_and_schema("shopstream", "public");
    let options = config.options_mut();
    options.sql_parser.dialect = datafusion::common::config::Dialect::PostgreSQL;
    options.execution.time_zone = Some("UTC".to_owned());
    options.execution.parquet.schema_force_view_types = false;
    options.execution.parquet.pushdown_filters = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    std::fs::create_dir_all(&limits.spill_dir)?;
    let disk = DiskManagerBuilder::default()
        .with_mode(DiskManagerMode::Directories(vec![limits.spill_dir.clone()]))
        .with_max_temp_directory_size(limits.spill_bytes);
    let memory = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
        .with_disk_manager_builder(disk)
        .build_arc()?;
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(runtime)
        .build();
    Ok(SessionContext::new_with_state(state))
}

/// `events_at(12)`, `events_at('2026-03-01T12:00:00Z')`: the lake as it was.
#[derive(Debug)]
struct EventsAt {
    versions: BTreeMap<String, Arc<dyn TableProvider>>,
}

impl TableFunctionImpl for EventsAt {
    fn call_with_args(&self, arguments: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let text = match arguments.exprs() {
            [Expr::Literal(ScalarValue::Int64(Some(number)), _)] => number.to_string(),
            [Expr::Literal(ScalarValue::UInt64(Some(number)), _)] => number.to_string(),
            [Expr::Literal(ScalarValue::Utf8(Some(text)), _)] => text.clone(),
            _ => return plan_err!("events_at takes one version or one time, written out"),
        };
        match self.versions.get(&text) {
            Some(version) => Ok(Arc::clone(version)),
            None => plan_err!("events_at takes one version or one time, written out"),
        }
    }
}

impl Refusal {
    /// Nothing was done because too much is asked at once.
    #[must_use]
    pub fn too_many(slots: usize) -> Refusal {
        Refusal::new(
            SqlState::TooMany,
            format!("{slots} questions are being answered already"),
            "ask again in a moment",
        )
    }
}
