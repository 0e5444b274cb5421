//! C types, as far as passing them goes: size, alignment, and what kind of register would take each byte.

/// What a byte of a value is, for the choice of registers. A value of up to 16 bytes is classified by its eightbytes, each of
/// which is what its bytes come to together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Padding, or nothing.
    None,
    Integer,
    Float,
    /// The first eight bytes of a `long double`.
    Extended,
    /// The rest of it.
    ExtendedRest,
}

impl Class {
    /// What bytes of both kinds come to in one eightbyte; `None` if they go to memory.
    fn merge(self, other: Class) -> Option<Class> {
        use Class::*;
        match (self, other) {
            (a, b) if a == b => Some(a),
            (None, other) | (other, None) => Some(other),
            (Integer, _) | (_, Integer) => Some(Integer),
            (Extended | ExtendedRest, _) | (_, Extended | ExtendedRest) => Option::None,
            _ => Some(Float),
        }
    }
}

/// What a type is apart from its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Void,
    Signed,
    Unsigned,
    Pointer,
    Float,
    Complex,
    Aggregate,
}

/// How much of a value is classified: what is longer goes through memory anyway.
const KNOWN: usize = 16;

/// A C type.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    pub size: usize,
    pub align: usize,
    pub kind: Kind,
    bytes: [Class; KNOWN],
    /// Fields lie where the processor would not have them: the value goes through memory.
    is_packed: bool,
}

impl Type {
    const fn scalar(size: usize, kind: Kind, class: Class) -> Type {
        let mut bytes = [Class::None; KNOWN];
        let mut at = 0;
        while at < size && at < KNOWN {
            bytes[at] = class;
            at += 1;
        }
        let align = if size == 0 { 1 } else { size };
        Type { size, align, kind, bytes, is_packed: false }
    }

    pub const VOID: Type = Type::scalar(0, Kind::Void, Class::None);
    pub const POINTER: Type = Type::scalar(8, Kind::Pointer, Class::Integer);
    pub const INT: Type = Type::integer(4, true);
    pub const FLOAT: Type = Type::scalar(4, Kind::Float, Class::Float);
    pub const DOUBLE: Type = Type::scalar(8, Kind::Float, Class::Float);
    pub const LONG_DOUBLE: Type = {
        let mut ty = Type::scalar(16, Kind::Float, Class::Extended);
        let mut at = 8;
        while at < KNOWN {
            ty.bytes[at] = Class::ExtendedRest;
            at += 1;
        }
        ty
    };

    /// An integer of so many bytes.
    pub const fn integer(size: usize, signed: bool) -> Type {
        let kind = if signed { Kind::Signed } else { Kind::Unsigned };
        Type::scalar(size, kind, Class::Integer)
    }

    /// The complex type of a floating one: two of it, one after the other.
    pub const fn complex(part: Type) -> Type {
        let mut ty = Type { size: 2 * part.size, kind: Kind::Complex, ..part };
        let mut at = 0;
        while part.size + at < KNOWN && at < part.size {
            ty.bytes[part.size + at] = part.bytes[at];
            at += 1;
        }
        ty
    }

    /// An array inside of a struct.
    pub fn array(item: &Type, len: usize) -> Type {
        let mut all = Aggregate::default();
        let (mut at, mut count) = (0, 0);
        while at < KNOWN && count < len && item.size > 0 {
            all.field(at, item);
            at += item.size;
            count += 1;
        }
        all.finish(item.size.saturating_mul(len), item.align)
    }

    /// The classes of both eightbytes; `None` if the value goes through memory.
    pub(crate) fn classes(&self) -> Option<[Class; 2]> {
        if self.size > KNOWN || self.is_packed {
            return None;
        }
        let mut found = [Class::None; 2];
        for (class, bytes) in found.iter_mut().zip(self.bytes.chunks(8)) {
            for &byte in bytes {
                *class = class.merge(byte)?;
            }
        }
        if found[1] == Class::ExtendedRest && found[0] != Class::Extended {
            return None;
        }
        Some(found)
    }
}

/// A struct or union in the making.
#[derive(Clone, Copy)]
pub struct Aggregate {
    bytes: [Class; KNOWN],
    is_packed: bool,
}

impl Default for Aggregate {
    fn default() -> Aggregate {
        Aggregate { bytes: [Class::None; KNOWN], is_packed: false }
    }
}

impl Aggregate {
    fn put(&mut self, at: usize, class: Class) {
        let Some(byte) = self.bytes.get_mut(at) else { return };
        match byte.merge(class) {
            Some(merged) => *byte = merged,
            None => self.is_packed = true,
        }
    }

    /// A field at `offset`.
    pub fn field(&mut self, offset: usize, ty: &Type) {
        self.is_packed |= ty.is_packed || !offset.is_multiple_of(ty.align.max(1));
        for (at, &class) in ty.bytes.iter().enumerate().take(ty.size) {
            self.put(offset.saturating_add(at), class);
        }
    }

    /// A bit field: `count` bits, the first of which has number `first` in the struct.
    pub fn bits(&mut self, first: usize, count: usize) {
        let end = first.saturating_add(count).div_ceil(8).min(KNOWN);
        for at in first / 8..end {
            self.put(at, Class::Integer);
        }
    }

    /// The whole, in so many bytes.
    pub fn finish(self, size: usize, align: usize) -> Type {
        let Aggregate { bytes, is_packed } = self;
        Type { size, align: align.max(1), kind: Kind::Aggregate, bytes, is_packed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eightbytes_are_classified_by_all_of_their_bytes() {
        let mut mixed = Aggregate::default();
        mixed.field(0, &Type::FLOAT);
        mixed.field(4, &Type::INT);
        mixed.field(8, &Type::DOUBLE);
        assert_eq!(mixed.finish(16, 8).classes(), Some([Class::Integer, Class::Float]));

        // An inner struct of three floats reaches over the border.
        let three = Type::array(&Type::FLOAT, 3);
        let mut outer = Aggregate::default();
        outer.field(0, &Type::INT);
        outer.field(4, &three);
        assert_eq!(outer.finish(16, 4).classes(), Some([Class::Integer, Class::Float]));
    }

    #[test]
    fn what_goes_through_memory() {
        let mut packed = Aggregate::default();
        packed.field(0, &Type::integer(1, true));
        packed.field(1, &Type::integer(8, true));
        assert_eq!(packed.finish(9, 1).classes(), None);
        assert_eq!(Type::array(&Type::POINTER, 3).classes(), None);

        // A union of `long double` and `long`.
        let mut union = Aggregate::default();
        union.field(0, &Type::LONG_DOUBLE);
        union.field(0, &Type::integer(8, true));
        assert_eq!(union.finish(16, 16).classes(), None);
    }
}
