//! The binary under test: run a command to its end, or start a server, signal it, stop it, kill it.
//! What is asked of a running server is `client.rs`.

use crate::client::Client;
use crate::process;
use anyhow::{Context, Result};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A binary and a data directory.
#[derive(Debug, Clone)]
pub struct Program {
    binary: PathBuf,
    data_dir: PathBuf,
    port: u16,
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

/// A running server; killed when dropped. What a client can do, it can do itself.
pub struct Server {
    child: Child,
    client: Client,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Program {
    /// The binary on this data directory.
    pub fn new(binary: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Program {
        Program {
            binary: binary.into(),
            data_dir: data_dir.into(),
            port: 0,
        }
    }

    /// The same, but its servers listen on this port instead of any free one.
    #[must_use]
    pub fn on_port(self, port: u16) -> Program {
        Program { port, ..self }
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

    /// Starts a serving command and waits for nothing.
    pub fn launch<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        output: Stdio,
    ) -> Result<Child> {
        let mut command = self.command(arguments);
        let listen = format!("api.listen=127.0.0.1:{}", self.port);
        command.args(["--set", &listen]);
        command.stdout(output).stderr(Stdio::piped());
        command.spawn().context("start the binary")
    }

    /// Starts a serving command on a free port and waits until it is ready.
    pub fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Result<Server> {
        let mut child = self.launch(arguments, Stdio::piped())?;
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
        let client = Client::new(text("api")?, key.trim())?;
        Ok(Server { child, client })
    }
}

/// A full pipe would stop the server; what it says goes to the test's own output.
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
    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
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

    /// Waits until it ends by itself; its exit code.
    pub fn ended(mut self) -> Result<Option<i32>> {
        Ok(self.child.wait().context("wait for its end")?.code())
    }

    /// Asks it to stop and waits; its exit code.
    pub fn stop(self) -> Result<Option<i32>> {
        process::signal(self.pid(), "TERM")?;
        self.ended()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
