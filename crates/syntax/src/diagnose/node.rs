//! What the machine builds: not trees to compile, only as much as error messages need to know.

/// What a node is. The expression kinds have the names of the AST's classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// Nothing: an optional part that was absent.
    None,
    Token,
    /// Several parts.
    Group,
    /// A repetition: what came before, and the last item.
    Items,
    InPair,
    Args,
    KwArgs,
    DoubleStarred,
    Attribute,
    Await,
    BinOp,
    BoolOp,
    Bytes,
    Call,
    Compare,
    Constant,
    Dict,
    DictComp,
    GeneratorExp,
    IfExp,
    JoinedStr,
    Lambda,
    List,
    ListComp,
    Name,
    NamedExpr,
    Set,
    SetComp,
    Starred,
    Str,
    Subscript,
    TemplateStr,
    Tuple,
    UnaryOp,
    Yield,
}

impl NodeKind {
    /// The kind with this name in the grammar.
    pub fn named(name: &str) -> NodeKind {
        use NodeKind::*;
        match name {
            "InPair" => InPair,
            "Args" => Args,
            "KwArgs" => KwArgs,
            "DoubleStarred" => DoubleStarred,
            "Attribute" => Attribute,
            "Await" => Await,
            "BinOp" => BinOp,
            "BoolOp" => BoolOp,
            "Call" => Call,
            "Compare" => Compare,
            "Constant" => Constant,
            "Dict" => Dict,
            "DictComp" => DictComp,
            "GeneratorExp" => GeneratorExp,
            "IfExp" => IfExp,
            "Lambda" => Lambda,
            "List" => List,
            "ListComp" => ListComp,
            "Name" => Name,
            "NamedExpr" => NamedExpr,
            "Set" => Set,
            "SetComp" => SetComp,
            "Starred" => Starred,
            "Subscript" => Subscript,
            "TemplateStr" => TemplateStr,
            "Tuple" => Tuple,
            "UnaryOp" => UnaryOp,
            "Yield" => Yield,
            _ => Group,
        }
    }

    /// What error messages call it.
    pub fn description(self) -> &'static str {
        use NodeKind::*;
        match self {
            Attribute => "attribute",
            Await => "await expression",
            BinOp | BoolOp | UnaryOp => "expression",
            Bytes | Constant | Str => "literal",
            Call => "function call",
            Compare => "comparison",
            Dict => "dict literal",
            DictComp => "dict comprehension",
            GeneratorExp => "generator expression",
            IfExp => "conditional expression",
            JoinedStr => "f-string expression",
            Lambda => "lambda",
            List => "list",
            ListComp => "list comprehension",
            Name => "name",
            NamedExpr => "named expression",
            Set => "set display",
            SetComp => "set comprehension",
            Starred => "starred",
            Subscript => "subscript",
            TemplateStr => "t-string expression",
            Tuple => "tuple",
            Yield => "yield expression",
            None | Token | Group | Items | InPair | Args | KwArgs | DoubleStarred => "expression",
        }
    }
}

/// A node, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub kind: NodeKind,
    /// Index of the first token, and of the last one that is more than layout.
    pub first: u32,
    pub last: u32,
    parts: (u32, u32),
}

/// All the nodes of a pass.
pub(super) struct Nodes {
    nodes: Vec<Node>,
    parts: Vec<NodeId>,
}

impl Nodes {
    pub const NONE: NodeId = NodeId(0);

    pub fn new() -> Self {
        let none = Node { kind: NodeKind::None, first: 0, last: 0, parts: (0, 0) };
        Nodes { nodes: vec![none], parts: Vec::new() }
    }

    pub fn add(&mut self, kind: NodeKind, first: usize, last: usize, parts: &[NodeId]) -> NodeId {
        let start = self.parts.len() as u32;
        self.parts.extend_from_slice(parts);
        let parts = (start, self.parts.len() as u32);
        self.nodes.push(Node { kind, first: first as u32, last: last as u32, parts });
        NodeId(self.nodes.len() as u32 - 1)
    }

    pub fn get(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.get(id).kind
    }

    /// The parts of a node, as the grammar has them.
    pub fn parts(&self, id: NodeId) -> &[NodeId] {
        let (start, end) = self.get(id).parts;
        &self.parts[start as usize..end as usize]
    }

    /// The items of a repetition in order; nothing if it is empty.
    pub fn items(&self, id: NodeId) -> Vec<NodeId> {
        let mut items = Vec::new();
        let mut list = id;
        while let (NodeKind::Items, &[before, item]) = (self.kind(list), self.parts(list)) {
            items.push(item);
            list = before;
        }
        items.reverse();
        items
    }

    /// The expressions below a node, with groups and repetitions opened; tokens left out.
    pub fn expressions(&self, id: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut pending: Vec<NodeId> = self.parts(id).iter().rev().copied().collect();
        while let Some(part) = pending.pop() {
            match self.kind(part) {
                NodeKind::None | NodeKind::Token => {}
                NodeKind::Items => pending.extend(self.items(part).into_iter().rev()),
                NodeKind::Group => pending.extend(self.parts(part).iter().rev()),
                _ => found.push(part),
            }
        }
        found
    }
}
