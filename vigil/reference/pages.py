"""Every reference page by its path below ``docs/reference``: the one list of what there is."""

from collections.abc import Iterator, Mapping

from chalicelib.model import Rule
from vigil.package.catalogue import Catalogue
from vigil.reference import markdown
from vigil.reference.events import events_page
from vigil.reference.markdown import link, plain, table
from vigil.reference.permissions import permissions_page
from vigil.reference.rulepage import rule_page
from vigil.reference.rules import rules_page
from vigil.reference.settings import settings_page
from vigil.reference.standards import framework_page, frameworks_of, summary
from vigil.reference.types import types_page

#: Folders in which every page is generated: what nothing generates any more is deleted there.
FOLDERS = ("frameworks", "rules")

_LEAD = """What Vigil does, told by the code itself: these pages are generated and tests compare \
them.

- [Rules](rules.md): what is judged; a page for each
- [Resource types](resource-types.md): what is looked at, with which calls
- [Permissions](permissions.md): by function, by rule, by resource type
- [Events](events.md): what EventBridge delivers
- [Settings](settings.md): parameters of the stack, variables of the functions
- [Differences](differences.md): where Vigil and Prowler disagree, and who is right"""


def reference_pages(catalogue: Catalogue) -> Mapping[str, str]:
    """Return every reference page by its path."""
    types = {kind.type: kind for kind in catalogue.types}
    rules = tuple(file.rule for file in catalogue.files)
    return {
        "README.md": markdown.page("Reference", _LEAD, _frameworks(rules)),
        "events.md": events_page(catalogue),
        "permissions.md": permissions_page(catalogue),
        "resource-types.md": types_page(catalogue),
        "rules.md": rules_page(catalogue.files),
        "settings.md": settings_page(),
        **{f"rules/{file.rule.id}.md": rule_page(file, types) for file in catalogue.files},
        **{f"frameworks/{one.file}": framework_page(one, rules) for one in frameworks_of(rules)},
    }


def _frameworks(rules: tuple[Rule, ...]) -> Iterator[str]:
    rows = (
        (
            link(plain(one.title), f"frameworks/{one.file}"),
            summary(one.key, rules),
        )
        for one in frameworks_of(rules)
    )
    yield from markdown.section("Frameworks", table(("framework", "how it stands"), rows))
