//! The binary under test: run a command to its end, or start a server, ask it, stop it, kill it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A binary and a data directory.
#[derive(Debug, Clone)]
pub struct Program {
    binary: PathBuf,
    data_dir: PathBuf,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    api: String,
    key: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Program {
    /// The binary on this data directory.
    pub fn new(binary: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Program {
        Program {
            binary: binary.into(),
            data_dir: data_dir.into(),
        }
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// A command with the data directory set and no setting of this machine.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(&self.data_dir);
        command
            .env_remove("SHOPSTREAM_KEY")
            .env("XDG_CONFIG_HOME", &self.data_dir)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Ran> {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().context("run the binary")?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok(Ran {
            code: status.code(),
            out: text(&stdout),
            err: text(&stderr),
        })
    }

    /// Starts `up` on a free port and waits until it is ready.
    pub fn up(&self) -> Result<Server> {
        self.start(["up"])
    }

    /// Starts a serving command on a free port and waits until it is ready.
    pub fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Server> {
        let mut command = self.command(arguments);
        command
            .args(["--set", "api.listen=127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("start the binary")?;
        let out = child.stdout.take().context("read what it says")?;
        let mut line = String::new();
        BufReader::new(out)
            .read_line(&mut line)
            .context("read what it says")?;
        if line.is_empty() {
            let output = child.wait_with_output().context("wait for its end")?;
            anyhow::bail!(
                "it ended before it was ready: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        drain(child.stderr.take());
        let ready: Value =
            serde_json::from_str(&line).with_context(|| format!("read the ready line {line}"))?;
        let text = |name: &str| {
            ready[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("no {name} in {line}"))
        };
        let key = std::fs::read_to_string(text("key_file")?).context("read the key")?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start a runtime")?;
        Ok(Server {
            child,
            api: text("api")?,
            key: key.trim().to_owned(),
            http: reqwest::Client::new(),
            runtime,
        })
    }
}

/// A full pipe would stop the server; what it says goes to the test's own output.
#[allow(clippy::disallowed_methods)] // a thread of a test, gone with the server
fn drain(stderr: Option<std::process::ChildStderr>) {
    let Some(stderr) = stderr else { return };
    std::thread::spawn(move || {
        BufReader::new(stderr)
            .lines()
            .map_while(Result::ok)
            .for_each(|line| eprintln!("server: {line}"))
    });
}

impl Server {
    /// Its address.
    #[must_use]
    pub fn api(&self) -> &str {
        &self.api
    }

    /// Its admin key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Status and body of a request.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<(u16, String)> {
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
            Ok((
                answer.status().as_u16(),
                answer.text().await.context("read an answer")?,
            ))
        })
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

    /// The audit once nothing is in flight; its law must hold.
    pub fn settled_audit(&self) -> Result<Value> {
        for _ in 0..3_000 {
            let audit = self.get("/api/v1/audit")?["data"].take();
            ensure!(audit["law_holds"] == true, "the law does not hold: {audit}");
            if audit["in_flight"] == 0 {
                return Ok(audit);
            }
            self.runtime
                .block_on(async { tokio::time::sleep(Duration::from_millis(10)).await });
        }
        anyhow::bail!("events are still in flight after 30 s")
    }

    /// Waits for an end that it finds by itself; its exit code.
    pub fn wait(mut self) -> Result<Option<i32>> {
        Ok(self.child.wait().context("wait for its end")?.code())
    }

    /// Kills it as a power cord would: no drain, no goodbye.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().context("kill the server")?;
        self.child.wait().context("wait for its end")?;
        Ok(())
    }

    /// Asks it to stop and waits; its exit code.
    pub fn stop(mut self) -> Result<Option<i32>> {
        let pid = self.child.id().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .context("signal the server")?;
        Ok(self.child.wait().context("wait for its end")?.code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
