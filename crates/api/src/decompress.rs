//! Unpacks bodies within bounds: a small body that becomes a huge one is refused before it does.

use crate::problem::{BODY_TOO_LARGE, ENCODING_BROKEN, ENCODING_UNKNOWN, Problem};
use axum::http::{HeaderMap, header};
use std::io::Read;

/// Output that is allowed whatever the ratio: a thousand equal events pack a hundredfold and are no bomb.
const RATIO_FREE_BYTES: usize = 1 << 20;
/// A zstd window of 32 MiB: more than any body we take in, less than what a forged header may ask for.
const ZSTD_WINDOW_LOG_MAX: u32 = 25;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

impl Encoding {
    /// What the headers say.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Encoding, Problem> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else {
            return Ok(Encoding::Plain);
        };
        match value
            .to_str()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "" | "identity" => Ok(Encoding::Plain),
            "gzip" | "x-gzip" => Ok(Encoding::Gzip),
            "zstd" => Ok(Encoding::Zstd),
            other => {
                let shown: String = other.chars().take(40).collect();
                Err(Problem::new(
                    ENCODING_UNKNOWN,
                    format!("Content-Encoding is \"{shown}\""),
                ))
            }
        }
    }
}

/// How large a body may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) bytes_max: usize,
    pub(crate) ratio_max: usize,
}

/// Unpacks a body.
pub(crate) fn decompress(
    packed: Vec<u8>,
    encoding: Encoding,
    bounds: Bounds,
) -> Result<Vec<u8>, Problem> {
    match encoding {
        Encoding::Plain => Ok(packed),
        Encoding::Gzip => read_bounded(
            flate2::read::MultiGzDecoder::new(&packed[..]),
            packed.len(),
            bounds,
        ),
        Encoding::Zstd => {
            let mut decoder =
                zstd::stream::read::Decoder::with_buffer(&packed[..]).map_err(broken)?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .map_err(broken)?;
            read_bounded(decoder, packed.len(), bounds)
        }
    }
}

fn read_bounded(
    reader: impl Read,
    packed_bytes: usize,
    bounds: Bounds,
) -> Result<Vec<u8>, Problem> {
    let by_ratio = packed_bytes
        .saturating_mul(bounds.ratio_max)
        .max(RATIO_FREE_BYTES);
    let limit = bounds.bytes_max.min(by_ratio);
    let mut plain = Vec::with_capacity(limit.min(packed_bytes.saturating_mul(8)));
    // One byte more than allowed tells a body that fits from one that does not.
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(broken)?;
    if plain.len() <= limit {
        return Ok(plain);
    }
    let detail = if limit == bounds.bytes_max {
        format!("the body unpacks to more than {limit} bytes")
    } else {
        format!(
            "the body unpacks to more than {} times its size",
            bounds.ratio_max
        )
    };
    Err(Problem::new(BODY_TOO_LARGE, detail))
}

fn broken(_: std::io::Error) -> Problem {
    Problem::new(
        ENCODING_BROKEN,
        "the bytes are not packed the way Content-Encoding says, or they end early",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const BOUNDS: Bounds = Bounds {
        bytes_max: 20 << 20,
        ratio_max: 100,
    };

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(plain).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn zstd(plain: &[u8]) -> Vec<u8> {
        zstd::encode_all(plain, 19).expect("memory takes it")
    }

    fn check(packed: Vec<u8>, encoding: Encoding, expected: Result<usize, &str>) {
        let outcome = decompress(packed, encoding, BOUNDS);
        let outcome = outcome
            .as_ref()
            .map(Vec::len)
            .map_err(|problem| problem.kind.code);
        assert_eq!(outcome, expected, "{encoding:?}");
    }

    #[test]
    fn what_was_packed_comes_back() {
        let mut state = 1_u64;
        let noise = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        });
        let plain: Vec<u8> = noise.take(2_000_000).collect();
        for (packed, encoding) in [
            (gzip(&plain), Encoding::Gzip),
            (zstd(&plain), Encoding::Zstd),
            (plain.clone(), Encoding::Plain),
        ] {
            assert_eq!(
                decompress(packed, encoding, BOUNDS).expect("within bounds"),
                plain
            );
        }
    }

    #[test]
    fn several_gzip_members_are_one_body() {
        check(
            [gzip(b"{}\n"), gzip(b"{}\n")].concat(),
            Encoding::Gzip,
            Ok(6),
        );
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0; 21 << 20];
        check(gzip(&zeros), Encoding::Gzip, Err("body-too-large"));
        check(zstd(&zeros), Encoding::Zstd, Err("body-too-large"));
        // 2 MiB in about 2 kB: within the size, beyond the ratio.
        check(
            gzip(&zeros[..2 << 20]),
            Encoding::Gzip,
            Err("body-too-large"),
        );
    }

    #[test]
    fn a_small_body_may_repeat_itself() {
        check(gzip(&vec![b' '; 900_000]), Encoding::Gzip, Ok(900_000));
    }

    #[test]
    fn broken_bytes_are_told_from_bombs() {
        check(
            b"{\"type\":\"order\"}".to_vec(),
            Encoding::Gzip,
            Err("encoding-broken"),
        );
        check(
            b"{\"type\":\"order\"}".to_vec(),
            Encoding::Zstd,
            Err("encoding-broken"),
        );
        let whole = gzip(&[7; 10_000]);
        check(
            whole[..whole.len() / 2].to_vec(),
            Encoding::Gzip,
            Err("encoding-broken"),
        );
    }

    #[test]
    fn a_forged_window_does_not_take_memory() {
        // Magic number, no checksum, window descriptor for 2 GiB, then a raw block of one byte.
        let forged = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, 0x41];
        check(forged.to_vec(), Encoding::Zstd, Err("encoding-broken"));
    }
}
