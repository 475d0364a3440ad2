//! Texts of others on operators' terminals: functions and providers write what they like into errors and logs.

use std::io::{self, Write};

/// The text without what terminals take for commands: other control characters than line feeds and tabs are replaced.
pub fn plain(text: &str) -> String {
    let is_command = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.replace(is_command, "\u{fffd}")
}

/// Writes all text [`plain`].
pub struct Plain<W>(pub W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(plain(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_commands_a_terminal() {
        assert_eq!(plain("a\x1b]0;title\x07\r\n\tü"), "a\u{fffd}]0;title\u{fffd}\u{fffd}\n\tü");
        let mut out = Plain(Vec::new());
        out.write_all("\u{9b}2J\x7f\x08".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out.0).unwrap(), "\u{fffd}2J\u{fffd}\u{fffd}");
    }
}
