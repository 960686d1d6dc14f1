//! Every metric of this crate, with its unit in the name.

use std::time::Duration;

/// Requests answered, by route and status.
const REQUESTS: &str = "shopstream_http_requests_total";
/// Time from the request's head to the answer's head, by route.
const REQUEST_SECONDS: &str = "shopstream_http_request_seconds";
/// Readers of the stream now.
const STREAM_READERS: &str = "shopstream_stream_readers";
/// Readers that were too slow and started over.
const STREAM_RESETS: &str = "shopstream_stream_resets_total";

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
