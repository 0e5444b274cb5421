//! The slots of a type: which table each is in, what C passes and expects, and the shim between.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::function::{Function, Role};

/// The struct a slot is a field of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Type,
    Number,
    Sequence,
    Mapping,
    Async,
    Buffer,
}

impl Table {
    pub const ALL: [Table; 6] =
        [Table::Type, Table::Number, Table::Sequence, Table::Mapping, Table::Async, Table::Buffer];

    /// The field of `rt::Slots`.
    pub fn field(self) -> Ident {
        let name = match self {
            Table::Type => "ty",
            Table::Number => "number",
            Table::Sequence => "sequence",
            Table::Mapping => "mapping",
            Table::Async => "asynchronous",
            Table::Buffer => "buffer",
        };
        Ident::new(name, Span::call_site())
    }

    pub fn structure(self) -> Ident {
        let name = match self {
            Table::Type => "PyTypeObject",
            Table::Number => "PyNumberMethods",
            Table::Sequence => "PySequenceMethods",
            Table::Mapping => "PyMappingMethods",
            Table::Async => "PyAsyncMethods",
            Table::Buffer => "PyBufferProcs",
        };
        Ident::new(name, Span::call_site())
    }
}

/// One parameter of the C function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Param {
    /// The object the slot is called on.
    This,
    /// Any object.
    Object,
    /// Any object or NULL.
    Nullable,
    /// Any object, with `None` standing for absence.
    NoneAbsent,
    /// An attribute name: checked to be a `str` if the function takes a `Str`.
    Name,
    /// The type being instantiated.
    Class,
    Size,
    Int,
    Comparison,
    /// `Py_buffer *`.
    View,
    /// `visitproc` and its argument.
    Visitor,
    /// The values, `nargsf` and the keyword names of a vectorcall.
    Vector,
}

/// What the C function returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ret {
    Object,
    Next,
    Status,
    Truth,
    Length,
    Hash,
    Sent,
    /// `void`.
    Unit,
    /// `tp_clear`: always 0.
    Zero,
    /// The integer as it is.
    Plain,
    /// Has no shim: the function must be `extern "C"`.
    Raw,
}

struct Shape {
    table: Table,
    params: &'static [Param],
    ret: Ret,
}

fn shape(name: &str) -> Option<Shape> {
    use Param::*;
    let table = match name.split('_').next()? {
        "tp" => Table::Type,
        "nb" => Table::Number,
        "sq" => Table::Sequence,
        "mp" => Table::Mapping,
        "am" => Table::Async,
        "bf" => Table::Buffer,
        _ => return None,
    };
    let (params, ret): (&'static [Param], Ret) = match name {
        "tp_repr" | "tp_str" | "tp_iter" | "am_await" | "am_aiter" | "am_anext" | "nb_negative"
        | "nb_positive" | "nb_absolute" | "nb_invert" | "nb_int" | "nb_float" | "nb_index" => {
            (&[This], Ret::Object)
        }
        "tp_iternext" => (&[This], Ret::Next),
        "nb_add" | "nb_subtract" | "nb_multiply" | "nb_remainder" | "nb_divmod" | "nb_lshift"
        | "nb_rshift" | "nb_and" | "nb_xor" | "nb_or" | "nb_floor_divide" | "nb_true_divide"
        | "nb_matrix_multiply" => (&[Object, Object], Ret::Object),
        "nb_power" => (&[Object, Object, NoneAbsent], Ret::Object),
        "nb_inplace_power" => (&[This, Object, NoneAbsent], Ret::Object),
        "nb_inplace_add"
        | "nb_inplace_subtract"
        | "nb_inplace_multiply"
        | "nb_inplace_remainder"
        | "nb_inplace_lshift"
        | "nb_inplace_rshift"
        | "nb_inplace_and"
        | "nb_inplace_xor"
        | "nb_inplace_or"
        | "nb_inplace_floor_divide"
        | "nb_inplace_true_divide"
        | "nb_inplace_matrix_multiply"
        | "sq_concat"
        | "sq_inplace_concat"
        | "mp_subscript" => (&[This, Object], Ret::Object),
        "nb_bool" => (&[This], Ret::Truth),
        "sq_contains" => (&[This, Object], Ret::Truth),
        "sq_length" | "mp_length" => (&[This], Ret::Length),
        "tp_hash" => (&[This], Ret::Hash),
        "sq_item" | "sq_repeat" | "sq_inplace_repeat" => (&[This, Size], Ret::Object),
        "sq_ass_item" => (&[This, Size, Nullable], Ret::Status),
        "mp_ass_subscript" | "tp_descr_set" => (&[This, Object, Nullable], Ret::Status),
        "tp_getattro" => (&[This, Name], Ret::Object),
        "tp_setattro" => (&[This, Name, Nullable], Ret::Status),
        "tp_richcompare" => (&[This, Object, Comparison], Ret::Object),
        "tp_call" => (&[This, Object, Nullable], Ret::Object),
        "tp_vectorcall" => (&[This, Vector], Ret::Object),
        "tp_descr_get" => (&[This, Nullable, Nullable], Ret::Object),
        "tp_new" => (&[Class, Object, Nullable], Ret::Object),
        "tp_init" => (&[This, Object, Nullable], Ret::Status),
        "am_send" => (&[This, Object], Ret::Sent),
        "tp_finalize" | "tp_dealloc" | "tp_del" => (&[This], Ret::Unit),
        "tp_is_gc" => (&[This], Ret::Plain),
        "tp_traverse" => (&[This, Visitor], Ret::Plain),
        "tp_clear" => (&[This], Ret::Zero),
        "bf_getbuffer" => (&[This, View, Int], Ret::Status),
        "bf_releasebuffer" => (&[This, View], Ret::Unit),
        "tp_alloc" | "tp_free" | "tp_getattr" | "tp_setattr" => (&[], Ret::Raw),
        _ => return None,
    };
    Some(Shape { table, params, ret })
}

