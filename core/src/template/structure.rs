//! Whether the blocks of a template are closed, and whether there is what it names. The parser would take a missing
//! `{{end}}` as meant and drop what follows one too many; functions and variables it would look for in the branches
//! that are taken, which may be those of somebody's mail.

use std::collections::HashSet;

use super::TemplateError;

/// Functions and constants.
const NAMES: &str = "and call eq false ge gt html index js le len lt ne nil not or print printf println slice true urlquery";
const BLOCKS: &str = "block define if range with";
const OTHER_KEYWORDS: &str = "break continue else end template";

fn is_among(word: &str, list: &str) -> bool {
    list.split(' ').any(|other| other == word)
}

/// What an action is made of, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A keyword or the name of a function or constant.
    Word(&'a str),
    /// `$name`
    Variable(&'a str),
    /// `:=`
    Declare,
    /// A text, a number, a field, an operator: anything else.
    Other,
}

/// Checks a template that the parser has taken.
///
/// # Errors
/// [`TemplateError::Syntax`].
pub(super) fn check(source: &str) -> Result<(), TemplateError> {
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut declared = HashSet::from(["$"]);
    for (line, action) in actions(source) {
        let wrong = |what: String| Err(TemplateError::Syntax(line, what));
        let tokens = tokens(action);
        let mut rest = &tokens[..];
        match tokens.first() {
            Some(Token::Word(word)) if is_among(word, BLOCKS) => {
                open.push((word, line));
                rest = &rest[1..];
            }
            Some(Token::Word("else")) => {
                let Some((block @ ("if" | "range" | "with"), _)) = open.last_mut() else {
                    return wrong("unexpected {{else}}".to_owned());
                };
                // `{{else if}}` goes on with an `{{if}}`, `{{else with}}` with a `{{with}}`.
                let continues = *block != "range" && rest.get(1) == Some(&Token::Word(block));
                if !continues {
                    *block = "else";
                }
                rest = &rest[1 + usize::from(continues)..];
            }
            Some(Token::Word("end")) => {
                if open.pop().is_none() {
                    return wrong("unexpected {{end}}".to_owned());
                }
                rest = &rest[1..];
            }
            Some(Token::Word(word @ ("break" | "continue"))) => {
                if !open.iter().any(|(block, _)| *block == "range") {
                    return wrong(format!("{{{{{word}}}}} outside {{{{range}}}}"));
                }
                rest = &rest[1..];
            }
            Some(Token::Word("template")) => rest = &rest[1..],
            _ => {}
        }
        if let Some(end) = rest.iter().position(|token| *token == Token::Declare) {
            declared.extend(rest[..end].iter().filter_map(|token| match token {
                Token::Variable(name) => Some(*name),
                _ => None,
            }));
        }
        for token in rest {
            match token {
                Token::Word(name) if is_among(name, OTHER_KEYWORDS) || is_among(name, BLOCKS) => {
                    return wrong(format!("unexpected <{name}>"));
                }
                Token::Word(name) if !is_among(name, NAMES) => {
                    return wrong(format!("function {name:?} not defined"));
                }
                Token::Variable(name) if !declared.contains(name) => {
                    return wrong(format!("undefined variable {name:?}"));
                }
                _ => {}
            }
        }
    }
    match open.pop() {
        Some((block, line)) => {
            let what = format!("{{{{{block}}}}} has no {{{{end}}}}");
            Err(TemplateError::Syntax(line, what))
        }
        None => Ok(()),
    }
}

/// The actions, with the lines on which they begin, and without comments.
fn actions(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let mut line = 1;
    std::iter::from_fn(move || {
        loop {
            let begin = at + source[at..].find("{{")?;
            line += source[at..begin].matches('\n').count();
            let body = &source[begin + 2..];
            let inner = body.strip_prefix('-').unwrap_or(body).trim_start();
            let is_comment = inner.starts_with("/*");
            let length = if is_comment {
                let end = body.find("*/")?;
                end + body[end..].find("}}")?
            } else {
                action_length(body)
            };
            let of_line = line;
            at = begin + 2 + length;
            line += source[begin..at].matches('\n').count();
            if !is_comment {
                return Some((of_line, &body[..length]));
            }
        }
    })
}

/// How long an action is, up to the braces that end it.
fn action_length(body: &str) -> usize {
    let mut at = 0;
    while let Some(c) = body[at..].chars().next() {
        if body[at..].starts_with("}}") {
            break;
        }
        at += quoted_length(&body[at..]).unwrap_or(c.len_utf8());
    }
    at
}

/// How long the quoted text is that begins here, if one does.
fn quoted_length(text: &str) -> Option<usize> {
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return Some(at + 1);
        }
        escaped = c == '\\' && !escaped && quote != '`';
    }
    Some(text.len())
}

