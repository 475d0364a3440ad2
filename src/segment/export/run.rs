//! An export from its endpoints to its summary.

use std::collections::VecDeque;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream::{FuturesOrdered, StreamExt};
use jiff::Timestamp;

use super::destination::Piece;
use super::{Destination, Error, Options, Summary};
use crate::domain::{ApplicationId, EndpointNumber};
use crate::segment::{self, pool};
use crate::store::{self, DefinitionStore, EndpointPage, EndpointStore};
use crate::wire::endpoint_update::append_response;

/// Endpoints read from the store at once.
const PAGE_ENDPOINTS: usize = 5_000;

/// Writes endpoints, in the order of their numbers. `now` is what the segment's recency counts back from; `observer`
/// hears how many endpoints are written so far.
///
/// Shape: there is always at least one file, if only an empty one. Each page is a gzip member of its own, so that pages
/// can be packed side by side; readers take the members of a file as one.
pub async fn run<S: EndpointStore + DefinitionStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    mut destination: Destination,
    options: &Options,
    now: Timestamp,
    observer: &(dyn Fn(u64) + Sync),
) -> Result<Summary, Error> {
    let mut pages = match &options.segment {
        None => Pages::All { next: Some(0) },
        Some((id, version)) => {
            let members = segment::evaluate(store, application, id, *version, now).await?;
            let mut numbers = members.into_iter();
            Pages::Chosen(Box::new(std::iter::from_fn(move || {
                let page: Vec<_> = numbers.by_ref().take(PAGE_ENDPOINTS).collect();
                (!page.is_empty()).then_some(page)
            })))
        }
    };
    let mut output = Output::open(&mut destination, options).await?;
    let mut packing = FuturesOrdered::new();
    let mut sizes = VecDeque::new();
    let mut more = true;
    while more || !packing.is_empty() {
        if more && packing.len() < pool::ahead() {
            match pages.next(store, application).await? {
                None => more = false,
                Some(page) => {
                    sizes.push_back(page.len() as u64);
                    let (application, gzip) = (application.clone(), options.gzip);
                    packing.push_back(pool::run(move || render(&application, &page, gzip)));
                }
            }
        } else if let (Some(bytes), Some(endpoints)) = (packing.next().await, sizes.pop_front()) {
            output.write(bytes, endpoints).await?;
            observer(output.summary.endpoints);
        }
    }
    output.finish().await
}

/// The pages of endpoints still to come.
enum Pages {
    All { next: Option<EndpointNumber> },
    Chosen(Box<dyn Iterator<Item = Vec<EndpointNumber>> + Send>),
}

impl Pages {
    async fn next<S: EndpointStore + ?Sized>(
        &mut self,
        store: &S,
        application: &ApplicationId,
    ) -> Result<Option<EndpointPage>, store::Error> {
        match self {
            Self::All { next: None } => Ok(None),
            Self::All { next: next @ Some(_) } => {
                let page = store.scan_endpoints(application, next.unwrap_or(0), PAGE_ENDPOINTS).await?;
                *next = page.iter().last().and_then(|endpoint| endpoint.number.checked_add(1));
                Ok((!page.is_empty()).then_some(page))
            }
            Self::Chosen(numbers) => match numbers.next() {
                None => Ok(None),
                Some(numbers) => store.load_endpoints(application, numbers).await.map(Some),
            },
        }
    }
}

fn render(application: &ApplicationId, page: &EndpointPage, gzip: bool) -> Vec<u8> {
    let mut lines = Vec::new();
    for endpoint in page.iter() {
        append_response(&mut lines, application, endpoint.id, endpoint.document);
        lines.push(b'\n');
    }
    if gzip { pack(&lines) } else { lines }
}

fn pack(lines: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(lines.len() / 4), Compression::default());
    encoder.write_all(lines).and_then(|()| encoder.finish()).expect("memory takes everything")
}

/// The file being written, and those before it.
struct Output<'a> {
    destination: &'a mut Destination,
    options: &'a Options,
    piece: Piece,
    piece_endpoints: u64,
    summary: Summary,
}

impl<'a> Output<'a> {
    async fn open(destination: &'a mut Destination, options: &'a Options) -> Result<Self, Error> {
        let piece = destination.open(0, extension(options)).await?;
        Ok(Self { destination, options, piece, piece_endpoints: 0, summary: Summary::default() })
    }

    async fn write(&mut self, bytes: Vec<u8>, endpoints: u64) -> Result<(), Error> {
        if self.destination.takes_pieces() && self.piece_endpoints >= self.options.piece_endpoints {
            let number = self.summary.files.len() + 1;
            let next = self.destination.open(number, extension(self.options)).await?;
            let full = std::mem::replace(&mut self.piece, next);
            self.summary.files.push(full.finish().await?);
            self.piece_endpoints = 0;
        }
        self.summary.bytes += bytes.len() as u64;
        self.summary.endpoints += endpoints;
        self.piece_endpoints += endpoints;
        self.piece.write(bytes).await
    }

    async fn finish(mut self) -> Result<Summary, Error> {
        if self.options.gzip && self.summary.bytes == 0 {
            // Nothing at all would be no gzip file.
            self.write(pack(&[]), 0).await?;
        }
        self.summary.files.push(self.piece.finish().await?);
        Ok(self.summary)
    }
}

fn extension(options: &Options) -> &'static str {
    if options.gzip { "json.gz" } else { "json" }
}
