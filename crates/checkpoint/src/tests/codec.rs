//! Values come back as they went in, and foreign bytes are errors.

use crate::{DecodeError, Decoder, Encoder};
use proptest::prelude::*;

#[test]
fn small_numbers_take_one_byte_on_both_sides_of_zero() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder(&mut bytes);
    encoder.u64(127);
    encoder.i64(-64);
    encoder.i128(63);
    encoder.bool(true);
    assert_eq!(bytes, [127, 127, 126, 1]);
}

#[test]
fn numbers_with_more_bits_than_their_type_are_refused() {
    let too_large = [0xFF; 9].into_iter().chain([2]).collect::<Vec<u8>>();
    assert_eq!(Decoder::new(&too_large).u64(), Err(DecodeError::TooLarge));
    let too_large = [0xFF; 18].into_iter().chain([4]).collect::<Vec<u8>>();
    assert_eq!(Decoder::new(&too_large).u128(), Err(DecodeError::TooLarge));
}

#[test]
fn bytes_that_are_no_values_are_refused() {
    assert_eq!(Decoder::new(&[0x80]).u64(), Err(DecodeError::Ended));
    assert_eq!(Decoder::new(&[]).bool(), Err(DecodeError::Ended));
    assert_eq!(Decoder::new(&[2]).bool(), Err(DecodeError::NotBool));
    assert_eq!(Decoder::new(&[1, 0xFF]).text(), Err(DecodeError::NotText));
    assert_eq!(Decoder::new(&[3, 1, 2]).bytes(), Err(DecodeError::Ended));
    assert_eq!(
        Decoder::new(&[3, 1, 2]).count(),
        Err(DecodeError::CountTooLarge)
    );
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(
        unsigned: u64, signed: i64, wide: u128, wide_signed: i128, bytes: Vec<u8>, text: String, truth: bool,
    ) {
        let mut encoded = Vec::new();
        let mut encoder = Encoder(&mut encoded);
        encoder.u64(unsigned);
        encoder.i64(signed);
        encoder.u128(wide);
        encoder.i128(wide_signed);
        encoder.bytes(&bytes);
        encoder.text(&text);
        encoder.bool(truth);
        let mut decoder = Decoder::new(&encoded);
        prop_assert_eq!(decoder.u64(), Ok(unsigned));
        prop_assert_eq!(decoder.i64(), Ok(signed));
        prop_assert_eq!(decoder.u128(), Ok(wide));
        prop_assert_eq!(decoder.i128(), Ok(wide_signed));
        prop_assert_eq!(decoder.bytes(), Ok(&*bytes));
        prop_assert_eq!(decoder.text(), Ok(&*text));
        prop_assert_eq!(decoder.bool(), Ok(truth));
        prop_assert!(decoder.is_empty());
    }

    #[test]
    fn foreign_bytes_never_panic(bytes: Vec<u8>) {
        let mut decoder = Decoder::new(&bytes);
        let _ = decoder.u128();
        let _ = decoder.i64();
        let _ = decoder.count();
        let _ = decoder.text();
        let _ = decoder.bool();
    }
}
