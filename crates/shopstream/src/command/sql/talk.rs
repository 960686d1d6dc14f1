//! A person at a terminal: statements over several lines, and a few words of psql. What a statement
//! gives is printed elsewhere.

use super::{answer, split};
use crate::cli::SqlForm;
use crate::client::Client;
use crate::exit::explain;
use anyhow::Context;
use std::io::Write;

/// What may be asked beside SQL.
const HELP: &str = "\\d          tables\n\\d TABLE    columns of a table\n\\?          this\n\\q          end\nA statement ends with a semicolon.";

/// Answers until nothing more is asked.
pub async fn talk(client: &Client, form: SqlForm) -> anyhow::Result<()> {
    println!("SQL of shopstream. \\? for help, \\q to end.");
    let mut text = String::new();
    loop {
        prompt(text.is_empty())?;
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        if read.context("read the terminal")? == 0 {
            return Ok(());
        }
        text.push_str(&line);
        let typed = text.trim();
        if !typed.is_empty() && !typed.starts_with('\\') && !split::is_whole(typed) {
            continue;
        }
        if !one(client, typed, form).await {
            return Ok(());
        }
        text.clear();
    }
}

fn prompt(is_first: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let prompt = if is_first {
        "shopstream> "
    } else {
        "       ...> "
    };
    write!(out, "{prompt}")?;
    Ok(out.flush()?)
}

/// Answers what was typed; false where that was to end.
async fn one(client: &Client, text: &str, form: SqlForm) -> bool {
    let mut words = text.split_whitespace();
    let tables = "SELECT table_name, count(*) AS columns FROM information_schema.columns \
                  WHERE table_schema = 'public' GROUP BY table_name ORDER BY table_name";
    let statements: Vec<String> = match (words.next(), words.next()) {
        (Some("\\q" | "exit" | "quit"), _) => return false,
        (Some("\\?" | "help"), _) => {
            println!("{HELP}");
            return true;
        }
        (Some("\\d" | "\\dt"), None) => vec![tables.to_owned()],
        (Some("\\d"), Some(table)) => vec![columns_of(table.trim_end_matches(';'))],
        (Some(word), _) if word.starts_with('\\') => {
            println!("there is no {word}\n{HELP}");
            return true;
        }
        _ => split::statements(text)
            .into_iter()
            .map(str::to_owned)
            .collect(),
    };
    for statement in statements {
        // The person at the terminal wants to know how long it took.
        let clock = runtime::Clock::machine();
        let begun = clock.monotonic();
        match answer(client, &statement, form).await {
            Ok(rows) => {
                let took = clock.monotonic().saturating_sub(begun).as_millis();
                let rows = rows.map_or_else(String::new, |rows| format!("{rows} rows, "));
                let _ = writeln!(std::io::stderr(), "({rows}{took} ms)");
            }
            Err(error) => {
                explain(&error);
                break;
            }
        }
    }
    true
}

fn columns_of(table: &str) -> String {
    let table = table.replace('\'', "''");
    format!(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
    )
}
