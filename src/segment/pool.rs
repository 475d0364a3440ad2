//! CPU work beside the tasks that wait: rayon computes, tokio never does.

use std::future::Future;

use tokio::sync::oneshot;

/// Pieces of work in memory at most, whatever the number of cores.
const AHEAD_MAX: usize = 16;

/// Pieces of work that keep all cores busy while the next ones are read.
pub(super) fn ahead() -> usize {
    (rayon::current_num_threads() + 2).min(AHEAD_MAX)
}

/// Begins the work at once, on one of rayon's threads; the future waits for its end.
pub(super) fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> impl Future<Output = T> {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        // Whoever asked may be gone: then nobody needs the answer.
        let _ = sender.send(work());
    });
    async move { receiver.await.expect("rayon ends the process when work panics") }
}
