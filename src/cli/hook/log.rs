//! `pinwheel hook log`: what a local function has logged, also while other processes call it.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::app;
use crate::cli::Settings;
use crate::cli::plain::Plain;
use crate::clock::{Clock as _, System};
use crate::hook::local::{LOG_FILE, OLD_LOG_FILE};

/// How often a log that is followed is looked at.
const INTERVAL: Duration = Duration::from_millis(250);

#[derive(clap::Args, Debug)]
pub struct Args {
    /// The name of a local function.
    function: String,
    /// Go on with what comes, until interrupted.
    #[arg(long)]
    follow: bool,
    /// Lines of what is there already.
    #[arg(long, value_name = "N", default_value_t = 100)]
    lines: usize,
}

pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let config = settings.load(None)?;
    let function = &args.function;
    if function.contains(['/', '.']) {
        bail!("`{function}` is not the name of a local function");
    }
    let folder = app::functions_directory(&config).join(function);
    let mut log = Log { path: folder.join(LOG_FILE), open: None };
    let present = log.read()?;
    if present.is_empty() && !folder.is_dir() && !config.functions.contains_key(function) {
        bail!("there is no local function `{function}`");
    }
    if present.is_empty() && !args.follow {
        bail!("function `{function}` has no log in `{}`: it was not called yet", config.data.directory.display());
    }
    let shown = print(&last_lines(&folder, present, args.lines)?);
    if !args.follow {
        return shown.map(|()| ExitCode::SUCCESS);
    }
    loop {
        System::default().sleep(INTERVAL).await;
        print(&log.read()?)?;
    }
}

/// The end of the log, with what stands in the file before this one.
fn last_lines(folder: &Path, present: Vec<u8>, lines: usize) -> anyhow::Result<Vec<u8>> {
    let mut text = match std::fs::read(folder.join(OLD_LOG_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        old => old.context("cannot read the old log")?,
    };
    text.extend(present);
    // Each line ends with a line feed: that of the line before is where the first one begins.
    let before = memchr::memrchr_iter(b'\n', &text).nth(lines);
    Ok(text.split_off(before.map_or(0, |end| end + 1)))
}

fn print(text: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    // Programs get it as it is.
    if out.is_terminal() {
        Plain(&mut out).write_all(text)?
    } else {
        out.write_all(text)?
    }
    Ok(out.flush()?)
}

/// A log that grows, and is replaced when it is full.
struct Log {
    path: PathBuf,
    open: Option<File>,
}

impl Log {
    /// What was added since the last time.
    fn read(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut text = Vec::new();
        let Ok(present) = std::fs::metadata(&self.path) else { return Ok(text) };
        let unreadable = || format!("cannot read `{}`", self.path.display());
        if let Some(open) = &mut self.open {
            open.read_to_end(&mut text).with_context(unreadable)?;
            if open.metadata()?.ino() == present.ino() {
                return Ok(text);
            }
        }
        let mut file = File::open(&self.path).with_context(unreadable)?;
        file.read_to_end(&mut text).with_context(unreadable)?;
        self.open = Some(file);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_those_of_both_files() {
        let folder = tempfile::tempdir().unwrap();
        let last = |lines| String::from_utf8(last_lines(folder.path(), b"c\nd\n".to_vec(), lines).unwrap()).unwrap();
        assert_eq!([last(0), last(1), last(2), last(3)], ["", "d\n", "c\nd\n", "c\nd\n"]);
        std::fs::write(folder.path().join(OLD_LOG_FILE), "a\nb\n").unwrap();
        assert_eq!([last(3), last(4), last(9)], ["b\nc\nd\n", "a\nb\nc\nd\n", "a\nb\nc\nd\n"]);
    }

    #[test]
    fn a_log_that_was_replaced_is_read_to_its_end_and_then_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOG_FILE);
        let mut log = Log { path: path.clone(), open: None };
        assert_eq!(log.read().unwrap(), b"");
        std::fs::write(&path, "a\n").unwrap();
        assert_eq!(log.read().unwrap(), b"a\n");
        assert_eq!(log.read().unwrap(), b"");
        let append = |text: &str| File::options().append(true).open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        append("b\n");
        std::fs::rename(&path, folder.path().join(OLD_LOG_FILE)).unwrap();
        std::fs::write(&path, "c\n").unwrap();
        assert_eq!(log.read().unwrap(), b"b\nc\n");
    }
}
