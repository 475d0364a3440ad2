//! An import from its files to its summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::stream::{self, FuturesOrdered, StreamExt, TryStreamExt};
use tokio::sync::mpsc;

use super::frame::{self, Parsed, Piece};
use super::row::Row;
use super::source::Object;
use super::{Error, Event, Existing, FAILURES_MAX, Failure, Format, Options, Source, Summary, define};
use crate::clock::{self, Clock};
use crate::domain::ApplicationId;
use crate::segment::pool;
use crate::store::{self, DefinitionStore, EndpointStore, EndpointWrite};

/// Endpoints written to the store at once.
const BATCH_ENDPOINTS: usize = 10_000;
/// Chunks read before they are asked for.
const CHUNKS_AHEAD: usize = 2;
/// Look-ups of single endpoints and users at once.
const LOOKUPS: usize = 16;

/// Imports everything the source has.
///
/// Errors: bad lines and unreadable files are none, they are counted in the summary.
pub async fn run<S: EndpointStore + DefinitionStore + ?Sized>(
    store: &S,
    clock: &dyn Clock,
    application: &ApplicationId,
    source: &Source,
    options: &Options,
    observer: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Summary, Error> {
    if options.existing == Existing::Keep && options.segment.is_none() {
        return Err(Error::NothingToDo);
    }
    let objects = source.objects().await?;
    let bytes_total = objects.iter().map(|object| object.bytes).sum();
    if bytes_total == 0 {
        return Err(Error::Nothing { name: source.name() });
    }
    let bytes_read = Arc::default();
    let mut import = Import {
        store,
        clock,
        application,
        options,
        observer,
        bytes_read,
        bytes_total,
        format: None,
        pending: Vec::new(),
        summary: Summary::default(),
    };
    import.summary.files_total = objects.iter().filter(|object| object.bytes > 0).count() as u64;
    import.show_progress();
    for object in objects.iter().filter(|object| object.bytes > 0) {
        import.read(object).await?;
        import.show_progress();
    }
    import.flush().await?;

    let Import { mut summary, format, .. } = import;
    // Nobody is no segment: a version without members would only hide that the import failed.
    let whole = summary.imported > 0 && summary.files_failed == 0;
    let wanted = options.segment.as_ref().filter(|segment| whole || segment.job.is_none() && summary.imported > 0);
    if let (Some(segment), Some(format)) = (wanted, format) {
        observer(Event::Defining);
        let now = clock::wire_text(clock.now());
        let name = source.name();
        let defined = define::define(store, application, segment, format, &name, &summary.touched, now).await?;
        summary.segment = Some(defined);
    }
    Ok(summary)
}

struct Import<'a, S: ?Sized> {
    store: &'a S,
    clock: &'a dyn Clock,
    application: &'a ApplicationId,
    options: &'a Options,
    observer: &'a (dyn Fn(Event<'_>) + Sync),
    bytes_read: Arc<AtomicU64>,
    bytes_total: u64,
    /// Of the first file that was read.
    format: Option<Format>,
    pending: Vec<Pending>,
    summary: Summary,
}

/// A good line that is not in the store yet.
struct Pending {
    place: Place,
    row: Row,
}

#[derive(Clone)]
struct Place {
    file: Arc<str>,
    line: u64,
}

