//! Direct messages: sent at once to addresses, endpoints or users that a request names, through the same composing and
//! delivering as campaigns.
//!
//! They have no audience, no hook, no caps and no quiet time, and nothing of them stands in the ledger: the answer to the
//! request is all that tells what became of them. Each is tried once; who wants another attempt asks again. Whoever opted
//! out gets them all the same, as with Pinpoint: they answer something that a person did.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::address::AddressReport;
use super::compose::{self, Composer};
use super::definition;
use super::deliver::{Delivery, Terms};
use super::engine::Engine;
use super::feedback;
use super::way::{Way, Ways};
use crate::channel::{Content, Message, Origin};
use crate::clock;
use crate::domain::limit::DIRECT_RECIPIENTS_MAX;
use crate::domain::{AddressNews, ApplicationId, CampaignId, ChannelType, EndpointNumber, Fate};
use crate::store::{self, EndpointRef};
use crate::wire::endpoint::Head;
use crate::wire::generated::{self as wire, DeliveryStatus};

/// How long messages wait for the rate and the places of their channel: somebody waits for the answer.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The key under which apps find the trace id in a push message, and the header of e-mails that has it. Our choice: the
/// documentation says only that recipients see it.
const TRACE_KEY: &str = "trace_id";
const TRACE_HEADER: &str = "X-Trace-Id";

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field's value breaks a rule.
    #[error("{field}: {problem}")]
    Invalid { field: &'static str, problem: String },
    /// A one-time password so soon after another one.
    #[error("DestinationIdentity: a number gets one message a second, and there was one just now")]
    TooSoon,
    /// None of the users has an endpoint.
    #[error("none of the users is known")]
    UnknownUsers,
    /// The message cannot be compiled.
    #[error(transparent)]
    Message(#[from] compose::Error),
    /// A template cannot be read.
    #[error(transparent)]
    Template(#[from] definition::Error),
    #[error(transparent)]
    Feedback(#[from] feedback::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What became of one message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// Where it went, if anywhere is known.
    pub address: Option<String>,
    pub status: DeliveryStatus,
    /// As of HTTP.
    pub code: u16,
    /// What happened, for people.
    pub text: String,
    /// What the provider calls it, else what we do; only of a message that was sent.
    pub message_id: Option<String>,
    /// The receiver's new address, if the provider told one.
    pub updated_token: Option<String>,
}

/// What became of the messages of a request.
#[derive(Debug, Default)]
pub struct Receipts {
    pub by_address: BTreeMap<String, Receipt>,
    pub by_endpoint: BTreeMap<String, Receipt>,
}

/// What a request sends.
struct Order<'a> {
    message: &'a wire::DirectMessageConfiguration,
    templates: Option<&'a wire::TemplateConfiguration>,
    context: Option<&'a BTreeMap<String, String>>,
    trace_id: Option<&'a str>,
}

/// Who gets a message, and what is special about theirs.
struct Recipient {
    /// `None`: the address stands for itself.
    endpoint: Option<(EndpointNumber, String)>,
    channel_type: Option<ChannelType>,
    address: Option<String>,
    /// What variables stand for.
    document: Vec<u8>,
    own: wire::EndpointSendConfiguration,
}

impl Recipient {
    fn of_endpoint(endpoint: EndpointRef<'_>, own: &wire::EndpointSendConfiguration) -> Result<Self, store::Error> {
        let head = read_head(endpoint)?;
        Ok(Self {
            endpoint: Some((endpoint.number, endpoint.id.to_owned())),
            channel_type: head.channel_type(),
            address: head.address().map(str::to_owned),
            document: endpoint.document.to_owned(),
            own: own.clone(),
        })
    }

    fn of_address(address: &str, given: &wire::AddressConfiguration) -> Self {
        let channel_type = given.channel_type.as_ref().and_then(|name| ChannelType::parse(name.as_str()));
        let document = json!({ "ChannelType": channel_type.map(ChannelType::as_str), "Address": address });
        Self {
            endpoint: None,
            channel_type,
            address: Some(address.to_owned()).filter(|address| !address.is_empty()),
            document: document.to_string().into_bytes(),
            own: wire::EndpointSendConfiguration {
                body_override: given.body_override.clone(),
                context: given.context.clone(),
                raw_content: given.raw_content.clone(),
                substitutions: given.substitutions.clone(),
                title_override: given.title_override.clone(),
            },
        }
    }

    /// The endpoint's id; empty for an address.
    fn id(&self) -> &str {
        self.endpoint.as_ref().map_or("", |(_, id)| id)
    }
}

impl Engine {
    /// Sends to addresses and endpoints.
    ///
    /// Shape: a receipt for each of them. Source: Pinpoint API reference, `SendMessages`; the codes are our choice.
    /// Errors: a request that breaks a rule; nothing is sent then.
    pub async fn send_messages(
        self: &Arc<Self>,
        application_id: &ApplicationId,
        request: &wire::MessageRequest,
    ) -> Result<Receipts, Error> {
        let (no_addresses, no_endpoints) = (BTreeMap::new(), BTreeMap::new());
        let addresses = request.addresses.as_ref().unwrap_or(&no_addresses);
        let endpoints = request.endpoints.as_ref().unwrap_or(&no_endpoints);
        check_count("Addresses", addresses.len() + endpoints.len())?;
        let order = Order {
            message: &request.message_configuration,
            templates: request.template_configuration.as_ref(),
            context: request.context.as_ref(),
            trace_id: request.trace_id.as_deref(),
        };
        let composer = self.compile_direct(&order).await?;

        let mut receipts = Receipts::default();
        let mut recipients: Vec<_> = addresses.iter().map(|(at, given)| Recipient::of_address(at, given)).collect();
        let pages = try_join_all(endpoints.keys().map(|id| self.store.endpoint(application_id, id))).await?;
        for ((id, own), page) in endpoints.iter().zip(pages) {
            match page.iter().next() {
                Some(endpoint) => recipients.push(Recipient::of_endpoint(endpoint, own)?),
                None => {
                    let receipt = failed(None, DeliveryStatus::PermanentFailure, 404, "there is no such endpoint");
                    receipts.by_endpoint.insert(id.clone(), receipt);
                }
            }
        }
        for (recipient, receipt) in self.send_direct(application_id, &order, &composer, recipients).await? {
            match (recipient.endpoint, recipient.address) {
                (Some((_, id)), _) => receipts.by_endpoint.insert(id, receipt),
                (None, address) => receipts.by_address.insert(address.unwrap_or_default(), receipt),
            };
        }
        Ok(receipts)
    }

    /// Sends to all endpoints of users, but inactive ones and those on channels that the request has no message for.
    ///
    /// Shape: for each user with an endpoint the receipts by endpoint, which may be none.
    /// Errors: as above; no user has an endpoint. Source: Pinpoint API reference, `SendUsersMessages`.
    pub async fn send_users_messages(
        self: &Arc<Self>,
        application_id: &ApplicationId,
        request: &wire::SendUsersMessageRequest,
    ) -> Result<BTreeMap<String, BTreeMap<String, Receipt>>, Error> {
        check_count("Users", request.users.len())?;
        let order = Order {
            message: &request.message_configuration,
            templates: request.template_configuration.as_ref(),
            context: request.context.as_ref(),
            trace_id: request.trace_id.as_deref(),
        };
        let composer = self.compile_direct(&order).await?;
        let pages = request.users.keys().map(|user| self.store.endpoints_of_user(application_id, user));
        let mut receipts: BTreeMap<String, BTreeMap<String, Receipt>> = BTreeMap::new();
        let (mut recipients, mut users) = (Vec::new(), Vec::new());
        for ((user, own), page) in request.users.iter().zip(try_join_all(pages).await?) {
            if page.is_empty() {
                continue;
            }
            receipts.insert(user.clone(), BTreeMap::new());
            for endpoint in page.iter() {
                let is_active = read_head(endpoint)?.is_active();
                let recipient = Recipient::of_endpoint(endpoint, own)?;
                if is_active && recipient.channel_type.is_some_and(|channel| composer.has_message_for(channel)) {
                    recipients.push(recipient);
                    users.push(user);
                }
            }
        }
        if receipts.is_empty() {
            return Err(Error::UnknownUsers);
        }
        let sent = self.send_direct(application_id, &order, &composer, recipients).await?;
        for (user, (recipient, receipt)) in users.into_iter().zip(sent) {
            receipts.entry(user.clone()).or_default().insert(recipient.id().to_owned(), receipt);
        }
        Ok(receipts)
    }

    async fn compile_direct(&self, order: &Order<'_>) -> Result<Composer, Error> {
        let templates = match order.templates {
            Some(names) => definition::templates(&*self.store, names).await?,
            None => compose::Templates::default(),
        };
        Ok(Composer::direct(order.message, &templates, self.config.policy.missing_variable)?)
    }

    /// Composes and delivers. Shape: the recipients, in their order, with a receipt each.
    async fn send_direct(
        self: &Arc<Self>,
        application_id: &ApplicationId,
        order: &Order<'_>,
        composer: &Composer,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<(Recipient, Receipt)>, Error> {
        let ways = self.ways(application_id).await?;
        let references = self.references().await?;
        let now = self.clock.now();
        let origin = Arc::new(Origin {
            application_id: application_id.clone(),
            campaign_id: CampaignId::new(Origin::DIRECT),
            activity_id: None,
            treatment_id: None,
            scheduled_time: clock::wire_text(now),
        });
        let mut served = HashSet::new();
        let mut receipts: Vec<Option<Receipt>> = recipients.iter().map(|_| None).collect();
        let mut messages = Vec::new();
        for (place, recipient) in recipients.iter().enumerate() {
            match compose(order, composer, &ways, recipient, &mut served, now) {
                Ok((channel_type, address, content)) => {
                    let mut message = Message {
                        endpoint_id: recipient.id().to_owned(),
                        channel_type,
                        address,
                        idempotency_key: Uuid::new_v4().simple().to_string(),
                        content,
                        origin: origin.clone(),
                        reference: None,
                    };
                    if let Some(references) = &references {
                        references.mark(&mut message);
                    }
                    messages.push((place, message));
                }
                Err(receipt) => receipts[place] = Some(*receipt),
            }
        }

        let sent: BTreeMap<usize, (Option<EndpointNumber>, Message)> = messages
            .iter()
            .map(|(place, message)| {
                (*place, (recipients[*place].endpoint.as_ref().map(|(number, _)| *number), message.clone()))
            })
            .collect();
        for (place, receipt) in self.clone().deliver_direct(ways, messages, sent).await {
            receipts[place] = Some(receipt);
        }
        let receipts = receipts.into_iter().map(|receipt| receipt.expect("every message has its end"));
        Ok(recipients.into_iter().zip(receipts).collect())
    }

    /// Delivers, also when nobody waits for the answer any more.
    async fn deliver_direct(
        self: Arc<Self>,
        ways: Arc<Ways>,
        messages: Vec<(usize, Message)>,
        sent: BTreeMap<usize, (Option<EndpointNumber>, Message)>,
    ) -> Vec<(usize, Receipt)> {
        let work = async move {
            let stop = CancellationToken::new();
            let terms = Terms {
                rate: None,
                gate: &|_, _| Ok(()),
                attempts_max: 1,
                patience: Duration::ZERO,
                unknown: self.config.policy.unknown,
                deadline: self.clock.now().checked_add(WAIT_MAX).ok(),
                stop: &stop,
            };
            let (deliveries, _) = self.deliverer.deliver(&ways, messages, &terms).await;
            self.learn_from(&deliveries, &sent).await;
            let receipt = |delivery: Delivery| (delivery.place, receipt(&sent[&delivery.place].1, delivery));
            deliveries.into_iter().map(receipt).collect()
        };
        tokio::spawn(work).await.expect("delivering does not panic")
    }

    /// Writes down what providers say of addresses, for the endpoints that have them.
    async fn learn_from(&self, deliveries: &[Delivery], sent: &BTreeMap<usize, (Option<EndpointNumber>, Message)>) {
        for delivery in deliveries {
            let Some(news) = &delivery.news else { continue };
            let (number, message) = &sent[&delivery.place];
            let Message { channel_type, address, origin, .. } = message;
            let report = |number, id: &str| AddressReport {
                number,
                endpoint_id: id.to_owned(),
                channel_type: *channel_type,
                address: address.clone(),
                news: news.clone(),
                reason: delivery.reason.clone(),
            };
            let reports = match number {
                Some(number) => Ok(vec![report(*number, &message.endpoint_id)]),
                None => self
                    .store
                    .endpoints_at_address(&origin.application_id, *channel_type, address)
                    .await
                    .map(|page| page.iter().map(|endpoint| report(endpoint.number, endpoint.id)).collect()),
            };
            let learned = match reports {
                Ok(reports) => self.learn_addresses(origin, reports).await,
                Err(error) => Err(error),
            };
            if let Err(error) = learned {
                // The receipt is true all the same, and the next message will meet the address again.
                tracing::warn!(application.id = %origin.application_id, error = %error, "an address stays as it is");
            }
        }
    }
}

/// Composes one message.
///
/// Errors: the receipt of a message that is not sent.
fn compose(
    order: &Order<'_>,
    composer: &Composer,
    ways: &Ways,
    recipient: &Recipient,
    served: &mut HashSet<(ChannelType, String)>,
    now: Timestamp,
) -> Result<(ChannelType, String, Content), Box<Receipt>> {
    use DeliveryStatus::{Duplicate, PermanentFailure, TemporaryFailure};
    let address = recipient.address.clone();
    let fail = |status, code, text: &str| Box::new(failed(address.clone(), status, code, text));
    let Some(address) = address.clone() else {
        return Err(fail(PermanentFailure, 400, "there is no address"));
    };
    let Some(channel_type) = recipient.channel_type else {
        return Err(fail(PermanentFailure, 400, "there is no `ChannelType`"));
    };
    let text = match ways.way(channel_type) {
        Way::Open(_) => None,
        Way::None => Some((
            PermanentFailure,
            400,
            format!("no adapter serves the {channel_type} channel: a section `[channel.…]` of the settings adds one"),
        )),
        Way::Disabled => Some((PermanentFailure, 400, format!("the {channel_type} channel is disabled"))),
        Way::Broken(problem) => {
            Some((TemporaryFailure, 500, format!("the {channel_type} channel cannot be used: {problem}")))
        }
    };
    if let Some((status, code, text)) = text {
        return Err(fail(status, code, &text));
    }
    let own = &recipient.own;
    let target = compose::Target {
        id: recipient.id(),
        channel_type,
        document: &recipient.document,
        overrides: compose::Overrides {
            title: own.title_override.as_deref(),
            body: own.body_override.as_deref(),
            raw_content: own.raw_content.as_deref(),
            substitutions: own.substitutions.as_ref(),
        },
    };
    let content = composer.compose(&target, now).map_err(|error| fail(PermanentFailure, 400, &error.to_string()))?;
    let key = if channel_type == ChannelType::Email { address.to_lowercase() } else { address.clone() };
    if !served.insert((channel_type, key)) {
        return Err(fail(Duplicate, 409, "the request names this address more than once"));
    }
    let mut content = ways.complete(content);
    add_context(&mut content, order, own);
    Ok((channel_type, address, content))
}

/// What the sender adds for the app, or to trace a message by; a recipient's own wins.
fn add_context(content: &mut Content, order: &Order<'_>, own: &wire::EndpointSendConfiguration) {
    match content {
        Content::Push(push) => {
            let mut context = BTreeMap::new();
            context.extend(order.trace_id.map(|id| (TRACE_KEY.to_owned(), id.to_owned())));
            let given = order.context.into_iter().chain(own.context.as_ref()).flatten();
            context.extend(given.map(|(name, value)| (name.clone(), value.clone())));
            if !context.is_empty() {
                push.extra.get_or_insert_default().context = context;
            }
        }
        Content::Email(email) => {
            let is_new = !email.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(TRACE_HEADER));
            let header = order.trace_id.filter(|_| is_new).map(|id| (TRACE_HEADER.to_owned(), id.to_owned()));
            email.headers.extend(header);
        }
        Content::Sms(_) | Content::Voice(_) | Content::Custom(_) => {}
    }
}

fn receipt(message: &Message, delivery: Delivery) -> Receipt {
    use DeliveryStatus::{PermanentFailure, Successful, TemporaryFailure, Throttled, UnknownFailure};
    let Delivery { fate, reason, news, message_id, .. } = delivery;
    let (status, code, otherwise) = match fate {
        Some(Fate::Sent) => {
            let id = message_id.unwrap_or_else(|| message.idempotency_key.clone());
            let updated_token = match news {
                Some(AddressNews::Moved(token)) => Some(token),
                _ => None,
            };
            let (address, text) = (Some(message.address.clone()), format!("MessageId: {id}"));
            return Receipt { address, status: Successful, code: 200, text, message_id: Some(id), updated_token };
        }
        Some(Fate::Throttled) => (Throttled, 429, "the provider asked to slow down"),
        Some(Fate::Expired) => (Throttled, 429, "the channel was busy for too long"),
        Some(Fate::TemporaryFailure) => (TemporaryFailure, 500, "the provider failed"),
        Some(Fate::OptOut) => (DeliveryStatus::OptOut, 403, "the receiver wants no more messages"),
        Some(Fate::PermanentFailure) if news == Some(AddressNews::Dead) => {
            (PermanentFailure, 410, "the address is dead")
        }
        Some(Fate::PermanentFailure) => (PermanentFailure, 400, "the provider refused the message"),
        _ => (UnknownFailure, 500, "it is not known whether the message was sent"),
    };
    failed(Some(message.address.clone()), status, code, reason.as_deref().unwrap_or(otherwise))
}

fn failed(address: Option<String>, status: DeliveryStatus, code: u16, text: &str) -> Receipt {
    Receipt { address, status, code, text: text.to_owned(), message_id: None, updated_token: None }
}

fn check_count(field: &'static str, recipients: usize) -> Result<(), Error> {
    match recipients {
        0 => Err(Error::Invalid { field, problem: "there is no recipient".to_owned() }),
        1..=DIRECT_RECIPIENTS_MAX => Ok(()),
        _ => {
            let problem = format!("{recipients} recipients, the limit is {DIRECT_RECIPIENTS_MAX}");
            Err(Error::Invalid { field, problem })
        }
    }
}

fn read_head(endpoint: EndpointRef<'_>) -> Result<Head<'_>, store::Error> {
    Head::read(endpoint.document)
        .map_err(|error| store::Error::Damaged { what: format!("endpoint number {}: {error}", endpoint.number) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::SmsContent;

    #[test]
    fn receipts_say_what_became_of_a_message() {
        let message = Message {
            endpoint_id: String::new(),
            channel_type: ChannelType::Sms,
            address: "old".to_owned(),
            idempotency_key: "key-1".to_owned(),
            content: Content::Sms(SmsContent::default()),
            origin: Arc::new(Origin {
                application_id: ApplicationId::new("a"),
                campaign_id: CampaignId::new(Origin::DIRECT),
                activity_id: None,
                treatment_id: None,
                scheduled_time: String::new(),
            }),
            reference: None,
        };
        let receipt_of = |fate, news, message_id: Option<&str>| {
            let message_id = message_id.map(str::to_owned);
            receipt(&message, Delivery { place: 0, fate, reason: None, news, message_id, was_unknown: false })
        };
        let moved = receipt_of(Some(Fate::Sent), Some(AddressNews::Moved("new".to_owned())), Some("id-7"));
        assert_eq!((moved.updated_token.as_deref(), moved.address.as_deref()), (Some("new"), Some("old")));
        assert_eq!((moved.text.as_str(), moved.message_id.as_deref()), ("MessageId: id-7", Some("id-7")));
        let sent = receipt_of(Some(Fate::Sent), None, None);
        assert_eq!((sent.message_id.as_deref(), sent.updated_token), (Some(&*message.idempotency_key), None));
        for (fate, news, status, code) in [
            (Some(Fate::Throttled), None, DeliveryStatus::Throttled, 429),
            (Some(Fate::Expired), None, DeliveryStatus::Throttled, 429),
            (Some(Fate::TemporaryFailure), None, DeliveryStatus::TemporaryFailure, 500),
            (Some(Fate::OptOut), None, DeliveryStatus::OptOut, 403),
            (Some(Fate::PermanentFailure), None, DeliveryStatus::PermanentFailure, 400),
            (Some(Fate::PermanentFailure), Some(AddressNews::Dead), DeliveryStatus::PermanentFailure, 410),
            (Some(Fate::Unknown), None, DeliveryStatus::UnknownFailure, 500),
        ] {
            let receipt = receipt_of(fate, news, Some("id"));
            assert_eq!((receipt.status, receipt.code, receipt.message_id), (status, code, None), "{fate:?}");
        }
    }
}
