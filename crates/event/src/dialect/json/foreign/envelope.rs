//! Objects that hold several events: what is around them, so that each can be set aside with enough text to be read again alone.

use super::super::members::Elements;
use super::Hand;
use crate::rejection::{Reason, Rejection};

/// Most events of one object.
const EVENTS_MAX: usize = 10_000;
/// Largest surroundings repeated with each event; beyond it an event is handed over with its own text alone.
const AROUND_BYTES_MAX: usize = 64 * 1_024;

/// An object's text and the array of events in it.
pub(super) struct Envelope<'t> {
    text: &'t str,
    array: &'t str,
}

impl<'t> Envelope<'t> {
    /// `array` must be a part of `text`.
    pub(super) fn new(text: &'t str, array: &'t str) -> Envelope<'t> {
        Envelope { text, array }
    }

    /// Hands over what `decode` makes of each event, with the envelope around it as if it had been the only one.
    pub(super) fn each(
        &self,
        key: &str,
        hand: &mut Hand<'_>,
        mut decode: impl FnMut(&'t str, &[u8], &mut Hand<'_>),
    ) -> Result<(), Rejection> {
        let elements = self.elements(key)?;
        let from = self.array.as_ptr() as usize - self.text.as_ptr() as usize + 1;
        let (before, after) = (
            &self.text[..from],
            &self.text[from + self.array.len() - 2..],
        );
        let is_repeated = before.len() + after.len() <= AROUND_BYTES_MAX;
        let mut raw = Vec::new();
        for element in elements {
            raw.clear();
            if is_repeated {
                raw.extend_from_slice(before.as_bytes());
            }
            raw.extend_from_slice(element.as_bytes());
            if is_repeated {
                raw.extend_from_slice(after.as_bytes());
            }
            if element.starts_with('{') {
                decode(element, &raw, hand);
            } else {
                let rejection = Rejection::of_field(Reason::NotAnObject, key, element);
                hand(Err(rejection), &raw);
            }
        }
        Ok(())
    }

    /// All of them, before anything is handed over: a broken array is refused whole.
    fn elements(&self, key: &str) -> Result<Vec<&'t str>, Rejection> {
        let elements = Elements::of(self.array)
            .ok_or_else(|| Rejection::of_field(Reason::WrongType, key, "no array"))?;
        let mut all = Vec::new();
        for element in elements {
            if all.len() == EVENTS_MAX {
                return Err(Rejection::new(
                    Reason::TooManyItems,
                    format!("more than {EVENTS_MAX} events in one object"),
                ));
            }
            all.push(element.map_err(super::super::decode::stopped)?);
        }
        if all.is_empty() {
            return Err(Rejection::new(
                Reason::TypeMissing,
                format!("{key} holds no event"),
            ));
        }
        Ok(all)
    }
}
