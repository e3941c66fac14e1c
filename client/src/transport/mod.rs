//! The two ways in which commands travel.

pub mod blocking;
pub mod reactor;
pub mod stream;
