"""Lists whose answers say ``Marker``: RDS, Redshift, DMS, EFS, load balancers.

Their listing calls hold what describing one resource holds, so they give whole items.
"""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.model import Page
from chalicelib.resources._errors import MalformedAnswerError, member
from chalicelib.resources._listing import Listed, page_of

Row = Mapping[str, Any]


def marked_page(
    ask: Callable[..., Row],
    name: str,
    item_from: Callable[[Row], Listed],
    token: str | None,
    *,
    next_name: str = "Marker",
    **given: Any,
) -> Page:
    """Return one page of whole items.

    Args:
        ask: The listing call.
        name: Member of the answer that holds the rows.
        item_from: Builds the item of a row.
        token: Where the last page ended; None for the first.
        next_name: Member of the answer that says where the next page begins.
        given: Other parameters of the call, its page size.
    """
    start = {"Marker": token} if token else {}
    answer = ask(**start, **given)
    return page_of(member(answer, name), item_from, answer.get(next_name))


def only_row(answer: Row, name: str) -> Any:
    """Return the row of an answer about one resource that AWS did not call unknown.

    Raises:
        MalformedAnswerError: It holds none.
    """
    rows = member(answer, name)
    if not rows:
        message = f"the answer has nothing in {name}"
        raise MalformedAnswerError(message)
    return rows[0]
