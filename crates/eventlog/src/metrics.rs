//! Every number the log reports, and nothing else.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// A group of frames became durable with one sync.
pub(crate) fn group_committed(frames: usize, rows: u64, bytes: u64) {
    counter!("eventlog_groups_total").increment(1);
    counter!("eventlog_frames_total").increment(frames as u64);
    counter!("eventlog_rows_total").increment(rows);
    counter!("eventlog_written_bytes_total").increment(bytes);
}

/// One fdatasync, which is what appends wait for.
pub(crate) fn synced(took: Duration) {
    histogram!("eventlog_sync_seconds").record(took);
}

/// Frames that were answered with an error and are not in the log.
pub(crate) fn refused(frames: usize) {
    counter!("eventlog_refused_frames_total").increment(frames as u64);
}

/// What this process may still take of the log's disk.
pub(crate) fn disk_free(bytes: u64) {
    gauge!("eventlog_disk_free_bytes").set(bytes as f64);
}

/// The log's end and the number of its files.
pub(crate) fn grew(end_offset: u64, segments: usize) {
    gauge!("eventlog_end_offset_rows").set(end_offset as f64);
    gauge!("eventlog_segments").set(segments as f64);
}
