//! Where one statement ends and the next begins: at a semicolon outside of quotes and remarks.

/// The statements of a text; empty ones are left out.
pub fn statements(text: &str) -> Vec<&str> {
    let (mut statements, mut rest) = (Vec::new(), text);
    while let Some(end) = end_of_first(rest) {
        statements.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    statements.push(rest);
    let trimmed = statements.into_iter().map(str::trim);
    trimmed.filter(|one| !is_empty(one)).collect()
}

/// Whether a text ends with a whole statement.
pub fn is_whole(text: &str) -> bool {
    let mut rest = text;
    while let Some(end) = end_of_first(rest) {
        rest = &rest[end + 1..];
    }
    is_empty(rest.trim())
}

/// Nothing but remarks.
fn is_empty(statement: &str) -> bool {
    let lines = statement.lines().map(str::trim);
    lines
        .into_iter()
        .all(|line| line.is_empty() || line.starts_with("--"))
}

/// The first semicolon that counts.
fn end_of_first(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let beyond = match bytes[at] {
            b';' => return Some(at),
            quote @ (b'\'' | b'"') => bytes[at + 1..].iter().position(|byte| *byte == quote),
            b'-' if bytes[at + 1..].starts_with(b"-") => {
                bytes[at + 1..].iter().position(|byte| *byte == b'\n')
            }
            b'/' if bytes[at + 1..].starts_with(b"*") => {
                let ends = bytes[at + 2..].windows(2).position(|two| two == b"*/");
                ends.map(|ends| ends + 2)
            }
            _ => {
                at += 1;
                continue;
            }
        };
        at += beyond? + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_unless_it_is_quoted() {
        assert_eq!(
            statements("SELECT ';' ; SELECT \"a;b\" -- c;\n, 1; /* ; */ ; -- end\n"),
            ["SELECT ';'", "SELECT \"a;b\" -- c;\n, 1", "/* ; */"]
        );
        assert_eq!(statements("SELECT 'it''s; one'"), ["SELECT 'it''s; one'"]);
        assert!(statements(" ;; -- nothing").is_empty());
    }

    #[test]
    fn a_statement_is_whole_once_it_ends() {
        assert!(is_whole("SELECT 1;"));
        assert!(is_whole("SELECT 1; -- done"));
        assert!(!is_whole("SELECT ';"));
        assert!(!is_whole("SELECT 1; SELECT"));
    }
}
