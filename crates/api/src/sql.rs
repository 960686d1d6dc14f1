//! What the counter asks of whoever answers SQL. The engine lives elsewhere, in a process of its own.

use bytes::Bytes;
use std::pin::Pin;
use tokio::sync::mpsc;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlFormat {
    /// A stream of Arrow batches.
    Arrow,
    /// The envelope of every answer.
    Json,
    /// An object a line.
    Ndjson,
    /// With a header.
    Csv,
    /// A file.
    Parquet,
    /// A list of texts a line, the names and types of the columns first: for tables on a terminal.
    Rows,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlAsk {
    /// One statement.
    pub sql: String,
    /// How the answer is written.
    pub format: SqlFormat,
    /// The shop that may be seen; all where nothing is said.
    pub store: Option<String>,
}

/// Why a question is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlRefused {
    /// PostgreSQL's code.
    pub state: &'static str,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

/// An answer on its way; one that breaks off ends with an error.
pub type SqlBody = mpsc::Receiver<Result<Bytes, SqlRefused>>;

/// Answers SQL. An answer that is not taken is not made.
pub trait SqlDoor: Send + Sync {
    /// Answers one question. It comes once the answer begins.
    fn ask(
        &self,
        ask: SqlAsk,
    ) -> Pin<Box<dyn Future<Output = Result<SqlBody, SqlRefused>> + Send + '_>>;
}
