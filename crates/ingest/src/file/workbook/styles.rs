//! Which cells hold times: told by the format they are shown in, for in a workbook a time is a number of days.

use super::archive::Part;
use super::xml::{Element, Xml};
use std::collections::HashMap;
use std::io;

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// As a number.
    Number,
    /// As a day, perhaps with its time.
    Day,
    /// As a time of day.
    Clock,
}

/// The formats of cells, by number.
#[derive(Debug, Default)]
pub(super) struct Styles {
    cells: Vec<Shown>,
    /// Days are counted from 1904 and not from 1900, as old Macintoshes did.
    pub counts_from_1904: bool,
}

impl Styles {
    pub(super) fn read(part: Part) -> io::Result<Styles> {
        let mut xml = Xml::new(part);
        let mut codes: HashMap<u32, Shown> = HashMap::new();
        let mut cells = Vec::new();
        let mut is_of_cells = false;
        while let Some(element) = xml.next()? {
            let tag = match element {
                Element::Start(tag) => tag,
                Element::End(tag) if tag.name() == "cellXfs" => {
                    is_of_cells = false;
                    continue;
                }
                _ => continue,
            };
            let number = |name: &str| -> io::Result<Option<u32>> {
                Ok(tag.attribute(name)?.and_then(|text| text.parse().ok()))
            };
            match tag.name() {
                "cellXfs" => is_of_cells = true,
                "numFmt" => {
                    let code = tag.text("formatCode")?;
                    codes.extend(number("numFmtId")?.map(|id| (id, shown_by(&code))));
                }
                "xf" if is_of_cells => {
                    let id = number("numFmtId")?.unwrap_or(0);
                    cells.push(codes.get(&id).copied().unwrap_or_else(|| built_in(id)));
                }
                _ => {}
            }
        }
        Ok(Styles {
            cells,
            counts_from_1904: false,
        })
    }

    /// How a cell of this style shows its number.
    pub(super) fn of(&self, style: usize) -> Shown {
        self.cells.get(style).copied().unwrap_or(Shown::Number)
    }
}

/// Formats that every workbook has without listing them, those of East Asia too.
fn built_in(id: u32) -> Shown {
    match id {
        14..=17 | 22 | 27..=31 | 34..=36 | 50..=54 | 57..=58 => Shown::Day,
        18..=21 | 32..=33 | 55..=56 => Shown::Clock,
        // 45 to 47 are stop watches: a length of time is a number.
        _ => Shown::Number,
    }
}

/// What a format's letters stand for, quoted ones left out.
fn shown_by(code: &str) -> Shown {
    let (mut days, mut clock, mut months) = (false, false, false);
    let mut signs = code.chars();
    while let Some(sign) = signs.next() {
        match sign.to_ascii_lowercase() {
            '"' => {
                signs.by_ref().find(|sign| *sign == '"');
            }
            '\\' | '_' | '*' => {
                signs.next();
            }
            '[' => {
                let inner: String = signs.by_ref().take_while(|sign| *sign != ']').collect();
                let inner = inner.to_ascii_lowercase();
                let is_length =
                    |letter: char| !inner.is_empty() && inner.chars().all(|sign| sign == letter);
                if ['h', 'm', 's'].into_iter().any(is_length) {
                    return Shown::Number;
                }
            }
            // Only the format of positive numbers counts.
            ';' => break,
            'd' | 'y' => days = true,
            'h' | 's' => clock = true,
            'm' => months = true,
            // Digits are shown where numbers are; only the fraction of a second is a time's.
            '#' | '0' | '?' | '@' if !clock => return Shown::Number,
            'g' if code.eq_ignore_ascii_case("general") => return Shown::Number,
            _ => {}
        }
    }
    match (days || (months && !clock), clock) {
        (true, _) => Shown::Day,
        (false, true) => Shown::Clock,
        (false, false) => Shown::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(codes: &[&str], expected: Shown) {
        for code in codes {
            assert_eq!(shown_by(code), expected, "{code}");
        }
    }

    #[test]
    fn formats_of_days_clocks_and_numbers_are_told_apart() {
        check(
            &[
                "yyyy-mm-dd",
                "dd.mm.yyyy hh:mm",
                "m/d/yy h:mm AM/PM",
                "[$-409]d-mmm-yy;@",
                "mmm",
                "yyyy\\-mm\\-dd\"T\"hh:mm:ss.000",
                "YYYY-MM-DD HH:MM:SS",
            ],
            Shown::Day,
        );
        check(&["h:mm", "hh:mm:ss", "mm:ss.0", "h:mm AM/PM"], Shown::Clock);
        check(
            &[
                "General",
                "0.00",
                "#,##0.00 \"days\"",
                "0.00E+00",
                "[h]:mm:ss",
                "[Red]-0.00",
                "@",
                "_-* #,##0.00\\ \"d\"_-",
                "0%",
            ],
            Shown::Number,
        );
    }
}
