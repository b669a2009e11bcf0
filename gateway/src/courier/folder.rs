//! For development: mails go into a folder and onto the console instead of to people.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::outcome::Undelivered;

/// A folder for mails.
pub struct Folder(PathBuf);

impl Folder {
    /// Uses a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// A message when it cannot be made.
    pub fn new(path: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(path)
            .map_err(|error| format!("--mail-folder {}: {error}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// Keeps a file, whole or not at all.
    ///
    /// # Errors
    /// Transient, since disks are emptied and rights are given.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), Undelivered> {
        let unfinished = self.0.join(format!(".{name}"));
        std::fs::write(&unfinished, bytes)
            .and_then(|()| std::fs::rename(&unfinished, self.0.join(name)))
            .map_err(|error| Undelivered::transient(format!("the mail folder: {error}")))
    }

    /// Prints a message for people to read.
    pub fn show(&self, head: &[(&str, &str)], text: &str) {
        let mut block = String::from("-----\n");
        for (name, value) in head {
            block.push_str(&format!("{name}: {}\n", printable(value)));
        }
        block.push_str(&format!("\n{}\n-----\n", printable(text).trim_end()));
        // In one go, so that blocks do not mix. Nobody may be looking.
        let _ = std::io::stdout().lock().write_all(block.as_bytes());
    }
}

/// Without what terminals take for commands.
fn printable(text: &str) -> String {
    let is_shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(is_shown).collect()
}
