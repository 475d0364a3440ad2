//! Who is at the other end of a connection on loopback.

use std::net::{SocketAddr, SocketAddrV4};

use rustix::process::{Uid, geteuid};
use tokio::fs;

/// The connections of this machine; a client may reach an IPv4 address through an IPv6 socket.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// Whether the process that connected from `peer` to `here` is of our own user.
pub(super) async fn is_ours(here: SocketAddr, peer: SocketAddr) -> bool {
    let (SocketAddr::V4(here), SocketAddr::V4(peer)) = (here, peer) else { return false };
    for path in TABLES {
        let table = fs::read_to_string(path).await.unwrap_or_default();
        if let Some(owner) = owner(&table, here, peer) {
            return owner == geteuid();
        }
    }
    false
}

/// The user whose socket goes from `peer` to `here`.
///
/// Source: proc_pid_net(5), `tcp`: the fields `local_address`, `rem_address` and `uid`.
fn owner(table: &str, here: SocketAddrV4, peer: SocketAddrV4) -> Option<Uid> {
    let text =
        |address: SocketAddrV4| format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port());
    let (here, peer) = (text(here), text(peer));
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        // An IPv4 address is the end of the IPv6 address that stands for it.
        let is_it = fields.next()?.ends_with(&peer) && fields.next()?.ends_with(&here);
        is_it.then(|| fields.nth(4)?.parse().ok().map(Uid::from_raw)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn the_owner_is_of_the_socket_at_the_other_end() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     1        0 11 1 0 100 0 0 10 0\n   \
            1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     2        0 12 1 0 20 4 30 10 -1\n   \
            2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 13 1 0 20 4 30 10 -1\n   \
            3: 0000000000000000FFFF00000100007F:C351 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 \
            00000000  1001        0 14 1 0 20 4 30 10 -1\n";
        let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let owner = |peer| owner(table, at(8080), at(peer)).map(Uid::as_raw);
        assert_eq!([50_000, 50_001, 50_002].map(owner), [Some(1000), Some(1001), None]);
    }

    #[tokio::test]
    async fn what_this_process_connects_is_ours() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let here = listener.local_addr().unwrap();
        let stream = TcpStream::connect(here).await.unwrap();
        let peer = stream.local_addr().unwrap();
        assert!(is_ours(here, peer).await);
        assert!(!is_ours(here, SocketAddr::new(peer.ip(), 1)).await);
    }
}
