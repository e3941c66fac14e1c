//! Info requests and the replies that a tend reads (info §1–§3, §8, §9). Pure text, no sockets.

use aerospike_wire::PARTITIONS;
use aerospike_wire::proto::{FrameType, HEADER_SIZE, ProtoHeader};
use base64::Engine;

/// A request frame for these commands.
pub fn request(commands: &[&str]) -> Vec<u8> {
    let size = commands.iter().map(|command| command.len() + 1).sum();
    let mut frame = ProtoHeader { frame_type: FrameType::Info, size }.to_bytes().to_vec();
    frame.reserve(size);
    for command in commands {
        frame.extend_from_slice(command.as_bytes());
        frame.push(b'\n');
    }
    debug_assert_eq!(frame.len(), HEADER_SIZE + size);
    frame
}

/// A reply's text: one line per command, name and value separated by a TAB.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a>(pub &'a str);

impl<'a> Reply<'a> {
    /// The value of a command, by its full text as it was sent.
    ///
    /// # Errors
    /// The server's error text, or that the answer is missing.
    pub fn get(&self, command: &str) -> Result<&'a str, String> {
        let value = self
            .0
            .lines()
            .find_map(|line| match line.split_once('\t') {
                Some((name, value)) => (name == command).then_some(value),
                None => (line == command).then_some(""),
            })
            .ok_or_else(|| match self.0.lines().next() {
                Some(line) if is_error(line) => line.to_owned(),
                _ => format!("no answer to '{command}'"),
            })?;
        if is_error(value) { Err(format!("{command}: {value}")) } else { Ok(value) }
    }

    /// As [`Reply::get`], parsed.
    ///
    /// # Errors
    /// As [`Reply::get`], or that the value is not of the type.
    pub fn parse<T: std::str::FromStr>(&self, command: &str) -> Result<T, String> {
        let value = self.get(command)?;
        value.parse().map_err(|_| format!("unexpected answer to '{command}': '{value}'"))
    }
}

/// Whether a value is one of the error forms.
fn is_error(value: &str) -> bool {
    let prefix =
        |prefix: &str| value.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    prefix("ERROR:") || prefix("FAIL:") || prefix("error=") || value == "FAIL"
}

/// A node as another one lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Node id.
    pub name: String,
    /// Name to check a TLS certificate against; empty without TLS.
    pub tls_name: String,
    /// Host and port, in the order listed.
    pub addresses: Vec<(String, u16)>,
}

/// A peers list: `generation,default port,[[id,tls name,[address,…]],…]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peers {
    /// The listing node's peers generation.
    pub generation: u64,
    /// The nodes listed.
    pub peers: Vec<Peer>,
}

impl Peers {
    /// Parses the value of a `peers-*` command.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Peers, String> {
        let bad = || format!("unexpected peers list: '{text}'");
        let (generation, rest) = text.split_once(',').ok_or_else(bad)?;
        let (port, list) = rest.split_once(',').ok_or_else(bad)?;
        let generation = generation.trim().parse().map_err(|_| bad())?;
        let port = if port.is_empty() { 3000 } else { port.parse().map_err(|_| bad())? };
        let mut peers = Vec::new();
        for entry in items(inside(list).ok_or_else(bad)?) {
            let fields = items(inside(entry).ok_or_else(bad)?);
            let [name, tls_name, addresses] = fields[..] else { return Err(bad()) };
            // A node that left has an empty body in a delta list.
            let addresses = inside(addresses).unwrap_or_default();
            peers.push(Peer {
                name: name.to_owned(),
                tls_name: tls_name.to_owned(),
                addresses: items(addresses)
                    .into_iter()
                    .map(|address| host_port(address, port).ok_or_else(bad))
                    .collect::<Result<_, _>>()?,
            });
        }
        Ok(Peers { generation, peers })
    }
}

/// The text between the brackets around it.
fn inside(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// Splits at commas outside of brackets.
fn items(text: &str) -> Vec<&str> {
    if text.is_empty() {
        return Vec::new();
    }
    let (mut parts, mut depth, mut start) = (Vec::new(), 0usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
pub fn host_port(text: &str, default_port: u16) -> Option<(String, u16)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if port.is_empty() => default_port,
            None => return None,
        };
        return Some((host.to_owned(), port));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => Some((host.to_owned(), port.parse().ok()?)),
        // More than one colon without brackets: an address without a port.
        Some(_) => Some((text.to_owned(), default_port)),
        None if text.is_empty() => None,
        None => Some((text.to_owned(), default_port)),
    }
}

/// One bit per partition; partition `p` is bit `0x80 >> (p & 7)` of byte `p >> 3`.
pub type Bitmap = Vec<u8>;

/// What a node says it owns in one namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ownership {
    /// Namespace name.
    pub namespace: String,
    /// Rises with each change in a strongly consistent namespace; else 0.
    pub regime: u32,
    /// The master column first, then the replicas.
    pub columns: Vec<Bitmap>,
}

