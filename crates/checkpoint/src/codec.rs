//! How state becomes bytes: varints, lengths before texts, nothing that names itself.
//! What a row means is the caller's; a decoder only promises to stay within its bytes.

/// Appends values to bytes. Integers are LEB128 varints, signed ones zigzagged, so that small ones take one byte.
pub struct Encoder<'a>(pub &'a mut Vec<u8>);

impl Encoder<'_> {
    /// A number of one byte, or a tag.
    #[inline]
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// One byte for each seven bits.
    #[inline]
    pub fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// Near zero is short, on both sides.
    #[inline]
    pub fn i64(&mut self, value: i64) {
        self.u64((value << 1 ^ value >> 63) as u64);
    }

    /// As `u64`; sums of money do not fit into 64 bits.
    pub fn u128(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// As `i64`.
    pub fn i128(&mut self, value: i128) {
        self.u128((value << 1 ^ value >> 127) as u128);
    }

    /// Length first.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) {
        self.u64(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// As `bytes`.
    pub fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    /// One byte.
    pub fn bool(&mut self, value: bool) {
        self.0.push(u8::from(value));
    }
}

/// The bytes are not what an encoder wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A value goes on behind the last byte.
    #[error("the bytes end inside of a value")]
    Ended,
    /// An integer has more bits than its type.
    #[error("a number is too large")]
    TooLarge,
    /// A text is no UTF-8.
    #[error("a text is not UTF-8")]
    NotText,
    /// A truth value is neither 0 nor 1.
    #[error("a truth value is neither 0 nor 1")]
    NotBool,
    /// A number or a word stands for nothing that is known.
    #[error("a number or a word stands for nothing known")]
    Unknown,
    /// More things are promised than bytes are left.
    #[error("a count is larger than what follows")]
    CountTooLarge,
}

/// Takes values off bytes in the order in which they were encoded.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    left: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Begins at the first byte.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    /// The counterpart of [`Encoder::u8`].
    #[inline]
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        let (byte, left) = self.left.split_first().ok_or(DecodeError::Ended)?;
        self.left = left;
        Ok(*byte)
    }

    /// The counterpart of [`Encoder::u64`].
    #[inline]
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        match self.left {
            [byte, left @ ..] if *byte < 0x80 => {
                self.left = left;
                Ok(u64::from(*byte))
            }
            _ => self.long_u64(),
        }
    }

    fn long_u64(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for (at, byte) in self.left.iter().enumerate().take(10) {
            if at == 9 && *byte > 1 {
                return Err(DecodeError::TooLarge);
            }
            value |= u64::from(byte & 0x7F) << (7 * at);
            if *byte < 0x80 {
                self.left = &self.left[at + 1..];
                return Ok(value);
            }
        }
        Err(DecodeError::Ended)
    }

    /// As `u64`, for what must fit into half of it: ids, indices, small counts.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        u32::try_from(self.u64()?).map_err(|_| DecodeError::TooLarge)
    }

    /// As `i64`, for what must fit into half of it: hours and minutes.
    pub fn i32(&mut self) -> Result<i32, DecodeError> {
        i32::try_from(self.i64()?).map_err(|_| DecodeError::TooLarge)
    }

    /// The counterpart of [`Encoder::i64`].
    #[inline]
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The counterpart of [`Encoder::u128`].
    pub fn u128(&mut self) -> Result<u128, DecodeError> {
        let mut value = 0;
        for (at, byte) in self.left.iter().enumerate().take(19) {
            if at == 18 && *byte > 3 {
                return Err(DecodeError::TooLarge);
            }
            value |= u128::from(byte & 0x7F) << (7 * at);
            if *byte < 0x80 {
                self.left = &self.left[at + 1..];
                return Ok(value);
            }
        }
        Err(DecodeError::Ended)
    }

    /// The counterpart of [`Encoder::i128`].
    pub fn i128(&mut self) -> Result<i128, DecodeError> {
        let value = self.u128()?;
        Ok((value >> 1) as i128 ^ -((value & 1) as i128))
    }

    /// The counterpart of [`Encoder::bytes`], borrowed.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.u64()?;
        self.take(usize::try_from(length).map_err(|_| DecodeError::Ended)?)
    }

    /// So many bytes as they are, without a length before them.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, left) = self
            .left
            .split_at_checked(length)
            .ok_or(DecodeError::Ended)?;
        self.left = left;
        Ok(taken)
    }

    /// The counterpart of [`Encoder::text`], borrowed.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| DecodeError::NotText)
    }

    /// The counterpart of [`Encoder::bool`].
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.take(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(DecodeError::NotBool),
        }
    }

    /// A number of things to come, each of at least one byte: safe to reserve room for.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.u64()?).map_err(|_| DecodeError::CountTooLarge)?;
        if count > self.left.len() {
            return Err(DecodeError::CountTooLarge);
        }
        Ok(count)
    }

    /// All that is left.
    pub fn rest(&self) -> &'a [u8] {
        self.left
    }

    /// Whether everything was taken.
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Bytes that were not taken yet.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left.len()
    }
}
