//! Channels of applications, direct messages and one-time passwords, over the API as clients call it.

mod channel;
mod direct;
mod otp;
mod phone;

use pinwheel::app::App;
use serde_json::Value;

use crate::client::Serving;
use crate::support::APPLICATION;

/// The API of an app on loopback, which lets everybody in. It ends when this is dropped.
struct Server(Serving);

impl Server {
    async fn start(app: &App) -> Self {
        Self(Serving::start(app).await)
    }

    /// Status and body of a call.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.0.client.send(method.parse().unwrap(), path, body).await.unwrap();
        (answer.status, answer.body)
    }

    /// The answer to a call within the application that has to succeed.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let (status, answer) = self.call(method, &format!("/v1/apps/{APPLICATION}/{path}"), body.as_ref()).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// The message of a call within the application that has to fail with this status.
    async fn refused(&self, status: u16, method: &str, path: &str, body: Value) -> String {
        let body = (!body.is_null()).then_some(body);
        let (found, answer) = self.call(method, &format!("/v1/apps/{APPLICATION}/{path}"), body.as_ref()).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
        answer["Message"].as_str().unwrap().to_owned()
    }
}
