//! Outgoing HTTP for hooks and channels: TLS, pooling, size limits, and the guard against private addresses.
