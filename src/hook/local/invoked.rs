//! What became of a call.

use std::time::Duration;

use serde_json::json;

/// A call that reached the function, or its runtime at least.
#[derive(Clone, Debug)]
pub struct Invoked {
    pub request_id: String,
    /// What the function answered; of one that failed, the error as JSON: `errorType`, `errorMessage` and more.
    pub payload: Vec<u8>,
    /// `None` when the function answered.
    pub function_error: Option<FunctionError>,
    /// The end of what was logged during the call, with Lambda's START, END and REPORT lines.
    pub log_tail: String,
    pub duration: Duration,
    /// How long the worker took to start, when this call waited for it.
    pub cold_start: Option<Duration>,
    /// Most that the worker has used so far.
    pub memory_used_mb: u32,
}

/// That the function failed, as the header `X-Amz-Function-Error` says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FunctionError {
    /// It said so, or its process ended.
    Unhandled,
    /// It did not answer within its time.
    TimedOut,
}

impl FunctionError {
    pub fn as_str(self) -> &'static str {
        // Lambda calls all of them so in its current runtimes.
        match self {
            Self::Unhandled | Self::TimedOut => "Unhandled",
        }
    }
}

/// What Lambda calls a call that took too long.
const TIMED_OUT: &str = "Sandbox.Timedout";

/// Why a function failed, in Lambda's words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Failure {
    /// Such as `Runtime.ImportModuleError`.
    pub error_type: String,
    /// The error as JSON.
    pub payload: Vec<u8>,
}

impl Failure {
    pub fn new(error_type: &str, message: &str) -> Self {
        let payload = json!({ "errorType": error_type, "errorMessage": message }).to_string().into_bytes();
        Self { error_type: error_type.to_owned(), payload }
    }

    pub fn function_error(&self) -> FunctionError {
        if self.error_type == TIMED_OUT { FunctionError::TimedOut } else { FunctionError::Unhandled }
    }

    pub fn timed_out(request_id: &str, timeout: Duration) -> Self {
        let seconds = timeout.as_secs_f64();
        Self::new(TIMED_OUT, &format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds"))
    }

    /// The process ended by itself or was killed. `last_words` are what it wrote last.
    pub fn exited(request_id: &str, how: &str, last_words: Option<&str>) -> Self {
        let last_words = last_words.map(|words| format!(" ({words})")).unwrap_or_default();
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: {how}{last_words}");
        Self::new("Runtime.ExitError", &message)
    }

    pub fn out_of_memory(request_id: &str) -> Self {
        let message = format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed");
        Self::new("Runtime.OutOfMemory", &message)
    }
}
