//! Records as lines of JSON in files: a folder an application, a new file when one is full and each day.
//!
//! Nothing is kept in memory: every delivery looks for the newest file, cuts off a line that was not finished, and goes on
//! there. So a crash or a full disk at any moment leaves whole lines.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Deps, Destination, Error, Record, Refused, Sink};
use crate::clock::Clock;
use crate::config;

/// The folder of a sink whose section names none, below the data directory.
const DIRECTORY: &str = "event-stream";
const PREFIX: &str = "events-";
const SUFFIX: &str = ".jsonl";
/// Bytes that are read at once to find the end of the last whole line.
const TAIL_BYTES: u64 = 64 * 1024;

/// Smallest and largest `file_bytes_max`.
const FILE_BYTES: (u64, u64) = (65_536, 1 << 40);
/// Smallest and largest `files_max`.
const FILES: (usize, usize) = (1, 100_000);

pub struct File {
    name: String,
    clock: Arc<dyn Clock>,
    settings: Settings,
}

#[derive(Clone)]
struct Settings {
    directory: PathBuf,
    bytes_max: u64,
    files_max: usize,
}

impl File {
    pub fn new(name: &str, settings: &config::FileSink, deps: &Deps) -> Result<Self, Error> {
        let config::FileSink { directory, file_bytes_max, files_max, destinations: _ } = settings;
        let refuse = |key, problem| Err(Error::Setting { sink: name.to_owned(), key, problem });
        if !(FILE_BYTES.0..=FILE_BYTES.1).contains(file_bytes_max) {
            let (min, max) = FILE_BYTES;
            return refuse("file_bytes_max", format!("`{file_bytes_max}` must be from {min} to {max}"));
        }
        if !(FILES.0..=FILES.1).contains(files_max) {
            let (min, max) = FILES;
            return refuse("files_max", format!("`{files_max}` must be from {min} to {max}"));
        }
        let directory = match directory.as_os_str().is_empty() {
            true => deps.data_directory.join(DIRECTORY),
            false => directory.clone(),
        };
        let settings = Settings { directory, bytes_max: *file_bytes_max, files_max: *files_max };
        Ok(Self { name: name.to_owned(), clock: deps.clock.clone(), settings })
    }
}

impl Sink for File {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver<'a>(&'a self, to: &'a Destination, records: &'a [Record]) -> BoxFuture<'a, Result<(), Refused>> {
        let folder = self.settings.directory.join(to.application_id.as_str());
        let lines: Vec<_> = records.iter().map(|record| record.json.clone()).collect();
        let today = self.clock.now().to_zoned(TimeZone::UTC).date();
        let settings = self.settings.clone();
        let written = tokio::task::spawn_blocking(move || append(&folder, &settings, &lines, today));
        Box::pin(async move {
            let written =
                written.await.map_err(|_| Refused::all(records.len(), "the writing of a file was given up"))?;
            written.map_err(|error| Refused::all(records.len(), format!("cannot write to a file: {error}")))
        })
    }
}

/// A file of a folder. Its name begins with a number, so that it sorts by age even if the clock was set back.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Name {
    number: u64,
    day: String,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let (number, day) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
        Some(Self { number: number.parse().ok()?, day: day.to_owned() })
    }

    fn in_folder(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{PREFIX}{:08}-{}{SUFFIX}", self.number, self.day))
    }
}

/// Appends lines, synced when it returns.
fn append(folder: &Path, settings: &Settings, lines: &[bytes::Bytes], today: Date) -> io::Result<()> {
    make_folder(folder)?;
    let mut names = list(folder)?;
    let today = today.strftime("%Y%m%d").to_string();
    let mut lines = lines.iter().peekable();
    while let Some(first) = lines.peek() {
        let fits = |bytes: u64, line: &bytes::Bytes| bytes + (line.len() as u64) < settings.bytes_max;
        let newest = names.last().filter(|newest| newest.day == today).map(|newest| newest.in_folder(folder));
        let newest = newest.map(|path| reopen(&path)).transpose()?;
        let (mut file, mut bytes) = match newest.filter(|(_, bytes)| *bytes == 0 || fits(*bytes, first)) {
            Some(newest) => newest,
            None => (create(folder, &mut names, &today)?, 0),
        };
        let mut buffer = Vec::new();
        // A line that is longer than a file may be has a file of its own.
        while let Some(line) = lines.next_if(|line| bytes == 0 || fits(bytes, line)) {
            buffer.extend_from_slice(line);
            buffer.push(b'\n');
            bytes += line.len() as u64 + 1;
        }
        file.write_all(&buffer)?;
        file.sync_data()?;
    }
    for old in &names[..names.len().saturating_sub(settings.files_max)] {
        match fs::remove_file(old.in_folder(folder)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes a folder and those above it, unless they are there. The names of new ones are on stable storage when it returns.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(parent)?;
    // `recursive`, because somebody else may make it meanwhile.
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::File::open(parent)?.sync_all()
}

/// The files of a folder, oldest first.
fn list(folder: &Path) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().to_str().and_then(Name::parse));
    }
    names.sort();
    Ok(names)
}

/// Makes the next file. Its name is on stable storage before anything is in it.
fn create(folder: &Path, names: &mut Vec<Name>, today: &str) -> io::Result<fs::File> {
    let number = names.last().map_or(1, |newest| newest.number + 1);
    let name = Name { number, day: today.to_owned() };
    let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(name.in_folder(folder))?;
    fs::File::open(folder)?.sync_all()?;
    names.push(name);
    Ok(file)
}

