//! Lists while they are being read: how long they get is known only at their end, and lists nest.

use bumpalo::Bump;

/// The items of all lists of one kind that are being read, those of the innermost last.
///
/// A list begins at the length there is when its rule starts, and takes what has been pushed since off at its end.
pub(super) struct Scratch<T>(Vec<T>);

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Scratch(Vec::new())
    }
}

impl<T: Copy> Scratch<T> {
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub fn push(&mut self, item: T) {
        self.0.push(item);
    }

    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The items pushed since there were `base` of them.
    pub fn since(&self, base: usize) -> &[T] {
        &self.0[base..]
    }

    /// Moves the items pushed since there were `base` of them into the arena.
    #[inline]
    pub fn take<'a>(&mut self, base: usize, arena: &'a Bump) -> &'a [T] {
        // Short lists, which most are, need no call to copy them.
        let items: &'a [T] = match self.0[base..] {
            [] => return &[],
            [one] => arena.alloc([one]),
            [one, two] => arena.alloc([one, two]),
            ref items => arena.alloc_slice_copy(items),
        };
        self.0.truncate(base);
        items
    }
}
