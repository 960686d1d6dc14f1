//! Processes from outside: signals, the memory they take, and a port that stays theirs across restarts.

use anyhow::{Context, Result, ensure};
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

/// Sends a signal by name, such as `STOP`.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .context("send a signal")?;
    ensure!(status.success(), "process {pid} took no {name}");
    Ok(())
}

/// Memory that a process holds now, in bytes.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    status_bytes(pid, "VmRSS:")
}

/// The most memory that a process ever held, in bytes.
pub fn resident_bytes_max(pid: u32) -> Result<u64> {
    status_bytes(pid, "VmHWM:")
}

fn status_bytes(pid: u32, name: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("look at it")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    let kibibytes: u64 = kibibytes
        .with_context(|| format!("no {name} in {status}"))?
        .parse()?;
    Ok(kibibytes << 10)
}

/// The first port that is tried.
const PORT_MIN: u16 = 20_000;
/// The next one to try: tests of one process must not be given the same.
static PORT_NEXT: AtomicU16 = AtomicU16::new(0);

/// A free port below those that the system hands out by itself. A server that is started again on a port of the
/// system's own would now and then find it taken: by a client that was given the number meanwhile, or by a connection
/// that a client made to itself while nobody listened.
pub fn steady_port() -> Result<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let system_min = range
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(32_768_u16);
    let ports = system_min.saturating_sub(PORT_MIN).max(1);
    // Another place for each process, since several may run at once.
    let start = (std::process::id() % u32::from(ports)) as u16;
    for _ in 0..ports {
        let step = PORT_NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORT_MIN + ((u32::from(start) + u32::from(step)) % u32::from(ports)) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free between {PORT_MIN} and {system_min}")
}
