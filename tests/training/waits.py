"""Finds what makes the processor wait for the device in code that a training step runs."""

import ast
from collections.abc import Iterator

READ = {"item", "tolist", "cpu", "numpy", "nonzero", "masked_select", "unique", "unique_consecutive"}
"""Methods and functions that bring numbers back, or whose result has a size that only the device knows."""
ASKED = {"any", "all", "isnan", "isinf", "isfinite", "equal", "allclose"}
"""What gives a truth value on the device, for which an `if` waits."""
CHECKED = {"solve", "inv", "cholesky", "eigh", "eigvalsh", "svd", "lstsq", "qr"}
"""Of `torch.linalg`: they look whether they succeeded; those with `_ex` do not."""
MADE = {"tensor", "as_tensor", "new_tensor"}
"""They copy from memory that the device cannot read by itself, and wait for the copy, if they name a device."""
MASKS = {"known", "mask", "masks", "anchors", "pairs", "counted", "positive", "negative", "same"}
"""Parameters that are truth values by their names."""


def waits(source: str) -> list[str]:
    """Each place, as `line: code`, at which some code would wait."""
    found: list[str] = []
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            found += [f"{node.lineno}: {ast.unparse(node)}" for node in _of_function(function)]
    return list(dict.fromkeys(found))


def _of_function(function: ast.FunctionDef) -> Iterator[ast.expr]:
    truths = _truths(function)
    for node in ast.walk(function):
        match node:
            case ast.Call() if _reads(node) or _is_checked(node) or _is_made_there(node):
                yield node
            case ast.Subscript(slice=index) if _is_truth(index, truths):
                yield node
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
                if _asks(test, truths):
                    yield test


def _truths(function: ast.FunctionDef) -> set[str]:
    """Names of tensors of truth values: such parameters, and what is assigned from an expression that gives some."""
    arguments = [*function.args.args, *function.args.kwonlyargs]
    truths = {each.arg for each in arguments if each.arg in MASKS}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _is_truth(node.value, truths):
            truths |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return truths


def _is_truth(node: ast.expr, truths: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in truths
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return _is_truth(operand, truths) or not isinstance(operand, ast.Constant)
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr(), left=left, right=right):
            return _is_truth(left, truths) or _is_truth(right, truths)
        case ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
            return False
        case ast.Compare():
            return True
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in ASKED
        case ast.Tuple(elts=parts):
            return any(_is_truth(part, truths) for part in parts)
    return False


def _asks(test: ast.expr, truths: set[str]) -> bool:
    """Whether a condition is a tensor: it calls what gives one, or names one. Numbers of Python are compared freely."""
    for node in ast.walk(test):
        if isinstance(node, ast.Compare) and not _is_truth(node, truths):
            return False
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKED:
            return True
        if isinstance(node, ast.Name) and node.id in truths & MASKS:
            return True
    return False


def _reads(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr in READ


def _is_checked(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute) and node.func.attr in CHECKED and "torch.linalg" in ast.unparse(node.func)
    )


def _is_made_there(node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in MADE:
        return False
    return node.func.attr == "new_tensor" or any(keyword.arg == "device" for keyword in node.keywords)