/// Opens a file to go on, without a line that was cut off; and how long it is.
fn reopen(path: &Path) -> io::Result<(fs::File, u64)> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let bytes = file.metadata()?.len();
    let whole = whole_lines(&mut file, bytes)?;
    if whole < bytes {
        file.set_len(whole)?;
        tracing::warn!(bytes = bytes - whole, "a line of an event stream's file was cut off, and is removed");
    }
    Ok((file, whole))
}

/// Bytes up to and with the last line break.
fn whole_lines(file: &mut fs::File, bytes: u64) -> io::Result<u64> {
    let mut end = bytes;
    let mut tail = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(TAIL_BYTES);
        file.seek(SeekFrom::Start(start))?;
        tail.clear();
        Read::by_ref(file).take(end - start).read_to_end(&mut tail)?;
        if let Some(at) = tail.iter().rposition(|&byte| byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::clock;
    use crate::domain::ApplicationId;
    use crate::http::Aws;

    fn record(text: &str) -> Record {
        Record {
            id: text.to_owned(),
            partition_key: "e".to_owned(),
            event_type: "cart.add".to_owned(),
            json: format!("{{\"text\":\"{text}\"}}").into(),
        }
    }

    fn to(application: &str) -> Destination {
        Destination { application_id: ApplicationId::new(application), arn: "arn".to_owned() }
    }

    fn sink(directory: &TempDir, clock: Arc<dyn Clock>, bytes_max: u64, files_max: usize) -> File {
        let settings = Settings { directory: directory.path().join(DIRECTORY), bytes_max, files_max };
        File { name: "file".to_owned(), clock, settings }
    }

    fn texts(directory: &TempDir, application: &str) -> Vec<(String, String)> {
        let folder = directory.path().join(DIRECTORY).join(application);
        let paths = list(&folder).unwrap().into_iter().map(|name| name.in_folder(&folder));
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        paths.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
    }

    #[tokio::test]
    async fn files_are_followed_when_full_and_each_day_and_the_oldest_removed() {
        let directory = TempDir::new().unwrap();
        let clock = Arc::new(clock::Held::default());
        // Two lines of 13 bytes fit.
        let sink = sink(&directory, clock.clone(), 26, 3);
        let records: Vec<_> = ["a", "b", "c"].map(record).into();
        sink.deliver(&to("app"), &records).await.unwrap();
        sink.deliver(&to("other"), &records[..1]).await.unwrap();
        let line = |text: &str| format!("{{\"text\":\"{text}\"}}\n");
        assert_eq!(
            texts(&directory, "app"),
            [
                ("events-00000001-20260301.jsonl".to_owned(), line("a") + &line("b")),
                ("events-00000002-20260301.jsonl".to_owned(), line("c")),
            ]
        );
        clock.advance(Duration::from_secs(24 * 60 * 60));
        sink.deliver(&to("app"), &records[..1]).await.unwrap();
        sink.deliver(&to("app"), &[record(&"long".repeat(30)), record("d")]).await.unwrap();
        let texts = texts(&directory, "app");
        let names: Vec<_> = texts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["events-00000003-20260302.jsonl", "events-00000004-20260302.jsonl", "events-00000005-20260302.jsonl"]
        );
        assert_eq!(texts[2].1, line("d"));
    }

    #[tokio::test]
    async fn a_line_that_was_cut_off_is_removed_and_the_file_goes_on() {
        let directory = TempDir::new().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(clock::Held::default());
        let sink = sink(&directory, clock, 1 << 20, 3);
        sink.deliver(&to("app"), &[record("a")]).await.unwrap();
        let path = directory.path().join(DIRECTORY).join("app/events-00000001-20260301.jsonl");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for left_over in ["{\"te".to_owned(), "x".repeat(200_000)] {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(left_over.as_bytes()).unwrap();
            sink.deliver(&to("app"), &[record("b")]).await.unwrap();
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.lines().all(|line| line.len() == 12), "{} bytes", text.len());
        }
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
        fs::write(&path, "never finished").unwrap();
        sink.deliver(&to("app"), &[record("c")]).await.unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"text\":\"c\"}\n");
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_refused_for_now() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(DIRECTORY), "in the way").unwrap();
        let sink = sink(&directory, Arc::new(clock::Held::default()), 1 << 20, 3);
        let refused = sink.deliver(&to("app"), &[record("a"), record("b")]).await.unwrap_err();
        assert_eq!((refused.places, refused.is_permanent), (vec![0, 1], false));
    }

    #[test]
    fn settings_out_of_their_range_are_named() {
        let directory = TempDir::new().unwrap();
        let deps = Deps {
            clock: Arc::new(clock::Held::default()),
            aws: Arc::new(Aws::by_sdk_config(&aws_config::SdkConfig::builder().build())),
            data_directory: directory.path().to_owned(),
        };
        let section = |text: &str| toml::from_str::<config::FileSink>(text).unwrap();
        let problem = |text| File::new("disk", &section(text), &deps).err().map(|error| error.to_string());
        assert_eq!(problem(""), None);
        assert_eq!(
            problem("files_max = 0").as_deref(),
            Some("`event_stream.sinks.disk.files_max`: `0` must be from 1 to 100000")
        );
        assert!(problem("file_bytes_max = 10").unwrap().contains("must be from 65536"));
    }
}
