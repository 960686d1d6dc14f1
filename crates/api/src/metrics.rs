//! Every metric of this crate, with its unit in the name.

use event::EventTime;
use live::LiveTables;
use std::time::Duration;

/// Requests answered, by route and status.
const REQUESTS: &str = "shopstream_http_requests_total";
/// Time from the request's head to the answer's head, by route.
const REQUEST_SECONDS: &str = "shopstream_http_request_seconds";
/// Readers of the stream now.
const STREAM_READERS: &str = "shopstream_stream_readers";
/// Readers that were too slow and started over.
const STREAM_RESETS: &str = "shopstream_stream_resets_total";

/// How far a store's watermark lies behind the clock, by store.
const WATERMARK_LAG: &str = "shopstream_watermark_lag_seconds";
/// The same of the store that lies behind the furthest.
const WATERMARK_LAG_MAX: &str = "shopstream_watermark_lag_max_seconds";
/// Stores that are told one by one: each is a series that a Prometheus server keeps.
const STORES_TOLD_MAX: usize = 100;

/// Sets the watermarks' gauges; they move with the clock, so whoever reads the page does it.
pub(crate) fn watermarks(live: &LiveTables, now: EventTime) {
    let rows = live.watermarks(None);
    let lags = rows.iter().filter_map(|row| {
        let lag_micros = now.0.saturating_sub(row.watermark?.0);
        Some((&row.store, lag_micros as f64 / 1e6))
    });
    let mut lag_max = None;
    for (number, (store, lag)) in lags.enumerate() {
        if number < STORES_TOLD_MAX {
            metrics::gauge!(WATERMARK_LAG, "store" => store.to_string()).set(lag);
        }
        lag_max = Some(lag_max.map_or(lag, |max: f64| max.max(lag)));
    }
    if let Some(lag) = lag_max {
        metrics::gauge!(WATERMARK_LAG_MAX).set(lag);
    }
}

pub(crate) fn answered(route: &str, status: u16, elapsed: Duration) {
    let route = route.to_owned();
    metrics::counter!(REQUESTS, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!(REQUEST_SECONDS, "route" => route).record(elapsed.as_secs_f64());
}

pub(crate) fn reader_came() {
    metrics::gauge!(STREAM_READERS).increment(1.0);
}

pub(crate) fn reader_left() {
    metrics::gauge!(STREAM_READERS).decrement(1.0);
}

pub(crate) fn reader_was_reset() {
    metrics::counter!(STREAM_RESETS).increment(1);
}
