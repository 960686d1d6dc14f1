//! Plain values as bytes, for checkpoints: varints, lengths first. Knows no shop; what is written in which order is
//! said beside what is written.

/// Bytes that are none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit's state is damaged or of another version")]
pub struct DecodeError;

/// Appends values to bytes.
pub struct Encoder<'a>(pub &'a mut Vec<u8>);

impl Encoder<'_> {
    /// Seven bits a byte, least first.
    pub fn u64(&mut self, number: u64) {
        self.u128(u128::from(number));
    }

    /// Small of either sign stays short.
    pub fn i64(&mut self, number: i64) {
        self.u64((number << 1 ^ number >> 63) as u64);
    }

    /// As [`Encoder::u64`].
    pub fn u128(&mut self, mut number: u128) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// The length, then the bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// As [`Encoder::bytes`].
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// One byte.
    pub fn bool(&mut self, is: bool) {
        self.u64(u64::from(is));
    }
}

/// Reads what [`Encoder`] wrote, in the same order.
pub struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    /// Reads from the beginning.
    pub fn new(bytes: &'a [u8]) -> Decoder<'a> {
        Decoder(bytes)
    }

    /// See [`Encoder::u64`].
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        u64::try_from(self.u128()?).map_err(|_| DecodeError)
    }

    /// See [`Encoder::i64`].
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        let number = self.u64()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// See [`Encoder::u128`].
    pub fn u128(&mut self) -> Result<u128, DecodeError> {
        let mut number = 0;
        for shift in (0..128).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(DecodeError)?;
            self.0 = rest;
            let bits = u128::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return Err(DecodeError);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError)
    }

    /// See [`Encoder::bytes`].
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count()?;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(bytes)
    }

    /// See [`Encoder::text`].
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError)
    }

    /// See [`Encoder::bool`].
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.u64()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError),
        }
    }

    /// How many follow; never more than there are bytes left, as each takes at least one.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.u64()?).map_err(|_| DecodeError)?;
        if count > self.0.len() {
            return Err(DecodeError);
        }
        Ok(count)
    }

    /// Whether all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_come_back_as_they_were_written(
            (a, b, c) in any::<(u64, i64, u128)>(), text in ".{0,40}", is in any::<bool>(),
        ) {
            let mut bytes = Vec::new();
            let mut out = Encoder(&mut bytes);
            out.u64(a);
            out.i64(b);
            out.u128(c);
            out.text(&text);
            out.bool(is);
            let mut read = Decoder::new(&bytes);
            prop_assert_eq!(read.u64(), Ok(a));
            prop_assert_eq!(read.i64(), Ok(b));
            prop_assert_eq!(read.u128(), Ok(c));
            prop_assert_eq!(read.text(), Ok(text.as_str()));
            prop_assert_eq!(read.bool(), Ok(is));
            prop_assert!(read.is_empty());
        }

        #[test]
        fn foreign_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut read = Decoder::new(&bytes);
            while read.text().is_ok() && !read.is_empty() {}
            let mut read = Decoder::new(&bytes);
            while read.u128().is_ok() && !read.is_empty() {}
        }
    }
}
