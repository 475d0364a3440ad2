//! A crash between what a report writes: nothing of it is lost when the report comes again.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use pinwheel::channel::{Report, ReportKind};
use pinwheel::domain::ChannelType;
use tokio::sync::Notify;

use super::{MAIL, Server};

/// Tells when a future wants to go on.
#[derive(Default)]
struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_never_out_before_its_event_is_kept() {
    for kind in [ReportKind::HardBounce, ReportKind::Complaint] {
        let server = Server::start("").await;
        let report = Report {
            channel_type: ChannelType::Email,
            kind,
            reference: None,
            address: Some(MAIL.to_owned()),
            message_id: Some("m".to_owned()),
            at: None,
            details: BTreeMap::new(),
        };
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut applying = pin!(server.app.engine.apply_reports(vec![report.clone()]));
        // The process might end wherever this waits.
        while applying.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            woken.0.notified().await;
            let standing = server.standing().await;
            let is_out = standing.of("mail") != (true, false);
            assert!(!is_out || !standing.events.is_empty(), "{standing:?}");
        }
        assert_ne!(server.standing().await.of("mail"), (true, false));
        server.app.engine.apply_reports(vec![report]).await.unwrap();
        assert_eq!(server.standing().await.events.len(), 1);
    }
}