impl<S: EndpointStore + DefinitionStore + ?Sized> Import<'_, S> {
    async fn read(&mut self, object: &Object) -> Result<(), Error> {
        let file: Arc<str> = object.name.as_str().into();
        let content = match object.open().await {
            Ok(content) => content,
            Err(error) => {
                self.summary.files += 1;
                self.summary.files_failed += 1;
                self.report(Place { file, line: 1 }, error.to_string());
                return Ok(());
            }
        };
        let (sender, mut pieces) = mpsc::channel(CHUNKS_AHEAD);
        let (wanted, bytes_read) = (self.options.format, Arc::clone(&self.bytes_read));
        let reader = tokio::task::spawn_blocking(move || frame::read(content, wanted, bytes_read, &sender));

        let mut parsing = FuturesOrdered::new();
        let mut skipped = false;
        let mut more = true;
        while more || !parsing.is_empty() {
            if more && parsing.len() < pool::ahead() {
                match pieces.recv().await {
                    Some(Piece::Chunk(chunk)) => {
                        self.format.get_or_insert(chunk.format());
                        parsing.push_back(pool::run(|| chunk.parse()));
                    }
                    Some(Piece::Skipped) => skipped = true,
                    Some(Piece::Failed { line, reason }) => {
                        self.summary.files_failed += 1;
                        self.report(Place { file: Arc::clone(&file), line }, reason);
                    }
                    None => more = false,
                }
            } else if let Some(rows) = parsing.next().await {
                self.take(&file, rows).await?;
            }
        }
        reader.await.expect("reading lines does not panic");
        if skipped {
            self.summary.files_skipped += 1;
        } else {
            self.summary.files += 1;
        }
        Ok(())
    }

    async fn take(&mut self, file: &Arc<str>, rows: Vec<Parsed>) -> Result<(), Error> {
        for (line, row) in rows {
            self.summary.lines += 1;
            let place = Place { file: Arc::clone(file), line };
            match row {
                Ok(Row::Users(_)) if self.options.segment.is_none() => {
                    self.fail(
                        place,
                        "User.UserId: alone it makes no endpoint, it can only define a segment".to_owned(),
                    );
                }
                Ok(row) => self.pending.push(Pending { place, row }),
                Err(error) => self.fail(place, error.to_string()),
            }
            if self.pending.len() == BATCH_ENDPOINTS {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Brings the pending lines into the store.
    async fn flush(&mut self) -> Result<(), Error> {
        let mut endpoints = Vec::with_capacity(self.pending.len());
        let mut users = Vec::new();
        for Pending { place, row } in self.pending.drain(..) {
            match row {
                Row::Endpoint(write) => endpoints.push((place, write)),
                Row::Users(ids) => users.push((place, ids)),
            }
        }
        if self.options.existing == Existing::Keep {
            endpoints = self.pass_over_existing(endpoints).await?;
        }
        self.write(endpoints).await?;
        self.find_users(users).await?;
        self.show_progress();
        Ok(())
    }

    fn show_progress(&self) {
        let bytes_read = self.bytes_read.load(Ordering::Relaxed);
        (self.observer)(Event::Progressed { bytes_read, bytes_total: self.bytes_total, summary: &self.summary });
    }

    async fn write(&mut self, endpoints: Vec<(Place, EndpointWrite)>) -> Result<(), Error> {
        if endpoints.is_empty() {
            return Ok(());
        }
        let now = clock::wire_text(self.clock.now());
        let (places, writes): (Vec<_>, Vec<_>) = endpoints.into_iter().unzip();
        let results = self.store.upsert_endpoints(self.application, writes, now).await?;
        for (place, result) in places.into_iter().zip(results) {
            match result {
                Ok(number) => {
                    self.summary.imported += 1;
                    self.summary.touched.insert(number);
                }
                Err(refused) => self.fail(place, refused.to_string()),
            }
        }
        Ok(())
    }

    async fn pass_over_existing(
        &mut self,
        endpoints: Vec<(Place, EndpointWrite)>,
    ) -> Result<Vec<(Place, EndpointWrite)>, store::Error> {
        let (store, application) = (self.store, self.application);
        let look_ups = endpoints.into_iter().map(|(place, write)| async move {
            let page = store.endpoint(application, &write.id).await?;
            Ok::<_, store::Error>((page.iter().next().map(|endpoint| endpoint.number), place, write))
        });
        let mut unknown = Vec::new();
        let mut found = stream::iter(look_ups).buffered(LOOKUPS);
        while let Some((number, place, write)) = found.try_next().await? {
            match number {
                Some(number) => {
                    self.summary.imported += 1;
                    self.summary.touched.insert(number);
                }
                None => unknown.push((place, write)),
            }
        }
        Ok(unknown)
    }

    async fn find_users(&mut self, lines: Vec<(Place, Vec<String>)>) -> Result<(), Error> {
        let (store, application) = (self.store, self.application);
        let look_ups = lines.into_iter().map(|(place, ids)| async move {
            let mut users = Vec::with_capacity(ids.len());
            for id in ids {
                let page = store.endpoints_of_user(application, &id).await?;
                users.push((id, page));
            }
            Ok::<_, store::Error>((place, users))
        });
        let mut found = stream::iter(look_ups).buffered(LOOKUPS);
        while let Some((place, users)) = found.try_next().await? {
            let mut unknown = Vec::new();
            for (id, page) in users {
                if page.is_empty() {
                    unknown.push(format!("`{id}`"));
                }
                self.summary.touched.extend(page.iter().map(|endpoint| endpoint.number));
            }
            if unknown.is_empty() {
                self.summary.imported += 1;
            } else {
                self.fail(place, format!("User.UserId: there is no endpoint of {}", unknown.join(", ")));
            }
        }
        Ok(())
    }

    fn fail(&mut self, place: Place, reason: String) {
        self.summary.failed += 1;
        self.report(place, reason);
    }

    fn report(&mut self, place: Place, reason: String) {
        let failure = Failure { file: place.file.to_string(), line: place.line, reason };
        (self.observer)(Event::Failed(&failure));
        if self.summary.failures.len() < FAILURES_MAX {
            self.summary.failures.push(failure);
        }
    }
}
