//! What is measured: the requests, and what a server must hold for them.

pub mod workloads;
