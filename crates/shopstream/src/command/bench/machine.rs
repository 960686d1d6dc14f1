//! What the operating system says of this process and machine; nothing where it does not say.

use std::path::Path;

/// Clock ticks a second in /proc: 100 on every Linux of our targets.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time this process has used.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold blanks; user and system time are fields 14 and 15, so 12 and 13 behind it.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks / TICKS_PER_SECOND
}

/// Largest resident memory of this process so far, in MB.
pub fn memory_peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1_024.0)
}

/// Processor cores.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Bytes of a log: of the newest segment, allocated in advance, only up to its last byte that is not zero.
pub fn log_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path());
    let segments =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    let written = |bytes: Vec<u8>| {
        bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last as u64 + 1)
    };
    segments
        .filter_map(|path| std::fs::read(path).ok())
        .map(written)
        .sum()
}
