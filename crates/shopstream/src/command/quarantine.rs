//! `quarantine`: what was set aside; a look at one, and reading them again once a mapping or a check has changed.

use crate::cli::{
    Connection, Format, Quarantine, QuarantineKind, QuarantineList, QuarantineReplay,
};
use crate::client::Client;
use crate::command::connect::ask;
use crate::command::imports::cell;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use crate::exit::{Exit, Problem};
use crate::imports::explain_mapping;
use crate::table;
use anyhow::Context;
use api::{KeptEvent, ReplayMapping, ReplayRequest, ReplaySummary};
use ingest::mappings::Mappings;
use reqwest::Method;
use serde_json::Value;

/// Lists, shows, replays.
pub fn run(config: &Config, options: &Quarantine) -> anyhow::Result<Exit> {
    let connection = &options.connection;
    let tokio = tokio_runtime()?;
    match &options.what {
        QuarantineKind::List(wanted) => {
            let answer = tokio.block_on(ask(config, connection, async |client| {
                list(client, wanted).await
            }))?;
            print_list(&answer, connection)?;
            Ok(Exit::Done)
        }
        QuarantineKind::Show { id } => {
            check_id(id)?;
            let kept = tokio.block_on(ask(config, connection, async |client| {
                show(client, id).await
            }))?;
            print_kept(&kept, connection)?;
            Ok(Exit::Done)
        }
        QuarantineKind::Replay(wanted) => {
            let request = replay_request(config, wanted)?;
            let summary = tokio.block_on(ask(config, connection, async |client| {
                replay(client, &request).await
            }))?;
            print_replay(&summary, connection)
        }
    }
}

fn check_id(id: &str) -> Result<(), Problem> {
    let parsed: Result<event::import::QuarantineId, _> = id.parse();
    parsed.map(drop).map_err(|error| {
        Problem::usage(
            format!("`{id}`: {error}"),
            "`shopstream quarantine list` shows the ids",
        )
    })
}

async fn list(client: &Client, wanted: &QuarantineList) -> anyhow::Result<Value> {
    let mut query = vec![("limit", wanted.limit.to_string())];
    query.extend(wanted.reason.clone().map(|reason| ("reason", reason)));
    query.extend(wanted.source.clone().map(|source| ("source", source)));
    let request = client
        .request(Method::GET, "/api/v1/quarantine")
        .query(&query);
    let mut answer = client.json(request).await?;
    let audit = client
        .json(client.request(Method::GET, "/api/v1/audit"))
        .await?;
    answer["reasons"] = audit["data"]["quarantined_by_reason"].clone();
    answer["total"] = audit["data"]["quarantined"].clone();
    Ok(answer)
}

const COLUMNS: [&str; 6] = ["id", "received_at", "name", "position", "reason", "detail"];

fn print_list(answer: &Value, connection: &Connection) -> anyhow::Result<()> {
    let kept = answer["data"].as_array().cloned().unwrap_or_default();
    if connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(&kept)?);
        return Ok(());
    }
    let rows: Vec<Vec<String>> = kept
        .iter()
        .map(|kept| COLUMNS.iter().map(|column| cell(&kept[column])).collect())
        .collect();
    let head = ["id", "received", "source", "position", "reason", "detail"];
    println!("{}", table::render(&head, &rows, connection.format));
    let total = answer["total"].as_u64().unwrap_or(0);
    if total == 0 {
        eprintln!("nothing is set aside");
    } else {
        let reasons = answer["reasons"].as_object();
        let by_reason: Vec<String> = reasons
            .into_iter()
            .flatten()
            .filter(|(_, count)| **count != 0)
            .map(|(reason, count)| format!("{reason} {}", cell(count)))
            .collect();
        eprintln!(
            "{} of {} that are set aside ({}); `shopstream quarantine show ID` shows one",
            kept.len(),
            table::thousands(total),
            by_reason.join(", ")
        );
    }
    Ok(())
}

