//! Bodies of requests, read within bounds of size and of patience.

use crate::app::App;
use crate::problem::{
    BODY_INCOMPLETE, BODY_MISSING, BODY_TOO_LARGE, BODY_TOO_SLOW, INVALID_JSON, INVALID_QUERY,
    Problem,
};
use axum::body::{Body, BodyDataStream, HttpBody};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::time::Duration;

/// A question is a page of text at most.
const QUESTION_BYTES_MAX: usize = 1 << 20;
/// A body that is too large is read on for a while, so that the sender gets to read the answer; past this it is cut off.
const DRAIN_BYTES_MAX: usize = 64 << 20;

/// The next piece of a body, or nothing at its end.
pub(crate) async fn next_piece(
    app: &App,
    stream: &mut BodyDataStream,
    patience: Duration,
) -> Result<Option<Bytes>, Problem> {
    let piece = tokio::select! {
        biased;
        piece = stream.next() => piece,
        () = app.state.clock.sleep(patience) => {
            return Err(Problem::new(BODY_TOO_SLOW, format!("nothing came for {} s", patience.as_secs())));
        }
    };
    piece
        .transpose()
        .map_err(|_| Problem::new(BODY_INCOMPLETE, "the body broke off before its end"))
}

/// A whole body of at most `bytes_max`.
pub(crate) async fn read(app: &App, body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        Problem::new(
            BODY_TOO_LARGE,
            format!("the body is larger than {bytes_max} bytes"),
        )
    };
    if body.size_hint().lower() > DRAIN_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let patience = Duration::from_secs(app.config.body_idle_s);
    let mut stream = body.into_data_stream();
    let (mut whole, mut received) = (Vec::new(), 0_usize);
    while let Some(piece) = next_piece(app, &mut stream, patience).await? {
        received += piece.len();
        if received <= bytes_max {
            whole.extend_from_slice(&piece);
        } else if received > DRAIN_BYTES_MAX {
            break;
        } else {
            whole = Vec::new();
        }
    }
    if received > bytes_max {
        return Err(too_large());
    }
    Ok(whole)
}

/// A body that is one JSON value of a known form.
pub(crate) async fn read_json<T: DeserializeOwned>(app: &App, body: Body) -> Result<T, Problem> {
    let bytes = read(app, body, QUESTION_BYTES_MAX).await?;
    if bytes.trim_ascii().is_empty() {
        return Err(
            Problem::new(BODY_MISSING, "the request has no body").hint("send one JSON object")
        );
    }
    serde_json::from_slice(&bytes).map_err(|error| match error.classify() {
        Category::Data => Problem::new(INVALID_QUERY, error.to_string()),
        _ => Problem::new(INVALID_JSON, error.to_string()),
    })
}
