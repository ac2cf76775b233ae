//! What anybody may publish to a plain broker: any topic and any bytes as a command.

#![no_main]

use gatelodge::uplink::plain::{Delivered, Topics, asked};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    let name = String::from_utf8_lossy(&bytes[..end]);
    let topics = Topics::new("emop/lodge-1".into());
    let delivered = Delivered {
        topic: format!("emop/lodge-1/cmd/{name}"),
        payload: bytes[end..].to_vec().into(),
        retained: false,
        id: 1,
    };
    if let Some(asked) = asked(&topics, "lodge-1", &delivered) {
        assert_eq!(asked.arguments.len(), 1);
        assert!(!asked.operation.kind.contains('/') || asked.operation.kind.starts_with("cmd/"));
    }
});
