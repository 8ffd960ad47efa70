"""What is changed: one place of a module at a time."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
DELETED: Final = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise)
LEFT_ALONE: Final = (ast.Import, ast.ImportFrom, ast.JoinedStr)
NOT_RUN: Final = {"annotation", "returns", "decorator_list", "type_params"}

Way = tuple[tuple[str, int | None], ...]
"""How a node is reached from the root: fields, and places in those that are lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Mutant:
    """A change of one place of the module at `path`."""

    path: str
    line: int
    name: str
    tree: ast.Module
    way: Way
    new: ast.AST

    @property
    def source(self) -> str:
        """The module's whole source with the change."""
        return ast.unparse(ast.fix_missing_locations(_put(self.tree, self.way, self.new)))


class Place(NamedTuple):
    """A node, the function or class it is in, and the way to it from the root."""

    node: ast.AST
    scope: str
    way: Way


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every change of the module, in the order of its lines."""
    tree = ast.parse(source)
    for place in list(_places(tree)):
        for new in _replacements(place.node):
            name = f"{path} {place.scope or 'module'}: {ast.unparse(place.node)} -> {ast.unparse(new)}"
            yield Mutant(path, getattr(place.node, "lineno", 0), name, tree, place.way, new)


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        yield ast.Compare(node.left, [COMPARISONS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.And() if isinstance(node.op, ast.Or) else ast.Or(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Return) and not (node.value is None or isinstance(node.value, ast.Constant)):
        yield ast.Return(ast.Constant(None))
    elif isinstance(node, DELETED) and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        yield ast.Pass()


def _places(node: ast.AST, scope: str = "", way: Way = ()) -> Iterator[Place]:
    """Each node below; annotations and decorators are left out."""
    for field, value in ast.iter_fields(node):
        if field in NOT_RUN:
            continue
        children: list[tuple[int | None, object]] = (
            list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        )
        for index, child in children:
            if not isinstance(child, ast.AST) or isinstance(child, LEFT_ALONE):
                continue
            inner, there = scope, (*way, (field, index))
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = f"{scope}.{child.name}".lstrip(".")
            yield Place(child, inner, there)
            yield from _places(child, inner, there)


def _put(tree: ast.Module, way: Way, new: ast.AST) -> ast.Module:
    """A copy of the tree with another node at that place."""
    changed = copy.deepcopy(tree)
    at: ast.AST = changed
    for field, index in way[:-1]:
        at = getattr(at, field) if index is None else getattr(at, field)[index]
    field, index = way[-1]
    if index is None:
        setattr(at, field, copy.deepcopy(new))
    else:
        getattr(at, field)[index] = copy.deepcopy(new)
    return changed
