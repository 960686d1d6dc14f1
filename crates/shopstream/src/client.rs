//! Talking to a running server over HTTP: which server, which key, and what its refusals mean for the caller.

use crate::command::server_file::ServerFile;
use crate::exit::{Exit, Problem};
use anyhow::Context;
use std::path::Path;
use std::time::Duration;

/// Tries again while the server is busy, up to this often.
const BUSY_TRIES_MAX: u32 = 30;

/// A server and a key.
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// The server at this address; without a key, the one of the data directory.
    pub fn to(url: &str, key: Option<String>, data_dir: &Path) -> anyhow::Result<Client> {
        let key = match key {
            Some(key) => key,
            None => read_key(&data_dir.join("keys/admin.key"))?,
        };
        Ok(Client {
            http: reqwest::Client::new(),
            url: url.trim_end_matches('/').to_owned(),
            key,
        })
    }

    /// The server that owns the data directory, if one runs.
    pub async fn of_data_dir(data_dir: &Path) -> anyhow::Result<Option<Client>> {
        let http = reqwest::Client::new();
        let Some(server) = ServerFile::find(data_dir, &http).await else {
            return Ok(None);
        };
        let key = read_key(&server.key_file)?;
        Ok(Some(Client {
            http,
            url: server.api,
            key,
        }))
    }

    /// A request to a path of the API, with the key.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .header("X-API-Key", &self.key)
    }

    /// Sends a request; an answer that is no success is explained.
    pub async fn send(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<reqwest::Response> {
        let answer = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if answer.status().is_success() {
            Ok(answer)
        } else {
            Err(refusal(answer).await.into())
        }
    }

    /// The answer's JSON.
    pub async fn json(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<serde_json::Value> {
        self.send(request)
            .await?
            .json()
            .await
            .context("read the server's answer")
    }

    /// Sends JSON lines; a busy server is asked again with the same events, which count once.
    pub async fn send_events(&self, lines: Vec<u8>) -> anyhow::Result<()> {
        let lines = bytes::Bytes::from(lines);
        for _ in 0..BUSY_TRIES_MAX {
            let request = self
                .request(reqwest::Method::POST, "/api/v1/events")
                .header("Content-Type", "application/x-ndjson");
            let answer = request
                .body(lines.clone())
                .send()
                .await
                .map_err(|error| self.unreachable(&error))?;
            match answer.status().as_u16() {
                200..300 => return Ok(()),
                429 | 503 => tokio::time::sleep(Duration::from_secs(1)).await,
                _ => return Err(refusal(answer).await.into()),
            }
        }
        Err(Problem::failed(
            format!("{} stayed busy", self.url),
            "look at its dashboard or log, then try again",
        )
        .into())
    }

    fn unreachable(&self, error: &reqwest::Error) -> Problem {
        Problem {
            what: format!("cannot reach {}: {}", self.url, root_cause(error)),
            mend: "start it with `shopstream up`, or name another with --url".to_owned(),
            exit: Exit::Unreachable,
        }
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .last()
        .map_or_else(String::new, ToString::to_string)
}

async fn refusal(answer: reqwest::Response) -> Problem {
    let status = answer.status();
    let problem: serde_json::Value = answer.json().await.unwrap_or_default();
    let text = |name: &str| {
        problem
            .get(name)
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned)
    };
    let what = text("detail")
        .or_else(|| text("title"))
        .unwrap_or_else(|| status.to_string());
    let what = match text("sqlstate") {
        Some(code) => format!("{what} (SQLSTATE {code})"),
        None => what,
    };
    let exit = if matches!(status.as_u16(), 401 | 403) {
        Exit::Authentication
    } else {
        Exit::Failed
    };
    let mend = text("hint").unwrap_or_else(|| match exit {
        Exit::Authentication => {
            "name the key with --key, or the server's folder with --data-dir".to_owned()
        }
        _ => format!("the server answered {status}"),
    });
    Problem { what, mend, exit }
}

fn read_key(path: &Path) -> anyhow::Result<String> {
    let key = std::fs::read_to_string(path).map_err(|error| Problem {
        what: format!("no key at {}: {error}", path.display()),
        mend: "name the key with --key, or the server's folder with --data-dir".to_owned(),
        exit: Exit::Authentication,
    })?;
    Ok(key.trim().to_owned())
}
