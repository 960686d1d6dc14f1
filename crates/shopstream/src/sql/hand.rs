//! A process that answers SQL, from both sides: started and ended by the desk, and serving on its pipes in the other process.
//! Text from users never runs in the process that owns the log: a statement can exhaust memory or abort its process.

use crate::exit::Exit;
use anyhow::Context;
use query::{Ask, Part, read_part, write_ask};
use std::io;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Plans are trees that are walked down: 1,000 operators need far less than this, unoptimised too.
const STACK_BYTES: usize = 64 << 20;

/// A process that answers one question at a time. It ends when it is dropped.
pub struct Hand {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Hand {
    /// Starts one: this binary in another role. It inherits no secrets; what it needs comes with each question.
    pub fn start() -> io::Result<Hand> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["run", "sql"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .env_clear()
            // A bucket's credentials may come from the environment.
            .envs(std::env::vars_os().filter(|(name, _)| is_passed_on(&name.to_string_lossy())))
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Hand {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// Asks it.
    pub async fn ask(&mut self, ask: &Ask) -> io::Result<()> {
        write_ask(ask, &mut self.input).await
    }

    /// Waits until something of its answer is there, or its end. What waits for it may let go.
    pub async fn ready(&mut self) -> io::Result<()> {
        self.output.fill_buf().await.map(|_| ())
    }

    /// The next part of its answer; nothing where it has ended.
    pub async fn part(&mut self) -> io::Result<Option<Part>> {
        read_part(&mut self.output).await
    }

    /// Memory that it has; none where the machine does not tell.
    pub fn memory_bytes(&self) -> u64 {
        let kibibytes = || {
            let text =
                std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        };
        kibibytes().unwrap_or(0) * 1024
    }
}

fn is_passed_on(name: &str) -> bool {
    const PLAIN: [&str; 6] = ["PATH", "HOME", "TMPDIR", "TZ", "TZDIR", "RUST_BACKTRACE"];
    PLAIN.contains(&name) || name.starts_with("AWS_") || name.starts_with("SSL_CERT_")
}

/// The other side: answers what comes on standard input until it ends.
pub fn serve() -> anyhow::Result<Exit> {
    let tasks = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .context("start the async runtime")?;
    let served = query::run(io::stdin().lock(), io::stdout(), tasks.handle());
    tasks.shutdown_background();
    match served {
        // The desk has gone, or it does not want the answer any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        served => served.context("answer SQL").map(|()| Exit::Done),
    }
}
