//! Why a message was not delivered.

use std::time::Duration;

use crate::outgoing::Unanswered;

/// No receiver may put a message off for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// So much of a reason is kept.
const KEPT: usize = 500;

/// Why a message was not delivered, and whether to try again.
#[derive(Debug)]
pub struct Undelivered {
    /// For the log and the database. Holds nothing of the message, no address and no secret.
    pub reason: String,
    /// What the other side said. For the database alone, since it may quote the message.
    pub answer: Option<String>,
    /// Whether another attempt would end the same way.
    pub is_permanent: bool,
    /// How long the other side asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl Undelivered {
    /// It may go better the next time.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            answer: None,
            is_permanent: false,
            retry_after: None,
        }
    }

    /// It would go the same way each time.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self {
            is_permanent: true,
            ..Self::transient(reason)
        }
    }

    /// The same, with what the other side said.
    pub fn with_answer(self, answer: impl Into<String>) -> Self {
        let answer = Some(answer.into()).filter(|text| !text.is_empty());
        Self { answer, ..self }
    }

    /// The whole text, for the database.
    pub fn text(&self) -> String {
        match &self.answer {
            Some(answer) => plain(&format!("{}: {answer}", self.reason)),
            None => plain(&self.reason),
        }
    }

    /// How many seconds to wait at least, if the other side said.
    pub fn retry_after_seconds(&self) -> Option<i32> {
        let wait = self.retry_after?.min(LONGEST);
        i32::try_from(wait.as_secs()).ok()
    }
}

impl From<Unanswered> for Undelivered {
    fn from(why: Unanswered) -> Self {
        Self {
            is_permanent: why.is_permanent,
            ..Self::transient(why.reason)
        }
    }
}

/// Text of unknown origin as every database takes it, whatever its encoding: in one line of ASCII, and short.
pub fn plain(text: &str) -> String {
    let readable = |c: char| match c {
        ' '..='~' => c,
        c if c.is_control() => ' ',
        _ => '?',
    };
    text.chars().take(KEPT).map(readable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_say_is_made_harmless() {
        let refused = Undelivered::permanent("the server answered 550");
        let refused = refused.with_answer("5.1.1 käme\r\n\0an\u{1b}[2J".repeat(100));
        let text = refused.text();
        assert!(text.starts_with("the server answered 550: 5.1.1 k?me   an [2J5.1.1"));
        assert_eq!(text.len(), KEPT);
    }

    #[test]
    fn nobody_puts_a_message_off_for_ever() {
        let mut again = Undelivered::transient("later");
        assert_eq!(again.retry_after_seconds(), None);
        again.retry_after = Some(Duration::from_secs(7));
        assert_eq!(again.retry_after_seconds(), Some(7));
        again.retry_after = Some(Duration::MAX);
        assert_eq!(again.retry_after_seconds(), Some(86_400));
    }
}
