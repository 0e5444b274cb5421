//! The built-in types that every interpreter has from its start, and those among them with a built-in name.

use crate::error::PyResult;
use crate::handle::{Borrowed, Instance};
use crate::thread::Thread;
use crate::typeobj::Type;

type Get = fn() -> &'static Type;

macro_rules! named {
    ($($name:literal => $ty:ty),* $(,)?) => {
        /// Name in `builtins`, type.
        pub static BUILTINS: &[(&str, Get)] = &[$(($name, <$ty as Instance>::type_object)),*];
    };
}

named! {
    "bool" => crate::int::Bool,
    "bytearray" => crate::bytearray::ByteArray,
    "bytes" => crate::bytes::Bytes,
    "classmethod" => crate::descr::ClassMethod,
    "complex" => crate::complex::Complex,
    "dict" => crate::dict::Dict,
    "enumerate" => crate::iterators::enumerate::Enumerate,
    "filter" => crate::iterators::combine::Filter,
    "float" => crate::float::Float,
    "frozenset" => crate::set::FrozenSet,
    "int" => crate::int::Int,
    "list" => crate::list::List,
    "map" => crate::iterators::combine::Map,
    "memoryview" => crate::memoryview::MemoryView,
    "object" => crate::handle::Object,
    "property" => crate::descr::Property,
    "range" => crate::range::Range,
    "reversed" => crate::iterators::enumerate::Reversed,
    "set" => crate::set::Set,
    "slice" => crate::slice::Slice,
    "staticmethod" => crate::descr::StaticMethod,
    "str" => crate::str::Str,
    "super" => crate::object::super_::Super,
    "tuple" => crate::tuple::Tuple,
    "type" => Type,
    "zip" => crate::iterators::combine::Zip,
}

/// Types without a built-in name whose instances are there from the start.
static UNNAMED: &[Get] = &[
    crate::cfunction::CFunction::type_object,
    crate::descr::MethodDescriptor::type_object,
    crate::descr::WrapperDescriptor::type_object,
    crate::dict::iterators::ItemIterator::type_object,
    crate::dict::iterators::KeyIterator::type_object,
    crate::dict::iterators::ReverseItemIterator::type_object,
    crate::dict::iterators::ReverseKeyIterator::type_object,
    crate::dict::iterators::ReverseValueIterator::type_object,
    crate::dict::iterators::ValueIterator::type_object,
    crate::dict::ordered::OrderedDict::type_object,
    crate::dict::ordered::OrderedItems::type_object,
    crate::dict::ordered::OrderedIterator::type_object,
    crate::dict::ordered::OrderedKeys::type_object,
    crate::dict::ordered::OrderedValues::type_object,
    crate::dict::views::ItemsView::type_object,
    crate::dict::views::KeysView::type_object,
    crate::dict::views::ValuesView::type_object,
    crate::iterators::CallableIterator::type_object,
    crate::iterators::SequenceIterator::type_object,
    crate::iterators::list::ListIterator::type_object,
    crate::iterators::list::ListReverseIterator::type_object,
    crate::iterators::tuple::TupleIterator::type_object,
    crate::module::Module::type_object,
    crate::module::ModuleDefinition::type_object,
    crate::object::singletons::EllipsisType::type_object,
    crate::object::singletons::NoneType::type_object,
    crate::object::singletons::NotImplementedType::type_object,
    crate::range::LongRangeIterator::type_object,
    crate::range::RangeIterator::type_object,
    crate::set::SetIterator::type_object,
];

/// Completes `type`, `object` and everything that the interpreter cannot do without.
pub fn ready_all(th: &Thread) -> PyResult<()> {
    for &(_, ty) in BUILTINS {
        Borrowed::from_ref(ty()).ready(th)?;
    }
    for ty in UNNAMED {
        Borrowed::from_ref(ty()).ready(th)?;
    }
    for &class in crate::exceptions::ALL {
        Borrowed::from_ref(class).ready(th)?;
    }
    crate::template::ready(th)?;
    Ok(())
}