/// Parses the value of `replicas`: `ns:regime,R,map,…;ns:…`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_replicas(text: &str) -> Result<Vec<Ownership>, String> {
    let bad = |what: &str| format!("unexpected partition map: {what}");
    text.split(';')
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (namespace, rest) = entry.rsplit_once(':').ok_or_else(|| bad("no namespace"))?;
            let mut parts = rest.split(',');
            let mut number =
                |what| parts.next().and_then(|part| part.parse::<u32>().ok()).ok_or_else(|| bad(what));
            let (regime, count) = (number("no regime")?, number("no replica count")?);
            let columns: Vec<Bitmap> = parts.map(decode_bitmap).collect::<Result<_, _>>()?;
            if columns.len() != count as usize {
                return Err(bad("replica count and maps differ"));
            }
            Ok(Ownership { namespace: namespace.to_owned(), regime, columns })
        })
        .collect()
}

fn decode_bitmap(text: &str) -> Result<Bitmap, String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| error.to_string())?;
    if bytes.len() == PARTITIONS / 8 { Ok(bytes) } else { Err(format!("a map of {} bytes", bytes.len())) }
}

/// Whether a bitmap has a partition.
pub fn has_partition(bitmap: &Bitmap, partition: usize) -> bool {
    bitmap.get(partition >> 3).is_some_and(|byte| byte & (0x80 >> (partition & 7)) != 0)
}

/// Parses the value of `rack-ids`: `ns:rack;ns:rack`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_rack_ids(text: &str) -> Result<Vec<(String, u32)>, String> {
    text.split(';')
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (namespace, rack) =
                entry.rsplit_once(':').ok_or_else(|| format!("unexpected rack: '{entry}'"))?;
            let rack = rack.trim().parse().map_err(|_| format!("unexpected rack: '{entry}'"))?;
            Ok((namespace.to_owned(), rack))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// info §1.
    #[test]
    fn request_of_the_reference() {
        let frame = request(&["node", "build"]);
        assert_eq!(frame, b"\x02\x01\0\0\0\0\0\x0bnode\nbuild\n");
    }

    #[test]
    fn values_are_found_by_the_full_text() {
        let reply = Reply("node\tA3500\nsets/test\tx=1\nbuild\t\nbad\tERROR:4:unrecognized command\n");
        assert_eq!(reply.get("node"), Ok("A3500"));
        assert_eq!(reply.get("sets/test"), Ok("x=1"));
        assert_eq!(reply.get("build"), Ok(""));
        assert_eq!(reply.get("bad"), Err("bad: ERROR:4:unrecognized command".into()));
        assert_eq!(reply.get("sets"), Err("no answer to 'sets'".into()));
        let refused = Reply("ERROR:80:not authenticated\n");
        assert_eq!(refused.get("node"), Err("ERROR:80:not authenticated".into()));
    }

    /// info §8, captured lists.
    #[test]
    fn peers() {
        let three = Peers::parse("4,3000,[[A3520,,[127.0.0.1:3530]],[A3540,,[127.0.0.1:3550]]]").unwrap();
        assert_eq!(three.generation, 4);
        let addresses: Vec<_> =
            three.peers.iter().map(|peer| (&peer.name[..], peer.addresses[0].clone())).collect();
        assert_eq!(addresses, [("A3520", ("127.0.0.1".into(), 3530)), ("A3540", ("127.0.0.1".into(), 3550))]);
        assert_eq!(Peers::parse("0,3000,[]").unwrap().peers, []);
        let gone = Peers::parse("5,3000,[[A3520,,[127.0.0.1:3530]],[A3540,,]]").unwrap();
        assert_eq!(gone.peers[1].addresses, []);
        let two = Peers::parse("1,3000,[[A3540,,[127.0.0.1,[::1]:4000,[fe80::1]]]]").unwrap();
        let expected = [("127.0.0.1".into(), 3000), ("::1".into(), 4000), ("fe80::1".into(), 3000)];
        assert_eq!(two.peers[0].addresses, expected);
        for bad in ["", "1", "x,3000,[]", "1,3000", "1,3000,[[A]]", "1,3000,[[A,,[h:x]]]", "1,3000,["] {
            assert!(Peers::parse(bad).is_err(), "{bad}");
        }
    }

    /// info §9.
    #[test]
    fn partition_maps() {
        let all = base64::engine::general_purpose::STANDARD.encode([0xff; 512]);
        let even = base64::engine::general_purpose::STANDARD.encode([0xaa; 512]);
        assert!(all.len() == 684 && all.ends_with("//////8=") && even.ends_with("qqqqqqo="));
        let maps = parse_replicas(&format!("test:0,1,{all};bar:7,2,{even},{all}")).unwrap();
        assert_eq!((maps[0].regime, maps[1].regime), (0, 7));
        assert_eq!(maps[1].namespace, "bar");
        assert!(has_partition(&maps[0].columns[0], 4095));
        assert!(has_partition(&maps[1].columns[0], 0) && !has_partition(&maps[1].columns[0], 4095));
        assert!(!has_partition(&maps[0].columns[0], 4096));
        assert_eq!(parse_replicas(""), Ok(Vec::new()));
        assert!(parse_replicas(&format!("test:0,2,{all}")).is_err());
        assert!(parse_replicas("test:0,1,AAAA").is_err());
    }

    #[test]
    fn racks() {
        assert_eq!(parse_rack_ids("test:0;bar:12"), Ok(vec![("test".into(), 0), ("bar".into(), 12)]));
        assert!(parse_rack_ids("test").is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "[\\[\\],:;0-9a-zA-Z=/+]{0,80}") {
            let _ = Peers::parse(&text);
            let _ = parse_replicas(&text);
            let _ = parse_rack_ids(&text);
            let _ = host_port(&text, 1);
            let _ = Reply(&text).get("a");
        }
    }
}
