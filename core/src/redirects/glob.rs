//! Globs over URLs (GoTrue, 4.16): `*` a run without separators, `**` any run, `?` one character that is no separator,
//! `[a-z]` and `[!a]` classes, `{a,b}` alternatives, `\` takes the next character as it is. Separators are `.` and `/`.
//!
//! All ways through the pattern are followed at once (Thompson's construction), so that the time is at most the length
//! of the text times that of the pattern, whatever either is.

use thiserror::Error;

/// Why a text is no glob.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
pub enum GlobError {
    /// `\` at the end.
    #[error("nothing follows the last backslash")]
    Escape,
    /// `[` without `]`, an empty class, or a range that ends before it begins.
    #[error("a class in brackets is not closed, empty or upside down")]
    Class,
    /// `{` without `}`.
    #[error("alternatives in braces are not closed")]
    Alternatives,
}

/// A compiled glob.
#[derive(Debug, Clone)]
pub struct Glob {
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
enum Step {
    Literal(char),
    /// `?`
    One,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// Any number of characters; without separators unless `across`.
    Run {
        across: bool,
    },
    /// The steps at which alternatives begin.
    Fork(Vec<usize>),
    Jump(usize),
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '/')
}

impl Step {
    /// Whether the character takes the text over this step (or, for a run, further along it).
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == c,
            Self::One => !is_separator(c),
            Self::Class { negated, ranges } => {
                let listed = ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                // What a class leaves out would otherwise let a host end where the pattern's goes on.
                listed != *negated && (listed || !is_separator(c))
            }
            Self::Run { across } => *across || !is_separator(c),
            Self::Fork(_) | Self::Jump(_) => false,
        }
    }
}

impl Glob {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// [`GlobError`], see there.
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        let mut steps = Vec::new();
        // For each open brace, the step of its fork and the jumps that lead behind it.
        let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut rest = pattern.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\\' => steps.push(Step::Literal(rest.next().ok_or(GlobError::Escape)?)),
                '?' => steps.push(Step::One),
                '*' => {
                    let across = rest.next_if_eq(&'*').is_some();
                    steps.push(Step::Run { across });
                }
                '[' => steps.push(class(&mut rest)?),
                '{' => {
                    steps.push(Step::Fork(vec![steps.len() + 1]));
                    open.push((steps.len() - 1, Vec::new()));
                }
                ',' if !open.is_empty() => {
                    let (fork, jumps) = open.last_mut().expect("not empty");
                    jumps.push(steps.len());
                    steps.push(Step::Jump(0));
                    let beginning = steps.len();
                    if let Step::Fork(beginnings) = &mut steps[*fork] {
                        beginnings.push(beginning);
                    }
                }
                '}' if !open.is_empty() => {
                    let (_, jumps) = open.pop().expect("not empty");
                    for jump in jumps {
                        steps[jump] = Step::Jump(steps.len());
                    }
                }
                literal => steps.push(Step::Literal(literal)),
            }
        }
        if open.is_empty() {
            Ok(Self { steps })
        } else {
            Err(GlobError::Alternatives)
        }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut reached = Reached::new(self.steps.len());
        reached.add(&self.steps, 0);
        for c in text.chars() {
            let mut next = Reached::new(self.steps.len());
            for &at in &reached.list {
                match self.steps.get(at) {
                    Some(step @ Step::Run { .. }) if step.takes(c) => next.add(&self.steps, at),
                    Some(step) if step.takes(c) => next.add(&self.steps, at + 1),
                    _ => {}
                }
            }
            reached = next;
        }
        reached.known[self.steps.len()]
    }
}

/// The body of a class, after its opening bracket.
fn class(rest: &mut std::iter::Peekable<std::str::Chars>) -> Result<Step, GlobError> {
    let negated = rest.next_if_eq(&'!').is_some();
    let mut member = || match rest.next() {
        Some('\\') => Ok((rest.next(), true)),
        Some(c) => Ok((Some(c), false)),
        None => Err(GlobError::Class),
    };
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut is_range = false;
    loop {
        let (c, escaped) = member()?;
        let c = c.ok_or(GlobError::Class)?;
        match c {
            ']' if !escaped && (is_range || ranges.is_empty()) => return Err(GlobError::Class),
            ']' if !escaped => return Ok(Step::Class { negated, ranges }),
            '-' if !escaped && !is_range && !ranges.is_empty() => is_range = true,
            high if is_range => {
                let last = ranges.last_mut().expect("a range has a beginning");
                if high < last.0 {
                    return Err(GlobError::Class);
                }
                last.1 = high;
                is_range = false;
            }
            single => ranges.push((single, single)),
        }
    }
}

