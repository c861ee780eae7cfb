//! Pseudorandom numbers. A seed gives the same story on every machine and in every version.

/// SplitMix64 (Steele, Lea, Flood 2014). It is implemented here because seeds are a public
/// interface, and a library may change its sequence of numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..end`, or 0 if this range is empty.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        let end = u64::try_from(end).unwrap_or(0).max(1);
        i64::try_from(self.next() % end).unwrap_or(0)
    }

    /// A number from `start` to `end`, both included.
    pub(super) fn between(&mut self, start: i64, end: i64) -> i64 {
        start + self.below(end - start + 1)
    }

    /// True with this probability in percent.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// A random item, or `None` if there are no items.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(i64::try_from(items.len()).unwrap_or(i64::MAX));
        items.get(usize::try_from(index).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_public_interface() {
        let mut random = Random::new(7);
        let drawn: Vec<_> = (0..4).map(|_| random.below(1_000)).collect();
        assert_eq!(drawn, [487, 804, 346, 203]);
    }

    #[test]
    fn no_range_is_too_small() {
        let mut random = Random::new(0);
        assert_eq!(random.below(0), 0);
        assert_eq!(random.between(3, 3), 3);
        assert_eq!(random.pick::<u8>(&[]), None);
    }
}
