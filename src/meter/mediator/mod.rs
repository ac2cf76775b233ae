//! The mediator: meters over gRPC, as existing clients speak to it (`spec/emop.md` section 10).

pub mod messages;