/// A slot's table and field, with the shim to put there.
pub struct Slot {
    pub table: Table,
    pub field: Ident,
    pub function: TokenStream,
}

/// Makes the slot `name` out of `function`; the shim, if one is needed, is added to `shims`.
pub fn expand(
    name: &Ident,
    function: &Function,
    owner: &TokenStream,
    shims: &mut TokenStream,
) -> syn::Result<Slot> {
    let fail = |message: String| Err(syn::Error::new(name.span(), message));
    let Some(shape) = shape(&name.to_string()) else {
        return fail(format!("`{name}` is not a slot of a type"));
    };
    let slot = |function: TokenStream| Slot { table: shape.table, field: name.clone(), function };
    if function.is_c {
        let ident = &function.ident;
        return Ok(slot(quote!(#owner::#ident)));
    }
    if shape.ret == Ret::Raw {
        return fail(format!("`{name}` has C's types: declare the function `extern \"C\"`"));
    }
    if shape.params.len() != function.values().count() {
        let found = function.values().count();
        let wanted = shape.params.len();
        return fail(format!("`{name}` has {wanted} parameters besides `th`, not {found}"));
    }
    let shim = format_ident!("slot_{name}");
    let mut signature = Vec::new();
    let mut values = Vec::new();
    for (at, (param, parameter)) in shape.params.iter().zip(function.values()).enumerate() {
        if parameter.role == Role::Receiver && *param != Param::This {
            return fail(format!(
                "`{name}` has no receiver: take its first argument as `Borrowed<'_>` and check its type"
            ));
        }
        let arg = format_ident!("a{at}");
        let object = parameter.object(&quote!(#arg));
        let (declaration, value) = match param {
            Param::This | Param::Object | Param::Nullable => {
                (quote!(#arg: *mut abi::PyObject), object)
            }
            Param::Class => (quote!(#arg: *mut abi::PyTypeObject), object_of_class(&arg)),
            Param::NoneAbsent => {
                (quote!(#arg: *mut abi::PyObject), quote!(rt::not_none(rt::borrowed_or_null(#arg))))
            }
            Param::Name => {
                (quote!(#arg: *mut abi::PyObject), quote!(rt::attribute_name(th, #arg)?))
            }
            Param::Size => (quote!(#arg: isize), quote!(#arg)),
            Param::Int => (quote!(#arg: ::core::ffi::c_int), quote!(#arg)),
            Param::Comparison => {
                (quote!(#arg: ::core::ffi::c_int), quote!(rt::comparison(th, #arg)?))
            }
            Param::View => (quote!(#arg: *mut abi::Py_buffer), quote!(#arg)),
            Param::Visitor => (
                quote!(visit: abi::visitproc, argument: *mut ::core::ffi::c_void),
                quote!(&mut rt::Visitor::new(visit, argument)),
            ),
            Param::Vector => (
                quote!(args: *const *mut abi::PyObject, nargsf: usize, kwnames: *mut abi::PyObject),
                quote!(rt::Args::from_raw(args, nargsf, kwnames)),
            ),
        };
        signature.push(declaration);
        values.push(value);
    }
    let call = function.call(owner, values)?;
    let (extra, result, body) = match shape.ret {
        Ret::Object => (
            quote!(),
            quote!(*mut abi::PyObject),
            quote!(rt::object(|th| rt::ToObject::to_object(#call, th))),
        ),
        Ret::Next => (quote!(), quote!(*mut abi::PyObject), quote!(rt::next(|th| #call))),
        Ret::Status => (quote!(), quote!(::core::ffi::c_int), quote!(rt::status(|th| #call))),
        Ret::Truth => (quote!(), quote!(::core::ffi::c_int), quote!(rt::truth(|th| #call))),
        Ret::Length => (quote!(), quote!(isize), quote!(rt::length(|th| #call))),
        Ret::Hash => (quote!(), quote!(isize), quote!(rt::hash(|th| #call))),
        Ret::Sent => (
            quote!(, result: *mut *mut abi::PyObject),
            quote!(abi::PySendResult),
            quote!(rt::sent(result, |th| #call)),
        ),
        Ret::Unit | Ret::Zero | Ret::Plain | Ret::Raw => {
            let thread = function.wants_thread().then(|| quote!(let th = rt::Thread::current();));
            match shape.ret {
                Ret::Unit => (quote!(), quote!(()), quote!(#thread #call;)),
                Ret::Zero => (quote!(), quote!(::core::ffi::c_int), quote!(#thread #call; 0)),
                _ => (quote!(), quote!(::core::ffi::c_int), quote!(#thread #call.into())),
            }
        }
    };
    shims.extend(quote! {
        unsafe extern "C" fn #shim(#(#signature),* #extra) -> #result {
            unsafe { #body }
        }
    });
    Ok(slot(quote!(#shim)))
}

fn object_of_class(arg: &Ident) -> TokenStream {
    quote!(rt::borrowed(#arg.cast()))
}
