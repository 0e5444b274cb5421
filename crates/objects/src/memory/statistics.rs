//! What a heap is made of, for people: `sys._debugmallocstats()`.

use std::fmt::Write as _;

use super::arena::{ARENA, Arena, POOL};
use super::heap::{CLASSES, Heap, SMALL};

impl Heap {
    /// A line for each size class in use, and what they make together.
    pub fn describe(&self) -> String {
        // Without a hook the arenas are where they always are.
        let arenas = self.arenas.borrow();
        let mut classes = [(0_usize, 0_usize, 0_usize, 0_usize); CLASSES];
        for &arena in arenas.iter() {
            // SAFETY: the heap's arenas are live, and nobody allocates meanwhile.
            for pool in unsafe { Arena::pools(arena) } {
                let (size, pools, used, free) = &mut classes[pool.class as usize];
                *size = pool.size as usize;
                *pools += 1;
                *used += pool.used as usize;
                *free += pool.capacity() - pool.used as usize;
            }
        }
        let mut text = format!(
            "Small block threshold = {SMALL}, in {CLASSES} size classes.\n\n\
             class   size   num pools   blocks in use  avail blocks\n\
             -----   ----   ---------   -------------  ------------\n"
        );
        let (mut all_pools, mut in_use, mut available) = (0, 0, 0);
        for (class, (size, pools, used, free)) in classes.into_iter().enumerate() {
            if pools != 0 {
                let _ = writeln!(text, "{class:5} {size:6} {pools:11} {used:15} {free:13}");
                all_pools += pools;
                in_use += used * size;
                available += free * size;
            }
        }
        let total = arenas.len() * ARENA;
        let unused = (total / POOL - all_pools) * POOL;
        let lines = [
            ("arenas", arenas.len()),
            ("bytes in arenas", total),
            ("bytes in allocated blocks", in_use),
            ("bytes in available blocks", available),
            ("bytes in unused pools", unused),
            ("bytes lost to headers and ends of pools", total - in_use - available - unused),
            ("large blocks", self.large.count()),
            ("bytes in large blocks", self.large.bytes()),
        ];
        text.push('\n');
        for (name, count) in lines {
            let _ = writeln!(text, "# {name:40} = {count:15}");
        }
        text
    }
}
