//! Just enough reading of Rust text for the checks: what is code and what is comment, literal or test; where
//! functions begin and end; which standard paths are named. It is no parser and does not expand macros.

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

/// The text with comments, literals and `#[cfg(test)]` modules blanked; every line keeps its number.
pub fn code_of(source: &str) -> String {
    without_test_modules(&without_comments_and_literals(source))
}

/// Every function with a body, in order of appearance. Wants the text of [`code_of`].
pub fn functions(code: &str) -> Vec<Function> {
    words(code)
        .filter(|(_, word)| *word == "fn")
        .filter_map(|(at, _)| {
            let name = words(&code[at + 2..])
                .next()
                .filter(|(gap, _)| code[at + 2..at + 2 + gap].trim().is_empty())?
                .1;
            let end = body_end(&code[at..])? + at;
            let line = line_at(code, at);
            Some(Function {
                name: name.to_owned(),
                line,
                lines: line_at(code, end) - line + 1,
            })
        })
        .collect()
}

/// Paths that start with `std::`, groups in braces expanded, with their line. Wants the text of [`code_of`].
pub fn standard_paths(code: &str) -> Vec<(usize, String)> {
    let mut paths = Vec::new();
    for (at, word) in words(code) {
        if word == "std" && code[at + 3..].starts_with("::") && !code[..at].ends_with("::") {
            expand(code, at + 3, "std".to_owned(), &mut paths);
        }
    }
    paths
}

/// Follows one path from `at`, where `::`, `{` or its end stands; returns where it ended.
fn expand(code: &str, mut at: usize, mut path: String, paths: &mut Vec<(usize, String)>) -> usize {
    while code[at..].starts_with("::") {
        at += 2;
        if code[at..].starts_with('{') {
            return expand_group(code, at + 1, &path, paths);
        }
        let word_end = at
            + code[at..]
                .find(|c: char| !is_word(c))
                .unwrap_or(code.len() - at);
        if word_end == at {
            break;
        }
        path = format!("{path}::{}", &code[at..word_end]);
        at = word_end;
    }
    paths.push((line_at(code, at.saturating_sub(1)), path));
    at
}

/// Follows the members of a `{…}` group; `at` is behind its opening brace.
fn expand_group(code: &str, mut at: usize, path: &str, paths: &mut Vec<(usize, String)>) -> usize {
    while let Some(next) = code[at..].chars().next() {
        match next {
            '}' => return at + 1,
            _ if is_word(next) => {
                let word_end = at
                    + code[at..]
                        .find(|c: char| !is_word(c))
                        .unwrap_or(code.len() - at);
                at = expand(
                    code,
                    word_end,
                    format!("{path}::{}", &code[at..word_end]),
                    paths,
                );
            }
            _ => at += next.len_utf8(),
        }
    }
    at
}

fn without_comments_and_literals(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let hidden = hidden_len(rest, code.chars().next_back());
        if hidden > 0 {
            blank(&rest[..hidden], &mut code);
            rest = &rest[hidden..];
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    code
}

/// How many bytes of a comment or literal start right here; 0 where code stands.
fn hidden_len(rest: &str, before: Option<char>) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_len(rest);
    }
    if rest.starts_with('"') {
        return quoted_len(rest, '"');
    }
    if rest.starts_with('\'') {
        return char_len(rest);
    }
    if !before.is_some_and(is_word) {
        return raw_string_len(rest);
    }
    0
}

fn block_comment_len(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character, but not a lifetime: `'a'` and `'\n'` are hidden, `'a` is code.
fn char_len(rest: &str) -> usize {
    let mut chars = rest.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted_len(rest, '\''),
        _ => 0,
    }
}

/// `r"…"`, `r#"…"#` and their byte and C forms.
fn raw_string_len(rest: &str) -> usize {
    let unprefixed = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let Some(unprefixed) = unprefixed.strip_prefix('r') else {
        return 0;
    };
    let hashes = unprefixed.len() - unprefixed.trim_start_matches('#').len();
    if !unprefixed[hashes..].starts_with('"') {
        return 0;
    }
    let start = rest.len() - unprefixed.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    rest[start..]
        .find(&close)
        .map_or(rest.len(), |at| start + at + close.len())
}

