//! The binary: what only the C library can do; then hands over to the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    pin_name_service();
    gatelodge::cli::run(std::env::args_os(), give_memory_back)
}

/// Keeps glibc to the name services that are linked into this static binary.
///
/// A static glibc still loads the modules that `/etc/nsswitch.conf` names, from the host's own glibc,
/// and dies with SIGFPE when that is a newer one. `files` and `dns` are built in since glibc 2.34.
/// The price: no mDNS and no names that only systemd-resolved knows.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers no other way to say this")]
fn pin_name_service() {
    use std::ffi::{c_char, c_int};
    unsafe extern "C" {
        fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
    }
    for (database, services) in [
        (c"hosts", c"files dns"),
        (c"networks", c"files dns"),
        (c"passwd", c"files"),
        (c"group", c"files"),
        (c"services", c"files"),
        (c"protocols", c"files"),
    ] {
        // SAFETY: both are NUL-terminated and static; this is the first statement of `main`, no other
        // thread exists yet.
        let pinned = unsafe { __nss_configure_lookup(database.as_ptr(), services.as_ptr()) };
        assert_eq!(pinned, 0, "glibc takes the names of its own services");
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn pin_name_service() {}

/// Has glibc give every free page back: by itself it keeps what was needed once, in each of its arenas.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc offers no other way to say this")]
fn give_memory_back() {
    unsafe extern "C" {
        fn malloc_trim(pad: usize) -> std::ffi::c_int;
    }
    // SAFETY: it takes the allocator's own locks and touches only what is free; any thread may call it at any time.
    unsafe { malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_memory_back() {}
