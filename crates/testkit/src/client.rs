//! A client of a running server: requests with a key, questions, and the audit once it has settled.
//! It knows nothing of the process behind the address.

use crate::law;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;

/// Longer than any answer takes, so that a server which hangs fails a test instead of holding it up.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(120);
/// A connection that was silent for longer is not used again: the server may just be closing it.
const CONNECTION_IDLE_MAX: Duration = Duration::from_secs(2);
/// So often a server that is not yet where it should be is asked again.
const LOOK: Duration = Duration::from_millis(10);

/// Speaks to one server; each thread of a test has its own.
pub struct Client {
    api: String,
    key: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Seconds of the header Retry-After.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub text: String,
}

impl Client {
    /// A client of this address with this key.
    pub fn new(api: impl Into<String>, key: impl Into<String>) -> Result<Client> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start a runtime")?;
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WAIT_MAX)
            .pool_idle_timeout(CONNECTION_IDLE_MAX);
        Ok(Client {
            api: api.into(),
            key: key.into(),
            http: http.build().context("make a client")?,
            runtime,
        })
    }

    /// The server's address.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.api
    }

    /// The key it sends.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Status and body of a request.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(u16, String)> {
        let answer = self.ask(method, path, headers, body)?;
        Ok((answer.status, answer.text))
    }

    /// The answer to a request, whatever it is.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).context("name a method")?;
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.api))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.runtime.block_on(async {
            let answer = request.send().await.context("send a request")?;
            let retry_after = answer.headers().get("retry-after");
            Ok(Answer {
                status: answer.status().as_u16(),
                retry_after_s: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
                text: answer.text().await.context("read an answer")?,
            })
        })
    }

    /// Events, one object a line.
    pub fn offer(&self, events: Vec<u8>) -> Result<Answer> {
        self.offer_as(&self.key, events)
    }

    /// Events under another key, and so from another source.
    pub fn offer_as(&self, key: &str, events: Vec<u8>) -> Result<Answer> {
        self.ask("POST", "/api/v1/events", &[("X-API-Key", key)], events)
    }

    /// The JSON of a path, asked with the key.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.json("GET", path, Vec::new())
    }

    /// The JSON of an answer to a body, sent with the key.
    pub fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Result<Value> {
        self.json("POST", path, body.into())
    }

    fn json(&self, method: &str, path: &str, body: Vec<u8>) -> Result<Value> {
        let headers = [
            ("X-API-Key", self.key.as_str()),
            ("Content-Type", "application/json"),
        ];
        let (status, text) = self.send(method, path, &headers, body)?;
        ensure!(
            (200..300).contains(&status),
            "{method} {path}: {status} {text}"
        );
        serde_json::from_str(&text).with_context(|| format!("read the answer {text}"))
    }

    /// Rows of a query.
    pub fn query(&self, question: &Value) -> Result<Vec<Value>> {
        let answer = self.post("/api/v1/query", question.to_string())?;
        Ok(answer["data"].as_array().context("rows")?.clone())
    }

    /// The audit as it is now; its law must hold.
    pub fn audit(&self) -> Result<Value> {
        let audit = self.get("/api/v1/audit")?["data"].take();
        law::check(&audit)?;
        Ok(audit)
    }

    /// The audit once nothing is in flight and nothing is late; its law must hold.
    pub fn settled_audit(&self) -> Result<Value> {
        self.audit_once("events are in flight or late", |_| true)
    }

    /// The settled audit once so many events were received. In flight are only those that were accepted: what was set
    /// aside is durable a moment before it is shown.
    pub fn audit_of(&self, received: u64) -> Result<Value> {
        let what = format!("{received} events are not received");
        self.audit_once(&what, |audit| audit["received"] == received)
    }

    /// The settled audit once this is so; otherwise the error says what.
    pub fn audit_once(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut audit = Value::Null;
        for _ in 0..6_000 {
            audit = self.audit()?;
            if audit["in_flight"] == 0 && audit["late"] == 0 && is_so(&audit) {
                return Ok(audit);
            }
            self.wait(LOOK);
        }
        anyhow::bail!("after 60 s {what}: {audit}")
    }

    /// Waits until everything is in the results that was in the log when the server started.
    pub fn wait_until_ready(&self) -> Result<()> {
        for _ in 0..12_000 {
            let (status, _) = self.send("GET", "/health/ready", &[], Vec::new())?;
            if status == 200 {
                return Ok(());
            }
            self.wait(LOOK);
        }
        anyhow::bail!("the server is not ready after 120 s")
    }

    fn wait(&self, pause: Duration) {
        self.runtime
            .block_on(async { tokio::time::sleep(pause).await });
    }
}
