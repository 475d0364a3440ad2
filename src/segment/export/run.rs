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
use crate::store::{self, DefinitionStore, EndpointPage, EndpointStore, EventStore};
use crate::wire::endpoint_update::append_response;

/// Endpoints read from the store at once.
const PAGE_ENDPOINTS: usize = 5_000;

/// Writes endpoints, in the order of their numbers. `now` is what the segment's recency counts back from; `observer`
/// hears what is written so far.
///
/// Shape: there is always at least one file, if only an empty one. Each page is a gzip member of its own, so that pages
/// can be packed side by side; readers take the members of a file as one.
pub async fn run<S: EndpointStore + DefinitionStore + EventStore + ?Sized>(
    store: &S,
    application: &ApplicationId,
    mut destination: Destination,
    options: &Options,
    now: Timestamp,
    observer: &(dyn Fn(&Summary) + Sync),
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
            observer(&output.summary);
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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use flate2::read::MultiGzDecoder;
    use object_store::ObjectStoreExt;

    use super::*;
    use crate::clock;
    use crate::domain::Endpoint;
    use crate::segment::fake::Fake;
    use crate::segment::import;

    /// Endpoints `e0` and so on; every third one is red.
    fn store(count: usize) -> Fake {
        let store = Fake::default();
        for number in 0..count {
            let mut endpoint = Endpoint { address: Some(format!("address-{number}")), ..Endpoint::default() };
            endpoint.attributes.insert("Color".into(), vec![if number % 3 == 0 { "red" } else { "blue" }.into()]);
            store.add(&format!("e{number}"), endpoint);
        }
        store.define("red", r#"{"Dimensions":{"Attributes":{"Color":{"Values":["red"]}}}}"#);
        store
    }

    async fn export(store: &Fake, destination: Destination, options: &Options) -> Summary {
        run(store, &ApplicationId::new("app"), destination, options, Timestamp::UNIX_EPOCH, &|_| ()).await.unwrap()
    }

    fn ids(lines: &str) -> Vec<String> {
        let id = |line: &str| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["ApplicationId"], "app");
            value["Id"].as_str().unwrap().to_owned()
        };
        lines.lines().map(id).collect()
    }

    fn unpacked(packed: &[u8]) -> String {
        let mut text = String::new();
        MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap();
        text
    }

    #[tokio::test]
    async fn what_is_exported_can_be_imported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("all.json.gz");
        let before = store(23);
        let options = Options { gzip: true, ..Options::default() };
        let summary = export(&before, Destination::File(path.clone()), &options).await;
        assert_eq!((summary.endpoints, summary.files), (23, vec![path.display().to_string()]));
        assert_eq!(summary.bytes, std::fs::metadata(&path).unwrap().len());

        let after = Fake::default();
        let source = import::Source::Local { path, within: None };
        let application = ApplicationId::new("app");
        let imported =
            import::run(&after, &clock::System::default(), &application, &source, &import::Options::default(), &|_| ())
                .await;
        assert_eq!(imported.unwrap().imported, 23);
        let told = |store: &Fake| {
            let endpoints = store.endpoints().into_iter();
            endpoints.map(|(id, endpoint)| (id, endpoint.address, endpoint.attributes)).collect::<Vec<_>>()
        };
        assert_eq!(told(&after), told(&before));
    }

    #[tokio::test]
    async fn a_segment_goes_to_numbered_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/here");
        let options = Options { piece_endpoints: 10, ..Options::default() };
        let summary = export(&store(30), Destination::Folder(path.clone()), &options).await;
        // Pages of the fake have seven endpoints, and are not split.
        let lengths: Vec<_> =
            summary.files.iter().map(|file| ids(&std::fs::read_to_string(file).unwrap()).len()).collect();
        assert_eq!(lengths, [14, 14, 2]);
        assert!(summary.files[2].ends_with("00002.json"), "{:?}", summary.files);

        let options = Options { segment: Some(("red".into(), None)), ..Options::default() };
        let summary = export(&store(8), Destination::Folder(path.clone()), &options).await;
        assert_eq!(ids(&std::fs::read_to_string(&summary.files[0]).unwrap()), ["e0", "e3", "e6"]);
    }

    #[tokio::test]
    async fn objects_go_below_a_prefix() {
        let remote = Arc::new(object_store::memory::InMemory::new());
        let options = Options { gzip: true, piece_endpoints: 7, ..Options::default() };
        let destination = Destination::Remote { store: remote.clone(), prefix: "out/app".into() };
        let summary = export(&store(9), destination, &options).await;
        assert_eq!(summary.files, ["out/app/00000.json.gz", "out/app/00001.json.gz"]);
        let second = remote.get(&"out/app/00001.json.gz".into()).await.unwrap().bytes().await.unwrap();
        assert_eq!(ids(&unpacked(&second)), ["e7", "e8"]);
    }

    #[tokio::test]
    async fn nobody_is_a_valid_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.json.gz");
        let options = Options { gzip: true, ..Options::default() };
        let summary = export(&Fake::default(), Destination::File(path.clone()), &options).await;
        assert_eq!(summary.endpoints, 0);
        assert_eq!(unpacked(&std::fs::read(path).unwrap()), "");
    }

    #[tokio::test]
    async fn what_cannot_be_written_says_why() {
        let destination = Destination::File("/no/such/folder/file".into());
        let application = ApplicationId::new("app");
        let done = run(&store(1), &application, destination, &Options::default(), Timestamp::UNIX_EPOCH, &|_| ()).await;
        assert_eq!(done.unwrap_err().to_string(), "cannot write `/no/such/folder/file`");
    }
}