async fn show(client: &Client, id: &str) -> anyhow::Result<KeptEvent> {
    let path = format!("/api/v1/quarantine/{id}");
    let mut answer = client.json(client.request(Method::GET, &path)).await?;
    serde_json::from_value(answer["data"].take()).context("read the server's answer")
}

fn print_kept(kept: &KeptEvent, connection: &Connection) -> anyhow::Result<()> {
    if connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(kept)?);
        return Ok(());
    }
    println!("id        {}", kept.id);
    println!("received  {}", kept.received_at);
    println!("source    {} ({})", kept.name, kept.source);
    println!("store     {}", kept.store);
    println!("position  {}", kept.position);
    println!("reason    {}: {}", kept.reason, kept.meaning);
    println!("detail    {}", kept.detail);
    println!("mend      {}", kept.remedy);
    if let Some(header) = &kept.header {
        println!("header    {header}");
    }
    println!("bytes     {}", kept.bytes);
    if kept.is_cut {
        eprintln!("only the first 64 KiB were kept, so it cannot be read again: send it anew");
    } else if kept.is_released {
        eprintln!("it was read again since, and counts");
    } else {
        eprintln!("`shopstream quarantine replay {}` reads it again", kept.id);
    }
    Ok(())
}

fn replay_request(config: &Config, wanted: &QuarantineReplay) -> Result<ReplayRequest, Problem> {
    let is_bounded = !wanted.ids.is_empty() || wanted.reason.is_some() || wanted.source.is_some();
    if !is_bounded && !wanted.all {
        return Err(Problem::usage(
            "say what is to be read again",
            "name ids, --reason, --source, or --all",
        ));
    }
    wanted.ids.iter().try_for_each(|id| check_id(id))?;
    let mapping = (wanted.mapping.as_deref())
        .map(|name| Mappings::of(&config.data_dir).get(name))
        .transpose()
        .map_err(|error| explain_mapping(&error))?;
    Ok(ReplayRequest {
        ids: wanted.ids.clone(),
        reason: wanted.reason.clone(),
        source: wanted.source.clone(),
        mapping: mapping.map(|saved| ReplayMapping {
            dialect: saved.dialect,
            map: saved.columns,
            map_type: saved.types,
        }),
    })
}

async fn replay(client: &Client, request: &ReplayRequest) -> anyhow::Result<ReplaySummary> {
    let post = client
        .request(Method::POST, "/api/v1/quarantine/replay")
        .json(request);
    let mut answer = client.json(post).await?;
    serde_json::from_value(answer["data"].take()).context("read the server's answer")
}

/// Exit 3 where something is refused still: a program that replays wants to know.
fn print_replay(summary: &ReplaySummary, connection: &Connection) -> anyhow::Result<Exit> {
    let is_all_released = summary.examined == summary.released && summary.unknown.is_empty();
    let exit = if is_all_released {
        Exit::Done
    } else {
        Exit::ProblemsFound
    };
    if connection.format == Format::Json {
        println!("{}", serde_json::to_string_pretty(summary)?);
        return Ok(exit);
    }
    let line = |name: String, count: u64| vec![name, table::thousands(count)];
    let mut rows = vec![
        line("read again".to_owned(), summary.examined),
        line("  events now, and counted".to_owned(), summary.released),
    ];
    let refused = summary.refused.iter();
    rows.extend(refused.map(|(reason, count)| line(format!("  refused still: {reason}"), *count)));
    let others = [
        (
            "  kept in part only (64 KiB), cannot be read again",
            summary.cut,
        ),
        ("  of a file whose header is not known", summary.headless),
        ("released before", summary.released_before),
        ("unknown ids", summary.unknown.len() as u64),
    ];
    let others = others.into_iter().filter(|(_, count)| *count > 0);
    rows.extend(others.map(|(name, count)| line(name.to_owned(), count)));
    println!(
        "{}",
        table::render(&["replay", ""], &rows, connection.format)
    );
    if !summary.unknown.is_empty() {
        eprintln!("nothing was set aside under {}", summary.unknown.join(", "));
    }
    Ok(exit)
}
