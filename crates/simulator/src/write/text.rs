//! Bytes of numbers, ids and fields. Texts of the simulator need no escapes; tests say so where the words are.

/// Appends a text.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends `,"name":"value"`.
macro_rules! text_field {
    ($out:expr, $name:literal, $value:expr) => {{
        $crate::write::text::put($out, concat!(",\"", $name, "\":\""));
        $crate::write::text::put($out, $value);
        $out.push(b'"');
    }};
}

/// Appends `,"name":` for a value that follows.
macro_rules! key {
    ($out:expr, $name:literal) => {
        $crate::write::text::put($out, concat!(",\"", $name, "\":"))
    };
}

pub(crate) use {key, text_field};

const fn digit_pairs() -> [u8; 200] {
    let mut pairs = [0; 200];
    let mut value = 0;
    while value < 100 {
        pairs[value * 2] = b'0' + (value / 10) as u8;
        pairs[value * 2 + 1] = b'0' + (value % 10) as u8;
        value += 1;
    }
    pairs
}

static PAIRS: [u8; 200] = digit_pairs();

/// A number below 100 with two digits.
#[inline]
pub(crate) fn two_digits(value: u64, out: &mut Vec<u8>) {
    let index = value as usize * 2;
    out.extend_from_slice(&PAIRS[index..index + 2]);
}

/// A whole number.
#[inline]
pub(crate) fn number(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        start -= 2;
        digits[start..start + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        start -= 2;
        digits[start..start + 2]
            .copy_from_slice(&PAIRS[value as usize * 2..value as usize * 2 + 2]);
    } else {
        start -= 1;
        digits[start] = b'0' + value as u8;
    }
    out.extend_from_slice(&digits[start..]);
}

/// A whole number that may be below zero.
pub(crate) fn whole(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    number(value.unsigned_abs(), out);
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// 64 bits as 16 hexadecimal digits.
pub(crate) fn hex(bits: u64, out: &mut Vec<u8>) {
    let digits: [u8; 16] =
        std::array::from_fn(|index| HEX[(bits >> (60 - 4 * index) & 15) as usize]);
    out.extend_from_slice(&digits);
}

/// 128 bits as a UUID.
pub(crate) fn uuid(bits: u128, out: &mut Vec<u8>) {
    const DIGITS: [usize; 32] = {
        // Where each digit stands: hyphens at 8, 13, 18 and 23.
        let mut places = [0; 32];
        let mut digit = 0;
        while digit < 32 {
            places[digit] = digit
                + (digit >= 8) as usize
                + (digit >= 12) as usize
                + (digit >= 16) as usize
                + (digit >= 20) as usize;
            digit += 1;
        }
        places
    };
    let mut text = [b'-'; 36];
    for (byte, places) in bits
        .to_be_bytes()
        .into_iter()
        .zip(DIGITS.as_chunks::<2>().0)
    {
        text[places[0]] = HEX[usize::from(byte >> 4)];
        text[places[1]] = HEX[usize::from(byte & 15)];
    }
    out.extend_from_slice(&text);
}

/// Digits and capitals without I, L, O and U, which people misread.
const READABLE: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// 60 bits as 12 readable characters.
pub(crate) fn readable(bits: u64, out: &mut Vec<u8>) {
    let characters: [u8; 12] =
        std::array::from_fn(|index| READABLE[(bits >> (55 - 5 * index) & 31) as usize]);
    out.extend_from_slice(&characters);
}

/// An address in four parts.
pub(crate) fn address(parts: [u8; 4], out: &mut Vec<u8>) {
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        number(u64::from(part), out);
    }
}

/// Lower case, each space as `gap`: for links and searches.
pub(crate) fn lower(words: &str, gap: u8, out: &mut Vec<u8>) {
    out.extend(words.bytes().map(|byte| {
        if byte == b' ' {
            gap
        } else {
            byte.to_ascii_lowercase()
        }
    }));
}

/// A value in a list with commas: in quotes where it holds a comma or a quote.
pub(crate) fn csv_value(text: &[u8], out: &mut Vec<u8>) {
    if !text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n')) {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for byte in text {
        out.extend(std::iter::repeat_n(
            *byte,
            if *byte == b'"' { 2 } else { 1 },
        ));
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn numbers_are_written_as_the_library_writes_them() {
        for value in [0, 7, 10, 99, 100, 12_345, 1_000_000, u64::MAX] {
            assert_eq!(written(|out| number(value, out)), value.to_string());
        }
    }

    #[test]
    fn ids_keep_every_bit() {
        let bits = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978_u128;
        assert_eq!(
            written(|out| uuid(bits, out)),
            "01234567-89ab-cdef-0f1e-2d3c4b5a6978"
        );
        assert_eq!(
            written(|out| hex(0xfedc_ba98_7654_3210, out)),
            "fedcba9876543210"
        );
        assert_eq!(written(|out| readable((1 << 60) - 1, out)), "ZZZZZZZZZZZZ");
    }
}
