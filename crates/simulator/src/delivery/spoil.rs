//! Broken lines of every dialect: each fault is one that a reader of that dialect must refuse, and that cannot reach into
//! the next line. A line of several columns may lose some; a line of JSON is cut within a text.

use crate::fault::Fault;
use crate::random::Random;
use crate::write::Format;

/// Where a dialect keeps what faults spoil.
enum Shape {
    /// Names of the fields that hold time, type and price, where it has such.
    Json {
        time: &'static str,
        kind: Option<&'static str>,
        price: Option<&'static str>,
        /// The field whose text a line is cut in.
        cut: &'static str,
    },
    /// Places of the columns that hold time and price.
    Columns { time: usize, price: usize },
    /// The time in brackets.
    Log,
}

fn shape_of(format: Format) -> Shape {
    let json = |time, kind, price, cut| Shape::Json {
        time,
        kind,
        price,
        cut,
    };
    match format {
        Format::Canonical => json("ts", Some("type"), None, "ts"),
        Format::Seed => json("timestamp", Some("event_type"), Some("price"), "user_agent"),
        Format::SeedShopJson => json(
            "event_timestamp",
            Some("event_type"),
            Some("price"),
            "user_agent",
        ),
        Format::Ga4 => json("timestamp_micros", None, None, "client_id"),
        Format::Segment => json("timestamp", None, None, "anonymousId"),
        Format::Snowplow => json("derived_tstamp", None, None, "domain_userid"),
        Format::SeedShop => Shape::Columns { time: 15, price: 7 },
        Format::UserEvents => Shape::Columns { time: 4, price: 3 },
        Format::Rees46 => Shape::Columns { time: 0, price: 6 },
        Format::Orders => Shape::Columns { time: 4, price: 5 },
        Format::AccessLog => Shape::Log,
    }
}

/// What can be wrong with a line of the dialect.
pub(super) fn faults_of(format: Format) -> &'static [Fault] {
    use Fault::{
        BareNan, CutOff, FarFuture, NegativePrice, TextNan, TimeMissing, TimeUnreadable,
        TypeMissing,
    };
    match format {
        Format::Seed => &Fault::ALL,
        Format::Canonical => &[CutOff, TimeMissing, TimeUnreadable, FarFuture, TypeMissing],
        Format::SeedShopJson => &[
            CutOff,
            BareNan,
            TextNan,
            NegativePrice,
            TimeUnreadable,
            FarFuture,
            TypeMissing,
        ],
        Format::Ga4 | Format::Segment | Format::Snowplow => &[CutOff, TimeUnreadable],
        Format::SeedShop | Format::UserEvents | Format::Rees46 => {
            &[CutOff, TextNan, NegativePrice, TimeUnreadable]
        }
        Format::Orders => &[CutOff, TextNan, TimeUnreadable],
        Format::AccessLog => &[CutOff],
    }
}

/// Breaks the line that begins at `start` and ends the buffer, and says how.
pub(super) fn spoil(
    format: Format,
    buffer: &mut Vec<u8>,
    start: usize,
    random: &mut Random,
) -> Fault {
    let faults = faults_of(format);
    let fault = faults[random.below(faults.len() as u64) as usize];
    if format == Format::Seed {
        fault.spoil(buffer, start);
        return fault;
    }
    let mut line = buffer.split_off(start);
    match shape_of(format) {
        Shape::Json {
            time,
            kind,
            price,
            cut,
        } => spoil_json(
            &mut line,
            fault,
            [time, kind.unwrap_or(time), price.unwrap_or(time), cut],
        ),
        Shape::Columns { time, price } => spoil_columns(&mut line, fault, time, price),
        Shape::Log => cut_in_time(&mut line),
    }
    buffer.append(&mut line);
    fault
}

fn spoil_json(line: &mut Vec<u8>, fault: Fault, [time, kind, price, cut]: [&str; 4]) {
    match fault {
        Fault::BareNan => replace_value(line, price, "NaN"),
        Fault::TextNan => replace_value(line, price, "\"NaN\""),
        Fault::NegativePrice => replace_value(line, price, "-9.99"),
        Fault::TimeUnreadable => replace_value(line, time, "\"yesterday evening\""),
        Fault::FarFuture => replace_value(line, time, "\"9999-12-31T23:59:59.999999\""),
        Fault::TimeMissing => remove_member(line, time),
        Fault::TypeMissing => remove_member(line, kind),
        Fault::CutOff | Fault::OffTheGlobe => {
            let (_, value, _) = member(line, cut);
            line.truncate(value + 4);
            line.push(b'\n');
        }
    }
}

/// Where a member's key begins, its value begins and ends. Values that are spoiled are numbers or texts without escapes.
fn member(line: &[u8], name: &str) -> (usize, usize, usize) {
    let key = format!("\"{name}\":");
    let at = line
        .windows(key.len())
        .position(|window| window == key.as_bytes())
        .expect("every line of the dialect has the member that its faults spoil");
    let value = at + key.len();
    let rest = &line[value..];
    let length = match rest {
        [b'"', text @ ..] => text
            .iter()
            .position(|byte| *byte == b'"')
            .map(|end| end + 2),
        number => number.iter().position(|byte| matches!(byte, b',' | b'}')),
    };
    (at, value, value + length.unwrap_or(rest.len()))
}

fn replace_value(line: &mut Vec<u8>, name: &str, text: &str) {
    let (_, from, to) = member(line, name);
    line.splice(from..to, text.bytes());
}

/// Neither the first nor the last member of its object: the comma behind it goes with it.
fn remove_member(line: &mut Vec<u8>, name: &str) {
    let (from, _, to) = member(line, name);
    line.drain(from..=to);
}

fn spoil_columns(line: &mut Vec<u8>, fault: Fault, time: usize, price: usize) {
    let mut replace = |column: usize, text: &str| {
        let (from, to) = cell(line, column);
        line.splice(from..to, text.bytes());
    };
    match fault {
        Fault::TextNan => replace(price, "not a price"),
        Fault::NegativePrice => replace(price, "-9.99"),
        Fault::TimeUnreadable => replace(time, "yesterday evening"),
        _ => {
            let (_, to) = cell(line, 1);
            line.truncate(to);
            line.push(b'\n');
        }
    }
}

/// Where a cell begins and ends; commas in quotes are none.
fn cell(line: &[u8], column: usize) -> (usize, usize) {
    let (mut start, mut seen, mut is_quoted) = (0, 0, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b',' | b'\n' if !is_quoted => {
                if seen == column {
                    return (start, at);
                }
                seen += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    (line.len(), line.len())
}

fn cut_in_time(line: &mut Vec<u8>) {
    let bracket = line.iter().position(|byte| *byte == b'[');
    line.truncate(bracket.map_or(line.len() / 2, |at| at + 6));
    line.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_found_behind_commas_in_quotes() {
        let line = b"a,\"b, c\",d\n";
        let text = |column| {
            let (from, to) = cell(line, column);
            String::from_utf8_lossy(&line[from..to]).into_owned()
        };
        assert_eq!([text(0), text(1), text(2)], ["a", "\"b, c\"", "d"]);
    }
}
