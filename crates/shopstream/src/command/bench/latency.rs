//! A server at a steady rate over HTTP: how long until an acknowledged event is visible in a query, and was any lost.

use super::{machine, rounded};
use crate::cli::BenchLatency;
use crate::client::Client;
use crate::command::player::Player;
use crate::command::up::tokio_runtime;
use crate::config::Config;
use anyhow::{Context, ensure};
use runtime::Clock;
use serde_json::{Map, Value, json};
use simulator::{Format, Rate, Settings, Shop, Time};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How often due events are sent.
const STEP: Duration = Duration::from_millis(20);
/// Pause between two looks for a probe.
const LOOK: Duration = Duration::from_millis(2);
/// The type of the events that are looked for.
const PROBE: &str = "latency_probe";

/// Starts a server of its own on a free port and measures it from outside.
pub fn run(_: &Config, options: &BenchLatency) -> anyhow::Result<Map<String, Value>> {
    let data_dir = std::env::temp_dir().join(format!("shopstream-latency-{}", std::process::id()));
    let mut server = start(&data_dir)?;
    let measured = ready_line(&mut server)
        .and_then(|api| tokio_runtime()?.block_on(measure(&api, &data_dir, options)));
    server.kill().context("stop the server")?;
    server.wait().context("stop the server")?;
    std::fs::remove_dir_all(&data_dir).context("delete its folder")?;
    measured
}

fn start(data_dir: &Path) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("find this program")?;
    let mut command = Command::new(program);
    command
        .args(["up", "--set", "api.listen=127.0.0.1:0", "--data-dir"])
        .arg(data_dir);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("start a server")
}

fn ready_line(server: &mut Child) -> anyhow::Result<String> {
    let out = server.stdout.take().context("read what the server says")?;
    let mut line = String::new();
    BufReader::new(out)
        .read_line(&mut line)
        .context("read what the server says")?;
    let ready: Value = serde_json::from_str(&line).context("read the server's ready line")?;
    Ok(ready["api"]
        .as_str()
        .context("the ready line names no address")?
        .to_owned())
}

async fn measure(
    api: &str,
    data_dir: &Path,
    options: &BenchLatency,
) -> anyhow::Result<Map<String, Value>> {
    let clock = Clock::machine();
    let client = Client::to(api, None, data_dir)?;
    let mut settings = Settings::new(7, Time(clock.now().0));
    settings.rate = Rate::per_second(options.rate);
    let mut player = Player::new(
        Shop::new(settings).context("open the simulated shop")?,
        Format::Canonical,
    );
    let until = clock.monotonic() + Duration::from_secs(options.seconds);
    let load = async {
        let mut lines = Vec::new();
        while clock.monotonic() < until {
            if player.due(clock.now(), u64::MAX, &mut lines) > 0 {
                client.send_events(std::mem::take(&mut lines)).await?;
            }
            tokio::time::sleep(STEP).await;
        }
        anyhow::Ok(player.played())
    };
    let probes = async {
        let mut visible = Vec::new();
        while clock.monotonic() < until {
            visible.push(probe(&client, &clock, visible.len() as u64).await?);
        }
        anyhow::Ok(visible)
    };
    let (sent, mut visible) = tokio::try_join!(load, probes)?;
    let audit = settled(&client).await?;
    visible.sort_by(f64::total_cmp);
    let quantile = |share: f64| {
        visible
            .get(((visible.len() - 1) as f64 * share) as usize)
            .map_or(Value::Null, |seconds| rounded(seconds * 1e3))
    };
    let expected = sent + visible.len() as u64;
    let is_right =
        audit["law_holds"] == true && audit["counted"] == expected && audit["received"] == expected;
    Ok(Map::from_iter([
        ("workload".into(), "latency".into()),
        ("events_sent".into(), expected.into()),
        ("events_counted".into(), audit["counted"].clone()),
        ("seconds".into(), options.seconds.into()),
        ("probes".into(), visible.len().into()),
        ("reply_to_visible_ms_p50".into(), quantile(0.50)),
        ("reply_to_visible_ms_p95".into(), quantile(0.95)),
        ("reply_to_visible_ms_p99".into(), quantile(0.99)),
        ("reply_to_visible_ms_max".into(), quantile(1.0)),
        ("cores".into(), machine::cores().into()),
        ("answers_right".into(), is_right.into()),
    ]))
}

/// Sends one event and looks until it is counted; seconds from the reply to the answer that shows it.
async fn probe(client: &Client, clock: &Clock, before: u64) -> anyhow::Result<f64> {
    let time =
        jiff::Timestamp::from_microsecond(clock.now().0).context("the clock is out of range")?;
    let event = json!({"type": PROBE, "ts": time.to_string(), "anonymous_id": "probe"});
    client.send_events(event.to_string().into_bytes()).await?;
    let replied = clock.monotonic();
    let question =
        json!({"metrics": ["events"], "dimensions": ["type"], "filters": {"type": [PROBE]}});
    loop {
        let answer = client
            .json(
                client
                    .request(reqwest::Method::POST, "/api/v1/query")
                    .json(&question),
            )
            .await?;
        let counted = answer["data"][0]["events"].as_u64().unwrap_or(0);
        if counted > before {
            return Ok((clock.monotonic() - replied).as_secs_f64());
        }
        ensure!(
            clock.monotonic() - replied < Duration::from_secs(30),
            "an acknowledged event is not visible after 30 s"
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// The audit once nothing is in flight.
async fn settled(client: &Client) -> anyhow::Result<Value> {
    for _ in 0..1_000 {
        let audit = client
            .json(client.request(reqwest::Method::GET, "/api/v1/audit"))
            .await?["data"]
            .take();
        if audit["in_flight"] == 0 {
            return Ok(audit);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("events are still in flight after 10 s")
}
