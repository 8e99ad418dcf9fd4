"""Small faults planted into a module's source, one at a time: what a test that can fail must see.

Words are left alone (the catalogs' own tests hold them), and so are types, docstrings and decorators.
"""

import ast
import copy
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.house import room_of

ROOT = Path(__file__).parents[3]
SUBJECTS = {  # each room and its modules
    "app": "app/csa_app/**/*.py",
    **{
        path.name: f"src/csa/{path.name}/**/*.py"
        for path in sorted((ROOT / "src" / "csa").iterdir())
        if (path / "__init__.py").is_file()
    },
}
SWAPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
SKIPPED = ("annotation", "returns", "decorator_list")


@dataclass(frozen=True, order=True)
class Mutant:
    """One fault: the nth node of a module, changed in one way."""

    subject: str
    path: str
    node: int
    line: int
    change: str

    @property
    def module(self):
        return ".".join(Path(self.path).with_suffix("").parts[1:]).removesuffix(".__init__")

    @property
    def mirror(self):
        """The folder that stands in tests as the module's own does in src or app."""
        _, first, *between, _ = Path(self.path).parts
        return ROOT.joinpath("tests", *(["app"] if first == "csa_app" else []), *between)

    @property
    def tests(self):
        """The folder with the tests of the module's room."""
        return ROOT / "tests" / room_of(ROOT / self.path)


def nodes(tree):
    """List a module's nodes in order, without those that no run depends on."""
    found = []

    def walk(node):
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name in SKIPPED or (
                isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            ):
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST) and not is_guard(one):
                    walk(one)

    walk(tree)
    return found


def is_guard(node):
    """Tell whether it asks `zip` to refuse lengths that differ: where none can, no run shows it."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def changes(node):
    """Name the ways in which a node can be changed."""
    if (isinstance(node, ast.Compare) and len(node.ops) == 1) or isinstance(
        node, ast.BoolOp | ast.BinOp
    ):
        operator = node.ops[0] if isinstance(node, ast.Compare) else node.op
        if type(operator) in SWAPS and not is_type(node):
            yield f"{type(operator).__name__} to {SWAPS[type(operator)].__name__}"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not taken away"
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        yield f"{node.value} to {not node.value if isinstance(node.value, bool) else node.value + 1}"
    elif isinstance(node, ast.Return) and node.value is not None and not is_none(node.value):
        yield "None returned"
    elif isinstance(node, ast.If | ast.IfExp):
        yield "condition turned"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield f"{node.func.id} to {CALLS[node.func.id]}"
    elif isinstance(node, ast.Break | ast.Continue):
        yield "break and continue exchanged"


def is_type(node):
    """Tell whether it is a union of types, such as `int | None`: turned, no module loads."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.BitOr)
        and bool(
            re.fullmatch(
                r"(\w+\.)*(None|[A-Z]\w*|str|int|float|bool|date|datetime)", ast.unparse(node.right)
            )
        )
    )


def is_none(node):
    return isinstance(node, ast.Constant) and node.value is None


def change(node):
    """Return the node that stands in the place of one."""
    node = copy.copy(node)
    if isinstance(node, ast.Compare):
        node.ops = [SWAPS[type(node.ops[0])]()]
    elif isinstance(node, ast.BoolOp | ast.BinOp):
        node.op = SWAPS[type(node.op)]()
    elif isinstance(node, ast.UnaryOp):
        return node.operand
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
    elif isinstance(node, ast.If | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Call):
        node.func = ast.Name(CALLS[node.func.id], ast.Load())
    else:
        return ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    return node


def all_mutants(subject):
    """List every fault that can be planted in a subject's modules."""
    for path in sorted(ROOT.glob(SUBJECTS[subject])):
        name = str(path.relative_to(ROOT))
        for number, node in enumerate(nodes(ast.parse(path.read_text(encoding="utf-8")))):
            for how in changes(node):
                yield Mutant(subject, name, number, node.lineno, how)


def changed(mutant):
    """Return the module's tree with the fault in it, and the changed node's lines, before and after."""
    tree = ast.parse((ROOT / mutant.path).read_text(encoding="utf-8"))
    wanted = nodes(tree)[mutant.node]
    fresh = ast.copy_location(change(wanted), wanted)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is wanted:
                setattr(parent, name, fresh)
            elif isinstance(value, list):
                setattr(parent, name, [fresh if one is wanted else one for one in value])
    return ast.fix_missing_locations(tree), ast.unparse(wanted), ast.unparse(fresh)


def source_of(mutant):
    """Return the module's source with the fault in it, and the changed node's lines, before and after."""
    tree, before, after = changed(mutant)
    return ast.unparse(tree), before, after


def modules():
    return sorted(path for pattern in SUBJECTS.values() for path in ROOT.glob(pattern))


def is_script(path):
    """Tell whether Streamlit compiles a module from its file at each run: nothing imports it."""
    return path.name in {"main.py", "page.py"} and ROOT / "app" in path.parents


def blocks(tree, name):
    """Map the nodes that run when a function is called to their innermost block, by its first line."""
    found = {}

    def walk(node, key, *, is_inside):
        found[id(node)] = key
        is_lambda = isinstance(node, ast.Lambda)
        is_inside = is_inside or is_lambda or isinstance(node, ast.FunctionDef)
        for field, value in ast.iter_fields(node):
            several = value if isinstance(value, list) else [value]
            inner = key
            if is_inside and (
                (is_lambda and field == "body")
                or (several and isinstance(several[0], ast.stmt) and isinstance(value, list))
            ):
                inner = f"{name}:{several[0].lineno}:{several[0].col_offset}"
            for one in several:
                if isinstance(one, ast.AST):
                    walk(one, inner, is_inside=is_inside)

    walk(tree, None, is_inside=False)
    return found


@cache
def blocks_of(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = blocks(tree, path)
    return [found[id(node)] for node in nodes(tree)]


def block_of(mutant):
    """Return the block of a function that a fault is in, or None."""
    return None if is_script(ROOT / mutant.path) else blocks_of(mutant.path)[mutant.node]


def probed(path):
    """Return a module's tree in which each block of a function notes that it is reached."""
    name = str(path.relative_to(ROOT))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = blocks(tree, name)

    def note(key, place):
        call = ast.Call(ast.Name("reached_here", ast.Load()), [ast.Constant(key)], [])
        return ast.copy_location(call, place)

    for node in list(ast.walk(tree)):
        for field, value in list(ast.iter_fields(node)):
            several = value if isinstance(value, list) else [value]
            first = several[0] if several else None
            key = found.get(id(first))
            if key is None:
                continue
            if isinstance(node, ast.Lambda) and field == "body":
                both = ast.Tuple([note(key, value), value], ast.Load())
                node.body = ast.copy_location(
                    ast.Subscript(both, ast.Constant(1), ast.Load()), value
                )
            elif isinstance(value, list) and isinstance(first, ast.stmt):
                at = int(isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None)
                value.insert(at, ast.copy_location(ast.Expr(note(key, first)), first))
    return ast.fix_missing_locations(tree)
