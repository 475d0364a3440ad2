//! Cuts a file into lines, and lines into chunks that are parsed apart from each other.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc;

use super::row::Row;
use super::{Format, csv, json_lines};
use crate::wire::invalid::{Invalid, Problem};

/// Bytes of a chunk, give or take a line.
const CHUNK_BYTES: usize = 1 << 20;
/// Bytes of a line: an endpoint may have 15 KiB, and no escaping makes it a hundred times as long.
const LINE_BYTES_MAX: usize = 1 << 20;
const BUFFER_BYTES: usize = 1 << 18;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What is read of a file.
pub(super) enum Piece {
    Chunk(Chunk),
    /// The file has the other format.
    Skipped,
    /// The rest of the file cannot be read.
    Failed {
        line: u64,
        reason: String,
    },
}

/// Some lines of a file.
pub(super) struct Chunk {
    shape: Shape,
    text: Vec<u8>,
    lines: Vec<Line>,
}

#[derive(Clone)]
enum Shape {
    JsonLines,
    Csv(Arc<csv::Header>),
}

/// A line that is not blank.
struct Line {
    /// Counted from 1.
    number: u64,
    /// Where it ends in the text; it begins where the one before ends.
    end: usize,
    fits: bool,
}

/// A line's number and what it asks for.
pub(super) type Parsed = (u64, Result<Row, Invalid>);

impl Chunk {
    /// The format of its file.
    pub(super) fn format(&self) -> Format {
        match self.shape {
            Shape::JsonLines => Format::Json,
            Shape::Csv(_) => Format::Csv,
        }
    }

    /// Parses every line: CPU work.
    pub(super) fn parse(self) -> Vec<Parsed> {
        let mut json = json_lines::Parser::default();
        let mut csv = csv::Parser::default();
        let mut start = 0;
        let mut rows = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            let text = &self.text[start..line.end];
            start = line.end;
            let row = match &self.shape {
                _ if !line.fits => {
                    Err(Problem::rule(format!("longer than {LINE_BYTES_MAX} bytes, no endpoint is")).at("line"))
                }
                Shape::JsonLines => json.row(text),
                Shape::Csv(header) => csv.row(header, text),
            };
            rows.push((line.number, row));
        }
        rows
    }
}

/// Reads a file to its end or until nobody listens: blocks.
///
/// Shape: gzip and formats are told by content. `wanted` skips files of the other format. `bytes_read` counts what is
/// read of the file itself, before unpacking.
pub(super) fn read(file: impl Read, wanted: Option<Format>, bytes_read: Arc<AtomicU64>, pieces: &mpsc::Sender<Piece>) {
    let mut line = 1;
    if let Err(error) = read_pieces(file, wanted, bytes_read, pieces, &mut line) {
        // When nobody listens any more, nobody wants to know.
        let _ = pieces.blocking_send(Piece::Failed { line, reason: error.to_string() });
    }
}

fn read_pieces(
    file: impl Read,
    wanted: Option<Format>,
    bytes_read: Arc<AtomicU64>,
    pieces: &mpsc::Sender<Piece>,
    line: &mut u64,
) -> io::Result<()> {
    let mut file = BufReader::with_capacity(BUFFER_BYTES, Counted { file, bytes_read });
    if file.fill_buf()?.starts_with(GZIP_MAGIC) {
        let unpacked = BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file));
        cut(unpacked, wanted, pieces, line)
    } else {
        cut(file, wanted, pieces, line)
    }
}

fn cut(
    mut text: impl BufRead,
    wanted: Option<Format>,
    pieces: &mpsc::Sender<Piece>,
    number: &mut u64,
) -> io::Result<()> {
    if text.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        text.consume(BYTE_ORDER_MARK.len());
    }
    let mut line = Vec::new();
    // The first line that is not blank says what the file is.
    let shape = loop {
        line.clear();
        let Some(fits) = read_line(&mut text, &mut line)? else {
            return Ok(());
        };
        if line.trim_ascii().is_empty() {
            *number += 1;
            continue;
        }
        let format = match line.trim_ascii_start()[0] {
            b'{' | b'[' => Format::Json,
            _ => Format::Csv,
        };
        if wanted.is_some_and(|wanted| wanted != format) {
            let _ = pieces.blocking_send(Piece::Skipped);
            return Ok(());
        }
        match format {
            Format::Json => break Shape::JsonLines,
            Format::Csv if fits => {
                let header = csv::Header::parse(&line).map_err(io::Error::other)?;
                line.clear();
                *number += 1;
                break Shape::Csv(Arc::new(header));
            }
            Format::Csv => return Err(io::Error::other("the header is too long")),
        }
    };

    let new_chunk = |text| Chunk { shape: shape.clone(), text, lines: Vec::new() };
    let mut chunk = new_chunk(Vec::new());
    // A first line of JSON is already read.
    let mut pending = (!line.is_empty()).then_some(true);
    chunk.text.append(&mut line);
    loop {
        let start = chunk.lines.last().map_or(0, |line| line.end);
        let fits = match pending.take() {
            Some(fits) => Some(fits),
            None => read_line(&mut text, &mut chunk.text)?,
        };
        if let Some(fits) = fits {
            if chunk.text[start..].trim_ascii().is_empty() {
                chunk.text.truncate(start);
            } else {
                chunk.lines.push(Line { number: *number, end: chunk.text.len(), fits });
            }
            *number += 1;
        }
        if fits.is_none() || chunk.text.len() >= CHUNK_BYTES {
            let full = std::mem::replace(&mut chunk, new_chunk(Vec::with_capacity(CHUNK_BYTES)));
            if !full.lines.is_empty() && pieces.blocking_send(Piece::Chunk(full)).is_err() {
                return Ok(());
            }
        }
        if fits.is_none() {
            return Ok(());
        }
    }
}

/// Appends a line without its break; `None` at the end. The flag says whether all of it fitted.
fn read_line(text: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let start = line.len();
    let mut fits = true;
    let mut any = false;
    loop {
        let buffer = match text.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            buffer => buffer?,
        };
        if buffer.is_empty() {
            break;
        }
        any = true;
        let end = memchr::memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        if line.len() - start + part.len() <= LINE_BYTES_MAX {
            line.extend_from_slice(part);
        } else {
            fits = false;
        }
        let used = part.len() + usize::from(end.is_some());
        text.consume(used);
        if end.is_some() {
            break;
        }
    }
    if line.len() > start && line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(any.then_some(fits))
}

/// Counts what is read.
struct Counted<R> {
    file: R,
    bytes_read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(into)?;
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