fn without_test_modules(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let (before, marked) = rest.split_at(at);
        kept.push_str(before);
        let item = marked[MARK.len()..].trim_start();
        let is_inline_module =
            item.starts_with("mod ") && !item[..item.find('{').unwrap_or(0)].contains(';');
        let hidden = if is_inline_module {
            body_end(marked).map_or(marked.len(), |end| end + 1)
        } else {
            MARK.len()
        };
        blank(&marked[..hidden], &mut kept);
        rest = &marked[hidden..];
    }
    kept.push_str(rest);
    kept
}

/// Where the `}` of the first body stands; `None` where a `;` comes first, as after a trait's method.
fn body_end(code: &str) -> Option<usize> {
    let mut inside = 0_i32; // parentheses and brackets: the `;` of `[u8; 4]` ends nothing
    let mut depth = 0_i32;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => inside += 1,
            ')' | ']' => inside -= 1,
            ';' if inside == 0 && depth == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn blank(hidden: &str, code: &mut String) {
    code.extend(hidden.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

/// Identifiers and keywords with the place where each starts.
fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += code[at..].find(is_word)?;
        let start = at;
        at += code[at..].find(|c| !is_word(c)).unwrap_or(code.len() - at);
        Some((start, &code[start..at]))
    })
}

/// Whether the character can be part of an identifier.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_code(source: &str, expected: &str) {
        assert_eq!(
            code_of(source)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            expected
        );
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        check_code("a /* b /* c */ d */ e // f\ng", "a e g");
        check_code(
            r#"x = "fn a() { \" }"; y = 'z'; w = '\''; v"#,
            "x = ; y = ; w = ; v",
        );
        check_code(
            r###"x = r#"a " b"#; y = br"c"; bar"d""###,
            "x = ; y = ; bar",
        );
        check_code(
            "fn a<'a>(x: &'a str) -> &'a str",
            "fn a<'a>(x: &'a str) -> &'a str",
        );
    }

    #[test]
    fn test_modules_are_no_code_but_what_follows_is() {
        check_code("a;\n#[cfg(test)]\nmod tests { fn b() { c } }\nd;", "a; d;");
        check_code(
            "#[cfg(test)]\nmod tests;\nfn b() {}",
            "mod tests; fn b() {}",
        );
        check_code("#[cfg(test)]\nuse a::b;\nfn c() {}", "use a::b; fn c() {}");
    }

    #[test]
    fn unclosed_text_ends_at_the_end() {
        check_code("a \"b", "a");
        check_code("a /* b", "a");
        check_code("a r#\"b\"", "a");
    }

    fn check_functions(source: &str, expected: &[(&str, usize, usize)]) {
        let found = functions(&code_of(source));
        let found: Vec<_> = found
            .iter()
            .map(|f| (f.name.as_str(), f.line, f.lines))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn functions_are_measured_from_name_to_closing_brace() {
        check_functions(
            "fn a() {}\n\nfn b(\n  x: [u8; 4],\n) -> u8\n{\n  \"}\";\n  1\n}\n",
            &[("a", 1, 1), ("b", 3, 7)],
        );
    }

    #[test]
    fn methods_without_body_and_function_types_have_no_length() {
        check_functions(
            "trait T {\n fn a(&self);\n fn b(&self) { }\n}\nstruct S { f: fn(u8) -> u8 }",
            &[("b", 3, 1)],
        );
    }

    fn check_paths(source: &str, expected: &[(usize, &str)]) {
        let found = standard_paths(&code_of(source));
        let found: Vec<_> = found
            .iter()
            .map(|(line, path)| (*line, path.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn standard_paths_are_found_in_groups_and_expressions() {
        check_paths(
            "use std::{\n  fs::{self, File},\n  io,\n};\nlet now = std::time::Instant::now();",
            &[
                (2, "std::fs::self"),
                (2, "std::fs::File"),
                (3, "std::io"),
                (5, "std::time::Instant::now"),
            ],
        );
        check_paths(
            "use std::net::*; // std::fs\nuse my::std::thing;",
            &[(1, "std::net")],
        );
    }
}
