//! What breaks lines: each fault is something real senders do, and one that a receiver must set aside.
//! A missing id is not among them: a line without id is legal and gets one.

use crate::random::Random;

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fault {
    /// The line ends within a text.
    CutOff,
    /// The price is the bare word NaN, which JSON does not have.
    BareNan,
    /// The price is a text that is no number.
    TextNan,
    /// The price is below zero.
    NegativePrice,
    /// It does not say what happened.
    TypeMissing,
    /// It does not say when.
    TimeMissing,
    /// It says when in a way nobody reads.
    TimeUnreadable,
    /// It happened in the year 9999.
    FarFuture,
    /// It happened north of the pole.
    OffTheGlobe,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Fault; 9] = [
        Fault::CutOff,
        Fault::BareNan,
        Fault::TextNan,
        Fault::NegativePrice,
        Fault::TypeMissing,
        Fault::TimeMissing,
        Fault::TimeUnreadable,
        Fault::FarFuture,
        Fault::OffTheGlobe,
    ];

    /// The name in the truth.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fault::CutOff => "cut_off",
            Fault::BareNan => "bare_nan",
            Fault::TextNan => "text_nan",
            Fault::NegativePrice => "negative_price",
            Fault::TypeMissing => "type_missing",
            Fault::TimeMissing => "time_missing",
            Fault::TimeUnreadable => "time_unreadable",
            Fault::FarFuture => "far_future",
            Fault::OffTheGlobe => "off_the_globe",
        }
    }

    pub(crate) fn draw(random: &mut Random) -> Fault {
        Fault::ALL[random.below(Fault::ALL.len() as u64) as usize]
    }

    /// Breaks the line that begins at `start` and ends the buffer.
    pub(crate) fn spoil(self, buffer: &mut Vec<u8>, start: usize) {
        let mut line = buffer.split_off(start);
        match self {
            Fault::CutOff => cut_off(&mut line),
            Fault::BareNan => replace(&mut line, "price", "NaN"),
            Fault::TextNan => replace(&mut line, "price", "\"NaN\""),
            Fault::NegativePrice => replace(&mut line, "price", "-9.99"),
            Fault::TypeMissing => remove(&mut line, "event_type"),
            Fault::TimeMissing => remove(&mut line, "timestamp"),
            Fault::TimeUnreadable => replace(&mut line, "timestamp", "\"yesterday evening\""),
            Fault::FarFuture => replace(&mut line, "timestamp", "\"9999-12-31T23:59:59.999999\""),
            Fault::OffTheGlobe => replace(&mut line, "latitude", "191.0000"),
        }
        buffer.append(&mut line);
    }
}

/// Where a field's key begins, its value begins, and the comma behind it stands. Values hold no commas, and none is the last.
fn field(line: &[u8], name: &str) -> (usize, usize, usize) {
    let key = format!("\"{name}\":");
    let at = line
        .windows(key.len())
        .position(|window| window == key.as_bytes())
        .expect("each line has each field");
    let value = at + key.len();
    let comma = line[value..]
        .iter()
        .position(|byte| *byte == b',')
        .expect("another field follows");
    (at, value, value + comma)
}

fn replace(line: &mut Vec<u8>, name: &str, value: &str) {
    let (_, from, to) = field(line, name);
    line.splice(from..to, value.bytes());
}

fn remove(line: &mut Vec<u8>, name: &str) {
    let (from, _, to) = field(line, name);
    line.drain(from..=to);
}

/// Within the user agent: the line's end then stands inside a text, so that no reader can take the next line for a part of it.
fn cut_off(line: &mut Vec<u8>) {
    let (_, value, _) = field(line, "user_agent");
    line.truncate(value + 20);
    line.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_breaks_what_it_names_and_nothing_before_it() {
        let line = concat!(
            r#"{"event_id":"1","timestamp":"2025-03-04T10:00:00","event_type":"search","price":1.00,"#,
            r#""user_agent":"Mozilla/5.0 (X11; Linux x86_64)","location":{"latitude":5.0,"longitude":1.0}}"#,
            "\n"
        );
        for fault in Fault::ALL {
            let mut buffer = b"before\n".to_vec();
            buffer.extend_from_slice(line.as_bytes());
            fault.spoil(&mut buffer, 7);
            let text = String::from_utf8(buffer).expect("text");
            let broken = text
                .strip_prefix("before\n")
                .expect("what stood before stays");
            assert_ne!(broken, line, "{}", fault.name());
            assert_eq!(broken.matches('\n').count(), 1);
            let is_json = serde_json::from_str::<serde_json::Value>(broken).is_ok();
            assert_eq!(
                is_json,
                !matches!(fault, Fault::CutOff | Fault::BareNan),
                "{}",
                fault.name()
            );
        }
    }
}
