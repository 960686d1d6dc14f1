//! Why a question is not answered: a code that tools of PostgreSQL know, what is wrong, and how to mend it. The engine's own
//! words are turned into these here.

use datafusion::common::{DataFusionError, SchemaError};
use serde::{Deserialize, Serialize};

/// Names less alike than this are no misspelling of each other.
const ALIKE_MIN: f64 = 0.7;

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The codes of PostgreSQL that occur.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum SqlState { $($(#[$doc])* $name,)* }

        impl SqlState {
            /// The five letters.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(SqlState::$name => $code,)* }
            }
        }
    };
}

states! {
    /// The text is no SQL.
    Syntax = "42601",
    /// No such table.
    UnknownTable = "42P01",
    /// No such column.
    UnknownColumn = "42703",
    /// No such function, or not for these values.
    UnknownFunction = "42883",
    /// More than one column has this name.
    Ambiguous = "42702",
    /// Types do not go together.
    Types = "42804",
    /// SQL, but nothing we do.
    Unsupported = "0A000",
    /// Something that would change data.
    ReadOnly = "25006",
    /// Too long or too deep.
    TooComplex = "54001",
    /// Too much memory.
    OutOfMemory = "53200",
    /// Too much disk.
    DiskFull = "53100",
    /// Too many at once.
    TooMany = "53300",
    /// Took too long, or was cancelled.
    Cancelled = "57014",
    /// Not at the moment.
    NotNow = "57P03",
    /// A value cannot be worked with: division by zero, no number.
    Data = "22000",
    /// The lake or the log cannot be read.
    Storage = "58030",
    /// The process that answered ended.
    Lost = "08006",
    /// A defect of ours.
    Internal = "XX000",
}

/// Why a question is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct Refusal {
    /// What kind it is.
    pub state: SqlState,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl Refusal {
    /// What is wrong, and how to mend it.
    pub fn new(state: SqlState, message: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal {
            state,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// What the engine says, in our words where we have better ones; `tables` are those there are.
    #[must_use]
    pub fn of(error: &DataFusionError, tables: &[&str]) -> Refusal {
        let root = error.find_root();
        match root {
            DataFusionError::SQL(error, _) => Refusal::new(
                SqlState::Syntax,
                error.to_string().trim_start_matches("sql parser error: "),
                "compare the text with the place that is named",
            ),
            DataFusionError::SchemaError(error, _) => of_schema(error),
            DataFusionError::ResourcesExhausted(text) => exhausted(text),
            DataFusionError::NotImplemented(text) => Refusal::new(
                SqlState::Unsupported,
                first_line(text),
                "docs/sql.md says what there is",
            ),
            DataFusionError::Plan(text) => of_plan(text, tables),
            DataFusionError::ArrowError(_, _) | DataFusionError::Execution(_) => Refusal::new(
                SqlState::Data,
                first_line(&root.strip_backtrace())
                    .trim_start_matches("Arrow error: ")
                    .trim_start_matches("Execution error: "),
                "leave such values out, or use try_cast or nullif",
            ),
            DataFusionError::ObjectStore(_)
            | DataFusionError::IoError(_)
            | DataFusionError::ParquetError(_) => Refusal::new(
                SqlState::Storage,
                first_line(&root.strip_backtrace()),
                "look at GET /health/ready and docs/lake.md",
            ),
            DataFusionError::Context(_, _) | DataFusionError::Diagnostic(_, _) => {
                Refusal::new(SqlState::Data, first_line(&root.strip_backtrace()), "")
            }
            _ => Refusal::new(
                SqlState::Internal,
                first_line(&root.strip_backtrace()),
                "this may be a defect of ours: report it with the statement",
            ),
        }
    }
}

fn of_schema(error: &SchemaError) -> Refusal {
    match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => {
            let names: Vec<&str> = valid_fields
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            let hint = match nearest(&field.name, &names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("there are: {}", names.join(", ")),
            };
            let message = format!("there is no column `{}`", field.flat_name());
            Refusal::new(SqlState::UnknownColumn, message, hint)
        }
        SchemaError::AmbiguousReference { field } => Refusal::new(
            SqlState::Ambiguous,
            format!("more than one table has a column `{}`", field.name),
            "write the table's name before it: `events.store`",
        ),
        other => Refusal::new(
            SqlState::Ambiguous,
            first_line(&other.to_string()),
            "give each column a name of its own with AS",
        ),
    }
}

fn of_plan(text: &str, tables: &[&str]) -> Refusal {
    let line = first_line(text);
    if let Some(name) = between(&line, "table '", "' not found") {
        let name = name.rsplit('.').next().unwrap_or(name);
        let hint = match nearest(name, tables) {
            Some(table) => format!("did you mean `{table}`?"),
            None => format!("there are: {}", tables.join(", ")),
        };
        return Refusal::new(
            SqlState::UnknownTable,
            format!("there is no table `{name}`"),
            hint,
        );
    }
    if let Some(name) = between(&line, "Invalid function '", "'") {
        let hint = between(text, "Did you mean '", "'");
        let hint = hint.map_or_else(
            || "SHOW FUNCTIONS lists all".to_owned(),
            |name| format!("did you mean `{name}`? SHOW FUNCTIONS lists all"),
        );
        return Refusal::new(
            SqlState::UnknownFunction,
            format!("there is no function `{name}`"),
            hint,
        );
    }
    if line.contains("not supported:") || line.contains("is not supported") {
        return Refusal::new(SqlState::ReadOnly, line, "this is for questions only");
    }
    let state = match line.contains("coerce") || line.contains("Cannot infer common") {
        true => SqlState::Types,
        false => SqlState::Syntax,
    };
    Refusal::new(
        state,
        line,
        "docs/sql.md lists tables, columns and functions",
    )
}

fn exhausted(text: &str) -> Refusal {
    let line = first_line(text);
    match line.contains("disk") {
        true => Refusal::new(
            SqlState::DiskFull,
            "the question needs more room on disk than it may use",
            "ask for fewer days, stores or columns, or raise `sql.spill_mib`",
        ),
        false => Refusal::new(
            SqlState::OutOfMemory,
            "the question needs more memory than it may use",
            "ask for fewer days, stores or groups, or raise `sql.memory_mib`",
        ),
    }
}

/// Of these names the one that was meant, if one is like it.
pub(crate) fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let alike = |known: &&str| strsim::jaro_winkler(name, known);
    let best = names.iter().map(|known| (alike(known), *known));
    let best = best.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(alike, _)| *alike >= ALIKE_MIN)
        .map(|(_, name)| name)
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(name, _)| name)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
