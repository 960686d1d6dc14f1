//! What is known to have been: tables of a shop's own, or those that the simulator writes beside its events.

use crate::cli::Backtest as Options;
use crate::exit::Problem;
use analytics::alert::{TRUTH_ROWS_MAX, Truth};
use event::EventTime;
use ingest::{PlainRow, PlainTable};
use jiff::tz::TimeZone;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that is known.
#[derive(Default)]
pub struct Known {
    /// Rows, in no order.
    pub rows: Vec<Truth>,
    /// Rows for which there was no room.
    pub beyond: u64,
}

/// Kinds of anomalies the simulator plants and the rules that find them. Of the other kinds its table of alerts knows all
/// that were, not only those that were planted.
const PLANTED: [(&str, &str); 3] = [
    ("price_mistake", "price_mistake"),
    ("payment_error_storm", "payment_errors"),
    ("bot_storm", "bot_storm"),
];

/// Reads every table that was named.
pub fn read(options: &Options) -> Result<Known, Problem> {
    read_tables(&options.truth, options.rule.as_deref())
}

/// Reads tables and folders of them, of one rule where that is asked.
pub fn read_tables(paths: &[PathBuf], asked: Option<&str>) -> Result<Known, Problem> {
    let mut known = Known::default();
    for table in paths.iter().flat_map(|path| tables(path)) {
        read_table(&table, asked, &mut known)?;
    }
    Ok(known)
}

/// A folder is one of `simulate --truth`.
fn tables(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let tables = ["alerts.csv", "anomalies.csv"].map(|name| path.join(name));
    let there: Vec<PathBuf> = tables.into_iter().filter(|table| table.is_file()).collect();
    // That neither is there is told as what it is: the first cannot be read.
    match there.as_slice() {
        [] => vec![path.join("alerts.csv")],
        _ => there,
    }
}

/// Where in a row what stands.
struct Columns {
    rule: Option<usize>,
    /// The rule's name is that of a kind of anomaly.
    is_planted: bool,
    from: usize,
    until: Option<usize>,
    subject: Option<usize>,
}

impl Columns {
    fn of(table: &PlainTable<File>) -> Result<Columns, &'static str> {
        let at = |name: &str| table.column(name);
        let is_planted = at("rule").is_none() && at("kind").is_some();
        Ok(Columns {
            rule: at("rule").or_else(|| at("kind")),
            is_planted,
            from: (at("time").or_else(|| at("from"))).ok_or("has no column `time`")?,
            until: at("until"),
            subject: at("subject").or_else(|| at("product")),
        })
    }

    fn row(&self, row: &PlainRow, asked: Option<&str>) -> Result<Option<Truth>, String> {
        let cell = |at: Option<usize>| at.and_then(|at| row.cell(at));
        let time = |text: &str| {
            EventTime::parse(text, &TimeZone::UTC).map_err(|_| format!("`{text}` is no time"))
        };
        let Some(rule) = cell(self.rule).or(asked.filter(|_| self.rule.is_none())) else {
            return Err("it names no rule".to_owned());
        };
        let planted = PLANTED.iter().find(|(kind, _)| *kind == rule);
        let rule = match (self.is_planted, planted) {
            (true, Some((_, rule))) => rule,
            (true, None) => return Ok(None),
            (false, _) => rule,
        };
        let from = time(cell(Some(self.from)).ok_or("it has no time")?)?;
        let until = cell(self.until).map(time).transpose()?;
        Ok(Some(Truth {
            rule: Arc::from(rule),
            subject: cell(self.subject).map(Arc::from),
            from,
            until: until.unwrap_or(from).max(from),
        }))
    }
}

fn read_table(path: &Path, asked: Option<&str>, known: &mut Known) -> Result<(), Problem> {
    let told = path.display();
    let mend =
        "the columns are rule, time, subject and until; docs/alerts.md tells what stands in them";
    let unreadable = |error: &dyn std::fmt::Display| {
        Problem::usage(format!("cannot read {told}: {error}"), mend)
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let table = PlainTable::open(file).map_err(|error| unreadable(&error))?;
    let columns = Columns::of(&table)
        .and_then(|columns| match (columns.rule, asked) {
            (None, None) => Err("has no column `rule`, and no rule is named"),
            _ => Ok(columns),
        })
        .map_err(|why| Problem::usage(format!("{told} {why}"), mend))?;
    for row in table {
        let row = row.map_err(|error| unreadable(&error))?;
        let line = row.line;
        let read = columns.row(&row, asked);
        let read =
            read.map_err(|why| Problem::usage(format!("{told}, line {line}: {why}"), mend))?;
        let read = read.filter(|row| asked.is_none_or(|asked| *row.rule == *asked));
        if known.rows.len() < TRUTH_ROWS_MAX {
            known.rows.extend(read);
        } else if read.is_some() {
            known.beyond += 1;
        }
    }
    Ok(())
}
