//! Why a question has no answer; all but a disk that cannot be read are for the asker to mend.

use analytics::window::Grain;

/// What is wrong with a question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No metric of this name is declared.
    #[error("there is no metric named \"{name}\"")]
    UnknownMetric {
        /// The name given.
        name: String,
    },
    /// No dimension of this name is declared.
    #[error("there is no dimension named \"{name}\"")]
    UnknownDimension {
        /// The name given.
        name: String,
    },
    /// Rows can only be ordered by what they show.
    #[error("rows cannot be ordered by \"{name}\": the answer has no such column")]
    UnknownColumn {
        /// The name given.
        name: String,
        /// Columns of the answer.
        columns: Vec<String>,
    },
    /// The metric is not kept by this dimension.
    #[error("{metric} is not kept by {dimension}")]
    NotSplitBy {
        /// The metric.
        metric: &'static str,
        /// The dimension asked for.
        dimension: &'static str,
        /// Those it is kept by.
        available: Vec<&'static str>,
    },
    /// The metric is not kept in windows of this length.
    #[error("{metric} is not kept in windows of {}", granularity.name())]
    NotInWindows {
        /// The metric.
        metric: &'static str,
        /// The granularity asked for.
        granularity: Grain,
        /// Those it is kept in.
        available: Vec<&'static str>,
    },
    /// A part of the question contradicts another or itself.
    #[error("{what}")]
    Invalid {
        /// What is wrong.
        what: String,
        /// How to mend it.
        hint: String,
    },
    /// The answer would need too many rows at once.
    #[error("the answer needs more than {limit} rows before they are ordered")]
    TooManyRows {
        /// The limit.
        limit: usize,
    },
    /// Older rows lie on a disk that cannot be read.
    #[error("older rows could not be read from disk: {why}")]
    AtRest {
        /// What the disk said.
        why: String,
    },
}

impl QueryError {
    pub(crate) fn invalid(what: impl Into<String>, hint: impl Into<String>) -> QueryError {
        QueryError::Invalid {
            what: what.into(),
            hint: hint.into(),
        }
    }
}
