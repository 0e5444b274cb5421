//! Sorting by plain numbers: keys that are all small ints, floats or narrow strings are taken out of their objects first.
//!
//! No Python code runs meanwhile, and nobody can tell which items were compared, so the standard library's stable sort
//! does it.

use super::merge::Keyed;
use super::{Order, Ptr, compact_int, float, latin};

/// Shorter lists are sorted before their keys are taken out.
const FEW: usize = 8;

/// Sorts the items if their keys allow it.
pub(super) fn sort<E: Keyed>(order: Order, items: &mut [E]) -> bool {
    let mut numbered: Vec<(u64, E)> = Vec::new();
    if items.len() < FEW || numbered.try_reserve_exact(items.len()).is_err() {
        return false;
    }
    for item in items.iter() {
        match number(order, item.key()) {
            Some(number) => numbered.push((number, *item)),
            None => return false,
        }
    }
    let is_text = matches!(order, Order::Latin);
    numbered.sort_by(|(a, left), (b, right)| {
        let ordering = a.cmp(b);
        if !is_text || ordering.is_ne() {
            return ordering;
        }
        // SAFETY: see the top of `sort.rs`; the order was chosen for strings.
        unsafe { latin(left.key()).cmp(latin(right.key())) }
    });
    for (place, (_, item)) in items.iter_mut().zip(numbered) {
        *place = item;
    }
    true
}

/// A number that orders keys as they are ordered; that of strings tells their first eight characters only.
#[inline(always)]
fn number(order: Order, key: Ptr) -> Option<u64> {
    const SIGN: u64 = 1 << 63;
    // SAFETY: see the top of `sort.rs`: the order was chosen for the keys.
    unsafe {
        match order {
            Order::Ints => Some(compact_int(key) as u64 ^ SIGN),
            Order::Floats => {
                // Both zeros are equal; NaN has no place in an order.
                let value = float(key) + 0.0;
                let bits = value.to_bits();
                let number = if bits & SIGN == 0 { bits | SIGN } else { !bits };
                (!value.is_nan()).then_some(number)
            }
            Order::Latin => {
                let text = latin(key);
                Some(match text.first_chunk() {
                    Some(first) => u64::from_be_bytes(*first),
                    None => {
                        let mut first = [0; 8];
                        first[..text.len()].copy_from_slice(text);
                        u64::from_be_bytes(first)
                    }
                })
            }
            Order::General | Order::Tuples(_) => None,
        }
    }
}
