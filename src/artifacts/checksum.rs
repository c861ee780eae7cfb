//! Checksums of texts.

use sha2::{Digest, Sha256};

/// SHA-256 over a list of texts, in hexadecimal. The lengths are hashed too, so that two lists with
/// the same concatenation have different checksums.
pub(crate) fn checksum<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut texts = texts.into_iter().peekable();
    let mut hash = Sha256::new();
    while let Some(text) = texts.next() {
        hash.update(text);
        if texts.peek().is_some() {
            hash.update([0]);
            hash.update(text.len().to_le_bytes());
        }
    }
    format!("{:x}", hash.finalize())
}
