//! The dashboard's files, embedded when the crate was compiled; without them a small page of our own takes their place.
//! Deep links are answered with the page itself, which finds its way by the address.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// A file of the dashboard, as `build.rs` lays it down.
pub(crate) struct Asset {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    /// Its gzip form, where that is smaller.
    gzip: Option<&'static [u8]>,
    /// A hash of the bytes, in quotes.
    etag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// Files with a hash in their name never change; everything else is asked for again.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// The file of a path, or the page for a deep link; nothing for a file that does not exist.
pub(crate) fn serve(path: &str, headers: &HeaderMap) -> Option<Response> {
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path == path)
        .or_else(|| page(path))?;
    Some(answer(asset, headers))
}

fn page(path: &str) -> Option<&'static Asset> {
    let is_file = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    let is_page = !is_file && !path.starts_with("/assets/");
    is_page
        .then(|| ASSETS.iter().find(|asset| asset.path == "/index.html"))
        .flatten()
}

fn answer(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let is_known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|value| matches_tag(value, asset.etag));
    let gzip = asset.gzip.filter(|_| accepts_gzip(headers));
    let body = if is_known {
        Body::empty()
    } else {
        Body::from(Bytes::from_static(gzip.unwrap_or(asset.bytes)))
    };
    let mut response = body.into_response();
    let fields = response.headers_mut();
    fields.insert(header::ETAG, HeaderValue::from_static(asset.etag));
    fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let is_hashed = asset.path.starts_with("/assets/");
    fields.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(if is_hashed { FOR_GOOD } else { ASK_AGAIN }),
    );
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    fields.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(asset.content_type),
    );
    if gzip.is_some() {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn matches_tag(value: &HeaderValue, etag: &str) -> bool {
    let tags = value.to_str().unwrap_or_default().split(',');
    tags.map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut codings = values.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = matches!(
            weight.replace(' ', "").as_str(),
            "q=0" | "q=0.0" | "q=0.00" | "q=0.000"
        );
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}