fn tokens(action: &str) -> Vec<Token<'_>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = action;
    while let Some(c) = rest.chars().next() {
        let after = c.len_utf8();
        let name = after
            + rest[after..]
                .find(|c| !is_name(c))
                .unwrap_or(rest.len() - after);
        let (token, length) = match c {
            _ if rest.starts_with(":=") => (Token::Declare, 2),
            '$' => (Token::Variable(&rest[..name]), name),
            '.' => (Token::Other, name),
            c if c.is_ascii_digit() => (Token::Other, name),
            c if is_name(c) => (Token::Word(&rest[..name]), name),
            c if c.is_whitespace() || c == '-' => {
                rest = &rest[after..];
                continue;
            }
            _ => (Token::Other, quoted_length(rest).unwrap_or(after)),
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: &str) -> String {
        check(source).unwrap_err().to_string()
    }

    #[test]
    fn blocks_are_closed() {
        for source in [
            "",
            "a }} b",
            "{{ if .X }}{{ else if .Y }}{{ else }}{{ end }}",
            "{{- range $i, $x := .X -}}{{ if $i }}{{ break }}{{ end }}{{ $x.name }}{{ else }}{{ end }}",
            "{{ with $y := .X }}{{ $y }}{{ $.Z }}{{ else with .Y }}{{ end }}",
            "{{ define \"a\" }}{{ . }}{{ end }}{{ template \"a\" .X }}{{ block \"b\" . }}{{ end }}",
            "{{ if and (eq .X \"}} {{ if \\\" \") (not nil) }}{{ end }}",
            "{{ `}} {{ if \\` }}{{ 'a' }}{{ '\\'' }}",
            "{{/* {{ if .X }} */}}{{- /* it's } } */ -}}",
            "{{ .if.end }}{{ 0x1f }}{{ -1.5e3 }}{{ true | print }}",
        ] {
            assert_eq!(check(source), Ok(()), "{source}");
        }
        for (source, expected) in [
            ("a\n{{ if .X }}b\nc", "line 2: {{if}} has no {{end}}"),
            (
                "{{ if .X }}\n{{ with .Y }}{{ end }}",
                "line 1: {{if}} has no {{end}}",
            ),
            (
                "\n{{ if .X }}{{ end }}\n{{ end }}",
                "line 3: unexpected {{end}}",
            ),
            ("{{ else }}", "line 1: unexpected {{else}}"),
            (
                "{{ if .X }}{{ else }}{{ else }}{{ end }}",
                "line 1: unexpected {{else}}",
            ),
            (
                "{{ define \"a\" }}{{ else }}{{ end }}",
                "line 1: unexpected {{else}}",
            ),
            (
                "{{ if .X }}{{ break }}{{ end }}",
                "line 1: {{break}} outside {{range}}",
            ),
            ("{{ .X | if }}", "line 1: unexpected <if>"),
            (
                "{{ with .X }}{{ else if .Y }}{{ end }}",
                "line 1: unexpected <if>",
            ),
            ("{{ .X\n}}\n{{ end }}", "line 3: unexpected {{end}}"),
            ("{{/* a\n */}}{{ end }}", "line 2: unexpected {{end}}"),
        ] {
            assert_eq!(error(source), expected);
        }
    }

    #[test]
    fn names_are_known() {
        for (source, expected) in [
            (
                "{{ nothing .X }}",
                "line 1: function \"nothing\" not defined",
            ),
            (
                "{{ if .X }}{{ .X | nothing }}{{ end }}",
                "line 1: function \"nothing\" not defined",
            ),
            (
                "{{ if (nothing) }}{{ end }}",
                "line 1: function \"nothing\" not defined",
            ),
            (
                "{{ ConfirmationURL }}",
                "line 1: function \"ConfirmationURL\" not defined",
            ),
            ("{{ $x }}{{ $x := 1 }}", "line 1: undefined variable \"$x\""),
            ("{{ $x = 1 }}", "line 1: undefined variable \"$x\""),
        ] {
            assert_eq!(error(source), expected);
        }
    }
}
