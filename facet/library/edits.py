"""Edits as programs and recipes write them."""

from collections.abc import Callable, Mapping
from typing import Any

from model.attributes import Attribute, Vector
from model.edits import Edit
from model.errors import ImpossibleEdit, UnknownAttribute

_FIELDS = {"attribute", "from", "set", "preset", "amount"}


def attribute_of(name: Any) -> Attribute:
    """The attribute of a name. Raises UnknownAttribute, which names the four."""
    try:
        return Attribute(name)
    except ValueError as error:
        raise UnknownAttribute(f"There is no attribute {name!r}; choose from {', '.join(Attribute)}.") from error


def edit_of(edit: Edit | Mapping[str, Any], embed: Callable[[Any], Vector]) -> Edit:
    """An edit, whose `from` is any face that `embed` takes. Raises ImpossibleEdit and UnknownAttribute."""
    if isinstance(edit, Edit):
        return edit
    unknown = edit.keys() - _FIELDS
    if unknown or "attribute" not in edit:
        raise ImpossibleEdit(f"An edit has `attribute` and one of `from`, `set` and `preset`, not {sorted(unknown)}.")
    return Edit(
        attribute_of(edit["attribute"]),
        source=embed(edit["from"]) if "from" in edit else None,
        set=edit.get("set"),
        preset=edit.get("preset"),
        amount=float(edit.get("amount", 1.0)),
    )
