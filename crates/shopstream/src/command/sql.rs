//! `sql`: statements from the command line, a file or a person, answered by the running server or by the directory itself where
//! none runs. It prints; what an answer is, the server says.

mod split;
mod table;
mod talk;

use crate::cli::{Connection, Format, SqlForm, SqlOptions};
use crate::client::Client;
use crate::command::connect;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use anyhow::Context;
use futures_util::StreamExt;
use serde_json::json;
use std::io::{IsTerminal, Read, Write};

/// Answers statements.
pub fn run(config: &Config, options: &SqlOptions) -> anyhow::Result<Exit> {
    let is_talk =
        options.command.is_none() && options.file.is_none() && std::io::stdin().is_terminal();
    let text = match is_talk {
        true => String::new(),
        false => text(options)?,
    };
    let connection = Connection {
        url: options.url.clone(),
        key: options.key.clone(),
        format: Format::Auto,
    };
    let form = form(options.format);
    tokio_runtime()?.block_on(connect::ask(
        config,
        &connection,
        async |client: &Client| match is_talk {
            true => talk::talk(client, form).await,
            false => answer_all(client, &text, form).await,
        },
    ))?;
    Ok(Exit::Done)
}

/// What is to be answered, where nobody is there to be asked.
fn text(options: &SqlOptions) -> anyhow::Result<String> {
    if let Some(text) = &options.command {
        return Ok(text.clone());
    }
    let file = options.file.as_ref().filter(|file| file.as_os_str() != "-");
    if let Some(file) = file {
        return std::fs::read_to_string(file).map_err(|error| {
            let what = format!("cannot read {}: {error}", file.display());
            Problem::usage(what, "name a file of SQL as UTF-8, or - for standard input").into()
        });
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.context("read standard input")?;
    Ok(text)
}

fn form(asked: SqlForm) -> SqlForm {
    match asked {
        SqlForm::Auto if std::io::stdout().is_terminal() => SqlForm::Table,
        other => other,
    }
}

async fn answer_all(client: &Client, text: &str, form: SqlForm) -> anyhow::Result<()> {
    let statements = split::statements(text);
    if statements.is_empty() {
        return Err(Problem::usage("there is no statement", "write one: -c 'SELECT 1'").into());
    }
    if statements.len() > 1 && matches!(form, SqlForm::Arrow | SqlForm::Parquet) {
        let what = format!("{} answers cannot stand in one file", statements.len());
        return Err(Problem::usage(what, "ask one statement, or choose csv or json").into());
    }
    for statement in statements {
        answer(client, statement, form).await?;
    }
    Ok(())
}

/// Prints one answer; says how many rows it had, where it is a table.
async fn answer(client: &Client, statement: &str, form: SqlForm) -> anyhow::Result<Option<usize>> {
    let name = match form {
        SqlForm::Auto | SqlForm::Table => "rows",
        SqlForm::Csv => "csv",
        SqlForm::Json => "json",
        SqlForm::Arrow => "arrow",
        SqlForm::Parquet => "parquet",
    };
    let request = client
        .request(reqwest::Method::POST, "/api/v1/sql")
        .json(&json!({ "sql": statement, "format": name }));
    let answer = client.send(request).await?;
    let mut out = std::io::stdout();
    if matches!(form, SqlForm::Auto | SqlForm::Table) {
        let text = answer.text().await.map_err(broken)?;
        let (table, rows) = table::render(&text, form)?;
        writeln!(out, "{table}")?;
        return Ok(Some(rows));
    }
    let mut parts = answer.bytes_stream();
    while let Some(part) = parts.next().await {
        out.write_all(&part.map_err(broken)?)?;
    }
    out.flush()?;
    Ok(None)
}

fn broken(error: reqwest::Error) -> Problem {
    Problem::failed(
        format!("the answer broke off: {error}"),
        "the statement took too long or too much, or the server ended: its log says which",
    )
}
