//! Templates in the syntax of Go's `text/template` and `html/template`, which those of GoTrue's mails and messages are
//! written in (4.20). The work is that of the crate `gotmpl`, a port of the two; here are its limits, and the faults in a
//! template that Go finds before it renders and the crate while it does, or never.
//!
//! HTML is escaped by where a value stands, as in Go: as text, in an attribute, as an address (of which only harmless
//! schemes are let through), as part of a query, in a script or a style. Comments are left out, also as in Go, with
//! those for Outlook among them.

mod structure;

use std::fmt::{self, Write};

use gotmpl::{TemplateError as Cause, html};
use serde_json::{Value, json};
use thiserror::Error;

/// How many bytes a template, and what is made of it, have at most.
pub const MAX_BYTES: usize = 1 << 20;
/// How many rounds all its loops together go.
const MAX_ROUNDS: u64 = 100_000;

/// Why a template cannot be used. The texts are for those who write templates, not for users.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// It is no template, or a value stands where it cannot be made safe; the line, from 1.
    #[error("line {0}: {1}")]
    Syntax(usize, String),
    /// It does not go with the values, say the length of a number is asked for.
    #[error("{0}")]
    Values(String),
    /// It, or what is made of it, has more than [`MAX_BYTES`].
    #[error("the template or its output is larger than 1 MiB")]
    TooLarge,
}

impl From<Cause> for TemplateError {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Parse { line, message, .. } | Cause::Lex { line, message, .. } => {
                Self::Syntax(line, message)
            }
            Cause::Escape {
                line, description, ..
            } => Self::Syntax(line, description),
            // The only writer that fails is `Limited`.
            Cause::Write => Self::TooLarge,
            other => Self::Values(other.to_string()),
        }
    }
}

/// A compiled template.
pub struct Template(Kind);

enum Kind {
    Text(gotmpl::Template),
    Html(html::Template),
}

impl Template {
    /// Compiles a template of plain text.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`], [`TemplateError::TooLarge`].
    pub fn text(source: &str) -> Result<Self, TemplateError> {
        check_size(source)?;
        let template = gotmpl::Template::new("").max_range_iters(MAX_ROUNDS);
        let template = template.parse(source)?;
        structure::check(source)?;
        Ok(Self(Kind::Text(template)))
    }

    /// Compiles a template of HTML.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`], [`TemplateError::TooLarge`].
    pub fn html(source: &str) -> Result<Self, TemplateError> {
        check_size(source)?;
        let template = html::Template::new("").max_range_iters(MAX_ROUNDS);
        let template = template.parse(source)?;
        structure::check(source)?;
        let template = Self(Kind::Html(template));
        // Where values stand is found out when they are first filled in. What is wrong with their places is to be
        // known now; what is wrong with no values at all is not.
        match template.render(&json!({})) {
            Err(error @ TemplateError::Syntax(..)) => Err(error),
            _ => Ok(template),
        }
    }

    /// Fills in values: an object, whose members are the variables.
    ///
    /// A member that is missing is nothing in HTML, and `<no value>` in text.
    ///
    /// # Errors
    /// [`TemplateError::Values`], [`TemplateError::TooLarge`].
    pub fn render(&self, values: &Value) -> Result<String, TemplateError> {
        let values = gotmpl::to_value(values)?;
        let mut output = Limited(String::new());
        match &self.0 {
            Kind::Text(template) => template.execute_fmt(&mut output, &values)?,
            Kind::Html(template) => template.execute_fmt(&mut output, &values)?,
        }
        Ok(output.0)
    }

    /// Fills in values for a line, such as a subject: what would end a header is a blank, whoever's value it is in.
    ///
    /// # Errors
    /// As [`Template::render`].
    pub fn render_line(&self, values: &Value) -> Result<String, TemplateError> {
        let text = self.render(values)?;
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        Ok(words.join(" "))
    }
}

fn check_size(source: &str) -> Result<(), TemplateError> {
    if source.len() > MAX_BYTES {
        Err(TemplateError::TooLarge)
    } else {
        Ok(())
    }
}

/// A text that does not grow without end.
struct Limited(String);

impl Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_BYTES {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
