"""What frameworks are called, and the order of their controls.

Which rules cover a control is not written here: that is read from the rules.
"""

import re
from collections.abc import Mapping

#: In the order in which they are told of.
TITLES: Mapping[str, str] = {
    **{
        f"cis-aws-{version}": f"CIS AWS Foundations Benchmark {version}"
        for version in ("7.0", "6.0", "5.0", "3.0", "1.4")
    },
    "fsbp": "AWS Foundational Security Best Practices",
    "nist-800-53-r5": "NIST SP 800-53 Revision 5",
    "pci-dss-4.0": "PCI DSS 4.0",
    "soc2": "SOC 2",
    "iso27001-2022": "ISO/IEC 27001:2022, Annex A",
    "hipaa": "HIPAA Security Rule",
}
_NUMBERS = re.compile(r"(\d+)")


def in_order(number: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts 4.2 before 4.10, and AC-2(1) before AC-17."""
    parts = _NUMBERS.split(number.lower())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
