//! What may be asked: one statement of a bounded size that reads. It looks at the text before anything else does, and at the
//! plan before it runs; tables and columns are the planner's business.

use crate::refusal::{Refusal, SqlState};
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, Statement as PlanStatement};
use datafusion::prelude::SQLOptions;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::Statement as Sql;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// Bytes of a statement.
const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Parentheses within one another.
const DEPTH_MAX: usize = 64;
/// Operators: each is a level of the tree that the planner walks.
const OPERATORS_MAX: usize = 1_000;
/// Levels that the parser goes down, with some for each parenthesis.
const RECURSION_MAX: usize = 400;

/// A statement that may be planned.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub statement: Statement,
    /// Versions and times that `events_at` is asked for.
    pub as_of: Vec<String>,
}

/// Reads the text.
pub(crate) fn read(sql: &str) -> Result<Allowed, Refusal> {
    if sql.len() > TEXT_BYTES_MAX {
        return Err(too_complex(format!(
            "the statement has {} bytes, more than {TEXT_BYTES_MAX}",
            sql.len()
        )));
    }
    let syntax = |error: String| {
        let hint = "compare the text with the place that is named";
        Refusal::new(SqlState::Syntax, error, hint)
    };
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql).tokenize();
    let tokens = tokens.map_err(|error| syntax(error.to_string()))?;
    measure(&tokens)?;
    begins_with_question(&tokens)?;
    let parser = DFParserBuilder::new(sql)
        .with_dialect(&dialect)
        .with_recursion_limit(RECURSION_MAX);
    let statements = parser.build().and_then(|mut it| it.parse_statements());
    let mut statements = statements.map_err(|error| match error.find_root() {
        DataFusionError::SQL(inner, _) if inner.to_string().contains("recursion") => {
            too_complex("the statement is nested too deeply".to_owned())
        }
        _ => Refusal::of(&error, &[]),
    })?;
    if statements.len() > 1 {
        return Err(Refusal::new(
            SqlState::Syntax,
            format!("these are {} statements", statements.len()),
            "send one at a time",
        ));
    }
    let Some(statement) = statements.pop_front() else {
        return Err(syntax("there is no statement".to_owned()));
    };
    is_question(&statement)?;
    Ok(Allowed {
        statement,
        as_of: as_of(&tokens),
    })
}

/// Whether the plan only reads. What a view or a subquery hides is seen here.
pub(crate) fn check(plan: &LogicalPlan) -> Result<(), Refusal> {
    if matches!(plan, LogicalPlan::Statement(PlanStatement::SetVariable(_))) {
        return Err(read_only("SET"));
    }
    let options = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    options
        .verify_plan(plan)
        .map_err(|_| read_only("a statement that changes something"))
}

fn is_question(statement: &Statement) -> Result<(), Refusal> {
    match statement {
        Statement::Statement(statement) => match &**statement {
            Sql::Query(_)
            | Sql::Explain { .. }
            | Sql::ExplainTable { .. }
            | Sql::ShowTables { .. }
            | Sql::ShowColumns { .. }
            | Sql::ShowFunctions { .. }
            | Sql::ShowVariable { .. } => Ok(()),
            other => Err(read_only(&first_words(&other.to_string()))),
        },
        Statement::Explain(explain) => is_question(&explain.statement),
        other => Err(read_only(&first_words(&other.to_string()))),
    }
}

/// Words of other dialects too, which the parser would only call mistakes.
fn begins_with_question(tokens: &[Token]) -> Result<(), Refusal> {
    const CHANGING: [&str; 22] = [
        "ALTER", "ANALYZE", "ATTACH", "CALL", "COPY", "CREATE", "DELETE", "DROP", "EXECUTE",
        "EXPORT", "GRANT", "IMPORT", "INSERT", "INSTALL", "LOAD", "MERGE", "PREPARE", "RESET",
        "REVOKE", "SET", "TRUNCATE", "UPDATE",
    ];
    let first = (tokens.iter()).find(|token| !matches!(token, Token::Whitespace(_)));
    match first {
        Some(Token::Word(word)) => {
            let changes = CHANGING
                .iter()
                .find(|it| word.value.eq_ignore_ascii_case(it));
            changes.map_or(Ok(()), |word| Err(read_only(word)))
        }
        _ => Ok(()),
    }
}

fn first_words(text: &str) -> String {
    let words = text.split_whitespace().take(2);
    let words = words.take_while(|word| word.chars().all(|letter| letter.is_ascii_uppercase()));
    words.collect::<Vec<_>>().join(" ")
}

fn read_only(what: &str) -> Refusal {
    Refusal::new(
        SqlState::ReadOnly,
        format!("{what} is not answered: here data are read and never changed"),
        "ask with SELECT, WITH, VALUES, EXPLAIN, SHOW or DESCRIBE",
    )
}

fn too_complex(message: String) -> Refusal {
    let hint = "write it shorter: `IN (…)` for many ORs, or load the values as events";
    Refusal::new(SqlState::TooComplex, message, hint)
}

fn measure(tokens: &[Token]) -> Result<(), Refusal> {
    let (mut depth, mut deepest, mut operators) = (0_usize, 0, 0);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            Token::Word(word) if word.quote_style.is_none() => {
                const LEVELS: [&str; 9] = [
                    "AND",
                    "OR",
                    "NOT",
                    "UNION",
                    "INTERSECT",
                    "EXCEPT",
                    "CASE",
                    "JOIN",
                    "SELECT",
                ];
                let is_level = LEVELS.iter().any(|it| word.value.eq_ignore_ascii_case(it));
                operators += usize::from(is_level);
            }
            token => operators += usize::from(is_operator(token)),
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEPTH_MAX {
        let message =
            format!("{deepest} parentheses stand within one another, more than {DEPTH_MAX}");
        return Err(too_complex(message));
    }
    if operators > OPERATORS_MAX {
        return Err(too_complex(format!(
            "the statement has {operators} operators, more than {OPERATORS_MAX}"
        )));
    }
    Ok(())
}

fn is_operator(token: &Token) -> bool {
    !matches!(
        token,
        Token::Whitespace(_)
            | Token::Comma
            | Token::Period
            | Token::SemiColon
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::Placeholder(_)
            | Token::EOF
    )
}

/// What stands in `events_at(…)`.
fn as_of(tokens: &[Token]) -> Vec<String> {
    let plain: Vec<&Token> = (tokens.iter())
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    let asked = plain.windows(3).filter_map(|three| match three {
        [
            Token::Word(word),
            Token::LParen,
            Token::Number(text, _) | Token::SingleQuotedString(text),
        ] if word.value.eq_ignore_ascii_case("events_at") => Some(text.clone()),
        _ => None,
    });
    asked.collect()
}
