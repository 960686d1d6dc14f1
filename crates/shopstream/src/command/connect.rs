//! Whom a command asks: a server that was named, the one that owns the data directory, or, where none runs, one of this
//! process that lives as long as the question. So an answer is the same wherever it comes from.

use crate::cli::Connection;
use crate::client::Client;
use crate::config::Config;
use crate::exit::Problem;
use crate::wiring::{self, Shown, Watched};
use anyhow::Context;
use api::KeyRing;
use runtime::{Clock, Runtime};
use std::sync::Arc;

/// Asks; `question` is given somebody who answers.
pub async fn ask<T>(
    config: &Config,
    connection: &Connection,
    question: impl AsyncFnOnce(&Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let client = match &connection.url {
        Some(url) => Some(Client::to(url, connection.key.clone(), &config.data_dir)?),
        None => Client::of_data_dir(&config.data_dir).await?,
    };
    match client {
        Some(client) => question(&client).await,
        None => ask_directory(config, question).await,
    }
}

async fn ask_directory<T>(
    config: &Config,
    question: impl AsyncFnOnce(&Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if !config.data_dir.join("log").is_dir() {
        return Err(Problem::failed(
            format!("there is no data in {}", config.data_dir.display()),
            "name the folder with --data-dir; `shopstream ingest FILE` or `shopstream up` begins one",
        )
        .into());
    }
    let runtime = Runtime::new(Clock::machine());
    runtime.obey_signals().context("listen for signals")?;
    let mut quiet = config.clone();
    quiet.api.listen = "127.0.0.1:0".to_owned();
    let port = api::bind(quiet.api.clone())
        .await
        .context("open a port of this machine")?;
    let core = wiring::start(&quiet, &runtime).await?;
    core.stream
        .wait_published(core.log.end_position().frame)
        .await;
    let keys = KeyRing::open(&config.data_dir.join("keys"), runtime.clock().clone())?;
    let url = format!("http://{}", port.local_addr);
    let client = Client::to(&url, Some(keys.admin_key().to_owned()), &config.data_dir)?;
    let shown: Shown = (keys, Arc::new(String::new));
    let counter = wiring::counter(&quiet, &core, Watched::none(), shown, &runtime)?;
    runtime.spawn("api", api::serve(port, counter, runtime.stop_token()));
    let answer = question(&client).await;
    drop(client);
    core.stop(&runtime).await?;
    answer
}