/// The steps that the text so far leads to; the one behind the last is the end.
struct Reached {
    known: Vec<bool>,
    list: Vec<usize>,
}

impl Reached {
    fn new(steps: usize) -> Self {
        Self {
            known: vec![false; steps + 1],
            list: Vec::new(),
        }
    }

    /// Adds a step and those that follow without a character.
    fn add(&mut self, steps: &[Step], at: usize) {
        let mut todo = vec![at];
        while let Some(at) = todo.pop() {
            if std::mem::replace(&mut self.known[at], true) {
                continue;
            }
            match steps.get(at) {
                Some(Step::Fork(beginnings)) => todo.extend(beginnings),
                Some(Step::Jump(to)) => todo.push(*to),
                Some(Step::Run { .. }) => {
                    self.list.push(at);
                    todo.push(at + 1);
                }
                _ => self.list.push(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, yes, no) in [
            ("", &[""] as &[&str], &["a"] as &[&str]),
            ("a*", &["a", "ab", "a:b?c"], &["", "b", "a/", "a.b", "ba"]),
            ("a**", &["a", "a/b.c"], &["b"]),
            ("a**c", &["ac", "a/b.c", "acc"], &["a/b.cd"]),
            ("***", &["", "a", "a/b"], &[]),
            ("a?c", &["abc", "a?c", "aéc"], &["ac", "a/c", "a.c", "abbc"]),
            ("*.*", &["a.b", "."], &["a", "a.b.c", "a/b.c"]),
            (r"\*\?\[\{\\", &[r"*?[{\"], &["abcde"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            for text in yes {
                assert!(glob.matches(text), "{pattern} {text}");
            }
            for text in no {
                assert!(!glob.matches(text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn classes_and_alternatives() {
        for (pattern, yes, no) in [
            (
                "[a-c]x",
                &["ax", "cx"] as &[&str],
                &["dx", "x", "-x"] as &[&str],
            ),
            ("[abz]", &["a", "z"], &["c", "ab", ""]),
            ("[!a-c]", &["d", "A", "!"], &["b", ".", "/", ""]),
            ("[.]", &["."], &["a"]),
            (r"[\]\-]", &["]", "-"], &["\\"]),
            ("[-a]", &["-", "a"], &["b"]),
            ("{a,b*}c", &["ac", "bc", "bxc"], &["c", "axc", "b.c"]),
            ("x{,y}", &["x", "xy"], &["xyy"]),
            ("{a,{b,c}d}e", &["ae", "bde", "cde"], &["be", "ade"]),
            ("{}a", &["a"], &["{}a"]),
            ("a,b}", &["a,b}"], &["a"]),
            (r"{a\,b,c}", &["a,b", "c"], &["a", "b"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            for text in yes {
                assert!(glob.matches(text), "{pattern} {text}");
            }
            for text in no {
                assert!(!glob.matches(text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for (pattern, error) in [
            (r"a\", GlobError::Escape),
            ("[", GlobError::Class),
            ("[]", GlobError::Class),
            ("[!]", GlobError::Class),
            ("[ab", GlobError::Class),
            (r"[a\", GlobError::Class),
            ("[z-a]", GlobError::Class),
            ("[a-]", GlobError::Class),
            ("{a,b", GlobError::Alternatives),
            ("{a,{b}", GlobError::Alternatives),
        ] {
            assert_eq!(Glob::new(pattern).err(), Some(error), "{pattern}");
        }
    }

    /// A matcher that tries one way after the other would need longer than there is.
    #[test]
    fn many_runs_take_no_longer() {
        let glob = Glob::new(&format!("{}b", "**a{,a}".repeat(100))).unwrap();
        assert!(!glob.matches(&"a".repeat(3000)));
        // Nesting is not recursion.
        let deep = Glob::new(&format!("{}{}", "{".repeat(50_000), "}".repeat(50_000))).unwrap();
        assert!(deep.matches(""));
    }
}
