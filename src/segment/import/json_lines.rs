//! Newline-delimited JSON: one endpoint an object, as `EndpointBatchItem` nests it.

use super::row::Row;
use crate::wire::endpoint_update::Reader;
use crate::wire::invalid::Invalid;

/// Reads lines.
#[derive(Default)]
pub(super) struct Parser(Reader);

impl Parser {
    pub(super) fn row(&mut self, line: &[u8]) -> Result<Row, Invalid> {
        Row::new(self.0.read(line)?)
    }
}
