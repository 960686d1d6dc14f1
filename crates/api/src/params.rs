//! What stands behind the question mark of an address, with problems instead of the framework's plain texts.

use crate::problem::{INVALID_QUERY, Problem};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Parameters of a known form.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Params<T>, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(params)| Params(params))
            .map_err(|error| Problem::new(INVALID_QUERY, error.body_text()))
    }
}
