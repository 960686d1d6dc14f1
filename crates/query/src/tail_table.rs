//! The snapshot's tail as a table of the engine: only the columns that are asked for are made, part by part.

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use lake::{Tail, events_schema};
use std::fmt::{Debug, Formatter};
use std::sync::Arc;

/// The table.
pub(crate) struct TailTable {
    tail: Arc<Tail>,
    schema: SchemaRef,
}

impl TailTable {
    pub(crate) fn new(tail: Arc<Tail>) -> TailTable {
        TailTable {
            tail,
            schema: events_schema(),
        }
    }
}

impl Debug for TailTable {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tail({} events)", self.tail.rows())
    }
}

#[async_trait::async_trait]
impl TableProvider for TailTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let columns = projection.unwrap_or(&all).clone();
        let schema = Arc::new(self.schema.project(&columns)?);
        let part = TailStream {
            tail: Arc::clone(&self.tail),
            columns,
            schema: Arc::clone(&schema),
        };
        let parts: Vec<Arc<dyn PartitionStream>> = vec![Arc::new(part)];
        let plan = StreamingTableExec::try_new(schema, parts, None, None, false, limit)?;
        Ok(Arc::new(plan))
    }
}

struct TailStream {
    tail: Arc<Tail>,
    columns: Vec<usize>,
    schema: SchemaRef,
}

impl Debug for TailStream {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tail({} events)", self.tail.rows())
    }
}

impl PartitionStream for TailStream {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (tail, columns) = (Arc::clone(&self.tail), self.columns.clone());
        let parts = tail.parts().into_iter();
        let batches = parts.map(move |part| {
            tail.read(part, &columns)
                .map_err(|error| DataFusionError::External(Box::new(error)))
        });
        let stream = futures_util::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            stream,
        ))
    }
}
